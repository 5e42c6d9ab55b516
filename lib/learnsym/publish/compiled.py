"""Claims and figures as the executed notebooks hold them; the tables read nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from learnsym.publish.claims import CLAIM_MIME
from learnsym.publish.figures import FIGURE_MIME


@dataclass(frozen=True)
class Entry:
    """One record (of a claim or a figure) and the page that shows it, as a Sphinx docname."""

    record: dict[str, Any]
    page: str


def claims(notebooks: list[Path], root: Path) -> list[Entry]:
    """Return all claims in the order of the book."""
    return _entries(notebooks, root, CLAIM_MIME)


def figures(notebooks: list[Path], root: Path) -> list[Entry]:
    """Return all figures in the order of the book."""
    return _entries(notebooks, root, FIGURE_MIME)


def _entries(notebooks: list[Path], root: Path, mime: str) -> list[Entry]:
    found = [
        Entry(record, path.relative_to(root).with_suffix("").as_posix())
        for path in notebooks
        for record in _records(path, mime)
    ]
    seen: dict[str, str] = {}
    for entry in found:
        name = entry.record["id"]
        if name in seen:
            raise ValueError(f"id {name!r}: expected once, got it in {seen[name]} and {entry.page}")
        seen[name] = entry.page
    return found


def _records(path: Path, mime: str) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise ValueError(f"{path.name}: expected an executed notebook, got none")
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if mime in output.get("data", {}):
                yield output["data"][mime]
