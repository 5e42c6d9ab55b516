"""PERM: is a graph connected? Networks invariant under relabelling (Nordenfors et al., section 5).

Adjacency matrices of two-block graphs on ten nodes; S_10 permutes the nodes. Layers: channels of
``10 x 10`` matrices, 64 invariants, layer normalisation, 32, 1; leaky ReLU, binary cross-entropy.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.data.graphs import two_block_graphs
from learnsym.experiments.symmetric import Problem, Setting, first_epoch, outcome
from learnsym.groups import symmetric
from learnsym.networks import losses
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.networks.nonlinearities import chain, identity, leaky_relu, over_channels
from learnsym.representations import adjacency, trivial
from learnsym.training.symmetric import Task

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "book": 110.0, "paper": 2_200.0}
MODES = ("nominal", "equivariant", "augmented")


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`; ``nodes``, and the widths of the two invariant layers."""

    samples: int = 1_000
    batch: int = 200
    nodes: int = 10
    widths: tuple[int, int] = (64, 32)


SCALES = {
    "smoke": Config(
        samples=20, channels=2, batch=10, runs=2, epochs=3, passes=3, nodes=5, widths=(4, 3),
        block=2, workers=1,
    ),
    "book": Config(samples=500, channels=8, batch=100, runs=10, block=5),
    "paper": Config(),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks; arrays as ``experiments.symmetric.outcome``, by :data:`MODES`."""
    return outcome(problem, config, MODES, progress=progress, description="perm")


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run."""
    return first_epoch(problem, config, MODES)


def problem(config: Config) -> Problem:
    """Return graphs, labels and the network."""
    rng = np.random.default_rng([config.seed, 2])
    graphs, connected = two_block_graphs(config.samples, config.nodes, seed=rng)
    x = torch.as_tensor(graphs.reshape(config.samples, -1) - config.offset)
    y = torch.as_tensor(connected[:, None].astype(np.float64))
    net = network(config.channels, config.nodes, config.widths)
    return Problem(Task(net, x, y, losses.binary_cross_entropy), _correct)


def network(
    channels: int = 32, nodes: int = 10, widths: tuple[int, int] = (64, 32)
) -> SymmetricMlp:
    """Return the network; the defaults are the paper's sizes."""
    group = symmetric(nodes)
    places, fixed = adjacency(group), trivial(group)
    spaces = [Space(places), Space(places, channels), *(Space(fixed, n) for n in (*widths, 1))]
    normal = chain(leaky_relu, over_channels(widths[0]))
    return SymmetricMlp(spaces, [leaky_relu, normal, leaky_relu, identity])


def _correct(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return ((outputs > 0) == (y > 0.5)).double().mean((-2, -1))
