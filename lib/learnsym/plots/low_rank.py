"""Figures of the chapter on global optima of bounded rank."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnsym.publish import COLORS, MARKERS, frame

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))


def errors_by_rank(found: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw the least objective against the bound on the rank.

    ``found`` maps names to closed forms (lines) and results of a search (marks), both of shape
    ``(ranks,)`` for ranks 1, 2, ...
    """
    fig, ax = plt.subplots()
    for k, (name, (closed, searched)) in enumerate(found.items()):
        ranks = np.arange(1, len(closed) + 1)
        ax.plot(ranks, closed, color=COLORS[k], linestyle=STYLES[k % len(STYLES)], label="_line")
        ax.plot(
            ranks, searched, MARKERS[k], color=COLORS[k], linestyle="none", label=name,
            markerfacecolor="none", markersize=6 + 4 * (k == len(found) - 1),
        )  # fmt: skip
    ax.set(xlabel="bound on the rank $r$", ylabel="objective at the optimum")
    ax.set_ylim(bottom=0)
    ax.legend(loc="lower left")
    return fig


def weight_rows(rows: Mapping[str, np.ndarray], titles: Sequence[str]) -> Figure:
    """Show rows of several maps as images, one line a map.

    ``rows`` maps names to images of shape ``(count, side, side)``. Zero is mid-grey, and each image
    reaches to the ends of its own grey scale.
    """
    fig, axes = plt.subplots(
        len(rows), len(titles), figsize=(1.5 * len(titles), 1.6 * len(rows)), squeeze=False
    )
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        if len(images) != len(titles):
            raise ValueError(f"titles: expected {len(images)}, one per image, got {len(titles)}")
        for ax, picture, title in zip(line, images, titles, strict=True):
            reach = np.abs(picture).max()
            ax.imshow(picture, cmap="gray", vmin=-reach, vmax=reach)
            frame(ax, title if ax.get_subplotspec().is_first_row() else "")
        line[0].set_ylabel(name)
    return fig


def spectra(series: Mapping[str, np.ndarray], rank: int) -> Figure:
    """Draw singular values against their number; open marks beyond ``rank`` are cut off."""
    fig, ax = plt.subplots()
    for k, (name, sizes) in enumerate(series.items()):
        numbers = np.arange(1, len(sizes) + 1)
        color, style = COLORS[k % len(COLORS)], STYLES[k % len(STYLES)]
        ax.plot(numbers, sizes, color=color, linestyle=style, linewidth=1.2, label="_line")
        kept = {"color": color, "linestyle": "none", "marker": MARKERS[k]}
        ax.plot(numbers[:rank], sizes[:rank], label=name, **kept)
        ax.plot(
            numbers[rank:], sizes[rank:], label=f"_{name}, cut", markerfacecolor="white", **kept
        )
    ax.axvline(rank + 0.5, color="#777777", linestyle="--", linewidth=1)
    ax.set(xlabel="number $i$", ylabel=r"singular value $\sigma_i$ of the target")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(bottom=0)
    ax.legend(loc="lower left")
    return fig
