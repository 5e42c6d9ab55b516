"""Drift under sampled augmentation: measured against its law, and small parametrisations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.checks.augmented_training import pooled
from learnsym.drift import Risks
from learnsym.drift.law import (
    predicted_drift,
    split_by_count,
    stationary_level,
    with_response,
)
from learnsym.experiments import finite_augmentation, perm, rot, trans
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp, norms
from learnsym.networks.small import SmallNetwork
from learnsym.training.symmetric import Schedule, Task, train

Arrays = Mapping[str, np.ndarray]


def agreement(arrays: Arrays, name: str) -> np.ndarray:
    """Return measured over predicted drift, root mean square over runs, the last axis.

    Time series lose epoch 0, where both vanish.
    """
    drift, predicted = arrays[f"{name}_drift"], arrays[f"{name}_law"]
    if name in ("epochs", "nominal", "penalties", "held"):
        drift, predicted = drift[..., 1:, :], predicted[..., 1:, :]
    return pooled(drift / predicted)


def one_step(arrays: Arrays, count: int) -> np.ndarray:
    """Return the sampled squared noise of one step over its expectation, a number a task.

    ``count`` is the place of the number of mini-batches among the counts.
    """
    return np.mean(arrays["one_step"].mean(axis=-2) / arrays["noise"][:, count], axis=-1)


def exponents(arrays: Arrays, name: str, kind: str = "drift") -> np.ndarray:
    """Return the power of the number of epochs by which the drift grows, a number a task.

    Least squares on logarithms over the last three quarters of the epochs; root mean square over
    runs, each relative to its predicted drift at the end. ``kind`` is ``"drift"`` for the measured
    one, ``"law"`` for the predicted one.
    """
    drift = pooled(arrays[f"{name}_{kind}"] / arrays[f"{name}_law"][..., -1:, :])
    epochs = np.arange(drift.shape[-1])
    late = epochs >= max(1, epochs[-1] // 4)
    return np.array([np.polyfit(np.log(epochs[late]), np.log(d[late]), 1)[0] for d in drift])


@dataclass(frozen=True)
class Divisions:
    """The noise of one step by the number of mini-batches, at the initial weights.

    ``counts`` (k,); ``measured`` and ``predicted`` ``S_K / S_1``, means over runs, (tasks, k);
    ``crossover`` (tasks,), the number at which both terms of the law are equal, the median run.
    """

    counts: np.ndarray
    measured: np.ndarray
    predicted: np.ndarray
    crossover: np.ndarray


def divisions(arrays: Arrays, counts: tuple[int, ...], samples: int) -> Divisions:
    """Compare the noise with ``m / K + (1 - 1/K) v / (N - 1)``."""
    everything = np.array([*counts, samples])
    noise, mean = arrays["noise"], arrays["noise"][:, 0]
    single = noise[:, -1]
    predicted = [split_by_count(mean, single, samples, k) for k in everything]
    variance = samples * single - mean
    return Divisions(
        everything,
        np.mean(noise / mean[:, None], axis=-1),
        np.mean(np.stack(predicted, axis=1) / mean[:, None], axis=-1),
        np.median((samples - 1) * mean / variance, axis=-1),
    )


def levels(arrays: Arrays, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return measured and predicted drift under penalties, over that without a penalty.

    Root mean squares over runs and the last third of the epochs, shape (tasks, pulls), in units of
    the noise ``sqrt(E |y_1|^2)`` of the first step.
    """
    drift, predicted = arrays[f"{name}_drift"], arrays[f"{name}_law"]
    late = -max(1, (drift.shape[-2] - 1) // 3)
    unit = predicted[..., 1:2, :]
    return tuple(
        np.sqrt(np.mean((values[..., late:, :] / unit) ** 2, axis=(-2, -1)))
        for values in (drift, predicted)
    )


def stationary(arrays: Arrays, config: finite_augmentation.Config, least: float) -> np.ndarray:
    """Return late drift under penalties over its stationary level, shape (2, 2, pulls).

    First axis augmented and nominal, second PERM and TRANS; root mean square over runs and the last
    third of the epochs. The level is that of noise and gradient at the first step. Penalties
    whose product with the learning rate is ``least`` or more.
    """
    augmented, nominal = [], []
    count = config.counts.index(config.count)
    for task, rate in enumerate(config.rates[:2]):
        for pull, drift, held in zip(
            config.pulls, arrays["penalties_drift"][task], arrays["held_drift"][task], strict=True
        ):
            if pull >= least:
                late = -max(1, (len(drift) - 1) // 3)
                noise = arrays["noise"][task]
                levels = stationary_level(noise[count], rate, pull / rate)
                augmented.append(pooled((drift[late:] / levels).ravel()))
                levels = np.sqrt(noise[0]) / (2 * pull / rate)
                nominal.append(pooled((held[late:] / levels).ravel()))
    return np.array([augmented, nominal]).reshape(2, 2, -1)


def within(arrays: Arrays, name: str, factor: float) -> np.ndarray:
    """Return the share of runs whose drift is its prediction up to a factor, (tasks, grid)."""
    gap = np.abs(np.log(arrays[f"{name}_drift"] / arrays[f"{name}_law"]))
    return np.mean(gap < np.log(factor), axis=-1)


def by_rate(
    shares: np.ndarray, names: Sequence[str], rates: Sequence[float], factors: Sequence[float]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a table of shares ``(tasks, factors)`` by learning rate."""
    rows = [
        [name, *(f"{share:.2f} at {k * rate:.0e}" for share, k in zip(row, factors, strict=True))]
        for name, rate, row in zip(names, rates, shares, strict=True)
    ]
    return ["task", *(f"{k:g} times" for k in factors)], rows


@dataclass(frozen=True)
class Response:
    """Drift over the epochs: root mean squares measured, by the law, and with response, (T + 1,).

    ``runs`` holds the drift of single runs, (T + 1, runs).
    """

    runs: np.ndarray
    plain: np.ndarray
    full: np.ndarray

    @property
    def measured(self) -> np.ndarray:
        """Root mean square over the runs."""
        return pooled(self.runs)


def response(rate: float, epochs: int, runs: int, seed: int) -> Response:
    """Train many runs from the same weights so long that the weights respond to the drift."""
    circle = groups.cyclic(5)
    points = Space(reps.vector(circle))
    spaces = [points, Space(points.rho, 2), Space(reps.trivial(circle))]
    network = SymmetricMlp(spaces, [torch.tanh, nl.identity])
    rng = np.random.default_rng([seed, 5])
    x, y = (torch.tensor(rng.standard_normal((20, d))) for d in (5, 1))
    task = Task(network, x, y, losses.squared_error)
    weights = network.project([0.5 * A for A in network.gaussian([seed])])
    risks = Risks(task)
    many = [A.expand(runs, -1, -1) for A in weights]
    schedule = Schedule(rate, epochs, 5, passes=5)
    _, found = train(task, many, "augmented", schedule, list(range(runs)))
    theta = risks.vector([A[0] for A in weights])
    return Response(
        found.drift,
        predicted_drift(task, weights, rate, epochs, [4]).augmented(5)[:, 0, 0],
        with_response(risks, theta, rate, epochs, 4, 5),
    )


@dataclass(frozen=True)
class Followed:
    """Free parameters against the dense equivariant run.

    ``sizes`` are the numbers of dense weights and of free parameters; ``gap`` is the largest
    distance of the runs from the dense ones, over the dense weights; ``covered`` is the smallest
    distance that a dense run covered, over its weights; ``entries`` is the distance of runs whose
    parameters are entries of the layers, over the distance covered.
    """

    sizes: tuple[int, int]
    gap: float
    covered: float
    entries: float


def followed(name: str, seed: int, epochs: int = 20, samples: int = 120) -> Followed:
    """Train a small version of a task densely and by its free parameters, three runs.

    Learning rates are such that descent is not chaotic, which would amplify rounding errors.

    Raises
    ------
    ValueError
        The task is none of PERM, TRANS, ROT.
    """
    sizes = {"samples": samples, "batch": samples, "seed": seed}
    cases = {
        "PERM": (
            perm,
            lambda: perm.Config(**sizes, channels=3, nodes=6, widths=(6, 4), rate=0.01),
            ["relabelling", *["invariant"] * 3],
        ),
        "TRANS": (
            trans,
            lambda: trans.Config(**sizes, channels=3, side=7, width=6, rate=0.001),
            ["circulant", "circulant", "invariant", "invariant"],
        ),
        "ROT": (
            rot,
            lambda: rot.Config(**sizes, channels=2, side=6, rate=1.8e-5),
            ["shared"] * 4,
        ),
    }
    if name not in cases:
        raise ValueError(f"name: expected one of {tuple(cases)}, got {name!r}")
    module, setting, kinds = cases[name]
    config = setting()
    task, seeds = module.problem(config).task, [10 * seed + run for run in range(3)]
    small = SmallNetwork(task.network, kinds)
    schedule = Schedule(config.rate, epochs, samples)
    start = task.network.project(task.network.gaussian(seeds))
    dense, _ = train(task, start, "equivariant", schedule, seeds)
    own = replace(task, network=small)
    found, _ = train(own, small.gaussian(seeds), "nominal", schedule, seeds)
    wrong = _by_entries(small, own, schedule, seeds)
    covered = _apart(dense, start)
    return Followed(
        (task.network.dimension, small.dimension),
        float((_apart(small.layers(found), dense) / norms(dense)).max()),
        float((covered / norms(dense)).min()),
        float((_apart(small.layers(wrong), dense) / covered).min()),
    )


def _by_entries(
    small: SmallNetwork, task: Task, schedule: Schedule, seeds: list[int]
) -> list[torch.Tensor]:
    """Descend on entries of the layers: a coordinate moves by its orbit's size times as much."""
    scales = []
    for maps, a in zip(small.maps, small.spaces[:-1], strict=True):
        ones = torch.ones(maps.shape, dtype=torch.float64)
        scales.append(maps.coordinates(ones).square().repeat(a.channels))
    current = small.gaussian(seeds)
    for _ in range(schedule.epochs):
        leaves = [c.detach().requires_grad_() for c in current]
        loss = task.loss(small.forward(leaves, task.x), task.y).mean(dim=-1).sum()
        slopes = torch.autograd.grad(loss, leaves)
        steps = zip(current, scales, slopes, strict=True)
        current = [c - schedule.rate * scale * slope for c, scale, slope in steps]
    return current


def _apart(first: list[torch.Tensor], second: list[torch.Tensor]) -> torch.Tensor:
    return norms([A - B for A, B in zip(first, second, strict=True)])
