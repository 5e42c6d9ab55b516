"""Averages over all rotations, against fine quadrature and an adaptive integrator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad_vec

from cases import seeds
from learnsym.checks import circle_quadrature
from learnsym.checks.circle_quadrature import (
    circle_gram,
    circle_reynolds,
    phases,
    rotated_polynomials,
)
from learnsym.representations import monomials

DEGREES = [1, 2, 3, 4]


def rotation_of_features(degree, angle):
    """Return ``rho(angle)``, fitted to features of rotated points and nothing else."""
    points = np.random.default_rng(1).uniform(-1, 1, (60, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    before, after = monomials(points, degree), monomials(points @ turn.T, degree)
    return np.linalg.lstsq(before, after)[0].T


@pytest.mark.parametrize("degree", DEGREES)
def test_reynolds_is_the_integral(degree):
    integral = quad_vec(lambda a: rotation_of_features(degree, a), 0, 2 * np.pi)[0] / (2 * np.pi)
    np.testing.assert_allclose(circle_reynolds(degree), integral, atol=1e-7)


@pytest.mark.parametrize("degree", [1, 3])
def test_gram_is_the_integral(degree, rng):
    X = monomials(rng.uniform(-1, 1, (4, 2)), degree)

    def turned(angle):
        rows = X @ rotation_of_features(degree, angle).T
        return rows.T @ rows

    integral = quad_vec(turned, 0, 2 * np.pi)[0] / (2 * np.pi)
    np.testing.assert_allclose(circle_gram(X, degree), integral, atol=1e-7)


@given(st.integers(1, 5), seeds)
def test_phases_are_powers_of_z(degree, seed):
    x, y = np.random.default_rng(seed).uniform(-1, 1, 2)
    matrix, turns = phases(degree)
    values = matrix @ monomials([x, y], degree)
    z = x + 1j * y
    expected = [z**a * z.conjugate() ** b for a in range(degree + 1) for b in range(degree + 1)]
    for value, turn in zip(values, turns, strict=True):
        assert np.abs(np.array(expected) - value).min() < 1e-12
        rotated = matrix @ monomials([(1j * z).real, (1j * z).imag], degree)
        assert np.abs(rotated - 1j**turns * values).max() < 1e-12
        assert abs(turn) <= degree


@pytest.mark.parametrize("degree", DEGREES)
def test_numbers_of_angles_are_sharp(degree, rng):
    for angles in (degree + 1, degree + 2, 3 * degree + 1):
        assert circle_quadrature.reynolds_gap(degree, angles) < 1e-12
    for angles in (2 * degree + 1, 2 * degree + 2, 3 * degree + 1):
        assert circle_quadrature.gram_gap(degree, angles, rng) < 1e-12
    assert circle_quadrature.reynolds_gap(degree, degree) > 0.1
    gaps = [circle_quadrature.gram_gap(degree, 2 * degree, rng) for _ in range(10)]
    assert max(gaps) > 1e-3


@pytest.mark.parametrize("degree", DEGREES)
def test_limit_is_invariant_from_degree_plus_one_angles_on(degree, rng):
    assert circle_quadrature.limit_variance(degree, degree + 1, rng) < 1e-8
    assert max(circle_quadrature.limit_variance(degree, degree, rng) for _ in range(5)) > 1e-3


def test_rotated_polynomials_is_a_representation():
    rho = rotated_polynomials(3, 7)
    rho.check()
    assert (rho.group.order, rho.dimension) == (7, 9)
    np.testing.assert_allclose(
        rho.matrix(rho.group.generators[0]), rotation_of_features(3, 2 * np.pi / 7), atol=1e-9
    )


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="angles: expected at least 1, got 0"):
        rotated_polynomials(2, 0)
    with pytest.raises(ValueError, match=r"X: expected shape \(n, 5\), got \(3, 2\)"):
        circle_gram(np.ones((3, 2)), 2)
    with pytest.raises(ValueError, match="degree"):
        circle_reynolds(0)
