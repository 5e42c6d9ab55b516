"""Closed forms of bounded rank for 28 x 28 images: averaged moments and the three optima."""

import numpy as np
import pytest

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


def test_averaged_moments(benchmark, data):
    X, _, rho, moments = data
    averaged = benchmark(moments.averaged, rho)
    rows = augment(X[:, :], rho).reshape(-1, 784)
    assert np.abs(averaged.S - rows.T @ rows / len(rows)).max() < 1e-12


def test_moments_of_augmented_rows(benchmark, data):
    """What averaging the moments replaces."""
    X, Y, rho, moments = data

    def directly():
        rows = augment(X, rho).reshape(-1, 784)
        return Moments.from_data(rows, np.tile(Y, (rho.group.order, 1)))

    assert np.abs(benchmark(directly).C - moments.averaged(rho).C).max() < 1e-12


@pytest.mark.parametrize("method", ["unconstrained", "augmented", "regularised", "hard-wired"])
def test_optimum(benchmark, data, method):
    _, _, rho, moments = data
    build = {
        "unconstrained": lambda: lowrank.unconstrained(moments, RANK),
        "augmented": lambda: lowrank.augmented(moments, rho, RANK),
        "regularised": lambda: lowrank.regularised(moments, rho, RANK, 0.1),
        "hard-wired": lambda: lowrank.hard_wired(moments, rho, RANK),
    }[method]
    W = benchmark(lambda: build().optimum())
    assert np.linalg.matrix_rank(W, tol=1e-9) == RANK
    invariant = np.abs(W @ lowrank.constraint(rho)).max() < 1e-9
    assert invariant == (method in ("augmented", "hard-wired"))
