"""ROT: where is the shape? Networks equivariant under rotations (Nordenfors et al., section 5).

Images of 14 x 14 pixels with one triangle or pentagon; targets are the masks of the two classes,
which turn with the image. Layers: channels on the pixels, 1 -> c -> c -> c/2 -> 2; leaky ReLU,
layer normalisation over the two output channels; the loss is binary cross-entropy, its mean over
the pixels summed over the two classes.

Beside the paper's modes, ``exact`` averages over all four rotations, and ``half turns`` draws as
the public code of the paper does: no rotation with probability 2/5, by 180 degrees with 3/5.

At paper scale the published 30 runs of 50 epochs take weeks on two cores: the scale has the
published sizes for ``Config.runs`` runs of ``Config.epochs`` epochs.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.data.shapes import shape_images
from learnsym.experiments.symmetric import Problem, Setting, first_epoch, first_loss, outcome
from learnsym.groups import Group, image_rotations
from learnsym.networks import losses
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.networks.nonlinearities import chain, leaky_relu, over_channels
from learnsym.representations import image
from learnsym.training.symmetric import Task

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "book": 290.0, "paper": 1_000.0}
MODES = ("nominal", "equivariant", "augmented", "exact", "half turns")
CLASSES = 2
LARGE = 8  # channels from which a probe is the first loss


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`; ``side`` of the images."""

    samples: int = 3_000
    side: int = 14


PUBLISHED = Config()
SCALES = {
    "smoke": Config(
        samples=20, channels=2, batch=5, runs=2, epochs=3, passes=5, side=6, block=2, workers=1,
    ),
    "book": Config(samples=250, channels=4, runs=10),
    "paper": Config(runs=1, epochs=4, workers=1, threads=2),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks; arrays as ``experiments.symmetric.outcome``, by :data:`MODES`.

    The second row of ``systematic`` belongs to ``half turns``.
    """
    return outcome(problem, config, MODES, laws(config), progress, "rot")


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run, of large networks its first loss."""
    if config.channels >= LARGE:
        return first_loss(problem, config)
    return first_epoch(problem, config, MODES, laws(config))


def laws(config: Config) -> dict[str, tuple[float, ...]]:
    """Return the laws of draws that are not Haar's, by mode."""
    return {"half turns": by_turns(image_rotations(config.side), {0: 0.4, 2: 0.6})}


def by_turns(group: Group, probabilities: dict[int, float]) -> tuple[float, ...]:
    """Return a law over ``group.elements()`` from probabilities of numbers of quarter turns.

    ``group`` is that of the rotations of an image.
    """
    law, turn = {}, group.identity
    for number in range(4):
        law[group.key(turn)] = probabilities.get(number, 0.0)
        turn = group.multiply(group.generators[0], turn)
    return tuple(law[group.key(g)] for g in group.elements())


def problem(config: Config) -> Problem:
    """Return images, masks and the network."""
    rng = np.random.default_rng([config.seed, 2])
    images, masks = shape_images(config.samples, config.side, seed=rng)
    x = torch.as_tensor(images.reshape(config.samples, -1) - config.offset)
    y = torch.as_tensor(masks.reshape(config.samples, -1))
    net = network(config.channels, config.side)
    return Problem(Task(net, x, y, mask_loss, net.spaces[-1]), _correct)


def network(channels: int = 32, side: int = 14) -> SymmetricMlp:
    """Return the network; the defaults are the paper's sizes."""
    if channels % 2:
        raise ValueError(f"channels: expected an even number, got {channels}")
    pixels = image(image_rotations(side))
    counts = (1, channels, channels, channels // 2, CLASSES)
    normal = chain(leaky_relu, over_channels(CLASSES))
    return SymmetricMlp([Space(pixels, n) for n in counts], [leaky_relu] * 3 + [normal])


def mask_loss(outputs: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Return binary cross-entropy, mean over pixels and sum over classes, shape ``(..., N)``."""
    return losses.binary_cross_entropy(outputs, masks) * (CLASSES / masks.shape[-1])


def _correct(outputs: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    return ((outputs > 0) == (masks > 0.5)).double().mean((-2, -1))
