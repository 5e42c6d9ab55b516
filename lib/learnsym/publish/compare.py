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
from collections.abc import Iterator
from math import isfinite
from typing import Any

from learnsym.publish.chapters import merged_streams
from learnsym.publish.claims import CLAIM_MIME
from learnsym.publish.figures import FIGURE_MIME

RELATIVE = 1e-3
LAST_DIGIT = 0.0095  # what one unit in the last place may be of a number
ROUNDING = 1e-6  # a claim with a smaller bound is one about rounding errors
NOISE = 1e-12  # data of a figure below this are rounding errors,
PANEL_NOISE = 1e-6  # and so are data below this part of their panel's

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?(?!\w)")


def differences(reference: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> list[str]:
    """Return what two lists of outputs of one cell differ in; an empty list if they agree."""
    before, after = merged_streams(reference), merged_streams(outputs)
    if len(before) != len(after):
        return [f"expected {len(before)} outputs, got {len(after)}"]
    return [
        f"output {number}: {difference}"
        for number, (old, new) in enumerate(zip(before, after, strict=True), start=1)
        for difference in _output(old, new)
    ]


def _output(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old["output_type"] != new["output_type"]:
        yield f"expected {old['output_type']}, got {new['output_type']}"
        return
    yield from _text("stream", old.get("name", ""), new.get("name", ""))
    yield from _text("text", old.get("text", ""), new.get("text", ""))
    for key in ("ename", "evalue"):
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
    if [" ".join(t.split()) for t in _NUMBER.split(old)] != [
        " ".join(t.split()) for t in _NUMBER.split(new)
    ]:
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
    return _near(a, b, size) or abs(a - b) <= min(1.01 * _unit(old), LAST_DIGIT * size)


def _unit(text: str) -> float:
    """Return one unit in the last place of a printed number."""
    mantissa, _, exponent = text.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def _near(a: float, b: float, scale: float, noise: float = 0.0) -> bool:
    return a == b or abs(a - b) <= max(RELATIVE * scale, noise)


def _claim(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    name = f"claim {old.get('id')}"
    if set(old) != set(new):
        yield f"{name}: expected {sorted(old)}, got {sorted(new)}"
        return
    numbers = {"measured", "bound", "deviation", "published"}
    for key in set(old) - numbers:
        yield from _text(f"{name}, {key}", str(old[key]), str(new[key]))
    before, after = (dict(_leaves(record["bound"])) for record in (old, new))
    limits = [abs(x) for x in before.values() if _is_number(x)]
    scale = max(limits, default=0.0)
    yield from _values(f"{name}, bound", before, after, scale=0.0)
    bound = old["bound"]
    is_rounding = (bound["within"] or scale) <= ROUNDING and bound["kind"] in ("below", "equals")
    for key in ("measured", "deviation", "published"):
        pair = [dict(_leaves(record[key])) for record in (old, new)]
        if is_rounding and key != "published":  # what the claim has checked
            pair = [{k: None if _is_tiny(k, v) else v for k, v in p.items()} for p in pair]
        yield from _values(f"{name}, {key}", *pair, scale=scale)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the parts of a record with their places."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{path} {key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(part, f"{path} {number}")
    else:
        yield path, value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_tiny(key: str, value: object) -> bool:
    return not key.endswith("count") and _is_number(value) and abs(value) <= ROUNDING


def _values(
    where: str, old: dict[str, object], new: dict[str, object], scale: float
) -> Iterator[str]:
    if set(old) != set(new):
        yield f"{where}: expected {sorted(old)}, got {sorted(new)}"
        return
    for key, a in old.items():
        b = new[key]
        if _is_number(a) and _is_number(b) and not key.endswith(("count", "true")):
            alike = _near(a, b, max(scale, abs(a), abs(b)))
        else:
            alike = a == b and type(a) is type(b)
        if not alike:
            yield f"{where}{key}: expected {a}, got {b}"


def _figure(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    name = f"figure {old.get('id')}"
    for key in ("id", "title", "caption", "alt", "width"):
        yield from _text(f"{name}, {key}", old.get(key, ""), new.get(key, ""))
    before, after = old.get("data", []), new.get("data", [])
    if [(s["series"], s["count"], len(s)) for s in before] != [
        (s["series"], s["count"], len(s)) for s in after
    ]:
        yield f"{name}: expected {len(before)} series, got others or other lengths"
        return
    for coordinate in ("x", "y", "value"):
        columns = [
            (s["series"], [float(v) for v in s[coordinate].split()], t[coordinate].split())
            for s, t in zip(before, after, strict=True)
            if coordinate in s and coordinate in t
        ]
        sizes = [_size(column) for _, column, _ in columns]
        panels: dict[str, float] = {}
        for (series, *_), size in zip(columns, sizes, strict=True):
            panel = series.partition(" / ")[0]
            panels[panel] = max(panels.get(panel, 0.0), size)
        for (series, column, found), size in zip(columns, sizes, strict=True):
            if len(column) != len(found):
                yield f"{name}, {series}, {coordinate}: expected other missing values"
                continue
            noise = max(NOISE, PANEL_NOISE * panels[series.partition(" / ")[0]])
            for a, b in zip(column, map(float, found), strict=True):
                if not _near(a, b, size, noise):
                    yield f"{name}, {series}, {coordinate}: expected {a:.4g}, got {b:.4g}"


def _size(column: list[float]) -> float:
    return max((abs(number) for number in column if isfinite(number)), default=0.0)


def pytest_configure() -> None:
    """Make nbval compare in this way."""
    from nbval.plugin import IPyNbCell  # a test dependency

    def compare_outputs(
        self: Any,  # noqa: ANN401 - nbval has no types
        test: list[dict],
        ref: list[dict],
        skip_compare: object = None,
    ) -> bool:
        self.comparison_traceback = differences(ref, test)
        return not self.comparison_traceback

    IPyNbCell.compare_outputs = compare_outputs
