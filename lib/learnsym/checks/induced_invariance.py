"""Checks of Gideoni's section 3: closed forms against an ODE solver, decoupling, limits."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import null_space, subspace_angles

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


def random_problem(rho: Representation, orbits: int, rng: np.random.Generator) -> Problem:
    """Return Gaussian data scaled so that the largest eigenvalue of K_G is about 1."""
    X = rng.standard_normal((orbits, rho.dimension))
    X /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(X, rho), 2))
    return Problem(X, rng.standard_normal(orbits), rng.standard_normal(rho.dimension), rho)


def ode_deviation(loss: QuadraticLoss, rows: np.ndarray, y: np.ndarray, w0: np.ndarray) -> float:
    """Return how far the closed form is from an ODE solver on ``dw/dt = X^T (y - X w)``.

    Relative to the largest weight on the way. ``rows`` (n, d) and ``y`` (n,) are the whole data
    set; the solver sees them and not their Gram matrix.
    """
    solution = solve_ivp(
        lambda _, w: rows.T @ (y - rows @ w),
        (TIMES[0], TIMES[-1]),
        w0,
        t_eval=TIMES,
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
    )
    exact = loss.flow(w0, TIMES)
    return float(np.abs(solution.y.T - exact).max() / np.abs(exact).max())


def symmetric_ode_deviation(problem: Problem) -> float:
    """Theorem 3.3.1: Eq. 3 against an ODE solver on the augmented data set."""
    rows = regression.augment(problem.X, problem.rho)
    labels = np.tile(problem.y, len(rows))
    return ode_deviation(problem.loss, rows.reshape(-1, problem.rho.dimension), labels, problem.w0)


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


def decay_deviation(problem: Problem) -> float:
    """Theorem 3.3.3: ``w_k(t)`` against ``exp(-K_G t) w_k(0)``, relative to ``w_k(0)``.

    The exponential is taken on ker R alone, in an orthonormal basis of it.
    """
    basis = regression.asymmetric_basis(problem.rho)
    rates, modes = np.linalg.eigh(basis.T @ problem.loss.K @ basis)
    start = modes.T @ basis.T @ problem.w0
    expected = (np.exp(-rates * TIMES[:, None]) * start) @ modes.T
    measured = regression.split(problem.loss.flow(problem.w0, TIMES), problem.rho)[1] @ basis
    return float(np.abs(measured - expected).max(initial=0.0) / np.abs(problem.w0).max())


def limit_variance(problem: Problem) -> float:
    """Corollary 3.4: how much ``rho(g)^T w`` differs from ``w`` at the end of gradient flow.

    Relative to the initial weights, the largest over the group; zero for an invariant predictor.
    """
    limit = problem.loss.limit(problem.w0)
    moved = [problem.rho.matrix(g).T @ limit for g in problem.rho.group.elements()]
    return float(np.abs(np.array(moved) - limit).max() / np.abs(problem.w0).max())


def kernel_angle(problem: Problem) -> float:
    """Return the largest angle between ker K_G and the largest invariant subspace of ker X.

    In radians; pi/2 where the dimensions differ. The second space starts as ker X and loses, until
    nothing changes, every direction that a generator moves out of it. It never sees K_G.
    """
    kernel = null_space(problem.loss.K, rcond=1e-10)
    invariant = largest_invariant_subspace(null_space(problem.X, rcond=1e-10), problem.rho)
    if kernel.shape[1] != invariant.shape[1]:
        return np.pi / 2
    return float(subspace_angles(kernel, invariant).max()) if kernel.shape[1] else 0.0


def largest_invariant_subspace(basis: np.ndarray, rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of the largest subspace of ``span(basis)`` that G maps to itself.

    ``basis`` has orthonormal columns, shape ``(d, k)``; G acts on weights by ``rho(g)^T``.
    """
    while basis.shape[1]:
        moved = [rho.matrix(s).T @ basis for s in rho.group.generators]
        outside = np.vstack([m - basis @ (basis.T @ m) for m in moved])
        _, sizes, directions = np.linalg.svd(outside)
        staying = np.count_nonzero(sizes < 1e-8)
        if staying == basis.shape[1]:
            break
        basis = basis @ directions[len(directions) - staying :].T
    return basis


def orbit_sum_gap(
    points: np.ndarray, labels: np.ndarray, w: np.ndarray, rho: Representation
) -> dict:
    """Corollary 3.2: the loss over the distinct points against sums over group elements.

    Parameters
    ----------
    points
        One point per orbit, shape ``(n, d)``.
    labels
        One label per orbit, shape ``(n,)``.
    w
        Weights at which the losses are compared, shape ``(d,)``.
    rho
        Representation of dimension ``d``.

    Returns
    -------
    dict
        ``direct``: the loss over the set of distinct points; ``published``: the orbit sum of
        Eq. 2; ``corrected``: the orbit sum with weights ``1 / |Stab|``.
    """
    orbits = regression.augment(points, rho)
    squares = 0.5 * (labels - orbits @ w) ** 2
    direct = 0.0
    for i, y in enumerate(labels):
        distinct = np.unique(orbits[:, i].round(9), axis=0)
        direct += 0.5 * np.sum((y - distinct @ w) ** 2)
    weights = 1 / regression.stabiliser_sizes(points, rho)
    return {
        "direct": float(direct),
        "published": float(squares.sum()),
        "corrected": float((squares * weights).sum()),
    }


def smallest_asymmetric_rate(problem: Problem) -> float:
    """Return the smallest eigenvalue of ``K_G`` restricted to ker R; infinite where ker R is 0."""
    basis = regression.asymmetric_basis(problem.rho)
    restricted = basis.T @ problem.loss.K @ basis
    return float(np.linalg.eigvalsh(restricted).min(initial=np.inf))
