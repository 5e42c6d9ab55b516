"""Deep linear parametrisation: derivatives against autograd, saddles against the theorem."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from learnsym.checks import lowrank_layers as deep
from learnsym.checks.lowrank_critical import signature
from learnsym.lowrank import LowRankProblem


@pytest.fixture
def problem(rng):
    root = rng.standard_normal((5, 5))
    return LowRankProblem(root @ root.T + np.eye(5), rng.standard_normal((4, 5)), 30.0, 2)


def random_layers(rng, widths, m=4, n=5):
    sizes = [n, *widths, m]
    return [rng.standard_normal(shape) for shape in zip(sizes[1:], sizes[:-1], strict=True)]


@pytest.mark.parametrize("widths", [[2], [2, 3], [3, 2, 2]])
def test_derivatives_against_autograd(problem, rng, widths):
    layers = random_layers(rng, widths)
    A, C = torch.tensor(problem.A), torch.tensor(problem.C)

    def loss(point):
        parts = torch.split(point, [layer.size for layer in layers])
        W = torch.eye(5, dtype=torch.float64)
        for part, layer in zip(parts, layers, strict=True):
            W = part.reshape(layer.shape) @ W
        return torch.trace(W @ A @ W.T) - 2 * (C * W).sum() + problem.c

    point = torch.tensor(np.concatenate([layer.ravel() for layer in layers]))
    hessian = torch.autograd.functional.hessian(loss, point).numpy()
    gradient = torch.autograd.functional.jacobian(loss, point).numpy()
    measured = np.concatenate([part.ravel() for part in deep.layer_gradients(problem, layers)])
    np.testing.assert_allclose(measured, gradient, rtol=1e-10, atol=1e-10)
    scale = np.abs(hessian).max()
    np.testing.assert_allclose(deep.layer_hessian(problem, layers), hessian, atol=1e-12 * scale)
    assert float(loss(point)) == pytest.approx(float(problem.value(deep.product(layers))))


@pytest.mark.parametrize("widths", [[2], [3, 2], [2, 4, 3]])
def test_lifts_are_balanced_and_multiply_to_the_map(problem, widths):
    W = problem.at([1])
    layers = deep.lift(W, widths)
    np.testing.assert_allclose(deep.product(layers), W, atol=1e-12)
    for before, after in pairwise(layers):
        np.testing.assert_allclose(after.T @ after, before @ before.T, atol=1e-12)
    unbalanced = deep.lift(W, widths, spare=0.3)
    np.testing.assert_allclose(deep.product(unbalanced), W, atol=1e-12)
    changed = any((a != b).any() for a, b in zip(layers, unbalanced, strict=True))
    assert changed == (len(widths) > 1)


def test_the_zero_map_lifts_to_zero():
    assert not any(layer.any() for layer in deep.lift(np.zeros((3, 4)), [2, 2]))


def test_saddles_by_hand():
    # two outputs and inputs, T = diag(2, 1), width 1: the origin and the lift of (0, 1)
    problem = LowRankProblem(np.eye(2), np.diag([2.0, 1.0]), 5.0, 1)
    origin = deep.lift(np.zeros((2, 2)), [1])
    assert signature(deep.layer_hessian(problem, origin)) == (2, 0)
    values = np.linalg.eigvalsh(deep.layer_hessian(problem, origin))
    np.testing.assert_allclose(values, [-4, -2, 2, 4], atol=1e-12)
    flat = deep.layer_hessian(problem, deep.lift(np.zeros((2, 2)), [1, 1]))
    assert not flat.any()
    second = deep.lift(np.diag([0.0, 1.0]), [1, 1])
    assert signature(deep.layer_hessian(problem, second))[0] == 1


@pytest.mark.parametrize("widths", [[2], [2, 2], [2, 3, 2]])
def test_escape_direction_is_a_descent_of_the_order_of_depth(problem, widths):
    W = problem.at([0])
    layers = deep.lift(W, widths)
    direction = deep.escape_direction(problem, W, layers)
    depth, s = len(layers), problem.singular_values[1]
    for t in (0.1, 0.4):
        moved = deep.product([a + t * b for a, b in zip(layers, direction, strict=True)])
        drop = problem.value(W) - problem.value(moved)
        assert drop == pytest.approx(2 * s * t**depth - t ** (2 * depth), rel=1e-9)


def test_bad_input_is_named(problem, rng):
    W = problem.at([0, 1])
    for widths in ([1], [2, 1], []):
        with pytest.raises(ValueError, match="widths: expected hidden widths of at least 2"):
            deep.lift(W, widths)
    with pytest.raises(ValueError, match="hidden widths above the rank 2"):
        deep.escape_direction(problem, W, deep.lift(W, [2, 2]))
    wired = LowRankProblem(problem.A, problem.C, 30.0, 2, np.eye(5)[:, :3])
    for call in (deep.layer_gradients, deep.layer_hessian):
        with pytest.raises(ValueError, match="rows free in all 5"):
            call(wired, random_layers(rng, [2]))
