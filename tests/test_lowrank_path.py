"""The regularisation path: against the closed forms one strength at a time, and by differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import REPRESENTATIONS
from learnsym import groups, representations
from learnsym.checks import lowrank_crossings as crossings
from learnsym.checks.lowrank_path import RegularisationPath
from learnsym.equivariant import reynolds
from learnsym.lowrank import Moments, hard_wired, regularised

SMALL = [param for param in REPRESENTATIONS if param.values[0].dimension <= 16]


def data(rho, outputs=4, seed=0):
    rng = np.random.default_rng(seed)
    n = rho.dimension
    X = rng.standard_normal((3 * n, n)) @ rng.standard_normal((n, n))
    return Moments.from_data(X, rng.standard_normal((3 * n, outputs)))


def image_path(rank=2, outputs=4, seed=0):
    rho = representations.image(groups.image_rotations(4))
    return RegularisationPath(data(rho, outputs, seed), rho, rank), rho


def reflected(targets, rank=1):
    """A path for inputs I_3 under the reflection of the third axis: everything by hand."""
    rho = representations.vector(groups.reflection([0.0, 0.0, 1.0]))
    moments = Moments.from_data(np.eye(3), np.asarray(targets, dtype=float))
    return RegularisationPath(moments, rho, rank)


@pytest.mark.parametrize("rho", SMALL)
def test_path_is_made_of_the_optima_of_the_penalised_problems(rho):
    moments, rank = data(rho), min(2, rho.dimension)
    path = RegularisationPath(moments, rho, rank)
    at = np.array([0.0, 0.3, 20.0])
    for k, strength in enumerate(at):
        problem = regularised(moments, rho, rank, strength)
        W = problem.optimum()
        scale = np.abs(W).max()
        np.testing.assert_allclose(path.optimum(at)[k], W, atol=1e-6 * scale)
        sizes = problem.singular_values
        np.testing.assert_allclose(path.singular_values(at)[k], sizes, atol=1e-7 * sizes[0])
        assert path.value(strength) == pytest.approx(problem.value(W), abs=1e-8 * moments.c)
        weighted = np.sqrt(np.trace(W @ problem.A @ W.T))
        assert path.length(W, strength) == pytest.approx(weighted, rel=1e-6)


@pytest.mark.parametrize("rho", SMALL)
def test_end_of_the_path_is_the_hard_wired_optimum(rho):
    moments = data(rho)
    rank = min(2, rho.dimension)
    path = RegularisationPath(moments, rho, rank)
    expected = hard_wired(moments, rho, rank).optimum()
    scale = np.abs(moments.C).max() + np.abs(expected).max()
    np.testing.assert_allclose(path.optimum(np.inf), expected, atol=1e-7 * scale)
    np.testing.assert_allclose(path.optimum(np.inf) @ reynolds(rho), expected, atol=1e-7 * scale)


def test_error_and_penalty_are_those_of_the_optimum():
    path, rho = image_path()
    moments = data(rho)
    G = np.eye(16) - rho.matrix(rho.group.generators[0])
    for strength in (0.0, 1.0, 30.0):
        W = path.optimum(strength)
        error = np.trace(W @ moments.S @ W.T) - 2 * np.sum(moments.C * W) + moments.c
        assert path.error(strength) == pytest.approx(error, rel=1e-9)
        assert path.penalty(strength) == pytest.approx(np.sum((W @ G) ** 2), rel=1e-7)


def test_basis_diagonalises_both_forms():
    path, rho = image_path()
    S = data(rho).S
    G = np.eye(16) - rho.matrix(rho.group.generators[0])
    basis = np.hstack([path.invariant, path.moving])
    d = path.invariant.shape[1]
    forms = basis.T @ S @ basis, basis.T @ G @ G.T @ basis
    np.testing.assert_allclose(forms[0], np.diag([*np.ones(d), *path.levels]), atol=1e-9)
    np.testing.assert_allclose(forms[1], np.diag([0.0] * d + [1.0] * (16 - d)), atol=1e-9)


@given(strength=st.floats(0.05, 50), seed=st.integers(0, 20), rank=st.integers(1, 3))
def test_derivative_is_the_limit_of_differences(strength, seed, rank):
    path, _ = image_path(rank, seed=seed)
    if path.gap(strength) < 0.05 * path.singular_values(strength)[0]:
        return
    h = 1e-4 * strength
    quotient = (path.optimum(strength + h) - path.optimum(strength - h)) / (2 * h)
    exact = path.derivative(strength)
    assert np.linalg.norm(exact - quotient) < 1e-3 * np.linalg.norm(exact)
    assert path.speed(strength) == pytest.approx(path.length(quotient, strength), rel=1e-3)


def test_expansion_against_differences_at_infinity():
    path, _ = image_path()
    limit, first = path.expansion()
    far = 1e6 * path.scales()[1]
    slope = (path.optimum(far) - limit) * far
    np.testing.assert_allclose(slope, first, atol=1e-3 * np.abs(first).max())
    np.testing.assert_array_equal(limit, path.optimum(np.inf))


def test_expansion_by_hand():
    # rank 2 of diag(1, 1/2, 2): kept in the limit are the first two, nothing turns and nothing is
    # left of the third
    limit, first = reflected(np.diag([1, 0.5, 2]), rank=2).expansion()
    np.testing.assert_allclose(limit, np.diag([1, 0.5, 0]), atol=1e-12)
    np.testing.assert_allclose(first, np.zeros((3, 3)), atol=1e-12)
    # a coupled third input turns the kept output: M = ((1, 0), (0, 0)) + (t, t)(t, t)^T / lambda
    limit, first = reflected([[1, 0], [0, 0], [2, 2]]).expansion()
    np.testing.assert_allclose(limit, [[1, 0, 0], [0, 0, 0]], atol=1e-12)
    # C = (1 0 2; 0 0 2) / 3, H = 3 e1 e1^T (on that input), K = e3 e3^T / 4
    np.testing.assert_allclose(first, [[0, 0, 1 / 6], [1 / 3, 0, 0]], atol=1e-12)


def test_path_by_hand():
    path = reflected(np.diag([1, 0.5, 2]))
    at = np.array([0.0, 0.1, 0.3, np.inf])
    third = 2 / np.sqrt(1 + 12 * at)
    expected = np.sort([np.ones(4), np.full(4, 0.5), third], axis=0)[::-1].T / np.sqrt(3)
    np.testing.assert_allclose(path.singular_values(at), expected, atol=1e-14)
    np.testing.assert_allclose(path.optimum(0.1), np.diag([0, 0, 2 / 2.2]), atol=1e-14)
    np.testing.assert_allclose(path.optimum(0.3), np.diag([1, 0, 0]), atol=1e-14)
    assert path.gap(0.25) == pytest.approx(0, abs=1e-15)
    assert path.value(1.0) == pytest.approx(17 / 12)


def test_gap_without_a_next_singular_value():
    path = reflected(np.diag([1, 0.5, 2]), rank=3)
    assert path.gap(0.0) == pytest.approx(0.5 / np.sqrt(3))
    assert path.gap(np.inf) == 0


def test_no_derivative_and_no_expansion_at_a_tie():
    with pytest.raises(ValueError, match="tie"):
        reflected(np.diag([1, 0.5, 2])).derivative(0.25)
    with pytest.raises(ValueError, match="tie"):
        reflected([[1, 0], [0, 1], [1, 0]]).expansion()


def test_directions_without_data():
    rho = representations.image(groups.image_rotations(4))
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9, 16))
    moments = Moments.from_data(X, rng.standard_normal((9, 4)))
    with pytest.raises(ValueError, match="full rank 16, got rank 9"):
        RegularisationPath(moments, rho, 2)
    path = RegularisationPath(moments, rho, 2, pseudo_inverse=True)
    assert (path.levels > 0).sum() + path.invariant.shape[1] == 9
    # a small penalty is the limit, and a solution of the problem without one
    near = regularised(moments, rho, 2, 1e-7, pseudo_inverse=True).optimum()
    assert np.linalg.norm(path.optimum(0.0) - near) < 1e-3 * np.linalg.norm(near)
    np.testing.assert_allclose(path.value(0.0), path.error(0.0))
    expected = hard_wired(moments, rho, 2, pseudo_inverse=True).optimum()
    np.testing.assert_allclose(path.optimum(np.inf), expected, atol=1e-9)


def test_invariant_directions_without_data_are_left_out():
    # pixels 0 and 1 are swapped and pixel 2 stays, but it is always 0
    rho = representations.vector(groups.PermutationGroup([[1, 0, 2]], "swap"))
    X = np.array([[1.0, 2.0, 0.0], [0.5, -1.0, 0.0], [1.0, 0.0, 0.0]])
    moments = Moments.from_data(X, np.array([[1.0, 0.0, 0.0], [0, 1, 2], [1, 1, 0]]))
    path = RegularisationPath(moments, rho, 2, pseudo_inverse=True)
    assert path.invariant.shape == (3, 1)
    assert path.singular_values(0.5).shape == (3,)
    assert not path.optimum(0.5)[:, 2].any()
    expected = regularised(moments, rho, 2, 0.5, pseudo_inverse=True).optimum()
    np.testing.assert_allclose(path.optimum(0.5), expected, atol=1e-12)


def test_bad_arguments():
    rho = representations.image(groups.image_rotations(4))
    moments = data(rho)
    with pytest.raises(ValueError, match="rank: expected 1 to 4, got 5"):
        RegularisationPath(moments, rho, 5)
    with pytest.raises(ValueError, match="dimension 16, got 9"):
        RegularisationPath(moments, representations.image(groups.image_rotations(3)), 2)
    path = RegularisationPath(moments, rho, 2)
    for wrong in (-1.0, np.nan):
        with pytest.raises(ValueError, match="strengths"):
            path.optimum(wrong)
    with pytest.raises(ValueError, match="step"):
        crossings.follow(path, 0.0)


def test_smallest_gap_finds_crossings_and_near_misses():
    strength, gap = crossings.smallest_gap(reflected(np.diag([1, 0.5, 2])))
    assert strength == pytest.approx(0.25, abs=1e-9)
    assert gap < 1e-9
    bent = np.diag([1, 0.5, 2.0])
    bent[2, 0] = 0.1
    path = reflected(bent)
    strength, gap = crossings.smallest_gap(path)
    dense = np.linspace(0.2, 0.3, 20_001)
    assert gap <= path.gap(dense).min()
    assert strength == pytest.approx(dense[np.argmin(path.gap(dense))], abs=1e-4)


def test_smallest_gap_at_an_end():
    strength, gap = crossings.smallest_gap(reflected([[1, 0], [0, 1], [1, 0]]))
    assert np.isinf(strength)
    assert gap == pytest.approx(0, abs=1e-12)


def test_following_a_path():
    smooth, _ = image_path()
    at, steps = crossings.follow(smooth, 0.01)
    assert at[0] == 0
    assert np.isinf(at[-1])
    assert (np.diff(at) > 0).all()
    assert steps.max() <= 0.01
    unit = np.linalg.norm(smooth.optimum(0.0))
    maps = smooth.optimum(at)
    np.testing.assert_allclose(steps, np.linalg.norm(np.diff(maps, axis=0), axis=(1, 2)) / unit)
    # a path that jumps keeps one long step, where it jumps
    at, steps = crossings.follow(reflected(np.diag([1, 0.5, 2])), 0.01)
    assert (steps > 0.01).sum() == 1
    assert steps.max() == pytest.approx(np.sqrt(1.25) / 2)
    assert at[np.argmax(steps)] == pytest.approx(0.25)


def test_a_group_that_moves_nothing():
    rho = representations.trivial(groups.cyclic(1), 3)
    path = RegularisationPath(data(rho), rho, 2)
    np.testing.assert_allclose(path.optimum(0.0), path.optimum(np.inf))
    assert path.scales() == (1.0, 1.0)
    assert path.penalty(2.0) == 0
