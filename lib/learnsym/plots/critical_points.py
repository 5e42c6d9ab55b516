"""Figures of the chapter on critical points."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnsym.checks.lowrank_critical import CriticalSet
from learnsym.checks.saddle_escape import Escape
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))


def rank_one_landscape(angles: np.ndarray, values: np.ndarray, sizes: Sequence[float]) -> Figure:
    """Draw the loss of two-by-two matrices of rank one over the angles of their two vectors.

    ``values`` has shape ``(len(angles), len(angles))``; ``sizes`` are the singular values of the
    diagonal target. The window must hold the origin and the point of two right angles.
    """
    fig, ax = plt.subplots(figsize=(5.6, 4.4))
    degrees = np.degrees(angles)
    half = (degrees[1] - degrees[0]) / 2
    ends = (degrees[0] - half, degrees[-1] + half)
    image = ax.imshow(values, origin="lower", extent=(*ends, *ends), aspect="equal")
    fig.colorbar(image, ax=ax, label="loss", shrink=0.9)
    wrap = np.arctan2(*sizes)  # where the line of rank zero leaves the window and comes back
    for part, first in ((angles[angles < wrap], True), (angles[angles > wrap], False)):
        level = np.degrees(np.arctan2(-sizes[0] * np.cos(part), sizes[1] * np.sin(part)))
        level = level % 180 if first else level
        ax.plot(np.degrees(part), level, color="black", linestyle=":")
    ax.plot([0, 90], [0, 90], color="white", linestyle="-", linewidth=1.2)
    for place, marker, name in ((0, "o", "minimum"), (90, "s", "saddle")):
        ax.plot(
            place, place, marker, color="black", markerfacecolor="white", markersize=8,
            linestyle="none",
        )  # fmt: skip
        ax.annotate(
            name, (place, place), xytext=(0, -9 if place == 0 else 9), ha="center",
            textcoords="offset points", color="black" if place else "white",
            va="bottom" if place else "top",
        )  # fmt: skip
    ax.annotate("rank zero", (-5, 96), ha="right")
    ax.set(xlim=ends, ylim=ends, xlabel="angle of $b$ (degrees)", ylabel="angle of $a$ (degrees)")
    ax.set_xticks(range(-45, 136, 45))
    ax.set_yticks(range(-45, 136, 45))
    return fig


def critical_values(panels: Mapping[str, Mapping[str, Sequence[CriticalSet]]]) -> Figure:
    """Draw the loss at critical points against their Morse index, one panel per data set.

    ``panels`` maps titles to critical points by name of the problem.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.9))
    for ax, (title, series) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for k, (name, points) in enumerate(series.items()):
            ax.plot(
                [where.index for where in points], [where.value for where in points],
                MARKERS[2 * k],
                color=COLORS[4 * k], linestyle="none", markerfacecolor="none", markersize=6 - k,
                label=f"{name} ({len(points)})",
            )  # fmt: skip
        ax.set(title=title, xlabel="Morse index")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.25 * (top - bottom))  # room for the legend
        ax.legend(loc="upper left")
    np.atleast_1d(axes)[0].set_ylabel("loss at the critical point")
    return fig


def escapes(
    curves: Mapping[str, Mapping[float, Escape]],
    sizes: Sequence[float],
    times: Mapping[str, np.ndarray],
    laws: Mapping[str, np.ndarray],
) -> Figure:
    """Draw how gradient flow leaves a saddle of networks of different depths.

    Parameters
    ----------
    curves
        Flows by name of the network and size of the initial step.
    sizes
        Sizes of the initial step, shape ``(E,)``.
    times
        Escape times by name of the network, shape ``(draws, E)``.
    laws
        Predicted escape times by name, shape ``(E,)``.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.9))
    for k, (name, flows) in enumerate(curves.items()):
        for j, (size, flow) in enumerate(flows.items()):
            seen = flow.times > 0.05
            left.semilogx(
                flow.times[seen], flow.losses[seen], color=COLORS[4 * k], linestyle=STYLES[j],
                label=None if k else f"$\\varepsilon = {size:g}$",
            )  # fmt: skip
        last = list(flows.values())[-1]
        left.annotate(
            name, (last.left, 0.15 * last.losses[0]), color=COLORS[4 * k], ha="right", va="top",
            xytext=(8, 0), textcoords="offset points",
        )  # fmt: skip
    left.set(title="(a) loss", xlabel="time", ylabel="loss")
    left.set_ylim(bottom=0)
    left.legend(loc="center left")
    for k, (name, values) in enumerate(times.items()):
        color = COLORS[4 * k]
        right.loglog(sizes, laws[name], color=color, linestyle=STYLES[k])
        for j, row in enumerate(values):
            right.loglog(
                sizes, row, MARKERS[2 * k], color=color, linestyle="none", markerfacecolor="none",
                label=None if j else name,
            )  # fmt: skip
    right.invert_xaxis()
    right.set(title="(b) time to escape", xlabel=r"initial distance $\varepsilon$", ylabel="time")
    right.legend(loc="upper left")
    return fig
