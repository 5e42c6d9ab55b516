"""The rendered book in a browser: every page loads, reads and filters, on a phone too."""

import re
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, urlsplit

import pytest

import built_site
from learnsym.paths import book_root
from learnsym.publish.chapters import chapter_paths
from learnsym.publish.claims import CLAIM_MIME, load_items
from learnsym.publish.sphinx_ext import records
from learnsym.publish.wording import BEYOND

pytestmark = pytest.mark.browser

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
CLAIMS = "book/synthesis/claims.html"
TIMEOUT = 20_000  # milliseconds; a page takes about one second

# what a page looks like once its formulas are set and its images are there
INSPECT = r"""
async () => {
  if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
  for (const image of document.images) {
    image.loading = "eager";
    await image.decode().catch(() => null);
  }
  const article = document.querySelector("article") ?? document.body;
  const formulas = [...article.querySelectorAll(".math")];
  const text = article.cloneNode(true);
  for (const part of text.querySelectorAll("pre, code, script, style, textarea, mjx-container"))
    part.remove();
  return {
    unset: formulas.filter((f) => !f.querySelector("mjx-container")).map((f) => f.textContent),
    raw: text.textContent.match(/.{0,30}(\$|\\\(|\\\[|\\begin\{).{0,30}/g) ?? [],
    wrong: [...article.querySelectorAll("mjx-merror")].map((f) => f.textContent),
    formulas: formulas.length,
    images: [...document.images].filter((i) => !i.naturalWidth).map((i) => i.getAttribute("src")),
  };
}
"""

# width of the page once its sidebars have slid away, and what sticks out without a box that scrolls
WIDTH = """
async (phone) => {
  const frame = () => new Promise(requestAnimationFrame);
  const page = document.scrollingElement;
  const ends = performance.now() + 3000;  // a busy machine lays a page out in several steps
  do {
    await frame();
    for (const move of document.getAnimations()) if (move instanceof CSSTransition) move.finish();
    await frame();
  } while (page.scrollWidth > phone && performance.now() < ends);
  const limit = document.documentElement.clientWidth;
  const scrolls = (e) => e && e !== document.body &&
    (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  const article = document.querySelector("article") ?? document.body;
  const wide = [...article.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.right > limit + 1 && !scrolls(e);
  });
  const shown = wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 80));
  return [document.scrollingElement.scrollWidth, shown];
}
"""


@dataclass
class Visit:
    """What one visit to one page brought to light."""

    page: str
    outside: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    maths: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    width: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    formulas: int = 0


@pytest.fixture(scope="module")
def browser():
    with built_site.started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address():
    with built_site.served(built_site.required_site()) as address:
        yield address


def open_tab(browser, address, visit, **options):
    """Open an empty tab that cannot reach other hosts and notes what goes wrong in ``visit``."""
    context = browser.new_context(
        viewport=DESKTOP, color_scheme="light", reduced_motion="reduce", **options
    )
    context.set_default_timeout(TIMEOUT)
    tab = context.new_page()

    def refuse(route):
        visit.outside.append(route.request.url)
        route.abort()

    def note_message(message):
        if message.type in ("error", "warning"):
            visit.console.append(f"{message.type}: {message.text}")

    def note_response(response):
        if response.status >= 400:
            visit.missing.append(f"{response.status}: {response.url}")

    context.route(re.compile(f"^(?!{re.escape(address)}|data:|blob:)"), refuse)
    tab.on("websocket", lambda socket: visit.outside.append(socket.url))
    tab.on("console", note_message)
    tab.on("pageerror", lambda error: visit.console.append(f"exception: {error}"))
    tab.on("response", note_response)
    return tab


def inspect(browser, address, page):
    """Open a page, look at it in both themes and at the width of a phone."""
    visit = Visit(page)
    tab = open_tab(browser, address, visit)
    tab.goto(address + page, wait_until="load")
    look = tab.evaluate(INSPECT)
    visit.formulas, visit.images = look["formulas"], look["images"]
    visit.maths = [f"{kind}: {t}" for kind in ("unset", "raw", "wrong") for t in look[kind]]
    visit.themes = switch_themes(tab)
    tab.set_viewport_size(PHONE)
    width, wide = tab.evaluate(WIDTH, PHONE["width"])
    if width > PHONE["width"]:
        visit.width.append(f"the page is {width} pixels wide")
    visit.width += [f"sticks out: {element}" for element in wide]
    tab.context.close()
    return visit


def switch_themes(tab):
    """Press the theme button through all themes; return what is wrong with them."""
    button = tab.locator("button.theme-switch-button:visible").first
    if button.count() == 0:
        return ["no button switches the theme"]
    seen = {}
    for _ in range(3):  # light, dark, as the system says
        button.click()
        theme, light = tab.evaluate(
            "() => [document.documentElement.dataset.theme,"
            " getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g)"
            ".slice(0, 3).every((c) => c > 127)]"
        )
        seen[theme] = light
    wanted = {"light": True, "dark": False}
    return [] if seen == wanted else [f"themes with a light ground: {seen}"]


@pytest.fixture(scope="module")
def visits(browser, address):
    """One visit to every page of the book."""
    return [inspect(browser, address, page) for page in built_site.pages(built_site.SITE)]


@cache
def shown():
    """Every claim of the committed notebooks with its ``page``."""
    return records(chapter_paths(), book_root(), CLAIM_MIME)


# --- every page -------------------------------------------------------------------------------

KINDS = ("outside", "console", "missing", "maths", "images", "width", "themes")


@pytest.mark.parametrize("kind", KINDS)
def test_every_page(visits, kind):
    found = {visit.page: getattr(visit, kind) for visit in visits if getattr(visit, kind)}
    assert found == {}


def test_formulas_were_there_to_set(visits):
    formulas = {visit.page: visit.formulas for visit in visits}
    assert formulas["index.html"] > 0
    assert all(formulas[f"{claim['page']}.html"] > 10 for claim in shown())


BROKEN = {
    "outside": '<img src="https://example.org/x.png" alt="x">',
    "console": "<script>throw new Error('broken')</script>",
    "missing": '<link rel="stylesheet" href="none.css">',
    "maths": "<article><p>let $x$ be small</p></article>",
    "images": '<img src="data:image/png;base64,AAAA" alt="x">',
    "width": '<div style="width: 500px">wide</div>',
    "themes": "",
}
SWITCH = """<button class="theme-switch-button" onclick="
  const dark = document.documentElement.dataset.theme !== 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  document.body.style.background = dark ? '#111' : '#fff';
  document.body.style.color = dark ? '#eee' : '#111';">theme</button>"""
GOOD = f"""<article><p>A price of <code>$5</code>.
  <span class="math"><mjx-container>x</mjx-container></span></p>
  <img src="pixel.svg" alt="a dot"><div style="overflow: auto"><pre>{200 * "x"}</pre></div>
  <div class="claim"><p>holds</p></div></article>"""


@pytest.mark.parametrize("kind", ["nothing", *KINDS])
def test_a_broken_page_is_found(browser, tmp_path, kind):
    (tmp_path / "pixel.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'
    )
    (tmp_path / "favicon.ico").touch()
    body = ("" if kind == "themes" else SWITCH) + GOOD + BROKEN.get(kind, "")
    if kind == "maths":
        body = body.replace(GOOD, "")
    head = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    (tmp_path / "page.html").write_text(f"<!doctype html><head>{head}</head><body>{body}</body>")
    with built_site.served(tmp_path) as address:
        visit = inspect(browser, address, "page.html")
    found = {name for name in KINDS if getattr(visit, name)}
    # a load that fails is told by the console as well
    also = {"outside": {"console", "images"}, "missing": {"console"}}.get(kind, set())
    assert found == {kind, *also} - {"nothing"}


# --- claims -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(browser, address):
    """The page of claims in one tab; its filter is cleared by ``opened``."""
    visit = Visit(CLAIMS)
    tab = open_tab(browser, address, visit)
    yield tab
    tab.context.close()
    assert (visit.console, visit.missing, visit.outside) == ([], [], [])


def opened(tab, address, query=""):
    """Open the page of claims."""
    tab.goto(address + CLAIMS + query, wait_until="load")
    return tab


def rows(tab, only_visible=True):
    """Paper, verdict and text of the rows of the table."""
    found = tab.locator("tr.claim").evaluate_all(
        "(rows) => rows.map((r) => [r.dataset.paper, r.dataset.verdict, r.textContent,"
        " r.checkVisibility(), r.hasAttribute('hidden')])"
    )
    assert all(shown != hidden for *_, shown, hidden in found)
    return [tuple(row[:3]) for row in found if row[3] or not only_visible]


def counted(tab):
    """The number that the live count tells."""
    element = tab.locator("#claims-count")
    assert element.get_attribute("aria-live") == "polite"
    return int(re.search(r"\d+", element.text_content()).group())


def options(tab, name):
    """The values that a list offers besides "all"."""
    values = tab.locator(f"{name} option").evaluate_all("(all) => all.map((o) => o.value)")
    return [value for value in values if value]


def test_table_has_a_row_for_every_item_and_every_finding_beyond(table, address):
    opened(table, address)
    beyond = [claim for claim in shown() if claim["verdict"] == BEYOND]
    listed = sum(len(items) for items in load_items().values())
    assert len(rows(table)) == listed + len(beyond) == counted(table)
    hrefs = table.locator("tr.claim a").evaluate_all("(as) => as.map((a) => a.href)")
    linked = {tuple(href.removeprefix(address).split("#")) for href in hrefs}
    wanted = {(f"{claim['page']}.html", f"claim-{claim['id']}") for claim in shown()}
    assert wanted - linked == set()
    for _, verdict, text in rows(table):
        assert all(word in text for word in verdict.split("; "))  # in words, not by colour alone


@pytest.mark.parametrize(("name", "column"), [("#claims-paper", 0), ("#claims-verdict", 1)])
def test_filter_by_paper_and_by_verdict(table, address, name, column):
    everything = rows(opened(table, address))
    found = options(table, name)
    assert sorted(found) == sorted({v for row in everything for v in row[column].split("; ")})
    for value in found:
        table.select_option(name, value)
        wanted = [row for row in everything if value in row[column].split("; ")]
        assert rows(table) == wanted != []
        assert counted(table) == len(wanted)
    table.select_option(name, "")
    assert rows(table) == everything


def test_filters_combine_and_search_text(table, address):
    everything = rows(opened(table, address))
    word = "lemma"
    wanted = [row for row in everything if word in row[2].lower()]
    assert 0 < len(wanted) < len(everything)
    table.fill("#claims-text", f" {word.upper()} ")
    assert rows(table) == wanted
    paper = wanted[0][0]
    table.select_option("#claims-paper", paper)
    verdict = wanted[0][1].split("; ")[0]
    table.select_option("#claims-verdict", verdict)
    chosen = [r for r in everything if r[0] == paper and verdict in r[1].split("; ")]
    assert rows(table) == [row for row in chosen if row in wanted]
    table.fill("#claims-text", "no claim says this")
    assert rows(table) == [] and counted(table) == 0
    table.fill("#claims-text", "")
    assert rows(table) == chosen


def test_filter_works_by_keyboard_alone(table, address):
    everything = rows(opened(table, address))
    table.focus("#claims-paper")
    table.keyboard.press("ArrowDown")
    paper = table.input_value("#claims-paper")
    assert paper and rows(table) == [row for row in everything if row[0] == paper]
    for name in ("claims-verdict", "claims-text"):  # the fields follow each other
        table.keyboard.press("Tab")
        assert table.evaluate("document.activeElement.id") == name
    table.keyboard.type("no claim says this")
    table.keyboard.press("Enter")  # does not leave the page
    assert counted(table) == 0 and urlsplit(table.url).path.endswith(CLAIMS)


def test_filter_is_kept_in_the_address(table, address):
    everything = rows(opened(table, address))
    paper, verdict = everything[0][0], everything[0][1].split("; ")[0]
    table.select_option("#claims-paper", paper)
    table.select_option("#claims-verdict", verdict)
    table.fill("#claims-text", "the")
    shown, query = rows(table), urlsplit(table.url).query
    assert sorted(value for values in parse_qs(query).values() for value in values) == sorted(
        [paper, verdict, "the"]
    )
    assert rows(opened(table, address, "?" + query)) == shown
    assert table.input_value("#claims-text") == "the"
    table.reload()
    assert rows(table) == shown
    for name in ("#claims-paper", "#claims-verdict"):
        table.select_option(name, "")
    table.fill("#claims-text", "")
    assert urlsplit(table.url).query == ""
    assert rows(opened(table, address, "?paper=Z&verdict=none")) == everything


def test_without_scripts_the_table_is_whole(browser, address):
    tab = open_tab(browser, address, Visit(CLAIMS), java_script_enabled=False)
    tab.goto(address + CLAIMS)
    claims = tab.locator("tr.claim")
    assert claims.count() > 100
    assert all(row.is_visible() for row in claims.all())
    tab.context.close()


# --- the browser itself -------------------------------------------------------------------------


def test_a_missing_browser_is_a_skip_or_a_failure(monkeypatch):
    monkeypatch.setattr(built_site.shutil, "which", lambda _name: None)
    monkeypatch.delenv("LEARNSYM_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        built_site.required_browser()
    monkeypatch.setenv("LEARNSYM_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        built_site.required_browser()
