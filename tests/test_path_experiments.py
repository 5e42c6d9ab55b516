"""TRANS and ROT along equivariant paths: small runs, their arrays, time limits, refusals."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from learnsym.experiments import paths, rot, rot_direct, rot_paths, symmetric, trans, trans_paths
from learnsym.experiments.sweep import keeping
from learnsym.networks.blocks import BlockMlp
from learnsym.results import largest_deviation

EXPERIMENTS = {"trans": trans_paths, "rot": rot_paths}
DENSE = {"trans": trans, "rot": rot}
both = pytest.mark.parametrize("name", EXPERIMENTS)


def small(name, **change):
    return dataclasses.replace(EXPERIMENTS[name].SCALES["smoke"], **change)


@functools.cache
def arrays_of(name):
    return EXPERIMENTS[name].run(small(name), progress=False)


def run(name, **change):
    return EXPERIMENTS[name].run(small(name, **change), progress=False)


@both
def test_arrays_have_the_shapes_that_are_documented(name):
    arrays, sampled = arrays_of(name), 2 if name == "rot" else 1
    assert {key: array.shape for key, array in arrays.items()} == {
        "seeds": (2,), "steps": (4, 2, 4), "noise": (3, 2, 4), "loss": (3, 2), "final_loss": (2,),
        "accuracy": (2,), "nominal": (3, 2, 4), "zeroth_nominal": (3, 2, 4), "coarse": (2,),
        "augmented": (sampled, 3, 2, 4), "zeroth_augmented": (sampled, 3, 2, 4),
        "mean": (1, 3, 2, 4), "early_nominal": (2, 4), "early_augmented": (2, 4),
        "error": (2, 2), "zeroth_error": (2, 2), "trained": (2, 4, 2, 4),
    }  # fmt: skip
    assert arrays["seeds"].tolist() == [0, 1]
    direct = arrays.keys() - run(name, direct=False, runs=1).keys()
    assert direct == {"error", "zeroth_error", "trained"}
    dense = symmetric.outcome(DENSE[name].problem, small(name), ("nominal", "augmented"))
    np.testing.assert_allclose(arrays["trained"], dense["layers"], rtol=1e-9, atol=1e-14)
    assert np.all(arrays["steps"][0] == 0) and np.all(np.diff(arrays["steps"], axis=0) > 0)
    moved = 4 if name == "rot" else 3
    for key in ("noise", "nominal", "augmented", "mean", "early_nominal"):
        assert np.all(arrays[key][..., :moved] > 0) and not np.any(arrays[key][..., moved:])


@both
def test_dense_training_agrees(name):
    """At a tenth of the rate, where the drift changes gradients little."""
    arrays = run(name, rate=5e-6, direct=False)
    setting = small(name, rate=5e-6)
    laws = rot.laws(setting) if name == "rot" else trans_paths.laws(setting)
    modes = ("nominal", "equivariant", "augmented", *(laws if name == "rot" else ()))
    dense = symmetric.outcome(DENSE[name].problem, setting, modes, laws, progress=False)
    exact = {key: dense[key][1] for key in ("loss", "steps", "final_loss", "accuracy")}
    for key, expected in exact.items():
        np.testing.assert_allclose(arrays[key], expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(arrays["noise"].sum(-1), dense["noise"], rtol=1e-9)
    means = np.linalg.norm([arrays["zeroth_nominal"], *arrays["mean"]], axis=-1)
    np.testing.assert_allclose(means, dense["systematic"][:, 1:], rtol=1e-4)
    layers = dict(zip(modes, dense["layers"], strict=True))
    np.testing.assert_allclose(arrays["nominal"], layers["nominal"][1:], rtol=1e-2)
    sampled = [layers[mode][1:] for mode in modes[2:]]
    np.testing.assert_allclose(arrays["augmented"], sampled, rtol=1e-2)
    for key, mode in (("nominal", "nominal"), ("augmented", "augmented")):
        np.testing.assert_allclose(arrays[f"early_{key}"][0], layers[mode][1, 0], rtol=1e-4)
        np.testing.assert_allclose(arrays[f"early_{key}"][1], layers[mode][2, 0], rtol=1e-2)


@both
def test_errors_shrink_with_the_rate(name):
    small_rate, smaller = (run(name, rate=rate, runs=1) for rate in (4e-6, 1e-6))
    for key in ("error", "zeroth_error"):
        assert np.all((small_rate[key] > 0) & (small_rate[key] < 2e-3))
        np.testing.assert_allclose(small_rate[key], 4 * smaller[key], rtol=0.5)


@both
def test_errors_tell_other_draws(name, monkeypatch):
    drawn = paths._drawn
    monkeypatch.setattr(paths, "_drawn", lambda *arguments: drawn(*arguments).conj())
    nominal, augmented = run(name, rate=1e-6, runs=1)["error"]
    assert nominal < 1e-3 and augmented > 0.1


@both
def test_a_run_does_not_depend_on_its_neighbours_and_seeds_differ(name):
    arrays, one = arrays_of(name), run(name, runs=1)
    assert largest_deviation(arrays, one) < 1e-12
    other = run(name, runs=1, seed=1)
    assert other["seeds"].tolist() == [1_000]
    assert largest_deviation(arrays, {"nominal": other["nominal"]}) > 1e-2
    assert not np.isclose(arrays["nominal"][-1, 0], arrays["nominal"][-1, 1])[:3].any()


@both
def test_probes_of_large_networks_are_the_first_epoch(name):
    change = {"samples": 10, "channels": paths.LARGE, "images": 5, "runs": 1, "direct": False}
    found = run(name, **change)
    probe = EXPERIMENTS[name].probe(small(name, **change))
    shapes = {key: array.shape for key, array in probe.items()}
    assert shapes == {"steps": (2, 1, 4), "noise": (1, 1, 4), "loss": (1, 1)}
    assert largest_deviation(found, probe) < 1e-12
    other = EXPERIMENTS[name].probe(small(name, **change, seed=1))
    assert largest_deviation(found, other) > 1e-3


@pytest.mark.parametrize(("epochs", "stages"), [(3, 3), (15, 3), (25, 5), (10, 5), (7, 7), (4, 1)])
def test_the_coarse_rule_integrates_parabolas(epochs, stages):
    """From nodes in the middles of the stages."""
    setting = small("trans", epochs=epochs, stages=stages)
    weights, nodes, length = paths._quadratic(setting), setting.nodes(), epochs // stages
    assert nodes == [stage * length + length // 2 for stage in range(stages)]
    for power in range(min(stages, 3)):
        found = sum(weight * nodes[stage] ** power for stage, weight in weights.items())
        assert found == pytest.approx(sum(epoch**power for epoch in range(epochs)))


@both
@pytest.mark.parametrize("start", ["standard", "fan in"])
def test_paths_start_where_dense_training_does(name, start):
    setting = small(name, start=start)
    net = BlockMlp(DENSE[name].problem(setting).task.network)
    expected = symmetric.start(net.network, setting, [7])
    for A, B in zip(net.weights(paths.start(net, setting, 7)), expected, strict=True):
        assert torch.allclose(A, B[0], atol=1e-13)


def test_the_coarse_path_differs_where_there_are_more_nodes():
    assert np.all(run("trans", epochs=5, stages=5, direct=False)["coarse"] > 1e-9)
    assert np.all(arrays_of("trans")["coarse"] < 1e-6)  # the same three nodes


def test_samples_of_the_response_are_moved_one_by_one():
    task = rot.problem(small("rot")).task
    moved = paths.moved_samples(task, 10, None, 3)
    assert len(moved.x) == len(moved.y) == 10
    ways = [task.moved(g, slice(0, 10)) for g in task.network.group.elements()]
    same_x, same_y = (
        torch.stack([(way[part] == found).all(-1) for way in ways])
        for part, found in enumerate((moved.x, moved.y))
    )
    assert (same_x.sum(0) == 1).all() and len(same_x.double().argmax(0).unique()) > 1
    assert (same_y | ~same_x).all()
    still = paths.moved_samples(task, 10, (1.0, 0.0, 0.0, 0.0), 3)
    assert torch.equal(still.x, task.x[:10])


# --- limits of time -----------------------------------------------------------------------------


@both
def test_runs_that_time_left_out_are_absent(name, tmp_path, monkeypatch):
    expected = arrays_of(name)  # before time runs out
    with keeping(tmp_path):
        run(name, runs=1)
    monkeypatch.setenv("LEARNSYM_HOURS", "1e-12")
    with keeping(tmp_path) as keep:
        found = run(name, runs=2)
    assert keep.left == 1 and found["seeds"].tolist() == [0]
    assert largest_deviation(expected, found) < 1e-12
    assert found.keys() == expected.keys() and found["nominal"].shape == (3, 1, 4)
    monkeypatch.delenv("LEARNSYM_HOURS")
    with keeping(tmp_path) as keep:
        found = run(name, runs=2)
    assert keep.left == 0 and found["seeds"].tolist() == [0, 1]
    assert largest_deviation(expected, found) < 1e-12


# --- dense training of ROT ----------------------------------------------------------------------


@functools.cache
def direct():
    return rot_direct.run(rot_direct.SCALES["smoke"], progress=False)


def test_direct_runs_are_those_of_rot():
    config, modes = rot_direct.SCALES["smoke"], (*rot_direct.MODES, "equivariant")
    assert direct()["layers"].shape == (3, 3, 4, 2, 4) and direct()["seeds"].tolist() == [0, 1]
    assert {(s, r) for s, r in config.ways} >= {("standard", 5e-5), ("standard", 1e-5)}
    for number, (start, rate) in enumerate(config.ways):
        setting = dataclasses.replace(config, start=start, rate=rate)
        dense = symmetric.outcome(rot.problem, setting, modes, rot.laws(config), progress=False)
        for name in ("steps", "layers", "loss", "final_loss", "accuracy"):
            np.testing.assert_allclose(direct()[name][number], dense[name][:3], rtol=1e-12)
        np.testing.assert_allclose(direct()["inside"][number], dense["steps"][3], rtol=1e-9)
        np.testing.assert_allclose(direct()["noise"][number].sum(-1), dense["noise"], rtol=1e-9)


def test_direct_runs_that_are_not_whole_are_absent(tmp_path, monkeypatch):
    config = rot_direct.SCALES["smoke"]
    with keeping(tmp_path) as keep:
        rot_direct.run(dataclasses.replace(config, runs=1), progress=False)
    monkeypatch.setenv("LEARNSYM_HOURS", "1e-12")
    with keeping(tmp_path) as keep:
        found = rot_direct.run(config, progress=False)
    assert keep.left == 12 and found["seeds"].tolist() == [0]
    assert largest_deviation(direct(), found) < 1e-12
    next(tmp_path.glob("*seed 0 fan in*")).unlink()
    with keeping(tmp_path), pytest.raises(RuntimeError, match="before the first run was there"):
        rot_direct.run(config, progress=False)


def test_probes_of_large_direct_runs_are_the_first_loss():
    config = rot_direct.SCALES["smoke"]
    change = {"channels": paths.LARGE, "samples": 5, "runs": 1, "epochs": 1}
    large = dataclasses.replace(config, **change)
    probe = rot_direct.probe(large)
    assert probe["loss"].shape == (1, 1, 1, 1) and list(probe) == ["loss"]
    assert largest_deviation(rot_direct.run(large, progress=False), probe) < 1e-9


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 4, "stages": 2}, "stages: expected an odd number, got 2"),
        ({"epochs": 4, "stages": 3}, "stages: expected a divisor of the 4 epochs, got 3"),
        ({"stages": 0}, "stages: expected a divisor"),
        ({"stages": -1}, "stages: expected a divisor"),
        ({"stages": 1.0}, "stages: expected a divisor"),
        ({"images": 0}, "images: expected 1 to 20, got 0"),
        ({"images": 21}, "images: expected 1 to 20, got 21"),
        ({"images": 1.5}, "images: expected 1 to 20, got 1.5"),
        ({"early": True}, "early: expected 1 to 3, got True"),
        ({"early": 0}, "early: expected 1 to 3, got 0"),
        ({"early": 4}, "early: expected 1 to 3, got 4"),
        ({"passes": 0}, "passes"),
        ({"batch": 7}, "batch: expected a divisor of 20"),
        ({"start": "zero"}, "start: expected one of"),
    ],
)
@both
def test_bad_settings_are_named(name, change, message):
    with pytest.raises(ValueError, match=message):
        small(name, **change)


def outcome(laws, sampled=()):
    return paths.outcome(trans.problem, small("trans"), laws, sampled, progress=False)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: run("rot", channels=3), "channels: expected an even number"),
        (lambda: run("rot", side=7), "orbits of 4 points or of one, got image"),
        (lambda: outcome({"half": (0.5, 0.5)}), "law: expected 16 probabilities"),
        (lambda: outcome({}, ["half"]), r"sampled: expected some of \(\), got \['half'\]"),
        (lambda: run("trans", device="cuda"), "device: expected 'cpu'"),
    ],
)
def test_bad_problems_are_named(call, words, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=words):
        call()


def test_published_sizes_are_those_of_the_paper():
    fields = {"samples", "channels", "batch", "runs", "epochs", "passes", "rate", "side"}
    every = {field.name for field in dataclasses.fields(rot.PUBLISHED)}
    for module, published, kept in (
        (trans_paths, trans.PUBLISHED, fields),
        (rot_paths, rot.PUBLISHED, fields),
        (rot_direct, rot.PUBLISHED, every - {"modes", "workers", "threads"}),
    ):
        config = module.SCALES["paper"]
        for field in kept:
            assert getattr(config, field) == getattr(published, field), field
    assert (trans_paths.Config().start, rot_paths.Config().start) == ("standard", "fan in")
    assert trans_paths.SCALES["paper"].nodes() == [5, 15, 25, 35, 45]
