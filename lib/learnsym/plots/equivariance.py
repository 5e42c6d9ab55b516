"""Figures of the chapter on induced equivariance."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.publish import COLORS, MARKERS

NAMES = ("$(w_{11}+w_{22})/2$", "$(w_{12}+w_{21})/2$", "$(w_{11}-w_{22})/2$", "$(w_{12}-w_{21})/2$")
STYLES = ("-", (0, (7, 1.6, 1.4, 1.6)), "--", ":")


def swap_panels(
    times: np.ndarray, errors: np.ndarray, early: np.ndarray, same_k: np.ndarray, same_r: np.ndarray
) -> Figure:
    """Draw Figure 4 of Gideoni.

    Parameters
    ----------
    times, errors
        Times ``(T,)`` and asymmetry losses ``(T, models)``.
    early, same_k, same_r
        Times ``(S,)`` and the four components of the weights ``(S, models, 4)`` of models that
        share the initial asymmetric or symmetric components.
    """
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.9))
    axes[0].semilogy(times, errors, color=COLORS[0], linestyle="-", linewidth=0.7, alpha=0.6)
    axes[0].set(title="(a) asymmetry loss", xlabel="time $t$")
    for ax, parts, title in (
        (axes[1], same_k, "(b) same initial $W_k$"),
        (axes[2], same_r, "(c) same initial $W_r$"),
    ):
        _components(ax, early, parts)
        ax.set(title=title, xlabel="time $t$")
    handles, labels = axes[2].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=4)
    return fig


def _components(ax: Axes, times: np.ndarray, parts: np.ndarray) -> None:
    for model in range(parts.shape[1]):
        for k, name in enumerate(NAMES):
            color = COLORS[1] if k < 2 else COLORS[0]
            label = "" if model else name
            ax.plot(times, parts[:, model, k], color=color, linestyle=STYLES[k], label=label)


def rates_by_group(rates: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw measured against predicted rates, one marker a group, with the diagonal.

    ``rates`` maps names to ``(predicted, measured)``, arrays of equal length.
    """
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    everything = np.concatenate([predicted for predicted, _ in rates.values()])
    ends = [everything.min() / 1.3, everything.max() * 1.3]
    ax.loglog(ends, ends, color="#777777", linestyle="-", linewidth=1, label="equal")
    for k, (name, (predicted, measured)) in enumerate(rates.items()):
        ax.loglog(
            predicted, measured, MARKERS[k], color=COLORS[k], markerfacecolor="none", label=name
        )
    ax.set(xlabel="predicted rate per unit time", ylabel="measured rate per unit time")
    ax.set_aspect("equal")
    ax.legend(loc="upper left")
    return fig
