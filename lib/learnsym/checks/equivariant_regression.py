"""Regression with vector labels that move with the data: C_G, the split of W, the asymmetry.

A predictor is ``f_W(x) = W x`` with ``W`` of shape ``(outputs, d)``; points are the rows of ``X``
``(n, d)`` and labels the rows of ``Y`` ``(n, outputs)``. Gideoni's Assumption 4: with ``(x, y)``
the data contain ``(rho_in(g) x, rho_out(g) y)``. He writes points as rows: his ``W`` is our
``W^T``.

The sums over the group count every pair ``(rho_in(g) x, rho_out(g) y)`` once per ``g``. So a point
that some ``g`` leaves in place may carry a label that ``g`` moves: it then has several labels, and
Theorem 4.2 holds as it stands. Only where each point counts once, with one label (Corollary 4.1 as
published, the weights ``1 / |Stab(x)|``), must the label be fixed as well;
:func:`require_equivariant_labels` checks that.
"""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.equivariant import EquivariantMaps, null_space
from learnsym.regression import (
    SAME_POINT,
    QuadraticLoss,
    augment,
    nonnegative_eigenvalues,
    require_orthogonal,
    symmetrised_gram,
)
from learnsym.representations import Representation


def augment_pairs(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> tuple[np.ndarray, np.ndarray]:
    """Return all ``rho_in(g) x`` and ``rho_out(g) y``, ``(|G|, n, d)`` and ``(|G|, n, outputs)``.

    Assumption 4 of Gideoni: with ``(x, y)`` the data contain ``(rho_in(g) x, rho_out(g) y)``.

    Raises
    ------
    ValueError
        ``Y`` has not one row per point, rows do not fit the representations or are not finite, or
        the representations belong to different groups.
    """
    if rho_in.group != rho_out.group:
        raise ValueError(
            f"rho_in, rho_out: expected one group, got {rho_in.group.name}, {rho_out.group.name}"
        )
    points, labels = augment(X, rho_in), augment(Y, rho_out, "Y")
    if points.shape[1] != labels.shape[1]:
        raise ValueError(f"Y: expected {points.shape[1]} rows, got {labels.shape[1]}")
    return points, labels


def symmetrised_cross_moment(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> np.ndarray:
    """Return ``C_G = sum_g rho_out(g) Y^T X rho_in(g)^T`` of Theorem 4.2, shape ``(outputs, d)``.

    Raises
    ------
    ValueError
        As :func:`augment_pairs`.
    """
    points, labels = augment_pairs(X, Y, rho_in, rho_out)
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

    Raises
    ------
    ValueError
        Shapes do not fit, there are no points, or the representations belong to different groups.
    """
    W, X = np.asarray(W, dtype=np.float64), np.asarray(X, dtype=np.float64)
    group, shape = rho_in.group, (rho_out.dimension, rho_in.dimension)
    if group != rho_out.group:
        raise ValueError(
            f"rho_in, rho_out: expected one group, got {group.name}, {rho_out.group.name}"
        )
    if W.shape[-2:] != shape:
        raise ValueError(f"W: expected last axes {shape}, got shape {W.shape}")
    if X.ndim != 2 or X.shape[1] != rho_in.dimension or len(X) == 0:
        raise ValueError(f"X: expected shape (n, {rho_in.dimension}) with n > 0, got {X.shape}")
    averaged = np.mean(
        [rho_out.matrix(group.inverse(g)) @ W @ rho_in.matrix(g) for g in group.elements()],
        axis=0,
    )
    return np.linalg.norm((W - averaged) @ X.T, axis=-2).mean(axis=-1)


def split_maps(W: ArrayLike, maps: EquivariantMaps) -> tuple[np.ndarray, np.ndarray]:
    """Return ``W_r`` in the equivariant maps and ``W_k`` in their orthogonal complement.

    The two evolve independently (Theorem 4.2.2-3) where both representations are orthogonal
    (Assumption 5). The split itself exists for any; :func:`map_decay_rates` asks for orthogonality.
    """
    W_r = maps.project(W)
    return W_r, np.asarray(W, dtype=np.float64) - W_r


def map_decay_rates(X: ArrayLike, maps: EquivariantMaps) -> np.ndarray:
    """Return the rates at which ``W_k`` decays (Theorem 4.2.3), ascending, shape ``(k,)``.

    The eigenvalues of ``W -> W K_G`` on the complement of the equivariant maps, per unit time of
    gradient flow on the total squared error. A rate of exactly 0 belongs to a direction on which
    the orbits have no variance: that part of ``W_k`` stays for ever.

    Parameters
    ----------
    X
        One point per orbit, shape ``(n, d)``.
    maps
        The equivariant maps between two orthogonal representations.

    Raises
    ------
    ValueError
        A representation is not orthogonal (Assumption 5); then the two parts of ``W`` mix.
    """
    require_orthogonal_maps(maps.rho_in, maps.rho_out)
    K = symmetrised_gram(X, maps.rho_in)
    outside = null_space(maps.projector())
    moved = (outside.T.reshape(-1, *maps.shape) @ K).reshape(outside.T.shape)
    return nonnegative_eigenvalues(moved @ outside, K)


def require_orthogonal_maps(rho_in: Representation, rho_out: Representation) -> None:
    """Check Assumption 5 of Gideoni for a finite group: both representations are orthogonal.

    Theorem 4.2.2-3, on the two parts of the weights, needs it; 4.2.1 does not.

    Raises
    ------
    ValueError
        A matrix is not orthogonal; the message names the representation and a generator.
    """
    require_orthogonal(rho_in, "rho_in", 5)
    require_orthogonal(rho_out, "rho_out", 5)


def require_equivariant_labels(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> None:
    """Check that Assumption 4 of Gideoni leaves each point with one label.

    With ``(x, y)`` the data contain ``(rho_in(g) x, rho_out(g) y)``. Where ``g`` leaves ``x`` in
    place, these are two labels of one point unless ``rho_out(g) y = y``. It matters where points
    are counted once each; sums over the group take both.

    Parameters
    ----------
    X
        One point per orbit, shape ``(n, d)``.
    Y
        Their labels, shape ``(n, outputs)``.
    rho_in, rho_out
        Representations of one group, of dimensions ``d`` and ``outputs``.

    Raises
    ------
    ValueError
        An element moves the label and not the point; the message names the row and the element.
        Otherwise as :func:`augment_pairs`.
    """
    points, labels = augment_pairs(X, Y, rho_in, rho_out)
    stays = _same_rows(points, points[0])
    broken = np.argwhere(stays & ~_same_rows(labels, labels[0]))
    if len(broken):
        element, row = broken[0]
        g = rho_in.group.elements()[element]
        raise ValueError(
            f"Y: Assumption 4 fails, expected a label that the stabiliser of its point leaves in "
            f"place, got {labels[0, row].tolist()} in row {row}, which becomes "
            f"{labels[element, row].tolist()} under {np.asarray(g).tolist()}"
        )


def _same_rows(moved: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Tell which rows of ``moved`` (|G|, n, d) are those of ``rows`` (n, d), shape ``(|G|, n)``."""
    return np.abs(moved - rows).max(axis=2) <= SAME_POINT * np.abs(rows).max(axis=1)
