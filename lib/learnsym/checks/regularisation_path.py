"""The regularisation path of Duan and Montufar: steps, limit, value and the path on digits."""

from dataclasses import dataclass

import numpy as np

from learnsym import gallery
from learnsym.checks import lowrank_crossings as crossings
from learnsym.checks.digit_optima import CLASSES, digit_data
from learnsym.checks.lowrank_path import RegularisationPath
from learnsym.equivariant import reynolds
from learnsym.lowrank import Moments, constraint
from learnsym.representations import Representation

WIDTH = 1e-9
IMAGES, DIGIT_RANK = 1_000, 5


def random_path(
    rho: Representation, outputs: int, rank: int, rng: np.random.Generator
) -> RegularisationPath:
    """Return the path of random targets on inputs with a random covariance."""
    n = rho.dimension
    X = rng.standard_normal((3 * n, n)) @ rng.standard_normal((n, n))
    return RegularisationPath(
        Moments.from_data(X, rng.standard_normal((3 * n, outputs))), rho, rank
    )


def gallery_paths(
    rng: np.random.Generator, outputs: int = 4, most: int = 2
) -> list[RegularisationPath]:
    """Return random paths over the gallery, of rank ``most`` or the dimension of invariants.

    The smaller of the two. Left out are groups that move nothing or fix nothing.
    """
    paths = []
    for case in gallery.cases():
        fixed = round(np.trace(reynolds(case.rho_in)))
        if 0 < fixed < case.rho_in.dimension:
            paths.append(random_path(case.rho_in, outputs, min(most, fixed), rng))
    return paths


def moving_fraction(W: np.ndarray, average: np.ndarray) -> np.ndarray:
    """Return the non-invariant fraction ``|W - W R| / |W|``, ``R`` the Reynolds operator."""
    return np.linalg.norm(W - W @ average, axis=(-2, -1)) / np.linalg.norm(W, axis=(-2, -1))


def largest_rise(path: RegularisationPath, average: np.ndarray) -> float:
    """Return by how much the non-invariant fraction rises between neighbours of 60 strengths."""
    grid = crossings.strengths(path, 60)[1:-1]
    return float(np.diff(moving_fraction(path.optimum(grid), average)).max())


def largest_step(path: RegularisationPath, step: float) -> float:
    """Return the largest step of the path, followed as finely as it takes, in units of ``|W|``."""
    return float(crossings.follow(path, step)[1].max())


def sides(path: RegularisationPath, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the optima just below and just above a strength."""
    before, after = path.optimum(strength * np.array([1 - WIDTH, 1 + WIDTH]))
    return before, after


def jump_length(path: RegularisationPath, strength: float) -> float:
    """Return the length of the jump at a strength over ``sqrt(2) sigma_r``.

    In the norm ``tr(W (S + strength G G^T) W^T)``; 1 by theory, 0 without a jump.
    """
    before, after = sides(path, strength)
    size = path.singular_values(strength)[path.rank - 1]
    return float(path.length(after - before, strength) / (np.sqrt(2) * size))


def slope_errors(path: RegularisationPath, grid: np.ndarray) -> float:
    """Return how far ``|W G|^2`` is from a slope of the value function, relative to ``c``.

    Every tangent ``v(s) + |W(s) G|^2 (t - s)`` must lie on or above ``v(t)``: this makes ``v``
    concave with that slope, at a jump with both one-sided slopes. Largest violation over all pairs.
    """
    values, slopes = path.value(grid), path.penalty(grid)
    tangents = values[:, None] + slopes[:, None] * (grid - grid[:, None])
    return float(np.max(values - tangents) / path.c)


def slope_ratios(path: RegularisationPath, grid: np.ndarray) -> np.ndarray:
    """Return the central difference quotient of the value over ``|W G|^2``, one a strength."""
    width = 1e-4
    rise = path.value(grid * (1 + width)) - path.value(grid * (1 - width))
    return rise / (2 * width * grid) / path.penalty(grid)


def wrong_turns(path: RegularisationPath, grid: np.ndarray) -> float:
    """Return by how much ``|W G|^2`` ever rises or the error ever falls with the strength.

    Relative to their largest values.
    """
    penalty, error = path.penalty(grid), path.error(grid)
    return float(
        max(np.diff(penalty).max() / penalty.max(), -np.diff(error).min() / np.abs(error).max())
    )


@dataclass(frozen=True)
class Approach:
    """How a path tends to the hard-wired optimum.

    ``distance`` and ``remainder`` are ``|W - W_inv|`` and ``|W - W_inv - W_1 / strength|`` over
    ``|W_inv|``; ``first`` is ``|W_1| / strength`` over the same; each of shape ``(T,)``.
    """

    strengths: np.ndarray
    distance: np.ndarray
    remainder: np.ndarray
    first: np.ndarray

    @property
    def orders(self) -> tuple[float, float]:
        """Powers of the strength with which distance and remainder fall, by first and last."""
        ends = np.log(self.strengths[-1] / self.strengths[0])
        return tuple(
            float(np.log(values[-1] / values[0]) / ends)
            for values in (self.distance, self.remainder)
        )


def approach(path: RegularisationPath, strengths: np.ndarray) -> Approach:
    """Compare a path at large strengths with its expansion."""
    limit, first = path.expansion()
    unit = np.linalg.norm(limit)
    difference = path.optimum(strengths) - limit
    correction = first / strengths[:, None, None]
    norms = [
        np.linalg.norm(part, axis=(-2, -1)) / unit
        for part in (difference, difference - correction, correction)
    ]
    return Approach(strengths, *norms)


def late(path: RegularisationPath) -> np.ndarray:
    """Return strengths from which on the expansion of a path is accurate, shape ``(5,)``.

    They are large beside the levels and beside the strength at which the fading part of ``T T^T``
    has the size of the gap between squared singular values.
    """
    sizes = np.append(path.singular_values(np.inf), 0.0) ** 2
    gap = sizes[path.rank - 1] - sizes[path.rank]
    far = path.scales()[1]
    rest = (path.second_moment(1e3 * far) - path.second_moment(np.inf)) * 1e3 * far
    return max(far, np.linalg.norm(rest, 2) / gap) * np.geomspace(100, 10_000, 5)


@dataclass(frozen=True)
class DigitPath:
    """The path on 1,000 digits 0 to 8 with 14 x 14 pixels under C4, nine outputs, rank 5.

    ``rho`` is the action on images and ``average`` its Reynolds operator; ``orbit_covariance`` is
    the covariance averaged over the rotations; ``X`` are the images as rows.
    """

    path: RegularisationPath
    rho: Representation
    moments: Moments
    average: np.ndarray
    orbit_covariance: np.ndarray
    X: np.ndarray

    def distance(self, strengths: np.ndarray) -> np.ndarray:
        """Return the distance of predictions from the hard-wired ones, on all rotated images.

        Root mean square relative to that of the hard-wired predictions.
        """
        limit = self.path.optimum(np.inf)
        return self._size(self.path.optimum(strengths) - limit) / self._size(limit)

    def asymmetry(self, strengths: np.ndarray) -> np.ndarray:
        """Return the non-invariant part of predictions on all rotated images.

        Root mean square relative to that of the predictions.
        """
        W = self.path.optimum(strengths)
        return self._size(W - W @ self.average) / self._size(W)

    def angle(self, strengths: np.ndarray) -> np.ndarray:
        """Return the largest angle, in degrees, between outputs kept here and in the limit."""
        missed = (np.eye(CLASSES) - self.path.projector(np.inf)) @ self.path.projector(strengths)
        return np.rad2deg(np.arcsin(np.minimum(np.linalg.norm(missed, 2, axis=(-2, -1)), 1.0)))

    def _size(self, W: np.ndarray) -> np.ndarray:
        return np.sqrt(np.einsum("...ij,jk,...ik->...", W, self.orbit_covariance, W))


def digit_path(part: int) -> DigitPath:
    """Return the path on the ``part``-th thousand of the MNIST test images without digit 9."""
    if part not in range(8):
        raise ValueError(f"part: expected 0 to 7, got {part}")
    data = digit_data((part + 1) * IMAGES)
    X, rho = data.X[-IMAGES:], data.rho
    moments = Moments.from_data(X, data.Y[-IMAGES:])
    path = RegularisationPath(moments, rho, DIGIT_RANK, pseudo_inverse=True)
    return DigitPath(path, rho, moments, reynolds(rho), moments.averaged(rho).S, X)


def penalty_of(digit: DigitPath, W: np.ndarray) -> float:
    """Return ``|W G|^2`` of a map on 14 x 14 digits."""
    G = constraint(digit.rho)
    return float(np.sum((W @ G) ** 2))
