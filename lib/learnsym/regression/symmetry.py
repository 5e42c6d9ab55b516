"""Regression data with a symmetry: whole orbits, K_G, and the two parts of the weights.

Conventions. A data set is ``X`` of shape ``(n, d)`` with one point per row, labels ``y`` of shape
``(n,)``, and a predictor ``f_w(x) = x . w``. A representation ``rho`` acts on points as column
vectors, so it sends ``X`` to ``X rho(g)^T``. Gideoni writes ``X g``: his ``g`` is our ``rho(g)^T``.
The loss is the total squared error ``L = 1/2 |y - X w|^2`` unless a docstring says otherwise.
"""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.equivariant import kernel_basis, null_space
from learnsym.representations import Representation

SAME_POINT = 1e-9


def augment(X: ArrayLike, rho: Representation, argument: str = "X") -> np.ndarray:
    """Return the rows ``rho(g) x`` for all ``g`` and ``x``, shape ``(|G|, n, d)``.

    Assumption 1 of Gideoni: the data set holds whole orbits (with multiplicity ``|Stab(x)|``).
    Errors call the rows ``argument``.
    """
    X = _points(X, rho, argument)
    return np.array([rho.act(g, X) for g in rho.group.elements()])


def augment_pairs(
    X: ArrayLike, Y: ArrayLike, rho_in: Representation, rho_out: Representation
) -> tuple[np.ndarray, np.ndarray]:
    """Return all ``rho_in(g) x`` (|G|, n, d) and ``rho_out(g) y`` (|G|, n, outputs).

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


def stabiliser_sizes(X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return how many group elements leave each point where it is, shape ``(n,)``."""
    X = _points(X, rho)
    moved = np.abs(augment(X, rho) - X).max(axis=2)
    return np.sum(moved <= SAME_POINT * np.abs(X).max(axis=1), axis=0)


def symmetrised_gram(
    X: ArrayLike, rho: Representation, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return ``K_G = sum_g rho(g) X^T X rho(g)^T`` of Theorem 3.3, shape ``(d, d)``.

    Parameters
    ----------
    X
        One point per orbit, shape ``(n, d)``.
    rho
        Representation of dimension ``d``.
    weights
        Weight of each orbit, shape ``(n,)``; ones by default. With ``1 / |Stab(x)|`` every point of
        an orbit counts once, as Corollary 3.2 needs.
    """
    orbits = augment(X, rho)
    scaled = orbits * _orbit_weights(weights, orbits.shape[1])[:, None]
    return np.einsum("gni,gnj->ij", scaled, orbits)


def symmetrised_moment(
    X: ArrayLike, y: ArrayLike, rho: Representation, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return ``R^T X^T y = sum_g rho(g) X^T y`` of Theorem 3.3, shape ``(d,)``.

    ``y`` of shape ``(n,)`` holds one label per orbit.
    """
    orbits = augment(X, rho)
    y = _labels(y, orbits.shape[1])
    return np.einsum("gni,n->i", orbits, y * _orbit_weights(weights, len(y)))


def weight_reynolds(rho: Representation) -> np.ndarray:
    """Return ``R = mean_g rho(g)^T``, the averaging of predictors over the group.

    ``f_{R w}(x)`` is the mean of ``f_w(rho(g) x)``. Gideoni's R is ``|G|`` times this one.
    """
    return np.mean([rho.matrix(g).T for g in rho.group.elements()], axis=0)


def split(w: ArrayLike, rho: Representation) -> tuple[np.ndarray, np.ndarray]:
    """Split weights into ``w_r`` in the complement of ker R and ``w_k`` in ker R.

    Parameters
    ----------
    w
        Weights of shape ``(..., d)``.
    rho
        Representation of dimension ``d``; need not be orthogonal.

    Returns
    -------
    w_r, w_k
        Orthogonal to each other, of the shape of ``w``, and adding up to it (Theorem 3.3.2).
    """
    w = _weights(w, rho)
    basis = asymmetric_basis(rho)
    w_k = w @ basis @ basis.T
    return w - w_k, w_k


def asymmetric_basis(rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of ker R as columns, shape ``(d, k)``."""
    if rho.is_orthogonal:
        return kernel_basis(rho)
    return null_space(weight_reynolds(rho))


def asymmetry_loss(w: ArrayLike, X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return ``E_x |f(x) - E_g f(g x)|`` over the rows of ``X``, shape ``w.shape[:-1]``.

    Gideoni's asymmetry loss (section 5). ``X`` should hold whole orbits.
    """
    w = _weights(w, rho)
    antisymmetric = w - w @ weight_reynolds(rho).T
    return np.abs(antisymmetric @ _points(X, rho).T).mean(axis=-1)


def _weights(w: ArrayLike, rho: Representation) -> np.ndarray:
    w = np.asarray(w, dtype=np.float64)
    if w.shape[-1:] != (rho.dimension,):
        raise ValueError(f"w: expected a last axis of {rho.dimension}, got shape {w.shape}")
    return w


def _points(X: ArrayLike, rho: Representation, argument: str = "X") -> np.ndarray:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != rho.dimension:
        raise ValueError(f"{argument}: expected shape (n, {rho.dimension}), got {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError(f"{argument}: expected finite entries")
    return X


def _labels(y: ArrayLike, count: int) -> np.ndarray:
    y = np.asarray(y, dtype=np.float64)
    if y.shape != (count,) or not np.isfinite(y).all():
        raise ValueError(f"y: expected {count} finite labels, one per orbit, got shape {y.shape}")
    return y


def _orbit_weights(weights: ArrayLike | None, count: int) -> np.ndarray:
    if weights is None:
        return np.ones(count)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (count,) or not (weights > 0).all():
        raise ValueError(f"weights: expected {count} positive numbers, got shape {weights.shape}")
    return weights
