"""Eigenvalues of the empirical weights kernel of random networks (Gideoni, Fig. 5).

The paper states 100 neurons, 100,000 points of ``[0, 1]^3`` and neither the activation nor the
initial weights. So there are several of each, and ``[-1, 1]^3`` beside the stated cube. The
eigenvalues are those of the sum over points, in single precision.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.kernels import Mlp, weight_gram

PROBE_TOLERANCE = 0.01  # rounding in float32 decides which forced zeros are positive
EXPECTED_SECONDS = {"smoke": 10.0, "book": 80.0}
STARTS = ("PyTorch", "Gaussian", "Gaussian, no biases")
LOWER_ENDS = (0.0, -1.0)
SETTINGS = tuple(itertools.product(("relu", "tanh"), STARTS, LOWER_ENDS))


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``networks`` random networks with ``hidden`` neurons in each setting, ``points`` points for each
    spectrum; ``seed`` for weights and points.
    """

    hidden: int = 100
    networks: int = 5
    points: int = 100_000
    seed: int = 0


SCALES = {"smoke": Config(networks=2, points=5_000), "book": Config()}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Compute the spectra.

    Returns
    -------
    dict
        Rows are ``SETTINGS``, columns networks: ``eigenvalues`` (12, networks, p), ascending, of
        the sum over points divided by their number; ``below`` (12, networks), the share of the
        positive ones below 0.2 in a sum over 100,000 points.
    """
    with tqdm(total=len(SETTINGS) * config.networks, disable=not progress) as bar:
        bar.set_description("ewk_spectrum")
        values = []
        for setting in SETTINGS:
            values.append([])
            for number in range(config.networks):
                values[-1].append(_eigenvalues(config, *setting, number))
                bar.update()
    return _measures(np.array(values))


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first network of the first two settings."""
    return _measures(np.array([[_eigenvalues(config, *s, 0)] for s in SETTINGS[:2]]))


def _measures(values: np.ndarray) -> dict[str, np.ndarray]:
    small = np.sum((values > 0) & (values < 0.2 / 100_000), axis=-1)
    return {"eigenvalues": values, "below": small / np.sum(values > 0, axis=-1)}


def start(mlp: Mlp, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw parameters, shape ``(p,)``; ``kind`` is one of ``STARTS``."""
    if kind == "PyTorch":
        return mlp.draw(rng)
    if kind not in STARTS:
        raise ValueError(f"kind: expected one of {STARTS}, got {kind!r}")
    W, b, a, c = mlp.unpack(rng.standard_normal(mlp.parameters))
    return mlp.pack(W, b * (kind == "Gaussian"), a, c * (kind == "Gaussian"))


def _eigenvalues(config: Config, activation: str, kind: str, low: float, number: int) -> np.ndarray:
    rng = np.random.default_rng([config.seed, number])
    mlp = Mlp(3, config.hidden, activation)
    theta = start(mlp, kind, rng).astype(np.float32)
    X = (low + (1 - low) * rng.uniform(size=(config.points, 3))).astype(np.float32)
    return np.linalg.eigvalsh(weight_gram(mlp, theta, X)).astype(np.float64) / config.points
