"""The action of a group on features, fitted by least squares (Gideoni, App. G).

If features carry a representation, ``phi(rho(g) x) = A(g) phi(x)``. Otherwise the best ``A(g)`` on
given points minimises ``sum |A phi(x) - phi(rho(g) x)|^2``. With features as rows of ``F`` and
``F_g`` it is ``A^T = (F^T F)^+ F^T F_g``. The pseudo-inverse needs a cut-off, since the spectrum of
``F^T F`` decays without a gap.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class KernelisedRepresentation:
    """The fitted action of one group element.

    Attributes
    ----------
    matrix
        ``A``, shape ``(p, p)``, acting on features as column vectors.
    kept
        Number of eigenvalues of ``F^T F`` above the cut-off.
    """

    matrix: np.ndarray
    kept: int

    def act(self, features: np.ndarray) -> np.ndarray:
        """Return ``A phi`` for features as rows, shape ``(n, p)``."""
        return features @ self.matrix.T


def fit(features: np.ndarray, moved: np.ndarray, cutoff: float) -> KernelisedRepresentation:
    """Fit the action that sends ``features`` to ``moved``, in their dtype.

    Parameters
    ----------
    features
        ``F`` with rows ``phi(x)``, shape ``(n, p)``.
    moved
        ``F_g`` with rows ``phi(rho(g) x)``, of the same shape.
    cutoff
        Eigenvalues of ``F^T F`` up to this multiple of the largest count as zero.

    Raises
    ------
    ValueError
        The shapes differ, there is no entry or one that is not finite, or the cut-off is not in
        [0, 1).
    """
    if features.ndim != 2 or features.shape != moved.shape or features.size == 0:
        raise ValueError(
            f"features, moved: expected one shape (n, p), got {features.shape}, {moved.shape}"
        )
    _require_finite(features=features, moved=moved)
    return from_moments(features.T @ features, features.T @ moved, cutoff)


def from_moments(gram: np.ndarray, cross: np.ndarray, cutoff: float) -> KernelisedRepresentation:
    """Fit from ``F^T F`` and ``F^T F_g``, both ``(p, p)``; otherwise as :func:`fit`."""
    if not 0 <= cutoff < 1:
        raise ValueError(f"cutoff: expected a number in [0, 1), got {cutoff}")
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1] or gram.shape != cross.shape:
        raise ValueError(f"gram, cross: expected one shape (p, p), got {gram.shape}, {cross.shape}")
    _require_finite(gram=gram, cross=cross)
    values, vectors = np.linalg.eigh(gram)
    # rounding makes eigenvalues of either sign: a pseudo-inverse keeps both
    keep = np.abs(values) > cutoff * np.abs(values).max()
    kept = vectors[:, keep]
    solved = kept @ ((kept.T @ cross) / values[keep][:, None])
    return KernelisedRepresentation(solved.T, int(keep.sum()))


def _require_finite(**arrays: np.ndarray) -> None:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            count = np.count_nonzero(~np.isfinite(array))
            raise ValueError(f"{name}: expected finite entries, got {count} that are not")


def default_cutoff(size: int, dtype: type) -> float:
    """Return ``size`` times the machine epsilon of ``dtype``, the default of torch's ``pinv``."""
    return size * float(np.finfo(dtype).eps)


def frobenius_error(first: np.ndarray, second: np.ndarray) -> float:
    """Return ``|first - second| / n`` in the Frobenius norm, for features as ``n`` rows.

    It shrinks as ``n^(-1/2)`` when points are added.
    """
    return float(np.linalg.norm(first - second) / len(first))


def mean_error(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean over rows of the Euclidean norm of ``first - second``."""
    return float(np.linalg.norm(first - second, axis=1).mean())
