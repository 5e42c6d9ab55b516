"""Claims: the verdict must follow from the numbers, and the record prints the same everywhere."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learnsym import publish
from learnsym.publish import claims, items
from learnsym.publish.claims import CLAIM_MIME, SYMBOLS, ClaimFailed, claim, number_text

MET_BY = {publish.HOLDS, publish.REPRODUCED, publish.BEYOND, publish.CORRECTED}
TERMS = {
    publish.CORRECTED: {"correction": "The sign is wrong in the paper.", "published_gap": 0.5},
}
NOT_NUMBERS = [np.nan, np.inf, -np.inf]


@pytest.fixture
def shown(monkeypatch):
    """The MIME bundles that claims show."""
    bundles = []
    monkeypatch.setattr(claims, "show", bundles.append)
    return bundles


def make(measured=1.0, verdict=publish.HOLDS, **changes):
    """Make a claim that holds, changed by ``changes``."""
    terms = {
        "paper": "A",
        "item": "Corollary 3.2",
        "paper_value": None,
        "expected": 1.0,
        "tolerance": 0.1,
        "verdict": verdict,
        **TERMS.get(verdict, {}),
        **changes,
    }
    claim(terms.pop("id", "a-claim"), terms.pop("statement", "$x = 1$"), measured=measured, **terms)


def supports(measured, verdict, **changes):
    """Whether the numbers support the verdict."""
    try:
        make(measured, verdict, **changes)
    except ClaimFailed:
        return False
    return True


# --- the relation ----------------------------------------------------------------------------

# relation, expected, measured, met with tolerance 1/8; numbers that binary fractions represent
RELATIONS = [
    ("equal", 1.0, 1.0, True),
    ("equal", 1.0, 1.125, True),
    ("equal", 1.0, 0.875, True),
    ("equal", 1.0, 1.1251, False),
    ("equal", 1.0, 0.8749, False),
    ("equal", 1.0, -1.0, False),
    ("equal", 1.0, [1.0, 1.1, 0.9], True),
    ("equal", 1.0, [1.0, 1.0, 2.0], False),
    ("equal", 1.0, [2.0, 1.0, 1.0], False),
    ("equal", [1.0, 2.0], [1.0, 2.0], True),
    ("equal", [1.0, 2.0], [2.0, 1.0], False),
    ("equal", [1.0, 2.0], [[1.0, 2.0], [1.1, 2.1]], True),
    ("equal", [1.0, 2.0], [[1.0, 2.0], [1.0, 1.0]], False),
    ("equal", [1.0, 2.0], 1.0, False),
    ("equal", 0, 0.1, True),
    ("equal", 0, -0.2, False),
    ("equal", 15, 15, True),
    ("equal", 15, 14, False),
    ("equal", True, True, True),
    ("equal", True, False, False),
    ("equal", False, False, True),
    ("equal", False, True, False),
    ("equal", True, [True, True], True),
    ("equal", True, [True, False], False),
    ("equal", [True, False], [True, False], True),
    ("equal", [True, False], [False, True], False),
    ("at most", 1.0, -1e9, True),
    ("at most", 1.0, 1.0, True),
    ("at most", 1.0, 1.125, True),
    ("at most", 1.0, 1.1251, False),
    ("at most", 1.0, [-5.0, 1.1], True),
    ("at most", 1.0, [-5.0, 1.2], False),
    ("at most", [1.0, 2.0], [0.0, 2.1], True),
    ("at most", [1.0, 2.0], [2.1, 0.0], False),
    ("at least", 1.0, 1e9, True),
    ("at least", 1.0, 1.0, True),
    ("at least", 1.0, 0.875, True),
    ("at least", 1.0, 0.8749, False),
    ("at least", 1.0, [5.0, 0.9], True),
    ("at least", 1.0, [5.0, 0.8], False),
    ("at least", -1.0, -2.0, False),
]


@pytest.mark.parametrize("verdict", publish.VERDICTS)
@pytest.mark.parametrize(("relation", "expected", "measured", "met"), RELATIONS)
def test_every_verdict_follows_from_the_relation(relation, expected, measured, met, verdict, shown):
    terms = {"relation": relation, "expected": expected, "tolerance": 0.125}
    assert supports(measured, verdict, **terms) == (met == (verdict in MET_BY))
    assert len(shown) == (met == (verdict in MET_BY))  # what fails is not shown


@pytest.mark.parametrize("relation", claims.RELATIONS)
@given(
    measured=st.lists(st.floats(-9, 9), min_size=1, max_size=5),
    expected=st.floats(-9, 9),
    tolerance=st.floats(1e-6, 5),
)
def test_relation_is_that_of_each_number(relation, measured, expected, tolerance):
    differences = [value - expected for value in measured]
    met = all(
        {"equal": abs(d) <= tolerance, "at most": d <= tolerance, "at least": -d <= tolerance}[
            relation
        ]
        for d in differences
    )
    terms = {"relation": relation, "expected": expected, "tolerance": tolerance}
    assert supports(measured, publish.HOLDS, **terms) == met
    assert supports(measured, publish.NOT_REPRODUCED, **terms) == (not met)


@pytest.mark.parametrize("verdict", publish.VERDICTS)
@pytest.mark.parametrize("relation", claims.RELATIONS)
@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_not_finite_supports_no_verdict(value, relation, verdict):
    for measured, expected in [(value, 1.0), ([1.0, value], 1.0), (1.0, value), (value, value)]:
        with pytest.raises(ClaimFailed, match="not finite"):
            make(measured, verdict, relation=relation, expected=expected)


def test_torch_tensors_are_measurements():
    weights = torch.tensor([1.0, 1.05], requires_grad=True)
    assert supports(weights, publish.HOLDS)
    assert not supports(2 * weights, publish.HOLDS)
    assert supports(1.0, publish.HOLDS, expected=weights)


# --- what is expected where nothing is said ---------------------------------------------------


@pytest.mark.parametrize(
    ("paper_value", "measured", "met"),
    [
        (196, 196, True),
        (196, 195, False),
        (0.5, 0.45, True),
        (0.5, 0.0, False),
        (np.float64(0.5), 0.5, True),
        (np.int64(3), 3, True),
        (True, True, True),
        (True, False, False),
        (False, False, True),
        (False, True, False),
        # no number stated: zero for numbers, true for booleans
        (None, 0.05, True),
        (None, 1.0, False),
        (None, [0.0, 0.0], True),
        (None, [0.0, 1.0], False),
        (None, 0, True),
        (None, 1, False),
        (None, True, True),
        (None, False, False),
        (None, [True, False], False),
        ("is zero", 0.0, True),
        ("is zero", 1.0, False),
        ("3", 3.0, False),
        ("all of them", [True, True], True),
    ],
)
def test_default_prediction(paper_value, measured, met):
    assert supports(measured, publish.HOLDS, paper_value=paper_value, expected=None) == met


def test_expected_comes_before_the_papers_value(shown):
    assert supports(2.0, publish.REPRODUCED, paper_value=7, expected=2.0)
    assert shown[0][CLAIM_MIME]["paper_value"] == 7
    assert not supports(7.0, publish.REPRODUCED, paper_value=7, expected=2.0)


# --- corrections -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "supported"),
    [(0.5, True), (0.101, True), (0.1, False), (0.0, False), (-0.5, False)]
    + [(value, False) for value in NOT_NUMBERS],
)
def test_a_correction_needs_a_counterexample(gap, supported):
    assert supports(1.0, publish.CORRECTED, published_gap=gap, tolerance=0.1) == supported


def test_a_correction_must_hold_itself():
    with pytest.raises(ClaimFailed, match="disagree"):
        make(1.2, publish.CORRECTED)


# --- what a failure says ---------------------------------------------------------------------


@pytest.mark.parametrize("measured", [2.0, np.nan])
def test_what_a_scale_cannot_decide_has_no_verdict(measured, shown):
    make(measured, decided=False)
    (bundle,) = shown
    assert CLAIM_MIME not in bundle
    assert bundle["text/plain"] == "not decided at this scale: a-claim"
    assert "$x = 1$" in bundle["text/markdown"]
    assert not any(verdict in bundle["text/markdown"].lower() for verdict in publish.VERDICTS)
    with pytest.raises(ClaimFailed):
        make(measured, decided=True)


def test_an_undecided_claim_is_still_checked_for_its_form(shown):
    with pytest.raises(ValueError, match="tolerance: expected a positive finite number"):
        make(tolerance=0.0, decided=False)
    with pytest.raises(ValueError, match="decided of a-claim: expected True or False, got 1"):
        make(decided=1)
    assert shown == []


def test_failure_names_claim_and_numbers():
    assert issubclass(ClaimFailed, AssertionError)
    with pytest.raises(ClaimFailed) as failure:
        make([0.25, 3.0], id="the-name", expected=1.5, tolerance=0.1)
    for part in ("the-name", "'holds'", "0.25 to 3", "equal 1.5", "deviation 1.5", "tolerance 0.1"):
        assert part in str(failure.value)
    with pytest.raises(ClaimFailed, match="the numbers agree"):
        make(1.0, publish.NOT_REPRODUCED)
    with pytest.raises(ClaimFailed, match=r"deviates by 0\.05 only"):
        make(1.0, publish.CORRECTED, published_gap=0.05)


# --- bad arguments ---------------------------------------------------------------------------

BAD = {
    "id, upper case": ({"id": "A-claim"}, "id: expected lower-case"),
    "id, space": ({"id": "a claim"}, "id: expected lower-case"),
    "id, underscore": ({"id": "a_claim"}, "id: expected lower-case"),
    "id, double hyphen": ({"id": "a--claim"}, "id: expected lower-case"),
    "id, trailing hyphen": ({"id": "a-"}, "id: expected lower-case"),
    "id, trailing newline": ({"id": "a\n"}, "id: expected lower-case"),
    "id, empty": ({"id": ""}, "id: expected lower-case"),
    "id, no text": ({"id": 3}, "id: expected lower-case"),
    "statement, empty": ({"statement": " \n"}, "statement of a-claim: expected text"),
    "statement, no text": ({"statement": None}, "statement of a-claim: expected text"),
    "paper, unknown": ({"paper": "E"}, "paper of a-claim: expected one of"),
    "paper, small": ({"paper": "a"}, "paper of a-claim: expected one of"),
    "paper, two": ({"paper": "AB"}, "paper of a-claim: expected one of"),
    "item, unknown": ({"item": "Corollary 9"}, "item of a-claim: expected an item of paper A"),
    "item, part": ({"item": "Corollary"}, "item of a-claim: expected an item of paper A"),
    "item, other paper": ({"item": "Lemma 1"}, "item of a-claim: expected an item of paper A"),
    "item without paper": ({"paper": None}, "item of a-claim: expected None without a paper"),
    "verdict, unknown": ({"verdict": "true"}, "verdict: expected one of"),
    "verdict, none": ({"verdict": None}, "verdict: expected one of"),
    "verdict, capital": ({"verdict": "Holds"}, "verdict: expected one of"),
    "relation, unknown": ({"relation": "<="}, "relation: expected one of"),
    "tolerance, zero": ({"tolerance": 0}, "tolerance: expected a positive finite number"),
    "tolerance, negative": ({"tolerance": -1.0}, "tolerance: expected a positive finite number"),
    "tolerance, NaN": ({"tolerance": np.nan}, "tolerance: expected a positive finite number"),
    "tolerance, infinite": ({"tolerance": np.inf}, "tolerance: expected a positive finite number"),
    "tolerance, text": ({"tolerance": "1"}, "tolerance: expected a positive finite number"),
    "tolerance, boolean": ({"tolerance": True}, "tolerance: expected a positive finite number"),
    "tolerance, array": ({"tolerance": np.ones(2)}, "tolerance: expected a positive finite number"),
    "measured, empty": ({"measured": []}, "measured: expected real numbers"),
    "measured, text": ({"measured": "1.0"}, "measured: expected real numbers"),
    "measured, none": ({"measured": None}, "measured: expected real numbers"),
    "measured, complex": ({"measured": 1j}, "measured: expected real numbers"),
    "measured, ragged": ({"measured": [[1.0], [1.0, 1.0]]}, "measured: expected real numbers"),
    "expected, empty": ({"expected": []}, "expected: expected real numbers"),
    "expected, text": ({"expected": "1.0"}, "expected: expected real numbers"),
    "expected, shape": (
        {"expected": [1.0, 1.0], "measured": [1.0, 1.0, 1.0]},
        r"expected: expected a shape that fits measured \(3,\), got \(2,\)",
    ),
    "paper_value, list": ({"paper_value": [1, 2]}, "paper_value"),
    "paper_value, NaN": ({"paper_value": np.nan}, "paper_value"),
    "correction, missing": (
        {"verdict": publish.CORRECTED, "published_gap": 0.5},
        "correction: expected text",
    ),
    "correction, empty": (
        {"verdict": publish.CORRECTED, "correction": " ", "published_gap": 0.5},
        "correction: expected text",
    ),
    "gap, missing": (
        {"verdict": publish.CORRECTED, "correction": "A sign."},
        "published_gap: expected a number",
    ),
    "gap, text": (
        {"verdict": publish.CORRECTED, "correction": "A sign.", "published_gap": "0.5"},
        "published_gap: expected a number",
    ),
    "where, no text": ({"where": 3}, "where"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused(changes, message, shown):
    good = {"expected": 1.0, "paper": "A", "item": "Corollary 3.2", "paper_value": None}
    terms = {**good, "verdict": publish.HOLDS, "tolerance": 0.1, "measured": 1.0, **changes}
    with pytest.raises(ValueError, match=message):
        claim(terms.pop("id", "a-claim"), terms.pop("statement", "$x = 1$"), **terms)
    assert shown == []


@pytest.mark.parametrize("verdict", [v for v in publish.VERDICTS if v != publish.CORRECTED])
@pytest.mark.parametrize("term", [{"correction": "A sign."}, {"published_gap": 0.5}])
def test_only_a_corrected_statement_has_a_correction(verdict, term):
    measured = 1.0 if verdict in MET_BY else 2.0
    with pytest.raises(ValueError, match="expected only with 'holds with a correction'"):
        make(measured, verdict, **term)


def test_items_come_from_the_list_of_the_book(tmp_path):
    assert set(items.load_items()) == set(items.PAPERS)
    good = tmp_path / "good.yml"
    good.write_text("A: [Eq. 1]\nB: [Eq. 1, Lemma 1]\n")
    assert items.load_items(good) == {"A": ["Eq. 1"], "B": ["Eq. 1", "Lemma 1"]}
    for number, (text, message) in enumerate(
        [
            ("A: [Eq. 1, Eq. 1]\n", "distinct items under A"),
            ("E: [Eq. 1]\n", "keys among A, B, C, D"),
            ("- Eq. 1\n", "expected a mapping"),
            ("A: Eq. 1\n", "a list of strings under A"),
            ("A: [1]\n", "a list of strings under A"),
        ]
    ):
        bad = tmp_path / f"bad-{number}.yml"
        bad.write_text(text)
        with pytest.raises(ValueError, match=message):
            items.load_items(bad)
    with pytest.raises(ValueError, match=r"expected a file at none\.yml"):
        items.load_items(tmp_path / "none.yml")


# --- what is printed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (np.False_, "no"),
        (0, "0"),
        (-123456, "-123456"),
        (np.int64(9604), "9604"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.12345, "0.123"),
        (-0.99996, "-1"),
        (0.0012345, "0.00123"),
        (0.00099996, "0.001"),
        (0.00012345, "0.000123"),
        (1234.5, "1230"),
        (123456.0, "123000"),
        (999999.0, "1e+06"),
        (1.2345e-12, "1.23e-12"),
        (np.float32(0.1), "0.1"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert number_text(value) == text


# measured, other terms -> what the record says
MEASURED_TEXTS = [
    (3.2e-16, {"expected": 0, "tolerance": 1e-12}, "below 1e-12"),
    (0.0, {"expected": 0, "tolerance": 1e-12}, "below 1e-12"),
    ([-1e-15, 2e-15], {"expected": 0, "tolerance": 1e-12}, "below 1e-12"),
    ([1.1, 2.0], {"expected": [1.0, 2.0], "tolerance": 0.25}, "largest deviation 0.1"),
    ([1.1, 2.0004], {"expected": [1.1, 2.0], "tolerance": 0.25}, "largest deviation below 0.25"),
    (
        [1.0000001, 2.0],
        {"expected": [1.0, 2.0], "tolerance": 1e-6},
        "largest deviation below 1e-06",
    ),
    (0.0123, {"expected": 0, "tolerance": 0.05}, "0.012"),
    ([0.0123, -0.02], {"expected": 0, "tolerance": 0.05}, "up to 0.02"),
    (np.arange(9) * 0, {"expected": 0}, "0"),
    (np.arange(9), {"expected": np.arange(9)}, "largest deviation 0"),
    (1.00001, {}, "1"),
    ([1.00001, 0.99999], {}, "1"),
    ([0.95, 1.05], {}, "0.95 to 1.05"),
    (15, {"expected": 15}, "15"),
    ([1, 5], {"expected": 3, "tolerance": 2}, "1, 5"),
    (0.25, {"expected": 1.0, "relation": "at most"}, "0.25"),
    (0.25, {"expected": 0.0, "relation": "at least"}, "0.25"),
    (True, {"expected": True}, "yes"),
    (False, {"expected": False}, "no"),
    ([True, True], {"expected": True}, "yes"),
    ([True, False, True], {"expected": [True, False, True]}, "2 of 3"),
    (1.5, {"verdict": publish.NOT_REPRODUCED}, "1.5, off by 0.5"),
    (0.25, {"expected": 0, "verdict": publish.NOT_REPRODUCED}, "0.25, off by 0.25"),
    ([1.0, 3.0], {"verdict": publish.NOT_REPRODUCED}, "1 to 3, off by 2"),
    (3.0, {"relation": "at most", "verdict": publish.NOT_REPRODUCED}, "3, off by 2"),
    (-1.0, {"relation": "at least", "verdict": publish.NOT_REPRODUCED}, "-1, off by 2"),
    (False, {"expected": True, "verdict": publish.NOT_REPRODUCED}, "no"),
]


@pytest.mark.parametrize(("measured", "terms", "text"), MEASURED_TEXTS)
def test_measured_text(measured, terms, text, shown):
    make(measured, **terms)
    assert shown[0][CLAIM_MIME]["measured"] == text


@given(st.floats(-1e-13, 1e-13))
def test_rounding_errors_leave_no_trace(residual):
    bundles = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "show", bundles.append)
        for value in (0.0, residual):
            make(value, expected=0, tolerance=1e-12)
            make(1 + value, expected=1, tolerance=1e-12, paper=None, item=None)
    assert bundles[:2] == bundles[2:]


def test_record(shown):
    make(
        [1.0, 1.04],
        publish.CORRECTED,
        statement="""
        The weights $w$
          are symmetric.
        """,
        paper_value=np.float64(2.0),
        where="three groups",
        tolerance=np.float32(0.125),
    )
    assert shown[0][CLAIM_MIME] == {
        "id": "a-claim",
        "paper": "A",
        "item": "Corollary 3.2",
        "statement": "The weights $w$\n  are symmetric.",
        "paper_value": 2.0,
        "measured": "1 to 1.04",
        "expected": "1",
        "relation": "equal",
        "tolerance": 0.125,
        "verdict": "holds with a correction",
        "correction": "The sign is wrong in the paper.",
        "published_gap": "0.5",
        "where": "three groups",
    }
    assert list(shown[0]) == [CLAIM_MIME, "text/markdown", "text/plain"]
    assert json.loads(json.dumps(shown[0], allow_nan=False)) == shown[0]


def test_markdown_says_all(shown):
    make(1.0, publish.CORRECTED, paper_value="one", where="three groups")
    text = shown[0]["text/markdown"]
    for part in (
        "Holds with a correction",
        "Paper A, Corollary 3.2",
        "$x = 1$",
        "Correction: The sign is wrong in the paper. (as published it misses by 0.5)",
        "Paper: one",
        "ours: 1",
        "tolerance: 0.1",
        "on: three groups",
    ):
        assert part in text
    assert all(line.startswith(">") for line in text.splitlines())


def test_markdown_leaves_out_what_is_not_there(shown):
    make(0.5, publish.BEYOND, paper=None, item=None, relation="at most")
    text = shown[0]["text/markdown"]
    assert "This book" in text and "Paper: not stated" in text
    assert "tolerance: at most 1, within 0.1" in text
    assert "Correction" not in text and "on:" not in text and "None" not in text
    make(1.0, item=None)
    assert "Paper A\n" in shown[1]["text/markdown"]


@pytest.mark.parametrize("verdict", publish.VERDICTS)
def test_verdict_is_told_in_words_and_by_a_symbol(verdict, shown, capsys, monkeypatch):
    measured = 1.0 if verdict in MET_BY else 2.0
    make(measured, verdict)
    symbol = SYMBOLS[verdict]
    assert shown[0]["text/plain"] == f"{symbol} {verdict}: a-claim"
    assert f"**{symbol} {verdict.capitalize()}**" in shown[0]["text/markdown"]
    assert len(set(SYMBOLS.values())) == len(publish.VERDICTS)


def test_outside_a_notebook_one_line_is_printed(capsys):
    make(1.0)
    assert capsys.readouterr().out == "✓ holds: a-claim\n"


def test_in_a_notebook_all_mime_types_are_shown():
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython.utils.capture import capture_output\n"
        "from learnsym.publish import claim\n"
        "InteractiveShell.instance()\n"
        "with capture_output() as captured:\n"
        "    claim('a-claim', '$x = 1$', paper='B', item='Lemma 1', paper_value=None,\n"
        "          measured=1e-15, tolerance=1e-12, verdict='holds')\n"
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
    assert (record["id"], record["paper"], record["item"]) == ("a-claim", "B", "Lemma 1")
    assert (record["measured"], record["tolerance"]) == ("below 1e-12", 1e-12)
