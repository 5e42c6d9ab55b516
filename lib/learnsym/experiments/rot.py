"""ROT: where is the shape? Networks equivariant under rotations (Nordenfors et al., section 5).

Images of 14 x 14 pixels with one triangle or pentagon; targets are the masks of the two classes.
Layers: channels on the pixels, 1 -> c -> c -> c/2 -> 2; leaky ReLU, layer normalisation over the
two output channels; the loss is binary cross-entropy, its mean over the pixels summed over the two
classes. Training starts from standard Gaussian weights, as the paper's text has them, and from
weights divided by the root of the number of inputs ("fan in"), as in its public code.

Beside the paper's modes, ``exact`` averages over all four rotations, and ``half turns`` draws as
the public code of the paper does: no rotation with probability 2/5, by 180 degrees with 3/5.

The published size is in ``rot_paths`` and ``rot_direct``.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.data.shapes import published_shapes, shape_images
from learnsym.experiments.sweep import sweep
from learnsym.experiments.symmetric import (
    STARTS,
    Problem,
    Setting,
    first_epoch,
    on_device,
    outcome,
    start,
)
from learnsym.groups import Group, image_rotations
from learnsym.networks import losses
from learnsym.networks.mlp import Space, SymmetricMlp, Weights, norms
from learnsym.networks.nonlinearities import chain, leaky_relu, over_channels
from learnsym.representations import image
from learnsym.training.machine import threads
from learnsym.training.symmetric import Task, gradient

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 4.0, "book": 2_800.0}
MODES = ("nominal", "equivariant", "augmented", "exact", "half turns")
HALF_TURNS = {0: 0.4, 2: 0.6}
SHAPES = ("drawn", "turned", "shipped")
CLASSES = 2
PUSH = 1e-9  # norm of a perturbation: far above rounding, far below anything that matters
PUSH_EPOCHS = 15  # for which it is followed


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`, and ``modes``, ``few``, ``side`` and kind of ``shapes``.

    :func:`run` trains ``runs`` networks from standard weights and at most the first ``few`` of
    them from scaled ones, whatever ``start`` is. Shapes are "drawn" by the generator of this book,
    "turned" by random quarter turns or "shipped" with the public code: ``learnsym.data.shapes``.
    """

    samples: int = 3_000
    modes: tuple[str, ...] = MODES
    few: int = 30
    side: int = 14
    shapes: str = "drawn"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shapes not in SHAPES:
            raise ValueError(f"shapes: expected one of {SHAPES}, got {self.shapes!r}")
        if type(self.few) is not int or self.few < 1:
            raise ValueError(f"few: expected an integer >= 1, got {self.few!r}")

    def starts(self) -> "dict[str, Config]":
        """Return by name in the arrays the configurations that :func:`run` trains."""
        standard, scaled = STARTS
        return {
            "standard": replace(self, start=standard),
            "fan_in": replace(self, start=scaled, runs=min(self.few, self.runs)),
        }


PUBLISHED = Config()
SCALES = {
    "smoke": Config(
        samples=20, channels=2, batch=5, runs=2, few=1, epochs=3, passes=5, side=6, block=2,
        workers=1,
    ),
    "book": Config(samples=250, channels=4, runs=10, few=10),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks from both starts.

    Returns
    -------
    dict
        Arrays as ``experiments.symmetric.outcome``, with "standard_" and "fan_in_" in front of
        their names; the second row of ``systematic`` belongs to ``half turns``. Likewise
        ``slopes`` (3, runs, layers): norms by layer of the gradient at the start, in E, off E, and
        off E in the mean over half turns. Where ``exact`` is a mode, in the first 15 epochs with
        all rotations in each step after a push off E along the first nominal step: ``growth``
        (16, runs), ``|y_s| / |y_0|``, and ``cosine`` (15, runs) of ``y_(s+1)`` and ``y_s``.
    """
    found = {}
    for name, one in config.starts().items():
        bar = f"rot {one.start}"
        arrays = outcome(problem, one, config.modes, laws(config), progress, bar)
        arrays["slopes"] = slopes(one)
        if "exact" in config.modes:
            jobs = {f"{bar} push {seed}": (one, seed) for seed in one.seeds()}
            rows = list(sweep(pushed, jobs, config.workers, progress, f"{bar} push").values())
            arrays |= {key: np.stack([row[key] for row in rows], axis=-1) for key in rows[0]}
        found |= {f"{name}_{key}": array for key, array in arrays.items()}
    return found


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run."""
    found = {}
    for name, one in config.starts().items():
        arrays = first_epoch(problem, replace(one, few=1), config.modes, laws(config))
        found |= {f"{name}_{key}": array for key, array in arrays.items()}
    return found


def slopes(config: Config) -> np.ndarray:
    """Return norms by layer of the gradient at the start, as :func:`run`, (3, runs, layers)."""
    task, found = on_device(problem(config), config.device).task, []
    with threads(config.threads):
        for seed in config.seeds():
            slope, _ = gradient(
                task, start(task.network, config, [seed]), "nominal", config.schedule(), []
            )
            inside, off = task.network.project(slope), task.network.complement(slope)
            turned = task.network.act(half_turn(config.side), off)
            still, half = HALF_TURNS[0], HALF_TURNS[2]
            mean = [still * a + half * b for a, b in zip(off, turned, strict=True)]
            found.append([[float(norms([A])) for A in part] for part in (inside, off, mean)])
    return np.array(found).swapaxes(0, 1)


def pushed(job: tuple[Config, int]) -> dict[str, np.ndarray]:
    """Train one run on all rotations from just off E: ``growth`` and ``cosine`` as :func:`run`."""
    config, seed = job
    task, schedule = on_device(problem(config), config.device).task, config.schedule()
    network, sizes, cosines = task.network, [PUSH], []
    with threads(config.threads):
        weights = start(network, config, [seed])
        slope, _ = gradient(task, weights, "nominal", schedule, [])
        y = network.complement(slope)
        y = [-PUSH / float(norms(y)) * A for A in y]
        weights = [A + B for A, B in zip(weights, y, strict=True)]
        for _ in range(min(PUSH_EPOCHS, config.epochs)):
            slope, _ = gradient(task, weights, "exact", schedule, [])
            weights = [A - config.rate * s for A, s in zip(weights, slope, strict=True)]
            before, y = y, network.complement(weights)
            sizes.append(float(norms(y)))
            cosines.append(_inner(before, y) / (sizes[-2] * sizes[-1]))
    return {"growth": np.array(sizes) / PUSH, "cosine": np.array(cosines)}


def laws(config: Config) -> dict[str, tuple[float, ...]]:
    """Return the laws of draws that are not Haar's, by mode."""
    return {"half turns": by_turns(image_rotations(config.side), HALF_TURNS)}


def half_turn(side: int) -> np.ndarray:
    """Return the rotation of the image by 180 degrees."""
    group = image_rotations(side)
    return group.multiply(group.generators[0], group.generators[0])


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
    if config.shapes == "shipped":
        images, masks = (array[: config.samples] for array in published_shapes())
    else:
        upright = config.shapes == "drawn"
        images, masks = shape_images(config.samples, config.side, seed=rng, upright=upright)
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


def _inner(a: Weights, b: Weights) -> float:
    return float(sum((A * B).sum() for A, B in zip(a, b, strict=True)))
