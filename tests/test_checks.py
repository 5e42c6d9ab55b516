"""The checkers behind the chapters: right on true statements, and able to fail."""

import numpy as np
import pytest

from learnsym import checks, gallery, regression, representations
from learnsym.checks import induced_invariance, reflection_example

IMAGES = gallery.find("C4, 4x4 images to a class")
SKEW = gallery.find("S3 in skew coordinates")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_draws_rejects_unknown_scale():
    assert checks.draws("smoke") < checks.draws("book")
    with pytest.raises(ValueError, match=r"scale.*'huge'"):
        checks.draws("huge")


def test_ode_deviation_sees_a_wrong_gram_matrix(rng):
    X, y, w0 = rng.standard_normal((6, 3)), rng.standard_normal(6), rng.standard_normal(3)
    loss = regression.QuadraticLoss.from_data(X, y)
    assert induced_invariance.ode_deviation(loss, X, y, w0) < 1e-8
    wrong = regression.QuadraticLoss(loss.K * 1.001, loss.b)
    assert induced_invariance.ode_deviation(wrong, X, y, w0) > 1e-5


def test_decoupling_checks_fail_for_an_oblique_group(rng):
    straight = induced_invariance.random_problem(IMAGES.rho_in, 20, rng)
    slanted = induced_invariance.random_problem(SKEW.rho_in, 20, rng)
    for check in (
        lambda p: max(induced_invariance.coupling(p, rng)),
        lambda p: induced_invariance.label_influence(p, rng),
        induced_invariance.decay_deviation,
    ):
        assert check(straight) < 1e-12
        assert check(slanted) > 1e-3


def test_limit_variance_sees_directions_without_data(rng):
    rho = IMAGES.rho_in
    enough = induced_invariance.random_problem(rho, 20, rng)
    too_few = induced_invariance.random_problem(rho, 1, rng)
    assert induced_invariance.limit_variance(enough) < 1e-9
    assert induced_invariance.limit_variance(too_few) > 1e-2
    assert induced_invariance.smallest_asymmetric_rate(enough) > 1e-6
    assert abs(induced_invariance.smallest_asymmetric_rate(too_few)) < 1e-12


def test_smallest_asymmetric_rate_is_infinite_without_asymmetric_weights(rng):
    trivial = gallery.find("C1, nothing moves").rho_in
    problem = induced_invariance.random_problem(trivial, 2, rng)
    assert induced_invariance.smallest_asymmetric_rate(problem) == np.inf


def test_kernel_angle_sees_a_kernel_that_is_too_large(rng):
    problem = induced_invariance.random_problem(IMAGES.rho_in, 1, rng)
    assert induced_invariance.kernel_angle(problem) < 1e-7
    half = induced_invariance.Problem(
        problem.X * np.array([1.0] * 8 + [0.0] * 8), problem.y, problem.w0, problem.rho
    )
    mixed = _Frozen(problem.loss, half.X, problem.rho)
    assert induced_invariance.kernel_angle(mixed) > 1e-3


class _Frozen:
    """A problem whose K_G belongs to other data than its X."""

    def __init__(self, loss, X, rho):
        self.loss, self.X, self.rho = loss, X, rho


def test_largest_invariant_subspace_by_hand():
    rho = representations.vector(gallery.find("S2, swap of two coordinates").rho_in.group)
    one_axis = np.array([[1.0], [0.0]])
    diagonal = np.array([[1.0], [1.0]]) / np.sqrt(2)
    assert induced_invariance.largest_invariant_subspace(one_axis, rho).shape == (2, 0)
    assert induced_invariance.largest_invariant_subspace(diagonal, rho).shape == (2, 1)
    assert induced_invariance.largest_invariant_subspace(np.eye(2), rho).shape == (2, 2)


def test_orbit_sum_gap_by_hand():
    line = reflection_example.absolute_value(1, np.random.default_rng(0))
    points = np.array([[1.0, 0.0], [1.0, 2.0]])
    losses = induced_invariance.orbit_sum_gap(
        points, np.array([3.0, 1.0]), np.array([1.0, 1.0]), line.rho
    )
    # residuals: 3 - 1 at x = 0, and 1 - 3, 1 + 1 at x = 2, -2
    assert losses["direct"] == pytest.approx(0.5 * (4 + 4 + 4))
    assert losses["corrected"] == pytest.approx(losses["direct"])
    assert losses["published"] == pytest.approx(0.5 * (4 + 4 + 4 + 4))


@pytest.mark.parametrize("centre", [0.0, 0.7])
def test_absolute_value_holds_whole_orbits(centre):
    line = reflection_example.absolute_value(5, np.random.default_rng(1), centre)
    mirrored = line.rho.act(line.rho.group.generators[0], line.rows)
    pairs = {(round(x, 9), round(y, 9)) for (_, x), y in zip(line.rows, line.labels, strict=True)}
    assert {
        (round(x, 9), round(y, 9)) for (_, x), y in zip(mirrored, line.labels, strict=True)
    } == pairs
    assert line.rho.is_orthogonal == (centre == 0)


def test_same_start_separates_only_for_the_oblique_reflection():
    times = np.linspace(0, 20, 21)
    runs = [
        reflection_example.same_asymmetric_start(c, [-1, 1], times, np.random.default_rng(2))
        for c in (0.0, 0.7)
    ]
    spreads = [np.ptp(run.lengths, axis=1).max() for run in runs]
    assert spreads[0] < 1e-12 < 1e-2 < spreads[1]
    assert max(run.limit_change for run in runs) < 1e-10


def test_slope_recovers_an_exponential():
    times = np.linspace(0, 3, 20)
    values = np.stack([np.exp(-2 * times), 5 * np.exp(0.5 * times)], axis=1)
    assert reflection_example.slope(times, values) == pytest.approx([-2, 0.5])
