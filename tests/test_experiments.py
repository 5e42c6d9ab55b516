"""What holds for every experiment, at its smallest scale."""

import dataclasses

import numpy as np
import pytest

from learnsym.fingerprints import experiment_names, find
from learnsym.results import largest_deviation


@pytest.mark.parametrize("name", experiment_names())
def test_a_probe_is_the_leading_part_of_a_run_and_knows_its_seed(name):
    experiment = find(name)
    config, probe = experiment.config("smoke"), experiment.module.probe
    arrays, leading = experiment.module.run(config, progress=False), probe(config)
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert 0 < len(leading) <= len(arrays)
    # on one machine, far closer than machines are asked to agree
    assert largest_deviation(arrays, leading) <= min(experiment.tolerance**2, 1e-6)
    other = probe(dataclasses.replace(config, seed=config.seed + 1))
    assert largest_deviation(arrays, other) > max(1e-3, experiment.tolerance)
