"""Three more ways to restrain a network on Transforming-MNIST (Moskalev et al. 2023, Figure 5).

The networks of ``spurious_invariance`` with other penalties: the size of the logits, a control
that knows of no group, with a fixed weight; the divergence of class probabilities (DI) and the
normalised logit error, with weights chosen on validation images.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import transforming, transforming_measures
from learnsym.experiments.sweep import sweep
from learnsym.experiments.transforming import GROUPS, Path, Setting
from learnsym.training.machine import threads

PROBE_TOLERANCE = 0.02  # single precision: twenty steps of Adam on another machine
EXPECTED_SECONDS = {"smoke": 10.0, "book": 200.0, "paper": 1_700.0}
MODELS = ("size", "DI", "normalised LI")


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting` and more.

    ``size_strength``: the weight of the control; ``divergence_strengths`` and
    ``normalised_strengths``: as many weights of the penalties DI and normalised LI to choose from.
    """

    size_strength: float = 0.1
    divergence_strengths: tuple[float, ...] = (64.0, 256.0, 1024.0)
    normalised_strengths: tuple[float, ...] = (64.0, 1024.0, 16384.0)


def _scaled(setting: Setting, **changes: object) -> Config:
    return Config(**{**vars(setting), **changes})


_FEW = {"divergence_strengths": (64.0, 512.0), "normalised_strengths": (128.0, 2048.0)}
SCALES = {
    "smoke": _scaled(transforming.SMOKE, **_FEW),
    "book": _scaled(transforming.BOOK, **_FEW),
    "paper": Config(runs=2),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and measure all networks.

    Returns
    -------
    dict
        All of ``transforming_measures.measures``, of shape (GROUPS, MODELS, runs, ...), and
        during training, on 250 validation images, as ``path_NAME`` (GROUPS, MODELS, runs, T, ...)
        with ``epochs`` (T,). For the two penalties with a choice, MODELS[1:], on validation
        images: ``strengths``, ``strength_similarity`` and ``strength_accuracy``
        (GROUPS, 2, candidates), ``strength`` and ``reached`` (GROUPS, 2).
    """
    jobs = {f"{g} {model}": (config, g, model) for model in reversed(MODELS) for g in GROUPS}
    found = sweep(_job, jobs, config.workers, progress, "spectral_decay")
    names = found["R4 size"]

    def table(name: str, models: tuple[str, ...]) -> np.ndarray:
        return np.array([[found[f"{g} {model}"][name] for model in models] for g in GROUPS])

    arrays = {name: table(name, MODELS) for name in names}
    chosen = {name: table(name, MODELS[1:]) for name in set(found["R4 DI"]) - set(names)}
    return arrays | chosen | {"epochs": arrays["epochs"][0, 0]}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the control under R4."""
    return transforming.first_epoch(config, "mnist", penalty="size", strength=config.size_strength)


@threads(1)
def _job(job: tuple[Config, str, str]) -> dict[str, np.ndarray]:
    """Train the runs of one model for one group and return everything about them."""
    config, group, model = job
    task = transforming.task(config, group)
    path, choice = Path(task), {}
    if model == "size":
        runs, strength = list(range(config.runs)), config.size_strength
        network = transforming.train(task, runs, penalty="size", strength=strength, observe=path)
    else:
        candidates = {
            "DI": config.divergence_strengths,
            "normalised LI": config.normalised_strengths,
        }[model]
        found = transforming.tuned(task, model, candidates, config.runs, path)
        network, choice = found.network, found.arrays()
    return {
        **transforming_measures.measures(task, network),
        **path.arrays(),
        **choice,
        "epochs": np.array(path.epochs),
    }
