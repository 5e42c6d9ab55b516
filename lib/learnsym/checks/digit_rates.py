"""Decay of w_k on digits, direction by direction: the measured rates and what never decays."""

from dataclasses import dataclass

import numpy as np

from learnsym import regression
from learnsym.experiments.digit_regression import Digits

NEVER_SEEN = 1e-12
STILL_VISIBLE = 1e-6


@dataclass(frozen=True)
class AsymmetricModes:
    """Eigenvectors of ``K_G`` on ker R.

    ``eigenvalues`` (k,) ascending; ``vectors`` (d, k) with orthonormal columns; ``seen`` (k,) marks
    the eigenvalues above rounding: in the other directions the data have no variance.
    """

    eigenvalues: np.ndarray
    vectors: np.ndarray
    seen: np.ndarray


def asymmetric_modes(data: Digits) -> AsymmetricModes:
    """Return the modes in which the asymmetric weights decay."""
    basis = regression.asymmetric_basis(data.rho)
    values, vectors = np.linalg.eigh(basis.T @ data.gram @ basis)
    return AsymmetricModes(values, basis @ vectors, values > NEVER_SEEN * values[-1])


def rates(
    modes: AsymmetricModes, weights: np.ndarray, steps: np.ndarray, eta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and measured decay rates per unit time along a trajectory.

    One pair for each seen mode that decays by more than 1e-6 of itself during the training; less
    cannot be told from rounding. Measured from the first record to the last one at which the mode
    is above 1e-6 of its start. ``weights`` has shape ``(T, d)``, ``steps`` ``(T,)``.
    """
    measurable = modes.seen & (modes.eigenvalues * eta * steps[-1] > STILL_VISIBLE)
    sizes = np.abs(weights @ modes.vectors[:, measurable])
    last = np.sum(sizes > STILL_VISIBLE * sizes[0], axis=0) - 1
    mode = np.arange(sizes.shape[1])
    measured = -np.log(sizes[last, mode] / sizes[0]) / (eta * steps[last])
    return regression.descent_rate(modes.eigenvalues[measurable], eta), measured
