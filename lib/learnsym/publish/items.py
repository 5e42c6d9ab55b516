"""The numbered statements of the four papers, as listed in ``book/items.yml``."""

from functools import lru_cache
from pathlib import Path

import yaml

from learnsym.paths import book_root, find_book

PAPERS = ("A", "B", "C", "D")


def items_path() -> Path:
    """Return the path of the list of items."""
    return book_root() / "book" / "items.yml"


def load_items(path: Path | None = None) -> dict[str, list[str]] | None:
    """Return the items of each paper in the order of the file; None away from the book.

    Raises
    ------
    ValueError
        The file is missing, is not a mapping of the papers A to D to lists of distinct strings.
    """
    if path is None:
        if find_book() is None:
            return None
        path = items_path()
    if not path.is_file():
        raise ValueError(f"items: expected a file at {path.name}, got none")
    return _parse(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _parse(path: Path, _modified: int) -> dict[str, list[str]]:
    # a chapter checks every claim against this list: parse it once for each version
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(listed, dict) or not set(listed) <= set(PAPERS):
        raise ValueError(f"{path.name}: expected a mapping with keys among {', '.join(PAPERS)}")
    for paper, items in listed.items():
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise ValueError(f"{path.name}: expected a list of strings under {paper}")
        if len(set(items)) != len(items):
            raise ValueError(f"{path.name}: expected distinct items under {paper}")
    return listed
