"""Stationary points of paper B: gradients, Hessians and minima of its three risks on E.

Nordenfors, Ohlsson and Flinth, Propositions 1 to 3 and Corollaries 1 and 2. Deviations are relative
unless said otherwise.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import root

from learnsym import groups
from learnsym import representations as reps
from learnsym.checks.symmetric_networks import draw, hidden_nonlinearity
from learnsym.drift import Risks, gradient, hessian_product, smallest_eigenvalues
from learnsym.drift.risks import Risk
from learnsym.gallery import Case
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Task

ZERO = 1e-10
FAR = 30.0
TEACHER = torch.tensor([1.2, -0.5, -0.5, 1.2, 0.8, 0.8], dtype=torch.float64)
TIGHT = {"maxiter": 100, "xtol": 1e-13, "ftol": 1e-13}


def gradient_gaps(net: Risks, theta: torch.Tensor) -> tuple[float, float]:
    """Proposition 1 at projected weights: two gaps, both over the size of the nominal gradient.

    Augmented gradient against projected nominal gradient, and equivariant against augmented.
    """
    tied = net.project(theta)
    augmented = gradient(net.augmented, tied)
    projected = net.project(gradient(net.nominal, tied))
    equivariant = gradient(net.equivariant, tied)
    size = gradient(net.nominal, tied).norm()
    gaps = (augmented - projected).norm() / size, (equivariant - augmented).norm() / size
    return gaps[0].item(), gaps[1].item()


@dataclass(frozen=True)
class Descents:
    """After some steps from E: ``|A_perp|`` under augmented and nominal descent, and the distance
    of augmented and equivariant descent; all over the distance that equivariant descent covers.
    """

    augmented: float
    nominal: float
    apart: float


def descents(net: Risks, theta: torch.Tensor, rate: float, steps: int) -> Descents:
    """Corollary 1: descend from projected weights on each of the three risks."""
    start = net.project(theta)
    ends = []
    for risk in (net.augmented, net.nominal, net.equivariant):
        point = start
        for _ in range(steps):
            point = point - rate * gradient(risk, point)
        ends.append(point)
    augmented, nominal, equivariant = ends
    covered = (equivariant - start).norm().clamp_min(1e-3)
    across = [(net.complement(end).norm() / covered).item() for end in (augmented, nominal)]
    return Descents(*across, ((augmented - equivariant).norm() / covered).item())


def adam_drift(net: Risks, theta: torch.Tensor, rate: float = 0.01, steps: int = 30) -> float:
    """Return ``|A_perp|`` over the distance covered, after steps of Adam on the augmented risk."""
    start = net.project(theta)
    point = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([point], lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        net.augmented(point).backward()
        optimiser.step()
    end = point.detach()
    return (net.complement(end).norm() / (end - start).norm()).item()


def oblique_axis(rng: np.random.Generator) -> Risks:
    """Return a network on the plane, reflected about an axis that is no coordinate axis."""
    plane = reps.vector(groups.reflection([1.0, 2.0]))
    spaces = [Space(plane), Space(plane, 2), Space(plane)]
    net = SymmetricMlp(spaces, [nl.radial(2), nl.identity])
    x, y = (torch.tensor(rng.standard_normal((6, 2))) for _ in range(2))
    return Risks(Task(net, x, y, losses.squared_error, spaces[-1]))


@dataclass(frozen=True)
class Stationary:
    """Stationary points, one per row of ``points``: how far off E, and the norms of two gradients.

    ``across``, ``augmented`` (norm of the augmented gradient), ``equivariant`` and ``nominal`` have
    shape ``(points,)`` and are absolute.
    """

    points: torch.Tensor
    across: np.ndarray
    augmented: np.ndarray
    equivariant: np.ndarray
    nominal: np.ndarray


def small_task(rng: np.random.Generator, samples: int = 24) -> Risks:
    """Return a network that reads two swapped numbers through two tanh units, swapped with them.

    The targets are those of :data:`TEACHER` in E, with noise that no equivariant change of it fits
    to first order: the teacher is stationary within E, and its nominal gradient points off E.
    """
    swap = groups.symmetric(2)
    two = Space(reps.vector(swap))
    net = SymmetricMlp([two, two, Space(reps.trivial(swap))], [torch.tanh, nl.identity])
    x = torch.tensor(rng.standard_normal((samples, 2)))
    blank = Risks(Task(net, x, x[:, :1], losses.squared_error))
    outputs = blank.outputs(TEACHER, x)
    slopes = torch.autograd.functional.jacobian(lambda t: blank.outputs(t, x)[:, 0], TEACHER)
    directions, sizes, _ = torch.linalg.svd(blank.project(slopes), full_matrices=False)
    fitted = directions[:, sizes > ZERO]
    noise = 0.3 * torch.tensor(rng.standard_normal((samples, 1)))
    noise = noise - fitted @ (fitted.T @ noise)
    return Risks(Task(net, x, outputs + noise, losses.squared_error))


def stationary(net: Risks, risk: str, starts: torch.Tensor) -> Stationary:
    """Search E for zeros of the gradient of a risk; minima and saddles alike.

    ``risk`` is ``"augmented"`` or ``"equivariant"``; the search looks at the part of the gradient
    in E and starts at the projections of ``starts``, shape ``(S, dimension)``.

    Raises
    ------
    ValueError
        The risk is another.
    """
    function = _risk(net, risk, ("augmented", "equivariant"))
    identity = torch.eye(net.dimension, dtype=torch.float64)
    directions, sizes, _ = torch.linalg.svd(net.project(identity))
    basis = directions[:, sizes > 0.5].T
    found = [_zero(function, basis, basis @ start) for start in starts]
    found = [point for point in found if point is not None]
    points = torch.stack(found) if found else torch.empty(0, net.dimension, dtype=torch.float64)
    return slopes(net, points)


def slopes(net: Risks, points: torch.Tensor) -> Stationary:
    """Return how far off E weights ``(points, dimension)`` are, and the gradients there."""
    norms = [
        gradient(risk, points).norm(dim=1).numpy()
        for risk in (net.augmented, net.equivariant, net.nominal)
    ]
    return Stationary(points, net.complement(points).norm(dim=1).numpy(), *norms)


def flipped(net: Risks, theta: torch.Tensor) -> torch.Tensor:
    """Change the sign of all weights of the first hidden unit: an odd unit keeps the function."""
    first, second = (A.clone() for A in net.layers(theta))
    first[..., 0, :] *= -1
    second[..., :, 0] *= -1
    return net.vector([first, second])


def _zero(risk, basis: torch.Tensor, start: torch.Tensor) -> torch.Tensor | None:  # noqa: ANN001
    """Return a zero of the gradient in the span of ``basis`` rows, by Levenberg-Marquardt."""

    def slope(c: np.ndarray) -> np.ndarray:
        return (basis @ gradient(risk, torch.as_tensor(c) @ basis)).numpy()

    def curvature(c: np.ndarray) -> np.ndarray:
        points = (torch.as_tensor(c) @ basis).expand(len(basis), -1)
        return (hessian_product(risk, points, basis) @ basis.T).numpy()

    result = root(slope, start.numpy(), jac=curvature, method="lm", options=TIGHT)
    close = np.linalg.norm(slope(result.x)) < ZERO and np.linalg.norm(result.x) < FAR
    return torch.as_tensor(result.x) @ basis if close else None


def hessian_gaps(net: Risks, theta: torch.Tensor, v: torch.Tensor) -> tuple[float, float, float]:
    """Proposition 2 at projected weights, along ``v``: three gaps relative to the nominal Hessian.

    Augmented Hessian against the average of the nominal one moved by all elements; equivariant
    Hessian against the projected nominal one; blocks of the augmented Hessian between E and its
    complement.
    """
    tied, group = net.project(theta), net.network.group
    size = hessian_product(net.nominal, tied, v).norm()
    moved = [
        net.act(group.inverse(g), hessian_product(net.nominal, tied, net.act(g, v)))
        for g in net.elements
    ]
    augmented = hessian_product(net.augmented, tied, v) - torch.stack(moved).mean(dim=0)
    projected = net.project(hessian_product(net.nominal, tied, net.project(v)))
    equivariant = hessian_product(net.equivariant, tied, v) - projected
    mixed = net.complement(hessian_product(net.augmented, tied, net.project(v)))
    mixed = mixed + net.project(hessian_product(net.augmented, tied, net.complement(v)))
    return tuple((gap.norm() / size).item() for gap in (augmented, equivariant, mixed))


def taught(case: Case, rng: np.random.Generator, samples: int = 40) -> tuple[Risks, torch.Tensor]:
    """Return a task whose targets come from a network in E, and the weights of that network.

    With enough samples the weights are a strict minimum of the nominal risk.
    """
    sigma = hidden_nonlinearity(case.rho_in)[1]
    spaces = [Space(case.rho_in), Space(case.rho_in), Space(case.rho_out)]
    net = SymmetricMlp(spaces, [sigma, nl.identity])
    x = torch.tensor(rng.standard_normal((samples, case.rho_in.dimension)))
    blank = Risks(Task(net, x, x, losses.squared_error))
    teacher = blank.project(draw(blank, rng))
    return Risks(Task(net, x, blank.outputs(teacher, x), losses.squared_error, spaces[-1])), teacher


def teachable() -> list[Case]:
    """Return small permutation cases, for which the teacher's weights are isolated minima."""
    vectors = [reps.vector(groups.cyclic(n)) for n in (3, 4)]
    return [Case(rho.group.name, rho, rho) for rho in vectors]


@dataclass(frozen=True)
class Curvatures:
    """Smallest eigenvalues at a point of E, of the Hessians of three risks.

    ``nominal`` and ``augmented`` on all weights, ``inside`` of the equivariant risk on E, ``flat``
    of the equivariant risk on the complement of E. ``slope`` is the norm of the nominal gradient.
    """

    nominal: float
    augmented: float
    inside: float
    flat: float
    slope: float


def curvatures(net: Risks, theta: torch.Tensor) -> Curvatures:
    """Proposition 3: return the smallest eigenvalues at ``theta``."""
    wanted = (
        (net.nominal, "all"), (net.augmented, "all"), (net.equivariant, "equivariant"),
        (net.equivariant, "complement"),
    )  # fmt: skip
    values = [
        float(smallest_eigenvalues(net, theta, 1, risk, subspace).values[0])
        if subspace != "equivariant" or net.network.equivariant_dimension
        else np.inf
        for risk, subspace in wanted
    ]
    return Curvatures(*values, gradient(net.nominal, theta).norm().item())


def one_sample() -> tuple[Risks, torch.Tensor]:
    """Return ``f(x) = w x`` on the single sample ``x = (1, 0)`` with target 1, and ``w = (1, 1)``.

    The point is a strict minimum of the augmented risk and not of the nominal risk.
    """
    swap = groups.symmetric(2)
    net = SymmetricMlp([Space(reps.vector(swap)), Space(reps.trivial(swap))], [nl.identity])
    return _task(net, [[1.0, 0.0]], [[1.0]]), torch.ones(2, dtype=torch.float64)


def hidden_sign() -> tuple[Risks, torch.Tensor]:
    """Return ``f(x) = b a x`` with a hidden sign, on ``x = 1`` with target 1, and the origin.

    No weights but the origin are equivariant; it is a saddle of the augmented risk.
    """
    swap = groups.symmetric(2)
    spaces = [Space(reps.trivial(swap)), Space(reps.sign(swap)), Space(reps.trivial(swap))]
    net = SymmetricMlp(spaces, [nl.identity, nl.identity])
    return _task(net, [[1.0]], [[1.0]]), torch.zeros(2, dtype=torch.float64)


def squared_unit() -> tuple[Risks, torch.Tensor]:
    """Return ``f(x) = (w x)^2`` on two orthogonal samples with target 1, and ``w = (1, 1)/sqrt 2``.

    In ``u = (w_1 + w_2)/sqrt 2`` and ``v = (w_1 - w_2)/sqrt 2`` both risks are
    ``((u^2 - 1)^2 + (v^2 - 1)^2) / 2``.
    """
    swap = groups.symmetric(2)
    net = SymmetricMlp([Space(reps.vector(swap)), Space(reps.trivial(swap))], [torch.square])
    half = np.sqrt(0.5)
    risks = _task(net, [[half, half], [half, -half]], [[1.0], [1.0]])
    return risks, torch.full((2,), half, dtype=torch.float64)


def risk_grid(net: Risks, risk: str, grid: np.ndarray) -> np.ndarray:
    """Return the nominal or augmented risk of two weights, ``w_1`` along columns.

    Raises
    ------
    ValueError
        The risk is another.
    """
    function = _risk(net, risk, ("nominal", "augmented"))
    first, second = np.meshgrid(grid, grid)
    weights = torch.tensor(np.stack([first, second], axis=-1).reshape(-1, 2))
    return function(weights).numpy().reshape(first.shape)


def _risk(net: Risks, name: str, known: tuple[str, ...]) -> Risk:
    if name not in known:
        raise ValueError(f"risk: expected one of {known}, got {name!r}")
    return getattr(net, name)


def _task(net: SymmetricMlp, x: list, y: list) -> Risks:
    inputs, targets = (torch.tensor(rows, dtype=torch.float64) for rows in (x, y))
    return Risks(Task(net, inputs, targets, losses.squared_error))
