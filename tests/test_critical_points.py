"""The checkers of the chapter on critical points: right where they should be, and able to fail."""

import numpy as np
import pytest

from cases import ALL
from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.checks import critical_points as checks
from learnsym.checks import critical_search, saddle_escape
from learnsym.checks.lowrank_critical import critical_count, critical_sets, whitened
from learnsym.checks.lowrank_layers import lift
from learnsym.lowrank import LowRankProblem

SWAP = reps.polynomial(reps.vector(groups.symmetric(2)), 2)


class Shifted(LowRankProblem):
    """Its triplets are taken in reverse order, so every prediction is about another point."""

    def at(self, triplets):
        count = int(np.sum(self.singular_values > 0))
        return super().at([count - 1 - i for i in triplets])


class Stretched(LowRankProblem):
    """Its points are too long, so they are not critical."""

    def at(self, triplets):
        return 1.1 * super().at(triplets)


def copy_as(kind, problem):
    return kind(problem.A, problem.C, problem.c, problem.rank, problem.basis)


@pytest.fixture
def trio(rng):
    return checks.random_trio(SWAP, 4, 2, rng)


@pytest.mark.parametrize("case", ALL)
def test_statements_over_the_gallery(case):
    for trio in checks.gallery_trios([case], 1, np.random.default_rng(1)):
        assert [critical_count(p) for p in trio.all] == list(trio.binomials)
        assert checks.set_distance(trio.hard_wired, trio.augmented) < 1e-9
        for problem in trio.all:
            assert checks.gradient_residual(problem) < 1e-10
            assert checks.wrong_signatures(problem) == 0
            if critical_count(problem):
                assert checks.measured_minima(problem) == 1
                assert checks.spectrum_deviation(problem) < 1e-9


def test_cases_without_invariants_are_left_out(rng):
    turns = gallery.find("C3, turns of the plane")
    assert checks.gallery_trios([turns], 2, rng) == []
    assert len(checks.gallery_trios([gallery.find("C5, circulant matrices")], 2, rng)) == 4


def test_checkers_fail_on_other_points(trio):
    problem = trio.regularised
    assert checks.gradient_residual(copy_as(Stretched, problem)) > 1e-3
    shifted = copy_as(Shifted, problem)
    assert checks.gradient_residual(shifted) < 1e-10
    assert checks.wrong_signatures(shifted) > 0
    assert checks.spectrum_deviation(shifted) > 1e-2
    assert checks.set_distance(problem, trio.augmented) == np.inf
    few = checks.random_trio(SWAP, 2, 1, np.random.default_rng(0))
    assert 1e-3 < checks.set_distance(few.regularised, few.augmented) < np.inf


def test_minima_are_counted(trio):
    class Best(LowRankProblem):
        def at(self, triplets):
            return super().at(range(self.rank))

    assert checks.measured_minima(copy_as(Best, trio.regularised)) == 6


def test_hessian_spectrum_by_hand():
    problem = checks.with_singular_values([4.0, 1.0], 1, (2, 3))
    assert checks.hessian_spectrum(problem, [0]) == pytest.approx([1.5, 2, 2, 2.5])
    assert checks.hessian_spectrum(problem, [1]) == pytest.approx([-6, 2, 2, 10])


def test_digits_are_the_setting_of_the_paper():
    trio = checks.digit_trio(0.1, size=200)
    assert trio.shape == (9, 49, 196, 5)
    assert trio.binomials == (126, 126, 126)
    assert [critical_count(problem) for problem in trio.all] == [126, 126, 126]
    assert trio.hard_wired.c == pytest.approx(1.0)  # one-hot labels


def test_rank_one_slice_against_least_squares():
    angles = np.array([0.3, 1.2, 2.0])
    values = checks.rank_one_slice((2.0, 1.0), angles)
    for i, row in enumerate(angles):
        for j, column in enumerate(angles):
            a, b = ([np.cos(t), np.sin(t)] for t in (row, column))
            residual = np.linalg.lstsq(np.outer(a, b).reshape(-1, 1), np.diag([2.0, 1.0]).ravel())
            assert values[i, j] == pytest.approx(residual[1][0])


def test_first_order_drop(trio):
    problem = trio.hard_wired
    slope = checks.first_order_drop(problem, [0])
    assert slope == pytest.approx(-2 * problem.singular_values[1], rel=1e-4)
    assert abs(checks.first_order_drop(copy_as(Shifted, problem), [0, 1])) < 1e-4
    assert checks.first_order_drop(problem, [0, 1]) < -1e-2


def test_tied_report_fails_on_other_points(rng, monkeypatch):
    problem = checks.with_singular_values([3, 2, 2, 1], 2, (4, 5))
    report = checks.tied_report(problem, 3, rng)
    assert report.spread > 0.01 and report.signatures == 0
    assert max(report.value, report.gradient) < 1e-12
    draw = checks.sample_point
    monkeypatch.setattr(checks, "sample_point", lambda *args: 1.1 * draw(*args))
    report = checks.tied_report(problem, 3, rng)
    assert min(report.value, report.gradient) > 1e-3
    lower = LowRankProblem(problem.A, problem.C[::-1] * [[1, 2, 1, 1, 1]], problem.c, 2)
    monkeypatch.setattr(checks, "sample_point", lambda _, where, __: lower.at(where.triplets))
    assert checks.tied_report(problem, 2, rng).signatures > 0


@pytest.mark.parametrize("widths, spare", [([2], 0.0), ([2, 2], 0.0), ([2, 3], 0.4)])
def test_lifted_points(trio, monkeypatch, widths, spare):
    problem = trio.regularised
    points = checks.lifted_points(problem, widths, spare)
    assert len(points) == 1 + 4 + 6
    assert all(point.measured == point.predicted for point in points)
    assert max(point.gradient for point in points) < 1e-9
    flat = [p for p in points if checks.leading(p) and len(p.kept) < 2 and p.measured == 0]
    assert len(flat) == (2 if len(widths) > 1 and not spare else 0)
    monkeypatch.setattr(checks, "morse_index", lambda *_: 1)
    assert any(p.measured != p.predicted for p in checks.lifted_points(problem, widths, spare))


def test_the_search_finds_all_and_nothing_else(trio, rng):
    problem = trio.hard_wired
    first, last, maps = critical_search.search(problem, 150, rng)
    full = maps[critical_search.ranks(maps) == 2]
    predicted = np.array([problem.at(where.triplets) for where in critical_sets(problem)])
    assert critical_search.mismatch(full, predicted) == (0, 0)
    assert len(maps) == 1 + 3 + 3
    curvatures = critical_search.least_curvatures(problem, first, last)
    assert 0 < len(curvatures) < len(first)
    assert curvatures.max() < -1e-6


def test_mismatch_counts_both_ways():
    one, two, three = (k * np.eye(2) for k in (1.0, 2.0, 3.0))
    assert critical_search.mismatch(np.array([one, two]), np.array([two, three])) == (1, 1)
    assert critical_search.mismatch(np.array([one]), np.array([one, two, three])) == (2, 0)
    assert critical_search.mismatch(np.empty((0, 2, 2)), np.array([one])) == (1, 0)
    assert critical_search.mismatch(np.array([one]), np.empty((0, 2, 2))) == (0, 1)


def test_ranks():
    maps = np.array([np.diag([1.0, 1e-9]), np.eye(2), np.zeros((2, 2))])
    assert critical_search.ranks(maps).tolist() == [1, 2, 0]


def test_escape_against_the_logistic_curve():
    # one weight per layer, both equal: u = x y obeys u' = 4 u (1 - u)
    problem = checks.with_singular_values([1.0], 1, (1, 1))
    size, one = 0.05, np.ones((1, 1))
    flow = saddle_escape.escape(problem, [], [1], size, [one, one])
    u, half = size**2 / 2, 1 - 1 / np.sqrt(2)
    predicted = np.log((1 / u - 1) / (1 / half - 1)) / 4
    assert flow.left == pytest.approx(predicted, rel=1e-4)
    assert flow.losses[0] == pytest.approx(1, abs=0.01)
    assert flow.losses[-1] < 0.01
    assert (np.diff(flow.times) > 0).all()


def test_escape_times_depend_on_depth(rng):
    problem = checks.with_singular_values([2.0, 1.0], 2, (2, 2))
    two = saddle_escape.escape_times(problem, [0], [2], [0.01, 0.001], 1, rng)
    three = saddle_escape.escape_times(problem, [0], [2, 2], [0.01, 0.001], 1, rng)
    assert np.diff(two)[0, 0] == pytest.approx(np.log(10) / 2, rel=0.05)
    assert three[0, 1] / three[0, 0] == pytest.approx(10, rel=0.1)


def test_a_direction_that_does_not_leave_is_reported():
    problem = checks.with_singular_values([2.0, 1.0], 2, (2, 2))
    along = lift(problem.at([0]), [2])
    with pytest.raises(ValueError, match="direction: expected to leave"):
        saddle_escape.escape(problem, [0], [2], 0.1, along)


def test_descent_deviation_fails_for_another_order(trio, monkeypatch):
    problem = whitened(trio.hard_wired)
    steps = np.linspace(0.1, 0.5, 4)
    assert saddle_escape.descent_deviation(problem, [0], [2, 2], steps) < 1e-12
    direction = saddle_escape.escape_direction
    monkeypatch.setattr(
        saddle_escape, "escape_direction", lambda *args: [1.1 * part for part in direction(*args)]
    )
    assert saddle_escape.descent_deviation(problem, [0], [2, 2], steps) > 0.1
