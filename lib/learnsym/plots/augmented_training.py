"""Figures of the chapters on PERM, TRANS and ROT."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.augmented_training import Curve
from learnsym.publish import COLORS

LINES = {
    "nominal": (COLORS[0], "-"),
    "augmented": (COLORS[4], (0, (5, 1.6))),
    "equivariant": (COLORS[2], (0, (1.2, 1.4))),
    "exact": (COLORS[5], (0, (7, 1.6, 1.4, 1.6))),
    "half turns": (COLORS[1], (0, (3, 1.2, 1, 1.2, 1, 1.2))),
}
ROOM = 1.15
MARKS = 8
LEAST = 1e-18


def against_distance(
    found: Mapping[str, Curve], scales: Sequence[str], code: bool = False
) -> Figure:
    """Draw ``|A_perp|`` against ``|A - A^0|``, one panel for each scale.

    Thin lines are runs, thick ones their mean, open circles the mean of the law.

    Parameters
    ----------
    found
        Curves by mode.
    scales
        Modes; the vertical axis of a panel fits the runs of that mode.
    code
        The axes and the median of the evaluation script of the public code instead.
    """
    fig, axes = plt.subplots(1, len(scales), figsize=(4.6 * len(scales), 4.3), squeeze=False)
    for ax, scale in zip(axes[0], scales, strict=True):
        for mode, curve in found.items():
            x, y = curve.distance, curve.drift
            if code:
                x, y = curve.code_distance, curve.code_drift
            color, style = LINES[mode]
            ax.plot(x, y, color=color, linewidth=0.6, alpha=0.35, linestyle="-")
            middle = np.median if code else np.mean
            ax.plot(
                middle(x, axis=1), middle(y, axis=1), color=color, linestyle=style, linewidth=2.4,
                label=curve.label,
            )  # fmt: skip
        if not code:
            _mark_laws(ax, found)
        shown = found[scale].code_drift if code else found[scale].drift
        top = ROOM * shown.max()
        ax.set_ylim(-0.06 * top, top)
        ax.set_xlim(left=0)
        ax.set_xlabel(r"$\Vert A - A^0 \Vert$")
        ax.ticklabel_format(axis="both", scilimits=(-2, 2), useMathText=True)
        ax.set_title(f"scale of {found[scale].label}" if len(scales) > 1 else "")
    name = "squared form of the public code" if code else r"$\Vert A_\perp \Vert$"
    axes[0, 0].set_ylabel(name)
    legend_below(fig, axes[0, 0])
    return fig


def over_epochs(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw drift against epochs on logarithmic axes, one panel a title.

    Thin lines are runs, thick ones their mean, open circles the mean of the law. Modes without a
    law keep to rounding errors and are left out.
    """
    fig, axes = plt.subplots(
        1, len(panels), figsize=(max(6.4, 4.6 * len(panels)), 4.3), squeeze=False, sharey=True
    )
    for ax, (title, found) in zip(axes[0], panels.items(), strict=True):
        drifting = {mode: curve for mode, curve in found.items() if curve.law is not None}
        for mode, curve in drifting.items():
            color, style = LINES[mode]
            epochs = np.arange(1, len(curve.drift))
            ax.plot(epochs, curve.drift[1:], color=color, linewidth=0.6, alpha=0.35, linestyle="-")
            ax.plot(
                epochs, curve.drift[1:].mean(axis=1), color=color, linestyle=style, linewidth=2.4,
                label=curve.label,
            )  # fmt: skip
        last = len(epochs)
        some = np.unique(np.geomspace(1, last, MARKS).round().astype(int))
        for k, curve in enumerate(drifting.values()):
            ax.plot(
                some, curve.law[some].mean(axis=1), "o", color="black", linestyle="none",
                markerfacecolor="white", markersize=5, label=None if k else "law",
            )  # fmt: skip
        ax.set(xscale="log", yscale="log", title=title, xlabel="epochs")
        ticks = [t for t in (1, 2, 5, 10, 20, 50) if t <= last]
        ax.set_xticks(ticks, [str(t) for t in ticks])
        ax.xaxis.minorticks_off()
    axes[0, 0].set_ylabel(r"$\Vert A_\perp \Vert$")
    legend_below(fig, axes[0, 0])
    return fig


def rounding_errors(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw the drift under exact augmentation against epochs, every run, one panel a title."""
    fig, axes = plt.subplots(
        1, len(panels), figsize=(max(6.4, 4.6 * len(panels)), 3.8), squeeze=False, sharey=True
    )
    for ax, (title, found) in zip(axes[0], panels.items(), strict=True):
        drift = np.maximum(found["exact"].drift, LEAST)
        ax.plot(np.arange(len(drift)), drift, color=LINES["exact"][0], linestyle="-", linewidth=1.2)
        ax.set(yscale="log", title=title, xlabel="epochs")
    axes[0, 0].set_ylabel(r"$\Vert A_\perp \Vert$")
    return fig


def _mark_laws(ax: Axes, found: Mapping[str, Curve]) -> None:
    """Mark the law of every mode that has one.

    The distance is predicted, too: that of equivariant training and the drift, at right angles.
    """
    within = found["equivariant"].distance
    some = np.unique(np.linspace(0, len(within) - 1, MARKS).round().astype(int))[1:]
    laws = [curve.law for curve in found.values() if curve.law is not None]
    for k, law in enumerate(laws):
        ax.plot(
            np.hypot(within, law)[some].mean(axis=1), law[some].mean(axis=1), "o", color="black",
            linestyle="none", markerfacecolor="white", markersize=5, label=None if k else "law",
        )  # fmt: skip


def legend_below(fig: Figure, ax: Axes, columns: int | None = None) -> None:
    """Put the legend of one panel under all, by default in one row."""
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=columns or len(labels))
