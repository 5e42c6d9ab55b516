"""Commands on stored results: ``python -m learnsym.results {run,list,check,revalidate}``."""

import argparse
import contextlib
import sys
from collections.abc import Callable

from learnsym import results
from learnsym.results.errors import CorruptResult, MissingResult, StaleResult
from learnsym.results.store import SCALES


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 where a result is not as it should be."""
    options = _parser().parse_args(arguments)
    if options.command == "run":
        try:
            return _run(options.experiment, options.scale, options.seed, options.force)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    if options.command == "list":
        _table(_list)
        return 0
    return _table(_check if options.command == "check" else _revalidate)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m learnsym.results", description="Stored results of the experiments."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="compute a result and store it")
    run.add_argument("experiment", help="name of a module in learnsym.experiments")
    run.add_argument("scale", help=" or ".join(SCALES))
    run.add_argument("--force", action="store_true", help="compute a fresh result again")
    run.add_argument(
        "--seed", type=int, help="a seed other than that of the scale: nothing is stored"
    )
    commands.add_parser("list", help="say of each stored result whether it is fresh")
    commands.add_parser("check", help="recompute the probe of each stored result, write nothing")
    commands.add_parser("revalidate", help="renew the fingerprints where the probes agree")
    return parser


def _run(experiment: str, scale: str, seed: int | None, force: bool) -> int:
    if seed is None:
        with contextlib.suppress(MissingResult, CorruptResult, StaleResult):
            if not force and results.load(experiment, scale):
                print(f"{experiment}-{scale} is fresh; --force computes it again")
                return 0
        result = results.recompute(experiment, scale)
    else:
        result = results.obtain(experiment, scale, seed)
    for name, array in result.arrays.items():
        print(f"{name}: {array.dtype} {array.shape}")
    stored = "checksums" in result.provenance
    print(f"{result.provenance['wall_time']} s, {'stored' if stored else 'not stored'}")
    return 0


def _table(command: Callable[[str, str], str]) -> int:
    """Print one line per stored result; return 1 if ``command`` raised for any."""
    failed = 0
    for experiment, scale in results.stored():
        try:
            line = command(experiment, scale)
        except ValueError as error:
            failed, line = 1, f"{type(error).__name__}: {error}"
        print(f"{experiment}-{scale}  {line}")
    if not results.stored():
        print("no results are stored")
    return failed


def _list(experiment: str, scale: str) -> str:
    return f"fresh, computed in {results.load(experiment, scale).provenance['wall_time']} s"


def _check(experiment: str, scale: str) -> str:
    deviation, tolerance = results.check(experiment, scale), results.tolerance(experiment)
    if not deviation <= tolerance:
        raise ValueError(f"probe deviates by {deviation:.2g}, expected at most {tolerance}")
    return f"fresh, probe deviates by {deviation:.2g}, tolerance {tolerance}"


def _revalidate(experiment: str, scale: str) -> str:
    before = len(results.revalidate(experiment, scale).provenance["revalidations"])
    return f"fresh, revalidated {before} times so far"


if __name__ == "__main__":
    sys.exit(main())
