"""Augmented descent beside its linearisation near E (paper B, Eqs 26, 27)."""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.drift.hessian import hessian_product, smallest_eigenvalues
from learnsym.drift.risks import Risks, gradient


@dataclass(frozen=True)
class Paths:
    """Descent on the augmented risk, on the equivariant risk, and the linear prediction.

    ``steps`` are step numbers, shape ``(T,)``. ``across`` is ``|y|`` of the augmented path and
    ``predicted`` its prediction ``y <- y - rate H(x) y`` along the equivariant path ``x``;
    ``gap`` is ``|y - predicted y|``; ``apart`` is the distance of the equivariant parts of the two
    paths; ``augmented`` and ``equivariant`` are the two risks. All have shape ``(T,)``.
    ``eigenvalues`` are the smallest of ``H(x)`` on the complement of E, shape ``(T, count)``.
    ``last`` is the last weight vector of the augmented path.
    """

    steps: np.ndarray
    across: np.ndarray
    predicted: np.ndarray
    gap: np.ndarray
    apart: np.ndarray
    augmented: np.ndarray
    equivariant: np.ndarray
    eigenvalues: np.ndarray
    last: torch.Tensor


def follow(
    risks: Risks,
    theta: torch.Tensor,
    rate: float,
    steps: int,
    every: int = 1,
    count: int = 1,
    penalty: float = 0.0,
) -> Paths:
    """Descend on the augmented risk and, from the projected weights, on the equivariant one.

    Parameters
    ----------
    risks
        The risks of a network.
    theta
        Initial weights, shape ``(dimension,)``.
    rate, steps
        Learning rate and number of steps.
    every
        Record at multiples of this number of steps and at the last step.
    count
        Number of eigenvalues to record; 0 for none.
    penalty
        Strength of a penalty on ``|y|^2``, added to the augmented risk.

    Raises
    ------
    ValueError
        ``steps`` or ``every`` is below 1, the rate is not positive, or weights are no longer
        finite: the message names the step.
    """
    if steps < 1 or every < 1 or not 0 < rate < np.inf:
        raise ValueError(
            f"rate, steps, every: expected positive numbers, got {rate}, {steps}, {every}"
        )
    z = theta.detach().clone()
    x, y = risks.project(z), risks.complement(z)
    rows = []
    for step in range(steps + 1):
        if step % every == 0 or step == steps:
            rows.append((step, *_measures(risks, z, x, y), _lowest(risks, x, count)))
        if step == steps:
            break
        pull = 2 * penalty
        y = y - rate * (hessian_product(risks.augmented, x, y) + pull * y)
        x = x - rate * gradient(risks.equivariant, x)
        z = z - rate * (gradient(risks.augmented, z) + pull * risks.complement(z))
        if not (z.isfinite().all() and x.isfinite().all()):
            raise ValueError(f"rate: weights not finite after step {step + 1}; lower the rate")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Paths(*columns, z)


def _measures(risks: Risks, z: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> tuple[float, ...]:
    inside, across = risks.project(z), risks.complement(z)
    values = (
        across.norm(), y.norm(), (across - y).norm(), (inside - x).norm(),
        risks.augmented(z), risks.equivariant(x),
    )  # fmt: skip
    return tuple(value.item() for value in values)


def _lowest(risks: Risks, x: torch.Tensor, count: int) -> np.ndarray:
    return smallest_eigenvalues(risks, x, count).values if count else np.empty(0)
