"""Kernels of wide networks: gradients and hidden layers as features (Gideoni, Apps. F to I).

The network is ``f(x) = a . sigma(W x + b) + c`` with ``H`` hidden neurons. Its parameters are one
vector ``theta``: ``W`` row by row, ``b``, ``a``, ``c``. Near its initial weights it is linear
regression on its gradients, whose Gram matrix is the *empirical weights kernel* (EWK). Training
the last layer alone is linear regression on the hidden layer, with the *conjugate kernel* (CK).
A group need not act on these features. It does if the hidden layer is closed under the group.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from learnsym.groups import Group
from learnsym.representations import PermutationRepresentation, Representation

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")
ACTIVATIONS = ("relu", "tanh")
BLOCK = 5_000


@dataclass(frozen=True)
class Mlp:
    """The shape of a network with one hidden layer.

    NumPy and torch arrays are both welcome; leading axes of ``theta`` are networks of one ensemble.

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
        outer = rng.uniform(-first, first, inner), rng.uniform(-second, second, self.hidden + 1)
        return np.concatenate(outer)

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


def weight_features(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return ``grad_theta f(x)`` for the rows of ``X``, in the dtype of both arguments.

    Parameters
    ----------
    mlp
        The network.
    theta
        Parameters, shape ``(p,)``.
    X
        Points, shape ``(n, d)``, of the dtype of ``theta``, float32 or float64.

    Returns
    -------
    ndarray
        Shape ``(n, p)``. The derivative of ReLU at 0 is 0.
    """
    values = conjugate_features(mlp, theta, X)
    slopes = (values > 0).astype(X.dtype) if mlp.activation == "relu" else 1 - values**2
    back = slopes * mlp.unpack(theta)[2]
    inner = (back[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    return np.concatenate([inner, back, values, np.ones_like(X[:, :1])], axis=1)


def conjugate_features(mlp: Mlp, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the hidden layer at the rows of ``X``, ``(n, H)``; arguments as weight_features."""
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
    return mlp.postactivations(theta, X)


def weight_gram(mlp: Mlp, theta: np.ndarray, X: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """Return the EWK ``sum_x grad f(x) grad f(x)^T``, ``(p, p)``, ``block`` points at a time."""
    if block < 1:
        raise ValueError(f"block: expected at least 1, got {block}")
    total = np.zeros((mlp.parameters, mlp.parameters), theta.dtype)
    for first in range(0, len(X), block):
        F = weight_features(mlp, theta, X[first : first + block])
        total += F.T @ F
    return total


def fit_action(features: np.ndarray, moved: np.ndarray, cutoff: float) -> np.ndarray:
    """Return the matrix that sends features to moved ones with the least squared error (App. G).

    Parameters
    ----------
    features, moved
        ``F`` and ``F_g`` with rows ``phi(x)`` and ``phi(rho(g) x)``, shape ``(n, p)`` each.
    cutoff
        Eigenvalues of ``F^T F`` up to this multiple of the largest count as zero. There is no gap
        between small eigenvalues and rounding, so that the choice matters.

    Returns
    -------
    ndarray
        ``A = ((F^T F)^+ F^T F_g)^T``, which acts on columns, shape ``(p, p)``, in the dtype of the
        features.

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
    if not (np.isfinite(features).all() and np.isfinite(moved).all()):
        raise ValueError("features, moved: expected finite entries")
    if not 0 <= cutoff < 1:
        raise ValueError(f"cutoff: expected a number in [0, 1), got {cutoff}")
    values, vectors = np.linalg.eigh(features.T @ features)
    # rounding makes eigenvalues of either sign: a pseudo-inverse keeps both
    keep = np.abs(values) > cutoff * np.abs(values).max()
    kept = vectors[:, keep]
    return (kept @ ((kept.T @ (features.T @ moved)) / values[keep][:, None])).T


def orbit_asymmetry(predictions: np.ndarray) -> np.ndarray:
    """Return ``E_x |f(x) - E_g f(g x)|``, the asymmetry loss of any predictor (Gideoni, sec. 5).

    ``predictions`` has shape ``(..., |G|, n)``: the values ``f(rho(g) x)`` for all group elements
    and points. The result has shape ``(...)``.
    """
    if predictions.ndim < 2:
        raise ValueError(f"predictions: expected shape (..., |G|, n), got {predictions.shape}")
    centred = predictions - predictions.mean(axis=-2, keepdims=True)
    return np.abs(centred).mean(axis=(-2, -1))


@dataclass(frozen=True)
class ClosedNetwork:
    """A network whose hidden layer the group maps to itself; it can be pickled.

    Attributes
    ----------
    mlp
        ``|G| H`` hidden neurons, copy by copy.
    theta
        Parameters, shape ``(p,)``.
    on_gradients
        Orthogonal representation with ``grad f(rho(g) x) = on_gradients(g) grad f(x)``.
    on_neurons
        Permutation representation on the hidden layer.
    """

    mlp: Mlp
    theta: np.ndarray
    on_gradients: Representation
    on_neurons: PermutationRepresentation


def closed_network(
    mlp: Mlp, theta: np.ndarray, rho: Representation, rng: np.random.Generator
) -> ClosedNetwork:
    """Give every neuron ``(w, b)`` its copies ``(rho(h) w, b)`` for all ``h`` in the group.

    Acting on the input then only exchanges neurons. Outgoing weights are equal up to random signs
    among copies, which keeps the network itself from being invariant.

    Parameters
    ----------
    mlp, theta
        The network whose neurons are copied; ``theta`` has shape ``(p,)``.
    rho
        Orthogonal representation on the inputs.
    rng
        Draws the signs of the outgoing weights. Their size and that of the output bias shrink by
        ``sqrt(|G|)``, to that of an ordinary network of the new width.

    Raises
    ------
    ValueError
        ``rho`` has another dimension than the inputs or is not orthogonal.
    """
    if rho.dimension != mlp.inputs:
        raise ValueError(f"rho: expected dimension {mlp.inputs}, got {rho.dimension}")
    if not rho.is_orthogonal:
        raise ValueError(f"rho: expected an orthogonal representation, got {rho.name}")
    group = rho.group
    W, b, a, c = mlp.unpack(theta)
    large = replace(mlp, hidden=group.order * mlp.hidden)
    signs = rng.choice([-1.0, 1.0], large.hidden)
    closed = large.pack(
        np.concatenate([rho.act(h, W) for h in group.elements()]),
        np.tile(b, group.order),
        np.tile(np.abs(a), group.order) * signs / np.sqrt(group.order),
        c / np.sqrt(group.order),
    )
    exchanged = partial(_exchanged_neurons, group, mlp.hidden)
    on_neurons = PermutationRepresentation(group, large.hidden, exchanged, "hidden neurons")
    on_gradients = Representation(
        group,
        large.parameters,
        partial(_moved_gradient, rho, on_neurons, signs),
        f"gradients of a network closed under {group.name}",
    )
    return ClosedNetwork(large, closed, on_gradients, on_neurons)


def _exchanged_neurons(group: Group, hidden: int, g: np.ndarray) -> np.ndarray:
    """Return where neurons go: copy ``h`` at ``g x`` equals copy ``g^-1 h`` at ``x``."""
    elements = group.elements()
    number = {group.key(h): i for i, h in enumerate(elements)}
    target = [number[group.key(group.multiply(g, h))] for h in elements]
    return (np.array(target)[:, None] * hidden + np.arange(hidden)).ravel()


def _moved_gradient(
    rho: Representation, on_neurons: PermutationRepresentation, signs: np.ndarray, g: np.ndarray
) -> np.ndarray:
    exchange = on_neurons.dense(g)
    signed = signs[:, None] * exchange * signs
    return block_diag(np.kron(signed, rho.dense(g)), signed, exchange, np.eye(1))
