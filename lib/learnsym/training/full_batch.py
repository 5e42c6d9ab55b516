"""Full-batch training of an ensemble of independent runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from tqdm import tqdm

OPTIMISERS = {"adam": torch.optim.Adam, "descent": torch.optim.SGD}


@dataclass(frozen=True)
class History:
    """What was observed during training.

    ``steps`` has shape ``(T,)``; every array of ``series`` has shape ``(T, runs, ...)``.
    """

    steps: np.ndarray
    series: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.series[name]


def full_batch(
    parameters: Sequence[torch.Tensor],
    loss: Callable[[], torch.Tensor],
    observe: Callable[[], dict[str, torch.Tensor]],
    steps: ArrayLike,
    rate: float,
    optimiser: str = "adam",
    bar: tqdm | None = None,
) -> History:
    """Train all runs at once and return what ``observe`` saw at the given steps.

    Both optimisers act coordinate by coordinate, so runs that share no parameter train as if each
    were alone. Parameters change in place.

    Parameters
    ----------
    parameters
        Leaf tensors with ``requires_grad``; the first axis of each counts the runs.
    loss
        Returns the loss of every run, shape ``(runs,)``.
    observe
        Returns what to record, each of shape ``(runs, ...)``; called without gradients.
    steps
        Ascending step numbers at which to record, shape ``(T,)``; training ends at the last.
    rate
        Learning rate.
    optimiser
        ``"adam"`` or ``"descent"`` (plain gradient descent).
    bar
        Progress bar, moved by one a step.

    Raises
    ------
    ValueError
        Unknown optimiser, steps not ascending, or a loss that is no longer finite: the message
        names the step and the runs.
    """
    steps = np.asarray(steps)
    if optimiser not in OPTIMISERS:
        raise ValueError(f"optimiser: expected one of {sorted(OPTIMISERS)}, got {optimiser!r}")
    ascending = steps.ndim == 1 and steps.size and steps[0] >= 0 and (np.diff(steps) > 0).all()
    if not ascending or not np.issubdtype(steps.dtype, np.integer):
        raise ValueError(f"steps: expected ascending step numbers, got {steps.tolist()}")
    update = OPTIMISERS[optimiser](parameters, lr=rate)
    wanted, seen = set(steps.tolist()), []
    for step in range(int(steps[-1]) + 1):
        losses = loss()
        _check_finite(losses, step)
        if step in wanted:
            with torch.no_grad():
                # copies: what is observed may be a parameter, which changes in place
                seen.append({n: v.numpy(force=True).copy() for n, v in observe().items()})
        if step == steps[-1]:
            break
        update.zero_grad()
        losses.sum().backward()
        update.step()
        if bar is not None:
            bar.update()
    return History(steps, {name: np.array([one[name] for one in seen]) for name in seen[0]})


def _check_finite(losses: torch.Tensor, step: int) -> None:
    finite = torch.isfinite(losses)
    if not finite.all():
        runs = torch.nonzero(~finite).flatten().tolist()
        raise ValueError(f"loss: not finite at step {step} in runs {runs}; lower the rate")
