"""Settings and fixtures shared by all tests."""

import numpy as np
import pytest
from hypothesis import settings

# Derandomised: the same examples on every machine, and a failure that comes back when re-run.
settings.register_profile(
    "learnsym", deadline=None, derandomize=True, database=None, max_examples=40
)
settings.load_profile("learnsym")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    """Keep each module on one worker for the sake of its fixtures, but spread the chapters.

    Chapters run in processes of their own and share no fixture. pytest-xdist starts the groups with
    the most tests first, so chapters, each a group of its own, fill the end evenly.
    """
    for item in items:
        if "chapters" not in item.keywords:
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))


@pytest.fixture
def rng():
    """A generator with a fixed seed."""
    return np.random.default_rng(0)
