"""Drift under sampled augmentation against its law, on small versions of three tasks.

The networks and data of Nordenfors, Ohlsson and Flinth, section 5, with fewer channels, nodes and
pixels: PERM (connected graphs), TRANS (digits under translations), ROT (shapes under rotations,
turned at random).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.drift.law import noise, predicted_drift
from learnsym.experiments import perm, rot, trans
from learnsym.experiments.sweep import sweep
from learnsym.networks.mlp import Weights, norms
from learnsym.training.machine import threads
from learnsym.training.symmetric import Schedule, Task, gradient, train

PROBE_TOLERANCE = 1e-6  # two steps in double precision
EXPECTED_SECONDS = {"smoke": 5.0, "book": 200.0}
TASKS = ("PERM", "TRANS", "ROT")
PARTS = ("counts", "passes", "penalties", "rates")  # the longest first
PROBE_EPOCHS, PROBE_RUNS = 2, 2
STREAM = 4  # of random numbers: 0 to 3 are those of weights, training and data


@dataclass(frozen=True)
class Config:
    """How much of everything.

    ``samples`` N, ``runs``, ``epochs`` T; learning ``rates``, one a task; ``count`` mini-batches
    and ``passes`` where nothing else is said; to vary: ``counts`` (with one pass),
    ``pass_counts``, ``pulls`` (rate times penalty, with one pass), ``factors`` of the rate;
    ``draws`` of one step.
    """

    samples: int = 240
    runs: int = 16
    epochs: int = 24
    rates: tuple[float, float, float] = (5e-5, 5e-5, 1.8e-6)
    count: int = 8
    passes: int = 2
    counts: tuple[int, ...] = (1, 2, 4, 8, 16, 48)
    pass_counts: tuple[int, ...] = (1, 2, 4, 8, 16)
    pulls: tuple[float, ...] = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75)
    factors: tuple[float, ...] = (1.0, 10.0, 100.0)
    draws: int = 100
    workers: int = 2
    seed: int = 0


SCALES = {
    "smoke": Config(
        samples=24,
        runs=4,
        epochs=6,
        count=4,
        counts=(1, 4),
        pass_counts=(1, 4),
        pulls=(0.25, 0.5),
        factors=(1.0,),
        draws=10,
        workers=1,
    ),
    "book": Config(),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train in all ways and evaluate the law along the equivariant trajectories.

    Returns
    -------
    dict
        All with TASKS first and runs last; NAME_drift is measured ``|A_perp|`` and NAME_law its
        prediction (root mean square). ``counts_``, ``passes_`` (grid, runs) at the last epoch;
        ``epochs_`` (T + 1, runs) with ``count`` and ``passes``, ``nominal_`` (T + 1, runs) without
        augmentation; ``penalties_`` and ``held_`` (pulls, T + 1, runs), augmented and nominal with
        the penalties; ``rates_`` (factors, runs) at the last epoch. ``noise`` (counts + 1, runs)
        is ``S_K`` at the start, last for one sample a mini-batch; ``one_step`` (draws, runs)
        squared norms that were sampled there, with ``count`` mini-batches and one pass;
        ``distance`` (T + 1, runs) the equivariant ``|x_s - x_0|``; ``sizes`` (3,), numbers of
        weights, equivariant weights and samples.
    """
    jobs = {f"{task} {part}": (config, task, part) for part in PARTS for task in TASKS}
    found = sweep(_job, jobs, config.workers, progress, "finite_augmentation")
    arrays = {}
    for part in PARTS:
        for name in found[f"{TASKS[0]} {part}"]:
            arrays[name] = np.array([found[f"{task} {part}"][name] for task in TASKS])
    return arrays


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute noise at the start and first epochs of nominal training for the first runs."""
    few = replace(config, runs=min(config.runs, PROBE_RUNS))
    starts = [start(few, name) for name in TASKS]
    schedules = [Schedule(rate, PROBE_EPOCHS, config.samples) for rate in config.rates]
    found = [
        train(*pair, "nominal", schedule, seeds(few))[1].drift
        for pair, schedule in zip(starts, schedules, strict=True)
    ]
    return {
        "noise": np.array([noise(*pair, _divisions(config))[0] for pair in starts]),
        "nominal_drift": np.array(found),
    }


def task_of(config: Config, name: str) -> Task:
    """Return the data and the network of a task.

    Raises
    ------
    ValueError
        The task is none of TASKS.
    """
    sizes = {"samples": config.samples, "batch": config.samples, "seed": config.seed}
    if name == "PERM":
        setting = perm.Config(**sizes, channels=4, nodes=6, widths=(8, 4))
        return perm.problem(setting).task
    if name == "TRANS":
        return trans.problem(trans.Config(**sizes, channels=2, side=7, width=8)).task
    if name == "ROT":
        return rot.problem(rot.Config(**sizes, channels=2, side=6, shapes="turned")).task
    raise ValueError(f"task: expected one of {TASKS}, got {name!r}")


def start(config: Config, name: str) -> tuple[Task, Weights]:
    """Return a task with equivariant weights, Gaussian ones projected, one run a seed."""
    task = task_of(config, name)
    return task, task.network.project(task.network.gaussian(seeds(config)))


def seeds(config: Config) -> list[int]:
    """Return one seed a run."""
    return [1_000 * config.seed + run for run in range(config.runs)]


def _divisions(config: Config) -> list[int]:
    return [*config.counts, config.samples]


def sampled_noise(task: Task, weights: Weights, batch: int, draws: int, seed: int) -> np.ndarray:
    """Return ``|Pi_perp g|^2`` for sampled gradients ``g`` of one pass, ``(draws, runs)``."""
    rngs = [np.random.default_rng([seed, STREAM, run]) for run in range(len(weights[0]))]
    slopes = (
        gradient(task, weights, "augmented", Schedule(1.0, 1, batch), rngs)[0] for _ in range(draws)
    )
    squares = [norms(task.network.complement(slope)).square() for slope in slopes]
    return torch.stack(squares).numpy(force=True)


def _job(job: tuple[Config, str, str]) -> dict[str, np.ndarray]:
    """Return one part of the arrays of one task."""
    config, name, part = job
    measure = {"counts": _counts, "passes": _passes, "penalties": _penalties, "rates": _rates}
    with threads(1):
        task, weights = start(config, name)
        return measure[part](config, task, weights, config.rates[TASKS.index(name)])


def _augmented(
    config: Config, task: Task, weights: Weights, rate: float, **changes: float
) -> np.ndarray:
    """Return the drift ``(T + 1, runs)`` of augmented training.

    ``changes`` are count and passes, if not those of the config, and a penalty.
    """
    value = {"count": config.count, "passes": config.passes, **changes}
    batch = config.samples // value.pop("count")
    schedule = Schedule(rate, config.epochs, batch, **value)
    return train(task, weights, "augmented", schedule, seeds(config))[1].drift


def _counts(config: Config, task: Task, weights: Weights, rate: float) -> dict[str, np.ndarray]:
    """Vary the number of mini-batches, one pass; and sample one step."""
    expected = predicted_drift(task, weights, rate, config.epochs, config.counts)
    drift = [_augmented(config, task, weights, rate, count=k, passes=1)[-1] for k in config.counts]
    batch = config.samples // config.count
    network = task.network
    return {
        "counts_drift": np.array(drift),
        "counts_law": expected.augmented()[-1],
        "noise": noise(task, weights, _divisions(config))[0],
        "one_step": sampled_noise(task, weights, batch, config.draws, config.seed),
        "sizes": np.array([network.dimension, network.equivariant_dimension, len(task.x)]),
    }


def _passes(config: Config, task: Task, weights: Weights, rate: float) -> dict[str, np.ndarray]:
    """Vary the number of passes; and follow the drift over the epochs."""
    expected = predicted_drift(task, weights, rate, config.epochs, [config.count])
    nominal = Schedule(rate, config.epochs, config.samples)
    drift = [_augmented(config, task, weights, rate, passes=p)[-1] for p in config.pass_counts]
    return {
        "passes_drift": np.array(drift),
        "passes_law": np.array([expected.augmented(p)[-1, 0] for p in config.pass_counts]),
        "epochs_drift": _augmented(config, task, weights, rate),
        "epochs_law": expected.augmented(config.passes)[:, 0],
        "nominal_drift": train(task, weights, "nominal", nominal, seeds(config))[1].drift,
        "nominal_law": expected.nominal[:, 0],
        "distance": expected.distance,
    }


def _penalties(config: Config, task: Task, weights: Weights, rate: float) -> dict[str, np.ndarray]:
    """Vary the penalty, one pass and no augmentation."""
    strengths = [pull / rate for pull in config.pulls]
    expected = predicted_drift(task, weights, rate, config.epochs, [config.count], strengths)
    held = [
        train(task, weights, "nominal", schedule, seeds(config))[1].drift
        for p in strengths
        for schedule in [Schedule(rate, config.epochs, config.samples, penalty=p)]
    ]
    pulled = [_augmented(config, task, weights, rate, passes=1, penalty=p) for p in strengths]
    return {
        "penalties_drift": np.array(pulled),
        "penalties_law": np.array([expected.augmented(1, p)[:, 0] for p in strengths]),
        "held_drift": np.array(held),
        "held_law": expected.nominal.swapaxes(0, 1),
    }


def _rates(config: Config, task: Task, weights: Weights, rate: float) -> dict[str, np.ndarray]:
    """Vary the learning rate at the same number of epochs."""
    rates = [factor * rate for factor in config.factors]
    expected = [predicted_drift(task, weights, r, config.epochs, [config.count]) for r in rates]
    return {
        "rates_drift": np.array([_augmented(config, task, weights, r)[-1] for r in rates]),
        "rates_law": np.array([e.augmented(config.passes)[-1, 0] for e in expected]),
    }
