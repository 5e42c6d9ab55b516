"""Regression with vector labels that move with the data: C_G, the split of W, the asymmetry.

A predictor is ``f_W(x) = W x`` with ``W`` of shape ``(outputs, d)``; points are the rows of ``X``
``(n, d)`` and labels the rows of ``Y`` ``(n, outputs)``. Gideoni's Assumption 4: with ``(x, y)``
the data contain ``(rho_in(g) x, rho_out(g) y)``. He writes points as rows: his ``W`` is our
``W^T``.
"""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.projection import EquivariantMaps
from learnsym.regression.closed_form import QuadraticLoss
from learnsym.regression.symmetry import augment, symmetrised_gram
from learnsym.representations import Representation


def symmetrised_cross_moment(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> np.ndarray:
    """Return ``C_G = sum_g rho_out(g) Y^T X rho_in(g)^T`` of Theorem 4.2, shape ``(outputs, d)``.

    Raises
    ------
    ValueError
        ``Y`` has not one row per point, or the representations belong to different groups.
    """
    points, labels = augment(X, rho_in), augment(Y, rho_out)
    if rho_in.group != rho_out.group:
        raise ValueError(
            f"rho_in, rho_out: expected one group, got {rho_in.group.name}, {rho_out.group.name}"
        )
    if points.shape[1] != labels.shape[1]:
        raise ValueError(f"Y: expected {points.shape[1]} rows, got {labels.shape[1]}")
    return np.einsum("gni,gnj->ij", labels, points)


def symmetrised_loss(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> QuadraticLoss:
    """Return the squared error summed over the group (Corollary 4.1), without its constant."""
    moment = symmetrised_cross_moment(X, Y, rho_in, rho_out)
    return QuadraticLoss(symmetrised_gram(X, rho_in), moment)


def equivariance_error(
    W: ArrayLike, X: ArrayLike, rho_in: Representation, rho_out: Representation
) -> np.ndarray:
    """Return ``E_x |f(x) - E_g rho_out(g)^-1 f(rho_in(g) x)|``, shape ``W.shape[:-2]``.

    The asymmetry loss of Gideoni's section 5 for equivariant targets; the mean runs over the rows
    of ``X`` ``(n, d)``. The average over the group is taken element by element.
    """
    W, X = np.asarray(W, dtype=np.float64), np.asarray(X, dtype=np.float64)
    group = rho_in.group
    averaged = np.mean(
        [rho_out.matrix(group.inverse(g)) @ W @ rho_in.matrix(g) for g in group.elements()],
        axis=0,
    )
    return np.linalg.norm((W - averaged) @ X.T, axis=-2).mean(axis=-1)


def split_maps(W: ArrayLike, maps: EquivariantMaps) -> tuple[np.ndarray, np.ndarray]:
    """Return ``W_r`` in the equivariant maps and ``W_k`` in their orthogonal complement."""
    W_r = maps.project(W)
    return W_r, np.asarray(W, dtype=np.float64) - W_r
