"""Checks and figures on other losses, nonlinear networks and approximate symmetry."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from learnsym import gallery, groups, representations
from learnsym.checks import approximate_symmetry as approximate
from learnsym.checks import beyond_linear, convex_losses
from learnsym.plots import beyond_linear as plots

SWAP = representations.vector(groups.symmetric(2))
SMALL = convex_losses.small_representations()
LOSSES = list(convex_losses.LOSSES)


def task(rng, loss="cross-entropy", rho=SWAP, widths=(2,), activation=None):
    return convex_losses.random_task(rho, loss, widths, 3, 6, rng, activation)


def theta_for(job, rng):
    return torch.tensor(rng.standard_normal(job.size))


# --- convex losses ------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_convex_with_the_gradient_that_is_used(loss, rng):
    job = task(rng, loss)
    function = convex_losses.LOSSES[loss]
    u, v = (torch.tensor(rng.standard_normal(job.targets.shape)) for _ in range(2))
    middle = function((u + v) / 2, job.targets)
    assert torch.all(middle <= (function(u, job.targets) + function(v, job.targets)) / 2 + 1e-12)
    step = 1e-6 * v
    change = function(u + step, job.targets) - function(u - step, job.targets)
    slope = torch.sum(job.output_gradients(u) * 2 * step, dim=1)
    assert torch.allclose(change, slope, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", list(SMALL))
def test_work_identity_holds_and_is_not_negative(loss, name, rng):
    job = task(rng, loss, SMALL[name], (3, 2))
    work, terms = convex_losses.work_identity(job, theta_for(job, rng))
    assert work == pytest.approx(terms, rel=1e-9, abs=1e-12)
    assert terms >= -1e-12


def test_work_identity_sees_incomplete_orbits(rng):
    job = task(rng)
    half = dataclasses.replace(job, rows=job.rows[:6], targets=job.targets[:6])
    work, terms = convex_losses.work_identity(half, theta_for(half, rng))
    assert abs(work - terms) > 1e-3


def test_critical_points_have_no_slope_and_the_stated_index(rng):
    job = task(rng)
    found = convex_losses.critical_points(job, 12, rng)
    assert len(found.loss) >= 3
    assert found.probabilities.max() < 1e-7
    # all weights zero is a saddle, with uniform probabilities
    origin = convex_losses.describe(job, torch.zeros(1, job.size, dtype=torch.float64))
    assert origin.loss[0] == pytest.approx(np.log(3))
    assert origin.index[0] > 0
    assert origin.sizes[0] == origin.outputs[0] == 0


def test_description_sees_asymmetry(rng):
    job = task(rng)
    random = convex_losses.describe(job, theta_for(job, rng)[None])
    assert min(random.gradients[0], random.probabilities[0], random.outputs[0]) > 1e-3


def test_no_critical_points_give_empty_arrays(rng):
    job = task(rng)
    found = convex_losses.critical_points(job, 3, rng, iterations=0)
    assert all(len(values) == 0 for values in dataclasses.astuple(found))


def test_squared_hinge_has_a_minimum_that_is_not_invariant():
    margin = convex_losses.satisfied_margin()
    assert margin.loss[0] == margin.gradients[0] == 0
    assert margin.outputs[0] == pytest.approx(0.5 / np.sqrt((3.5**2 + 2.5**2) / 2))


# --- nonlinear and approximate -------------------------------------------------------------------


def test_relu_pair_has_its_minimum_where_one_input_fits():
    grid = np.linspace(-4, 4, 401)
    errors = beyond_linear.relu_pair_loss(*np.meshgrid(grid, grid))
    assert errors.min() >= 0.5
    assert beyond_linear.relu_pair_loss(np.array([-2.0]), np.array([0.5]))[0] == 2.5
    assert beyond_linear.relu_pair_loss(np.array([2.0]), np.array([-0.5]))[0] == 0.5


@pytest.mark.parametrize("ratio", [0.1, 1.0, 10.0])
def test_teacher_has_the_ratio_that_is_asked_for(ratio, rng):
    problem = beyond_linear.teacher(SWAP, 3, 12, ratio, rng)
    assert problem.trade.bias / problem.trade.variance == pytest.approx(ratio)
    assert problem.W.shape == (3, 2)


def test_measured_errors_agree_with_the_risk_and_not_with_another(rng):
    problem = beyond_linear.teacher(SWAP, 1, 12, 1.0, rng)
    strengths = [0.0, 0.5, np.inf]
    errors = beyond_linear.measured_errors(problem, strengths, 400, rng)
    trade = problem.trade
    expected = np.array([trade.plain, trade.risk(0.5), trade.hard_wired])
    error = errors.std(axis=0) / np.sqrt(400)
    assert np.all(np.abs(errors.mean(axis=0) - expected) < 5 * error)
    wrong = dataclasses.replace(trade, unit=2 * trade.unit)
    assert abs(errors[:, 0].mean() - wrong.plain) > 5 * error[0]


def test_variance_over_bias_is_exact_for_one_scale_only(rng):
    one, two = beyond_linear.variance_over_bias(
        ["S2, swap of two coordinates", "C4, 4x4 images to a class"], rng, teachers=4
    )
    assert np.allclose(one, 1)
    assert np.abs(two - 1).max() > 1e-3


def test_gaussian_errors_agree_with_the_expected_risks(rng):
    found = beyond_linear.gaussian_errors(SWAP, 12, 0.5, 4_000, rng, strengths=(0.0, 1e6))
    plain, hard = approximate.gaussian_risks(2, 1, 12, 0.5, 1.0)
    for draws, value in ((found.plain, plain), (found.hard_wired, hard)):
        assert abs(draws.mean() - value) < 5 * draws.std() / np.sqrt(len(draws))
    assert np.allclose(found.penalised[:, 0], found.plain)
    assert np.allclose(found.penalised[:, 1], found.hard_wired, rtol=1e-3, atol=1e-4)


def test_phases_turn_where_they_are_predicted_to(rng):
    found = beyond_linear.phases(SWAP, [6, 60], [0.05, 3.0], 300, rng)
    limits = approximate.gaussian_threshold(2, 1, found.asymmetries, 1.0)
    assert np.array_equal(found.hard_wired < found.plain, np.less.outer(found.samples, limits))
    assert np.all(found.gain >= 0.95)


def test_digit_errors_tend_to_hard_wiring_and_to_plain(rng):
    found = beyond_linear.digit_errors((2_000,), (1e-9, 1e2), side=7)
    assert found.penalised[0, 0] == pytest.approx(found.plain[0], rel=1e-3)
    assert found.penalised[0, 1] == pytest.approx(found.hard_wired[0], rel=1e-2)
    assert found.plain[0] < found.hard_wired[0] < 1


def test_small_representations_are_small_and_not_trivial():
    assert len(SMALL) >= 8
    assert all(2 <= rho.dimension <= 5 and rho.group.order > 1 for rho in SMALL.values())
    assert any(not rho.is_orthogonal for rho in SMALL.values())


# --- figures ------------------------------------------------------------------------------------


def test_training_curves_show_means_over_starts(rng):
    loss = rng.uniform(0.3, 0.9, (5, 2, 2, 4, 3))
    fig = plots.training_curves(np.arange(5), loss, ["a", "b", "c", "d"], (7, 15))
    lines = fig.axes[2].lines
    assert np.allclose(lines[1].get_ydata(), loss[:, 1, 0, 2].mean(axis=-1))
    assert [len(ax.lines) for ax in fig.axes] == [4] * 4
    plt.close(fig)


def test_orbit_variances_show_every_activation(rng):
    variance = rng.uniform(0.01, 1, (6, 2, 2, 3, 2))
    fig = plots.orbit_variances(np.arange(6), variance, ["a", "b", "linear"], (10, 20))
    assert np.allclose(fig.axes[3].lines[1].get_ydata(), variance[:, 1, 1, 1].mean(axis=-1))
    assert "20" in fig.axes[1].get_title()
    plt.close(fig)


def test_asymmetries_put_rounding_errors_on_the_line():
    fig = plots.asymmetries({"x": np.array([1e-14, 0.1]), "y": np.array([1e-3])}, "asymmetry")
    assert np.allclose(fig.axes[0].lines[0].get_ydata(), [1e-9, 0.1])
    plt.close(fig)


def test_penalty_risks_and_phases_draw_what_they_are_given(rng):
    rho = gallery.find("S2, swap of two coordinates").rho_in
    strengths = np.geomspace(0.1, 10, 5)
    curve = (np.ones(5), strengths[:2], rng.uniform(1, 2, (9, 2)), (1.0, 1.0))
    digits = beyond_linear.DigitErrors(
        (10,), strengths, np.ones(1), np.ones(1), rng.uniform(0.5, 1, (1, 5))
    )
    fig = plots.penalty_risks(strengths, {"1": curve}, digits)
    assert np.allclose(fig.axes[0].lines[0].get_ydata(), 1)
    plt.close(fig)
    found = beyond_linear.phases(rho, [6, 60], [0.05, 3.0], 20, rng)
    fig = plots.phase_diagram(found, np.array([0.1, 1.0]), np.array([13.0, 4.0]), 1.2)
    marks = sum(len(line.get_xdata()) for line in fig.axes[0].lines[:-1])
    assert marks == 4
    plt.close(fig)
