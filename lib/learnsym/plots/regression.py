"""Figures of the linear regression chapters."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.publish import COLORS, MARKERS, frame

SYMMETRIC = COLORS[1]
ASYMMETRIC = COLORS[0]


def asymmetry_and_parts(
    steps: np.ndarray,
    losses: np.ndarray,
    early: np.ndarray,
    same_k: np.ndarray,
    same_r: np.ndarray,
) -> Figure:
    """Draw Figure 1 of Gideoni.

    Parameters
    ----------
    steps
        Step numbers, shape ``(T,)``.
    losses
        Asymmetry loss, shape ``(T, models)``.
    early
        Step numbers of the two other panels, shape ``(S,)``.
    same_k, same_r
        Weights ``(w_r, w_k)`` of models that share the initial ``w_k`` or ``w_r``, shape
        ``(S, models, 2)``.
    """
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.3))
    axes[0].semilogy(steps, losses, color=ASYMMETRIC, linestyle="-", linewidth=0.7, alpha=0.6)
    axes[0].set(title="(a) asymmetry loss", xlabel="step")
    for ax, weights, title in (
        (axes[1], same_k, "(b) same initial $w_k$"),
        (axes[2], same_r, "(c) same initial $w_r$"),
    ):
        _two_parts(ax, early, weights)
        ax.set(title=title, xlabel="step")
    axes[2].legend(loc="upper right")
    return fig


def _two_parts(ax: Axes, steps: np.ndarray, weights: np.ndarray) -> None:
    for model in range(weights.shape[1]):
        label = "" if model else "$w_r$ (symmetric)"
        ax.plot(steps, weights[:, model, 0], color=SYMMETRIC, linestyle="-", label=label)
        label = "" if model else "$w_k$ (asymmetric)"
        ax.plot(steps, weights[:, model, 1], color=ASYMMETRIC, linestyle="--", label=label)


def curves_on_log_scale(
    steps: np.ndarray, curves: Mapping[str, np.ndarray], ylabel: str, floor: float | None = None
) -> Figure:
    """Draw positive curves against step number on a logarithmic scale, one line style each."""
    fig, ax = plt.subplots()
    for k, (name, values) in enumerate(curves.items()):
        ax.semilogy(
            steps, values, label=name, marker=MARKERS[k], markevery=(5 * k, len(steps) // 8)
        )
    ax.set(xlabel="step", ylabel=ylabel)
    if floor is not None:
        ax.set_ylim(bottom=floor)
    ax.legend(loc="best")
    return fig


def coupled_and_decoupled(
    times: np.ndarray, panels: Mapping[str, np.ndarray], names: Sequence[str]
) -> Figure:
    """Draw ``w_k`` over time from different ``w_r``, one panel a group.

    ``panels`` maps titles to arrays of shape ``(T, models)``; ``names`` labels the models.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(7.6, 3.3), sharey=True)
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        for k, name in enumerate(names):
            ax.plot(times, values[:, k], label=name, marker=MARKERS[k], markevery=(3 * k, 12))
        ax.axhline(0, color="#999999", linewidth=0.8, linestyle="-")
        ax.set(title=title, xlabel="time $t$")
    axes[0].set_ylabel("length of $w_k$, signed")
    axes[-1].legend(loc="best")
    return fig


def predicted_and_measured_norms(
    steps: np.ndarray, predicted: np.ndarray, measured: Mapping[str, np.ndarray], floor: float
) -> Figure:
    """Draw a predicted curve, measured points and a floor against step number."""
    fig, ax = plt.subplots()
    shown = steps + 1
    ax.semilogx(shown, predicted, color="black", linestyle="-", label="predicted, full batch")
    for k, (name, values) in enumerate(measured.items()):
        ax.semilogx(
            shown, values, MARKERS[k], color=COLORS[k], linestyle="none", markevery=2,
            markerfacecolor="none" if k % 2 else COLORS[k], label=name,
        )  # fmt: skip
    ax.axhline(floor, color="#555555", linestyle=":", label="part that the data never see")
    ax.set(xlabel="step + 1", ylabel=r"$\Vert w_k \Vert$", ylim=(0, 1.4 * predicted[0]))
    ax.legend(loc="upper right")
    return fig


def rates(predicted: np.ndarray, measured: np.ndarray) -> Figure:
    """Draw measured against predicted decay rates on logarithmic axes, with the diagonal."""
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    ends = [predicted.min() / 1.5, predicted.max() * 1.5]
    ax.loglog(ends, ends, color="#777777", linestyle="-", linewidth=1, label="equal")
    ax.loglog(
        predicted, measured, "o", markerfacecolor="none", linestyle="none", label="a direction"
    )
    ax.set(xlabel="predicted rate per unit time", ylabel="measured rate per unit time")
    ax.set_aspect("equal")
    ax.legend(loc="upper left")
    return fig


def weight_images(w_k: np.ndarray, w_r: np.ndarray, steps: np.ndarray, side: int) -> Figure:
    """Show asymmetric (top) and symmetric weights at a few steps as images.

    The top row has one grey scale, so that decay shows; each image of the bottom row has its own.
    ``w_k`` and ``w_r`` have shape ``(count, side * side)``, ``steps`` ``(count,)``.
    """
    fig, axes = plt.subplots(2, len(steps), figsize=(2.2 * len(steps), 4.9))
    common = np.full(len(steps), np.abs(w_k).max())
    for row, name, weights, reaches in (
        (0, "w_k", w_k, common),
        (1, "w_r", w_r, np.abs(w_r).max(axis=1)),
    ):
        for ax, values, reach, step in zip(axes[row], weights, reaches, steps, strict=True):
            ax.imshow(values.reshape(side, side), cmap="gray", vmin=-reach, vmax=reach)
            frame(ax, f"${name}$ after {step:,} steps")
    return fig
