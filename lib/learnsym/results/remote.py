"""Stored results of the book's repository, for a notebook that runs away from it."""

import importlib.metadata
import sys
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT = 20  # seconds


def repository() -> str | None:
    """Return the public address of the repository that the package's metadata name, if any."""
    try:
        urls = importlib.metadata.metadata("learnsym").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    named = dict(url.split(", ", 1) for url in urls)
    return named.get("Repository")


def fetch(experiment: str, scale: str, folder: Path) -> None:
    """Put a stored result into a folder, if the repository has it; a sentence on stderr says so.

    What arrives is verified where it is read: the record holds the checksums.
    """
    address = repository()
    stem, names = f"{experiment}-{scale}", ("npz", "json")
    if all((folder / f"{stem}.{ending}").is_file() for ending in names):
        return
    if not address:
        print(f"{stem}: no repository is known to fetch it from", file=sys.stderr)
        return
    try:
        base = f"{address}/raw/main/book/results/{stem}"
        contents = {ending: _read(f"{base}.{ending}") for ending in names}
        folder.mkdir(parents=True, exist_ok=True)
        for ending, content in contents.items():
            (folder / f"{stem}.{ending}").write_bytes(content)
    except (OSError, urllib.error.URLError) as error:
        print(f"{stem}: could not be fetched from {address} ({error})", file=sys.stderr)
    else:
        print(f"{stem}: fetched from {address}", file=sys.stderr)


def _read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
        return answer.read()
