"""JupyterLab started in this folder: a chapter is saved in the form that the book keeps.

Without this, saving adds the version of Python and the like to every notebook that is looked at.
"""

from pathlib import PurePosixPath

import nbformat

from learnsym.publish.chapters import normalise


def keep_form(model: dict, path: str, **_: object) -> None:
    """Strip from a chapter what differs between two equal sessions."""
    if model["type"] == "notebook" and PurePosixPath(path.strip("/")).parts[0] == "book":
        model["content"] = normalise(nbformat.from_dict(model["content"]))


c = get_config()  # noqa: F821 - Jupyter gives it
c.ContentsManager.pre_save_hook = keep_form
