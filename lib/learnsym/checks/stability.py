"""The largest stable learning rate of each part of the weights."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from learnsym.regression import asymmetric_basis, require_orthogonal
from learnsym.representations import Representation

COMMUTES = 1e-8


@dataclass(frozen=True)
class StepLimits:
    """Learning rates below which gradient descent does not diverge.

    ``overall`` is ``2 / lambda_max(K)``; ``asymmetric`` is ``2 / lambda_max`` of ``K`` on ker R, up
    to which ``w_k`` decays whatever ``w_r`` does; infinite where ``K`` is zero there.
    """

    overall: float
    asymmetric: float


def step_limits(K: ArrayLike, rho: Representation) -> StepLimits:
    """Return the stability limits of gradient descent on ``1/2 w^T K w - b^T w``.

    Parameters
    ----------
    K
        Gram matrix of whole orbits, shape ``(d, d)``; the mean one ``X^T X / N`` if the learning
        rate is that of the mean squared error.
    rho
        Orthogonal representation of dimension ``d``.

    Raises
    ------
    ValueError
        ``rho`` is not orthogonal (Assumption 3), shapes do not fit, or ``K`` does not commute with
        the group: the data are not whole orbits (Assumption 1), and the parts do not evolve
        separately.
    """
    K = np.asarray(K, dtype=np.float64)
    if K.shape != (rho.dimension, rho.dimension):
        raise ValueError(f"K: expected shape {(rho.dimension,) * 2}, got {K.shape}")
    require_orthogonal(rho)
    for g in rho.group.generators:
        moved = rho.matrix(g) @ K - K @ rho.matrix(g)
        if np.abs(moved).max() > COMMUTES * np.abs(K).max():
            raise ValueError(
                "K: expected the Gram matrix of whole orbits (Assumption 1), "
                f"got one that changes by {np.abs(moved).max():.3g} under the group"
            )
    basis = asymmetric_basis(rho)
    return StepLimits(_limit(K), _limit(basis.T @ K @ basis))


def _limit(K: np.ndarray) -> float:
    largest = np.linalg.eigvalsh(K).max(initial=0.0)
    return 2 / float(largest) if largest > 0 else np.inf
