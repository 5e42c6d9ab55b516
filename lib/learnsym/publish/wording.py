"""How the numbers of a claim are printed: rounded, and the same on every machine."""

from typing import Any

import numpy as np

LISTED_INTEGERS = 8


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
    met = deviation <= tolerance
    if values.dtype == bool:
        return span_text(values)
    if values.dtype.kind in "iu" and values.size <= LISTED_INTEGERS and met:
        return ", ".join(number_text(value) for value in values.ravel().tolist())
    if relation == "equal" and met:
        if not prediction.any():
            # the digits of a rounding error differ between machines
            return f"below {tolerance:g}"
        if prediction.size > 1 and np.ptp(prediction.astype(float)) > 0:
            return f"largest deviation below {tolerance:g}"
    text = span_text(values)
    return text if met else f"{text}, off by {number_text(deviation)}"


def span_text(values: np.ndarray) -> str:
    """Return a scalar as a number and an array as its range."""
    if values.dtype == bool:
        if values.all() or not values.any():
            return number_text(bool(values.all()))
        return f"{int(values.sum())} of {values.size}"
    low, high = number_text(values.min().item()), number_text(values.max().item())
    return low if low == high else f"{low} to {high}"
