"""Gradients as features: against plain loops, formulas derived by hand, and finite differences."""

import numpy as np
import pytest
import torch

from learnsym.kernels import Mlp, conjugate_features, weight_feature_blocks, weight_features

NETWORKS = [Mlp(3, 5), Mlp(2, 4, "tanh"), Mlp(1, 1), Mlp(4, 1, "tanh")]


@pytest.fixture(params=NETWORKS, ids=str)
def case(request, rng):
    mlp = request.param
    return mlp, mlp.draw(rng), rng.standard_normal((9, mlp.inputs))


def by_hand(mlp, theta, X):
    """The gradient written out: (a s'(h) x, a s'(h), s(h), 1)."""
    W, b, a, _ = mlp.unpack(theta)
    rows = []
    for x in X:
        h = W @ x + b
        relu = mlp.activation == "relu"
        value = np.maximum(h, 0) if relu else np.tanh(h)
        slope = a * ((h > 0) if relu else 1 - value**2)
        rows.append(np.concatenate([np.outer(slope, x).ravel(), slope, value, [1.0]]))
    return np.array(rows)


def test_gradients_are_those_derived_by_hand(case):
    assert weight_features(*case) == pytest.approx(by_hand(*case), abs=1e-13)


def test_gradients_are_those_of_a_plain_loop(case):
    mlp, theta, X = case
    rows = []
    for x in X:
        t = torch.tensor(theta, requires_grad=True)
        mlp(t, torch.tensor(x[None]))[0].backward()
        rows.append(t.grad.numpy())
    assert weight_features(*case) == pytest.approx(np.array(rows), abs=1e-13)


def test_gradients_are_finite_differences(case):
    mlp, theta, X = case
    step = 1e-6 * np.eye(mlp.parameters)
    slopes = (mlp(theta + step, X) - mlp(theta - step, X)).T / 2e-6
    assert weight_features(*case) == pytest.approx(slopes, abs=1e-7)


@pytest.mark.parametrize("block", [1, 4, 100])
def test_blocks_are_the_rows_in_order(case, block):
    blocks = list(weight_feature_blocks(*case, block=block))
    assert max(len(rows) for rows in blocks) <= block
    assert np.concatenate(blocks) == pytest.approx(weight_features(*case), abs=1e-14)


def test_conjugate_features_are_part_of_the_gradients(case):
    mlp, theta, X = case
    hidden = conjugate_features(mlp, theta, X)
    assert hidden.shape == (len(X), mlp.hidden)
    assert hidden == pytest.approx(weight_features(*case)[:, -mlp.hidden - 1 : -1], abs=1e-14)


def test_single_precision_stays_single(rng):
    mlp = Mlp(3, 4)
    theta, X = mlp.draw(rng).astype(np.float32), rng.uniform(size=(5, 3)).astype(np.float32)
    rows = weight_features(mlp, theta, X)
    assert rows.dtype == conjugate_features(mlp, theta, X).dtype == np.float32
    assert rows == pytest.approx(by_hand(mlp, theta, X), abs=1e-6)


def test_relu_has_slope_zero_at_zero():
    mlp = Mlp(1, 1)
    theta = mlp.pack([[1.0]], [0.0], [2.0], 0.0)
    assert np.array_equal(weight_features(mlp, theta, np.zeros((1, 1))), [[0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("theta", "X", "named"),
    [
        (np.zeros(10), np.zeros((2, 3)), r"theta: expected shape \(11,\), got \(10,\)"),
        (np.zeros(11), np.zeros((2, 2)), r"X: expected shape \(n, 3\), got \(2, 2\)"),
        (np.zeros(11), np.zeros((2, 3), np.float32), "one dtype.*float64, float32"),
        (np.zeros(11, int), np.zeros((2, 3), int), "float32 or float64, got int64"),
        (np.full(11, np.nan), np.zeros((2, 3)), "finite"),
    ],
)
def test_bad_input_is_named(theta, X, named):
    for features in (weight_features, conjugate_features):
        with pytest.raises(ValueError, match=named):
            features(Mlp(3, 2), theta, X)


def test_block_of_no_points_is_refused(rng):
    mlp = Mlp(3, 2)
    with pytest.raises(ValueError, match="block: expected at least 1"):
        list(weight_feature_blocks(mlp, mlp.draw(rng), np.zeros((3, 3)), block=0))
