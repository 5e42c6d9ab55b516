"""Eigenvalues of the empirical weights kernel of random networks (Gideoni, Fig. 5).

One hidden ReLU layer, PyTorch's default initial weights. Points are drawn from two cubes:
``[0, 1]^d``, as the paper states, and ``[-1, 1]^d``. Eigenvalues are those of the sum over points,
in float64 and, from the same points and weights, in float32.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.kernels import (
    Mlp,
    census,
    ewk_spectrum,
    general_position,
    gram,
    rank,
    weight_feature_blocks,
    weight_features,
)

PROBE_TOLERANCE = 1e-3
EXPECTED_SECONDS = {"smoke": 5.0, "book": 55.0}
LOWER_ENDS = (0.0, -1.0)


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``networks`` random networks with ``hidden`` neurons and ``inputs`` inputs; ``points`` points
    per spectrum, about the first ``ranked`` for the rank; ``seed`` for weights and points.
    """

    inputs: int = 3
    hidden: int = 100
    networks: int = 8
    points: int = 100_000
    ranked: int = 10_000
    seed: int = 0

    @property
    def mlp(self) -> Mlp:
        """The network."""
        return Mlp(self.inputs, self.hidden)


SCALES = {"smoke": Config(networks=8, points=10_000, ranked=2_000), "book": Config()}


def draw(config: Config, network: int) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters (p,) of one network and points (n, d) in the unit cube."""
    rng = np.random.default_rng([config.seed, network])
    return config.mlp.draw(rng), rng.uniform(size=(config.points, config.inputs))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Compute the spectra.

    Returns
    -------
    dict
        One row per network, one column per cube: ``eigenvalues`` (networks, 2, p) ascending, of the
        sum over points divided by their number; ``single`` the same in float32; ``exact_zeros``
        (networks, 2) the number of zeros that a solver for general matrices finds in float32;
        ``dead`` and ``always`` neurons on all points; ``forced`` and ``found`` (networks, 2) zeros
        predicted and counted on the first points, in general position.
    """
    with tqdm(total=2 * config.networks, desc="ewk_spectrum", disable=not progress) as bar:
        rows = []
        for network in range(config.networks):
            theta, cube = draw(config, network)
            cells = []
            for low in LOWER_ENDS:
                cells.append(_one(config, theta, low + (1 - low) * cube))
                bar.update()
            rows.append({name: np.array([cell[name] for cell in cells]) for name in cells[0]})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute everything for the first network on the first cube."""
    theta, cube = draw(config, 0)
    cell = _one(config, theta, LOWER_ENDS[0] + (1 - LOWER_ENDS[0]) * cube)
    return {name: np.array([[value]]) for name, value in cell.items()}


def _one(config: Config, theta: np.ndarray, X: np.ndarray) -> dict[str, np.ndarray | int]:
    n = len(X)
    blocks = weight_feature_blocks(config.mlp, theta.astype(np.float32), X.astype(np.float32))
    single = gram(blocks)
    return {
        "eigenvalues": ewk_spectrum(config.mlp, theta, X) / n,
        "single": np.linalg.eigvalsh(single) / n,
        "exact_zeros": int(np.sum(np.linalg.eigvals(single) == 0)),
        **_counts(config, theta, X),
    }


def _counts(config: Config, theta: np.ndarray, X: np.ndarray) -> dict[str, int]:
    everywhere = census(config.mlp, theta, X)
    few = general_position(config.mlp, theta, X[: config.ranked])
    features = weight_features(config.mlp, theta, few)
    return {
        "dead": everywhere.dead,
        "always": everywhere.always,
        "forced": census(config.mlp, theta, few).forced_zeros,
        "found": config.mlp.parameters - rank(features),
    }
