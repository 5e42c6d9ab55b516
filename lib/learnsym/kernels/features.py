"""Features of a network at its initial weights.

- Empirical weights kernel (EWK): the gradient of the output with respect to all parameters. Its
  Gram matrix takes the place of ``X^T X`` when the network is linearised (Gideoni, App. F.2).
- Conjugate kernel (CK): the outputs of the hidden layer. Training the last layer alone is linear
  regression on them.

Features have the dtype of the parameters, float32 or float64.
"""

from collections.abc import Iterator

import numpy as np

from learnsym.kernels.network import Mlp

BLOCK = 5_000


def weight_features(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return ``grad_theta f(x)`` for the rows of ``X``, by torch's automatic differentiation.

    Parameters
    ----------
    mlp
        The network.
    theta
        Parameters, shape ``(p,)``.
    X
        Points, shape ``(n, d)``, of the dtype of ``theta``.

    Returns
    -------
    ndarray
        Shape ``(n, p)``. The derivative of ReLU at 0 is 0.
    """
    import torch

    _check(mlp, theta, X)
    gradient = torch.func.grad(lambda t, x: mlp(t, x[None])[0])
    rows = torch.func.vmap(gradient, in_dims=(None, 0))
    return rows(torch.tensor(theta), torch.tensor(X)).numpy()


def weight_feature_blocks(
    mlp: Mlp, theta: np.ndarray, X: np.ndarray, block: int = BLOCK
) -> Iterator[np.ndarray]:
    """Yield :func:`weight_features` of ``block`` points at a time, so that memory stays small."""
    if block < 1:
        raise ValueError(f"block: expected at least 1, got {block}")
    for first in range(0, len(X), block):
        yield weight_features(mlp, theta, X[first : first + block])


def conjugate_features(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the outputs of the hidden layer for the rows of ``X``, shape ``(n, H)``."""
    _check(mlp, theta, X)
    return mlp.postactivations(theta, X)


def _check(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> None:
    if theta.shape != (mlp.parameters,):
        raise ValueError(f"theta: expected shape ({mlp.parameters},), got {theta.shape}")
    if X.ndim != 2 or X.shape[1] != mlp.inputs:
        raise ValueError(f"X: expected shape (n, {mlp.inputs}), got {X.shape}")
    if theta.dtype != X.dtype or theta.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"theta, X: expected one dtype, float32 or float64, got {theta.dtype}, {X.dtype}"
        )
    if not (np.isfinite(theta).all() and np.isfinite(X).all()):
        raise ValueError("theta, X: expected finite entries")
