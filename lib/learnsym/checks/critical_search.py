"""A search for critical points that knows nothing of singular values.

It starts Levenberg-Marquardt iterations from many random factors ``W = W_2 W_1`` and solves
``gradient = 0``. All it sees of a problem is its gradient; second derivatives come from complex
steps, which are exact for polynomials.
"""

import numpy as np

from learnsym.checks.lowrank_critical import reduced
from learnsym.checks.lowrank_layers import layer_hessian
from learnsym.lowrank import LowRankProblem

ITERATIONS = 80
COMPLEX_STEP = 1e-30
DISTINCT = 1e-6
TINY = 1e-14
GOAL = 1e-12


def search(
    problem: LowRankProblem, starts: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all critical factors that are found, and the distinct maps among their products.

    Parameters
    ----------
    problem
        Its rank is the number of hidden units of the factors; admissible rows only are searched.
    starts
        Number of random starts.
    rng
        Generator of the starts.

    Returns
    -------
    first : numpy.ndarray
        ``W_1`` in the coordinates of the basis of the rows, shape ``(found, r, k)``.
    last : numpy.ndarray
        ``W_2``, shape ``(found, m, r)``.
    maps : numpy.ndarray
        The distinct products ``W_2 W_1 B^T``, shape ``(distinct, m, n)``.
    """
    small = reduced(problem)
    m, k = small.C.shape
    r = problem.rank
    size = np.sqrt(np.linalg.norm(small.C @ np.linalg.inv(small.A)) / np.sqrt(r))
    points = size * rng.standard_normal((starts, r * (m + k))) / np.sqrt(r)
    points *= np.exp(rng.uniform(-1.5, 1.0, (starts, 1)))
    goal = GOAL * np.linalg.norm(small.C) * size
    points, residuals = _levenberg_marquardt(small, points, goal)
    points = points[np.linalg.norm(residuals, axis=1) <= goal]
    first, last = _layers(small, points)
    return first, last, _distinct(last @ first @ problem.basis.T)


def least_curvatures(problem: LowRankProblem, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the least eigenvalue of the Hessian in ``W_1, W_2`` at all points but global minima.

    Relative to the largest; ``first`` and ``last`` as :func:`search` returns them.
    """
    small = reduced(problem)
    best = small.value(small.optimum())
    margin = DISTINCT * abs(small.c)
    pairs = zip(first, last, small.value(last @ first), strict=True)
    spectra = [
        np.linalg.eigvalsh(layer_hessian(small, [one, two]))
        for one, two, value in pairs
        if value > best + margin
    ]
    return np.array([values[0] / values[-1] for values in spectra])


def ranks(maps: np.ndarray) -> np.ndarray:
    """Return the ranks of maps ``(..., m, n)``, counting relative singular values above 1e-6."""
    sizes = np.linalg.svd(maps, compute_uv=False)
    return np.sum(sizes > DISTINCT * np.maximum(sizes.max(), 1e-300), axis=-1)


def mismatch(found: np.ndarray, predicted: np.ndarray) -> tuple[int, int]:
    """Return how many predicted maps were not found, and how many found ones were not predicted.

    Shapes ``(found, m, n)`` and ``(predicted, m, n)``; maps agree within 1e-6 of the largest.
    """
    if not len(found) or not len(predicted):
        return len(predicted), len(found)
    gaps = np.linalg.norm(found[:, None] - predicted, axis=(2, 3))
    near = gaps < DISTINCT * np.linalg.norm(predicted, axis=(1, 2)).max()
    return int(np.sum(~near.any(axis=0))), int(np.sum(~near.any(axis=1)))


def _levenberg_marquardt(
    problem: LowRankProblem, points: np.ndarray, goal: float
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise the gradient's norm from all points at once, down to ``goal``."""
    damping = np.ones(len(points))
    residuals = _gradients(problem, points)
    active = np.arange(len(points))
    for _ in range(ITERATIONS):
        here, errors = points[active], np.linalg.norm(residuals[active], axis=1)
        spectrum, vectors = np.linalg.eigh(_jacobians(problem, here))
        # damping in proportion to the residual keeps convergence quadratic on sets of solutions
        shrunk = spectrum / (spectrum**2 + (damping[active] * errors + TINY)[:, None])
        along = vectors.transpose(0, 2, 1) @ residuals[active][:, :, None]
        proposed = here - (vectors @ (shrunk[:, :, None] * along))[:, :, 0]
        values = _gradients(problem, proposed)
        better = np.linalg.norm(values, axis=1) < errors
        points[active[better]], residuals[active[better]] = proposed[better], values[better]
        damping[active] = np.clip(damping[active] * np.where(better, 0.4, 4.0), 1e-6, 1e12)
        active = active[np.linalg.norm(residuals[active], axis=1) > goal]
        if not active.size:
            break
    return points, residuals


def _jacobians(problem: LowRankProblem, points: np.ndarray) -> np.ndarray:
    """Return second derivatives by complex steps, shape ``(points, p, p)``."""
    steps = 1j * COMPLEX_STEP * np.eye(points.shape[1])
    columns = [_gradients(problem, points + step).imag / COMPLEX_STEP for step in steps]
    jacobians = np.stack(columns, axis=2)
    return (jacobians + jacobians.transpose(0, 2, 1)) / 2


def _gradients(problem: LowRankProblem, points: np.ndarray) -> np.ndarray:
    first, last = _layers(problem, points)
    slopes = problem.gradient(last @ first)
    parts = [last.transpose(0, 2, 1) @ slopes, slopes @ first.transpose(0, 2, 1)]
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


def _layers(problem: LowRankProblem, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    m, k = problem.C.shape
    r = problem.rank
    return points[:, : r * k].reshape(-1, r, k), points[:, r * k :].reshape(-1, m, r)


def _distinct(maps: np.ndarray) -> np.ndarray:
    """Keep one of each group of maps that agree within 1e-6 of the largest."""
    kept: list[np.ndarray] = []
    scale = np.linalg.norm(maps, axis=(1, 2)).max(initial=0.0)
    for W in maps:
        if all(np.linalg.norm(W - other) > DISTINCT * scale for other in kept):
            kept.append(W)
    return np.array(kept).reshape(-1, *maps.shape[1:])
