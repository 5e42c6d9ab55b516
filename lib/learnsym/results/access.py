"""Load, revalidate or recompute a result."""

import contextlib
import dataclasses
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from platformdirs import user_cache_dir

from learnsym.experiments.sweep import keeping, measured
from learnsym.paths import find_book, setting
from learnsym.results import remote, store
from learnsym.results.arrays import Arrays, largest_deviation
from learnsym.results.errors import CorruptResult, MissingResult, StaleResult
from learnsym.results.experiment import Experiment, differing, find
from learnsym.results.fingerprints import digest, fingerprint, plain_config
from learnsym.results.provenance import machine, versions


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
        ``code``), ``wall_time`` (seconds), ``peak_memory`` (MiB, of a process that did nothing
        else), ``cpu_model``, ``cpu_count``, ``versions``, ``revalidations`` and, where stored,
        ``checksums``.
    """

    arrays: Arrays
    config: object
    provenance: Mapping[str, Any]


def obtain(
    experiment: str, scale: str = "book", seed: int | None = None, progress: bool = True
) -> Result:
    """Return a result: the stored one if it is fresh, else a new one.

    A result whose code changed is kept if its probe still agrees. Otherwise, and where the
    configuration changed, a file is corrupt or nothing is stored, it is computed; a line on stderr
    says why and how long that takes. What is computed or renewed is kept below ``_build``: only the
    commands of :mod:`learnsym.results` write ``book/results``. If it is interrupted, what was
    stored stays as it is. Away from the book, results are fetched from its repository where the
    package knows one.

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
        return _compute(found, scale, dataclasses.replace(config, seed=seed), reason, progress)
    if find_book() is None and not setting("LEARNSYM_RESULTS"):
        remote.fetch(experiment, scale, store.build_folder())
    reason = ""
    for attempt in (_fresh, _renewed_apart):
        for folder in store.folders():
            try:
                return attempt(found, scale, folder)
            except (MissingResult, CorruptResult, StaleResult) as error:
                if not reason or isinstance(error, StaleResult):
                    reason = str(error)
    return _stored(_compute(found, scale, config, reason, progress), store.build_folder())


def recompute(
    experiment: str, scale: str, progress: bool = True, reason: str = "asked for"
) -> Result:
    """Compute a result and store it in ``book/results``; errors as ``obtain``."""
    found = find(experiment)
    result = _compute(found, scale, found.config(scale), reason, progress)
    return _stored(result, store.results_folder())


def _stored(result: Result, folder: Path) -> Result:
    """Store a result; one that cannot be stored is returned all the same, and stderr says so."""
    experiment, scale = (result.provenance[key] for key in ("experiment", "scale"))
    try:
        record = store.save(folder, experiment, scale, result.arrays, dict(result.provenance))
    except OSError as error:
        # A long computation is worth more than its file.
        print(f"{experiment}-{scale}: could not be stored ({error.strerror})", file=sys.stderr)
        return result
    return dataclasses.replace(result, provenance=MappingProxyType(record))


def load(experiment: str, scale: str = "book") -> Result:
    """Return the stored result if it is sound and fresh.

    Raises
    ------
    MissingResult, CorruptResult
        As ``learnsym.results.store.read``.
    StaleResult
        The configuration or the code changed since the result was computed.
    ValueError
        Unknown experiment or scale.
    """
    return _fresh(find(experiment), scale, store.results_folder())


def _fresh(experiment: Experiment, scale: str, folder: Path) -> Result:
    result = _read(experiment, scale, folder)
    stale = _staleness(experiment, result)
    if stale:
        raise stale
    return result


def revalidate(experiment: str, scale: str = "book") -> Result:
    """Return the stored result if it is fresh or if, after changes of code, its probe agrees.

    In the second case the fingerprint is renewed and ``revalidations`` gets an entry with the
    digests of old and new code, the changed modules, the largest deviation, the tolerance and
    the versions.

    Raises
    ------
    MissingResult, CorruptResult, ValueError
        As ``load``.
    StaleResult
        The configuration changed, or the probe does not agree.
    """
    found, folder = find(experiment), store.results_folder()
    result, renewed = _renewed(found, scale, folder)
    if renewed is None:
        return result
    record = store.renew(folder, experiment, scale, dict(result.provenance), renewed)
    if record is None:  # another process was faster
        return load(experiment, scale)
    return dataclasses.replace(result, provenance=MappingProxyType(record))


def _renewed_apart(experiment: Experiment, scale: str, folder: Path) -> Result:
    """Return a stored result whose probe agrees, and keep it where chapters keep theirs."""
    result, renewed = _renewed(experiment, scale, folder)
    if renewed is None:
        return result
    renewed.pop("checksums")
    result = dataclasses.replace(result, provenance=MappingProxyType(renewed))
    return _stored(result, store.build_folder())


def check(experiment: str, scale: str = "book") -> float:
    """Load a result, recompute its probe and return the largest relative deviation.

    Nothing is written. The deviation is to be compared with ``tolerance``.

    Raises
    ------
    ValueError
        As ``load``, or the probe does not fit the stored arrays.
    """
    result = load(experiment, scale)
    return largest_deviation(result.arrays, find(experiment).probe(result.config))


def tolerance(experiment: str) -> float:
    """Return how far the probe of an experiment may deviate from a stored result."""
    return find(experiment).tolerance


def _read(experiment: Experiment, scale: str, folder: Path) -> Result:
    config = experiment.config(scale)
    arrays, record = store.read(folder, experiment.name, scale)
    return Result(arrays, config, MappingProxyType(record))


def _staleness(experiment: Experiment, result: Result) -> StaleResult | None:
    """Return the error that says what changed since ``result`` was computed, if anything did."""
    record = result.provenance
    known, now = record["fingerprint"], fingerprint(result.config, experiment.module.__name__)
    fields, modules = [], differing(known["code"], now.code)
    if known["config"] != now.config:
        # Compared as digests: 1, 1.0 and True are equal to Python and differ as configurations.
        configs = record["config"], plain_config(result.config)
        fields = differing(*({name: digest(value) for name, value in c.items()} for c in configs))
    changes = [f"config changed ({', '.join(fields)})"] if fields else []
    changes += [f"code changed ({', '.join(modules)})"] if modules else []
    path = f"{experiment.name}-{record['scale']}.npz"
    return StaleResult(f"{path}: {', '.join(changes)}", fields, modules) if changes else None


def _compute(
    experiment: Experiment, scale: str, config: object, reason: str, progress: bool
) -> Result:
    seconds = experiment.expected_seconds(scale)
    print(
        f"computing {experiment.name}-{scale} with seed {config.seed}, about {seconds:.0f} s "
        f"expected ({reason})",
        file=sys.stderr,
        flush=True,
    )
    start = time.perf_counter()
    with keeping(kept_folder(experiment, config)) as keep:
        arrays, peak = measured(lambda c: experiment.run(c, progress), config)
    with contextlib.suppress(OSError):
        shutil.rmtree(keep.folder)
    plain = plain_config(config)
    record = {
        "schema": store.SCHEMA,
        "experiment": experiment.name,
        "scale": scale,
        "seed": config.seed,
        "config": plain,
        "fingerprint": {"config": digest(plain), "code": experiment.code},
        "wall_time": round(time.perf_counter() - start + keep.earlier, 3),
        **machine(),
        "peak_memory": keep.peak or peak,
        "versions": versions(getattr(config, "device", "cpu")),
        "revalidations": [],
    }
    return Result(arrays, config, MappingProxyType(record))


def kept_folder(experiment: Experiment, config: object) -> Path:
    """Return where finished jobs of an unfinished run are kept: by configuration and code.

    How many processes and threads work does not count: whoever runs out of memory goes on with
    fewer.
    """
    root = setting("LEARNSYM_JOBS") or Path(user_cache_dir("learnsym")) / "jobs"
    decisive = {k: v for k, v in plain_config(config).items() if k not in ("workers", "threads")}
    return root / experiment.name / digest([decisive, experiment.code])[:16]


def _renewed(
    experiment: Experiment, scale: str, folder: Path
) -> tuple[Result, store.Record | None]:
    """Return a stored result and, if its code changed and its probe agrees, its renewed record."""
    result = _read(experiment, scale, folder)
    stale = _staleness(experiment, result)
    if not stale:
        return result, None
    if stale.fields:
        raise stale
    probe = experiment.probe(result.config)
    try:
        deviation = largest_deviation(result.arrays, probe)
    except ValueError as error:
        raise StaleResult(f"{stale}; {error}", modules=stale.modules) from error
    if not deviation <= experiment.tolerance:
        raise StaleResult(
            f"{stale}; its probe deviates by {deviation:.2g}, expected at most "
            f"{experiment.tolerance}",
            modules=stale.modules,
        )
    record = dict(result.provenance)
    entry = {
        "old_code": digest(record["fingerprint"]["code"]),
        "new_code": digest(experiment.code),
        "changed": list(stale.modules),
        "deviation": deviation,
        "tolerance": experiment.tolerance,
        "versions": versions(),
    }
    fingerprint_now = {**record["fingerprint"], "code": experiment.code}
    revalidations = [*record["revalidations"], entry]
    return result, {**record, "fingerprint": fingerprint_now, "revalidations": revalidations}
