"""Every link inside the rendered book leads somewhere, and pictures have a text."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

import built_site
from learnsym.paths import book_root
from learnsym.publish.chapters import chapter_paths, executed_folder
from learnsym.publish.figures import FIGURE_MIME
from learnsym.publish.sphinx_ext import records

ELSEWHERE = {"http", "https", "mailto", "data"}


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def targets(path: Path) -> frozenset[str]:
    """Fragments that a page can be opened at."""
    elements = soup(path).find_all(True)
    named = (element.get("name") for element in elements if element.name == "a")
    return frozenset(filter(None, [*(element.get("id") for element in elements), *named]))


def links(page: BeautifulSoup) -> list[str]:
    """Every address on a page."""
    found = [e[name] for name in ("href", "src") for e in page.find_all(attrs={name: True})]
    found += [element["data"] for element in page.find_all("object")]
    sets = [element["srcset"] for element in page.find_all(attrs={"srcset": True})]
    return found + [part.split()[0] for text in sets for part in text.split(",")]


def broken_links(site: Path, page: str) -> list[str]:
    """Return the links of a page whose file or fragment does not exist in the site."""
    found = []
    for address in links(soup(site / page)):
        parts = urlsplit(address)
        if parts.scheme in ELSEWHERE or parts.netloc:
            continue
        name, fragment = unquote(parts.path), unquote(parts.fragment)
        file = ((site / page).parent / name if name else site / page).resolve()
        if file.is_dir():
            file /= "index.html"
        if parts.scheme or name.startswith("/"):
            # the book is also read from a folder, and from below the root of a host
            found.append(f"{page}: {address} (not relative)")
        elif not file.is_file() or not file.is_relative_to(site.resolve()):
            found.append(f"{page}: {address} (no such file)")
        elif fragment and file.suffix == ".html" and fragment not in targets(file):
            found.append(f"{page}: {address} (no such place)")
    return found


def missing_alternatives(site: Path, page: str) -> list[str]:
    """Return images without alternative text, and figures without an image or a caption."""
    page_soup = soup(site / page)
    found = [
        f"{page}: {image.get('src')} has no alternative text"
        for image in page_soup.find_all("img")
        if not image.get("alt", "").strip()
    ]
    for figure in page_soup.find_all("figure"):
        caption = figure.find("figcaption")
        if figure.find("img") is None:
            found.append(f"{page}: figure {figure.get('id')} has no image")
        if caption is None or not caption.get_text().strip():
            found.append(f"{page}: figure {figure.get('id')} has no caption")
    return found


@cache
def linked_places(site: Path) -> frozenset[str]:
    """Return every fragment that some page of the site links to."""
    addresses = [link for page in built_site.pages(site) for link in links(soup(site / page))]
    return frozenset(unquote(urlsplit(address).fragment) for address in addresses)


def ambiguous_places(site: Path, page: str) -> list[str]:
    """Return ids that a page uses twice and that are linked to."""
    ids = [element["id"] for element in soup(site / page).find_all(id=True)]
    twice = sorted({name for name in ids if ids.count(name) > 1} & linked_places(site))
    return [f"{page}: id {name} is used twice" for name in twice]


CHECKS = {
    "links": broken_links,
    "alternatives": missing_alternatives,
    "places": ambiguous_places,
}


@pytest.mark.site
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_pages_of_the_book(check):
    site = built_site.required_site()
    found = [problem for page in built_site.pages(site) for problem in check(site, page)]
    assert found == []


SIGNATURES = {"SVG": b"<svg", "PDF": b"%PDF-", "CSV": b"panel,series,kind,x,y,value"}


@pytest.mark.site
def test_every_figure_has_the_files_of_its_run_a_citation_and_a_place_in_the_list():
    site, made = built_site.required_site(), {}
    for folder in map(executed_folder, chapter_paths()):
        made |= {path.name: path.read_bytes() for path in folder.iterdir()}
    figures = records(chapter_paths(), book_root(), FIGURE_MIME)
    listed = site / "book" / "synthesis" / "figures.html"
    entries = soup(listed).select(".figure-entry")
    assert len(figures) == len(entries) > 10
    for record, entry in zip(figures, entries, strict=True):
        name, page = record["id"], site / f"{record['page']}.html"
        figure = soup(page).find(id=f"fig-{name}")
        assert re.match(r"\s*Fig\. [\d.]+", figure.find("figcaption").get_text())
        for file, block in ((page, figure.find_next_sibling()), (listed, entry)):
            links = {a.get_text(strip=True): a["href"] for a in block.find_all("a")}
            assert any(link.endswith(f"#fig-{name}") for link in links.values())
            assert f"@misc{{learnsym-{name}" in block.get_text()
            for label, signature in SIGNATURES.items():
                content = (file.parent / links[label]).read_bytes()
                assert signature in content[:1000], (name, label)
                assert content == made[f"{name}.{label.lower()}"]
        assert record["title"].split("$")[0].strip() in entry.get_text()


@pytest.fixture
def site(tmp_path):
    """A small site without a defect."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(
        '<h1 id="top">A</h1><a href="#top">up</a><a href="#">page</a>'
        '<a href="sub/b.html#old">B</a><a href="sub/">folder</a><a href="https://example.org/x">x</a>'
        '<a href="search.html?q=1">s</a><link rel="canonical" href="https://example.org/">'
        '<figure id="f"><img src="a%20b.svg" alt="A curve."><figcaption>One.</figcaption></figure>'
    )
    (tmp_path / "search.html").write_text("<p>search</p>")
    (tmp_path / "a b.svg").write_text("<svg/>")
    (tmp_path / "sub" / "index.html").write_text('<a href="../index.html#f">A</a>')
    (tmp_path / "sub" / "b.html").write_text('<a name="old"></a><a href="../">A</a>')
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "theme.html").write_text('<a href="none.html"></a>')
    return tmp_path


def problems(site, check):
    return [problem for page in built_site.pages(site) for problem in CHECKS[check](site, page)]


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_site_passes(site, check):
    assert built_site.pages(site) == ["index.html", "search.html", "sub/b.html", "sub/index.html"]
    assert problems(site, check) == []


@pytest.mark.parametrize(
    ("check", "html"),
    [
        ("links", '<a href="none.html">x</a>'),
        ("links", '<a href="index.html#none">x</a>'),
        ("links", '<a href="#none">x</a>'),
        ("links", '<a href="../outside.html">x</a>'),
        ("links", '<a href="/index.html">x</a>'),
        ("links", '<a href="file:///etc/hosts">x</a>'),
        ("links", '<img src="none.png" alt="x">'),
        ("links", '<script src="none.js"></script>'),
        ("links", '<object data="none.svg"></object>'),
        ("links", '<img srcset="index.html 1x, none.png 2x" alt="x">'),
        ("alternatives", '<img src="index.html" alt=" ">'),
        ("alternatives", "<figure><figcaption>x</figcaption></figure>"),
        ("alternatives", '<figure><img src="index.html" alt="x"></figure>'),
        ("places", '<p id="twice"></p><p id="twice"></p><a href="#twice">x</a>'),
    ],
)
def test_a_broken_page_is_found(site, check, html):
    (site / "broken.html").write_text(html)
    assert len(problems(site, check)) == 1


def test_a_missing_site_fails_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(built_site, "SITE", tmp_path)
    with pytest.raises(pytest.fail.Exception, match="run `make book` first"):
        built_site.required_site()
