"""Checks and figures of the two theory chapters on paper B: right, and able to fail."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from learnsym import gallery
from learnsym.checks import feature_averaging as averaging
from learnsym.checks import near_equivariance as near
from learnsym.checks import stationary_points as points
from learnsym.checks import symmetric_networks as networks
from learnsym.drift import Risks
from learnsym.networks import losses
from learnsym.plots import symmetric_networks as plots

CIRCLE = gallery.find("C5, circulant matrices")
SWAP = gallery.find("S2, swap of two coordinates")


def circle(rng, loss="squared error"):
    net = networks.risks(CIRCLE, rng, loss)
    return net, networks.draw(net, rng)


def without_an_element(net):
    """The same network whose augmentation misses one rotation."""
    return Risks(net.task, np.array([0.25, 0.25, 0.25, 0.25, 0.0]))


# --- lemmas -------------------------------------------------------------------------------------


def test_nonlinearities_fit_their_representations():
    names = {c.name: networks.hidden_nonlinearity(c.rho_in)[0] for c in gallery.orthogonal_cases()}
    assert names["C5, circulant matrices"] == names["B2, signed permutations"] == "tanh"
    assert names["C3, turns of the plane"] == "radial"


def test_instances_have_both_losses_and_cover_the_gallery(rng):
    names = [name for name, _ in networks.instances(rng)]
    assert len(names) == len(set(names)) > len(gallery.orthogonal_cases())
    assert sum("cross-entropy" in name for name in names) >= 10


def test_checks_of_the_lemmas_are_small_on_a_sound_network(rng):
    net, theta = circle(rng)
    for check in (
        networks.moved_input_gap,
        networks.equivariance_gap,
        networks.average_risk_gap,
        networks.average_gradient_gap,
        networks.escape,
    ):
        assert check(net, theta) < 1e-12


def test_checks_of_the_lemmas_see_what_is_broken(rng):
    turned = networks.turned_pointwise(rng)
    several = [networks.draw(turned, rng) for _ in range(5)]
    for check in (
        networks.moved_input_gap,
        networks.average_risk_gap,
        networks.average_gradient_gap,
        networks.escape,
    ):
        assert max(check(turned, theta) for theta in several) > 1e-3
    net, theta = circle(rng)
    partial = without_an_element(net)
    assert networks.average_gradient_gap(partial, theta) > 1e-3
    assert networks.escape(partial, theta) > 1e-3


def test_biased_measure_needs_the_inverse(rng):
    net = networks.biased_measure(rng)
    theta = networks.draw(net, rng)
    assert networks.average_risk_gap(net, theta, inverse=True) < 1e-12
    assert networks.average_risk_gap(net, theta) > 1e-4


def test_broken_assumptions_have_the_expected_pattern(rng):
    found = networks.broken_assumptions(rng, 3)
    pattern = (found.deviations > 1e-3).astype(int).tolist()
    assert pattern == [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 1, 1]]


# --- feature averaging --------------------------------------------------------------------------


def test_gap_by_hand():
    net, theta = averaging.two_predictions()
    assert net.augmented(theta).item() == 8
    assert averaging.gap(net, theta) == averaging.orbit_variance(net, theta) == 4
    bounded = averaging.with_loss(net, averaging.bounded)
    assert averaging.gap(bounded, theta) == pytest.approx(8 / 17 - 4 / 5)


def test_average_is_equivariant_for_the_uniform_measure_only(rng):
    net, theta = circle(rng)
    assert averaging.average_equivariance_gap(net, theta) < 1e-12
    assert averaging.average_equivariance_gap(without_an_element(net), theta) > 1e-3


def test_gap_is_the_variance_or_the_divergence_and_not_the_other(rng):
    net, theta = circle(rng)
    assert averaging.gap(net, theta) == pytest.approx(averaging.orbit_variance(net, theta))
    assert averaging.gap(net, theta) == pytest.approx(
        averaging.bregman(net, theta, losses.squared_error)
    )
    crossed, theta = circle(rng, "cross-entropy")
    assert averaging.gap(crossed, theta) == pytest.approx(averaging.divergence(crossed, theta))
    assert abs(averaging.gap(crossed, theta) - averaging.orbit_variance(crossed, theta)) > 1e-3


def test_divergence_is_that_of_probabilities_by_loops(rng):
    net, theta = circle(rng, "cross-entropy")
    moved = net.moved_back(theta).numpy()
    total = []
    for n in range(moved.shape[1]):
        p = np.exp(moved[:, n].mean(axis=0))
        p /= p.sum()
        for logits in moved[:, n]:
            q = np.exp(logits) / np.exp(logits).sum()
            total.append(np.sum(p * np.log(p / q)))
    assert averaging.divergence(net, theta) == pytest.approx(np.mean(total))


@pytest.mark.parametrize(
    "loss", [averaging.logistic, averaging.fourth_power, averaging.bounded, losses.squared_error]
)
def test_bregman_divergence_is_the_mean_excess(loss, rng):
    net, theta = circle(rng)
    excess = averaging.invariant_gap(net, theta, loss)
    assert excess.mean() == pytest.approx(averaging.bregman(net, theta, loss))


def test_affine_loss_has_no_gap_and_the_squared_one_has(rng):
    net = averaging.probabilities(rng)
    theta = networks.draw(net, rng)
    assert abs(averaging.gap(net, theta)) < 1e-12
    assert averaging.gap(averaging.with_loss(net, losses.squared_error), theta) > 1e-4


def test_line_off_the_equivariant_weights(rng):
    net = networks.risks(CIRCLE, rng)
    line = averaging.along(net, np.array([0.0, 0.02, 0.01, 1.0]), rng)
    assert line.augmented[0] == pytest.approx(line.averaged[0])
    assert np.all(line.augmented[1:] > line.averaged[1:])
    assert line.exponent == pytest.approx(2, abs=0.05)


def test_augmentation_is_more_curved_on_the_equivariant_weights(rng):
    net, theta = circle(rng)
    tied, v = net.project(theta), net.complement(theta)
    assert averaging.gradient_distance(net, tied) < 1e-12
    assert averaging.gradient_distance(net, theta) > 1e-3
    assert averaging.curvature_excess(net, tied, v) > 1e-3
    assert abs(averaging.curvature_excess(net, tied, tied)) < 1e-10


# --- stationary points --------------------------------------------------------------------------


def test_gradients_and_hessians_agree_and_a_missing_element_is_seen(rng):
    net, theta = circle(rng)
    v = networks.draw(net, rng)
    assert max(points.gradient_gaps(net, theta)) < 1e-12
    assert max(points.hessian_gaps(net, theta, v)) < 1e-12
    partial = without_an_element(net)
    assert points.gradient_gaps(partial, theta)[0] > 1e-3
    gaps = points.hessian_gaps(partial, theta, v)
    assert gaps[0] > 1e-3 and gaps[1] < 1e-12 and gaps[2] > 1e-3


def test_descents_stay_or_leave(rng):
    net, theta = circle(rng)
    run = points.descents(net, theta, 0.02, 5)
    assert max(run.augmented, run.apart) < 1e-12 < 1e-2 < run.nominal
    assert points.descents(without_an_element(net), theta, 0.02, 5).augmented > 1e-3


def test_adam_leaves_where_coordinates_are_not_permuted(rng):
    net, theta = circle(rng)
    assert points.adam_drift(net, theta, steps=6) < 1e-9
    slanted = points.oblique_axis(rng)
    assert points.adam_drift(slanted, networks.draw(slanted, rng), steps=6) > 1e-3


def test_stationary_points_have_no_slope(rng):
    net = points.small_task(rng)
    starts = torch.stack([points.TEACHER, *(networks.draw(net, rng) for _ in range(5))])
    for risk in ("equivariant", "augmented"):
        found = points.stationary(net, risk, starts)
        assert len(found.points) >= 1
        assert np.all(found.across < 1e-12)
        assert max(found.augmented.max(), found.equivariant.max()) < 1e-9
    assert np.all(points.slopes(net, starts[1:]).augmented > 1e-3)
    with pytest.raises(ValueError, match="risk: expected one of"):
        points.stationary(net, "nominal", starts)


def test_no_starts_give_no_points(rng):
    none = torch.empty(0, 6, dtype=torch.float64)
    assert points.stationary(points.small_task(rng), "augmented", none).points.shape == (0, 6)


def test_flipping_a_unit_keeps_the_function_and_leaves_e(rng):
    net = points.small_task(rng)
    other = points.flipped(net, points.TEACHER)
    assert other.tolist() == [-1.2, 0.5, -0.5, 1.2, -0.8, 0.8]
    x = torch.tensor(rng.standard_normal((4, 2)))
    assert torch.allclose(net.outputs(other, x), net.outputs(points.TEACHER, x), atol=1e-14)
    assert (
        averaging.orbit_variance(net, other)
        < 1e-28
        < averaging.orbit_variance(net, networks.draw(net, rng))
    )
    assert net.project(other).norm() < 1e-14


def test_taught_weights_are_minima_of_all_risks():
    case = points.teachable()[0]
    net, teacher = points.taught(case, np.random.default_rng(0))
    found = points.curvatures(net, teacher)
    assert found.slope < 1e-12
    assert 0 < found.nominal <= found.augmented + 1e-12 <= found.inside + 2e-12
    assert abs(found.flat) < 1e-9
    hessian = torch.autograd.functional.hessian(net.nominal, teacher).numpy()
    assert found.nominal == pytest.approx(np.linalg.eigvalsh(hessian)[0], abs=1e-9)


def test_minimal_examples_have_the_stated_risks():
    net, _ = points.one_sample()
    grid = np.array([-1.0, 0.0, 2.0])
    w1, w2 = np.meshgrid(grid, grid)
    assert np.allclose(points.risk_grid(net, "nominal", grid), (w1 - 1) ** 2)
    assert np.allclose(
        points.risk_grid(net, "augmented", grid), ((w1 - 1) ** 2 + (w2 - 1) ** 2) / 2
    )
    net, _ = points.squared_unit()
    u, v = (w1 + w2) / np.sqrt(2), (w1 - w2) / np.sqrt(2)
    wells = ((u**2 - 1) ** 2 + (v**2 - 1) ** 2) / 2
    for risk in ("nominal", "augmented"):
        assert np.allclose(points.risk_grid(net, risk, grid), wells)


# --- near E -------------------------------------------------------------------------------------


def test_decoupling_errors_have_their_orders(rng):
    distances = np.array([0.005, 0.01])
    net, theta = circle(rng)
    errors = near.decoupling_errors(net, theta, distances)
    assert errors.exponents == pytest.approx((2, 2), abs=0.1)
    assert errors.exponent == pytest.approx(2, abs=0.1)
    two = networks.risks(SWAP, rng)
    theta = networks.draw(two, rng)
    assert near.decoupling_errors(two, theta, distances).exponents == pytest.approx((2, 3), abs=0.1)
    partial = Risks(two.task, np.array([0.7, 0.3]))  # no longer decoupled: first order
    assert near.decoupling_errors(partial, theta, distances).exponents[0] < 1.5


def test_blind_network_is_constant_on_e_and_the_seeing_one_is_not(rng):
    for kind, least, most in (("blind", 0, 1e-12), ("seeing", 1e-3, np.inf)):
        net = near.disc(kind, rng)
        assert net.task.x.norm(dim=1).max() < 2
        assert torch.allclose(net.task.y[:, 0], 2 * net.task.x.square().sum(dim=1))
        theta = networks.draw(net, rng)
        outputs = net.outputs(net.project(theta), net.task.x)
        assert least <= (outputs - outputs[0]).abs().max() <= most
        start = near.near(net, theta, 0.3)
        assert net.complement(start).norm().item() == pytest.approx(0.3)
    with pytest.raises(ValueError, match="kind: expected one of"):
        near.disc("deaf", rng)


def test_growth_ratio_recovers_a_known_rate():
    steps = np.arange(0, 101, 10)
    fake = np.zeros(len(steps))
    path = near.Paths(
        steps, 1e-6 * 1.05**steps, fake, fake, fake, fake, fake, np.full((11, 1), -0.5), None
    )
    assert near.growth_ratio(path, 0.1, 1e-7, 1) == pytest.approx(1)
    slow = dataclasses.replace(path, across=1e-6 * 1.02**steps)
    assert near.growth_ratio(slow, 0.1, 1e-7, 1) < 0.5


def test_short_run_has_the_shape_of_a_record(rng):
    path = near.long_run("blind", rng, 0.1, 4, 2)
    assert path.steps.tolist() == [0, 2, 4]
    assert path.across[0] == pytest.approx(1e-6)
    assert np.all(path.gap < 1e-3 * path.across)


# --- figures ------------------------------------------------------------------------------------


def test_figures_show_what_they_are_given(rng):
    broken = networks.Broken(("a", "b"), np.array([[1e-16] * 4, [0.1, 0.2, 0.3, 0.4]]))
    fig = plots.broken_assumptions(broken)
    assert np.allclose(fig.axes[0].lines[2].get_ydata(), [1e-12, 0.3])
    net = networks.risks(CIRCLE, rng)
    line = averaging.along(net, np.array([0.0, 0.5]), rng)
    fig = plots.walks_off({"x": line})
    assert np.allclose(fig.axes[0].lines[1].get_ydata(), line.averaged)
    grid = np.linspace(-1, 1, 4)
    fig = plots.landscapes(
        [("x", np.ones((4, 4)), [(0.5, 0.25, "o")]), ("y", np.ones((4, 4)), [])], grid
    )
    assert fig.axes[0].lines[-1].get_xdata()[0] == 0.5
    errors = near.Errors(np.array([0.1, 0.2]), np.array([1.0, 4.0]), np.array([1.0, 8.0]))
    fig = plots.decoupling({"x": errors})
    assert np.allclose(fig.axes[1].lines[0].get_ydata(), [1, 8])
    series = np.array([1.0, 2.0])
    path = near.Paths(
        np.array([0, 10]), series, series, series, series, series, series, series[:, None], None
    )
    fig = plots.long_runs({"x": path}, 0.1)
    assert np.allclose(fig.axes[1].lines[0].get_xdata(), [0, 1])
    plt.close("all")
