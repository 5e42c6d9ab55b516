"""Figures of the chapter on nonlinear networks, other losses and approximate symmetry."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.beyond_linear import DigitErrors, Phases
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)), "-")
SMALLEST = 1e-9


def training_curves(
    steps: np.ndarray, loss: np.ndarray, names: Sequence[str], hidden: Sequence[int]
) -> Figure:
    """Draw the training loss, one panel an activation: means over starts.

    ``loss`` has shape (T, 2, hidden, activations, starts): augmented first, then hard-wired.
    """
    fig, axes = plt.subplots(2, 2, figsize=(8.6, 6.2), sharex=True, sharey=True)
    for k, (ax, name) in enumerate(zip(axes.flat, names, strict=True)):
        for width, units in enumerate(hidden):
            for method, label in enumerate(("augmented", "hard-wired")):
                ax.plot(
                    steps, loss[:, method, width, k].mean(axis=-1), MARKERS[width],
                    color=COLORS[2 * method], linestyle=STYLES[method],
                    markevery=(4 + 2 * method, 8), markerfacecolor="white", markersize=5,
                    label=f"{label}, {units} units",
                )  # fmt: skip
        ax.set(title=name, ylim=(0, 1))
    axes[0, 0].legend(loc="upper right", ncols=2, columnspacing=1.0, fontsize=9)
    for ax in axes[1]:
        ax.set_xlabel("epoch")
    for ax in axes[:, 0]:
        ax.set_ylabel("training error")
    return fig


def orbit_variances(
    steps: np.ndarray, variance: np.ndarray, names: Sequence[str], images: Sequence[int]
) -> Figure:
    """Draw the median orbit variance, a column per number of images, a row per kind of input.

    ``variance`` has shape (T, 2, images, activations, starts): test images first, then Gaussian
    inputs. The last activation is drawn as a thin reference line.
    """
    fig, axes = plt.subplots(2, len(images), figsize=(8.6, 6.4), sharex=True, sharey="row")
    for row, kind in enumerate(("test images", "Gaussian inputs")):
        for column, count in enumerate(images):
            ax = axes[row, column]
            for k, name in enumerate(names):
                last = k == len(names) - 1
                ax.semilogy(
                    steps, variance[:, row, column, k].mean(axis=-1),
                    color="#777777" if last else COLORS[k], linestyle=STYLES[k],
                    linewidth=1.2 if last else 1.9, label=name,
                    marker=None if last else MARKERS[k], markevery=(3 + k, 9),
                    markerfacecolor="white", markersize=5,
                )  # fmt: skip
            ax.set(title=f"{kind}, $N$ = {count:,}")
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    for ax in axes[:, 0]:
        ax.set_ylabel("median orbit variance")
    axes[0, 0].legend(loc="best", fontsize=9)
    return fig


def asymmetries(groups: Mapping[str, np.ndarray], ylabel: str) -> Figure:
    """Draw one dot a critical point, sorted within each group; small ones at the lower edge.

    ``groups`` maps names to values; those below 1e-9 are rounding error and drawn at 1e-9.
    """
    fig, ax = plt.subplots(figsize=(8.6, 3.6))
    for k, (name, values) in enumerate(groups.items()):
        shown = np.sort(np.maximum(values, SMALLEST))
        place = k + np.linspace(-0.3, 0.3, len(shown))
        ax.semilogy(
            place, shown, MARKERS[k], color=COLORS[k], linestyle="none", markerfacecolor="none",
            label=name,
        )  # fmt: skip
    ax.axhline(SMALLEST, color="#777777", linestyle=":", linewidth=1.0)
    ax.text(
        len(groups) - 0.55, 1.6 * SMALLEST, "rounding error", ha="right", va="bottom", fontsize=10
    )
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set(ylabel=ylabel, ylim=(SMALLEST / 4, 4), xlim=(-0.5, len(groups) - 0.5))
    return fig


def penalty_risks(
    strengths: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, float]]],
    digits: DigitErrors,
) -> Figure:
    """Draw the error against the strength of the penalty: a teacher, and digits.

    ``curves`` maps names to the predicted error at ``strengths``, the strengths and errors
    (draws, points) of measurements, and the predicted best point.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9))
    for k, (name, (predicted, where, measured, best)) in enumerate(curves.items()):
        left.loglog(strengths, predicted, color=COLORS[k], linestyle=STYLES[k])
        error = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
        left.errorbar(
            where, measured.mean(axis=0), 2 * error, color=COLORS[k], marker=MARKERS[k],
            linestyle="none", markerfacecolor="none", capsize=3, label=name,
        )  # fmt: skip
        left.plot(*best, "*", color="black", markersize=11)
    left.set(title="(a) a teacher", xlabel=r"strength $\lambda$", ylabel="error over variance")
    left.legend(loc="best", fontsize=9, title="bias / variance")
    for k, count in enumerate(digits.images):
        best = np.argmin(digits.penalised[k])
        right.semilogx(
            digits.strengths, digits.penalised[k], MARKERS[k], color=COLORS[k],
            linestyle=STYLES[k], markersize=4, markevery=3, label=f"{count:,} images",
        )  # fmt: skip
        right.plot(
            digits.strengths[best], digits.penalised[k, best], "*", color="black", markersize=11
        )
    right.axhline(1, color="#777777", linestyle=":", linewidth=1.0)
    right.text(digits.strengths[0], 1.01, "constant", va="bottom", fontsize=9.5)
    right.set(
        title="(b) upright digits", xlabel=r"strength $\lambda$", ylabel="test error",
        ylim=(0.4, 1.25),
    )  # fmt: skip
    right.legend(loc="upper right", fontsize=9)
    return fig


def phase_diagram(found: Phases, dense: np.ndarray, boundary: np.ndarray, gain: float) -> Figure:
    """Draw who wins in every cell, and the predicted boundary of hard-wired and plain.

    ``dense`` holds asymmetries, ``boundary`` the predicted numbers of samples. Cells in which the
    best penalty gains less than the factor ``gain`` on the better of the two are small.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.3))
    grid = np.meshgrid(found.asymmetries, found.samples)
    hard = found.hard_wired < found.plain
    penalty = found.gain > gain
    parts = (
        ("hard-wired wins, penalty little better", hard & ~penalty, "s", 4, "black"),
        ("hard-wired wins, penalty better still", hard & penalty, "s", 9, "none"),
        ("plain wins, penalty better still", ~hard & penalty, "o", 9, "none"),
        ("plain wins, penalty little better", ~hard & ~penalty, "o", 4, "black"),
    )
    for name, cells, marker, size, face in parts:
        ax.loglog(
            grid[0][cells], grid[1][cells], marker, color="black", linestyle="none",
            markersize=size, markerfacecolor=face, label=name,
        )  # fmt: skip
    ax.loglog(dense, boundary, color=COLORS[0], linestyle="-", label="predicted boundary")
    low, high = found.samples[0] / 1.15, found.samples[-1] * 1.15
    ticks = [20, 50, 100, 200]
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set(
        xlabel="asymmetry over noise, both squared", ylabel="number of samples $N$",
        ylim=(low, high),
    )  # fmt: skip
    _legend_above(ax)
    return fig


def _legend_above(ax: Axes) -> None:
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=1, fontsize=9)
