"""What holds for every experiment at its smallest scale, and three that are small altogether."""

import dataclasses
import functools

import numpy as np
import pytest

from learnsym import regression
from learnsym.data import digits
from learnsym.experiments import digit_regression, finite_augmentation, noisy_digits
from learnsym.fingerprints import experiment_names, find
from learnsym.results import largest_deviation


@functools.cache
def ran(name):
    experiment = find(name)
    return experiment.module.run(experiment.config("smoke"), progress=False)


@pytest.mark.parametrize("name", experiment_names())
def test_a_probe_is_the_leading_part_of_a_run_and_knows_its_seed(name):
    experiment, arrays = find(name), ran(name)
    config, probe = experiment.config("smoke"), experiment.module.probe
    leading = probe(config)
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert 0 < len(leading) <= len(arrays)
    # on one machine, far closer than machines are asked to agree, but for single precision
    bound = experiment.tolerance ** (2 if experiment.tolerance <= 1e-3 else 1)
    assert largest_deviation(arrays, leading) <= bound
    other = probe(dataclasses.replace(config, seed=config.seed + 1))
    assert largest_deviation(arrays, other) > max(1e-3, experiment.tolerance)


# --- regression on digits -------------------------------------------------------------------------

DIGITS, NOISY = digit_regression.SCALES["smoke"], noisy_digits.SCALES["smoke"]


def test_every_digit_enters_in_four_rotations_with_one_label():
    images, classes = digits("mnist", "test", size=DIGITS.images, side=DIGITS.side)
    data = digit_regression.problem(DIGITS)
    rows = data.rows.reshape(4, *images.shape)
    for k in range(4):
        assert np.array_equal(rows[k], np.rot90(images, k, axes=(1, 2)))
    labels = data.labels.reshape(4, DIGITS.images, 3)
    assert (labels == labels[0]).all()
    assert np.array_equal(labels[0, :, 0] > 0, classes % 2 == 0)
    assert np.array_equal(labels[0, :, 1] > 0, classes < 5)
    assert set(np.unique(labels)) == {-1.0, 1.0}


def test_training_follows_the_closed_form():
    run, data = ran("digit_regression"), digit_regression.problem(DIGITS)
    w0 = digit_regression.initial_weights(DIGITS)
    assert run["steps"][0] == 0 and run["steps"][-1] == DIGITS.steps
    assert np.array_equal(run["single"][0], w0.astype(np.float32))
    assert np.array_equal(run["minibatch"][0], w0)
    for k in range(3):
        loss = regression.QuadraticLoss(data.gram, data.moments[:, k])
        exact = loss.descent(w0, run["steps"], data.eta)
        # eigenvectors with eigenvalues 1e-11 of the largest are only known to about 1e-10
        assert np.abs(run["full"][:, k] - exact).max() < 1e-8


def test_noise_has_its_size_and_its_orbits():
    data = noisy_digits.problem(NOISY)
    noise = noisy_digits.noisy_labels(data, NOISY) - data.labels[:, :1]
    assert noise.shape == (4 * NOISY.images, NOISY.draws + 1)
    assert noise.std() == pytest.approx(NOISY.sigma, rel=0.05)
    by_rotation = noise.reshape(4, NOISY.images, -1)
    assert (by_rotation[:, :, -1] == by_rotation[0, :, -1]).all()
    own = by_rotation[:, :, 0]
    assert np.abs(np.corrcoef(own) - np.eye(4)).max() < 0.3


def test_shared_noise_leaves_no_trace_and_noise_per_row_does():
    run, data = ran("noisy_digits"), noisy_digits.problem(NOISY)
    start = noisy_digits.initial_weights(NOISY)
    loss = regression.QuadraticLoss(data.gram, data.moments[:, 0])
    decayed = regression.split(loss.descent(start, run["steps"], data.eta), data.rho)[1]
    for name, metric in (("weights", np.eye(len(start))), ("outputs", data.gram)):
        clean = np.einsum("ti,ij,tj->t", decayed, metric, decayed)
        assert run[name][:, -1] == pytest.approx(clean, rel=1e-8)
        assert (run[name][-1, :-1] > 1.1 * clean[-1]).all()


# --- finite augmentation --------------------------------------------------------------------------


def test_drift_obeys_the_law_roughly_and_that_of_nominal_training_closely():
    config = dataclasses.replace(finite_augmentation.SCALES["smoke"], draws=4, epochs=3)
    found = finite_augmentation.run(config, progress=False)
    ratio = found["nominal_drift"][:, 1:] / found["nominal_law"][:, 1:]
    assert ratio == pytest.approx(1, abs=0.1)
    for name in ("epochs", "counts", "passes", "penalties"):
        drift, law = (found[f"{name}_{kind}"] for kind in ("drift", "law"))
        mean = np.exp(np.mean(np.log(drift[law > 0] / law[law > 0])))
        assert 0.6 < mean < 1.6
    sampled = found["one_step"].mean() / found["noise"][:, config.counts.index(config.count)].mean()
    assert 0.7 < sampled < 1.4
    assert np.all(found["sizes"][:, 0] > 3 * found["sizes"][:, 1])
    with pytest.raises(ValueError, match=r"task: expected one of .*, got 'FLIP'"):
        finite_augmentation.task_of(config, "FLIP")
