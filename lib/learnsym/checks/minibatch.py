"""The level at which mini-batch gradient descent stops, in closed form."""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.regression import RANK_TOLERANCE


def minibatch_covariance(rows: ArrayLike, labels: ArrayLike, eta: float, batch: int) -> np.ndarray:
    """Return the second moment of ``w - w*`` to which mini-batch gradient descent tends.

    Each step draws ``batch`` rows independently and with replacement, and moves by ``eta`` times
    the gradient of their mean squared error ``1 / (2 batch) |y - X w|^2``; ``w*`` is the least
    squares solution. The second moment ``S`` is the fixed point of the exact recursion

        S = (I - eta K) S (I - eta K) + eta^2 / batch (E[x x^T S x x^T] - K S K + O),

    ``K = E x x^T`` and ``O = E r^2 x x^T`` over the rows, ``r = y - x . w*``. For small ``eta`` it
    solves ``K S + S K = eta / batch O``. Where the rows do not span the space, weights orthogonal
    to them do not move and are not part of it.

    Parameters
    ----------
    rows
        All points, shape ``(N, d)``.
    labels
        Shape ``(N,)``.
    eta
        Learning rate.
    batch
        Rows in a mini-batch.

    Returns
    -------
    ndarray
        Shape ``(d, d)``; zero where a linear predictor fits all labels.

    Raises
    ------
    ValueError
        Shapes do not fit, ``batch < 1``, or ``eta`` is so large that the moments diverge.
    """
    X, y, seen = _seen_rows(rows, labels, eta, batch)
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    d, identity = X.shape[1], np.eye(X.shape[1])
    K = X.T @ X / len(X)
    squares = np.einsum("ni,nj->nij", X, X).reshape(len(X), d * d)
    fourth = squares.T @ squares / len(X)
    contraction = np.kron(identity - eta * K, identity - eta * K)
    step = contraction + eta**2 / batch * (fourth - np.kron(K, K))
    if np.abs(np.linalg.eigvalsh(step)).max() >= 1:
        raise ValueError(f"eta: expected a stable learning rate, got {eta} with batch {batch}")
    noise = eta**2 / batch * (residual**2 @ squares) / len(X)
    second = np.linalg.solve(np.eye(d * d) - step, noise).reshape(d, d)
    return seen @ second @ seen.T


def shuffled_covariance(rows: ArrayLike, labels: ArrayLike, eta: float, batch: int) -> np.ndarray:
    """Return the same for batches that run through a shuffled data set, for small ``eta``.

    Every epoch is a new random order of all rows. Within an epoch the gradient noise is that of
    sampling without replacement, and it cancels at the end. To leading order in ``eta``, the
    average over an epoch of ``M = N / batch`` steps is::

        S = eta^2 / batch  N / (N - 1)  (M^2 - 1) / (6 M)  O.

    The mean of the weights is itself off by order ``eta``. On whole orbits that shift has no part
    in the kernel of the averaged transpose, so that there ``S`` is the second moment about the
    optimum.

    Arguments and errors are those of :func:`minibatch_covariance`; ``batch`` divides ``N``.
    """
    X, y, seen = _seen_rows(rows, labels, eta, batch)
    count, epoch = len(X), len(X) // batch
    if count % batch:
        raise ValueError(f"batch: expected a divisor of {count}, got {batch}")
    residual = y - X @ np.linalg.lstsq(X, y)[0]
    noise = (X * residual[:, None] ** 2).T @ X / (count - 1)
    return eta**2 / batch * (epoch**2 - 1) / (6 * epoch) * (seen @ noise @ seen.T)


def _seen_rows(
    rows: ArrayLike, labels: ArrayLike, eta: float, batch: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows in a basis of the space that they span, labels, and the basis as columns."""
    X, y = np.asarray(rows, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ValueError(f"rows, labels: expected shapes (N, d) and (N,), got {X.shape}, {y.shape}")
    if batch < 1 or not eta > 0:
        raise ValueError(f"eta, batch: expected positive numbers, got {eta}, {batch}")
    values, vectors = np.linalg.eigh(X.T @ X / len(X))
    seen = vectors[:, values > RANK_TOLERANCE * values[-1]]
    return X @ seen, y, seen
