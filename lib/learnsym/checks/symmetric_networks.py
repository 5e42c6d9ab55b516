"""Small perceptrons with a group on every space, on which the lemmas of paper B are checked.

Nordenfors, Ohlsson and Flinth, Lemmas 3 and 4: each function returns how far a statement is from
true. The deviations compare a network on moved data with a network of moved weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.drift import Risks, gradient
from learnsym.gallery import Case
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.representations import PermutationRepresentation, Representation
from learnsym.training.symmetric import Task

SCALE = 0.6
BIASED = (0.4, 0.3, 0.1, 0.1, 0.1)


def hidden_nonlinearity(rho: Representation) -> tuple[str, nl.Nonlinearity]:
    """Return a smooth function that commutes with ``rho``, and its name.

    The hyperbolic tangent where every matrix permutes coordinates up to signs, else the radial one.
    """
    matrices = [rho.matrix(g) for g in rho.group.generators]
    if all(np.all(np.sum(np.abs(m) > 1e-9, axis=0) == 1) for m in matrices):
        return "tanh", torch.tanh
    return "radial", nl.radial(rho.dimension)


def network(case: Case, channels: int = 2) -> SymmetricMlp:
    """Return two layers; ``channels`` copies of the input representation act in the middle.

    For an oblique input representation the network is linear: no nonlinearity of this library
    commutes with it.
    """
    sigma = hidden_nonlinearity(case.rho_in)[1] if case.rho_in.is_orthogonal else nl.identity
    spaces = [Space(case.rho_in), Space(case.rho_in, channels), Space(case.rho_out)]
    return SymmetricMlp(spaces, [sigma, nl.identity])


def risks(
    case: Case, rng: np.random.Generator, loss: str = "squared error", samples: int = 5
) -> Risks:
    """Return the risks of :func:`network` on Gaussian inputs.

    Targets are Gaussian vectors, for ``"cross-entropy"`` random class probabilities; they transform
    like the output.
    """
    net = network(case)
    x = torch.tensor(rng.standard_normal((samples, case.rho_in.dimension)))
    y = torch.tensor(rng.standard_normal((samples, case.rho_out.dimension)))
    if loss == "cross-entropy":
        return Risks(Task(net, x, y.softmax(-1), losses.soft_cross_entropy, net.spaces[-1]))
    return Risks(Task(net, x, y, losses.squared_error, net.spaces[-1]))


def instances(rng: np.random.Generator) -> Iterator[tuple[str, Risks]]:
    """Yield the networks of the gallery: squared error, and cross-entropy where outputs permute."""
    for case in gallery.orthogonal_cases():
        yield case.name, risks(case, rng)
        if isinstance(case.rho_out, PermutationRepresentation) and case.rho_out.dimension > 1:
            yield f"{case.name}, cross-entropy", risks(case, rng, "cross-entropy")


def draw(net: Risks, rng: np.random.Generator) -> torch.Tensor:
    """Return one random weight vector."""
    return torch.tensor(SCALE * rng.standard_normal(net.dimension))


def moved_input_gap(net: Risks, theta: torch.Tensor) -> float:
    """Lemma 3: largest relative gap of ``f_A(g x)`` and ``g f_(g^-1 A)(x)`` over all elements."""
    group, first, last = net.network.group, net.network.spaces[0], net.network.spaces[-1]
    gaps = []
    for g in net.elements:
        left = net.outputs(theta, first.act(g, net.task.x))
        right = last.act(g, net.outputs(net.act(group.inverse(g), theta), net.task.x))
        gaps.append(((left - right).norm() / left.norm()).item())
    return max(gaps)


def equivariance_gap(net: Risks, theta: torch.Tensor) -> float:
    """Lemma 3, second part: largest relative gap of ``f(g x)`` and ``g f(x)`` at projected weights.

    Weights without an equivariant part give the zero function; they count as 0.
    """
    tied = net.project(theta)
    spread = net.moved_back(tied)
    size = spread.norm(dim=(-2, -1)).max()
    gap = (spread - spread[0]).norm(dim=(-2, -1)).max()
    return (gap / size).item() if size > 1e-9 else 0.0


def average_risk_gap(net: Risks, theta: torch.Tensor, inverse: bool = False) -> float:
    """Lemma 4: relative gap of the augmented risk and the mean nominal risk of moved weights.

    ``inverse`` moves the weights by ``g^-1``, which makes a difference only for a measure that is
    not uniform.
    """
    group = net.network.group
    moved = [net.act(group.inverse(g) if inverse else g, theta) for g in net.elements]
    mean = net.nominal(torch.stack(moved)) @ net.weights
    return (abs(mean - net.augmented(theta)) / net.augmented(theta)).item()


def average_gradient_gap(net: Risks, theta: torch.Tensor) -> float:
    """Eq. 19: relative gap of the augmented gradient and the mean of gradients moved back."""
    group = net.network.group
    terms = [
        net.act(group.inverse(g), gradient(net.nominal, net.act(g, theta))) for g in net.elements
    ]
    whole = gradient(net.augmented, theta)
    return ((torch.stack(terms).mean(0) - whole).norm() / whole.norm()).item()


def escape(net: Risks, theta: torch.Tensor) -> float:
    """Share of the augmented gradient, at projected weights, that points off E."""
    slope = gradient(net.augmented, net.project(theta))
    return (net.complement(slope).norm() / slope.norm()).item()


@dataclass(frozen=True)
class Broken:
    """Deviations of four statements, shape ``(conditions, 4)``, for named conditions."""

    conditions: tuple[str, ...]
    deviations: np.ndarray


STATEMENTS = (
    "Lemma 3", "networks on $\\mathcal{E}$\nare equivariant", "Lemma 4",
    "gradient on $\\mathcal{E}$\nstays in $\\mathcal{E}$",
)  # fmt: skip


def broken_assumptions(rng: np.random.Generator, count: int) -> Broken:
    """Break one assumption at a time, on five points of a circle, and see which statement fails.

    Returns the median deviation over ``count`` random weights, of the statements in
    :data:`STATEMENTS`.
    """
    conditions = _conditions(rng)
    rows = []
    for net in conditions.values():
        each = []
        for _ in range(count):
            theta = draw(net, rng)
            each.append(
                [
                    moved_input_gap(net, theta),
                    equivariance_gap(net, theta),
                    average_risk_gap(net, theta),
                    escape(net, theta),
                ]
            )
        rows.append(np.median(each, axis=0))
    return Broken(tuple(conditions), np.array(rows))


def biased_measure(rng: np.random.Generator) -> Risks:
    """Return a network on five points whose augmentation prefers some of the rotations."""
    return _conditions(rng)["a measure that\nis not Haar's"]


def _conditions(rng: np.random.Generator) -> dict[str, Risks]:
    circle = reps.vector(groups.cyclic(5))
    good = risks(Case("C5", circle, circle), rng)
    task, spaces = good.task, good.network.spaces
    bias = torch.tensor(0.5 * rng.standard_normal(spaces[1].dimension))
    uneven = torch.tensor([0.5, 0.75, 1.0, 1.25, 1.5], dtype=torch.float64)
    own_bias = SymmetricMlp(spaces, [lambda v: torch.tanh(v + bias), nl.identity], check=False)
    slanted = Space(reps.conjugated(circle, np.eye(5) + 0.5 * np.eye(5, k=1)))
    oblique = SymmetricMlp([slanted, *spaces[1:]], [torch.tanh, nl.identity])
    return {
        "all assumptions\nhold": good,
        "a bias of its own\nin every unit": Risks(replace(task, network=own_bias)),
        "a loss that weighs\noutputs unevenly": Risks(
            replace(task, loss=lambda f, y: torch.sum(uneven * (f - y) ** 2, dim=-1))
        ),
        "an oblique input\nrepresentation": Risks(replace(task, network=oblique)),
        "a measure that\nis not Haar's": Risks(task, np.array(BIASED)),
    }


def oblique_instances(rng: np.random.Generator) -> list[Risks]:
    """Return linear networks on the oblique cases of the gallery."""
    return [risks(case, rng) for case in gallery.oblique_cases()]


def turned_pointwise(rng: np.random.Generator) -> Risks:
    """Return a network with a pointwise tanh on the plane, which a group turns by 120 degrees."""
    rho = gallery.find("C3, turns of the plane").rho_in
    spaces = [Space(rho), Space(rho, 2), Space(rho)]
    net = SymmetricMlp(spaces, [torch.tanh, nl.identity], check=False)
    x, y = (torch.tensor(rng.standard_normal((5, 2))) for _ in range(2))
    return Risks(Task(net, x, y, losses.squared_error, spaces[-1]))
