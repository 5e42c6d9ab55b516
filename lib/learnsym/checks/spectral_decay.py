"""What gradient flow on the logit invariance error does to singular values (Proposition 3.1)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from learnsym import gallery, regression
from learnsym.checks.invariance_flow import (
    Layers,
    Path,
    difference_moment,
    end_to_end,
    flow,
    gradient,
    random_layers,
    rise,
    singular_values,
)
from learnsym.equivariant import reynolds
from learnsym.regression import asymmetric_projector
from learnsym.representations import Representation

RANK_TOLERANCE = 1e-9
OUTPUTS = 3


def moving_representations() -> dict[str, Representation]:
    """Return the inputs of the gallery on which the group does something, by name."""
    return {case.name: case.rho_in for case in gallery.cases() if case.rho_in.group.order > 1}


def linear_path(start: ArrayLike, M: ArrayLike, times: ArrayLike) -> np.ndarray:
    """Return ``W(t) = W_0 exp(-2 M t)``, shape ``(T, out, in)``, for a linear network on LI.

    Raises
    ------
    ValueError
        ``M`` is not a symmetric matrix of the width of ``start``.
    """
    start, M = np.asarray(start, dtype=np.float64), np.asarray(M, dtype=np.float64)
    if M.shape != (start.shape[-1],) * 2 or not np.allclose(M, M.T):
        raise ValueError(f"M: expected a symmetric matrix for {start.shape}, got {M.shape}")
    values, vectors = np.linalg.eigh(M)
    decay = np.exp(-2 * np.multiply.outer(np.asarray(times), np.clip(values, 0, None)))
    return (start @ vectors * decay[:, None]) @ vectors.T


def seen_rank(M: np.ndarray) -> int:
    """Return the numerical rank of a positive semi-definite matrix."""
    values = np.linalg.eigvalsh(M)
    return int(np.sum(values > RANK_TOLERANCE * max(values[-1], 1e-300)))


def kernel_projector(M: np.ndarray) -> np.ndarray:
    """Return the orthogonal projector onto the kernel of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(M)
    kept = vectors[:, values <= RANK_TOLERANCE * max(values[-1], 1e-300)]
    return kept @ kept.T


@dataclass(frozen=True)
class LinearFlow:
    """How a linear network on LI departs from the theory; all numbers should vanish.

    Attributes
    ----------
    path
        Distance of an ODE solver's path from ``W_0 exp(-2 M t)``.
    rise
        Largest increase of any singular value on the way.
    limit
        Distance of the late path from ``W_0`` times the projector onto ``ker M``.
    invariance
        Change of the limit under the group.
    rate
        Excess of the distance from the limit over its bound ``exp(-2 lambda t)``, ``lambda`` the
        least positive eigenvalue of ``M``: largest ratio less 1.
    """

    path: float
    rise: float
    limit: float
    invariance: float
    rate: float


def linear_flow(rho: Representation, rng: np.random.Generator) -> LinearFlow:
    """Integrate a linear network on LI from random weights, on random inputs that span.

    ``rho`` must not be trivial.
    """
    X = rng.standard_normal((2 * rho.dimension, rho.dimension))
    M = difference_moment(X, rho)
    values = np.linalg.eigvalsh(M)
    least = values[values > RANK_TOLERANCE * values[-1]][0]
    start = rng.standard_normal((OUTPUTS, rho.dimension))
    times = np.linspace(0, min(3 / least, 50 / values[-1]), 30)
    found = flow(Layers((start,)), X, rho, times).weights[0]
    late = linear_path(start, M, np.array([20.0 / least]))[0]
    limit = start @ kernel_projector(M)
    moved = np.array([limit @ rho.matrix(g) for g in rho.group.generators])
    distance = np.linalg.norm(found - limit, axis=(1, 2))
    scale = np.linalg.norm(start)
    return LinearFlow(
        np.abs(found - linear_path(start, M, times)).max() / scale,
        rise(singular_values(found)),
        np.abs(late - limit).max() / scale,
        np.abs(moved - limit).max() / scale,
        np.max(distance / distance[0] * np.exp(2 * least * times)) - 1,
    )


def kernel_excess(rho: Representation, count: int, rng: np.random.Generator) -> int:
    """Return how many dimensions ``ker M`` has beyond the invariant functionals.

    For ``count`` random inputs. A row ``w`` is an invariant functional if ``w g = w`` for all g.
    """
    X = rng.standard_normal((count, rho.dimension))
    invariant = round(float(np.trace(reynolds(rho))))
    return rho.dimension - seen_rank(difference_moment(X, rho)) - invariant


def moment_gap(rho: Representation, rng: np.random.Generator) -> float:
    """Return the relative distance of ``M`` from ``P (S + S_G) P``, for an orthogonal ``rho``.

    ``S`` is the second moment of random inputs, ``S_G`` that of their orbits, and ``P`` projects
    onto the complement of the invariant vectors.
    """
    X = rng.standard_normal((rho.dimension, rho.dimension))
    P = asymmetric_projector(rho)
    rows = regression.augment(X, rho).reshape(-1, rho.dimension)
    predicted = P @ (X.T @ X / len(X) + rows.T @ rows / len(rows)) @ P
    M = difference_moment(X, rho)
    return float(np.abs(M - predicted).max() / np.abs(M).max())


def descent_rise(rho: Representation, factor: float, rng: np.random.Generator) -> float:
    """Return the largest rise of a singular value in 50 steps of gradient descent on LI.

    The learning rate is ``factor`` over the largest eigenvalue of ``M``. The start has its largest
    right singular vector near the top eigenvector, which is where a step can lengthen it.
    """
    X = rng.standard_normal((2 * rho.dimension, rho.dimension))
    M = difference_moment(X, rho)
    values, vectors = np.linalg.eigh(M)
    W = rng.standard_normal((OUTPUTS, rho.dimension)) / rho.dimension
    W[0] += vectors[:, -1]
    path = [W]
    for _ in range(50):
        path.append(path[-1] - factor / values[-1] * 2 * path[-1] @ M)
    return rise(singular_values(np.array(path)))


def euler_gaps(net: Layers, X: np.ndarray, rho: Representation) -> np.ndarray:
    """Return, a layer, how far ``<dLI/dW_l, W_l> + sum_{k>=l} <dLI/db_k, b_k>`` is from ``2 LI``.

    Relative to LI, shape ``(L,)``; the sum is empty for a network without biases.
    """
    error, slopes = gradient(net, X, regression.augment(X, rho))
    depth = len(net.weights)
    work = [np.sum(a * b) for a, b in zip(slopes, net.parameters, strict=True)]
    sums = [work[k] + sum(work[depth + k :]) for k in range(depth)]
    return (np.array(sums) - 2 * error) / error


def norm_gaps(path: Path) -> np.ndarray:
    """Return by how much the law of the Frobenius norms is missed, shape ``(L,)``.

    The law: ``|W_l|^2 + sum_{k>=l} |b_k|^2`` loses four times the integral of LI, for every layer.
    """
    vectors = [np.sum(b**2, axis=1) for b in path.biases]
    gaps = []
    for k, weight in enumerate(path.weights):
        size = np.sum(weight**2, axis=(1, 2)) + sum(vectors[k:], np.zeros(len(path.times)))
        gaps.append(np.abs(size - size[0] + 4 * path.spent).max() / size[0])
    return np.array(gaps)


def error_bound(path: Path) -> np.ndarray:
    """Return ``min_l |W_l(0)|^2 / (4 t)``, which bounds LI without biases, at times after 0.

    With biases only the last layer counts, since its bias does not move.
    """
    last = len(path.weights) - 1
    chosen = path.weights[last:] if path.biases else path.weights
    return min(np.sum(weight[0] ** 2) for weight in chosen) / (4 * path.times[1:])


def balanced_layers(width: int, depth: int, rng: np.random.Generator) -> Layers:
    """Return square layers with ``W_{l+1}^T W_{l+1} = W_l W_l^T`` and random singular values."""
    turns = [np.linalg.qr(rng.standard_normal((width, width)))[0] for _ in range(depth + 1)]
    sizes = np.diag(rng.uniform(0.3, 1.5, width))
    return Layers(tuple(b @ sizes @ a.T for a, b in pairwise(turns)))


def sigma_slopes(net: Layers, X: np.ndarray, rho: Representation) -> np.ndarray:
    """Return ``d sigma_max / dt`` at time 0: one value a layer, and last that of the product.

    From the leading singular vectors ``u, v``: the derivative is ``u^T (dW/dt) v``, for a largest
    singular value that is simple.
    """
    _, slopes = gradient(net, X, regression.augment(X, rho))
    depth = len(net.weights)
    moves = [-slope for slope in slopes[:depth]]
    found = [_slope(weight, move) for weight, move in zip(net.weights, moves, strict=True)]
    ways = [end_to_end([*net.weights[:k], moves[k], *net.weights[k + 1 :]]) for k in range(depth)]
    return np.array([*found, _slope(net.product, sum(ways))])


def _slope(matrix: np.ndarray, move: np.ndarray) -> float:
    u, _, v = np.linalg.svd(matrix)
    return float(u[:, 0] @ move @ v[0])


def rising_shares(
    rho: Representation, sizes: tuple[int, ...], draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return how often the largest singular value rises at a random start.

    At time 0, over ``draws`` linear networks with the hidden widths and outputs ``sizes``, and as
    many random inputs as ``rho`` has dimensions. Shape ``(L + 1,)``: every layer, and the product.
    """
    slopes = []
    for _ in range(draws):
        net = random_layers((rho.dimension, *sizes), rng)
        X = rng.standard_normal((rho.dimension, rho.dimension))
        slopes.append(sigma_slopes(net, X, rho))
    return np.mean(np.array(slopes) > 1e-12, axis=0)
