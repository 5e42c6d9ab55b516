"""The chapter on spectral decay: its checkers are right where they should be, and able to fail."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from learnsym import regression
from learnsym.checks import invariance_flow as flows
from learnsym.checks import spectral_decay as checks
from learnsym.checks import spectral_examples as examples
from learnsym.checks import trained_spectra as trained
from learnsym.plots import spectral_decay as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows

MOVING = checks.moving_representations()
SWAP = MOVING["S2, swap of two coordinates"]
CIRCLE = MOVING["C5, circulant matrices"]
OBLIQUE = MOVING["S3 in skew coordinates"]
DISTURB = 1.2


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def slow_error(net, X, rho):
    """LI by loops over samples and group elements."""
    values = []
    for x in X:
        for g in rho.group.elements():
            values.append(np.sum((net(x[None]) - net((rho.matrix(g) @ x)[None])) ** 2))
    return np.mean(values)


@pytest.mark.parametrize("rho", [CIRCLE, OBLIQUE], ids=["permutation", "oblique"])
def test_difference_moment_gives_the_error(rho, rng):
    X, W = rng.standard_normal((4, rho.dimension)), rng.standard_normal((2, rho.dimension))
    M = flows.difference_moment(X, rho)
    assert np.trace(W @ M @ W.T) == pytest.approx(slow_error(flows.Layers((W,)), X, rho))


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("relu", [False, True])
def test_gradient_against_autograd(relu, biases, rng):
    net = flows.random_layers((5, 4, 3, 2), rng, relu, biases)
    X = rng.standard_normal((3, 5))
    moved = regression.augment(X, CIRCLE)
    error, slopes = flows.gradient(net, X, moved)
    leaves = [torch.tensor(p, requires_grad=True) for p in net.parameters]

    def apply(rows):
        h = torch.tensor(rows)
        for k in range(3):
            h = h @ leaves[k].T + (leaves[3 + k] if biases else 0)
            h = torch.relu(h) if relu and k < 2 else h
        return h

    loss = (apply(X) - apply(moved)).square().sum(-1).mean()
    expected = torch.autograd.grad(loss, leaves, allow_unused=True)
    assert error == pytest.approx(loss.item()) == pytest.approx(slow_error(net, X, CIRCLE))
    for slope, other in zip(slopes, expected, strict=True):
        other = np.zeros_like(slope) if other is None else other.numpy()
        np.testing.assert_allclose(slope, other, atol=1e-12)


def test_layers_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="weights: expected matrices"):
        flows.Layers((np.eye(2), np.eye(3)))
    with pytest.raises(ValueError, match="biases: expected a vector"):
        flows.Layers((np.eye(2),), (np.zeros(3),))


@given(st.integers(0, 10_000), st.floats(0, 3))
def test_linear_path_is_the_matrix_exponential_and_a_contraction(seed, time):
    rng = np.random.default_rng(seed)
    A, W = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    M = A.T @ A  # singular
    (found,) = checks.linear_path(W, M, np.array([time]))
    np.testing.assert_allclose(found, W @ expm(-2 * M * time), atol=1e-9)
    before, after = flows.singular_values(W), flows.singular_values(found)
    assert (after <= before + 1e-12).all()


def test_linear_path_refuses_other_matrices():
    with pytest.raises(ValueError, match="M: expected a symmetric matrix"):
        checks.linear_path(np.eye(2), np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([0.0]))


@pytest.mark.parametrize("rho", [SWAP, CIRCLE, OBLIQUE], ids=["swap", "circle", "oblique"])
def test_linear_flow_holds(rho, rng):
    found = checks.linear_flow(rho, rng)
    assert max(found.path, found.rise, found.limit, found.invariance) < 1e-8
    assert found.rate < 1e-6


def test_linear_flow_fails_on_a_wrong_moment(rng, monkeypatch):
    right = checks.difference_moment
    monkeypatch.setattr(checks, "difference_moment", lambda X, rho: DISTURB * right(X, rho))
    found = checks.linear_flow(CIRCLE, rng)
    assert found.path > 1e-3
    assert found.rate > 1e-3


def test_rise_sees_a_rise():
    assert flows.rise([[2.0, 1.0], [1.9, 1.1]]) == pytest.approx(0.05)
    assert flows.rise([2.0, 1.0]) < 0


def test_kernel_excess_by_hand(rng):
    images = MOVING["C4, 4x4 images"]
    # 12 asymmetric directions, 4 copies of each of three kinds; one orbit spans one of each
    assert checks.kernel_excess(images, 1, rng) == 9
    assert checks.kernel_excess(images, 4, rng) == 0


def test_moment_gap(rng, monkeypatch):
    assert checks.moment_gap(CIRCLE, rng) < 1e-12
    monkeypatch.setattr(checks, "asymmetric_projector", lambda rho: np.eye(rho.dimension))
    assert checks.moment_gap(CIRCLE, rng) > 1e-3


def test_descent_turns_at_the_limit(rng):
    assert checks.descent_rise(CIRCLE, 1.0, rng) < 1e-10
    assert checks.descent_rise(CIRCLE, 1.02, rng) > 1e-3


def test_norms_and_last_layer(rng):
    X = rng.standard_normal((4, 5))
    for biases in (False, True):
        linear = flows.random_layers((5, 4, 2), rng, False, biases)
        path = flows.flow(linear, X, CIRCLE, np.linspace(0, 2, 9))
        bent = flows.random_layers((5, 4, 4, 2), rng, True, biases)
        steps = flows.descend(bent, X, CIRCLE, 2e-3, 150)
        assert np.abs(checks.euler_gaps(bent, X, CIRCLE)).max() < 1e-12
        assert checks.norm_gaps(path).max() < 1e-7
        assert checks.norm_gaps(steps).max() < 1e-2
        for one in (path, steps):
            assert flows.rise(flows.singular_values(one.weights[-1])) < 1e-8
            assert (one.error[1:] <= checks.error_bound(one)).all()
        wrong = flows.Path(path.times, path.weights, path.biases, path.error, DISTURB * path.spent)
        assert checks.norm_gaps(wrong).max() > 1e-3
    with pytest.raises(ValueError, match="rate: expected a positive"):
        flows.descend(bent, X, CIRCLE, 0.0, 2)


def test_euler_needs_the_later_biases(rng):
    net = flows.random_layers((5, 4, 4, 2), rng, True, True)
    X = rng.standard_normal((4, 5))
    without = flows.Layers(net.weights, None, True)
    error, slopes = flows.gradient(net, X, regression.augment(X, CIRCLE))
    assert np.sum(slopes[0] * without.weights[0]) != pytest.approx(2 * error)


def test_balanced_layers_and_slopes(rng):
    net = checks.balanced_layers(5, 3, rng)
    for below, above in zip(net.weights, net.weights[1:], strict=False):
        np.testing.assert_allclose(above.T @ above, below @ below.T, atol=1e-12)
    X = rng.standard_normal((4, 5))
    path = flows.flow(net, X, CIRCLE, np.array([0.0, 1e-5]))
    matrices = [*path.weights, path.product]
    numeric = [np.diff(np.linalg.norm(m, 2, axis=(1, 2)))[0] / 1e-5 for m in matrices]
    slopes = checks.sigma_slopes(net, X, CIRCLE)
    assert slopes == pytest.approx(numeric, rel=1e-2, abs=1e-4)
    assert slopes.max() <= 1e-12


def test_examples_grow_as_stated():
    layer = examples.example_path(examples.growing_layer(), 20)
    top = np.linalg.norm(layer.weights[0], 2, axis=(1, 2))
    assert top[[0, -1]] == pytest.approx([1, 1.098], abs=5e-4)
    assert checks.sigma_slopes(*examples.growing_layer())[0] == pytest.approx(2.32)
    expected = [1 / 16, 831 / (128 * np.sqrt(5))]
    for relu in (False, True):
        example = examples.growing_product(relu)
        assert checks.sigma_slopes(*example)[[0, 2]] == pytest.approx(expected)
        path = examples.example_path(example, 20)
        jacobian = examples.output_jacobian(path, examples.SAMPLE[0], relu)
        assert jacobian == pytest.approx(np.linalg.norm(path.product, 2, axis=(1, 2)))
        assert jacobian[-1] > 1.15 * jacobian[0]


@pytest.mark.parametrize("relu", [False, True])
def test_growth_by_any_factor(relu):
    path = examples.example_path(examples.large_growth(7.0, relu), 5)
    sizes = np.linalg.norm(path.product, 2, axis=(1, 2))
    assert sizes[-1] / sizes[0] == pytest.approx(7 * np.sqrt(np.sqrt(2) - 1), rel=1e-6)


def test_large_growth_needs_a_positive_number():
    with pytest.raises(ValueError, match="s: expected a positive number, got -1"):
        examples.large_growth(-1)


def test_mirror_turns_its_normal_around():
    rho = examples.mirror([1.0, 1.2])
    moved = [rho.matrix(g) @ [1.0, 1.2] for g in rho.group.generators]
    np.testing.assert_allclose(moved, [[-1.0, -1.2]])


def test_penalised_fit_against_gradient_and_closed_form(rng):
    X, Y = rng.standard_normal((6, 2)), rng.standard_normal((6, 1))
    M = flows.difference_moment(X, SWAP)
    (W,) = examples.penalised_fit(X, Y, M, [0.7])
    slope = 2 * (W @ X.T - Y.T) @ X / 6 + 0.7 * 2 * W @ M
    np.testing.assert_allclose(slope, 0, atol=1e-12)
    assert max(examples.orbit_fit_gap(CIRCLE, rng)) < 1e-10
    points, targets = examples.crowded_points()
    fits = examples.penalised_fit(
        points, targets, flows.difference_moment(points, SWAP), [0.0, 1e9]
    )
    np.testing.assert_allclose(fits[:, 0], [[1, 0], [1.4, 1.4]], atol=1e-6)
    with pytest.raises(ValueError, match="strengths: expected at least 0, got -1"):
        examples.penalised_fit(X, Y, M, [-1.0])


def test_orbit_fit_gap_fails_without_orbits(rng, monkeypatch):
    monkeypatch.setattr(examples, "augment", lambda X, rho: rng.standard_normal((2, *X.shape)))
    assert max(examples.orbit_fit_gap(CIRCLE, rng)) > 1e-3


def test_distribution_slope_and_path():
    def divergence(s, z, t):
        p, q = 1 / (1 + np.exp(-s * z)), 1 / (1 + np.exp(-s * t))
        return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))

    for z, t in ((6, 2), (2, 6), (0.5, -0.3)):
        numeric = (divergence(1 + 1e-6, z, t) - divergence(1 - 1e-6, z, t)) / 2e-6
        assert examples.distribution_slope(z, t) == pytest.approx(numeric, abs=1e-7)
    path = examples.distribution_path(
        np.array([2.0, 0.0]), np.array([[3.0, 1.0]]), SWAP, np.linspace(0, 2, 5)
    )
    assert path["error"][0] == pytest.approx(divergence(1, 6, 2) / 2)
    assert (np.diff(path["sigma"]) > 0).all()
    assert (np.diff(path["error"]) < 0).all()


def test_shares_never_count_the_last_layer(rng):
    shares = checks.rising_shares(SWAP, (2, 1), 60, rng)
    assert shares[1] == 0
    assert shares[0] > 0


def results(rng, seed=0):
    """Two results as the experiments return them: sizes of layers grow with the model's place."""
    config = SimpleNamespace(seed=seed, train=5, epochs=3, hidden=2, width=4, runs=2)
    pair = []
    for _ in range(2):
        arrays = {name: rng.uniform(1, 2, (2, 3, 2)) for name in trained.MEASURES}
        arrays["layer_norms"] = rng.uniform(1, 2, (2, 3, 2, 3))
        arrays["path_layer_norms"] = rng.uniform(1, 2, (2, 3, 2, 4, 3))
        arrays["similarities"] = rng.uniform(0, 1, (2, 3, 2, 6))
        arrays["epochs"] = np.array([1, 2, 3, 4])
        pair.append(SimpleNamespace(arrays=arrays, config=config))
    pair[0].arrays["strength_similarity"] = rng.uniform(0, 1, (2, 4))
    pair[1].arrays["strength_similarity"] = rng.uniform(0, 1, (2, 2, 4))
    return pair


def test_results_are_joined(rng):
    augmented, restrained = results(rng)
    nets = trained.from_results(augmented, restrained)
    assert nets.models == ("DA", "LI", "DI", "normalised LI", "size")
    norms = augmented.arrays["spectral_norm"], restrained.arrays["spectral_norm"]
    assert nets.ratio("spectral_norm", "size") == pytest.approx(
        norms[1][:, 0].mean(1) / norms[0][:, 0].mean(1)
    )
    assert np.array_equal(
        nets.of("signed_similarity", "LI"), augmented.arrays["similarities"][:, 1, :, 5]
    )
    assert nets.relative_ratio("DA") == pytest.approx([1, 1])
    assert nets.best_similarity("normalised LI") == pytest.approx(
        restrained.arrays["strength_similarity"][:, 1].max(1)
    )
    assert nets.layer_path("LI").shape == (2, 5, 3)
    assert np.array_equal(nets.layer_path("LI")[0, 0], nets.initial)
    assert nets.growth("DI") == pytest.approx(nets.mean("layer_norms", "DI") / nets.initial)
    with pytest.raises(ValueError, match="model: expected one of"):
        nets.of("accuracy", "IR")
    with pytest.raises(ValueError, match="model: expected one of"):
        nets.best_similarity("size")


def test_results_that_do_not_fit_are_refused(rng):
    augmented, restrained = results(rng)
    other = results(rng, seed=1)[1]
    with pytest.raises(ValueError, match="seed: expected the same in both results, got 0, 1"):
        trained.from_results(augmented, other)
    nets = trained.from_results(augmented, restrained)
    parts = (nets.tuning, nets.initial, nets.epochs)
    with pytest.raises(ValueError, match="values: expected a model 'DA'"):
        trained.TrainedSpectra(nets.groups, {"LI": nets.values["LI"]}, *parts)
    with pytest.raises(ValueError, match="expected also"):
        trained.TrainedSpectra(nets.groups, {"DA": {}}, *parts)
    with pytest.raises(ValueError, match="expected 1 groups first"):
        trained.TrainedSpectra(("R4",), nets.values, *parts)


def test_initial_norms_are_those_of_the_experiment():
    config = SimpleNamespace(hidden=1, width=3, runs=2, seed=5)
    found = trained.initial_norms(config, inputs=4, classes=2)
    nets = trained.perceptron((4, 3, 2), [[5, 0], [5, 1]])
    expected = [np.linalg.svd(w.detach())[1][:, 0].mean() for w in nets.weights]
    assert found == pytest.approx(expected, rel=1e-6)


def test_figures_show_what_they_are_given(rng):
    nets = trained.from_results(*results(rng))
    for fig in (
        plots.sensitivities(nets),
        plots.sensitivity_and_similarity(nets),
        plots.layer_paths(nets, ("DA", "size")),
    ):
        assert plotted_csv(plotted_rows(fig))
    bars = [patch.get_height() for patch in plots.sensitivities(nets).axes[0].patches]
    assert bars == pytest.approx([nets.mean("spectral_norm", m)[0] for m in nets.models])
    lines = plots.layer_paths(nets, ("DA", "size")).axes[4].lines
    assert np.array_equal(lines[1].get_ydata(), nets.layer_path("size")[1, :, 1])
    times = np.linspace(0, 1, 11)
    values = np.outer(np.exp(-times), [2.0, 1.0])
    fig = plots.linear_flow(times, values, values[::5], np.array([0.5, 0.2]))
    assert np.array_equal(fig.axes[0].lines[0].get_ydata(), values[:, 0])
    fig = plots.growing_examples(times + 1e-3, {"a": 2 + times}, {"b": 1 + times})
    assert fig.axes[0].lines[0].get_ydata()[-1] == pytest.approx(1.5)
