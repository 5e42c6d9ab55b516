"""The experiment on real digits: its data, its training, its probe."""

import numpy as np
import pytest

from learnsym import regression
from learnsym.data import digits
from learnsym.experiments import digit_regression as experiment

SMOKE = experiment.SCALES["smoke"]


@pytest.fixture(scope="module")
def run():
    return experiment.run(SMOKE, progress=False)


@pytest.fixture(scope="module")
def data():
    return experiment.problem(SMOKE)


def test_every_digit_enters_in_four_rotations_with_one_label(data):
    images, classes = digits("mnist", "test", size=SMOKE.images, side=SMOKE.side)
    rows = data.rows.reshape(4, SMOKE.images, SMOKE.side, SMOKE.side)
    for k in range(4):
        assert np.array_equal(rows[k], np.rot90(images, k, axes=(1, 2)))
    labels = data.labels.reshape(4, SMOKE.images, 3)
    assert (labels == labels[0]).all()
    assert np.array_equal(labels[0, :, 0] > 0, classes % 2 == 0)
    assert np.array_equal(labels[0, :, 1] > 0, classes < 5)
    assert set(np.unique(labels)) == {-1.0, 1.0}


def test_training_follows_the_closed_form(run, data):
    w0 = experiment.initial_weights(SMOKE)
    assert run["steps"][0] == 0 and run["steps"][-1] == SMOKE.steps
    assert np.array_equal(run["single"][0], w0.astype(np.float32)) and np.array_equal(
        run["minibatch"][0], w0
    )
    for k in range(3):
        loss = regression.QuadraticLoss(data.gram, data.moments[:, k])
        exact = loss.descent(w0, run["steps"], data.eta)
        # eigenvectors with eigenvalues 1e-11 of the largest are only known to about 1e-10
        assert np.abs(run["full"][:, k] - exact).max() < 1e-8
