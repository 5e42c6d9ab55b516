"""The checkers of mini-batches and large steps: right where they should be, and able to fail."""

import numpy as np
import pytest

from learnsym import gallery, regression
from learnsym.checks import discrete_descent as checks
from learnsym.checks import minibatch, reflection_example


@pytest.fixture
def line(rng):
    return reflection_example.absolute_value(50, rng)


@pytest.mark.parametrize("shuffled", [False, True])
def test_minibatch_level_follows_its_law_and_not_the_other(line, shuffled, rng):
    law = minibatch.shuffled_covariance if shuffled else minibatch.minibatch_covariance
    other = minibatch.minibatch_covariance if shuffled else minibatch.shuffled_covariance
    mean, error = checks.minibatch_level(line, 0.1, 10, 300, rng, shuffled)
    predicted, wrong = (
        np.trace(regression.asymmetric_projector(line.rho) @ f(line.rows, line.labels, 0.1, 10))
        for f in (law, other)
    )
    assert abs(mean - predicted) < 5 * error + 0.1 * predicted
    assert abs(mean - wrong) > 5 * error + 0.1 * wrong


def test_growth_factors_by_hand(line):
    K = line.loss.K
    etas = np.array([0.3, 3.0, 7.0])
    factors = checks.growth_factors(line, etas, np.array([0.3, 1.0]))
    expected = np.abs(1 - np.outer(etas, [K[1, 1], 1.0]))
    np.testing.assert_allclose(factors, expected, atol=1e-6)


def test_radius_crosses_one_at_the_limit(rng):
    rho = gallery.find("C4, 4x4 images").rho_in
    rows = regression.augment(rng.standard_normal((20, 16)), rho).reshape(-1, 16)
    basis = regression.asymmetric_basis(rho)
    limit = 2 / np.linalg.eigvalsh(basis.T @ rows.T @ rows @ basis / len(rows))[-1]
    radii = [checks.radius_on_kernel(rows, rho, factor * limit) for factor in (0.9, 1.0, 1.1)]
    assert radii[0] < 1 < radii[2]
    assert radii[1] == pytest.approx(1, abs=1e-9)
