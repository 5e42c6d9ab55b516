"""Two-layer networks with a nonlinearity, without biases, as an ensemble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": torch.nn.Identity(),
    "leaky relu": functional.leaky_relu,
    "relu": torch.relu,
    "swish": functional.silu,
    "tanh": torch.tanh,
}


@dataclass(frozen=True)
class TwoLayer:
    """The networks ``f(x) = V phi(U x)``, one a run.

    Attributes
    ----------
    first
        The weights ``U`` of all runs, shape ``(runs, hidden, n)``.
    second
        The weights ``V``, shape ``(runs, m, hidden)``.
    activations
        Names from :data:`ACTIVATIONS`. The runs are divided among them into equal blocks.
    """

    first: torch.Tensor
    second: torch.Tensor
    activations: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [name for name in self.activations if name not in ACTIVATIONS]
        if unknown or not self.activations:
            raise ValueError(f"activations: expected some of {list(ACTIVATIONS)}, got {unknown}")
        shapes = tuple(self.first.shape), tuple(self.second.shape)
        fits = [len(shape) for shape in shapes] == [3, 3]
        if not fits or shapes[0][:2] != (shapes[1][0], shapes[1][2]):
            raise ValueError(
                f"first, second: expected shapes (runs, hidden, n), (runs, m, hidden), got {shapes}"
            )
        if len(self.first) % len(self.activations):
            raise ValueError(
                f"activations: expected a number that divides the {len(self.first)} runs, "
                f"got {len(self.activations)}"
            )

    @property
    def parameters(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Both weights, for an optimiser."""
        return self.first, self.second

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs ``(runs, m, N)`` on the columns of ``x``, shape ``(n, N)``."""
        runs, hidden, n = self.first.shape
        # all runs read the same inputs: one matrix product serves them together
        z = (self.first.reshape(runs * hidden, n) @ x).reshape(runs, hidden, -1)
        blocks = z.chunk(len(self.activations))
        pairs = zip(self.activations, blocks, strict=True)
        return self.second @ torch.cat([ACTIVATIONS[name](block) for name, block in pairs])

    def restricted(self, basis: np.ndarray) -> "TwoLayer":
        """Return the networks on the coordinates ``basis^T x``: new leaves, ``U`` times ``basis``.

        ``basis`` has orthonormal columns, shape ``(n, k)``. If they span the invariant vectors of
        an orthogonal representation, these are the hard-wired networks whose first layers are the
        invariant parts of the given ones.
        """
        with torch.no_grad():
            first = self.first @ torch.as_tensor(basis, dtype=self.first.dtype)
            second = self.second.clone()
        return TwoLayer(first.requires_grad_(), second.requires_grad_(), self.activations)


def two_layer(
    sizes: tuple[int, int, int],
    activations: Sequence[str],
    starts: int,
    rng: np.random.Generator,
    dtype: torch.dtype = torch.float32,
) -> TwoLayer:
    """Return networks with PyTorch's default start: entries uniform within ``1 / sqrt(fan in)``.

    Parameters
    ----------
    sizes
        Inputs ``n``, hidden units, outputs ``m``.
    activations
        Names from :data:`ACTIVATIONS`.
    starts
        Runs per activation. All activations get the same initial weights.
    rng
        The source of randomness.
    dtype
        Precision of the weights; the numbers drawn do not depend on it.
    """
    n, hidden, m = sizes
    leaves = []
    for rows, columns in ((hidden, n), (m, hidden)):
        draws = rng.uniform(-1, 1, (starts, rows, columns)) / np.sqrt(columns)
        values = np.tile(draws, (len(activations), 1, 1))
        leaves.append(torch.tensor(values, dtype=dtype, requires_grad=True))
    return TwoLayer(leaves[0], leaves[1], tuple(activations))


def mean_squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean over samples of ``|f(x) - y|^2`` for every run, shape ``(runs,)``.

    ``outputs`` has shape ``(runs, m, N)``, ``targets`` ``(m, N)``.
    """
    return (outputs - targets).square().sum(dim=1).mean(dim=1)


def orbit_variance(outputs: torch.Tensor, order: int) -> torch.Tensor:
    """Return the share of the variance over the orbit in the squared output, ``(runs, N)``.

    For every input this is ``mean_g |f(gx) - mean_h f(hx)|^2 / mean_g |f(gx)|^2``, between 0, for
    an output that is the same on the whole orbit, and 1, for one whose mean over the orbit is 0.
    An output that vanishes on the whole orbit, as ReLU networks have them, counts as 0.

    Parameters
    ----------
    outputs
        On ``order`` blocks of samples, one a group element, shape ``(runs, m, order * N)``.
    order
        The order of the group.
    """
    if outputs.shape[-1] % order:
        raise ValueError(
            f"outputs: expected {order} blocks of samples, got {outputs.shape[-1]} samples"
        )
    blocks = outputs.unflatten(-1, (order, -1))
    centred = blocks - blocks.mean(dim=2, keepdim=True)
    variance, total = (part.square().sum(dim=1).mean(dim=1) for part in (centred, blocks))
    return torch.where(total > 0, variance / total, torch.zeros_like(total))
