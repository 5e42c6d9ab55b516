"""Example 3.1 of Gideoni: a line fitted to data that a reflection leaves unchanged.

Features ``(1, x)``, labels ``|x|``, both ``(x, |x|)`` and ``(-x, |x|)`` in the data. The loss is
the mean squared error ``1 / (2 N) |y - X w|^2``; it differs from the total one by the unit of time.
"""

from dataclasses import dataclass

import numpy as np

from learnsym import groups, regression, representations
from learnsym.regression import QuadraticLoss
from learnsym.representations import Representation


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


def absolute_value(orbits: int, rng: np.random.Generator) -> Line:
    """Return ``orbits`` points, uniform within 1 of 0, with their mirror images."""
    rho = representations.vector(groups.reflection([0.0, 1.0]))
    points = np.stack([np.ones(orbits), rng.uniform(-1, 1, orbits)], axis=1)
    rows = regression.augment(points, rho).reshape(-1, 2)
    return Line(rows, np.abs(rows[:, 1]), rho)
