"""The experiment on finite augmentation."""

from dataclasses import replace

import numpy as np
import pytest

from learnsym.experiments import finite_augmentation as experiment


@pytest.fixture(scope="module")
def smoke():
    config = replace(experiment.SCALES["smoke"], draws=4, epochs=3)
    return config, experiment.run(config, progress=False)


def test_the_experiment_returns_what_it_says(smoke):
    config, found = smoke
    grid = {"counts": len(config.counts), "passes": len(config.pass_counts), "rates": 1}
    for name, size in grid.items():
        assert found[f"{name}_drift"].shape == found[f"{name}_law"].shape == (3, size, 4)
    for name in ("epochs", "nominal"):
        assert found[f"{name}_drift"].shape == found[f"{name}_law"].shape == (3, 4, 4)
    for name in ("penalties", "held"):
        assert found[f"{name}_drift"].shape == found[f"{name}_law"].shape == (3, 2, 4, 4)
    assert found["noise"].shape == (3, len(config.counts) + 1, 4)
    assert found["one_step"].shape == (3, 4, 4) and found["distance"].shape == (3, 4, 4)
    assert np.all(found["sizes"][:, 0] > 3 * found["sizes"][:, 1])
    assert all(np.isfinite(values).all() for values in found.values())


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


def test_the_probe_recomputes_the_leading_part(smoke):
    config, found = smoke
    for name, values in experiment.probe(config).items():
        leading = found[name][tuple(slice(size) for size in values.shape)]
        assert np.allclose(values, leading, rtol=1e-9, atol=1e-14)


def test_unknown_tasks_are_named():
    with pytest.raises(ValueError, match=r"task: expected one of .*, got 'FLIP'"):
        experiment.task_of(experiment.SCALES["smoke"], "FLIP")
