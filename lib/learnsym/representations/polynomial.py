"""Polynomial features and how a group acts on them."""

import itertools

import numpy as np
from numpy.typing import ArrayLike

from learnsym.representations.base import PermutationRepresentation, Representation


def exponents(variables: int, degree: int) -> np.ndarray:
    """Return the exponents of all monomials of degree 1 to ``degree``, shape ``(m, variables)``.

    Ordered by degree, then lexicographically: x, y, x^2, x y, y^2, ...
    """
    if variables < 1 or degree < 1:
        raise ValueError(f"expected variables, degree of at least 1, got {variables}, {degree}")
    rows = []
    for total in range(1, degree + 1):
        for factors in itertools.combinations_with_replacement(range(variables), total):
            rows.append(np.bincount(factors, minlength=variables))
    return np.array(rows)


def monomials(x: ArrayLike, degree: int) -> np.ndarray:
    """Return the polynomial features of points ``x`` of shape ``(..., n)``, shape ``(..., m)``."""
    x = np.asarray(x, dtype=np.float64)
    return np.prod(x[..., None, :] ** exponents(x.shape[-1], degree), axis=-1)


def polynomial(rho: Representation, degree: int) -> Representation:
    """Return the action of ``rho`` on monomials.

    It satisfies ``monomials(rho(g) x) = rho_poly(g) monomials(x)``.

    Example F.1 of Gideoni is the swap of two variables with degree 2.
    """
    powers = exponents(rho.dimension, degree)
    row = {tuple(power): i for i, power in enumerate(powers.tolist())}
    name = f"polynomials of degree {degree}"
    if isinstance(rho, PermutationRepresentation):

        def indices(g: np.ndarray) -> np.ndarray:
            # The feature x^a, read at rho(g) x, is x^(a o p): the value moves back along p.
            moved = powers[:, rho.permutation(g)]
            return np.argsort([row[tuple(power)] for power in moved.tolist()])

        return PermutationRepresentation(rho.group, len(powers), indices, name)

    def matrix(g: np.ndarray) -> np.ndarray:
        result = np.zeros((len(powers), len(powers)))
        for i, power in enumerate(powers):
            for target, coefficient in _expand(rho.matrix(g), power).items():
                result[i, row[target]] = coefficient
        return result

    return Representation(rho.group, len(powers), matrix, name)


def _expand(matrix: np.ndarray, power: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return the coefficients of ``prod_i (sum_j matrix[i, j] x_j) ** power[i]``."""
    terms = {(0,) * len(power): 1.0}
    for i in np.repeat(np.arange(len(power)), power):
        product: dict[tuple[int, ...], float] = {}
        for exponent, coefficient in terms.items():
            for j, factor in enumerate(matrix[i]):
                target = (*exponent[:j], exponent[j] + 1, *exponent[j + 1 :])
                product[target] = product.get(target, 0.0) + coefficient * factor
        terms = product
    return terms
