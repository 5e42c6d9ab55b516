"""Augmented training near E: decoupling and growth (paper B, Eqs 26 and 27)."""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym import gallery
from learnsym import representations as reps
from learnsym.checks.symmetric_networks import draw
from learnsym.drift import Paths, Risks, follow, gradient, hessian_product, smallest_eigenvalues
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Task


@dataclass(frozen=True)
class Errors:
    """Errors of the decoupled gradient at distances ``|y|`` from E, shape ``(S,)`` each.

    ``inside`` is the error of the part in E, ``across`` that of the part orthogonal to it.
    """

    distances: np.ndarray
    inside: np.ndarray
    across: np.ndarray

    @property
    def exponents(self) -> tuple[float, float]:
        """Slopes of the logarithms between the first two distances."""
        step = np.log(self.distances[1] / self.distances[0])
        both = (np.log(e[1] / e[0]) / step for e in (self.inside, self.across))
        return tuple(float(slope) for slope in both)

    @property
    def exponent(self) -> float:
        """Slope of the logarithm of the whole error between the first two distances (Eq. 26)."""
        whole = np.hypot(self.inside, self.across)
        return float(np.log(whole[1] / whole[0]) / np.log(self.distances[1] / self.distances[0]))


def decoupling_errors(net: Risks, theta: torch.Tensor, distances: np.ndarray) -> Errors:
    """Compare the augmented gradient at ``x + y`` with its linearisation in ``y`` (Eq. 27)."""
    x, y = net.project(theta), net.complement(theta)
    steps = torch.tensor(distances)[:, None] * (y / y.norm())
    slope = gradient(net.augmented, x + steps)
    inside = net.project(slope) - gradient(net.augmented, x)
    linear = hessian_product(net.augmented, x.expand_as(steps), steps)
    across = net.complement(slope) - linear
    return Errors(np.asarray(distances), inside.norm(dim=1).numpy(), across.norm(dim=1).numpy())


def disc(kind: str, rng: np.random.Generator, samples: int = 32) -> Risks:
    """Return a task on points of a disc of radius 2, which turns by 120 degrees leave as it is.

    The target is twice the squared length of a point. With ``kind = "blind"`` three hidden softplus
    units are invariant; on E they see nothing, as no linear function on the plane is invariant.
    With ``"seeing"`` the group permutes the three units in a cycle.

    Raises
    ------
    ValueError
        The kind is another.
    """
    plane = gallery.find("C3, turns of the plane").rho_in
    turns = plane.group
    hidden = {
        "blind": Space(reps.trivial(turns), 3),
        "seeing": Space(reps.from_generators(turns, [np.roll(np.eye(3), 1, axis=0)], "cycle")),
    }
    if kind not in hidden:
        raise ValueError(f"kind: expected one of {tuple(hidden)}, got {kind!r}")
    spaces = [Space(plane), hidden[kind], Space(reps.trivial(turns))]
    net = SymmetricMlp(spaces, [torch.nn.functional.softplus, nl.identity])
    radius, angle = 2 * np.sqrt(rng.uniform(size=samples)), rng.uniform(0, 2 * np.pi, samples)
    x = torch.tensor(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
    return Risks(Task(net, x, 2 * x.square().sum(dim=1, keepdim=True), losses.squared_error))


def near(net: Risks, theta: torch.Tensor, distance: float) -> torch.Tensor:
    """Return the projection of ``theta`` plus a step of the given length off E."""
    y = net.complement(theta)
    return net.project(theta) + distance * y / y.norm()


def long_run(kind: str, rng: np.random.Generator, rate: float, steps: int, every: int) -> Paths:
    """Follow augmented descent from a distance of 1e-6 of E on a task of :func:`disc`."""
    net = disc(kind, rng)
    return follow(net, near(net, draw(net, rng).abs(), 1e-6), rate, steps, every)


@dataclass(frozen=True)
class Rates:
    """Change of ``log |y|`` over a run, measured and predicted, one entry a penalty."""

    measured: np.ndarray
    predicted: np.ndarray


def penalised_rates(
    net: Risks, rng: np.random.Generator, rate: float, factors: tuple[float, ...], steps: int
) -> Rates:
    """Start off the equivariant minimum along its most negative curvature, under a penalty.

    The strength of the penalty is a factor times the threshold, minus half the eigenvalue.
    """
    x = net.project(draw(net, rng).abs())
    for _ in range(150):
        x = x - rate * gradient(net.equivariant, x)
    lowest = smallest_eigenvalues(net, x)
    value, rows = lowest.values[0], []
    for factor in factors:
        start = x + 1e-6 * lowest.vectors[0]
        path = follow(net, start, rate, steps, steps, 0, penalty=-factor * value / 2)
        rows.append((path.across[-1] / path.across[0], 1 - rate * value * (1 - factor)))
    measured, predicted = np.log(np.array(rows)).T
    return Rates(measured, steps * predicted)


def growth_ratio(paths: Paths, rate: float, least: float, most: float) -> float:
    """Return measured over predicted growth of ``log |y|``, while ``least < |y| < most``.

    The prediction sums ``log(1 - rate * smallest eigenvalue)`` over the steps, by trapezoids.
    """
    window = np.flatnonzero((paths.across > least) & (paths.across < most))
    first, last = window[0], window[-1]
    lowest = paths.eigenvalues[first : last + 1, 0]
    # log(1 - rate * eigenvalue) is what one step of descent multiplies
    predicted = np.trapezoid(np.log1p(-rate * lowest), paths.steps[first : last + 1])
    return float(np.log(paths.across[last] / paths.across[first]) / predicted)


def path_exponents(net: Risks, theta: torch.Tensor, rate: float, steps: int) -> tuple[float, float]:
    """Return exponents of ``|y_0|`` in the errors of both parts after descent from ``|y_0|``."""
    small, large = (
        follow(net, near(net, theta, s), rate, steps, steps, count=0) for s in (1e-3, 2e-3)
    )
    return tuple(float(np.log2(b[-1] / a[-1])) for a, b in (
        (small.apart, large.apart), (small.gap, large.gap)
    ))  # fmt: skip
