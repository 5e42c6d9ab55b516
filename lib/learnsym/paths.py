"""Where the book lies on disk."""

import os
from pathlib import Path


def book_root() -> Path:
    """Return the folder that holds ``_config.yml``.

    The environment variable ``LEARNSYM_ROOT`` wins; then the nearest ancestor of the working
    directory; then the checkout from which the package is imported.

    Raises
    ------
    ValueError
        No candidate folder holds ``_config.yml``.
    """
    named = os.environ.get("LEARNSYM_ROOT")
    here = Path.cwd()
    candidates = (
        [Path(named)] if named else [here, *here.parents, Path(__file__).resolve().parents[2]]
    )
    for folder in candidates:
        if (folder / "_config.yml").is_file():
            return folder
    raise ValueError(f"book root: expected a folder with _config.yml, looked in {candidates[0]}")
