"""Least squares over matrices of bounded rank, and three ways to make the solution invariant.

Duan and Montufar compare linear maps ``W`` of rank at most ``r`` that are invariant to a group by
construction (hard-wired), through augmented data, or through a penalty. All three minimise a
quadratic ``tr(W A W^T) - 2 <C, W> + c`` over matrices of bounded rank whose rows lie in a subspace;
in the coordinates ``U = W B P``, with ``P`` the root of ``B^T A B``, it is ``|U - T|^2`` plus a
constant, and the theorem of Eckart and Young solves it (their Theorem 6, Propositions 8 and 11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from learnsym.equivariant import EquivariantMaps, invariant_basis, null_space, reynolds
from learnsym.regression import augment
from learnsym.representations import PermutationRepresentation, Representation

RANK_TOLERANCE = 1e-12
TIE_TOLERANCE = 1e-10
ORTHONORMAL_TOLERANCE = 1e-9


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


def sampled(
    X: ArrayLike, Y: ArrayLike, rho: Representation, count: int, rng: np.random.Generator
) -> Moments:
    """Return the moments of data in which every row enters with ``count`` random group elements.

    Parameters
    ----------
    X, Y
        Inputs ``(N, n)`` and targets ``(N, m)``.
    rho
        Representation on the inputs.
    count
        Distinct elements per row, from 1 to the order of the group, drawn without replacement.
    rng
        Generator of the draws.
    """
    order = rho.group.order
    if not 1 <= count <= order:
        raise ValueError(f"count: expected 1 to {order}, the order of the group, got {count}")
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    orbits = augment(X, rho)
    chosen = rng.random((order, len(X))).argsort(axis=0)[:count]
    rows = orbits[chosen, np.arange(len(X))].reshape(-1, X.shape[1])
    return Moments.from_data(rows, np.tile(Y, (count, 1)))


class LowRankProblem:
    """Minimise ``tr(W A W^T) - 2 <C, W> + c`` over ``W`` of rank at most ``rank``.

    Parameters
    ----------
    A
        Symmetric positive semi-definite, shape ``(n, n)``.
    C
        Shape ``(m, n)``.
    c
        The constant.
    rank
        Bound on the rank, from 1 to ``min(m, n)``.
    basis
        Orthonormal columns ``(n, k)`` whose span holds the rows of ``W``; all of space by default.
    pseudo_inverse
        What to do where ``A`` is singular on that span. The minimiser is then not unique: False
        raises, True takes the one of least norm, which ignores directions without data. Eigenvalues
        of ``A`` up to 1e-12 of the largest count as zero.

    Raises
    ------
    ValueError
        Shapes do not fit, an entry is not finite, ``rank`` is out of range, the columns of
        ``basis`` are not orthonormal, ``A`` is not symmetric positive semi-definite, it is singular
        on the span, or the objective is unbounded below.
    """

    def __init__(
        self,
        A: ArrayLike,
        C: ArrayLike,
        c: float,
        rank: int,
        basis: ArrayLike | None = None,
        pseudo_inverse: bool = False,
    ) -> None:
        self.A, self.C = np.asarray(A, dtype=np.float64), np.asarray(C, dtype=np.float64)
        self.c = float(c)
        n = self.A.shape[-1]
        if self.A.shape != (n, n) or self.C.ndim != 2 or self.C.shape[1] != n:
            raise ValueError(
                f"A, C: expected shapes (n, n) and (m, n), got {self.A.shape}, {self.C.shape}"
            )
        if not (np.isfinite(self.C).all() and np.isfinite(self.c)):
            raise ValueError("C, c: expected finite entries")
        if not isinstance(rank, int | np.integer) or not 1 <= rank <= min(self.C.shape):
            raise ValueError(
                f"rank: expected an integer from 1 to {min(self.C.shape)}, got {rank!r}"
            )
        self.rank = int(rank)
        self.basis = np.eye(n) if basis is None else np.asarray(basis, dtype=np.float64)
        if self.basis.ndim != 2 or len(self.basis) != n:
            raise ValueError(f"basis: expected shape ({n}, k), got {self.basis.shape}")
        gram = self.basis.T @ self.basis
        if not np.abs(gram - np.eye(len(gram))).max(initial=0.0) <= ORTHONORMAL_TOLERANCE:
            raise ValueError("basis: expected orthonormal columns")
        self._root, self._inverse_root = _roots(self.basis.T @ self.A @ self.basis, pseudo_inverse)
        if pseudo_inverse:
            self._check_bounded_below()

    @cached_property
    def target(self) -> np.ndarray:
        """The matrix ``T = C B P^-1`` that is approximated, shape ``(m, k)``."""
        return self.C @ self.basis @ self._inverse_root

    @cached_property
    def svd(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Left singular vectors, singular values (descending), right ones as rows, of ``target``.

        Singular values up to 1e-12 of the largest, or of the root of ``c``, are set to zero. The
        moments of data have no larger one than that root; without it, the target of a group that
        has no invariant vectors would consist of rounding errors only.
        """
        left, sizes, right = np.linalg.svd(self.target, full_matrices=False)
        noise = RANK_TOLERANCE * max(sizes.max(initial=0.0), np.sqrt(max(self.c, 0.0)))
        return left, np.where(sizes > noise, sizes, 0.0), right

    @property
    def singular_values(self) -> np.ndarray:
        """Singular values of ``target``, descending."""
        return self.svd[1]

    def _check_bounded_below(self) -> None:
        """Raise where ``C`` has a part in a direction in which ``A`` has none.

        Moments of data have none, as ``|C v|^2 <= c v^T A v`` for every ``v``; directions whose
        eigenvalue counts as zero may hide as much as that allows.
        """
        CB = self.C @ self.basis
        unseen = np.linalg.norm(CB - CB @ self._root @ self._inverse_root)
        largest = np.abs(self.A).max(initial=0.0)
        hidden = len(self.A) * np.sqrt(RANK_TOLERANCE * max(self.c, 0.0) * largest)
        if unseen > hidden + 1e-8 * np.linalg.norm(CB):
            raise ValueError(
                "C: expected no part in the directions in which A is singular, the objective is "
                f"unbounded below; got one of size {unseen:.3g}"
            )

    def lift(self, U: np.ndarray) -> np.ndarray:
        """Return the map ``W = U P^-1 B^T`` of shape ``(..., m, n)`` with coordinates ``U``."""
        return U @ self._inverse_root @ self.basis.T

    def coordinates(self, W: np.ndarray) -> np.ndarray:
        """Return ``U = W B P`` of shape ``(..., m, k)``."""
        return W @ self.basis @ self._root

    def value(self, W: np.ndarray) -> np.ndarray:
        """Return the objective, shape ``W.shape[:-2]``."""
        W = np.asarray(W, dtype=np.float64)
        return np.sum((W @ self.A - 2 * self.C) * W, axis=(-2, -1)) + self.c

    def optimum(self) -> np.ndarray:
        """Return the global minimiser, shape ``(m, n)``.

        Where :attr:`gap` is 0 and singular value ``rank`` is not, it is one of many.
        """
        return self.at(range(min(self.rank, self.singular_values.size)))

    def at(self, triplets: Sequence[int]) -> np.ndarray:
        """Return the map that keeps the named singular triplets of ``target``, shape ``(m, n)``.

        Raises
        ------
        ValueError
            A triplet is named twice, or its number is not among those of ``target``.
        """
        left, sizes, right = self.svd
        kept = list(triplets)
        if len(set(kept)) < len(kept) or not set(kept) <= set(range(sizes.size)):
            raise ValueError(
                f"triplets: expected distinct numbers from 0 to {sizes.size - 1}, got {kept}"
            )
        return self.lift(left[:, kept] * sizes[kept] @ right[kept])

    @property
    def gap(self) -> float:
        """``sigma_r - sigma_(r+1)`` of ``target``, whose singular values are continued by zeros."""
        sizes = np.append(self.singular_values, np.zeros(self.rank + 1))
        return float(sizes[self.rank - 1] - sizes[self.rank])


def invariant_rows(rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of ``{w : w^T rho(g) = w^T for all g}`` as columns, ``(n, d)``.

    The rows of ``W`` lie in it exactly if ``W rho(g) = W`` for all ``g`` (Proposition 4 and
    Remark 5 of Duan and Montufar): generators suffice, cyclic or not.
    """
    if isinstance(rho, PermutationRepresentation):
        return invariant_basis(rho)
    return null_space(constraint(rho).T)


def constraint(rho: Representation) -> np.ndarray:
    """Return ``G = [I - rho(s)]`` side by side over the generators ``s``, shape ``(n, n k)``.

    ``W`` is invariant exactly if ``W G = 0``.
    """
    identity = np.eye(rho.dimension)
    return np.hstack([identity - rho.matrix(s) for s in rho.group.generators])


def unconstrained(moments: Moments, rank: int, pseudo_inverse: bool = False) -> LowRankProblem:
    """Return plain least squares of bounded rank."""
    return LowRankProblem(moments.S, moments.C, moments.c, rank, pseudo_inverse=pseudo_inverse)


def hard_wired(
    moments: Moments, rho: Representation, rank: int, pseudo_inverse: bool = False
) -> LowRankProblem:
    """Return least squares over invariant maps (Theorem 6).

    The covariance need be positive definite on the invariant rows only.
    """
    _check_fit(moments, rho)
    return LowRankProblem(
        moments.S, moments.C, moments.c, rank, invariant_rows(rho), pseudo_inverse
    )


def augmented(
    moments: Moments, rho: Representation, rank: int, pseudo_inverse: bool = False
) -> LowRankProblem:
    """Return least squares on the data set augmented by the whole group (Proposition 11).

    Where the averaged covariance is positive definite, the minimisers are those of
    :func:`hard_wired`, for any representation, oblique ones included.
    """
    return unconstrained(moments.averaged(rho), rank, pseudo_inverse)


def regularised(
    moments: Moments,
    rho: Representation,
    rank: int,
    strength: float,
    pseudo_inverse: bool = False,
) -> LowRankProblem:
    """Return least squares with the penalty ``strength |W G|^2`` (Proposition 8).

    For a positive strength the covariance need be positive definite on the invariant rows only:
    the penalty sees all others. Strengths beyond about 1e10 times the smallest eigenvalue there
    drown it in rounding errors; the limit is :func:`hard_wired`.
    """
    _check_fit(moments, rho)
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"strength: expected a finite number >= 0, got {strength}")
    G = constraint(rho)
    A = moments.S + strength * G @ G.T
    return LowRankProblem(A, moments.C, moments.c, rank, pseudo_inverse=pseudo_inverse)


def _check_fit(moments: Moments, rho: Representation) -> None:
    if rho.dimension != len(moments.S):
        raise ValueError(
            f"rho: expected a representation of dimension {len(moments.S)}, got {rho.dimension}"
        )


def _roots(A: np.ndarray, pseudo_inverse: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the symmetric root of ``A`` and its inverse, or pseudo-inverse."""
    scale = np.abs(A).max(initial=np.finfo(float).tiny)
    if not np.isfinite(A).all() or np.abs(A - A.T).max(initial=0.0) > 1e-10 * scale:
        raise ValueError("A: expected a finite symmetric matrix")
    values, vectors = np.linalg.eigh(A)
    noise = RANK_TOLERANCE * values.max(initial=np.finfo(float).tiny)
    if values.min(initial=0.0) < -noise:
        raise ValueError(f"A: expected no negative eigenvalue, got {values.min():.3g}")
    present = values > noise
    if not present.all() and not pseudo_inverse:
        raise ValueError(
            f"A: expected full rank {len(A)} on the admissible rows, got rank {present.sum()}; "
            "minimisers differ in directions without data, pseudo_inverse=True takes the least one"
        )
    roots = np.sqrt(np.where(present, values, 0.0))
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=present)
    return (vectors * roots) @ vectors.T, (vectors * inverse) @ vectors.T
