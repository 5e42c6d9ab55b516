"""What a result depends on: an experiment, its configuration, the code of all that it reaches.

The modules are found statically from the import statements, those inside functions and under
``if TYPE_CHECKING`` included. Out of sight are imports by a computed name
(``importlib.import_module``) or by a star, and data files, which have checksums of their own.

The digest of a module is taken from its syntax tree without docstrings, comments, formatting and
positions. It is the same on Python 3.11 to 3.14.
"""

import ast
import dataclasses
import functools
import hashlib
import importlib
import json
import modulefinder
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import learnsym.experiments

SCALES = ("smoke", "book", "paper")
HOW = ("workers", "threads", "device")  # fields of how to compute, which change no result
# no experiments
_HELPERS = ("paths", "sweep", "symmetric", "transforming", "transforming_measures")
# Fields of syntax trees that do not change what a program does: u"..." and type comments.
_IGNORED_FIELDS = {"kind", "type_comment", "type_ignores"}
_PLAIN_TYPES = (bool, int, float, str)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An imported experiment and the digests of its code when it was first asked for."""

    name: str
    module: ModuleType
    code: dict[str, str]

    def config(self, scale: str, **how: object) -> object:
        """Return the configuration of a scale, computed otherwise where ``how`` says so.

        Raises ValueError if the experiment has no such scale, or ``how`` names no field of it that
        leaves results as they are.
        """
        if scale not in self.module.SCALES:
            known = ", ".join(self.module.SCALES)
            raise ValueError(f"scale: expected one of {known} for {self.name}, got {scale!r}")
        config = self.module.SCALES[scale]
        if unknown := how.keys() - (set(HOW) & plain_config(config).keys()):
            raise ValueError(f"{unknown.pop()}: expected one of {HOW} that {self.name} has")
        return dataclasses.replace(config, **how)

    @property
    def tolerance(self) -> float:
        """How far a probe may deviate from the stored result."""
        return float(self.module.PROBE_TOLERANCE)

    def changes(
        self, config: object, fields: dict[str, object], code: dict[str, str]
    ) -> tuple[list[str], list[str]]:
        """Return the fields and the modules in which a record differs from ``config`` and today."""
        # Compared as digests: 1, 1.0 and True are equal to Python and differ as configurations.
        known, now = (
            {name: digest(value) for name, value in each.items() if name not in HOW}
            for each in (fields, plain_config(config))
        )
        return differing(known, now), differing(code, code_digests(self.module.__name__))

    def check_code(self) -> None:
        """Refuse to run code that is no longer the code on disk, whose digests are recorded."""
        changed = differing(self.code, code_digests(self.module.__name__))
        if changed:
            raise ValueError(
                f"{self.name}: expected unchanged code since it was imported, got changes in "
                f"{', '.join(changed)}; start a new process (in a notebook: restart the kernel)"
            )


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the keys that are in one dictionary only or have different values, sorted."""
    missing = object()
    keys = first.keys() | second.keys()
    return sorted(key for key in keys if first.get(key, missing) != second.get(key, missing))


def experiment_names() -> list[str]:
    """Return the names of all experiments."""
    found = {entry.name for entry in pkgutil.iter_modules(learnsym.experiments.__path__)}
    return sorted(name for name in found - set(_HELPERS) if not name.startswith("_"))


@functools.cache
def find(name: str) -> Experiment:
    """Import the experiment ``name``; ValueError if there is none or it lacks a part."""
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


@functools.cache  # once a process: what it has imported stays
def same_code(experiment: str, code: str) -> None:
    """Refuse to work for a client whose experiment is another one; ``code`` is its digest."""
    if digest(code_digests(f"{learnsym.experiments.__name__}.{experiment}")) != code:
        raise ValueError(
            f"{experiment}: expected workers with the library of the process that asks, got other "
            "code; bring them to the same version and start them again"
        )


def package_root() -> Path:
    """Return the folder that holds the package ``learnsym``."""
    return Path(__file__).resolve().parents[1]


def digest(value: object) -> str:
    """Return the sha256 of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plain_config(config: object) -> dict[str, object]:
    """Return the fields of a frozen dataclass as JSON values (tuples become lists).

    Raises
    ------
    ValueError
        Not an instance of a frozen dataclass, or a field is not a bool, a finite int or float, a
        str or a tuple of these.
    """
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise ValueError(f"config: expected an instance of a dataclass, got {config!r}")
    if not type(config).__dataclass_params__.frozen:
        raise ValueError(f"config: expected a frozen dataclass, got {type(config).__name__}")
    return {
        field.name: _plain(getattr(config, field.name), field.name)
        for field in dataclasses.fields(config)
    }


def _plain(value: object, name: str) -> object:
    if type(value) is tuple:
        return [_plain(entry, name) for entry in value]
    finite = type(value) is not float or abs(value) < float("inf")
    if type(value) not in _PLAIN_TYPES or not finite:
        raise ValueError(
            f"config.{name}: expected a bool, int, str, finite float or a tuple of these, "
            f"got {value!r} of type {type(value).__name__}"
        )
    return value


def code_digests(module: str, root: Path | None = None) -> dict[str, str]:
    """Return the digest of every module that ``module`` reaches by imports, itself included.

    Importing ``learnsym.a.b`` reaches ``learnsym.a`` and ``learnsym`` too.

    Raises
    ------
    ValueError
        A module of the package is imported that has no file.
    """
    top = module.partition(".")[0]
    finder = modulefinder.ModuleFinder([str(root or package_root())])
    try:
        finder.import_hook(module)
    except (ImportError, AttributeError) as error:  # the latter for a folder that is no package
        raise ValueError(f"module: expected files of all that {module!r} reaches") from error
    found = {name: each.__file__ for name, each in finder.modules.items() if each.__file__}
    missing = set(finder.any_missing()) - found.keys()
    if unknown := sorted(name for name in missing if name.partition(".")[0] == top):
        raise ValueError(f"module: expected a file of {unknown[0]!r} in the package, found none")
    trees = {n: ast.parse(Path(p).read_bytes(), p) for n, p in sorted(found.items())}
    return {name: hashlib.sha256(dump(tree).encode()).hexdigest() for name, tree in trees.items()}


def dump(node: object) -> str:
    """Return a syntax tree as text, without docstrings, positions and empty fields.

    Empty fields are left out because newer versions of Python add some.
    """
    if isinstance(node, ast.JoinedStr):
        # Python 3.12 keeps empty strings between the parts of an f-string, 3.11 drops them.
        parts = [part for part in node.values if getattr(part, "value", None) != ""]
        return f"JoinedStr({dump(parts)})"
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={dump(value)}"
            for name, value in ast.iter_fields(node)
            if name not in _IGNORED_FIELDS and not _is_empty(value)
        )
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(dump(entry) for entry in node if not _does_nothing(entry))}]"
    return ascii(node)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(map(_does_nothing, value)))


def _does_nothing(statement: object) -> bool:
    """Tell ``pass`` and constants that stand alone: docstrings, strings as comments, ``...``."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
