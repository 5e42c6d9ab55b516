"""What a result depends on: a configuration and the code of every module that was reached.

The modules are found statically from the import statements, those inside functions and under
``if TYPE_CHECKING`` included. Two things are out of sight: an import by a computed name
(``importlib.import_module``) and data files, which have checksums of their own.

The digest of a module is taken from its syntax tree without docstrings, comments, formatting and
positions. It is the same on Python 3.11 to 3.14.
"""

import ast
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

# Fields of syntax trees that do not change what a program does: u"..." and type comments.
_IGNORED_FIELDS = {"kind", "type_comment", "type_ignores"}
_PLAIN_TYPES = (bool, int, float, str)


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """Digests (sha256, hexadecimal) of a configuration and, module by module, of the code."""

    config: str
    code: dict[str, str]


def package_root() -> Path:
    """Return the folder that holds the package ``learnsym``."""
    return Path(__file__).resolve().parents[2]


def fingerprint(config: object, module: str, root: Path | None = None) -> Fingerprint:
    """Return the fingerprint of ``config`` and of the code that ``module`` reaches.

    Parameters
    ----------
    config
        Frozen dataclass of plain values.
    module
        Full name of the module of an experiment.
    root
        Folder that holds the package; by default that of this package.

    Raises
    ------
    ValueError
        As ``plain_config`` and ``code_digests``.
    """
    return Fingerprint(digest(plain_config(config)), code_digests(module, root))


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

    Importing ``learnsym.a.b`` reaches ``learnsym.a`` too. The top-level ``learnsym/__init__.py``
    is reached only where it is asked for itself: by ``import learnsym`` or by a name that is
    not a submodule.

    Raises
    ------
    ValueError
        A module of the package is imported that has no file.
    """
    root = package_root() if root is None else root
    digests: dict[str, str] = {}
    waiting = {module}
    while waiting:
        name = waiting.pop()
        path = _source(name, root)
        if path is None:
            raise ValueError(f"module: expected a file of {name!r} in the package, found none")
        tree = ast.parse(path.read_bytes(), filename=str(path))
        digests[name] = hashlib.sha256(dump(tree).encode()).hexdigest()
        reached = {name, *_imports(tree, name, path.name == "__init__.py", root)}
        packages = {parent for each in reached for parent in _parents(each)}
        # A folder without __init__.py has no code of its own.
        reached |= {package for package in packages if _source(package, root)}
        waiting |= reached - digests.keys()
    return dict(sorted(digests.items()))


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


def _imports(tree: ast.Module, module: str, is_package: bool, root: Path) -> set[str]:
    """Return the modules of the package that the import statements of ``module`` name."""
    top = module.partition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            if base.partition(".")[0] == top:
                found |= _imported_from(base, [alias.name for alias in node.names], root)
    return {name for name in found if name.partition(".")[0] == top}


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """Return the module that ``from ... import`` names, relative imports resolved."""
    if node.level == 0:
        return node.module or ""
    parts = module.split(".")
    kept = len(parts) - node.level + is_package
    if kept < 1:
        raise ValueError(f"{module}: expected a relative import inside the package, got one above")
    return ".".join([*parts[:kept], *([node.module] if node.module else [])])


def _imported_from(base: str, names: list[str], root: Path) -> set[str]:
    if names == ["*"]:
        return {base, *(f"{base}.{name}" for name in _submodules(base, root))}
    submodules = {name for name in names if _source(f"{base}.{name}", root)}
    reached = {f"{base}.{name}" for name in submodules}
    only_submodules = submodules == set(names)
    return reached if only_submodules else {base, *reached}


def _parents(module: str) -> Iterable[str]:
    """Return the packages above a module, without the topmost."""
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(2, len(parts)))


def _source(module: str, root: Path) -> Path | None:
    """Return the file of a module or package, None where there is none."""
    stem = root.joinpath(*module.split("."))
    # The listing tells upper from lower case on every file system.
    listing = os.listdir(stem.parent) if stem.parent.is_dir() else []
    if stem.name in listing and (stem / "__init__.py").is_file():
        return stem / "__init__.py"
    return stem.parent / f"{stem.name}.py" if f"{stem.name}.py" in listing else None


def _submodules(package: str, root: Path) -> list[str]:
    folder = root.joinpath(*package.split("."))
    stems = {path.stem for path in folder.glob("*")} - {"__init__", "__pycache__"}
    return [stem for stem in stems if _source(f"{package}.{stem}", root)]
