"""How long gradient flow needs to leave a saddle of a deep linear network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from learnsym.checks.lowrank_layers import escape_direction, layer_gradients, lift, product
from learnsym.lowrank import LowRankProblem

HORIZON = 60.0  # in units of the time that a flow along the best direction takes
TAIL = 4.0  # how long the flow is followed after the escape, in units of 1 / singular value
SOLVER = {"method": "LSODA", "rtol": 1e-6, "atol": 1e-9}


@dataclass(frozen=True)
class Escape:
    """Gradient flow away from a saddle.

    ``times`` and ``losses`` of shape ``(T,)``, from the start until shortly after the escape, and
    the time ``left`` at which half of the next singular value's gain is made.
    """

    times: np.ndarray
    losses: np.ndarray
    left: float


def escape(
    problem: LowRankProblem,
    kept: Sequence[int],
    widths: Sequence[int],
    size: float,
    direction: Sequence[np.ndarray],
) -> Escape:
    """Follow gradient flow from the balanced lift of a lower-rank point, moved by a small step.

    Parameters
    ----------
    problem
        Without a restriction on rows.
    kept
        The singular triplets of the saddle, fewer than every hidden width.
    widths
        Hidden widths.
    size
        Length of the step, in all parameters together.
    direction
        Its direction, one array per layer.

    Raises
    ------
    ValueError
        The flow does not leave the saddle.
    """
    saddle = lift(problem.at(kept), widths)
    length = np.sqrt(sum(np.sum(part**2) for part in direction))
    shapes = [layer.shape for layer in saddle]
    start = _flat([a + size * b / length for a, b in zip(saddle, direction, strict=True)])
    gain = max(s for i, s in enumerate(problem.singular_values) if i not in kept)
    base = float(problem.value(problem.at(kept)))

    def velocity(_: float, point: np.ndarray) -> np.ndarray:
        return -_flat(layer_gradients(problem, _shaped(point, shapes)))

    def halfway(_: float, point: np.ndarray) -> float:
        return float(problem.value(product(_shaped(point, shapes)))) - base + gain**2 / 2

    depth = len(saddle)
    horizon = HORIZON / gain * (np.log(1 / size) if depth == 2 else size ** (2 - depth))
    halfway.terminal = True
    way = solve_ivp(velocity, (0, horizon), start, events=halfway, **SOLVER)
    if not way.t_events[0].size:
        raise ValueError(f"direction: expected to leave the saddle within {horizon:.3g}")
    left = float(way.t[-1])
    rest = solve_ivp(velocity, (left, left + TAIL / gain), way.y[:, -1], **SOLVER)
    points = np.hstack([way.y, rest.y[:, 1:]]).T
    losses = [float(problem.value(product(_shaped(point, shapes)))) for point in points]
    return Escape(np.concatenate([way.t, rest.t[1:]]), np.array(losses), left)


def random_direction(
    problem: LowRankProblem, widths: Sequence[int], rng: np.random.Generator
) -> list[np.ndarray]:
    """Return Gaussian matrices of the shapes of the layers."""
    sizes = [problem.C.shape[1], *widths, problem.C.shape[0]]
    return [rng.standard_normal(shape) for shape in zip(sizes[1:], sizes[:-1], strict=True)]


def escape_times(
    problem: LowRankProblem,
    kept: Sequence[int],
    widths: Sequence[int],
    sizes: Sequence[float],
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return escape times for random directions, shape ``(draws, sizes)``."""
    rows = []
    for _ in range(draws):
        direction = random_direction(problem, widths, rng)
        rows.append([escape(problem, kept, widths, size, direction).left for size in sizes])
    return np.array(rows)


def descent_deviation(
    problem: LowRankProblem, kept: Sequence[int], widths: Sequence[int], steps: np.ndarray
) -> float:
    """Return how far the loss along the escape direction is from ``-2 s t^L + t^(2L)``.

    ``s`` is the largest singular value left out; relative to the largest drop.
    """
    W = problem.at(kept)
    layers = lift(W, widths)
    direction = escape_direction(problem, W, layers)
    s = max(size for i, size in enumerate(problem.singular_values) if i not in kept)
    depth = len(layers)
    moved = np.array(
        [product([a + t * b for a, b in zip(layers, direction, strict=True)]) for t in steps]
    )
    change = problem.value(moved) - problem.value(W)
    predicted = -2 * s * steps**depth + steps ** (2 * depth)
    return float(np.abs(change - predicted).max() / np.abs(predicted).max())


def _flat(layers: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([layer.ravel() for layer in layers])


def _shaped(point: np.ndarray, shapes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(point, ends), shapes, strict=True)]
