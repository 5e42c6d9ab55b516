"""The stored experiments on wide networks: their parts against independent computations."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from learnsym import kernels, regression
from learnsym.experiments import ewk_spectrum, lazy_training, over_parameterised, table_one
from learnsym.groups import symmetric
from learnsym.kernels import Mlp, RowSpace
from learnsym.representations import vector

SMALL = {
    ewk_spectrum: ewk_spectrum.Config(hidden=12, networks=2, points=600, ranked=400),
    table_one: table_one.Config(
        hidden=8,
        points=300,
        networks=2,
        sizes=(100, 200),
        cutoffs=(-4, -10),
        widths=(4, 6),
        repeats=2,
    ),
    over_parameterised: over_parameterised.Config(
        copied=2, orbits=(1, 2, 4, 20, 60), tested=10, networks=2
    ),
    lazy_training: lazy_training.Config(
        copied=1, orbits=8, tested=5, steps=60, twin_power=6, networks=2
    ),
}


@pytest.fixture(params=SMALL, ids=lambda module: module.__name__.rsplit(".", 1)[1])
def experiment(request):
    return request.param


@pytest.fixture(scope="module")
def runs():
    return {module: module.run(config, progress=False) for module, config in SMALL.items()}


def test_probe_is_the_beginning_of_the_run(experiment, runs):
    probe = experiment.probe(SMALL[experiment])
    assert probe
    for name, values in probe.items():
        stored = runs[experiment][name]
        assert values.dtype == stored.dtype
        leading = stored[tuple(slice(n) for n in values.shape)]
        assert np.abs(values - leading).max() <= 1e-9 * max(1, np.abs(stored).max()), name


def test_probe_of_the_spectra_leaves_nothing_out(runs):
    assert ewk_spectrum.probe(SMALL[ewk_spectrum]).keys() == runs[ewk_spectrum].keys()


def test_seed_changes_the_run(experiment, runs):
    other = experiment.run(replace(SMALL[experiment], seed=1), progress=False)
    assert other.keys() == runs[experiment].keys()
    assert any(not np.array_equal(other[name], runs[experiment][name]) for name in other)


def test_scales_have_expected_times(experiment):
    assert set(experiment.SCALES) == set(experiment.EXPECTED_SECONDS) == {"smoke", "book"}
    assert experiment.SCALES["smoke"].seed == experiment.SCALES["book"].seed == 0


def test_published_sizes_are_those_of_the_book():
    assert ewk_spectrum.SCALES["book"].mlp.parameters == 501
    assert ewk_spectrum.SCALES["book"].points == 100_000
    assert table_one.SCALES["book"].hidden == 100


def test_spectra_are_dense_spectra(runs):
    config, found = SMALL[ewk_spectrum], runs[ewk_spectrum]
    for network in range(2):
        theta, cube = ewk_spectrum.draw(config, network)
        for k, X in enumerate((cube, 2 * cube - 1)):
            F = kernels.weight_features(config.mlp, theta, X)
            dense = np.linalg.svd(F, compute_uv=False)[::-1] ** 2 / len(X)
            assert found["eigenvalues"][network, k] == pytest.approx(dense, abs=1e-12)
            assert found["single"][network, k] == pytest.approx(dense, abs=1e-5)
            W, b, _, _ = config.mlp.unpack(theta)
            assert found["dead"][network, k] == np.sum((X @ W.T + b).max(axis=0) <= 0)
            assert found["always"][network, k] == np.sum((X @ W.T + b).min(axis=0) > 0)
    assert np.array_equal(found["forced"], found["found"])
    assert np.array_equal(found["exact_zeros"], 5 * found["dead"])


def test_table_is_the_one_of_a_plain_computation(runs):
    found = runs[table_one]
    rng = np.random.default_rng([0, 0, 1])
    mlp = Mlp(3, 8)
    theta, (seen, unseen) = mlp.draw(rng), rng.uniform(size=(2, 300, 3))
    images = ([1, 0, 2], [2, 0, 1])  # x -> (x2, x1, x3) and x -> (x3, x1, x2)
    for k, features in enumerate((kernels.weight_features, kernels.conjugate_features)):
        for g, image in enumerate(images):
            F, Fg, Z, Zg = (features(mlp, theta, X) for X in _both(seen, unseen, image))
            before = np.sqrt(((F - Fg) ** 2).sum()) / 300
            assert found["frobenius"][1, k, g, 0] == pytest.approx(before, rel=1e-4)
            solved = np.linalg.lstsq(F, Fg, rcond=1e-5)[0]
            errors = np.linalg.norm(Z - Zg, axis=1).mean(), np.linalg.norm(Z @ solved - Zg, axis=1)
            assert found["exact"][1, k, g] == pytest.approx([errors[0], errors[1].mean()], rel=1e-3)
            share = np.linalg.norm(Z @ solved - Zg) / np.linalg.norm(Z - Zg)
            assert found["cutoff_error"][1, -1, k, g] == pytest.approx(share, rel=1e-3)


def _both(seen, unseen, image):
    return seen, seen[:, image], unseen, unseen[:, image]


def test_frobenius_and_mean_norms_are_related(runs):
    found = runs[table_one]
    # the root mean square is at least the mean
    rms = found["frobenius"][..., 0] * np.sqrt(300)
    assert (rms >= found["mean"][..., 0] * (1 - 1e-6)).all()
    assert (found["frobenius"][:, 0, :, 0] > found["frobenius"][:, 1, :, 0]).all()


def test_label_is_invariant(rng):
    points = rng.standard_normal((4, 3))
    orbits = regression.augment(points, vector(symmetric(3)))
    assert over_parameterised.label(orbits) == pytest.approx(
        np.tile(3 * points[:, 0] * points[:, 1] * points[:, 2], (6, 1))
    )


def test_closed_network_follows_the_theorem_and_the_ordinary_one_does_not(runs):
    found = runs[over_parameterised]
    from_zero = found["asymmetry"][..., 1]
    assert from_zero[:, :, 1].max() < 1e-9 < 1e-3 < from_zero[:, :, 0].min()
    assert found["asymmetry"][:, :, 1, 0] == pytest.approx(found["predicted"], abs=1e-9)
    assert (np.diff(found["unseen"], axis=1) <= 1e-12).all()
    assert (found["unseen"] >= found["never"][:, None] - 1e-12).all()
    assert (found["rank"] <= 6 * np.array([1, 2, 4, 20, 60])[:, None]).all()


def test_limits_minimise_the_error_on_the_training_points():
    rng = np.random.default_rng(3)
    net = over_parameterised.network("closed", 2, "relu", rng)
    points = rng.uniform(-1, 1, (2, 3))
    orbits = regression.augment(points, vector(symmetric(3)))
    rows = net.features(orbits).reshape(12, -1)
    y = over_parameterised.label(orbits).ravel()
    w = RowSpace(rows).limit(net.mlp.output_part(net.theta), y)
    best = np.linalg.lstsq(rows, y, rcond=1e-11)[0]
    assert rows @ w == pytest.approx(rows @ best, abs=1e-8)


def test_unknown_kinds_are_named(rng):
    with pytest.raises(ValueError, match=r"kind: expected one of .*got 'open'"):
        over_parameterised.network("open", 2, "relu", rng)


def test_training_is_that_of_a_plain_loop(runs):
    config, found = SMALL[lazy_training], runs[lazy_training]
    job = lazy_training.task(config, ("closed", "tanh"))
    net = job.networks[1]
    _, eta = lazy_training.twin(net, job.training)
    alpha = config.alphas[1]
    X, Z = (torch.tensor(p.reshape(-1, 3)) for p in (job.training, job.held_out))
    theta = torch.tensor(net.theta, requires_grad=True)
    start, out = net.mlp(theta, X).detach(), net.mlp(theta, Z).detach()
    y = 3 * X.prod(dim=1)
    optimiser = torch.optim.SGD([theta], lr=eta)
    for step in range(config.steps + 1):
        if step in found["steps"]:
            values = (out + alpha * (net.mlp(theta, Z) - out)).detach().numpy().reshape(6, -1)
            place = np.searchsorted(found["steps"], step)
            asymmetry = np.abs(values - values.mean(axis=0)).mean()
            assert found["asymmetry"][3, 1, 1, place] == pytest.approx(asymmetry, rel=1e-6)
        optimiser.zero_grad()
        loss = ((y - start - alpha * (net.mlp(theta, X) - start)) ** 2).mean() / (2 * alpha**2)
        loss.backward()
        optimiser.step()


def test_twin_is_gradient_descent_on_the_gradients():
    config = SMALL[lazy_training]
    job = lazy_training.task(config, ("ordinary", "relu"))
    net = job.networks[0]
    loss, eta = lazy_training.twin(net, job.training)
    rows = net.features(job.training).reshape(-1, net.mlp.parameters)
    X = job.training.reshape(-1, 3)
    residual = 3 * X.prod(axis=1) - net.mlp(net.theta, X)
    change = np.zeros(net.mlp.parameters)
    for _ in range(50):
        change += eta * rows.T @ (residual - rows @ change) / len(rows)
    closed_form = loss.descent(np.zeros_like(change), np.array([50]), eta)[0]
    assert closed_form == pytest.approx(change, abs=1e-12)


def test_lazier_networks_are_closer_to_their_twins(runs):
    found = runs[lazy_training]
    shared = np.isin(found["twin_steps"], found["steps"])
    twins = found["twin_asymmetry"][:, :, None, shared]
    gaps = np.abs(found["asymmetry"] - twins).max(axis=(0, 1, 3))
    assert gaps[0] > 1e-3 > 1e-4 > gaps[-1]


def test_recorded_steps_contain_both_ends():
    steps = lazy_training.recorded_steps(1_000)
    assert steps[0] == 0 and steps[1] == 1 and steps[-1] == 1_000
    assert (np.diff(steps) > 0).all()
