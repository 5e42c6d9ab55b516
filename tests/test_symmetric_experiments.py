"""PERM, TRANS, ROT and which_group: small runs, their arrays, seeds, sizes and refusals."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from learnsym import groups, results
from learnsym import representations as reps
from learnsym.experiments import perm, rot, symmetric, trans, which_group
from learnsym.networks.mlp import norms
from learnsym.results import largest_deviation

EXPERIMENTS = {"perm": perm, "trans": trans, "rot": rot}
SMALL = {
    "perm": {"samples": 12, "batch": 4, "nodes": 4},
    "trans": {"samples": 10, "side": 2},
    "rot": {"samples": 10, "few": 2},
}


def small(name, **change):
    """A configuration even smaller than smoke."""
    config = EXPERIMENTS[name].SCALES["smoke"]
    return dataclasses.replace(config, **{**SMALL[name], "epochs": 2, **change})


@functools.cache
def all_arrays(name):
    return EXPERIMENTS[name].run(small(name), progress=False)


def arrays_of(name, start):
    """ROT has the arrays of two starts, and some of its own."""
    arrays, own = all_arrays(name), {"slopes", "growth", "cosine"}
    if start is None:
        return arrays
    cut = {k.removeprefix(f"{start}_"): v for k, v in arrays.items() if k.startswith(start)}
    return {k: v for k, v in cut.items() if k not in own}


@pytest.mark.parametrize(
    ("name", "start"), [("perm", None), ("trans", None), ("rot", "standard"), ("rot", "fan_in")]
)
def test_arrays_fit_each_other(name, start):
    experiment, arrays = EXPERIMENTS[name], arrays_of(name, start)
    modes, laws = experiment.MODES, len(experiment.MODES) - 3 - ("exact" in experiment.MODES)
    shapes = {key: array.shape for key, array in arrays.items()}
    assert shapes == {
        "distance": (len(modes), 3, 2), "drift": (len(modes), 3, 2), "loss": (len(modes), 2, 2),
        "steps": (len(modes), 3, 2, 4), "layers": (len(modes), 3, 2, 4), "noise": (2, 2),
        "final_loss": (len(modes), 2), "accuracy": (len(modes), 2), "systematic": (1 + laws, 3, 2),
    }  # fmt: skip
    for whole, parts in (("distance", "steps"), ("drift", "layers")):
        assert np.allclose(arrays[whole], np.sqrt((arrays[parts] ** 2).sum(-1)))
    assert np.all((arrays["accuracy"] >= 0) & (arrays["accuracy"] <= 1))
    assert np.allclose(arrays["loss"][0, 0], arrays["loss"][1, 0])  # the same start and data
    assert not np.isclose(*arrays["drift"][0, -1])  # runs differ
    drift = dict(zip(modes, arrays["drift"][:, -1], strict=True))
    assert np.all(drift["nominal"] > 0) and np.all(drift["augmented"] > 0)
    assert np.all(drift["equivariant"] < 1e-6 * drift["nominal"])
    if "exact" in drift:
        assert np.all(drift["exact"] < 1e-6 * drift["nominal"])
        assert np.all(drift["half turns"] > drift["exact"])


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_ensemble_is_its_single_runs(name):
    alone = EXPERIMENTS[name].run(small(name, block=1), progress=False)
    assert largest_deviation(all_arrays(name), alone) < 1e-9


def test_probes_of_large_networks_are_the_first_loss():
    config = small("trans", channels=8, runs=1)
    found, probe = trans.run(config, progress=False), trans.probe(config)
    assert probe["loss"].shape == (1, 1, 1) and list(probe) == ["loss"]
    assert largest_deviation(found, probe) < 1e-9
    other = trans.probe(dataclasses.replace(config, seed=1))
    assert largest_deviation(found, other) > 1e-3
    assert len(trans.probe(small("trans"))["drift"]) == len(trans.MODES)


def test_groups_have_a_row_each_and_published_sizes():
    config = dataclasses.replace(which_group.SCALES["smoke"], samples=5, epochs=1, runs=1)
    arrays = which_group.run(config, progress=False)
    assert arrays["drift"].shape == (5, 3, 2, 1) and arrays["systematic"].shape == (5, 2, 1)
    nominal = arrays["drift"][:, 0, -1]
    assert np.allclose(arrays["systematic"][:4, -1], nominal[:4], rtol=1e-2)
    # orbits of index pairs and of pixels: x-translations have 14 * 196 and 14
    orbits = {"rotations": (9_604, 49), "x-translations": (2_744, 14), "translations": (196, 1),
              "roto-translations": (51, 1)}  # fmt: skip
    whole = 196**2 * (32 + 32**2) + 32 * 32 * 196 + 320
    expected = [(15 * 32 + 2 * 32 * 64 + 64 * 32 + 32, 100**2 * 32 + 100 * 32 * 64 + 64 * 32 + 32)]
    sizes = [(pairs * 1_056 + points * 1_024 + 320, whole) for pairs, points in orbits.values()]
    expected += [sizes[2], (9_604 * 1_600, 196**2 * 1_600), *sizes]
    np.testing.assert_array_equal(arrays["dimensions"], expected)


def test_weights_start_in_the_equivariant_layers():
    config = small("trans", channels=4, side=4)
    net = trans.problem(config).task.network
    many = list(range(50))
    standard = symmetric.start(net, config, many)
    assert norms(net.complement(standard)).max() < 1e-12
    # |Pi A|^2 of a standard Gaussian matrix is chi-squared with dim E degrees of freedom
    size = net.equivariant_dimension
    assert norms(standard).square().mean().item() == pytest.approx(
        size, rel=5 * (2 / size / 50) ** 0.5
    )
    scaled = symmetric.start(net, dataclasses.replace(config, start="fan in"), many)
    for A, B in zip(standard, scaled, strict=True):
        assert torch.allclose(A, B * np.sqrt(A.shape[-1]))


def test_slopes_of_rot_are_those_of_the_first_steps():
    for start in ("standard", "fan_in"):
        arrays = {k.removeprefix(f"{start}_"): v for k, v in all_arrays("rot").items()}
        inside, off, mean = arrays["slopes"]
        rows = dict(zip(rot.MODES, arrays["layers"][:, 1], strict=True))
        steps = dict(zip(rot.MODES, arrays["steps"][:, 1], strict=True))
        rate = small("rot").rate
        assert rate * inside == pytest.approx(steps["equivariant"], rel=1e-6)
        assert rate * off == pytest.approx(rows["nominal"], rel=1e-6)
        assert rate * norms_of(off) == pytest.approx(arrays["systematic"][0, 1])
        assert rate * norms_of(mean) == pytest.approx(arrays["systematic"][1, 1])


def norms_of(layers):
    return np.sqrt((layers**2).sum(axis=-1))


def test_growth_after_a_push_off_e_is_linear(monkeypatch):
    config = small("rot", samples=5, epochs=3, rate=1e-2)
    found = rot.pushed((config, 0))
    assert found["growth"][0] == 1 and found["cosine"].shape == (3,)
    assert np.all(np.abs(found["cosine"]) <= 1 + 1e-12)
    # linear: a push ten times as large grows by the same factors
    monkeypatch.setattr(rot, "PUSH", 10 * rot.PUSH)
    again = rot.pushed((config, 0))
    assert again["growth"] == pytest.approx(found["growth"], rel=1e-4)


def test_shapes_of_rot(monkeypatch):
    drawn = rot.problem(small("rot", side=14)).task
    absent = drawn.y.reshape(-1, 2, 196).all(-1)
    assert (absent.sum(1) == 1).all() and drawn.x.min() < 0.5 and drawn.x.max() == 1
    turned = rot.problem(small("rot", side=14, shapes="turned")).task.x.reshape(-1, 14, 14)
    turns = np.array([np.rot90(drawn.x.reshape(-1, 14, 14), k, axes=(1, 2)) for k in range(4)])
    same = (turns == turned.numpy()).all((2, 3))
    assert same.any(0).all() and not same[0].all()
    shipped = (np.full((20, 14, 14), 0.5), np.ones((20, 2, 14, 14)))
    monkeypatch.setattr(rot, "published_shapes", lambda: shipped)
    task = rot.problem(small("rot", side=14, shapes="shipped")).task
    assert task.x.shape == (10, 196) and bool((task.x == 0.5).all())


def test_laws_count_quarter_turns():
    group = groups.image_rotations(3)
    law = rot.by_turns(group, {1: 0.25, 2: 0.75})
    picture = np.arange(9.0).reshape(3, 3)
    for probability, g in zip(law, group.elements(), strict=True):
        moved = reps.image(group).act(g, picture.ravel()).reshape(3, 3)
        turns = [np.array_equal(moved, np.rot90(picture, k)) for k in range(4)]
        assert probability == {1: 0.25, 2: 0.75}.get(turns.index(True), 0.0)


def test_published_sizes_are_those_of_the_paper():
    assert (perm.Config().samples, perm.Config().batch) == (1_000, 200)
    assert (trans.PUBLISHED.samples, rot.PUBLISHED.samples) == (10_000, 3_000)
    for config in (perm.SCALES["paper"], trans.PUBLISHED, rot.PUBLISHED):
        assert (config.runs, config.epochs, config.passes) == (30, 50, 25)
        assert (config.rate, config.channels, config.start) == (5e-5, 32, "standard")
    paper = trans.SCALES["paper"]  # the published size, as far as an hour carries
    few = {"runs": 1, "epochs": paper.epochs, "workers": 1, "threads": 2}
    assert dataclasses.replace(trans.PUBLISHED, **few) == paper
    assert rot.problem(small("rot")).task.target_space is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passes": 0}, "passes"),
        ({"rate": -1.0}, "rate"),
        ({"epochs": 0}, "epochs"),
        ({"batch": 7}, "batch: expected a divisor"),
        ({"batch": 0}, "batch"),
        ({"runs": 0}, "runs"),
        ({"channels": 1.5}, "channels"),
        ({"start": "zero"}, "start: expected one of"),
        ({"device": "tpu"}, "device: expected one of"),
        ({"workers": 0}, "workers"),
    ],
)
def test_bad_configurations_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        small("perm", **change)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: results.obtain("perm", "huge"), "scale: expected one of smoke, book, paper"),
        (
            lambda: symmetric.outcome(perm.problem, small("perm"), ["sampled"]),
            "modes: expected some of",
        ),
        (lambda: rot.run(small("rot", channels=3), progress=False), "channels: .* an even number"),
        (lambda: small("rot", shapes="other"), r"shapes: expected one of .*, got 'other'"),
        (lambda: small("rot", few=0), "few: expected an integer >= 1, got 0"),
        (lambda: which_group.acting("reflections"), "group: expected one of"),
        (lambda: perm.run(small("perm", device="cuda"), progress=False), "device: expected 'cpu'"),
    ],
)
def test_bad_calls_are_named(call, words, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=words):
        call()
