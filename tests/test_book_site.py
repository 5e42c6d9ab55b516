"""The Sphinx extension: what it makes of records, and the settings that depend on one variable."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string

import built_site
from learnsym.paths import book_root
from learnsym.publish import chapters
from learnsym.publish.claims import CLAIM_MIME, load_items
from learnsym.publish.sphinx_ext import tally
from learnsym.publish.wording import BEYOND, HOLDS, NOT_REPRODUCED

RECORD = {
    "id": "demo",
    "paper": "A",
    "item": "Corollary 3.2",
    "statement": "Two is $2$.",
    "measured": 3e-16,
    "bound": {"kind": "below", "value": 1e-12, "within": None},
    "deviation": None,
    "verdict": "holds with a correction",
    "correction": "Weights are missing.",
    "published": 0.3,
    "details": "One point.",
}
PLAIN = {**RECORD, "id": "plain", "verdict": BEYOND}
PLAIN |= {"correction": None, "published": None, "details": None}
TITLE = "A {title} with $w_k$ and 50 % more \\ of it"
FILLED = '# Filled\n\n<% from "parts.md" import held with context %>\n<< held("A") >>\n\n'
FILLED += '<% include "claims.md" %>\n'


def write_book(folder, address=""):
    """Write a book of a landing page, a page that is filled, and a chapter with two claims."""
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = config["html"]["baseurl"] = address
    shutil.copy(book_root() / "CITATION.cff", folder)
    shutil.copytree(book_root() / "assets", folder / "assets")
    (folder / "book").mkdir()
    shutil.copy(book_root() / "book" / "items.yml", folder / "book")
    config.pop("bibtex_bibfiles")
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    toc = "format: jb-book\nroot: index\nchapters:\n- file: page\n- file: filled\n"
    (folder / "_toc.yml").write_text(toc)
    (folder / "index.md").write_text("# Demo\n\n```{prf:lemma} Zorn\n:label: zorn\nA.\n```\n")
    (folder / "filled.md").write_text(FILLED)
    outputs = [
        nbformat.v4.new_output("display_data", {CLAIM_MIME: record, "text/plain": "x"})
        for record in (RECORD, PLAIN)
    ]
    cells = [nbformat.v4.new_markdown_cell(f"(page)=\n# {TITLE}")]
    cells.append(nbformat.v4.new_code_cell("claim()", outputs=outputs))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": chapters.KERNEL})
    nbformat.write(notebook, folder / "page.ipynb")


def build(folder, file):
    """Build a book, or what changed of it; return the text of a file of the site."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-q"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return (folder / "_build" / "html" / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("address", ["", "https://github.com/someone/learning-symmetry"])
def test_what_depends_on_the_two_addresses_of_a_copy(tmp_path, address):
    write_book(tmp_path, address)
    soup = BeautifulSoup(build(tmp_path, "page.html"), "html.parser")
    links = [a.get("href", "") for a in soup.find_all("a")]
    for host in ("mybinder.org", "colab.research.google.com"):
        assert any(host in link for link in links) == bool(address)
    command, bibtex = (b.get_text() for b in soup.select("#run-and-cite-this-chapter pre"))
    assert command.strip() == ".venv/bin/python -m learnsym.publish.chapters execute page"
    entry = parse_string(bibtex, "bibtex").entries["learnsym-page"]
    assert entry.fields["title"] == "A title with w_k and 50 % more of it"
    assert entry.fields["year"] == "2026" and "0.1.0" in entry.fields["howpublished"]
    authors = [str(name).strip("{}") for name in entry.persons["author"]]
    assert authors == ["The Learning Symmetry authors"]
    if address:
        assert entry.fields["url"] == f"{address}/page.html" and "note" not in entry.fields
    else:
        assert "url" not in entry.fields and "not set" in entry.fields["note"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    write_book(folder)
    build(folder, "page.html")
    return folder


def page_of(folder, name):
    text = (folder / "_build" / "html" / name).read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def test_claim_says_everything_and_folds_what_is_long(small):
    soup = page_of(small, "page.html")
    corrected, plain = soup.select("div.claim")
    assert "verdict-holds-with-a-correction" in corrected["class"] and soup.find(id="claim-demo")
    line, below = corrected.p.get_text(), corrected.details.get_text()
    for part in ("holds with a correction", "A, Corollary 3.2", "Two is", "3e-16", "1e-12"):
        assert part in line
    for part in ("Weights are missing.", "0.3", "One point."):
        assert part in below and part not in line
    assert plain.details is None


def test_compiled_pages_have_a_row_for_each_item_and_each_finding_beyond(small):
    soup = page_of(small, "filled.html")
    rows = soup.select("table.claims-table tbody tr")
    assert len(rows) == 1 + sum(map(len, load_items().values()))
    answered = [row for row in rows if "verdict-open" not in row["class"]]
    assert [row.td.get_text(strip=True) for row in answered] == ["A, Corollary 3.2", "A"]
    assert answered[0].select('a[href="page.html#claim-demo"]') and answered[0].details
    assert f"{len(load_items()['A'])} items: 1 holds with a correction" in soup.get_text()


def test_an_item_counts_under_its_least_favourable_claim_on_the_paper():
    verdicts = {"one": [HOLDS, NOT_REPRODUCED], "two": [HOLDS, BEYOND], "three": [BEYOND]}
    claims = [{"paper": "A", "item": i, "verdict": v} for i, all_ in verdicts.items() for v in all_]
    known = {"A": [*verdicts, "four"], "B": ["one"]}
    assert tally(claims, known, "A") == {HOLDS: 1, NOT_REPRODUCED: 1, BEYOND: 1, "open": 1}
    assert tally(claims, known, "B") == {"open": 1}


def test_a_second_build_keeps_the_index_of_pages_that_did_not_change(tmp_path):
    write_book(tmp_path)
    first = build(tmp_path, "searchindex.js")
    (tmp_path / "page.ipynb").touch()
    assert '"zorn"' in first and build(tmp_path, "searchindex.js") == first


@pytest.mark.site
def test_the_landing_page_shows_one_symbol_an_item():
    page = (built_site.required_site() / "index.html").read_text(encoding="utf-8")
    rows = BeautifulSoup(page, "html.parser").select("table.verdicts tbody tr")
    shown = {row.td.get_text(strip=True): row.select(".tally") for row in rows}
    count = {paper: sum(len(tally.get_text()) for tally in all_) for paper, all_ in shown.items()}
    assert count == {paper: len(found) for paper, found in load_items().items()}


def test_the_book_names_itself_its_version_and_its_pictures_everywhere_alike():
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((book_root() / "CITATION.cff").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]["config"]
    assert sphinx["release"] == citation["version"] and sphinx["project"] == config["title"]
    assert sphinx["epub_basename"] == chapters.BOOK_FILE
    for picture in map(Path, (sphinx["epub_cover"][0], sphinx["ogp_image"])):
        assert picture.parent == Path("_static")
        assert (book_root() / "assets" / picture.name).is_file()
