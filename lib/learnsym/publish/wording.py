"""A claim in words: numbers become text when they are shown, and only then."""

from typing import Any

HOLDS = "holds"
CORRECTED = "holds with a correction"
REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
BEYOND = "beyond the paper"
VERDICTS = (HOLDS, CORRECTED, REPRODUCED, NOT_REPRODUCED, BEYOND)
PLURALS = {verdict: verdict.replace("holds", "hold") for verdict in VERDICTS}
UNDECIDED = "not decided"
# a verdict is never shown by colour alone
SYMBOLS = {HOLDS: "✓", CORRECTED: "✎", REPRODUCED: "≈", NOT_REPRODUCED: "✗", BEYOND: "⊕"}

Span = bool | int | float | str | dict[str, Any]
BOUNDS = {"below": "at most", "above": "at least", "equals": "expected"}


ROUNDING = 1e-9  # below this, digits are taken for rounding errors, which differ by machine


def number_text(value: bool | float | str) -> str:
    """Return a number as it is printed: integers exactly, floats to 3 digits, rounding to one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | str):
        return str(value)
    rounded = float(f"{value:.1g}" if abs(value) < ROUNDING else f"{value:.3g}")
    if rounded == 0:
        return "0"
    return f"{rounded:.10g}" if 1e-3 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def span_text(span: Span) -> str:
    """Return what a record holds of an array: one number, a range, or a count."""
    if not isinstance(span, dict):
        return number_text(span)
    if "true" in span:
        return "yes" if span["true"] == span["count"] else f"{span['true']} of {span['count']}"
    low, high = number_text(span["low"]), number_text(span["high"])
    return low if low == high else f"{low} to {high}"


def source_text(record: dict[str, Any]) -> str:
    """Return where a statement comes from, such as ``A, Corollary 3.2``."""
    parts = [record["paper"] or "this book", record["item"]]
    return ", ".join(part for part in parts if part)


def against_text(record: dict[str, Any]) -> str:
    """Return what was measured against its bound."""
    bound, measured = record["bound"], span_text(record["measured"])
    if bound["kind"] == "true":
        return measured
    if bound["kind"] == "between":
        return f"{measured} (between {span_text(bound['value']).replace(' to ', ' and ')})"
    text = f"{BOUNDS[bound['kind']]} {span_text(bound['value'])}"
    if bound["kind"] == "equals":
        text += f" ± {number_text(bound['within'])}"
        if isinstance(bound["value"], dict):
            text += f", off by {number_text(record['deviation'])}"
    return f"{measured} ({text})"


def verdict_text(verdict: str) -> str:
    """Return a verdict in words, with its symbol."""
    return UNDECIDED if verdict == UNDECIDED else f"{SYMBOLS[verdict]} {verdict}"


def claim_line(record: dict[str, Any]) -> str:
    """Return the line that stands for a claim."""
    head = f"**{verdict_text(record['verdict'])}** · {source_text(record)}"
    return f"{head} · {record['statement']} · {against_text(record)}"
