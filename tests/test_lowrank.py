"""Least squares of bounded rank: moments, closed forms, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from cases import ALL, every_image, permutation_groups, representations, seeds, well_conditioned
from learnsym import gallery, groups, lowrank
from learnsym import representations as reps
from learnsym.equivariant import dimension_by_characters
from learnsym.lowrank import LowRankProblem, Moments, sampled
from learnsym.representations import Representation


def data(rho, outputs=3, points=None, seed=0):
    rng = np.random.default_rng(seed)
    n = rho.dimension
    points = points or 3 * n
    X = rng.standard_normal((points, n)) @ well_conditioned(n, seed) + rng.standard_normal(n)
    return X, rng.standard_normal((points, outputs)) + X @ rng.standard_normal((n, outputs))


def every_copy(X, Y, rho):
    """Return the augmented data set, straight from matrices."""
    matrices = every_image(rho)
    return np.vstack([X @ g.T for g in matrices]), np.vstack([Y] * len(matrices))


def mean_squared_error(W, X, Y):
    return np.mean(np.sum((Y - X @ W.T) ** 2, axis=1))


def problems(moments, rho, rank, strength=0.3):
    return {
        "unconstrained": lowrank.unconstrained(moments, rank),
        "hard-wired": lowrank.hard_wired(moments, rho, rank),
        "augmented": lowrank.augmented(moments, rho, rank),
        "regularised": lowrank.regularised(moments, rho, rank, strength),
    }


# --- moments -------------------------------------------------------------------------------------


def test_moments_give_the_mean_squared_error(rng):
    X, Y, W = (rng.standard_normal(shape) for shape in ((7, 4), (7, 3), (3, 4)))
    moments = Moments.from_data(X, Y)
    value = np.trace(W @ moments.S @ W.T) - 2 * np.sum(moments.C * W) + moments.c
    assert value == pytest.approx(mean_squared_error(W, X, Y), rel=1e-13)


@pytest.mark.parametrize("case", ALL)
def test_averaged_moments_are_those_of_the_augmented_data(case):
    X, Y = data(case.rho_in)
    averaged = Moments.from_data(X, Y).averaged(case.rho_in)
    direct = Moments.from_data(*every_copy(X, Y, case.rho_in))
    for one, other in ((averaged.S, direct.S), (averaged.C, direct.C)):
        assert np.abs(one - other).max() <= 1e-12 * np.abs(direct.S).max()
    assert averaged.c == pytest.approx(direct.c)


def test_averaging_a_group_too_large_to_list():
    rho = reps.vector(groups.symmetric(20))
    X, Y = data(rho)
    S = Moments.from_data(X, Y).S
    averaged = Moments.from_data(X, Y).averaged(rho).S
    off = ~np.eye(20, dtype=bool)
    assert np.diag(averaged) == pytest.approx(np.full(20, np.trace(S) / 20))
    assert averaged[off] == pytest.approx(np.full(380, S[off].mean()))


@pytest.mark.parametrize(
    ("X", "Y"),
    [
        (np.ones(3), np.ones((3, 1))),
        (np.ones((3, 2)), np.ones((4, 1))),
        (np.ones((0, 2)), np.ones((0, 1))),
        (np.full((3, 2), np.nan), np.ones((3, 1))),
        (np.ones((3, 2)), np.full((3, 1), np.inf)),
    ],
)
def test_moments_refuse_bad_data(X, Y):
    with pytest.raises(ValueError, match="X, Y: expected"):
        Moments.from_data(X, Y)


def test_a_representation_of_another_dimension_is_refused():
    rho = reps.vector(groups.cyclic(5))
    moments = Moments.from_data(*data(reps.vector(groups.cyclic(4))))
    for build in (
        lambda: moments.averaged(rho),
        lambda: lowrank.hard_wired(moments, rho, 1),
        lambda: lowrank.augmented(moments, rho, 1),
        lambda: lowrank.regularised(moments, rho, 1, 0.1),
    ):
        with pytest.raises(
            ValueError, match="rho: expected a representation of dimension 4, got 5"
        ):
            build()


# --- invariance ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_invariant_rows_are_those_that_no_element_changes(case):
    rho = case.rho_in
    B = lowrank.invariant_rows(rho)
    assert B.shape == (rho.dimension, dimension_by_characters(rho))
    assert np.abs(B.T @ B - np.eye(B.shape[1])).max(initial=0) < 1e-12
    assert np.abs(B.T @ every_image(rho) - B.T).max(initial=0) < 1e-12
    assert np.abs(B.T @ lowrank.constraint(rho)).max(initial=0) < 1e-12


@given(st.data())
def test_constraint_has_the_invariant_rows_as_left_kernel(draw):
    rho = draw.draw(representations(draw.draw(permutation_groups(4, 3)), oblique=True))
    G = lowrank.constraint(rho)
    assert G.shape == (rho.dimension, rho.dimension * len(rho.group.generators))
    rank = np.linalg.matrix_rank(G, tol=1e-8)
    assert rho.dimension - rank == dimension_by_characters(rho)
    B = lowrank.invariant_rows(rho)
    assert B.shape[1] == rho.dimension - rank
    assert np.abs(B.T @ every_image(rho) - B.T).max(initial=0) < 1e-8


def test_rows_and_columns_differ_for_oblique_representations():
    """Invariant rows are invariants of the transposed matrices, not of the matrices."""
    rho = gallery.find("S3 in skew coordinates").rho_in
    B = lowrank.invariant_rows(rho)
    g = rho.matrix(rho.group.generators[0])
    assert np.abs(g.T @ B - B).max() < 1e-12
    assert np.abs(g @ B - B).max() > 0.01


# --- optima --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_values_are_means_over_the_data(case, rng):
    rho = case.rho_in
    X, Y = data(rho)
    W = rng.standard_normal((2, 3, rho.dimension))
    B = lowrank.invariant_rows(rho)
    built = problems(Moments.from_data(X, Y), rho, 1)
    for V in W:
        plain = mean_squared_error(V, X, Y)
        penalty = 0.3 * np.sum((V @ lowrank.constraint(rho)) ** 2)
        assert built["unconstrained"].value(V) == pytest.approx(plain)
        assert built["regularised"].value(V) == pytest.approx(plain + penalty)
        copies = mean_squared_error(V, *every_copy(X, Y, rho))
        assert built["augmented"].value(V) == pytest.approx(copies)
        invariant = V @ B @ B.T
        assert built["hard-wired"].value(invariant) == pytest.approx(
            mean_squared_error(invariant, X, Y)
        )
    assert built["unconstrained"].value(W).shape == (2,)


@pytest.mark.parametrize("case", ALL)
def test_full_rank_optimum_is_plain_least_squares(case):
    """Without an active bound, against LAPACK's least squares on rows of data."""
    rho = case.rho_in
    X, Y = data(rho)
    rank = min(3, rho.dimension)
    rows = {
        "unconstrained": (X, Y, np.eye(rho.dimension)),
        "augmented": (*every_copy(X, Y, rho), np.eye(rho.dimension)),
    }
    B = lowrank.invariant_rows(rho)
    rows["hard-wired"] = (X @ B, Y, B)
    G = np.sqrt(0.3 * len(X)) * lowrank.constraint(rho)
    rows["regularised"] = (
        np.vstack([X, G.T]),
        np.vstack([Y, np.zeros((G.shape[1], 3))]),
        np.eye(rho.dimension),
    )
    for name, problem in problems(Moments.from_data(X, Y), rho, rank).items():
        features, targets, basis = rows[name]
        W = (basis @ np.linalg.lstsq(features, targets)[0]).T
        if name in ("unconstrained", "regularised") and rank < 3:
            continue  # the bound is active
        assert np.abs(problem.optimum() - W).max() < 1e-9 * max(1.0, np.abs(W).max()), name


@pytest.mark.parametrize("name", ["C4, 4x4 images", "S3 in skew coordinates", "Q8, quaternions"])
@pytest.mark.parametrize("kind", ["unconstrained", "hard-wired", "augmented", "regularised"])
def test_no_search_ends_lower(name, kind, rng):
    """Against quasi-Newton descent on two factors, with the objective from rows of data."""
    rho = gallery.find(name).rho_in
    X, Y = data(rho, seed=1)
    problem = problems(Moments.from_data(X, Y), rho, 2)[kind]
    n, basis = rho.dimension, problem.basis
    if kind == "augmented":
        X, Y = every_copy(X, Y, rho)
    G = lowrank.constraint(rho) if kind == "regularised" else np.zeros((n, 1))

    def objective(flat):
        second, first = flat[:6].reshape(3, 2), flat[6:].reshape(2, -1) @ basis.T
        W = second @ first
        residual = X @ W.T - Y
        gradient = 2 * residual.T @ X / len(X) + 0.6 * W @ G @ G.T
        value = np.mean(np.sum(residual**2, axis=1)) + 0.3 * np.sum((W @ G) ** 2)
        return value, np.concatenate([
            (gradient @ first.T).ravel(), (second.T @ gradient @ basis).ravel()
        ])  # fmt: skip

    size = 6 + 2 * basis.shape[1]
    found = [
        minimize(objective, rng.standard_normal(size), jac=True, tol=1e-10).fun for _ in range(4)
    ]
    best = problem.value(problem.optimum())
    assert min(found) == pytest.approx(best, rel=1e-7)
    assert np.linalg.matrix_rank(problem.optimum(), tol=1e-9) <= 2


@given(st.data())
def test_random_maps_are_never_better(draw):
    rho = draw.draw(representations(draw.draw(permutation_groups(4, 2)), draw.draw(st.booleans())))
    seed = draw.draw(seeds)
    outputs = draw.draw(st.integers(1, 4))
    rank = draw.draw(st.integers(1, min(outputs, rho.dimension)))
    moments = Moments.from_data(*data(rho, outputs, seed=seed))
    rng = np.random.default_rng(seed)
    for problem in problems(moments, rho, rank).values():
        W = problem.optimum()
        left = W + 0.1 * rng.standard_normal((20, *W.shape))
        left, sizes, right = np.linalg.svd(left @ problem.basis @ problem.basis.T)
        sizes[:, rank:] = 0
        width = sizes.shape[1]
        others = (left[:, :, :width] * sizes[:, None]) @ right[:, :width]
        assert problem.value(others).min() >= problem.value(W) - 1e-10 * moments.c


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize("rank", [1, 2])
def test_hard_wired_and_augmented_optima_are_equal_and_invariant(case, rank):
    rho = case.rho_in
    built = problems(Moments.from_data(*data(rho)), rho, min(rank, rho.dimension))
    wired, augmented = built["hard-wired"].optimum(), built["augmented"].optimum()
    assert np.abs(wired - augmented).max() < 1e-10
    assert np.abs(wired @ every_image(rho) - wired).max() < 1e-10


def test_augmentation_by_part_of_the_group_is_something_else():
    """The equality can fail: half of the rotations do not make the optimum invariant."""
    rho = gallery.find("C4, 4x4 images").rho_in
    half_turn = groups.PermutationGroup([rho.group.elements()[2]], "half turns")
    moments = Moments.from_data(*data(rho))
    wired = lowrank.hard_wired(moments, rho, 2).optimum()
    partly = lowrank.augmented(moments, reps.image(half_turn), 2).optimum()
    assert np.abs(partly - wired).max() > 0.01


@pytest.mark.parametrize("case", ALL)
def test_minimum_and_coordinates(case):
    rho = case.rho_in
    rank = min(2, rho.dimension)
    for problem in problems(Moments.from_data(*data(rho)), rho, rank).values():
        W = problem.optimum()
        sizes = problem.singular_values
        assert problem.value(W) == pytest.approx(problem.c - np.sum(sizes[:rank] ** 2))
        U = problem.coordinates(W)
        assert np.abs(problem.lift(U) - W).max(initial=0) < 1e-10
        assert np.linalg.norm(U - problem.target) ** 2 == pytest.approx(
            np.sum(sizes[rank:] ** 2), abs=1e-10
        )


def test_points_that_keep_other_triplets():
    problem = lowrank.unconstrained(Moments.from_data(*data(reps.vector(groups.cyclic(5)))), 2)
    W, sizes = problem.at([0, 2]), problem.singular_values
    assert problem.value(W) == pytest.approx(problem.c - sizes[0] ** 2 - sizes[2] ** 2)
    assert np.linalg.matrix_rank(W) == 2
    assert not problem.at([]).any()


@pytest.mark.parametrize("triplets", [[3], [-1], [0, 0]])
def test_triplets_that_do_not_exist_are_refused(triplets):
    problem = lowrank.unconstrained(Moments.from_data(*data(reps.vector(groups.cyclic(5)))), 2)
    with pytest.raises(ValueError, match=r"triplets: expected distinct numbers from 0 to 2"):
        problem.at(triplets)


def test_strength_zero_is_unconstrained_and_a_large_one_hard_wired():
    rho = gallery.find("S3 in skew coordinates").rho_in
    moments = Moments.from_data(*data(rho))
    plain = lowrank.unconstrained(moments, 2).optimum()
    assert np.abs(lowrank.regularised(moments, rho, 2, 0.0).optimum() - plain).max() < 1e-12
    wired = lowrank.hard_wired(moments, rho, 2).optimum()
    distances = [
        np.abs(lowrank.regularised(moments, rho, 2, 10.0**k).optimum() - wired).max()
        for k in (3, 4, 5)
    ]
    assert distances[1] == pytest.approx(distances[0] / 10, rel=0.1)
    assert distances[2] == pytest.approx(distances[1] / 10, rel=0.1)


def test_a_group_without_invariants_leaves_the_zero_map():
    rho = gallery.find("Q8, quaternions").rho_in
    moments = Moments.from_data(*data(rho))
    wired = lowrank.hard_wired(moments, rho, 2)
    assert wired.target.shape == (3, 0)
    assert not wired.optimum().any()
    assert wired.value(wired.optimum()) == pytest.approx(moments.c)
    assert wired.gap == 0
    assert np.abs(lowrank.augmented(moments, rho, 2).optimum()).max() < 1e-12


# --- rank of the data ----------------------------------------------------------------------------


def test_few_points_are_refused_with_their_rank():
    rho = gallery.find("C4, 4x4 images").rho_in
    ten, three = (Moments.from_data(*data(rho, points=count)) for count in (10, 3))
    with pytest.raises(ValueError, match=r"expected full rank 16 .* got rank 10"):
        lowrank.unconstrained(ten, 1)
    lowrank.hard_wired(ten, rho, 1)
    lowrank.regularised(ten, rho, 1, 1e-3)
    with pytest.raises(ValueError, match=r"expected full rank 4 .* got rank 3"):
        lowrank.hard_wired(three, rho, 1)
    with pytest.raises(ValueError, match=r"expected full rank 16 .* got rank 12"):
        lowrank.augmented(three, rho, 1)
    with pytest.raises(ValueError, match=r"expected full rank 16 .* got rank 15"):
        lowrank.regularised(three, rho, 1, 1.0)


@pytest.mark.parametrize("points", [1, 3, 10])
def test_pseudo_inverse_takes_the_least_norm(points):
    """Against LAPACK's least squares, which takes the least norm too."""
    rho = gallery.find("C4, 4x4 images").rho_in
    X, Y = data(rho, points=points)
    moments = Moments.from_data(X, Y)
    problem = lowrank.unconstrained(moments, 3, pseudo_inverse=True)
    assert np.abs(problem.optimum() - np.linalg.lstsq(X, Y)[0].T).max() < 1e-9
    B = lowrank.invariant_rows(rho)
    wired = lowrank.hard_wired(moments, rho, 3, pseudo_inverse=True).optimum()
    assert np.abs(wired - (B @ np.linalg.lstsq(X @ B, Y)[0]).T).max() < 1e-9
    augmented = lowrank.augmented(moments, rho, 3, pseudo_inverse=True).optimum()
    assert np.abs(wired - augmented).max() < 1e-9


def test_pseudo_inverse_changes_nothing_at_full_rank():
    rho = gallery.find("S3 in skew coordinates").rho_in
    moments = Moments.from_data(*data(rho))
    for build in (lowrank.hard_wired, lowrank.augmented):
        assert np.array_equal(
            build(moments, rho, 2).optimum(), build(moments, rho, 2, pseudo_inverse=True).optimum()
        )


def test_an_objective_without_a_minimum_is_refused():
    A, C = np.diag([1.0, 0.0]), np.array([[1.0, 1.0]])
    with pytest.raises(ValueError, match="unbounded below; got one of size 1"):
        LowRankProblem(A, C, 1e-6, 1, pseudo_inverse=True)
    allowed = LowRankProblem(A, C * [1, 0], 1.0, 1, pseudo_inverse=True)
    assert allowed.optimum() == pytest.approx(C * [1, 0])
    assert LowRankProblem(A, C, 1.0, 1, np.eye(2)[:, :1]).optimum() == pytest.approx(C * [1, 0])


# --- gaps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "rank", "gap"),
    [
        ([3.0, 2.0, 1.0], 2, 1.0),
        ([2.0, 2.0, 1.0], 1, 0.0),
        ([1.0, 1.0, 1.0], 3, 1.0),
        ([1.0, 0.0, 0.0], 2, 0.0),
        ([1.0, 1.0, 1e-13], 2, 1.0),
        ([1.0, 1.0 - 1e-6, 0.5], 1, 1e-6),
        ([0.0, 0.0, 0.0], 1, 0.0),
    ],
)
def test_gap_behind_the_last_singular_value_that_is_kept(sizes, rank, gap):
    left, right = (np.linalg.qr(well_conditioned(3, seed))[0] for seed in (1, 2))
    problem = LowRankProblem(np.eye(3), left * sizes @ right, 10.0, rank)
    assert problem.gap == pytest.approx(gap, abs=1e-12)


# --- a few elements per sample -------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_sampling_the_whole_group_is_augmentation(case, rng):
    X, Y = data(case.rho_in)
    drawn = sampled(X, Y, case.rho_in, case.rho_in.group.order, rng)
    averaged = Moments.from_data(X, Y).averaged(case.rho_in)
    assert pytest.approx(averaged.S) == drawn.S
    assert pytest.approx(averaged.C) == drawn.C


def test_one_element_per_sample_moves_every_row_by_one_element():
    rho = gallery.find("C4, 4x4 images").rho_in
    X, Y = np.eye(16)[:1], np.ones((1, 1))
    S = [sampled(X, Y, rho, 1, np.random.default_rng(seed)).S for seed in range(20)]
    places = {int(np.diag(one).argmax()) for one in S}
    assert all(one.sum() == 1 and np.trace(one) == 1 for one in S)
    assert places == {int((rho.matrix(g) @ X[0]).argmax()) for g in rho.group.elements()}


@pytest.mark.parametrize("count", [0, 5])
def test_more_elements_than_the_group_has_are_refused(count, rng):
    rho = gallery.find("C4, 4x4 images").rho_in
    with pytest.raises(ValueError, match="count: expected 1 to 4, the order of the group"):
        sampled(*data(rho), rho, count, rng)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"A": np.ones((2, 3))}, "A, C: expected shapes"),
        ({"C": np.ones((2, 4))}, "A, C: expected shapes"),
        ({"C": np.full((2, 3), np.nan)}, "C, c: expected finite"),
        ({"c": np.inf}, "C, c: expected finite"),
        ({"rank": 0}, "rank: expected an integer from 1 to 2, got 0"),
        ({"rank": 3}, "rank: expected an integer from 1 to 2, got 3"),
        ({"rank": 1.5}, "rank: expected an integer from 1 to 2, got 1.5"),
        ({"basis": np.ones((2, 1))}, "basis: expected shape"),
        ({"basis": np.ones((3, 2))}, "basis: expected orthonormal columns"),
        ({"A": np.triu(np.ones((3, 3)))}, "A: expected a finite symmetric matrix"),
        ({"A": np.full((3, 3), np.nan)}, "A: expected a finite symmetric matrix"),
        ({"A": np.diag([1.0, 1.0, -1.0])}, "A: expected no negative eigenvalue, got -1"),
        ({"A": np.zeros((3, 3))}, "A: expected full rank 3 .* got rank 0"),
    ],
)
def test_bad_problems_are_refused(change, message):
    arguments = {"A": np.eye(3), "C": np.ones((2, 3)), "c": 5.0, "rank": 1}
    LowRankProblem(**arguments)
    with pytest.raises(ValueError, match=message):
        LowRankProblem(**(arguments | change))


@pytest.mark.parametrize("strength", [-1.0, np.nan, np.inf])
def test_bad_strengths_are_refused(strength):
    rho = reps.vector(groups.cyclic(3))
    with pytest.raises(ValueError, match="strength: expected a finite number >= 0"):
        lowrank.regularised(Moments.from_data(*data(rho)), rho, 1, strength)


def test_matrices_and_permutations_take_the_same_road():
    """The shortcuts for permutations against the same representation as plain matrices."""
    rho = gallery.find("S4, graphs to graphs").rho_in
    plain = Representation(rho.group, rho.dimension, rho.matrix, "matrices")
    moments = Moments.from_data(*data(rho))
    assert np.abs(moments.averaged(rho).S - moments.averaged(plain).S).max() < 1e-12
    for build in (lowrank.hard_wired, lowrank.augmented):
        assert (
            np.abs(build(moments, rho, 2).optimum() - build(moments, plain, 2).optimum()).max()
            < 1e-11
        )


def test_without_invariant_vectors_the_target_of_augmentation_is_zero():
    rho = gallery.find("C3, turns of the plane").rho_in
    rng = np.random.default_rng(0)
    data = Moments.from_data(rng.normal(size=(50, 2)), rng.normal(size=(50, 3)))
    problem = lowrank.augmented(data, rho, 1)
    assert problem.singular_values.tolist() == [0, 0]
    assert np.all(problem.optimum() == 0)
