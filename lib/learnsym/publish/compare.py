"""Compare two runs of a notebook: words exactly, numbers up to what machines differ by.

Two processors add in another order, so numbers differ in their last digits. Printed numbers agree
if they differ by 0.1 per cent, or by their last digit where that is less than one per cent. A
number that a claim bounds as rounding error need only stay below its bound, which the claim itself
checks. Data of figures are compared on the scale of their column, down to a millionth of their
panel's. Pictures are not compared.

The module is a pytest plugin: ``pytest --nbval -p learnsym.publish.compare`` executes a notebook
with nbval and compares its outputs in this way.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from learnsym.publish.claims import CLAIM_MIME
from learnsym.publish.figures import FIGURE_MIME

RELATIVE = 1e-3
LAST_DIGIT = 0.0095  # what one unit in the last place may be of a number
ROUNDING = 1e-6  # a claim with a smaller bound is one about rounding errors
NOISE = 1e-12  # data of a figure below this are rounding errors,
PANEL_NOISE = 1e-6  # and so are data below this part of their panel's

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?(?!\w)")

Record = dict[str, Any]


def differences(reference: list[Record], outputs: list[Record]) -> list[str]:
    """Return what two lists of outputs of one cell differ in; an empty list if they agree."""
    if len(reference) != len(outputs):
        return [f"expected {len(reference)} outputs, got {len(outputs)}"]
    return [
        f"output {number}: {difference}"
        for number, (old, new) in enumerate(zip(reference, outputs, strict=True), start=1)
        for difference in _output(old, new)
    ]


def _output(old: Record, new: Record) -> Iterator[str]:
    for key in ("output_type", "name", "text", "ename", "evalue"):
        yield from _text(key, old.get(key, ""), new.get(key, ""))
    before, after = old.get("data", {}), new.get("data", {})
    if set(before) != set(after):
        yield f"expected {sorted(before)}, got {sorted(after)}"
    elif CLAIM_MIME in before:  # the line of text repeats the record
        yield from _claim(before[CLAIM_MIME], after[CLAIM_MIME])
    elif FIGURE_MIME in before:
        yield from _figure(before[FIGURE_MIME], after[FIGURE_MIME])
    else:
        for kind in before:
            if not kind.startswith("image/"):
                yield from _text(kind, "".join(before[kind]), "".join(after[kind]))


def _text(where: str, old: str, new: str) -> Iterator[str]:
    """Compare words exactly and numbers as they are printed; white space counts as one space."""
    words = [[" ".join(part.split()) for part in _NUMBER.split(text)] for text in (old, new)]
    if words[0] != words[1]:
        yield f"{where}: expected {old!r}, got {new!r}"
        return
    for before, after in zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True):
        if not _printed_alike(before, after):
            yield f"{where}: expected {before}, got {after}, in {new[:200]!r}"


def _printed_alike(old: str, new: str) -> bool:
    """Tell whether two printed numbers agree; integers must be equal."""
    if old == new:
        return True
    if all(text.lstrip("+-").replace(",", "").isdigit() for text in (old, new)):
        return False
    a, b = (float(text.replace(",", "")) for text in (old, new))
    size = max(abs(a), abs(b))
    mantissa, _, exponent = old.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))  # in the last place
    return abs(a - b) <= max(RELATIVE * size, min(LAST_DIGIT * size, 1.01 * unit))


def _claim(old: Record, new: Record) -> Iterator[str]:
    """Compare words as text, and numbers on the scale of the bound."""
    name = f"claim {old['id']}"
    before, after = dict(_leaves(old)), dict(_leaves(new))
    if lone := before.keys() ^ after.keys():
        yield f"{name}, {', '.join(sorted(lone))}: expected in both, found in one"
        return
    limits = [abs(x) for key, x in before.items() if key.startswith("bound") and _is_number(x)]
    bound, scale = old["bound"], max(limits, default=0.0)
    is_rounding = (bound["within"] or scale) <= ROUNDING and bound["kind"] in ("below", "equals")
    for key, a in before.items():
        b, measured = after[key], key.startswith(("measured", "deviation"))
        if not (_is_number(a) and _is_number(b)) or key.endswith(("count", "true")):
            yield from _text(f"{name}, {key}", str(a), str(b))
        elif not (is_rounding and measured and max(abs(a), abs(b)) <= ROUNDING):
            least = 0.0 if key.startswith("bound") else scale
            if abs(a - b) > RELATIVE * max(least, abs(a), abs(b)):
                yield f"{name}, {key}: expected {a}, got {b}"


def _leaves(record: Record, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the parts of a record with their places."""
    for key, part in record.items():
        if isinstance(part, dict):
            yield from _leaves(part, f"{path}{key} ")
        else:
            yield f"{path}{key}", part


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(old: Record, new: Record) -> Iterator[str]:
    name = f"figure {old['id']}"
    for key in ("id", "title", "caption", "alt", "width"):
        yield from _text(f"{name}, {key}", old.get(key, ""), new.get(key, ""))
    before, after = old["data"], new["data"]
    if [(s["series"], s["count"]) for s in before] != [(s["series"], s["count"]) for s in after]:
        yield f"{name}: expected {len(before)} series, got others or other lengths"
        return
    for key in ("x", "y", "value"):
        pairs = zip(before, after, strict=True)
        columns = [(s["series"], _column(s[key]), _column(t[key])) for s, t in pairs]
        panels: dict[str, float] = defaultdict(float)
        for series, column, _ in columns:
            panel = series.partition(" / ")[0]
            panels[panel] = max(panels[panel], _size(column))
        for series, column, found in columns:
            noise = max(NOISE, PANEL_NOISE * panels[series.partition(" / ")[0]])
            if len(column) != len(found):
                yield f"{name}, {series}, {key}: expected other missing values"
                continue
            alike = np.isclose(found, column, rtol=0, atol=max(RELATIVE * _size(column), noise))
            for a, b in zip(column[~alike], found[~alike], strict=True):
                yield f"{name}, {series}, {key}: expected {a:.4g}, got {b:.4g}"


def _column(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


def _size(column: np.ndarray) -> float:
    return np.abs(column[np.isfinite(column)]).max(initial=0.0)


def pytest_configure() -> None:
    """Make nbval compare in this way."""
    from nbval.plugin import IPyNbCell  # a test dependency

    def compare_outputs(cell: IPyNbCell, test: list, reference: list, *_: object) -> bool:
        cell.comparison_traceback = differences(reference, test)
        return not cell.comparison_traceback

    IPyNbCell.compare_outputs = compare_outputs
