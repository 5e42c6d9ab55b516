"""What a chapter shows: one output of several MIME types, small tables, the footer."""

import importlib.metadata
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learnsym.results import Result

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PACKAGES = ("learnsym", "numpy", "scipy", "matplotlib")


def show(bundle: Mapping[str, object]) -> None:
    """Display a MIME bundle in a running notebook; elsewhere print its ``text/plain``."""
    # scripts and tests need no IPython; a notebook has imported it
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        print(bundle["text/plain"])
        return
    interactive.display.display(dict(bundle), raw=True)


def require(met: object, what: str, expected: str, got: object) -> None:
    """Raise ValueError with one sentence unless a condition is met."""
    if not met:
        raise ValueError(f"{what}: expected {expected}, got {got}")


def words(text: object, what: str) -> str:
    """Return a text on one line; ValueError if it is none or empty."""
    require(isinstance(text, str) and text.strip(), what, "text", repr(text))
    return " ".join(text.split())


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Show a table; cells are Markdown.

    Raises
    ------
    ValueError
        A row has another number of cells than the header.
    """
    for number, row in enumerate(rows):
        require(len(row) == len(header), f"rows[{number}]", f"{len(header)} cells", len(row))
    lines = [header, ["---"] * len(header), *rows]
    # each cell on one line, with its bars marked as text and not as borders
    cells = [[" ".join(str(cell).split()).replace("|", "\\|") for cell in line] for line in lines]
    text = "\n".join("| " + " | ".join(line) + " |" for line in cells)
    plain = "\n".join("  ".join(str(cell) for cell in row) for row in [header, *rows])
    show({"text/markdown": text, "text/plain": plain})


def footer(scale: str, seed: int, *results: "Result") -> None:
    """Show seed, scale, stored results and versions as a table, in the last cell of a chapter.

    The table names machines and times, so the cell is tagged ``nbval-ignore-output``. It does
    not depend on the clock.

    Parameters
    ----------
    scale, seed
        The chapter's parameters.
    results
        The stored results that the chapter shows.

    Raises
    ------
    ValueError
        A result has no provenance.
    """
    names = [*PACKAGES, *(["torch"] if "torch" in sys.modules else [])]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    rows = [
        ("Parameters", f"scale `{scale}`, seed {seed}"),
        *map(_origin, results),
        ("Versions", ", ".join([f"Python {platform.python_version()}", *versions])),
    ]
    table(["", ""], rows)


def _origin(result: "Result") -> tuple[str, str]:
    known = getattr(result, "provenance", None)
    require(isinstance(known, Mapping), "results", "stored results", type(result).__name__)
    seconds = float(known["wall_time"])
    parts = [f"computed in {seconds:.3g} s" if seconds < 1000 else f"computed in {seconds:,.0f} s"]
    if known.get("cpu_model"):
        parts.append(f"on {known['cpu_model']}, {known.get('cpu_count', '?')} cores")
    if known.get("peak_memory"):
        parts.append(f"{float(known['peak_memory']):.0f} MiB at most")
    return f"Stored result `{known['experiment']}-{known['scale']}`", ", ".join(parts)
