"""Critical points of networks on whole orbits, for losses that are convex in the output."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.func import grad, hessian, vmap
from torch.nn import functional

from learnsym import gallery, regression
from learnsym.equivariant import reynolds
from learnsym.groups import symmetric
from learnsym.representations import Representation, vector

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

# each maps outputs and targets of shape (N, m), targets between 0 and 1, to a loss per sample
LOSSES: dict[str, Loss] = {
    "squared error": lambda f, y: (f - y).square().sum(-1),
    "cross-entropy": lambda f, y: f.logsumexp(-1) - (y * f).sum(-1),
    "logistic": lambda f, y: (functional.softplus(f) - y * f).sum(-1),
    "squared hinge": lambda f, y: (1 - (2 * y - 1).sign() * f).relu().square().sum(-1),
}


@dataclass(frozen=True)
class Task:
    """Rows of whole orbits and what a network is asked to do on them.

    Attributes
    ----------
    rows
        One block of samples per group element, shape ``(|G| N, n)``.
    targets
        Repeated for every block, shape ``(|G| N, m)``.
    rho
        Representation on the inputs.
    shapes
        Shapes of the layers, the first to act first.
    loss
        A key of :data:`LOSSES`.
    activation
        Between the layers; None for a linear network.
    """

    rows: torch.Tensor
    targets: torch.Tensor
    rho: Representation
    shapes: tuple[tuple[int, int], ...]
    loss: str
    activation: Callable[[torch.Tensor], torch.Tensor] | None = None

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(a * b for a, b in self.shapes)

    def layers(self, theta: torch.Tensor) -> list[torch.Tensor]:
        """Return the weights of all layers from one vector of parameters."""
        parts = theta.split([a * b for a, b in self.shapes])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def outputs(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the outputs on all rows, shape ``(|G| N, m)``."""
        values = self.rows
        for number, layer in enumerate(self.layers(theta)):
            if number and self.activation is not None:
                values = self.activation(values)
            values = values @ layer.T
        return values

    def objective(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over all rows."""
        return LOSSES[self.loss](self.outputs(theta), self.targets).mean()

    def output_gradients(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the derivative of each sample's loss by its output, ``(|G| N, m)``."""
        return grad(lambda f: LOSSES[self.loss](f, self.targets).sum())(outputs)


def random_task(
    rho: Representation,
    loss: str,
    widths: Sequence[int],
    classes: int,
    samples: int,
    rng: np.random.Generator,
    activation: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> Task:
    """Return Gaussian inputs in whole orbits with random class probabilities as targets.

    No target is certain, so that cross-entropy has its minimum at finite weights.
    """
    rows = regression.augment(rng.standard_normal((samples, rho.dimension)), rho)
    targets = rng.dirichlet(np.ones(classes), samples)
    sizes = [rho.dimension, *widths, classes]
    shapes = tuple((b, a) for a, b in pairwise(sizes))
    return Task(
        torch.tensor(rows.reshape(-1, rho.dimension)),
        torch.tensor(np.tile(targets, (len(rows), 1))),
        rho,
        shapes,
        loss,
        activation,
    )


def work_identity(task: Task, theta: torch.Tensor) -> tuple[float, float]:
    """Return both sides of the work identity: two ways to ``<dF/dW_1, W_1 - W_1 R>``.

    The second is the mean over rows of ``<l'(f) - l'(f_), f - f_>``, where ``f_`` are the outputs
    with ``W_1 R`` in the place of ``W_1``.
    """
    mean = torch.tensor(reynolds(task.rho))
    first, *rest = task.layers(theta)
    slope = task.layers(grad(task.objective)(theta))[0]
    averaged = torch.cat([part.flatten() for part in (first @ mean, *rest)])
    f, f_mean = task.outputs(theta), task.outputs(averaged)
    change = task.output_gradients(f) - task.output_gradients(f_mean)
    return (
        float(torch.sum(slope * (first - first @ mean))),
        float(torch.sum(change * (f - f_mean), dim=1).mean()),
    )


@dataclass(frozen=True)
class CriticalPoints:
    """Points at which the gradient vanishes, one an entry.

    Attributes
    ----------
    loss
        Value of the objective.
    index
        Number of negative eigenvalues of the Hessian.
    gradients, probabilities, outputs
        How far the derivative of the loss by the output, the softmax of the output and the output
        itself vary over the orbits of the data: root mean square of the difference to the mean
        over the orbit. The last is relative to ``sizes``, and 0 where that is below 1e-9.
    sizes
        Root mean square of the output.
    """

    loss: np.ndarray
    index: np.ndarray
    gradients: np.ndarray
    probabilities: np.ndarray
    outputs: np.ndarray
    sizes: np.ndarray


def critical_points(
    task: Task,
    starts: int,
    rng: np.random.Generator,
    iterations: int = 80,
    tolerance: float = 1e-10,
) -> CriticalPoints:
    """Search critical points of any index from random starts of several sizes.

    A Levenberg-Marquardt method solves for a zero of the gradient; it is drawn to saddles as to
    minima. Starts that do not arrive at a gradient below ``tolerance`` are left out.
    """
    scales = np.geomspace(0.2, 2.0, starts)[:, None]
    theta = torch.tensor(scales * rng.standard_normal((starts, task.size)))
    slope, curvature = vmap(grad(task.objective)), vmap(hessian(task.objective))
    damping = torch.full((starts, 1), 1e-2, dtype=theta.dtype)
    gradient = slope(theta)
    for _ in range(iterations):
        if (gradient.norm(dim=1) < tolerance / 10).all():
            break
        values, vectors = torch.linalg.eigh(curvature(theta))
        parts = (vectors.mT @ gradient[..., None])[..., 0]
        step = -(vectors @ (values * parts / (values**2 + damping))[..., None])[..., 0]
        proposed = slope(theta + step)
        better = proposed.norm(dim=1, keepdim=True) < gradient.norm(dim=1, keepdim=True)
        theta = torch.where(better, theta + step, theta)
        gradient = torch.where(better, proposed, gradient)
        damping = torch.where(better, damping / 5, damping * 4).clamp(1e-20, 1e6)
    theta = theta[gradient.norm(dim=1) < tolerance]
    return describe(task, theta)


def describe(task: Task, theta: torch.Tensor) -> CriticalPoints:
    """Return loss, index and asymmetries at the parameters ``theta``, shape ``(points, size)``."""
    if not len(theta):
        empty = np.empty(0)
        return CriticalPoints(*[empty] * 6)
    values = torch.linalg.eigvalsh(vmap(hessian(task.objective))(theta))
    index = (values < -1e-7 * values.abs().amax(dim=1, keepdim=True)).sum(dim=1)
    outputs = vmap(task.outputs)(theta)
    order = task.rho.group.order
    size = outputs.square().sum(dim=-1).mean(dim=-1).sqrt().numpy()
    spread = _orbit_spread(outputs, order)
    gradients = _orbit_spread(vmap(task.output_gradients)(outputs), order)
    return CriticalPoints(
        vmap(task.objective)(theta).numpy(),
        index.numpy(),
        gradients,
        _orbit_spread(outputs.softmax(-1), order),
        np.divide(spread, size, out=np.zeros_like(spread), where=size > 1e-9),
        size,
    )


def satisfied_margin() -> CriticalPoints:
    """Return a minimum of the squared hinge loss that is not invariant.

    One linear layer ``(1, 1/2)``; the orbit of ``(3, 1)`` under the swap of the coordinates, with
    target 1. Both outputs exceed the margin, so that the loss and its gradient vanish.
    """
    rho = vector(symmetric(2))
    rows = torch.tensor(regression.augment(np.array([[3.0, 1.0]]), rho).reshape(-1, 2))
    targets = torch.ones((2, 1), dtype=rows.dtype)
    task = Task(rows, targets, rho, ((1, 2),), "squared hinge")
    return describe(task, torch.tensor([[1.0, 0.5]], dtype=rows.dtype))


def _orbit_spread(values: torch.Tensor, order: int) -> np.ndarray:
    """Return the root mean square over rows of the difference to the mean over the orbit."""
    blocks = values.unflatten(-2, (order, -1))
    centred = blocks - blocks.mean(dim=-3, keepdim=True)
    return centred.square().sum(dim=-1).mean(dim=(-2, -1)).sqrt().numpy()


def small_representations() -> dict[str, Representation]:
    """Return the representations of the gallery with 2 to 5 inputs, by the name of their case."""
    chosen = {case.name: case.rho_in for case in gallery.cases()}
    return {
        name: rho for name, rho in chosen.items() if 2 <= rho.dimension <= 5 and rho.group.order > 1
    }
