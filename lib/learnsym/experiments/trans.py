"""TRANS: which digit? Networks invariant under translations (Nordenfors et al., section 5).

MNIST test images of 14 x 14 pixels under cyclic translations. Layers: two of channels on the
pixels, 32 invariants (tanh, layer normalisation), 10 logits; leaky ReLU, cross-entropy.

At paper scale one epoch of sampled augmentation takes 60 TFLOP a run, so the published 30 runs of
50 epochs are out of reach of two cores: the scale has the published sizes for
``Config.runs`` runs of ``Config.epochs`` epochs. ``trans_direct`` has fifty epochs, of a graphics
card.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.data import digits
from learnsym.experiments.symmetric import Problem, Setting, first_epoch, first_loss, outcome
from learnsym.groups import PermutationGroup, image_translations
from learnsym.networks import losses
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.networks.nonlinearities import chain, identity, leaky_relu, over_channels
from learnsym.representations import image, trivial
from learnsym.training.symmetric import Task

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "book": 310.0, "paper": 2_200.0}
MODES = ("nominal", "equivariant", "augmented")
CLASSES = 10
LARGE = 8  # channels from which a probe is the first loss


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`; ``side`` of the images, ``width`` of the invariant layer."""

    samples: int = 10_000
    side: int = 14
    width: int = 32


PUBLISHED = Config()
SCALES = {
    "smoke": Config(
        samples=20, channels=1, batch=5, runs=2, epochs=3, passes=3, side=4, width=3, block=2,
        workers=1,
    ),
    "book": Config(samples=250, channels=4, runs=10, block=2),
    "paper": Config(runs=1, epochs=2, workers=1, threads=2),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks; arrays as ``experiments.symmetric.outcome``, by :data:`MODES`."""
    return outcome(problem, config, MODES, progress=progress, description="trans")


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run, of large networks its first loss."""
    if config.channels >= LARGE:
        return first_loss(problem, config)
    return first_epoch(problem, config, MODES)


def problem(config: Config) -> Problem:
    """Return the digits and the network for translations."""
    return digit_problem(config, image_translations(config.side))


def digit_problem(config: Config, group: PermutationGroup) -> Problem:
    """Return the digits and the network that is invariant under a group of pixel permutations."""
    images, classes = digits("mnist", "test", size=config.samples, side=config.side)
    x = torch.as_tensor(images.reshape(config.samples, -1) - config.offset)
    net = network(group, config.channels, config.width)
    return Problem(Task(net, x, torch.as_tensor(classes), losses.cross_entropy), _correct)


def network(group: PermutationGroup, channels: int = 32, width: int = 32) -> SymmetricMlp:
    """Return the network for a group that moves pixels; the defaults are the paper's sizes."""
    pixels, fixed = image(group), trivial(group)
    spaces = [Space(pixels), Space(pixels, channels), Space(pixels, channels)]
    spaces += [Space(fixed, width), Space(fixed, CLASSES)]
    normal = chain(torch.tanh, over_channels(width))
    return SymmetricMlp(spaces, [leaky_relu, leaky_relu, normal, identity])


def _correct(outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    return (outputs.argmax(-1) == classes).double().mean(-1)
