"""The closed form against the loop of steps that it replaces: Gideoni's Figure 1a, 50 models."""

import numpy as np
import pytest

from learnsym import regression
from learnsym.checks import reflection_example

ETA, STEPS = 0.1, np.arange(0, 1_301, 10)


@pytest.fixture(scope="module")
def figure_one():
    rng = np.random.default_rng(0)
    line = reflection_example.absolute_value(50, rng)
    start = rng.standard_normal((2, 50))
    labels = np.tile(line.labels[:, None], (1, 50))
    loop = regression.descend(line.rows, labels, start, ETA, STEPS).transpose(0, 2, 1)
    return line, labels, start, loop


def test_closed_form(benchmark, figure_one):
    line, _, start, loop = figure_one
    exact = benchmark(lambda: line.loss.descent(start.T, STEPS, ETA))
    assert np.abs(exact - loop).max() < 1e-12


def test_loop_of_steps(benchmark, figure_one):
    line, labels, start, loop = figure_one
    again = benchmark(regression.descend, line.rows, labels, start, ETA, STEPS)
    assert np.array_equal(again.transpose(0, 2, 1), loop)
