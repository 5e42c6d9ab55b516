"""Ensembles of perceptrons against one torch.nn.Sequential a run, and against moved inputs."""

import numpy as np
import pytest
import torch
from torch import nn

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


def test_rows_of_r4_are_the_quarter_turns(rng):
    picture = rng.standard_normal((SIDE, SIDE))
    turned = {np.rot90(picture, k).tobytes() for k in range(4)}
    moved = [picture.ravel()[g].reshape(SIDE, SIDE) for g in TURNS.numpy()]
    assert {np.ascontiguousarray(m).tobytes() for m in moved} == turned
    assert np.array_equal(moved[0], picture)


def test_rows_of_t3_are_cyclic_shifts_along_x(rng):
    picture = rng.standard_normal((SIDE, SIDE))
    rolled = {np.roll(picture, 2 * k, axis=1).tobytes() for k in range(3)}
    moved = [picture.ravel()[g].reshape(SIDE, SIDE) for g in SHIFTS.numpy()]
    assert {np.ascontiguousarray(m).tobytes() for m in moved} == rolled
    assert np.array_equal(moved[0], picture)


@each_group
def test_rows_compose_to_rows(orbit):
    rows = {tuple(g.tolist()) for g in orbit}
    assert {tuple(g[h].tolist()) for g in orbit for h in orbit} == rows
    assert len(rows) == len(orbit)


def test_rows_act_from_the_left():
    group = groups.symmetric(3)
    orbit = orbit_indices(group)
    x = torch.tensor([10.0, 20.0, 30.0])
    moved = {tuple(x[g].tolist()) for g in orbit}
    expected = set()
    for g in group.elements():
        image = torch.empty(3)
        image[torch.as_tensor(np.array(g))] = x  # entry i goes to place g(i)
        expected.add(tuple(image.tolist()))
    assert moved == expected


def test_only_permutation_groups_have_orbit_indices():
    with pytest.raises(ValueError, match="group: expected a PermutationGroup"):
        orbit_indices("R4")


# --- what a network computes ----------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [SIZES, (SIDE**2, 4, 2)])
def test_runs_are_sequential_networks(sizes, rng):
    network, x = make(sizes=sizes), images(rng)
    logits = network(x)
    assert logits.shape == (3, 4, sizes[-1])
    for run in range(3):
        assert torch.allclose(logits[run], sequential(network, run)(x), rtol=1e-12, atol=1e-12)
        hidden = sequential(network, run)[:-1](x)
        assert torch.allclose(network.features(x)[run], hidden, rtol=1e-12, atol=1e-12)


def test_every_run_may_have_its_own_inputs(rng):
    network = make()
    x = torch.tensor(rng.standard_normal((3, 4, SIDE**2)))
    for run in range(3):
        assert torch.allclose(network(x)[run], network(x[run])[run], rtol=1e-12)


@each_group
@each_pooling
def test_tied_layer_pools_over_moved_inputs(orbit, pooling, rng):
    network, x = make(orbit, pooling), images(rng)
    for run in range(3):
        free = sequential(network, run)
        moved = torch.stack([free[1](free[0](x[:, g])) for g in orbit])
        pooled = moved.amax(0) if pooling == "max" else moved.mean(0)
        assert torch.allclose(network(x)[run], free[2:](pooled), rtol=1e-12, atol=1e-12)


@each_group
@each_pooling
def test_tied_networks_are_invariant_and_free_ones_are_not(orbit, pooling, rng):
    x = images(rng)
    for g in orbit[1:]:
        tied, free = make(orbit, pooling), make()
        assert torch.allclose(tied(x[:, g]), tied(x), rtol=1e-12, atol=1e-12)
        assert (free(x[:, g]) - free(x)).abs().max() > 1e-3


def test_tying_over_one_group_gives_no_invariance_under_the_other(rng):
    network, x = make(TURNS), images(rng)
    assert (network(x[:, SHIFTS[1]]) - network(x)).abs().max() > 1e-3


def test_gradients_of_the_tied_layer(rng):
    network, x = make(SHIFTS, seeds=(0,)), images(rng, 2)
    network(x).sum().backward()
    weight = network.weights[0]
    step = torch.tensor(rng.standard_normal(weight.shape)) * 1e-6
    rest = list(network.parameters[1:])
    with torch.no_grad():
        ahead, behind = (
            network.with_parameters([weight + s * step, *rest])(x).sum() for s in (1, -1)
        )
    slope = (weight.grad * step).sum()
    assert (ahead - behind).item() == pytest.approx(2 * slope.item(), rel=1e-5)


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
    alone, among = make(seeds=(5,)), make(seeds=(3, 5))
    for p, q in zip(alone.parameters, among.parameters, strict=True):
        assert torch.equal(p[0], q[1])
        assert not torch.equal(q[0], q[1])
    single = perceptron(SIZES, [5])
    assert torch.equal(single.weights[0], alone.weights[0].float())


@each_group
def test_tied_and_free_networks_start_alike(orbit):
    for p, q in zip(make().parameters, make(orbit).parameters, strict=True):
        assert torch.equal(p, q)


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


@pytest.mark.parametrize(
    ("weights", "biases", "options", "message"),
    [
        ([(2, 3, 4), (2, 5, 2)], [(2, 3), (2, 5)], {}, "weights: expected shapes"),
        ([(3, 4)], [(3,)], {}, "weights: expected shapes"),
        ([], [], {}, "weights: expected shapes"),
        ([(2, 3, 4)], [(2, 4)], {}, "biases: expected shapes"),
        ([(2, 3, 4)], [(3,)], {}, "biases: expected shapes"),
        ([(2, 3, 4)], [(2, 3)], {"pooling": "sum"}, "pooling: expected one of"),
        ([(2, 3, 4)], [(2, 3)], {"orbit": TURNS}, "moves 4 coordinates, got one that moves 36"),
    ],
)
def test_shapes_must_fit(weights, biases, options, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(tensors(*weights), tensors(*biases), **options)


@pytest.mark.parametrize(("sizes", "seeds"), [((4,), [0]), ((4, 0, 2), [0]), ((4, 2), [])])
def test_start_needs_sizes_and_seeds(sizes, seeds):
    with pytest.raises(ValueError, match="sizes, seeds: expected two sizes and a seed"):
        perceptron(sizes, seeds)
