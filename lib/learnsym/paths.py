"""Where the book lies on disk, the settings that change it, and files that are written whole.

A book is known by its own name, so that work inside another site never writes there. The settings
``LEARNSYM_ROOT``, ``LEARNSYM_RESULTS``, ``LEARNSYM_JOBS`` and ``LEARNSYM_DATA`` name folders; ``~``
is expanded, and a relative value counts from the working directory at the time of the import.
"""

import contextlib
import os
import signal
import sys
import threading
import uuid
from collections.abc import Iterator
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


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file through a hidden neighbour that is renamed when it is complete.

    Processes that write the same file at once leave one whole copy; an interruption, SIGTERM and a
    full disk leave what was there before and nothing else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    with ending_in_order():
        try:
            with part.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Let SIGTERM raise SystemExit inside, so that what was begun is finished or removed."""
    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
