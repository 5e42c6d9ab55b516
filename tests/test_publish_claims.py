"""Claims: the verdict must follow from the numbers, and the record keeps them as numbers."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learnsym.publish import claims
from learnsym.publish.claims import CLAIM_MIME, ClaimFailed, claim, load_items
from learnsym.publish.wording import SYMBOLS, VERDICTS, number_text

ITEM = "A: Corollary 3.2"
NOT_NUMBERS = [np.nan, np.inf, -np.inf]


@pytest.fixture
def shown(monkeypatch):
    """The MIME bundles that claims show."""
    bundles = []
    monkeypatch.setattr(claims, "show", bundles.append)
    return bundles


def supports(measured, item=ITEM, **terms):
    """Whether the numbers support the verdict."""
    try:
        claim(item, "$x = 1$", measured, **{"id": "a-claim", **terms})
    except ClaimFailed:
        return False
    return True


# --- the bound -------------------------------------------------------------------------------

# bound, measured, met; numbers that binary fractions represent
BOUNDS = [
    ({"equals": 1.0, "within": 0.125}, 1.0, True),
    ({"equals": 1.0, "within": 0.125}, 1.125, True),
    ({"equals": 1.0, "within": 0.125}, 0.875, True),
    ({"equals": 1.0, "within": 0.125}, 1.1251, False),
    ({"equals": 1.0, "within": 0.125}, 0.8749, False),
    ({"equals": 1.0, "within": 0.125}, -1.0, False),
    ({"equals": 1.0, "within": 0.125}, [1.0, 1.1, 0.9], True),
    ({"equals": 1.0, "within": 0.125}, [1.0, 1.0, 2.0], False),
    ({"equals": [1.0, 2.0], "within": 0.125}, [1.0, 2.0], True),
    ({"equals": [1.0, 2.0], "within": 0.125}, [2.0, 1.0], False),
    ({"equals": [1.0, 2.0], "within": 0.125}, [[1.0, 2.0], [1.1, 2.1]], True),
    ({"equals": [1.0, 2.0], "within": 0.125}, [[1.0, 2.0], [1.0, 1.0]], False),
    ({"equals": 15, "within": 0.5}, 15, True),
    ({"equals": 15, "within": 0.5}, 14, False),
    ({"below": 1.0}, -1e9, True),
    ({"below": 1.0}, 1.0, True),
    ({"below": 1.0}, 1.0001, False),
    ({"below": 1.0}, [-5.0, 1.0], True),
    ({"below": 1.0}, [-5.0, 1.2], False),
    ({"below": [1.0, 2.0]}, [0.0, 2.0], True),
    ({"below": [1.0, 2.0]}, [2.0, 0.0], False),
    ({"above": 1.0}, 1e9, True),
    ({"above": 1.0}, 1.0, True),
    ({"above": 1.0}, 0.9999, False),
    ({"above": 1.0}, [5.0, 0.9], False),
    ({"above": -1.0}, -2.0, False),
    ({"between": (1, 2)}, 1.0, True),
    ({"between": (1, 2)}, [1.5, 2.0], True),
    ({"between": (1, 2)}, [1.5, 2.5], False),
    ({"between": (1, 2)}, [0.5, 1.5], False),
    ({}, True, True),
    ({}, False, False),
    ({}, [True, True], True),
    ({}, [True, False], False),
]


@pytest.mark.parametrize(("bound", "measured", "met"), BOUNDS)
def test_every_verdict_follows_from_the_bound(bound, measured, met, shown):
    for item in (ITEM, "A: Figure 1a", "beyond", "beyond: A", f"beyond: {ITEM[0]}, {ITEM[3:]}"):
        assert supports(measured, item, **bound) == met
    assert supports(measured, verdict="not reproduced", **bound) == (not met)
    assert len(shown) == 5 * met + (not met)  # what fails is not shown


@given(
    measured=st.lists(st.floats(-9, 9), min_size=1, max_size=5),
    limit=st.floats(-9, 9),
    width=st.floats(1e-6, 5),
)
def test_the_bound_is_that_of_each_number(measured, limit, width):
    expected = {
        ("equals", "within"): ((limit, width), lambda x: abs(x - limit) <= width),
        ("below",): ((limit,), lambda x: x <= limit),
        ("above",): ((limit,), lambda x: x >= limit),
        ("between",): (((limit, limit + width),), lambda x: limit <= x <= limit + width),
    }
    for names, (values, meets) in expected.items():
        bound = dict(zip(names, values, strict=True))
        met = all(meets(x) for x in measured)
        assert supports(measured, **bound) == met
        assert supports(measured, verdict="not reproduced", **bound) == (not met)


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize("bound", [{"below": 1e9}, {"above": 0}, {"equals": 1, "within": 2}])
def test_what_is_not_finite_supports_no_verdict(value, bound):
    for measured in (value, [1.0, value]):
        for verdict in (None, "not reproduced"):
            with pytest.raises(ClaimFailed, match="not finite"):
                claim(ITEM, "$x = 1$", measured, verdict=verdict, **bound)


def test_torch_tensors_are_measurements():
    weights = torch.tensor([1.0, 1.05], requires_grad=True)
    assert supports(weights, equals=1, within=0.1)
    assert not supports(2 * weights, equals=1, within=0.1)
    assert supports([1.0, 1.0], equals=weights, within=0.1)


# --- the verdict -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "terms", "verdict"),
    [
        ("A: Corollary 3.2", {}, "holds"),
        ("B: Lemma 1", {}, "holds"),
        ("A: Figure 1a", {}, "reproduced"),
        ("A: Table 1, EWK baseline", {}, "reproduced"),
        ("A: Figure 1a", {"verdict": "holds"}, "holds"),
        ("A: Corollary 3.2", {"verdict": "reproduced"}, "reproduced"),
        ("beyond", {}, "beyond the paper"),
        ("beyond: D", {}, "beyond the paper"),
        ("beyond: A, Figure 1a", {}, "beyond the paper"),
        ("A: Figure 1a", {"correction": "A sign.", "published": 2}, "holds with a correction"),
    ],
)
def test_the_verdict_comes_from_the_item(item, terms, verdict, shown):
    assert supports(1.0, item, equals=1, within=0.1, **terms)
    assert shown[0][CLAIM_MIME]["verdict"] == verdict


def test_a_correction_must_hold_itself_and_the_published_form_must_not():
    terms = {"equals": 1, "within": 0.125, "correction": "A sign is wrong."}
    assert supports(1.0, published=2, **terms)
    assert not supports(2.0, published=2, **terms)
    for published in (1, 1.125, [1.0, 0.9], np.nan, [np.inf, 1.0]):
        with pytest.raises(ValueError, match="published of a-claim: expected to miss the bound"):
            supports([1.0, 1.0], published=published, **terms)
    assert supports([1.0, 1.0], published=[1.0, 3.0], **terms)
    assert supports(True, correction="A sign.", published=False)
    with pytest.raises(ValueError, match="expected to miss the bound"):
        supports(True, correction="A sign.", published=True)


@pytest.mark.parametrize("measured", [2.0, np.nan])
def test_what_a_scale_cannot_decide_has_no_verdict(measured, shown):
    terms = {"equals": 1, "within": 0.1}
    assert supports(measured, decided=False, **terms)
    (bundle,) = shown
    assert CLAIM_MIME not in bundle
    assert bundle["text/plain"].startswith("a-claim: **not decided**")
    assert "$x = 1$" in bundle["text/markdown"]
    assert not any(verdict in bundle["text/markdown"].lower() for verdict in VERDICTS)
    assert not supports(measured, decided=True, **terms)


def test_failure_names_claim_and_numbers():
    assert issubclass(ClaimFailed, AssertionError)
    with pytest.raises(ClaimFailed) as failure:
        claim(ITEM, "$x = 1$", [0.25, 3.0], equals=1.5, within=0.1, id="the-name")
    for part in ("the-name", "'holds'", "0.25", "3", "equals 1.5", "within 0.1"):
        assert part in str(failure.value)


# --- bad arguments ---------------------------------------------------------------------------

ONE = {"equals": 1.0, "within": 0.1}
BAD = {
    "id, upper case": (
        {"id": "A-claim"},
        "id of 'A: Corollary 3.2': expected lower-case words joined",
    ),
    "id, space": ({"id": "a claim"}, "id of 'A: Corollary 3.2'"),
    "id, double hyphen": ({"id": "a--claim"}, "id of 'A: Corollary 3.2'"),
    "id, trailing newline": ({"id": "a\n"}, "id of 'A: Corollary 3.2'"),
    "id, empty": ({"id": ""}, "id of 'A: Corollary 3.2'"),
    "id, no text": ({"id": 3}, "id of 'A: Corollary 3.2'"),
    "id, missing": (
        {"item": "beyond: A", "id": None},
        "id of .*x = 1.*: expected lower-case words",
    ),
    "statement, empty": ({"statement": " \n"}, "statement of a-claim: expected text"),
    "statement, no text": ({"statement": None}, "statement of a-claim: expected text"),
    "details, no text": ({"details": 3}, "details of a-claim: expected text"),
    "details, empty": ({"details": ""}, "details of a-claim: expected text"),
    "item, none": ({"item": None}, "item: expected such as"),
    "item, no paper": ({"item": "Corollary 3.2"}, "item: expected such as"),
    "item, unknown paper": ({"item": "E: Corollary 3.2"}, "item: expected such as"),
    "item, small letter": ({"item": "a: Corollary 3.2"}, "item: expected such as"),
    "item, unknown": ({"item": "A: Corollary 9"}, "item: expected an item of paper A"),
    "item, part": ({"item": "A: Corollary"}, "item: expected an item of paper A"),
    "item, other paper": ({"item": "A: Lemma 1"}, "item: expected an item of paper A"),
    "item beyond, unknown": ({"item": "beyond: A, Lemma 1"}, "item: expected an item of paper A"),
    "verdict, unknown": ({"verdict": "true"}, "verdict of a-claim: expected one of"),
    "verdict, that follows": ({"verdict": "holds with a correction"}, "verdict of a-claim"),
    "verdict, beyond": ({"item": "beyond", "verdict": "not reproduced"}, "since it follows"),
    "verdict, corrected": (
        {"verdict": "holds", "correction": "A sign.", "published": 2},
        "since it follows",
    ),
    "bound, none": ({"equals": None, "within": None}, "bound of a-claim: expected one of"),
    "bound, two": ({"below": 2}, "expected one of .* got below, equals"),
    "bound, three": ({"below": 2, "above": 0}, "expected one of .* got below, above, equals"),
    "bound, for booleans": ({"measured": True}, "expected none for booleans, got equals"),
    "bound, infinite": ({"equals": np.inf}, "equals of a-claim: expected finite numbers"),
    "bound, text": ({"equals": "1"}, "equals of a-claim: expected real numbers"),
    "bound, shape": (
        {"equals": [1.0, 1.0], "measured": [1.0, 1.0, 1.0]},
        r"equals of a-claim: expected a shape that fits \(3,\), got \(2,\)",
    ),
    "bound, larger": ({"equals": [1.0, 1.0]}, r"expected a shape that fits \(\), got \(2,\)"),
    "within, missing": ({"within": None}, "expected equals and within together"),
    "within, alone": ({"equals": None, "below": 2}, "expected equals and within together"),
    "within, zero": ({"within": 0}, "within of a-claim: expected a positive finite number"),
    "within, negative": ({"within": -1.0}, "within of a-claim"),
    "within, NaN": ({"within": np.nan}, "within of a-claim"),
    "within, infinite": ({"within": np.inf}, "within of a-claim"),
    "within, boolean": ({"within": True}, "within of a-claim"),
    "between, one": ({"equals": None, "within": None, "between": 1}, "between of a-claim"),
    "between, falling": ({"equals": None, "within": None, "between": (2, 1)}, "two rising"),
    "measured, empty": ({"measured": []}, "measured of a-claim: expected real numbers"),
    "measured, text": ({"measured": "1.0"}, "measured of a-claim: expected real numbers"),
    "measured, none": ({"measured": None}, "measured of a-claim: expected real numbers"),
    "measured, complex": ({"measured": 1j}, "measured of a-claim: expected real numbers"),
    "measured, ragged": ({"measured": [[1.0], [1.0, 1.0]]}, "measured of a-claim: expected number"),
    "correction alone": ({"correction": "A sign."}, "published of a-claim: expected with its"),
    "published alone": ({"published": 2}, "correction of a-claim: expected with its"),
    "correction, empty": ({"correction": " ", "published": 2}, "correction of a-claim: expected"),
    "correction, beyond": (
        {"item": "beyond", "correction": "A sign.", "published": 2},
        "expected an item of a paper",
    ),
    "published, boolean": (
        {"correction": "A sign.", "published": False},
        "published of a-claim: expected what was measured, got bool",
    ),
    "published, text": ({"correction": "A sign.", "published": "2"}, "published of a-claim"),
    "decided": ({"decided": 1}, "decided of a-claim: expected True or False, got 1"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused(changes, message, shown):
    terms = {"statement": "$x = 1$", "measured": 1.0, "id": "a-claim", **ONE, **changes}
    with pytest.raises(ValueError, match=message):
        claim(terms.pop("item", ITEM), terms.pop("statement"), terms.pop("measured"), **terms)
    assert shown == []


def test_what_is_undecided_is_still_checked_for_its_form(shown):
    with pytest.raises(ValueError, match="within of a-claim"):
        claim(ITEM, "$x = 1$", 1.0, equals=1, within=0, decided=False, id="a-claim")
    assert shown == []


def test_items_of_the_book_are_distinct_texts_for_each_paper():
    listed = load_items()
    assert list(listed) == ["A", "B", "C", "D"]
    for items in listed.values():
        assert len(items) == len(set(items)) and all(isinstance(item, str) for item in items)


def test_away_from_the_book_every_item_is_taken(monkeypatch, shown):
    monkeypatch.setattr(claims, "find_book", lambda: None)
    assert supports(1.0, "A: Corollary 9", **ONE)


# --- what is shown ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (-123456, "-123456"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.12345, "0.123"),
        (-0.99996, "-1"),
        (0.0012345, "0.00123"),
        (0.00099996, "0.001"),
        (0.00012345, "0.000123"),
        (1234.5, "1230"),
        (999999.0, "1e+06"),
        (1.2345e-12, "1e-12"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number_text(value) == text


# measured, terms -> what stands at the end of the line
LINES = [
    (3.2e-16, {"below": 1e-12}, "3e-16 (at most 1e-12)"),
    ([0.25, 0.5], {"above": 0.125}, "0.25 to 0.5 (at least 0.125)"),
    (0.25, {"between": (0, 1)}, "0.25 (between 0 and 1)"),
    (15, {"equals": 15, "within": 0.5}, "15 (expected 15 ± 0.5)"),
    ([1.1, 2.0], {"equals": [1.0, 2.0], "within": 0.25}, "(expected 1 to 2 ± 0.25, off by 0.1)"),
    ([1.00001, 0.99999], {"equals": 1, "within": 0.1}, "1 (expected 1 ± 0.1)"),
    (True, {}, "yes"),
    ([True, True], {}, "yes"),
    ([True, False], {"verdict": "not reproduced"}, "1 of 2"),
]


@pytest.mark.parametrize(("measured", "terms", "text"), LINES)
def test_a_claim_is_one_line(measured, terms, text, shown):
    assert supports(measured, **terms)
    markdown = shown[0]["text/markdown"]
    assert markdown.endswith(text) and "\n" not in markdown and "None" not in markdown
    assert " · A, Corollary 3.2 · $x = 1$ · " in markdown


def test_record_keeps_numbers(shown):
    claim(
        ITEM,
        """
        The weights $w$
          are symmetric.
        """,
        [1.0, 1.04],
        equals=np.float64(1.0),
        within=np.float32(0.125),
        correction="The sign is wrong in the paper.",
        published=2,
        details="Three groups.",
    )
    assert shown[0][CLAIM_MIME] == {
        "id": "a-corollary-3-2",
        "paper": "A",
        "item": "Corollary 3.2",
        "statement": "The weights $w$ are symmetric.",
        "correction": "The sign is wrong in the paper.",
        "details": "Three groups.",
        "verdict": "holds with a correction",
        "measured": {"low": 1.0, "high": 1.04, "count": 2},
        "bound": {"kind": "equals", "value": 1.0, "within": 0.125},
        "deviation": pytest.approx(0.04),
        "published": 2,
    }
    assert list(shown[0]) == [CLAIM_MIME, "text/markdown", "text/plain"]
    assert json.loads(json.dumps(shown[0], allow_nan=False)) == shown[0]


def test_every_verdict_is_told_in_words_and_by_a_symbol_of_its_own():
    assert set(SYMBOLS) == set(VERDICTS) and len(set(SYMBOLS.values())) == len(VERDICTS)
    assert not any(symbol in "+-*#>|" for symbol in SYMBOLS.values()), "Markdown has a use for it"


def test_in_a_notebook_all_mime_types_are_shown_and_elsewhere_a_line_is_printed(capsys):
    claim(ITEM, "$x = 1$", 1.0, equals=1, within=0.1)
    line = "a-corollary-3-2: **✓ holds** · A, Corollary 3.2 · $x = 1$ · 1 (expected 1 ± 0.1)\n"
    assert capsys.readouterr().out == line
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython.utils.capture import capture_output\n"
        "from learnsym.publish import claim\n"
        "InteractiveShell.instance()\n"
        "with capture_output() as captured:\n"
        "    claim('B: Lemma 1', '$x = 1$', 1e-15, below=1e-12)\n"
        "import json\n"
        "print(json.dumps([captured.stdout, [out.data for out in captured.outputs]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    printed, outputs = json.loads(done.stdout.splitlines()[-1])
    assert printed == ""
    assert [list(output) for output in outputs] == [[CLAIM_MIME, "text/markdown", "text/plain"]]
    record = outputs[0][CLAIM_MIME]
    assert (record["id"], record["measured"]) == ("b-lemma-1", 1e-15)
    assert record["bound"] == {"kind": "below", "value": 1e-12, "within": None}
