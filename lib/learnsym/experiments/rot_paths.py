"""ROT at the published size from the scaled start: 30 runs, followed along equivariant training.

From standard weights gradients change too fast for that, see ``rot_direct``. The draws beside the
uniform ones are the half turns of the public code.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import paths, rot
from learnsym.experiments.paths import PathSetting

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "book": 200.0, "paper": 14_000.0}


@dataclass(frozen=True)
class Config(PathSetting):
    """The fields of ``PathSetting``; ``side`` and kind of ``shapes`` as in ``rot.Config``."""

    samples: int = 3_000
    start: str = "fan in"
    side: int = 14
    shapes: str = "drawn"


SCALES = {
    "smoke": Config(
        samples=20, channels=2, batch=5, runs=2, epochs=3, passes=5, side=6, workers=1, stages=3,
        images=10, direct=True,
    ),
    "book": Config(samples=250, channels=4, runs=10, images=250, direct=True),
    "paper": Config(images=500, workers=1, threads=2),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Follow all runs; arrays as ``experiments.paths.outcome`` with one law, half turns."""
    laws = rot.laws(config)
    return paths.outcome(rot.problem, config, laws, tuple(laws), progress, "rot paths")


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first run, of large networks its first epoch."""
    return paths.first_part(rot.problem, config, rot.laws(config))
