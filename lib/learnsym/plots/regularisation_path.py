"""Figures of the chapter on the regularisation path."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.path_crossings import AvoidedCrossing, Segments
from learnsym.checks.regularisation_path import Approach
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))
GUIDE = {"color": "#777777", "linestyle": ":", "linewidth": 1.2}
OPAQUE = {"frameon": True, "framealpha": 1.0, "edgecolor": "none"}
STRENGTH = r"strength $\lambda$"


def crossing(
    strengths: np.ndarray,
    exact: np.ndarray,
    avoided: np.ndarray,
    fractions: Mapping[str, np.ndarray],
    at: float,
) -> Figure:
    """Draw singular values with an exact and an avoided crossing, and the non-invariant fraction.

    Parameters
    ----------
    strengths
        Shape ``(T,)``; ``at`` is not among them.
    exact, avoided
        The two largest singular values, shape ``(T, 2)``.
    fractions
        Non-invariant fraction by name, shape ``(T,)``; the first has a jump at ``at``.
    at
        Where the exact crossing is.
    """
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.5))
    titles = ("(a) exact crossing", "(b) avoided crossing")
    for ax, sizes, title in zip(axes[:2], (exact, avoided), titles, strict=True):
        ax.plot(strengths, sizes[:, 0], color="black", linestyle="-", label=r"$\sigma_1$, kept")
        ax.plot(
            strengths, sizes[:, 1], color=COLORS[1], linestyle=STYLES[1],
            label=r"$\sigma_2$, dropped",
        )  # fmt: skip
        ax.axvline(at, **GUIDE)
        ax.set(title=title, xlabel=STRENGTH, ylim=(0.4, None))
    axes[0].set_ylabel("singular values")
    axes[0].sharey(axes[1])
    axes[0].legend(loc="upper right")
    for k, (name, values) in enumerate(fractions.items()):
        x, y = _broken(strengths, values, at) if k == 0 else (strengths, values)
        axes[2].plot(x, y, color=COLORS[(2, 0, 4)[k]], linestyle=STYLES[k], label=name)
    axes[2].set(title="(c) non-invariant fraction", xlabel=STRENGTH, ylim=(-0.04, 1.06))
    axes[2].legend(loc="lower left", bbox_to_anchor=(0.42, 0.45))
    return fig


def _broken(x: np.ndarray, y: np.ndarray, at: float) -> tuple[np.ndarray, np.ndarray]:
    """Insert a gap into a curve, so that no line is drawn across a jump."""
    place = int(np.searchsorted(x, at))
    return np.insert(x, place, at), np.insert(y, place, np.nan)


def value_and_slope(
    strengths: np.ndarray, value: np.ndarray, slope: np.ndarray, at: float, limit: float
) -> Figure:
    """Draw the minimum value with its kink, and its slope with its jump, against the strength.

    ``limit`` is the value of the hard-wired problem.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4))
    left.plot(strengths, value, color="black", linestyle="-")
    left.axhline(limit, **GUIDE)
    left.annotate(
        "hard-wired",
        (strengths[-1], limit),
        xytext=(0, -4),
        textcoords="offset points",
        ha="right",
        va="top",
    )
    left.set(title="(a) minimum value", xlabel=STRENGTH)
    right.plot(*_broken(strengths, slope, at), color=COLORS[0], linestyle="-")
    right.set(title=r"(b) slope, $\Vert W \Gamma \Vert^2$", xlabel=STRENGTH, ylim=(-0.2, None))
    for ax in (left, right):
        ax.axvline(at, **GUIDE)
    return fig


def plane(curves: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> Figure:
    """Draw paths of two-output problems in the plane whose origin is the crossing.

    Parameters
    ----------
    curves
        General data: points of the plane from strength 0 to infinity, each ``(T, 2)``.
    rows
        Data with a second symmetry: the first coordinate alone, each ``(T,)``.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4.0))
    for k, curve in enumerate(curves):
        left.plot(*curve.T, color=COLORS[0], linestyle="-", linewidth=1.3)
        _ends(left, curve[[0, -1]], labelled=k == 0)
    left.plot([0], [0], "+", color="black", markersize=15, linestyle="none", label="crossing")
    left.set(
        title="(a) general data",
        xlabel="$M_{11} - M_{22}$",
        ylabel="$2 M_{12}$",
        aspect="equal",
        adjustable="datalim",
    )
    left.legend(loc="best")
    for k, row in enumerate(rows):
        crosses = row.min() < 0 < row.max()
        color, style = ("black", "-") if crosses else (COLORS[3], STYLES[1])
        right.plot(row, np.full(row.size, k + 1.0), color=color, linestyle=style)
        _ends(right, np.array([[row[0], k + 1], [row[-1], k + 1]]), labelled=False)
    right.axvline(0, **GUIDE)
    right.set(
        title="(b) data with a second symmetry",
        xlabel=r"$M_{\mathrm{even}} - M_{\mathrm{odd}}$",
        ylabel="data set",
        yticks=[],
    )
    return fig


def _ends(ax: Axes, ends: np.ndarray, labelled: bool) -> None:
    names = (r"$\lambda = 0$", r"$\lambda = \infty$") if labelled else ("", "")
    for point, name, face in zip(ends, names, ("black", "white"), strict=True):
        ax.plot(
            *point[:, None], "o", color="black", markerfacecolor=face, markersize=5,
            linestyle="none", label=name, zorder=3,
        )  # fmt: skip


def gap_distribution(bounds: np.ndarray, general: Segments, symmetric: Segments) -> Figure:
    """Draw how often a gap is below a bound: at strength 0 and along the whole path."""
    fig, ax = plt.subplots()
    series = {
        "second symmetry, whole path": symmetric.gaps(),
        r"second symmetry, $\lambda = 0$": np.linalg.norm(symmetric.free, axis=1),
        "general data, whole path": general.gaps(),
        r"general data, $\lambda = 0$": np.linalg.norm(general.free, axis=1),
    }
    for k, (name, gaps) in enumerate(series.items()):
        shares = np.searchsorted(np.sort(gaps), bounds) / gaps.size
        ax.loglog(
            bounds, np.where(shares > 0, shares, np.nan), color=COLORS[(1, 1, 0, 0)[k]],
            linestyle=STYLES[(0, 1, 0, 1)[k]], marker=MARKERS[k], markevery=6,
            markerfacecolor="none", label=name,
        )  # fmt: skip
    ax.set(xlabel="bound on the relative gap", ylabel="share of data sets below it")
    ax.set_ylim(top=12)
    ax.minorticks_off()
    ax.legend(loc="upper left", ncol=2, columnspacing=1.0, fontsize=9)
    return fig


def steepness(
    strengths: np.ndarray,
    speeds: Mapping[float, np.ndarray],
    sizes: np.ndarray,
    measured: Sequence[AvoidedCrossing],
    predicted: Sequence[AvoidedCrossing],
) -> Figure:
    """Draw the speed of the path near an avoided crossing, and its peak against the perturbation.

    Parameters
    ----------
    strengths
        Shape ``(T,)``.
    speeds
        Speeds by size of the perturbation, each ``(T,)``.
    sizes
        Sizes of the perturbation in the second panel, shape ``(E,)``.
    measured, predicted
        Peak and width for these sizes.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    for k, (size, speed) in enumerate(speeds.items()):
        left.semilogy(
            strengths, speed, color=COLORS[(0, 1, 2, 4)[k]], linestyle=STYLES[k],
            label=rf"$\varepsilon = {size:g}$",
        )  # fmt: skip
    left.set(title="(a) speed of the path", xlabel=STRENGTH)
    left.legend(loc="upper right")
    for k, (name, field) in enumerate((("peak speed", "peak_speed"), ("half-width", "half_width"))):
        color = COLORS[2 - 2 * k]
        right.loglog(
            sizes, [getattr(law, field) for law in predicted], color=color, linestyle=STYLES[k]
        )
        right.loglog(
            sizes, [getattr(found, field) for found in measured], MARKERS[k], color=color,
            linestyle="none", markerfacecolor="none", label=name,
        )  # fmt: skip
    right.set(title="(b) peak and width", xlabel=r"perturbation $\varepsilon$")
    for ax in (left, right):
        ax.minorticks_off()
    right.legend(loc="center right")
    return fig


def expansion(panels: Mapping[str, Approach]) -> Figure:
    """Draw the distance to the hard-wired optimum, and the remainder after the first term."""
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.7))
    for ax, (title, run) in zip(axes, panels.items(), strict=True):
        ax.loglog(
            run.strengths,
            run.first,
            color="black",
            linestyle="-",
            label=r"$\Vert W_1\Vert/\lambda$",
        )
        ax.loglog(
            run.strengths, run.distance, "o", color=COLORS[0], linestyle="none",
            markerfacecolor="none", markevery=3, label=r"$\Vert W - W_{\mathrm{inv}}\Vert$",
        )  # fmt: skip
        ax.loglog(
            run.strengths, run.remainder, "s", color=COLORS[4], linestyle=STYLES[1],
            markerfacecolor="none", markevery=3,
            label=r"$\Vert W - W_{\mathrm{inv}} - W_1/\lambda\Vert$",
        )  # fmt: skip
        ax.set(title=title, xlabel=STRENGTH)
        ax.minorticks_off()
    axes[0].set_ylabel(r"relative to $\Vert W_{\mathrm{inv}}\Vert$")
    axes[0].legend(loc="lower left")
    return fig


def digits(
    strengths: np.ndarray,
    sizes: np.ndarray,
    rank: int,
    curves: Mapping[str, np.ndarray],
    marked: Sequence[float],
) -> Figure:
    """Draw the path on digits: singular values, and quantities that fade.

    Parameters
    ----------
    strengths
        Shape ``(T,)``.
    sizes
        Singular values, shape ``(T, m)``; the first ``rank`` are kept.
    rank
        Bound on the rank.
    curves
        Quantities by name, shape ``(T,)``.
    marked
        Strengths to mark: those of the paper.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4.0))
    for k, values in enumerate(sizes.T):
        kept = k < rank
        first = k in (0, rank)
        left.semilogx(
            strengths, values, color="black" if kept else COLORS[1],
            linestyle="-" if kept else STYLES[1], linewidth=1.5,
            label=("kept" if kept else "dropped") if first else "",
        )  # fmt: skip
    left.set(title="(a) singular values", xlabel=STRENGTH)
    left.legend(loc="lower left", **OPAQUE)
    for k, (name, values) in enumerate(curves.items()):
        right.loglog(
            strengths, values, color=COLORS[(0, 2, 4)[k]], linestyle=STYLES[k], label=name,
            marker=MARKERS[k], markevery=(5 * k, 18), markerfacecolor="none",
        )  # fmt: skip
    right.set(title="(b) towards the hard-wired optimum", xlabel=STRENGTH)
    right.legend(loc="lower left", **OPAQUE)
    for ax in (left, right):
        ax.minorticks_off()
        for value in marked:
            ax.axvline(value, **GUIDE)
    return fig
