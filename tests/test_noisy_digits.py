"""The experiment on digits with noisy labels: its labels, its training, its probe."""

import numpy as np
import pytest

from learnsym import regression
from learnsym.experiments import noisy_digits as experiment

SMOKE = experiment.SCALES["smoke"]


@pytest.fixture(scope="module")
def run():
    return experiment.run(SMOKE, progress=False)


@pytest.fixture(scope="module")
def data():
    return experiment.problem(SMOKE)


def test_noise_has_its_size_and_its_orbits(data):
    noise = experiment.noisy_labels(data, SMOKE) - data.labels[:, :1]
    assert noise.shape == (4 * SMOKE.images, SMOKE.draws + 1)
    assert noise.std() == pytest.approx(SMOKE.sigma, rel=0.05)
    by_rotation = noise.reshape(4, SMOKE.images, -1)
    assert (by_rotation[:, :, -1] == by_rotation[0, :, -1]).all()
    own = by_rotation[:, :, 0]
    assert np.abs(np.corrcoef(own) - np.eye(4)).max() < 0.3


def test_shared_noise_leaves_no_trace_and_noise_per_row_does(run, data):
    start = experiment.initial_weights(SMOKE)
    loss = regression.QuadraticLoss(data.gram, data.moments[:, 0])
    decayed = regression.split(loss.descent(start, run["steps"], data.eta), data.rho)[1]
    for name, metric in (("weights", np.eye(len(start))), ("outputs", data.gram)):
        clean = np.einsum("ti,ij,tj->t", decayed, metric, decayed)
        assert run[name][:, -1] == pytest.approx(clean, rel=1e-8)
        assert (run[name][-1, :-1] > 1.1 * clean[-1]).all()
