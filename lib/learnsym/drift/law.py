"""How far training with a sampled group drifts off E: the finite-augmentation law.

Beyond Nordenfors, Ohlsson and Flinth, who treat infinitely many samples (their Remark 1).
Full-batch descent with learning rate ``eta`` splits ``N`` samples into ``K`` mini-batches and makes
``L`` passes a step; every mini-batch of every pass is moved by a Haar element of its own. Along
the equivariant trajectory ``x_s``, to first order,

    E |y_T|^2 = eta^2 / L * sum_(s < T) S_K(x_s),    S_K = 1/K^2 sum_b |Pi_perp grad R_b|^2,

while without augmentation ``|y_T| = eta |sum_(s < T) Pi_perp grad R(x_s)|``. A penalty
``lambda |y|^2`` multiplies ``y`` by ``1 - 2 eta lambda`` before every step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from learnsym.networks.mlp import Weights, norms
from learnsym.training import symmetric
from learnsym.training.symmetric import Schedule, Task


@dataclass(frozen=True)
class Law:
    """Predictions along the equivariant trajectory of every run, from step 0 on.

    Attributes
    ----------
    rate
        Learning rate.
    counts
        Numbers ``K`` of mini-batches, shape ``(k,)``.
    penalties
        Strengths of the penalty, shape ``(p,)``.
    noise
        ``S_K(x_s)``, shape ``(T, k, runs)``.
    nominal
        Predicted ``|y|`` without augmentation, shape ``(T + 1, p, runs)``.
    distance
        ``|x_s - x_0|``, shape ``(T + 1, runs)``.
    """

    rate: float
    counts: np.ndarray
    penalties: np.ndarray
    noise: np.ndarray
    nominal: np.ndarray
    distance: np.ndarray

    def augmented(self, passes: int = 1, penalty: float = 0.0) -> np.ndarray:
        """Return the predicted root mean square of ``|y|``, shape ``(T + 1, k, runs)``.

        Raises
        ------
        ValueError
            ``passes`` is below 1.
        """
        if passes < 1:
            raise ValueError(f"passes: expected at least 1, got {passes!r}")
        factor = (1 - 2 * self.rate * penalty) ** 2
        squares = [np.zeros(self.noise.shape[1:])]
        for step in self.noise:
            squares.append(factor * squares[-1] + self.rate**2 / passes * step)
        return np.sqrt(squares)


def noise(task: Task, weights: Weights, counts: Sequence[int]) -> tuple[np.ndarray, Weights]:
    """Return ``S_K`` at equivariant weights and the nominal drift ``Pi_perp grad R``.

    Parameters
    ----------
    task
        Network, data and loss.
    weights
        Equivariant layers, shapes ``(runs, out, in)``.
    counts
        Numbers ``K`` of mini-batches, consecutive samples each.

    Returns
    -------
    noise
        ``1/K^2 sum_b |Pi_perp grad R_b|^2``, shape ``(len(counts), runs)``.
    mean
        ``Pi_perp grad R``, layers like ``weights``.

    Raises
    ------
    ValueError
        A count does not divide the largest one, or that does not divide the samples.
    """
    most = max(counts, default=0)
    if most < 1 or len(task.x) % most or any(k < 1 or most % k for k in counts):
        raise ValueError(
            f"counts: expected divisors of the largest, and that one a divisor of the "
            f"{len(task.x)} samples, got {list(counts)}"
        )
    size = len(task.x) // most
    sums = {count: [torch.zeros_like(A) for A in weights] for count in counts}
    squares = {count: 0.0 for count in counts}
    total = [torch.zeros_like(A) for A in weights]
    for part in range(1, most + 1):
        slope = _slope(task, weights, slice((part - 1) * size, part * size))
        for count in counts:
            for whole, A in zip(sums[count], slope, strict=True):
                whole += A / most  # over all mini-batches: 1 / K of a mini-batch's gradient
            if part % (most // count) == 0:
                across = task.network.complement(sums[count])
                squares[count] = squares[count] + norms(across).square()
                for whole in sums[count]:
                    whole.zero_()
        for whole, A in zip(total, slope, strict=True):
            whole += A / most
    rows = torch.stack([squares[count] for count in counts])
    return rows.numpy(force=True), task.network.complement(total)


def predicted_drift(
    task: Task,
    weights: Weights,
    rate: float,
    epochs: int,
    counts: Sequence[int],
    penalties: Sequence[float] = (0.0,),
) -> Law:
    """Follow equivariant descent from the projected weights and return what the law predicts.

    Raises
    ------
    ValueError
        As :func:`noise` and ``Schedule``, or weights that are no longer finite: the message names
        the epoch and the runs.
    """
    schedule, runs = Schedule(rate, epochs, len(task.x)), range(len(weights[0]))
    start = x = task.network.project(weights)
    across = [[torch.zeros_like(A) for A in x] for _ in penalties]
    rows, nominal, distance = [], [_sizes(across)], [norms(x) * 0]
    for epoch in range(1, epochs + 1):
        squares, mean = noise(task, x, counts)
        rows.append(squares)
        across = [
            [(1 - 2 * rate * penalty) * y - rate * m for y, m in zip(layers, mean, strict=True)]
            for penalty, layers in zip(penalties, across, strict=True)
        ]
        slope, _ = symmetric.gradient(task, x, "equivariant", schedule, [])
        x = [A - rate * s for A, s in zip(x, slope, strict=True)]
        symmetric.check_finite("weights", x, epoch, runs)
        nominal.append(_sizes(across))
        distance.append(norms([A - B for A, B in zip(x, start, strict=True)]))
    return Law(
        rate,
        np.array(counts),
        np.array(penalties),
        np.array(rows),
        torch.stack(nominal).numpy(force=True),
        torch.stack(distance).numpy(force=True),
    )


def _slope(task: Task, weights: Weights, part: slice) -> Weights:
    """Return the gradient of the mean loss over the samples in ``part``, for every run."""
    leaves = [A.detach().requires_grad_() for A in weights]
    means = task.loss(task.network.forward(leaves, task.x[part]), task.y[part]).mean(dim=-1)
    return list(torch.autograd.grad(means.sum(), leaves))


def _sizes(vectors: list[Weights]) -> torch.Tensor:
    return torch.stack([norms(layers) for layers in vectors])
