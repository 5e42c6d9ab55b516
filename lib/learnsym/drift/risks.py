"""Nominal, augmented and equivariant risk as functions of one weight vector (paper B, Eqs 2-5)."""

from collections.abc import Callable

import numpy as np
import torch

from learnsym.networks.mlp import Weights
from learnsym.training.symmetric import Task

Risk = Callable[[torch.Tensor], torch.Tensor]


class Risks:
    """The three risks of a task, and the split of weights into E and its complement.

    Weight vectors ``theta`` have shape ``(..., dimension)`` with at most one axis in front, for
    many networks at once; risks then have that axis too.

    Parameters
    ----------
    task
        Network, data and loss, in float64.

    Raises
    ------
    ValueError
        The data are not float64, or the group is too large to be listed.
    """

    def __init__(self, task: Task) -> None:
        if task.x.dtype != torch.float64:
            raise ValueError(f"task: expected inputs in float64, got {task.x.dtype}")
        self.task, self.network = task, task.network
        self.elements = self.network.group.elements()
        moved = [task.moved(g) for g in self.elements]
        self._x = torch.cat([x for x, _ in moved])
        self._y = torch.cat([y for _, y in moved])
        self._sizes = [rows * columns for rows, columns in self.network.shapes]

    @property
    def dimension(self) -> int:
        """Number of weights."""
        return self.network.dimension

    def layers(self, theta: torch.Tensor) -> Weights:
        """Return the layers ``(..., out, in)`` of weight vectors ``(..., dimension)``.

        Raises
        ------
        ValueError
            The last axis has another length.
        """
        if theta.shape[-1:] != (self.dimension,):
            raise ValueError(
                f"theta: expected a last axis of {self.dimension}, got shape {tuple(theta.shape)}"
            )
        parts = torch.split(theta, self._sizes, dim=-1)
        shapes = self.network.shapes
        return [part.unflatten(-1, shape) for part, shape in zip(parts, shapes, strict=True)]

    def vector(self, layers: Weights) -> torch.Tensor:
        """Return layers as weight vectors; the inverse of :meth:`layers`."""
        return torch.cat([A.flatten(-2) for A in layers], dim=-1)

    def project(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the orthogonal projection onto E."""
        return self.vector(self.network.project(self.layers(theta)))

    def complement(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the part orthogonal to E."""
        return theta - self.project(theta)

    def act(self, g: np.ndarray, theta: torch.Tensor) -> torch.Tensor:
        """Return the weights moved by ``g`` (Eq. 8)."""
        return self.vector(self.network.act(g, self.layers(theta)))

    def outputs(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs ``(..., N, out)`` on inputs ``(N, in)``."""
        return self.network.forward(self.layers(theta), x)

    def nominal(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the mean loss on the data as they are (Eq. 2)."""
        return self.task.loss(self.outputs(theta, self.task.x), self.task.y).mean(dim=-1)

    def augmented(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the mean loss on the data moved by every group element (Eq. 5)."""
        return self.task.loss(self.outputs(theta, self._x), self._y).mean(dim=-1)

    def equivariant(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the nominal risk of the projected weights (Eq. 4)."""
        return self.nominal(self.project(theta))


def gradient(risk: Risk, theta: torch.Tensor) -> torch.Tensor:
    """Return the gradient of ``risk`` at every weight vector, by autograd."""
    leaf = theta.detach().requires_grad_()
    return torch.autograd.grad(risk(leaf).sum(), leaf)[0]


def hessian_product(risk: Risk, theta: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Return the Hessian of ``risk`` at ``theta`` times ``v``, both ``(..., dimension)``.

    Two backward passes; with an axis in front, every row has a Hessian of its own.
    """
    leaf = theta.detach().requires_grad_()
    slope = torch.autograd.grad(risk(leaf).sum(), leaf, create_graph=True)[0]
    if not slope.requires_grad:  # a constant or linear risk
        return torch.zeros_like(v)
    product = torch.autograd.grad(slope, leaf, grad_outputs=v, allow_unused=True)[0]
    return torch.zeros_like(v) if product is None else product
