"""Loss functions: one number per run and sample, ``(..., N)``.

An invariant loss gives the same value when a group moves prediction and target together. All of
these are invariant under permutations of the output; the squared error under every orthogonal
matrix; all under the trivial action. Where targets have coordinates, a ``ValueError`` says that
their shape is not that of the outputs.
"""

import torch
from torch.nn import functional


def cross_entropy(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of logits ``(..., N, k)`` and class numbers ``(N,)``."""
    chosen = classes.expand(logits.shape[:-1]).unsqueeze(-1)
    return -functional.log_softmax(logits, dim=-1).gather(-1, chosen).squeeze(-1)


def soft_cross_entropy(logits: torch.Tensor, probabilities: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of logits and class probabilities, both ``(..., N, k)``."""
    _check_shapes(logits, probabilities)
    return -torch.sum(probabilities * functional.log_softmax(logits, dim=-1), dim=-1)


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return ``|f(x) - y|^2`` of outputs ``(..., N, k)`` and targets ``(N, k)``."""
    _check_shapes(outputs, targets)
    return torch.sum((outputs - targets) ** 2, dim=-1)


def binary_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of independent coordinates, summed over them.

    Logits ``(..., N, k)``, targets ``(N, k)`` in [0, 1].
    """
    _check_shapes(logits, targets)
    terms = functional.binary_cross_entropy_with_logits(
        logits, targets.expand(logits.shape), reduction="none"
    )
    return terms.sum(dim=-1)


def _check_shapes(outputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Refuse what would broadcast to a loss of something else."""
    if outputs.shape[-2:] != targets.shape[-2:]:
        raise ValueError(
            f"targets: expected shape (..., {', '.join(map(str, outputs.shape[-2:]))}) as the "
            f"outputs have, got {tuple(targets.shape)}"
        )
