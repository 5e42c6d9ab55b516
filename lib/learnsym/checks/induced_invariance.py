"""Regression problems on whole orbits, and how far a trained predictor is from Theorem 3.3."""

from dataclasses import dataclass

import numpy as np

from learnsym import regression
from learnsym.regression import QuadraticLoss
from learnsym.representations import Representation

TIMES = np.array([0.0, 0.3, 1.0, 3.0])


@dataclass(frozen=True)
class Problem:
    """A random regression problem with whole orbits.

    ``X`` (n, d) holds one point per orbit, ``y`` (n,) its label, ``w0`` (d,) initial weights.
    """

    X: np.ndarray
    y: np.ndarray
    w0: np.ndarray
    rho: Representation

    @property
    def loss(self) -> QuadraticLoss:
        """The loss of Corollary 3.2, summed over the group."""
        return QuadraticLoss(
            regression.symmetrised_gram(self.X, self.rho),
            regression.symmetrised_moment(self.X, self.y, self.rho),
        )


def coupling(problem: Problem, rng: np.random.Generator) -> tuple[float, float]:
    """Theorem 3.3.2: how much each part feels the other.

    Returns the relative change of ``w_k(t)`` when only ``w_r(0)`` changes, and of ``w_r(t)`` when
    only ``w_k(0)`` changes; zero where the parts are decoupled.
    """
    kick_r, kick_k = regression.split(rng.standard_normal(problem.w0.shape), problem.rho)
    w = problem.loss.flow(np.stack([problem.w0, problem.w0 + kick_r, problem.w0 + kick_k]), TIMES)
    w_r, w_k = regression.split(w, problem.rho)
    size = np.abs(w).max()
    return (
        float(np.abs(w_k[:, 1] - w_k[:, 0]).max() / size),
        float(np.abs(w_r[:, 2] - w_r[:, 0]).max() / size),
    )


def label_influence(problem: Problem, rng: np.random.Generator) -> float:
    """Theorem 3.3.3: relative change of ``w_k(t)`` when every orbit gets another label."""
    other = Problem(problem.X, rng.standard_normal(len(problem.y)), problem.w0, problem.rho)
    first, second = (p.loss.flow(problem.w0, TIMES) for p in (problem, other))
    change = regression.split(first - second, problem.rho)[1]
    return float(np.abs(change).max() / np.abs(first).max())


def limit_variance(problem: Problem) -> float:
    """Corollary 3.4: how much ``rho(g)^T w`` differs from ``w`` at the end of gradient flow.

    Relative to the initial weights, the largest over the group; zero for an invariant predictor.
    """
    limit = problem.loss.limit(problem.w0)
    moved = [problem.rho.matrix(g).T @ limit for g in problem.rho.group.elements()]
    return float(np.abs(np.array(moved) - limit).max() / np.abs(problem.w0).max())
