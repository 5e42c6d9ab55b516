"""What is trained and how: the arguments of the training loop for symmetric perceptrons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from learnsym.groups import Group
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.representations import PermutationRepresentation


@dataclass(frozen=True)
class Task:
    """A network with data and a loss.

    ``x`` has shape ``(N, in)``; ``y`` holds one target per sample, ``(N, ...)``; ``loss`` maps
    outputs ``(..., N, out)`` and targets to ``(..., N)``; ``target_space`` is the space in which
    targets transform, None for targets that stay.

    Raises
    ------
    ValueError
        Shapes do not fit each other or the network, or another group acts on the targets.
    """

    network: SymmetricMlp
    x: torch.Tensor
    y: torch.Tensor
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    target_space: Space | None = None

    def __post_init__(self) -> None:
        inputs = self.network.spaces[0].dimension
        if self.x.ndim != 2 or self.x.shape[1] != inputs or not len(self.x):
            raise ValueError(
                f"x: expected shape (N, {inputs}) with N >= 1, got {tuple(self.x.shape)}"
            )
        if self.y.shape[:1] != self.x.shape[:1]:
            raise ValueError(f"y: expected {len(self.x)} targets, got shape {tuple(self.y.shape)}")
        space = self.target_space
        if space is not None and space.rho.group != self.network.group:
            raise ValueError(
                f"target_space: expected a representation of {self.network.group.name}, "
                f"got one of {space.rho.group.name}"
            )

    def moved(self, g: np.ndarray, part: slice = slice(None)) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets of the samples in ``part``, moved by ``g``."""
        x, y = self.network.spaces[0].act(g, self.x[part]), self.y[part]
        return x, y if self.target_space is None else self.target_space.act(g, y)

    def moved_each(self, elements: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets, cut into parts of equal size, one for each element."""
        x, y = self.network.spaces[0].act_each(elements, self.x), self.y
        return x, y if self.target_space is None else self.target_space.act_each(elements, y)

    @cached_property
    def repeated(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Coordinates that agree in all samples, wherever the group moves them, if there are any.

        An adjacency matrix has every edge twice and nothing on its diagonal. Returns the number of
        its class for each coordinate, ``(in,)``, and one coordinate of each class.
        """
        if not isinstance(self.network, SymmetricMlp):
            return None  # its first layer is no matrix, and has no columns to add up
        if not isinstance(self.network.spaces[0].rho, PermutationRepresentation):
            return None  # a sign or a rotation takes classes apart without moving them
        columns = self.x.numpy(force=True).T
        _, first, labels = np.unique(columns, axis=0, return_index=True, return_inverse=True)
        labels = labels.reshape(-1)
        if len(first) == len(columns):
            return None
        space = self.network.spaces[0]
        for g in self.network.group.generators:
            moved = space.act(g, torch.as_tensor(labels, dtype=torch.float64)).numpy()
            if len(np.unique(np.stack([labels, moved]), axis=1).T) > len(first):
                return None  # the group takes classes apart
        return torch.as_tensor(labels).to(self.x.device), torch.as_tensor(first).to(self.x.device)


@dataclass(frozen=True)
class Schedule:
    """How to train: learning rate, epochs, mini-batch size, passes, penalty on ``|A_perp|^2``.

    ``passes`` is the paper's ``N_aug``; ``law`` gives the probability with which a pass draws each
    of ``group.elements()``, None for Haar's measure.

    Raises
    ------
    ValueError
        A number is out of range, or ``law`` holds no probabilities.
    """

    rate: float
    epochs: int
    batch: int
    passes: int = 1
    penalty: float = 0.0
    law: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "passes"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name}: expected an integer >= 1, got {value!r}")
        if not 0 < self.rate < np.inf:
            raise ValueError(f"rate: expected a positive finite number, got {self.rate!r}")
        if not 0 <= self.penalty < np.inf:
            raise ValueError(f"penalty: expected a finite number >= 0, got {self.penalty!r}")
        if self.law is not None:
            law = np.asarray(self.law, dtype=np.float64)
            if law.ndim != 1 or not (law >= 0).all() or not abs(law.sum() - 1) < 1e-12:
                raise ValueError(f"law: expected probabilities that sum to 1, got {self.law!r}")


def check_law(law: Sequence[float], group: Group) -> None:
    """Raise ValueError unless there is one probability for each element of the group."""
    if len(law) != group.order:
        raise ValueError(
            f"law: expected {group.order} probabilities, one per element of {group.name}, "
            f"got {len(law)}"
        )
