"""The library's floors: no module imports one below it in the table of learnsym/__init__.py."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import learnsym

ROOT = Path(learnsym.__file__).parent
FLOORS = re.findall(r"^``(\w+)``", learnsym.__doc__, flags=re.MULTILINE)


def imported_modules(path: Path) -> set[str]:
    """Names of the learnsym modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "learnsym":
                found.update(alias.name for alias in node.names)
            elif node.module.startswith("learnsym."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names = [a.name.split(".") for a in node.names]
            found.update(n[1] for n in names if n[0] == "learnsym" and len(n) > 1)
    return found - {"paths"}


def modules() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.py") if p.name != "__init__.py" or p.parent != ROOT)


def floor_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_table_names_every_module_once():
    found = {floor_of(path) for path in modules()} - {"paths"}
    assert sorted(FLOORS) == sorted(found)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_imports_a_lower_one(path):
    if floor_of(path) == "paths":
        assert imported_modules(path) == set()
        return
    own = FLOORS.index(floor_of(path))
    later = {name for name in imported_modules(path) if FLOORS.index(name) > own}
    assert not later, f"{path.name} imports {sorted(later)}"


def test_import_scan_sees_every_form(tmp_path):
    source = tmp_path / "example.py"
    source.write_text(
        "import learnsym.data.idx\nfrom learnsym import plots\n"
        "def f():\n    from learnsym.results import load\n"
    )
    assert imported_modules(source) == {"data", "plots", "results"}


def test_mathematics_does_not_load_torch():
    code = (
        "import sys, learnsym.gallery, learnsym.regression, learnsym.data; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def code_lines(source: str) -> int:
    """Number of lines of code: no blank lines, comments or docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, documented)]
    docs = [n.body[0] for n in nodes if ast.get_docstring(n) is not None]
    skipped = {line for doc in docs for line in range(doc.lineno, doc.end_lineno + 1)}
    lines = [line.strip() for line in source.splitlines()]
    return sum(i not in skipped and line[:1] not in ("", "#") for i, line in enumerate(lines, 1))


def test_only_code_is_counted():
    source = (
        '"""Two\n\nlines."""\n\nimport a  # why\n# alone\ndef f():\n    """Doc."""\n    x = 1\n'
    )
    assert code_lines(source) == 3


def test_files_stay_small():
    sizes = {p.name: code_lines(p.read_text(encoding="utf-8")) for p in modules()}
    assert max(sizes.values()) <= 450, max(sizes, key=sizes.get)
