"""Features of networks, fitted actions, closed networks: against torch, loops, least squares."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cases import refusals
from learnsym import gallery, groups, kernels
from learnsym import representations as reps
from learnsym.kernels import Mlp, closed_network, conjugate_features, fit_action, weight_features

S3 = reps.vector(groups.symmetric(3))
sizes, seeds = st.integers(1, 6), st.integers(0, 2**32 - 1)
networks = st.builds(Mlp, sizes, sizes, st.sampled_from(kernels.ACTIVATIONS))


def drawn(mlp, seed, points=7):
    """Parameters and points."""
    rng = np.random.default_rng(seed)
    return mlp.draw(rng), rng.standard_normal((points, mlp.inputs))


def module(mlp, theta):
    """The same network as torch layers, in an order of its own."""
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


# --- the network ----------------------------------------------------------------------------------


@given(networks, seeds)
def test_outputs_are_those_of_torch_layers(mlp, seed):
    theta, X = drawn(mlp, seed)
    expected = module(mlp, theta)(torch.tensor(X))[:, 0].detach().numpy()
    assert mlp(theta, X) == pytest.approx(expected, abs=1e-12)
    assert mlp(torch.tensor(theta), torch.tensor(X)).numpy() == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(mlp.pack(*mlp.unpack(theta)), theta)
    linear = weight_features(mlp, theta, X) @ mlp.output_part(theta)
    assert linear == pytest.approx(expected, abs=1e-12)


def test_leading_axes_are_networks(rng):
    mlp = Mlp(3, 4, "tanh")
    thetas, X = np.array([mlp.draw(rng) for _ in range(5)]), rng.standard_normal((6, 3))
    assert mlp(thetas, X) == pytest.approx(np.array([mlp(t, X) for t in thetas]), abs=1e-14)


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


# --- features -------------------------------------------------------------------------------------


@given(networks, seeds)
def test_features_are_those_of_automatic_differentiation(mlp, seed):
    theta, X = drawn(mlp, seed)
    layers, rows = module(mlp, theta), []
    for x in torch.tensor(X):
        layers.zero_grad()
        layers(x).backward()
        rows.append(torch.cat([p.grad.ravel() for p in layers.parameters()]).numpy())
    features = weight_features(mlp, theta, X)
    assert features == pytest.approx(np.array(rows), abs=1e-12)
    hidden = conjugate_features(mlp, theta, X)
    assert np.array_equal(hidden, features[:, -mlp.hidden - 1 : -1])
    gram = features.T @ features
    found = kernels.weight_gram(mlp, theta, X, block=3)
    assert found == pytest.approx(gram, abs=1e-12 * np.abs(gram).max())


def test_single_precision_stays_single(rng):
    mlp = Mlp(3, 4)
    theta, X = mlp.draw(rng).astype(np.float32), rng.uniform(size=(5, 3)).astype(np.float32)
    for found in (f(mlp, theta, X) for f in (weight_features, conjugate_features)):
        assert found.dtype == np.float32
    assert kernels.weight_gram(mlp, theta, X).dtype == np.float32
    assert fit_action(X, X, 0.0).dtype == np.float32


def test_relu_has_slope_zero_at_zero():
    mlp = Mlp(1, 1)
    theta = mlp.pack([[1.0]], [0.0], [2.0], 0.0)
    assert np.array_equal(weight_features(mlp, theta, np.zeros((1, 1))), [[0, 0, 0, 1]])


# --- fitted actions -------------------------------------------------------------------------------


@given(sizes, seeds)
def test_fit_solves_least_squares(size, seed):
    F, moved = np.random.default_rng(seed).standard_normal((2, 30, size))
    solved = np.linalg.lstsq(F, moved, rcond=None)[0]
    assert fit_action(F, moved, 1e-12) == pytest.approx(solved.T, abs=1e-9)


def test_directions_below_the_cutoff_are_left_out(rng):
    F = np.linalg.qr(rng.standard_normal((20, 3)))[0] * [1.0, 1e-2, 1e-5]
    for cutoff, kept in ((1e-12, 3), (1e-7, 2), (1e-2, 1)):  # eigenvalues 1, 1e-4, 1e-10
        expected = np.diag(np.arange(3) < kept).astype(float)
        assert fit_action(F, F, cutoff) == pytest.approx(expected, abs=1e-4)


# --- closed networks ------------------------------------------------------------------------------

ACTIONS = [
    S3,
    reps.vector(groups.cyclic(4)),
    *(gallery.find(name).rho_in for name in ("C3, turns of the plane", "Q8, quaternions")),
    gallery.find("reflection of the line").rho_in,
]


def close(rho, activation, rng, hidden=2):
    small = Mlp(rho.dimension, hidden, activation)
    return closed_network(small, small.draw(rng), rho, rng)


def action_gap(mlp, theta, lifted, features, rho, X):
    """How far moved features are from features of moved points."""
    F = features(mlp, theta, X)
    gaps = [features(mlp, theta, rho.act(g, X)) - lifted.act(g, F) for g in rho.group.elements()]
    return np.abs(gaps).max()


@pytest.mark.parametrize("activation", kernels.ACTIVATIONS)
@pytest.mark.parametrize("rho", ACTIONS, ids=repr)
def test_features_of_closed_networks_carry_the_representations(rho, activation, rng):
    closed, X = close(rho, activation, rng), rng.standard_normal((6, rho.dimension))
    ordinary = closed.mlp.draw(rng)
    on_features = {weight_features: closed.on_gradients, conjugate_features: closed.on_neurons}
    for features, lifted in on_features.items():
        lifted.check()
        assert lifted.is_orthogonal
        assert action_gap(closed.mlp, closed.theta, lifted, features, rho, X) < 1e-12
        assert action_gap(closed.mlp, ordinary, lifted, features, rho, X) > 1e-3


@pytest.mark.parametrize("rho", ACTIONS, ids=repr)
def test_closed_networks_can_be_pickled(rho, rng):
    closed = close(rho, "relu", rng)
    again = pickle.loads(pickle.dumps(closed))
    assert again.mlp == closed.mlp and np.array_equal(again.theta, closed.theta)
    for g in rho.group.elements():
        for name in ("on_gradients", "on_neurons"):
            first, second = getattr(closed, name), getattr(again, name)
            assert np.array_equal(first.matrix(g), second.matrix(g))


def test_outputs_are_as_large_as_those_of_an_ordinary_network(rng):
    small, large, X = Mlp(3, 6), Mlp(3, 36), rng.uniform(-1, 1, (20, 3))
    closed = [closed_network(small, small.draw(rng), S3, rng) for _ in range(300)]
    ours = np.mean([net.mlp(net.theta, X) ** 2 for net in closed])
    assert ours == pytest.approx(np.mean([large(large.draw(rng), X) ** 2 for _ in closed]), rel=0.2)


# --- asymmetry ------------------------------------------------------------------------------------


def test_asymmetry_by_hand():
    values = np.array([[1.0, 4.0], [3.0, 4.0]])  # two group elements, two points
    assert kernels.orbit_asymmetry(values) == pytest.approx(0.5)
    assert kernels.orbit_asymmetry(np.stack([values, 2 * values])) == pytest.approx([0.5, 1.0])


SMALL, THETA = Mlp(3, 2), np.zeros(11)
SLANTED = reps.vector(gallery.oblique_reflection(0.7))
X, E = np.zeros((2, 3)), np.eye(2)


def closing(rho):
    return lambda: closed_network(Mlp(2, 2), np.zeros(9), rho, np.random.default_rng(0))


test_bad_input_is_named = refusals(
    (lambda: Mlp(0, 3), "inputs"),
    (lambda: Mlp(3, 0), "hidden"),
    (lambda: Mlp(3, 3, "gelu"), "activation.*gelu"),
    (lambda: SMALL.unpack(np.zeros(10)), r"theta: expected a last axis of 11"),
    (
        lambda: SMALL.pack(np.zeros((3, 2)), np.zeros(2), np.zeros(2), 0.0),
        r"W, b, a: expected shapes \(2, 3\)",
    ),
    *(
        (partial(features, SMALL, *arguments), words)
        for features in (weight_features, conjugate_features, kernels.weight_gram)
        for *arguments, words in (
            (np.zeros(10), X, r"theta: expected shape \(11,\), got \(10,\)"),
            (THETA, np.zeros((2, 2)), r"X: expected shape \(n, 3\), got \(2, 2\)"),
            (THETA, np.zeros((2, 3), np.float32), "one dtype.*float64, float32"),
            (np.zeros(11, int), np.zeros((2, 3), int), "float32 or float64, got int64"),
            (np.full(11, np.nan), X, "finite"),
        )
    ),
    (lambda: kernels.weight_gram(SMALL, THETA, X, block=0), "block: expected at least 1"),
    (
        lambda: fit_action(np.zeros((3, 2)), np.zeros((3, 1)), 0.1),
        r"features, moved.*\(3, 2\), \(3, 1\)",
    ),
    (lambda: fit_action(X[:0], X[:0], 0.1), r"features, moved.*\(0, 3\)"),
    (lambda: fit_action(E, E, 1.0), "cutoff.*got 1"),
    (lambda: fit_action(np.full((2, 2), np.inf), E, 0.1), "finite"),
    (lambda: fit_action(E, np.full((2, 2), np.nan), 0.1), "finite"),
    (closing(S3), "rho: expected dimension 2, got 3"),
    (closing(SLANTED), "rho: expected an orthogonal representation"),
    (lambda: kernels.orbit_asymmetry(np.zeros(3)), r"predictions: expected shape"),
)
