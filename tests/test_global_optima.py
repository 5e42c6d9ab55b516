"""Checks of the chapter on global optima: they find what is true and see what is broken."""

import numpy as np
import pytest

from cases import ALL
from learnsym import gallery, groups, lowrank
from learnsym import representations as reps
from learnsym.checks import alternation, digit_optima, global_optima, uniqueness
from learnsym.checks.alternation import Rows


@pytest.fixture
def problem(rng):
    rho = gallery.find("C4, 4x4 images").rho_in
    return global_optima.random_problem(rho, 3, 2, 40, rng)


# --- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_published_forms_agree_with_ours(case, rng):
    n = case.rho_in.dimension
    problem = global_optima.random_problem(case.rho_in, 3, min(2, n), 3 * n, rng)
    assert max(global_optima.published_deviations(problem)) < 1e-10
    assert global_optima.equality_defect(problem) < 1e-10
    projected = global_optima.projected_fit(problem)
    assert problem.distance(projected, problem.hard_wired.optimum()) < 1e-10


def test_published_forms_differ_for_another_problem(problem):
    other = global_optima.Problem(problem.X, problem.Y, problem.rho, 1, 2.0)
    wrong = global_optima.published_hard_wired(other)
    assert problem.distance(wrong, problem.hard_wired.optimum()) > 0.01
    wrong = global_optima.published_regularised(other)
    assert problem.distance(wrong, problem.regularised.optimum()) > 0.01
    wrong = global_optima.published_augmented(other)
    assert problem.distance(wrong, problem.augmented.optimum()) > 0.01


def test_distance_is_relative_to_plain_least_squares(problem):
    W = np.linalg.lstsq(problem.X, problem.Y)[0].T
    assert problem.distance(W, 0 * W) == pytest.approx(1)


def test_shapes_have_fewer_and_more_outputs_than_inputs():
    found = global_optima.shapes(5)
    assert {m for m, _ in found} == {1, 2, 3, 7}
    assert {r for m, r in found if m == 7} == {1, 3, 5}
    assert all(1 <= r <= min(m, 5) for m, r in found)
    assert global_optima.shapes(1) == [(1, 1), (2, 1), (3, 1)]


def test_gallery_problems_cover_the_gallery(rng):
    found = global_optima.gallery_problems(rng, 1)
    assert {p.rho.dimension for p in found} == {c.rho_in.dimension for c in gallery.cases()}
    assert len(found) == sum(len(global_optima.shapes(c.rho_in.dimension)) for c in gallery.cases())


# --- invariance ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_null_space_is_the_invariant_rows(case):
    excess, defect = global_optima.null_space_defects(case)
    assert excess == 0
    assert defect < 1e-12


def test_a_missing_generator_is_seen():
    group = groups.klein_four()
    rho = reps.vector(group)
    assert (len(group.elements()), group.order) == (4, 4)  # listed before a generator is lost
    group.generators = group.generators[:1]
    excess, defect = global_optima.null_space_defects(gallery.Case("broken", rho, rho))
    assert excess == 1
    assert defect > 0.1


def test_best_single_element():
    assert global_optima.best_single_element(reps.vector(groups.cyclic(5))) == 1
    assert global_optima.best_single_element(reps.vector(groups.klein_four())) == 2
    quaternions = gallery.find("Q8, quaternions").rho_in
    assert global_optima.best_single_element(quaternions) == 0


def test_generators_matter_for_the_penalty_only(rng):
    circle = groups.cyclic(5)
    step = circle.generators[0]
    one = reps.vector(circle)
    two = reps.vector(groups.PermutationGroup([step[step]], "two steps"))
    moved, wired = global_optima.generator_influence(one, two, rng)
    assert moved > 0.01
    assert wired < 1e-12
    assert max(global_optima.generator_influence(one, one, rng)) < 1e-12


def test_rotation_orders_against_powers_of_matrices():
    angles = np.array([np.pi, 2 * np.pi / 5, 4 * np.pi / 5, np.pi / 6, 0.0])
    for angle, order in zip(angles, global_optima.rotation_orders(angles), strict=True):
        turn = gallery.rotation(angle)
        powers = [np.linalg.matrix_power(turn, k) for k in range(1, order + 1)]
        assert [np.allclose(power, np.eye(2)) for power in powers] == [False] * (order - 1) + [True]
    with pytest.raises(ValueError, match="angles: expected rotations of order at most"):
        global_optima.rotation_orders(np.array([1.0]))


# --- brute force ---------------------------------------------------------------------------------


def test_alternation_sees_what_the_recipes_mean(problem):
    """The mean over the rows is the objective of each problem, for any map."""
    for rows, exact in (
        (alternation.hard_wired_rows(problem), problem.hard_wired),
        (alternation.augmented_rows(problem), problem.augmented),
        (alternation.regularised_rows(problem), problem.regularised),
    ):
        V = np.random.default_rng(0).standard_normal((3, rows.X.shape[1]))
        value = np.sum((rows.Y - rows.X @ V.T) ** 2) / rows.count
        assert exact.value(V @ rows.features.T) == pytest.approx(value)


def test_alternation_never_increases_and_ends_at_the_optimum(rng):
    problem = alternation.separated_problems(rng, 1)[10]
    rows = alternation.augmented_rows(problem)
    starts = rng.standard_normal((4, problem.Y.shape[1], problem.rank))
    maps, objective = alternation.alternate(rows, problem.rank, starts, 80)
    assert np.diff(objective, axis=0).max() < 1e-12
    assert objective[-1] == pytest.approx(problem.augmented.value(maps))
    assert np.linalg.matrix_rank(maps, tol=1e-9).max() <= problem.rank
    for outcome in alternation.brute_force(problem, 4, 80, rng):
        assert np.abs(outcome.excess).max() < 1e-9
        assert outcome.distance < 1e-7


def test_brute_force_sees_a_wrong_optimum(problem, rng):
    """A closed form that truncates too much lies above what the search finds."""
    wrong = global_optima.Problem(problem.X, problem.Y, problem.rho, 2)
    wrong.__dict__["hard_wired"] = lowrank.hard_wired(problem.moments, problem.rho, 1)
    wired = alternation.brute_force(wrong, 3, 60, rng)[0]
    assert wired.excess.min() < -1e-3
    assert wired.distance > 0.01


def test_separated_problems_are_separated(rng):
    found = alternation.separated_problems(rng, 1)
    assert len(found) == len(gallery.cases())
    for problem in found:
        for exact in (problem.hard_wired, problem.augmented, problem.regularised):
            sizes = np.append(exact.singular_values, np.zeros(exact.rank + 1))
            assert sizes[exact.rank] <= 0.85 * sizes[exact.rank - 1] + 1e-15


def test_starts_of_another_shape_are_refused():
    rows = Rows(np.ones((4, 2)), np.ones((4, 3)), 4, np.eye(2))
    with pytest.raises(ValueError, match=r"starts: expected shape \(starts, 3, 2\)"):
        alternation.alternate(rows, 2, np.ones((5, 2, 3)), 1)


# --- uniqueness ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("C4, 4x4 images", [16, 4, 4, 4]),
        ("S4, graphs to graphs", [16, 2, 2, 2]),
        ("C3, number and four planes", [9, 4, 1, 1]),
        ("S2, number and five signs", [6, 5, 1, 1]),
        ("Q8, quaternions", [4, 1, 1, 1]),
    ],
)
def test_points_needed(name, counts, rng):
    rho = uniqueness.representations_to_count()[name]
    expected = dict(zip(uniqueness.METHODS, counts, strict=True))
    assert uniqueness.predicted_points(rho) == expected
    assert uniqueness.points_needed(rho, rng) == expected


def test_skewed_planes_are_an_oblique_representation():
    rho = uniqueness.skewed_planes()
    rho.check()
    assert not rho.is_orthogonal
    assert uniqueness.predicted_points(rho)["augmented"] == 4


def test_equality_with_scarce_data(rng):
    counted = uniqueness.representations_to_count()
    for rho in counted.values():
        assert uniqueness.weighted_distance(uniqueness.scarce_problem(rho, rng)) < 1e-8
    straight = uniqueness.scarce_problem(counted["C3, number and four planes"], rng, 1)
    assert max(uniqueness.least_norm_defect(straight)) < 1e-10
    values, distance = uniqueness.least_norm_defect(
        uniqueness.scarce_problem(uniqueness.skewed_planes(), rng, 1)
    )
    assert values < 1e-12
    assert distance > 1e-3
    with pytest.raises(ValueError, match="missing: expected at most 0, got 1"):
        uniqueness.scarce_problem(gallery.find("Q8, quaternions").rho_in, rng, 1)


@pytest.mark.parametrize(
    ("sizes", "rank", "dimension"),
    [([2, 1, 1, 1], 2, 2), ([1, 1, 1, 1], 2, 4), ([2, 1, 0.5, 0.5], 2, 0), ([3, 2, 2, 1], 2, 1)],
)
def test_dimension_of_ties(sizes, rank, dimension, rng):
    problem = uniqueness.tied_problem(sizes, rank, rng)
    for exact in (problem.hard_wired, problem.augmented):
        assert exact.singular_values[:4] == pytest.approx(np.array(sizes, dtype=float))
        assert exact.tie_dimension == dimension
    assert uniqueness.measured_dimension(problem, rng) == dimension
    maps, values = uniqueness.optima_around(problem, rng)
    assert values == pytest.approx(problem.augmented.value(problem.augmented.optimum()))
    assert np.abs(maps @ lowrank.constraint(problem.rho)).max() < 1e-10


def test_wrong_number_of_singular_values_is_refused(rng):
    with pytest.raises(ValueError, match="sizes: expected 4 singular values, got 3"):
        uniqueness.tied_problem([1.0, 1.0, 1.0], 1, rng)


def test_refusals_name_what_is_wrong():
    answers = dict(uniqueness.refusals())
    assert "got rank 12" in answers["augmentation, 3 points"]
    assert all(": expected" in answer for answer in answers.values())


# --- digits --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return digit_optima.digit_data(120, side=7)


def test_digit_data_are_nine_classes_without_nines(digits):
    assert digits.X.shape == (120, 49)
    assert digits.Y.sum(axis=1) == pytest.approx(np.ones(120))
    assert digits.classes.max() == 8
    assert len(digits.held_out) == len(digits.classes) == 8_991 - 120
    with pytest.raises(ValueError, match="images: expected 1 to 8990, got 0"):
        digit_optima.digit_data(0)


def test_digit_optima_agree_and_are_invariant(digits):
    built = digits.problems(3, (0.1,))
    assert list(built) == ["unconstrained", "lambda = 0.1", "hard-wired", "augmented"]
    wired, augmented = built["hard-wired"].optimum(), built["augmented"].optimum()
    assert built["augmented"].value(wired) == pytest.approx(built["augmented"].value(augmented))
    upright, turned = digits.accuracy(wired)
    assert upright == pytest.approx(turned)
    assert 0.2 < upright < 1
    plain = digits.accuracy(built["unconstrained"].optimum())
    assert plain[0] > plain[1] + 0.05


def test_accuracy_counts_the_largest_output(digits):
    W = np.zeros((9, 49))
    W[4] = 1
    assert digits.accuracy(W) == pytest.approx((np.mean(digits.classes == 4),) * 2)


def test_weights_are_multiplied_by_the_size_of_their_pixel(digits):
    sizes = np.sqrt(np.mean(digits.X**2, axis=0))
    assert digits.weighted(np.ones((1, 49))) == pytest.approx(sizes[None])
    turned = digits.weighted(np.ones((1, 49)), turned=True).reshape(7, 7)
    assert turned == pytest.approx(np.rot90(turned))
    assert np.mean(turned**2) == pytest.approx(np.mean(sizes**2))


def test_rim_share_counts_dark_pixels(digits):
    W = np.zeros((9, 49))
    W[0, [0, 24]] = 3, 4  # a corner and the centre
    assert digit_optima.rim_share(digits, W) == pytest.approx(0.36)


def test_ranks_against_lit_pixels():
    data = digit_optima.digit_data(1_000)
    lit = data.X.max(axis=0).reshape(14, 14) > 0
    ever = np.any([np.rot90(lit, k) for k in range(4)], axis=0)
    assert digit_optima.ranks(data) == {
        "unconstrained": (lit.sum(), 196),
        "augmented": (ever.sum(), 196),
        "regularised": (196 - (196 - ever.sum()) // 4, 196),
        "hard-wired": (ever.sum() // 4, 49),
    }


def test_objectives_by_rank(digits, rng):
    found = digit_optima.objectives_by_rank(digits, 0.1, 2, 60, rng)
    for closed, searched in found.values():
        assert np.diff(closed).max() < 0
        assert searched == pytest.approx(closed, rel=1e-2)
        assert (searched - closed).min() > -1e-10
    assert found["hard-wired"][0] == pytest.approx(found["augmented"][0])
