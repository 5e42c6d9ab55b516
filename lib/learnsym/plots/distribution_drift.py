"""Figures of the chapter on drifting images."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learnsym.checks.distribution_drift import accuracy_ratio, along, relative_error
from learnsym.experiments.spurious_invariance import GROUPS, LEVELS, MODELS
from learnsym.publish import COLORS, MARKERS

STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)))
LOWEST = 1e-7  # what is smaller is rounding error; a logarithmic axis leaves it out


def drift_of_the_paper(arrays: Mapping[str, np.ndarray]) -> Figure:
    """Draw DI and the accuracy ratio along the mixture, a column a group; bands are all runs.

    ``arrays`` is as from ``learnsym.experiments.spurious_invariance.run``.
    """
    error = along(arrays, "distribution_error")
    ratio = accuracy_ratio(arrays)
    fig, axes = plt.subplots(2, len(GROUPS), figsize=(8.6, 6.2), sharex=True, sharey="row")
    for column, group in enumerate(GROUPS):
        upper, lower = axes[:, column]
        for k, model in enumerate(MODELS):
            _curve(upper, error[column, k], k, model)
            _curve(lower, ratio[column, k], k, model)
        upper.set(title=f"{group}: error of invariance", yscale="log")
        upper.text(0.98, 0.03, "WT: zero", transform=upper.transAxes, ha="right", fontsize=10)
        lower.set(title=f"{group}: accuracy", xlabel=r"level of drift $\beta$", ylim=(0, 1.08))
    axes[0, 0].set_ylabel("DI")
    axes[1, 0].set_ylabel(r"accuracy at $\beta$ / at 0")
    axes[1, 0].legend(loc="lower left")
    return fig


def other_drifts(arrays: Mapping[str, np.ndarray], kinds: tuple[str, ...]) -> Figure:
    """Draw DI and the accuracy ratio along several drifts, a column each, means over runs.

    R4 has filled markers, T3 open ones.
    """
    errors = {kind: along(arrays, "distribution_error", kind) for kind in kinds}
    ratios = {kind: accuracy_ratio(arrays, kind) for kind in kinds}
    fig, axes = _columns(errors, ratios)
    axes[0, 0].set_ylabel("DI")
    axes[1, 0].set_ylabel("accuracy / at level 0")
    axes[1, -1].legend(loc="upper right", fontsize=8.5)
    return fig


def what_di_lacks(arrays: Mapping[str, np.ndarray], kinds: tuple[str, ...]) -> Figure:
    """Draw the scale-free LI and the share of equal decisions, as in :func:`other_drifts`."""
    errors = {kind: relative_error(arrays, kind) for kind in kinds}
    decisions = {kind: along(arrays, "agreement", kind) for kind in kinds}
    fig, axes = _columns(errors, decisions)
    axes[0, 0].set_ylabel("scale-free LI")
    axes[1, 0].set_ylabel("same decision")
    axes[1, 0].legend(loc="lower left", fontsize=8.5)
    return fig


def _columns(
    upper: Mapping[str, np.ndarray], lower: Mapping[str, np.ndarray]
) -> tuple[Figure, np.ndarray]:
    """Draw two rows of panels, a column a drift: the upper ones logarithmic, without zeros."""
    fig, axes = plt.subplots(2, len(upper), figsize=(8.6, 6.0), sharex=True, sharey="row")
    for column, kind in enumerate(upper):
        above, below = axes[:, column]
        for g, group in enumerate(GROUPS):
            for k, model in enumerate(MODELS):
                look = {
                    "color": COLORS[k], "linestyle": STYLES[k], "marker": MARKERS[k],
                    "markersize": 5, "linewidth": 1.4, "label": f"{model}, {group}",
                    "markerfacecolor": COLORS[k] if g == 0 else "white",
                }  # fmt: skip
                below.plot(LEVELS, lower[kind][g, k].mean(0), **look)
                drawn = _visible(upper[kind][g, k].mean(0))
                if not np.isnan(drawn).all():
                    above.plot(LEVELS, drawn, **look)
        above.set(title=kind, yscale="log")
        below.set(xlabel="level of drift", ylim=(0, 1.12))
    return fig, axes


def collapse(arrays: Mapping[str, np.ndarray], model: str) -> Figure:
    """Draw all measures of one model on the way to the negative, a column a group.

    Above DI and LI, below the shares of agreeing decisions and of right ones, means over runs.
    """
    k = MODELS.index(model)
    fig, axes = plt.subplots(2, len(GROUPS), figsize=(8.6, 6.0), sharex=True, sharey="row")
    rows = (
        (("LI", "logit_error"), ("DI", "distribution_error")),
        (("same decision", "agreement"), ("right decision", "accuracy")),
    )
    for row, series in enumerate(rows):
        for column, ax in enumerate(axes[row]):
            for j, (label, name) in enumerate(series):
                values = along(arrays, name, "contrast")[column, k].mean(0)
                values = _visible(values) if row == 0 else values
                ax.plot(
                    LEVELS, values, MARKERS[j], color=COLORS[2 * j], linestyle=STYLES[j],
                    markerfacecolor="white", label=label,
                )  # fmt: skip
            ax.axvline(0.5, color="#777777", linestyle=":", linewidth=1.0)
    for ax, group in zip(axes[0], GROUPS, strict=True):
        ax.set(title=f"{model}, {group}", yscale="log")
    for ax in axes[1]:
        ax.set(xlabel="level: 0 the image, 1 its negative", ylim=(0, 1.08))
    axes[0, 0].set_ylabel("error of invariance")
    axes[1, 0].set_ylabel("share of moved images")
    for ax in axes[:, 0]:
        ax.legend(loc="best")
    return fig


def _visible(values: np.ndarray) -> np.ndarray:
    """Return values with NaN in the place of zeros, which a logarithmic axis cannot show."""
    return np.where(values > LOWEST, values, np.nan)


def _curve(ax: Axes, runs: np.ndarray, k: int, label: str) -> None:
    """Draw the mean of runs (runs, LEVELS) and the band from the least to the largest."""
    if runs.max() <= LOWEST:
        return
    ax.fill_between(LEVELS, runs.min(0), runs.max(0), color=COLORS[k], alpha=0.2, linewidth=0)
    ax.plot(
        LEVELS, runs.mean(0), MARKERS[k], color=COLORS[k], linestyle=STYLES[k],
        markerfacecolor="white", markersize=5, label=label,
    )  # fmt: skip
