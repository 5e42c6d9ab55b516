"""Nonlinearities of symmetric perceptrons, on tensors ``(..., channels * d)``.

A function that acts on every coordinate alone commutes with every permutation of coordinates; an
odd one also with changes of sign; none but multiples of the identity with all rotations. The
radial one commutes with every orthogonal matrix.
"""

from collections.abc import Callable

import torch

Nonlinearity = Callable[[torch.Tensor], torch.Tensor]


def identity(x: torch.Tensor) -> torch.Tensor:
    """Return ``x``."""
    return x


def leaky_relu(x: torch.Tensor) -> torch.Tensor:
    """Return ``max(x, 0.01 x)``."""
    return torch.nn.functional.leaky_relu(x)


def radial(dimension: int) -> Nonlinearity:
    """Return ``v -> v / sqrt(1 + |v|^2)`` on every channel ``v`` of the given dimension.

    It is smooth and commutes with any orthogonal representation on the channels.
    """
    _check_count("dimension", dimension, 1)

    def squash(x: torch.Tensor) -> torch.Tensor:
        parts = _split("dimension", x, (-1, dimension))
        return (parts / torch.sqrt(1 + parts.square().sum(-1, keepdim=True))).flatten(-2)

    return squash


def over_channels(channels: int) -> Nonlinearity:
    """Return layer normalisation over the channels at each place, without affine parameters.

    It commutes with any permutation of places.
    """
    _check_count("channels", channels, 2)

    def normalise(x: torch.Tensor) -> torch.Tensor:
        parts = _split("channels", x, (channels, -1))
        normal = torch.nn.functional.layer_norm(parts.transpose(-2, -1), (channels,))
        return normal.transpose(-2, -1).flatten(-2)

    return normalise


def chain(*steps: Nonlinearity) -> Nonlinearity:
    """Return the composition, the first step applied first."""

    def composed(x: torch.Tensor) -> torch.Tensor:
        for step in steps:
            x = step(x)
        return x

    return composed


def _check_count(name: str, value: int, least: int) -> None:
    if type(value) is not int or value < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {value!r}")


def _split(name: str, x: torch.Tensor, parts: tuple[int, int]) -> torch.Tensor:
    size = max(parts)
    if x.shape[-1] % size:
        raise ValueError(f"{name}: expected a divisor of the {x.shape[-1]} coordinates, got {size}")
    return x.unflatten(-1, parts)
