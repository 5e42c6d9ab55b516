"""Figures of the chapter on the measures of invariance."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from learnsym.checks.measuring_invariance import Row
from learnsym.checks.saliency_traps import NoisyPairs, Picture
from learnsym.publish import COLORS, MARKERS, frame

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))


def scale_of_the_logits(factors: np.ndarray, rows: Sequence[Row]) -> Figure:
    """Draw the measures of ``a f`` against ``a``: those that grow, and those that stay."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6))
    panels = (
        (left, (("LI", "li"), ("DI", "di"))),
        (
            right,
            (
                ("share within orbits", "share"),
                ("SI, published", "published"),
                ("SI, signed gradients", "signed"),
                ("same decision", "agreement"),
            ),
        ),
    )
    for ax, series in panels:
        for k, (label, name) in enumerate(series):
            ax.plot(
                factors, [getattr(row, name) for row in rows], MARKERS[k], color=COLORS[k],
                linestyle=STYLES[k], markerfacecolor="white", label=label,
            )  # fmt: skip
        ax.set(xscale="log", xlabel="factor $a$ on the logits")
    left.set(yscale="log", title="(a) grow with the logits")
    left.legend(loc="upper left")
    right.set(title="(b) do not", ylim=(-0.12, 1.25))
    right.legend(loc="upper center", ncols=2, fontsize=9, columnspacing=1.0)
    return fig


def maps_of_three_networks(rows: Sequence[Picture]) -> Figure:
    """Show an image and its turn with the saliency maps of several networks, one a row."""
    titles = ("$x$", "$gx$", "$m(x)$", "$m(gx)$", "$g^{-1}m(gx)$")
    fig, axes = plt.subplots(len(rows), 5, figsize=(8.6, 1.95 * len(rows)))
    for line, row in zip(axes, rows, strict=True):
        for ax, picture, title in zip(line, row.images, titles, strict=False):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
            frame(ax, title)
        bound = np.abs(row.maps).max()
        for ax, picture, title in zip(line[2:], row.maps, titles[2:], strict=True):
            ax.imshow(picture, cmap="gray", vmin=-bound, vmax=bound)
            frame(ax, title)
        line[0].set_ylabel(row.name, fontsize=11)
        line[-1].set_xlabel(
            f"cosine {_cosine(row.cosine)}, absolute {_cosine(row.absolute)}", fontsize=7.5
        )
    return fig


def thresholded_similarity(pairs: NoisyPairs, chosen: int) -> Figure:
    """Draw means against the correlation, and the single cosines of one correlation."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
    series = (
        ("signed cosine", pairs.signed),
        ("SI, published", pairs.published),
        ("top pixels coincide", pairs.same),
    )
    for k, (label, values) in enumerate(series):
        left.plot(
            pairs.correlations, values.mean(axis=1), MARKERS[k], color=COLORS[k],
            linestyle=STYLES[k], markerfacecolor="white", label=label,
        )  # fmt: skip
    left.set(
        title="(a) means", xlabel="correlation of the two maps", ylabel="mean over pairs",
        ylim=(-0.05, 1.05),
    )  # fmt: skip
    left.legend(loc="upper left", fontsize=9.5)
    bins = np.linspace(-1e-9, 1 + 1e-9, 26)
    for k, (label, values) in enumerate(series[:2]):
        right.hist(
            values[chosen], bins, color=COLORS[k], alpha=1 if k else 0.55, label=label,
            hatch=None if k else "///", edgecolor="black", linewidth=0.6,
        )  # fmt: skip
    right.set(
        title=f"(b) single pairs, correlation {pairs.correlations[chosen]:g}", xlabel="cosine",
        ylabel="number of pairs", yscale="log",
    )  # fmt: skip
    right.legend(loc="upper left", fontsize=9.5)
    return fig


def _cosine(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
