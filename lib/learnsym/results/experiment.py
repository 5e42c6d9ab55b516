"""Experiments by name, checked for the parts that ``learnsym.experiments`` describes."""

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import learnsym.experiments
from learnsym.results.arrays import Arrays, checked
from learnsym.results.fingerprints import code_digests, plain_config
from learnsym.results.store import SCALES

_HELPERS = ("sweep", "symmetric", "transforming", "transforming_measures")


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An imported experiment and the digests of its code when it was first asked for."""

    name: str
    module: ModuleType
    code: dict[str, str]

    def config(self, scale: str) -> object:
        """Return the configuration of a scale; ValueError if the experiment does not have it."""
        if scale not in self.module.SCALES:
            known = ", ".join(self.module.SCALES)
            raise ValueError(f"scale: expected one of {known} for {self.name}, got {scale!r}")
        return self.module.SCALES[scale]

    def expected_seconds(self, scale: str) -> float:
        """Return the run time to expect at a scale, in seconds."""
        return float(self.module.EXPECTED_SECONDS[scale])

    @property
    def tolerance(self) -> float:
        """How far a probe may deviate from the stored result."""
        return float(self.module.PROBE_TOLERANCE)

    def run(self, config: object, progress: bool) -> Arrays:
        """Run the experiment and return its arrays, checked."""
        self._check_code()
        return checked(self.module.run(config, progress=progress), f"{self.name}.run")

    def probe(self, config: object) -> Arrays:
        """Return the probe's arrays, checked."""
        self._check_code()
        return checked(self.module.probe(config), f"{self.name}.probe")

    def _check_code(self) -> None:
        """Refuse to run code that is no longer the code on disk, whose fingerprint is taken."""
        now = code_digests(self.module.__name__)
        changed = differing(self.code, now)
        if changed:
            raise ValueError(
                f"{self.name}: expected unchanged code since it was imported, got changes in "
                f"{', '.join(changed)}; start a new process (in a notebook: restart the kernel)"
            )


def differing(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Return the keys that are in one dictionary only or have different values, sorted."""
    return sorted(
        key
        for key in first.keys() | second.keys()
        if key not in first or key not in second or first[key] != second[key]
    )


def experiment_names() -> list[str]:
    """Return the names of all experiments."""
    found = {entry.name for entry in pkgutil.iter_modules(learnsym.experiments.__path__)}
    return sorted(name for name in found - set(_HELPERS) if not name.startswith("_"))


@functools.cache
def find(name: str) -> Experiment:
    """Import the experiment ``name``.

    Raises
    ------
    ValueError
        There is no such experiment, or it lacks a part.
    """
    names = experiment_names()
    if name not in names:
        raise ValueError(f"experiment: expected one of {', '.join(names)}, got {name!r}")
    full_name = f"learnsym.experiments.{name}"
    code = code_digests(full_name)
    module = importlib.import_module(full_name)
    missing = list(_missing(module))
    if missing:
        raise ValueError(f"experiment {name!r}: expected {'; '.join(missing)}")
    return Experiment(name, module, code)


def _missing(module: ModuleType) -> Iterator[str]:
    scales = getattr(module, "SCALES", {})
    if not scales or not set(scales) <= set(SCALES):
        yield f"SCALES with keys among {', '.join(SCALES)}"
    for scale, config in scales.items():
        try:
            sound = isinstance(config, module.Config) and "seed" in plain_config(config)
        except (AttributeError, TypeError, ValueError) as error:
            yield f"SCALES[{scale!r}] to be a Config of plain values ({error})"
        else:
            if not sound or type(config.seed) is not int:
                yield f"SCALES[{scale!r}] to be a Config with an integer field seed"
    for function in ("run", "probe"):
        if not callable(getattr(module, function, None)):
            yield f"a function {function}"
    if not _is_positive(getattr(module, "PROBE_TOLERANCE", None)):
        yield "a positive number PROBE_TOLERANCE"
    seconds = getattr(module, "EXPECTED_SECONDS", {})
    if set(seconds) != set(scales) or not all(map(_is_positive, seconds.values())):
        yield "a positive number in EXPECTED_SECONDS for each scale"


def _is_positive(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < float("inf")
