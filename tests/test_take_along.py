"""EPUB and PDF: every formula and figure is there, and links between chapters lead somewhere."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

import built_site
from learnsym.publish import chapters, mathml, pdf

SOURCE = built_site.ROOT / "_build" / "source"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


def build(source, target, builder):
    """Build a book with one of Sphinx's builders; return its folder."""
    command = [sys.executable, str(Path(sys.executable).with_name("jupyter-book")), "build"]
    command += [str(source), "--path-output", str(target), "-q"]
    command += ["--builder", "custom", "--custom-builder", builder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return target / "_build" / builder


@pytest.fixture(scope="module")
def epub(tmp_path_factory):
    built_site.required_site()
    folder = build(SOURCE, tmp_path_factory.mktemp("epub"), "epub")
    with zipfile.ZipFile(folder / f"{chapters.BOOK_FILE}.epub") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.site
def test_epub_has_a_title_a_cover_and_every_chapter(epub):
    package = epub["content.opf"].decode()
    assert "<dc:title>Learning Symmetry</dc:title>" in package
    assert "_static/cover.png" in epub and "cover.png" in package
    for path in chapters.chapter_paths():
        assert path.relative_to(built_site.ROOT).with_suffix(".xhtml").as_posix() in epub
    # scripts and fonts that no reader of such books runs would only make it large
    assert sum(map(len, epub.values())) < 40e6


@pytest.mark.site
def test_every_formula_of_the_epub_is_mathematics_and_no_source(epub):
    count = 0
    for name, content in epub.items():
        if name.endswith(".xhtml"):
            for formula in ElementTree.fromstring(content).iter(MATH):
                count += 1
                shown = "".join(formula.itertext())
                assert "\\" not in shown and "$" not in shown, (name, shown)
    assert count > 2000


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"a, \dots, b", "a,…,b"),
        (r"\operatorname{tr} A", "tr\u2061A"),
        (r"\big\{x\Big\}", "{x}"),
        (r"\tfrac12", "12"),
        (r"a &= b \\ c &= d", "a=bc=d"),
    ],
)
def test_formulas_that_the_converter_alone_leaves_as_source(formula, shown):
    written = ElementTree.fromstring(mathml.converted(formula, block=True))
    assert "".join("".join(written.itertext()).split()) == shown


@pytest.mark.site
def test_links_and_pictures_of_the_epub_lead_somewhere(epub):
    pages = {n: c.decode() for n, c in epub.items() if n.endswith(".xhtml") and "book/" in n}
    targets = {n: set(re.findall(r'\bid="([^"]+)"', text)) for n, text in pages.items()}
    broken = []
    for name, text in pages.items():
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            address, _, anchor = link.partition("#")
            if "//" in address or address.startswith(("mailto:", "data:")):
                continue
            place = Path(name).parent.joinpath(address) if address else Path(name)
            place = Path(*_without_dots(place.parts)).as_posix()
            if place not in epub or (anchor and place in targets and anchor not in targets[place]):
                broken.append((name, link))
    assert broken == []


def _without_dots(parts):
    kept = []
    for part in parts:
        kept = kept[:-1] if part == ".." else [*kept, part]
    return kept


@pytest.mark.browser
def test_pdf_is_printed_with_formulas_pictures_and_bookmarks(tmp_path):
    built_site.required_browser()
    built_site.required_site()
    source = tmp_path / "source"
    shutil.copytree(SOURCE, source)
    chapter = chapters.chapter_paths(SOURCE)[0].relative_to(SOURCE).with_suffix("")
    toc = f"format: jb-book\nroot: index\nchapters:\n- file: {chapter}\n"
    (source / "_toc.yml").write_text(toc, encoding="utf-8")
    (source / "index.md").write_text("# A book\n\n$x$\n", encoding="utf-8")
    page = build(source, tmp_path, "singlehtml") / "index.html"
    pdf.printed(page, tmp_path / "book.pdf")
    content = (tmp_path / "book.pdf").read_bytes()
    assert content.startswith(b"%PDF-") and content.count(b"/Type /Page\n") >= 5
    assert b"/Outlines" in content and b"MathJax" in content


def test_a_missing_browser_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="browser: expected one of chromium"):
        pdf.printed(tmp_path / "a.html", tmp_path / "a.pdf")
