"""The search of the rendered book: the place that states a thing comes first."""

from urllib.parse import quote

import pytest

import built_site

pytestmark = pytest.mark.browser

INDUCED = "book/linear_regression/induced_invariance.html"
QUERIES = {
    "Theorem 3.3": f"{INDUCED}#thm-induced-invariance",
    "corollary 3.2": f"{INDUCED}#prop-orbit-sum",
    "K_G": f"{INDUCED}#claim-kernel-of-kg",
    "spurious": "book/genuine_invariance/spurious_invariance.html",
    "drift law": "book/equivariant_vs_augmented/finite_augmentation.html#prop-drift-law",
    "Proposition 13": "book/deep_linear/critical_points.html#thm-critical-points",
    "Reynolds": "book/foundations/groups_and_projections.html#the-reynolds-operator",
    "Table 1": "book/genuine_invariance/spurious_invariance.html#table-1",
    "saliency": "book/genuine_invariance/measuring_invariance.html#prop-equivariant-saliency",
    "least norm": "book/deep_linear/global_optima.html#prop-least-norm-optima",
}


@pytest.fixture(scope="module")
def tab():
    with (
        built_site.started_browser() as browser,
        built_site.served(built_site.required_site()) as address,
    ):
        context = browser.new_context(base_url=address)
        context.set_default_timeout(20_000)
        yield context.new_page()


def found(tab, query):
    """Return the places that a query finds, best first, relative to the book."""
    tab.goto(f"search.html?q={quote(query)}", wait_until="load")
    tab.get_by_text("Search finished").wait_for()
    links = tab.locator("ul.search > li > a")
    return links.evaluate_all("all => all.map((link) => link.getAttribute('href'))")


@pytest.mark.parametrize(("query", "place"), QUERIES.items())
def test_what_states_a_thing_comes_first(tab, query, place):
    assert found(tab, query)[0] == place


def test_the_library_comes_last(tab):
    places = found(tab, "Reynolds operator")
    library = [place.startswith("book/library") for place in places]
    assert any(library) and library == sorted(library)


def test_without_the_ranking_other_places_come_first(tab):
    tab.route("**/search.js*", lambda route: route.abort())
    wrong = [query for query, place in QUERIES.items() if found(tab, query)[0] != place]
    tab.unroute("**/search.js*")
    assert "K_G" in wrong and len(wrong) > 1
