"""Averages over finitely many rotations of the plane against averages over the circle.

The group SO(2) is infinite. On polynomial features of degree up to ``D`` its averages are those of
a cyclic group: the entries of ``rho(angle)`` are trigonometric polynomials of degree ``D``, so
``M`` equispaced angles integrate them exactly for ``M >= D + 1``, and products of two of them, as
in ``K_G``, for ``M >= 2 D + 1``.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from learnsym import regression
from learnsym.arrays import real_array
from learnsym.checks.induced_invariance import Problem
from learnsym.equivariant import reynolds
from learnsym.gallery import rotation
from learnsym.groups import MatrixGroup
from learnsym.representations import Representation, exponents, monomials, polynomial, vector


def rotated_polynomials(degree: int, angles: int) -> Representation:
    """Return how rotations by multiples of ``2 pi / angles`` act on monomials of two variables.

    Raises
    ------
    ValueError
        ``angles`` or ``degree`` is below 1.
    """
    if angles < 1:
        raise ValueError(f"angles: expected at least 1, got {angles}")
    turns = MatrixGroup([rotation(2 * np.pi / angles)], f"C_{angles} in the plane")
    return polynomial(vector(turns), degree)


def circle_reynolds(degree: int) -> np.ndarray:
    """Return the average of ``rho(angle)`` over all angles, on monomials up to ``degree``.

    Exact, without quadrature: with ``z = x + i y``, a rotation multiplies ``z^a conj(z)^b`` by a
    phase that turns ``a - b`` times, so the average keeps the terms with ``a = b``. Shape
    ``(m, m)``.
    """
    to_phases, turns = phases(degree)
    return (np.linalg.inv(to_phases) @ np.diag(turns == 0) @ to_phases).real


def circle_gram(X: ArrayLike, degree: int) -> np.ndarray:
    """Return the average of ``rho(angle) X^T X rho(angle)^T`` over all angles.

    This is ``K_G`` of Gideoni for SO(2), with the mean in place of the sum.

    Parameters
    ----------
    X
        Points in monomial features, shape ``(n, m)``.
    degree
        Degree of the features.
    """
    to_phases, turns = phases(degree)
    back = np.linalg.inv(to_phases)
    X = real_array("X", X)
    if X.ndim != 2 or X.shape[1] != len(turns):
        raise ValueError(f"X: expected shape (n, {len(turns)}), got {X.shape}")
    gram = to_phases @ (X.T @ X) @ to_phases.conj().T
    return (back @ (gram * (turns[:, None] == turns)) @ back.conj().T).real


def phases(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the map from monomials ``x^a y^b`` to ``z^a conj(z)^b``, and ``a - b`` of each.

    Complex of shape ``(m, m)`` and integers of shape ``(m,)``, in the order of
    :func:`learnsym.representations.exponents`.
    """
    powers = exponents(2, degree)
    column = {tuple(power): i for i, power in enumerate(powers.tolist())}
    matrix = np.zeros((len(powers), len(powers)), dtype=complex)
    for row, (a, b) in enumerate(powers.tolist()):
        for i in range(a + 1):
            for j in range(b + 1):
                coefficient = math.comb(a, i) * math.comb(b, j) * 1j**i * (-1j) ** j
                matrix[row, column[a + b - i - j, i + j]] += coefficient
    return matrix, powers[:, 0] - powers[:, 1]


def reynolds_gap(degree: int, angles: int) -> float:
    """Return the largest entry of the difference of the two Reynolds operators."""
    finite = reynolds(rotated_polynomials(degree, angles))
    return float(np.abs(finite - circle_reynolds(degree)).max())


def gram_gap(degree: int, angles: int, rng: np.random.Generator) -> float:
    """Return the distance of ``K_G / |G|`` from its average over the circle, relative, 5 points."""
    X = monomials(rng.uniform(-1, 1, (5, 2)), degree)
    rho = rotated_polynomials(degree, angles)
    exact = circle_gram(X, degree)
    finite = regression.symmetrised_gram(X, rho) / angles
    return float(np.linalg.norm(finite - exact) / np.linalg.norm(exact))


def limit_variance(degree: int, angles: int, rng: np.random.Generator) -> float:
    """Return how far the limit of gradient flow is from invariant under all rotations.

    Trained on 30 points of the unit disc, each with ``angles`` equispaced rotations and one random
    label. The norm of ``w - E w``, with ``E`` the average over the circle, over that of the start.
    """
    radius, angle = np.sqrt(rng.uniform(size=30)), rng.uniform(0, 2 * np.pi, 30)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    X = monomials(points, degree)
    rho = rotated_polynomials(degree, angles)
    problem = Problem(X, rng.standard_normal(30), rng.standard_normal(X.shape[1]), rho)
    limit = problem.loss.limit(problem.w0)
    average = circle_reynolds(degree).T @ limit
    return float(np.linalg.norm(limit - average) / np.linalg.norm(problem.w0))
