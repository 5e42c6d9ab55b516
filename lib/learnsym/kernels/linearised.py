"""The linearised network: regression on gradients, and what a data set sees of the weights."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SEEN_CUTOFF = 1e-11


@dataclass(frozen=True)
class RowSpace:
    """The directions in weight space along which a data set has variance.

    From the singular value decomposition of the features rather than their Gram matrix, which
    would hide directions with an eigenvalue below 1e-16 of the largest.

    Parameters
    ----------
    features
        ``F`` with one point per row, shape ``(n, p)``.
    cutoff
        Singular values up to this multiple of the largest count as zero.

    Raises
    ------
    ValueError
        ``features`` is not a matrix of finite numbers.
    """

    features: np.ndarray
    cutoff: float = SEEN_CUTOFF

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not np.isfinite(self.features).all():
            raise ValueError(f"features: expected a finite matrix, got shape {self.features.shape}")

    @cached_property
    def _svd(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        left, sizes, right = np.linalg.svd(self.features, full_matrices=False)
        keep = sizes > self.cutoff * sizes[0]
        return left[:, keep], sizes[keep], right[keep]

    @property
    def rank(self) -> int:
        """The number of directions with variance."""
        return len(self._svd[1])

    def unseen(self, w: np.ndarray) -> np.ndarray:
        """Return the part of ``w`` (..., p) on which the data have no variance.

        Gradient flow leaves it as it is.
        """
        directions = self._svd[2]
        return w - (w @ directions.T) @ directions

    def limit(self, w0: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return where gradient flow on ``1/2 |y - F w|^2`` ends, shape ``(p,)``.

        ``w0`` has shape ``(p,)``, ``y`` ``(n,)``.
        """
        left, sizes, directions = self._svd
        return w0 + ((left.T @ (y - self.features @ w0)) / sizes) @ directions


def orbit_asymmetry(predictions: np.ndarray) -> np.ndarray:
    """Return ``E_x |f(x) - E_g f(g x)|``, the asymmetry loss of any predictor.

    ``predictions`` has shape ``(..., |G|, n)``: the values ``f(rho(g) x)`` for all group elements
    and points. The result has shape ``(...)``.
    """
    return np.abs(_antisymmetric(predictions)).mean(axis=(-2, -1))


def orbit_deviation(predictions: np.ndarray) -> np.ndarray:
    """Return the root mean square of ``f(x) - E_g f(g x)``; otherwise as orbit_asymmetry."""
    return np.sqrt((_antisymmetric(predictions) ** 2).mean(axis=(-2, -1)))


def _antisymmetric(predictions: np.ndarray) -> np.ndarray:
    if predictions.ndim < 2:
        raise ValueError(f"predictions: expected shape (..., |G|, n), got {predictions.shape}")
    return predictions - predictions.mean(axis=-2, keepdims=True)
