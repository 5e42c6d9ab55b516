"""Equivariant networks by their free parameters follow the dense equivariant run."""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.equivariant import EquivariantMaps
from learnsym.networks import losses, small_layers
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp, norms
from learnsym.networks.small import SmallNetwork
from learnsym.training.symmetric import Schedule, Task, train

SEEDS = [3, 8, 21]


def task_of(name, channels, size):
    """The architectures of the paper in small, on random data."""
    rng = np.random.default_rng(7)
    if name == "PERM":
        group = groups.symmetric(size)
        rho, out = reps.adjacency(group), Space(reps.trivial(group))
        spaces = [Space(rho), Space(rho, channels), Space(out.rho, 6), out]
        sigmas = [nl.leaky_relu, nl.chain(nl.leaky_relu, nl.over_channels(6)), nl.identity]
        kinds = ["relabelling", "invariant", "invariant"]
        x = rng.integers(2, size=(10, rho.dimension))
        y, loss, target = rng.integers(2, size=(10, 1)), losses.binary_cross_entropy, None
    elif name == "TRANS":
        group = groups.image_translations(size)
        rho, out = reps.image(group), Space(reps.trivial(group), 10)
        spaces = [Space(rho), Space(rho, channels), Space(rho, channels), Space(out.rho, 5), out]
        flat = nl.chain(torch.tanh, nl.over_channels(5))
        sigmas = [nl.leaky_relu, nl.leaky_relu, flat, nl.identity]
        kinds = ["circulant", "circulant", "invariant", "invariant"]
        x, y = rng.random((10, rho.dimension)), rng.integers(10, size=10)
        loss, target = losses.cross_entropy, None
    else:
        group = groups.image_rotations(size)
        rho = reps.image(group)
        target = Space(rho, 2)
        spaces = [Space(rho), Space(rho, channels), target]
        sigmas, kinds = [nl.leaky_relu, nl.over_channels(2)], ["shared", "shared"]
        # two channels normalised are nearly a step: few samples make descent chaotic
        x, y = rng.random((120, rho.dimension)), rng.integers(2, size=(120, target.dimension))
        loss = losses.binary_cross_entropy
    y = torch.tensor(y) if name == "TRANS" else torch.tensor(y, dtype=torch.float64)
    network = SymmetricMlp(spaces, sigmas)
    x = torch.tensor(x, dtype=torch.float64)
    return Task(network, x, y, loss, target), kinds


CASES = [("PERM", 2, 4), ("PERM", 3, 6), ("TRANS", 1, 5), ("TRANS", 3, 6), ("ROT", 3, 6)]
RATES = {"PERM": 0.01, "TRANS": 0.002, "ROT": 5e-5}


def apart(small, coordinates, dense, start):
    """Largest distance from the dense run: over its weights, and over the distance it covered."""
    gaps = norms([A - B for A, B in zip(small.layers(coordinates), dense, strict=True)])
    covered = norms([A - B for A, B in zip(dense, start, strict=True)])
    return float((gaps / norms(dense)).max()), float((gaps / covered).max())


@pytest.mark.parametrize(("name", "channels", "size"), CASES)
def test_small_run_follows_the_dense_run(name, channels, size):
    task, kinds = task_of(name, channels, size)
    small = SmallNetwork(task.network, kinds)
    start = task.network.project(task.network.gaussian(SEEDS))
    schedule = Schedule(RATES[name], 30, 5)
    dense, record = train(task, start, "equivariant", schedule, SEEDS)
    own = dataclasses.replace(task, network=small)
    found, history = train(own, small.gaussian(SEEDS), "nominal", schedule, SEEDS)
    of_weights, of_path = apart(small, found, dense, start)
    assert of_weights < 1e-14 and of_path < 1e-11
    assert np.allclose(history.distance[1:], record.distance[1:], rtol=1e-9)
    assert np.allclose(history.loss, record.loss, rtol=1e-12)
    assert not history.drift.any()
    assert small.dimension == task.network.equivariant_dimension
    assert [tuple(c.shape[1:]) for c in found] == small.shapes


@pytest.mark.parametrize(("name", "channels", "size"), CASES[1::2])
def test_a_wrong_metric_does_not_follow(name, channels, size, monkeypatch):
    """Parameters that are entries of the layer, not coordinates: right outputs, wrong descent."""
    task, kinds = task_of(name, channels, size)
    start = task.network.project(task.network.gaussian(SEEDS))
    small = SmallNetwork(task.network, kinds)

    class Entries:
        def __init__(self, layer, maps):
            ones = maps.coordinates(torch.ones(maps.shape, dtype=torch.float64))
            self.layer, self.scale = layer, ones

        def __call__(self, c, x):
            return self.layer(c * self.scale, x)

    layers = zip(small.apply, small.maps, strict=True)
    entries = [Entries(layer, maps) for layer, maps in layers]
    scales = [e.scale.repeat(a.channels) for e, a in zip(entries, small.spaces, strict=False)]
    begin = [c / s for c, s in zip(small.gaussian(SEEDS), scales, strict=True)]
    expected = small.forward(small.gaussian(SEEDS), task.x)
    monkeypatch.setattr(small, "apply", entries)
    assert torch.allclose(small.forward(begin, task.x), expected)
    schedule = Schedule(1e-3, 10, 5)
    dense, _ = train(task, start, "equivariant", schedule, SEEDS)
    own = dataclasses.replace(task, network=small)
    found, _ = train(own, begin, "nominal", schedule, SEEDS)
    scaled = [c * s for c, s in zip(found, scales, strict=True)]
    assert min(apart(small, scaled, dense, start)) > 1e-4


@pytest.mark.parametrize(("name", "channels", "size"), CASES)
def test_layers_are_the_dense_layers(name, channels, size):
    task, kinds = task_of(name, channels, size)
    small = SmallNetwork(task.network, kinds)
    weights = task.network.gaussian(SEEDS)
    coordinates = small.coordinates(weights)
    tied = task.network.project(weights)
    for A, B in zip(small.layers(coordinates), tied, strict=True):
        assert torch.allclose(A, B, atol=1e-13)
    expected = task.network.forward(tied, task.x)
    assert torch.allclose(small.forward(coordinates, task.x), expected, atol=1e-12)
    alone = small.forward([c[1] for c in coordinates], task.x)
    assert torch.allclose(alone, expected[1], atol=1e-12)
    g = small.group.generators[0]
    turned = task.moved(g)[0]
    moved = task.network.spaces[-1].act(g, expected)
    assert torch.allclose(small.forward(coordinates, turned), moved, atol=1e-11)


@pytest.mark.parametrize("kind", ["relabelling", "circulant", "shared", "invariant"])
def test_every_coordinate_is_its_basis_map(kind, rng):
    group, trivial = {
        "relabelling": (groups.symmetric(5), False),
        "circulant": (groups.image_translations(4), False),
        "shared": (groups.image_rotations(4), False),
        "invariant": (groups.symmetric(4), True),
    }[kind]
    rho = reps.adjacency(group) if "symmetric" in str(group.name) or kind in (
        "relabelling", "invariant") else reps.image(group)  # fmt: skip
    maps = EquivariantMaps(rho, reps.trivial(group, 2) if trivial else rho)
    layer = small_layers.KINDS[kind](maps)
    x = torch.tensor(rng.standard_normal((3, 1, rho.dimension)))
    for k, c in enumerate(torch.eye(maps.dimension, dtype=torch.float64)):
        expected = x.numpy() @ maps.basis_element(k).T
        assert np.allclose(layer(c[None, None], x), expected, atol=1e-12)


def test_odd_sides_are_transformed_back_to_their_size():
    task, kinds = task_of("TRANS", 2, 7)
    small = SmallNetwork(task.network, kinds)
    coordinates = small.gaussian(SEEDS)
    expected = task.network.forward(small.layers(coordinates), task.x)
    assert torch.allclose(small.forward(coordinates, task.x), expected, atol=1e-12)


def test_layers_that_do_not_fit_are_refused():
    s4, turns = groups.symmetric(4), groups.image_rotations(4)
    graph, image = reps.adjacency(s4), reps.image(turns)
    cases = {
        "circulant": (EquivariantMaps(image, image), "expected cyclic convolutions"),
        "relabelling": (EquivariantMaps(image, image), "expected 15-dimensional"),
        "shared": (EquivariantMaps(graph, graph), "expected a free action"),
        "invariant": (EquivariantMaps(graph, graph), "expected a trivial output"),
    }
    for kind, (maps, message) in cases.items():
        with pytest.raises(ValueError, match=message):
            small_layers.KINDS[kind](maps)
    line = groups.cyclic(16)
    with pytest.raises(ValueError, match="expected cyclic convolutions"):
        small_layers.Circulant(EquivariantMaps(reps.vector(line), reps.vector(line)))
    three = reps.adjacency(groups.symmetric(3))
    with pytest.raises(ValueError, match="expected 15-dimensional"):
        small_layers.Relabelling(EquivariantMaps(three, three))
    signed = reps.sign(groups.symmetric(2))
    with pytest.raises(ValueError, match="expected permutation representations"):
        small_layers.Invariant(EquivariantMaps(signed, signed))


def test_bad_kinds_are_named():
    task, kinds = task_of("PERM", 2, 4)
    with pytest.raises(ValueError, match="kinds: expected one per layer"):
        SmallNetwork(task.network, kinds[:2])
    with pytest.raises(ValueError, match="kinds: expected some of"):
        SmallNetwork(task.network, ["dense", *kinds[1:]])
