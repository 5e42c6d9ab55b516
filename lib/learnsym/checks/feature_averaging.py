"""Eq. 7 of Nordenfors, Ohlsson and Flinth: the augmented risk and the feature-averaged model.

``f_g(x) = rho_Y(g)^-1 f(rho_X(g) x)`` are the predictions moved back, ``f_bar`` their mean.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.checks.symmetric_networks import draw
from learnsym.drift import Risks, gradient, hessian_product
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Task

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def average_equivariance_gap(net: Risks, theta: torch.Tensor) -> float:
    """Eq. 6: largest relative gap of ``f_bar(h x)`` and ``h f_bar(x)`` over the group.

    ``f_bar`` is averaged anew at the moved inputs. A zero ``f_bar`` counts as 0.
    """
    group, first, last = net.network.group, net.network.spaces[0], net.network.spaces[-1]
    rows = []
    for h in net.elements:
        moved = Risks(replace(net.task, x=first.act(h, net.task.x)), net.weights.numpy())
        mean = _average(moved, moved.moved_back(theta))
        rows.append(last.act(group.inverse(h), mean))
    means = torch.stack(rows)
    size = means.norm(dim=(-2, -1)).max()
    gaps = (means - means[0]).norm(dim=(-2, -1))
    return (gaps.max() / size).item() if size > 1e-9 else 0.0


def gap(net: Risks, theta: torch.Tensor) -> float:
    """Return by how much the augmented risk exceeds that of the feature-averaged model."""
    return (net.augmented(theta) - net.averaged(theta)).item()


def orbit_variance(net: Risks, theta: torch.Tensor) -> float:
    """Return the mean over samples of the variance of ``f_g(x)`` over the group."""
    moved = net.moved_back(theta)
    return _mean(net, (moved - _average(net, moved)).square().sum(-1))


def divergence(net: Risks, theta: torch.Tensor) -> float:
    """Return the mean divergence of the probabilities of ``f_g`` from those of ``f_bar``.

    ``KL(p_bar | p_g)`` with the softmax of the mean logits first.
    """
    moved = net.moved_back(theta)
    mean, each = _average(net, moved).log_softmax(-1), moved.log_softmax(-1)
    return _mean(net, (mean.exp() * (mean - each)).sum(-1))


def bregman(net: Risks, theta: torch.Tensor, loss: Loss) -> float:
    """Return the mean of ``loss(f_g) - loss(f_bar) - <slope at f_bar, f_g - f_bar>``."""
    moved = net.moved_back(theta).detach()
    mean = _average(net, moved).requires_grad_()
    at_mean = loss(mean, net.task.y)
    slope = torch.autograd.grad(at_mean.sum(), mean)[0]
    terms = loss(moved, net.task.y) - at_mean - (slope * (moved - mean)).sum(-1)
    return _mean(net, terms)


def invariant_gap(net: Risks, theta: torch.Tensor, loss: Loss) -> np.ndarray:
    """Return ``loss(f_g) - loss(f_bar)`` for any loss, shape ``(|G|, N)``.

    Targets stay where they are: the mean is the gap of Eq. 7 for a loss that is invariant.
    """
    moved = net.moved_back(theta)
    return (loss(moved, net.task.y) - loss(_average(net, moved), net.task.y)).numpy()


def logistic(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return ``sum log(1 + exp(-y f))``."""
    return torch.nn.functional.softplus(-outputs * targets).sum(-1)


def fourth_power(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the sum of fourth powers of the errors."""
    return torch.sum((outputs - targets) ** 4, dim=-1)


def bounded(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return ``|e|^2 / (1 + |e|^2)`` of the error ``e``: it is not convex."""
    square = losses.squared_error(outputs, targets)
    return square / (1 + square)


def chance_of_error(probabilities: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return ``1 - <y, p>``: the chance of a wrong class if it is drawn from ``p``. Affine."""
    return 1 - torch.sum(probabilities * targets, dim=-1)


def with_loss(net: Risks, loss: Loss) -> Risks:
    """Return the risks of the same network and data with another loss."""
    return Risks(replace(net.task, loss=loss))


def probabilities(rng: np.random.Generator) -> Risks:
    """Return a network that ends in a softmax over three classes, with an affine loss."""
    circle = groups.cyclic(4)
    spaces = [Space(reps.vector(circle)), Space(reps.vector(circle), 2)]
    spaces.append(Space(reps.trivial(circle, 3)))
    net = SymmetricMlp(spaces, [torch.tanh, lambda v: v.softmax(-1)])
    x = torch.tensor(rng.standard_normal((6, 4)))
    y = torch.eye(3, dtype=torch.float64)[torch.tensor(rng.integers(3, size=6))]
    return Risks(Task(net, x, y, chance_of_error))


def two_predictions() -> tuple[Risks, torch.Tensor]:
    """Return the smallest example: ``f(x) = w x`` on ``(1, 0)``, swapped, with target 0.

    At the returned weights ``w = (0, 4)`` the predictions on the orbit are 0 and 4.
    """
    swap = groups.symmetric(2)
    net = SymmetricMlp([Space(reps.vector(swap)), Space(reps.trivial(swap))], [nl.identity])
    x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0]])
    task = Task(net, x.double(), y.double(), losses.squared_error)
    return Risks(task), torch.tensor([0.0, 4.0], dtype=torch.float64)


@dataclass(frozen=True)
class Line:
    """Three risks along ``x + s y``, ``x`` in E and ``y`` orthogonal to it; all ``(S,)``."""

    distances: np.ndarray
    nominal: np.ndarray
    augmented: np.ndarray
    averaged: np.ndarray

    @property
    def exponent(self) -> float:
        """Slope of the logarithm of the gap between the two smallest distances above 0."""
        away = np.sort(self.distances[self.distances > 0])[:2]
        rows = [np.flatnonzero(self.distances == s)[0] for s in away]
        gaps = self.augmented[rows] - self.averaged[rows]
        return float(np.diff(np.log(gaps))[0] / np.diff(np.log(away))[0])


def along(net: Risks, distances: np.ndarray, rng: np.random.Generator) -> Line:
    """Walk off E in a random direction ``y`` with ``|y| = 1``."""
    theta = draw(net, rng)
    y = net.complement(theta)
    points = net.project(theta) + torch.tensor(distances)[:, None] * y / y.norm()
    return Line(
        np.asarray(distances),
        net.nominal(points).numpy(),
        net.augmented(points).numpy(),
        net.averaged(points).numpy(),
    )


def gradient_distance(net: Risks, theta: torch.Tensor) -> float:
    """Return the distance of the gradients of the two risks of Eq. 7, over 1 + their size."""
    first, second = gradient(net.augmented, theta), gradient(net.averaged, theta)
    return ((first - second).norm() / (1 + first.norm())).item()


def curvature_excess(net: Risks, theta: torch.Tensor, v: torch.Tensor) -> float:
    """Return by how much the augmented risk is more curved than the averaged one along ``v``."""
    first = hessian_product(net.augmented, theta, v) - hessian_product(net.averaged, theta, v)
    return ((first @ v) / (v @ v)).item()


def _average(net: Risks, moved: torch.Tensor) -> torch.Tensor:
    """Return the feature-averaged predictions ``(N, k)`` of ``f_g``, ``(|G|, N, k)``."""
    return torch.einsum("g,gnk->nk", net.weights, moved)


def _mean(net: Risks, terms: torch.Tensor) -> float:
    """Return the mean over group and samples of ``(|G|, N)``."""
    return (net.weights @ terms.mean(dim=-1)).item()
