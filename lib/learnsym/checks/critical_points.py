"""Checks of Proposition 13 of Duan and Montufar: critical points and their Morse indices."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from learnsym.checks.digit_optima import digit_data
from learnsym.checks.lowrank_critical import (
    critical_sets,
    morse_index,
    riemannian_gradient,
    riemannian_hessian,
    sample_point,
    signature,
    whitened,
)
from learnsym.checks.lowrank_layers import layer_gradients, layer_hessian, lift
from learnsym.gallery import Case
from learnsym.lowrank import (
    LowRankProblem,
    Moments,
    augmented,
    hard_wired,
    invariant_rows,
    regularised,
)
from learnsym.representations import Representation


@dataclass(frozen=True)
class Trio:
    """Three problems on the same data, and the dimension of the invariant vectors."""

    hard_wired: LowRankProblem
    augmented: LowRankProblem
    regularised: LowRankProblem
    invariants: int

    @property
    def all(self) -> tuple[LowRankProblem, LowRankProblem, LowRankProblem]:
        """The three problems in this order."""
        return self.hard_wired, self.augmented, self.regularised

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Outputs ``m``, invariant dimension ``d``, inputs ``n`` and rank ``r``."""
        m, n = self.augmented.C.shape
        return m, self.invariants, n, self.augmented.rank

    @property
    def binomials(self) -> tuple[int, int, int]:
        """The corrected numbers of critical points of the three problems."""
        m, d, n, r = self.shape
        return comb(min(m, d), r), comb(min(m, d), r), comb(min(m, n), r)


def trio(
    moments: Moments,
    rho: Representation,
    rank: int,
    strength: float,
    pseudo_inverse: bool = False,
) -> Trio:
    """Return the three problems of the same data."""
    return Trio(
        hard_wired(moments, rho, rank, pseudo_inverse),
        augmented(moments, rho, rank, pseudo_inverse),
        regularised(moments, rho, rank, strength, pseudo_inverse),
        invariant_rows(rho).shape[1],
    )


def random_trio(
    rho: Representation, outputs: int, rank: int, rng: np.random.Generator, strength: float = 0.3
) -> Trio:
    """Return the problems of a noisy linear task on Gaussian inputs, four per dimension."""
    n = rho.dimension
    X = rng.standard_normal((4 * max(n, outputs), n))
    Y = X @ rng.standard_normal((n, outputs)) + rng.standard_normal((len(X), outputs))
    return trio(Moments.from_data(X, Y), rho, rank, strength)


def gallery_trios(cases: Sequence[Case], draws: int, rng: np.random.Generator) -> list[Trio]:
    """Return random problems with 2 and 5 outputs and rank up to 2 for every case.

    Cases without invariant vectors are left out: their only invariant map is 0.
    """
    return [
        random_trio(case.rho_in, outputs, min(2, case.rho_in.dimension), rng)
        for case in cases
        if invariant_rows(case.rho_in).shape[1]
        for outputs in (2, 5)
        for _ in range(draws)
    ]


def digit_trio(strength: float, size: int = 1_000, rank: int = 5) -> Trio:
    """Return the MNIST setting of the paper: 14 x 14, no digit 9, quarter turns, one-hot labels.

    The covariance of the images is singular (some pixels are always dark), so the problems are
    those with the pseudo-inverse.
    """
    data = digit_data(size)
    return trio(data.moments, data.rho, rank, strength, pseudo_inverse=True)


def gradient_residual(problem: LowRankProblem) -> float:
    """Return the largest Riemannian gradient at a predicted critical point, relative to ``|C|``."""
    points = [problem.at(where.triplets) for where in critical_sets(problem)]
    norms = [np.linalg.norm(riemannian_gradient(problem, W)) for W in points]
    return float(max(norms, default=0.0) / np.linalg.norm(problem.C))


def wrong_signatures(problem: LowRankProblem) -> int:
    """Return at how many critical sets the Hessian has not the predicted index and nullity."""
    return sum(
        signature(riemannian_hessian(problem, problem.at(where.triplets)))
        != (where.index, where.dimension)
        for where in critical_sets(problem)
    )


def hessian_spectrum(problem: LowRankProblem, triplets: Sequence[int]) -> np.ndarray:
    """Return the predicted eigenvalues of the Hessian in whitened coordinates, ascending.

    ``2 (1 +- s_j / s_i)`` for every kept ``i`` and left-out ``j``, and 2 for all other directions.
    """
    sizes = problem.singular_values
    m, k = problem.target.shape
    kept = np.isin(np.arange(sizes.size), list(triplets))
    ratios = (sizes[~kept][:, None] / sizes[kept]).ravel()
    r = int(kept.sum())
    others = np.ones(r * (m + k - r) - 2 * ratios.size)
    return np.sort(2 * np.concatenate([1 - ratios, 1 + ratios, others]))


def spectrum_deviation(problem: LowRankProblem) -> float:
    """Return how far Hessians in whitened coordinates are from the predicted eigenvalues.

    Relative to the largest eigenvalue; the worst over all critical points, which must not be tied.
    """
    plain = whitened(problem)
    worst = 0.0
    for where in critical_sets(problem):
        W = problem.coordinates(problem.at(where.triplets))
        predicted = hessian_spectrum(problem, where.triplets)
        measured = np.linalg.eigvalsh(riemannian_hessian(plain, W))
        worst = max(worst, np.abs(measured - predicted).max() / predicted[-1])
    return float(worst)


def set_distance(first: LowRankProblem, second: LowRankProblem) -> float:
    """Return how far the critical points of two problems are apart, relative to the largest map.

    Points are matched by value. Infinity where the numbers of points or their indices differ.
    """
    sets = [sorted(critical_sets(p), key=lambda where: where.value) for p in (first, second)]
    if [where.index for where in sets[0]] != [where.index for where in sets[1]]:
        return float("inf")
    gaps, norms = [0.0], [np.finfo(float).tiny]
    for one, other in zip(*sets, strict=True):
        W, V = first.at(one.triplets), second.at(other.triplets)
        gaps.append(np.linalg.norm(W - V))
        norms.append(np.linalg.norm(W))
    return float(max(gaps) / max(norms))


def measured_minima(problem: LowRankProblem) -> int:
    """Return the number of critical sets whose Hessian has no negative eigenvalue."""
    points = [problem.at(where.triplets) for where in critical_sets(problem)]
    return sum(signature(riemannian_hessian(problem, W))[0] == 0 for W in points)


def rank_one_slice(sizes: tuple[float, float], angles: np.ndarray) -> np.ndarray:
    """Return the least value of ``|U - T|^2`` over ``U = s a b^T`` with unit ``a`` and ``b`` given.

    ``T = diag(sizes)``; ``a`` has the angle of the row and ``b`` that of the column of the result,
    shape ``(len(angles), len(angles))``. Every 2 x 2 matrix of rank one has such angles.
    """
    along, across = np.cos(angles), np.sin(angles)
    overlap = sizes[0] * np.outer(along, along) + sizes[1] * np.outer(across, across)
    return sizes[0] ** 2 + sizes[1] ** 2 - overlap**2


def first_order_drop(problem: LowRankProblem, kept: Sequence[int], step: float = 1e-6) -> float:
    """Return the slope of the objective when a new rank-one part grows at a lower-rank point.

    The point keeps the triplets ``kept``, fewer than the rank; the part is the largest triplet left
    out, with unit length in whitened coordinates.
    """
    left, _, right = problem.svd
    new = next(i for i in range(len(right)) if i not in kept)
    W = problem.at(kept)
    grown = W + step * problem.lift(left[:, [new]] @ right[[new]])
    return float((problem.value(grown) - problem.value(W)) / step)


@dataclass(frozen=True)
class TiedReport:
    """What is true on a critical set of positive dimension.

    ``spread``: relative distance of its random points from each other; ``value`` and ``gradient``:
    relative deviations from one value and from zero; ``signatures``: how many of the points have a
    Hessian of another index or nullity than predicted.
    """

    spread: float
    value: float
    gradient: float
    signatures: int


def tied_report(problem: LowRankProblem, draws: int, rng: np.random.Generator) -> TiedReport:
    """Check random points of every critical set of positive dimension."""
    spread, values, gradients, wrong = [], [], [], 0
    for where in critical_sets(problem):
        if not where.dimension:
            continue
        points = np.array([sample_point(problem, where, rng) for _ in range(draws)])
        spread.append(np.linalg.norm(points[0] - points[1]) / np.linalg.norm(points[0]))
        values += [abs(problem.value(W) - where.value) / abs(problem.c) for W in points]
        gradients += [np.linalg.norm(riemannian_gradient(problem, W)) for W in points]
        wrong += sum(
            signature(riemannian_hessian(problem, W)) != (where.index, where.dimension)
            for W in points
        )
    scale = np.linalg.norm(problem.C)
    return TiedReport(min(spread), max(values), max(gradients) / scale, wrong)


def with_singular_values(
    sizes: Sequence[float], rank: int, shape: tuple[int, int]
) -> LowRankProblem:
    """Return ``|U - T|^2`` for the diagonal ``T`` of this shape with the given singular values."""
    T = np.zeros(shape)
    np.fill_diagonal(T[: len(sizes), : len(sizes)], sizes)
    return LowRankProblem(np.eye(shape[1]), T, float(np.sum(T**2)), rank)


@dataclass(frozen=True)
class Lifted:
    """A critical point in parameter space.

    ``kept`` singular triplets; ``predicted`` and ``measured`` numbers of negative eigenvalues of
    the Hessian in all parameters; ``gradient`` relative to ``|C|``.
    """

    kept: tuple[int, ...]
    predicted: int
    measured: int
    gradient: float


def lifted_points(
    problem: LowRankProblem, widths: Sequence[int], spare: float = 0.0
) -> list[Lifted]:
    """Lift every subset of at most ``rank`` triplets into layers and count descent directions.

    The prediction is the number of pairs that are out of order, plus, for every independent unit of
    the unused part, one for each positive singular value left out.
    """
    total = int(np.sum(problem.singular_values > 0))
    points = []
    for q in range(problem.rank + 1):
        unused = min(widths) - q if len(widths) == 1 or spare else 0
        for kept in combinations(range(total), q):
            layers = lift(problem.at(kept), widths, spare)
            slopes = [np.linalg.norm(slope) for slope in layer_gradients(problem, layers)]
            points.append(
                Lifted(
                    kept,
                    morse_index(problem, kept) + unused * (total - q),
                    signature(layer_hessian(problem, layers))[0],
                    float(max(slopes) / np.linalg.norm(problem.C)),
                )
            )
    return points


def leading(point: Lifted) -> bool:
    """Whether the kept triplets are the largest ones."""
    return point.kept == tuple(range(len(point.kept)))
