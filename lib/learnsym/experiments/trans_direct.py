"""TRANS at the published size by dense training, beside the paths of the same runs.

Some runs of ``trans_paths`` for which ``direct`` is set: nominal and augmented training go through
the dense loop too. Augmentation takes 3e15 operations a run: a day of one core, or a minute or two
of a graphics card.
"""

from dataclasses import replace

from learnsym.experiments import trans_paths
from learnsym.experiments.trans_paths import Config, probe, run

__all__ = ["Config", "probe", "run"]

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 2.0, "paper": 4e5}

SCALES = {
    "smoke": trans_paths.SCALES["smoke"],
    "paper": replace(trans_paths.SCALES["paper"], runs=5, direct=True, workers=1, threads=2),
}
