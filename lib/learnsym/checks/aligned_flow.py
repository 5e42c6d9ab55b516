"""Gradient flow of a two-layer linear network on augmented data, in closed form.

The network ``W = A W_1`` minimises ``tr(W S W^T) - 2 <C, W> + c`` on orbit-averaged moments.
``S`` commutes with the Reynolds operator ``R`` and ``C R = C``, so the flow of
``W_1,perp = W_1 (I - R)`` is ``-2 A^T A W_1,perp S``. Let ``S`` be the identity on invariant
vectors, ``C = U diag(sigma) V^T``, and let the start be aligned and balanced:
``A = U diag(a) Q^T``, ``W_1 R = Q diag(a) V^T``. To first order in the squares of ``W_1,perp``,
mode ``i`` grows as ``w_i = a_i^2`` with ``w_i' = 4 (sigma_i - w_i) w_i``, and the part of
``W_perp`` on mode ``i`` and on an eigenvector of ``S`` with eigenvalue ``s`` has the square::

    |u_i(0)|^2 w_i ((sigma_i - w_i) / (sigma_i - w_i(0)))^s.

It peaks where ``w_i = sigma_i / (1 + s)``, and grows for ever where ``s = 0``.
"""

import numpy as np
from numpy.typing import ArrayLike


def learnt(times: ArrayLike, sigma: ArrayLike, start: ArrayLike) -> np.ndarray:
    """Return the sizes ``w_i`` of the modes, shape ``(T, r)``.

    Parameters
    ----------
    times
        Shape ``(T,)``.
    sigma
        Their final sizes, shape ``(r,)``.
    start
        Their initial sizes, ``0 < start < sigma``, shape ``(r,)``.
    """
    times, sigma, start = _checked(times, sigma, start)
    return sigma / (1 + (sigma / start - 1) * np.exp(-4 * times[:, None] * sigma))


def asymmetric(
    times: ArrayLike, sigma: ArrayLike, start: ArrayLike, parts: ArrayLike, spectrum: ArrayLike
) -> np.ndarray:
    """Return the squares of the asymmetric part by mode and direction, shape ``(T, r, p)``.

    Parameters
    ----------
    times, sigma, start
        As in :func:`learnt`.
    parts
        Squared initial components of ``Q^T W_1,perp`` along eigenvectors of ``S``, ``(r, p)``.
    spectrum
        The eigenvalues ``s`` of these, shape ``(p,)``.
    """
    w = learnt(times, sigma, start)[:, :, None]
    times, sigma, start = _checked(times, sigma, start)
    parts, spectrum = np.asarray(parts, dtype=np.float64), np.asarray(spectrum, dtype=np.float64)
    # log of (sigma - w) / (sigma - start): no cancellation and no underflow once w is near sigma
    left = np.log(w / start[:, None]) - 4 * times[:, None, None] * sigma[:, None]
    return parts * w * np.exp(spectrum * left)


def peak(sigma: ArrayLike, start: ArrayLike, s: float) -> np.ndarray:
    """Return the times at which the parts peak: where ``w_i = sigma_i / (1 + s)``, shape ``(r,)``.

    Negative where the part only falls; ``s`` must be positive.
    """
    _, sigma, start = _checked(0.0, sigma, start)
    if not s > 0:
        raise ValueError(
            f"s: expected a positive eigenvalue, without data there is no peak, got {s}"
        )
    return np.log((sigma / start - 1) / s) / (4 * sigma)


def _checked(
    times: ArrayLike, sigma: ArrayLike, start: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    times, sigma, start = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (times, sigma, start))
    if sigma.shape != start.shape or not ((start > 0) & (start < sigma)).all():
        raise ValueError(
            f"start: expected sizes between 0 and sigma, got {start.tolist()} for {sigma.tolist()}"
        )
    return times, sigma, start
