"""One plotting style for the book, readable in greyscale and on a phone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from learnsym.drift.curves import Curve

STYLE = mpl.rc_params_from_file(
    Path(__file__).with_name("book.mplstyle"), use_default_template=False
)
COLORS = tuple(STYLE["axes.prop_cycle"].by_key()["color"])
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def use_style() -> None:
    """Set the book's style for all figures that follow, whatever a user's own settings are."""
    mpl.rcdefaults()  # the backend stays
    mpl.rcParams.update(STYLE)


def frame(ax: Axes, title: str) -> None:
    """Give a picture a thin frame, a centred title and no ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#999999")
    ax.set_title(title, fontsize=10, loc="center")


def legend_below(fig: Figure, ax: Axes, columns: int | None = None) -> None:
    """Put the legend of one panel under all, by default in one row."""
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=columns or len(labels))


# ways to train (paper B): colour and dashes
WAYS = {
    "nominal": (COLORS[0], "-"),
    "augmented": (COLORS[4], (0, (5, 1.6))),
    "equivariant": (COLORS[2], (0, (1.2, 1.4))),
    "exact": (COLORS[5], (0, (7, 1.6, 1.4, 1.6))),
    "half turns": (COLORS[1], (0, (3, 1.2, 1, 1.2, 1, 1.2))),
}


def draw_runs(
    ax: Axes, x: np.ndarray, y: np.ndarray, way: str, label: str, middle: np.ufunc = np.mean
) -> None:
    """Draw runs ``(T, runs)`` thin and their mean, or another middle, thick."""
    color, dashes = WAYS[way]
    ax.plot(x, y, color=color, linewidth=0.6, alpha=0.35, linestyle="-")
    thick = [middle(values, axis=1) if np.ndim(values) > 1 else values for values in (x, y)]
    ax.plot(*thick, color=color, linestyle=dashes, linewidth=2.4, label=label)


def mark_law(ax: Axes, x: np.ndarray, y: np.ndarray, label: str | None) -> None:
    """Draw predictions as open circles."""
    ax.plot(x, y, "o", color="black", ls="none", mfc="white", markersize=5, label=label)


def drift_against_distance(
    found: Mapping[str, "Curve"], scales: Sequence[str], code: bool = False
) -> Figure:
    """Draw ``|A_perp|`` against ``|A - A^0|``, one panel for each scale.

    Thin lines are runs, thick ones their mean, open circles the mean of the law.

    Parameters
    ----------
    found
        Curves by way to train.
    scales
        Ways to train; the vertical axis of a panel fits the runs of that one.
    code
        The axes and the median of the evaluation script of the public code instead.
    """
    fig, axes = plt.subplots(1, len(scales), figsize=(4.6 * len(scales), 4.3), squeeze=False)
    kind = "code_" if code else ""
    for ax, scale in zip(axes[0], scales, strict=True):
        for way, curve in found.items():
            x, y = (getattr(curve, kind + name) for name in ("distance", "drift"))
            draw_runs(ax, x, y, way, curve.label, np.median if code else np.mean)
        if not code:
            # the distance is predicted, too: that of equivariant training and the drift
            within = found["equivariant"].distance
            some = np.unique(np.linspace(0, len(within) - 1, 8).round().astype(int))[1:]
            laws = [curve.law[some] for curve in found.values() if curve.law is not None]
            for k, law in enumerate(laws):
                total = np.hypot(within[some], law)
                mark_law(ax, total.mean(axis=1), law.mean(axis=1), None if k else "law")
        top = 1.15 * getattr(found[scale], kind + "drift").max()
        ax.set(ylim=(-0.06 * top, top), xlabel=r"$\Vert A - A^0 \Vert$")
        ax.set_xlim(left=0)
        ax.ticklabel_format(axis="both", scilimits=(-2, 2), useMathText=True)
        ax.set_title(f"scale of {found[scale].label}" if len(scales) > 1 else "")
    name = "squared form of the public code" if code else r"$\Vert A_\perp \Vert$"
    axes[0, 0].set_ylabel(name)
    legend_below(fig, axes[0, 0])
    return fig


def drift_over_epochs(panels: Mapping[str, Mapping[str, "Curve"]]) -> Figure:
    """Draw drift against epochs on logarithmic axes, one panel a title.

    Thin lines are runs, thick ones their mean, open circles the mean of the law. Ways without a
    law keep to rounding errors and are left out.
    """
    size = (max(6.4, 4.6 * len(panels)), 4.3)
    fig, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, sharey=True)
    for ax, (title, found) in zip(axes[0], panels.items(), strict=True):
        drifting = {way: curve for way, curve in found.items() if curve.law is not None}
        for k, (way, curve) in enumerate(drifting.items()):
            last = len(curve.drift) - 1
            draw_runs(ax, np.arange(1, last + 1), curve.drift[1:], way, curve.label)
            some = np.unique(np.geomspace(1, last, 8).round().astype(int))
            mark_law(ax, some, curve.law[some].mean(axis=1), None if k else "law")
        ax.set(xscale="log", yscale="log", title=title, xlabel="epochs")
        epoch_ticks(ax, last)
    axes[0, 0].set_ylabel(r"$\Vert A_\perp \Vert$")
    legend_below(fig, axes[0, 0])
    return fig


def epoch_ticks(ax: Axes, last: int) -> None:
    """Name epochs on a logarithmic axis."""
    ticks = [t for t in (1, 2, 5, 10, 20, 50) if t <= last]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.xaxis.minorticks_off()
