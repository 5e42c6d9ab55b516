"""Figures of the chapter on imperfect data: they draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks.imperfect_data import NoisyRuns, Rates
from learnsym.plots import imperfect_data as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_missing_mirror_images_shows_models_lines_and_rates():
    times = np.linspace(0, 4, 5)
    rates = Rates(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    fig = plots.missing_mirror_images(times, np.ones((5, 3)), (0.5, 1.0), rates)
    left, right = fig.axes
    assert len(left.lines) == 3 + 2
    slopes = [np.diff(np.log(line.get_ydata()))[0] for line in left.lines[3:]]
    assert slopes == pytest.approx([-0.5, -1.0])
    _, squares, circles = right.lines
    assert np.array_equal(squares.get_xdata(), rates.completed)
    assert np.array_equal(circles.get_xdata(), rates.single)
    assert "2 data sets" in right.get_title(loc="left") + right.get_title()


def test_floors_show_means_errors_and_laws():
    measured = np.array([[1.0, 3.0], [0.5, 1.5]])
    fig = plots.floors_by_count([10, 40], {"a": (measured, np.array([2.1, 0.9]))})
    law, means, *_ = fig.axes[0].lines
    assert np.array_equal(law.get_ydata(), [2.1, 0.9])
    assert np.array_equal(means.get_ydata(), [2.0, 1.0])
    segments = fig.axes[0].collections[0].get_segments()
    assert np.ptp(segments[0][:, 1]) == pytest.approx(2 * 1.0)  # twice the standard error
    assert legend(fig.axes[0]) == ["a"]
    assert plotted_csv(plotted_rows(fig))


def test_noise_curves_have_a_panel_each():
    run = NoisyRuns(np.ones((7, 4)), np.ones(7))
    panels = {"left": {0.0: run, 0.5: run}, "right": {0.0: run, 0.5: run}}
    fig = plots.noise_curves(np.arange(7.0), panels)
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["left", "right"]
    assert legend(fig.axes[0]) == [r"$\sigma = 0$", r"$\sigma = 0.5$"]


def test_noisy_digits_shows_roots():
    steps = np.array([0, 1, 10])
    measured = np.array([[4.0, 4.0, 1.0]] * 3)
    panel = (measured, np.full(3, 9.0), np.full(3, 16.0))
    fig = plots.noisy_digits(steps, {"weights": panel, "outputs": panel})
    for ax in fig.axes:
        assert [line.get_ydata()[0] for line in ax.lines] == [3.0, 2.0, 4.0, 1.0]


def test_minibatch_levels_shows_roots():
    measured = {"a": np.array([[4.0, 0.4], [9.0, 0.6]])}
    fig = plots.minibatch_levels(np.array([0.1, 0.2]), measured, {"a": [16.0, 25.0]})
    law, points, *_ = fig.axes[0].lines
    assert law.get_ydata().tolist() == [4.0, 5.0]
    assert points.get_ydata().tolist() == [2.0, 3.0]
    # the error of a root is that of the square over twice the root
    assert np.ptp(fig.axes[0].collections[0].get_segments()[0][:, 1]) == pytest.approx(2 * 0.1)


def test_growth_shows_both_parts_and_limits():
    etas, dense = np.array([1.0, 2.0]), np.linspace(0, 3, 4)
    fig = plots.growth(etas, np.ones((2, 2)), dense, np.zeros((4, 2)), [6.0, 2.0])
    assert [text.get_text() for text in fig.axes[0].texts] == ["limit of $w_k$", "limit of $w_r$"]
    vertical = [line.get_xdata()[0] for line in fig.axes[0].lines if len(line.get_xdata()) == 2]
    assert {6.0, 2.0} <= set(vertical)


def test_coverage_marks_total_and_prediction():
    fig = plots.coverage(np.array([0, 1, 2]), {"images": np.array([0, 3, 6])}, 6, 2)
    assert fig.axes[0].lines[0].get_ydata().tolist() == [0, 3, 6]
    assert [text.get_text() for text in fig.axes[0].texts] == ["all 6", "2 images"]
