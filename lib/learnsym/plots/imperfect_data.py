"""Figures of the chapter on imperfect data."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from learnsym.checks.imperfect_data import NoisyRuns, Rates
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))


def missing_mirror_images(
    times: np.ndarray, losses: np.ndarray, slopes: tuple[float, float], rates: Rates
) -> Figure:
    """Draw Figure 2 of Gideoni, and the rates of many data sets.

    Parameters
    ----------
    times
        Shape ``(T,)``.
    losses
        Asymmetry loss of models on one data set, shape ``(T, models)``.
    slopes
        Predicted rates for the guide lines: from ``X^T X``, and from ``K_G``.
    rates
        Rates of many data sets.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.7))
    left.semilogy(times, losses, color=COLORS[3], linestyle="-", linewidth=0.7, alpha=0.8)
    top = 4 * losses[0].max()
    names = (r"$\lambda_{\min}(X^\top X / n)$", r"$K_G$ on $\ker\mathcal{R}^\top$")
    for rate, name, style in zip(slopes, names, ("-", STYLES[1]), strict=True):
        left.semilogy(
            times, top * np.exp(-rate * times), color="black", linestyle=style, label=name
        )
    left.set(title="(a) one data set", xlabel="time", ylabel="asymmetry loss")
    left.set_ylim(bottom=losses[-1].min() / 30)
    left.legend(loc="lower left")
    ends = np.array([min(rates.single) - 0.02, max(rates.completed) + 0.02])
    right.plot(ends, ends, color="#777777", linestyle="-", linewidth=1)
    right.plot(
        rates.completed, rates.measured, "s", color=COLORS[1], linestyle="none", label=names[1],
        markerfacecolor="none",
    )  # fmt: skip
    right.plot(rates.single, rates.measured, "o", color="black", linestyle="none", label=names[0])
    right.set(
        title=f"(b) {len(rates.measured)} data sets",
        xlabel="predicted rate",
        ylabel="measured rate",
    )
    right.legend(loc="upper left")
    return fig


def floors_by_count(
    counts: Sequence[int], series: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Draw measured floors with standard errors and their laws against the number of points.

    ``series`` maps names to ``measured`` (counts, sets) and ``predicted`` (counts,).
    """
    fig, ax = plt.subplots()
    for k, (name, (measured, predicted)) in enumerate(series.items()):
        ax.loglog(counts, predicted, color=COLORS[k], linestyle=STYLES[k])
        _points(ax, k, counts, measured, name)
    ax.set(xlabel="number of points $n$", ylabel="asymmetry loss at the end")
    _plain_ticks(ax, counts)
    ax.legend(loc="best")
    return fig


def noise_curves(
    times: np.ndarray, panels: Mapping[str, Mapping[float, NoisyRuns]], every: int = 3
) -> Figure:
    """Draw the asymmetry loss under label noise: means with standard errors, and the prediction.

    ``panels`` maps titles to runs by standard deviation of the noise.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.9), sharey=True)
    for ax, (title, runs) in zip(axes, panels.items(), strict=True):
        for k, (sigma, run) in enumerate(runs.items()):
            ax.semilogy(times, run.predicted, color=COLORS[k], linestyle=STYLES[k])
            first = k % every
            _points(
                ax, k, times[first::every], run.measured[first::every], f"$\\sigma = {sigma:g}$"
            )
        ax.set(title=title, xlabel="time")
    axes[0].set_ylabel("asymmetry loss")
    axes[0].legend(loc="lower left")
    return fig


def noisy_digits(
    steps: np.ndarray, panels: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> Figure:
    """Draw roots of squared sizes against step number, one panel a quantity.

    ``panels`` maps titles to ``measured`` (T, draws + 1), whose last column has noise per digit,
    and to the predictions for noise per row and per digit, each of shape ``(T,)``.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8.6, 3.9))
    for ax, (title, (measured, per_row, per_digit)) in zip(axes, panels.items(), strict=True):
        parts = (
            ("a label for every copy", measured[:, :-1].mean(axis=1), per_row),
            ("a label for every digit", measured[:, -1], per_digit),
        )
        for k, (name, squares, predicted) in enumerate(parts):
            color = COLORS[2 * k]
            ax.semilogx(steps + 1, np.sqrt(predicted), color=color, linestyle=STYLES[k])
            ax.semilogx(
                steps + 1, np.sqrt(squares), MARKERS[k], color=color, linestyle="none",
                markerfacecolor="none", markevery=2, label=name,
            )  # fmt: skip
        ax.set(title=title, xlabel="step + 1")
        ax.set_ylim(bottom=0)
    axes[0].legend(loc="best")
    return fig


def minibatch_levels(
    etas: np.ndarray, measured: Mapping[str, np.ndarray], predicted: Mapping[str, np.ndarray]
) -> Figure:
    """Draw ``|w_k|`` at the mini-batch plateau against the learning rate.

    ``measured`` maps names to mean and standard error of the square, shape ``(etas, 2)``;
    ``predicted`` maps the same names to the square, shape ``(etas,)``.
    """
    fig, ax = plt.subplots()
    for k, (name, values) in enumerate(measured.items()):
        root = np.sqrt(values[:, 0])
        ax.loglog(etas, np.sqrt(predicted[name]), color=COLORS[2 * k], linestyle=STYLES[k])
        ax.errorbar(
            etas, root, values[:, 1] / (2 * root), color=COLORS[2 * k], marker=MARKERS[k],
            linestyle="none", markerfacecolor="none", capsize=3, label=name,
        )  # fmt: skip
    ax.set(xlabel=r"learning rate $\eta$", ylabel=r"root mean square of $\Vert w_k\Vert$")
    _plain_ticks(ax, etas)
    ax.legend(loc="best")
    return fig


def growth(
    etas: np.ndarray,
    measured: np.ndarray,
    dense: np.ndarray,
    predicted: np.ndarray,
    limits: Sequence,
) -> Figure:
    """Draw the factor of one step against the learning rate for both parts of the weights.

    Parameters
    ----------
    etas
        Learning rates of the measurements, shape ``(E,)``.
    measured
        Factors of ``w_k`` and ``w_r``, shape ``(E, 2)``.
    dense
        Learning rates of the prediction, shape ``(D,)``.
    predicted
        Shape ``(D, 2)``.
    limits
        Stability limits of ``w_k`` and of ``w_r``.
    """
    fig, ax = plt.subplots()
    parts = (("$w_k$ (asymmetric)", COLORS[0]), ("$w_r$ (symmetric)", COLORS[1]))
    for k, (name, color) in enumerate(parts):
        ax.plot(dense, predicted[:, k], color=color, linestyle=STYLES[k])
        ax.plot(
            etas, measured[:, k], MARKERS[k], color=color, linestyle="none", label=name,
            markerfacecolor="none",
        )  # fmt: skip
        ax.axvline(limits[k], ymax=0.75, color="#777777", linestyle=":", linewidth=1.2)
        ax.text(
            limits[k] - 0.1, 1.15, f"limit of $w_{'kr'[k]}$", rotation=90, ha="right", va="bottom"
        )  # fmt: skip
    ax.axhline(1, color="#777777", linestyle="-", linewidth=0.8)
    ax.set(xlabel=r"learning rate $\eta$", ylabel="factor of one step", ylim=(0, 3.2))
    ax.legend(loc="upper right")
    return fig


def coverage(
    counts: np.ndarray, curves: Mapping[str, np.ndarray], total: int, needed: int
) -> Figure:
    """Draw how many asymmetric directions the first images show, against their number.

    ``total`` is the dimension of ker R, ``needed`` the predicted number of generic orbits.
    """
    fig, ax = plt.subplots()
    for k, (name, seen) in enumerate(curves.items()):
        ax.plot(counts, seen, color=COLORS[2 * k], linestyle=STYLES[k], label=name)
    ax.axhline(total, color="#777777", linestyle="-", linewidth=0.8)
    ax.axvline(needed, color="#777777", linestyle=":", linewidth=1.2)
    ax.set(xlabel="number of images", ylabel="asymmetric directions seen", ylim=(0, 1.12 * total))
    ax.annotate(
        f"all {total}", (counts[-1], total), xytext=(0, 3), textcoords="offset points", ha="right"
    )
    ax.annotate(
        f"{needed} images", (needed, 0), xytext=(4, 4), textcoords="offset points", va="bottom"
    )
    ax.legend(loc="lower right")
    return fig


def _points(ax: Axes, k: int, x: Sequence[float], samples: np.ndarray, name: str) -> None:
    """Draw means over the last axis with their standard errors."""
    error = samples.std(axis=1, ddof=1) / np.sqrt(samples.shape[1])
    ax.errorbar(
        x, samples.mean(axis=1), error, color=COLORS[k], marker=MARKERS[k], linestyle="none",
        markerfacecolor="none", capsize=3, label=name,
    )  # fmt: skip


def _plain_ticks(ax: Axes, values: Sequence[float]) -> None:
    """Label the points on the x axis, and 1, 2, 5, 10, ... on the y axis."""
    ax.set_xticks(values, [f"{value:g}" for value in values])
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.minorticks_off()
