"""Second moments of regression data: all that a linear model ever sees of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from learnsym.equivariant import EquivariantMaps, reynolds
from learnsym.representations import PermutationRepresentation, Representation


@dataclass(frozen=True)
class Moments:
    """Moments of inputs ``x`` and targets ``y``, means over the data set.

    ``S`` is the mean of ``x x^T``, shape ``(n, n)``; ``C`` the mean of ``y x^T``, shape
    ``(m, n)``; ``c`` the mean of ``|y|^2``. The mean squared error of the linear map ``W`` is
    ``tr(W S W^T) - 2 <C, W> + c``.
    """

    S: np.ndarray
    C: np.ndarray
    c: float

    @classmethod
    def from_data(cls, X: ArrayLike, Y: ArrayLike) -> "Moments":
        """Return the moments of inputs ``(N, n)`` and targets ``(N, m)``, one sample per row.

        Raises
        ------
        ValueError
            The arrays are not two-dimensional, empty, of different lengths or not finite.
        """
        X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
        if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or not len(X):
            raise ValueError(f"X, Y: expected shapes (N, n) and (N, m), got {X.shape}, {Y.shape}")
        if not (np.isfinite(X).all() and np.isfinite(Y).all()):
            raise ValueError("X, Y: expected finite entries")
        return cls(X.T @ X / len(X), Y.T @ X / len(X), float(np.sum(Y**2)) / len(X))

    def averaged(self, rho: Representation) -> "Moments":
        """Return the moments of the data set augmented by the whole group.

        Every ``x`` enters with all ``rho(g) x`` and one target. The covariance is averaged itself,
        so that no augmented data set is ever formed.
        """
        if rho.dimension != len(self.S):
            raise ValueError(
                f"rho: expected a representation of dimension {len(self.S)}, got {rho.dimension}"
            )
        if isinstance(rho, PermutationRepresentation):
            S = EquivariantMaps(rho, rho).project(self.S)
        else:
            matrices = [rho.matrix(g) for g in rho.group.elements()]
            S = np.mean([m @ self.S @ m.T for m in matrices], axis=0)
        return Moments(S, self.C @ reynolds(rho).T, self.c)
