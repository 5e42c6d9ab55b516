"""Figures of the chapter on wide networks."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from learnsym.publish import COLORS, MARKERS

DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))


def initial_sizes(
    widths: np.ndarray, measured: np.ndarray, errors: np.ndarray, predicted: np.ndarray
) -> Figure:
    """Draw the size of the initial function against width, and that with outgoing weights ~ 1/H.

    All arrays have shape ``(widths,)``; ``errors`` are standard errors.
    """
    fig, ax = plt.subplots()
    ax.plot(widths, predicted, color="black", linestyle="-", label="exact, default weights")
    ax.errorbar(
        widths, measured, 2 * errors, color=COLORS[0], marker="o", linestyle="none", capsize=3,
        label="drawn networks",
    )  # fmt: skip
    shrunk = measured / np.sqrt(widths)
    ax.plot(
        widths, shrunk, color=COLORS[1], marker="s", linestyle=DASHES[1],
        label=r"outgoing weights $\propto 1/H$",
    )  # fmt: skip
    ax.set(
        xscale="log", yscale="log", xlabel="hidden neurons $H$", ylabel="typical size of $f_0(x)$"
    )
    ax.legend(loc="lower left")
    return fig


def fitted_actions(
    cutoffs: np.ndarray,
    by_cutoff: Mapping[str, np.ndarray],
    widths: np.ndarray,
    by_width: Mapping[str, np.ndarray],
    marked: Mapping[str, float],
) -> Figure:
    """Draw the error that a fitted action leaves, against cut-off and against width.

    ``by_cutoff`` and ``by_width`` map names to arrays over ``cutoffs`` and ``widths``; ``marked``
    maps names to cut-offs that get a vertical line.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.6), sharey=True)
    for k, (name, errors) in enumerate(by_cutoff.items()):
        axes[0].plot(cutoffs, errors, marker=MARKERS[k], linestyle=DASHES[k], label=name)
    for k, (name, errors) in enumerate(by_width.items()):
        axes[1].plot(widths, errors, marker=MARKERS[k], linestyle=DASHES[k], label=name)
    for name, place in marked.items():
        axes[0].axvline(place, color="#777777", linestyle=":", linewidth=1.2)
        axes[0].text(place * 1.3, 0.97, name, transform=axes[0].get_xaxis_transform(), va="top")
    axes[0].set(xscale="log", yscale="log", xlabel="cut-off", ylabel="share of the error left")
    axes[1].set(xscale="log", xlabel="hidden neurons $H$")
    axes[0].set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    axes[1].set_xticks(widths, [str(width) for width in widths])
    for axis in (axes[0].yaxis, axes[1].xaxis):
        axis.set_minor_locator(NullLocator())
    axes[0].set_title("(a) 100 neurons")
    axes[1].set_title("(b) other widths")
    axes[1].legend(loc="upper right")
    return fig


def spectra(
    spectra: Mapping[str, np.ndarray], threshold: float, published: tuple[float, float]
) -> Figure:
    """Draw the share of eigenvalues below each value.

    Parameters
    ----------
    spectra
        Eigenvalues by name, shape ``(p,)`` each. Those that are not positive count at the left end.
    threshold
        Value at which a vertical line is drawn.
    published
        Share below the threshold and share of zeros, as published.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.0))
    for k, (name, values) in enumerate(spectra.items()):
        ordered = np.sort(values)
        share = np.arange(1, len(ordered) + 1) / len(ordered)
        shown = ordered > 0
        ax.step(
            ordered[shown], share[shown], where="post", color=COLORS[k], linestyle=DASHES[k],
            label=name,
        )  # fmt: skip
    ax.axvline(threshold, color="#777777", linestyle=":", linewidth=1.2)
    ax.plot(threshold, published[0], "*", color="black", markersize=13, linestyle="none",
            label="published: a third below 0.2")  # fmt: skip
    ax.axhline(published[1], color="black", linestyle=":", linewidth=1.2,
               label="published: 2 % zeros")  # fmt: skip
    ax.set(
        xscale="log", xlim=(1e-7, 3e6), ylim=(0, 1.02), xlabel="eigenvalue of the sum over points"
    )
    ax.set_ylabel("share of eigenvalues below")
    ax.legend(loc="upper left", fontsize=8.5)
    return fig


def unseen_weights(
    orbits: np.ndarray,
    shares: Mapping[str, np.ndarray],
    asymmetries: Mapping[str, np.ndarray],
    full: float,
) -> Figure:
    """Draw what the data see of the weights, and the asymmetry after training.

    Parameters
    ----------
    orbits
        Numbers of training orbits, shape ``(sizes,)``.
    shares
        Shares between 0 and 1 by name, shape ``(sizes,)``.
    asymmetries
        Held-out asymmetry by name, shape ``(sizes,)``; drawn on a logarithmic scale.
    full
        Number of orbits with as many points as parameters; gets a vertical line.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.0, 3.8))
    for k, (name, values) in enumerate(shares.items()):
        axes[0].semilogx(orbits, values, marker=MARKERS[k], linestyle=DASHES[k], label=name)
    for k, (name, values) in enumerate(asymmetries.items()):
        axes[1].loglog(orbits, values, marker=MARKERS[k], linestyle=DASHES[k], label=name)
    for ax in axes:
        ax.axvline(full, color="#777777", linestyle=":", linewidth=1.2)
        ax.set_xlabel("training orbits")
    axes[0].set(ylim=(-0.03, 1.45), title="(a) rank and weights", ylabel="share")
    axes[0].set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes[1].set(title="(b) after training", ylabel="held-out asymmetry")
    axes[0].legend(loc="upper right", fontsize=9)
    axes[1].legend(loc="lower left", bbox_to_anchor=(0, 0.08), fontsize=9)
    return fig


def lazy_training(
    steps: np.ndarray,
    curves: Mapping[str, np.ndarray],
    twin_steps: np.ndarray,
    twins: Mapping[str, np.ndarray],
    alphas: Sequence[float],
) -> Figure:
    """Draw the asymmetry during training, one panel a setting.

    ``curves`` maps settings to arrays ``(alphas, T)`` over ``steps``, ``twins`` the same settings
    to arrays ``(S,)`` over ``twin_steps``. Step 0 is shown at 0.7.
    """
    fig, axes = plt.subplots(2, 2, figsize=(8.8, 6.2), sharex=True, sharey=True)
    for ax, (name, values) in zip(axes.flat, curves.items(), strict=True):
        _lazy_panel(ax, steps, values, alphas)
        ax.plot(
            np.maximum(twin_steps, 0.7), twins[name], color="black", linestyle=DASHES[2],
            linewidth=1.4, label="linearised twin",
        )  # fmt: skip
        ax.set(xscale="log", yscale="log", title=name)
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_minor_locator(NullLocator())
    for ax in axes[1]:
        ax.set_xlabel("step")
    for ax in axes[:, 0]:
        ax.set_ylabel("held-out asymmetry")
    axes[0, 0].legend(loc="lower left", fontsize=9)
    return fig


def _lazy_panel(ax: Axes, steps: np.ndarray, values: np.ndarray, alphas: Sequence[float]) -> None:
    styles = (0, 1, 3)
    for k, (alpha, curve) in enumerate(zip(alphas, values, strict=True)):
        ax.plot(
            np.maximum(steps, 0.7), curve, color=COLORS[styles[k]], linestyle=DASHES[styles[k]],
            marker=MARKERS[k], markevery=(2 * k, 6), markersize=5,
            label=rf"$\alpha = {alpha:,.0f}$",
        )  # fmt: skip
