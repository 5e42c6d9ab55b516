"""ROT: why augmented and nominal training lie close together, three explanations side by side."""

from collections.abc import Mapping

import numpy as np
import torch

from learnsym.drift.curves import Curve, agreement, factor
from learnsym.experiments import rot
from learnsym.experiments.symmetric import Problem, start
from learnsym.groups import PermutationGroup, image_rotations
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.representations import image

SATURATED = 0.999
ROUNDING = 1e-15


def saturated_share(config: rot.Config, runs: int) -> np.ndarray:
    """Return the share of the initial outputs that are within 1e-3 of -1 or 1, (runs,).

    Layer normalisation over two channels maps them to ``(z, -z)`` with ``|z| < 1``.
    """
    outputs = initial_outputs(config, runs)
    return (outputs.abs() > SATURATED).double().mean((-2, -1)).numpy()


def initial_outputs(config: rot.Config, runs: int) -> torch.Tensor:
    """Return the outputs ``(runs, samples, 2 side^2)`` at the weights that training starts from."""
    task = rot.problem(config).task
    return task.network.forward(start(task.network, config, config.seeds()[:runs]), task.x)


def channel_sums(outputs: torch.Tensor) -> float:
    """Return the largest sum of the two outputs of a pixel, in absolute value."""
    return float(outputs.unflatten(-1, (rot.CLASSES, -1)).sum(dim=-2).abs().max())


def even_share(side: int = 14, channels: int = 4) -> float:
    """Return the share of the dimensions off E that half turns leave as they are.

    E belongs to quarter turns. Half turns act on the rest with eigenvalues 1 and -1.
    """
    quarter = rot.network(channels, side)
    rotation = image_rotations(side)
    turn = rotation.multiply(rotation.generators[0], rotation.generators[0])
    half = image(PermutationGroup([turn], f"half turns of {side}x{side}"))
    spaces = [Space(half, space.channels) for space in quarter.spaces]
    even = SymmetricMlp(spaces, quarter.nonlinearities).equivariant_dimension
    inside = quarter.equivariant_dimension
    return (even - inside) / (quarter.dimension - inside)


def closeness_under_half_turns(share: float, law: Mapping[int, float]) -> float:
    """Return the drift under draws of 0 and 2 quarter turns over the nominal one.

    For gradients spread evenly over the dimensions off E: the mean step keeps the share that half
    turns leave and multiplies the rest by ``law[0] - law[2]``.
    """
    return float(np.sqrt(share + (law[0] - law[2]) ** 2 * (1 - share)))


def explanations(starts: Mapping[str, Mapping[str, Curve]]) -> list[list[str]]:
    """Return table rows: start, draws, nominal over this drift, the same by the law.

    ``starts`` maps names of starts to curves by mode.
    """
    rows = []
    for name, found in starts.items():
        for mode in ("augmented", "half turns"):
            nominal, other = found["nominal"], found[mode]
            rows.append(
                [
                    name,
                    other.label,
                    f"{factor(nominal, other):.2g}",
                    f"{factor(nominal, other, 'law'):.2g}",
                ]
            )
    return rows


def growth(found: Mapping[str, Curve]) -> np.ndarray:
    """Return by which factor rounding errors grew under exact augmentation, shape ``(runs,)``.

    The last drift over that of the first epoch, or over 1e-15 if that is larger.
    """
    drift = found["exact"].drift
    return drift[-1] / np.maximum(drift[1], ROUNDING)


def last_ratio(found: Mapping[str, Curve]) -> np.ndarray:
    """Return nominal over augmented drift after the last epoch, shape ``(runs,)``."""
    return found["nominal"].drift[-1] / found["augmented"].drift[-1]


def law_misses(found: Mapping[str, Curve], mode: str) -> float:
    """Return by which factor measured and predicted drift differ after the last epoch, above 1."""
    return float(np.exp(np.abs(np.log(agreement(found[mode])[-1]))))


def best_opposite(problem: Problem) -> float:
    """Return the largest accuracy of outputs ``(z, -z)``.

    On a pixel without a shape one of the two is right, whatever ``z`` is.
    """
    second = problem.task.y.unflatten(-1, (rot.CLASSES, -1))[:, 1]
    z = 1 - 2 * second
    return float(problem.correct(torch.cat([z, -z], dim=-1)[None], problem.task.y))
