"""Rotations of the plane by finitely many angles, and exact averages over all of them.

The group SO(2) is infinite. On polynomial features of degree up to ``D`` its averages are those of
a cyclic group: the entries of ``rho(angle)`` are trigonometric polynomials of degree ``D``, so
``M`` equispaced angles integrate them exactly for ``M >= D + 1``, and products of two of them, as
in ``K_G``, for ``M >= 2 D + 1``.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from learnsym.groups import MatrixGroup
from learnsym.representations.base import Representation
from learnsym.representations.constructions import vector
from learnsym.representations.polynomial import exponents, polynomial


def rotated_polynomials(degree: int, angles: int) -> Representation:
    """Return how rotations by multiples of ``2 pi / angles`` act on monomials of two variables.

    Raises
    ------
    ValueError
        ``angles`` or ``degree`` is below 1.
    """
    if angles < 1:
        raise ValueError(f"angles: expected at least 1, got {angles}")
    turn = 2 * np.pi / angles
    matrix = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    return polynomial(vector(MatrixGroup([matrix], f"C_{angles} in the plane")), degree)


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
    X = np.asarray(X, dtype=np.float64)
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
