"""Where the book lies on disk, and the settings that change it.

A book is known by its own name, so that work inside another site never writes there. The settings
``LEARNSYM_ROOT``, ``LEARNSYM_RESULTS``, ``LEARNSYM_JOBS`` and ``LEARNSYM_DATA`` name folders; ``~``
is expanded, and a relative value counts from the working directory at the time of the import.
"""

import os
from pathlib import Path

TITLE = "title: Learning Symmetry"
_START = Path.cwd()


def setting(name: str) -> Path | None:
    """Return the folder that an environment variable names, absolute; None where it is not set."""
    value = os.environ.get(name)
    return Path(os.path.abspath(_START / Path(value).expanduser())) if value else None


def find_book() -> Path | None:
    """Return the folder of the book, None away from it.

    ``LEARNSYM_ROOT`` wins; then the nearest ancestor of the working directory that is a checkout of
    this book; then the checkout from which the package is imported.
    """
    named = setting("LEARNSYM_ROOT")
    here = Path.cwd()
    candidates = [named] if named else [here, *here.parents, Path(__file__).resolve().parents[2]]
    return next((folder for folder in candidates if _is_book(folder)), None)


def book_root() -> Path:
    """Return the folder of the book.

    Raises
    ------
    ValueError
        There is none: the working directory and the package lie elsewhere.
    """
    found = find_book()
    if found is None:
        place = setting("LEARNSYM_ROOT") or Path.cwd()
        raise ValueError(
            f"book root: expected a folder whose _config.yml says {TITLE!r}, found none at "
            f"{place.name}; set LEARNSYM_ROOT to a checkout of the book"
        )
    return found


def _is_book(folder: Path) -> bool:
    try:
        lines = (folder / "_config.yml").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return TITLE in lines
