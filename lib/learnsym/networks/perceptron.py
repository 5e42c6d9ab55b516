"""ReLU perceptrons as an ensemble, free or with weights tied over a group in the first layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from learnsym.groups import PermutationGroup

POOLINGS = ("max", "mean")


def orbit_indices(group: PermutationGroup) -> torch.Tensor:
    """Return how a group moves coordinates, shape ``(|G|, n)``; row 0 is the identity.

    The vector ``g x`` is ``x[indices[g]]``: entry ``i`` of it comes from entry ``indices[g, i]``.

    Raises
    ------
    ValueError
        ``group`` is not a group of permutations.
    """
    if not isinstance(group, PermutationGroup):
        raise ValueError(f"group: expected a PermutationGroup, got {group!r}")
    elements = sorted(group.elements(), key=lambda g: not np.array_equal(g, group.identity))
    return torch.as_tensor(np.array([group.inverse(g) for g in elements]))


@dataclass(frozen=True)
class Perceptron:
    """The networks ``f(x) = W_L relu(... relu(W_1 x + b_1) ...) + b_L``, one a run.

    With ``orbit``, the first layer ties its weights over a group: it computes
    ``pool_g relu(W_1 g x + b_1)``, which no element of the group changes.

    Attributes
    ----------
    weights
        One tensor a layer, shape ``(runs, out, in)``.
    biases
        One tensor a layer, shape ``(runs, out)``.
    orbit
        As from :func:`orbit_indices`, shape ``(|G|, n)``, or None for a free network.
    pooling
        ``"max"`` or ``"mean"`` over the group; without effect on a free network.

    Raises
    ------
    ValueError
        The shapes do not fit, the pooling is unknown, or the group moves another number of
        coordinates than the network has inputs.
    """

    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]
    orbit: torch.Tensor | None = None
    pooling: str = "max"

    def __post_init__(self) -> None:
        shapes = [tuple(w.shape) for w in self.weights]
        expected = [(s[0], s[1]) for s in shapes if len(s) == 3]
        chained = all(a[1] == b[2] for a, b in pairwise(shapes))
        if not shapes or len(expected) != len(shapes) or not chained:
            raise ValueError(f"weights: expected shapes (runs, out, in) that chain, got {shapes}")
        if [tuple(b.shape) for b in self.biases] != expected:
            got = [tuple(b.shape) for b in self.biases]
            raise ValueError(f"biases: expected shapes {expected}, got {got}")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling: expected one of {POOLINGS}, got {self.pooling!r}")
        if self.orbit is not None and self.orbit.shape[-1] != self.inputs:
            raise ValueError(
                f"orbit: expected a group that moves {self.inputs} coordinates, "
                f"got one that moves {self.orbit.shape[-1]}"
            )

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All weights and biases, for an optimiser."""
        return [*self.weights, *self.biases]

    @property
    def runs(self) -> int:
        """The number of networks in the ensemble."""
        return len(self.weights[0])

    @property
    def inputs(self) -> int:
        """The number of input coordinates."""
        return self.weights[0].shape[-1]

    @property
    def size(self) -> int:
        """The number of parameters of one network."""
        return sum(p[0].numel() for p in self.parameters)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits ``(runs, N, classes)`` on ``(N, n)`` or ``(runs, N, n)``."""
        return _affine(self.features(x), self.weights[-1], self.biases[-1])

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activations of the last hidden layer, shape ``(runs, N, width)``."""
        hidden = self._first(x)
        for weight, bias in zip(self.weights[1:-1], self.biases[1:-1], strict=True):
            hidden = torch.relu(_affine(hidden, weight, bias))
        return hidden

    def _first(self, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self.weights[0], self.biases[0]
        if self.orbit is None:
            return torch.relu(_affine(x, weight, bias))
        # W (g x) for all g is one product with the moved rows of W; g runs over inverses too
        # (index_select: its gradient is far quicker than that of indexing)
        moved = weight.index_select(-1, self.orbit.flatten()).unflatten(-1, self.orbit.shape)
        z = (x @ moved.flatten(1, 2).mT).unflatten(-1, (weight.shape[1], len(self.orbit)))
        if self.pooling == "max":
            return torch.relu(z.amax(-1) + bias[:, None])
        return torch.relu(z + bias[:, None, :, None]).mean(-1)

    def run(self, index: int) -> "Perceptron":
        """Return one network as an ensemble of one."""
        chosen = slice(index, index + 1)
        return self.with_parameters([p[chosen] for p in self.parameters])

    def joined(self, other: "Perceptron") -> "Perceptron":
        """Return the runs of both ensembles as one; the networks are of the same kind."""
        pairs = zip(self.parameters, other.parameters, strict=True)
        return self.with_parameters([torch.cat(pair) for pair in pairs])

    def with_parameters(self, parameters: Sequence[torch.Tensor]) -> "Perceptron":
        """Return networks of the same kind with other parameters, in the order of ours."""
        depth = len(self.weights)
        weights, biases = tuple(parameters[:depth]), tuple(parameters[depth:])
        return Perceptron(weights, biases, self.orbit, self.pooling)


def perceptron(
    sizes: Sequence[int],
    seeds: Sequence[int | Sequence[int]],
    orbit: torch.Tensor | None = None,
    pooling: str = "max",
    dtype: torch.dtype = torch.float32,
) -> Perceptron:
    """Return networks with PyTorch's default start: entries uniform within ``1 / sqrt(fan in)``.

    Parameters
    ----------
    sizes
        Numbers of inputs, of units of each hidden layer, and of classes.
    seeds
        One seed a run; a run does not depend on the others.
    orbit, pooling
        As in :class:`Perceptron`.
    dtype
        Precision; the numbers drawn do not depend on it.
    """
    if len(sizes) < 2 or min(sizes) < 1 or not len(seeds):
        raise ValueError(f"sizes, seeds: expected two sizes and a seed, got {sizes}, {seeds}")
    streams = [np.random.default_rng(seed) for seed in seeds]
    weights, biases = [], []
    for columns, rows in pairwise(sizes):
        limit = 1 / np.sqrt(columns)
        draws = [stream.uniform(-limit, limit, (rows, columns + 1)) for stream in streams]
        values = torch.tensor(np.array(draws), dtype=dtype)
        weights.append(values[..., :-1].contiguous().requires_grad_())
        biases.append(values[..., -1].contiguous().requires_grad_())
    return Perceptron(tuple(weights), tuple(biases), orbit, pooling)


def _affine(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return x @ weight.mT + bias[:, None]
