"""The same least squares in the parameters of a deep linear network ``W = W_L ... W_1``.

Layers are a sequence ``[W_1, ..., W_L]`` of shapes ``(h_1, n), (h_2, h_1), ..., (m, h_(L-1))``. The
smallest hidden width bounds the rank. Rows of ``W_1`` are not restricted: for a hard-wired problem
pass :func:`learnsym.checks.lowrank_critical.reduced`.
"""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import numpy as np

from learnsym.lowrank import LowRankProblem

LIFT_TOLERANCE = 1e-10


def product(layers: Sequence[np.ndarray]) -> np.ndarray:
    """Return ``W_L ... W_1``."""
    return reduce(lambda after, before: before @ after, layers)


def layer_gradients(problem: LowRankProblem, layers: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the gradient of the objective with respect to every layer.

    Raises
    ------
    ValueError
        The problem restricts the rows of ``W``.
    """
    _check_free(problem)
    slope = problem.gradient(product(layers))
    return [after.T @ slope @ before.T for after, before in _surroundings(layers)]


def layer_hessian(problem: LowRankProblem, layers: Sequence[np.ndarray]) -> np.ndarray:
    """Return the exact Hessian in all parameters, shape ``(p, p)``.

    Parameters are ordered layer by layer from the first, each row by row.

    Raises
    ------
    ValueError
        The problem restricts the rows of ``W``.
    """
    _check_free(problem)
    around = _surroundings(layers)
    # vec(after X before) = (after kron before^T) vec(X), row by row
    jacobian = np.hstack([np.kron(after, before.T) for after, before in around])
    metric = np.kron(np.eye(len(problem.C)), 2 * problem.A)
    hessian = jacobian.T @ metric @ jacobian
    slope = problem.gradient(product(layers))
    ends = np.cumsum([0] + [layer.size for layer in layers])
    for late in range(len(layers)):
        for early in range(late):
            outer = around[late][0].T @ slope @ around[early][1].T
            between = product([np.eye(layers[early].shape[0]), *layers[early + 1 : late]])
            block = np.einsum("ab,cd->acdb", outer, between)
            block = block.reshape(layers[late].size, layers[early].size)
            rows, columns = slice(*ends[late : late + 2]), slice(*ends[early : early + 2])
            hessian[rows, columns] += block
            hessian[columns, rows] += block.T
    return hessian


def lift(W: np.ndarray, widths: Sequence[int], spare: float = 0.0) -> list[np.ndarray]:
    """Return layers with product ``W``, aligned with its singular vectors.

    The singular values are shared equally between the layers, so with ``spare = 0`` the layers are
    balanced: ``W_(l+1)^T W_(l+1) = W_l W_l^T``. Where a hidden layer is wider than the rank of
    ``W``, ``spare`` stands on the diagonal of the unused part of every layer but the first and
    last, where it changes nothing about the product.

    Raises
    ------
    ValueError
        A hidden width is smaller than the rank of ``W``, or there is no hidden layer.
    """
    left, sizes, right = np.linalg.svd(W, full_matrices=False)
    q = int(np.sum(sizes > LIFT_TOLERANCE * sizes.max(initial=0.0)))
    if not len(widths) or min(widths) < q:
        raise ValueError(f"widths: expected hidden widths of at least {q}, got {list(widths)}")
    share = sizes[:q] ** (1 / (len(widths) + 1))
    first = np.zeros((widths[0], W.shape[1]))
    first[:q] = share[:, None] * right[:q]
    last = np.zeros((W.shape[0], widths[-1]))
    last[:, :q] = left[:, :q] * share
    middle = []
    for before, after in pairwise(widths):
        layer = spare * np.eye(after, before)
        layer[:q, :q] = np.diag(share)
        middle.append(layer)
    return [first, *middle, last]


def escape_direction(problem: LowRankProblem, W: np.ndarray, layers: Sequence) -> list[np.ndarray]:
    """Return the direction in parameter space that adds a new singular triplet to ``W``.

    ``W`` keeps singular triplets of the target, of lower rank than all hidden widths, and
    ``layers`` is its balanced :func:`lift`. Along the direction the objective falls by
    ``2 s t^L - t^(2 L)``, with ``s`` the largest singular value left out. All layers have norm 1
    where ``A`` is the identity.

    Raises
    ------
    ValueError
        No hidden unit is unused in every layer.
    """
    _check_free(problem)
    q = int(np.linalg.matrix_rank(W, LIFT_TOLERANCE * max(np.linalg.norm(W), 1.0)))
    if min(len(layer) for layer in layers[:-1]) <= q:
        raise ValueError(f"layers: expected hidden widths above the rank {q} of W")
    left, _, right = np.linalg.svd(problem.target - problem.coordinates(W), full_matrices=False)
    direction = [np.zeros_like(layer) for layer in layers]
    direction[0][q] = problem.lift(right[:1])[0]
    direction[-1][:, q] = left[:, 0]
    for layer in direction[1:-1]:
        layer[q, q] = 1.0
    return direction


def _surroundings(layers: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for every layer, the products of the layers after it and of those before it."""
    before = [np.eye(layers[0].shape[1])]
    for layer in layers[:-1]:
        before.append(layer @ before[-1])
    after = [np.eye(layers[-1].shape[0])]
    for layer in reversed(layers[1:]):
        after.append(after[-1] @ layer)
    return list(zip(reversed(after), before, strict=True))


def _check_free(problem: LowRankProblem) -> None:
    n, k = problem.basis.shape
    if k < n:
        raise ValueError(f"problem: expected rows free in all {n} dimensions, got {k}; reduce it")
