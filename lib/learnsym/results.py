"""Stored results of the experiments: loaded while fresh, else revalidated or recomputed.

A result is fresh while its fingerprint matches: the configuration, and the code of every module
that the experiment reaches. It is stored as ``EXPERIMENT-SCALE.npz`` (arrays) beside
``EXPERIMENT-SCALE.json`` (provenance), with checksums. ``obtain`` reads ``book/results`` and writes
``_build/results``; the commands, ``python -m learnsym.results --help``, write ``book/results``.
"""

import argparse
import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from platformdirs import user_cache_dir

from learnsym.data.transfer import SourceUnavailableError, download
from learnsym.experiments.sweep import keeping, measured
from learnsym.fingerprints import HOW, SCALES, Experiment, digest, find, plain_config, same_code
from learnsym.paths import book_root, ending_in_order, find_book, setting, write_atomically

try:
    import fcntl
except ImportError:  # not on Windows, where writers at the same time are only detected
    fcntl = None

SCHEMA = 1

Arrays = Mapping[str, np.ndarray]
Record = dict[str, Any]


class MissingResult(ValueError):  # noqa: N818
    """Nothing is stored under this name."""


class CorruptResult(ValueError):  # noqa: N818
    """The files contradict their checksums or each other, or cannot be read."""


class StaleResult(ValueError):  # noqa: N818
    """The configuration (its ``fields``) or the code (``modules``) changed since the run."""

    def __init__(self, message: str, fields: list[str], modules: list[str]) -> None:
        super().__init__(message)
        self.fields, self.modules = tuple(fields), tuple(modules)


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """Arrays of an experiment and how they were computed.

    Attributes
    ----------
    arrays
        Read-only arrays by name.
    config
        The configuration, an instance of the experiment's ``Config``.
    provenance
        ``schema``, ``experiment``, ``scale``, ``seed``, ``config``, ``fingerprint`` (``config``,
        ``code``), ``wall_time`` (seconds, those of interrupted runs whose jobs were used included),
        ``peak_memory`` (MiB, of the largest job, or else of the process that ran it), ``cpu_model``
        (all processors and graphics cards that did jobs), ``cpu_count``, ``versions``,
        ``revalidations`` and, where stored, ``checksums``.
    """

    arrays: Arrays
    config: object
    provenance: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """The name of its files."""
        return f"{self.provenance['experiment']}-{self.provenance['scale']}"


def obtain(
    experiment: str, scale: str = "book", seed: int | None = None, progress: bool = True
) -> Result:
    """Return a result: the stored one if it is fresh, else a new one.

    ``book/results`` is asked first, then what ``obtain`` itself has stored in ``_build/results``;
    a folder that ``LEARNSYM_RESULTS`` names serves for both. Away from the book these are the
    user's cache and, where the package knows the address of the book's repository, the results
    there. A result whose code changed is kept if its probe still agrees (``revalidate``). Otherwise
    it is computed; a line on stderr says why and how long that takes. What cannot be stored is
    returned all the same.

    Parameters
    ----------
    experiment
        Name of a module in ``learnsym.experiments``.
    scale
        "smoke", "book" or "paper", as far as the experiment has it.
    seed
        By default that of the scale. With any other seed, the result is computed and not stored.
    progress
        Whether the experiment shows a progress bar.

    Raises
    ------
    ValueError
        Unknown experiment or scale, a seed that is not an integer, or the experiment returned
        arrays that cannot be stored (not finite, not numeric).
    """
    found = find(experiment)
    config = found.config(scale)
    if seed is not None and type(seed) is not int:
        raise ValueError(f"seed: expected an integer or None, got {seed!r}")
    if seed not in (None, config.seed):
        reason = "a seed other than that of the scale is not stored"
        return _computed(found, scale, dataclasses.replace(config, seed=seed), reason, progress)
    *_, cache = folders = _folders()
    reads = [functools.partial(_read, folder, found, scale) for folder in folders]
    if not setting("LEARNSYM_RESULTS") and find_book() is None and (url := _repository()):
        reads.append(functools.partial(_fetched, url, cache, found, scale))
    reasons, stale = [], []
    for read in reads:
        try:
            result = read()
            return _fresh(found, result)
        except StaleResult as error:
            stale.append((result, error))
        except MissingResult as error:
            reasons.append(str(error))
        except CorruptResult as error:
            reasons.insert(0, str(error))
    for result, error in stale:
        try:
            return _kept(cache, _renewed(found, result, error))
        except StaleResult as still:
            reasons.insert(0, str(still))
    return _kept(cache, _computed(found, scale, config, reasons[0], progress))


def recompute(experiment: str, scale: str = "book", progress: bool = True, **how: str) -> Result:
    """Compute a result and store it in ``book/results``; errors as ``obtain``.

    ``how``: other ``workers``, ``threads`` or another ``device`` than the configuration has.

    A result for which time ran out is not stored in place of one of which less is missing.
    """
    found, folder = find(experiment), results_folder()
    result = _computed(found, scale, found.config(scale, **how), "asked for", progress)
    with contextlib.suppress(MissingResult, CorruptResult, StaleResult):
        if _missing_jobs(load(experiment, scale)) < _missing_jobs(result):
            print("not stored: more is missing than in the stored result", file=sys.stderr)
            return result
    return _kept(folder, result)


def _missing_jobs(result: Result) -> int:
    return result.provenance.get("unfinished", 0)


def load(experiment: str, scale: str = "book") -> Result:
    """Return the result in ``book/results`` if it is sound and fresh.

    Raises
    ------
    MissingResult
        Neither of its files is there.
    CorruptResult
        One of them is missing, or does not say what was written.
    StaleResult
        The configuration or the code changed since the result was computed.
    ValueError
        Unknown experiment or scale.
    """
    found = find(experiment)
    return _fresh(found, _read(results_folder(), found, scale))


def revalidate(experiment: str, scale: str = "book") -> Result:
    """Return the result in ``book/results`` if, where code changed, its probe still agrees.

    Then the fingerprint is renewed and ``revalidations`` gets an entry with the digests of old and
    new code, the changed modules, the largest deviation, the tolerance and the versions.

    Raises
    ------
    MissingResult, CorruptResult, ValueError
        As ``load``.
    StaleResult
        The configuration changed, or the probe does not agree.
    """
    found, folder = find(experiment), results_folder()
    result = _read(folder, found, scale)
    try:
        return _fresh(found, result)
    except StaleResult as error:
        return _kept(folder, _renewed(found, result, error), old=result.provenance)


def check(experiment: str, scale: str = "book") -> float:
    """Load a result, recompute its probe and return the largest relative deviation.

    Nothing is written.

    Raises
    ------
    ValueError
        As ``load``, or the probe does not agree with the stored arrays.
    """
    return _deviation(find(experiment), load(experiment, scale))


def results_folder() -> Path:
    """Return the environment variable ``LEARNSYM_RESULTS``, or ``book/results``."""
    return setting("LEARNSYM_RESULTS") or book_root() / "book" / "results"


def stored() -> list[tuple[str, str]]:
    """Return experiment and scale of everything stored, sound or not, in alphabetical order."""
    paths = [path for path in results_folder().glob("[!.]*-*") if path.suffix in (".npz", ".json")]
    pairs = {tuple(path.stem.rsplit("-", 1)) for path in paths}
    return sorted(pair for pair in pairs if pair[0].isidentifier() and pair[1] in SCALES)


def _folders() -> list[Path]:
    """Return the folders to read, in this order; ``obtain`` writes into the last.

    A folder that ``LEARNSYM_RESULTS`` names is the user's own and serves for everything.
    """
    if own := setting("LEARNSYM_RESULTS"):
        return [own]
    book = find_book()
    if book is None:
        return [Path(user_cache_dir("learnsym")) / "results"]
    return [results_folder(), book / "_build" / "results"]


def _fresh(found: Experiment, result: Result) -> Result:
    """Return a result; StaleResult says what changed since it was computed, if anything did."""
    record = result.provenance
    fields, modules = found.changes(result.config, record["config"], record["fingerprint"]["code"])
    changes = [f"config changed ({', '.join(fields)})"] if fields else []
    changes += [f"code changed ({', '.join(modules)})"] if modules else []
    if changes:
        raise StaleResult(f"results/{result.stem}.npz: {', '.join(changes)}", fields, modules)
    return result


def _renewed(found: Experiment, result: Result, stale: StaleResult) -> Result:
    """Return a stale result with the fingerprint of today if its probe agrees, else raise."""
    if stale.fields:
        raise stale
    try:
        deviation = _deviation(found, result)
    except ValueError as error:
        raise StaleResult(f"{stale}; {error}", [], list(stale.modules)) from error
    record = {name: value for name, value in result.provenance.items() if name != "checksums"}
    known = record["fingerprint"]
    entry = {
        "old_code": digest(known["code"]),
        "new_code": digest(found.code),
        "changed": list(stale.modules),
        "deviation": deviation,
        "tolerance": found.tolerance,
        "versions": _versions(),
    }
    record["fingerprint"] = {**known, "code": found.code}
    record["revalidations"] = [*record["revalidations"], entry]
    return dataclasses.replace(result, provenance=MappingProxyType(record))


def _deviation(found: Experiment, result: Result) -> float:
    """Return how far the probe of today deviates; ValueError if that is too far."""
    found.check_code()
    probe = checked(found.module.probe(result.config), f"{found.name}.probe")
    deviation, limit = largest_deviation(result.arrays, probe), found.tolerance
    if not deviation <= limit:
        raise ValueError(f"its probe deviates by {deviation:.2g}, expected at most {limit}")
    return deviation


def _computed(found: Experiment, scale: str, config: object, reason: str, progress: bool) -> Result:
    seconds = float(found.module.EXPECTED_SECONDS[scale])
    said = f"computing {found.name}-{scale} with seed {config.seed}, about {seconds:.0f} s expected"
    print(f"{said} ({reason})", file=sys.stderr, flush=True)
    plain, folder = plain_config(config), _jobs_folder(found, config)
    start = time.perf_counter()
    with keeping(folder, functools.partial(same_code, found.name, digest(found.code))) as keep:
        found.check_code()
        run = functools.partial(found.module.run, progress=progress)
        whole = measured(run, config)
        arrays = checked(whole.outcome, f"{found.name}.run")
    seconds = time.perf_counter() - start + keep.earlier
    if not keep.left:
        shutil.rmtree(folder, ignore_errors=True)
    record = {
        "schema": SCHEMA,
        "experiment": found.name,
        "scale": scale,
        "seed": config.seed,
        "config": plain,
        "fingerprint": {"config": digest(plain), "code": found.code},
        "wall_time": round(seconds, 3),
        "cpu_model": " and ".join(sorted(keep.machines)) or whole.machine,
        "cpu_count": os.cpu_count(),
        "peak_memory": keep.peak or whole.peak,
        "versions": _versions(),
        "revalidations": [],
    } | ({"unfinished": keep.left} if keep.left else {})
    return Result(arrays, config, MappingProxyType(record))


def _jobs_folder(found: Experiment, config: object) -> Path:
    """Return where finished jobs of an unfinished run are kept: by configuration and code.

    How it is computed does not count: whoever runs out of memory goes on with fewer processes.
    """
    root = setting("LEARNSYM_JOBS") or Path(user_cache_dir("learnsym")) / "jobs"
    decisive = {k: v for k, v in plain_config(config).items() if k not in HOW}
    return root / found.name / digest([decisive, found.code])[:16]


def _repository() -> str | None:
    """Return the address of the book's repository as the package's metadata name it."""
    try:
        entries = importlib.metadata.metadata("learnsym").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return dict(entry.split(", ", 1) for entry in entries).get("Repository")


def _fetched(url: str, cache: Path, found: Experiment, scale: str) -> Result:
    """Return the result in the book's repository; CorruptResult if it is not to be had."""
    for ending in ("npz", "json"):
        name = f"{found.name}-{scale}.{ending}"
        try:
            write_atomically(cache / name, download(f"{url}/raw/main/book/results/{name}"))
        except (SourceUnavailableError, OSError) as error:
            raise CorruptResult(f"{url}: {name} cannot be fetched ({error})") from error
    result = _read(cache, found, scale)
    print(f"{result.stem}: fetched from {url}", file=sys.stderr)
    return result


def _versions() -> dict[str, str]:
    """Return the versions of what computes; torch where it is used."""
    names = ["numpy", "scipy", *(["torch"] if "torch" in sys.modules else [])]
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), **found}


# --- files ------------------------------------------------------------------------------------
# Written under a lock in this order: .STEM.json.pending, STEM.npz, then .STEM.json.pending is
# renamed to STEM.json. An interruption leaves the previous pair or the new one: if only the arrays
# were renamed, the pending record fits them and is taken.


def _kept(folder: Path, result: Result, old: Mapping[str, Any] | None = None) -> Result:
    """Store a result, in place of a stored record ``old`` only; return it with its checksums.

    A long computation is worth more than its file: where it cannot be stored, stderr says so.
    """
    try:
        record = save(folder, result.arrays, dict(result.provenance), old)
    except OSError as error:
        print(f"{result.stem}: could not be stored ({error.strerror})", file=sys.stderr)
        return result
    return dataclasses.replace(result, provenance=MappingProxyType(record))


def save(folder: Path, arrays: Arrays, record: Record, old: Record | None = None) -> Record:
    """Store arrays and record; return the latter with checksums.

    With ``old`` only the record is replaced, and only if that is still the stored one; what is
    stored instead of it is returned.
    """
    npz, target = _files(folder, f"{record['experiment']}-{record['scale']}")
    content = packed(arrays) if old is None else b""
    sums = {"npz": _sha256(content)} if old is None else old["checksums"]
    record = _signed({**record, "checksums": sums})
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder) as alone, ending_in_order():
        for left in folder.glob(".*.part") if alone else ():  # by a process that was killed
            left.unlink()
        _finish(npz, target)
        if old is not None and (found := _record(target.name, target.read_bytes())) != old:
            return found
        try:
            write_atomically(_pending(target), text.encode())
            if old is None:
                write_atomically(npz, content)
        finally:
            _finish(npz, target)
    return record


def _read(folder: Path, found: Experiment, scale: str) -> Result:
    """Return a stored result after verifying every checksum; errors as ``load``."""
    config, stem = found.config(scale), f"{found.name}-{scale}"
    arrays, record = read(folder, stem)
    return Result(arrays, config, MappingProxyType(record))


def read(folder: Path, stem: str) -> tuple[Arrays, Record]:
    """Return stored arrays and record after verifying every checksum; errors as ``load``."""
    npz, target = _files(folder, stem)
    try:
        if not npz.exists() and not target.exists():
            raise MissingResult(f"results/{npz.name}: expected a stored result, found none")
        with _locked(folder):
            content = npz.read_bytes()
            text = (_pending(target) if _fits(npz, target) else target).read_bytes()
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise CorruptResult(f"results/{name}: expected two files, this one is missing") from error
    except OSError as error:
        raise CorruptResult(f"results/{stem}: cannot be read ({error.strerror})") from error
    record = _record(f"{stem}.json", text)
    named = f"{record['experiment']}-{record['scale']}"
    if named != stem:
        raise CorruptResult(f"results/{stem}.json: expected the record of {stem}, got {named}")
    if _sha256(content) != record["checksums"]["npz"]:
        raise CorruptResult(f"results/{stem}.npz: expected the checksum in {stem}.json")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return checked(dict(archive), "npz"), record
    except ValueError as error:
        raise CorruptResult(f"results/{stem}.npz: expected no pickles, got {error}") from error


def _record(name: str, text: bytes) -> Record:
    """Return the record in a file if it says what was written."""
    try:
        record = json.loads(text)
        if record["schema"] != SCHEMA:
            raise ValueError(f"expected schema {SCHEMA}, got {record['schema']}")
        if _signed(record) != record:
            raise ValueError("expected a record that agrees with its own checksum")
    except (ValueError, KeyError, TypeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise CorruptResult(f"results/{name}: not a record of a result: {reason}") from error
    return record


def _signed(record: Record) -> Record:
    """Return a record that has a checksum of itself beside that of its arrays."""
    sums = {name: value for name, value in record["checksums"].items() if name != "record"}
    return {**record, "checksums": {**sums, "record": digest({**record, "checksums": sums})}}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(folder: Path, stem: str) -> tuple[Path, Path]:
    return folder / f"{stem}.npz", folder / f"{stem}.json"


def _pending(path: Path) -> Path:
    return path.with_name(f".{path.name}.pending")


def _fits(npz: Path, target: Path) -> bool:
    """Tell whether there is a pending record, of the arrays that are stored."""
    try:
        record = _record(target.name, _pending(target).read_bytes())
        return record["checksums"]["npz"] == _sha256(npz.read_bytes())
    except (CorruptResult, FileNotFoundError):
        return False


def _finish(npz: Path, target: Path) -> None:
    """Finish an interrupted ``save``, or forget one that did not get far enough."""
    if _fits(npz, target):
        os.replace(_pending(target), target)
    else:
        _pending(target).unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold a folder of results alone; whether the system can."""
    if fcntl is None:
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield True
    finally:
        os.close(handle)


# --- arrays -----------------------------------------------------------------------------------


def checked(arrays: object, source: str) -> Arrays:
    """Return read-only copies of ``arrays`` in C order and little-endian, sorted by name.

    Raises
    ------
    ValueError
        Not a non-empty dictionary of numeric or boolean arrays named by identifiers, or an entry
        is not finite. The message begins with ``source``.
    """
    if not isinstance(arrays, Mapping) or not arrays:
        raise ValueError(f"{source}: expected a non-empty dictionary of arrays, got {arrays!r}")
    names = sorted(arrays, key=str)
    return MappingProxyType({n: _checked(n, arrays[n], f"{source}[{n!r}]") for n in names})


def _checked(name: object, array: object, own: str) -> np.ndarray:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"{own}: expected an identifier as name of an array, got {name!r}")
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        kind = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"{own}: expected a numeric or boolean array, got {kind}")
    if count := np.count_nonzero(~np.isfinite(array)):
        raise ValueError(f"{own}: expected finite entries, got {count} that are not")
    copy = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C", subok=False)
    copy.flags.writeable = False
    return copy


def packed(arrays: Arrays) -> bytes:
    """Return the content of an npz file; equal arrays give equal bytes, whatever the date."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def largest_deviation(stored: Arrays, probe: Arrays) -> float:
    """Return the largest deviation of ``probe`` from the leading part of ``stored``.

    Each array is compared with ``stored[name][:n_1, :n_2, ...]`` where ``(n_1, n_2, ...)`` is its
    shape; deviations are relative to the largest absolute value of the stored array.

    Raises
    ------
    ValueError
        An array of the probe is not stored, has another dtype or number of axes than the stored
        one, is longer or is empty.
    """
    worst = 0.0
    for name, array in probe.items():
        known = stored.get(name)
        fits = known is not None and (known.dtype, known.ndim) == (array.dtype, array.ndim)
        if not fits or not all(0 < n <= m for n, m in zip(array.shape, known.shape, strict=True)):
            there = "nothing stored" if known is None else f"{known.dtype} {known.shape}"
            raise ValueError(
                f"probe[{name!r}]: expected a leading part, not empty, of {there}, "
                f"got {array.dtype} {array.shape}"
            )
        leading = known[tuple(slice(n) for n in array.shape)].astype(complex)
        deviation = float(np.abs(array.astype(complex) - leading).max())
        size = float(np.abs(known.astype(complex)).max())
        if deviation > 0:
            worst = max(worst, deviation / size if size > 0 else np.inf)
    return worst


# --- commands ---------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 where a result is not as it should be."""
    parser = argparse.ArgumentParser("python -m learnsym.results", description="Stored results.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="compute a result and store it, unless it is fresh")
    run.add_argument("experiment", help="name of a module in learnsym.experiments")
    run.add_argument("scale", help=" or ".join(SCALES))
    run.add_argument("--device", help="cuda for a graphics card, where the experiment can use it")
    run.add_argument("--force", action="store_true", help="compute what is fresh again")
    for name, say, text in (
        ("list", _listed, "say of each stored result whether it is fresh"),
        ("check", _probed, "recompute the probe of each stored result, write nothing"),
        ("revalidate", _revalidated, "renew the fingerprints where the probes agree"),
    ):
        commands.add_parser(name, help=text).set_defaults(say=say)
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            how = {"device": options.device} if options.device else {}
            return _run(options.experiment, options.scale, options.force, how)
        status = _table(options.say)
        return 0 if options.command == "list" else status
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(experiment: str, scale: str, force: bool, how: Mapping[str, str]) -> int:
    """Compute a result and tell what it holds; return 1 if it is not stored."""
    with contextlib.suppress(MissingResult, CorruptResult, StaleResult):
        if not (force or _missing_jobs(load(experiment, scale))):
            print(f"{experiment}-{scale}  {_listed(experiment, scale)}; --force computes it again")
            return 0
    result = recompute(experiment, scale, **how)
    for name, array in result.arrays.items():
        print(f"{name}: {array.dtype} {array.shape}")
    done = "checksums" in result.provenance
    print(f"{result.provenance['wall_time']} s, {'stored' if done else 'not stored'}")
    return int(not done)


def _table(say: Callable[[str, str], str]) -> int:
    """Print one line per stored result; return 1 if one is not as it should be."""
    failed = 0
    for experiment, scale in stored():
        try:
            line = say(experiment, scale)
        except ValueError as error:
            failed, line = 1, f"{type(error).__name__}: {error}"
        print(f"{experiment}-{scale}  {line}")
    if not stored():
        print("no results are stored")
    return failed


def _listed(experiment: str, scale: str) -> str:
    result = load(experiment, scale)
    left = f", {_missing_jobs(result)} jobs unfinished" if _missing_jobs(result) else ""
    return f"fresh, computed in {result.provenance['wall_time']} s{left}"


def _probed(experiment: str, scale: str) -> str:
    return f"fresh, its probe deviates by {check(experiment, scale):.2g}"


def _revalidated(experiment: str, scale: str) -> str:
    record = revalidate(experiment, scale).provenance
    if "checksums" not in record:
        raise ValueError("its probe agrees, but the renewed record could not be stored")
    return f"fresh, revalidated {len(record['revalidations'])} times so far"


if __name__ == "__main__":
    # not this copy of the module: what workers and other modules import must be the same
    from learnsym.results import main

    sys.exit(main())
