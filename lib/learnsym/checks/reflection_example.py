"""Example 3.1 of Gideoni: a line fitted to data that a reflection leaves unchanged.

Features ``(1, x)``, labels ``|x|``, both ``(x, |x|)`` and ``(-x, |x|)`` in the data. The loss is
the mean squared error ``1 / (2 N) |y - X w|^2``; it differs from the total one by the unit of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learnsym import gallery, groups, regression, representations
from learnsym.regression import QuadraticLoss
from learnsym.representations import Representation

PLATEAU_STEPS = np.arange(0, 3_001, 20)


@dataclass(frozen=True)
class Line:
    """Points in whole orbits: ``rows`` (N, 2), ``labels`` (N,), and the group acting on rows."""

    rows: np.ndarray
    labels: np.ndarray
    rho: Representation

    @property
    def loss(self) -> QuadraticLoss:
        """The mean squared error over all rows."""
        N = len(self.rows)
        return QuadraticLoss(self.rows.T @ self.rows / N, self.rows.T @ self.labels / N)


def absolute_value(orbits: int, rng: np.random.Generator, centre: float = 0.0) -> Line:
    """Return ``orbits`` points, uniform within 1 of ``centre``, with their mirror images.

    Labels ``|x - centre|``; the group reflects about ``centre`` and is oblique unless that is 0.
    """
    group = groups.reflection([0.0, 1.0]) if centre == 0 else gallery.oblique_reflection(centre)
    rho = representations.vector(group)
    x = rng.uniform(centre - 1, centre + 1, orbits)
    points = np.stack([np.ones(orbits), x], axis=1)
    rows = regression.augment(points, rho).reshape(-1, 2)
    return Line(rows, np.abs(rows[:, 1] - centre), rho)


@dataclass(frozen=True)
class SameStart:
    """Models that share the initial ``w_k``: its signed ``lengths`` (T, models) over time.

    ``limit_change`` is the largest change of a limiting predictor under the group.
    """

    lengths: np.ndarray
    limit_change: float


def same_asymmetric_start(
    centre: float, starts: Sequence[float], times: np.ndarray, rng: np.random.Generator
) -> SameStart:
    """Follow gradient flow from ``w_k`` of length 1 and ``w_r`` of the given lengths.

    The group reflects about ``centre``; 50 random points and their mirror images.
    """
    line = absolute_value(50, rng, centre)
    along = regression.asymmetric_basis(line.rho)[:, 0]
    along = along * np.sign(along[1])
    across = np.array([along[1], -along[0]])
    w0 = along + np.outer(starts, across)
    limit = line.loss.limit(w0)
    moved = limit @ line.rho.matrix(line.rho.group.generators[0])
    return SameStart(line.loss.flow(w0, times) @ along, float(np.abs(moved - limit).max()))


def slope(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the slope of ``ln(values)`` against ``times`` by least squares, per column."""
    return np.polyfit(times, np.log(values), 1)[0]


def plateaus(
    line: Line, w0: np.ndarray, eta: float, batch: int, seed: int
) -> dict[str, np.ndarray]:
    """Train by real steps in three ways and return the asymmetry loss of each.

    Parameters
    ----------
    line
        The data set.
    w0
        Initial weights, shape ``(2,)``.
    eta
        Learning rate.
    batch
        Rows of a mini-batch.
    seed
        Seed of the mini-batches.

    Returns
    -------
    dict
        For "float64", "float32" and "mini-batch" (float64) the asymmetry loss at
        ``PLATEAU_STEPS``, shape ``(T,)``.
    """
    rng = np.random.default_rng(seed)
    data = (line.rows, line.labels[:, None], w0[:, None])
    single = tuple(array.astype(np.float32) for array in data)
    batches = regression.minibatches(len(line.rows), batch, rng)
    weights = {
        "float64": regression.descend(*data, eta, PLATEAU_STEPS),
        "float32": regression.descend(*single, eta, PLATEAU_STEPS),
        "mini-batch": regression.descend(*data, eta, PLATEAU_STEPS, batches),
    }
    return {
        name: regression.asymmetry_loss(w[:, :, 0], line.rows, line.rho)
        for name, w in weights.items()
    }
