"""Two-layer nonlinear networks and the experiment that trains them on digits."""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym import groups, representations
from learnsym.equivariant import invariant_basis
from learnsym.experiments import two_layer as experiment
from learnsym.networks.two_layer import (
    ACTIVATIONS,
    TwoLayer,
    mean_squared_error,
    orbit_variance,
    two_layer,
)

ALL = tuple(ACTIVATIONS)
BY_HAND = {
    "linear": lambda z: z,
    "leaky relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "relu": lambda z: np.maximum(z, 0),
    "swish": lambda z: z / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
SMALL = experiment.Config(
    images=(20, 40), hidden=(3,), activations=("relu", "linear"), starts=2, test=30, epochs=12,
    records=4,
)  # fmt: skip


def networks(rng, starts=2):
    return two_layer((6, 4, 3), ALL, starts, rng, torch.float64)


def test_outputs_agree_with_a_loop_over_runs(rng):
    nets, x = networks(rng), rng.standard_normal((6, 5))
    outputs = nets(torch.tensor(x)).detach().numpy()
    for run in range(len(outputs)):
        U, V = (p[run].detach().numpy() for p in nets.parameters)
        assert np.allclose(outputs[run], V @ BY_HAND[ALL[run // 2]](U @ x))


def test_start_is_that_of_pytorch_and_common_to_all_activations(rng):
    nets = two_layer((400, 30, 9), ALL, 3, rng)
    assert nets.first.dtype == torch.float32
    for p, columns in zip(nets.parameters, (400, 30), strict=True):
        bound = 1 / np.sqrt(columns)
        assert 0.95 * bound < p.abs().max() <= bound
        assert torch.equal(p[:3], p[3:6])
        assert not torch.equal(p[0], p[1])


def test_loss_and_its_gradient_agree_with_numpy(rng):
    nets = two_layer((6, 4, 3), ("tanh",), 1, rng, torch.float64)
    x, y = rng.standard_normal((6, 5)), rng.standard_normal((3, 5))
    loss = mean_squared_error(nets(torch.tensor(x)), torch.tensor(y))
    loss.sum().backward()
    U, V = (p[0].detach().numpy() for p in nets.parameters)
    h = np.tanh(U @ x)
    error = V @ h - y
    assert loss.item() == pytest.approx(np.sum(error**2) / 5)
    assert np.allclose(nets.second.grad[0], 2 * error @ h.T / 5)
    assert np.allclose(nets.first.grad[0], 2 * (V.T @ error * (1 - h**2)) @ x.T / 5)


def test_restricted_networks_are_invariant_and_leave_the_given_ones_alone(rng):
    rho = representations.image(groups.image_rotations(4))
    basis = invariant_basis(rho)
    nets = two_layer((16, 5, 3), ("relu",), 2, rng, torch.float64)
    tied = nets.restricted(basis)
    x = rng.standard_normal((3, 16))
    values = [tied(torch.tensor(basis.T @ rho.act(g, x).T)).detach() for g in rho.group.elements()]
    assert all(torch.allclose(value, values[0]) for value in values)
    assert np.allclose(tied.first.detach(), nets.first.detach().numpy() @ basis)
    with torch.no_grad():
        tied.second.zero_()
    assert nets.second.abs().min() > 0


def test_orbit_variance_agrees_with_a_loop(rng):
    outputs = rng.standard_normal((2, 3, 4 * 5))
    found = orbit_variance(torch.tensor(outputs), 4).numpy()
    for run in range(2):
        for sample in range(5):
            orbit = outputs[run][:, sample::5]
            spread = np.mean(np.sum((orbit - orbit.mean(axis=1, keepdims=True)) ** 2, axis=0))
            assert found[run, sample] == pytest.approx(spread / np.mean(np.sum(orbit**2, axis=0)))


def test_orbit_variance_at_its_ends():
    same, opposite = torch.ones(1, 2, 4), torch.tensor([[[1.0, 1.0, -1.0, -1.0]]])
    assert orbit_variance(same, 2).tolist() == [[0, 0]]
    assert orbit_variance(opposite, 2).tolist() == [[1, 1]]
    assert orbit_variance(torch.zeros(1, 2, 4), 2).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": ("sine",)}, "activations: expected some of"),
        ({"activations": ()}, "activations: expected some of"),
        ({"activations": ("relu",) * 3}, "divides the 2 runs"),
        ({"second": torch.zeros(2, 3, 5)}, "first, second: expected shapes"),
        ({"first": torch.zeros(4, 6)}, "first, second: expected shapes"),
    ],
)
def test_bad_networks_are_refused(change, message):
    good = {"first": torch.zeros(2, 4, 6), "second": torch.zeros(2, 3, 4), "activations": ("relu",)}
    TwoLayer(**good)
    with pytest.raises(ValueError, match=message):
        TwoLayer(**{**good, **change})


def test_bad_blocks_are_refused():
    with pytest.raises(ValueError, match="expected 4 blocks"):
        orbit_variance(torch.zeros(1, 2, 6), 4)


# --- experiment -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran():
    return experiment.run(SMALL, progress=False)


def test_probe_is_the_head_of_a_run(ran):
    head = experiment.probe(SMALL)
    for name, values in head.items():
        whole = ran[name] if name == "steps" else ran[name][:, :, :1]
        assert np.allclose(values, whole[: len(values)], rtol=1e-4), name


def test_runs_have_the_shapes_that_are_told(ran):
    for name in ("loss", "test_loss", "accuracy", "orbit_variance"):
        assert ran[name].shape == (len(ran["steps"]), 2, 2, 1, 2, 2)
    assert ran["steps"][0] == 0
    assert ran["steps"][-1] == SMALL.epochs
    assert np.all(ran["loss"][-1] < ran["loss"][0])


def test_data_are_apart_and_without_nines():
    data = experiment.problem(SMALL)
    assert data.train.shape == (196, 4 * 40)
    assert data.test.shape == data.gaussian.shape == (196, 4 * 30)
    assert set(data.train_labels) | set(data.test_labels) <= set(range(9))
    first, later = data.train[:, :40], data.test[:, :30]
    assert np.abs(first[:, :, None] - later[:, None]).max(axis=0).min() > 0
    with pytest.raises(ValueError, match="images, test: expected"):
        experiment.problem(dataclasses.replace(SMALL, images=(9_000,)))


def test_invariant_coordinates_are_the_same_in_all_rotations():
    data = experiment.problem(SMALL)
    blocks = (data.basis.T @ data.train).reshape(49, 4, 40)
    assert np.allclose(blocks, blocks[:, :1])


def test_linear_networks_end_alike_by_both_methods():
    config = dataclasses.replace(
        SMALL, images=(200,), activations=("linear",), starts=1, epochs=1_500, rate=3e-3
    )
    augmented, hard_wired = experiment.run(config, progress=False)["loss"][-1].ravel()
    assert augmented == pytest.approx(hard_wired, rel=0.02)
