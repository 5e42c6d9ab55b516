"""Two-layer nonlinear networks on rotated digits (Duan and Montufar, Figures 10 and 11).

MNIST digits of 14 x 14 pixels without the nine, one-hot targets for nine classes, rotations by
quarter turns. Augmented networks see every training image in all four rotations; hard-wired ones
see the 49 invariant coordinates of an image, so that their first layer is invariant. Both start
from the same weights, the hard-wired ones from their invariant part. Full-batch Adam on the mean
squared error, in float32. Linear networks train beside the nonlinear ones, for comparison.
"""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from learnsym.data import digits
from learnsym.equivariant import invariant_basis
from learnsym.groups import image_rotations
from learnsym.networks.two_layer import TwoLayer, mean_squared_error, orbit_variance, two_layer
from learnsym.regression import augment
from learnsym.representations import image
from learnsym.training import full_batch

PROBE_STEPS = 20
PROBE_TOLERANCE = 1e-3  # float32 sums in another order
EXPECTED_SECONDS = {"smoke": 5.0, "book": 400.0}
CLASSES = 9
ROTATIONS = 4


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``images``: numbers of training images; ``hidden``: numbers of hidden units; ``activations``;
    ``starts`` random starts each; ``test`` other images, and as many Gaussian inputs; ``epochs``
    of Adam at ``rate``; the state is recorded ``records + 1`` times; ``seed`` for the starts and
    the Gaussian inputs.
    """

    images: tuple[int, ...] = (1_000, 5_000)
    hidden: tuple[int, ...] = (7, 15)
    activations: tuple[str, ...] = ("leaky relu", "relu", "swish", "tanh", "linear")
    starts: int = 2
    test: int = 1_000
    side: int = 14
    epochs: int = 2_500
    rate: float = 1e-3
    records: int = 40
    seed: int = 0


SCALES = {
    "smoke": Config(images=(50, 200), test=200, epochs=250, records=10),
    "book": Config(),
}


@dataclass(frozen=True)
class Images:
    """Training and test data, columns are samples; ``basis`` spans the invariant images."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    gaussian: np.ndarray
    basis: np.ndarray


def problem(config: Config) -> Images:
    """Return the data: every block of samples in all four rotations, one block a rotation.

    ``train`` holds the largest number of training images, ``train_labels`` and ``test_labels`` the
    classes of one block. The test images come after all training images.
    """
    largest = max(config.images)
    pictures, classes = digits("mnist", "test", side=config.side)
    kept = classes < CLASSES
    pictures, classes = pictures[kept].reshape(kept.sum(), -1), classes[kept]
    if largest + config.test > len(classes):
        raise ValueError(f"images, test: expected {len(classes)} together, got {config}")
    rng = np.random.default_rng([config.seed, 1])
    noise = rng.standard_normal((config.test, config.side**2))
    rho = image(image_rotations(config.side))
    train, test, gaussian = (
        augment(rows, rho).reshape(-1, rho.dimension).T
        for rows in (pictures[:largest], pictures[largest : largest + config.test], noise)
    )
    labels = classes[:largest], classes[largest : largest + config.test]
    return Images(train, labels[0], test, labels[1], gaussian, invariant_basis(rho))


def recorded_steps(config: Config) -> np.ndarray:
    """Return the recorded epochs, denser at the beginning."""
    share = np.linspace(0, 1, config.records + 1)
    return np.unique((config.epochs * share**2).round().astype(int))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks.

    Returns
    -------
    dict
        ``steps`` (T,); ``loss``, ``test_loss`` and ``accuracy``, of shape
        (T, 2, images, hidden, activations, starts): on all rotations of the training and the test
        images, for augmented (0) and hard-wired (1) networks; ``orbit_variance``
        (T, 2, images, hidden, activations, starts): of the augmented networks, the median over the
        test images (0) and over the Gaussian inputs (1).
    """
    return _train(config, config.images, recorded_steps(config), progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epochs with the fewest images."""
    steps = recorded_steps(config)
    return _train(config, config.images[:1], steps[steps <= PROBE_STEPS], progress=False)


def _train(
    config: Config, sizes: tuple[int, ...], steps: np.ndarray, progress: bool
) -> dict[str, np.ndarray]:
    data = problem(config)
    total = 2 * len(sizes) * len(config.hidden) * int(steps[-1])
    with tqdm(total=total, desc="two_layer", unit="epoch", disable=not progress) as bar:
        pairs = [
            [_pair(config, data, count, hidden, steps, bar) for hidden in config.hidden]
            for count in sizes
        ]
    arrays = {"steps": steps}
    for name in pairs[0][0]:
        # (images, hidden, 2, T, activations, starts) to (T, 2, images, hidden, ...)
        stacked = np.array([[pair[name] for pair in row] for row in pairs])
        arrays[name] = np.moveaxis(stacked, (3, 2), (0, 1)).astype(np.float32)
    return arrays


def _pair(
    config: Config, data: Images, count: int, hidden: int, steps: np.ndarray, bar: tqdm
) -> dict[str, np.ndarray]:
    """Return the series of augmented and hard-wired networks, each (2, T, activations, starts)."""
    rng = np.random.default_rng([config.seed, 0, hidden])
    sizes = (config.side**2, hidden, CLASSES)
    free = two_layer(sizes, config.activations, config.starts, rng)
    tied = free.restricted(data.basis)
    blocks = data.train.reshape(len(data.train), ROTATIONS, -1)[:, :, :count]
    labels = data.train_labels[:count]
    augmented = _follow(
        config, free, _floats(blocks.reshape(len(blocks), -1)), np.tile(labels, ROTATIONS),
        (_floats(data.test), np.tile(data.test_labels, ROTATIONS)), steps, bar, data.gaussian,
    )  # fmt: skip
    # invariant coordinates are the same in all rotations, so one of them is enough
    test = data.basis.T @ data.test[:, : config.test]
    hard_wired = _follow(
        config, tied, _floats(data.basis.T @ blocks[:, 0]), labels,
        (_floats(test), data.test_labels), steps, bar,
    )  # fmt: skip
    series = {name: np.array([augmented[name], hard_wired[name]]) for name in hard_wired}
    return series | {"orbit_variance": np.moveaxis(augmented["orbit_variance"], -1, 0)}


def _follow(
    config: Config,
    networks: TwoLayer,
    x: torch.Tensor,
    labels: np.ndarray,
    test: tuple[torch.Tensor, np.ndarray],
    steps: np.ndarray,
    bar: tqdm,
    gaussian: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Train and return the series, each (T, activations, starts) and what follows."""
    y, test_y = _one_hot(labels), _one_hot(test[1])
    classes = torch.as_tensor(test[1])
    probes = [] if gaussian is None else [test[0], _floats(gaussian)]

    def observe() -> dict[str, torch.Tensor]:
        outputs = networks(test[0])
        series = {
            "loss": mean_squared_error(networks(x), y),
            "test_loss": mean_squared_error(outputs, test_y),
            "accuracy": (outputs.argmax(dim=1) == classes).float().mean(dim=1),
        }
        if probes:
            medians = [orbit_variance(networks(p), ROTATIONS).median(dim=1)[0] for p in probes]
            series["orbit_variance"] = torch.stack(medians, dim=1)
        return series

    history = full_batch(
        networks.parameters, lambda: mean_squared_error(networks(x), y), observe, steps,
        config.rate, bar=bar,
    )  # fmt: skip
    by_run = (len(steps), len(config.activations), config.starts)
    return {name: a.reshape(*by_run, *a.shape[2:]) for name, a in history.series.items()}


def _floats(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)


def _one_hot(labels: np.ndarray) -> torch.Tensor:
    return _floats(np.eye(CLASSES)[:, labels])
