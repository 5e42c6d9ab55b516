"""Mini-batch training of an ensemble of classifiers, with augmentation and an invariance penalty.

Set-up of Moskalev et al. 2023: Adam, one random group element per sample and epoch, and the weights
of the epoch with the best validation score.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, log_softmax
from tqdm import tqdm

from learnsym.networks.perceptron import Perceptron


@dataclass(frozen=True)
class Schedule:
    """Epochs, samples a mini-batch, learning rate of Adam."""

    epochs: int
    batch: int = 512
    rate: float = 8e-4

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or not self.rate > 0:
            raise ValueError(f"schedule: expected positive numbers, got {self}")


def logit_penalty(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return ``|f(x) - f(gx)|^2`` per sample; both of shape ``(runs, N, classes)``."""
    return (first - second).square().sum(-1)


def distribution_penalty(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the divergence of the class probabilities at ``gx`` from those at ``x``."""
    p, q = log_softmax(first, -1), log_softmax(second, -1)
    return (p.exp() * (p - q)).sum(-1)


def normalised_logit_penalty(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return ``|f(x) - f(gx)|^2`` over the mean of ``|f(x)|^2`` and ``|f(gx)|^2``."""
    size = (first.square().sum(-1) + second.square().sum(-1)) / 2
    return logit_penalty(first, second) / size.clamp_min(1e-12)


def size_penalty(first: torch.Tensor, second: torch.Tensor | None = None) -> torch.Tensor:
    """Return ``|f(x)|^2``: it shrinks the logits, knows of no group and reads no second image."""
    return first.square().sum(-1)


Penalty = Callable[..., torch.Tensor]
PENALTIES: dict[str, Penalty] = {
    "LI": logit_penalty,
    "DI": distribution_penalty,
    "normalised LI": normalised_logit_penalty,
    "size": size_penalty,
}


def minibatch(
    network: Perceptron,
    orbits: torch.Tensor,
    labels: torch.Tensor,
    schedule: Schedule,
    seeds: Sequence[int],
    penalty: str | None = None,
    strength: float | Sequence[float] = 0.0,
    score: Callable[[Perceptron], torch.Tensor] | None = None,
    observe: Callable[[int, Perceptron], None] | None = None,
    bar: tqdm | None = None,
) -> Perceptron:
    """Train all runs on the cross-entropy and return the best weights of each.

    In every epoch each sample appears once, moved by a random element of the group; with a
    penalty also its image under a second, independent element.

    Parameters
    ----------
    network
        Its parameters change in place, run by run on its own draws.
    orbits
        All training samples under all group elements, shape ``(|G|, N, n)``; one block of samples
        for training without augmentation.
    labels
        Classes, shape ``(N,)``.
    schedule
        Epochs, mini-batch, learning rate.
    seeds
        One a run, for the order of samples and the group elements.
    penalty
        A name from :data:`PENALTIES`, or None.
    strength
        Weight ``nu`` of the penalty, at least 0; a sequence gives every run its own.
    score
        Returns a score ``(runs,)`` after every epoch; the weights with the highest are returned,
        the earliest among equals. None for the last weights.
    observe
        Called after every epoch with the number of epochs done and the network as it is.
    bar
        Moved by one an epoch.

    Raises
    ------
    ValueError
        An unknown penalty, a negative strength, numbers that do not fit, or a loss that is no
        longer finite or a score that is NaN: the message names the epoch.
    """
    strengths = _strengths(strength, network.runs)
    _check(network, orbits, labels, seeds, penalty)
    optimiser = torch.optim.Adam(network.parameters, lr=schedule.rate)
    streams = [torch.Generator().manual_seed(seed) for seed in seeds]
    best = _Best(network)
    for epoch in range(1, schedule.epochs + 1):
        order = torch.stack([torch.randperm(len(labels), generator=s) for s in streams])
        moves = torch.stack([_moves(orbits, s) for s in streams], dim=1)
        total = torch.zeros(network.runs, dtype=orbits.dtype)
        for start in range(0, len(labels), schedule.batch):
            chosen = order[:, start : start + schedule.batch]
            g, h = moves[:, :, start : start + schedule.batch]
            x = orbits[g, chosen]
            moved = None if penalty in (None, "size") else orbits[h, chosen]
            losses = _loss(network, x, moved, labels[chosen], penalty, strengths)
            optimiser.zero_grad()
            losses.sum().backward()
            optimiser.step()
            total += losses.detach()
        if not torch.isfinite(total).all():
            runs = torch.nonzero(~torch.isfinite(total)).flatten().tolist()
            raise ValueError(f"loss: not finite at epoch {epoch} in runs {runs}; lower the rate")
        with torch.no_grad():
            if score is not None:
                best.update(network, _scores(score(network), network.runs, epoch))
        if observe is not None:
            observe(epoch, network)
        if bar is not None:
            bar.update()
    return best.network if score is not None else network


class _Best:
    """The weights with the best score so far, run by run."""

    def __init__(self, network: Perceptron) -> None:
        self.scores = torch.full((network.runs,), -torch.inf)
        self.network = network.with_parameters([p.detach().clone() for p in network.parameters])

    def update(self, network: Perceptron, scores: torch.Tensor) -> None:
        better = scores > self.scores
        self.scores = torch.where(better, scores, self.scores)
        for kept, new in zip(self.network.parameters, network.parameters, strict=True):
            kept[better] = new.detach()[better]


def _scores(scores: torch.Tensor, runs: int, epoch: int) -> torch.Tensor:
    """Return scores if there is one a run and none is NaN, which no other score would beat."""
    if scores.shape != (runs,) or scores.isnan().any():
        raise ValueError(f"score: expected {runs} numbers, got {scores.tolist()} at epoch {epoch}")
    return scores


def _moves(orbits: torch.Tensor, stream: torch.Generator) -> torch.Tensor:
    """Return two independent group elements for every sample, shape ``(2, N)``."""
    return torch.randint(len(orbits), (2, orbits.shape[1]), generator=stream)


def _loss(
    network: Perceptron,
    x: torch.Tensor,
    moved: torch.Tensor | None,
    labels: torch.Tensor,
    penalty: str | None,
    strengths: torch.Tensor,
) -> torch.Tensor:
    """Return the loss of every run on its own mini-batch ``x``, shape ``(runs, B, n)``."""
    if moved is None:
        first, second = network(x), None
    else:
        first, second = network(torch.cat([x, moved], dim=1)).chunk(2, dim=1)
    loss = _mean_cross_entropy(first, labels)
    if penalty is not None:
        loss = loss + strengths * PENALTIES[penalty](first, second).mean(dim=1)
    return loss


def _mean_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    each = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return each.reshape(labels.shape).mean(dim=1)


def _check(
    network: Perceptron,
    orbits: torch.Tensor,
    labels: torch.Tensor,
    seeds: Sequence[int],
    penalty: str | None,
) -> None:
    if orbits.ndim != 3 or not orbits.shape[1] or orbits.shape[-1] != network.inputs:
        raise ValueError(
            f"orbits: expected shape (|G|, N, {network.inputs}) with N >= 1, "
            f"got {tuple(orbits.shape)}"
        )
    if labels.shape != orbits.shape[1:2]:
        raise ValueError(f"labels: expected shape ({orbits.shape[1]},), got {tuple(labels.shape)}")
    if len(seeds) != network.runs:
        raise ValueError(f"seeds: expected {network.runs}, one a run, got {len(seeds)}")
    if penalty is not None and penalty not in PENALTIES:
        raise ValueError(f"penalty: expected None or one of {sorted(PENALTIES)}, got {penalty!r}")


def _strengths(strength: float | Sequence[float], runs: int) -> torch.Tensor:
    values = torch.as_tensor(strength, dtype=torch.float32)
    if values.ndim > 1 or values.numel() not in (1, runs) or not (values >= 0).all():
        raise ValueError(f"strength: expected a number >= 0 or one a run, got {strength!r}")
    return values
