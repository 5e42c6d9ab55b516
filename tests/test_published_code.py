"""The notes on published code: what it does in words of ours, and the effects."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from learnsym.checks import published_code as checks
from learnsym.experiments import perm, rot, symmetric, trans
from learnsym.experiments import published_code as experiment
from learnsym.networks import losses
from learnsym.networks.mlp import norms
from learnsym.training.symmetric import train

FEW = {
    "samples": 12, "channels": 2, "batch": 6, "runs": 2, "epochs": 3, "passes": 3, "block": 2,
    "workers": 1,
}  # fmt: skip
SMALL = {
    "PERM": perm.Config(**FEW, nodes=4, widths=(4, 3)),
    "TRANS": trans.Config(**FEW, side=4, width=4),
    "ROT": rot.Config(**FEW, side=6),
}


@pytest.mark.parametrize("side", (3, 4))
def test_turns_drawn(side):
    assert list(checks.turns_drawn(side, True).values()) == pytest.approx([0.4, 0, 0.6, 0])
    assert list(checks.turns_drawn(side, False).values()) == pytest.approx([0.4, 0.4, 0.2, 0])


def test_shifts_drawn():
    law = checks.shifts_drawn(4)
    assert law == pytest.approx([0.4, 0.2, 0.2, 0.2])


def test_labels_depend_on_the_threshold():
    disconnected, wrong, missed = checks.label_errors(300, 3, threshold=1e-9)
    assert disconnected > 50 and (wrong, missed) == (0, 0)
    assert checks.label_errors(300, 3, threshold=-1.0) == (disconnected, disconnected, 0)
    assert checks.label_errors(300, 3, threshold=1e3) == (disconnected, 0, 300 - disconnected)


def test_upright_shapes(monkeypatch):
    config = replace(SMALL["ROT"], samples=20, batch=10, side=14)
    task = experiment.upright_shapes(config)
    masks = task.y.reshape(20, 2, 196)
    assert torch.equal(masks.sum(1), task.x) and set(task.x.unique().tolist()) == {0.0, 1.0}
    assert bool(((masks.sum(-1) > 0).sum(1) == 1).all())
    monkeypatch.setattr(experiment, "RADII", (0.75, 0.75))
    monkeypatch.setattr(experiment, "SHIFT", 0.0)
    centred = experiment.upright_shapes(config)
    assert len(centred.x.unique(dim=0)) == 2  # one triangle and one pentagon
    turned = rot.problem(config).task
    assert len(turned.x.unique(dim=0)) == 20


@pytest.mark.parametrize("name", experiment.TASKS)
def test_public_start_is_equivariant_and_scaled(name):
    task = experiment.TASKS[name].problem(SMALL[name]).task
    network, seeds = task.network, list(range(300))
    weights = experiment.public_start(network, seeds, per_output=name == "PERM")
    assert norms(network.complement(weights)).max() < 1e-12
    plain = network.project(network.gaussian(seeds))
    size = np.sqrt(network.spaces[0].rho.dimension)
    factor = 1 / size if name != "PERM" else 1 / (size * np.sqrt(2))
    assert torch.allclose(weights[0], factor * plain[0])
    if name != "ROT":
        invariant = weights[experiment.acting_layers(network)[-1]]
        parts = invariant.unflatten(-1, (2, -1))
        assert torch.allclose(parts, parts[..., :1].expand(parts.shape))
        assert invariant.square().mean().item() == pytest.approx(1 / 4, rel=0.15)
        m = network.spaces[-1 if name == "TRANS" else -2].channels
        assert torch.allclose(weights[-1], plain[-1] * size / (4 if name == "TRANS" else m))


def test_softmax_twice_is_bounded_below():
    outputs, classes = 50 * torch.eye(10, dtype=torch.float64), torch.arange(10)
    found = experiment.softmax_twice(outputs, classes)
    assert found == pytest.approx(np.log(1 + 9 / np.e) * np.ones(10))
    assert losses.cross_entropy(outputs, classes) == pytest.approx(np.zeros(10), abs=1e-12)


def test_public_equivariant_is_off_in_one_layer_only():
    config = SMALL["PERM"]
    task, schedule = perm.problem(config).task, config.schedule()
    begin = symmetric.start(task.network, config, config.seeds())
    final = experiment.public_equivariant(task, begin, schedule)
    parts = [norms([part]) for part in task.network.complement(final)]
    assert experiment.acting_layers(task.network) == [0, 1]
    assert parts[1].min() > 1e-9 and max(parts[k].max() for k in (0, 2, 3)) < 1e-13
    clean, _ = train(task, begin, "equivariant", schedule, config.seeds())
    assert norms(task.network.complement(clean)).max() < 1e-13


def test_equivariant_step():
    found = experiment.equivariant_step(SMALL["PERM"])
    assert found.drift == pytest.approx(found.step, rel=1e-9)
    assert np.all(found.apart < 1e-2) and np.all(found.drift < found.nominal)


def test_first_steps_are_those_of_training():
    config = SMALL["TRANS"]
    task = trans.problem(config).task
    begin = symmetric.start(task.network, config, config.seeds())
    schedule = replace(config.schedule(), epochs=1)
    _, nominal = train(task, begin, "nominal", schedule, config.seeds())
    rows = experiment.first_steps(task, begin, config.batch)
    assert config.rate * rows[0] == pytest.approx(nominal.drift[-1], rel=1e-6)
    assert rows.shape == (3, 2) and np.all(rows > 0)


def test_effects_are_relative_to_the_text():
    found = experiment.effects(SMALL)
    assert set(found.start) == set(found.offset) == set(SMALL)
    for pair in (*found.start.values(), *found.offset.values(), found.softmax, found.upright):
        assert pair.shape == (2,) and np.all(np.isfinite(pair)) and np.all(pair > 0)
        assert np.any(np.abs(pair - 1) > 1e-6)
    assert np.isfinite(found.single) and found.single > 0


def test_rates_scale_drifts():
    assert experiment.rate_factors(SMALL["PERM"], (5e-5, 1e-5)) == pytest.approx(5, rel=0.05)


def test_plotted_form_squares():
    drift = np.zeros((3, 2, 4))
    drift[0, 1], drift[2, 1] = 1e-2, 1e-4
    layers = np.zeros((3, 2, 4, 3))
    layers[..., 0] = drift
    steps = np.zeros((3, 2, 4, 3))
    steps[:, 1, :, 0], steps[:, 1, :, 2] = 3.0, 4.0
    arrays = {
        "drift": drift, "layers": layers, "steps": steps, "noise": np.ones((1, 4)),
        "distance": np.sqrt((steps**2).sum(-1)), "systematic": np.ones((1, 2, 4)),
    }  # fmt: skip
    found = checks.plotted(arrays, perm.MODES, 1.0, 1)
    assert found.norms == pytest.approx((1e2, 1e4))
    assert found.acting == pytest.approx(3 / 5) and found.horizontal == pytest.approx(1)
    assert found.median == pytest.approx(1)


def test_the_experiment_stores_what_the_functions_return():
    config = replace(experiment.SCALES["smoke"], samples=12, batch=6, runs=2, block=2)
    found = experiment.run(config, progress=False)
    assert found["start"].shape == found["offset"].shape == (3, 2)
    expected = experiment.effects(config.tasks())
    assert np.allclose(found["start"][1], expected.start["TRANS"], rtol=1e-12)
    assert found["equi_drift"].shape == (2,)
    for name, values in experiment.probe(config).items():
        assert np.allclose(values, found[name], rtol=1e-9)
