"""Figures of the two theory chapters on paper B."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from contourpy import contour_generator
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from learnsym.checks.feature_averaging import Line
from learnsym.checks.near_equivariance import Errors
from learnsym.checks.symmetric_networks import STATEMENTS, Broken
from learnsym.drift import Paths
from learnsym.plots.augmented_training import legend_below
from learnsym.publish import COLORS, MARKERS

SMALLEST = 1e-12
STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))
GREY = "#777777"
LEVELS = (0.05, 0.2, 0.45, 0.8, 1.25, 1.8, 2.45, 3.2)


def broken_assumptions(found: Broken) -> Figure:
    """Draw the deviation of every statement under every condition; rounding at the lower edge."""
    fig, ax = plt.subplots(figsize=(8.6, 4.2))
    count = len(STATEMENTS)
    for k, statement in enumerate(STATEMENTS):
        values = np.maximum(found.deviations[:, k], SMALLEST)
        places = np.arange(len(values)) + 0.16 * (k - (count - 1) / 2)
        ax.semilogy(
            places, values, MARKERS[k], color=COLORS[k], linestyle="none", markersize=8,
            markerfacecolor=COLORS[k] if k % 2 else "white", label=statement.replace("\n", " "),
        )  # fmt: skip
    ax.axhline(SMALLEST, color=GREY, linestyle=":", linewidth=1.0)
    ax.annotate(
        "true up to rounding", (len(found.conditions) - 0.55, SMALLEST), xytext=(0, 9),
        textcoords="offset points", ha="right",
    )  # fmt: skip
    ax.set_xticks(range(len(found.conditions)), found.conditions)
    ax.set(ylim=(SMALLEST / 5, 20), xlim=(-0.5, len(found.conditions) - 0.5))
    ax.set_ylabel("relative deviation")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return fig


def walks_off(lines: Mapping[str, Line]) -> Figure:
    """Draw the three risks against the distance from E, one panel a loss."""
    fig, axes = plt.subplots(1, len(lines), figsize=(8.6, 3.9))
    for ax, (name, line) in zip(np.atleast_1d(axes), lines.items(), strict=True):
        ax.fill_between(line.distances, line.averaged, line.augmented, color="#dddddd", linewidth=0)
        series = (
            ("augmented risk", line.augmented), ("risk of the averaged network", line.averaged),
            ("nominal risk", line.nominal),
        )  # fmt: skip
        for k, (label, values) in enumerate(series):
            ax.plot(
                line.distances, values, color=COLORS[k], linestyle=STYLES[k], marker=MARKERS[k],
                markevery=(2 + 2 * k, 8), markersize=5, markerfacecolor="white", label=label,
            )  # fmt: skip
        ax.set(title=name, xlabel="distance from $\\mathcal{E}$")
    np.atleast_1d(axes)[0].set_ylabel("mean loss")
    legend_below(fig, np.atleast_1d(axes)[0], 3)
    return fig


def landscapes(panels: Sequence[tuple[str, np.ndarray, Sequence]], grid: np.ndarray) -> Figure:
    """Draw level lines of risks over ``(w_1, w_2)``, E as a line, and points of interest.

    ``panels`` holds title, values ``(len(grid), len(grid))`` with ``w_1`` along columns, and
    points ``(w_1, w_2, marker)``.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(9.2, 3.5), sharey=True)
    half = (grid[1] - grid[0]) / 2
    edges = (grid[0] - half, grid[-1] + half)
    for ax, (title, values, points) in zip(axes, panels, strict=True):
        ax.imshow(
            values, origin="lower", extent=(*edges, *edges), cmap="cividis_r", vmin=0, vmax=3.2
        )
        lines = contour_generator(grid, grid, values)
        for part in [part for level in LEVELS for part in lines.lines(level)]:
            ax.plot(*part.T, color="#444444", linestyle="-", linewidth=0.5)
        ends = [grid[0], grid[-1]]
        ax.plot(ends, ends, color="black", linestyle="--", linewidth=1.4)
        ax.text(0.97 * ends[0], 0.97 * ends[0] + 0.25, "$\\mathcal{E}$", ha="left", color="white")
        for w1, w2, marker in points:
            ax.plot(
                w1, w2, marker, color="black", markerfacecolor="white", markersize=9,
                linestyle="none",
            )  # fmt: skip
        ax.set(title=title, xlabel="$w_1$", xlim=ends, ylim=ends)
        ax.set_aspect("equal")
    axes[0].set_ylabel("$w_2$")
    return fig


def decoupling(errors: Mapping[str, Errors]) -> Figure:
    """Draw the errors of both parts of the linearised gradient against the distance from E."""
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.8), sharex=True, sharey=True)
    titles = ("(a) part in $\\mathcal{E}$", "(b) part orthogonal to $\\mathcal{E}$")
    for ax, title, part in zip(axes, titles, ("inside", "across"), strict=True):
        for k, (name, found) in enumerate(errors.items()):
            values = getattr(found, part)
            ax.loglog(
                found.distances, values, MARKERS[k], color=COLORS[k], linestyle=STYLES[k],
                markerfacecolor="white", label=name,
            )  # fmt: skip
        ax.set(title=title, xlabel="$|y|$")
    first = next(iter(errors.values()))
    base, low = 3 * first.inside[0], 0.3 * first.across[0]
    for power, start, place in ((2, base, axes[0]), (2, base, axes[1]), (3, low, axes[1])):
        guide = start * (first.distances / first.distances[0]) ** power
        place.loglog(first.distances, guide, color=GREY, linestyle=":", linewidth=1.0)
        middle = len(guide) // 2
        above = power == 2
        place.annotate(
            f"slope {power}", (first.distances[middle], guide[middle]),
            ha="right" if above else "left", va="bottom" if above else "top",
            xytext=(-4 if above else 4, 0), textcoords="offset points",
        )  # fmt: skip
    axes[0].set_ylabel("error of the gradient")
    axes[0].legend(loc="lower right", fontsize=9)
    return fig


def long_runs(paths: Mapping[str, Paths], rate: float) -> Figure:
    """Draw the smallest eigenvalue off E, the distance from E, and the risk, against time."""
    fig, axes = plt.subplots(3, 1, figsize=(7.4, 7.4), sharex=True)
    for k, (name, path) in enumerate(paths.items()):
        times = rate * path.steps
        look = {"color": COLORS[k], "linestyle": STYLES[k]}
        every = max(1, len(times) // 10)
        axes[0].plot(times, path.eigenvalues[:, 0], label=name, **look)
        axes[1].semilogy(times, path.across, label=name, **look)
        shown = path.predicted < 1e2
        axes[1].semilogy(
            times[shown], path.predicted[shown], MARKERS[k], color=COLORS[k], linestyle="none",
            markerfacecolor="white", markevery=every, label=f"{name}, predicted",
        )  # fmt: skip
        axes[2].semilogy(times, path.augmented, label=f"{name}, augmented", **look)
        axes[2].semilogy(
            times, path.equivariant, MARKERS[k], color=COLORS[k], linestyle="none", markersize=5,
            markerfacecolor="white", markevery=every, label=f"{name}, equivariant",
        )  # fmt: skip
    axes[0].axhline(0, color=GREY, linestyle=":", linewidth=1.0)
    axes[0].set(title="(a) smallest eigenvalue off $\\mathcal{E}$", ylabel="curvature")
    axes[1].set(title="(b) distance from $\\mathcal{E}$", ylabel="$|y|$", ylim=(1e-9, 30))
    axes[2].set(title="(c) risk", xlabel="time (learning rate times steps)", ylabel="mean loss")
    axes[2].yaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5, 10, 20, 50]))
    axes[2].yaxis.set_minor_locator(NullLocator())
    axes[2].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for ax in axes:
        ax.legend(loc="best", fontsize=9)
    return fig
