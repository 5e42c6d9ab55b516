"""Figures of the chapter on finite augmentation."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.finite_augmentation import Arrays, Divisions, Response, levels, pooled
from learnsym.plots.augmented_training import legend_below
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)))
GREY = "#777777"
BAND = (10, 90)


def over_epochs(arrays: Arrays, names: Sequence[str]) -> Figure:
    """Draw drift against epochs for training with and without augmentation, one panel a task.

    Each run in units of its predicted first augmented step.
    """
    fig, axes = plt.subplots(1, len(names), figsize=(9.2, 3.9), sharey=True)
    for row, (ax, name) in enumerate(zip(axes, names, strict=True)):
        unit = arrays["epochs_law"][row, 1]
        for k, (kind, label) in enumerate((("nominal", "NOM"), ("epochs", "AUG"))):
            drift, predicted = (arrays[f"{kind}_{one}"][row] / unit for one in ("drift", "law"))
            times = np.arange(1, len(drift))
            _measured(ax, times, drift[1:], k, label)
            ax.plot(
                times, pooled(predicted)[1:], color=COLORS[k], linestyle=STYLES[k],
                label=f"{label}, predicted",
            )  # fmt: skip
        ax.set(xscale="log", yscale="log", title=name, xlabel="epochs $T$")
        ticks = [t for t in (1, 2, 5, 10, 20, 50) if t <= times[-1]]
        ax.set_xticks(ticks, [str(t) for t in ticks])
        ax.minorticks_off()
    axes[0].set_ylabel("drift, in steps")
    legend_below(fig, axes[0], 4)
    return fig


def over_draws(
    arrays: Arrays, names: Sequence[str], counts: Sequence[int], passes: Sequence[int]
) -> Figure:
    """Draw drift against mini-batches (above) and passes (below), one column a task.

    Each run relative to its prediction for one mini-batch, or one pass.
    """
    fig, axes = plt.subplots(2, len(names), figsize=(9.2, 6.2), sharey="row")
    rows = (("counts", counts, "mini-batches $K$"), ("passes", passes, "passes $L$"))
    for line, (kind, grid, label) in zip(axes, rows, strict=True):
        for row, (ax, name) in enumerate(zip(line, names, strict=True)):
            unit = arrays[f"{kind}_law"][row, 0]
            _measured(ax, grid, arrays[f"{kind}_drift"][row] / unit, 1, "measured")
            predicted = pooled(arrays[f"{kind}_law"][row] / unit)
            ax.plot(grid, predicted, color="black", linestyle="-", linewidth=1.3, label="law")
            guide = predicted[0] * np.sqrt(grid[0] / np.asarray(grid, dtype=float))
            ax.plot(grid, guide, color=GREY, linestyle=":", label="inverse square root")
            ax.set(xscale="log", yscale="log", xlabel=label)
            ax.set_xticks(grid, [str(v) for v in grid])
            low, high = ax.get_ylim()
            ticks = [t for t in (0.05, 0.1, 0.2, 0.5, 1, 2) if low < t < high]
            ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
            ax.minorticks_off()
            if kind == "counts":
                ax.set_title(name)
        line[0].set_ylabel("relative drift")
    legend_below(fig, axes[0, 0], 3)
    return fig


def division(found: Divisions, names: Sequence[str]) -> Figure:
    """Draw the noise of one step against the number of mini-batches, relative to one."""
    fig, ax = plt.subplots(figsize=(6.4, 4.0))
    for k, name in enumerate(names):
        ax.plot(
            found.counts, found.measured[k], MARKERS[k], color=COLORS[k], linestyle="none",
            markerfacecolor="white", markersize=9 - 2 * k, label=name,
        )  # fmt: skip
        fine = np.geomspace(1, found.counts[-1], 60)
        # a straight line in 1 / K between one and the largest number of mini-batches
        last = found.predicted[k, -1]
        share = (1 / fine - 1 / fine[-1]) / (1 - 1 / fine[-1])
        ax.plot(
            fine, last + (1 - last) * share, color=COLORS[k], linestyle=STYLES[k],
            label=f"{name}, predicted",
        )  # fmt: skip
    ax.plot(fine, 1 / fine, color=GREY, linestyle="-", linewidth=0.8)
    ax.annotate("$1/K$", (fine[40], 1 / fine[40]), xytext=(-26, -8), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel="mini-batches $K$", ylabel="$S_K / S_1$")
    ax.set_xticks(found.counts, [str(v) for v in found.counts])
    ax.minorticks_off()
    ax.legend(loc="lower left", fontsize=9)
    return fig


def responding(found: Response) -> Figure:
    """Draw drift over a long run with the law and with the law that knows the response."""
    fig, ax = plt.subplots(figsize=(6.4, 3.9))
    times = np.arange(len(found.plain))
    low, high = np.percentile(found.runs, BAND, axis=1)
    ax.fill_between(times, low, high, color="#dddddd", linewidth=0, label="runs, 10 to 90 %")
    ax.plot(
        times, found.measured, "o", color="black", linestyle="none", markerfacecolor="white",
        markevery=max(1, len(times) // 15), label="measured",
    )  # fmt: skip
    ax.plot(times, found.plain, color=COLORS[1], linestyle=STYLES[1], label="law")
    ax.plot(times, found.full, color=COLORS[0], linestyle="-", label="law with response")
    ax.set(xlabel="epochs", ylabel="$|y|$")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left")
    return fig


def penalty_levels(arrays: Arrays, names: Sequence[str], pulls: Sequence[float]) -> Figure:
    """Draw the late drift under penalties, in units of the first step, one panel a task."""
    fig, axes = plt.subplots(1, len(names), figsize=(9.2, 3.9), sharey=True)
    for k, (kind, label) in enumerate((("held", "NOM"), ("penalties", "AUG"))):
        measured, predicted = levels(arrays, kind)
        for row, ax in enumerate(axes):
            ax.plot(
                pulls, measured[row], MARKERS[k], color=COLORS[k], linestyle="none",
                markerfacecolor="white", label=label,
            )  # fmt: skip
            ax.plot(
                pulls, predicted[row], color=COLORS[k], linestyle=STYLES[k],
                label=f"{label}, predicted",
            )  # fmt: skip
    for ax, name in zip(axes, names, strict=True):
        # there a step multiplies y by 1 - 2 eta lambda = 0
        ax.axvline(0.5, color=GREY, linestyle=":", linewidth=1.0)
        ax.set(xscale="log", yscale="log", title=name, xlabel=r"$\eta\lambda$")
        ax.set_xticks(pulls, [f"{t:g}" for t in pulls], fontsize=8.5, rotation=45)
        ax.minorticks_off()
    axes[0].set_ylabel("late $|y|$ over $|y_1|$")
    legend_below(fig, axes[0], 4)
    return fig


def _measured(ax: Axes, grid: Sequence[float], drift: np.ndarray, k: int, label: str) -> None:
    """Draw root mean squares over runs with the band of the runs."""
    low, high = np.percentile(drift, BAND, axis=-1)
    ax.fill_between(grid, low, high, color=COLORS[k], alpha=0.2, linewidth=0)
    ax.plot(
        grid, pooled(drift), MARKERS[k], color=COLORS[k], linestyle="none", markersize=5,
        markerfacecolor="white", label=label,
    )  # fmt: skip
