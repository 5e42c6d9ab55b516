"""The last cell of a chapter: what its numbers were computed with."""

import importlib.metadata
import platform
import sys
from collections.abc import Mapping
from typing import Protocol

from learnsym.publish.display import show


class HasProvenance(Protocol):
    """A stored result, as :func:`learnsym.results.obtain` returns it."""

    provenance: Mapping[str, object]


def footer(scale: str, seed: int, *results: HasProvenance) -> None:
    """Show seed, scale, stored results and versions as a table.

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
    rows = [("Parameters", f"scale `{scale}`, seed {seed}")]
    rows += [_result_row(result) for result in results]
    rows += [
        ("Versions", _versions()),
        (
            "Reproducibility",
            "the same machine prints every output of this chapter bit for bit again, except "
            "this table; other machines print the same rounded numbers",
        ),
    ]
    lines = ["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)]
    plain = "\n".join(f"{name}: {text}" for name, text in rows)
    show({"text/markdown": "\n".join(lines), "text/plain": plain})


def _result_row(result: HasProvenance) -> tuple[str, str]:
    provenance = getattr(result, "provenance", None)
    if not isinstance(provenance, Mapping):
        raise ValueError(f"results: expected stored results, got {type(result).__name__}")
    seconds = float(provenance["wall_time"])
    parts = [f"computed in {seconds:.3g} s" if seconds < 1000 else f"computed in {seconds:,.0f} s"]
    if provenance.get("cpu_model"):
        parts.append(f"on {provenance['cpu_model']}, {provenance.get('cpu_count', '?')} cores")
    if provenance.get("peak_memory"):
        parts.append(f"{float(provenance['peak_memory']):.0f} MiB at most")
    name = f"Stored result `{provenance['experiment']}-{provenance['scale']}`"
    return name, ", ".join(parts)


def _versions() -> str:
    names = ["learnsym", "numpy", "scipy", "matplotlib"]
    if "torch" in sys.modules:
        names.append("torch")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    return ", ".join([f"Python {platform.python_version()}", *versions])
