"""Linearised networks with more and with fewer parameters than points (Gideoni, App. F.2).

Training points come in whole orbits of S_3, with the label ``3 x_1 x_2 x_3``. Two kinds of ReLU
network are linearised at their initial weights: an ordinary one, and one that is closed under the
group, so that its gradients carry an orthogonal representation. Gradient flow on the squared error
is taken to its end, from two starts: the network as it was drawn, and with its initial function
subtracted.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym import regression
from learnsym.groups import symmetric
from learnsym.kernels import (
    Mlp,
    RowSpace,
    closed_network,
    orbit_asymmetry,
    orbit_deviation,
    weight_features,
)
from learnsym.representations import Representation, vector

PROBE_TOLERANCE = 1e-6
EXPECTED_SECONDS = {"smoke": 2.0, "book": 25.0}
KINDS = ("ordinary", "closed")
STARTS = ("as drawn", "initial function subtracted")


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``copied`` neurons, each with its six permuted copies in the closed network, and six times as
    many in the ordinary one; ``orbits``: numbers of training orbits, increasing; ``tested``
    orbits held out; ``networks`` draws of each kind; ``seed`` for weights, signs and points.
    """

    copied: int = 17
    orbits: tuple[int, ...] = (2, 5, 10, 20, 40, 60, 85, 120, 200, 400, 1_000)
    tested: int = 300
    networks: int = 5
    seed: int = 0


SCALES = {
    "smoke": Config(copied=5, orbits=(2, 5, 10, 20, 40, 80), tested=100, networks=2),
    "book": Config(),
}


@dataclass(frozen=True)
class Linearisation:
    """A network at its initial weights, and how the group acts on its gradients, if it does."""

    mlp: Mlp
    theta: np.ndarray
    on_gradients: Representation | None

    def features(self, points: np.ndarray) -> np.ndarray:
        """Return gradients at points of shape ``(..., 3)``, shape ``(..., p)``."""
        flat = weight_features(self.mlp, self.theta, points.reshape(-1, 3))
        return flat.reshape(*points.shape[:-1], -1)


def label(points: np.ndarray) -> np.ndarray:
    """Return the label ``3 x_1 x_2 x_3`` of points (..., 3)."""
    return 3 * points.prod(axis=-1)


def network(kind: str, copied: int, activation: str, rng: np.random.Generator) -> Linearisation:
    """Draw a network with ``6 copied`` neurons; ``kind`` is one of ``KINDS``."""
    if kind == "ordinary":
        mlp = Mlp(3, 6 * copied, activation)
        return Linearisation(mlp, mlp.draw(rng), None)
    if kind != "closed":
        raise ValueError(f"kind: expected one of {KINDS}, got {kind!r}")
    small = Mlp(3, copied, activation)
    closed = closed_network(small, small.draw(rng), vector(symmetric(3)), rng)
    return Linearisation(closed.mlp, closed.theta, closed.on_gradients)


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train to the end and measure.

    Returns
    -------
    dict
        For each network and number of orbits: ``rank`` (networks, sizes, 2) of the Gram matrix per
        kind; ``asymmetry`` and ``deviation`` (networks, sizes, 2, 2) of the final predictor on
        held-out orbits, mean and root mean square, per kind and start; ``error`` its root mean
        square error there; ``unseen`` (networks, sizes) the share of the initial asymmetric weights
        of the closed network on which the training data have no variance; ``predicted`` the
        asymmetry that this part alone predicts. For each network: ``never`` (networks,) the share
        on which no input has variance; ``start`` (networks, 2) the asymmetry of the networks as
        drawn.
    """
    with tqdm(total=config.networks, desc="over_parameterised", disable=not progress) as bar:
        rows = []
        for number in range(config.networks):
            rows.append(_network(config, number, config.orbits))
            bar.update()
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first network for the three smallest numbers of orbits."""
    first = _network(config, 0, config.orbits[:3])
    return {name: np.array(values)[None] for name, values in first.items()}


def _network(config: Config, number: int, sizes: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([config.seed, number])
    rho = vector(symmetric(3))
    training = regression.augment(rng.uniform(-1, 1, (config.orbits[-1], 3)), rho)
    held_out = regression.augment(rng.uniform(-1, 1, (config.tested, 3)), rho)
    drawn = [network(kind, config.copied, "relu", rng) for kind in KINDS]
    columns = [_kind(net, training, held_out, sizes) for net in drawn]
    both = {name: np.stack([c[name] for c in columns], axis=-1) for name in ("rank", "start")}
    for name in ("asymmetry", "deviation", "error"):
        both[name] = np.stack([c[name] for c in columns], axis=1)
    return both | {name: columns[1][name] for name in ("unseen", "predicted", "never")}


def _kind(
    net: Linearisation, training: np.ndarray, held_out: np.ndarray, sizes: tuple[int, ...]
) -> dict[str, np.ndarray]:
    rows, tested = net.features(training), net.features(held_out)
    u, p = net.mlp.output_part(net.theta), net.mlp.parameters
    target = label(held_out)
    found: dict[str, list] = {name: [] for name in ("rank", "asymmetry", "deviation", "error")}
    found |= {"unseen": [], "predicted": []}
    w_k = u if net.on_gradients is None else regression.split(u, net.on_gradients)[1]
    for n in sizes:
        seen = RowSpace(rows[:, :n].reshape(-1, p))
        y = label(training[:, :n]).ravel()
        values = tested @ np.stack([seen.limit(u, y), seen.limit(np.zeros(p), y)], axis=1)
        values = np.moveaxis(values, -1, 0)
        left = seen.unseen(w_k)
        found["rank"].append(seen.rank)
        found["asymmetry"].append(orbit_asymmetry(values))
        found["deviation"].append(orbit_deviation(values))
        found["error"].append(np.sqrt(np.mean((values - target) ** 2, axis=(1, 2))))
        found["unseen"].append(left @ left / (w_k @ w_k))
        found["predicted"].append(orbit_asymmetry(tested @ left))
    everything = RowSpace(np.concatenate([rows, tested], axis=1).reshape(-1, p))
    never = everything.unseen(w_k)
    return {name: np.array(values) for name, values in found.items()} | {
        "never": np.array(never @ never / (w_k @ w_k)),
        "start": orbit_asymmetry(tested @ u),
    }
