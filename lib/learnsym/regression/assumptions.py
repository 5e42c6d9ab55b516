"""What the theorems on symmetric regression need of data and group, and the rates they give."""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.regression.symmetry import asymmetric_basis, symmetrised_gram
from learnsym.representations import Representation

SAME_ROW = 1e-9


def require_orthogonal(rho: Representation) -> None:
    """Check Assumption 3 (and 5) of Gideoni for a finite group.

    Raises
    ------
    ValueError
        A matrix of ``rho`` is not orthogonal; the message names a generator.
    """
    for s in rho.group.generators:
        defect = np.abs(rho.matrix(s) @ rho.matrix(s).T - np.eye(rho.dimension)).max()
        if defect > SAME_ROW:
            raise ValueError(
                f"rho: Assumption 3 fails, expected orthogonal matrices, got {rho.name} with a "
                f"defect of {defect:.2g} on the generator {np.asarray(s).tolist()}"
            )


def require_whole_orbits(X: ArrayLike, y: ArrayLike, rho: Representation) -> None:
    """Check Assumption 1 of Gideoni: whole orbits with one label each.

    Parameters
    ----------
    X
        All points of the data set, shape ``(N, d)``.
    y
        Their labels, shape ``(N,)``.
    rho
        Representation of dimension ``d``.

    Raises
    ------
    ValueError
        An image of a point under a generator is not in the data, or has another label; the message
        names the row.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != rho.dimension or y.shape != X.shape[:1]:
        raise ValueError(
            f"X, y: expected shapes (N, {rho.dimension}) and (N,), got {X.shape}, {y.shape}"
        )
    scale = max(1.0, float(np.abs(X).max(initial=0.0)))
    for s in rho.group.generators:
        for row, image in enumerate(rho.act(s, X)):
            same = np.abs(X - image).max(axis=1) <= SAME_ROW * scale
            if not same.any():
                raise ValueError(
                    f"X: Assumption 1 fails, expected whole orbits, got row {row} without its "
                    f"image under the generator {np.asarray(s).tolist()}"
                )
            if np.abs(y[same] - y[row]).max() > SAME_ROW * max(1.0, abs(y[row])):
                raise ValueError(
                    f"y: Assumption 1 fails, expected one label per orbit, got {y[row]:g} in row "
                    f"{row} and {y[same][0]:g} at its image"
                )


def decay_rates(X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return the rates at which the asymmetric weights decay (Theorem 3.3.3), ascending.

    The eigenvalues of ``K_G`` on ker R, per unit time of gradient flow on the total squared error;
    shape ``(k,)``. A rate of exactly 0 belongs to a direction on which the orbits have no variance:
    where ``K_G`` is singular on ker R, that part of the weights stays for ever.

    Parameters
    ----------
    X
        One point per orbit, shape ``(n, d)``.
    rho
        Orthogonal representation of dimension ``d``.

    Raises
    ------
    ValueError
        ``rho`` is not orthogonal (Assumption 3); then the two parts of the weights mix.
    """
    require_orthogonal(rho)
    K = symmetrised_gram(X, rho)
    basis = asymmetric_basis(rho)
    rates = np.linalg.eigvalsh(basis.T @ K @ basis)
    noise = 1e-12 * max(float(np.linalg.norm(K, 2)), np.finfo(float).tiny)
    return np.where(np.abs(rates) <= noise, 0.0, rates)
