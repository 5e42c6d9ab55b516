"""The chapters on PERM, TRANS and ROT: checkers and figures."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks import augmented_training as checks
from learnsym.checks import rotation_anomaly as anomaly
from learnsym.experiments import perm, rot, trans
from learnsym.plots import augmented_training as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows

EPOCHS, RUNS, RATE, PASSES = 12, 300, 0.1, 4
MODES = rot.MODES  # nominal, equivariant, augmented, exact, half turns


@pytest.fixture
def arrays():
    """Straight lines, random walks and rest, in three layers of which the group moves two."""
    rng = np.random.default_rng(0)
    times = np.arange(EPOCHS + 1.0)
    shape = (EPOCHS + 1, RUNS)
    line = np.broadcast_to(0.3 * times[:, None], shape)
    steps = rng.standard_normal((EPOCHS, RUNS, 40)) / np.sqrt(40) * RATE / np.sqrt(PASSES)
    walk = np.linalg.norm(np.cumsum(steps, axis=0), axis=-1)
    walk = np.concatenate([np.zeros((1, RUNS)), walk])
    drift = np.stack([line, 1e-15 * line, walk, 1e-15 * line, 0.6 * line])
    distance = np.broadcast_to(5 * times[:, None], (5, *shape))
    split = np.array([0.6, 0.8, 0.0])
    loss = np.broadcast_to(np.linspace(2, 1, EPOCHS)[:, None], (5, EPOCHS, RUNS))
    return {
        "drift": drift, "layers": drift[..., None] * split,
        "distance": distance, "steps": distance[..., None] * [0.48, 0.64, 0.6],
        "noise": np.ones((EPOCHS, RUNS)), "systematic": np.stack([line, 0.6 * line]),
        "loss": loss, "final_loss": loss[:, -1], "accuracy": np.full((5, RUNS), 0.25),
    }  # fmt: skip


@pytest.fixture
def found(arrays):
    return checks.curves(arrays, MODES, RATE, PASSES)


def test_curves_carry_their_own_law(arrays, found):
    assert [curve.label for curve in found.values()] == [
        "NOM", "EQUI", "AUG", "exact", "half turns"
    ]  # fmt: skip
    assert found["equivariant"].law is None and found["exact"].law is None
    assert np.array_equal(found["nominal"].law, arrays["systematic"][0])
    assert np.array_equal(found["half turns"].law, arrays["systematic"][1])
    expected = RATE * np.sqrt(np.arange(EPOCHS + 1) / PASSES)
    assert found["augmented"].law == pytest.approx(np.tile(expected[:, None], RUNS))
    with pytest.raises(ValueError, match=r"modes: expected 5 names, got \('nominal',\)"):
        checks.curves(arrays, ("nominal",), RATE, PASSES)


def test_the_form_of_the_code_squares_and_skips_layers_that_stay(arrays, found):
    nominal = found["nominal"]
    by_hand = [
        np.sqrt(sum(layer**4 for layer in arrays["layers"][0, -1, run])) for run in range(RUNS)
    ]
    assert nominal.code_drift[-1] == pytest.approx(by_hand)
    assert nominal.code_drift[-1] == pytest.approx(nominal.drift[-1] ** 2 * np.hypot(0.36, 0.64))
    assert nominal.code_distance == pytest.approx(0.8 * nominal.distance)


def test_agreement_sees_another_law(found):
    for mode in ("nominal", "augmented", "half turns"):
        assert checks.agreement(found[mode]) == pytest.approx(np.ones(EPOCHS), abs=0.05)
        broken = dataclasses.replace(found[mode], drift=1.5 * found[mode].drift)
        assert np.all(checks.agreement(broken) > 1.4)
        assert anomaly.law_misses({mode: broken}, mode) == pytest.approx(1.5, rel=0.05)
        small = dataclasses.replace(found[mode], drift=found[mode].drift / 2)
        assert anomaly.law_misses({mode: small}, mode) == pytest.approx(2, rel=0.05)


def test_growth_of_rounding_errors(found):
    drift = np.full((EPOCHS + 1, 3), 1e-17)
    drift[1:, 1], drift[1:, 2] = 1e-14, 1e-14
    drift[5:, 2] = 1e-9
    exact = dataclasses.replace(found["exact"], drift=drift)
    assert anomaly.growth({"exact": exact}) == pytest.approx([0.01, 1, 1e5])


def test_last_ratios_are_run_by_run(found):
    ratios = anomaly.last_ratio(found)
    assert ratios.shape == (RUNS,) and np.ptp(ratios) > 0.1
    assert ratios * found["augmented"].drift[-1] == pytest.approx(found["nominal"].drift[-1])


def test_exponents_tell_walks_from_lines(found):
    assert checks.exponent(found["nominal"]) == pytest.approx(1)
    assert checks.exponent(found["augmented"]) == pytest.approx(0.5, abs=0.05)
    assert checks.exponent(found["augmented"], "law") == pytest.approx(0.5)


def test_factors_and_shares(found):
    nominal, half = found["nominal"], found["half turns"]
    assert checks.factor(half, nominal) == pytest.approx(0.6)
    assert checks.factor(half, nominal, "law") == pytest.approx(0.6)
    assert checks.factor(half, nominal, "code_drift") == pytest.approx(0.36)
    assert checks.shares(nominal) == pytest.approx(np.full(RUNS, 0.06))
    assert np.all(checks.apart(nominal, half) == 0)
    further = dataclasses.replace(half, distance=2 * half.distance)
    assert checks.apart(further, nominal) == pytest.approx(np.ones(RUNS))


def sizes(mean, variance, setting, runs=2):
    """Arrays of a first step with given squared mean gradient and variance over samples."""
    count = setting.samples // setting.batch
    step = mean / count + (1 - 1 / count) * variance / (setting.samples - 1)
    drift = setting.rate * np.sqrt(mean) * np.arange(2)[:, None]
    return {
        "noise": np.full((1, runs), step),
        "systematic": np.broadcast_to(drift, (1, 2, runs)),
    }


def test_predicted_factors_in_the_two_limits():
    setting = perm.Config(samples=60, batch=10, epochs=8, passes=2)
    alike = sizes(3.0, 0.0, setting)  # all samples alike: each mini-batch is a draw
    assert checks.predicted_factor(alike, setting) == pytest.approx(np.sqrt(16 * 6))
    assert checks.predicted_factor(alike, setting, 600, 10) == pytest.approx(np.sqrt(16 * 60))
    invariant = sizes(3.0, 3.0 * 59, setting)  # nothing but the fluctuation of the sample
    for size in (None, 600, 6_000):
        assert checks.predicted_factor(invariant, setting, size) == pytest.approx(4)


def test_predicted_factor_of_samples_that_grow_in_number():
    setting = perm.Config(samples=40, batch=8, epochs=5, passes=5)
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(300):
        slopes = 0.5 + rng.standard_normal((400, 6))
        parts = slopes.reshape(50, 8, 6).mean(axis=1)
        ratios.append([np.sum(slopes.mean(0) ** 2), np.sum(parts**2) / 50**2])
    mean, step = np.mean(ratios, axis=0)
    small = sizes(0.25 * 6 + 6 / 40, 6.0 * 39 / 40, setting)
    predicted = checks.predicted_factor(small, setting, 400, 8)
    assert predicted == pytest.approx(np.sqrt(25 * mean / step), rel=0.03)


@pytest.mark.parametrize("module", [perm, trans, rot])
def test_best_constants_by_counting(module):
    problem = module.problem(module.SCALES["smoke"])
    y = problem.task.y.numpy()
    columns = y.reshape(len(y), -1).astype(int).T  # of class numbers, or of zeros and ones
    share = np.mean([np.bincount(column).max() / len(y) for column in columns])
    assert checks.best_constant(problem) == pytest.approx(share)


@pytest.mark.parametrize("name", checks.SMALL)
def test_small_instances_stay_under_the_whole_group_only(name):
    ends = checks.small_instance(name, 3)
    assert np.all(ends["exact"] < 1e-8)
    assert np.all(ends["augmented"] > 1e-4) and np.all(ends["nominal"] > 1e-4)


def test_unknown_instances_are_refused():
    with pytest.raises(ValueError, match=r"name: expected one of .*'ROT'.*got 'SCALE'"):
        checks.small_instance("SCALE", 0)
    with pytest.raises(ValueError, match="modes: expected some of"):
        checks.small_instance("ROT", 0, ("nominal", "sideways"))


def test_tables(arrays, found):
    rows = checks.learned(arrays, MODES)
    assert rows[0] == ["NOM", "2", "1", "0.250"] and len(rows) == 5
    rows = checks.printed(found)
    assert rows[0][:4] == ["NOM", "60", "3.6", "3.6"]
    assert rows[1] == ["EQUI", "60", "0", "", "48", "0"]
    grown = dataclasses.replace(found["exact"], drift=found["nominal"].drift)
    assert checks.printed({**found, "exact": grown})[3][2] == "grown rounding"
    rows = anomaly.explanations({"here": found})
    assert [row[:2] for row in rows] == [["here", "AUG"], ["here", "half turns"]]
    assert rows[1][2:] == ["1.7", "1.7"]


def test_saturation_depends_on_the_start():
    config = rot.SCALES["smoke"]
    shares = {
        start: anomaly.saturated_share(dataclasses.replace(config, start=start), 2)
        for start in ("standard", "fan in")
    }
    assert np.all(shares["standard"] > shares["fan in"])
    outputs = anomaly.initial_outputs(config, 1)
    assert outputs.shape == (1, config.samples, 2 * config.side**2)
    assert anomaly.channel_sums(outputs) < 1e-9
    assert anomaly.channel_sums(outputs.abs()) > 1


def test_half_turns_leave_a_third():
    assert anomaly.even_share(6, 2) == pytest.approx(1 / 3, abs=1e-15)
    # on an odd side the middle pixel stays: characters of C4 on the maps between images
    pixels, fixed = 49, 1
    quarter, half = (pixels**2 + 3 * fixed) / 4, (pixels**2 + fixed) / 2
    whole = pixels**2
    assert anomaly.even_share(7, 2) == pytest.approx((half - quarter) / (whole - quarter))
    assert anomaly.closeness_under_half_turns(1 / 3, {0: 0.4, 2: 0.6}) == pytest.approx(0.6)
    assert anomaly.closeness_under_half_turns(1 / 3, {0: 1.0, 2: 0.0}) == pytest.approx(1)


def test_opposite_outputs_pay_for_empty_pixels():
    problem = rot.problem(rot.SCALES["smoke"])
    covered = 2 * problem.task.y.mean().item()  # of the pixels
    assert anomaly.best_opposite(problem) == pytest.approx(covered + (1 - covered) / 2)


def test_figures_can_be_drawn_and_exported(arrays, found):
    few = checks.curves(
        {name: array[..., :3, :] if name in ("steps", "layers") else array[..., :3]
         for name, array in arrays.items()},
        MODES, RATE, PASSES,
    )  # fmt: skip
    figures = [
        plots.against_distance(few, ["nominal", "augmented"]),
        plots.against_distance(few, ["nominal"], code=True),
        plots.over_epochs({"left": few, "right": few}),
        plots.rounding_errors({"left": few, "right": few}),
    ]
    for fig in figures:
        assert len(plotted_csv(plotted_rows(fig)).splitlines()) > 50
        plt.close(fig)


def test_sizes_set_the_published_beside_the_actual():
    rows = checks.sizes(perm.SCALES["smoke"], "graphs")
    assert [row[1] for row in rows] == ["32", "1,000", "200", "30", "50", "25"]
    assert [row[2] for row in rows] == ["2", "20", "10", "2", "3", "3"]
    assert rows[2][0] == "graphs per mini-batch"
