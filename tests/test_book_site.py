"""The Sphinx extension: what it makes of records, and the settings that depend on one variable."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string

import built_site
from learnsym.paths import book_root
from learnsym.publish import chapters, items, markup, site

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
FIGURE = {"id": "demo", "title": "A {title}", "caption": "c", "alt": "a", "width": "50%"}
CITATION = {
    "title": "Book",
    "version": "1.0",
    "date-released": "2026-11-21",
    "authors": [{"name": "The authors"}],
}


def test_claim_says_everything_and_folds_what_is_long():
    text = markup.claim_box(RECORD)
    assert text.startswith("(claim-demo)=\n::::{div} claim verdict-holds-with-a-correction\n")
    line, below = text.splitlines()[2], text.partition(":::{dropdown}")[2]
    for part in ("holds with a correction", "A, Corollary 3.2", "Two is $2$.", "3e-16", "1e-12"):
        assert part in line
    for part in ("Weights are missing.", "0.3", "One point."):
        assert part in below and part not in line
    plain = {**RECORD, "correction": None, "published": None, "details": None}
    assert "dropdown" not in markup.claim_box(plain)


@pytest.mark.parametrize("kind", ["Figure in", "Chapter of", ""])
@pytest.mark.parametrize("base", ["", "https://example.org/b", "https://example.org/b/"])
def test_bibtex_parses_and_says_where_to_look(kind, base):
    title = "A {title} with $w_k$ and 50 % more \\ of it"
    text = markup.bibtex("learnsym-demo", title, kind, "book/page.html#fig-demo", CITATION, base)
    entry = parse_string(text, "bibtex").entries["learnsym-demo"]
    assert entry.fields["title"] == "A title with w_k and 50 % more of it"
    assert entry.fields["year"] == "2026" and "1.0" in entry.fields["howpublished"]
    assert entry.fields["howpublished"].startswith(kind or "Version")
    assert [str(name).strip("{}") for name in entry.persons["author"]] == ["The authors"]
    if base:
        assert entry.fields["url"] == "https://example.org/b/book/page.html#fig-demo"
    else:
        assert "url" not in entry.fields and "not set" in entry.fields["note"]


def test_figure_block_names_both_formats_and_the_alt_text():
    text = markup.figure_block(FIGURE, "@misc{x}")
    assert "/book/figures/demo.*" in text and ":alt: a" in text and ":name: fig-demo" in text
    for kind in ("svg", "pdf", "csv"):
        assert f"/book/figures/demo.{kind}>" in text


def test_mathjax_is_installed_in_full():
    folder = site.mathjax_folder()
    assert all((folder / part).exists() for part in site.MATHJAX_PARTS)


def write_book(folder, address=""):
    """Write a book of a landing page and a chapter."""
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = config["html"]["baseurl"] = address
    shutil.copy(book_root() / "CITATION.cff", folder)
    for key in ("logo", "bibtex_bibfiles"):
        config.pop(key)
    config["html"].pop("favicon")
    config["sphinx"]["config"].pop("html_static_path")
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n- file: page\n")
    (folder / "index.md").write_text("# Demo\n\n```{prf:lemma} Zorn\n:label: zorn\nA.\n```\n")
    (folder / "page.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Page"]}], "metadata": '
        '{"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}, '
        '"nbformat": 4, "nbformat_minor": 4}'
    )


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
    command, bibtex = (block.get_text() for block in soup.select("#run-and-cite pre"))
    assert command.strip() == ".venv/bin/python -m learnsym.publish.chapters execute page"
    fields = parse_string(bibtex, "bibtex").entries["learnsym-page"].fields
    assert fields["title"] == "Page" and fields.get("url", "").startswith(address)
    assert ("note" in fields) == (not address)


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
    assert count == {paper: len(found) for paper, found in items.load_items().items()}


def test_social_picture_is_part_of_the_site():
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    picture = Path(config["sphinx"]["config"]["ogp_image"])
    assert picture.parent == Path("_static")
    assert (book_root() / "assets" / picture.name).is_file()


def test_the_book_names_itself_and_its_version_everywhere_alike():
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((book_root() / "CITATION.cff").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]["config"]
    assert sphinx["release"] == citation["version"] and sphinx["project"] == config["title"]
    assert sphinx["epub_basename"] == chapters.BOOK_FILE
    assert (book_root() / "assets" / Path(sphinx["epub_cover"][0]).name).is_file()
