"""Two-layer linear networks on MNIST digits, made invariant in three ways (Duan and Montufar).

The published experiment: 14 x 14 digits without the nines, one-hot targets, the four rotations,
five hidden units, the mean squared error, Adam on the full batch. The networks learn from augmented
data, are hard-wired, or pay a penalty. Beside them: augmentation by a few rotations per image, and
plain gradient descent. No augmented image is formed: the loss is a function of second moments.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from learnsym.data import digits
from learnsym.equivariant import reynolds
from learnsym.groups import image_rotations
from learnsym.lowrank import Moments, constraint, invariant_rows, sampled
from learnsym.networks.linear import DeepLinear, accuracy, squared_error, uniform_factors
from learnsym.regression import augment
from learnsym.representations import PermutationRepresentation, image
from learnsym.training import History, full_batch

PROBE_STEPS = 30
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 3.0, "book": 120.0}
CLASSES = 9
# one orbit of pixels under the four rotations of 14 x 14 images
PIXELS = (45, 52, 143, 150)


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images`` digits to train on and ``tested`` others, of ``side x side`` pixels; ``hidden``
    units; ``strengths`` of the penalty; ``rotations`` per image where they are sampled; ``runs``
    draws of the initial weights; ``steps`` of Adam at ``rate``; ``long`` steps of gradient descent
    at ``descent_rate``, from the same weights and from weights ``small`` times as large; ``seed``.
    """

    images: int = 1_000
    tested: int = 1_000
    side: int = 14
    hidden: int = 5
    strengths: tuple[float, ...] = (0.001, 0.01, 0.1)
    rotations: tuple[int, ...] = (1, 2, 3)
    runs: int = 5
    steps: int = 2_500
    rate: float = 1e-3
    long: int = 20_000
    descent_rate: float = 0.025
    small: float = 0.05
    seed: int = 0


SCALES = {
    "smoke": Config(images=300, tested=200, steps=1_500, long=1_000, runs=2),
    "book": Config(),
}


@dataclass(frozen=True)
class Digits:
    """The problem: rows ``X`` (N, n), classes (N,), one-hot ``Y`` (N, 9), tested rotations.

    ``tested`` has shape ``(4 M, n)`` and holds other digits in all four rotations, with their
    ``tested_classes``; ``rho`` acts on rows; ``moments`` and ``averaged`` are those of the data and
    of the data in all rotations.
    """

    X: np.ndarray
    classes: np.ndarray
    tested: np.ndarray
    tested_classes: np.ndarray
    rho: PermutationRepresentation

    @property
    def Y(self) -> np.ndarray:  # noqa: N802 - the name in every formula
        """One-hot targets, shape ``(N, 9)``."""
        return np.eye(CLASSES)[self.classes]

    @property
    def moments(self) -> Moments:
        """Moments of the images as they are."""
        return Moments.from_data(self.X, self.Y)

    @property
    def averaged(self) -> Moments:
        """Moments of the images in all rotations."""
        return self.moments.averaged(self.rho)


def problem(images: int = 1_000, tested: int = 1_000, side: int = 14) -> Digits:
    """Return the first ``images`` digits of the MNIST test split other than 9, and the next."""
    pictures, classes = digits("mnist", "test", side=side)
    kept = np.flatnonzero(classes < CLASSES)
    if min(images, tested) < 1 or images + tested > len(kept):
        raise ValueError(
            f"images, tested: expected at least 1 each and at most {len(kept)} together, "
            f"got {images} and {tested}"
        )
    kept = kept[: images + tested]
    rows, classes = pictures[kept].reshape(len(kept), -1), classes[kept]
    rho = image(image_rotations(side))
    turned = augment(rows[images:], rho).reshape(-1, rho.dimension)
    labels = np.tile(classes[images:], rho.group.order)
    return Digits(rows[:images], classes[:images], turned, labels, rho)


def methods(config: Config) -> list[str]:
    """Return the names of what is compared, in the order of the arrays."""
    return [
        "augmented",
        "hard-wired",
        *[f"penalty {strength:g}" for strength in config.strengths],
        *[f"{count} of 4 rotations" for count in config.rotations],
    ]


def recorded_steps(last: int) -> np.ndarray:
    """Return about 80 step numbers from 0 to ``last``: half evenly spaced, half on a log scale."""
    steps = [np.linspace(0, last, 41), np.geomspace(1, last, 45)]
    return np.unique(np.concatenate(steps).round().astype(int))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and return what was observed.

    Returns
    -------
    dict
        ``steps`` (T,) of Adam. For each method (axis 1, see :func:`methods`) and run (axis 2):
        ``accuracy`` on rotated test images; ``total`` ``|W|``; ``asymmetric`` ``|W_perp|``;
        ``weighted`` ``|W_perp S_a^(1/2)|``; ``first`` ``|W_1,perp|``; ``later`` ``|A|``; ``error``
        the mean squared error on the augmented data. ``entries`` (T, runs, 2, 4): two rows of the
        augmented ``W`` at ``PIXELS``. The same of gradient descent on augmented data with the
        prefix ``descent_``: ``descent_steps`` (L,), axis 1 the usual and the small start.
    """
    ends = recorded_steps(config.steps), recorded_steps(config.long)
    return _train(config, *ends, progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    ends = recorded_steps(config.steps), recorded_steps(config.long)
    return _train(config, *(steps[steps <= PROBE_STEPS] for steps in ends), progress=False)


def observer(data: Digits) -> Callable[[DeepLinear], dict[str, torch.Tensor]]:
    """Return a function that measures networks; what it returns is explained at :func:`run`."""
    average = torch.tensor(reynolds(data.rho))
    S, C, c = tensors(data.averaged)
    rows, classes = torch.tensor(data.tested), torch.tensor(data.tested_classes)

    def observe(nets: DeepLinear) -> dict[str, torch.Tensor]:
        W, first = nets.product, nets.first
        part = W - W @ average
        weighted = torch.sum((part @ S) * part, dim=(-2, -1)).clamp(min=0)
        return {
            "accuracy": accuracy(W, rows, classes),
            "total": torch.linalg.matrix_norm(W),
            "asymmetric": torch.linalg.matrix_norm(part),
            "weighted": torch.sqrt(weighted),
            "first": torch.linalg.matrix_norm(first - first @ average),
            "later": torch.linalg.matrix_norm(nets.downstream),
            "error": squared_error(W, S, C, c),
        }

    return observe


def tensors(moments: Moments) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Return the moments for :func:`learnsym.networks.linear.squared_error`."""
    return torch.tensor(moments.S), torch.tensor(moments.C), moments.c


def start(config: Config, data: Digits, hard_wired: bool, scale: float = 1.0) -> DeepLinear:
    """Return one network per run as PyTorch would draw it; the weights depend on the seed alone."""
    rng = np.random.default_rng([config.seed, int(hard_wired)])
    basis = invariant_rows(data.rho) if hard_wired else None
    inputs = data.X.shape[1] if basis is None else basis.shape[1]
    widths = (inputs, config.hidden, CLASSES)
    return DeepLinear(uniform_factors(widths, config.runs, rng, scale), basis)


def repeated(nets: DeepLinear, times: int) -> DeepLinear:
    """Return an ensemble that starts ``times`` times from the weights of ``nets``."""
    factors = [np.tile(p.numpy(force=True), (times, 1, 1)) for p in nets.parameters]
    return DeepLinear(factors, None if nets.basis is None else nets.basis.numpy())


def _train(
    config: Config, steps: np.ndarray, long: np.ndarray, progress: bool
) -> dict[str, np.ndarray]:
    data = problem(config.images, config.tested, config.side)
    total = 2 * int(steps[-1]) + int(long[-1])
    with tqdm(total=total, desc="deep_linear", unit="step", disable=not progress) as bar:
        free = _fit(data, _free(config, data), _objectives(config, data), steps, config.rate, bar)
        wired = _fit(data, start(config, data, True), data.averaged, steps, config.rate, bar)
        both = _descents(config, data)
        slow = _fit(data, both, data.averaged, long, config.descent_rate, bar, "descent")
    arrays = {"steps": steps, "entries": free["entries"][:, : config.runs]}
    for name in set(free.series) - {"entries"}:
        split = free[name].reshape(len(steps), -1, config.runs)
        arrays[name] = np.concatenate([split[:, :1], wired[name][:, None], split[:, 1:]], axis=1)
    arrays["descent_steps"] = long
    for name in set(slow.series) - {"entries"}:
        arrays[f"descent_{name}"] = slow[name].reshape(len(long), 2, config.runs)
    return arrays


def _free(config: Config, data: Digits) -> DeepLinear:
    """Return the networks of all methods but hard-wiring; all methods share their starts."""
    return repeated(start(config, data, False), len(methods(config)) - 1)


def _descents(config: Config, data: Digits) -> DeepLinear:
    usual, small = (start(config, data, False, scale) for scale in (1.0, config.small))
    pairs = zip(usual.parameters, small.parameters, strict=True)
    return DeepLinear([np.concatenate([p.numpy(force=True) for p in pair]) for pair in pairs])


def _objectives(config: Config, data: Digits) -> list[Moments]:
    """Return the moments that each run of :func:`_free` minimises."""
    plain = data.moments
    G = constraint(data.rho)
    found = [data.averaged] * config.runs
    for strength in config.strengths:
        found += [Moments(plain.S + strength * G @ G.T, plain.C, plain.c)] * config.runs
    for count in config.rotations:
        for number in range(config.runs):
            rng = np.random.default_rng([config.seed, 2, count, number])
            found.append(sampled(data.X, data.Y, data.rho, count, rng))
    return found


def _fit(
    data: Digits,
    nets: DeepLinear,
    objective: Moments | list[Moments],
    steps: np.ndarray,
    rate: float,
    bar: tqdm,
    optimiser: str = "adam",
) -> History:
    if isinstance(objective, Moments):
        S, C, c = tensors(objective)
    else:
        S, C = (torch.tensor(np.array([getattr(m, key) for m in objective])) for key in "SC")
        c = torch.tensor([m.c for m in objective])
    measure = observer(data)

    def observe() -> dict[str, torch.Tensor]:
        return measure(nets) | {"entries": nets.product[:, :2, PIXELS]}

    def loss() -> torch.Tensor:
        return squared_error(nets.product, S, C, c)

    return full_batch(nets.parameters, loss, observe, steps, rate, optimiser, bar)
