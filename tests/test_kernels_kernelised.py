"""Fitted actions on features: against least squares, and exact where an action exists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnsym import groups, kernels
from learnsym import representations as reps


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_fit_solves_least_squares(size, seed):
    rng = np.random.default_rng(seed)
    F, moved = rng.standard_normal((2, 30, size))
    solved = np.linalg.lstsq(F, moved, rcond=None)[0]
    fitted = kernels.fit(F, moved, 1e-12)
    assert fitted.kept == size
    assert fitted.matrix == pytest.approx(solved.T, abs=1e-9)
    assert fitted.act(F) == pytest.approx(F @ solved, abs=1e-9)


def test_fit_finds_the_permutation_of_monomials(rng):
    rho = reps.vector(groups.symmetric(3))
    lifted = reps.polynomial(rho, 2)
    X = rng.standard_normal((50, 3))
    F = reps.monomials(X, 2)
    for g in rho.group.elements():
        fitted = kernels.fit(F, reps.monomials(rho.act(g, X), 2), 1e-12)
        assert fitted.matrix == pytest.approx(lifted.matrix(g), abs=1e-9)


def test_directions_below_the_cutoff_are_left_out(rng):
    basis = np.linalg.qr(rng.standard_normal((20, 3)))[0]
    F = basis * [1.0, 1e-2, 1e-5]  # eigenvalues 1, 1e-4, 1e-10
    for cutoff, kept in ((1e-12, 3), (1e-7, 2), (1e-2, 1)):
        fitted = kernels.fit(F, F, cutoff)
        assert fitted.kept == kept
        assert fitted.matrix == pytest.approx(np.diag(np.arange(3) < kept).astype(float), abs=1e-4)


def test_moments_are_enough(rng):
    F, moved = rng.standard_normal((2, 12, 4))
    from_moments = kernels.from_moments(F.T @ F, F.T @ moved, 0.0)
    assert np.array_equal(from_moments.matrix, kernels.fit(F, moved, 0.0).matrix)


def test_errors_by_hand():
    first, second = np.array([[3.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 4.0], [0.0, 12.0]])
    assert kernels.frobenius_error(first, second) == pytest.approx(13 / 2)
    assert kernels.mean_error(first, second) == pytest.approx((5 + 12) / 2)


def test_frobenius_error_shrinks_when_points_are_repeated(rng):
    first, second = rng.standard_normal((2, 9, 3))
    four = [np.tile(array, (4, 1)) for array in (first, second)]
    assert kernels.frobenius_error(*four) == pytest.approx(
        kernels.frobenius_error(first, second) / 2
    )
    assert kernels.mean_error(*four) == pytest.approx(kernels.mean_error(first, second))


def test_default_cutoff_is_the_one_of_torch():
    assert kernels.default_cutoff(501, np.float32) == pytest.approx(501 * 2.0**-23)
    assert kernels.default_cutoff(501, np.float64) == pytest.approx(501 * 2.0**-52)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"features, moved.*\(3, 2\), \(3, 1\)"):
        kernels.fit(np.zeros((3, 2)), np.zeros((3, 1)), 0.1)
    with pytest.raises(ValueError, match=r"cutoff.*got 1"):
        kernels.fit(np.eye(2), np.eye(2), 1.0)
    with pytest.raises(ValueError, match=r"features, moved.*\(0, 2\)"):
        kernels.fit(np.zeros((0, 2)), np.zeros((0, 2)), 0.1)
    with pytest.raises(ValueError, match=r"gram, cross: .*\(p, p\), got \(2, 2\), \(3, 3\)"):
        kernels.from_moments(np.eye(2), np.eye(3), 0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_named(bad):
    broken = np.array([[1.0, bad], [0.0, 1.0]])
    for function, names in (
        (kernels.fit, ("features", "moved")),
        (kernels.from_moments, ("gram", "cross")),
    ):
        with pytest.raises(ValueError, match=f"{names[0]}: expected finite entries, got 1 that"):
            function(broken, np.eye(2), 0.1)
        with pytest.raises(ValueError, match=f"{names[1]}: expected finite entries, got 1 that"):
            function(np.eye(2), broken, 0.1)
