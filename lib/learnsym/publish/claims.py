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
_WORDS = "lower-case words joined by hyphens"


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
    _require(id is not None or not beyond, f"id of {statement!r}", _WORDS, id)
    id = re.sub(r"[^a-z0-9]+", "-", item.lower()).strip("-") if id is None else id
    _require(isinstance(id, str) and _SLUG.fullmatch(id), f"id of {item!r}", _WORDS, repr(id))
    texts = {"statement": statement, "correction": correction, "details": details}
    for name, text in texts.items():
        missing = text is None and name != "statement"
        _require(
            missing or (isinstance(text, str) and text.strip()), f"{name} of {id}", "text", text
        )
    _require(isinstance(decided, bool), f"decided of {id}", "True or False", repr(decided))
    values = _real_array(f"measured of {id}", measured)
    shown = None if published is None else _real_array(f"published of {id}", published)
    limits = {"below": below, "above": above, "between": between, "equals": equals}
    bound = _bound(id, values, {k: v for k, v in limits.items() if v is not None}, within)
    verdict = _verdict(id, number, beyond, verdict, correction, published)
    if decided:
        _check_verdict(id, verdict, values, shown, bound)
    record = {
        "id": id,
        "paper": paper,
        "item": number,
        **{name: text and " ".join(inspect.cleandoc(text).split()) for name, text in texts.items()},
        "verdict": verdict if decided else UNDECIDED,
        "measured": _span(values),
        "bound": {"kind": bound[0], "value": _span(bound[1]), "within": _number(bound[2]) or None},
        "deviation": _number(_excess(values, bound)) if bound[0] == "equals" else None,
        "published": None if shown is None else _span(shown),
    }
    line = claim_line(record)
    bundle = {"text/markdown": f"> {line}", "text/plain": f"{id}: {line}"}
    show({CLAIM_MIME: record, **bundle} if decided else bundle)


def _require(met: object, what: str, expected: str, got: object) -> None:
    if not met:
        raise ValueError(f"{what}: expected {expected}, got {got}")


def _source(item: str) -> tuple[str | None, str | None, bool]:
    """Return paper, item and whether the statement is the book's own."""
    form = re.fullmatch(r"(?:([A-D]): (.+)|(beyond)(?:: ([A-D])(?:, (.+))?)?)", str(item))
    _require(form, "item", "such as 'A: Theorem 3.3.2', 'beyond: A' or 'beyond'", repr(item))
    paper, number = form[1] or form[4], form[2] or form[5]
    known = load_items()
    found = number is None or known is None or number in known.get(paper, [])
    _require(found, "item", f"an item of paper {paper} in items.yml", repr(number))
    return paper, number, bool(form[3])


def _real_array(name: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as a non-empty boolean, integer or float array."""
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected numbers of one shape, got several") from error
    sound = array.dtype.kind in "biuf" and array.size > 0
    got = f"{array.dtype} of shape {array.shape}"
    _require(sound, name, "real numbers or booleans, at least one", got)
    return array


Bound = tuple[str, np.ndarray, float]


def _bound(id: str, values: np.ndarray, given: dict[str, Any], within: float | None) -> Bound:
    """Return kind, value and tolerance of the one bound that is given."""
    names, own = ", ".join(given) or "none", f"bound of {id}"
    together = ("equals" in given) == (within is not None)
    _require(together, own, "equals and within together", "one of them")
    if values.dtype == bool:
        _require(not given, own, "none for booleans", names)
        return "true", np.array(True), 0.0
    _require(len(given) == 1, own, "one of below, above, between, equals with within", names)
    (kind, value), tolerance = *given.items(), 0.0
    limit = _real_array(f"{kind} of {id}", value)
    _require(np.isfinite(limit).all(), f"{kind} of {id}", "finite numbers", repr(value))
    if kind == "between":
        rising = limit.shape == (2,) and limit[0] < limit[1]
        _require(rising, f"between of {id}", "two rising numbers", repr(value))
        return kind, limit, tolerance
    if kind == "equals":
        number = isinstance(within, int | float | np.number) and not isinstance(within, bool)
        sound = number and 0 < within < np.inf
        _require(sound, f"within of {id}", "a positive finite number", repr(within))
        tolerance = float(within)
    fits = limit.ndim <= values.ndim and all(
        n in (1, m) for n, m in zip(limit.shape[::-1], values.shape[::-1], strict=False)
    )
    _require(fits, f"{kind} of {id}", f"a shape that fits {values.shape}", limit.shape)
    return kind, limit, tolerance


def _excess(values: np.ndarray, bound: Bound) -> float:
    """Return by how much the worst value misses the bound, its tolerance aside."""
    kind, limit, _ = bound
    values, limit = values.astype(float), limit.astype(float)
    if kind == "between":
        misses = np.maximum(limit[0] - values, values - limit[1])
    elif kind == "equals":
        misses = np.abs(values - limit)
    else:
        misses = values - limit if kind == "below" else limit - values
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
    missing = "correction" if correction is None else "published"
    together = (correction is None) == (published is None)
    _require(together, f"{missing} of {id}", "with its counterpart", None)
    known = (None, HOLDS, REPRODUCED, NOT_REPRODUCED)
    allowed = f"None, {HOLDS!r}, {REPRODUCED!r} or {NOT_REPRODUCED!r}"
    _require(verdict in known, f"verdict of {id}", allowed, repr(verdict))
    follows = beyond or correction is not None
    _require(
        verdict is None or not follows, f"verdict of {id}", "None here, since it follows", verdict
    )
    _require(
        correction is None or not beyond, f"correction of {id}", "an item of a paper", "'beyond'"
    )
    if follows:
        return BEYOND if beyond else CORRECTED
    return verdict or (REPRODUCED if number.startswith(("Figure", "Table")) else HOLDS)


def _check_verdict(
    id: str, verdict: str, values: np.ndarray, published: np.ndarray | None, bound: Bound
) -> None:
    numbers = f"measured {_span(values)}, {bound[0]} {_span(bound[1])}, within {bound[2]:g}"
    if not np.isfinite(values.astype(float)).all():
        raise ClaimFailed(f"{id}: what is not finite supports no verdict: {numbers}")
    met = _excess(values, bound) <= bound[2]
    if met == (verdict == NOT_REPRODUCED):
        raise ClaimFailed(f"{id}: the numbers do not support {verdict!r}: {numbers}")
    if published is not None:
        own, same = f"published of {id}", (published.dtype == bool) == (bound[0] == "true")
        _require(same, own, "what was measured", published.dtype)
        misses = np.isfinite(published.astype(float)).all() and _excess(published, bound) > bound[2]
        _require(misses, own, "to miss the bound", f"{_span(published)}: {numbers}")


def _span(values: np.ndarray) -> bool | float | dict[str, float]:
    """Return one value as it is, several as their range or as a count of those that are true."""
    if values.size == 1:
        return _number(values.item())
    if values.dtype == bool:
        return {"true": int(values.sum()), "count": values.size}
    low, high = _number(values.min().item()), _number(values.max().item())
    return {"low": low, "high": high, "count": values.size}


def _number(value: float) -> float | str:
    # JSON has no infinities, which an undecided claim may have measured, and JavaScript no 1.0
    if not np.isfinite(value):
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
