"""Two-layer linear networks on MNIST digits, made invariant in three ways (Duan and Montufar).

The published experiment: 14 x 14 digits without the nines, one-hot targets, the four rotations,
five hidden units, mean squared error or cross-entropy, Adam on the full batch. The networks learn
from augmented data, are hard-wired, or pay a penalty. Beside them: augmentation by a few rotations
per image, and plain gradient descent. The squared error averages over the nine outputs too; it
needs second moments only, so that no augmented image enters.
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
from learnsym.regression import augment
from learnsym.representations import PermutationRepresentation, image
from learnsym.training import History, full_batch

PROBE_STEPS = 15
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 10.0, "book": 600.0}
CLASSES = 9
LOSSES = ("mse", "entropy")
# one orbit of pixels under the four rotations of 14 x 14 images
PIXELS = (45, 52, 143, 150)


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images`` digits of ``side x side`` pixels; ``hidden`` units; ``strengths`` of the penalty, for
    the mean squared error and for cross-entropy; ``rotations`` per image where they are sampled;
    ``runs`` draws of the initial weights; ``steps`` of Adam at ``rate``, ``long`` where it learns
    from all rotations; ``descent`` steps of gradient descent at ``descent_rate``, from the same
    weights and from weights ``small`` times as large; ``seed``.
    """

    images: int = 1_000
    side: int = 14
    hidden: int = 5
    strengths: tuple[tuple[float, ...], ...] = ((0.001, 0.01, 0.1), (0.01, 0.1, 1.0))
    rotations: tuple[int, ...] = (1, 2, 3)
    runs: int = 5
    steps: int = 3_000
    long: int = 30_000
    rate: float = 1e-3
    descent: int = 20_000
    descent_rate: float = 0.225
    small: float = 0.05
    seed: int = 0


SCALES = {
    "smoke": Config(images=300, runs=2, steps=400, long=600, descent=500),
    "book": Config(),
}


@dataclass(frozen=True)
class Digits:
    """Rows ``X`` (N, n), their ``classes`` (N,), and ``rho``, which turns rows."""

    X: np.ndarray
    classes: np.ndarray
    rho: PermutationRepresentation

    @property
    def Y(self) -> np.ndarray:  # noqa: N802 - the name in every formula
        """One-hot targets, shape ``(N, 9)``."""
        return np.eye(CLASSES)[self.classes]

    @property
    def turned(self) -> np.ndarray:
        """All images in all rotations, shape ``(4 N, n)``, one block a rotation."""
        return augment(self.X, self.rho).reshape(-1, self.rho.dimension)

    @property
    def moments(self) -> Moments:
        """Moments of the images as they are; ``moments.averaged(rho)`` are those of all rows."""
        return Moments.from_data(self.X, self.Y)


def problem(images: int = 1_000, side: int = 14) -> Digits:
    """Return the first ``images`` digits of the MNIST test split other than 9."""
    pictures, classes = digits("mnist", "test", side=side)
    kept = np.flatnonzero(classes < CLASSES)
    if not 1 <= images <= len(kept):
        raise ValueError(f"images: expected 1 to {len(kept)}, got {images}")
    kept = kept[:images]
    rows = pictures[kept].reshape(images, -1)
    return Digits(rows, classes[kept], image(image_rotations(side)))


class Networks:
    """Independent linear networks ``x -> A W_1 x``; with a ``basis`` (n, k), ``W_1 = V basis^T``.

    ``first`` (``V`` or ``W_1``) and ``second`` (``A``) have shapes ``(runs, hidden, k)`` and
    ``(runs, m, hidden)``; both are copied.
    """

    def __init__(
        self, first: np.ndarray, second: np.ndarray, basis: np.ndarray | None = None
    ) -> None:
        self.parameters = [torch.tensor(w, requires_grad=True) for w in (first, second)]
        self.basis = None if basis is None else torch.tensor(basis)

    @property
    def layers(self) -> tuple[torch.Tensor, torch.Tensor]:
        """``W_1`` and ``A``."""
        first, second = self.parameters
        return first if self.basis is None else first @ self.basis.T, second

    @property
    def maps(self) -> torch.Tensor:
        """``A W_1``, shape ``(runs, m, n)``."""
        first, second = self.layers
        return second @ first


def start(
    config: Config, basis: np.ndarray | None = None, scale: float = 1.0, copies: int = 1
) -> Networks:
    """Return networks as PyTorch would draw them, uniform up to ``1 / sqrt(fan-in)``.

    One for each run, the whole ``copies`` times; the weights depend on the seed alone.
    """
    rng = np.random.default_rng([config.seed, int(basis is not None)])
    inputs = config.side**2 if basis is None else basis.shape[1]
    shapes = (config.hidden, inputs), (CLASSES, config.hidden)
    drawn = [scale * rng.uniform(-1, 1, (config.runs, *s)) / np.sqrt(s[1]) for s in shapes]
    return Networks(*[np.tile(w, (copies, 1, 1)) for w in drawn], basis)


def squared_error(
    W: torch.Tensor, S: torch.Tensor, C: torch.Tensor, c: torch.Tensor
) -> torch.Tensor:
    """Return the mean over samples and outputs of ``(W x - y)^2`` for maps (runs, m, n): (runs,).

    ``S``, ``C`` and ``c`` are :class:`learnsym.lowrank.Moments`, of every run or of all.
    """
    return (torch.sum((W @ S - 2 * C) * W, dim=(-2, -1)) + c) / W.shape[-2]


def cross_entropy(nets: Networks, rows: torch.Tensor, C: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy on ``rows`` (N, n), shape (runs,).

    ``C`` is the mean of ``y x^T`` over the rows with one-hot targets; outputs ``z`` have the loss
    ``log(sum(exp(z))) - <y, z>``.
    """
    first, second = nets.layers
    hidden = (first.flatten(0, 1) @ rows.T).unflatten(0, first.shape[:2])
    entropy = torch.logsumexp(second @ hidden, dim=1).mean(dim=-1)
    return entropy - torch.sum(C * nets.maps, dim=(-2, -1))


def methods(config: Config, loss: str) -> list[str]:
    """Return what is compared, in the order of the arrays."""
    penalties = [f"penalty {s:g}" for s in config.strengths[LOSSES.index(loss)]]
    few = [f"{count} of 4 rotations" for count in config.rotations] if loss == "mse" else []
    return ["augmented", "hard-wired", *penalties, *few]


def recorded_steps(last: int) -> np.ndarray:
    """Return about 80 step numbers from 0 to ``last``: half evenly spaced, half on a log scale."""
    steps = [np.linspace(0, last, 41), np.geomspace(1, last, 45)]
    return np.unique(np.concatenate(steps).round().astype(int))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and return what was observed.

    Returns
    -------
    dict
        ``steps`` (T,) of Adam. With the prefix ``mse_`` or ``entropy_``, for each method (axis 1,
        see :func:`methods`) and run (axis 2): ``accuracy`` on the training images in all rotations;
        ``total`` ``|W|``; ``asymmetric`` ``|W_perp|``; ``weighted`` ``|W_perp S_a^(1/2)|``;
        ``first`` ``|W_1,perp|``; ``later`` ``|A|``; ``error`` the loss on all rotations; and
        ``entries`` (T, methods, runs, 2, 4): two rows of ``W`` at ``PIXELS``. The same of longer
        training on all rotations, without the axis of methods: ``long_steps`` (L,), and names with
        ``long_`` before them. The same of gradient descent: ``descent_steps`` (D,),
        ``descent_...``, axis 1 the usual and the small start.
    """
    return _train(config, lambda steps: steps, progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    return _train(config, lambda steps: steps[steps <= PROBE_STEPS], progress=False)


def _train(
    config: Config, cut: Callable[[np.ndarray], np.ndarray], progress: bool
) -> dict[str, np.ndarray]:
    data = problem(config.images, config.side)
    steps, more = recorded_steps(config.steps), recorded_steps(config.long)
    both = cut(np.union1d(steps, more[more > steps[-1]]))
    steps, slow = cut(steps), cut(recorded_steps(config.descent))
    arrays = {"steps": steps, "long_steps": both, "descent_steps": slow}
    with tqdm(desc="deep_linear", unit="step", disable=not progress) as bar:
        for loss, fits in (("mse", _mse(config, data)), ("entropy", _entropy(config, data))):
            augmented, *others = [
                full_batch(nets.parameters, objective, observe, both if k == 0 else steps,
                           config.rate, bar=bar)
                for k, (nets, objective, observe) in enumerate(fits)
            ]  # fmt: skip
            arrays |= _joined(loss, augmented, others, config.runs, len(steps))
        nets, objective, observe = _descent(config, data)
        rate = config.descent_rate
        found = full_batch(nets.parameters, objective, observe, slow, rate, "descent", bar)
    return arrays | {
        f"descent_{name}": values.reshape(len(slow), 2, config.runs, *values.shape[2:])
        for name, values in found.series.items()
    }


def _joined(
    loss: str, augmented: History, others: list[History], runs: int, count: int
) -> dict[str, np.ndarray]:
    """Return the series of all methods over the first ``count`` records, and the long ones."""
    arrays = {}
    for name, long in augmented.series.items():
        tail = long.shape[2:]
        parts = [h[name].reshape(count, -1, runs, *tail) for h in others]
        arrays[f"{loss}_{name}"] = np.concatenate([long[:count, None], *parts], axis=1)
        arrays[f"{loss}_long_{name}"] = long
    return arrays


Fit = tuple[Networks, Callable[[], torch.Tensor], Callable[[], dict[str, torch.Tensor]]]


def _mse(config: Config, data: Digits) -> list[Fit]:
    """Return networks, losses and what is observed: augmented, hard-wired, all others."""
    plain, averaged = data.moments, data.moments.averaged(data.rho)
    G = constraint(data.rho)
    # |W G|^2 is a quadratic form like the error, which is divided by the number of outputs
    changed = [plain.S + CLASSES * s * G @ G.T for s in config.strengths[0]]
    objectives = [Moments(S, plain.C, plain.c) for S in changed for _ in range(config.runs)]
    for count in config.rotations:
        for number in range(config.runs):
            rng = np.random.default_rng([config.seed, 2, count, number])
            objectives.append(sampled(data.X, data.Y, data.rho, count, rng))
    others = start(config, copies=len(objectives) // config.runs)
    return [
        _quadratic(data, start(config), [averaged]),
        _quadratic(data, start(config, invariant_rows(data.rho)), [averaged]),
        _quadratic(data, others, objectives),
    ]


def _descent(config: Config, data: Digits) -> Fit:
    pair = start(config), start(config, scale=config.small)
    weights = zip(*[net.parameters for net in pair], strict=True)
    nets = Networks(*[torch.cat(both).numpy(force=True) for both in weights])
    return _quadratic(data, nets, [data.moments.averaged(data.rho)])


def _quadratic(data: Digits, nets: Networks, moments: list[Moments]) -> Fit:
    seen, wanted = _tensors([data.moments.averaged(data.rho)]), _tensors(moments)
    error = _observer(data, nets, lambda: squared_error(nets.maps, *seen))
    return nets, lambda: squared_error(nets.maps, *wanted), error


def _tensors(moments: list[Moments]) -> list[torch.Tensor]:
    return [torch.tensor(np.array([getattr(m, name) for m in moments])) for name in ("S", "C", "c")]


def _entropy(config: Config, data: Digits) -> list[Fit]:
    """Return the same as :func:`_mse`; a hard-wired network sees the same in all rotations."""
    C = torch.tensor(data.moments.C)
    averaged = torch.tensor(data.moments.averaged(data.rho).C)
    turned, once = torch.tensor(data.turned), torch.tensor(data.X)
    G = torch.tensor(constraint(data.rho))
    strengths = torch.tensor(np.repeat(config.strengths[1], config.runs))
    free, wired = start(config), start(config, invariant_rows(data.rho))
    punished = start(config, copies=len(config.strengths[1]))

    def penalised() -> torch.Tensor:
        penalty = torch.sum((punished.maps @ G) ** 2, dim=(-2, -1))
        return cross_entropy(punished, once, C) + strengths * penalty

    objectives = [
        lambda: cross_entropy(free, turned, averaged),
        lambda: cross_entropy(wired, once, C),
        penalised,
    ]
    return [
        (nets, f, _observer(data, nets, lambda nets=nets: cross_entropy(nets, turned, averaged)))
        for nets, f in zip((free, wired, punished), objectives, strict=True)
    ]


def _observer(
    data: Digits, nets: Networks, error: Callable[[], torch.Tensor]
) -> Callable[[], dict[str, torch.Tensor]]:
    """Return a function that measures networks; what it returns is explained at :func:`run`."""
    average, rows = torch.tensor(reynolds(data.rho)), torch.tensor(data.turned)
    S = torch.tensor(data.moments.averaged(data.rho).S)
    classes = torch.tensor(np.tile(data.classes, data.rho.group.order))
    norm = torch.linalg.matrix_norm

    def observe() -> dict[str, torch.Tensor]:
        W, (first, second) = nets.maps, nets.layers
        part = W - W @ average
        outputs = (W.flatten(0, 1) @ rows.T).unflatten(0, W.shape[:2])
        return {
            "accuracy": (outputs.argmax(dim=1) == classes).double().mean(dim=-1),
            "total": norm(W),
            "asymmetric": norm(part),
            "weighted": torch.sum((part @ S) * part, dim=(-2, -1)).clamp(min=0).sqrt(),
            "first": norm(first - first @ average),
            "later": norm(second),
            "error": error(),
            "entries": W[:, :2, PIXELS],
        }

    return observe
