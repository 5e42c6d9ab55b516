"""Two-layer nonlinear networks on rotated digits (Duan and Montufar, Figures 10 and 11).

MNIST digits of 14 x 14 pixels without the nine, one-hot targets, rotations by quarter turns.
Augmented networks see every training image in all four rotations; hard-wired ones see its 49
invariant coordinates. Full-batch Adam on the mean squared error, samples and outputs averaged, in
float32.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from learnsym.equivariant import invariant_basis
from learnsym.experiments.deep_linear import CLASSES, Digits, problem
from learnsym.training import full_batch

PROBE_STEPS = 15
PROBE_TOLERANCE = 1e-3  # float32 sums in another order
EXPECTED_SECONDS = {"smoke": 10.0, "book": 800.0}
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Leaky ReLU": functional.leaky_relu,
    "ReLU": torch.relu,
    "Swish": functional.silu,
    "Tanh": torch.tanh,
}


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images``: numbers of training images of ``side x side`` pixels; ``hidden``: numbers of hidden
    units; ``starts`` random starts of every activation; ``epochs`` of Adam at ``rate``, recorded
    ``records + 1`` times; ``seed`` of the starts.
    """

    images: tuple[int, ...] = (1_000, 5_000)
    side: int = 14
    hidden: tuple[int, ...] = (7, 15)
    starts: int = 3
    epochs: int = 4_000
    rate: float = 1e-3
    records: int = 40
    seed: int = 0


SCALES = {
    "smoke": Config(images=(50, 200), starts=2, epochs=400, records=10),
    "book": Config(),
}


def start(sizes: tuple[int, int, int], starts: int, rng: np.random.Generator) -> list[torch.Tensor]:
    """Return ``U`` (runs, hidden, n) and ``V`` (runs, m, hidden) as PyTorch would draw them.

    Entries are uniform within ``1 / sqrt(fan-in)``; all activations get the same ``starts``.
    """
    n, hidden, m = sizes
    drawn = [rng.uniform(-1, 1, (starts, *s)) / np.sqrt(s[1]) for s in ((hidden, n), (m, hidden))]
    return [_floats(np.tile(w, (len(ACTIVATIONS), 1, 1))).requires_grad_() for w in drawn]


def outputs(weights: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return ``V phi(U x)`` on the columns of ``x`` (n, N), shape (runs, m, N).

    ``weights`` are ``U`` and ``V`` as :func:`start` returns them: one block of runs an activation.
    """
    first, second = weights
    # all runs read the same inputs: one matrix product serves them together
    z = (first.flatten(0, 1) @ x).unflatten(0, first.shape[:2]).chunk(len(ACTIVATIONS))
    hidden = [phi(part) for phi, part in zip(ACTIVATIONS.values(), z, strict=True)]
    return second @ torch.cat(hidden)


def recorded_steps(config: Config) -> np.ndarray:
    """Return the recorded epochs, denser at the beginning."""
    share = np.linspace(0, 1, config.records + 1)
    return np.unique((config.epochs * share**2).round().astype(int))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks.

    Returns
    -------
    dict
        ``steps`` (T,); ``loss`` (T, 2, images, hidden, activations, starts) on all rotations of the
        training images, for augmented (0) and hard-wired (1) networks. For ``h`` hidden units,
        ``U_h`` (images, activations, starts, h, n) and ``V_h`` (images, activations, starts, 9, h):
        the augmented networks in the end.
    """
    return _train(config, config.images, recorded_steps(config), progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epochs of the losses, with the fewest images."""
    steps = recorded_steps(config)
    arrays = _train(config, config.images[:1], steps[steps <= PROBE_STEPS], progress=False)
    return {name: arrays[name] for name in ("steps", "loss")}


def _train(
    config: Config, sizes: tuple[int, ...], steps: np.ndarray, progress: bool
) -> dict[str, np.ndarray]:
    arrays, losses = {"steps": steps}, []
    runs = len(ACTIVATIONS), config.starts
    total = 2 * len(sizes) * len(config.hidden) * int(steps[-1])
    with tqdm(total=total, desc="two_layer", unit="epoch", disable=not progress) as bar:
        for hidden in config.hidden:
            pairs = [_pair(config, problem(n, config.side), hidden, steps, bar) for n in sizes]
            losses.append([loss for loss, _ in pairs])
            for k, name in enumerate(("U", "V")):
                both = [weights[k].reshape(*runs, *weights[k].shape[1:]) for _, weights in pairs]
                arrays[f"{name}_{hidden}"] = np.array(both)
    # (hidden, images, 2, T, runs) to (T, 2, images, hidden, activations, starts)
    loss = np.array(losses, dtype=np.float32).transpose(3, 2, 1, 0, 4)
    return arrays | {"loss": loss.reshape(*loss.shape[:4], *runs)}


def _pair(
    config: Config, data: Digits, hidden: int, steps: np.ndarray, bar: tqdm
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the losses (T, runs) of both kinds of network, and the weights of the augmented."""
    rng = np.random.default_rng([config.seed, 0, hidden])
    turns = data.rho.group.order
    # invariant coordinates are the same in all rotations, so one of them is enough
    kinds = [
        (data.turned, np.tile(data.Y, (turns, 1))),
        (data.X @ invariant_basis(data.rho), data.Y),
    ]
    losses, trained = [], []
    for X, Y in kinds:
        weights = start((X.shape[1], hidden, CLASSES), config.starts, rng)
        losses.append(_follow(weights, _floats(X.T), _floats(Y.T), steps, config.rate, bar))
        trained.append([w.numpy(force=True) for w in weights])
    return losses, trained[0]


def _follow(
    weights: list[torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
    steps: np.ndarray,
    rate: float,
    bar: tqdm,
) -> np.ndarray:
    def loss() -> torch.Tensor:
        return (outputs(weights, x) - y).square().mean(dim=(1, 2))

    return full_batch(weights, loss, lambda: {"loss": loss()}, steps, rate, bar=bar)["loss"]


def _floats(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)
