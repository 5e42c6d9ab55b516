"""The closed form against the loop of steps that it replaces: Gideoni's Figure 1a, 50 models."""

import numpy as np
import pytest

from learnsym.regression import QuadraticLoss, descend

ETA, STEPS = 0.1, np.arange(0, 1_301, 10)


@pytest.fixture(scope="module")
def figure_one():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 50)
    rows = np.stack([np.ones(100), np.concatenate([x, -x])], axis=1)
    labels = np.tile(np.abs(rows[:, 1:]), (1, 50))
    start = rng.standard_normal((2, 50))
    return rows, labels, start, descend(rows, labels, start, ETA, STEPS).transpose(0, 2, 1)


def test_closed_form(benchmark, figure_one):
    rows, labels, start, loop = figure_one
    loss = QuadraticLoss(rows.T @ rows / len(rows), rows.T @ labels[:, 0] / len(rows))
    exact = benchmark(lambda: loss.descent(start.T, STEPS, ETA))
    assert np.abs(exact - loop).max() < 1e-12


def test_loop_of_steps(benchmark, figure_one):
    rows, labels, start, loop = figure_one
    again = benchmark(descend, rows, labels, start, ETA, STEPS)
    assert np.array_equal(again.transpose(0, 2, 1), loop)
