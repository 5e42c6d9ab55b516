"""Multilayer perceptrons with a group acting on every space (Nordenfors, Ohlsson and Flinth).

``x_0 = x``, ``x_(i+1) = sigma_i(A_i x_i)``: the layers ``A_i`` are matrices ``(out, in)`` without
bias, the nonlinearities ``sigma_i`` are fixed. Weights are lists of tensors
``(runs, out, in)``, one per layer, so that many runs train as one batch; samples are rows,
``(N, in)`` or ``(runs, N, in)``. Without the first axis all methods serve a single run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from learnsym.equivariant import EquivariantMaps
from learnsym.representations import PermutationRepresentation, Representation

EQUIVARIANCE_TOLERANCE = 1e-9
TEST_SIZES = (0.1, 1.0, 10.0)

Weights = list[torch.Tensor]


@dataclass(frozen=True)
class Space:
    """Channels that all carry one representation; vectors hold one channel after the other."""

    rho: Representation
    channels: int = 1

    def __post_init__(self) -> None:
        if type(self.channels) is not int or self.channels < 1:
            raise ValueError(f"channels: expected an integer >= 1, got {self.channels!r}")

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return self.channels * self.rho.dimension

    def act(self, g: np.ndarray, x: torch.Tensor) -> torch.Tensor:
        """Return ``rho(g) x`` for vectors of shape ``(..., dimension)``.

        Raises
        ------
        ValueError
            The last axis of ``x`` has another length.
        """
        if x.shape[-1:] != (self.dimension,):
            raise ValueError(
                f"x: expected a last axis of {self.dimension}, got shape {tuple(x.shape)}"
            )
        parts = x.unflatten(-1, (self.channels, self.rho.dimension))
        if isinstance(self.rho, PermutationRepresentation):
            order = np.argsort(self.rho.permutation(g))
            moved = parts[..., torch.as_tensor(order, device=x.device)]
        else:
            moved = parts @ x.new_tensor(self.rho.matrix(g).T)
        return moved.flatten(-2)

    def act_each(self, elements: Sequence[np.ndarray], x: torch.Tensor) -> torch.Tensor:
        """Return ``rho(g_b) x_b`` for equal parts ``x_b`` of the rows of ``x``, one an element.

        Raises
        ------
        ValueError
            ``x`` has another shape than ``(N, dimension)``, or N is no multiple of the elements.
        """
        if x.ndim != 2 or x.shape[1] != self.dimension or len(x) % max(1, len(elements)):
            raise ValueError(
                f"x: expected shape (N, {self.dimension}), N a multiple of {len(elements)}, "
                f"got {tuple(x.shape)}"
            )
        parts = x.view(len(elements), -1, self.channels, self.rho.dimension)
        if isinstance(self.rho, PermutationRepresentation):
            orders = np.argsort([self.rho.permutation(g) for g in elements])
            orders = torch.as_tensor(orders, device=x.device)[:, None, None]
            moved = torch.take_along_dim(parts, orders, dim=-1)
        else:
            matrices = np.array([self.rho.matrix(g).T for g in elements])
            moved = parts @ x.new_tensor(matrices)[:, None]
        return moved.reshape(x.shape)


class SymmetricMlp:
    """A perceptron whose spaces carry representations of one group.

    Parameters
    ----------
    spaces
        Input, hidden and output spaces, in order.
    nonlinearities
        One function a layer, on tensors ``(..., dimension)``.
    check
        Whether nonlinearities must commute with the group (Assumption 2 of the paper); False
        allows networks that break it on purpose.

    Raises
    ------
    ValueError
        The numbers do not fit, the groups differ, a representation is none, or a nonlinearity does
        not commute with the action on its space (tested on random vectors, for every generator).
    """

    def __init__(
        self,
        spaces: Sequence[Space],
        nonlinearities: Sequence[Callable[[torch.Tensor], torch.Tensor]],
        check: bool = True,
    ) -> None:
        if len(spaces) < 2:
            raise ValueError(f"spaces: expected at least 2, got {len(spaces)}")
        if len(nonlinearities) != len(spaces) - 1:
            raise ValueError(
                f"nonlinearities: expected one per layer ({len(spaces) - 1}), "
                f"got {len(nonlinearities)}"
            )
        self.spaces, self.nonlinearities = list(spaces), list(nonlinearities)
        self.group = spaces[0].rho.group
        _check_actions(self.spaces)
        known = {}
        for a, b in self._ends():
            if (a.rho, b.rho) not in known:
                known[a.rho, b.rho] = EquivariantMaps(a.rho, b.rho)
        self.maps = [known[a.rho, b.rho] for a, b in self._ends()]
        if check:
            for number, (space, sigma) in enumerate(zip(spaces[1:], nonlinearities, strict=True)):
                _check_equivariant(number, space, sigma)

    def _ends(self) -> list[tuple[Space, Space]]:
        return list(zip(self.spaces[:-1], self.spaces[1:], strict=True))

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shape ``(out, in)`` of every layer."""
        return [(b.dimension, a.dimension) for a, b in self._ends()]

    @property
    def dimension(self) -> int:
        """Dimension of the space of all layers."""
        return sum(rows * columns for rows, columns in self.shapes)

    @property
    def equivariant_dimension(self) -> int:
        """Dimension of the equivariant subspace."""
        return sum(
            a.channels * b.channels * maps.dimension
            for (a, b), maps in zip(self._ends(), self.maps, strict=True)
        )

    def gaussian(self, seeds: Sequence[int], dtype: torch.dtype = torch.float64) -> Weights:
        """Return standard Gaussian layers, one run a seed, each from a generator of its own.

        Entries are drawn in float64 and then cast, so that both precisions start alike.
        """
        if not len(seeds):
            raise ValueError("seeds: expected at least one, got none")
        drawn = []
        for seed in seeds:
            rng = np.random.default_rng([seed, 0])
            drawn.append([rng.standard_normal(shape) for shape in self.shapes])
        return [torch.as_tensor(np.array(layer), dtype=dtype) for layer in zip(*drawn, strict=True)]

    def forward(self, weights: Weights, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs ``(runs, N, out)``."""
        for A, sigma in zip(weights, self.nonlinearities, strict=True):
            x = sigma(x @ A.mT)
        return x

    def project(self, weights: Weights) -> Weights:
        """Return the orthogonal projection onto the equivariant layers (Lemma 2)."""
        ends = zip(self._ends(), self.maps, weights, strict=True)
        return [
            joined(maps.project(blocks(A, a, b), check_finite=False)) for (a, b), maps, A in ends
        ]

    def coordinates(self, weights: Weights) -> list[torch.Tensor]:
        """Return coordinates of the projection, ``(runs, channels, channels, dim)`` per layer.

        They belong to an orthonormal basis for every pair of channels.
        """
        ends = zip(self._ends(), self.maps, weights, strict=True)
        return [maps.coordinates(blocks(A, a, b), check_finite=False) for (a, b), maps, A in ends]

    def complement(self, weights: Weights) -> Weights:
        """Return ``A - Pi A``, the part orthogonal to the equivariant layers."""
        return [A - P for A, P in zip(weights, self.project(weights), strict=True)]

    def act(self, g: np.ndarray, weights: Weights) -> Weights:
        """Return the lifted action ``rho_out(g) A rho_in(g)^-1`` on every layer (Eq. 8)."""
        moved = []
        for A, (a, b) in zip(weights, self._ends(), strict=True):
            moved.append(b.act(g, self._act_back(g, a, A).mT).mT)
        return moved

    def _act_back(self, g: np.ndarray, space: Space, A: torch.Tensor) -> torch.Tensor:
        """Return ``A rho(g)^-1``: ``rho(g)^-T`` on every row, which is ``rho(g)`` if orthogonal."""
        if space.rho.is_orthogonal:
            return space.act(g, A)
        return A @ _matrix(space, self.group.inverse(g), A)


def norms(weights: Weights) -> torch.Tensor:
    """Return the Frobenius norm over all layers, shape ``(runs,)``."""
    return torch.sqrt(sum(torch.sum(A**2, dim=(-2, -1)) for A in weights))


def _matrix(space: Space, g: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    block = like.new_tensor(space.rho.matrix(g))
    return torch.block_diag(*[block] * space.channels)


def blocks(A: torch.Tensor, a: Space, b: Space) -> torch.Tensor:
    """Return one block per pair of channels, ``(..., channels, channels, d_out, d_in)``."""
    rows = A.unflatten(-1, (a.channels, a.rho.dimension))
    return rows.unflatten(-3, (b.channels, b.rho.dimension)).transpose(-3, -2)


def joined(blocks: torch.Tensor) -> torch.Tensor:
    """Return the layer made of blocks; the inverse of :func:`blocks`."""
    return blocks.transpose(-3, -2).flatten(-2).flatten(-3, -2)


def _check_actions(spaces: Sequence[Space]) -> None:
    """Refuse spaces on which another group acts, or on which nothing acts at all."""
    group = spaces[0].rho.group
    for number, space in enumerate(spaces):
        if space.rho.group != group:
            raise ValueError(
                f"spaces[{number}]: expected a representation of {group.name}, "
                f"got one of {space.rho.group.name}"
            )
    for rho in {id(space.rho): space.rho for space in spaces}.values():
        rho.check()


def _check_equivariant(number: int, space: Space, sigma: Callable) -> None:
    """Refuse a function that does not commute with the action, on random vectors of three sizes."""
    draws = np.random.default_rng(number).standard_normal((5, space.dimension))
    x = torch.as_tensor(np.concatenate([size * draws for size in TEST_SIZES]))
    for g in space.rho.group.generators:
        expected = space.act(g, sigma(x))
        gap = (sigma(space.act(g, x)) - expected).abs().max().item()
        if not gap < EQUIVARIANCE_TOLERANCE * max(1.0, expected.abs().max().item()):
            raise ValueError(
                f"nonlinearities[{number}]: expected one that commutes with {space.rho.name}, got "
                f"a difference of {gap:.3g} on {np.asarray(g).tolist()}"
            )
