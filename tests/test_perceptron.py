"""Ensembles of perceptrons against one torch.nn.Sequential a run, and against moved inputs."""

import numpy as np
import pytest
import torch
from torch import nn

from cases import refusals
from learnsym import groups
from learnsym.networks.perceptron import Perceptron, orbit_indices, perceptron

SIDE = 6
SIZES = (SIDE**2, 7, 5, 3)
TURNS = orbit_indices(groups.image_rotations(SIDE))
SHIFTS = orbit_indices(groups.image_translations(SIDE, axes="x", step=2))
ORBITS = {"R4": TURNS, "T3": SHIFTS}
each_group = pytest.mark.parametrize("orbit", ORBITS.values(), ids=ORBITS)
each_pooling = pytest.mark.parametrize("pooling", ["max", "mean"])


def make(orbit=None, pooling="max", seeds=(0, 1, 2), sizes=SIZES):
    return perceptron(sizes, seeds, orbit, pooling, torch.float64)


def images(rng, count=4):
    return torch.tensor(rng.standard_normal((count, SIDE**2)))


def sequential(network, run):
    """The same network as PyTorch's own modules."""
    layers = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        layer = nn.Linear(weight.shape[2], weight.shape[1], dtype=weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(weight[run])
            layer.bias.copy_(bias[run])
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


# --- how a group moves coordinates ----------------------------------------------------------------


def test_rows_are_quarter_turns_and_cyclic_shifts_along_x(rng):
    picture = rng.standard_normal((SIDE, SIDE))
    for orbit, expected in (
        (TURNS, [np.rot90(picture, k) for k in range(4)]),
        (SHIFTS, [np.roll(picture, 2 * k, axis=1) for k in range(3)]),
    ):
        moved = [picture.ravel()[g].reshape(SIDE, SIDE) for g in orbit.numpy()]
        assert {m.tobytes() for m in moved} == {m.tobytes() for m in expected}
        assert len(moved) == len(expected) and np.array_equal(moved[0], picture)


def test_rows_act_from_the_left():
    group, x = groups.symmetric(3), torch.tensor([10.0, 20.0, 30.0])
    for row, g in zip(orbit_indices(group), group.elements(), strict=True):
        image = torch.empty(3)
        image[torch.as_tensor(np.array(g))] = x  # entry i goes to place g(i)
        assert torch.equal(x[row], image)


# --- what a network computes ----------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [SIZES, (SIDE**2, 4, 2)])
def test_runs_are_sequential_networks(sizes, rng):
    """On inputs of all runs, and on inputs of their own."""
    network, x = make(sizes=sizes), torch.tensor(rng.standard_normal((3, 4, SIDE**2)))
    assert network(x).shape == network(x[0]).shape == (3, 4, sizes[-1])
    for run in range(3):
        one = sequential(network, run)
        for found, rows in ((network(x[0]), x[0]), (network(x), x[run])):
            assert torch.allclose(found[run], one(rows), rtol=1e-12, atol=1e-12)
        hidden = one[:-1](x[0])
        assert torch.allclose(network.features(x[0])[run], hidden, rtol=1e-12, atol=1e-12)


@each_group
@each_pooling
def test_tied_layer_pools_over_moved_inputs(orbit, pooling, rng):
    """Values and gradients."""
    network, x = make(orbit, pooling), images(rng)
    logits = network(x)
    logits.square().sum().backward()
    for run in range(3):
        free = sequential(network, run)
        moved = torch.stack([free[1](free[0](x[:, g])) for g in orbit])
        pooled = moved.amax(0) if pooling == "max" else moved.mean(0)
        assert torch.allclose(logits[run], free[2:](pooled), rtol=1e-12, atol=1e-12)
        free[2:](pooled).square().sum().backward()
        for p, q in zip((network.weights[0], network.biases[0]), free[0].parameters(), strict=True):
            assert torch.allclose(p.grad[run], q.grad, rtol=1e-10, atol=1e-12)


@each_group
@each_pooling
def test_tied_networks_are_invariant_and_others_are_not(orbit, pooling, rng):
    x, tied, free = images(rng), make(orbit, pooling), make()
    other = make(SHIFTS if orbit is TURNS else TURNS, pooling)
    for g in orbit[1:]:
        assert torch.allclose(tied(x[:, g]), tied(x), rtol=1e-12, atol=1e-12)
        for net in (free, other):
            assert (net(x[:, g]) - net(x)).abs().max() > 1e-3


# --- the start, and ensembles ---------------------------------------------------------------------


def test_start_is_that_of_torch_in_distribution():
    network = perceptron((400, 50, 3), [0, 1])
    for weight, bias in zip(network.weights, network.biases, strict=True):
        limit = weight.shape[-1] ** -0.5
        entries = torch.cat([weight.flatten(), bias.flatten()]).detach()
        assert entries.abs().max() <= limit
        assert entries.std() == pytest.approx(limit / 3**0.5, rel=0.05)
        assert weight.requires_grad and weight.is_leaf and bias.is_leaf


def test_a_run_depends_on_its_seed_only():
    """Not on its neighbours, precision or tying."""
    alone, among, tied = make(seeds=(5,)), make(seeds=(3, 5)), make(TURNS, seeds=(5,))
    single = perceptron(SIZES, [5])
    for p, q, t, s in zip(*(net.parameters for net in (alone, among, tied, single)), strict=True):
        assert torch.equal(p[0], q[1]) and torch.equal(p, t) and torch.equal(p.float(), s)
        assert not torch.equal(q[0], q[1])


def test_size_counts_the_parameters_of_torch():
    network = make(TURNS)
    modules = sequential(network, 0)
    assert network.size == sum(p.numel() for p in modules.parameters())
    assert (network.runs, network.inputs) == (3, SIDE**2)
    assert perceptron((36**2, *[128] * 5, 9), [0]).size == 233_225


def test_runs_join_to_what_they_came_from(rng):
    network, x = make(TURNS, "mean"), images(rng)
    again = network.run(0).joined(network.run(1)).joined(network.run(2))
    assert torch.allclose(again(x), network(x), rtol=1e-13)
    assert torch.allclose(network.run(1)(x)[0], network(x)[1], rtol=1e-13)


# --- bad input ------------------------------------------------------------------------------------


def tensors(*shapes):
    return tuple(torch.zeros(shape) for shape in shapes)


def network(weights, biases, **options):
    return lambda: Perceptron(tensors(*weights), tensors(*biases), **options)


test_bad_input_is_refused = refusals(
    (network([(2, 3, 4), (2, 5, 2)], [(2, 3), (2, 5)]), "weights: expected shapes"),
    (network([(3, 4)], [(3,)]), "weights: expected shapes"),
    (network([], []), "weights: expected shapes"),
    (network([(2, 3, 4)], [(2, 4)]), "biases: expected shapes"),
    (network([(2, 3, 4)], [(3,)]), "biases: expected shapes"),
    (network([(2, 3, 4)], [(2, 3)], pooling="sum"), "pooling: expected one of"),
    (network([(2, 3, 4)], [(2, 3)], orbit=TURNS), "moves 4 coordinates, got one that moves 36"),
    (lambda: perceptron((4,), [0]), "sizes, seeds: expected two sizes and a seed"),
    (lambda: perceptron((4, 0, 2), [0]), "sizes, seeds: expected two sizes and a seed"),
    (lambda: perceptron((4, 2), []), "sizes, seeds: expected two sizes and a seed"),
    (lambda: orbit_indices("R4"), "group: expected a PermutationGroup"),
)
