"""The spectrum of the empirical weights kernel, and the zeros that ReLU forces into it.

Multiply the incoming weights and the bias of a ReLU neuron by ``s > 0`` and divide its outgoing
weight by ``s``: the function stays the same. So the gradient is orthogonal to the direction
``(w, b, -a)`` at every input, and each live neuron contributes a zero eigenvalue. A neuron that is
off on all points contributes all its ``d + 2`` coordinates, and neurons that are on everywhere
share one space of affine functions.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from learnsym.kernels.features import BLOCK, weight_feature_blocks
from learnsym.kernels.network import Mlp

RANK_CUTOFF = 1e-11


def gram(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Return ``F^T F`` summed over blocks of rows, in their dtype, shape ``(p, p)``.

    Raises
    ------
    ValueError
        There are no blocks.
    """
    total = None
    for block in blocks:
        total = block.T @ block if total is None else total + block.T @ block
    if total is None:
        raise ValueError("blocks: expected at least one block of rows, got none")
    return total


def ewk_spectrum(mlp: Mlp, theta: np.ndarray, X: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """Return the eigenvalues of ``sum_x grad f(x) grad f(x)^T``, ascending, shape ``(p,)``.

    ``theta`` has shape ``(p,)``, ``X`` ``(n, d)``. Everything runs in their dtype: eigenvalues that
    are 0 in exact arithmetic come out within rounding of the largest one.
    """
    return np.linalg.eigvalsh(gram(weight_feature_blocks(mlp, theta, X, block)))


def rank(features: np.ndarray, cutoff: float = RANK_CUTOFF) -> int:
    """Return the rank of ``features`` (n, p) after scaling every column to norm 1.

    From singular values, so that it resolves eigenvalues of the Gram matrix down to ``cutoff**2``
    of the largest. Scaling does not change the rank; it keeps a feature that is small on all points
    from passing for zero.
    """
    sizes = np.linalg.norm(features, axis=0)
    scaled = features[:, sizes > 0] / sizes[sizes > 0]
    if scaled.size == 0:
        return 0
    triangle = np.linalg.qr(scaled, mode="r") if len(scaled) > scaled.shape[1] else scaled
    values = np.linalg.svd(triangle, compute_uv=False)
    return int(np.sum(values > cutoff * values[0]))


@dataclass(frozen=True)
class Census:
    """On how many of the ``points`` each ReLU neuron of a network is on.

    Attributes
    ----------
    mlp
        The network.
    active
        Number of points at which each neuron is on, shape ``(H,)``.
    points
        Number of points.
    """

    mlp: Mlp
    active: np.ndarray
    points: int

    @property
    def dead(self) -> int:
        """Number of neurons that are off on all points."""
        return int(np.sum(self.active == 0))

    @property
    def always(self) -> int:
        """Number of neurons that are on at all points."""
        return int(np.sum(self.active == self.points))

    @property
    def forced_zeros(self) -> int:
        """The number of zero eigenvalues of the EWK, for points in general position.

        A neuron that is on at some points spans the ``d + 1`` affine functions there. Neurons that
        are on everywhere share the ``d + 1`` affine functions; where there is none, the output bias
        is left with the constant. :func:`general_position` prepares the points.
        """
        affine = self.mlp.inputs + 1
        switching = self.mlp.hidden - self.dead - self.always
        seen = switching * affine + (affine if self.always else 1)
        return self.mlp.parameters - seen


def census(mlp: Mlp, theta: np.ndarray, X: np.ndarray, block: int = BLOCK) -> Census:
    """Count the points of ``X`` (n, d) at which each neuron is on.

    Raises
    ------
    ValueError
        The activation is not ReLU.
    """
    if mlp.activation != "relu":
        raise ValueError(f"mlp: expected a ReLU network, got {mlp.activation!r}")
    active = np.zeros(mlp.hidden, dtype=np.int64)
    for first in range(0, len(X), block):
        active += np.sum(mlp.preactivations(theta, X[first : first + block]) > 0, axis=0)
    return Census(mlp, active, len(X))


def general_position(mlp: Mlp, theta: np.ndarray, X: np.ndarray, least: int = 50) -> np.ndarray:
    """Return the points of ``X`` (n, d) without those that switch a neuron on or off nearly alone.

    Afterwards every ReLU neuron is on at none, at all, or at ``least`` points at least, and
    likewise off. A neuron that is on at a single point spans one function instead of ``d + 1``.
    """
    on = mlp.preactivations(theta, X) > 0
    keep = np.ones(len(X), dtype=bool)
    while True:
        rare = on[keep].sum(axis=0) < least, (~on[keep]).sum(axis=0) < least
        dropped = keep & (on[:, rare[0]].any(axis=1) | (~on[:, rare[1]]).any(axis=1))
        if not dropped.any():
            return X[keep]
        keep &= ~dropped


def scale_directions(mlp: Mlp, theta: np.ndarray) -> np.ndarray:
    """Return the directions ``(w, b, -a)`` of all neurons, of norm 1, shape ``(H, p)``."""
    W, b, a, _ = mlp.unpack(theta)
    H, d = W.shape
    neurons = np.arange(H)
    directions = np.zeros((H, mlp.parameters))
    directions[neurons[:, None], neurons[:, None] * d + np.arange(d)] = W
    directions[neurons, H * d + neurons] = b
    directions[neurons, H * (d + 1) + neurons] = -a
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
