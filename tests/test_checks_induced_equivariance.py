"""The checkers behind the chapter on induced equivariance: right, and able to fail."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import ALL, OBLIQUE, ORTHOGONAL, seeds
from learnsym import gallery, regression
from learnsym.checks import equivariant_regression, induced_equivariance
from learnsym.checks.induced_equivariance import Problem
from learnsym.plots import equivariance as plots

IMAGES = gallery.find("C4, 4x4 images")
SKEW = gallery.find("S3 in skew coordinates")
SWAP = gallery.find("S2, swap of two coordinates")
COUPLED = {
    "coupling": lambda p, rng: max(induced_equivariance.coupling(p, rng)),
    "labels": induced_equivariance.label_influence,
    "decay": lambda p, rng: induced_equivariance.decay_deviation(p),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def broken(problem, K=None, b=None):
    """Return the problem with another loss than the one of its data."""
    loss = problem.loss
    other = replace(problem)
    changed = regression.QuadraticLoss(
        loss.K if K is None else K(loss.K), loss.b if b is None else b(loss.b)
    )
    vars(other)["loss"] = changed
    return other


@given(st.sampled_from([p.values[0] for p in ALL]), st.integers(1, 4), seeds)
def test_random_problems_have_equivariant_labels_on_a_common_scale(case, orbits, seed):
    problem = induced_equivariance.random_problem(case, orbits, np.random.default_rng(seed))
    assert problem.X.shape == (orbits, case.rho_in.dimension)
    assert problem.Y.shape == (orbits, case.rho_out.dimension)
    assert problem.W0.shape == problem.maps.shape
    assert np.linalg.norm(problem.loss.K, 2) == pytest.approx(1.0)
    equivariant_regression.require_equivariant_labels(
        problem.X, problem.Y, case.rho_in, case.rho_out
    )


@pytest.mark.parametrize("case", [p for p in ALL if p.values[0].rho_in.dimension <= 4])
def test_flow_check_accepts_every_case_and_sees_wrong_moments(case, rng):
    problem = induced_equivariance.random_problem(case, 3, rng)
    assert induced_equivariance.ode_deviation(problem) < 1e-8
    wrong = [broken(problem, K=lambda K: 1.001 * K)]
    if problem.maps.dimension:
        wrong.append(broken(problem, b=lambda b: 0.99 * b))
    assert min(induced_equivariance.ode_deviation(other) for other in wrong) > 1e-5


@pytest.mark.parametrize("check", COUPLED.values(), ids=COUPLED)
@pytest.mark.parametrize("case", ORTHOGONAL)
def test_decoupling_holds_for_every_orthogonal_case(check, case, rng):
    problem = induced_equivariance.random_problem(case, 4, rng)
    assert check(problem, rng) < 1e-12


@pytest.mark.parametrize("check", COUPLED.values(), ids=COUPLED)
@pytest.mark.parametrize("case", OBLIQUE)
def test_decoupling_fails_for_every_oblique_case(check, case, rng):
    problems = [induced_equivariance.random_problem(case, 20, rng) for _ in range(5)]
    assert max(check(problem, rng) for problem in problems) > 1e-4


def test_decoupling_checks_fail_without_whole_orbits(rng):
    problem = induced_equivariance.random_problem(IMAGES, 4, rng)
    X, Y = problem.X, problem.Y
    alone = broken(problem, K=lambda K: X.T @ X, b=lambda b: Y.T @ X)
    assert max(induced_equivariance.coupling(alone, rng)) > 1e-3
    assert induced_equivariance.decay_deviation(alone) > 1e-3


@pytest.mark.parametrize("case", ALL)
def test_limit_is_equivariant_where_the_gram_matrix_is_definite(case, rng):
    problem = induced_equivariance.random_problem(case, 20, rng)
    if problem.loss.eigenvalues[0] > 1e-6:
        assert induced_equivariance.limit_defect(problem) < 1e-8


def test_limit_check_sees_directions_without_data_and_labels_that_do_not_move(rng):
    enough = induced_equivariance.random_problem(IMAGES, 20, rng)
    too_few = induced_equivariance.random_problem(IMAGES, 1, rng)
    assert induced_equivariance.limit_defect(enough) < 1e-8
    assert induced_equivariance.limit_defect(too_few) > 1e-2
    fixed = broken(enough, b=lambda b: rng.standard_normal(b.shape))
    assert induced_equivariance.limit_defect(fixed) > 1e-2


def test_group_sum_by_hand():
    """(0, 2) has two images, (3, 3) one: the group sum counts the latter twice."""
    X, Y = np.array([[0.0, 2.0], [3.0, 3.0]]), np.array([[4.0, 0.0], [9.0, 9.0]])
    problem = Problem(X, Y, np.zeros((2, 2)), SWAP)
    stabilisers = regression.stabiliser_sizes(X, SWAP.rho_in)
    assert stabilisers.tolist() == [1, 2]
    assert induced_equivariance.group_sum_gap(problem, 1 / stabilisers) == pytest.approx(0)
    # without weights: 16 / 2 twice and 162 / 2 twice, over 16 / 2 twice and 162 / 2 once
    assert induced_equivariance.group_sum_gap(problem, np.ones(2)) == pytest.approx(178 / 97 - 1)


@given(st.sampled_from([p.values[0] for p in ALL]), seeds)
def test_group_sum_agrees_for_random_points(case, seed):
    problem = induced_equivariance.random_problem(case, 2, np.random.default_rng(seed))
    sizes = regression.stabiliser_sizes(problem.X, case.rho_in)
    assert abs(induced_equivariance.group_sum_gap(problem, 1 / sizes)) < 1e-10
    assert abs(induced_equivariance.group_sum_gap(problem, 1.1 / sizes)) > 0.05


def test_swap_problem_is_that_of_figure_4(rng):
    problem = induced_equivariance.swap_problem(30, rng)
    assert problem.X.min() >= 0 and problem.X.max() <= 1
    assert pytest.approx(np.stack([problem.X[:, 1] ** 2, problem.X[:, 0] ** 2], 1)) == problem.Y
    equivariant_regression.require_equivariant_labels(
        problem.X, problem.Y, problem.case.rho_in, problem.case.rho_out
    )


def test_swap_parts_are_coordinates_in_and_out_of_the_equivariant_maps(rng):
    W = rng.standard_normal((5, 2, 2))
    parts = induced_equivariance.swap_parts(W)
    maps = induced_equivariance.swap_problem(2, rng).maps
    inside, outside = maps.project(W), maps.complement(W)
    assert induced_equivariance.swap_parts(inside)[:, 2:] == pytest.approx(0)
    assert induced_equivariance.swap_parts(outside)[:, :2] == pytest.approx(0)
    squares = 2 * np.sum(parts**2, axis=1)
    assert squares == pytest.approx(np.sum(W**2, axis=(1, 2)))
    by_hand = induced_equivariance.swap_parts(np.array([[1.0, 2.0], [4.0, 8.0]]))
    assert by_hand.tolist() == [4.5, 3.0, -3.5, -1.0]


def test_trained_rates_agree_with_the_prediction_and_see_incomplete_data(rng, monkeypatch):
    problem = induced_equivariance.random_problem(IMAGES, 20, rng)
    predicted, measured = induced_equivariance.trained_rates(problem)
    assert len(predicted) == 16
    assert measured == pytest.approx(predicted, rel=1e-6)
    whole = regression.descend

    def half(rows, labels, *rest):
        return whole(rows[::2], labels[::2], *rest)

    monkeypatch.setattr(regression, "descend", half)
    predicted, measured = induced_equivariance.trained_rates(problem)
    assert np.abs(measured / predicted - 1).max() > 1e-2


@pytest.mark.parametrize("case", [SWAP, SKEW])
def test_trained_rates_of_oblique_groups_are_others(case, rng):
    problem = induced_equivariance.random_problem(case, 10, rng)
    predicted, measured = induced_equivariance.trained_rates(problem)
    gap = np.abs(measured / predicted - 1).max()
    assert gap < 1e-6 if case.is_orthogonal else gap > 1e-2


def test_swap_panels_show_what_they_are_given():
    times, early = np.array([0.0, 1.0]), np.array([0.0, 1.0, 2.0])
    errors = np.array([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3]])
    same_k = np.arange(3 * 2 * 4.0).reshape(3, 2, 4)
    fig = plots.swap_panels(times, errors, early, same_k, -same_k)
    left, middle, right = fig.axes
    assert left.get_yscale() == "log"
    assert [line.get_ydata().tolist() for line in left.lines] == errors.T.tolist()
    for ax, parts in ((middle, same_k), (right, -same_k)):
        assert len(ax.lines) == 8
        drawn = np.array([line.get_ydata() for line in ax.lines])
        assert np.array_equal(drawn, parts.transpose(1, 2, 0).reshape(8, 3))
        assert np.array_equal(ax.lines[0].get_xdata(), early)
    colors = [line.get_color() for line in middle.lines[:4]]
    assert colors[0] == colors[1] != colors[2] == colors[3]
    assert len({str(line.get_linestyle()) for line in middle.lines[:4]}) >= 3
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == list(plots.NAMES)


def test_rates_by_group_has_a_marker_per_group_and_the_diagonal():
    rates = {
        "one": (np.array([0.1, 1.0]), np.array([0.1, 0.9])),
        "two": (np.array([10.0]), np.array([9.0])),
    }
    (ax,) = plots.rates_by_group(rates).axes
    diagonal, *points = ax.lines
    assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert diagonal.get_xdata()[0] < 0.1 and diagonal.get_xdata()[1] > 10
    for line, (predicted, measured) in zip(points, rates.values(), strict=True):
        assert np.array_equal(line.get_xdata(), predicted)
        assert np.array_equal(line.get_ydata(), measured)
    assert len({line.get_marker() for line in points}) == 2
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["equal", "one", "two"]


def test_bad_shapes_are_named(rng):
    with pytest.raises(ValueError, match="Y: expected 2 rows, got 3"):
        _ = Problem(np.ones((2, 2)), np.ones((3, 2)), np.ones((2, 2)), SWAP).loss
    with pytest.raises(ValueError, match="w0: expected last axes"):
        induced_equivariance.limit_defect(Problem(np.eye(2), np.eye(2), np.ones((2, 3)), SWAP))


def test_transposes_belong_exactly_to_orthogonal_groups():
    for case in gallery.cases():
        for rho in (case.rho_in, case.rho_out):
            assert induced_equivariance.transposes_belong(rho) == rho.is_orthogonal, rho


def test_gradient_gaps_tell_the_two_forms_apart(rng):
    for case in gallery.orthogonal_cases():
        assert max(induced_equivariance.gradient_gaps(case.rho_in, rng)) < 1e-10
    for case in gallery.oblique_cases():
        right, wrong = induced_equivariance.gradient_gaps(case.rho_in, rng)
        assert right < 1e-10
        assert wrong > 1e-3
