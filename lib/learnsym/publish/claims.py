"""Claims: a statement, what was measured, and a verdict that must follow from the numbers."""

import inspect
import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from learnsym.publish.display import show
from learnsym.publish.items import PAPERS, load_items
from learnsym.publish.wording import (
    criterion_text,
    measured_text,
    number_text,
    source_text,
    span_text,
)

HOLDS = "holds"
CORRECTED = "holds with a correction"
REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
BEYOND = "beyond the paper"
VERDICTS = (HOLDS, CORRECTED, REPRODUCED, NOT_REPRODUCED, BEYOND)
UNDECIDED = "not decided at this scale"
# a verdict is never shown by colour alone
SYMBOLS = {HOLDS: "✓", CORRECTED: "✎", REPRODUCED: "≈", NOT_REPRODUCED: "✗", BEYOND: "⊕"}
RELATIONS = ("equal", "at most", "at least")
CLAIM_MIME = "application/vnd.learnsym.claim+json"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class ClaimFailed(AssertionError):  # noqa: N818 - it reads as the sentence that it is
    """The declared verdict does not follow from the measurement."""


def claim(
    id: str,
    statement: str,
    *,
    paper: str | None,
    item: str | None,
    paper_value: str | float | None,
    measured: ArrayLike,
    tolerance: float,
    verdict: str,
    expected: ArrayLike | None = None,
    relation: str = "equal",
    correction: str | None = None,
    published_gap: float | None = None,
    where: str | None = None,
    decided: bool = True,
) -> None:
    """Check a claim and show it with its verdict.

    The measurement *meets* the statement if every value is finite and the relation holds within
    the tolerance: ``equal`` means that the largest ``abs(measured - expected)`` is at most
    ``tolerance``, ``at most`` and ``at least`` bound ``measured`` by ``expected`` from one side.

    Parameters
    ----------
    id : str
        Lower-case words joined by hyphens, unique in the book; it becomes the link target.
    statement : str
        The statement in Markdown with ``$math$``. For the verdict "holds with a correction" this
        is the corrected statement.
    paper : {"A", "B", "C", "D"} or None
        The paper that makes the statement.
    item : str or None
        Its number there, as listed in ``book/items.yml``.
    paper_value : str or float or None
        The value as the paper states it; None where it states none.
    measured : bool, float or array
        What was measured, of any shape.
    tolerance : float
        Positive and finite, in the units of ``measured``.
    verdict : str
        One of :data:`VERDICTS`.
    expected : float or array, optional
        What the statement predicts, broadcastable with ``measured``. By default ``paper_value``
        if that is a number, else True for a boolean measurement and 0 for any other.
    relation : {"equal", "at most", "at least"}
        How the measurement must relate to the prediction.
    correction : str, optional
        What had to be corrected, in Markdown.
    published_gap : float, optional
        Deviation of the statement as published on a counterexample.
    where : str, optional
        On what it was measured, in Markdown.
    decided : bool, optional
        Whether the scale of the run can decide the statement. If not, the statement and the
        measurement are shown as not decided; no verdict is checked, shown or recorded.

    Raises
    ------
    ClaimFailed
        The verdict does not follow: "holds", "reproduced" and "beyond the paper" need the
        relation met, "not reproduced" needs it not met, "holds with a correction" needs it met,
        a ``correction``, and a ``published_gap`` above the tolerance. A measurement that is not
        finite supports no verdict.
    ValueError
        An argument is malformed, unknown, or contradicts another.
    """
    _check_identity(id, statement, paper, item)
    _check_terms(tolerance, verdict, relation, correction, published_gap)
    _check_texts(paper_value, where)
    if not isinstance(decided, bool):
        raise ValueError(f"decided of {id}: expected True or False, got {decided!r}")
    values = _real_array("measured", measured)
    prediction = _prediction(values, expected, paper_value)
    deviation = _deviation(values, prediction, relation)
    if not decided:
        _show_undecided(id, statement, span_text(values))
        return
    _check_verdict(id, verdict, values, prediction, deviation, tolerance, relation, published_gap)
    record = {
        "id": id,
        "paper": paper,
        "item": item,
        "statement": inspect.cleandoc(statement),
        "paper_value": _plain(paper_value),
        "measured": measured_text(values, prediction, deviation, float(tolerance), relation),
        "expected": span_text(prediction),
        "relation": relation,
        "tolerance": float(tolerance),
        "verdict": verdict,
        "correction": None if correction is None else inspect.cleandoc(correction),
        "published_gap": None if published_gap is None else number_text(published_gap),
        "where": None if where is None else inspect.cleandoc(where),
    }
    _show(record)


def _check_identity(id: str, statement: str, paper: str | None, item: str | None) -> None:
    if not isinstance(id, str) or not _SLUG.fullmatch(id):
        raise ValueError(f"id: expected lower-case words joined by hyphens, got {id!r}")
    if not isinstance(statement, str) or not statement.strip():
        raise ValueError(f"statement of {id}: expected text, got {statement!r}")
    if paper is None:
        if item is not None:
            raise ValueError(f"item of {id}: expected None without a paper, got {item!r}")
        return
    if paper not in PAPERS:
        raise ValueError(f"paper of {id}: expected one of {PAPERS} or None, got {paper!r}")
    known = load_items().get(paper, [])
    if item is not None and item not in known:
        raise ValueError(f"item of {id}: expected an item of paper {paper}, got {item!r}")


def _check_terms(
    tolerance: float,
    verdict: str,
    relation: str,
    correction: str | None,
    published_gap: float | None,
) -> None:
    if verdict not in VERDICTS:
        raise ValueError(f"verdict: expected one of {VERDICTS}, got {verdict!r}")
    if relation not in RELATIONS:
        raise ValueError(f"relation: expected one of {RELATIONS}, got {relation!r}")
    if not _is_number(tolerance) or not np.isfinite(tolerance) or tolerance <= 0:
        raise ValueError(f"tolerance: expected a positive finite number, got {tolerance!r}")
    if verdict == CORRECTED:
        if not isinstance(correction, str) or not correction.strip():
            raise ValueError(f"correction: expected text for {verdict!r}, got {correction!r}")
        if not _is_number(published_gap):
            raise ValueError(
                f"published_gap: expected a number for {verdict!r}, got {published_gap!r}"
            )
    elif correction is not None or published_gap is not None:
        raise ValueError(
            f"correction, published_gap: expected only with {CORRECTED!r}, got verdict {verdict!r}"
        )


def _check_texts(paper_value: str | float | None, where: str | None) -> None:
    is_value = paper_value is None or isinstance(paper_value, str | bool | np.bool_)
    if not is_value and not (_is_number(paper_value) and np.isfinite(paper_value)):
        raise ValueError(
            f"paper_value: expected text, a finite number or None, got {paper_value!r}"
        )
    if where is not None and not isinstance(where, str):
        raise ValueError(f"where: expected text or None, got {where!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _real_array(name: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as a non-empty boolean, integer or float array."""
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected real numbers of one shape, got {type(value).__name__} of several"
        ) from error
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(
            f"{name}: expected real numbers or booleans, at least one, "
            f"got {array.dtype} of shape {array.shape}"
        )
    return array


def _prediction(
    values: np.ndarray, expected: ArrayLike | None, paper_value: str | float | None
) -> np.ndarray:
    if expected is None:
        if isinstance(paper_value, bool | int | float | np.number | np.bool_):
            expected = paper_value
        else:
            expected = values.dtype == bool
    prediction = _real_array("expected", expected)
    try:
        np.broadcast_shapes(values.shape, prediction.shape)
    except ValueError:
        raise ValueError(
            f"expected: expected a shape that fits measured {values.shape}, got {prediction.shape}"
        ) from None
    # a default prediction of "False" for numbers is the number 0
    return prediction if values.dtype == bool else prediction.astype(_number_type(prediction))


def _number_type(array: np.ndarray) -> type:
    return int if array.dtype.kind in "biu" else float


def _deviation(values: np.ndarray, prediction: np.ndarray, relation: str) -> float:
    """Return by how much the relation is missed at worst: at most 0 if met with no tolerance."""
    with np.errstate(invalid="ignore"):  # infinity less infinity is no number, and no verdict
        difference = values.astype(float) - prediction.astype(float)
    if relation == "equal":
        difference = np.abs(difference)
    elif relation == "at least":
        difference = -difference
    return float(np.max(difference))  # NaN propagates


def _check_verdict(
    id: str,
    verdict: str,
    values: np.ndarray,
    prediction: np.ndarray,
    deviation: float,
    tolerance: float,
    relation: str,
    published_gap: float | None,
) -> None:
    finite = bool(np.isfinite(values.astype(float)).all() and np.isfinite(prediction).all())
    met = finite and deviation <= tolerance
    numbers = (
        f"measured {span_text(values)}, expected {relation} {span_text(prediction)}, "
        f"deviation {deviation:.3g}, tolerance {tolerance:g}"
    )
    if not finite:
        raise ClaimFailed(f"{id}: a measurement that is not finite supports no verdict: {numbers}")
    if verdict == NOT_REPRODUCED and met:
        raise ClaimFailed(f"{id}: declared {verdict!r}, but the numbers agree: {numbers}")
    if verdict != NOT_REPRODUCED and not met:
        raise ClaimFailed(f"{id}: declared {verdict!r}, but the numbers disagree: {numbers}")
    if verdict == CORRECTED and not (np.isfinite(published_gap) and published_gap > tolerance):
        raise ClaimFailed(
            f"{id}: declared {verdict!r}, but the statement as published deviates by "
            f"{published_gap:.3g} only, tolerance {tolerance:g}"
        )


def _plain(value: str | float | None) -> str | float | None:
    return value.item() if isinstance(value, np.generic) else value


def _show(record: dict[str, Any]) -> None:
    show(
        {
            CLAIM_MIME: record,
            "text/markdown": _markdown(record),
            "text/plain": f"{SYMBOLS[record['verdict']]} {record['verdict']}: {record['id']}",
        }
    )


def _show_undecided(id: str, statement: str, measured: str) -> None:
    lines = [f"**{UNDECIDED.capitalize()}**", inspect.cleandoc(statement), f"Ours: {measured}"]
    show(
        {
            "text/markdown": _quoted(lines),
            "text/plain": f"{UNDECIDED}: {id}",
        }
    )


def value_text(record: dict[str, Any]) -> str:
    """Return the paper's value as it is printed."""
    value = record["paper_value"]
    if value is None:
        return "not stated"
    return value if isinstance(value, str) else number_text(value)


def _markdown(record: dict[str, Any]) -> str:
    title = f"**{SYMBOLS[record['verdict']]} {record['verdict'].capitalize()}**"
    lines = [f"{title} · {source_text(record)}", record["statement"]]
    if record["correction"]:
        gap = f"as published it misses by {record['published_gap']}"
        lines.append(f"Correction: {record['correction']} ({gap})")
    lines.append(
        f"Paper: {value_text(record)} · ours: {record['measured']} · "
        f"tolerance: {criterion_text(record)}"
        + (f" · on: {record['where']}" if record["where"] else "")
    )
    return _quoted(lines)


def _quoted(paragraphs: list[str]) -> str:
    """Return paragraphs as one Markdown quotation."""
    return "\n".join(f"> {line}" for line in "\n\n".join(paragraphs).splitlines())
