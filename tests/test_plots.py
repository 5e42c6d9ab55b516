"""Plot functions: they draw what they are given, and refuse what does not fit."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.plots import regression


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_asymmetry_figure_has_a_line_per_model():
    steps, early = np.arange(5), np.arange(3)
    weights = np.ones((3, 4, 2))
    fig = regression.asymmetry_and_parts(steps, np.ones((5, 6)), early, weights, weights)
    assert [len(ax.lines) for ax in fig.axes] == [6, 8, 8]


def test_norm_figure_contains_prediction_points_and_floor():
    steps = np.array([0, 10, 100])
    fig = regression.predicted_and_measured_norms(
        steps, np.array([1.0, 0.5, 0.3]), {"run": np.array([1.0, 0.6, 0.3])}, floor=0.2
    )
    lines = fig.axes[0].lines
    assert np.array_equal(lines[0].get_ydata(), [1.0, 0.5, 0.3])
    assert np.array_equal(lines[1].get_ydata(), [1.0, 0.6, 0.3])
    assert lines[2].get_ydata()[0] == 0.2


def test_rates_figure_spans_all_rates():
    predicted, measured = np.array([1e-3, 1.0]), np.array([1e-3, 0.9])
    fig = regression.rates(predicted, measured)
    diagonal, points = fig.axes[0].lines
    assert diagonal.get_xdata()[0] < 1e-3 and diagonal.get_xdata()[1] > 1.0
    assert np.array_equal(points.get_ydata(), measured)


def test_curves_and_panels_carry_their_names():
    steps = np.arange(40)
    fig = regression.curves_on_log_scale(steps, {"one": steps + 1.0, "two": steps + 2.0}, "loss")
    assert [t.get_text() for t in fig.axes[0].get_legend().get_texts()] == ["one", "two"]
    panels = {"left": np.ones((40, 2)), "right": np.ones((40, 2))}
    fig = regression.coupled_and_decoupled(steps, panels, ["a", "b"])
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["left", "right"]


def test_weight_images_scale_the_top_row_together():
    w_k, w_r = np.array([[4.0] * 4, [1.0] * 4]), np.array([[1.0] * 4, [2.0] * 4])
    fig = regression.weight_images(w_k, w_r, np.array([0, 10]), side=2)
    limits = [ax.images[0].get_clim() for ax in fig.axes]
    assert limits == [(-4, 4), (-4, 4), (-1, 1), (-2, 2)]
