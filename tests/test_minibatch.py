"""Levels of mini-batch descent against the average over every possible batch or order."""

import itertools

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

from learnsym.checks import minibatch


@pytest.fixture
def data(rng):
    return rng.standard_normal((4, 2)), rng.standard_normal(4)


def optimum(rows, labels):
    return np.linalg.lstsq(rows, labels)[0]


def gradient(rows, labels, w):
    return rows.T @ (rows @ w - labels) / len(rows)


@pytest.mark.parametrize("batch", [1, 2])
def test_level_is_the_fixed_point_over_all_batches(data, batch):
    rows, labels = data
    eta, best = 0.2, optimum(rows, labels)
    S = minibatch.minibatch_covariance(rows, labels, eta, batch)
    values, vectors = np.linalg.eigh(S)
    # four starts with mean 0 and second moment S
    starts = [
        s * np.sqrt(2 * v) * u for v, u in zip(values, vectors.T, strict=True) for s in (1, -1)
    ]
    np.testing.assert_allclose(np.mean([np.outer(e, e) for e in starts], axis=0), S, atol=1e-14)
    after = []
    for error, chosen in itertools.product(starts, itertools.product(range(4), repeat=batch)):
        chosen = list(chosen)
        moved = best + error - eta * gradient(rows[chosen], labels[chosen], best + error)
        after.append(np.outer(moved - best, moved - best))
    np.testing.assert_allclose(np.mean(after, axis=0), S, atol=1e-12)


def test_level_for_small_steps_solves_the_lyapunov_equation(rng):
    rows, labels, eta = rng.standard_normal((30, 3)), rng.standard_normal(30), 1e-6
    residual = labels - rows @ optimum(rows, labels)
    K, noise = rows.T @ rows / 30, (rows * residual[:, None] ** 2).T @ rows / 30
    S = minibatch.minibatch_covariance(rows, labels, eta, 5)
    np.testing.assert_allclose(S, solve_continuous_lyapunov(K, eta / 5 * noise), rtol=1e-4)


@pytest.mark.parametrize("batch", [1, 2])
def test_shuffled_level_over_all_orders(data, batch):
    rows, labels = data
    eta, best = 1e-4, optimum(rows, labels)
    moments = []
    for order in itertools.permutations(range(4)):
        w = best
        for chosen in np.array(order).reshape(-1, batch):
            w = w - eta * gradient(rows[chosen], labels[chosen], w)
            moments.append(np.outer(w - best, w - best))
    S = minibatch.shuffled_covariance(rows, labels, eta, batch)
    np.testing.assert_allclose(S, np.mean(moments, axis=0), rtol=1e-2)


def test_no_level_without_residuals(rng):
    rows = rng.standard_normal((10, 2))
    labels = rows @ [1.0, -2.0]
    for law in (minibatch.minibatch_covariance, minibatch.shuffled_covariance):
        assert np.abs(law(rows, labels, 0.1, 5)).max() < 1e-25


def test_directions_without_data_are_left_out(rng):
    rows, labels = rng.standard_normal((10, 2)), rng.standard_normal(10)
    wide = np.hstack([rows, np.zeros((10, 1))])
    for law in (minibatch.minibatch_covariance, minibatch.shuffled_covariance):
        found = law(wide, labels, 0.1, 5)
        np.testing.assert_allclose(found[:2, :2], law(rows, labels, 0.1, 5))
        assert np.abs(found[2]).max() < 1e-15


def test_bad_input_is_refused(data):
    rows, labels = data
    with pytest.raises(ValueError, match="eta: expected a stable learning rate, got 50"):
        minibatch.minibatch_covariance(rows, labels, 50.0, 1)
    with pytest.raises(ValueError, match="batch: expected a divisor of 4, got 3"):
        minibatch.shuffled_covariance(rows, labels, 0.1, 3)
    with pytest.raises(ValueError, match=r"rows, labels: expected shapes \(N, d\) and \(N,\)"):
        minibatch.minibatch_covariance(rows, labels[:3], 0.1, 1)
    for eta, batch in ((0.1, 0), (0.0, 1), (-0.1, 1)):
        with pytest.raises(ValueError, match="eta, batch: expected positive numbers"):
            minibatch.minibatch_covariance(rows, labels, eta, batch)
