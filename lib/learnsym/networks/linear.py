"""Ensembles of deep linear networks ``x -> W_L ... W_2 W_1 x`` and their losses.

Full-batch training of a linear network needs no data: the squared error depends on second moments
alone, so that an augmented data set enters through one ``n x n`` matrix, averaged over the group.
Cross-entropy is no polynomial and needs the rows, but its linear part needs moments only.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike


class DeepLinear:
    """Independent deep linear networks of one shape.

    Parameters
    ----------
    factors
        ``W_1, ..., W_L``, shapes ``(runs, width_l, width_(l-1))``; copied.
    basis
        Orthonormal columns ``(n, k)``. If given, the networks are hard-wired: the first factor is
        ``V B^T``, where ``V`` of shape ``(runs, width_1, k)`` is trained.

    Raises
    ------
    ValueError
        Shapes do not chain.
    """

    def __init__(self, factors: Sequence[ArrayLike], basis: ArrayLike | None = None) -> None:
        self.parameters = [
            torch.tensor(np.asarray(factor, dtype=np.float64), requires_grad=True)
            for factor in factors
        ]
        self.basis = None if basis is None else torch.tensor(np.asarray(basis, dtype=np.float64))
        shapes = [tuple(parameter.shape) for parameter in self.parameters]
        chain = all(
            len(low) == len(high) == 3 and low[0] == high[0] and low[1] == high[2]
            for low, high in pairwise(shapes)
        )
        if not shapes or len(shapes[0]) != 3 or not chain:
            raise ValueError(f"factors: expected chained shapes (runs, out, in), got {shapes}")
        if self.basis is not None and self.basis.shape[-1:] != shapes[0][2:]:
            raise ValueError(f"basis: expected {shapes[0][2]} columns, got {self.basis.shape}")

    @property
    def first(self) -> torch.Tensor:
        """The first factor ``W_1`` on inputs, shape ``(runs, width_1, n)``."""
        return self.parameters[0] if self.basis is None else self.parameters[0] @ self.basis.T

    @property
    def downstream(self) -> torch.Tensor | None:
        """The product ``W_L ... W_2``, shape ``(runs, m, width_1)``; None for one layer."""
        product = None
        for factor in self.parameters[1:]:
            product = factor if product is None else factor @ product
        return product

    @property
    def product(self) -> torch.Tensor:
        """The linear maps ``W_L ... W_1``, shape ``(runs, m, n)``."""
        return self.first if self.downstream is None else self.downstream @ self.first


def uniform_factors(
    widths: Sequence[int], runs: int, rng: np.random.Generator, scale: float = 1.0
) -> list[np.ndarray]:
    """Draw factors as PyTorch draws a linear layer: uniform up to ``1 / sqrt(fan-in)``.

    ``widths`` are ``n, width_1, ..., m``; ``scale`` multiplies every factor. Shapes
    ``(runs, width_l, width_(l-1))``.
    """
    return [
        scale * rng.uniform(-1, 1, (runs, high, low)) / np.sqrt(low)
        for low, high in pairwise(widths)
    ]


def squared_error(
    W: torch.Tensor, S: torch.Tensor, C: torch.Tensor, c: torch.Tensor | float
) -> torch.Tensor:
    """Return ``tr(W S W^T) - 2 <C, W> + c`` of maps ``(runs, m, n)``, shape ``(runs,)``.

    The mean squared error on data with these :class:`learnsym.lowrank.Moments`; a penalty
    ``strength |W G|^2`` enters as ``S + strength G G^T``. ``S`` and ``C`` have a first axis of
    length ``runs`` or 1.
    """
    return torch.sum((W @ S - 2 * C) * W, dim=(-2, -1)) + c


def cross_entropy(nets: DeepLinear, rows: torch.Tensor, C: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy on ``rows`` ``(N, n)`` of every run, shape ``(runs,)``.

    ``C`` is the mean of ``y x^T`` over the rows with one-hot targets, shape ``(m, n)``. With
    outputs ``z`` the loss is ``mean(log(sum(exp(z)))) - <C, W>``.
    """
    first, downstream = nets.first, nets.downstream
    runs, width, n = first.shape
    outputs = (first.reshape(-1, n) @ rows.T).reshape(runs, width, len(rows))
    if downstream is not None:
        outputs = downstream @ outputs
    return torch.logsumexp(outputs, dim=1).mean(dim=-1) - torch.sum(C * nets.product, dim=(-2, -1))


def accuracy(W: torch.Tensor, rows: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return the share of rows whose largest output is that of their class, shape ``(runs,)``."""
    runs, m, n = W.shape
    outputs = (W.reshape(-1, n) @ rows.T).reshape(runs, m, len(rows))
    return (outputs.argmax(dim=1) == classes).double().mean(dim=-1)
