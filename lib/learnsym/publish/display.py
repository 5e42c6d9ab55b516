"""One output of several MIME types: rich in a notebook, one line in a script."""

import sys
from collections.abc import Mapping


def show(bundle: Mapping[str, object]) -> None:
    """Display a MIME bundle in a running notebook; elsewhere print its ``text/plain``."""
    # scripts and tests need no IPython; a notebook has imported it
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        print(bundle["text/plain"])
        return
    interactive.display.display(dict(bundle), raw=True)
