"""Figures of the chapter on critical points: they draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks.critical_points import rank_one_slice
from learnsym.checks.lowrank_critical import CriticalSet
from learnsym.checks.saddle_escape import Escape
from learnsym.plots import critical_points as plots
from learnsym.publish.plotted import plotted_csv


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_landscape_marks_minimum_saddle_and_rank_zero():
    sizes = (2.0, 1.0)
    angles = np.radians(np.linspace(-45, 135, 181))
    values = rank_one_slice(sizes, angles)
    fig = plots.rank_one_landscape(angles, values, sizes)
    ax = fig.axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), values)
    *ridges, path, minimum, saddle = ax.lines
    for line in ridges:
        column, row = np.radians(line.get_xdata()), np.radians(line.get_ydata())
        overlap = 2 * np.cos(row) * np.cos(column) + np.sin(row) * np.sin(column)
        assert np.abs(overlap).max() < 1e-12
        assert line.get_ydata().min() > -46 and line.get_ydata().max() < 136
    assert len(ridges) == 2
    assert path.get_xdata().tolist() == path.get_ydata().tolist() == [0, 90]
    assert (minimum.get_xdata()[0], saddle.get_ydata()[0]) == (0, 90)
    assert plotted_csv(fig)


def test_critical_values_show_every_point():
    points = [CriticalSet((0,), 1.0, 0, 0), CriticalSet((1,), 2.0, 1, 0)]
    fig = plots.critical_values({"a": {"one": points, "two": points[:1]}, "b": {"one": points}})
    left, right = fig.axes
    assert legend(left) == ["one (2)", "two (1)"] and legend(right) == ["one (2)"]
    assert left.lines[0].get_xydata().tolist() == [[0, 1], [1, 2]]
    assert plotted_csv(fig)


def test_escapes_show_curves_marks_and_laws():
    flow = Escape(np.array([0.01, 0.1, 1.0, 2.0]), np.array([1.0, 1.0, 0.5, 0.2]), 1.0)
    curves = {"two": {0.1: flow, 0.01: flow}, "three": {0.1: flow, 0.01: flow}}
    sizes = np.array([0.1, 0.01])
    times = {name: np.array([[1.0, 2.0], [1.5, 2.5]]) for name in curves}
    laws = {name: np.array([1.0, 3.0]) for name in curves}
    left, right = plots.escapes(curves, sizes, times, laws).axes
    assert len(left.lines) == 4
    assert left.lines[0].get_xdata().tolist() == [0.1, 1.0, 2.0]
    assert legend(left) == [r"$\varepsilon = 0.1$", r"$\varepsilon = 0.01$"]
    assert {text.get_text() for text in left.texts} == {"two", "three"}
    assert legend(right) == ["two", "three"]
    assert right.lines[0].get_ydata().tolist() == [1.0, 3.0]
    assert right.lines[1].get_ydata().tolist() == [1.0, 2.0]
    assert plotted_csv(left.figure)
