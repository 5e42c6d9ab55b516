"""A pytest plugin: write the notebook with the outputs that nbval has just got.

The file is named by the environment variable ``NBVAL_RECORD``. So one execution serves two
comparisons: that of nbval, and one of the whole notebook.
"""

import os

import nbformat


def pytest_sessionfinish(session):
    """Write the notebook of the cells that ran."""
    notebook = session.items[0].parent.nb
    for item in session.items:
        item.cell.outputs = item.test_outputs
    nbformat.write(notebook, os.environ["NBVAL_RECORD"])
