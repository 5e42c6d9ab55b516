"""A symmetric perceptron on its equivariant layers, in the basis of characters.

Where the group is abelian and its spaces are images, an equivariant layer is one small matrix a
character, ``U_chi = A_chi H_chi``. A character and its conjugate share one: real characters have a
real matrix each, pairs the real and the imaginary part of one. All of them together are one tensor
``(planes, out, in)`` a layer, with planes as in ``Characters.basis``.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.characters import Characters
from learnsym.networks.mlp import Space, SymmetricMlp, Weights

OFF = 1e-9  # part of a layer off E, relative, that is taken for rounding

ROWS = 1_000  # vectors at a time

Blocks = list[torch.Tensor]


@dataclass(frozen=True)
class Layer:
    """What a layer saw: ``h`` its inputs and ``u`` its outputs, (N, dimension), and their planes.

    ``inputs`` and ``outputs`` have the planes that an equivariant layer joins, (planes, N, rows).
    """

    h: torch.Tensor
    u: torch.Tensor
    inputs: torch.Tensor
    outputs: torch.Tensor


class BlockMlp:
    """The restriction of a network to E, for one run, on one device.

    ``is_fixed`` tells of each space whether the group leaves all of it where it is; ``across`` is
    the precision of vectors off E (``learnsym.drift.paths``), which at full size is single.

    Raises
    ------
    ValueError
        The group is not abelian, or a space is neither an image, on which only the identity leaves
        a pixel where it is, nor without action.
    """

    def __init__(
        self, network: SymmetricMlp, device: str = "cpu", across: torch.dtype = torch.float32
    ) -> None:
        self.network, self.characters, self.across = network, Characters(network.group), across
        self.real, self.pairs = len(self.characters.real), len(self.characters.pairs)
        known = {}
        for space in network.spaces:
            if space.rho not in known:
                basis = self.characters.basis(space.rho)
                known[space.rho] = torch.as_tensor(basis, device=device)
        self.bases = [known[space.rho] for space in network.spaces]
        planes = self.real + 2 * self.pairs
        self.is_fixed = [_is_fixed(space) for space in network.spaces]
        self.multiplicities = [
            space.rho.dimension // (1 if fixed else planes)
            for space, fixed in zip(network.spaces, self.is_fixed, strict=True)
        ]

    def is_mixed(self, number: int) -> bool:
        """Whether a layer has a part off E: the group acts on one of its ends."""
        return not all(self.is_fixed[number : number + 2])

    def planes(self, number: int, h: torch.Tensor, least: bool = False) -> torch.Tensor:
        """Return the planes of vectors ``(N, dimension)`` of a space, ``(planes, N, rows)``.

        Rows are orbits, and channels within; ``least`` asks for the trivial character only.
        """
        return self._planes(number, h, slice(1 if least else None))

    def _planes(self, number: int, h: torch.Tensor, chosen: slice) -> torch.Tensor:
        space, m = self.network.spaces[number], self.multiplicities[number]
        basis = self.bases[number].view(-1, m, space.rho.dimension)[chosen].flatten(0, 1)
        flat = h.reshape(-1, space.rho.dimension)
        parts = (basis.to(h.dtype) @ flat.T).view(-1, m, len(h), space.channels)
        return parts.transpose(1, 2).reshape(len(parts), len(h), -1)

    def pixels(self, number: int, planes: torch.Tensor) -> torch.Tensor:
        """Return vectors ``(N, dimension)`` from planes, all of them or the first."""
        space, m = self.network.spaces[number], self.multiplicities[number]
        parts = planes.unflatten(2, (m, space.channels)).transpose(1, 2)
        basis = self.bases[number][: len(planes) * m].to(planes.dtype)
        flat = parts.reshape(len(planes) * m, -1).T @ basis
        return flat.view(planes.shape[1], -1)

    def blocks(self, weights: Weights) -> Blocks:
        """Return the blocks of equivariant layers ``(out, in)``.

        Raises
        ------
        ValueError
            Shapes do not fit, or a layer is not equivariant; the message names it.
        """
        found = self.project(weights)
        for number, (A, W) in enumerate(zip(weights, found, strict=True)):
            off = (A - self._layer(number, W)).norm() / A.norm().clamp_min(1e-300)
            if not off < OFF:
                raise ValueError(
                    f"weights[{number}]: expected an equivariant layer, got one with a part of "
                    f"{float(off):.2g} of its norm off E"
                )
        return found

    def project(self, weights: Weights) -> Blocks:
        """Return the blocks of the projection onto E of layers ``(out, in)``."""
        shapes = [tuple(A.shape) for A in weights]
        if shapes != self.network.shapes:
            raise ValueError(f"weights: expected shapes {self.network.shapes}, got {shapes}")
        return [self._within(number, A) for number, A in enumerate(weights)]

    def weights(self, blocks: Blocks) -> Weights:
        """Return the layers ``(out, in)``."""
        return [self._layer(number, W) for number, W in enumerate(blocks)]

    def _layer(self, number: int, W: torch.Tensor) -> torch.Tensor:
        A = W.new_empty(self.network.shapes[number])
        for columns, part in zip(
            A.split(ROWS, 1), torch.arange(A.shape[1]).split(ROWS), strict=True
        ):
            units = W.new_zeros(len(part), A.shape[1])
            units[torch.arange(len(part)), part] = 1
            outputs = self.apply(W, self.planes(number, units, least=len(W) == 1))
            columns.copy_(self.pixels(number + 1, outputs).T)
        return A

    def _within(self, number: int, A: torch.Tensor) -> torch.Tensor:
        """Return the blocks of the projection of a layer onto E."""
        n = self._joined(number)
        rows = self.multiplicities[number + 1] * self.network.spaces[number + 1].channels
        left = A.new_empty(n, A.shape[1], rows)
        for columns, part in zip(left.split(ROWS, 1), A.split(ROWS, 1), strict=True):
            columns.copy_(self.planes(number + 1, part.T.contiguous(), least=n == 1))

        def block(row: int, column: int) -> torch.Tensor:
            return self._planes(number, left[row].T, slice(column, column + 1))[0]

        r, p = (1, 0) if n == 1 else (self.real, self.pairs)
        pairs = [(k, k + p) for k in range(r, r + p)]
        same = [block(k, k) for k in range(r)]
        mean = [(block(a, a) + block(b, b)) / 2 for a, b in pairs]
        turned = [(block(b, a) - block(a, b)) / 2 for a, b in pairs]
        return torch.stack([*same, *mean, *turned])

    def _joined(self, number: int) -> int:
        """Return the number of planes that an equivariant layer joins."""
        return 1 if any(self.is_fixed[number : number + 2]) else self.real + 2 * self.pairs

    def apply(self, W: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Return the output planes of a layer: complex products for pairs of characters."""
        if len(W) == 1:
            return inputs @ W.mT
        (real, a, b), (R, U, V) = self.split(inputs), self.split(W.mT)
        return torch.cat([real @ R, a @ U - b @ V, a @ V + b @ U])

    def split(self, planes: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the planes of real characters, real parts and imaginary parts."""
        return planes.split([self.real, self.pairs, self.pairs])

    def forward(self, blocks: Blocks, x: torch.Tensor) -> tuple[torch.Tensor, list[Layer]]:
        """Return the outputs ``(N, out)`` and what every layer saw."""
        h, layers = x, []
        for number, (W, sigma) in enumerate(zip(blocks, self.network.nonlinearities, strict=True)):
            inputs = self.planes(number, h, least=len(W) == 1)
            outputs = self.apply(W, inputs)
            u = self.pixels(number + 1, outputs)
            layers.append(Layer(h, u, inputs, outputs))
            h = sigma(u)
        return h, layers

    def slopes(self, gradients: Blocks) -> Blocks:
        """Return the projected gradient from derivatives by blocks: those of pairs count twice."""
        return [torch.cat([G[: self.real], G[self.real :] / 2]) for G in gradients]

    def squares(self, blocks: Blocks) -> torch.Tensor:
        """Return ``|A|^2`` by layer, shape ``(layers,)``."""
        parts = [(W[: self.real].square().sum(), W[self.real :].square().sum()) for W in blocks]
        return torch.stack([real + 2 * pairs for real, pairs in parts])


def _is_fixed(space: Space) -> bool:
    images = [space.rho.permutation(g) for g in space.rho.group.generators]
    return bool((np.array(images) == np.arange(space.rho.dimension)).all())
