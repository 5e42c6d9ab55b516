"""Figures of the chapter on Table 1 of Moskalev et al. 2023: spurious and genuine invariance."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.publish import COLORS, MARKERS, frame

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))
GREY = "#777777"
LIGHT = "#c8c8c8"
EPOCH = "epoch"


def readings(
    definitions: Sequence[str],
    panels: Mapping[str, Mapping[str, np.ndarray]],
    published: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw the similarity of saliency maps under every definition, one panel a group.

    Parameters
    ----------
    definitions
        Their names.
    panels
        By group, by name of a series, runs of shape ``(runs, definitions)``.
    published
        By group, value and standard deviation of the first series.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 4.4), sharex=True)
    where = np.arange(len(definitions))
    for ax, (title, series) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        value, deviation = published[title]
        edges = [value - 2 * deviation, value + 2 * deviation]
        ax.fill_betweenx(where[[0, -1]] + [-0.45, 0.45], *edges, color=LIGHT, linewidth=0)
        ax.axvline(value, color=GREY, linestyle=":", linewidth=1.2)
        ax.text(
            value, -0.55, "published, DA", ha="center", va="bottom", fontsize=9, color="#333333"
        )
        for k, (name, runs) in enumerate(series.items()):
            shift = 0.22 * (k - (len(series) - 1) / 2)
            ax.errorbar(
                runs.mean(axis=0), where + shift, xerr=runs.std(axis=0, ddof=1), fmt=MARKERS[k],
                color=COLORS[k], markerfacecolor="white" if k % 2 else COLORS[k], linestyle="none",
                markersize=6, capsize=2, label=name,
            )  # fmt: skip
        ax.set(xlabel="SI", xlim=(-0.2, 1.04))
        ax.set_title(title, pad=16)
        ax.set_yticks(where, definitions if ax is np.atleast_1d(axes)[0] else [""] * len(where))
        ax.set_ylim(len(definitions) - 0.45, -0.55)
    handles, labels = np.atleast_1d(axes)[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return fig


def tuning(
    strengths: Mapping[str, np.ndarray],
    similarity: Mapping[str, np.ndarray],
    accuracy: Mapping[str, np.ndarray],
    chosen: Mapping[str, float],
    target: float,
) -> Figure:
    """Draw similarity and accuracy on validation images against the weight of the penalty.

    All by group; ``chosen`` weights are marked by a ring.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
    for ax, values in ((left, similarity), (right, accuracy)):
        for k, (group, nu) in enumerate(strengths.items()):
            ax.semilogx(
                nu, values[group], MARKERS[k], color=COLORS[2 * k], linestyle=STYLES[k], label=group
            )
            picked = int(np.flatnonzero(nu == chosen[group])[0])
            ax.plot(
                nu[picked], values[group][picked], "o", color="black", markersize=14,
                markerfacecolor="none", linestyle="none",
                label="chosen" if k == len(strengths) - 1 else None,
            )  # fmt: skip
        ticks = _apart(np.unique(np.concatenate(list(strengths.values()))))
        ax.set_xticks(ticks, [f"{nu:g}" for nu in ticks])
        ax.set_xticks([], minor=True)
        ax.set_xlabel(r"weight $\nu$ of the penalty")
    left.axhline(target, color=GREY, linestyle=":", linewidth=1.2)
    left.text(
        0.02, target, "target", fontsize=10, va="bottom", transform=left.get_yaxis_transform()
    )
    left.set_title("(a) SI")
    right.set_title("(b) accuracy in per cent")
    right.legend(loc="best")
    return fig


def _apart(ticks: np.ndarray) -> np.ndarray:
    """Return ticks of a logarithmic axis whose labels do not touch: the last, and others below."""
    kept = [ticks[-1]]
    for tick in ticks[-2::-1]:
        if kept[-1] / tick > 1.6:
            kept.append(tick)
    return np.array(kept[::-1])


def training_path(
    epochs: np.ndarray,
    panels: Mapping[str, Mapping[str, np.ndarray]],
    logarithmic: Sequence[str],
) -> Figure:
    """Draw measures during training: means over runs, and the range of the runs.

    ``panels`` maps titles to curves ``(runs, T)`` by name; ``logarithmic`` are titles.
    """
    rows = -(-len(panels) // 2)
    fig, axes = plt.subplots(rows, 2, figsize=(8.6, 2.7 * rows), sharex=True)
    for ax, (title, curves) in zip(axes.flat, panels.items(), strict=True):
        for k, (name, runs) in enumerate(curves.items()):
            ax.plot(
                epochs, runs.mean(axis=0), MARKERS[k], color=COLORS[k], linestyle=STYLES[k],
                markersize=5, markerfacecolor="white", label=name,
            )  # fmt: skip
            ax.fill_between(
                epochs, runs.min(axis=0), runs.max(axis=0), color=COLORS[k], alpha=0.18, linewidth=0
            )
        ax.set(xscale="log", yscale="log" if title in logarithmic else "linear", title=title)
        ticks = _apart(epochs)
        ax.set_xticks(ticks, [str(epoch) for epoch in ticks])
        ax.set_xticks([], minor=True)
    for ax in axes[-1]:
        ax.set_xlabel(EPOCH)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return fig


def picture_rows(
    rows: Mapping[str, np.ndarray], titles: Sequence[str], inches: float = 1.15
) -> Figure:
    """Show named rows of pictures, each ``(columns, side, side)``, in grey from white to black.

    Each picture uses the whole grey scale up to its own largest value.
    """
    fig, axes = plt.subplots(
        len(rows), len(titles), squeeze=False,
        figsize=(1.3 + inches * len(titles), 0.3 + inches * len(rows)),
    )  # fmt: skip
    for k, (name, pictures) in enumerate(rows.items()):
        if len(pictures) != len(titles):
            raise ValueError(f"titles: expected {len(pictures)} for {name!r}, got {len(titles)}")
        for ax, picture, title in zip(axes[k], pictures, titles, strict=True):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=max(float(picture.max()), 1e-9))
            frame(ax, title if k == 0 else "")
        axes[k, 0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6, fontsize=10)
    return fig


def orbit_traces(
    panels: Mapping[str, np.ndarray], labels: np.ndarray, traced: Sequence[int], columns: int = 3
) -> Figure:
    """Draw images in two coordinates, with the orbits of some of them traced.

    Parameters
    ----------
    panels
        By title, coordinates ``(|G|, images, 2)``.
    labels
        Classes, shape ``(images,)``; unmoved images are drawn in a shade of grey for each.
    traced
        Indices of the images whose orbits are drawn.
    """
    rows = -(-len(panels) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(8.6, 2.9 * rows), squeeze=False)
    for ax, (title, points) in zip(axes.flat, panels.items(), strict=True):
        _cloud(ax, points[0], labels)
        for k, image in enumerate(traced):
            loop = points[[*range(len(points)), 0], image]
            ax.plot(
                *loop.T, MARKERS[k], color=COLORS[(0, 4, 2)[k % 3]], linestyle=STYLES[k],
                markersize=6, linewidth=1.5, markerfacecolor="white", label=f"a {labels[image]}",
            )  # fmt: skip
        ax.set_title(title, fontsize=10.5)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.margins(0.06)
    handles, names = axes.flat[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(names), title="orbit of")
    return fig


def _cloud(ax: Axes, points: np.ndarray, labels: np.ndarray) -> None:
    shades = 0.93 - 0.5 * labels / max(1, labels.max())
    ax.scatter(*points.T, c=shades, cmap="gray", vmin=0, vmax=1, s=13, linewidths=0, zorder=1)
