"""Which data an epoch sees: as they are, under all group elements, or under random ones.

An epoch of full-batch training keeps its weights. So where the group has no more elements than
there are passes, the mean over the passes is computed as a weighted mean over one copy of the data
for each element: sample ``n`` counts as often as its mini-batch drew the element. The gradient is
the same up to rounding and takes ``|G|`` copies instead of ``passes``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from learnsym.groups import Group
from learnsym.training.tasks import Schedule, Task


@dataclass(frozen=True)
class View:
    """Data whose loss counts with a weight.

    ``x`` has shape ``(N, in)`` or ``(runs, N, in)``; ``y`` holds targets ``(N, ...)`` or
    ``(runs, N, ...)``; ``weight`` is a number or has shape ``(runs, N)``. Weights of all views
    of an epoch sum to 1 for every run and sample.
    """

    x: torch.Tensor
    y: torch.Tensor
    weight: float | torch.Tensor


def views(
    task: Task, mode: str, schedule: Schedule, rngs: Sequence[np.random.Generator]
) -> Iterator[View]:
    """Yield the views of one epoch for the runs that own the generators.

    Raises
    ------
    ValueError
        Mode ``exact`` for a group that is too large to be listed.
    """
    if mode in ("nominal", "equivariant"):
        yield View(task.x, task.y, 1.0)
    elif mode == "exact":
        elements = task.network.group.elements()
        for g in elements:
            yield View(*task.moved(g), 1 / len(elements))
    elif copies_are_fewer(task.network.group, schedule):
        yield from weighted_copies(task, schedule, rngs)
    else:
        yield from plain_passes(task, schedule, rngs)


def copies_are_fewer(group: Group, schedule: Schedule) -> bool:
    """Whether one copy of the data for each element is less work than all passes."""
    if schedule.law is None:
        return group.order <= schedule.passes
    return np.count_nonzero(schedule.law) <= schedule.passes


def plain_passes(
    task: Task, schedule: Schedule, rngs: Sequence[np.random.Generator]
) -> Iterator[View]:
    """Yield one view a pass, each mini-batch of each run under an element of its own.

    Targets that stay come once, for all runs.
    """
    group, batches = task.network.group, len(task.x) // schedule.batch
    for _ in range(schedule.passes):
        runs = [task.moved_each(draw(group, schedule.law, rng, batches)) for rng in rngs]
        x, y = (torch.stack(parts) for parts in zip(*runs, strict=True))
        yield View(x, task.y if task.target_space is None else y, 1 / schedule.passes)


def weighted_copies(
    task: Task, schedule: Schedule, rngs: Sequence[np.random.Generator]
) -> Iterator[View]:
    """Yield one view an element, weighted by how often each mini-batch drew it."""
    group, batches = task.network.group, len(task.x) // schedule.batch
    elements = group.elements()
    number = {group.key(g): index for index, g in enumerate(elements)}
    counts = np.zeros((len(rngs), len(elements), batches))
    for run, rng in enumerate(rngs):
        for _ in range(schedule.passes):
            drawn = draw(group, schedule.law, rng, batches)
            counts[run, [number[group.key(g)] for g in drawn], range(batches)] += 1
    weights = torch.as_tensor(counts / schedule.passes).to(task.x)
    for index in np.flatnonzero(counts.sum((0, 2))):
        weight = weights[:, index].repeat_interleave(schedule.batch, dim=1)
        yield View(*task.moved(elements[index]), weight)


def draw(
    group: Group, law: tuple[float, ...] | None, rng: np.random.Generator, size: int
) -> Sequence[np.ndarray]:
    """Draw independent elements by a law over ``group.elements()``; None is Haar's."""
    if law is None:
        return group.sample(rng, size)
    elements = group.elements()
    return [elements[index] for index in rng.choice(len(elements), size=size, p=law)]
