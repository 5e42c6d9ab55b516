"""Crossings of singular values along a regularisation path: exact, avoided, rare or common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from learnsym import groups, representations
from learnsym.checks import lowrank_crossings as crossings
from learnsym.checks.lowrank_path import RegularisationPath
from learnsym.checks.regularisation_path import random_path
from learnsym.lowrank import Moments
from learnsym.representations import Representation

CROSSING = 0.25  # strength at which the path of the counterexample jumps
Draw = Callable[[np.random.Generator], RegularisationPath]
TIE = 1e-9  # smallest relative gap of a path that has none


def third_axis() -> Representation:
    """Return the reflection of the third axis of space."""
    return representations.vector(groups.reflection([0.0, 0.0, 1.0]))


def counterexample(perturbation: float = 0.0) -> RegularisationPath:
    """Return the path with inputs I_3, the reflection of the third axis, targets diag(1, 1/2, 2).

    Rank 1. ``perturbation`` is added to the first target of the third input.
    """
    targets = np.diag([1.0, 0.5, 2.0])
    targets[2, 0] = perturbation
    moments = Moments.from_data(np.eye(3), targets)
    return RegularisationPath(moments, third_axis(), 1)


def exact_crossing() -> tuple["Crossing", np.ndarray]:
    """Return the counterexample as a crossing, and the perturbation of ``C`` that goes with it."""
    direction = np.zeros((3, 3))
    direction[0, 2] = 1 / 3  # C is a mean over three inputs
    moments = Moments.from_data(np.eye(3), np.diag([1.0, 0.5, 2.0]))
    return Crossing(moments, third_axis(), 1, CROSSING), direction


def tied_at_infinity() -> RegularisationPath:
    """Return a path of rank 1 whose hard-wired problem has a tie, and no other strength has."""
    targets = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    moments = Moments.from_data(np.eye(3), targets)
    return RegularisationPath(moments, third_axis(), 1)


def closed(
    X: np.ndarray, Y: np.ndarray, inputs: Sequence[int], outputs: Sequence[int], order: int
) -> Moments:
    """Return the moments of a data set completed by a permutation of inputs and of outputs.

    Coordinates of both are permuted ``order`` times, so that the data have this symmetry.
    """
    sets = [(X, Y)]
    for _ in range(order - 1):
        last_X, last_Y = sets[-1]
        sets.append((last_X[:, inputs], last_Y[:, outputs]))
    return Moments.from_data(*map(np.concatenate, zip(*sets, strict=True)))


def mirrored_moments(outputs: int, rng: np.random.Generator) -> Moments:
    """Return moments of random 4x4 images, each with its mirror image and outputs swapped in pairs.

    ``outputs`` is even: output 2i of the mirror image is output 2i + 1 of the image.
    """
    mirror = np.arange(16).reshape(4, 4)[:, ::-1].ravel()
    swap = np.arange(outputs).reshape(-1, 2)[:, ::-1].ravel()
    X = rng.standard_normal((48, 16)) @ rng.standard_normal((16, 16))
    return closed(X, rng.standard_normal((48, outputs)), mirror, swap, 2)


def mirrored_path(outputs: int, rank: int, rng: np.random.Generator) -> RegularisationPath:
    """Return the path of :func:`mirrored_moments` under C4."""
    rho = representations.image(groups.image_rotations(4))
    return RegularisationPath(mirrored_moments(outputs, rng), rho, rank)


def random_images(outputs: int, rank: int) -> Draw:
    """Return a function that draws paths of random 4x4 images under C4."""
    rho = representations.image(groups.image_rotations(4))
    return lambda rng: random_path(rho, outputs, rank, rng)


def mirror_images(outputs: int, rank: int) -> Draw:
    """Return a function that draws paths of such images with :func:`mirrored_path`."""
    return lambda rng: mirrored_path(outputs, rank, rng)


def cyclic_path(rank: int, rng: np.random.Generator) -> RegularisationPath:
    """Return a path with a symmetry of order 3 that permutes the three outputs.

    Inputs are three pairs, the group swaps within each pair; moving every pair on by one moves the
    outputs on by one.
    """
    swap = groups.PermutationGroup([[1, 0, 3, 2, 5, 4]], "swap in every pair")
    X = rng.standard_normal((24, 6)) @ rng.standard_normal((6, 6))
    Y = rng.standard_normal((24, 3))
    moments = closed(X, Y, np.roll(np.arange(6), 2), np.roll(np.arange(3), 1), 3)
    return RegularisationPath(moments, representations.vector(swap), rank)


def relative_gaps(draw: Draw, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the smallest gap of random paths over ``sigma_r`` there, shape ``(count,)``."""
    gaps = []
    for _ in range(count):
        path = draw(rng)
        strength, gap = crossings.smallest_gap(path, 120)
        gaps.append(gap / path.singular_values(strength)[path.rank - 1])
    return np.array(gaps)


def closest_pair(path: RegularisationPath, grid: np.ndarray) -> float:
    """Return how far the closest two singular values come apart along a path, over the largest."""
    sizes = path.singular_values(grid)
    return float(np.max(np.min(-np.diff(sizes), axis=-1) / sizes[..., 0]))


def plane_curve(path: RegularisationPath) -> np.ndarray:
    """Return ``(M_11 - M_22, 2 M_12)`` over the trace of ``M(0)``, for two outputs, ``(T, 2)``.

    ``M = T T^T`` at strengths from 0 to infinity. The length of the vector is the gap between the
    squared singular values.
    """
    M = path.second_moment(crossings.strengths(path, 200))
    return np.stack([M[:, 0, 0] - M[:, 1, 1], 2 * M[:, 0, 1]], 1) / np.trace(M[0])


def mirror_coordinate(path: RegularisationPath) -> np.ndarray:
    """Return the difference of the blocks of ``M`` for :func:`mirrored_path`, shape ``(T,)``.

    In the even and the odd combination of the outputs, ``M`` is diagonal.
    """
    return plane_curve(path)[:, 1]


@dataclass(frozen=True)
class Segments:
    """Paths of a two-output problem as segments in the plane, where the origin is the crossing.

    ``hard`` (count, 2) are their ends at infinite strength and ``free`` at strength 0: differences
    of the diagonal entries and twice the off-diagonal entry of ``T T^T``, whose length is the gap
    between the squared singular values, divided by their sum at strength 0.
    """

    hard: np.ndarray
    free: np.ndarray

    def gaps(self) -> np.ndarray:
        """Return the smallest distance of every segment from the origin, shape ``(count,)``."""
        way = self.free - self.hard
        place = -np.sum(self.hard * way, axis=1) / np.sum(way**2, axis=1)
        nearest = self.hard + np.clip(place, 0, 1)[:, None] * way
        return np.linalg.norm(nearest, axis=1)


def random_segments(count: int, rng: np.random.Generator, symmetric: bool) -> Segments:
    """Draw paths of two outputs and white inputs, three invariant and three of changing sign.

    Entries of ``C`` are standard normal. With ``symmetric`` there are twice as many inputs, and a
    second symmetry of the data makes every input matter to one of the two outputs only.
    """
    moments = []
    for _ in range(2):
        rows = rng.standard_normal((count, 2, 3))
        cross = np.zeros(count) if symmetric else np.sum(rows[:, 0] * rows[:, 1], axis=1)
        moments.append((*np.sum(rows**2, axis=2).T, cross))
    (a, b, c), (u, v, w) = moments
    total = (a + b + u + v)[:, None]
    hard, fading = np.stack([a - b, 2 * c], 1), np.stack([u - v, 2 * w], 1)
    return Segments(hard / total, (hard + fading) / total)


def small_gap_order(gaps: np.ndarray, low: float, high: float) -> float:
    """Return the power with which the share of gaps below a bound falls with the bound."""
    shares = [np.mean(gaps < bound) for bound in (low, high)]
    return float(np.log(shares[1] / shares[0]) / np.log(high / low))


@dataclass(frozen=True)
class Crossing:
    """A problem whose singular values ``rank`` and ``rank + 1`` cross at ``strength``."""

    moments: Moments
    rho: Representation
    rank: int
    strength: float

    def path(self, perturbation: np.ndarray | float = 0.0) -> RegularisationPath:
        """Return the path after ``perturbation`` is added to ``C``."""
        moments = Moments(self.moments.S, self.moments.C + perturbation, self.moments.c)
        return RegularisationPath(moments, self.rho, self.rank)


def random_direction(crossing: Crossing, rng: np.random.Generator) -> np.ndarray:
    """Return a random perturbation of ``C`` with the norm of ``C``."""
    drawn = rng.standard_normal(crossing.moments.C.shape)
    return drawn * np.linalg.norm(crossing.moments.C) / np.linalg.norm(drawn)


def random_crossing(rng: np.random.Generator) -> Crossing:
    """Draw mirrored data of two outputs until their path has a crossing, at rank 1."""
    rho = representations.image(groups.image_rotations(4))
    while True:
        moments = mirrored_moments(2, rng)
        path = RegularisationPath(moments, rho, 1)
        strength, gap = crossings.smallest_gap(path)
        if gap < TIE * path.singular_values(strength)[0] and 0 < strength < np.inf:
            return Crossing(moments, rho, 1, strength)


@dataclass(frozen=True)
class AvoidedCrossing:
    """What a small perturbation of ``C`` makes of a crossing, to leading order.

    ``strength`` is where the gap is least, ``gap`` that gap between the singular values,
    ``peak_speed`` the largest speed of the path and ``half_width`` the distance in strength at
    which the speed has fallen to half.
    """

    strength: float
    gap: float
    peak_speed: float
    half_width: float


def predict(crossing: Crossing, perturbation: np.ndarray) -> AvoidedCrossing:
    """Return the law of the avoided crossing for a small ``perturbation`` of ``C``."""
    path, at = crossing.path(), crossing.strength
    size = path.singular_values(at)[path.rank - 1]
    step = 1e-5 * at
    slope = (path.second_moment(at + step) - path.second_moment(at - step)) / (2 * step)
    values, vectors = np.linalg.eigh(path.second_moment(at))
    pair = vectors[:, np.argsort(np.abs(values - size**2))[:2]]
    slopes, mixed = np.linalg.eigh(pair.T @ slope @ pair)
    pair = pair @ mixed
    inner = pair.T @ perturbation @ path.full_rank(at).T @ pair
    change = inner + inner.T
    coupling, opening = abs(change[0, 1]), float(slopes[1] - slopes[0])
    return AvoidedCrossing(
        strength=at - float(change[1, 1] - change[0, 0]) / opening,
        gap=coupling / size,
        peak_speed=size * opening / (2 * np.sqrt(2) * coupling),
        half_width=2 * coupling / opening,
    )


def measure(crossing: Crossing, perturbation: np.ndarray) -> AvoidedCrossing:
    """Return the same, measured on the perturbed path."""
    path, guess = crossing.path(perturbation), predict(crossing, perturbation)
    grid = guess.strength + guess.half_width * np.linspace(-2, 2, 4_001)
    grid = grid[grid > 0]
    gaps, speeds = path.gap(grid), path.speed(grid)
    fast = grid[speeds >= speeds.max() / 2]
    return AvoidedCrossing(
        strength=float(grid[np.argmin(gaps)]),
        gap=float(gaps.min()),
        peak_speed=float(speeds.max()),
        half_width=float(np.ptp(fast)) / 2,
    )


def law_ratios(crossing: Crossing, direction: np.ndarray, size: float) -> np.ndarray:
    """Return measured over predicted gap, peak speed and half-width, shape ``(3,)``."""
    perturbation = size * direction
    measured, predicted = measure(crossing, perturbation), predict(crossing, perturbation)
    names = ("gap", "peak_speed", "half_width")
    return np.array([getattr(measured, name) / getattr(predicted, name) for name in names])
