"""The experiment on finite augmentation."""

from dataclasses import replace

import numpy as np
import pytest

from learnsym.experiments import finite_augmentation as experiment


@pytest.fixture(scope="module")
def smoke():
    config = replace(experiment.SCALES["smoke"], draws=4, epochs=3)
    return config, experiment.run(config, progress=False)


def test_the_experiment_obeys_the_law_roughly_and_nominal_training_closely(smoke):
    config, found = smoke
    ratio = found["nominal_drift"][:, 1:] / found["nominal_law"][:, 1:]
    assert ratio == pytest.approx(1, abs=0.1)
    for name in ("epochs", "counts", "passes", "penalties"):
        drift, law = (found[f"{name}_{kind}"] for kind in ("drift", "law"))
        mean = np.exp(np.mean(np.log(drift[law > 0] / law[law > 0])))
        assert 0.6 < mean < 1.6
    sampled = found["one_step"].mean() / found["noise"][:, config.counts.index(config.count)].mean()
    assert 0.7 < sampled < 1.4


def test_unknown_tasks_are_named():
    with pytest.raises(ValueError, match=r"task: expected one of .*, got 'FLIP'"):
        experiment.task_of(experiment.SCALES["smoke"], "FLIP")
