"""What the experiments on Transforming-MNIST share: their data, training, tuning and measures.

Set-up of Moskalev et al. 2023. Networks are ensembles, one run a seed. ``DA`` networks see one
random group element per sample and epoch, ``WT`` networks tie the first layer over the group,
all others are DA networks with a penalty.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from learnsym.data.transforming import CLASSES, FRAMED, TransformingImages, transforming_images
from learnsym.experiments.transforming_measures import layer_norms, on_orbits, similarity
from learnsym.groups import PermutationGroup, image_rotations, image_translations
from learnsym.invariance import spectral_norms
from learnsym.networks.perceptron import Perceptron, orbit_indices, perceptron
from learnsym.training.minibatch import Schedule, minibatch

GROUPS = ("R4", "T3")


@dataclass(frozen=True)
class Setting:
    """Sizes and hyperparameters; the defaults are those of the paper.

    ``train``, ``validation``, ``test``: numbers of images; ``embedded``: only images that come
    with the package; ``epochs``, ``batch``, ``rate`` of Adam; ``hidden`` layers of ``width``
    units; ``runs``; ``saliency`` images for everything that needs gradients; ``records``: epochs
    at which the measures are taken during training; ``rotation_strengths`` and
    ``shift_strengths``: the weights of the penalty to choose from; ``target``: the similarity of
    saliency maps that the choice must reach on validation images; ``workers``: processes that train
    side by side; ``seed``.
    """

    train: int = 10_000
    validation: int = 2_000
    test: int = 50_000
    embedded: bool = False
    epochs: int = 300
    batch: int = 512
    rate: float = 8e-4
    hidden: int = 5
    width: int = 128
    runs: int = 4
    saliency: int = 2_000
    records: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 300)
    rotation_strengths: tuple[float, ...] = (4.0, 8.0, 16.0, 32.0)
    shift_strengths: tuple[float, ...] = (30.0, 60.0, 120.0, 240.0)
    target: float = 0.95
    workers: int = 2
    seed: int = 0

    def strengths(self, group: str) -> tuple[float, ...]:
        """Return the weights to choose from for a group."""
        return self.rotation_strengths if group == "R4" else self.shift_strengths


SMOKE = Setting(
    train=300, validation=60, test=200, embedded=True, epochs=4, batch=64, hidden=2, width=24,
    runs=2, saliency=30, records=(1, 4), rotation_strengths=(2.0, 8.0), shift_strengths=(2.0, 8.0),
    workers=1,
)  # fmt: skip
BOOK = Setting(
    train=6_000, validation=500, test=2_400, embedded=True, epochs=80, runs=2, saliency=500,
    records=(1, 5, 20, 80), rotation_strengths=(8.0, 16.0), shift_strengths=(60.0, 120.0),
)  # fmt: skip


def acting_group(name: str) -> PermutationGroup:
    """Return R4, the quarter turns, or T3, three cyclic shifts along x, of 36 x 36 pixels."""
    if name not in GROUPS:
        raise ValueError(f"group: expected one of {GROUPS}, got {name!r}")
    if name == "R4":
        return image_rotations(FRAMED)
    return image_translations(FRAMED, axes="x", step=FRAMED // 3)


@dataclass(frozen=True)
class Task:
    """One data set under one group, ready for training."""

    setting: Setting
    group: str
    data: TransformingImages
    orbit: torch.Tensor
    orbits: torch.Tensor
    labels: torch.Tensor

    def images(self, part: str, count: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first images of a part as normalised rows, with their labels."""
        pictures = getattr(self.data, part)[:count]
        labels = getattr(self.data, f"{part}_labels")[:count]
        return torch.as_tensor(self.data.rows(pictures)), torch.as_tensor(labels)


def task(setting: Setting, group: str, dataset: str = "mnist") -> Task:
    """Return a data set with all training images under all elements of a group."""
    data = transforming_images(
        dataset, setting.train, setting.validation, setting.test, setting.seed, setting.embedded
    )
    orbit = orbit_indices(acting_group(group))
    rows = torch.as_tensor(data.rows(data.train))
    orbits = torch.stack([rows[:, g] for g in orbit])
    return Task(setting, group, data, orbit, orbits, torch.as_tensor(data.train_labels))


@dataclass
class Path:
    """Measures on validation images during training, by name one entry a record."""

    task: Task
    epochs: list[int] = field(default_factory=list)
    series: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def __call__(self, epoch: int, network: Perceptron) -> None:
        """Take the measures if the epoch is one to record."""
        if epoch not in self.task.setting.records:
            return
        self.epochs.append(epoch)
        x, labels = self.task.images("validation", 250)
        found = on_orbits(self.task, network, x, labels)
        found["similarity"] = similarity(self.task, network, x, labels, "published")[0]
        found["signed_similarity"] = similarity(self.task, network, x, labels, "gradient")[0]
        found["spectral_norm"] = spectral_norms(network, x).mean(1).numpy()
        found["layer_norms"] = layer_norms(network)[0]
        for name, value in found.items():
            self.series.setdefault(name, []).append(value)

    def take(self, other: "Path", run: int | None = None) -> None:
        """Append one run of another path, or all of them, to the runs seen here."""
        chosen = slice(None) if run is None else slice(run, run + 1)
        self.epochs = other.epochs
        for name, values in other.series.items():
            parts = [value[chosen] for value in values]
            known = self.series.get(name)
            self.series[name] = parts if known is None else [
                np.concatenate(pair) for pair in zip(known, parts, strict=True)
            ]  # fmt: skip

    def arrays(self) -> dict[str, np.ndarray]:
        """Return every series as ``(runs, T, ...)``, its name with ``path_`` in front."""
        return {f"path_{n}": np.stack(v, axis=1) for n, v in self.series.items()}


def train(
    task: Task,
    runs: list[int],
    tied: bool = False,
    penalty: str | None = None,
    strength: float | list[float] = 0.0,
    observe: Path | None = None,
) -> Perceptron:
    """Train runs with the given numbers and return the weights of their best epochs.

    Parameters
    ----------
    task
        Data and group.
    runs
        The number of a run decides its start, its order of samples and its group elements.
    tied
        Whether the first layer ties its weights over the group.
    penalty, strength
        As in :func:`learnsym.training.minibatch.minibatch`.
    observe
        What takes measures during training.
    """
    setting = task.setting
    sizes = (FRAMED**2, *[setting.width] * setting.hidden, CLASSES)
    network = perceptron(sizes, [[setting.seed, run] for run in runs], task.orbit if tied else None)
    x, labels = task.images("validation")
    moves = np.random.default_rng([setting.seed, 2]).integers(len(task.orbit), size=len(x))
    x = torch.gather(x, 1, task.orbit[torch.as_tensor(moves)])

    def score(network: Perceptron) -> torch.Tensor:
        return (network(x).argmax(-1) == labels).float().mean(-1)

    return minibatch(
        network, task.orbits, task.labels, Schedule(setting.epochs, setting.batch, setting.rate),
        [10_007 * setting.seed + run for run in runs], penalty, strength, score, observe,
    )  # fmt: skip


@dataclass(frozen=True)
class Tuned:
    """Networks at the chosen weight of a penalty, and what the choice was made from.

    ``strengths``, ``similarities`` and ``accuracies`` have one entry a candidate, on validation
    images; ``reached`` tells whether the chosen one meets the target.
    """

    network: Perceptron
    chosen: float
    reached: bool
    strengths: np.ndarray
    similarities: np.ndarray
    accuracies: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the choice as arrays to be stored."""
        return {
            "strengths": self.strengths,
            "strength_similarity": self.similarities,
            "strength_accuracy": self.accuracies,
            "strength": np.array(self.chosen),
            "reached": np.array(self.reached),
        }


def tuned(
    task: Task, penalty: str, strengths: tuple[float, ...], runs: int, path: Path | None = None
) -> Tuned:
    """Choose the weight of a penalty on validation images and train all runs with it.

    All candidates train side by side from the start of run 0. The smallest weight whose saliency
    maps are as similar as the target asks is chosen, else the one with the most similar maps.
    ``path`` gets the measures during training of all runs with the chosen weight.
    """
    trial = None if path is None else Path(task)
    candidates = train(
        task, [0] * len(strengths), penalty=penalty, strength=list(strengths), observe=trial
    )
    x, labels = task.images("validation", task.setting.saliency)
    found = similarity(task, candidates, x, labels, "published")[0]
    accuracies = on_orbits(task, candidates, x, labels)["accuracy"]
    good = np.flatnonzero(found >= task.setting.target)
    best = int(good[0]) if len(good) else int(np.nanargmax(found))
    network = candidates.run(best)
    if path is not None:
        path.take(trial, best)
    if runs > 1:
        rest = None if path is None else Path(task)
        others = train(
            task, list(range(1, runs)), penalty=penalty, strength=strengths[best], observe=rest
        )
        network = network.joined(others)
        if path is not None:
            path.take(rest)
    values = (np.array(strengths), found, accuracies)
    return Tuned(network, strengths[best], bool(len(good)), *values)


def first_epoch(setting: Setting, dataset: str, **training: object) -> dict[str, np.ndarray]:
    """Return what :class:`Path` sees in the first epoch under R4, for probes.

    ``training`` is passed on to :func:`train`. The arrays have shape (1, 1, runs, 1).

    Raises
    ------
    ValueError
        The setting does not record the first epoch.
    """
    if setting.records[0] != 1:
        raise ValueError(f"records: expected to begin with epoch 1, got {setting.records}")
    short = task(replace(setting, epochs=1), "R4", dataset)
    path = Path(short)
    train(short, list(range(setting.runs)), observe=path, **training)
    names = ("path_accuracy", "path_logit_error", "path_distribution_error")
    return {name: path.arrays()[name][None, None] for name in names}
