"""Critical points on the manifold of fixed rank, against finite differences and brute force."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import seeds
from learnsym import groups, lowrank
from learnsym import representations as reps
from learnsym.checks import lowrank_critical as crit
from learnsym.lowrank import LowRankProblem


def random_problem(seed, m=3, n=4, rank=2, basis=None):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((n, n))
    return LowRankProblem(root @ root.T + np.eye(n), rng.standard_normal((m, n)), 50.0, rank, basis)


def diagonal(sizes, rank, shape):
    T = np.zeros(shape)
    np.fill_diagonal(T, [*sizes, *[0.0] * (min(shape) - len(sizes))])
    return LowRankProblem(np.eye(shape[1]), T, float(np.sum(T**2)), rank)


def invariant_problem(seed, rank=2):
    """A problem whose rows are restricted to three of five dimensions."""
    basis = lowrank.invariant_rows(reps.polynomial(reps.vector(groups.symmetric(2)), 2))
    return random_problem(seed, 4, 5, rank, basis)


def truncated(W, rank, basis):
    """The nearest map of that rank with rows in the span: a retraction of second order."""
    left, sizes, right = np.linalg.svd(W @ basis, full_matrices=False)
    return left[:, :rank] * sizes[:rank] @ right[:rank] @ basis.T


def tangent_vectors(problem, W):
    """An orthonormal basis of the tangent space in the documented order."""
    left, _, right = np.linalg.svd(W @ problem.basis)
    r, (m, k) = problem.rank, (len(left), len(right))
    return [
        np.outer(left[:, a], right[b]) @ problem.basis.T
        for a in range(m)
        for b in range(k)
        if a < r or b < r
    ]


@pytest.mark.parametrize("problem", [random_problem(1), invariant_problem(2)])
def test_gradient_and_hessian_against_finite_differences(problem):
    # also away from critical points, where the curvature of the manifold enters
    rng = np.random.default_rng(3)
    W = truncated(rng.standard_normal(problem.C.shape), problem.rank, problem.basis)
    basis = tangent_vectors(problem, W)
    hessian = crit.riemannian_hessian(problem, W)
    gradient = crit.riemannian_gradient(problem, W)
    assert hessian.shape == (len(basis), len(basis))
    h = 1e-3
    for _ in range(5):
        x = rng.standard_normal(len(basis))
        X = sum(weight * E for weight, E in zip(x, basis, strict=True))
        ahead, behind = (
            problem.value(truncated(W + t * X, problem.rank, problem.basis)) for t in (h, -h)
        )
        assert (ahead - behind) / (2 * h) == pytest.approx(np.sum(gradient * X), rel=1e-4)
        second = (ahead - 2 * problem.value(W) + behind) / h**2
        assert second == pytest.approx(x @ hessian @ x, rel=1e-3)


@given(seeds, st.integers(2, 4), st.integers(2, 5), st.data())
def test_every_choice_is_critical_and_has_its_index(seed, m, n, data):
    problem = random_problem(seed, m, n, data.draw(st.integers(1, min(m, n))))
    sets = list(crit.critical_sets(problem))
    assert len(sets) == crit.critical_count(problem) == comb(min(m, n), problem.rank)
    assert len({where.triplets for where in sets}) == len(sets)
    scale = np.linalg.norm(problem.C)
    for where in sets:
        W = problem.at(where.triplets)
        assert problem.value(W) == pytest.approx(where.value)
        assert np.linalg.norm(crit.riemannian_gradient(problem, W)) < 1e-9 * scale
        assert crit.signature(crit.riemannian_hessian(problem, W)) == (where.index, 0)
        assert crit.morse_index(problem, where.triplets) == where.index
    assert [where.index for where in sets].count(0) == 1 and sets[0].index == 0
    np.testing.assert_allclose(problem.at(sets[0].triplets), problem.optimum())


def test_the_gradient_does_not_vanish_elsewhere():
    problem = random_problem(0)
    W = truncated(problem.optimum() + 0.1, 2, problem.basis)
    assert np.linalg.norm(crit.riemannian_gradient(problem, W)) > 0.01


def test_index_by_hand():
    problem = diagonal([4.0, 3.0, 2.0, 1.0], 2, (4, 6))
    indices = {where.triplets: where.index for where in crit.critical_sets(problem)}
    assert indices == {(0, 1): 0, (0, 2): 1, (0, 3): 2, (1, 2): 2, (1, 3): 3, (2, 3): 4}
    assert crit.morse_index(problem, ()) == 0
    assert crit.morse_index(problem, (3,)) == 3


def test_zero_singular_values_are_never_kept():
    problem = diagonal([3.0, 2.0], 2, (4, 4))
    assert [where.triplets for where in crit.critical_sets(problem)] == [(0, 1)]
    poor = diagonal([3.0, 2.0], 3, (4, 4))
    assert list(crit.critical_sets(poor)) == [] and crit.critical_count(poor) == 0
    nothing = diagonal([], 1, (2, 2))
    assert list(crit.critical_sets(nothing)) == [] and crit.critical_count(nothing) == 0


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=5), st.data())
def test_ties_against_the_hessian(sizes, data):
    sizes = sorted(sizes, reverse=True)
    problem = diagonal(sizes, data.draw(st.integers(1, len(sizes))), (5, 6))
    sets = list(crit.critical_sets(problem))
    assert len(sets) == crit.critical_count(problem)
    choices = {
        tuple(sizes[i] for i in kept) for kept in combinations(range(len(sizes)), problem.rank)
    }
    assert {tuple(sizes[i] for i in where.triplets) for where in sets} == choices
    rng = np.random.default_rng(0)
    for where in sets:
        W = crit.sample_point(problem, where, rng)
        assert problem.value(W) == pytest.approx(where.value)
        assert np.linalg.norm(crit.riemannian_gradient(problem, W)) < 1e-10
        signs = crit.signature(crit.riemannian_hessian(problem, W))
        assert signs == (where.index, where.dimension)
    assert sets[0].dimension == problem.tie_dimension


def test_sampled_points_differ_at_ties_only():
    rng = np.random.default_rng(0)
    tied, apart = diagonal([2.0, 2.0], 1, (3, 3)), diagonal([3.0, 2.0], 1, (3, 3))
    for problem, moves in ((tied, True), (apart, False)):
        where = next(crit.critical_sets(problem))
        points = [crit.sample_point(problem, where, rng) for _ in range(2)]
        assert (np.linalg.norm(points[0] - points[1]) > 0.01) == moves


def test_large_counts_need_no_enumeration():
    problem = diagonal(np.arange(60.0, 0.0, -1.0), 5, (60, 60))
    assert crit.critical_count(problem) == comb(60, 5)
    first = next(crit.critical_sets(problem))
    assert first.triplets == (0, 1, 2, 3, 4)


def test_whitened_and_reduced_are_the_same_problem():
    problem = invariant_problem(4)
    W = problem.at([0, 2])
    small, plain = crit.reduced(problem), crit.whitened(problem)
    assert small.value(W @ problem.basis) == pytest.approx(problem.value(W))
    assert plain.value(problem.coordinates(W)) == pytest.approx(problem.value(W))
    for other in (small, plain):
        np.testing.assert_allclose(other.singular_values, problem.singular_values[:3])


def test_signature_counts():
    assert crit.signature(np.diag([-2.0, -1e-3, 1e-14, 0.0, 5.0])) == (2, 2)


def test_bad_input_is_named():
    problem = invariant_problem(5)
    with pytest.raises(ValueError, match="W: expected shape"):
        crit.riemannian_gradient(problem, np.ones((3, 3)))
    with pytest.raises(ValueError, match="W: expected rank 2, got 1"):
        crit.riemannian_hessian(problem, problem.at([0]))
    outside = truncated(np.random.default_rng(0).standard_normal((4, 5)), 2, np.eye(5))
    with pytest.raises(ValueError, match="span of the basis"):
        crit.riemannian_hessian(problem, outside)
    with pytest.raises(ValueError, match="rank"):
        crit.reduced(invariant_problem(6, rank=4))
