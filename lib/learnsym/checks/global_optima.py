"""Checks of Duan and Montufar's Propositions 4, 8, 11 and Theorems 6, 12: three global optima."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from learnsym import lowrank
from learnsym.equivariant import dimension_by_characters, null_space
from learnsym.gallery import Case, cases
from learnsym.lowrank import LowRankProblem, Moments
from learnsym.regression import augment
from learnsym.representations import Representation

SHAPES = 3


@dataclass(frozen=True)
class Problem:
    """Inputs ``X`` (N, n), targets ``Y`` (N, m), a group that acts on inputs, a bound on the rank.

    ``strength`` is that of the penalty.
    """

    X: np.ndarray
    Y: np.ndarray
    rho: Representation
    rank: int
    strength: float = 0.3

    @cached_property
    def moments(self) -> Moments:
        """Second moments of the data as they are."""
        return Moments.from_data(self.X, self.Y)

    @cached_property
    def hard_wired(self) -> LowRankProblem:
        """Least squares over invariant maps."""
        return lowrank.hard_wired(self.moments, self.rho, self.rank)

    @cached_property
    def augmented(self) -> LowRankProblem:
        """Least squares on the augmented data, from averaged moments."""
        return lowrank.augmented(self.moments, self.rho, self.rank)

    @cached_property
    def regularised(self) -> LowRankProblem:
        """Least squares with the penalty."""
        return lowrank.regularised(self.moments, self.rho, self.rank, self.strength)

    @cached_property
    def scale(self) -> float:
        """Norm of plain least squares without bound or symmetry, to which deviations relate."""
        return float(np.linalg.norm(np.linalg.lstsq(self.X, self.Y)[0]))

    def distance(self, V: np.ndarray, W: np.ndarray) -> float:
        """Return ``|V - W|`` relative to plain least squares."""
        return float(np.linalg.norm(V - W) / self.scale)


def random_problem(
    rho: Representation, outputs: int, rank: int, points: int, rng: np.random.Generator
) -> Problem:
    """Return Gaussian inputs that no group leaves unchanged, with noisy, non-linear targets."""
    n = rho.dimension
    X = rng.standard_normal((points, n)) @ (np.eye(n) + 0.5 * rng.standard_normal((n, n)))
    X += rng.standard_normal(n)
    linear = X @ rng.standard_normal((n, outputs)) / np.sqrt(n)
    Y = linear + 0.3 * linear[:, ::-1] ** 2 + 0.5 * rng.standard_normal((points, outputs))
    return Problem(X, Y, rho, rank)


def shapes(n: int) -> list[tuple[int, int]]:
    """Return ``(outputs, rank)`` for ``n`` inputs.

    Fewer outputs than inputs and more, bounds from 1 to the full rank.
    """
    outputs = sorted({1, 2, n // 2 + 1, n + 2})
    return [(m, r) for m in outputs for r in sorted({1, (min(m, n) + 1) // 2, min(m, n)})]


def gallery_problems(rng: np.random.Generator, draws: int) -> list[Problem]:
    """Return ``draws`` random problems for every shape and every input space of the gallery."""
    return [
        random_problem(case.rho_in, m, r, 3 * case.rho_in.dimension, rng)
        for case in cases()
        for m, r in shapes(case.rho_in.dimension)
        for _ in range(draws)
    ]


# --- Proposition 4 and Remark 5 ------------------------------------------------------------------


def null_space_defects(case: Case) -> tuple[int, float]:
    """Proposition 4, Remark 5: compare ``{w : w^T G = 0}`` with the invariant rows.

    Returns the difference of its dimension to that by characters, and the largest entry of
    ``w^T rho(g) - w^T`` over an orthonormal basis and all elements of the group.
    """
    rho = case.rho_in
    rows = null_space(lowrank.constraint(rho).T).T
    defects = [np.abs(rows @ rho.matrix(g) - rows).max(initial=0.0) for g in rho.group.elements()]
    return len(rows) - dimension_by_characters(rho), float(max(defects))


def best_single_element(rho: Representation) -> int:
    """Return the smallest dimension of ``{w : w^T rho(g) = w^T}`` over the elements ``g``."""
    identity = np.eye(rho.dimension)
    return min(null_space((identity - rho.matrix(g)).T).shape[1] for g in rho.group.elements())


# --- the paper's own form ------------------------------------------------------------------------


def published_hard_wired(problem: Problem) -> np.ndarray:
    """Theorem 6 as published: project ``Z`` onto the left null space, truncate, map back.

    In the paper's notation data are columns. Needs ``X X^T`` of full rank.
    """
    X, Y = problem.X.T, problem.Y.T
    P_inverse = np.linalg.inv(_root(X @ X.T))
    G = P_inverse @ lowrank.constraint(problem.rho)
    onto = np.eye(len(G)) - G @ np.linalg.pinv(G, rcond=1e-10)
    return _truncated(Y @ X.T @ P_inverse @ onto, problem.rank) @ P_inverse


def published_regularised(problem: Problem) -> np.ndarray:
    """Proposition 8 as published, with ``B^2 = I + N lambda G~ G~^T``."""
    X, Y = problem.X.T, problem.Y.T
    P_inverse = np.linalg.inv(_root(X @ X.T))
    G = P_inverse @ lowrank.constraint(problem.rho)
    B_inverse = np.linalg.inv(_root(np.eye(len(G)) + X.shape[1] * problem.strength * G @ G.T))
    return _truncated(Y @ X.T @ P_inverse @ B_inverse, problem.rank) @ B_inverse @ P_inverse


def published_augmented(problem: Problem) -> np.ndarray:
    """Proposition 11 as published, from all ``|G| N`` augmented points."""
    X = augment(problem.X, problem.rho).reshape(-1, problem.rho.dimension).T
    Y = np.tile(problem.Y, (problem.rho.group.order, 1)).T
    P_inverse = np.linalg.inv(_root(X @ X.T))
    return _truncated(Y @ X.T @ P_inverse, problem.rank) @ P_inverse


def projected_fit(problem: Problem) -> np.ndarray:
    """Return the optimum as invariant least squares, followed by principal components.

    The fitted outputs ``X W^T`` of invariant least squares without bound on the rank are projected
    onto their leading principal directions.
    """
    basis = lowrank.invariant_rows(problem.rho)
    W = (basis @ np.linalg.lstsq(problem.X @ basis, problem.Y)[0]).T
    _, _, directions = np.linalg.svd(problem.X @ W.T, full_matrices=False)
    leading = directions[: problem.rank]
    return leading.T @ leading @ W


def _root(A: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(A)
    return (vectors * np.sqrt(values)) @ vectors.T


def _truncated(Z: np.ndarray, rank: int) -> np.ndarray:
    left, sizes, right = np.linalg.svd(Z, full_matrices=False)
    return left[:, :rank] * sizes[:rank] @ right[:rank]


# --- comparisons ---------------------------------------------------------------------------------


def published_deviations(problem: Problem) -> tuple[float, float, float]:
    """Theorem 6, Propositions 8 and 11: the published closed forms against ours."""
    return (
        problem.distance(published_hard_wired(problem), problem.hard_wired.optimum()),
        problem.distance(published_regularised(problem), problem.regularised.optimum()),
        problem.distance(published_augmented(problem), problem.augmented.optimum()),
    )


def equality_defect(problem: Problem) -> float:
    """Theorem 12: distance of the hard-wired and the augmented optimum."""
    return problem.distance(problem.hard_wired.optimum(), problem.augmented.optimum())


def generator_influence(
    rho: Representation, other: Representation, rng: np.random.Generator
) -> tuple[float, float]:
    """Return how far optima move when one group is given by other generators.

    For the regularised and for the hard-wired problem, on one random data set.
    """
    first = random_problem(rho, 2, 1, 3 * rho.dimension, rng)
    second = Problem(first.X, first.Y, other, first.rank, first.strength)
    return (
        first.distance(first.regularised.optimum(), second.regularised.optimum()),
        first.distance(first.hard_wired.optimum(), second.hard_wired.optimum()),
    )


def rotation_orders(angles: np.ndarray, limit: int = 200) -> list[int]:
    """Return the smallest ``k`` for which the ``k``-th power of each rotation is the identity."""
    powers = np.outer(np.arange(1, limit + 1), angles)
    whole = np.abs(np.exp(1j * powers) - 1) < 1e-9
    if not whole.any(axis=0).all():
        raise ValueError(f"angles: expected rotations of order at most {limit}, got {angles}")
    return [int(k) + 1 for k in whole.argmax(axis=0)]
