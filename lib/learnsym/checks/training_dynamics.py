"""How training of linear networks departs from what is said about it (Duan and Montufar)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from learnsym.checks import aligned_flow as flow
from learnsym.checks import partial_augmentation as sampling
from learnsym.equivariant import invariant_basis, kernel_basis, reynolds
from learnsym.lowrank import Moments, sampled, unconstrained
from learnsym.representations import Representation


def spread(entries: ArrayLike) -> np.ndarray:
    """Return the range of numbers over their mean absolute value, along the last axis."""
    entries = np.asarray(entries, dtype=np.float64)
    return np.ptp(entries, axis=-1) / np.abs(entries).mean(axis=-1)


def turns(values: ArrayLike, margin: float = 0.02) -> int:
    """Return how often a curve changes between rising and falling.

    A change counts once the curve has moved by ``margin`` of its range away from its last extreme.
    ``values`` has shape ``(T,)``.
    """
    values = np.asarray(values, dtype=np.float64)
    least = margin * np.ptp(values)
    low = high = values[0]
    direction = count = 0
    for value in values:
        low, high = min(low, value), max(high, value)
        if direction >= 0 and value < high - least:
            count, direction, low = count + (direction > 0), -1, value
        elif direction <= 0 and value > low + least:
            count, direction, high = count + (direction < 0), 1, value
    return count


@dataclass(frozen=True)
class AlignedFlow:
    """Squared parts of ``W_perp`` by time, mode and direction, shape ``(T, r, p)``.

    ``measured`` from an ODE solver on all weights, ``predicted`` by :mod:`.aligned_flow`;
    ``first`` ``(T,)`` is ``|W_1,perp|``, measured; ``learnt`` ``(T, r)`` the predicted modes.
    """

    measured: np.ndarray
    predicted: np.ndarray
    first: np.ndarray
    learnt: np.ndarray


def aligned_flow(
    rho: Representation,
    sigma: ArrayLike,
    start: ArrayLike,
    spectrum: ArrayLike,
    size: float,
    times: ArrayLike,
    rng: np.random.Generator,
    tilt: float = 0.0,
) -> AlignedFlow:
    """Integrate gradient flow of a two-layer network from an aligned start.

    Parameters
    ----------
    rho
        Orthogonal representation on inputs.
    sigma, start
        Final and initial sizes of the modes, shape ``(r,)``; ``r`` at most the number of
        independent invariant vectors.
    spectrum
        Eigenvalues of the covariance on the first directions of the kernel of the Reynolds
        operator, shape ``(p,)``; 1 on all others.
    size
        Norm of the initial ``W_1,perp``.
    times
        Shape ``(T,)``, ascending from 0.
    rng
        For the orthogonal factors and the direction of ``W_1,perp``.
    tilt
        Norm of a random matrix that is added to the second layer; it breaks the alignment.
    """
    sigma, start = np.asarray(sigma, dtype=np.float64), np.asarray(start, dtype=np.float64)
    r, n = sigma.size, rho.dimension
    V = invariant_basis(rho)[:, :r]
    rest = kernel_basis(rho)
    eigenvalues = np.ones(rest.shape[1])
    eigenvalues[: len(spectrum)] = spectrum
    S = reynolds(rho) + (rest * eigenvalues) @ rest.T
    U, Q = (np.linalg.qr(rng.standard_normal((r, r)))[0] for _ in range(2))
    C = (U * sigma) @ V.T
    noise = rng.standard_normal((r, rest.shape[1]))
    first = (Q * np.sqrt(start)) @ V.T + size * noise / np.linalg.norm(noise) @ rest.T
    bent = rng.standard_normal((r, r))
    second = (U * np.sqrt(start)) @ Q.T + tilt * bent / np.linalg.norm(bent)

    def slope(_: float, theta: np.ndarray) -> np.ndarray:
        A, W = theta[: r * r].reshape(r, r), theta[r * r :].reshape(r, n)
        error = A @ W @ S - C
        return -2 * np.concatenate([(error @ W.T).ravel(), (A.T @ error).ravel()])

    begin = np.concatenate([second.ravel(), first.ravel()])
    times = np.asarray(times, dtype=np.float64)
    found = solve_ivp(slope, (0, times[-1]), begin, t_eval=times, rtol=1e-10, atol=1e-14).y.T
    layers = found[:, : r * r].reshape(-1, r, r), found[:, r * r :].reshape(-1, r, n)
    parts = (Q.T @ first @ rest) ** 2
    return AlignedFlow(
        measured=(U.T @ layers[0] @ layers[1] @ rest) ** 2,
        predicted=flow.asymmetric(times, sigma, start, parts, eigenvalues),
        first=np.linalg.norm(layers[1] @ rest, axis=(1, 2)),
        learnt=flow.learnt(times, sigma, start),
    )


def sampled_asymmetries(
    rho: Representation,
    samples: int,
    shape: tuple[int, int],
    counts: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``|W_perp S_a^(1/2)|^2`` after augmentation by a few elements per sample.

    Gaussian inputs, targets that a random invariant map fits up to noise of variance 1.

    Parameters
    ----------
    rho
        Orthogonal representation on inputs.
    samples
        Number of inputs.
    shape
        Number of outputs and bound on the rank.
    counts
        Elements per sample, shape ``(k,)``.
    draws
        Independent draws of the elements; the data stay the same.
    rng
        Generator.

    Returns
    -------
    measured, predicted
        Shapes ``(k, draws)`` and ``(k,)``.
    """
    outputs, rank = shape
    average = reynolds(rho)
    X = rng.standard_normal((samples, rho.dimension))
    Y = X @ average @ rng.standard_normal((rho.dimension, outputs))
    Y += rng.standard_normal(Y.shape)
    averaged = Moments.from_data(X, Y).averaged(rho)
    measured = [
        [
            sampling.asymmetry(
                unconstrained(sampled(X, Y, rho, count, rng), rank).optimum(),
                averaged,
                average,
            )
            for _ in range(draws)
        ]
        for count in counts
    ]
    predicted = [sampling.expected_asymmetry(X, Y, rho, rank, count) for count in counts]
    return np.array(measured), np.array(predicted)
