"""Figures of the chapter on spectral decay."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from learnsym.checks.trained_spectra import TrainedSpectra
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)), "-")
GREY = "#777777"


def linear_flow(
    times: np.ndarray, predicted: np.ndarray, measured: np.ndarray, limits: np.ndarray
) -> Figure:
    """Draw the singular values of a linear network on LI.

    Parameters
    ----------
    times
        Shape ``(T,)``.
    predicted
        Singular values of the closed form, shape ``(T, k)``.
    measured
        The same by an ODE solver, at every fifth time, shape ``(ceil(T / 5), k)``.
    limits
        Singular values of the limit, shape ``(k,)``.
    """
    fig, ax = plt.subplots()
    for k in range(predicted.shape[1]):
        ax.plot(
            times, predicted[:, k], color=COLORS[k], linestyle=STYLES[k], label=f"$\\sigma_{k + 1}$"
        )
        ax.plot(
            times[::5], measured[:, k], MARKERS[k], color=COLORS[k], linestyle="none",
            markerfacecolor="white",
        )  # fmt: skip
        ax.axhline(limits[k], color=GREY, linestyle=":", linewidth=1.2)
    ax.annotate(
        "limits", (times[-1], limits[0]), xytext=(0, 12), textcoords="offset points", ha="right"
    )
    ax.set(xlabel="time", ylabel="singular value")
    ax.set_ylim(bottom=0)
    ax.legend(loc="best")
    return fig


def growing_examples(
    times: np.ndarray, layer: Mapping[str, np.ndarray], product: Mapping[str, np.ndarray]
) -> Figure:
    """Draw quantities of the two examples, relative to their start, from the second time on.

    ``layer`` and ``product`` map names to values of shape ``(T,)``, one panel each.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.7))
    titles = ("(a) a layer grows", "(b) the whole network grows")
    for ax, title, curves in zip(axes, titles, (layer, product), strict=True):
        for k, (name, values) in enumerate(curves.items()):
            ax.semilogx(
                times[1:], (values / values[0])[1:], MARKERS[k], color=COLORS[k],
                linestyle=STYLES[k], markevery=(3 * k, 20), markersize=5, markerfacecolor="white",
                label=name,
            )  # fmt: skip
        ax.axhline(1, color=GREY, linestyle=":", linewidth=1.0)
        ax.set(title=title, xlabel="time")
        ax.legend(loc="best")
    axes[0].set_ylabel("relative to the start")
    return fig


def sensitivities(found: TrainedSpectra) -> Figure:
    """Draw sigma_max(J), and the same over the scale of the logits: means and single runs."""
    fig, axes = plt.subplots(
        2, len(found.groups), figsize=(8.6, 6.0), sharex=True, sharey="row", squeeze=False
    )
    rows = (
        (r"$\sigma_{\max}(J)$", {m: found.of("spectral_norm", m) for m in found.models}),
        (
            r"$\sigma_{\max}(J)$ / scale of logits",
            {m: found.relative_norm(m) for m in found.models},
        ),
    )
    places = np.arange(len(found.models))
    for row, (name, values) in enumerate(rows):
        for column, group in enumerate(found.groups):
            ax = axes[row, column]
            means = [runs[column].mean() for runs in values.values()]
            ax.bar(places, means, width=0.62, color="#dddddd", edgecolor="#444444")
            for place, runs in zip(places, values.values(), strict=True):
                runs = runs[column]
                ax.plot(
                    np.full(len(runs), place), runs, "o", color="black", linestyle="none",
                    markersize=3.5,
                )  # fmt: skip
                ax.annotate(
                    f"{runs.mean():.2g}", (place, runs.max()), xytext=(0, 4),
                    textcoords="offset points", ha="center", fontsize=9,
                )  # fmt: skip
            ax.axhline(means[0], color=GREY, linestyle=":", linewidth=1.0)
            ax.set_xticks(places, _short(found.models))
            if row == 0:
                ax.set_title(group)
        axes[row, 0].set_ylabel(name)
        largest = max(runs.max() for runs in values.values())
        if row == 0:  # from 0.3 to a hundred
            smallest = min(runs.min() for runs in values.values())
            axes[row, 0].set(yscale="log", ylim=(smallest / 2, 2 * largest))
        else:
            axes[row, 0].set_ylim(0, 1.15 * largest)
    return fig


def sensitivity_and_similarity(found: TrainedSpectra) -> Figure:
    """Draw SI against sigma_max(J), one marker a trained network."""
    fig, axes = plt.subplots(1, len(found.groups), figsize=(8.6, 3.9), sharey=True, squeeze=False)
    for column, (ax, group) in enumerate(zip(axes[0], found.groups, strict=True)):
        values = np.concatenate([found.of("spectral_norm", m)[column] for m in found.models])
        low, high = values.min() / 1.5, values.max() * 1.5
        for k, model in enumerate(found.models):
            ax.semilogx(
                found.of("spectral_norm", model)[column], found.of("similarity", model)[column],
                MARKERS[k], color=COLORS[k], linestyle="none", label=model,
                markerfacecolor=COLORS[k] if k % 2 else "none",
            )  # fmt: skip
        ax.set(title=group, xlabel=r"$\sigma_{\max}(J)$", ylim=(-0.03, 1.05), xlim=(low, high))
        ticks = [t * 10.0**d for d in range(-4, 4) for t in (1, 2, 5)]
        ticks = [t for t in ticks if low <= t <= high]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
    axes[0, 0].set_ylabel("SI")
    axes[0, 0].legend(loc="lower left", fontsize=9)
    return fig


def layer_paths(found: TrainedSpectra, shown: Sequence[str]) -> Figure:
    """Draw sigma_max of every layer during training, a row a group and a column a layer.

    ``shown`` names the models.
    """
    times = np.concatenate([[0], found.epochs])
    fig, axes = plt.subplots(
        len(found.groups), len(found.initial), figsize=(8.6, 2.3 * len(found.groups) + 0.6),
        sharex=True, sharey="row", squeeze=False,
    )  # fmt: skip
    for k, model in enumerate(shown):
        path = found.layer_path(model)
        for row in range(len(found.groups)):
            for layer, ax in enumerate(axes[row]):
                ax.plot(
                    times, path[row, :, layer], MARKERS[k], color=COLORS[k], linestyle=STYLES[k],
                    linewidth=1.5, markersize=3.5, markerfacecolor="white", label=model,
                )  # fmt: skip
    for layer, ax in enumerate(axes[0]):
        ax.set_title(f"layer {layer + 1}", fontsize=10.5)
    for row, group in enumerate(found.groups):
        axes[row, 0].set_ylabel(f"{group}\n$\\sigma_{{\\max}}$")
        axes[row, 0].set_ylim(bottom=0)
    for ax in axes[-1]:
        ax.set_xlabel("epoch", fontsize=10)
    handles, names = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside upper center", ncols=len(shown))
    return fig


def _short(models: Sequence[str]) -> list[str]:
    return [model.replace(" ", "\n", 1) for model in models]
