"""Gradient flow and gradient descent on a quadratic loss, in closed form."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

RANK_TOLERANCE = 1e-13
SYMMETRY_TOLERANCE = 1e-10


@dataclass(frozen=True)
class QuadraticLoss:
    """The loss ``1/2 w^T K w - b^T w`` and its training in closed form.

    Everything follows from one eigendecomposition of ``K``, for any number of initial weights.
    With several outputs the weights are a matrix ``W`` of shape ``(outputs, d)``, the loss is
    ``1/2 tr(W K W^T) - tr(B W^T)``, and each row evolves by itself.

    Parameters
    ----------
    K
        Symmetric positive semi-definite matrix, shape ``(d, d)``.
    b
        Vector in the range of ``K``, shape ``(d,)``, or one per output, shape ``(outputs, d)``.

    Raises
    ------
    ValueError
        Shapes do not fit, entries are not finite, ``K`` is not symmetric or has a negative
        eigenvalue, or ``b`` has a part outside the range of ``K`` (then there is no minimum).
    """

    K: np.ndarray
    b: np.ndarray

    def __post_init__(self) -> None:
        K, b = self.K, self.b
        square = K.ndim == 2 and K.shape[0] == K.shape[1]
        if not square or b.ndim not in (1, 2) or b.shape[-1:] != K.shape[:1]:
            raise ValueError(
                f"K, b: expected shapes (d, d) and (d,) or (outputs, d), got {K.shape}, {b.shape}"
            )
        if not (np.isfinite(K).all() and np.isfinite(b).all()):
            raise ValueError("K, b: expected finite entries")
        scale = np.abs(K).max(initial=np.finfo(float).tiny)
        if np.abs(K - K.T).max() > SYMMETRY_TOLERANCE * scale:
            raise ValueError("K: expected a symmetric matrix")
        smallest = self.eigenvalues[0]
        if smallest < 0:
            raise ValueError(f"K: expected no negative eigenvalue, got {smallest:.3g}")
        outside = np.abs(self._moment[..., self.eigenvalues == 0]).max(initial=0.0)
        # b is X^T y, so the root of K's size tells what is rounding when b cancels
        if outside > max(1e-6 * np.abs(b).max(), 1e-12 * np.sqrt(scale)):
            raise ValueError(f"b: expected a vector in the range of K, got a part {outside:.3g}")

    @classmethod
    def from_data(cls, X: ArrayLike, y: ArrayLike) -> "QuadraticLoss":
        """Return the loss ``1/2 |y - X w|^2`` without its constant.

        ``X`` has shape ``(n, d)``; ``y`` has shape ``(n,)``, or ``(n, outputs)``.
        """
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if X.ndim != 2 or y.ndim not in (1, 2) or y.shape[:1] != X.shape[:1]:
            raise ValueError(
                f"X, y: expected shapes (n, d) and (n,) or (n, outputs), got {X.shape}, {y.shape}"
            )
        return cls(X.T @ X, y.T @ X)

    @cached_property
    def _eigh(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.K)
        noise = RANK_TOLERANCE * max(abs(values[-1]), np.finfo(float).tiny)
        return np.where(np.abs(values) <= noise, 0.0, values), vectors

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of ``K``, ascending; those within 1e-13 of the largest are set to 0."""
        return self._eigh[0]

    @cached_property
    def _moment(self) -> np.ndarray:
        return self.b @ self._eigh[1]

    def flow(self, w0: ArrayLike, times: ArrayLike) -> np.ndarray:
        """Return the weights of gradient flow at ``times`` (Eqs 1 and 3 of Gideoni).

        Parameters
        ----------
        w0
            Initial weights, shape ``(..., d)``, or ``(..., outputs, d)``.
        times
            Times of at least 0, shape ``(T,)``.

        Returns
        -------
        ndarray
            Shape ``(T, ..., d)``.

        Raises
        ------
        ValueError
            Shapes do not fit, a time is negative, or an entry is not finite.
        """
        times = np.asarray(times, dtype=np.float64)
        if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
            raise ValueError(
                f"times: expected finite times of shape (T,) from 0 on, got {times.tolist()}"
            )
        times = times[:, None]
        decay = np.exp(-self.eigenvalues * times)
        return self._evolve(w0, decay, -np.expm1(-self.eigenvalues * times))

    def descent(self, w0: ArrayLike, steps: ArrayLike, eta: float) -> np.ndarray:
        """Return the weights of gradient descent after the given numbers of steps.

        Full batch, learning rate ``eta > 0``; exact arithmetic, shape ``(len(steps), ..., d)``.

        Raises
        ------
        ValueError
            Shapes do not fit, a step is no integer of at least 0, ``eta`` is not positive, or an
            entry is not finite.
        """
        require_learning_rate(eta)
        steps = np.asarray(steps)
        if steps.ndim != 1 or not np.issubdtype(steps.dtype, np.integer) or (steps < 0).any():
            raise ValueError(f"steps: expected step numbers of shape (T,), got {steps.tolist()}")
        steps = steps[:, None]
        small = np.minimum(eta * self.eigenvalues, 0.5)
        decay = (1 - eta * self.eigenvalues) ** steps
        # 1 - decay loses all digits where eta times the eigenvalue is tiny
        gain = np.where(
            eta * self.eigenvalues <= 0.5, -np.expm1(steps * np.log1p(-small)), 1 - decay
        )
        return self._evolve(w0, decay, gain)

    def limit(self, w0: ArrayLike) -> np.ndarray:
        """Return the weights of gradient flow as time goes to infinity."""
        kept = (self.eigenvalues == 0).astype(np.float64)[None]
        return self._evolve(w0, kept, 1 - kept)[0]

    def _evolve(self, w0: ArrayLike, decay: np.ndarray, gain: np.ndarray) -> np.ndarray:
        """Combine ``decay`` and ``gain`` of shape ``(T, d)``, one factor per eigenvector."""
        values, vectors = self._eigh
        w0 = np.asarray(w0, dtype=np.float64)
        if w0.shape[w0.ndim - self.b.ndim :] != self.b.shape:
            raise ValueError(f"w0: expected last axes {self.b.shape}, got shape {w0.shape}")
        if not np.isfinite(w0).all():
            raise ValueError("w0: expected finite entries")
        moment = self._moment
        optimum = np.divide(moment, values, out=np.zeros_like(moment), where=values > 0)
        axes = (len(decay), *[1] * (w0.ndim - 1), values.size)
        return (decay.reshape(axes) * (w0 @ vectors) + gain.reshape(axes) * optimum) @ vectors.T


def descent_rate(eigenvalues: ArrayLike, eta: float) -> np.ndarray:
    """Return the decay rate per unit time of gradient descent, ``-ln|1 - eta lambda| / eta``.

    Tends to ``lambda``, the rate of gradient flow, as ``eta`` goes to 0. Raises
    ValueError where ``eta`` is not positive.
    """
    require_learning_rate(eta)
    return -np.log(np.abs(1 - eta * np.asarray(eigenvalues))) / eta


def require_learning_rate(eta: float) -> None:
    """Raise ValueError unless ``eta`` is a positive finite number."""
    if np.ndim(eta) != 0 or not np.isfinite(eta) or eta <= 0:
        raise ValueError(f"eta: expected a positive finite number, got {eta}")
