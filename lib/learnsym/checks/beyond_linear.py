"""Beyond linear networks and exact symmetry: a ReLU network, and how much penalty is best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learnsym import gallery, groups, lowrank
from learnsym.checks import approximate_symmetry as approximate
from learnsym.data import digits
from learnsym.representations import Representation, image

CLASSES = 10


def relu_pair_loss(a: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return the mean squared error of ``a relu(u x)`` at ``x = 1, -1`` with target 1."""
    outputs = np.stack([a * np.maximum(u * x, 0.0) for x in (1.0, -1.0)])
    return np.mean((outputs - 1) ** 2, axis=0)


@dataclass(frozen=True)
class Teacher:
    """A linear teacher that is symmetric up to a part of known size, and fixed inputs.

    ``W`` has shape ``(m, n)``, ``X`` ``(N, n)``; ``trade`` holds the predictions.
    """

    W: np.ndarray
    X: np.ndarray
    rho: Representation
    noise: float
    trade: approximate.Tradeoff


def teacher(
    rho: Representation,
    outputs: int,
    samples: int,
    ratio: float,
    rng: np.random.Generator,
    noise: float = 1.0,
) -> Teacher:
    """Return a random problem whose bias of hard-wiring is ``ratio`` times the variance it saves.

    Inputs are Gaussian with a random covariance that the group does not respect.
    """
    n = rho.dimension
    mixing = np.eye(n) + 0.4 * rng.standard_normal((n, n))
    X = rng.standard_normal((samples, n)) @ mixing
    S = X.T @ X / samples
    W = rng.standard_normal((outputs, n))
    basis = lowrank.invariant_rows(rho)
    invariant = (W @ S @ basis) @ np.linalg.solve(basis.T @ S @ basis, basis.T)
    rest = W - invariant
    unit = approximate.tradeoff(S, rho, rest, noise, samples)
    W = invariant + rest * np.sqrt(ratio * unit.variance / unit.bias)
    return Teacher(W, X, rho, noise, approximate.tradeoff(S, rho, W, noise, samples))


def measured_errors(
    problem: Teacher, strengths: Sequence[float], draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the errors of fits to noisy labels, shape ``(draws, strengths)``.

    Each fit is the optimum of :func:`learnsym.lowrank.regularised` without a bound on the rank;
    an infinite strength stands for :func:`learnsym.lowrank.hard_wired`.
    """
    X, W, rho = problem.X, problem.W, problem.rho
    rank = min(W.shape)
    errors = np.empty((draws, len(strengths)))
    for draw in range(draws):
        Y = X @ W.T + problem.noise * rng.standard_normal((len(X), len(W)))
        moments = lowrank.Moments.from_data(X, Y)
        for k, strength in enumerate(strengths):
            if np.isinf(strength):
                fit = lowrank.hard_wired(moments, rho, min(rank, _invariants(rho))).optimum()
            else:
                fit = lowrank.regularised(moments, rho, rank, strength).optimum()
            errors[draw, k] = np.mean(np.sum((X @ (fit - W).T) ** 2, axis=1))
    return errors


def variance_over_bias(
    names: Sequence[str], rng: np.random.Generator, teachers: int = 10
) -> np.ndarray:
    """Return the best strength over ``V / (mean gamma B)`` on whitened inputs.

    Shape ``(names, teachers)``: cases of the gallery, and random teachers.
    """
    return np.array([[_rule(gallery.find(n).rho_in, rng) for _ in range(teachers)] for n in names])


def _rule(rho: Representation, rng: np.random.Generator) -> float:
    W = rng.standard_normal((1, rho.dimension))
    trade = approximate.tradeoff(np.eye(rho.dimension), rho, W, 1.0, 2 * rho.dimension)
    scale = trade.strengths[trade.asymmetric].mean()
    return trade.best() * scale * trade.bias / trade.variance


@dataclass(frozen=True)
class GaussianErrors:
    """Excess risks on Gaussian inputs: means over draws and their standard errors, each (draws,).

    ``penalised`` has the risks at the strengths of the search grid, shape (draws, strengths).
    """

    plain: np.ndarray
    hard_wired: np.ndarray
    penalised: np.ndarray


def gaussian_errors(
    rho: Representation,
    samples: int,
    asymmetry: float,
    draws: int,
    rng: np.random.Generator,
    strengths: Sequence[float] = (),
) -> GaussianErrors:
    """Fit a teacher on standard Gaussian inputs and noise of variance 1, both drawn anew each time.

    ``asymmetry`` is the squared size of the teacher's asymmetric part. The group must act
    orthogonally.
    """
    n = rho.dimension
    basis = lowrank.invariant_rows(rho)
    G = lowrank.constraint(rho)
    W = rng.standard_normal((draws, n))
    symmetric = W @ basis @ basis.T
    rest = W - symmetric
    size = np.linalg.norm(rest, axis=1, keepdims=True)
    W = symmetric + np.sqrt(asymmetry) * rest / size
    X = rng.standard_normal((draws, samples, n))
    y = np.einsum("kij,kj->ki", X, W) + rng.standard_normal((draws, samples))
    S = X.mT @ X / samples
    c = (X.mT @ y[..., None]) / samples

    def risk(fit: np.ndarray) -> np.ndarray:
        return np.sum((fit[..., 0] - W) ** 2, axis=1)

    hard = basis @ np.linalg.solve(basis.T @ S @ basis, basis.T @ c)
    penalised = [risk(np.linalg.solve(S + k * G @ G.T, c)) for k in strengths]
    shape = (draws, len(penalised))
    return GaussianErrors(
        risk(np.linalg.solve(S, c)), risk(hard), np.array(penalised).T.reshape(shape)
    )


@dataclass(frozen=True)
class Phases:
    """Which estimator wins, on a grid of sample numbers and asymmetries.

    ``plain``, ``hard_wired`` and ``penalised`` (at its best strength) are mean excess risks, shape
    ``(samples, asymmetries)``.
    """

    samples: np.ndarray
    asymmetries: np.ndarray
    plain: np.ndarray
    hard_wired: np.ndarray
    penalised: np.ndarray

    @property
    def gain(self) -> np.ndarray:
        """The smaller risk of plain and hard-wired over that of the best penalty."""
        return np.minimum(self.plain, self.hard_wired) / self.penalised


def phases(
    rho: Representation,
    samples: Sequence[int],
    asymmetries: Sequence[float],
    draws: int,
    rng: np.random.Generator,
) -> Phases:
    """Measure the phase diagram; the best strength is that of least mean risk in every cell."""
    strengths = np.geomspace(1e-3, 1e3, 25)
    cells = np.array(
        [
            [
                [part.mean(axis=0).min() for part in (e.plain, e.hard_wired, e.penalised)]
                for e in (gaussian_errors(rho, N, a, draws, rng, strengths) for a in asymmetries)
            ]
            for N in samples
        ]
    )
    return Phases(np.array(samples), np.array(asymmetries), *np.moveaxis(cells, 2, 0))


@dataclass(frozen=True)
class DigitErrors:
    """Test errors on upright digits against the strength, one row a number of images."""

    images: tuple[int, ...]
    strengths: np.ndarray
    plain: np.ndarray
    hard_wired: np.ndarray
    penalised: np.ndarray


def digit_errors(images: Sequence[int], strengths: Sequence[float], side: int = 14) -> DigitErrors:
    """Fit ten classes of upright digits linearly under a penalty on rotational asymmetry.

    Training images are the first of the MNIST test split, the last 4,000 are for testing. Errors
    are mean squared errors on one-hot targets, over the error of the mean target. Directions
    without data stay out of the fit.
    """
    pictures, classes = digits("mnist", "test", side=side)
    X, Y = pictures.reshape(len(pictures), -1), np.eye(CLASSES)[classes]
    rho = image(groups.image_rotations(side))
    basis = lowrank.invariant_rows(rho)
    G = lowrank.constraint(rho)
    test, targets = X[-4_000:], Y[-4_000:]
    constant = np.mean(np.sum((targets - targets.mean(axis=0)) ** 2, axis=1))

    def error(A: np.ndarray, C: np.ndarray, columns: np.ndarray) -> float:
        fit = C @ columns @ np.linalg.pinv(columns.T @ A @ columns, 1e-8, hermitian=True)
        return float(np.mean(np.sum((targets - test @ columns @ fit.T) ** 2, axis=1)) / constant)

    plain, hard, penalised = [], [], []
    identity = np.eye(rho.dimension)
    for count in images:
        moments = lowrank.Moments.from_data(X[:count], Y[:count])
        plain.append(error(moments.S, moments.C, identity))
        hard.append(error(moments.S, moments.C, basis))
        penalised.append([error(moments.S + s * G @ G.T, moments.C, identity) for s in strengths])
    return DigitErrors(
        tuple(images), np.asarray(strengths), np.array(plain), np.array(hard), np.array(penalised)
    )


def _invariants(rho: Representation) -> int:
    return lowrank.invariant_rows(rho).shape[1]
