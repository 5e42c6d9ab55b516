"""The Sphinx extension: what it makes of records, and the settings that depend on one variable."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from learnsym.paths import book_root
from learnsym.publish import markup, site

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


def test_bibtex_has_an_address_only_where_the_book_has_one():
    plain = markup.bibtex(FIGURE, "book/page", CITATION, "")
    assert plain.startswith("@misc{learnsym-demo,") and "url" not in plain
    assert "title = {A title}" in plain and "year = {2026}" in plain
    addressed = markup.bibtex(FIGURE, "book/page", CITATION, "https://example.org/b/")
    assert "url = {https://example.org/b/book/page.html#fig-demo}" in addressed


def test_figure_block_names_both_formats_and_the_alt_text():
    text = markup.figure_block(FIGURE, "@misc{x}")
    assert "/book/figures/demo.*" in text and ":alt: a" in text and ":name: fig-demo" in text
    for kind in ("svg", "pdf", "csv"):
        assert f"/book/figures/demo.{kind}>" in text


def test_mathjax_is_installed_in_full():
    folder = site.mathjax_folder()
    assert all((folder / part).exists() for part in site.MATHJAX_PARTS)


@pytest.mark.parametrize("address", ["", "https://github.com/someone/learning-symmetry"])
def test_launch_buttons_appear_with_a_repository(tmp_path, address):
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = address
    for key in ("logo", "bibtex_bibfiles"):
        config.pop(key)
    config["html"].pop("favicon")
    config["sphinx"]["config"].pop("html_static_path")
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters:\n- file: page\n")
    (tmp_path / "index.md").write_text("# Demo\n")
    (tmp_path / "page.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Page"]}], "metadata": '
        '{"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}, '
        '"nbformat": 4, "nbformat_minor": 4}'
    )
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-q"]
    build = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    page = (tmp_path / "_build" / "html" / "page.html").read_text(encoding="utf-8")
    links = [a.get("href", "") for a in BeautifulSoup(page, "html.parser").find_all("a")]
    for host in ("mybinder.org", "colab.research.google.com"):
        assert any(host in link for link in links) == bool(address), build.stderr[-2000:]


def test_social_picture_is_part_of_the_site():
    config = yaml.safe_load((book_root() / "_config.yml").read_text(encoding="utf-8"))
    picture = Path(config["sphinx"]["config"]["ogp_image"])
    assert picture.parent == Path("_static")
    assert (book_root() / "assets" / picture.name).is_file()
