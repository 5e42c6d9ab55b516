"""Claims: short tests in the text. A statement, a measurement, a bound, and what follows."""

import inspect
import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from learnsym.publish.display import show
from learnsym.publish.items import load_items
from learnsym.publish.wording import (
    BEYOND,
    CORRECTED,
    HOLDS,
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    claim_line,
)

CLAIM_MIME = "application/vnd.learnsym.claim+json"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class ClaimFailed(AssertionError):  # noqa: N818 - it reads as the sentence that it is
    """The verdict does not follow from the measurement."""


def claim(
    item: str,
    statement: str,
    measured: ArrayLike,
    *,
    below: ArrayLike | None = None,
    above: ArrayLike | None = None,
    between: tuple[float, float] | None = None,
    equals: ArrayLike | None = None,
    within: float | None = None,
    correction: str | None = None,
    published: ArrayLike | None = None,
    verdict: str | None = None,
    decided: bool = True,
    id: str | None = None,
    details: str | None = None,
) -> None:
    """Check a statement against a measurement and show it with the verdict that follows.

    Statements of theorems *hold*, figures and tables are *reproduced*, and what begins with
    ``beyond`` is *beyond the paper*; for each of them every measured value must be finite and
    meet the bound. With ``correction``, the statement *holds with a correction*.

    Parameters
    ----------
    item : str
        ``"A: Theorem 3.3.2"``, with an item of ``book/items.yml``; or ``"beyond: A"``,
        ``"beyond: A, Theorem 3.3.2"``, ``"beyond"`` for a finding of this book.
    statement : str
        Markdown with ``$math$``; with a correction, the corrected statement.
    measured : bool, float or array
        Of any shape. Booleans must all be true, and have no bound.
    below, above : float or array, optional
        Largest and smallest value that meets the statement; exactly one bound is given.
    between : (float, float), optional
        Smallest and largest value.
    equals, within : float, optional
        Value (or an array that fits ``measured``) and the largest deviation from it.
    correction : str, optional
        What had to be corrected.
    published : float or array, optional
        What the published form gives; it must miss the bound.
    verdict : str, optional
        ``"not reproduced"``: the measurement must miss the bound. ``"holds"`` or ``"reproduced"``
        where the kind of item says otherwise.
    decided : bool
        Whether the scale of the run can decide; if not, no verdict is checked, shown or recorded.
    id : str, optional
        Lower-case words joined by hyphens, unique in the book; by default made of the item.
    details : str, optional
        On what it was measured, in Markdown; folded on the page.

    Raises
    ------
    ClaimFailed
        The verdict does not follow from the numbers.
    ValueError
        An argument is malformed, missing, unknown, or contradicts another.
    """
    paper, number, beyond = _source(item)
    if id is None and beyond:
        raise ValueError(f"id of {statement!r}: expected words joined by hyphens, got None")
    id = _slug(item) if id is None else id
    if not isinstance(id, str) or not _SLUG.fullmatch(id):
        raise ValueError(f"id of {item!r}: expected words joined by hyphens, got {id!r}")
    texts = {"statement": statement, "correction": correction, "details": details}
    _check_texts(id, texts)
    if not isinstance(decided, bool):
        raise ValueError(f"decided of {id}: expected True or False, got {decided!r}")
    values = _real_array(f"measured of {id}", measured)
    limits = {"below": below, "above": above, "between": between, "equals": equals}
    bound = _bound(id, values, {k: v for k, v in limits.items() if v is not None}, within)
    verdict = _verdict(id, number, beyond, verdict, correction, published)
    if decided:
        shown = None if published is None else _real_array(f"published of {id}", published)
        _check_verdict(id, verdict, values, shown, bound)
    record = {
        "id": id,
        "paper": paper,
        "item": number,
        **{name: text and " ".join(inspect.cleandoc(text).split()) for name, text in texts.items()},
        "verdict": verdict if decided else UNDECIDED,
        "measured": _span(values),
        "bound": {"kind": bound[0], "value": _span(bound[1]), "within": bound[2] or None},
        "deviation": _number(_excess(values, bound)) if bound[0] == "equals" else None,
        "published": None if published is None else _span(np.asarray(published)),
    }
    _show(record, decided)


def _source(item: str) -> tuple[str | None, str | None, bool]:
    """Return paper, item and whether the statement is the book's own."""
    form = re.fullmatch(r"(?:([A-D]): (.+)|(beyond)(?:: ([A-D])(?:, (.+))?)?)", str(item))
    if not form:
        raise ValueError(
            f"item: expected such as 'A: Theorem 3.3.2', 'beyond: A' or 'beyond', got {item!r}"
        )
    paper, number = form[1] or form[4], form[2] or form[5]
    known = load_items()
    if number is not None and known is not None and number not in known.get(paper, []):
        raise ValueError(f"item: expected an item of paper {paper} in items.yml, got {number!r}")
    return paper, number, bool(form[3])


def _slug(item: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", item.lower()).strip("-")


def _check_texts(id: str, texts: dict[str, str | None]) -> None:
    for name, text in texts.items():
        wanted = name == "statement" or text is not None
        if wanted and (not isinstance(text, str) or not text.strip()):
            raise ValueError(f"{name} of {id}: expected text, got {text!r}")


def _real_array(name: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as a non-empty boolean, integer or float array."""
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected numbers of one shape, got several") from error
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(
            f"{name}: expected real numbers or booleans, at least one, "
            f"got {array.dtype} of shape {array.shape}"
        )
    return array


Bound = tuple[str, np.ndarray, float]


def _bound(id: str, values: np.ndarray, given: dict[str, Any], within: float | None) -> Bound:
    """Return kind, value and tolerance of the one bound that is given."""
    if ("equals" in given) != (within is not None):
        raise ValueError(f"bound of {id}: expected equals and within together, got one of them")
    if values.dtype == bool:
        if given:
            raise ValueError(f"bound of {id}: expected none for booleans, got {', '.join(given)}")
        return "true", np.array(True), 0.0
    if len(given) != 1:
        raise ValueError(
            f"bound of {id}: expected one of below, above, between, equals with within, "
            f"got {', '.join(given) or 'none'}"
        )
    (kind, value), tolerance = *given.items(), 0.0
    limit = _real_array(f"{kind} of {id}", value)
    if not np.isfinite(limit).all():
        raise ValueError(f"{kind} of {id}: expected finite numbers, got {value!r}")
    if kind == "between":
        if limit.shape != (2,) or not limit[0] < limit[1]:
            raise ValueError(f"between of {id}: expected two rising numbers, got {value!r}")
        return kind, limit, tolerance
    if kind == "equals":
        positive = isinstance(within, int | float | np.number) and not isinstance(within, bool)
        if not positive or not 0 < within < np.inf:
            raise ValueError(f"within of {id}: expected a positive finite number, got {within!r}")
        tolerance = float(within)
    try:
        fits = np.broadcast_shapes(values.shape, limit.shape) == values.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{kind} of {id}: expected a shape that fits {values.shape}, got {limit.shape}"
        )
    return kind, limit, tolerance


def _excess(values: np.ndarray, bound: Bound) -> float:
    """Return by how much the worst value misses the bound, its tolerance aside."""
    kind, limit, _ = bound
    values, limit = values.astype(float), limit.astype(float)
    if kind == "between":
        misses = np.maximum(limit[0] - values, values - limit[1])
    elif kind == "below":
        misses = values - limit
    elif kind in ("above", "true"):
        misses = limit - values
    else:
        misses = np.abs(values - limit)
    return float(np.max(misses))


def _verdict(
    id: str,
    number: str | None,
    beyond: bool,
    verdict: str | None,
    correction: str | None,
    published: ArrayLike | None,
) -> str:
    """Return the verdict that the arguments declare."""
    if (correction is None) != (published is None):
        missing = "correction" if correction is None else "published"
        raise ValueError(f"{missing} of {id}: expected with its counterpart, got None")
    if verdict not in (None, HOLDS, REPRODUCED, NOT_REPRODUCED):
        raise ValueError(
            f"verdict of {id}: expected None, {HOLDS!r}, {REPRODUCED!r} or {NOT_REPRODUCED!r}, "
            f"got {verdict!r}"
        )
    if verdict is not None and (beyond or correction is not None):
        raise ValueError(f"verdict of {id}: expected None here, since it follows, got {verdict!r}")
    if correction is not None:
        if beyond:
            raise ValueError(f"correction of {id}: expected with an item of a paper, got 'beyond'")
        return CORRECTED
    if beyond or verdict is not None:
        return BEYOND if beyond else verdict
    return REPRODUCED if number.startswith(("Figure", "Table")) else HOLDS


def _check_verdict(
    id: str, verdict: str, values: np.ndarray, published: np.ndarray | None, bound: Bound
) -> None:
    numbers = f"measured {_span(values)}, {bound[0]} {_span(bound[1])}, within {bound[2]:g}"
    if not np.isfinite(values.astype(float)).all():
        raise ClaimFailed(f"{id}: what is not finite supports no verdict: {numbers}")
    met = _excess(values, bound) <= bound[2]
    if met == (verdict == NOT_REPRODUCED):
        raise ClaimFailed(f"{id}: the numbers do not support {verdict!r}: {numbers}")
    if published is None:
        return
    if (published.dtype == bool) != (bound[0] == "true"):
        raise ValueError(f"published of {id}: expected what was measured, got {published.dtype}")
    if not np.isfinite(published.astype(float)).all() or _excess(published, bound) <= bound[2]:
        raise ValueError(
            f"published of {id}: expected to miss the bound, got {_span(published)}: {numbers}"
        )


def _span(values: np.ndarray) -> bool | float | dict[str, float]:
    """Return one value as it is, several as their range or as a count of those that are true."""
    if values.size == 1:
        return _number(values.item())
    if values.dtype == bool:
        return {"true": int(values.sum()), "count": values.size}
    low, high = _number(values.min().item()), _number(values.max().item())
    return {"low": low, "high": high, "count": values.size}


def _number(value: float) -> float | str:
    # JSON has no infinities; an undecided claim may have measured one
    return value if np.isfinite(value) else str(value)


def _show(record: dict[str, Any], decided: bool) -> None:
    line = claim_line(record)
    bundle = {"text/markdown": f"> {line}", "text/plain": f"{record['id']}: {line}"}
    show({CLAIM_MIME: record, **bundle} if decided else bundle)
