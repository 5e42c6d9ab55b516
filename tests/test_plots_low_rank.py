"""Figures of the chapter on global optima: they draw what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.plots import low_rank as plots
from learnsym.publish.plotted import plotted_csv


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_errors_show_closed_forms_and_searches():
    curves = {"a": (np.array([3.0, 2.0]), np.array([3.1, 2.1])), "b": (np.ones(2), np.zeros(2))}
    fig = plots.errors_by_rank(curves)
    (ax,) = fig.axes
    line, marks, *_ = ax.lines
    assert np.array_equal(line.get_xdata(), [1, 2])
    assert np.array_equal(line.get_ydata(), [3, 2])
    assert np.array_equal(marks.get_ydata(), [3.1, 2.1])
    assert legend(ax) == ["a", "b"]
    assert "3.1" in plotted_csv(fig)


def test_weight_rows_have_a_scale_each():
    rows = {"small": np.full((2, 3, 3), 0.5), "large": np.full((2, 3, 3), -4.0)}
    fig = plots.weight_rows(rows, ["x", "y"])
    limits = [ax.images[0].get_clim() for ax in fig.axes]
    assert limits == [(-0.5, 0.5)] * 2 + [(-4, 4)] * 2
    assert [ax.get_title() for ax in fig.axes] == ["x", "y", "", ""]
    assert [ax.get_ylabel() for ax in fig.axes] == ["small", "", "large", ""]
    assert plotted_csv(fig)


def test_weight_rows_need_a_title_each():
    with pytest.raises(ValueError, match="titles: expected 2, one per image, got 1"):
        plots.weight_rows({"a": np.ones((2, 3, 3))}, ["x"])


def test_spectra_mark_what_is_cut():
    fig = plots.spectra({"a": np.array([3.0, 2.0, 1.0]), "b": np.ones(3)}, 2)
    (ax,) = fig.axes
    line, kept, cut = ax.lines[:3]
    assert np.array_equal(line.get_ydata(), [3, 2, 1])
    assert np.array_equal(kept.get_ydata(), [3, 2])
    assert np.array_equal(cut.get_xdata(), [3])
    assert cut.get_markerfacecolor() == "white"
    assert ax.lines[-1].get_xdata()[0] == 2.5
    assert legend(ax) == ["a", "b"]
    assert plotted_csv(fig)
