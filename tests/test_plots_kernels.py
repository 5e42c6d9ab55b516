"""The figures of the chapter on wide networks draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.plots import kernels
from learnsym.publish.plotted import plotted_rows


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_initial_sizes_shows_points_and_both_scalings():
    widths = np.array([10.0, 100.0])
    sizes = np.array([0.3, 0.2])
    fig = kernels.initial_sizes(widths, sizes, np.array([0.01, 0.02]), np.array([0.3, 0.2]))
    rows = {(series, x, y) for _, series, kind, x, y, _ in plotted_rows(fig) if kind == "line"}
    assert (r"outgoing weights $\propto 1/H$", 100.0, 0.02) in rows
    assert ("exact, default weights", 10.0, 0.3) in rows


def test_fitted_actions_marks_the_cutoffs():
    errors = {"one": np.array([0.1, 0.2]), "two": np.array([0.3, 0.4])}
    fig = kernels.fitted_actions(
        np.array([1e-4, 1e-2]), errors, np.array([12, 25]), errors, {"float32": 1e-3}
    )
    vertical = [row for row in plotted_rows(fig) if row[2] == "vertical"]
    assert [row[3] for row in vertical] == [1e-3]
    assert [tick.get_text() for tick in fig.axes[1].get_xticklabels()] == ["12", "25"]


def test_spectra_are_shares_of_all_eigenvalues():
    fig = kernels.spectra({"a": np.array([-1.0, 0.0, 1.0, 2.0])}, 0.2, (0.25, 0.02))
    curve = fig.axes[0].lines[0]
    assert np.array_equal(curve.get_xdata(), [1, 2])
    assert np.array_equal(curve.get_ydata(), [0.75, 1])  # two are not positive
    star = fig.axes[0].lines[2]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.2, 0.25)


def test_unseen_weights_has_a_curve_per_name():
    orbits = np.array([1.0, 10.0])
    values = np.array([0.5, 0.1])
    fig = kernels.unseen_weights(orbits, {"rank": values}, {"a": values, "b": values}, 5.0)
    assert [labels(ax) for ax in fig.axes] == [["rank"], ["a", "b"]]
    assert [ax.lines[-1].get_xdata()[0] for ax in fig.axes] == [5.0, 5.0]


def test_lazy_training_shows_networks_and_twins():
    steps, far = np.array([0, 1, 10]), np.array([0, 10, 1_000])
    names = ["a", "b", "c", "d"]
    curves = {name: np.arange(1, 7).reshape(2, 3) / 10 for name in names}
    twins = {name: np.array([0.1, 0.2, 0.3]) for name in names}
    fig = kernels.lazy_training(steps, curves, far, twins, [1, 100])
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == names
    assert labels(fig.axes[0]) == [r"$\alpha = 1$", r"$\alpha = 100$", "linearised twin"]
    first, _, twin = fig.axes[2].lines
    assert np.array_equal(first.get_xdata(), [0.7, 1, 10])
    assert np.array_equal(first.get_ydata(), [0.1, 0.2, 0.3])
    assert np.array_equal(twin.get_xdata(), [0.7, 10, 1_000])
