"""Drifting images, the experiments on Transforming-MNIST at a tiny size, and their chapter."""

import dataclasses
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learnsym.checks import distribution_drift as checks
from learnsym.data.drifts import DRIFTS, drifted
from learnsym.experiments import (
    drift,
    spurious_invariance,
    transforming,
    transforming_measures,
)
from learnsym.experiments.spurious_invariance import DRIFT_MEASURES, LEVELS, MODELS
from learnsym.networks.perceptron import perceptron
from learnsym.plots import distribution_drift as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows

TINY = dataclasses.replace(
    spurious_invariance.SCALES["smoke"], train=60, validation=20, test=40, epochs=2, batch=32,
    hidden=1, width=24, saliency=4, drift=12, records=(1, 2), rotation_strengths=(1.0, 4.0),
    shift_strengths=(1.0, 4.0),
)  # fmt: skip
SHAPE = (len(transforming.GROUPS), len(MODELS), TINY.runs)
levels = st.floats(0, 1)


def grey(rng, shape=(6, 40)):
    return rng.random(shape, dtype=np.float32)


def moved(images, kind, level, other=None, seed=0):
    other = images if other is None else other
    return drifted(images, kind, level, other, np.random.default_rng(seed))


# --- drifts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DRIFTS)
def test_level_zero_changes_nothing(rng, kind):
    images = grey(rng)
    assert np.array_equal(moved(images, kind, 0, 1 - images), images)


@given(levels, st.sampled_from(DRIFTS))
def test_drifts_keep_grey_values_shape_and_type(level, kind):
    images = grey(np.random.default_rng(1))
    found = moved(images, kind, level, images[::-1])
    assert found.shape == images.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6


@given(levels)
def test_mixtures_pixel_by_pixel(level):
    rng = np.random.default_rng(2)
    images, other = grey(rng, (2, 5)), grey(rng, (2, 5))
    mixed, negative = moved(images, "mixture", level, other), moved(images, "contrast", level)
    for i in range(2):
        for j in range(5):
            x, z = float(images[i, j]), float(other[i, j])
            assert mixed[i, j] == pytest.approx(x + level * (z - x), abs=1e-6)
            assert negative[i, j] == pytest.approx(x + level * (1 - 2 * x), abs=1e-6)


def test_the_ends_of_the_drifts(rng):
    images, other = grey(rng), grey(rng)
    assert np.array_equal(moved(images, "mixture", 1, other), other)
    assert np.array_equal(moved(images, "contrast", 1), 1 - images)
    assert not moved(images, "dropped pixels", 1).any()
    # only noise is left, and none of the image
    assert np.array_equal(moved(images, "noise", 1), moved(other, "noise", 1))
    assert moved(images, "contrast", 0.5) == pytest.approx(np.full(images.shape, 0.5))


def test_one_noise_for_all_levels(rng):
    images = grey(rng, (200, 40))
    noises = [(moved(images, "noise", v) - (1 - v) * images) / v for v in (0.3, 1.0)]
    np.testing.assert_allclose(*noises, atol=1e-6)
    assert noises[1].mean() == pytest.approx(0.5, abs=0.02)
    assert noises[1].var() == pytest.approx(1 / 12, abs=0.005)
    assert not np.array_equal(moved(images, "noise", 1), moved(images, "noise", 1, seed=1))


@given(levels, levels)
def test_dropped_pixels_are_nested(one, two):
    images = 0.5 + grey(np.random.default_rng(3)) / 2
    few, many = (moved(images, "dropped pixels", v) for v in sorted((one, two)))
    for found in (few, many):
        assert np.array_equal(found[found > 0], images[found > 0])
    assert not many[few == 0].any()


@pytest.mark.parametrize("level", [0.2, 0.7])
def test_share_of_dropped_pixels(level):
    found = moved(np.ones((100, 100), np.float32), "dropped pixels", level)
    assert (found == 0).mean() == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_level_outside_the_unit_interval(rng, level):
    with pytest.raises(ValueError, match=r"level: expected a number in \[0, 1\], got"):
        moved(grey(rng), "noise", level)


def test_unknown_kind_and_other_shape(rng):
    images = grey(rng)
    with pytest.raises(ValueError, match=r"kind: expected one of .* got 'blur'"):
        moved(images, "blur", 0.5)
    with pytest.raises(ValueError, match=r"other: expected shape \(6, 40\), got \(5, 40\)"):
        moved(images, "mixture", 0.5, images[1:])


# --- the experiments ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def here():
    """Run the jobs of an experiment one after the other, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            spurious_invariance,
            "sweep",
            lambda work, jobs, *_: {name: work(job) for name, job in jobs.items()},
        )
        yield


@pytest.fixture(scope="module")
def digits(here):
    return spurious_invariance.run(TINY, progress=False)


@pytest.fixture(scope="module")
def clothes():
    """Return the part about DA networks under R4, which is enough to tell it from digits."""
    config = drift.Config(**vars(dataclasses.replace(TINY, seed=3)))
    found = spurious_invariance._job((config, "fashion", "R4", "DA"))
    return {name: np.asarray(values)[None, None] for name, values in found.items()}


def test_the_second_experiment_is_about_clothes(monkeypatch):
    seen = []
    monkeypatch.setattr(spurious_invariance, "results_of", lambda *given: seen.append(given) or {})
    config = drift.SCALES["smoke"]
    assert drift.run(config, progress=False) == {}
    assert seen == [(config, "fashion", False)]


def test_shapes_and_ranges(digits, clothes):
    for found, shape in ((digits, SHAPE), (clothes, (1, 1, TINY.runs))):
        for name in ("accuracy", "agreement", "averaged_logits", "averaged_probabilities"):
            assert found[name].shape == shape
            assert 0 <= found[name].min() <= found[name].max() <= 1
        for name in ("logit_error", "distribution_error", "scale_free", "spectral_norm"):
            assert found[name].shape == shape
            assert found[name].min() > -1e-9
        assert found["similarities"].shape == (*shape, len(transforming_measures.SALIENCIES))
        assert np.abs(found["similarities"]).max() <= 1 + 1e-6
        assert found["layer_norms"].shape == found["layer_frobenius"].shape == (*shape, 2)
        assert (found["layer_norms"] <= found["layer_frobenius"] * (1 + 1e-5)).all()
        for name in DRIFT_MEASURES:
            assert found[f"drift_{name}"].shape == (*shape, len(DRIFTS), len(LEVELS))
        assert found["path_accuracy"].shape == (*shape, 2)
        assert found["maps"].shape == (*shape[:2], spurious_invariance.PICTURED, 4, 36, 36)
        assert found["maps"].dtype == np.uint8
        assert found["traces"].shape[:3] == (*shape[:2], 4)
    assert digits["epochs"].tolist() == [1, 2]
    assert digits["strengths"].tolist() == [[1, 4], [1, 4]]
    assert digits["pictures"].shape == (spurious_invariance.PICTURED, 28, 28)
    assert digits["size"] == 1296 * 24 + 24 + 24 * 9 + 9


def test_results_can_be_stored(digits, clothes):
    for found in (digits, clothes):
        for name, values in found.items():
            assert np.isfinite(values).all(), name


def test_weight_tied_networks_are_invariant(digits):
    names = ("agreement", "logit_error", "drift_agreement", "drift_logit_error")
    tied = {name: digits[name][:, MODELS.index("WT")] for name in names}
    for name, values in tied.items():
        assert values == pytest.approx(float("agreement" in name), abs=1e-6), name
    assert digits["logit_error"][:, MODELS.index("DA")].min() > 1e-4


def test_a_drift_begins_with_the_images_themselves(digits):
    for name in DRIFT_MEASURES:
        first = digits[f"drift_{name}"][..., 0]
        for k in range(1, len(DRIFTS)):
            assert np.array_equal(first[..., k], first[..., 0])


def test_the_chosen_penalty_is_the_smallest_that_reaches_the_target(digits):
    for g in range(2):
        similar = digits["strength_similarity"][g]
        good = np.flatnonzero(similar >= TINY.target)
        assert digits["reached"][g] == bool(len(good))
        best = good[0] if len(good) else similar.argmax()
        assert digits["strength"][g] == digits["strengths"][g, best]


@pytest.mark.parametrize("target", [-2.0, 2.0])
def test_tuning_within_and_out_of_reach(target):
    task = transforming.task(dataclasses.replace(TINY, target=target), "T3")
    found = transforming.tuned(task, "LI", (1.0, 8.0), 2)
    assert found.network.runs == 2
    if target < 0:
        assert (found.reached, found.chosen) == (True, 1.0)
    else:
        assert not found.reached
        assert found.chosen == found.strengths[np.nanargmax(found.similarities)]


def test_the_same_seed_gives_the_same_arrays(here, digits):
    job = (TINY, "mnist", "T3", "IR")
    again = spurious_invariance._job(job)
    for name, values in digits.items():
        if name in again and values.ndim and values.shape[:2] == (2, 3):
            assert np.array_equal(values[1, MODELS.index("IR")], again[name], equal_nan=True), name
    other = spurious_invariance._job((dataclasses.replace(TINY, seed=1), *job[1:]))
    assert not np.array_equal(other["logit_error"], again["logit_error"])


@pytest.mark.parametrize("experiment", [spurious_invariance, drift])
def test_the_probe_is_the_leading_part(experiment, digits, clothes):
    stored, seed = (digits, 0) if experiment is spurious_invariance else (clothes, 3)
    config = experiment.Config(**vars(dataclasses.replace(TINY, seed=seed)))
    found = experiment.probe(config)
    for name, values in found.items():
        leading = stored[name][tuple(slice(n) for n in values.shape)]
        assert values.shape == (1, 1, TINY.runs, 1)
        assert values == pytest.approx(leading, rel=experiment.PROBE_TOLERANCE)
    other = digits["path_logit_error"][:1, 1:2, :, :1]  # of IR
    assert not np.allclose(found["path_logit_error"], other, rtol=0.05)


def test_probe_needs_the_first_epoch():
    with pytest.raises(ValueError, match=r"records: expected to begin with epoch 1, got \(2,\)"):
        spurious_invariance.probe(dataclasses.replace(TINY, records=(2,)))


@pytest.mark.parametrize("group", ["R4", "T3"])
def test_measures_against_slow_loops(group):
    task = transforming.task(TINY, group)
    network = perceptron((1296, 8, 9), [0, 1], dtype=torch.float32)
    x, labels = task.images("test", 6)
    found = transforming_measures.on_orbits(task, network, 3 * x, labels)
    for run in range(2):
        rows = [[forward(network, run, 3 * x[i][g]) for i in range(6)] for g in task.orbit]
        slow = slow_measures(np.array(rows), labels.numpy())
        for name, value in slow.items():
            assert found[name][run] == pytest.approx(value, rel=1e-4), name


def forward(network, run, x):
    """One image through one network, unit by unit."""
    values = x.numpy().astype(float)
    for k, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        w, b = weight[run].detach().numpy().astype(float), bias[run].detach().numpy()
        values = [sum(row * values) + offset for row, offset in zip(w, b, strict=True)]
        if k + 1 < len(network.weights):
            values = np.maximum(values, 0)
    return np.array(values)


def slow_measures(logits, labels):
    order, count, classes = logits.shape
    right = same = li = di = common = size = 0.0
    for g in range(order):
        for i in range(count):
            p, q = (np.exp(f) / np.exp(f).sum() for f in (logits[0, i], logits[g, i]))
            right += logits[g, i].argmax() == labels[i]
            same += logits[g, i].argmax() == logits[0, i].argmax()
            li += sum((logits[0, i, c] - logits[g, i, c]) ** 2 for c in range(classes))
            di += sum(p[c] * math.log(p[c] / q[c]) for c in range(classes))
            common += classes * logits[g, i].mean() ** 2
            size += sum(logits[g, i] ** 2)
    n = order * count
    variance = sum(np.var(logits[:, :, c]) for c in range(classes))
    votes = [np.mean([np.exp(f) / np.exp(f).sum() for f in logits[:, i]], 0) for i in range(count)]
    sums = [sum(logits[:, i]) for i in range(count)]
    return {
        "accuracy": right / n,
        "agreement": same / n,
        "logit_error": li / n,
        "distribution_error": di / n,
        "scale_free": li / n / (2 * variance),
        "logit_scale": math.sqrt(variance),
        "common_share": common / size,
        "averaged_logits": np.mean([s.argmax() == y for s, y in zip(sums, labels, strict=True)]),
        "averaged_probabilities": np.mean(
            [v.argmax() == y for v, y in zip(votes, labels, strict=True)]
        ),
    }


def test_layer_norms_are_those_of_the_weights():
    network = perceptron((6, 4, 3), [0, 1])
    largest, frobenius = transforming_measures.layer_norms(network)
    for run in range(2):
        for layer, weight in enumerate(network.weights):
            matrix = weight[run].detach().numpy()
            assert largest[run, layer] == pytest.approx(np.linalg.svd(matrix)[1][0], rel=1e-5)
            assert frobenius[run, layer] == pytest.approx(np.sqrt((matrix**2).sum()), rel=1e-5)


def test_groups_of_the_paper():
    square = np.arange(36 * 36).reshape(36, 36)
    expected = {
        "R4": [np.rot90(square, k) for k in range(4)],
        "T3": [np.roll(square, 12 * k, axis=1) for k in range(3)],
    }
    for name, images in expected.items():
        orbit = transforming.orbit_indices(transforming.acting_group(name))
        assert sorted(orbit.tolist()) == sorted(image.ravel().tolist() for image in images)
        assert orbit[0].tolist() == list(range(36 * 36))


def test_unknown_group_and_saliency(digits):
    with pytest.raises(ValueError, match=r"group: expected one of .* got 'R5'"):
        transforming.acting_group("R5")
    task = transforming.task(TINY, "T3")
    x, labels = task.images("test", 2)
    network = transforming.train(
        transforming.task(dataclasses.replace(TINY, epochs=1), "T3"),
        [0],
        penalty="LI",
        strength=1.0,
    )
    with pytest.raises(ValueError, match=r"kind: expected one of .* got 'loud'"):
        transforming_measures.saliency(task, network, "loud", x, labels)
    for kind in transforming_measures.SALIENCIES:
        mean, undefined = transforming_measures.similarity(task, network, x, labels, kind)
        assert mean.shape == undefined.shape == (1,)


def test_paths_can_be_put_together():
    task = transforming.task(TINY, "T3")
    network = perceptron((1296, 4, 9), [0, 1])
    both, one, all_runs = (transforming.Path(task) for _ in range(3))
    for path in (both, one):
        path(1, network)
        path(5, network)  # not to be recorded
    assert both.epochs == [1]
    all_runs.take(both, 1)
    all_runs.take(one)
    found = all_runs.arrays()["path_logit_error"]
    assert found.shape == (3, 1)
    assert found[:, 0].tolist() == [found[2, 0], found[1, 0], found[2, 0]]


# --- the chapter's checks -------------------------------------------------------------------------


def synthetic(rng, shape=(2, 3, 2)):
    """Arrays as the experiments return them: every measure has its own random curve."""
    found = {f"drift_{n}": 0.1 + rng.random((*shape, len(DRIFTS), 11)) for n in DRIFT_MEASURES}
    for name in ("drift_distribution_error", "drift_logit_error"):
        found[name][:, MODELS.index("WT")] = 0
    return found


def test_stored_measures_are_found(rng):
    arrays = synthetic(rng)
    values = checks.along(arrays, "accuracy", "contrast")
    assert np.array_equal(values, arrays["drift_accuracy"][:, :, :, DRIFTS.index("contrast")])
    means = checks.at(values, "IR", 0.3)
    assert means == pytest.approx([np.mean([values[g, 1, r, 3] for r in (0, 1)]) for g in (0, 1)])
    assert np.array_equal(checks.at(values, "IR")[:, 3], means)
    ratio = checks.accuracy_ratio(arrays, "contrast")
    assert (ratio[..., 0] == 1).all()
    assert ratio[1, 2, 0, 7] == pytest.approx(values[1, 2, 0, 7] / values[1, 2, 0, 0])


def test_stored_measures_that_are_not_there(rng):
    arrays = synthetic(rng)
    with pytest.raises(ValueError, match=r"measure: expected one of .*'accuracy'.* got 'speed'"):
        checks.along(arrays, "speed")
    with pytest.raises(ValueError, match=r"kind: expected one of .* got 'blur'"):
        checks.along(arrays, "accuracy", "blur")
    values = checks.along(arrays, "accuracy")
    with pytest.raises(ValueError, match=r"model: expected one of .* got 'XX'"):
        checks.at(values, "XX")
    with pytest.raises(ValueError, match=r"level: expected one of .* got 0.25"):
        checks.at(values, "DA", 0.25)


def test_error_over_the_variance_of_the_logits(rng):
    arrays = synthetic(rng)
    arrays["drift_logit_scale"][0, 1, 0, DRIFTS.index("contrast"), 5] = 0
    found = checks.relative_error(arrays, "contrast")
    assert np.isnan(found[0, 1, 0, 5])
    assert np.isnan(found).sum() == 1
    error, scale = (checks.along(arrays, n, "contrast") for n in ("logit_error", "logit_scale"))
    assert found[1, 0, 1, 3] == pytest.approx(error[1, 0, 1, 3] / (2 * scale[1, 0, 1, 3] ** 2))


def test_cells():
    assert checks.cell(np.array([0.94, 0.96]), 1, percent=True) == "95.0 ± 1.4"
    assert checks.cell(np.array([2.0]), 2) == "2.00 ± 0.00"
    assert checks.cell(np.array([1e-9, -1e-9]), 2) == "0"
    assert checks.cell(np.array([1e-4, 2e-4]), 2) == "< 0.01"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1e-12, "0"), (4e-4, "< 0.001"), (0.0214, "0.021"), (0.5, "0.500"), (2.345, "2.35"),
     (45.67, "45.7"), (134.2, "134"), (5000, "5000")],
)  # fmt: skip
def test_plain_numbers(value, text):
    assert checks.plain(value) == text


def test_cells_of_the_drifts(rng):
    arrays = synthetic(rng)
    found = checks.drift_cells(arrays, "noise", 1, "DA", 0.2)
    ratio = np.mean([
        arrays["drift_accuracy"][1, 0, r, 1, 2] / arrays["drift_accuracy"][1, 0, r, 1, 0]
        for r in range(2)
    ])  # fmt: skip
    error = arrays["drift_logit_error"][1, 0, :, 1, 2].mean()
    assert (float(found[0]), float(found[2])) == pytest.approx((ratio, error), abs=0.006)
    assert found[1] == checks.plain(arrays["drift_distribution_error"][1, 0, :, 1, 2].mean())
    assert checks.drift_cells(arrays, "noise", 0, "WT", 0.2)[1:3] == ["0", "0"]


@given(st.integers(0, 10_000), st.floats(0, 12), st.integers(2, 6))
def test_divergence_stays_below_the_bound(seed, scale, classes):
    logits = scale * np.random.default_rng(seed).standard_normal((3, 4, classes))
    divergence, bound = checks.collapse_bound(logits)
    assert (divergence <= bound + 1e-12).all()
    for g in range(3):
        for i in range(4):
            p, q = (np.exp(f) / np.exp(f).sum() for f in (logits[0, i], logits[g, i]))
            slow = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
            assert divergence[g, i] == pytest.approx(slow, abs=1e-9)
            c = logits[0, i].argmax()
            gaps = [f[c] - np.delete(f, c).max() for f in (logits[0, i], logits[g, i])]
            spread = np.ptp(logits[g, i])
            expected = (classes - 1) * math.exp(-min(gaps)) * (1 + spread)
            assert bound[g, i] == pytest.approx(expected)


def test_scaled_pair():
    divergences, errors = checks.scaled_pair(np.array([1.0, 2.0, 8.0]))
    assert errors == pytest.approx([14, 56, 14 * 64])
    assert (np.diff(divergences) < 0).all()
    p, q = (np.exp(f) / np.exp(f).sum() for f in (np.array([3.0, 0, 1]), np.array([5.0, 1, -2])))
    assert divergences[0] == pytest.approx(sum(p * np.log(p / q)))


@given(st.integers(0, 10_000), st.floats(0, 20), st.integers(1, 5), st.integers(1, 5))
def test_losses_before_and_after_averaging(seed, scale, order, classes):
    rng = np.random.default_rng(seed)
    logits, labels = scale * rng.standard_normal((order, 3, classes)), rng.integers(classes, size=3)
    found = checks.averaging_losses(logits, labels)
    x, y = torch.tensor(logits), torch.tensor(labels)
    entropy = torch.nn.functional.cross_entropy
    single = torch.stack([entropy(row, y, reduction="none") for row in x]).mean(0)
    assert found.single == pytest.approx(single.numpy(), abs=1e-9)
    assert found.logits == pytest.approx(entropy(x.mean(0), y, reduction="none").numpy(), abs=1e-9)
    mean = x.softmax(-1).mean(0)[torch.arange(3), y]
    assert found.probabilities == pytest.approx(-mean.log().numpy(), rel=1e-6, abs=1e-9)
    target = x.mean(0).softmax(-1)
    each = [(target * (target / row.softmax(-1)).log()).nansum(-1) for row in x]
    assert found.divergence == pytest.approx(torch.stack(each).mean(0).numpy(), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("order", [2, 3, 4, 7])
def test_an_orbit_with_any_number_of_right_decisions(order):
    labels = np.zeros(1, int)
    for right in range(order + 1):
        logits = checks.one_orbit(right, order, outvoted=False)
        assert checks.averaging_accuracies(logits, labels) == (right / order, 1, 1)
        if right < order:
            logits = checks.one_orbit(right, order, outvoted=True)
            assert checks.averaging_accuracies(logits, labels) == (right / order, 0, 0)
    for right, outvoted in ((order, True), (-1, False), (order + 1, False)):
        with pytest.raises(ValueError, match=f"right: expected 0 to .* got {right} of {order}"):
            checks.one_orbit(right, order, outvoted)


def test_accuracies_of_averages_can_differ():
    # the logits agree on a draw broken by one loud element, the probabilities on the quiet ones
    logits = np.array([[[2.0, 0.0]], [[2.0, 0.0]], [[-9.0, 0.0]]])
    found = checks.averaging_accuracies(logits, np.zeros(1, int))
    assert found == pytest.approx((2 / 3, 0, 1))


@pytest.mark.parametrize("group", ["R4", "T3"])
def test_averages_are_invariant_and_networks_are_not(group, rng):
    plain, averaged = checks.invariance_gaps(group, rng, 2)
    assert plain > 1e-2
    assert averaged < 1e-12


def test_multiplications_by_hand():
    assert checks.multiplications((10, 4, 3), 2) == {
        "single": 52,
        "weight-tied": 92,
        "averaged": 104,
    }


# --- its figures ----------------------------------------------------------------------------------


@pytest.fixture
def arrays(rng):
    yield synthetic(rng)
    plt.close("all")


def named(ax):
    return {line.get_label(): line.get_ydata() for line in ax.lines}


def test_figure_of_the_paper(arrays):
    fig = plots.drift_of_the_paper(arrays)
    for g in range(2):
        error, ratio = named(fig.axes[g]), named(fig.axes[2 + g])
        assert set(error) == {"DA", "IR"}
        assert set(ratio) == {"DA", "IR", "WT"}
        for k, model in enumerate(("DA", "IR")):
            values = checks.along(arrays, "distribution_error")[g, k]
            assert np.array_equal(error[model], values.mean(0))
        assert np.array_equal(ratio["WT"], checks.accuracy_ratio(arrays)[g, 2].mean(0))
        assert fig.axes[g].get_yscale() == "log"
    assert "band edge" in plotted_csv(plotted_rows(fig))


def test_figure_of_the_other_drifts(arrays):
    kinds = ("noise", "dropped pixels", "contrast")
    arrays["drift_distribution_error"][..., DRIFTS.index("contrast"), 5] = 0
    fig = plots.other_drifts(arrays, kinds)
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes[:3]] == list(kinds)
    for column, kind in enumerate(kinds):
        assert len(fig.axes[column].lines) == 4  # nothing for weight-tied networks
        assert len(fig.axes[3 + column].lines) == 6
        shown = named(fig.axes[column])["IR, T3"]
        expected = checks.along(arrays, "distribution_error", kind)[1, 1].mean(0)
        if kind == "contrast":
            assert np.isnan(shown[5])
            shown, expected = np.delete(shown, 5), np.delete(expected, 5)
        assert np.array_equal(shown, expected)
    assert plotted_csv(plotted_rows(fig))


def test_figure_of_what_di_lacks(arrays):
    fig = plots.what_di_lacks(arrays, ("noise", "contrast"))
    for column, kind in enumerate(("noise", "contrast")):
        above, below = named(fig.axes[column]), named(fig.axes[2 + column])
        assert set(above) == {f"{m}, {g}" for m in ("DA", "IR") for g in ("R4", "T3")}
        assert np.array_equal(above["DA, R4"], checks.relative_error(arrays, kind)[0, 0].mean(0))
        agreement = checks.along(arrays, "agreement", kind)
        assert np.array_equal(below["WT, T3"], agreement[1, 2].mean(0))
    assert plotted_csv(plotted_rows(fig))


def test_figure_of_the_collapse(arrays):
    for name in ("drift_logit_error", "drift_distribution_error"):
        arrays[name][..., DRIFTS.index("contrast"), 5] = 0
    fig = plots.collapse(arrays, "DA")
    for g in range(2):
        above, below = named(fig.axes[g]), named(fig.axes[2 + g])
        shown = {
            "logit_error": above["LI"],
            "distribution_error": above["DI"],
            "agreement": below["same decision"],
            "accuracy": below["right decision"],
        }
        for name, line in shown.items():
            expected = checks.along(arrays, name, "contrast")[g, 0].mean(0)
            if "error" in name:
                expected[5] = np.nan  # a logarithmic axis has no place for zero
            assert np.array_equal(line, expected, equal_nan=True)
    assert plotted_csv(plotted_rows(fig))
