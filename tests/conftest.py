"""Settings and fixtures shared by all tests."""

import numpy as np
import pytest
from hypothesis import settings

# Derandomised: the same examples on every machine, and a failure that comes back when re-run.
settings.register_profile(
    "learnsym", deadline=None, derandomize=True, database=None, max_examples=40
)
settings.load_profile("learnsym")


@pytest.fixture
def rng():
    """A generator with a fixed seed."""
    return np.random.default_rng(0)
