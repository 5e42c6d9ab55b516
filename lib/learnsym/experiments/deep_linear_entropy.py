"""The networks of :mod:`learnsym.experiments.deep_linear`, trained with cross-entropy.

Duan and Montufar repeat their experiment with this loss, for which they have no theorem. It needs
the rows: all four rotations of every image where data are augmented, one where they are not. A
hard-wired network sees the same of all four, so one is enough.
"""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from learnsym.experiments import deep_linear
from learnsym.experiments.deep_linear import (
    PIXELS,
    Digits,
    observer,
    problem,
    recorded_steps,
    repeated,
    start,
)
from learnsym.lowrank import constraint
from learnsym.networks.linear import DeepLinear, cross_entropy
from learnsym.regression import augment
from learnsym.training import History, full_batch

PROBE_STEPS = 15
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 4.0, "book": 120.0}


@dataclass(frozen=True)
class Config:
    """Size of the experiment, as :class:`learnsym.experiments.deep_linear.Config` explains it."""

    images: int = 1_000
    tested: int = 1_000
    side: int = 14
    hidden: int = 5
    strengths: tuple[float, ...] = (0.001, 0.01, 0.1)
    runs: int = 5
    steps: int = 2_500
    rate: float = 1e-3
    seed: int = 0


SCALES = {"smoke": Config(images=300, tested=200, steps=800, runs=2), "book": Config()}


def methods(config: Config) -> list[str]:
    """Return the names of what is compared, in the order of the arrays."""
    return deep_linear.methods(_common(config))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and return what was observed.

    Returns
    -------
    dict
        The arrays of :func:`learnsym.experiments.deep_linear.run` without gradient descent;
        ``error`` is the cross-entropy on augmented data.
    """
    return _train(config, recorded_steps(config.steps), progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    steps = recorded_steps(config.steps)
    return _train(config, steps[steps <= PROBE_STEPS], progress=False)


def _train(config: Config, steps: np.ndarray, progress: bool) -> dict[str, np.ndarray]:
    data = problem(config.images, config.tested, config.side)
    once = torch.tensor(data.X)
    turned = torch.tensor(augment(data.X, data.rho).reshape(-1, data.rho.dimension))
    free, wired = (start(_common(config), data, hard_wired) for hard_wired in (False, True))
    punished = repeated(free, len(config.strengths))
    strengths = np.repeat(config.strengths, config.runs)
    with tqdm(
        total=3 * int(steps[-1]), desc="deep_linear_entropy", unit="step", disable=not progress
    ) as bar:
        trained = [
            _fit(data, free, turned, np.zeros(config.runs), steps, config.rate, bar),
            _fit(data, wired, once, np.zeros(config.runs), steps, config.rate, bar),
            _fit(data, punished, once, strengths, steps, config.rate, bar),
        ]
    arrays = {"steps": steps, "entries": trained[0]["entries"]}
    for name in set(trained[0].series) - {"entries"}:
        parts = [history[name].reshape(len(steps), -1, config.runs) for history in trained]
        arrays[name] = np.concatenate(parts, axis=1)
    return arrays


def _common(config: Config) -> deep_linear.Config:
    return deep_linear.Config(
        hidden=config.hidden,
        strengths=config.strengths,
        rotations=(),
        runs=config.runs,
        seed=config.seed,
    )


def _fit(
    data: Digits,
    nets: DeepLinear,
    rows: torch.Tensor,
    strengths: np.ndarray,
    steps: np.ndarray,
    rate: float,
    bar: tqdm,
) -> History:
    measure = observer(data)
    everything = torch.tensor(augment(data.X, data.rho).reshape(-1, data.rho.dimension))
    averaged = torch.tensor(data.averaged.C)
    G = torch.tensor(constraint(data.rho))
    C = torch.tensor(data.moments.C) if len(rows) == len(data.X) else averaged
    weights = torch.tensor(strengths)

    def observe() -> dict[str, torch.Tensor]:
        seen = measure(nets) | {"entries": nets.product[:, :2, PIXELS]}
        return seen | {"error": cross_entropy(nets, everything, averaged)}

    def loss() -> torch.Tensor:
        entropy = cross_entropy(nets, rows, C)
        if not strengths.any():
            return entropy
        return entropy + weights * torch.sum((nets.product @ G) ** 2, dim=(-2, -1))

    return full_batch(nets.parameters, loss, observe, steps, rate, bar=bar)
