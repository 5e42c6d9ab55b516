"""Least squares of bounded rank: moments, closed forms, draws, and what they refuse."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from cases import ALL, every_image, permutation_groups, refusals, representations, well_conditioned
from learnsym import gallery, groups, lowrank
from learnsym import representations as reps
from learnsym.equivariant import dimension_by_characters
from learnsym.lowrank import LowRankProblem, Moments, sampled

TURNS, SKEW = (gallery.find(n).rho_in for n in ("C4, 4x4 images", "S3 in skew coordinates"))


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


# --- invariance ----------------------------------------------------------------------------------


RANDOM = st.builds(
    lambda data: data.draw(representations(data.draw(permutation_groups(4, 3)), oblique=True)),
    st.data(),
)


@given(st.sampled_from([case.rho_in for case in gallery.cases()]) | RANDOM)
def test_invariant_rows_are_those_that_no_element_changes(rho):
    """They are the left kernel of the constraint."""
    B, G, count = lowrank.invariant_rows(rho), lowrank.constraint(rho), dimension_by_characters(rho)
    assert B.shape == (rho.dimension, count)
    assert G.shape == (rho.dimension, rho.dimension * len(rho.group.generators))
    assert rho.dimension - np.linalg.matrix_rank(G, tol=1e-8) == count
    assert np.abs(B.T @ B - np.eye(count)).max(initial=0) < 1e-12
    assert np.abs(B.T @ every_image(rho) - B.T).max(initial=0) < 1e-8
    assert np.abs(B.T @ G).max(initial=0) < 1e-8


# --- optima --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ALL)
def test_values_are_means_over_the_data(case, rng):
    rho = case.rho_in
    X, Y = data(rho)
    B, built = lowrank.invariant_rows(rho), problems(Moments.from_data(X, Y), rho, 1)
    W = rng.standard_normal((2, 3, rho.dimension))
    for V in W:
        plain, copies = mean_squared_error(V, X, Y), mean_squared_error(V, *every_copy(X, Y, rho))
        penalty = 0.3 * np.sum((V @ lowrank.constraint(rho)) ** 2)
        assert built["unconstrained"].value(V) == pytest.approx(plain, rel=1e-12)
        assert built["regularised"].value(V) == pytest.approx(plain + penalty)
        assert built["augmented"].value(V) == pytest.approx(copies)
        invariant = V @ B @ B.T
        expected = mean_squared_error(invariant, X, Y)
        assert built["hard-wired"].value(invariant) == pytest.approx(expected)
    assert built["unconstrained"].value(W).shape == (2,)


@pytest.mark.parametrize("case", ALL)
def test_full_rank_optimum_is_plain_least_squares(case):
    """Without an active bound, against LAPACK's least squares on rows of data."""
    rho = case.rho_in
    X, Y = data(rho)
    rank, B, identity = min(3, rho.dimension), lowrank.invariant_rows(rho), np.eye(rho.dimension)
    G = np.sqrt(0.3 * len(X)) * lowrank.constraint(rho)
    penalised = np.vstack([X, G.T]), np.vstack([Y, np.zeros((G.shape[1], 3))])
    rows = {
        "unconstrained": (X, Y, identity),
        "augmented": (*every_copy(X, Y, rho), identity),
        "hard-wired": (X @ B, Y, B),
        "regularised": (*penalised, identity),
    }
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


@pytest.mark.parametrize("case", ALL)
def test_minimum_and_coordinates(case):
    rho = case.rho_in
    rank = min(2, rho.dimension)
    for problem in problems(Moments.from_data(*data(rho)), rho, rank).values():
        W, sizes = problem.optimum(), problem.singular_values
        U = problem.coordinates(W)
        assert problem.value(W) == pytest.approx(problem.c - np.sum(sizes[:rank] ** 2))
        assert np.abs(problem.lift(U) - W).max(initial=0) < 1e-10
        missed = np.linalg.norm(U - problem.target) ** 2
        assert missed == pytest.approx(np.sum(sizes[rank:] ** 2), abs=1e-10)


def test_points_that_keep_other_triplets():
    problem = lowrank.unconstrained(Moments.from_data(*data(reps.vector(groups.cyclic(5)))), 2)
    W, sizes = problem.at([0, 2]), problem.singular_values
    assert problem.value(W) == pytest.approx(problem.c - sizes[0] ** 2 - sizes[2] ** 2)
    assert np.linalg.matrix_rank(W) == 2
    assert not problem.at([]).any()


@pytest.mark.parametrize("name", ["Q8, quaternions", "C3, turns of the plane"])
def test_a_group_without_invariants_leaves_the_zero_map(name):
    rho = gallery.find(name).rho_in
    moments = Moments.from_data(*data(rho))
    wired, augmented = (b(moments, rho, 2) for b in (lowrank.hard_wired, lowrank.augmented))
    assert wired.target.shape == (3, 0) and wired.gap == 0
    assert not wired.optimum().any() and not augmented.optimum().any()
    assert wired.value(wired.optimum()) == pytest.approx(moments.c)
    assert not augmented.singular_values.any()


# --- rank of the data ----------------------------------------------------------------------------


@pytest.mark.parametrize("points", [1, 3, 10])
def test_pseudo_inverse_takes_the_least_norm(points):
    """Against LAPACK's least squares, which takes the least norm too."""
    X, Y = data(TURNS, points=points)
    moments, B = Moments.from_data(X, Y), lowrank.invariant_rows(TURNS)
    plain = lowrank.unconstrained(moments, 3, pseudo_inverse=True).optimum()
    assert np.abs(plain - np.linalg.lstsq(X, Y)[0].T).max() < 1e-9
    for build in (lowrank.hard_wired, lowrank.augmented):
        found = build(moments, TURNS, 3, pseudo_inverse=True).optimum()
        assert np.abs(found - (B @ np.linalg.lstsq(X @ B, Y)[0]).T).max() < 1e-9


def test_pseudo_inverse_changes_nothing_at_full_rank():
    moments = Moments.from_data(*data(SKEW))
    for build in (lowrank.hard_wired, lowrank.augmented):
        one, other = (build(moments, SKEW, 2, pseudo_inverse=p).optimum() for p in (False, True))
        assert np.array_equal(one, other)
    allowed = {"A": np.diag([1.0, 0.0]), "C": np.array([[1.0, 0.0]]), "c": 1.0, "rank": 1}
    for more in ({"pseudo_inverse": True}, {"basis": np.eye(2)[:, :1]}):
        assert LowRankProblem(**allowed, **more).optimum() == pytest.approx(allowed["C"])


# --- gaps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "rank", "gap"),
    [
        ([3.0, 2.0, 1.0], 2, 1.0), ([2.0, 2.0, 1.0], 1, 0.0), ([1.0, 1.0, 1.0], 3, 1.0),
        ([1.0, 0.0, 0.0], 2, 0.0), ([1.0, 1.0, 1e-13], 2, 1.0), ([1.0, 1.0 - 1e-6, 0.5], 1, 1e-6),
        ([0.0, 0.0, 0.0], 1, 0.0),
    ],
)  # fmt: skip
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
    for one, other in zip(vars(drawn).values(), vars(averaged).values(), strict=True):
        assert one == pytest.approx(other, abs=1e-12 * np.abs(averaged.S).max())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_elements_are_distinct_and_of_each_row(count, rng):
    """One row at a time, the moments are those of one of the subsets, and all subsets occur."""
    X, Y = data(TURNS, points=1)
    orbit = every_image(TURNS) @ X[0]
    subsets = {
        subset: orbit[list(subset)].T @ orbit[list(subset)] / count
        for subset in itertools.combinations(range(4), count)
    }
    seen = set()
    for _ in range(60):
        moments = sampled(X, Y, TURNS, count, rng)
        fits = [s for s, S in subsets.items() if np.abs(S - moments.S).max() < 1e-12]
        assert len(fits) == 1
        mean = orbit[list(fits[0])].mean(axis=0)
        assert np.abs(moments.C - np.outer(Y[0], mean)).max() < 1e-12
        assert moments.c == pytest.approx(np.sum(Y**2))
        seen.update(fits)
    assert seen == set(subsets)


def test_rows_draw_elements_of_their_own(rng):
    """Rows on different axes: the moments tell which element each of them has got."""
    mirror = reps.vector(groups.reflection([1.0, 1.0, 1.0]))
    X, Y = np.eye(3) * [1.0, 2.0, 3.0], np.eye(3)
    drawn = {tuple(np.round(sampled(X, Y, mirror, 1, rng).C.ravel(), 9)) for _ in range(200)}
    assert len(drawn) == 2**3


def test_draws_have_the_averaged_moments_as_mean():
    """Within five standard errors, entry by entry."""
    rng, rho = np.random.default_rng(1), reps.vector(groups.dihedral(4))
    X, Y = data(rho, points=5)
    draws = np.array([sampled(X, Y, rho, 2, rng).S for _ in range(1_000)])
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    expected = Moments.from_data(X, Y).averaged(rho).S
    assert (np.abs(draws.mean(axis=0) - expected) < 5 * error).all()


# --- bad input -----------------------------------------------------------------------------------


X, Y = data(TURNS)
C5, FIVE = reps.vector(groups.cyclic(5)), Moments.from_data(*data(reps.vector(groups.cyclic(5))))
BEST = lowrank.unconstrained(FIVE, 2)
TEN, THREE = (Moments.from_data(X[:count], Y[:count]) for count in (10, 3))
ARGUMENTS = {"A": np.eye(3), "C": np.ones((2, 3)), "c": 5.0, "rank": 1}
ANOTHER = "rho: expected a representation of dimension 5, got 16"


def problem(**change):
    return lambda: LowRankProblem(**(ARGUMENTS | change))


def drawn(X, Y, count=2):
    return lambda: sampled(X, Y, TURNS, count, np.random.default_rng(0))


test_bad_input_is_refused = refusals(
    (problem(A=np.ones((2, 3))), "A, C: expected shapes"),
    (problem(C=np.ones((2, 4))), "A, C: expected shapes"),
    (problem(C=np.full((2, 3), np.nan)), "C, c: expected finite"),
    (problem(c=np.inf), "C, c: expected finite"),
    (problem(rank=0), "rank: expected an integer from 1 to 2, got 0"),
    (problem(rank=3), "rank: expected an integer from 1 to 2, got 3"),
    (problem(rank=1.5), "rank: expected an integer from 1 to 2, got 1.5"),
    (problem(basis=np.ones((2, 1))), "basis: expected shape"),
    (problem(basis=np.ones((3, 2))), "basis: expected orthonormal columns"),
    (problem(A=np.triu(np.ones((3, 3)))), "A: expected a finite symmetric matrix"),
    (problem(A=np.full((3, 3), np.nan)), "A: expected a finite symmetric matrix"),
    (problem(A=np.diag([1.0, 1.0, -1.0])), "A: expected no negative eigenvalue, got -1"),
    (problem(A=np.zeros((3, 3))), "A: expected full rank 3 .* got rank 0"),
    (
        problem(A=np.diag([1.0, 1.0, 0.0]), c=1e-6, pseudo_inverse=True),
        "unbounded below; got one of size 1",
    ),
    (lambda: Moments.from_data(np.ones(3), np.ones((3, 1))), "X, Y: expected"),
    (lambda: Moments.from_data(np.ones((3, 2)), np.ones((4, 1))), "X, Y: expected"),
    (lambda: Moments.from_data(np.ones((0, 2)), np.ones((0, 1))), "X, Y: expected"),
    (lambda: Moments.from_data(np.full((3, 2), np.nan), np.ones((3, 1))), "X, Y: expected"),
    (lambda: Moments.from_data(np.ones((3, 2)), np.full((3, 1), np.inf)), "X, Y: expected"),
    (lambda: FIVE.averaged(TURNS), ANOTHER),
    (lambda: lowrank.hard_wired(FIVE, TURNS, 1), ANOTHER),
    (lambda: lowrank.augmented(FIVE, TURNS, 1), ANOTHER),
    (lambda: lowrank.regularised(FIVE, TURNS, 1, 0.1), ANOTHER),
    (lambda: lowrank.regularised(FIVE, C5, 1, -1.0), "strength: expected a finite number >= 0"),
    (lambda: lowrank.regularised(FIVE, C5, 1, np.nan), "strength: expected a finite number >= 0"),
    (lambda: lowrank.regularised(FIVE, C5, 1, np.inf), "strength: expected a finite number >= 0"),
    (lambda: BEST.at([3]), "triplets: expected distinct numbers from 0 to 2"),
    (lambda: BEST.at([-1]), "triplets: expected distinct numbers from 0 to 2"),
    (lambda: BEST.at([0, 0]), "triplets: expected distinct numbers from 0 to 2"),
    (lambda: lowrank.unconstrained(TEN, 1), r"expected full rank 16 .* got rank 10"),
    (lambda: lowrank.hard_wired(THREE, TURNS, 1), r"expected full rank 4 .* got rank 3"),
    (lambda: lowrank.augmented(THREE, TURNS, 1), r"expected full rank 16 .* got rank 12"),
    (lambda: lowrank.regularised(THREE, TURNS, 1, 1.0), r"full rank 16 .* got rank 15"),
    (drawn(X, Y, 0), "count: expected 1 to 4, the order of the group, got"),
    (drawn(X, Y, 5), "count: expected 1 to 4, the order of the group, got"),
    (drawn(X, Y, -1), "count: expected 1 to 4, the order of the group, got"),
    (drawn(X, Y[:4]), "X, Y: expected shapes"),
    (drawn(X[:, :15], Y), "X"),
    (drawn(np.where(X > 1, np.nan, X), Y), "X"),
)


def test_few_points_are_enough_where_the_group_or_the_penalty_helps():
    LowRankProblem(**ARGUMENTS)
    lowrank.hard_wired(TEN, TURNS, 1)
    lowrank.regularised(TEN, TURNS, 1, 1e-3)
