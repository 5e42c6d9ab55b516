"""Spectra by blocks against dense singular values, and the zeros that ReLU forces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnsym.kernels import (
    Mlp,
    census,
    ewk_spectrum,
    general_position,
    gram,
    rank,
    scale_directions,
    weight_features,
)


def test_spectrum_is_that_of_the_dense_features(rng):
    mlp = Mlp(3, 6, "tanh")
    theta, X = mlp.draw(rng), rng.uniform(-2, 2, (60, 3))
    sizes = np.linalg.svd(weight_features(mlp, theta, X), compute_uv=False)[::-1]
    found = ewk_spectrum(mlp, theta, X, block=7)
    assert found.shape == (mlp.parameters,)
    assert found == pytest.approx(sizes**2, abs=1e-12 * found[-1])


def test_gram_sums_blocks_in_their_dtype(rng):
    F = rng.standard_normal((11, 4))
    assert gram([F[:3], F[3:4], F[4:]]) == pytest.approx(F.T @ F, abs=1e-12)
    assert gram([F.astype(np.float32)]).dtype == np.float32
    with pytest.raises(ValueError, match="at least one block"):
        gram([])


@given(st.integers(1, 6), st.integers(0, 1_000))
def test_rank_of_random_products(true, seed):
    rng = np.random.default_rng(seed)
    F = rng.standard_normal((40, true)) @ rng.standard_normal((true, 8))
    # a column of 1e-9 is a direction like any other
    assert rank(F * np.geomspace(1, 1e-9, 8)) == true
    assert rank((F * np.geomspace(1, 1e-9, 8))[:3]) == min(true, 3)


def test_rank_of_nothing_is_zero():
    assert rank(np.zeros((5, 3))) == 0


@settings(max_examples=25)
@given(st.integers(1, 8), st.integers(1, 3), st.integers(0, 10_000), st.booleans())
def test_forced_zeros_against_a_dense_rank(hidden, inputs, seed, positive):
    rng = np.random.default_rng(seed)
    mlp = Mlp(inputs, hidden)
    theta = mlp.draw(rng)
    X = general_position(mlp, theta, rng.uniform(0 if positive else -1, 1, (600, inputs)), 20)
    F = weight_features(mlp, theta, X)
    sizes = np.linalg.norm(F, axis=0)
    dense = np.linalg.matrix_rank(F[:, sizes > 0] / sizes[sizes > 0], tol=1e-9)
    assert census(mlp, theta, X).forced_zeros == mlp.parameters - dense


def test_census_by_hand():
    mlp = Mlp(1, 4)
    # on right of 0; always on; never on; on left of 0.5
    theta = mlp.pack([[1.0], [0.0], [0.0], [-2.0]], [0.0, 1.0, -1.0, 1.0], [1.0] * 4, 0.0)
    found = census(mlp, theta, np.linspace(-1, 1, 8)[:, None], block=3)
    assert found.active.tolist() == [4, 8, 0, 6]
    assert (found.dead, found.always, found.points) == (1, 1, 8)
    # two switching neurons see 2 functions each, and there are the affine functions
    assert found.forced_zeros == 13 - (2 * 2 + 2)


def test_without_neurons_that_are_on_everywhere_the_constant_is_left():
    mlp = Mlp(1, 1)
    theta = mlp.pack([[1.0]], [0.0], [1.0], 0.0)
    found = census(mlp, theta, np.linspace(-1, 1, 9)[:, None])
    assert found.forced_zeros == 4 - (2 + 1)


def test_general_position_removes_rare_points_only():
    mlp = Mlp(1, 2)
    theta = mlp.pack([[1.0], [1.0]], [0.0, -0.95], [1.0, 1.0], 0.0)
    X = np.linspace(-1, 1, 21)[:, None]
    kept = general_position(mlp, theta, X, least=3)
    assert np.array_equal(kept, X[X[:, 0] <= 0.95])
    assert np.array_equal(general_position(mlp, theta, X, least=1), X)


def test_census_needs_relu(rng):
    mlp = Mlp(2, 2, "tanh")
    with pytest.raises(ValueError, match="ReLU network, got 'tanh'"):
        census(mlp, mlp.draw(rng), np.zeros((1, 2)))


def test_scale_directions_are_tangent_to_rescaling(rng):
    mlp = Mlp(3, 5)
    theta, X = mlp.draw(rng), rng.standard_normal((20, 3))
    directions = scale_directions(mlp, theta)
    assert np.linalg.norm(directions, axis=1) == pytest.approx(np.ones(5))
    for j, direction in enumerate(directions):
        W, b, a, c = (np.array(part) for part in mlp.unpack(theta))
        W[j], b[j], a[j] = 1.01 * W[j], 1.01 * b[j], a[j] / 1.01
        rescaled = mlp.pack(W, b, a, c)
        assert mlp(rescaled, X) == pytest.approx(mlp(theta, X), abs=1e-13)
        change = rescaled - theta
        assert change / np.linalg.norm(change) == pytest.approx(direction, abs=1e-2)
    assert np.abs(weight_features(mlp, theta, X) @ directions.T).max() < 1e-14
