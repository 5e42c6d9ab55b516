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
    weights
        Probability of each group element in ``group.elements()``, shape ``(|G|,)``; by default all
        equal, the Haar measure of the paper.

    Raises
    ------
    ValueError
        The data are not float64, the weights are no probabilities, or the group is too large to be
        listed.
    """

    def __init__(self, task: Task, weights: np.ndarray | None = None) -> None:
        if task.x.dtype != torch.float64:
            raise ValueError(f"task: expected inputs in float64, got {task.x.dtype}")
        self.task, self.network = task, task.network
        self.elements = self.network.group.elements()
        self.weights = _probabilities(weights, len(self.elements))
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
        losses = self.task.loss(self.outputs(theta, self._x), self._y)
        means = losses.unflatten(-1, (len(self.elements), -1)).mean(dim=-1)
        return means @ self.weights

    def equivariant(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the nominal risk of the projected weights (Eq. 4)."""
        return self.nominal(self.project(theta))

    def moved_back(self, theta: torch.Tensor) -> torch.Tensor:
        """Return ``rho_Y(g)^-1 f(rho_X(g) x)`` for all ``g``, shape ``(..., |G|, N, out)``.

        Their mean over the group is the feature-averaged model (Eq. 6).
        """
        first, last = self.network.spaces[0], self.network.spaces[-1]
        group = self.network.group
        blocks = [
            last.act(group.inverse(g), self.outputs(theta, first.act(g, self.task.x)))
            for g in self.elements
        ]
        return torch.stack(blocks, dim=-3)

    def averaged(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the risk of the feature-averaged model, the right side of Eq. 7."""
        mean = torch.einsum("g,...gnk->...nk", self.weights, self.moved_back(theta))
        return self.task.loss(mean, self.task.y).mean(dim=-1)


def gradient(risk: Risk, theta: torch.Tensor) -> torch.Tensor:
    """Return the gradient of ``risk`` at every weight vector, by autograd."""
    leaf = theta.detach().requires_grad_()
    return torch.autograd.grad(risk(leaf).sum(), leaf)[0]


def _probabilities(weights: np.ndarray | None, count: int) -> torch.Tensor:
    if weights is None:
        return torch.full((count,), 1 / count, dtype=torch.float64)
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,) or not (values >= 0).all() or abs(values.sum() - 1) > 1e-12:
        raise ValueError(f"weights: expected {count} probabilities, got {weights!r}")
    return torch.as_tensor(values)
