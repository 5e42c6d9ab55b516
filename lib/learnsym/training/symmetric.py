"""One loop for all the ways to train a symmetric perceptron (Nordenfors et al., section 5).

Full-batch gradient descent, the gradient averaged over mini-batches and passes:

===============  ===================================================================
mode             gradient of one epoch
===============  ===================================================================
``nominal``      of the risk on the data as they are (NOM)
``augmented``    mean over ``passes``, one random group element per mini-batch (AUG)
``exact``        mean over all group elements
``equivariant``  as nominal, projected onto the equivariant layers (EQUI)
===============  ===================================================================

A penalty ``strength * |A_perp|^2`` may be added to the risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from tqdm import tqdm

from learnsym.networks.mlp import SymmetricMlp, Weights, norms
from learnsym.training.augmentation import views
from learnsym.training.gradients import batch_gradients, mean_gradient
from learnsym.training.tasks import Schedule, Task, check_law

__all__ = ["MODES", "Drift", "Forecast", "Schedule", "Task", "gradient", "train"]

MODES = ("nominal", "augmented", "exact", "equivariant")


@dataclass(frozen=True)
class Drift:
    """What was recorded, from epoch 0 on.

    ``distance`` is ``|A - A^0|`` and ``drift`` is ``|A_perp|``, shape ``(epochs + 1, runs)``;
    ``steps`` and ``layers`` are the same by layer, ``(epochs + 1, runs, layers)``; ``loss`` is the
    mean loss over the samples that an epoch saw, before its step, ``(epochs, runs)``.
    """

    distance: np.ndarray
    drift: np.ndarray
    steps: np.ndarray
    layers: np.ndarray
    loss: np.ndarray


@dataclass
class Forecast:
    """What equivariant training tells about the drift of the other modes.

    Give one to :func:`train`; it is filled epoch by epoch.

    Attributes
    ----------
    laws
        Laws of draws, probabilities over ``group.elements()``.
    noise
        By epoch ``(1 / K^2) sum_b |Pi_perp grad R_b(x_s)|^2`` over the ``K`` mini-batches,
        ``(runs,)``: the squared drift that one epoch of sampled augmentation adds on average, times
        passes over the squared rate.
    systematic
        From epoch 0 on, the norm of ``rate * sum_s Pi_perp grad R(x_s)``, ``(1 + laws, runs)``:
        first of nominal training, then of the mean step under each law, in which the gradient of
        the data moved by ``g`` is ``rho_bar(g) grad R(x_s)``.
    """

    laws: tuple[tuple[float, ...], ...] = ()
    noise: list[np.ndarray] = field(default_factory=list)
    systematic: list[np.ndarray] = field(default_factory=list)
    _sum: Weights | None = None

    def start(self, network: SymmetricMlp, weights: Weights) -> None:
        """Begin at the weights of epoch 0, and forget what was there.

        Raises
        ------
        ValueError
            The layers of the network are no matrices, or a law does not fit its group.
        """
        if not isinstance(network, SymmetricMlp):
            raise ValueError(f"network: expected a SymmetricMlp, got {type(network).__name__}")
        for law in self.laws:
            check_law(law, network.group)
        self.noise, self.systematic = [], []
        self._sum = [torch.zeros_like(A) for A in weights]
        self._record(network)

    def add(self, network: SymmetricMlp, step: Weights, noise: torch.Tensor) -> None:
        """Add an epoch: rate times the gradient before its projection, and the noise."""
        for total, part in zip(self._sum, network.complement(step), strict=True):
            total += part
        self.noise.append(noise.numpy(force=True))
        self._record(network)

    def _record(self, network: SymmetricMlp) -> None:
        group = network.group
        rows = [norms(self._sum)]
        for law in self.laws:
            pairs = [(p, g) for p, g in zip(law, group.elements(), strict=True) if p]
            moved = [[p * A for A in network.act(g, self._sum)] for p, g in pairs]
            rows.append(norms([sum(layer) for layer in zip(*moved, strict=True)]))
        self.systematic.append(torch.stack(rows).numpy(force=True))


def train(
    task: Task,
    weights: Weights,
    mode: str,
    schedule: Schedule,
    seeds: Sequence[int],
    bar: tqdm | None = None,
    forecast: Forecast | None = None,
) -> tuple[Weights, Drift]:
    """Train all runs and return final weights and what was recorded.

    Every run draws its group elements from a generator of its own seed, so the outcome of
    a run does not depend on which others train beside it. A ``forecast`` is filled on the way.

    Raises
    ------
    ValueError
        Unknown mode, weights that do not fit the network, a number of seeds that differs from the
        runs, data that the mini-batches do not divide, a law that does not fit the group or the
        mode, a forecast in a mode other than equivariant, or a loss or weights that are no longer
        finite: the message names the epoch and the seeds of the runs.
    """
    _check(task, weights, mode, schedule, seeds)
    if forecast is not None and mode != "equivariant":
        raise ValueError(f"forecast: expected mode 'equivariant', got {mode!r}")
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    network, start = task.network, [A.detach() for A in weights]
    current = [A.clone() for A in start]
    records, losses = [_record(network, start, current)], []
    if forecast is not None:
        forecast.start(network, current)
    for epoch in range(1, schedule.epochs + 1):
        if forecast is None:
            slope, loss = gradient(task, current, mode, schedule, rngs)
        else:
            slope, loss, noise = batch_gradients(task, current, schedule.batch)
        check_finite("loss", [loss], epoch, seeds)
        if forecast is not None:
            forecast.add(network, [schedule.rate * s for s in slope], noise)
            slope = _finished(task, current, slope, mode, schedule)
        for A, s in zip(current, slope, strict=True):
            A.sub_(s, alpha=schedule.rate)
        check_finite("weights", current, epoch, seeds)
        records.append(_record(network, start, current))
        losses.append(loss.numpy(force=True))
        if bar is not None:
            bar.update()
    columns = [np.array(column) for column in zip(*records, strict=True)]
    return current, Drift(*columns, np.array(losses))


def gradient(
    task: Task,
    weights: Weights,
    mode: str,
    schedule: Schedule,
    rngs: Sequence[np.random.Generator],
) -> tuple[Weights, torch.Tensor]:
    """Return the gradient of one epoch and the mean loss ``(runs,)`` that it belongs to.

    The penalty counts in the gradient, not in the loss.
    """
    weights = [A.detach() for A in weights]
    slope, loss = mean_gradient(task, weights, lambda runs: views(task, mode, schedule, rngs[runs]))
    return _finished(task, weights, slope, mode, schedule), loss


def _finished(
    task: Task, weights: Weights, slope: Weights, mode: str, schedule: Schedule
) -> Weights:
    """Return the gradient with its penalty, projected in the mode that asks for it."""
    if schedule.penalty:
        parts = task.network.complement(weights)
        slope = [s + 2 * schedule.penalty * p for s, p in zip(slope, parts, strict=True)]
    return task.network.project(slope) if mode == "equivariant" else slope


def _record(network: SymmetricMlp, start: Weights, current: Weights) -> tuple[np.ndarray, ...]:
    """Return distance, drift, and both by layer."""
    steps = torch.stack([norms([A - B]) for A, B in zip(current, start, strict=True)], dim=-1)
    layers = torch.stack([norms([part]) for part in network.complement(current)], dim=-1)
    sums = [by_layer.square().sum(-1).sqrt() for by_layer in (steps, layers)]
    return tuple(array.numpy(force=True) for array in (*sums, steps, layers))


def _check(
    task: Task, weights: Weights, mode: str, schedule: Schedule, seeds: Sequence[int]
) -> None:
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {MODES}, got {mode!r}")
    shapes = [tuple(A.shape) for A in weights]
    expected = [(len(seeds), *shape) for shape in task.network.shapes]
    if shapes != expected or not len(seeds):
        raise ValueError(
            f"weights: expected shapes {expected}, one run per seed and at least one, got {shapes}"
        )
    if len(task.x) % schedule.batch:
        raise ValueError(
            f"batch: expected a divisor of the {len(task.x)} samples, got {schedule.batch}"
        )
    if schedule.law is not None:
        if mode != "augmented":
            raise ValueError(f"law: expected mode 'augmented', got {mode!r}")
        check_law(schedule.law, task.network.group)


def check_finite(
    name: str, values: Sequence[torch.Tensor], epoch: int, seeds: Sequence[int]
) -> None:
    """Raise ValueError with the epoch and the seeds if a run has a value that is not finite."""
    finite = torch.stack([v.isfinite().reshape(len(seeds), -1).all(dim=1) for v in values]).all(0)
    if not finite.all():
        failed = [seed for seed, good in zip(seeds, finite.tolist(), strict=True) if not good]
        raise ValueError(
            f"rate: {name} not finite in epoch {epoch} in the runs of seeds {failed}; "
            "lower the learning rate"
        )
