"""Load, revalidate or recompute a result."""

import dataclasses
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from learnsym.results import store
from learnsym.results.arrays import Arrays, largest_deviation
from learnsym.results.errors import CorruptResult, MissingResult, StaleResult
from learnsym.results.experiment import Experiment, differing, find
from learnsym.results.fingerprints import digest, fingerprint, plain_config
from learnsym.results.process import run_apart
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

    A result whose code changed is kept if its probe still agrees (``revalidate``). Otherwise,
    and where the configuration changed, a file is corrupt or nothing is stored, it is computed in
    a process of its own and stored; a line on stderr says why and how long that takes. If it is
    interrupted, what was stored stays as it is.

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
    try:
        return revalidate(experiment, scale)
    except (MissingResult, CorruptResult, StaleResult) as error:
        return recompute(experiment, scale, progress, reason=str(error))


def recompute(
    experiment: str, scale: str, progress: bool = True, reason: str = "asked for"
) -> Result:
    """Compute a result and store it, whatever is stored; errors as ``obtain``."""
    found = find(experiment)
    result = _compute(found, scale, found.config(scale), reason, progress)
    try:
        record = store.save(experiment, scale, result.arrays, dict(result.provenance))
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
    found = find(experiment)
    result = _read(found, scale)
    stale = _staleness(found, result)
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
    found = find(experiment)
    result = _read(found, scale)
    stale = _staleness(found, result)
    if not stale:
        return result
    if stale.fields:
        raise stale
    probe = found.probe(result.config)
    try:
        deviation = largest_deviation(result.arrays, probe)
    except ValueError as error:
        raise StaleResult(f"{stale}; {error}", modules=stale.modules) from error
    if not deviation <= found.tolerance:
        raise StaleResult(
            f"{stale}; its probe deviates by {deviation:.2g}, expected at most {found.tolerance}",
            modules=stale.modules,
        )
    old = dict(result.provenance)
    record = store.renew(experiment, scale, old, _renewed(old, found, stale, deviation))
    if record is None:  # another process was faster
        return load(experiment, scale)
    return dataclasses.replace(result, provenance=MappingProxyType(record))


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


def _read(experiment: Experiment, scale: str) -> Result:
    config = experiment.config(scale)
    arrays, record = store.read(experiment.name, scale)
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
    path = store.shown(store.npz_path(experiment.name, record["scale"]))
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
    run = run_apart(experiment, config, progress)
    plain = plain_config(config)
    record = {
        "schema": store.SCHEMA,
        "experiment": experiment.name,
        "scale": scale,
        "seed": config.seed,
        "config": plain,
        "fingerprint": {"config": digest(plain), "code": experiment.code},
        "wall_time": round(run.wall_time, 3),
        **machine(),
        "peak_memory": run.peak_memory,
        "versions": run.versions,
        "revalidations": [],
    }
    return Result(run.arrays, config, MappingProxyType(record))


def _renewed(
    record: store.Record, experiment: Experiment, stale: StaleResult, deviation: float
) -> store.Record:
    known = record["fingerprint"]
    entry = {
        "old_code": digest(known["code"]),
        "new_code": digest(experiment.code),
        "changed": list(stale.modules),
        "deviation": deviation,
        "tolerance": experiment.tolerance,
        "versions": versions(),
    }
    return {
        **record,
        "fingerprint": {**known, "code": experiment.code},
        "revalidations": [*record["revalidations"], entry],
    }
