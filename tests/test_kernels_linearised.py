"""What a data set sees of the weights, and the asymmetry of any predictor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnsym import groups, regression
from learnsym import representations as reps
from learnsym.kernels import RowSpace, orbit_asymmetry, orbit_deviation


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n, p, r = (draw(st.integers(1, 6)) for _ in range(3))
    F = rng.standard_normal((n, r)) @ rng.standard_normal((r, p))
    return F, rng.standard_normal(n), rng.standard_normal(p), min(n, p, r)


@given(problems())
def test_limit_and_unseen_part(problem):
    F, y, w0, true = problem
    seen = RowSpace(F)
    assert seen.rank == true
    left = seen.unseen(w0)
    assert np.abs(F @ left).max() < 1e-10
    assert w0 - left == pytest.approx(np.linalg.pinv(F, rcond=1e-10) @ F @ w0, abs=1e-8)
    limit = seen.limit(w0, y)
    assert np.abs(F.T @ (F @ limit - y)).max() < 1e-8  # a minimum
    assert seen.unseen(limit - w0) == pytest.approx(np.zeros_like(w0), abs=1e-8)


def test_limit_is_where_gradient_descent_goes(rng):
    F, y, w0 = rng.standard_normal((4, 6)), rng.standard_normal(4), rng.standard_normal(6)
    w = w0.copy()
    for _ in range(20_000):
        w -= 0.05 * F.T @ (F @ w - y)
    assert RowSpace(F).limit(w0, y) == pytest.approx(w, abs=1e-8)


def test_limit_agrees_with_the_closed_form_of_the_regression(rng):
    F, y, w0 = rng.standard_normal((3, 5)), rng.standard_normal(3), rng.standard_normal(5)
    loss = regression.QuadraticLoss.from_data(F, y)
    assert RowSpace(F).limit(w0, y) == pytest.approx(loss.limit(w0), abs=1e-10)


def test_it_sees_directions_that_a_gram_matrix_hides(rng):
    F = np.diag([1.0, 1e-9])
    assert RowSpace(F).rank == 2
    assert RowSpace(F, cutoff=1e-6).rank == 1


@pytest.mark.parametrize("features", [np.zeros(3), np.array([[np.inf]])])
def test_bad_features_are_refused(features):
    with pytest.raises(ValueError, match="features: expected a finite matrix"):
        RowSpace(features)


def test_asymmetry_by_hand():
    # two points, two group elements
    values = np.array([[1.0, 4.0], [3.0, 4.0]])
    assert orbit_asymmetry(values) == pytest.approx(0.5)
    assert orbit_deviation(values) == pytest.approx(np.sqrt(0.5))
    assert orbit_asymmetry(np.stack([values, 2 * values])) == pytest.approx([0.5, 1.0])
    with pytest.raises(ValueError, match=r"predictions: expected shape"):
        orbit_asymmetry(np.zeros(3))


def test_asymmetry_of_a_linear_predictor_is_the_asymmetry_loss(rng):
    rho = reps.vector(groups.symmetric(3))
    X, w = rng.standard_normal((7, 3)), rng.standard_normal(3)
    orbits = regression.augment(X, rho)
    expected = regression.asymmetry_loss(w, orbits.reshape(-1, 3), rho)
    assert orbit_asymmetry(orbits @ w) == pytest.approx(expected)


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 5))
def test_asymmetry_is_at_most_the_error(seed, order, points):
    rng = np.random.default_rng(seed)
    values, target = rng.standard_normal((order, points)), rng.standard_normal(points)
    error = np.sqrt(np.mean((values - target) ** 2))
    assert orbit_deviation(values) <= error + 1e-12
    # and no larger when the target is the mean over the orbit
    best = np.sqrt(np.mean((values - values.mean(axis=0)) ** 2))
    assert orbit_deviation(values) == pytest.approx(best)
