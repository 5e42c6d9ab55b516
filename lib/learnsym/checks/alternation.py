"""Brute force: alternating least squares on the rows of a data set, from many random starts.

It knows neither singular values nor moments. Hard-wiring, augmentation and the penalty enter as
what they are in the first place: other features, more rows, and rows with target zero.
"""

from dataclasses import dataclass

import numpy as np

from learnsym import lowrank
from learnsym.checks.global_optima import Problem, random_problem
from learnsym.gallery import cases
from learnsym.lowrank import LowRankProblem
from learnsym.regression import augment

CONVERGING = 0.85


@dataclass(frozen=True)
class Rows:
    """What alternation sees: features ``X`` (M, k), targets ``Y`` (M, m).

    ``count`` is the number of samples in the mean, ``features`` (n, k) maps inputs to features.
    """

    X: np.ndarray
    Y: np.ndarray
    count: int
    features: np.ndarray


def hard_wired_rows(problem: Problem) -> Rows:
    """Return the data in an orthonormal basis of the invariant rows."""
    basis = lowrank.invariant_rows(problem.rho)
    return Rows(problem.X @ basis, problem.Y, len(problem.X), basis)


def augmented_rows(problem: Problem) -> Rows:
    """Return the data with every image under the group."""
    n, order = problem.rho.dimension, problem.rho.group.order
    X = augment(problem.X, problem.rho).reshape(-1, n)
    return Rows(X, np.tile(problem.Y, (order, 1)), len(X), np.eye(n))


def regularised_rows(problem: Problem) -> Rows:
    """Return the data and ``sqrt(N lambda) G^T`` as further rows with target 0."""
    N, n = problem.X.shape
    G = np.sqrt(N * problem.strength) * lowrank.constraint(problem.rho)
    zeros = np.zeros((G.shape[1], problem.Y.shape[1]))
    return Rows(np.vstack([problem.X, G.T]), np.vstack([problem.Y, zeros]), N, np.eye(n))


def alternate(
    rows: Rows, rank: int, starts: np.ndarray, sweeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit ``W = second first`` by solving for one factor at a time.

    Parameters
    ----------
    rows
        The data.
    rank
        Width of the factors.
    starts
        Initial second factors, shape ``(starts, m, rank)``.
    sweeps
        How often both factors are solved for.

    Returns
    -------
    maps : numpy.ndarray
        Shape ``(starts, m, n)``.
    objective : numpy.ndarray
        After each sweep, shape ``(sweeps, starts)``.
    """
    if starts.ndim != 3 or starts.shape[1:] != (rows.Y.shape[1], rank):
        raise ValueError(
            f"starts: expected shape (starts, {rows.Y.shape[1]}, {rank}), got {starts.shape}"
        )
    # an orthogonal change of the samples that leaves k + m of them, and every residual's length
    small = np.linalg.qr(np.hstack([rows.X, rows.Y]), mode="r")
    X, Y = np.split(small, [rows.X.shape[1]], axis=1)
    fit = np.linalg.pinv(X) @ Y
    second = starts
    objective = np.empty((sweeps, len(starts)))
    for sweep in range(sweeps):
        # with orthonormal columns in the second factor, the first one regresses Y second on X
        first = (fit @ np.linalg.qr(second)[0]).swapaxes(1, 2)
        hidden = X @ first.swapaxes(1, 2)
        second = (np.linalg.pinv(hidden, rcond=1e-10) @ Y).swapaxes(1, 2)
        residual = Y - hidden @ second.swapaxes(1, 2)
        objective[sweep] = np.sum(residual**2, axis=(1, 2)) / rows.count
    return second @ first @ rows.features.T, objective


@dataclass(frozen=True)
class Outcome:
    """Objectives found by brute force over that of the closed form, less 1, shape ``(starts,)``.

    ``distance`` is that of the best map found to the closed form.
    """

    excess: np.ndarray
    distance: float


def brute_force(
    problem: Problem, starts: int, sweeps: int, rng: np.random.Generator
) -> list[Outcome]:
    """Run alternation on the hard-wired, the augmented and the regularised problem."""
    outcomes = []
    for rows, exact in (
        (hard_wired_rows(problem), problem.hard_wired),
        (augmented_rows(problem), problem.augmented),
        (regularised_rows(problem), problem.regularised),
    ):
        initial = rng.standard_normal((starts, problem.Y.shape[1], problem.rank))
        maps, objective = alternate(rows, problem.rank, initial, sweeps)
        optimum = exact.optimum()
        best = maps[np.argmin(objective[-1])]
        outcomes.append(
            Outcome(objective[-1] / exact.value(optimum) - 1, problem.distance(best, optimum))
        )
    return outcomes


def separated_problems(rng: np.random.Generator, draws: int) -> list[Problem]:
    """Return random problems of the gallery on which alternation converges fast.

    Its error shrinks by ``(sigma_(r+1) / sigma_r)^2`` a sweep, so data sets are drawn again until
    this ratio is at most 0.85 squared for all three problems.
    """
    found = []
    for case in cases():
        n = case.rho_in.dimension
        for _ in range(draws):
            outputs = int(rng.integers(2, 6))
            rank = int(rng.integers(1, min(outputs, n) + 1))
            while True:
                problem = random_problem(case.rho_in, outputs, rank, 3 * n, rng)
                exact = (problem.hard_wired, problem.augmented, problem.regularised)
                if all(_ratio(one) <= CONVERGING for one in exact):
                    found.append(problem)
                    break
    return found


def _ratio(exact: LowRankProblem) -> float:
    """Return ``sigma_(r+1) / sigma_r``, 0 where there is no next one."""
    sizes = np.append(exact.singular_values, 0.0)
    if exact.rank >= sizes.size or sizes[exact.rank] == 0:
        return 0.0
    return float(sizes[exact.rank] / sizes[exact.rank - 1])
