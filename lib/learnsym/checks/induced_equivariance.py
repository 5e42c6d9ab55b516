"""Checks of Gideoni's section 4: the matrix flow, its two parts, its limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from learnsym import regression
from learnsym.checks.equivariant_regression import split_maps, symmetrised_loss
from learnsym.equivariant import EquivariantMaps
from learnsym.gallery import Case, find
from learnsym.regression import QuadraticLoss
from learnsym.representations import Representation

TIMES = np.array([0.0, 0.3, 1.0, 3.0])


@dataclass(frozen=True)
class Problem:
    """A random problem with equivariant labels.

    ``X`` (n, d) and ``Y`` (n, outputs) hold one point per orbit; ``W0`` (outputs, d).
    """

    X: np.ndarray
    Y: np.ndarray
    W0: np.ndarray
    case: Case

    @cached_property
    def maps(self) -> EquivariantMaps:
        """The equivariant maps."""
        return EquivariantMaps(self.case.rho_in, self.case.rho_out)

    @cached_property
    def loss(self) -> QuadraticLoss:
        """The loss of Corollary 4.1, summed over the group."""
        return symmetrised_loss(self.X, self.Y, self.case.rho_in, self.case.rho_out)


def random_problem(case: Case, orbits: int, rng: np.random.Generator) -> Problem:
    """Return Gaussian points with equivariant, non-linear labels.

    The labels are ``q(x) A x`` with ``A`` a random equivariant map and ``q`` an invariant quadratic
    form. Points are scaled so that the largest eigenvalue of K_G is 1.
    """
    rho = case.rho_in
    X = rng.standard_normal((orbits, rho.dimension))
    X /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(X, rho), 2))
    maps = EquivariantMaps(rho, case.rho_out)
    A = maps.from_coordinates(rng.standard_normal(maps.dimension))
    q = np.mean(np.sum(regression.augment(X, rho) ** 2, axis=2), axis=0)
    return Problem(X, q[:, None] * (X @ A.T), rng.standard_normal(maps.shape), case)


def ode_deviation(problem: Problem) -> float:
    """Theorem 4.2.1: Eq. 5 against an ODE solver that sees the augmented data set."""
    rows = regression.augment(problem.X, problem.case.rho_in).reshape(-1, problem.X.shape[1])
    labels = regression.augment(problem.Y, problem.case.rho_out).reshape(-1, problem.Y.shape[1])
    shape = problem.W0.shape

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        return ((labels - rows @ flat.reshape(shape).T).T @ rows).ravel()

    solution = solve_ivp(
        velocity,
        (TIMES[0], TIMES[-1]),
        problem.W0.ravel(),
        t_eval=TIMES,
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
    )
    exact = problem.loss.flow(problem.W0, TIMES)
    return float(np.abs(solution.y.T.reshape(exact.shape) - exact).max() / np.abs(exact).max())


def coupling(problem: Problem, rng: np.random.Generator) -> tuple[float, float]:
    """Theorem 4.2.2: relative change of each part when only the other starts elsewhere."""
    kick_r, kick_k = split_maps(rng.standard_normal(problem.W0.shape), problem.maps)
    starts = np.stack([problem.W0, problem.W0 + kick_r, problem.W0 + kick_k])
    W = problem.loss.flow(starts, TIMES)
    W_r, W_k = split_maps(W, problem.maps)
    size = np.abs(W).max()
    return (
        float(np.abs(W_k[:, 1] - W_k[:, 0]).max() / size),
        float(np.abs(W_r[:, 2] - W_r[:, 0]).max() / size),
    )


def label_influence(problem: Problem, rng: np.random.Generator) -> float:
    """Theorem 4.2.3: relative change of ``W_k(t)`` under other equivariant labels."""
    A = problem.maps.from_coordinates(rng.standard_normal(problem.maps.dimension))
    other = Problem(problem.X, problem.X @ A.T, problem.W0, problem.case)
    first, second = (p.loss.flow(problem.W0, TIMES) for p in (problem, other))
    change = split_maps(first - second, problem.maps)[1]
    return float(np.abs(change).max() / np.abs(first).max())


def decay_deviation(problem: Problem) -> float:
    """Theorem 4.2.3: ``W_k(t)`` against ``W_k(0) exp(-K_G t)``, relative to ``W(0)``.

    The exponential is taken by repeated squaring in SciPy, not from the eigenvectors that the
    closed form uses.
    """
    start = split_maps(problem.W0, problem.maps)[1]
    expected = np.array([start @ expm(-problem.loss.K * t) for t in TIMES])
    measured = split_maps(problem.loss.flow(problem.W0, TIMES), problem.maps)[1]
    return float(np.abs(measured - expected).max() / np.abs(problem.W0).max())


def limit_defect(problem: Problem) -> float:
    """Corollary 4.3: ``|rho_out(g) W - W rho_in(g)|`` at the end of gradient flow.

    The largest entry over the group, relative to the initial weights.
    """
    limit = problem.loss.limit(problem.W0)
    case = problem.case
    defects = [
        np.abs(case.rho_out.matrix(g) @ limit - limit @ case.rho_in.matrix(g)).max()
        for g in case.rho_in.group.elements()
    ]
    return float(max(defects) / np.abs(problem.W0).max())


def group_sum_gap(problem: Problem, weights: np.ndarray) -> float:
    """Corollary 4.1: relative difference of the weighted group sum and the loss over the data.

    ``weights`` has one entry per orbit. The loss over the data counts each distinct pair
    ``(x, y)`` once.
    """
    case = problem.case
    points = regression.augment(problem.X, case.rho_in)
    labels = regression.augment(problem.Y, case.rho_out)
    squares = 0.5 * np.sum((labels - points @ problem.W0.T) ** 2, axis=2)
    pairs = np.concatenate([points, labels], axis=2)
    direct = 0.0
    for i in range(len(problem.X)):
        _, first = np.unique(pairs[:, i].round(9), axis=0, return_index=True)
        direct += squares[first, i].sum()
    return float((squares * weights).sum() / direct - 1)


def swap_problem(orbits: int, rng: np.random.Generator) -> Problem:
    """Return data for Figure 4: points ``(x, y)`` with the labels ``(y^2, x^2)``.

    The group swaps the two coordinates of points and of labels. The paper states no range; the
    points are uniform in the unit square.
    """
    case = find("S2, swap of two coordinates")
    X = rng.uniform(0, 1, (orbits, 2))
    return Problem(X, X[:, ::-1] ** 2, rng.standard_normal((2, 2)), case)


def swap_parts(W: np.ndarray) -> np.ndarray:
    """Return the symmetric and asymmetric components of 2 x 2 weights, as the paper names them.

    ``(w11 + w22) / 2``, ``(w12 + w21) / 2``, ``(w11 - w22) / 2``, ``(w12 - w21) / 2`` along the
    last axis, for ``W`` of shape ``(..., 2, 2)``.
    """
    (a, b), (c, d) = np.moveaxis(W, (-2, -1), (0, 1))
    return np.stack([a + d, b + c, a - d, b - c], axis=-1) / 2


def trained_rates(problem: Problem, steps: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and measured decay rates of ``W_k`` in real gradient descent.

    One rate per eigenvector ``v`` of K_G: that of ``|W_k v|``, from the start to the last recorded
    step at which it is above 1e-6 of its start. Directions that ``W_k`` does not meet are left out.
    """
    case = problem.case
    rows = regression.augment(problem.X, case.rho_in).reshape(-1, problem.X.shape[1])
    labels = regression.augment(problem.Y, case.rho_out).reshape(-1, problem.Y.shape[1])
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    eta = 0.5 / values[-1]
    recorded = np.arange(0, steps + 1, 4)
    trained = regression.descend(rows, labels, problem.W0.T, eta, recorded).swapaxes(1, 2)
    sizes = np.linalg.norm(split_maps(trained, problem.maps)[1] @ vectors, axis=1)
    met = sizes[0] > 1e-3 * sizes[0].max()
    values, sizes = values[met], sizes[:, met]
    last = np.sum(sizes > 1e-6 * sizes[0], axis=0) - 1
    measured = -np.log(sizes[last, np.arange(len(values))] / sizes[0]) / (eta * recorded[last])
    return regression.descent_rate(values, eta), measured


def transposes_belong(rho: Representation) -> bool:
    """Return whether every ``rho(g)^T`` is some ``rho(h)``: Assumption 3 of Gideoni."""
    matrices = np.array([rho.matrix(g) for g in rho.group.elements()])
    gaps = np.abs(matrices[:, None] - matrices.mT).max(axis=(2, 3))
    return bool(gaps.min(axis=0).max() < 1e-9)


def gradient_gaps(rho: Representation, rng: np.random.Generator) -> tuple[float, float]:
    """Return how far Eq. 7 and Eq. 6 of Gideoni are from the slope of the loss of Eq. 2.

    Five random points and labels, random weights; the slope by central differences, which are
    exact for a quadratic loss. Relative to its norm.
    """
    X, y = rng.standard_normal((5, rho.dimension)), rng.standard_normal(5)
    w = rng.standard_normal(rho.dimension)
    matrices = [rho.matrix(g) for g in rho.group.elements()]

    def loss(v: np.ndarray) -> float:
        return 0.5 * sum(np.sum((y - X @ m.T @ v) ** 2) for m in matrices)

    steps = 0.5 * np.eye(rho.dimension)
    slope = np.array([loss(w + step) - loss(w - step) for step in steps])
    seventh = sum(m @ X.T @ (X @ m.T @ w - y) for m in matrices)
    sixth = sum(m.T @ X.T @ (X @ m @ w - y) for m in matrices)
    size = np.linalg.norm(slope)
    return (
        float(np.linalg.norm(seventh - slope) / size),
        float(np.linalg.norm(sixth - slope) / size),
    )
