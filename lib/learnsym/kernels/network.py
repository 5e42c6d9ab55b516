"""A network with one hidden layer, its parameters held in one vector.

``f(x) = a . sigma(W x + b) + c`` with ``H`` hidden neurons. The vector ``theta`` holds, one after
the other, ``W`` row by row, ``b``, ``a`` and ``c``: with 3 inputs and 100 neurons, 501 numbers.
NumPy and torch arrays are both welcome; leading axes of ``theta`` are networks of one ensemble.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")
ACTIVATIONS = ("relu", "tanh")


@dataclass(frozen=True)
class Mlp:
    """The shape of the network.

    Parameters
    ----------
    inputs, hidden
        Number of inputs ``d`` and of hidden neurons ``H``.
    activation
        "relu" or "tanh".

    Raises
    ------
    ValueError
        A size is not positive or the activation is unknown.
    """

    inputs: int
    hidden: int
    activation: str = "relu"

    def __post_init__(self) -> None:
        if self.inputs < 1 or self.hidden < 1:
            raise ValueError(
                f"inputs, hidden: expected positive sizes, got {self.inputs}, {self.hidden}"
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation: expected one of {ACTIVATIONS}, got {self.activation!r}")

    @property
    def parameters(self) -> int:
        """The number ``p = H (d + 2) + 1`` of parameters."""
        return self.hidden * (self.inputs + 2) + 1

    def pack(self, W: ArrayLike, b: ArrayLike, a: ArrayLike, c: float) -> np.ndarray:
        """Return the vector of parameters, shape ``(p,)``, from ``(H, d)``, ``(H,)``, ``(H,)``."""
        W, b, a = np.asarray(W), np.asarray(b), np.asarray(a)
        H = self.hidden
        if W.shape != (H, self.inputs) or b.shape != (H,) or a.shape != (H,):
            raise ValueError(
                f"W, b, a: expected shapes {(H, self.inputs)}, {(H,)}, {(H,)}, "
                f"got {W.shape}, {b.shape}, {a.shape}"
            )
        return np.concatenate([W.ravel(), b, a, [c]])

    def unpack(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        """Return ``W`` (..., H, d), ``b`` (..., H), ``a`` (..., H) and ``c`` (...,) as views."""
        if theta.shape[-1:] != (self.parameters,):
            raise ValueError(
                f"theta: expected a last axis of {self.parameters}, got shape {tuple(theta.shape)}"
            )
        H, inner = self.hidden, self.hidden * self.inputs
        W = theta[..., :inner].reshape(*theta.shape[:-1], H, self.inputs)
        return W, theta[..., inner : inner + H], theta[..., inner + H : -1], theta[..., -1]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Draw parameters as PyTorch does by default, shape ``(p,)``.

        Every weight and bias is uniform within ``1 / sqrt(inputs of its layer)`` of 0.
        """
        first, second = 1 / np.sqrt(self.inputs), 1 / np.sqrt(self.hidden)
        inner = self.hidden * (self.inputs + 1)
        return np.concatenate(
            [
                rng.uniform(-first, first, inner),
                rng.uniform(-second, second, self.parameters - inner),
            ]
        )

    def preactivations(self, theta: Array, X: Array) -> Array:
        """Return ``W x + b`` for the rows of ``X`` (n, d), shape ``(..., n, H)``."""
        W, b, _, _ = self.unpack(theta)
        return X @ W.swapaxes(-1, -2) + b[..., None, :]

    def postactivations(self, theta: Array, X: Array) -> Array:
        """Return ``sigma(W x + b)``, shape ``(..., n, H)``."""
        h = self.preactivations(theta, X)
        if self.activation == "relu":
            return h * (h > 0)
        return h.tanh() if hasattr(h, "tanh") else np.tanh(h)

    def __call__(self, theta: Array, X: Array) -> Array:
        """Return ``f(x)`` for the rows of ``X``, shape ``(..., n)``."""
        _, _, a, c = self.unpack(theta)
        return (self.postactivations(theta, X) @ a[..., None])[..., 0] + c[..., None]

    def output_part(self, theta: np.ndarray) -> np.ndarray:
        """Return ``u = (0, 0, a, c)``, for which ``f(x) = grad_theta f(x) . u`` at every ``x``."""
        u = np.zeros_like(theta)
        u[..., -self.hidden - 1 :] = theta[..., -self.hidden - 1 :]
        return u
