"""What the theorems on symmetric regression need of data and group, and the rates they give."""

import numpy as np
from numpy.typing import ArrayLike

from learnsym.regression.symmetry import asymmetric_basis, augment_pairs, symmetrised_gram
from learnsym.representations import Representation

SAME_ROW = 1e-9


def require_orthogonal(rho: Representation) -> None:
    """Check Assumption 3 of Gideoni for a finite group.

    Raises
    ------
    ValueError
        A matrix of ``rho`` is not orthogonal; the message names a generator.
    """
    _require_orthogonal("rho", 3, rho)


def require_orthogonal_maps(rho_in: Representation, rho_out: Representation) -> None:
    """Check Assumption 5 of Gideoni for a finite group: both representations are orthogonal.

    Theorem 4.2.2-3, on the two parts of the weights, needs it; 4.2.1 does not.

    Raises
    ------
    ValueError
        A matrix is not orthogonal; the message names the representation and a generator.
    """
    _require_orthogonal("rho_in", 5, rho_in)
    _require_orthogonal("rho_out", 5, rho_out)


def _require_orthogonal(argument: str, assumption: int, rho: Representation) -> None:
    for s in rho.group.generators:
        defect = np.abs(rho.matrix(s) @ rho.matrix(s).T - np.eye(rho.dimension)).max()
        if defect > SAME_ROW:
            raise ValueError(
                f"{argument}: Assumption {assumption} fails, expected orthogonal matrices, got "
                f"{rho.name} with a defect of {defect:.2g} on the generator "
                f"{np.asarray(s).tolist()}"
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
        names the row. Shapes do not fit, or entries are not finite.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != rho.dimension or y.shape != X.shape[:1]:
        raise ValueError(
            f"X, y: expected shapes (N, {rho.dimension}) and (N,), got {X.shape}, {y.shape}"
        )
    for name, values in (("X", X), ("y", y)):
        if not np.isfinite(values).all():
            rows = np.unique(np.nonzero(~np.isfinite(values))[0])
            raise ValueError(f"{name}: expected finite entries, got others in rows {rows[:5]}")
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
        Otherwise as :func:`learnsym.regression.symmetry.augment_pairs`.
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
    return np.abs(moved - rows).max(axis=2) <= SAME_ROW * np.abs(rows).max(axis=1)


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
    return nonnegative_eigenvalues(basis.T @ K @ basis, K)


def nonnegative_eigenvalues(block: np.ndarray, K: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of a block of ``K``, ascending, those within rounding set to 0."""
    values = np.linalg.eigvalsh(block)
    noise = 1e-12 * max(float(np.linalg.norm(K, 2)), np.finfo(float).tiny)
    return np.where(np.abs(values) <= noise, 0.0, values)
