"""The rendered book in a browser: every page loads, reads and filters, on a phone too."""

import re
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

import built_site
from learnsym.paths import book_root
from learnsym.publish.chapters import chapter_paths, executed_folder
from learnsym.publish.claims import CLAIM_MIME, load_items
from learnsym.publish.figures import FIGURE_MIME
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
    images: [...document.images].map((i) => [i.getAttribute("src"), i.naturalWidth, i.alt]),
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

# smallest contrast (WCAG 2) of the text in some elements with the colour behind it
CONTRAST = """
(selector) => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = {};  // a page has thousands of elements and few colours
  const read = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const rgba = (colour) => known[colour] ??= read(colour);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92
      : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => {
    const colour = e ? rgba(getComputedStyle(e).backgroundColor) : [255, 255, 255, 255];
    return colour[3] > 250 ? colour : behind(e.parentElement);
  };
  const ratios = [...document.querySelectorAll(selector)].map((e) => {
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
  return ratios.length ? Math.min(...ratios) : null;
}
"""
READ_CLOSELY = (
    ".claim p, .claim strong, .claim a, .figure-links a, figcaption p, "
    "td.column-verdict p, .claims-filter label, #claims-count, .figure-entry a"
)

# every figure of a page with the links and the citation below it
FIGURES = """
() => [...document.querySelectorAll("article figure")].map((figure) => {
  const below = figure.nextElementSibling;
  const anchors = [...(below?.querySelectorAll("a") ?? [])];
  const links = anchors.map((a) => [a.textContent.trim(), a.href]);
  return {
    id: figure.id,
    caption: figure.querySelector("figcaption")?.textContent ?? "",
    links: Object.fromEntries(links),
    bibtex: below?.querySelector("pre")?.textContent ?? "",
  };
})
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
    contrast: list[str] = field(default_factory=list)
    figures: list[dict] = field(default_factory=list)
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

    def note_failure(request):
        # a load that ends because the tab moves on has not failed
        if request.url.startswith(address) and request.failure != "net::ERR_ABORTED":
            visit.missing.append(f"{request.failure}: {request.url}")

    def note_response(response):
        if response.status >= 400:
            visit.missing.append(f"{response.status}: {response.url}")

    context.route(re.compile(f"^(?!{re.escape(address)}|data:|blob:)"), refuse)
    tab.on("websocket", lambda socket: visit.outside.append(socket.url))
    tab.on("console", note_message)
    tab.on("pageerror", lambda error: visit.console.append(f"exception: {error}"))
    tab.on("requestfailed", note_failure)
    tab.on("response", note_response)
    return tab


def inspect(browser, address, page):
    """Open a page, look at it in both themes and at the width of a phone."""
    visit = Visit(page)
    tab = open_tab(browser, address, visit)
    tab.goto(address + page, wait_until="load")
    look = tab.evaluate(INSPECT)
    visit.formulas = look["formulas"]
    visit.maths = [f"{kind}: {t}" for kind in ("unset", "raw", "wrong") for t in look[kind]]
    visit.images = [
        f"{source}: width {width}, alternative text {alt!r}"
        for source, width, alt in look["images"]
        if width == 0 or not alt.strip()
    ]
    visit.figures = tab.evaluate(FIGURES)
    visit.themes, visit.contrast = switch_themes(tab)
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
        return ["no button switches the theme"], []
    seen, faint = {}, []
    for _ in range(3):  # light, dark, as the system says
        button.click()
        theme, light = tab.evaluate(
            "() => [document.documentElement.dataset.theme,"
            " getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g)"
            ".slice(0, 3).every((c) => c > 127)]"
        )
        contrast = None if theme in seen else tab.evaluate(CONTRAST, READ_CLOSELY)
        seen[theme] = light
        if contrast is not None and contrast < 4.5:
            faint.append(f"{theme}: contrast {contrast:.2f}")
    wanted = {"light": True, "dark": False}
    return ([] if seen == wanted else [f"themes with a light ground: {seen}"]), faint


@pytest.fixture(scope="module")
def visits(browser, address):
    """One visit to every page of the book."""
    return [inspect(browser, address, page) for page in built_site.pages(built_site.SITE)]


@cache
def records(mime):
    """Records of one MIME type in the committed notebooks, with the page that shows them."""
    found = []
    for path in chapter_paths():
        page = path.relative_to(book_root()).with_suffix(".html").as_posix()
        if not path.is_file():
            pytest.fail(f"{page} was never executed: run `make book` first", pytrace=False)
        cells = nbformat.read(path, as_version=4).cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        found += [(out["data"][mime], page) for out in outputs if mime in out.get("data", {})]
    return found


# --- every page -------------------------------------------------------------------------------

KINDS = ("outside", "console", "missing", "maths", "images", "width", "themes", "contrast")


@pytest.mark.parametrize("kind", KINDS)
def test_every_page(visits, kind):
    found = {visit.page: getattr(visit, kind) for visit in visits if getattr(visit, kind)}
    assert found == {}


def test_formulas_were_there_to_set(visits):
    formulas = {visit.page: visit.formulas for visit in visits}
    assert formulas["index.html"] > 0
    assert all(formulas[page] > 10 for _, page in records(CLAIM_MIME))


BROKEN = {
    "outside": '<img src="https://example.org/x.png" alt="x">',
    "console": "<script>throw new Error('broken')</script>",
    "missing": '<link rel="stylesheet" href="none.css">',
    "maths": "<article><p>let $x$ be small</p></article>",
    "images": '<img src="pixel.svg">',
    "width": '<div style="width: 500px">wide</div>',
    "themes": "",
    "contrast": '<div class="claim"><p style="color: #aaa">faint</p></div>',
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


@pytest.mark.parametrize(
    "html", ["<p>\\(x\\)</p>", "<p>$$ x $$</p>", '<p><span class="math">x</span></p>']
)
def test_every_kind_of_raw_formula_is_found(browser, tmp_path, html):
    (tmp_path / "page.html").write_text(f"<!doctype html>{SWITCH}<article>{html}</article>")
    with built_site.served(tmp_path) as address:
        assert len(inspect(browser, address, "page.html").maths) == 1


# --- figures ----------------------------------------------------------------------------------

SIGNATURES = {"SVG": b"<svg", "PDF": b"%PDF-", "CSV": b"panel,series,kind,x,y,value"}


def test_every_figure_has_its_files_and_citation(visits):
    shown = {visit.page: visit.figures for visit in visits if visit.figures}
    published = {page: [] for _, page in records(FIGURE_MIME)}
    for record, page in records(FIGURE_MIME):
        published[page].append(record)
    assert published
    for page, expected in published.items():
        found = {figure["id"]: figure for figure in shown[page]}
        for record in expected:
            figure = found[f"fig-{record['id']}"]
            assert re.match(r"\s*Fig\. [\d.]+", figure["caption"]), figure
            assert {*SIGNATURES} <= {*figure["links"]}, figure
            assert any(
                urlsplit(link).fragment == figure["id"] for link in figure["links"].values()
            ), f"{figure['id']} has no permanent link"
            assert figure["bibtex"].lstrip().startswith("@"), figure
            for part in (record["title"].split()[0], record["id"]):
                assert part in figure["bibtex"]


def test_files_of_figures_are_those_of_the_runs(visits):
    fetched = 0
    made = {p.name: p for folder in map(executed_folder, chapter_paths()) for p in folder.iterdir()}
    with built_site.served(built_site.SITE) as address:
        for figure in (figure for visit in visits for figure in visit.figures):
            name = figure["id"].removeprefix("fig-")
            for label, signature in SIGNATURES.items():
                path = urlsplit(figure["links"][label]).path.lstrip("/")
                with urllib.request.urlopen(address + path, timeout=20) as response:
                    assert response.status == 200
                    content = response.read()
                assert signature in content[:1000], (name, label)
                assert content == made[f"{name}.{label.lower()}"].read_bytes()
                fetched += 1
    assert fetched == len(SIGNATURES) * len(records(FIGURE_MIME))


def test_list_of_figures_is_complete(browser, address):
    tab = open_tab(browser, address, Visit("figures"))
    tab.goto(address + "book/synthesis/figures.html")
    entries = tab.locator(".figure-entry").evaluate_all(
        "(entries) => entries.map((e) => [e.textContent,"
        " [...e.querySelectorAll('a')].map((a) => [a.textContent.trim(), a.href])])"
    )
    assert len(entries) == len(records(FIGURE_MIME))
    for (text, anchors), (record, page) in zip(entries, records(FIGURE_MIME), strict=True):
        assert re.search(r"Fig\. [\d.]+", text)
        assert record["title"].split("$")[0].strip() in text
        assert f"@misc{{learnsym-{record['id']}" in text
        assert {*SIGNATURES} <= {label for label, _ in anchors}
        assert address + f"{page}#fig-{record['id']}" in {href for _, href in anchors}
    first = tab.locator(".figure-entry").first
    assert not first.locator("pre").is_visible()
    first.locator("summary").click()
    assert first.locator("pre").is_visible()
    tab.context.close()


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
    known = [record for record, _ in records(CLAIM_MIME)]
    beyond = [record for record in known if record["verdict"] == BEYOND]
    listed = sum(len(items) for items in load_items().values())
    assert len(rows(table)) == listed + len(beyond) == counted(table)
    hrefs = table.locator("tr.claim a").evaluate_all("(as) => as.map((a) => a.href)")
    linked = {tuple(href.removeprefix(address).split("#")) for href in hrefs}
    wanted = {(page, f"claim-{record['id']}") for record, page in records(CLAIM_MIME)}
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
    for name in ("#claims-paper", "#claims-verdict", "#claims-text"):
        assert table.locator(f"label[for='{name[1:]}']").text_content().strip()
    # the fields follow each other, and each shows that it has the focus
    for _ in range(200):
        table.keyboard.press("Tab")
        if table.evaluate("document.activeElement.id") == "claims-paper":
            break
    table.keyboard.press("ArrowDown")
    paper = table.input_value("#claims-paper")
    assert paper and rows(table) == [row for row in everything if row[0] == paper]
    table.keyboard.press("Home")
    assert rows(table) == everything
    table.keyboard.press("Tab")
    assert table.evaluate("document.activeElement.id") == "claims-verdict"
    table.keyboard.press("ArrowDown")
    verdict = table.input_value("#claims-verdict")
    assert verdict and rows(table) == [r for r in everything if verdict in r[1].split("; ")]
    table.keyboard.press("Tab")
    assert table.evaluate("document.activeElement.id") == "claims-text"
    assert table.evaluate(
        "(({outlineStyle: o, boxShadow: s}) => o !== 'none' || s !== 'none')"
        "(getComputedStyle(document.activeElement))"
    )
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


@pytest.mark.parametrize("name", built_site.BROWSERS)
def test_any_known_browser_is_taken(monkeypatch, name):
    monkeypatch.setattr(
        built_site.shutil, "which", lambda asked: f"found-{asked}" if asked == name else None
    )
    assert built_site.required_browser() == f"found-{name}"
