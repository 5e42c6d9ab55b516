"""Weights of the penalty on Transforming-MNIST (Moskalev et al. 2023, Table 1 and Figure 5).

The networks of ``spectral_decay`` with the penalty on normalised LI, one run, at weights below and
between those that it chooses from; and several runs at weights near the answer, also with the
penalty on LI of ``spurious_invariance``.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.experiments import transforming, transforming_measures
from learnsym.experiments.sweep import sweep
from learnsym.experiments.transforming import GROUPS, Path, Setting
from learnsym.invariance import spectral_norms

PROBE_TOLERANCE = 0.02  # single precision: twenty steps of Adam on another machine
EXPECTED_SECONDS = {"smoke": 5.0, "book": 60.0, "paper": 5_000.0}


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`, with as many weights for R4 as for T3.

    ``near`` holds group, penalty and weight of what is repeated, with ``repeats`` runs each.
    """

    runs: int = 1
    records: tuple[int, ...] = (1, 50, 100, 200, 300)
    rotation_strengths: tuple[float, ...] = (16.0, 256.0, 512.0, 724.0, 1448.0, 2048.0, 4096.0)
    shift_strengths: tuple[float, ...] = (16.0, 32.0, 128.0, 256.0, 512.0, 608.0, 724.0)
    near: tuple[tuple[str, str, float], ...] = (
        ("R4", "LI", 9.6), ("R4", "LI", 11.5), ("R4", "LI", 13.8),
        ("T3", "LI", 72.0), ("T3", "LI", 86.0), ("T3", "LI", 104.0),
        ("R4", "normalised LI", 1448.0), ("T3", "normalised LI", 608.0),
    )  # fmt: skip
    repeats: int = 4
    workers: int = 1


NEAR = (
    "chosen_similarity", "chosen_accuracy", "similarity", "accuracy", "logit_error",
    "distribution_error",
)  # fmt: skip
_FEW = {
    "runs": 1, "workers": 1, "rotation_strengths": (512.0,), "shift_strengths": (256.0,),
    "near": (
        ("R4", "LI", 8.0), ("T3", "LI", 60.0),
        ("R4", "normalised LI", 512.0), ("T3", "normalised LI", 256.0),
    ),
    "repeats": 2,
}  # fmt: skip
SCALES = {
    "smoke": Config(**{**vars(transforming.SMOKE), **_FEW}),
    "book": Config(**{**vars(transforming.BOOK), **_FEW}),
    "paper": Config(),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train and measure a network for every weight.

    Returns
    -------
    dict
        ``strengths`` (GROUPS, weights) and, each (GROUPS, weights, runs, ...): on validation images
        ``chosen_similarity`` and ``chosen_accuracy``; on test images all of
        ``transforming_measures.from_logits``, ``similarity`` and ``spectral_norm``; during
        training, on 250 validation images, ``path_NAME`` (..., T) with ``epochs`` (T,).
        ``near_NAME`` (near, repeats) for the names in :data:`NEAR`.
    """
    strengths = [config.strengths(g) for g in GROUPS]
    grid = {
        f"{g} normalised {nu:g}": (config, g, "normalised LI", nu)
        for g, some in zip(GROUPS, strengths, strict=True)
        for nu in some
    }
    several = replace(config, runs=config.repeats)
    near = {f"near {k} {g}": (several, g, p, nu) for k, (g, p, nu) in enumerate(config.near)}
    swept = sweep(_job, grid | near, config.workers, progress, "invariance_weights")
    found, repeated = ([swept[name] for name in jobs] for jobs in (grid, near))
    shape = (len(GROUPS), len(strengths[0]))
    arrays = {name: np.array([one[name] for one in found]) for name in found[0]}
    arrays = {name: v.reshape(*shape, *v.shape[1:]) for name, v in arrays.items()}
    arrays |= {f"near_{name}": np.array([one[name] for one in repeated]) for name in NEAR}
    return {**arrays, "strengths": np.array(strengths), "epochs": np.array(config.records)}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first weight under R4."""
    strength = config.rotation_strengths[0]
    return transforming.first_epoch(config, "mnist", penalty="normalised LI", strength=strength)


def _job(job: tuple[Config, str, str, float]) -> dict[str, np.ndarray]:
    """Train with one weight of one penalty and measure on both sets of images."""
    config, group, penalty, strength = job
    torch.set_num_threads(1)
    task, runs = transforming.task(config, group), list(range(config.runs))
    path = Path(task)
    network = transforming.train(task, runs, penalty=penalty, strength=strength, observe=path)
    parts = {name: task.images(name, config.saliency) for name in ("validation", "test")}
    chosen, similar = (
        transforming_measures.similarity(task, network, *parts[name], "published")[0]
        for name in parts
    )
    accuracy = transforming_measures.on_orbits(task, network, *parts["validation"])["accuracy"]
    return {
        "chosen_similarity": chosen,
        "chosen_accuracy": accuracy,
        "similarity": similar,
        **transforming_measures.on_test_images(task, network),
        "spectral_norm": spectral_norms(network, parts["test"][0]).mean(1).detach().numpy(),
        **path.arrays(),
    }
