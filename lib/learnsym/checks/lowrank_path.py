"""The regularisation path: the optimum of the penalised problem as a function of the penalty.

Duan and Montufar minimise the mean squared error plus ``strength |W G|^2`` over maps ``W`` of rank
at most ``r``. In a basis that diagonalises ``S`` and ``G G^T`` together::

    (S + strength G G^T)^-1 = H + sum_j x_j x_j^T / (level_j + strength),

where ``H`` belongs to the invariant rows and stays, and the other terms fade. The whole path
follows from this: ``T = C (S + strength G G^T)^(-1/2)`` has the same left singular vectors and
singular values as the columns ``C x_j / sqrt(level_j + strength)`` beside ``C H^(1/2)``, and
truncation to rank ``r`` multiplies the full-rank solution from the left by the projector onto the
first ``r`` left singular vectors.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh

from learnsym.lowrank import RANK_TOLERANCE, TIE_TOLERANCE, Moments, constraint, invariant_rows
from learnsym.representations import Representation


class RegularisationPath:
    """Optima of the mean squared error plus ``strength |W G|^2`` for all strengths at once.

    All methods take strengths in ``[0, inf]`` of any shape ``(...)``; ``inf`` is the hard-wired
    problem.

    Parameters
    ----------
    moments
        Of the data.
    rho
        The representation on inputs.
    rank
        Bound on the rank of ``W``, from 1 to ``min(m, n)``.
    pseudo_inverse
        What to do where the covariance ``S`` is singular. False raises. True leaves out invariant
        directions without data, as the minimiser of least norm does; strength 0 then stands for the
        limit from the right, which fills other directions without data by the penalty.

    Attributes
    ----------
    invariant : numpy.ndarray
        Rows of ``H^(1/2)`` as columns, orthonormal in ``S``, shape ``(n, d)``.
    moving : numpy.ndarray
        The ``x_j`` as columns: orthogonal in ``S``, orthonormal in ``G G^T``, shape ``(n, k)``.
    levels : numpy.ndarray
        ``x_j^T S x_j``, ascending, shape ``(k,)``: the strength at which direction ``j`` is
        suppressed by half.

    Raises
    ------
    ValueError
        Shapes do not fit, ``rank`` is out of range or ``S`` is singular.
    """

    def __init__(
        self, moments: Moments, rho: Representation, rank: int, pseudo_inverse: bool = False
    ) -> None:
        S, C = moments.S, moments.C
        if rho.dimension != len(S):
            raise ValueError(
                f"rho: expected a representation of dimension {len(S)}, got {rho.dimension}"
            )
        if not 1 <= rank <= min(C.shape):
            raise ValueError(f"rank: expected 1 to {min(C.shape)}, got {rank}")
        sizes = np.linalg.eigvalsh(S)
        seen = int(np.sum(sizes > RANK_TOLERANCE * sizes[-1]))
        if seen < len(S) and not pseudo_inverse:
            raise ValueError(
                f"moments: expected a covariance of full rank {len(S)}, got rank {seen}; without "
                "penalty minimisers differ in directions without data, pseudo_inverse=True takes "
                "the limit of a small penalty"
            )
        self.rank, self.c = int(rank), moments.c
        self.invariant, self.moving, self.levels = _common_basis(S, rho)
        self._fixed, self._fading = C @ self.invariant, C @ self.moving
        # a direction without data has no covariance with the targets either
        self._fading[:, self.levels == 0] = 0

    def full_rank(self, strengths: ArrayLike) -> np.ndarray:
        """Return the minimisers without the bound on the rank, shape ``(..., m, n)``."""
        weights = self._weights(strengths)
        return self._fixed @ self.invariant.T + (self._fading * weights[..., None, :]) @ (
            self.moving.T
        )

    def singular_values(self, strengths: ArrayLike) -> np.ndarray:
        """Return the singular values of the target, descending, shape ``(..., min(m, n))``.

        The target is ``T = C (S + strength G G^T)^(-1/2)``.
        """
        return self._svd(strengths)[1]

    def gap(self, strengths: ArrayLike) -> np.ndarray:
        """Return ``sigma_r - sigma_(r+1)``, or ``sigma_r`` where there is no next one."""
        sizes = self.singular_values(strengths)
        if sizes.shape[-1] == self.rank:
            return sizes[..., -1]
        return sizes[..., self.rank - 1] - sizes[..., self.rank]

    def projector(self, strengths: ArrayLike) -> np.ndarray:
        """Return the projectors on the first ``r`` left singular vectors, shape ``(..., m, m)``."""
        kept = self._svd(strengths)[0][..., : self.rank]
        return kept @ np.swapaxes(kept, -1, -2)

    def optimum(self, strengths: ArrayLike) -> np.ndarray:
        """Return the global minimisers, shape ``(..., m, n)``; one of many at a tie."""
        return self.projector(strengths) @ self.full_rank(strengths)

    def value(self, strengths: ArrayLike) -> np.ndarray:
        """Return the minimum of the penalised objective, shape ``(...)``."""
        sizes = self.singular_values(strengths)[..., : self.rank]
        return self.c - np.sum(sizes**2, axis=-1)

    def penalty(self, strengths: ArrayLike) -> np.ndarray:
        """Return ``|W G|^2`` at the minimisers, shape ``(...)``."""
        kept = self.projector(strengths) @ (self._fading * self._weights(strengths)[..., None, :])
        return np.sum(kept**2, axis=(-2, -1))

    def error(self, strengths: ArrayLike) -> np.ndarray:
        """Return the mean squared error at the minimisers for finite strengths, shape ``(...)``."""
        return self.value(strengths) - np.asarray(strengths) * self.penalty(strengths)

    def second_moment(self, strengths: ArrayLike) -> np.ndarray:
        """Return ``T T^T``, symmetric, shape ``(..., m, m)``: it decides the order of the path."""
        return (
            self._fixed @ self._fixed.T
            + (self._fading * self._weights(strengths)[..., None, :]) @ self._fading.T
        )

    def derivative(self, strengths: ArrayLike) -> np.ndarray:
        """Return the derivative of :meth:`optimum` by the strength, shape ``(..., m, n)``.

        Raises
        ------
        ValueError
            A tie ``sigma_r = sigma_(r+1)``, where there is none.
        """
        weights = self._weights(strengths)
        slopes = -(weights**2)[..., None, :]
        return self._product_rule(
            self.second_moment(strengths),
            (self._fading * slopes) @ self._fading.T,
            self.full_rank(strengths),
            (self._fading * slopes) @ self.moving.T,
        )

    def speed(self, strengths: ArrayLike) -> np.ndarray:
        """Return the length of :meth:`derivative` in the norm ``tr(W (S + strength G G^T) W^T)``.

        In this norm every jump of the path has length ``sqrt(2) sigma_r``.
        """
        return self.length(self.derivative(strengths), strengths)

    def length(self, W: np.ndarray, strengths: ArrayLike) -> np.ndarray:
        """Return the root of ``tr(W (S + strength G G^T) W^T)``, shape ``(...)``.

        Rows of ``W`` must lie in the span of ``invariant`` and ``moving``.
        """
        basis = np.hstack([self.invariant, self.moving])
        parts = W @ np.linalg.pinv(basis).T
        d = self.invariant.shape[1]
        metric = self.levels + np.asarray(strengths, dtype=np.float64)[..., None]
        squares = np.sum(parts**2, axis=-2)
        return np.sqrt(squares[..., :d].sum(axis=-1) + np.sum(squares[..., d:] * metric, axis=-1))

    def expansion(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the hard-wired optimum and ``W_1``, both of shape ``(m, n)``.

        The optimum is ``W_inv + W_1 / strength + O(strength^-2)`` as the strength grows.

        Raises
        ------
        ValueError
            A tie ``sigma_r = sigma_(r+1)`` of the hard-wired problem; also where both are zero.
        """
        seen = self._fading
        first = self._product_rule(
            self._fixed @ self._fixed.T,
            seen @ seen.T,
            self._fixed @ self.invariant.T,
            seen @ self.moving.T,
        )
        return self.optimum(np.inf), first

    def scales(self) -> tuple[float, float]:
        """Return the smallest and the largest positive level, (1, 1) where there is none."""
        present = self.levels[self.levels > 0]
        return (float(present[0]), float(present[-1])) if present.size else (1.0, 1.0)

    def _weights(self, strengths: ArrayLike) -> np.ndarray:
        """Return ``1 / (level_j + strength)``, 0 in directions without data, ``(..., k)``."""
        strengths = np.asarray(strengths, dtype=np.float64)
        if np.isnan(strengths).any() or (strengths < 0).any():
            raise ValueError(f"strengths: expected values in [0, inf], got {strengths.min()}")
        seen = self.levels > 0
        total = np.where(seen, self.levels, 1.0) + strengths[..., None]
        return np.where(seen, 1 / total, 0.0)

    def _svd(self, strengths: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        weights = self._weights(strengths)
        fading = self._fading * np.sqrt(weights)[..., None, :]
        fixed = np.broadcast_to(self._fixed, (*weights.shape[:-1], *self._fixed.shape))
        left, sizes, _ = np.linalg.svd(np.concatenate([fixed, fading], -1), full_matrices=False)
        count = min(len(self._fixed), len(self.invariant))
        missing = count - sizes.shape[-1]  # directions left out for want of data
        return left, np.pad(sizes, [*[(0, 0)] * (sizes.ndim - 1), (0, max(missing, 0))])

    def _product_rule(
        self, M: np.ndarray, dM: np.ndarray, full: np.ndarray, d_full: np.ndarray
    ) -> np.ndarray:
        """Return the derivative of ``Pi(M) full``, ``Pi`` the projector on the top eigenspace."""
        values, vectors = np.linalg.eigh(M)
        cut = values.shape[-1] - self.rank
        low, high = vectors[..., :cut], vectors[..., cut:]
        projector = high @ np.swapaxes(high, -1, -2)
        steps = values[..., None, cut:] - values[..., :cut, None]
        if (steps <= TIE_TOLERANCE * values[..., -1, None, None]).any():
            raise ValueError(
                f"strengths: expected a gap after singular value {self.rank}, got a tie"
            )
        mixing = np.swapaxes(low, -1, -2) @ dM @ high / steps
        turn = low @ mixing @ np.swapaxes(high, -1, -2)
        return (turn + np.swapaxes(turn, -1, -2)) @ full + projector @ d_full


def _common_basis(S: np.ndarray, rho: Representation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``invariant``, ``moving`` and ``levels`` of :class:`RegularisationPath`."""
    G = constraint(rho)
    rows = invariant_rows(rho)
    d = rows.shape[1]
    values, vectors = np.linalg.eigh(rows.T @ S @ rows)
    present = values > RANK_TOLERANCE * np.abs(S).max()
    invariant = rows @ (vectors[:, present] / np.sqrt(values[present]))
    complement = np.linalg.qr(rows, mode="complete")[0][:, d:]
    # orthogonal to the invariant rows in S
    free = complement - invariant @ (invariant.T @ S @ complement)
    levels, mixed = eigh(free.T @ S @ free, complement.T @ G @ G.T @ complement)
    noise = RANK_TOLERANCE * np.abs(levels).max(initial=0.0)
    return invariant, free @ mixed, np.where(levels > noise, levels, 0.0)
