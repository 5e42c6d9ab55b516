"""Gradient descent on MNIST digits in all four rotations: what the data do to w_k.

Linear regression of a label on the pixels of 14 x 14 digits. Every image enters with its four
rotations and one label, so Assumption 1 of Gideoni holds. The loss is the mean squared error
``1 / (2 N) |y - X w|^2`` over the ``N = 4 n`` rows. Each step reads the data, never their Gram
matrix, so the closed form is an independent prediction.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.data import digits
from learnsym.groups import image_rotations
from learnsym.regression import augment, descend, minibatches
from learnsym.representations import PermutationRepresentation, image

PROBE_STEPS = 40
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 1.0, "book": 55.0}
LABELINGS = ("parity", "below five", "random")


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images`` digits from the MNIST test split of ``side x side`` pixels; ``steps`` gradient steps;
    mini-batches of ``batch`` rows; learning rate ``1 / lambda_max``; ``seed`` for the
    initial weights, the random labelling and the mini-batches.
    """

    images: int = 1_000
    side: int = 14
    steps: int = 20_000
    batch: int = 100
    seed: int = 0


SCALES = {"smoke": Config(images=200, steps=200), "book": Config()}


@dataclass(frozen=True)
class Digits:
    """The regression problem: rows, labels and the group.

    ``rows`` has shape ``(4 n, d)``; ``labels`` ``(4 n, 3)`` holds one column per entry of
    ``LABELINGS``; ``eta`` is the learning rate.
    """

    rows: np.ndarray
    labels: np.ndarray
    rho: PermutationRepresentation
    eta: float

    @property
    def gram(self) -> np.ndarray:
        """The mean Gram matrix ``X^T X / N``, shape ``(d, d)``."""
        return self.rows.T @ self.rows / len(self.rows)

    @property
    def moments(self) -> np.ndarray:
        """The mean moments ``X^T y / N``, shape ``(d, 3)``."""
        return self.rows.T @ self.labels / len(self.rows)


def problem(config: Config) -> Digits:
    """Return the data set of ``config``: every digit in four rotations, labels in {-1, 1}."""
    pictures, classes = digits("mnist", "test", size=config.images, side=config.side)
    rho = image(image_rotations(config.side))
    rows = augment(pictures.reshape(len(pictures), -1), rho).reshape(-1, rho.dimension)
    coin = np.random.default_rng([config.seed, 1]).integers(2, size=len(classes))
    columns = [classes % 2 == 0, classes < 5, coin == 1]
    labels = np.tile(np.where(np.stack(columns, axis=1), 1.0, -1.0), (rho.group.order, 1))
    eta = 1 / np.linalg.eigvalsh(rows.T @ rows / len(rows))[-1]
    return Digits(rows, labels, rho, float(eta))


def initial_weights(config: Config) -> np.ndarray:
    """Return Gaussian weights of expected squared norm 1, shape ``(d,)``."""
    d = config.side**2
    return np.random.default_rng([config.seed, 0]).standard_normal(d) / np.sqrt(d)


def recorded_steps(last: int) -> np.ndarray:
    """Return about 50 step numbers from 0 to ``last``, evenly spaced on a log scale."""
    return np.unique(np.concatenate([[0], np.geomspace(1, last, 50).round().astype(int)]))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and return the weights at the recorded steps.

    Returns
    -------
    dict
        ``steps`` (T,); ``full`` (T, 3, d), full batch in float64, one row per labelling;
        ``single`` (T, d), parity labels in float32; ``minibatch`` (T, d), parity labels in float64.
    """
    return _train(config, recorded_steps(config.steps), progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    steps = recorded_steps(config.steps)
    return _train(config, steps[steps <= PROBE_STEPS], progress=False)


def _train(config: Config, steps: np.ndarray, progress: bool) -> dict[str, np.ndarray]:
    data = problem(config)
    w0 = initial_weights(config)[:, None]
    parity = data.labels[:, :1]
    rng = np.random.default_rng([config.seed, 2])
    batches = minibatches(len(data.rows), config.batch, rng)
    total = 3 * int(steps[-1])
    with tqdm(total=total, desc="digit_regression", unit="step", disable=not progress) as bar:
        full = descend(data.rows, data.labels, np.tile(w0, 3), data.eta, steps, bar=bar)
        single = descend(
            *(a.astype(np.float32) for a in (data.rows, parity, w0)), data.eta, steps, bar=bar
        )
        noisy = descend(data.rows, parity, w0, data.eta, steps, batches, bar)
    return {
        "steps": steps,
        "full": full.transpose(0, 2, 1),
        "single": single[:, :, 0].astype(np.float64),
        "minibatch": noisy[:, :, 0],
    }
