"""Figures of the chapter on which group."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.drift.curves import Curve, pooled
from learnsym.publish import COLORS, MARKERS
from learnsym.publish.style import legend_below

GREY = "#777777"
LINES = {
    "nominal": (COLORS[0], "-"),
    "augmented": (COLORS[4], (0, (5, 1.6))),
    "public code": (COLORS[1], (0, (3, 1.2, 1, 1.2, 1, 1.2))),
}


def over_distance(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw drift against distance covered on a logarithmic axis, one panel a group.

    Thin lines are runs, thick ones their root mean square, open circles that of the law.
    """
    fig, axes = plt.subplots(2, 2, figsize=(9.2, 7.0), sharey=True)
    for ax, (title, found) in zip(axes.flat, panels.items(), strict=True):
        laws = 0
        for mode, curve in found.items():
            if curve.law is None:
                continue
            color, style = LINES[mode]
            x, y = curve.distance[1:], curve.drift[1:]
            ax.plot(x, y, color=color, linewidth=0.6, alpha=0.35, linestyle="-")
            ax.plot(
                pooled(x), pooled(y), color=color, linestyle=style, linewidth=2.4,
                label=curve.label,
            )  # fmt: skip
            some = np.unique(np.linspace(0, len(x) - 1, 7).round().astype(int))
            ax.plot(
                pooled(x)[some], pooled(curve.law[1:])[some], "o", color="black", linestyle="none",
                markerfacecolor="white", markersize=5, label=None if laws else "law",
            )  # fmt: skip
            laws += 1
        ax.set(yscale="log", title=title)
        ax.set_xlim(left=0)
        ax.ticklabel_format(axis="x", scilimits=(-2, 2), useMathText=True)
    for ax in axes[-1]:
        ax.set_xlabel(r"$\Vert A - A^0 \Vert$")
    for ax in axes[:, 0]:
        ax.set_ylabel(r"$\Vert A_\perp \Vert$")
    named = {}
    for ax in axes.flat:
        named |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    fig.legend(named.values(), named.keys(), loc="outside lower center", ncols=len(named))
    return fig


def by_share(
    names: Sequence[str],
    shares: np.ndarray,
    uniform: tuple[np.ndarray, np.ndarray],
    small: Mapping[str, np.ndarray],
) -> Figure:
    """Draw augmented over nominal drift against dim E / dim L.

    Left uniform draws, measured and by the law, ``(groups, runs)`` each; right the small set-up
    with uniform draws and with those of the public code, arrays as the experiment ``public_draws``.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), sharey=True)
    _points(axes[0], shares, uniform[0], 4, 0, "uniform draws")
    _law(axes[0], shares, uniform[1])
    _points(axes[1], small["shares"], small["uniform"], 4, 0, "uniform draws")
    _points(axes[1], small["shares"], small["public"], 1, 1, "draws of the public code")
    _law(axes[1], small["shares"], small["law"])
    for ax, values, title in zip(
        axes, (shares, small["shares"]), ("14 x 14 pixels", "small images"), strict=True
    ):
        ax.set(xscale="log", yscale="log", xlabel=r"$\dim E\,/\,\dim L$", title=title)
        ax.margins(0.16, 0.12)
        for name, x in zip(names, values, strict=True):
            ax.axvline(x, color="#e4e4e4", linewidth=0.8, zorder=0)
            ax.annotate(
                name, (x, 0.02), xycoords=ax.get_xaxis_transform(), rotation=90, fontsize=8.5,
                color=GREY, ha="right", va="bottom",
            )  # fmt: skip
    lowest = min(pooled(values).min() for values in (*uniform, small["uniform"], small["public"]))
    axes[0].set_ylim(bottom=lowest / 8)  # room for the names
    axes[0].set_ylabel("AUG over NOM")
    legend_below(fig, axes[1], 3)
    return fig


def _points(ax: Axes, x: np.ndarray, y: np.ndarray, color: int, marker: int, label: str) -> None:
    for run in y.T:
        ax.plot(x, run, MARKERS[marker], color=COLORS[color], linestyle="none", alpha=0.3, ms=3)
    order = np.argsort(x)
    ax.plot(
        np.asarray(x)[order], pooled(y)[order], MARKERS[marker], color=COLORS[color], ls="-",
        lw=1.0, markersize=8, label=label,
    )  # fmt: skip


def _law(ax: Axes, x: np.ndarray, y: np.ndarray) -> None:
    ax.plot(
        x, pooled(y), "o", color="black", linestyle="none", markerfacecolor="none", markersize=11,
        label="law",
    )  # fmt: skip
