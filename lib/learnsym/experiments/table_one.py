"""How well a matrix on features stands in for a permutation of the inputs (Gideoni, Table 1).

One hidden ReLU layer with PyTorch's default initial weights, three inputs, the permutations (1 2)
and (1 2 3), points uniform in the unit cube, single precision, PyTorch's cut-off. The matrix is
fitted on some points and tested on others. The norm that the paper means is not certain, so every
error is measured in three.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.kernels import Mlp, conjugate_features, fit_action, weight_features

PROBE_TOLERANCE = 2e-3  # fits in float32 depend on the order of sums
EXPECTED_SECONDS = {"smoke": 6.0, "book": 75.0}
MOVED = ([1, 0, 2], [2, 0, 1])  # coordinates of the moved points: (1 2) and (1 2 3)
READINGS = ("mean_of_norms", "frobenius", "norm_of_mean")


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``draws`` random networks with ``hidden`` neurons, each with ``points`` points of its own and as
    many that are held out; ``seed`` for weights and points.
    """

    hidden: int = 100
    points: int = 10_000
    draws: int = 60
    seed: int = 0


SCALES = {"smoke": Config(draws=2), "book": Config()}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Return one array (draws, 2, 2, 2) for each of ``READINGS``.

    The axes after the first: gradients or hidden layer; permutation; before the fit or after it, on
    held-out points.
    """
    return _draws(config, tqdm(range(config.draws), desc="table_one", disable=not progress))


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first two draws."""
    return _draws(config, range(2))


def _draws(config: Config, numbers: Iterable[int]) -> dict[str, np.ndarray]:
    errors = np.array([_draw(config, number) for number in numbers])
    return {name: errors[..., k] for k, name in enumerate(READINGS)}


def sizes(difference: np.ndarray) -> list[float]:
    """Return the three readings of the size of ``difference``, one point a row."""
    D = difference.astype(np.float64)
    every = np.linalg.norm(D, axis=1)
    return [every.mean(), np.linalg.norm(D) / len(D), float(np.linalg.norm(D.mean(axis=0)))]


def _draw(config: Config, number: int) -> np.ndarray:
    rng = np.random.default_rng([config.seed, number])
    mlp = Mlp(3, config.hidden)
    theta = mlp.draw(rng).astype(np.float32)
    X, Z = rng.uniform(size=(2, config.points, 3)).astype(np.float32)
    rows = []
    for features in (weight_features, conjugate_features):
        F, T = features(mlp, theta, X), features(mlp, theta, Z)
        cutoff = F.shape[1] * float(np.finfo(np.float32).eps)
        for order in MOVED:
            A = fit_action(F, features(mlp, theta, X[:, order]), cutoff)
            moved = features(mlp, theta, Z[:, order])
            rows.append([sizes(T - moved), sizes(T @ A.T - moved)])
    return np.reshape(rows, (2, 2, 2, 3))
