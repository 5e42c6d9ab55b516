"""Figures of the chapter on the training of linear networks."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.training_dynamics import AlignedFlow
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)), "-")
EPOCH = "epoch"


def published_panels(
    steps: np.ndarray,
    entries: np.ndarray,
    accuracy: Mapping[str, np.ndarray],
    asymmetric: Mapping[str, np.ndarray],
    share: Mapping[str, np.ndarray],
) -> Figure:
    """Draw the four quantities that Duan and Montufar follow.

    Parameters
    ----------
    steps
        Epochs, shape ``(T,)``.
    entries
        Entries of two rows of ``W`` in one run, shape ``(T, 2, entries)``.
    accuracy, asymmetric, share
        By method, shape ``(T, runs)``; ``asymmetric`` without hard-wiring.
    """
    fig, axes = plt.subplots(2, 2, figsize=(8.6, 6.6), sharex=True)
    first, second, third, fourth = axes.flat
    for row in range(entries.shape[1]):
        for k in range(entries.shape[2]):
            first.plot(
                steps, entries[:, row, k], color=COLORS[2 * row], linestyle=STYLES[k],
                linewidth=1.3, label=f"row {row + 1}" if k == 0 else None,
            )  # fmt: skip
    first.legend(loc="best")
    first.set(title="(a) entries of $W$ on one orbit of pixels")
    order = list(accuracy)
    _bands(second, steps, accuracy, order)
    second.set(title="(b) accuracy on rotated digits", ylim=(0, None))
    _bands(third, steps, asymmetric, order)
    third.set(title=r"(c) $\Vert W_\perp \Vert$", xlabel=EPOCH, ylim=(0, None))
    _bands(fourth, steps, share, order)
    fourth.set(title=r"(d) $\Vert W - W_\perp \Vert^2 / \Vert W \Vert^2$", xlabel=EPOCH)
    fourth.set_ylim(0, 1.05)
    handles, labels = second.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=3)
    return fig


def two_norms(panels: Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]]) -> Figure:
    """Draw norms of asymmetric parts relative to their start, on logarithmic axes.

    ``panels`` maps titles to steps ``(T,)`` and to curves ``(T, runs)`` by name.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.8), sharey=True)
    for ax, (title, (steps, curves)) in zip(axes, panels.items(), strict=True):
        moved = {name: values[1:] / values[0] for name, values in curves.items()}
        _bands(ax, steps[1:], moved, list(curves))
        ax.set(title=title, xscale="log", yscale="log", xlabel="step")
    axes[0].set_ylabel("relative to the start")
    axes[0].legend(loc="lower left")
    return fig


def bumps(times: np.ndarray, found: AlignedFlow, every: int = 6) -> Figure:
    """Draw the modes and the asymmetric part of an aligned flow, predicted and measured.

    The asymmetric part is squared and divided by that of the first layer at the start.
    """
    unit = found.first[0] ** 2
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
    for mode in range(found.learnt.shape[1]):
        label = f"mode {mode + 1}"
        left.plot(
            times, found.learnt[:, mode], color=COLORS[mode], linestyle=STYLES[mode], label=label
        )
        right.plot(
            times, found.predicted[:, mode].sum(axis=-1) / unit, color=COLORS[mode],
            linestyle=STYLES[mode], label=label,
        )  # fmt: skip
        right.plot(
            times[::every], found.measured[::every, mode].sum(axis=-1) / unit, MARKERS[mode],
            color=COLORS[mode], linestyle="none", markersize=4, markerfacecolor="none",
        )  # fmt: skip
    right.plot(
        times, found.predicted.sum(axis=(1, 2)) / unit, color="#777777", linewidth=1, linestyle="-",
        label="sum",
    )  # fmt: skip
    left.set(title="(a) size of the modes", xlabel="time")
    right.set(
        title=r"(b) $\Vert W_\perp \Vert^2 / \Vert W_{1,\perp}(0) \Vert^2$, by mode", xlabel="time"
    )
    left.legend(loc="best")
    right.legend(loc="best")
    return fig


def sampled_law(
    series: Mapping[str, tuple[Sequence[int], np.ndarray, np.ndarray]],
) -> Figure:
    """Draw the asymmetry after augmentation by a few elements against their number.

    ``series`` maps names to counts ``(k,)``, measured ``(k, draws)`` and predicted ``(k,)``.
    """
    fig, ax = plt.subplots(figsize=(6.2, 3.9))
    for k, (name, (counts, measured, predicted)) in enumerate(series.items()):
        error = 2 * measured.std(axis=1, ddof=1) / np.sqrt(measured.shape[1])
        ax.loglog(counts, predicted, color=COLORS[2 * k], linestyle=STYLES[k])
        ax.errorbar(
            counts, measured.mean(axis=1), error, fmt=MARKERS[k], color=COLORS[2 * k], label=name,
            linestyle="none", markerfacecolor="none", capsize=3,
        )  # fmt: skip
    ax.set(
        xlabel="group elements per sample $k$",
        ylabel=r"mean of $\Vert W_\perp \bar S^{1/2} \Vert^2$",
    )
    ticks = sorted({count for counts, _, _ in series.values() for count in counts})
    ax.set_xticks(ticks, [str(count) for count in ticks])
    ax.set_xticks([], minor=True)
    ax.legend(loc="lower left")
    return fig


def _bands(
    ax: Axes, steps: np.ndarray, curves: Mapping[str, np.ndarray], order: Sequence[str]
) -> None:
    """Draw the mean of every method and the range over runs; ``order`` gives the styles."""
    for name, values in curves.items():
        k = order.index(name)
        ax.plot(
            steps, values.mean(axis=1), MARKERS[k], color=COLORS[k], linestyle=STYLES[k],
            markevery=(4 + 2 * k, 16), markersize=4.5, label=name,
        )  # fmt: skip
        ax.fill_between(
            steps, values.min(axis=1), values.max(axis=1), color=COLORS[k], alpha=0.18, linewidth=0
        )
