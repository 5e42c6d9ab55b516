"""Weight-tied, augmented and regularised networks on Transforming-MNIST, their every measure.

Table 1 and Figures 1 to 4 of Moskalev et al. 2023: R4 (quarter turns) and T3 (three cyclic shifts)
on digits, 5 hidden layers of 128 units, Adam for 300 epochs, four runs.
"""

from dataclasses import dataclass

import numpy as np
import torch

from learnsym.data.drifts import DRIFTS, drifted
from learnsym.data.transforming import FRAMED, framed, transforming_images
from learnsym.experiments import transforming, transforming_measures
from learnsym.experiments.sweep import sweep
from learnsym.experiments.transforming import GROUPS, Path, Setting, Task
from learnsym.invariance import orbit_logits
from learnsym.networks.perceptron import Perceptron
from learnsym.training.machine import threads

PROBE_TOLERANCE = 0.02  # single precision: twenty steps of Adam on another machine
EXPECTED_SECONDS = {"smoke": 10.0, "book": 270.0, "paper": 2_900.0}
MODELS = ("DA", "IR", "WT")
OTHER = {"mnist": "fashion", "fashion": "mnist"}
LEVELS = tuple(round(0.1 * k, 1) for k in range(11))
DRIFT_MEASURES = ("accuracy", "agreement", "distribution_error", "logit_error", "logit_scale")
PICTURED = 4  # images whose saliency maps are stored
TRACED = 200  # images whose last hidden layer is stored, in two coordinates


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`; ``drift`` is the number of images for the drifts."""

    drift: int = 2_000


SCALES = {
    "smoke": Config(**{**vars(transforming.SMOKE), "drift": 60}),
    "book": Config(**{**vars(transforming.BOOK), "drift": 1_000}),
    "paper": Config(),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and measure all networks.

    Returns
    -------
    dict
        All of ``transforming_measures.measures``, of shape (GROUPS, MODELS, runs, ...), and
        during training, on 250 validation images, as ``path_NAME`` (GROUPS, MODELS, runs, T, ...)
        with ``epochs`` (T,); ``size``, parameters of a network. ``drift_NAME`` (GROUPS, MODELS,
        runs, DRIFTS, LEVELS) for the DRIFT_MEASURES. ``strengths``, ``strength_similarity`` and
        ``strength_accuracy`` (GROUPS, candidates) on validation images, ``strength`` and
        ``reached`` (GROUPS,). Of run 0: ``maps`` (GROUPS, MODELS, PICTURED, 4, 36, 36) uint8,
        absolute integrated gradients over the largest of the map, smoothed, of ``pictures``
        (PICTURED, 28, 28) uint8; ``traces`` (GROUPS, MODELS, 4, images, 2), the two leading
        principal components of the last hidden layer with ``trace_share`` of the variance
        (GROUPS, MODELS), ``trace_labels`` (images,). The missing fourth element of T3 is a
        repetition of the identity.
    """
    return results_of(config, "mnist", progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the augmented networks."""
    return transforming.first_epoch(config, "mnist")


def results_of(config: Config, dataset: str, progress: bool) -> dict[str, np.ndarray]:
    """Return the arrays of :func:`run` for a data set, which drifts towards the other one."""
    order = ("IR", "WT", "DA")  # the longest first
    jobs = {f"{g} {model}": (config, dataset, g, model) for model in order for g in GROUPS}
    found = sweep(_job, jobs, config.workers, progress, dataset)
    names = found["R4 DA"]
    arrays = {
        name: np.array([[found[f"{g} {model}"][name] for model in MODELS] for g in GROUPS])
        for name in names
    }
    tuning = [found[f"{g} IR"] for g in GROUPS]
    for name in set(tuning[0]) - set(names):
        arrays[name] = np.array([one[name] for one in tuning])
    for name in ("epochs", "size", "pictures", "trace_labels"):
        arrays[name] = np.asarray(arrays[name][0, 0])
    return arrays


@threads(1)
def _job(job: tuple[Config, str, str, str]) -> dict[str, np.ndarray]:
    """Train the runs of one model for one group and return everything about them."""
    config, dataset, group, model = job
    task = transforming.task(config, group, dataset)
    path, runs, tuning = Path(task), list(range(config.runs)), {}
    if model == "IR":
        chosen = transforming.tuned(task, "LI", config.strengths(group), config.runs, path)
        network, tuning = chosen.network, chosen.arrays()
    else:
        network = transforming.train(task, runs, tied=model == "WT", observe=path)
    return {
        **transforming_measures.measures(task, network),
        **path.arrays(),
        **drift_measures(config, dataset, task, network),
        **_pictures(task, network.run(0)),
        **_traces(task, network.run(0)),
        **tuning,
        "epochs": np.array(path.epochs),
        "size": np.array(network.size),
    }


@torch.no_grad()
def drift_measures(
    config: Config, dataset: str, task: Task, network: Perceptron
) -> dict[str, np.ndarray]:
    """Return ``drift_NAME`` of shape (runs, DRIFTS, LEVELS) for every one of DRIFT_MEASURES."""
    images = framed(task.data.test[: config.drift])
    labels = torch.as_tensor(task.data.test_labels[: config.drift])
    # the other data set's test images, embedded: 2,000 of Fashion, without the last class
    size = min(len(images), 1_700)
    strangers = transforming_images(OTHER[dataset], 1, 1, size, config.seed, embedded=True)
    other = np.resize(framed(strangers.test), images.shape)
    rows = []
    for kind in DRIFTS:
        for level in LEVELS:
            rng = np.random.default_rng([config.seed, 3])
            grey = drifted(images, kind, level, other, rng)
            x = torch.as_tensor(task.data.normalised(grey))
            logits = orbit_logits(network, x, task.orbit, batch=transforming_measures.BLOCK)
            rows.append(transforming_measures.from_logits(logits, labels))
    shape = (len(DRIFTS), len(LEVELS))
    return {
        f"drift_{name}": np.stack([row[name] for row in rows], 1).reshape(-1, *shape)
        for name in DRIFT_MEASURES
    }


def _pictures(task: Task, network: Perceptron) -> dict[str, np.ndarray]:
    """Return saliency maps of the first images of different classes, over the orbit."""
    first = [int(np.flatnonzero(task.data.test_labels == c)[0]) for c in range(1, 1 + PICTURED)]
    x = torch.as_tensor(task.data.rows(task.data.test[first]))
    labels = torch.as_tensor(task.data.test_labels[first])
    moved = [transforming_measures.saliency(task, network, "no threshold", x[:, g], labels)[0]
             for g in _four(task.orbit)]  # fmt: skip
    maps = torch.stack(moved, 1).unflatten(-1, (FRAMED, FRAMED))
    shares = maps / maps.amax((-2, -1), keepdim=True)
    return {
        "maps": (255 * shares).round().to(torch.uint8).numpy(),
        "pictures": (255 * task.data.test[first]).round().astype(np.uint8),
    }


@torch.no_grad()
def _traces(task: Task, network: Perceptron) -> dict[str, np.ndarray]:
    """Return the last hidden layer over orbits in its two leading principal components."""
    x, labels = task.images("test", TRACED)
    features = orbit_logits(network.features, x, _four(task.orbit))[:, 0].double()
    centred = (features - features.mean((0, 1))).flatten(0, 1)
    _, sigma, v = torch.linalg.svd(centred, full_matrices=False)
    # a sign that does not depend on the machine: the largest entry of an axis is positive
    v = v[:2] * v[:2].gather(1, v[:2].abs().argmax(1, keepdim=True)).sign()
    traces = (centred @ v.T).reshape(*features.shape[:2], 2)
    share = sigma[:2].square().sum() / sigma.square().sum()
    return {
        "traces": traces.float().numpy(),
        "trace_share": share.numpy(),
        "trace_labels": labels.numpy(),
    }


def _four(orbit: torch.Tensor) -> torch.Tensor:
    """Return four rows: those of R4, or those of T3 and the identity again."""
    return orbit[torch.arange(4) % len(orbit)]
