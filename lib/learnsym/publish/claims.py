"""Claims: short tests in the text. A statement, a measurement, a bound, and what follows."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import ArrayLike

from learnsym.paths import find_book
from learnsym.publish import wording
from learnsym.publish.display import SLUG, require, show, words

CLAIM_MIME = "application/vnd.learnsym.claim+json"

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
    require(id is not None or not beyond, f"id of {statement!r}", _WORDS, id)
    id = re.sub(r"[^a-z0-9]+", "-", item.lower()).strip("-") if id is None else id
    require(isinstance(id, str) and SLUG.fullmatch(id), f"id of {item!r}", _WORDS, repr(id))
    texts = {"statement": words(statement, f"statement of {id}")}
    for name, text in {"correction": correction, "details": details}.items():
        texts[name] = text if text is None else words(text, f"{name} of {id}")
    require(isinstance(decided, bool), f"decided of {id}", "True or False", repr(decided))
    values = _real_array(measured, f"measured of {id}")
    shown = None if published is None else _real_array(published, f"published of {id}")
    limits = {"below": below, "above": above, "between": between, "equals": equals}
    bound = _bound(id, values, {k: v for k, v in limits.items() if v is not None}, within)
    missing = "correction" if correction is None else "published"
    together = (correction is None) == (published is None)
    require(together, f"{missing} of {id}", "with its counterpart", None)
    verdict = _verdict(id, number, beyond, correction is not None, verdict)
    if decided:
        _check_verdict(id, verdict, values, shown, bound)
    tolerance = _number(bound.within) or None
    record = {
        "id": id,
        "paper": paper,
        "item": number,
        **texts,
        "verdict": verdict if decided else wording.UNDECIDED,
        "measured": _span(values),
        "bound": {"kind": bound.kind, "value": _span(bound.value), "within": tolerance},
        "deviation": _number(bound.excess(values)) if bound.kind == "equals" else None,
        "published": None if shown is None else _span(shown),
    }
    line = wording.claim_line(record)
    bundle = {"text/markdown": f"> {line}", "text/plain": f"{id}: {line}"}
    show({CLAIM_MIME: record, **bundle} if decided else bundle)


def load_items(root: Path | None = None) -> dict[str, list[str]] | None:
    """Return the items of each paper, as ``book/items.yml`` has them; None away from the book."""
    root = root or find_book()
    return root and yaml.safe_load((root / "book" / "items.yml").read_text(encoding="utf-8"))


def _source(item: str) -> tuple[str | None, str | None, bool]:
    """Return paper, item and whether the statement is the book's own."""
    form = re.fullmatch(r"(?:([A-D]): (.+)|(beyond)(?:: ([A-D])(?:, (.+))?)?)", str(item))
    require(form, "item", "such as 'A: Theorem 3.3.2', 'beyond: A' or 'beyond'", repr(item))
    paper, number = form[1] or form[4], form[2] or form[5]
    if number and (known := load_items()):
        found = number in known.get(paper, [])
        require(found, "item", f"an item of paper {paper} in items.yml", repr(number))
    return paper, number, bool(form[3])


def _real_array(value: ArrayLike, name: str) -> np.ndarray:
    """Return ``value`` as a non-empty boolean, integer or float array."""
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected numbers of one shape, got several") from error
    sound = array.dtype.kind in "biuf" and array.size > 0
    got = f"{array.dtype} of shape {array.shape}"
    require(sound, name, "real numbers or booleans, at least one", got)
    return array


class Bound(NamedTuple):
    """What a measurement must meet: values from ``low`` to ``high``, up to ``within``."""

    kind: str
    value: np.ndarray
    low: ArrayLike
    high: ArrayLike
    within: float

    def excess(self, values: np.ndarray) -> float:
        """Return by how much the worst value misses the bound, its tolerance aside."""
        return float(np.max(np.maximum(self.low - values, values - self.high)))


def _bound(id: str, values: np.ndarray, given: dict[str, Any], within: float | None) -> Bound:
    """Return the one bound that is given; ``true`` for booleans."""
    names, own = ", ".join(given) or "none", f"bound of {id}"
    together = ("equals" in given) == (within is not None)
    require(together, own, "equals and within together", "one of them")
    if values.dtype == bool:
        require(not given, own, "none for booleans", names)
        return Bound("true", np.array(True), 1.0, 1.0, 0.0)
    require(len(given) == 1, own, "one of below, above, between, equals with within", names)
    ((kind, value),) = given.items()
    limit = _real_array(value, f"{kind} of {id}")
    require(np.isfinite(limit).all(), f"{kind} of {id}", "finite numbers", repr(value))
    if kind == "between":
        rising = limit.shape == (2,) and limit[0] < limit[1]
        require(rising, f"between of {id}", "two rising numbers", repr(value))
        return Bound(kind, limit, *limit.astype(float), 0.0)
    fits = limit.ndim <= values.ndim and all(
        n in (1, m) for n, m in zip(limit.shape[::-1], values.shape[::-1], strict=False)
    )
    require(fits, f"{kind} of {id}", f"a shape that fits {values.shape}", limit.shape)
    if kind == "equals":
        number = isinstance(within, int | float | np.number) and not isinstance(within, bool)
        sound = number and 0 < within < np.inf
        require(sound, f"within of {id}", "a positive finite number", repr(within))
    low = -np.inf if kind == "below" else limit.astype(float)
    high = np.inf if kind == "above" else limit.astype(float)
    return Bound(kind, limit, low, high, float(within or 0))


def _verdict(id: str, number: str | None, beyond: bool, corrected: bool, said: str | None) -> str:
    """Return the verdict that the arguments declare."""
    require(not (beyond and corrected), f"correction of {id}", "an item of a paper", "'beyond'")
    if beyond or corrected:
        require(said is None, f"verdict of {id}", "None here, since it follows", repr(said))
        return wording.BEYOND if beyond else wording.CORRECTED
    allowed = (wording.HOLDS, wording.REPRODUCED, wording.NOT_REPRODUCED)
    require(said in (None, *allowed), f"verdict of {id}", f"one of {allowed}", repr(said))
    return said or (wording.REPRODUCED if number.startswith(("Figure", "Table")) else wording.HOLDS)


def _check_verdict(
    id: str, verdict: str, values: np.ndarray, published: np.ndarray | None, bound: Bound
) -> None:
    numbers = f"measured {_span(values)}, {bound.kind} {_span(bound.value)}"
    numbers += f", within {bound.within:g}"
    if not np.isfinite(values).all():
        raise ClaimFailed(f"{id}: what is not finite supports no verdict: {numbers}")
    met = bound.excess(values) <= bound.within
    if met == (verdict == wording.NOT_REPRODUCED):
        raise ClaimFailed(f"{id}: the numbers do not support {verdict!r}: {numbers}")
    if published is not None:
        own, same = f"published of {id}", (published.dtype == bool) == (bound.kind == "true")
        require(same, own, "what was measured", published.dtype)
        misses = np.isfinite(published).all() and bound.excess(published) > bound.within
        require(misses, own, "to miss the bound", f"{_span(published)}: {numbers}")


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
