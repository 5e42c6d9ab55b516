"""Gradient flow on the logit invariance error alone, for linear and ReLU networks.

The error of a network ``f`` on rows ``x`` is ``LI = mean |f(x) - f(g x)|^2`` over all rows and all
elements ``g`` of the group, the identity included (Moskalev et al., Eq. 2, who write half of it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from learnsym.regression import augment
from learnsym.representations import Representation


@dataclass(frozen=True)
class Layers:
    """The network ``f(x) = W_L s(... s(W_1 x + b_1) ...) + b_L``.

    Attributes
    ----------
    weights
        One matrix a layer, shape ``(out, in)``.
    biases
        One vector a layer, shape ``(out,)``, or None for a network without biases.
    relu
        Whether ``s`` is the ReLU; otherwise it is the identity.

    Raises
    ------
    ValueError
        Shapes do not chain, or there is not one bias a unit.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...] | None = None
    relu: bool = False

    def __post_init__(self) -> None:
        shapes = [np.shape(weight) for weight in self.weights]
        chained = all(a[0] == b[1] for a, b in pairwise(shapes))
        if not shapes or {len(shape) for shape in shapes} != {2} or not chained:
            raise ValueError(f"weights: expected matrices (out, in) that chain, got {shapes}")
        if self.biases is not None:
            got = [np.shape(bias) for bias in self.biases]
            if got != [(shape[0],) for shape in shapes]:
                raise ValueError(f"biases: expected a vector for each of {shapes}, got {got}")

    @property
    def parameters(self) -> list[np.ndarray]:
        """Weights, then biases."""
        return [*self.weights, *(self.biases or ())]

    @property
    def product(self) -> np.ndarray:
        """The matrix ``W_L ... W_1``: the network itself if it is linear."""
        return end_to_end(self.weights)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the logits on rows of shape ``(..., n)``."""
        return self.activations(rows)[-1]

    def activations(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the input and the output of every layer, after the ReLU where there is one."""
        found = [rows]
        for k, weight in enumerate(self.weights):
            z = found[-1] @ weight.T
            if self.biases is not None:
                z = z + self.biases[k]
            last = k == len(self.weights) - 1
            found.append(np.maximum(z, 0) if self.relu and not last else z)
        return found

    def with_parameters(self, vector: np.ndarray) -> "Layers":
        """Return a network of the same shape with the entries of ``vector`` as parameters."""
        sizes = np.cumsum([part.size for part in self.parameters])[:-1]
        parts = [
            piece.reshape(part.shape)
            for piece, part in zip(np.split(vector, sizes), self.parameters, strict=True)
        ]
        depth = len(self.weights)
        return Layers(tuple(parts[:depth]), tuple(parts[depth:]) or None, self.relu)


def end_to_end(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return ``W_L ... W_1`` for layers ``W_1, ..., W_L`` of shape ``(..., out, in)``."""
    result = weights[0]
    for weight in weights[1:]:
        result = weight @ result
    return result


def random_layers(
    sizes: Sequence[int], rng: np.random.Generator, relu: bool = False, biases: bool = False
) -> Layers:
    """Return layers with normal entries of variance one over the number of inputs."""
    pairs = list(pairwise(sizes))
    weights = tuple(rng.standard_normal((b, a)) / np.sqrt(a) for a, b in pairs)
    vectors = tuple(rng.standard_normal(b) / 2 for _, b in pairs) if biases else None
    return Layers(weights, vectors, relu)


def difference_moment(X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return ``M``, the mean of ``(x - g x)(x - g x)^T`` over rows and group, shape ``(n, n)``.

    Raises
    ------
    ValueError
        The rows are not of shape ``(N, n)`` with the ``n`` of ``rho``, or not finite.
    """
    moved = augment(X, rho)
    gaps = (np.asarray(X) - moved).reshape(-1, moved.shape[-1])
    return gaps.T @ gaps / len(gaps)


def gradient(net: Layers, X: np.ndarray, moved: np.ndarray) -> tuple[float, list[np.ndarray]]:
    """Return LI and its gradient by back-propagation, in the order of ``net.parameters``.

    ``X`` has shape ``(N, n)``, ``moved`` ``(|G|, N, n)`` as from
    :func:`learnsym.regression.augment`. The derivative of the ReLU at 0 is taken as 0.
    """
    rows = np.concatenate([X[None], moved])
    layers = net.activations(rows)
    gaps = layers[-1][:1] - layers[-1][1:]
    count = gaps.shape[0] * gaps.shape[1]
    back = 2 / count * np.concatenate([gaps.sum(axis=0, keepdims=True), -gaps])
    slopes: list[np.ndarray] = []
    shifts: list[np.ndarray] = []
    for k in reversed(range(len(net.weights))):
        if net.relu and k < len(net.weights) - 1:
            back = back * (layers[k + 1] > 0)
        flat = back.reshape(-1, back.shape[-1])
        slopes.insert(0, flat.T @ layers[k].reshape(-1, layers[k].shape[-1]))
        shifts.insert(0, flat.sum(axis=0))
        back = back @ net.weights[k]
    return float(np.sum(gaps**2) / count), slopes + (shifts if net.biases is not None else [])


@dataclass(frozen=True)
class Path:
    """Gradient flow on LI.

    Attributes
    ----------
    times
        Shape ``(T,)``.
    weights, biases
        One array a layer, ``(T, out, in)`` and ``(T, out)``; no biases if the network has none.
    error
        LI, shape ``(T,)``.
    spent
        The integral of LI from time 0, shape ``(T,)``.
    """

    times: np.ndarray
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    error: np.ndarray
    spent: np.ndarray

    @property
    def product(self) -> np.ndarray:
        """``W_L ... W_1``, shape ``(T, out, in)``."""
        return end_to_end(self.weights)


def flow(net: Layers, X: ArrayLike, rho: Representation, times: ArrayLike) -> Path:
    """Integrate ``dW_l / dt = - dLI / dW_l``, and the biases alike, by an ODE solver.

    ``times`` ascends from 0, shape ``(T,)``. Meant for linear networks and for ReLU networks whose
    units do not switch: at a switch the velocity jumps, and the solver may crawl.
    """
    X = np.asarray(X, dtype=np.float64)
    moved = augment(X, rho)
    times = np.asarray(times, dtype=np.float64)

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        error, slopes = gradient(net.with_parameters(state[:-1]), X, moved)
        return np.concatenate([*(-slope.ravel() for slope in slopes), [error]])

    start = np.concatenate([*(part.ravel() for part in net.parameters), [0.0]])
    states = solve_ivp(
        velocity, (0, times[-1]), start, t_eval=times, rtol=1e-9, atol=1e-12, method="DOP853"
    ).y.T
    nets = [net.with_parameters(state[:-1]) for state in states]
    return _path(times, nets, [gradient(n, X, moved)[0] for n in nets], states[:, -1])


def descend(net: Layers, X: ArrayLike, rho: Representation, rate: float, steps: int) -> Path:
    """Run gradient descent on LI; time is the learning rate times the number of steps.

    Every step is recorded, ``T = steps + 1``; ``spent`` is the sum of LI before each step times the
    learning rate.

    Raises
    ------
    ValueError
        The learning rate is not positive.
    """
    if not rate > 0:
        raise ValueError(f"rate: expected a positive learning rate, got {rate}")
    X = np.asarray(X, dtype=np.float64)
    moved = augment(X, rho)
    nets, errors = [net], []
    for _ in range(steps + 1):
        error, slopes = gradient(nets[-1], X, moved)
        errors.append(error)
        state = [p - rate * slope for p, slope in zip(nets[-1].parameters, slopes, strict=True)]
        nets.append(net.with_parameters(np.concatenate([part.ravel() for part in state])))
    nets.pop()
    return _path(rate * np.arange(steps + 1), nets, errors, rate * np.cumsum([0.0, *errors[:-1]]))


def _path(
    times: np.ndarray, nets: Sequence[Layers], errors: Sequence[float], spent: np.ndarray
) -> Path:
    return Path(
        times,
        tuple(np.array(parts) for parts in zip(*(n.weights for n in nets), strict=True)),
        tuple(np.array(parts) for parts in zip(*(n.biases or () for n in nets), strict=True)),
        np.array(errors),
        spent,
    )


def singular_values(matrices: ArrayLike) -> np.ndarray:
    """Return the singular values of matrices ``(..., out, in)``, largest first, ``(..., k)``."""
    return np.linalg.svd(matrices, compute_uv=False)


def rise(values: ArrayLike) -> float:
    """Return the largest increase from one time to the next, relative to the largest value.

    ``values`` has shape ``(T, ...)``; the answer is negative if everything falls at every step.
    """
    values = np.asarray(values)
    return float(np.diff(values, axis=0).max() / np.abs(values).max())
