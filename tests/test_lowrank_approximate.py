"""Approximate symmetry: predicted risks against fits, grids and Monte Carlo."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import seeds
from learnsym import gallery, groups, lowrank, representations
from learnsym.checks import approximate_symmetry as approximate
from learnsym.equivariant import dimension_by_characters

CASES = [
    case.rho_in
    for case in gallery.cases()
    if case.rho_in.group.order > 1 and 1 < case.rho_in.dimension <= 16
]
rhos = st.sampled_from(CASES)
SWAP = representations.vector(groups.symmetric(2))


def covariance(rng, n):
    mixing = np.eye(n) + 0.3 * rng.standard_normal((n, n))
    return mixing @ mixing.T


@given(rho=rhos, seed=seeds)
def test_modes_diagonalise_penalty_and_covariance(rho, seed):
    S = covariance(np.random.default_rng(seed), rho.dimension)
    strengths, modes = approximate.penalty_modes(S, rho)
    G = lowrank.constraint(rho)
    assert np.allclose(modes.T @ S @ modes, np.eye(rho.dimension), atol=1e-8)
    assert np.allclose(modes.T @ G @ G.T @ modes, np.diag(strengths), atol=1e-7 * strengths.max())
    assert np.sum(strengths == 0) == dimension_by_characters(rho)


@given(rho=rhos, seed=seeds, noise=st.floats(0.1, 2))
def test_risk_agrees_with_the_expected_error_of_the_fits(rho, seed, noise):
    """The fit is linear in the labels: bias and variance follow from its matrix, without modes."""
    rng = np.random.default_rng(seed)
    n, samples = rho.dimension, 2 * rho.dimension + 3
    X = rng.standard_normal((samples, n))
    W = rng.standard_normal((2, n))
    S, G = X.T @ X / samples, lowrank.constraint(rho)
    trade = approximate.tradeoff(S, rho, W, noise, samples)
    basis = lowrank.invariant_rows(rho)
    inverses = {
        0.0: np.linalg.inv(S),
        0.7: np.linalg.inv(S + 0.7 * G @ G.T),
        np.inf: basis @ np.linalg.solve(basis.T @ S @ basis, basis.T),
    }
    for strength, inverse in inverses.items():
        hat = X @ inverse @ X.T / samples
        bias = np.sum((hat @ X @ W.T - X @ W.T) ** 2) / samples
        expected = bias + 2 * noise**2 * np.sum(hat**2) / samples
        found = trade.hard_wired if np.isinf(strength) else trade.risk(strength)
        assert found == pytest.approx(expected, rel=1e-6)


@given(rho=rhos, seed=seeds)
def test_slope_is_the_derivative_and_best_the_minimum(rho, seed):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((1, rho.dimension))
    trade = approximate.tradeoff(covariance(rng, rho.dimension), rho, W, 1.0, 3 * rho.dimension)
    for strength in (0.01, 0.5, 3.0):
        step = 1e-5 * strength
        quotient = (trade.risk(strength + step) - trade.risk(strength - step)) / (2 * step)
        assert trade.slope(strength) == pytest.approx(quotient, rel=1e-4, abs=1e-8)
    best = trade.best()
    grid = np.geomspace(1e-6, 1e6, 20_001)
    assert trade.risk(best) <= trade.risk(grid).min() + 1e-12
    low, high = trade.bracket()
    assert low * (1 - 1e-9) <= best <= high * (1 + 1e-9)
    assert trade.risk(best) < min(trade.plain, trade.hard_wired)


def test_one_scale_gives_variance_over_bias(rng):
    trade = approximate.tradeoff(np.eye(2), SWAP, [[2.0, 0.5]], 0.7, 10)
    gamma = trade.strengths[-1]
    assert gamma * trade.best() == pytest.approx(trade.variance / trade.bias)
    harmonic = trade.bias * trade.variance / (trade.bias + trade.variance)
    assert trade.risk(trade.best()) == pytest.approx(trade.floor + harmonic)


def test_ends_of_the_scale():
    invariant = approximate.tradeoff(np.eye(2), SWAP, [[1.0, 1.0]], 0.5, 10)
    assert invariant.best() == np.inf
    assert invariant.bias == pytest.approx(0, abs=1e-20)
    noiseless = approximate.tradeoff(np.eye(2), SWAP, [[1.0, 0.0]], 0.0, 10)
    assert noiseless.best() == 0
    trivial = approximate.tradeoff(
        np.eye(2), representations.trivial(SWAP.group, 2), [[1, 0]], 1, 9
    )
    with pytest.raises(ValueError, match="penalty that is not zero"):
        trivial.best()


def test_gaussian_risks_agree_with_monte_carlo(rng):
    n, samples, epsilon = 2, 8, 0.6
    W = np.array([1.0, 1.0]) / np.sqrt(2) + np.sqrt(epsilon) * np.array([1.0, -1.0]) / np.sqrt(2)
    plain, hard = [], []
    for _ in range(8_000):
        X = rng.standard_normal((samples, n))
        y = X @ W + rng.standard_normal(samples)
        plain.append(np.sum((np.linalg.lstsq(X, y)[0] - W) ** 2))
        feature = X.sum(axis=1) / np.sqrt(2)
        fit = feature @ y / (feature @ feature) * np.ones(2) / np.sqrt(2)
        hard.append(np.sum((fit - W) ** 2))
    expected = approximate.gaussian_risks(n, 1, samples, epsilon, 1.0)
    for draws, value in zip((plain, hard), expected, strict=True):
        assert abs(np.mean(draws) - value) < 5 * np.std(draws) / np.sqrt(len(draws))


@given(n=st.integers(2, 30), asymmetry=st.floats(0.05, 5), noise=st.floats(0.1, 5), data=st.data())
def test_threshold_is_where_the_risks_are_equal(n, asymmetry, noise, data):
    d = data.draw(st.integers(0, n - 1))
    limit = approximate.gaussian_threshold(n, d, asymmetry, noise)
    plain, hard = approximate.gaussian_risks(n, d, limit, asymmetry, noise)
    assert plain == pytest.approx(hard)
    plain, hard = approximate.gaussian_risks(n, d, 1.1 * limit, asymmetry, noise)
    assert hard > plain


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: approximate.penalty_modes(np.eye(3), SWAP), "S: expected shape"),
        (lambda: approximate.penalty_modes(np.ones((2, 2)), SWAP), "positive definite"),
        (lambda: approximate.tradeoff(np.eye(2), SWAP, [1.0, 2.0], 1, 9), "teacher: expected"),
        (lambda: approximate.tradeoff(np.eye(2), SWAP, [[1.0, 2.0]], -1, 9), "noise: expected"),
        (lambda: approximate.tradeoff(np.eye(2), SWAP, [[1.0, 2.0]], np.nan, 9), "noise: expected"),
        (lambda: approximate.tradeoff(np.eye(2), SWAP, [[1.0, 2.0]], 1, 1), "samples: expected"),
        (lambda: approximate.gaussian_risks(4, 5, 20, 1, 1), "invariants: expected 0 to 4"),
        (lambda: approximate.gaussian_risks(4, 1, 5, 1, 1), "samples: expected more than 5"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
