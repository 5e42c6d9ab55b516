"""Rows and grids of images, patterns and graphs."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PANEL_INCHES = 1.35


def image_grid(
    images: np.ndarray,
    titles: Sequence[str],
    columns: int,
    cmap: str = "gray_r",
    limits: tuple[float, float] | None = None,
    inches: float = PANEL_INCHES,
) -> Figure:
    """Show images of shape ``(count, height, width)`` in rows of ``columns``, one title each.

    ``limits`` are the values of the two ends of the grey scale; by default those of all images.
    """
    if len(images) != len(titles):
        raise ValueError(f"titles: expected {len(images)}, one per image, got {len(titles)}")
    rows = -(-len(images) // columns)
    low, high = limits or (float(np.min(images)), float(np.max(images)))
    fig, axes = plt.subplots(
        rows, columns, figsize=(columns * inches, rows * (inches + 0.2)), squeeze=False
    )
    for ax in axes.flat[len(images) :]:
        ax.set_visible(False)
    for ax, picture, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(picture, cmap=cmap, vmin=low, vmax=high)
        frame(ax, title)
    return fig


def label_maps(labels: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Show matrices of integer labels side by side, from dark (label 0) to light."""
    fig, axes = plt.subplots(1, len(labels), figsize=(2.3 * len(labels), 2.6), squeeze=False)
    for ax, values, title in zip(axes.flat, labels, titles, strict=True):
        ax.imshow(values, cmap="cividis")
        frame(ax, title)
    return fig


def graphs(adjacency: np.ndarray, titles: Sequence[str]) -> Figure:
    """Draw graphs with numbered nodes on a circle above their adjacency matrices.

    ``adjacency`` has shape ``(count, n, n)``.
    """
    count, n, _ = adjacency.shape
    fig, axes = plt.subplots(2, count, figsize=(count * 1.9, 4.2), squeeze=False)
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    for k, title in enumerate(titles):
        _graph(axes[0, k], adjacency[k], places)
        frame(axes[0, k], title)
        axes[1, k].imshow(adjacency[k], cmap="gray_r", vmin=0, vmax=1.4)
        frame(axes[1, k], "")
    return fig


def _graph(ax: Axes, adjacency: np.ndarray, places: np.ndarray) -> None:
    for i, j in np.argwhere(np.triu(adjacency)):
        ax.plot(*places[[i, j]].T, color="#555555", linestyle="-", linewidth=1.3, zorder=1)
    ax.plot(*places.T, "o", color="white", markeredgecolor="black", markersize=15, zorder=2)
    for number, (x, y) in enumerate(places):
        ax.text(x, y, str(number + 1), ha="center", va="center", fontsize=9, zorder=3)
    ax.set_aspect("equal")
    ax.margins(0.18)


def frame(ax: Axes, title: str) -> None:
    """Give a picture a thin frame, a centred title and no ticks."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color("#999999")
    ax.set_title(title, fontsize=10, loc="center")
