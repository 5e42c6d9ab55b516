"""Figures of the chapter on the regularisation path: they draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks.path_crossings import AvoidedCrossing, Segments
from learnsym.checks.regularisation_path import Approach
from learnsym.plots import regularisation_path as plots
from learnsym.publish.plotted import plotted_csv

X = np.linspace(0.1, 1, 10)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_crossing_leaves_the_jump_open():
    sizes = np.stack([np.ones(10), X], 1)
    fig = plots.crossing(X, sizes, sizes, {"exact": X, "bent": 2 * X}, 0.45)
    first, second = fig.axes[2].lines
    assert np.isnan(first.get_ydata()).sum() == 1
    assert first.get_xdata()[np.isnan(first.get_ydata())] == 0.45
    assert np.array_equal(second.get_ydata(), 2 * X)
    assert np.array_equal(fig.axes[0].lines[1].get_ydata(), X)
    assert plotted_csv(fig)


def test_value_and_slope():
    fig = plots.value_and_slope(X, X**2, 2 * X, 0.45, 1.5)
    left, right = fig.axes
    assert np.array_equal(left.lines[0].get_ydata(), X**2)
    assert set(left.lines[1].get_ydata()) == {1.5}
    assert np.isnan(right.lines[0].get_ydata()).sum() == 1
    assert plotted_csv(fig)


def test_plane_marks_crossing_rows():
    curve = np.stack([X, X**2], 1)
    fig = plots.plane([curve, -curve], [X, X - 0.5])
    left, right = fig.axes
    assert legend(left) == [r"$\lambda = 0$", r"$\lambda = \infty$", "crossing"]
    assert np.array_equal(left.lines[0].get_xdata(), X)
    rows = [line for line in right.lines if len(line.get_xdata()) == 10]
    assert [line.get_color() == "black" for line in rows] == [False, True]
    assert plotted_csv(fig)


def test_gap_distribution_counts():
    hard, free = np.array([[0.1, 0], [0.3, 0]]), np.array([[0.2, 0], [0.6, 0]])
    segments = Segments(hard, free)
    fig = plots.gap_distribution(np.array([0.05, 0.15, 0.5]), segments, segments)
    whole, start = fig.axes[0].lines[:2]
    np.testing.assert_array_equal(whole.get_ydata(), [np.nan, 0.5, 1])
    np.testing.assert_array_equal(start.get_ydata(), [np.nan, np.nan, 0.5])
    assert len(legend(fig.axes[0])) == 4
    assert plotted_csv(fig)


def test_steepness_draws_law_and_measurement():
    laws = [AvoidedCrossing(0.2, 0.1, 10 / size, size) for size in (0.1, 1.0)]
    found = [AvoidedCrossing(0.2, 0.1, 11 / size, size) for size in (0.1, 1.0)]
    fig = plots.steepness(X, {0.1: X, 1.0: 2 * X}, np.array([0.1, 1.0]), found, laws)
    left, right = fig.axes
    assert legend(left) == [r"$\varepsilon = 0.1$", r"$\varepsilon = 1$"]
    assert right.lines[0].get_ydata() == pytest.approx([100, 10])
    assert right.lines[1].get_ydata() == pytest.approx([110, 11])
    assert plotted_csv(fig)


def test_expansion_has_a_panel_each():
    run = Approach(X, X, X**2, 2 * X)
    fig = plots.expansion({"a": run, "b": run})
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["a", "b"]
    first, distance, remainder = fig.axes[0].lines
    assert np.array_equal(first.get_ydata(), 2 * X)
    assert np.array_equal(distance.get_ydata(), X)
    assert np.array_equal(remainder.get_ydata(), X**2)
    assert plotted_csv(fig)


def test_digits_tells_kept_from_dropped():
    sizes = np.stack([3 * X, 2 * X, X], 1)
    fig = plots.digits(X, sizes, 2, {"a": X, "b": X**2}, [0.5])
    left, right = fig.axes
    assert legend(left) == ["kept", "dropped"]
    assert [line.get_color() == "black" for line in left.lines[:3]] == [True, True, False]
    assert legend(right) == ["a", "b"]
    assert right.lines[-1].get_xdata()[0] == 0.5
    assert plotted_csv(fig)
