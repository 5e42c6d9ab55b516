"""Critical points of least squares on the manifold of matrices of rank exactly ``r``.

In the coordinates of :class:`~learnsym.lowrank.LowRankProblem` the objective is ``|U - T|^2`` plus
a constant. ``U`` is critical exactly if it keeps ``r`` singular triplets of ``T`` with positive
singular values (Proposition 13 of Duan and Montufar). Equal singular values make the choice
continuous: the critical points then form products of Grassmannians.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from learnsym.lowrank import TIE_TOLERANCE, LowRankProblem

SIGN_TOLERANCE = 1e-9
MANIFOLD_TOLERANCE = 1e-10


@dataclass(frozen=True)
class CriticalSet:
    """A connected set of critical points.

    ``triplets`` are the singular triplets, in ascending order, that one of its points keeps;
    ``problem.at(triplets)`` is that point. All points share ``value`` and the Morse ``index``, the
    number of independent descent directions. ``dimension`` is 0 for a single point.
    """

    triplets: tuple[int, ...]
    value: float
    index: int
    dimension: int


def critical_sets(problem: LowRankProblem) -> Iterator[CriticalSet]:
    """Yield every connected set of critical points of rank ``problem.rank``, the best one first.

    Nothing is yielded where the target has fewer than ``problem.rank`` positive singular values:
    then the minimiser has lower rank, and no point of the manifold is critical.
    """
    starts, sizes = _classes(problem)
    squares = problem.singular_values**2
    for kept in _allotments(tuple(sizes), problem.rank):
        triplets = tuple(
            start + i for start, count in zip(starts, kept, strict=True) for i in range(count)
        )
        left_out = np.subtract(sizes, kept)
        # earlier classes have larger singular values
        larger_left_out = np.cumsum(left_out) - left_out
        yield CriticalSet(
            triplets,
            float(problem.c - squares[list(triplets)].sum()),
            int(larger_left_out @ kept),
            int(left_out @ kept),
        )


def critical_count(problem: LowRankProblem) -> int:
    """Return the number of sets that :func:`critical_sets` yields, without enumerating them.

    With distinct singular values it is the binomial coefficient of their number and the rank.
    """
    ways = [1] + [0] * problem.rank
    for size in _classes(problem)[1]:
        ways = [sum(ways[max(0, kept - size) : kept + 1]) for kept in range(problem.rank + 1)]
    return ways[problem.rank]


def morse_index(problem: LowRankProblem, triplets: Sequence[int]) -> int:
    """Return the number of pairs ``(i, j)``, ``i`` kept and ``j`` not, with ``s_j > s_i``.

    ``triplets`` may be of any number, also fewer than ``problem.rank``. Singular values closer than
    1e-10 of the largest count as equal.
    """
    sizes = problem.singular_values
    kept = np.isin(np.arange(sizes.size), list(triplets))
    margin = TIE_TOLERANCE * sizes.max(initial=0.0)
    return int(np.sum(sizes[~kept][:, None] > sizes[kept] + margin))


def sample_point(
    problem: LowRankProblem, where: CriticalSet, rng: np.random.Generator
) -> np.ndarray:
    """Return a random point ``(m, n)`` of a set: tied singular triplets are rotated at random."""
    left, sizes, right = problem.svd
    left, right = left.copy(), right.copy()
    for start, size in zip(*_classes(problem), strict=True):
        tied = slice(start, start + size)
        rotation = np.linalg.qr(rng.standard_normal((size, size)))[0]
        left[:, tied], right[tied] = left[:, tied] @ rotation, rotation.T @ right[tied]
    kept = list(where.triplets)
    return problem.lift(left[:, kept] * sizes[kept] @ right[kept])


def reduced(problem: LowRankProblem) -> LowRankProblem:
    """Return the problem for ``W B`` of shape ``(m, k)``, where ``B`` is the basis of the rows.

    Raises
    ------
    ValueError
        The rank exceeds ``min(m, k)``: no admissible map has that rank.
    """
    B = problem.basis
    return LowRankProblem(B.T @ problem.A @ B, problem.C @ B, problem.c, problem.rank)


def whitened(problem: LowRankProblem) -> LowRankProblem:
    """Return the problem in the coordinates ``U = W B P``, where it is ``|U - T|^2`` plus constant.

    Raises
    ------
    ValueError
        As :func:`reduced`.
    """
    k = problem.target.shape[1]
    return LowRankProblem(np.eye(k), problem.target, problem.c, problem.rank)


def riemannian_gradient(problem: LowRankProblem, W: np.ndarray) -> np.ndarray:
    """Return the gradient on the manifold at ``W`` of rank ``problem.rank``, shape ``(m, n)``.

    The manifold is that of admissible maps of this rank with the Frobenius inner product.

    Raises
    ------
    ValueError
        ``W`` is not on the manifold.
    """
    left, _, right, slopes = _frames(problem, W)
    slopes[problem.rank :, problem.rank :] = 0
    return left @ slopes @ right.T @ problem.basis.T


def riemannian_hessian(problem: LowRankProblem, W: np.ndarray) -> np.ndarray:
    """Return the Hessian at ``W`` in an orthonormal basis of the tangent space.

    The tangent space at ``W = L diag(s) R^T`` consists of all matrices whose block outside the
    column space and the row space vanishes; its dimension is ``r (m + k - r)``. The quadratic form
    is ``2 tr(X A X^T) + 2 <gradient, X W^+ X>``, the second term being the curvature of the
    manifold.

    Raises
    ------
    ValueError
        ``W`` is not on the manifold.
    """
    left, sizes, right, slopes = _frames(problem, W)
    r, m, k = problem.rank, len(left), len(right)
    rows = (problem.basis @ right).T @ problem.A @ (problem.basis @ right)
    full = 2 * np.einsum("ac,bd->abcd", np.eye(m), rows)
    bend = slopes[r:, r:]
    for b in range(r):
        full[r:, b, b, r:] += bend / sizes[b]
        full[b, r:, r:, b] += bend.T / sizes[b]
    tangent = np.ones((m, k), dtype=bool)
    tangent[r:, r:] = False
    return full[tangent][:, tangent]


def signature(hessian: np.ndarray) -> tuple[int, int]:
    """Return the numbers of negative and of zero eigenvalues.

    Eigenvalues within 1e-9 of the largest modulus count as zero.
    """
    values = np.linalg.eigvalsh(hessian)
    noise = SIGN_TOLERANCE * np.abs(values).max(initial=0.0)
    return int(np.sum(values < -noise)), int(np.sum(np.abs(values) <= noise))


def _classes(problem: LowRankProblem) -> tuple[list[int], list[int]]:
    """Return starts and sizes of the runs of equal positive singular values."""
    sizes = problem.singular_values
    positive = sizes[sizes > 0]
    if not positive.size:
        return [], []
    apart = np.flatnonzero(-np.diff(positive) > TIE_TOLERANCE * positive[0]) + 1
    starts = np.concatenate([[0], apart])
    return starts.tolist(), np.diff(np.append(starts, positive.size)).tolist()


def _allotments(sizes: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
    """Yield all ways to take ``total`` things from classes of the given sizes, early ones first."""
    if not sizes:
        if total == 0:
            yield ()
        return
    room = sum(sizes[1:])
    for first in range(min(sizes[0], total), max(0, total - room) - 1, -1):
        for rest in _allotments(sizes[1:], total - first):
            yield (first, *rest)


def _frames(
    problem: LowRankProblem, W: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return full singular frames of ``W B`` and the gradient of the objective in them."""
    W = np.asarray(W, dtype=np.float64)
    if W.shape != problem.C.shape:
        raise ValueError(f"W: expected shape {problem.C.shape}, got {W.shape}")
    inside = W @ problem.basis
    left, sizes, right = np.linalg.svd(inside)
    scale = np.linalg.norm(W)
    rank = int(np.sum(sizes > MANIFOLD_TOLERANCE * scale))
    if rank != problem.rank:
        raise ValueError(f"W: expected rank {problem.rank}, got {rank}")
    if np.linalg.norm(W - inside @ problem.basis.T) > MANIFOLD_TOLERANCE * scale:
        raise ValueError("W: expected rows in the span of the basis")
    slopes = left.T @ problem.gradient(W) @ problem.basis @ right.T
    return left, sizes, right.T, slopes
