"""How the numbers of a claim are printed: rounded, and the same on every machine."""

from typing import Any

import numpy as np

LISTED_INTEGERS = 8
# below this, digits are taken for rounding errors, which differ between machines
SMALLEST_SHOWN = 1e-3


def number_text(value: float | int | bool) -> str:
    """Return a number as it is printed: integers exactly, floats to 3 significant digits."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    rounded = float(f"{value:.3g}")
    if rounded == 0:
        return "0"
    return f"{rounded:.10g}" if 1e-3 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def criterion_text(record: dict[str, Any]) -> str:
    """Return the tolerance of a record, with the bound where the relation is one-sided."""
    if record["expected"] in ("yes", "no"):
        return "exact"
    tolerance = f"{record['tolerance']:g}"
    if record["relation"] == "equal":
        return tolerance
    return f"{record['relation']} {record['expected']}, within {tolerance}"


def source_text(record: dict[str, Any]) -> str:
    """Return where the statement comes from, such as "Paper A, Corollary 3.2"."""
    if record["paper"] is None:
        return "This book"
    return f"Paper {record['paper']}" + (f", {record['item']}" if record["item"] else "")


def measured_text(
    values: np.ndarray,
    prediction: np.ndarray,
    deviation: float,
    tolerance: float,
    relation: str,
) -> str:
    """Return what was measured as text; rounding errors only as a bound."""
    if values.dtype == bool:
        return span_text(values)
    met = deviation <= tolerance
    exact = values.dtype.kind in "iu"
    varied = prediction.size > 1 and np.ptp(prediction.astype(float)) > 0
    if values.dtype.kind in "iu" and values.size <= LISTED_INTEGERS and met:
        return ", ".join(number_text(value) for value in values.ravel().tolist())
    if relation == "equal" and met and varied:
        return f"largest deviation {_size_text(deviation, tolerance, exact)}"
    if relation == "equal" and met and not exact and not prediction.any():
        size = _size_text(deviation, tolerance, exact)
        return size if values.size == 1 or size.startswith("below") else f"up to {size}"
    text = span_text(values)
    return text if met else f"{text}, off by {number_text(deviation)}"


def _size_text(deviation: float, tolerance: float, exact: bool) -> str:
    """Return a deviation that meets its tolerance; as a bound where it may be rounding."""
    if exact:
        return number_text(deviation)
    if tolerance < 10 * SMALLEST_SHOWN or deviation < SMALLEST_SHOWN:
        return f"below {tolerance:g}"
    return f"{deviation:.2g}"


def span_text(values: np.ndarray) -> str:
    """Return a scalar as a number and an array as its range."""
    if values.dtype == bool:
        if values.all() or not values.any():
            return number_text(bool(values.all()))
        return f"{int(values.sum())} of {values.size}"
    low, high = number_text(values.min().item()), number_text(values.max().item())
    return low if low == high else f"{low} to {high}"
