"""Small tables and the footer of a chapter."""

import importlib.metadata
import platform
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

import results_toy
from learnsym import publish, results
from learnsym.publish import display
from learnsym.results import SCHEMA

toy = results_toy.toy


@pytest.fixture
def shown(monkeypatch):
    """The MIME bundles that tables and footers show."""
    bundles = []
    monkeypatch.setattr(display, "show", bundles.append)
    return bundles


def cells(bundle):
    """The cells of the one table that the Markdown of a bundle renders to."""
    html = MarkdownIt().enable("table").use(dollarmath_plugin).render(bundle["text/markdown"])
    (table,) = BeautifulSoup(html, "html.parser").find_all("table")
    return [
        [cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")
    ]


# --- table ------------------------------------------------------------------------------------


def test_table_is_rendered_cell_by_cell(shown):
    publish.table(["group", "$n$"], [["cyclic", 4], ["**dihedral**", 0.5], ["", None]])
    assert cells(shown[0]) == [
        ["group", "n"],
        ["cyclic", "4"],
        ["dihedral", "0.5"],
        ["", "None"],
    ]
    assert shown[0]["text/plain"].splitlines()[:2] == ["group  $n$", "cyclic  4"]


@pytest.mark.parametrize("text", ["$|G|$", r"$\|x\|$", "a | b", "||", "two\nlines"])
def test_a_cell_stays_a_cell(text, shown):
    publish.table(["left", "right"], [[text, "end"], ["a", "b"]])
    found = cells(shown[0])
    assert [len(row) for row in found] == [2, 2, 2]
    assert found[1][1] == "end"
    assert found[1][0].split() == text.replace("$", "").split()


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"], []])
def test_a_row_of_another_length_is_refused(row, shown):
    with pytest.raises(ValueError, match=rf"rows\[1\]: expected 2 cells, got {len(row)}"):
        publish.table(["left", "right"], [["a", "b"], row])
    assert shown == []


def test_outside_a_notebook_the_plain_text_is_printed(capsys):
    publish.table(["left"], [["a"]])
    assert capsys.readouterr().out == "left\na\n"


# --- footer -----------------------------------------------------------------------------------


def footer_rows(shown):
    header, *rows = cells(shown[-1])
    assert header == ["", ""]
    return dict(rows)


def test_footer_names_parameters_and_versions(shown):
    publish.footer("book", 7)
    rows = footer_rows(shown)
    assert list(rows) == ["Parameters", "Versions"]
    assert rows["Parameters"] == "scale book, seed 7"
    assert f"Python {platform.python_version()}" in rows["Versions"]
    for package in ("learnsym", "numpy"):
        assert f"{package} {importlib.metadata.version(package)}" in rows["Versions"]


def test_footer_names_torch_only_where_it_computes(shown, monkeypatch):
    torch = f"torch {importlib.metadata.version('torch')}"
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    publish.footer("book", 0)
    assert torch in footer_rows(shown)["Versions"]
    monkeypatch.delitem(sys.modules, "torch")
    publish.footer("book", 0)
    assert torch not in footer_rows(shown)["Versions"]


def test_footer_lists_stored_results(shown, toy):
    stored = results.obtain("toy", "smoke", progress=False)
    assert stored.provenance["schema"] == SCHEMA
    publish.footer("smoke", 0, stored)
    row = footer_rows(shown)["Stored result toy-smoke"]
    assert row.startswith(f"computed in {stored.provenance['wall_time']:.3g} s")
    assert f"{stored.provenance['cpu_count']} cores" in row
    assert stored.provenance["cpu_model"] in row
    assert "MiB at most" in row


def test_footer_does_without_what_the_system_does_not_tell(shown):
    provenance = {"experiment": "e", "scale": "book", "wall_time": 83.456, "peak_memory": None}
    publish.footer("book", 0, SimpleNamespace(provenance={**provenance, "cpu_model": ""}))
    assert footer_rows(shown)["Stored result e-book"] == "computed in 83.5 s"
    publish.footer("book", 0, SimpleNamespace(provenance={**provenance, "wall_time": 2865.2}))
    assert footer_rows(shown)["Stored result e-book"] == "computed in 2,865 s"


def test_footer_does_not_depend_on_the_clock(shown, toy):
    stored = results.obtain("toy", "smoke", progress=False)
    publish.footer("smoke", 0, stored)
    publish.footer("smoke", 0, results.obtain("toy", "smoke"))  # as stored
    assert shown[0] == shown[1]


@pytest.mark.parametrize("result", ["toy", {"provenance": {}}, SimpleNamespace(provenance=None)])
def test_footer_refuses_what_is_no_result(result, shown):
    with pytest.raises(ValueError, match="results: expected stored results, got"):
        publish.footer("book", 0, result)
    assert shown == []
