"""The checkers of the chapter on the regularisation path: right, and able to fail."""

import numpy as np
import pytest

from learnsym import groups, representations
from learnsym.checks import lowrank_crossings as crossings
from learnsym.checks import path_crossings as exact
from learnsym.checks import regularisation_path as checks

GRID = np.linspace(0.01, 1, 60)


class Broken:
    """A path whose methods are overridden by attributes."""

    def __init__(self, path, **others):
        self._path, self._others = path, others

    def __getattr__(self, name):
        return self._others[name] if name in self._others else getattr(self._path, name)


@pytest.fixture
def jumping():
    return exact.counterexample()


@pytest.fixture
def random(rng):
    rho = representations.image(groups.image_rotations(4))
    return checks.random_path(rho, 4, 2, rng)


def test_gallery_paths_have_a_gap_at_infinity(rng):
    paths = checks.gallery_paths(rng)
    assert len(paths) >= 15
    assert all(path.gap(np.inf) > 0 for path in paths)
    assert all(path.levels.size for path in paths)


def test_largest_step_tells_jumps_from_steep_paths(jumping):
    assert checks.largest_step(jumping, 0.05) > 0.5
    assert checks.largest_step(exact.counterexample(1e-3), 0.05) <= 0.05


def test_jump_length(jumping):
    before, after = checks.sides(jumping, exact.CROSSING)
    np.testing.assert_allclose(before, np.diag([0, 0, 0.5]), atol=1e-6)
    np.testing.assert_allclose(after, np.diag([1, 0, 0]), atol=1e-6)
    assert checks.jump_length(jumping, exact.CROSSING) == pytest.approx(1, abs=1e-6)
    assert checks.jump_length(jumping, 0.3) == pytest.approx(0, abs=1e-6)


def test_slopes_of_the_value(jumping, random):
    for path in (jumping, random):
        assert checks.slope_errors(path, GRID) < 1e-12
        convex = Broken(path, value=lambda at: at**2, penalty=lambda at: 2 * at)
        assert checks.slope_errors(convex, GRID) > 0.1
        steep = Broken(path, penalty=lambda at: np.full_like(at, 30.0))
        assert checks.slope_errors(steep, GRID) > 0.1
    assert checks.slope_ratios(random, GRID) == pytest.approx(1, abs=1e-5)
    wrong = Broken(random, penalty=lambda at: 2 * random.penalty(at))
    assert np.abs(checks.slope_ratios(wrong, GRID) - 1).min() > 0.4


def test_wrong_turns(jumping, random):
    for path in (jumping, random):
        assert checks.wrong_turns(path, GRID) < 1e-12
        rising = Broken(path, penalty=lambda at: at)
        falling = Broken(path, error=lambda at: 1 / at)
        assert checks.wrong_turns(rising, GRID) > 0.01
        assert checks.wrong_turns(falling, GRID) > 1e-3


def test_approach_has_the_orders_of_the_expansion(random):
    run = checks.approach(random, checks.late(random))
    assert run.orders == pytest.approx((-1, -2), abs=0.02)
    assert run.distance[-1] == pytest.approx(run.first[-1], rel=1e-3)
    limit, first = random.expansion()
    for wrong in (2 * first, 0 * first):
        other = checks.approach(Broken(random, expansion=lambda w=wrong: (limit, w)), run.strengths)
        assert other.orders[1] == pytest.approx(-1, abs=0.02)


def test_moving_fraction():
    average = np.diag([1.0, 0.0])
    W = np.array([[[3.0, 4.0]], [[1.0, 0.0]]])
    np.testing.assert_allclose(checks.moving_fraction(W, average), [4 / 5, 0])


def test_largest_rise(jumping):
    average = np.diag([1.0, 1.0, 0.0])
    # the fraction of the counterexample is 1, then 0
    assert checks.largest_rise(jumping, average) == pytest.approx(0, abs=1e-12)
    # against the complement, which is 0, then 1
    assert checks.largest_rise(jumping, np.eye(3) - average) == pytest.approx(1, abs=1e-12)


def test_closed_data_have_the_second_symmetry(rng):
    X, Y = rng.standard_normal((5, 6)), rng.standard_normal((5, 3))
    inputs, outputs = np.roll(np.arange(6), 2), np.roll(np.arange(3), 1)
    moments = exact.closed(X, Y, inputs, outputs, 3)
    np.testing.assert_allclose(moments.S[np.ix_(inputs, inputs)], moments.S, atol=1e-14)
    np.testing.assert_allclose(moments.C[np.ix_(outputs, inputs)], moments.C, atol=1e-14)
    assert moments.c == pytest.approx(np.sum(Y**2) / 5)


def test_mirrored_paths_stay_on_a_line_and_cyclic_ones_keep_a_tie(rng, random):
    curve = exact.plane_curve(exact.mirrored_path(2, 1, rng))
    assert np.abs(curve[:, 0]).max() < 1e-12
    path = exact.random_images(2, 1)(rng)
    assert np.abs(exact.plane_curve(path)[:, 0]).max() > 1e-3
    grid = crossings.strengths(random, 30)
    assert exact.closest_pair(exact.cyclic_path(1, rng), grid) < 1e-12
    assert exact.closest_pair(random, grid) > 1e-3


def test_plane_curve_has_the_gap_as_length(rng):
    path = exact.random_images(2, 1)(rng)
    at = crossings.strengths(path, 200)
    squares = path.singular_values(at) ** 2
    expected = (squares[:, 0] - squares[:, 1]) / squares[0].sum()
    np.testing.assert_allclose(np.linalg.norm(exact.plane_curve(path), axis=1), expected, atol=1e-9)


def test_relative_gaps_tell_crossings(rng):
    assert exact.relative_gaps(exact.random_images(4, 2), 8, rng).min() > exact.TIE
    common = exact.relative_gaps(lambda _: exact.counterexample(), 1, rng)
    assert common[0] < exact.TIE


def test_segments(rng):
    hard = np.array([[1.0, 1.0], [1.0, 0.0], [-1.0, 0.0], [3.0, 4.0]])
    free = np.array([[1.0, -1.0], [2.0, 0.0], [2.0, 0.0], [6.0, 8.0]])
    np.testing.assert_allclose(exact.Segments(hard, free).gaps(), [1, 1, 0, 5], atol=1e-15)
    general, symmetric = (exact.random_segments(40_000, rng, flag) for flag in (False, True))
    assert np.mean(symmetric.gaps() < 1e-12) == pytest.approx(0.25, abs=0.015)
    assert np.mean(general.gaps() < 1e-12) == 0
    assert not symmetric.free[:, 1].any()


def test_segments_are_paths():
    # the model of random_segments, drawn as data: white inputs, the last three change sign
    rng = np.random.default_rng(3)
    rho = representations.from_generators(
        groups.cyclic(2), [np.diag([1.0, 1, 1, -1, -1, -1])], "three signs"
    )
    C = rng.standard_normal((2, 6))
    path = exact.RegularisationPath(exact.Moments(np.eye(6), C, 9.0), rho, 1)
    curve = exact.plane_curve(path)
    segment = exact.Segments(curve[[-1]], curve[[0]])
    assert np.linalg.norm(curve, axis=1).min() == pytest.approx(segment.gaps()[0], abs=1e-3)


def test_small_gap_order(rng):
    draws = rng.uniform(size=200_000)
    assert exact.small_gap_order(draws, 0.01, 0.1) == pytest.approx(1, abs=0.05)
    assert exact.small_gap_order(np.sqrt(draws), 0.05, 0.2) == pytest.approx(2, abs=0.1)


def test_avoided_crossing_law(rng):
    base, direction = exact.exact_crossing()
    law = exact.predict(base, 0.01 * direction)
    assert law.peak_speed == pytest.approx(np.sqrt(1.5) / 0.01, rel=1e-6)
    assert law.half_width == pytest.approx(0.01 / 3, rel=1e-6)
    assert law.gap == pytest.approx(0.01 / 6 * np.sqrt(3), rel=1e-6)
    assert exact.law_ratios(base, direction, 1e-3) == pytest.approx(1, abs=0.01)
    # a perturbation that is not small does not follow it
    assert np.abs(exact.law_ratios(base, direction, 0.5) - 1).max() > 0.2
    case = exact.random_crossing(rng)
    assert checks.jump_length(case.path(), case.strength) == pytest.approx(1, abs=1e-3)
    ratios = exact.law_ratios(case, exact.random_direction(case, rng), 1e-4)
    assert ratios == pytest.approx(1, abs=0.05)


def test_tie_at_infinity_selects_one_optimum():
    path = exact.tied_at_infinity()
    np.testing.assert_allclose(path.optimum(1e8), [[1, 0, 0], [0, 0, 0]], atol=1e-6)
    assert path.gap(np.inf) == pytest.approx(0, abs=1e-12)


def test_digits():
    digit = checks.digit_path(0)
    far = np.array([0.1, 1e6])
    assert digit.path.levels.size + digit.path.invariant.shape[1] <= 196
    assert digit.distance(far)[1] < 1e-5
    assert digit.asymmetry(far)[1] < 1e-5
    assert digit.angle(far)[1] < 1e-3
    # against predictions on rotated images
    W, limit = digit.path.optimum(0.1), digit.path.optimum(np.inf)
    turned = [digit.rho.act(g, digit.X) for g in digit.rho.group.elements()]
    predictions, hard = (np.concatenate([X @ V.T for X in turned]) for V in (W, limit))
    distance = np.linalg.norm(predictions - hard) / np.linalg.norm(hard)
    assert digit.distance(0.1) == pytest.approx(distance)
    orbit_mean = np.mean([X @ W.T for X in turned], axis=0)
    moved = np.linalg.norm(predictions - np.tile(orbit_mean, (4, 1)))
    assert digit.asymmetry(0.1) == pytest.approx(moved / np.linalg.norm(predictions))
    assert checks.penalty_of(digit, W) == pytest.approx(digit.path.penalty(0.1))
    with pytest.raises(ValueError, match="part"):
        checks.digit_path(8)
