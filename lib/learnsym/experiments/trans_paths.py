"""TRANS at the published size: 30 runs of 50 epochs, followed along equivariant training.

The draws beside the uniform ones are those of the public code: a shift along each axis from 0 to
the side, both included, so that the identity of each axis counts twice.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import paths, trans
from learnsym.experiments.paths import PathSetting
from learnsym.experiments.public_draws import PUBLIC, public_law

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "book": 120.0, "paper": 12_000.0}


@dataclass(frozen=True)
class Config(PathSetting):
    """The fields of ``PathSetting``; ``side`` of the images, ``width`` of the invariant layer."""

    samples: int = 10_000
    side: int = 14
    width: int = 32


SCALES = {
    "smoke": Config(
        samples=20, channels=1, batch=5, runs=2, epochs=3, passes=3, side=4, width=3, workers=1,
        stages=3, images=10, direct=True,
    ),
    "book": Config(samples=250, channels=4, runs=10, images=250, direct=True),
    "paper": Config(),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Follow all runs; arrays as ``experiments.paths.outcome`` with one law, of the public code."""
    return paths.outcome(trans.problem, config, laws(config), (), progress, "trans paths")


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first run, of large networks its first epoch."""
    return paths.first_part(trans.problem, config, laws(config))


def laws(config: Config) -> dict[str, tuple[float, ...]]:
    """Return the laws of draws that are not uniform, by name."""
    return {PUBLIC: public_law("translations", config.side)}
