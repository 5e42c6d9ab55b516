"""The rendered book by the rules of axe-core, on every page, in both themes, wide and narrow."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

import built_site

pytestmark = pytest.mark.browser

SIZES = {"narrow": {"width": 390, "height": 844}, "wide": {"width": 1280, "height": 900}}
COLOURS = ["color-contrast", "link-in-text-block"]
# a theme changes colours alone, so the other rules look at one of them
RULES = {
    "structure": {"rules": {rule: {"enabled": False} for rule in COLOURS}},
    "colours": {"runOnly": COLOURS},
}
AXE = """
async (options) => {
  const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 120)}`));
}
"""

# MathJax, which the test leaves out, lets the keyboard reach every formula
FORMULAS = "() => { for (const e of document.querySelectorAll('.math')) e.tabIndex = 0; }"
UNFOLD = "() => { for (const e of document.querySelectorAll('details')) e.open = true; }"

# Elements whose classes agree, and those of all that contains them, have the same colours: keep
# one of them. A chapter has thousands of elements, and the contrast of each takes a millisecond.
THIN = """
() => {
  const paths = new Map(), seen = new Set();
  const path = (e) => {
    if (!e) return "";
    if (!paths.has(e)) {
      const stripe = e.matches("tr") ? e.rowIndex % 2 : "";
      const style = e.getAttribute("style") ?? "";
      paths.set(e, `${path(e.parentElement)} ${e.tagName}.${e.className}${stripe}{${style}}`);
    }
    return paths.get(e);
  };
  const all = [...document.body.querySelectorAll("*")];
  all.forEach(path);
  for (const e of all.reverse()) {
    if (e.children.length === 0 && seen.has(path(e))) e.remove();
    else seen.add(path(e));
  }
}
"""


@pytest.fixture(scope="module")
def tab():
    with built_site.started_browser() as browser:
        tab = browser.new_context(reduced_motion="reduce").new_page()
        tab.set_default_timeout(60_000)
        # formulas stay text: what MathJax makes of them is not the book's, and doubles the time
        tab.route("**/mathjax/**", lambda route: route.abort())
        yield tab


def findings(tab, address):
    """Return what axe finds on a page: its rule and the element, and where that was found."""
    tab.set_viewport_size(SIZES["narrow"])  # the theme decides when it loads which boxes scroll
    tab.goto(address, wait_until="load")
    tab.evaluate(AXE_SCRIPT)
    tab.evaluate(FORMULAS)
    tab.evaluate(UNFOLD)
    found = {}
    for kind, themes in {"structure": ["light"], "colours": ["light", "dark"]}.items():
        if kind == "colours":
            tab.evaluate(THIN)
        for theme in themes:
            tab.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            for name, size in SIZES.items():
                tab.set_viewport_size(size)
                for finding in tab.evaluate(AXE, RULES[kind]):
                    found.setdefault(finding, []).append(f"{theme}, {name}")
    return found


def test_every_page(tab):
    with built_site.served(built_site.required_site()) as address:
        pages = built_site.pages(built_site.SITE)
        found = {page: findings(tab, address + page) for page in pages}
    assert {page: rules for page, rules in found.items() if rules} == {}


GOOD = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>html[data-theme="dark"] body { background: #111; color: #eee; }</style></head>
<body><main><h1>A page</h1><p>Some <em>text</em>.</p><p>Some <em>more</em>.</p>
%s</main></body></html>"""
BROKEN = {
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "label": "<input>",
    "link-name": '<a href="#"></a>',
    "color-contrast": '<p>Text</p><p><em style="color: #ccc">faint</em></p>',
    "color-contrast in the dark": '<p style="color: #333">black on black</p>',
    "link-in-text-block": """<p style="background: #fff; color: #000">See
        <a href="#" style="color: #333; text-decoration: none">it</a>, as we said above.</p>""",
}


@pytest.mark.parametrize("rule", ["nothing", *BROKEN])
def test_a_broken_page_is_found(tab, tmp_path, rule):
    (tmp_path / "favicon.ico").touch()
    (tmp_path / "page.html").write_text(GOOD % BROKEN.get(rule, ""))
    with built_site.served(tmp_path) as address:
        found = findings(tab, address + "page.html")
    assert {finding.split(":")[0] for finding in found} == {rule.split()[0]} - {"nothing"}
    if rule.endswith("in the dark"):
        assert [*found.values()] == [["dark, narrow", "dark, wide"]]
