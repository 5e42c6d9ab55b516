"""Gradient descent as it is run: mini-batches, and steps too large for gradient flow.

The loss is the mean squared error ``1 / (2 N) |y - X w|^2`` over ``N`` rows.
"""

import numpy as np

from learnsym import regression
from learnsym.checks.reflection_example import Line
from learnsym.representations import Representation


def minibatch_level(
    line: Line,
    eta: float,
    batch: int,
    replicas: int,
    rng: np.random.Generator,
    shuffled: bool = False,
) -> tuple[float, float]:
    """Return mean and standard error of ``|w_k|^2`` where mini-batch descent has levelled off.

    Parameters
    ----------
    line
        The data set.
    eta
        Learning rate.
    batch
        Rows per batch.
    replicas
        Independent models, all started at the least squares solution.
    rng
        Generator of the batches.
    shuffled
        Whether batches run through a shuffled data set, instead of being drawn independently.
    """
    rows, labels, count = line.rows, line.labels, len(line.rows)
    basis = regression.asymmetric_basis(line.rho)
    w = np.tile(line.loss.limit(np.zeros(2)), (replicas, 1))
    slowest = line.loss.eigenvalues[0]
    settle = int(np.ceil(4 / (eta * slowest)))
    total = np.zeros(replicas)
    queue = np.empty((replicas, 0), dtype=int)
    for step in range(2 * settle):
        if not shuffled:
            queue = rng.integers(count, size=(replicas, batch))
        elif queue.shape[1] < batch:
            queue = rng.permuted(np.tile(np.arange(count), (replicas, 1)), axis=1)
        chosen, queue = queue[:, :batch], queue[:, batch:]
        X = rows[chosen]
        residual = np.einsum("rbi,ri->rb", X, w) - labels[chosen]
        w = w - eta / batch * np.einsum("rbi,rb->ri", X, residual)
        if step >= settle:
            total += np.sum((w @ basis) ** 2, axis=1)
    means = total / settle
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(replicas))


def growth_factors(line: Line, etas: np.ndarray, w0: np.ndarray, steps: int = 5) -> np.ndarray:
    """Return by which factor one step changes ``w_k`` and ``w_r - w_r*``, shape ``(etas, 2)``.

    Geometric mean over the first ``steps`` steps of real gradient descent from ``w0`` of shape
    ``(2,)``, after which rounding in one part has not reached the other.
    """
    factors = []
    optimum = line.loss.limit(np.zeros(2))
    for eta in etas:
        trained = regression.descend(
            line.rows, line.labels[:, None], w0[:, None], eta, np.array([0, steps])
        )
        w_r, w_k = regression.split(trained[:, :, 0] - optimum, line.rho)
        sizes = np.linalg.norm(np.stack([w_k, w_r], axis=1), axis=2)
        factors.append((sizes[1] / sizes[0]) ** (1 / steps))
    return np.array(factors)


def radius_on_kernel(rows: np.ndarray, rho: Representation, eta: float) -> float:
    """Return the spectral radius of one real step of gradient descent on ker R.

    Above 1, ``w_k`` diverges. ``rows`` (N, d) are whole orbits; ker R must not be 0.
    """
    basis = regression.asymmetric_basis(rho)
    labels = np.zeros((len(rows), basis.shape[1]))
    moved = regression.descend(rows, labels, basis, eta, np.array([1]))[0]
    return float(np.abs(np.linalg.eigvals(basis.T @ moved)).max())
