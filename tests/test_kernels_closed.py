"""Networks closed under a group: the features carry the representations that they claim."""

import numpy as np
import pytest

from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.kernels import Mlp, closed_network, conjugate_features, weight_features

RHOS = [
    reps.vector(groups.symmetric(3)),
    reps.vector(groups.cyclic(4)),
    gallery.find("C3, turns of the plane").rho_in,
    gallery.find("Q8, quaternions").rho_in,
    gallery.find("reflection of the line").rho_in,
]


@pytest.fixture(params=RHOS, ids=repr)
def rho(request):
    return request.param


def close(rho, activation, rng, hidden=2):
    small = Mlp(rho.dimension, hidden, activation)
    return closed_network(small, small.draw(rng), rho, rng)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_features_carry_the_representations(rho, activation, rng):
    closed = close(rho, activation, rng)
    X = rng.standard_normal((6, rho.dimension))
    for features, lifted in (
        (weight_features, closed.on_gradients),
        (conjugate_features, closed.on_neurons),
    ):
        for g in rho.group.elements():
            moved = features(closed.mlp, closed.theta, X @ rho.matrix(g).T)
            expected = features(closed.mlp, closed.theta, X) @ lifted.matrix(g).T
            assert moved == pytest.approx(expected, abs=1e-12)


def test_they_are_representations(rho, rng):
    closed = close(rho, "relu", rng)
    closed.on_gradients.check()
    closed.on_neurons.check()
    assert closed.on_gradients.is_orthogonal
    assert closed.on_gradients.dimension == closed.mlp.parameters
    assert closed.mlp.hidden == 2 * rho.group.order


def test_the_network_itself_is_not_invariant(rho, rng):
    closed = close(rho, "relu", rng, hidden=4)
    X = rng.standard_normal((50, rho.dimension))
    moved = closed.mlp(closed.theta, X @ rho.matrix(rho.group.generators[0]).T)
    assert np.abs(moved - closed.mlp(closed.theta, X)).max() > 1e-3


def test_outputs_are_as_large_as_those_of_an_ordinary_network(rng):
    rho = RHOS[0]
    small, large, X = Mlp(3, 6), Mlp(3, 36), rng.uniform(-1, 1, (20, 3))
    closed = [closed_network(small, small.draw(rng), rho, rng) for _ in range(300)]
    ours = np.mean([net.mlp(net.theta, X) ** 2 for net in closed])
    assert ours == pytest.approx(np.mean([large(large.draw(rng), X) ** 2 for _ in closed]), rel=0.2)


def test_bad_representations_are_named(rng):
    small = Mlp(2, 2)
    with pytest.raises(ValueError, match="rho: expected dimension 2, got 3"):
        closed_network(small, small.draw(rng), RHOS[0], rng)
    slanted = reps.vector(gallery.oblique_reflection(0.7))
    with pytest.raises(ValueError, match="rho: expected an orthogonal representation"):
        closed_network(small, small.draw(rng), slanted, rng)
