"""Equivariant networks by their free parameters, trained by the same loop as dense ones."""

from collections.abc import Sequence

import numpy as np
import torch

from learnsym.networks.mlp import SymmetricMlp, Weights, joined
from learnsym.networks.small_layers import KINDS


class SmallNetwork:
    """The equivariant subspace of a network, in coordinates.

    Weights are coordinates in the orthonormal basis of every layer, shape
    ``(runs, out channels, in channels * k)``. A task with this network trains by
    ``training.symmetric.train`` in the mode ``nominal``: that is the mode ``equivariant`` of the
    dense network, step for step.

    Parameters
    ----------
    network
        The dense network.
    kinds
        How to apply each layer: ``invariant``, ``circulant``, ``relabelling`` or ``shared``.

    Raises
    ------
    ValueError
        The number of kinds differs from the layers, a kind is unknown, or one does not fit.
    """

    def __init__(self, network: SymmetricMlp, kinds: Sequence[str]) -> None:
        if len(kinds) != len(network.maps):
            raise ValueError(f"kinds: expected one per layer ({len(network.maps)}), got {kinds!r}")
        for kind in kinds:
            if kind not in KINDS:
                raise ValueError(f"kinds: expected some of {sorted(KINDS)}, got {kind!r}")
        self.dense, self.spaces, self.group = network, network.spaces, network.group
        self.maps, self.nonlinearities = network.maps, network.nonlinearities
        known = {}
        for kind, maps in zip(kinds, self.maps, strict=True):
            if (kind, id(maps)) not in known:
                known[kind, id(maps)] = KINDS[kind](maps)
        self.apply = [known[kind, id(m)] for kind, m in zip(kinds, self.maps, strict=True)]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shape ``(out channels, in channels * k)`` of every layer's coordinates."""
        return [
            (b.channels, a.channels * maps.dimension)
            for a, b, maps in zip(self.spaces[:-1], self.spaces[1:], self.maps, strict=True)
        ]

    @property
    def dimension(self) -> int:
        """Number of parameters."""
        return sum(rows * columns for rows, columns in self.shapes)

    def gaussian(self, seeds: Sequence[int]) -> Weights:
        """Return the projections of the dense network's standard Gaussian layers, in float64."""
        return self.coordinates(self.dense.gaussian(seeds))

    def coordinates(self, weights: Weights) -> Weights:
        """Return the coordinates of the projection of dense layers ``(..., out, in)``."""
        return [c.flatten(-2) for c in self.dense.coordinates(weights)]

    def layers(self, weights: Weights) -> Weights:
        """Return the dense layers ``(..., out, in)`` of coordinates."""
        return [
            joined(maps.from_coordinates(c.unflatten(-1, (-1, maps.dimension)), check_finite=False))
            for maps, c in zip(self.maps, weights, strict=True)
        ]

    def forward(self, weights: Weights, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs ``(runs, N, out)`` for inputs ``(N, in)`` or ``(runs, N, in)``."""
        parts = zip(self.spaces, self.maps, self.apply, weights, self.nonlinearities, strict=False)
        for space, maps, layer, c, sigma in parts:
            channels = x.unflatten(-1, (space.channels, space.rho.dimension))
            x = sigma(layer(c.unflatten(-1, (-1, maps.dimension)), channels).flatten(-2))
        return x

    def project(self, weights: Weights) -> Weights:
        """Return ``weights``: all of them are equivariant."""
        return weights

    def complement(self, weights: Weights) -> Weights:
        """Return zeros."""
        return [torch.zeros_like(c) for c in weights]

    def act(self, g: np.ndarray, weights: Weights) -> Weights:
        """Return ``weights``: the group fixes all of them."""
        del g
        return weights
