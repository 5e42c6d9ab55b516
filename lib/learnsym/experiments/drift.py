"""Fashion-MNIST as the training set, and its drift towards digits.

The networks of ``spurious_invariance`` once more, trained on Transforming-FMNIST (Moskalev et al.
2023), with every measure, the choice of the penalty's weight, and the drifts of Figure 4 with the
roles of the two data sets exchanged.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import spurious_invariance, transforming

PROBE_TOLERANCE = spurious_invariance.PROBE_TOLERANCE
EXPECTED_SECONDS = {"smoke": 10.0, "book": 270.0, "paper": 1_300.0}


@dataclass(frozen=True)
class Config(spurious_invariance.Config):
    """The fields of the experiment on digits."""


_SMOKE, _BOOK, _PAPER = (vars(spurious_invariance.SCALES[s]) for s in ("smoke", "book", "paper"))
SCALES = {
    "smoke": Config(**_SMOKE),
    # more images than the 2,000 of Fashion-MNIST that come with the package
    "book": Config(**{**_BOOK, "embedded": False}),
    "paper": Config(
        **{**_PAPER, "runs": 2, "rotation_strengths": (8.0, 32.0), "shift_strengths": (60.0, 240.0)}
    ),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Return the arrays of ``spurious_invariance.run`` for networks trained on Fashion-MNIST."""
    return spurious_invariance.results_of(config, "fashion", progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the augmented networks."""
    return transforming.first_epoch(config, "fashion")
