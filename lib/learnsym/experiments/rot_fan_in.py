"""ROT from smaller weights: standard deviation one over the root of the number of inputs.

At the standard Gaussian weights of the paper's text, the last layer normalisation, over two
channels, is saturated at nearly every pixel. The weights of the paper's public code are
scaled like those here.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import rot

PROBE_TOLERANCE = rot.PROBE_TOLERANCE
EXPECTED_SECONDS = {"smoke": 2.0, "book": 310.0}
MODES = rot.MODES


@dataclass(frozen=True)
class Config(rot.Config):
    """The fields of the configuration of ROT."""

    start: str = "fan in"


SCALES = {
    scale: Config(**{**vars(rot.SCALES[scale]), "start": "fan in"}) for scale in EXPECTED_SECONDS
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks; arrays as ROT."""
    return rot.run(config, progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run."""
    return rot.probe(config)
