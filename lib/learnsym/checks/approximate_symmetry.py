"""Approximate symmetry: the risk of a penalty on asymmetry, and its best strength.

Targets are ``y = W* x + noise`` with a teacher ``W*`` that is invariant only up to a part of known
size. Plain least squares, the penalised one and the hard-wired one differ in how much variance they
trade for how much bias. On fixed inputs the trade can be written down: in the modes of the
penalty relative to the covariance of the inputs, the three estimators are diagonal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.optimize import brentq

from learnsym.lowrank import constraint
from learnsym.representations import Representation

NULL_TOLERANCE = 1e-10


def penalty_modes(S: ArrayLike, rho: Representation) -> tuple[np.ndarray, np.ndarray]:
    """Return the modes of the penalty ``|W G|^2`` relative to the covariance ``S``.

    Parameters
    ----------
    S
        Second moment of the inputs, positive definite, shape ``(n, n)``.
    rho
        Representation on the inputs.

    Returns
    -------
    strengths : numpy.ndarray
        Ascending ``gamma``, shape ``(n,)``, with ``G G^T u = gamma S u``. As many are 0, exactly,
        as there are independent invariant rows.
    modes : numpy.ndarray
        The vectors ``u`` as columns, with ``u_j^T S u_k = 0`` or 1, shape ``(n, n)``.

    Raises
    ------
    ValueError
        Shapes do not fit, or ``S`` is not positive definite.
    """
    S = np.asarray(S, dtype=np.float64)
    if S.shape != (rho.dimension,) * 2:
        raise ValueError(f"S: expected shape {(rho.dimension,) * 2}, got {S.shape}")
    smallest, largest = np.linalg.eigvalsh(S)[[0, -1]]
    if smallest <= 1e-12 * largest:
        raise ValueError(
            f"S: expected a positive definite matrix, got smallest eigenvalue {smallest:.3g}; "
            "more samples than inputs are needed"
        )
    G = constraint(rho)
    strengths, modes = eigh(G @ G.T, S)
    strengths[strengths < NULL_TOLERANCE * strengths.max(initial=0.0)] = 0.0
    return np.where(strengths < NULL_TOLERANCE / largest, 0.0, strengths), modes


@dataclass(frozen=True)
class Tradeoff:
    """Expected squared error of the three estimators on fixed inputs, noise averaged.

    The error is the mean over the inputs of ``|W x - W* x|^2``.

    Attributes
    ----------
    strengths
        The ``gamma`` of :func:`penalty_modes`, shape ``(n,)``.
    squares
        The squared size of the teacher in each mode, shape ``(n,)``.
    unit
        Variance per mode: the variance of the noise, added over outputs, over the samples.
    """

    strengths: np.ndarray
    squares: np.ndarray
    unit: float

    @property
    def asymmetric(self) -> np.ndarray:
        """Which modes the penalty sees, shape ``(n,)``."""
        return self.strengths > 0

    @property
    def bias(self) -> float:
        """Squared bias of hard-wiring: how far the teacher is from the invariant maps."""
        return float(self.squares[self.asymmetric].sum())

    @property
    def variance(self) -> float:
        """Variance that hard-wiring saves: the part of plain regression in asymmetric modes."""
        return float(self.unit * self.asymmetric.sum())

    @property
    def floor(self) -> float:
        """Variance in the invariant modes, common to all estimators."""
        return float(self.unit * (~self.asymmetric).sum())

    @property
    def plain(self) -> float:
        """Error of plain least squares."""
        return self.floor + self.variance

    @property
    def hard_wired(self) -> float:
        """Error of least squares over invariant maps."""
        return self.floor + self.bias

    def risk(self, strength: ArrayLike) -> np.ndarray:
        """Return the error with the penalty ``strength |W G|^2``, of the shape of ``strength``."""
        t = np.asarray(strength, dtype=np.float64)[..., None] * self.strengths
        return np.sum((t**2 * self.squares + self.unit) / (1 + t) ** 2, axis=-1)

    def slope(self, strength: ArrayLike) -> np.ndarray:
        """Return the derivative of :meth:`risk`."""
        t = np.asarray(strength, dtype=np.float64)[..., None] * self.strengths
        terms = 2 * self.strengths * (t * self.squares - self.unit) / (1 + t) ** 3
        return np.sum(terms, axis=-1)

    def bracket(self) -> tuple[float, float]:
        """Return bounds on every stationary strength: the extremes of the best ones of a mode.

        The best strength of mode j alone is ``unit / (gamma_j squares_j)``.
        """
        with np.errstate(divide="ignore"):
            own = self.unit / (self.strengths * self.squares)[self.asymmetric]
        return float(own.min()), float(own.max())

    def best(self, resolution: int = 2000) -> float:
        """Return the strength of least risk; infinite if the teacher is invariant.

        Where the risk has several local minima, all are found that lie at least a step of the
        search grid apart, and the lowest is taken.

        Raises
        ------
        ValueError
            The penalty sees no mode.
        """
        if not self.asymmetric.any():
            raise ValueError("strengths: expected a penalty that is not zero")
        if self.bias <= NULL_TOLERANCE**2 * self.squares.sum() or self.bias == 0:
            return float("inf")
        if self.unit == 0:
            return 0.0
        low, high = self.bracket()
        # beyond this the slope is positive: sum of squares / gamma outweighs sum of unit
        active = self.asymmetric
        tail = self.squares[active] / self.strengths[active]
        high = min(high, 1e3 * self.unit * np.sum(self.strengths[active] ** -2.0) / tail.sum())
        grid = np.geomspace(low / 2, max(high, low) * 2, resolution)
        slopes = self.slope(grid)
        turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
        minima = [brentq(self.slope, grid[k], grid[k + 1], xtol=1e-300) for k in turns]
        return float(min(minima, key=self.risk))


def tradeoff(
    S: ArrayLike, rho: Representation, teacher: ArrayLike, noise: float, samples: int
) -> Tradeoff:
    """Return the trade of bias for variance on inputs with second moment ``S``.

    Parameters
    ----------
    S
        Mean of ``x x^T`` over the inputs, positive definite, shape ``(n, n)``.
    rho
        Representation on the inputs.
    teacher
        ``W*``, shape ``(m, n)``.
    noise
        Standard deviation of the noise of each output, independent between samples and outputs.
    samples
        Number of inputs ``N``.

    Raises
    ------
    ValueError
        Shapes do not fit, ``noise`` is negative, ``samples`` below ``n``, or ``S`` is singular.
    """
    teacher = np.asarray(teacher, dtype=np.float64)
    if teacher.ndim != 2 or teacher.shape[1] != rho.dimension:
        raise ValueError(f"teacher: expected shape (m, {rho.dimension}), got {teacher.shape}")
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise: expected a finite number >= 0, got {noise}")
    if samples < rho.dimension:
        raise ValueError(f"samples: expected at least {rho.dimension}, got {samples}")
    strengths, modes = penalty_modes(S, rho)
    squares = np.sum((teacher @ np.asarray(S) @ modes) ** 2, axis=0)
    return Tradeoff(strengths, squares, len(teacher) * noise**2 / samples)


def gaussian_risks(
    inputs: int, invariants: int, samples: ArrayLike, asymmetry: ArrayLike, noise: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected excess risks of plain and hard-wired regression on Gaussian inputs.

    Inputs are drawn anew from a centred Gaussian of any covariance, for training and for testing.

    Parameters
    ----------
    inputs
        Their number ``n``.
    invariants
        Dimension ``d`` of the invariant rows.
    samples
        ``N``, above ``n + 1``.
    asymmetry
        Squared distance of the teacher from the invariant maps, in mean square over the
        distribution, all outputs together.
    noise
        Variance of the noise, all outputs together.

    Raises
    ------
    ValueError
        ``samples`` is at most ``n + 1``: the risk of plain regression is then infinite or depends
        on how the solution is chosen.
    """
    samples = np.asarray(samples, dtype=np.float64)
    if not 0 <= invariants <= inputs:
        raise ValueError(f"invariants: expected 0 to {inputs}, got {invariants}")
    if np.any(samples <= inputs + 1):
        raise ValueError(f"samples: expected more than {inputs + 1}, got {samples.min():g}")
    asymmetry, noise = np.asarray(asymmetry, float), np.asarray(noise, float)
    plain = noise * inputs / (samples - inputs - 1)
    # to the invariant fit, the asymmetric part of the teacher is noise
    hard = asymmetry + (noise + asymmetry) * invariants / (samples - invariants - 1)
    return plain, hard


def gaussian_threshold(
    inputs: int, invariants: int, asymmetry: ArrayLike, noise: ArrayLike
) -> np.ndarray:
    """Return the number of samples below which hard-wiring beats plain regression.

    Arguments as in :func:`gaussian_risks`: ``n + 1 + (n - d) noise / asymmetry``.
    """
    with np.errstate(divide="ignore"):
        ratio = np.asarray(noise, float) / np.asarray(asymmetry, float)
    return inputs + 1 + (inputs - invariants) * ratio
