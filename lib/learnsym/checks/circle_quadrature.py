"""Averages over finitely many rotations against averages over the circle."""

import numpy as np

from learnsym import regression
from learnsym.checks.induced_invariance import Problem
from learnsym.equivariant import reynolds
from learnsym.representations import monomials
from learnsym.representations.circle import circle_gram, circle_reynolds, rotated_polynomials


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
