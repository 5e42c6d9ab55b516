"""Augmentation by a few group elements per sample, instead of all of them.

Every sample enters with ``k`` distinct random elements of the group, drawn once. The best map of
bounded rank is then no longer invariant, and to first order in the deviation of the moments::

    E |W_perp S_a^(1/2)|^2 = (1/k) (|G| - k) / (|G| - 1) (1/N^2) sum_i |U^T r_i|^2 h_i,

with ``W_perp = W (I - R)``, ``S_a`` the orbit-averaged covariance, ``U`` the left singular vectors
that the optimum under full augmentation keeps, ``r_i`` its residuals, and ``h_i`` the mean of
``z^T S_a^-1 z`` over the deviations ``z`` of the orbit of ``x_i`` from its mean.
"""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.lowrank import TIE_TOLERANCE, Moments, augmented
from learnsym.regression import augment
from learnsym.representations import Representation


def correction(order: int, count: int) -> float:
    """Return ``(1/k) (|G| - k) / (|G| - 1)``: the variance of a mean of ``k`` draws, relative.

    Draws without replacement from ``|G| = order`` values, relative to the variance of one draw.
    """
    if not 1 <= count <= order or order < 2:
        raise ValueError(f"count: expected 1 to {order} of at least 2 elements, got {count}")
    return (order - count) / (count * (order - 1))


def expected_asymmetry(
    X: ArrayLike, Y: ArrayLike, rho: Representation, rank: int, count: int
) -> float:
    """Return ``E |W_perp S_a^(1/2)|^2`` of the optimum, to first order (see the module).

    ``rho`` must be orthogonal. Directions without data do not count.

    Raises
    ------
    ValueError
        ``rho`` is not orthogonal, or full augmentation leaves open which left singular vectors are
        kept: there is no gap behind singular value ``rank``, and there are more outputs.
    """
    if not rho.is_orthogonal:
        raise ValueError(f"rho: expected an orthogonal representation, got {rho.name}")
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    problem = augmented(Moments.from_data(X, Y), rho, rank, pseudo_inverse=True)
    sizes = problem.singular_values
    if rank < Y.shape[1] and problem.gap <= TIE_TOLERANCE * sizes[0]:
        raise ValueError(f"rank: expected a gap behind singular value {rank} of {sizes}, got none")
    kept = problem.svd[0][:, :rank]
    residuals = (Y - X @ problem.optimum().T) @ kept
    orbits = augment(X, rho)
    leverage = np.mean(np.sum(problem.lift(orbits - orbits.mean(axis=0)) ** 2, axis=2), axis=0)
    size = np.sum(np.sum(residuals**2, axis=1) * leverage) / len(X) ** 2
    return float(correction(rho.group.order, count) * size)


def asymmetry(W: np.ndarray, averaged: Moments, rho_average: np.ndarray) -> np.ndarray:
    """Return ``|W_perp S_a^(1/2)|^2`` of maps ``(..., m, n)``.

    ``averaged`` are orbit-averaged moments, ``rho_average`` the Reynolds operator ``(n, n)``.
    """
    part = W - W @ rho_average
    return np.sum((part @ averaged.S) * part, axis=(-2, -1))
