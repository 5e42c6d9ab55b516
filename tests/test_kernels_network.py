"""The network and its parameter layout, against torch's own modules and arithmetic by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learnsym.kernels import Mlp

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def module(mlp, theta):
    """The same network as torch layers."""
    W, b, a, c = mlp.unpack(theta)
    layers = torch.nn.Sequential(
        torch.nn.Linear(mlp.inputs, mlp.hidden),
        {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[mlp.activation](),
        torch.nn.Linear(mlp.hidden, 1),
    ).double()
    with torch.no_grad():
        for target, value in zip(layers.parameters(), (W, b, a[None], c[None]), strict=True):
            target.copy_(torch.tensor(value))
    return layers


def test_published_size():
    assert Mlp(3, 100).parameters == 501


@given(sizes, sizes, st.sampled_from(["relu", "tanh"]), seeds)
def test_outputs_are_those_of_torch_layers(inputs, hidden, activation, seed):
    rng = np.random.default_rng(seed)
    mlp = Mlp(inputs, hidden, activation)
    theta, X = mlp.draw(rng), rng.standard_normal((7, inputs))
    expected = module(mlp, theta)(torch.tensor(X))[:, 0].detach().numpy()
    assert mlp(theta, X) == pytest.approx(expected, abs=1e-12)
    assert mlp(torch.tensor(theta), torch.tensor(X)).numpy() == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    mlp = Mlp(2, 2)
    theta = mlp.pack([[1.0, 2.0], [-1.0, 0.0]], [0.5, 1.0], [3.0, -2.0], 0.25)
    # neurons at x = (1, 1): 3.5 and 0; at x = (-1, 0): -0.5 and 2
    X = np.array([[1.0, 1.0], [-1.0, 0.0]])
    assert np.array_equal(mlp.preactivations(theta, X), [[3.5, 0.0], [-0.5, 2.0]])
    assert np.array_equal(mlp(theta, X), [10.75, -3.75])


@given(sizes, sizes, seeds)
def test_pack_inverts_unpack(inputs, hidden, seed):
    mlp = Mlp(inputs, hidden)
    theta = mlp.draw(np.random.default_rng(seed))
    assert np.array_equal(mlp.pack(*mlp.unpack(theta)), theta)


def test_leading_axes_are_networks(rng):
    mlp = Mlp(3, 4, "tanh")
    thetas = np.array([mlp.draw(rng) for _ in range(5)])
    X = rng.standard_normal((6, 3))
    together = mlp(thetas, X)
    assert together.shape == (5, 6)
    assert together == pytest.approx(np.array([mlp(theta, X) for theta in thetas]), abs=1e-14)


def test_weights_are_drawn_as_torch_draws_them(rng):
    mlp = Mlp(3, 4_000)
    W, b, a, c = mlp.unpack(mlp.draw(rng))
    torch.manual_seed(0)
    first, second = torch.nn.Linear(3, 4_000), torch.nn.Linear(4_000, 1)
    for ours, theirs in ((W, first.weight), (b, first.bias), (a, second.weight)):
        theirs = theirs.detach().numpy()
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=5e-3)
        assert ours.std() == pytest.approx(theirs.std(), rel=5e-2)
    assert abs(c) <= 1 / np.sqrt(4_000)


@given(sizes, sizes, seeds)
def test_output_part_reproduces_the_network(inputs, hidden, seed):
    rng = np.random.default_rng(seed)
    mlp = Mlp(inputs, hidden, "tanh")
    theta, X = mlp.draw(rng), rng.standard_normal((4, inputs))
    u = mlp.output_part(theta)
    moved, h = theta + 1e-6 * u, 1e-6
    slope = (mlp(moved, X) - mlp(theta - 1e-6 * u, X)) / (2 * h)
    assert slope == pytest.approx(mlp(theta, X), abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0, 3), "inputs"), ((3, 0), "hidden"), ((3, 3, "gelu"), "activation.*gelu")],
)
def test_rejects_bad_shapes(arguments, named):
    with pytest.raises(ValueError, match=named):
        Mlp(*arguments)


def test_rejects_bad_parameters():
    mlp = Mlp(3, 2)
    with pytest.raises(ValueError, match=r"theta: expected a last axis of 11"):
        mlp.unpack(np.zeros(10))
    with pytest.raises(ValueError, match=r"W, b, a: expected shapes \(2, 3\)"):
        mlp.pack(np.zeros((3, 2)), np.zeros(2), np.zeros(2), 0.0)
