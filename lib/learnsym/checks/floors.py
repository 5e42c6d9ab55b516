"""How asymmetric a regression ends on data that are not perfectly symmetric.

Gideoni's Assumption 1 asks for whole orbits with one label each. Where labels carry noise of their
own, or copies are missing, the asymmetric weights ``w_k`` stop at a floor. The covariance of
``w_k`` at the floor follows from the data; these functions return it. Its trace is ``E |w_k|^2``.

``P`` is the orthogonal projector onto ker R, so ``w_k = P w``. The representation must be
orthogonal: then an invariant predictor has ``P w = 0``, and ``w_k`` is all error.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from learnsym.regression import (
    RANK_TOLERANCE,
    asymmetric_projector,
    descent_gain,
    require_learning_rate,
)
from learnsym.representations import Representation

INVARIANCE_TOLERANCE = 1e-6


def noise_covariance(
    rows: ArrayLike,
    rho: Representation,
    sigma: float,
    steps: ArrayLike | None = None,
    eta: float | None = None,
) -> np.ndarray:
    """Return the covariance of ``w_k`` that independent label noise causes.

    For labels ``y = X w + e`` with an invariant ``w`` and independent ``e`` of variance
    ``sigma^2``, the end of training has ``Cov w_k = sigma^2 P K^+ P`` with ``K = X^T X``, whether
    or not the rows are whole orbits. If they are, any labels constant on orbits may stand in place
    of ``X w``. Initial weights in ker K stay where they are and are not part of it.

    Parameters
    ----------
    rows
        All points, shape ``(N, d)``.
    rho
        Orthogonal representation of dimension ``d``.
    sigma
        Standard deviation of the noise.
    steps, eta
        Numbers of steps, shape ``(T,)``, of gradient descent with learning rate ``eta`` on
        ``1 / (2 N) |y - X w|^2``; by default the limit of infinitely many.

    Returns
    -------
    ndarray
        Shape ``(d, d)``, or ``(T, d, d)`` with ``steps``.

    Raises
    ------
    ValueError
        ``rho`` is not orthogonal, shapes do not fit, ``sigma`` is negative, ``eta`` is not
        positive, or only one of ``steps`` and ``eta`` is given.
    """
    rows = _rows(rows, rho)
    if not (np.isfinite(sigma) and sigma >= 0):
        raise ValueError(f"sigma: expected a finite number of at least 0, got {sigma}")
    if (steps is None) != (eta is None):
        raise ValueError(f"steps, eta: expected both or none, got {steps}, {eta}")
    if eta is not None:
        require_learning_rate(eta)
    P = asymmetric_projector(rho)
    values, vectors = np.linalg.eigh(rows.T @ rows)
    seen = values > RANK_TOLERANCE * values[-1]
    values, vectors = values[seen], P @ vectors[:, seen]
    gain = 1.0 if steps is None else descent_gain(eta * values / len(rows), steps)
    variances = sigma**2 * gain**2 / values
    return (variances[..., None, :] * vectors) @ vectors.T


def misfit_covariance(
    population: ArrayLike, labels: ArrayLike, rho: Representation, count: int, sigma: float = 0.0
) -> np.ndarray:
    """Return the covariance of ``w_k`` after a fit to ``count`` points without their orbits.

    The points are independent draws from a symmetric population, with invariant labels that no
    linear predictor need fit, plus independent noise of variance ``sigma^2``. To leading order,
    ``Cov w_k = P S^-1 O S^-1 P / count`` with ``S = E x x^T``, ``O = E r^2 x x^T`` and the residual
    ``r`` of the best fit to the population.

    Parameters
    ----------
    population
        Whole orbits that stand for the population, shape ``(M, d)``.
    labels
        Their labels without noise, shape ``(M,)``.
    rho
        Orthogonal representation of dimension ``d``.
    count
        Number of training points.
    sigma
        Standard deviation of the noise.

    Returns
    -------
    ndarray
        Shape ``(d, d)``.

    Raises
    ------
    ValueError
        ``rho`` is not orthogonal, shapes do not fit, the population does not span the space, or
        its best fit is not invariant: orbits are incomplete or labels differ within an orbit
        (Assumption 1).
    """
    X = _rows(population, rho)
    y = np.asarray(labels, dtype=np.float64)
    if y.shape != (len(X),) or not np.isfinite(y).all():
        raise ValueError(f"labels: expected {len(X)} finite labels, got shape {y.shape}")
    if count < 1:
        raise ValueError(f"count: expected at least 1, got {count}")
    P = asymmetric_projector(rho)
    second = X.T @ X / len(X)
    if np.linalg.matrix_rank(second, tol=RANK_TOLERANCE * np.abs(second).max()) < rho.dimension:
        raise ValueError("population: expected points that span the space, got a singular E x x^T")
    best = np.linalg.solve(second, X.T @ y / len(X))
    if np.abs(P @ best).max(initial=0.0) > INVARIANCE_TOLERANCE * np.abs(best).max():
        raise ValueError(
            "labels: expected whole orbits with one label each (Assumption 1), got a best fit with "
            f"an asymmetric part of {np.linalg.norm(P @ best):.3g}"
        )
    spread = (y - X @ best) ** 2 + sigma**2
    outer = P @ np.linalg.solve(second, (X * spread[:, None]).T @ X / len(X))
    return outer @ np.linalg.solve(second, P) / count


def expected_asymmetry_loss(means: ArrayLike, covariances: ArrayLike, X: ArrayLike) -> np.ndarray:
    """Return the expected asymmetry loss, mean over ``x`` of ``E |w_k . x|``, for Gaussian ``w_k``.

    Exact where the noise is Gaussian; by the central limit theorem close to it otherwise. With
    mean 0 it is ``sqrt(2 / pi)`` times the mean of ``sqrt(x^T Cov x)``.

    Parameters
    ----------
    means
        Mean of ``w_k``, shape ``(..., d)``.
    covariances
        Covariance of ``w_k``, shape ``(..., d, d)``.
    X
        Points over which the loss is averaged, shape ``(n, d)``.

    Returns
    -------
    ndarray
        Shape ``(...)``.
    """
    X = np.asarray(X, dtype=np.float64)
    mean = np.abs(np.asarray(means, dtype=np.float64) @ X.T)
    variance = np.sum((X @ np.asarray(covariances, dtype=np.float64)) * X, axis=-1)
    std = np.sqrt(np.maximum(variance, 0.0))
    ratio = np.divide(mean, std, out=np.full(np.broadcast(mean, std).shape, np.inf), where=std > 0)
    folded = std * np.sqrt(2 / np.pi) * np.exp(-0.5 * ratio**2) + mean * erf(ratio / np.sqrt(2))
    return folded.mean(axis=-1)


def size_moments(
    means: ArrayLike, covariances: ArrayLike, metric: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of ``w_k^T M w_k`` for Gaussian ``w_k``, each of shape ``(...)``.

    ``means`` (..., d) and ``covariances`` (..., d, d) belong to ``w_k``; ``metric`` ``M`` (d, d) is
    the identity by default, and with ``X^T X / N`` gives the mean square of ``w_k . x``. The mean
    does not need Gaussian weights.
    """
    means, covariances = np.asarray(means), np.asarray(covariances)
    metric = np.eye(means.shape[-1]) if metric is None else np.asarray(metric)
    scaled = metric @ covariances
    pulled = means @ metric
    average = np.trace(scaled, axis1=-2, axis2=-1) + np.sum(pulled * means, axis=-1)
    noise = np.sum(scaled * np.swapaxes(scaled, -1, -2), axis=(-1, -2))
    mixed = np.sum(np.einsum("...i,...ij->...j", pulled, covariances) * pulled, axis=-1)
    return average, 2 * noise + 4 * mixed


def _rows(rows: ArrayLike, rho: Representation) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != rho.dimension or not np.isfinite(rows).all():
        raise ValueError(
            f"rows: expected finite points of shape (N, {rho.dimension}), got shape {rows.shape}"
        )
    return rows
