"""Drifting images, collapsed classifiers, averages over orbits (Moskalev et al. 2023, Figure 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from learnsym.data.drifts import DRIFTS
from learnsym.experiments.spurious_invariance import LEVELS, MODELS
from learnsym.experiments.transforming import acting_group
from learnsym.invariance import orbit_logits
from learnsym.networks.perceptron import orbit_indices, perceptron

Arrays = Mapping[str, np.ndarray]


# --- stored measures ------------------------------------------------------------------------------


def along(arrays: Arrays, measure: str, kind: str = "mixture") -> np.ndarray:
    """Return a measure along a drift, shape (GROUPS, MODELS, runs, LEVELS).

    Raises
    ------
    ValueError
        The arrays have no such measure, or the kind is not one of DRIFTS.
    """
    name = f"drift_{measure}"
    if name not in arrays:
        known = sorted(n.removeprefix("drift_") for n in arrays if n.startswith("drift_"))
        raise ValueError(f"measure: expected one of {known}, got {measure!r}")
    if kind not in DRIFTS:
        raise ValueError(f"kind: expected one of {DRIFTS}, got {kind!r}")
    return arrays[name][..., DRIFTS.index(kind), :]


def at(values: np.ndarray, model: str, level: float | None = None) -> np.ndarray:
    """Return the means over runs for one model, ``(GROUPS, LEVELS)`` or, at a level, ``(GROUPS,)``.

    ``values`` is as from :func:`along`.

    Raises
    ------
    ValueError
        The model is not one of MODELS, or the level not one of LEVELS.
    """
    if model not in MODELS:
        raise ValueError(f"model: expected one of {MODELS}, got {model!r}")
    means = values[:, MODELS.index(model)].mean(axis=1)
    if level is None:
        return means
    if level not in LEVELS:
        raise ValueError(f"level: expected one of {LEVELS}, got {level!r}")
    return means[:, LEVELS.index(level)]


def accuracy_ratio(arrays: Arrays, kind: str = "mixture") -> np.ndarray:
    """Return ``Acc(D_beta) / Acc(D_0)`` run by run, shape (GROUPS, MODELS, runs, LEVELS)."""
    accuracy = along(arrays, "accuracy", kind)
    return accuracy / accuracy[..., :1]


def relative_error(arrays: Arrays, kind: str = "mixture") -> np.ndarray:
    """Return the scale-free LI along a drift, shape (GROUPS, MODELS, runs, LEVELS).

    NaN where the images do not vary, and the logits neither.
    """
    scale = along(arrays, "logit_scale", kind)
    varies = scale > 1e-5
    return np.where(
        varies, along(arrays, "logit_error", kind) / (2 * np.where(varies, scale, 1) ** 2), np.nan
    )


def cell(values: np.ndarray, digits: int, percent: bool = False) -> str:
    """Return mean and standard deviation over runs as text, or what is exactly or nearly zero."""
    values = 100 * np.asarray(values, float) if percent else np.asarray(values, float)
    smallest = 0.5 * 10.0**-digits
    if np.abs(values).max() < 1e-6:
        return "0"
    if values.mean() < smallest:
        return f"< {2 * smallest:.{digits}f}"
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return f"{values.mean():.{digits}f} ± {spread:.{digits}f}"


def plain(value: float) -> str:
    """Return a number of at least 0 with about three digits; what is below 1e-9 is "0"."""
    if value < 1e-9:
        return "0"
    if value < 1e-3:
        return "< 0.001"
    digits = max(0, min(3, 2 - int(np.floor(np.log10(value)))))
    return f"{value:.{digits}f}"


def drift_cells(arrays: Arrays, kind: str, group: int, model: str, level: float) -> list[str]:
    """Return accuracy ratio, DI, LI and agreement as text, means over runs."""
    series = [accuracy_ratio(arrays, kind)]
    names = ("distribution_error", "logit_error", "agreement")
    series += [along(arrays, name, kind) for name in names]
    ratio, di, li, agreement = (at(values, model, level)[group] for values in series)
    return [f"{ratio:.2f}", plain(di), plain(li), f"{agreement:.2f}"]


# --- collapse -------------------------------------------------------------------------------------


def collapse_bound(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the divergence of every moved image and the bound by margin and range.

    Parameters
    ----------
    logits
        Shape ``(|G|, N, classes)``, the unmoved images first.

    Returns
    -------
    divergence, bound
        Shape ``(|G|, N)``. The bound is ``(classes - 1) exp(-m) (1 + R)`` with ``m`` the smaller
        margin of the class decided at ``x``, at ``x`` and at ``g x``, and ``R`` the range of the
        logits at ``g x``.
    """
    logs = logits - _log_sum_exp(logits)[..., None]
    still = logs[0]
    divergence = (np.exp(still) * (still - logs)).sum(-1)
    decided = np.broadcast_to(logits[0].argmax(-1), logits.shape[:2])
    leader = np.take_along_axis(logits, decided[..., None], -1)
    others = np.where(np.arange(logits.shape[-1]) == decided[..., None], -np.inf, logits)
    margins = leader[..., 0] - others.max(-1)
    margin = np.minimum(margins[0], margins)
    spread = logits.max(-1) - logits.min(-1)
    return divergence, (logits.shape[-1] - 1) * np.exp(-margin) * (1 + spread)


def scaled_pair(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return DI and LI, identity left out, of ``a f`` for one image that keeps its class.

    ``f(x) = (3, 0, 1)`` and ``f(g x) = (5, 1, -2)``.
    """
    logits = np.array([[[3.0, 0.0, 1.0]], [[5.0, 1.0, -2.0]]])
    divergences = [collapse_bound(a * logits)[0][1, 0] for a in factors]
    errors = [((a * logits[0] - a * logits[1]) ** 2).sum() for a in factors]
    return np.array(divergences), np.array(errors)


# --- averages over the orbit ----------------------------------------------------------------------


@dataclass(frozen=True)
class Losses:
    """Cross-entropies over whole orbits, one an image, each ``(N,)``.

    ``single`` is the mean over the orbit, ``logits`` and ``probabilities`` that of the averages;
    ``divergence`` is the mean of ``KL(softmax of the mean logits || softmax f(g x))``.
    """

    single: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    divergence: np.ndarray


def averaging_losses(logits: np.ndarray, labels: np.ndarray) -> Losses:
    """Return the cross-entropies before and after averaging, from logits ``(|G|, N, classes)``."""
    rows = np.arange(len(labels))
    logs = logits - _log_sum_exp(logits)[..., None]
    mean = logits.mean(0)
    averaged = mean - _log_sum_exp(mean)[..., None]
    return Losses(
        -logs[:, rows, labels].mean(0),
        -averaged[rows, labels],
        -np.log(np.exp(logs).mean(0)[rows, labels]),
        (np.exp(averaged) * (averaged - logs)).sum(-1).mean(0),
    )


def averaging_accuracies(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Return accuracies: mean over the orbit, of averaged logits, of averaged probabilities."""
    probabilities = np.exp(logits - _log_sum_exp(logits)[..., None]).mean(0)
    return (
        float((logits.argmax(-1) == labels).mean()),
        float((logits.mean(0).argmax(-1) == labels).mean()),
        float((probabilities.argmax(-1) == labels).mean()),
    )


def one_orbit(right: int, order: int, outvoted: bool) -> np.ndarray:
    """Return logits on an orbit, ``(order, 1, 3)``, right on ``right`` of the elements, label 0.

    With ``outvoted`` the wrong elements are far more certain than the right ones, so that the
    averages are wrong; without it, the averages are right. Wrong elements then vote for the
    classes 1 and 2 in turn.

    Raises
    ------
    ValueError
        What is asked for cannot be: no wrong element to outvote the others, or an order below 2.
    """
    if order < 2 or not 0 <= right <= order or (outvoted and right == order):
        raise ValueError(
            f"right: expected 0 to {order - outvoted} of at least 2, got {right} of {order}"
        )
    logits = np.zeros((order, 1, 3))
    if outvoted:
        logits[:right, 0, 0] = 0.1 / order
        logits[:right, 0, 2] = -10.0
        logits[right:, 0, 1] = 10.0 * order
        logits[right:, 0, 2] = -10.0
        return logits
    logits[:right, 0, 0] = 10.0 * order
    for k in range(right, order):
        logits[k, 0, 1 + k % 2] = 0.1
        logits[k, 0, 2 - k % 2] = -10.0 * order
    return logits


def invariance_gaps(group: str, rng: np.random.Generator, images: int = 5) -> tuple[float, float]:
    """Return how much a random network, and its average over the orbit, change on random orbits.

    Largest differences of logits over their largest size, on Gaussian images of 36 x 36 pixels.
    """
    orbit = orbit_indices(acting_group(group))
    n = orbit.shape[1]
    network = perceptron((n, 16, 9), [int(rng.integers(2**31))], dtype=torch.float64)
    x = torch.tensor(rng.standard_normal((images, n)))
    moved = torch.stack([orbit_logits(network, x[:, g], orbit) for g in orbit])
    size = moved.abs().max()
    plain = (moved[:, 0] - moved[0, 0]).abs().max() / size
    mean = moved.mean(1)
    return float(plain), float((mean - mean[0]).abs().max() / size)


def multiplications(sizes: Sequence[int], order: int) -> dict[str, int]:
    """Return the multiplications for one image: a free network, a weight-tied one, an average.

    ``sizes`` are the numbers of inputs, of units of each hidden layer, and of classes; ``order``
    is ``|G|``. The weight-tied network uses its first layer once for every element.
    """
    layers = [a * b for a, b in pairwise(sizes)]
    return {
        "single": sum(layers),
        "weight-tied": order * layers[0] + sum(layers[1:]),
        "averaged": order * sum(layers),
    }


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    top = values.max(-1)
    return top + np.log(np.exp(values - top[..., None]).sum(-1))
