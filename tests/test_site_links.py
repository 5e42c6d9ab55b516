"""Every link inside the rendered book leads somewhere, and pages load nothing from outside."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup, Tag

import built_site

# relations by which a page loads a file without being asked
LOADED_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest", "prefetch"}
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


def links(page: BeautifulSoup) -> list[tuple[Tag, str]]:
    """Every address on a page with its element."""
    found = []
    for attribute in ("href", "src", "data"):
        for element in page.find_all(attrs={attribute: True}):
            if attribute != "data" or element.name == "object":
                found.append((element, element[attribute]))
    for element in page.find_all(attrs={"srcset": True}):
        found += [(element, part.split()[0]) for part in element["srcset"].split(",")]
    return found


def broken_links(site: Path, page: str) -> list[str]:
    """Return the links of a page whose file or fragment does not exist in the site."""
    found = []
    for _, address in links(soup(site / page)):
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


def loads_from_outside(site: Path, page: str) -> list[str]:
    """Return the addresses on other hosts that a page loads without being asked."""
    found = []
    for element, address in links(soup(site / page)):
        parts = urlsplit(address)
        if not parts.netloc:
            continue
        kinds = set(element.get("rel", [])) if element.name == "link" else set()
        asked = element.name == "a" or (element.name == "link" and not kinds & LOADED_LINKS)
        if not asked:
            found.append(f"{page}: <{element.name}> loads {address}")
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
    addresses = [
        address for page in built_site.pages(site) for _, address in links(soup(site / page))
    ]
    return frozenset(unquote(urlsplit(address).fragment) for address in addresses)


def ambiguous_places(site: Path, page: str) -> list[str]:
    """Return ids that a page uses twice and that are linked to."""
    ids = [element["id"] for element in soup(site / page).find_all(id=True)]
    twice = sorted({name for name in ids if ids.count(name) > 1} & linked_places(site))
    return [f"{page}: id {name} is used twice" for name in twice]


CHECKS = {
    "links": broken_links,
    "outside": loads_from_outside,
    "alternatives": missing_alternatives,
    "places": ambiguous_places,
}


@pytest.mark.site
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_pages_of_the_book(check):
    site = built_site.required_site()
    found = [problem for page in built_site.pages(site) for problem in check(site, page)]
    assert found == []


@pytest.mark.site
def test_every_entry_of_the_table_of_contents_has_a_page():
    toc = (built_site.ROOT / "_toc.yml").read_text(encoding="utf-8")
    entries = {value for key, value in pairs(yaml.safe_load(toc)) if key in ("root", "file")}
    found = set(built_site.pages(built_site.required_site()))
    assert {f"{entry}.html" for entry in entries} - found == set()
    assert {"index", "book/synthesis/claims", "book/synthesis/figures"} <= entries


def pairs(node):
    """Keys and values of all mappings in a tree of mappings and lists."""
    children = list(node.values()) if isinstance(node, dict) else node
    found = list(node.items()) if isinstance(node, dict) else []
    for child in children if isinstance(children, list) else []:
        found += pairs(child)
    return found


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
        ("links", '<a href="sub/none/">x</a>'),
        ("links", '<a href="../outside.html">x</a>'),
        ("links", '<a href="/index.html">x</a>'),
        ("links", '<a href="file:///etc/hosts">x</a>'),
        ("links", '<img src="none.png" alt="x">'),
        ("links", '<script src="none.js"></script>'),
        ("links", '<link rel="stylesheet" href="none.css">'),
        ("links", '<object data="none.svg"></object>'),
        ("links", '<img srcset="index.html 1x, none.png 2x" alt="x">'),
        ("outside", '<script src="https://example.org/x.js"></script>'),
        ("outside", '<script src="//example.org/x.js"></script>'),
        ("outside", '<link rel="stylesheet" href="https://example.org/x.css">'),
        ("outside", '<link rel="preload" href="https://example.org/x.woff2">'),
        ("outside", '<img src="https://example.org/x.png" alt="x">'),
        ("outside", '<iframe src="https://example.org/"></iframe>'),
        ("alternatives", '<img src="index.html">'),
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
