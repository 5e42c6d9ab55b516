"""The rendered book on paper: no navigation, nothing cut, nothing split."""

import pytest

import built_site

pytestmark = pytest.mark.browser

CHAPTERS = (
    "book/deep_linear/critical_points.html",
    "book/linear_regression/induced_invariance.html",
)
PAPER = {"width": 660, "height": 980}  # A4 without its margins

LOOK = """
() => {
  const shown = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 1;
  const text = (all) => all.map((e) => e.outerHTML.slice(0, 80));
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const clipped = (e) => e.scrollWidth > e.clientWidth + 1;
  const outside = (e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  const code = all("article pre");
  return {
    navigation: text(all("nav, .bd-sidebar, .prev-next-area, .copybtn, .headerlink, footer")),
    cut: text(code.filter((e) => clipped(e) || outside(e))),
    split: text(all("article figure").filter((e) => getComputedStyle(e).breakInside !== "avoid")),
    code: code.length,
  };
}
"""


@pytest.fixture(scope="module")
def tab():
    with built_site.started_browser() as browser:
        tab = browser.new_context(viewport=PAPER, reduced_motion="reduce").new_page()
        tab.set_default_timeout(30_000)
        tab.emulate_media(media="print")
        yield tab


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_on_paper(tab, chapter):
    with built_site.served(built_site.required_site()) as address:
        tab.goto(address + chapter, wait_until="load")
        look = tab.evaluate(LOOK)
    assert look.pop("code") > 20
    assert look == {"navigation": [], "cut": [], "split": []}


def test_the_table_of_claims_may_be_split_and_its_rows_not(tab):
    breaks = "e => getComputedStyle(e).breakInside"
    with built_site.served(built_site.required_site()) as address:
        tab.goto(address + "book/synthesis/claims.html", wait_until="load")
        table = tab.locator("table.claims-table")
        assert table.evaluate(breaks) == "auto"
        assert table.locator("tr.claim").first.evaluate(breaks) == "avoid"


def test_a_chapter_on_the_screen_would_not_do(tab):
    with built_site.served(built_site.required_site()) as address:
        tab.goto(address + CHAPTERS[0], wait_until="load")
        tab.emulate_media(media="screen")
        look = tab.evaluate(LOOK)
        tab.emulate_media(media="print")
    assert all(look.values())


def test_what_is_folded_is_printed_in_the_light_theme(tab):
    with built_site.served(built_site.required_site()) as address:
        tab.goto(address + CHAPTERS[1], wait_until="load")
        state = """() => [document.documentElement.dataset.theme,
            document.querySelectorAll("details.claim-details[open]").length]"""
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        before = tab.evaluate(state)
        tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        theme, opened = tab.evaluate(state)
        tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert tab.evaluate(state) == before == ["dark", 0]
    assert theme == "light" and opened > 0
