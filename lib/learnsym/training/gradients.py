"""Gradients of the mean loss, for many runs at once, without more memory than a cache holds.

The work is cut into blocks of runs and samples. A small network trains all runs as one batch of
matrix products; a large one takes one run after the other, so that its weights and
activations stay in the cache. Each layer adds its gradient to a sum that is already there.
"""

from collections.abc import Callable, Iterable, Sequence

import torch

from learnsym.networks.mlp import SymmetricMlp, Weights
from learnsym.training.augmentation import View
from learnsym.training.tasks import Task

BLOCK = 2**21  # numbers in the activations of one layer
ON_A_CARD = 32  # times as many

Views = Callable[[slice], Iterable[View]]


def mean_gradient(task: Task, weights: Weights, views: Views) -> tuple[Weights, torch.Tensor]:
    """Return the gradient of the mean loss and that mean, ``(runs,)``.

    Parameters
    ----------
    task
        The network and its loss.
    weights
        Layers ``(runs, out, in)``.
    views
        From a slice of the runs to the views that they see.
    """
    weights = _folded(task, weights)
    runs, width = len(weights[0]), max(max(shape) for shape in task.network.shapes)
    numbers = _numbers(task)
    rows = min(len(task.x), max(1, numbers // width))
    block = max(1, numbers // (rows * width))
    total = [torch.zeros_like(A) for A in weights]
    loss = weights[0].new_zeros(runs)
    for low in range(0, runs, block):
        part = slice(low, min(low + block, runs))
        mine, sums = [A[part] for A in weights], [t[part] for t in total]
        for view in views(part):
            loss[part] += _add_gradient(task, mine, view, rows, sums)
    return _unfolded(task, total), loss


def batch_gradients(
    task: Task, weights: Weights, batch: int
) -> tuple[Weights, torch.Tensor, torch.Tensor]:
    """Return gradient and mean loss as :func:`mean_gradient` does on plain data, and the noise.

    The noise ``(runs,)`` is ``(1 / K^2) sum_b |Pi_perp grad R_b|^2`` over the ``K`` mini-batches:
    the variance off E of an epoch that moves each mini-batch by one random group element, at
    equivariant weights.
    """
    weights = _folded(task, weights)
    total = [torch.zeros_like(A) for A in weights]
    loss, noise = weights[0].new_zeros(len(weights[0])), weights[0].new_zeros(len(weights[0]))
    width = max(max(shape) for shape in task.network.shapes)
    block = max(1, _numbers(task) // (batch * width))
    for low in range(0, len(noise), block):
        part = slice(low, min(low + block, len(noise)))
        mine, sums = [A[part] for A in weights], [t[part] for t in total]
        own = [torch.empty_like(A) for A in mine]
        for start in range(0, len(task.x), batch):
            cut = slice(start, start + batch)
            for slope in own:
                slope.zero_()
            loss[part] += _chunk(task, mine, task.x[cut], task.y[cut], 1 / len(task.x), own)
            for slope, all_batches in zip(own, sums, strict=True):
                all_batches += slope
            # own is 1 / K of the gradient of this mini-batch
            noise[part] += squares_across(task.network, _unfolded(task, own))
    return _unfolded(task, total), loss, noise


def squares_across(network: SymmetricMlp, weights: Weights) -> torch.Tensor:
    """Return ``|Pi_perp A|^2`` as ``|A|^2 - |Pi A|^2``, shape ``(runs,)``.

    One pass over the numbers, for weights of which a fair share lies off E: the rounding errors are
    those of ``|A|^2``.
    """
    whole = [torch.sum(A**2, dim=(-2, -1)) for A in weights]
    within = [torch.sum(c**2, dim=(-3, -2, -1)) for c in network.coordinates(weights)]
    return sum((w - i).clamp(min=0) for w, i in zip(whole, within, strict=True))


def _numbers(task: Task) -> int:
    return BLOCK if task.x.device.type == "cpu" else ON_A_CARD * BLOCK


def _add_gradient(
    task: Task, weights: Weights, view: View, rows: int, sums: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Add the gradient of a view to ``sums`` and return its share of the mean loss."""
    samples, loss = len(task.x), 0.0
    for low in range(0, samples, rows):
        cut = slice(low, low + rows)
        moves = task.target_space is not None and view.y.ndim > task.y.ndim
        y = view.y[:, cut] if moves else view.y[cut]
        weight = view.weight[:, cut] if torch.is_tensor(view.weight) else view.weight
        loss = loss + _chunk(task, weights, view.x[..., cut, :], y, weight / samples, sums)
    return loss


def _chunk(
    task: Task,
    weights: Weights,
    x: torch.Tensor,
    y: torch.Tensor,
    weight: float | torch.Tensor,
    sums: Sequence[torch.Tensor],
) -> torch.Tensor:
    leaves = [A.detach().requires_grad_() for A in weights]
    if task.repeated is not None:
        x = x[..., task.repeated[1]]
    x = x.expand(len(weights[0]), *x.shape[-2:])
    if not isinstance(task.network, SymmetricMlp):  # layers that are no matrices
        outputs = task.network.forward(leaves, x)
        losses = (task.loss(outputs, y) * weight).sum(dim=-1)
        for total, slope in zip(sums, torch.autograd.grad(losses.sum(), leaves), strict=True):
            total += slope
        return losses.detach()
    for A, total, sigma in zip(leaves, sums, task.network.nonlinearities, strict=True):
        x = sigma(_Layer.apply(x, A, total))
    losses = (task.loss(x, y) * weight).sum(dim=-1)
    losses.sum().backward()
    return losses.detach()


def _folded(task: Task, weights: Weights) -> Weights:
    """Add up the columns of the first layer whose inputs always agree."""
    if task.repeated is None:
        return weights
    labels, first = task.repeated
    sums = weights[0].new_zeros(*weights[0].shape[:-1], len(first))
    return [sums.index_add_(-1, labels, weights[0]), *weights[1:]]


def _unfolded(task: Task, slopes: Weights) -> Weights:
    """Give each of these columns the gradient of their sum."""
    if task.repeated is None:
        return slopes
    return [slopes[0][..., task.repeated[0]], *slopes[1:]]


class _Layer(torch.autograd.Function):
    """``x -> A x`` for rows, whose backward pass adds the gradient of ``A`` to a given sum."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x: torch.Tensor,
        A: torch.Tensor,
        total: torch.Tensor,
    ) -> torch.Tensor:
        ctx.save_for_backward(x, A)
        ctx.total = total
        return torch.bmm(x, A.mT)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, slope: torch.Tensor
    ) -> tuple[torch.Tensor | None, None, None]:
        x, A = ctx.saved_tensors
        ctx.total.baddbmm_(slope.mT, x)
        return (torch.bmm(slope, A) if ctx.needs_input_grad[0] else None), None, None
