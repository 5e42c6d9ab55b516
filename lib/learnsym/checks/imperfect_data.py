"""Regression where Assumption 1 of Gideoni fails: his Figures 2 and 3, and what they end at.

The loss is the mean squared error ``1 / (2 N) |y - X w|^2`` over ``N`` rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from learnsym import groups, regression, representations
from learnsym.checks import floors
from learnsym.checks.reflection_example import Line
from learnsym.representations import Representation

POPULATION_SIDE = 32
TAIL_STEPS = np.array([1_200, 2_000])
TAIL_ETA = 0.25
MODELS = 25


@dataclass(frozen=True)
class Task:
    """Points from a symmetric distribution, with invariant labels.

    ``draw(count, rng)`` returns points in features, shape ``(count, 2)``, without their mirror
    images; ``label`` maps points ``(count, 2)`` to labels ``(count,)``; ``population`` (M, 2) is an
    even grid of whole orbits that stands for the distribution; ``rho`` acts on points.
    """

    draw: Callable[[int, np.random.Generator], np.ndarray]
    label: Callable[[np.ndarray], np.ndarray]
    population: np.ndarray
    rho: Representation


def coordinate_sum() -> Task:
    """Return the task of Figure 2: ``x + y`` on the square [-1, 1]^2, under the swap of x and y."""
    return _square_task(lambda points: points.sum(axis=1))


def larger_coordinate() -> Task:
    """Return the same with the label ``max(x, y)``, which is invariant and not linear."""
    return _square_task(lambda points: points.max(axis=1))


def absolute_value() -> Task:
    """Return the task of Figure 3: ``|x|`` on [-1, 1] in features (1, x), under the reflection."""
    grid = _even_grid(POPULATION_SIDE**2)
    return Task(
        lambda count, rng: _with_constant(rng.uniform(-1, 1, count)),
        lambda points: np.abs(points[:, 1]),
        _with_constant(grid),
        representations.vector(groups.reflection([0.0, 1.0])),
    )


def _square_task(label: Callable[[np.ndarray], np.ndarray]) -> Task:
    grid = np.stack(np.meshgrid(*[_even_grid(POPULATION_SIDE)] * 2), axis=-1).reshape(-1, 2)
    swap = representations.vector(groups.symmetric(2))
    return Task(lambda count, rng: rng.uniform(-1, 1, (count, 2)), label, grid, swap)


def _even_grid(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) * 2 / count - 1


def _with_constant(x: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x], axis=1)


def predicted_rates(X: np.ndarray, rho: Representation, eta: float) -> tuple[float, float]:
    """Return the decay rates of the asymmetry from ``X^T X``, and from ``K_G`` on ker R.

    Smallest rates per unit time of gradient descent on the mean squared error over the points ``X``
    of shape ``(n, d)``; the second as if every orbit were complete.
    """
    basis = regression.asymmetric_basis(rho)
    completed = regression.symmetrised_gram(X, rho) / (rho.group.order * len(X))
    eigenvalues = [
        np.linalg.eigvalsh(X.T @ X / len(X))[0],
        np.linalg.eigvalsh(basis.T @ completed @ basis)[0],
    ]
    single, completed_rate = regression.descent_rate(eigenvalues, eta)
    return float(single), float(completed_rate)


def uneven_points(
    task: Task, count: int, tries: int, eta: float, rng: np.random.Generator
) -> np.ndarray:
    """Return, of ``tries`` random data sets, the one whose two predicted rates differ most."""
    drawn = [task.draw(count, rng) for _ in range(tries)]
    gaps = [np.ptp(predicted_rates(X, task.rho, eta)) for X in drawn]
    return drawn[int(np.argmax(gaps))]


@dataclass(frozen=True)
class Rates:
    """Decay rates of the asymmetry per unit time, one per data set, each of shape ``(sets,)``.

    ``measured`` in real gradient descent; ``single`` predicted from ``X^T X``; ``completed`` from
    ``K_G`` on ker R, as if every mirror image were in the data.
    """

    measured: np.ndarray
    single: np.ndarray
    completed: np.ndarray


def rates_without_mirror_images(data_sets: int, count: int, rng: np.random.Generator) -> Rates:
    """Figure 2: rates at which the asymmetry vanishes, for random sets of ``count`` points.

    The label ``x + y`` is fitted by the invariant ``w* = (1, 1)``. Gradient descent moves
    ``w - w*`` as it moves weights on labels 0; these have no rounding error to stop at. Median over
    25 random starts of the slope between steps 1,200 and 2,000, learning rate 1/4.
    """
    task = coordinate_sum()
    basis = regression.asymmetric_basis(task.rho)
    rows = []
    for _ in range(data_sets):
        X = task.draw(count, rng)
        error = regression.descend(
            X, np.zeros((count, MODELS)), rng.standard_normal((2, MODELS)), TAIL_ETA, TAIL_STEPS
        )
        sizes = np.abs(basis.T @ error).sum(axis=1)
        slopes = np.log(sizes[0] / sizes[1]) / (TAIL_ETA * np.ptp(TAIL_STEPS))
        rows.append([np.median(slopes), *predicted_rates(X, task.rho, TAIL_ETA)])
    return Rates(*np.array(rows).T)


def measured_floors(
    task: Task, counts: Sequence[int], data_sets: int, rng: np.random.Generator, sigma: float = 0.0
) -> np.ndarray:
    """Return the asymmetry loss over the population after a fit without mirror images.

    The fit is least squares, the limit of gradient descent, on ``counts[i]`` points with label
    noise of standard deviation ``sigma``. Shape ``(len(counts), data_sets)``.
    """
    weights = []
    for count in counts:
        for _ in range(data_sets):
            X = task.draw(count, rng)
            y = task.label(X) + sigma * rng.standard_normal(count)
            weights.append(np.linalg.lstsq(X, y)[0])
    losses = regression.asymmetry_loss(np.array(weights), task.population, task.rho)
    return losses.reshape(len(counts), data_sets)


def predicted_floors(task: Task, counts: Sequence[int], sigma: float = 0.0) -> np.ndarray:
    """Return the expectation of :func:`measured_floors` to leading order, shape ``(counts,)``."""
    labels = task.label(task.population)
    covariances = [
        floors.misfit_covariance(task.population, labels, task.rho, count, sigma)
        for count in counts
    ]
    means = np.zeros((len(counts), task.rho.dimension))
    return floors.expected_asymmetry_loss(means, np.array(covariances), task.population)


@dataclass(frozen=True)
class NoisyRuns:
    """Asymmetry loss on the line under label noise: ``measured`` (T, draws), ``predicted`` (T,)."""

    measured: np.ndarray
    predicted: np.ndarray


def noisy_runs(
    line: Line,
    w0: np.ndarray,
    sigma: float,
    shared: float,
    draws: int,
    steps: np.ndarray,
    eta: float,
    rng: np.random.Generator,
) -> NoisyRuns:
    """Figure 3: train on ``|x|`` with noisy labels by real gradient descent.

    Parameters
    ----------
    line
        Points in whole orbits with labels ``|x|``.
    w0
        Initial weights of all models, shape ``(2,)``.
    sigma
        Standard deviation of the noise.
    shared
        Correlation of the noise within an orbit, 0 (independent) to 1 (one label per orbit).
    draws
        Number of models, each with noise of its own.
    steps
        Recorded steps, shape ``(T,)``.
    eta
        Learning rate.
    rng
        Generator of the noise.
    """
    noise = correlated_noise(line.rho.group.order, len(line.rows), shared, draws, rng)
    start = np.tile(w0[:, None], draws)
    trained = regression.descend(line.rows, line.labels[:, None] + sigma * noise, start, eta, steps)
    asymmetric = regression.split(line.loss.descent(w0, steps, eta), line.rho)[1]
    covariance = (1 - shared) * floors.noise_covariance(line.rows, line.rho, sigma, steps, eta)
    return NoisyRuns(
        regression.asymmetry_loss(trained.transpose(0, 2, 1), line.rows, line.rho),
        floors.expected_asymmetry_loss(asymmetric, covariance, line.rows),
    )


def correlated_noise(
    order: int, count: int, shared: float, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return standard normal noise with correlation ``shared`` within orbits, ``(count, draws)``.

    Rows are ordered as :func:`learnsym.regression.augment` orders them: ``order`` blocks, one per
    group element.
    """
    if not 0 <= shared <= 1:
        raise ValueError(f"shared: expected a correlation from 0 to 1, got {shared}")
    common = np.tile(rng.standard_normal((count // order, draws)), (order, 1))
    own = rng.standard_normal((count, draws))
    return np.sqrt(shared) * common + np.sqrt(1 - shared) * own


def floor_ratio(rho: Representation, orbits: int, shared: float, rng: np.random.Generator) -> float:
    """Return ``E |w_k|^2`` after training on noisy labels, over the floor of independent noise.

    The fit is linear in the noise, so the expectation needs no draws: it is the sum over rows of
    the squared response of ``w_k`` to a unit of noise in that row, and, for the part that is
    shared, the sum over orbits of the response to a unit of noise in the whole orbit. Random whole
    orbits; the response is that of least squares. ``ker R`` must not be 0.
    """
    rows = regression.augment(rng.standard_normal((orbits, rho.dimension)), rho)
    order = len(rows)
    rows = rows.reshape(-1, rho.dimension)
    responses = regression.split(np.linalg.lstsq(rows, np.eye(len(rows)))[0].T, rho)[1]
    together = responses.reshape(order, orbits, rho.dimension).sum(axis=0)
    measured = (1 - shared) * np.sum(responses**2) + shared * np.sum(together**2)
    return float(measured / np.trace(floors.noise_covariance(rows, rho, 1.0)))


def completion_gain(X: np.ndarray, rho: Representation) -> float:
    """Return the noise floor ``E |w_k|^2`` of the points ``X`` over that of their whole orbits."""
    rows = regression.augment(X, rho).reshape(-1, rho.dimension)
    single, whole = (np.trace(floors.noise_covariance(data, rho, 1.0)) for data in (X, rows))
    return float(single / whole)
