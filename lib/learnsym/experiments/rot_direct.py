"""ROT at the published size by dense training.

From standard weights gradients change at once, so no path of ``learnsym.drift`` follows them; both
published rates are trained. From scaled weights the runs tell how far ``rot_paths`` is off. The
group has four elements: sampled augmentation takes four weighted copies of the data, half turns
two. Equivariant training and its law go by blocks. A run takes a day of one core, or two minutes of
a graphics card.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from learnsym.drift import paths
from learnsym.experiments import rot, symmetric
from learnsym.experiments.paths import LARGE, start
from learnsym.experiments.sweep import sweep
from learnsym.networks.blocks import BlockMlp
from learnsym.training.machine import threads

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "paper": 1e6}
WAYS = (("standard", 5e-5), ("standard", 1e-5), ("fan in", 5e-5))  # 1e-5 in the public scripts
MODES = ("nominal", "augmented", "half turns")


@dataclass(frozen=True)
class Config(rot.Config):
    """The fields of ``rot.Config``; ``ways``, pairs of start and rate, in place of these two."""

    modes: tuple[str, ...] = MODES
    ways: tuple[tuple[str, float], ...] = WAYS

    def jobs(self, seed: int) -> dict[str, tuple["Config", str, int]]:
        """Return by name what one run consists of."""
        return {
            _name(seed, way, mode): (replace(self, start=way[0], rate=way[1]), mode, seed)
            for way in self.ways
            for mode in (*self.modes, "equivariant")
        }


SCALES = {
    "smoke": Config(samples=20, channels=2, batch=5, runs=2, epochs=3, passes=5, side=6, workers=1),
    "paper": Config(workers=1, threads=2),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train every run in all ways and modes; runs for which time ran out are absent.

    Returns
    -------
    dict
        ``seeds`` (runs,) of the runs that are there. ``steps`` and ``layers`` (ways, modes,
        epochs + 1, runs, layers), ``|A - A^0|`` and ``|A_perp|`` by layer; ``loss`` (ways, modes,
        epochs, runs); ``final_loss`` and ``accuracy`` (ways, modes, runs). Of equivariant training
        ``inside`` (ways, epochs + 1, runs, layers), ``|A - A^0|``, and ``noise`` (ways, epochs,
        runs, layers), ``S_K``.

    Raises
    ------
    RuntimeError
        Time ran out before a run was there in all ways and modes, or workers died.
    """
    jobs = {seed: config.jobs(seed) for seed in config.seeds()}
    together = {name: job for of_run in jobs.values() for name, job in of_run.items()}
    done = sweep(run_job, together, config.workers, progress, "rot direct", partial=True)
    seeds = [seed for seed, of_run in jobs.items() if of_run.keys() <= done.keys()]
    if not seeds:
        raise RuntimeError("time ran out before the first run was there in all modes; start again")
    modes = [[_joined(done, seeds, way, mode) for mode in config.modes] for way in config.ways]
    found = {
        name: np.stack([np.stack([one[name] for one in row]) for row in modes])
        for name in ("steps", "layers", "loss", "final_loss", "accuracy")
    }
    inside = [_joined(done, seeds, way, "equivariant") for way in config.ways]
    found |= {name: np.stack([one[name] for one in inside]) for name in ("inside", "noise")}
    return found | {"seeds": np.array(seeds)}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first run, of large networks its first loss."""
    if config.channels < LARGE:
        return run(replace(config, runs=1, workers=1), progress=False)
    start, rate = config.ways[0]
    first = symmetric.first_loss(rot.problem, replace(config, start=start, rate=rate))
    return {"loss": first["loss"][None]}


def run_job(job: tuple[Config, str, int]) -> dict[str, np.ndarray]:
    """Train one run in one mode; arrays as :func:`run`, without the axes of ways and modes."""
    config, mode, seed = job
    if mode == "equivariant":
        with threads(config.threads):
            task = symmetric.on_device(rot.problem(config), config.device).task
            net = BlockMlp(task.network, config.device)
            path = paths.follow(net, task, start(net, config, seed), config.schedule())
        return {"inside": path.steps[:, None], "noise": path.noise[:, None]}
    law = rot.laws(config).get(mode)
    return symmetric.run_job(symmetric.Job(rot.problem, config, mode, (seed,), law))


def _name(seed: int, way: tuple[str, float], mode: str) -> str:
    start, rate = way
    return f"rot direct seed {seed} {start} {rate:.0e} {mode}"


def _joined(
    done: dict[str, dict[str, np.ndarray]], seeds: Sequence[int], way: tuple[str, float], mode: str
) -> dict[str, np.ndarray]:
    """Join the arrays of the runs along their axis, before layers or last."""
    rows = [done[_name(seed, way, mode)] for seed in seeds]
    layered = ("steps", "layers", "inside", "noise")
    return {
        name: np.concatenate([row[name] for row in rows], axis=-2 if name in layered else -1)
        for name in rows[0]
    }
