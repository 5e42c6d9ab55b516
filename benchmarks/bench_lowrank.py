"""Optima of bounded rank for 28 x 28 images, each as one group: the table shows the ratios.

The covariance of augmented images: permuted, against their rows. The optimum: in closed form,
against a loop of alternating least squares.
"""

import numpy as np
import pytest
from scipy.linalg import cho_factor, cho_solve

from learnsym import groups, lowrank
from learnsym import representations as reps
from learnsym.lowrank import Moments
from learnsym.regression import augment

OUTPUTS, RANK = 10, 5


@pytest.fixture(scope="module")
def data():
    """Return 2,000 noise images of 784 pixels under rotations, and their moments."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((2_000, 784)), rng.standard_normal((2_000, OUTPUTS))
    return X, Y, reps.image(groups.image_rotations(28)), Moments.from_data(X, Y)


def of_augmented_rows(X, Y, rho):
    rows = augment(X, rho).reshape(-1, rho.dimension)
    return Moments.from_data(rows, np.tile(Y, (rho.group.order, 1)))


@pytest.mark.benchmark(group="covariance of augmented images")
def test_covariance_permuted(benchmark, data):
    X, Y, rho, moments = data
    averaged = benchmark(moments.averaged, rho)
    assert np.abs(averaged.S - of_augmented_rows(X, Y, rho).S).max() < 1e-12


@pytest.mark.benchmark(group="covariance of augmented images")
def test_covariance_of_augmented_rows(benchmark, data):
    X, Y, rho, moments = data
    direct = benchmark(of_augmented_rows, X, Y, rho)
    assert np.abs(direct.S - moments.averaged(rho).S).max() < 1e-12


PROBLEMS = {
    "unconstrained": lambda moments, rho: lowrank.unconstrained(moments, RANK),
    "augmented": lambda moments, rho: lowrank.augmented(moments, rho, RANK),
    "regularised": lambda moments, rho: lowrank.regularised(moments, rho, RANK, 0.1),
    "hard-wired": lambda moments, rho: lowrank.hard_wired(moments, rho, RANK),
}


@pytest.mark.parametrize("method", PROBLEMS)
def test_optimum(benchmark, data, method):
    _, _, rho, moments = data
    benchmark.group = f"optimum, {method}"
    W = benchmark(lambda: PROBLEMS[method](moments, rho).optimum())
    assert np.linalg.matrix_rank(W, tol=1e-9) == RANK
    invariant = np.abs(W @ lowrank.constraint(rho)).max() < 1e-9
    assert invariant == (method in ("augmented", "hard-wired"))


def alternating(problem, seed=0):
    """Minimise over ``W = U V^T`` in turn, until the value falls by less than 1e-10 of itself."""
    A, C = problem.A, problem.C
    factor, values = cho_factor(A), [np.inf]
    U = np.random.default_rng(seed).standard_normal((OUTPUTS, RANK))
    while True:
        V = cho_solve(factor, C.T @ U) @ np.linalg.inv(U.T @ U)
        U = C @ V @ np.linalg.inv(V.T @ A @ V)
        values.append(-np.sum((C @ V) * U))
        if values[-2] - values[-1] < 1e-10 * abs(values[-1]):
            return U @ V.T


@pytest.mark.parametrize("method", ["unconstrained", "augmented", "regularised"])
def test_optimum_by_a_loop(benchmark, data, method):
    """What the closed form replaces."""
    _, _, rho, moments = data
    benchmark.group = f"optimum, {method}"
    problem = PROBLEMS[method](moments, rho)
    W = benchmark(alternating, problem)
    best = problem.value(problem.optimum())
    assert problem.value(W) == pytest.approx(best, rel=1e-6)
