"""Checks of Gideoni's appendices F and G: initial functions, features that carry a group, fits."""

from collections.abc import Sequence

import numpy as np

from learnsym import kernels, regression
from learnsym.checks.induced_invariance import Problem
from learnsym.groups import symmetric
from learnsym.kernels import ClosedNetwork, Mlp
from learnsym.representations import Representation, monomials, polynomial, vector

FIT_CUTOFF = 1e-10


def monomial_deviation(rho: Representation, degree: int, rng: np.random.Generator) -> float:
    """Example F.1: the monomials of moved points against the moved monomials, largest entry."""
    lifted = polynomial(rho, degree)
    points = rng.standard_normal((10, rho.dimension))
    gaps = [
        monomials(rho.act(g, points), degree) - lifted.act(g, monomials(points, degree))
        for g in rho.group.elements()
    ]
    return float(np.abs(gaps).max())


def swap_cycles() -> list[list[int]]:
    """Return the cycles of the swap of x and y on (x, y, x^2, x y, y^2), counted from 1."""
    swap = symmetric(2)
    images = polynomial(vector(swap), 2).permutation(swap.generators[0])
    return [[i + 1, int(j) + 1] for i, j in enumerate(images) if i < j]


def initial_sizes(
    mlp: Mlp, points: np.ndarray, networks: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the root mean square of freshly drawn networks at ``points`` and its standard error.

    ``points`` has shape ``(n, d)``; the mean runs over points and networks.
    """
    squares = np.array([np.mean(mlp(mlp.draw(rng), points) ** 2) for _ in range(networks)])
    size = np.sqrt(squares.mean())
    return float(size), float(squares.std(ddof=1) / np.sqrt(networks) / (2 * size))


def predicted_size(mlp: Mlp, points: np.ndarray) -> float:
    """Return the exact root mean square that :func:`initial_sizes` estimates.

    A uniform variable within ``k`` of 0 has variance ``k^2 / 3``, and ReLU halves the second moment
    of a symmetric preactivation: ``Var f(x) = (|x|^2 + 1) / (18 d) + 1 / (3 H)``.
    """
    if mlp.activation != "relu":
        raise ValueError(f"mlp: expected a ReLU network, got {mlp.activation!r}")
    inner = (np.sum(points**2, axis=1) + 1) / (18 * mlp.inputs)
    return float(np.sqrt(np.mean(inner) + 1 / (3 * mlp.hidden)))


def action_deviation(closed: ClosedNetwork, rho: Representation, points: np.ndarray) -> float:
    """Return how far the features of a closed network are from carrying their representations.

    The largest entry of ``phi(rho(g) x) - rho~(g) phi(x)`` over all elements, for gradients and
    outputs of the hidden layer.
    """
    gaps = []
    for features, lifted in (
        (kernels.weight_features, closed.on_gradients),
        (kernels.conjugate_features, closed.on_neurons),
    ):
        at_rest = features(closed.mlp, closed.theta, points)
        for g in rho.group.elements():
            moved = features(closed.mlp, closed.theta, rho.act(g, points))
            gaps.append(np.abs(moved - lifted.act(g, at_rest)).max())
    return float(max(gaps))


def kernel_change(mlp: Mlp, theta: np.ndarray, rho: Representation, points: np.ndarray) -> float:
    """Return how much the group changes the kernel of the gradients.

    The largest ``|k(g x, g x') - k(x, x')|`` over all elements and pairs of ``points`` (n, d),
    relative to the largest ``k``.
    """
    rows = kernels.weight_features(mlp, theta, points)
    at_rest = rows @ rows.T
    changes = []
    for g in rho.group.elements():
        moved = kernels.weight_features(mlp, theta, rho.act(g, points))
        changes.append(np.abs(moved @ moved.T - at_rest).max())
    return float(max(changes) / np.abs(at_rest).max())


def minimiser_gap(features: np.ndarray, moved: np.ndarray) -> float:
    """Appendix G: the closed form against a least-squares solver, as predictions.

    Both see singular values down to the same cut-off. Relative to ``moved``, shape ``(n, p)``.
    """
    fitted = kernels.fit(features, moved, FIT_CUTOFF).act(features)
    solved = features @ np.linalg.lstsq(features, moved, rcond=np.sqrt(FIT_CUTOFF))[0]
    return float(np.linalg.norm(fitted - solved) / np.linalg.norm(moved))


def fit_deviation(closed: ClosedNetwork, rho: Representation, points: np.ndarray) -> float:
    """Return how far a fitted action is from the exact one of a closed network.

    The largest entry of the difference on the features of ``points`` (n, d), over all elements. The
    fit sees the points and not the representation.
    """
    rows = kernels.weight_features(closed.mlp, closed.theta, points)
    gaps = []
    for g in rho.group.elements():
        moved = kernels.weight_features(closed.mlp, closed.theta, rho.act(g, points))
        fitted = kernels.fit(rows, moved, FIT_CUTOFF).act(rows)
        gaps.append(np.abs(fitted - closed.on_gradients.act(g, rows)).max())
    return float(max(gaps))


def scale_gap(mlp: Mlp, theta: np.ndarray, points: np.ndarray) -> float:
    """Return the largest slope of the network along its scale directions, relative to the gradient.

    Zero for ReLU: rescaling a neuron does not change the function.
    """
    rows = kernels.weight_features(mlp, theta, points)
    along = rows @ kernels.scale_directions(mlp, theta).T
    return float(np.abs(along).max() / np.linalg.norm(rows, axis=1).max())


def dead_share(mlp: Mlp, networks: int, rng: np.random.Generator) -> float:
    """Return the share of neurons that are off on the whole cube ``[-1, 1]^d``, over networks."""
    off = []
    for _ in range(networks):
        W, b, _, _ = mlp.unpack(mlp.draw(rng))
        off.append(np.mean(b + np.abs(W).sum(axis=1) <= 0))
    return float(np.mean(off))


def linearised_problem(
    closed: ClosedNetwork, points: np.ndarray, labels: Sequence[float], rng: np.random.Generator
) -> Problem:
    """Return the regression on the gradients of a closed network, one point per orbit.

    Random initial weights; features scaled so that the largest eigenvalue of K_G is 1.
    """
    rows = kernels.weight_features(closed.mlp, closed.theta, points)
    rows /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(rows, closed.on_gradients), 2))
    w0 = rng.standard_normal(closed.mlp.parameters)
    return Problem(rows, np.asarray(labels), w0, closed.on_gradients)
