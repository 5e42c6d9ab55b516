"""The reference of the library: every room has a page, and the examples on it run."""

import ast
import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "book" / "library.md", *sorted((ROOT / "book" / "library").glob("*.md"))]
LONG = {"library"}  # the first page is a tour


def example(page):
    """The Python session on a page, as a doctest."""
    session = "\n".join(re.findall(r"```pycon\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
    return doctest.DocTestParser().get_doctest(session, {}, page.stem, str(page), 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_run_and_are_short(page):
    test = example(page)
    lines = [line for step in test.examples for line in step.source.splitlines()]
    calls = [line for line in lines if not line.startswith(("import ", "from "))]
    assert len(lines) >= 3 and len(calls) <= (20 if page.stem in LONG else 8)
    output = []
    doctest.DocTestRunner().run(test, out=output.append)
    assert output == []


def test_a_wrong_example_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```pycon\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    output = []
    doctest.DocTestRunner().run(example(page), out=output.append)
    assert "Expected:\n    3" in "".join(output)


def documented():
    """Every module that a page documents."""
    texts = "\n".join(page.read_text("utf-8") for page in PAGES)
    return re.findall(r"automodule:: learnsym\.(\S+)", texts)


def test_every_room_and_every_module_that_a_chapter_uses_is_documented_once():
    names = documented()
    assert len(names) == len(set(names))
    assert [n for n in names if not importlib.util.find_spec(f"learnsym.{n}")] == []
    rooms = re.findall(r"^``(\w+)``", importlib.import_module("learnsym").__doc__, re.MULTILINE)
    assert {room for room in rooms if room not in {n.split(".")[0] for n in names}} == set()
    used = set()
    for path in (ROOT / "book").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("learnsym."):
                used.add(node.module.removeprefix("learnsym."))
    # a package's page shows what the package exports
    assert {name for name in used if name not in names and name.split(".")[0] not in names} == set()
