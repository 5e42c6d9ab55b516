"""Gradient descent on MNIST digits in four rotations whose labels carry noise.

The parity label of every digit is disturbed in two ways: each of its four copies gets noise of its
own, or all four get the same. Everything else is as in
:mod:`learnsym.experiments.digit_regression`. The loop reads the rows at every step, so the
closed form is an independent prediction.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.experiments import digit_regression
from learnsym.experiments.digit_regression import Digits, recorded_steps
from learnsym.regression import asymmetric_basis, descend

PROBE_STEPS = 40
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 1.0, "book": 90.0}


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images`` digits of ``side x side`` pixels; ``steps`` gradient steps on all rows; Gaussian
    label noise of standard deviation ``sigma``: ``draws`` labellings with noise per row and one
    with noise per digit; ``seed`` for the initial weights and the noise.
    """

    images: int = 1_000
    side: int = 14
    steps: int = 20_000
    sigma: float = 0.5
    draws: int = 15
    seed: int = 0


SCALES = {"smoke": Config(images=200, steps=1_000, draws=7), "book": Config()}


def problem(config: Config) -> Digits:
    """Return the data set without noise."""
    return digit_regression.problem(_without_noise(config))


def initial_weights(config: Config) -> np.ndarray:
    """Return Gaussian weights of expected squared norm 1, shape ``(d,)``."""
    return digit_regression.initial_weights(_without_noise(config))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train on every noisy labelling and return how asymmetric the weights are.

    Returns
    -------
    dict
        ``steps`` (T,); ``weights`` (T, draws + 1), the squared norm of ``w_k``; ``outputs``
        (T, draws + 1), the mean square of ``w_k . x`` over the rows. The last column has noise per
        digit, the others noise per row.
    """
    return _train(config, recorded_steps(config.steps), progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    steps = recorded_steps(config.steps)
    return _train(config, steps[steps <= PROBE_STEPS], progress=False)


def noisy_labels(data: Digits, config: Config) -> np.ndarray:
    """Return the labellings as columns, ``(4 n, draws + 1)``; the last has noise per digit."""
    rng = np.random.default_rng([config.seed, 3])
    rotations = data.rho.group.order
    own = rng.standard_normal((len(data.rows), config.draws))
    common = np.tile(rng.standard_normal((len(data.rows) // rotations, 1)), (rotations, 1))
    return data.labels[:, :1] + config.sigma * np.hstack([own, common])


def _train(config: Config, steps: np.ndarray, progress: bool) -> dict[str, np.ndarray]:
    data = problem(config)
    labels = noisy_labels(data, config)
    start = np.tile(initial_weights(config)[:, None], labels.shape[1])
    with tqdm(total=int(steps[-1]), desc="noisy_digits", unit="step", disable=not progress) as bar:
        weights = descend(data.rows, labels, start, data.eta, steps, bar=bar)
    basis = asymmetric_basis(data.rho)
    parts = basis.T @ weights
    outputs = np.sum(parts * (basis.T @ data.gram @ basis @ parts), axis=1)
    return {"steps": steps, "weights": np.sum(parts**2, axis=1), "outputs": outputs}


def _without_noise(config: Config) -> digit_regression.Config:
    return digit_regression.Config(images=config.images, side=config.side, seed=config.seed)
