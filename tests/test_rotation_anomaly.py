"""What makes ROT differ: checkers."""

import dataclasses

import numpy as np
import pytest

from learnsym.checks import rotation_anomaly as anomaly
from learnsym.drift.curves import Curve
from learnsym.experiments import rot


@pytest.fixture
def found():
    rng = np.random.default_rng(0)
    line = np.arange(13.0)[:, None] * np.linspace(0.5, 1.5, 4)
    walk = np.abs(rng.standard_normal(line.shape)) + 1
    walk[0] = 0
    return {
        name: Curve(name, line, drift, law, line, drift**2)
        for name, drift, law in (
            ("nominal", line, line), ("augmented", walk, walk), ("exact", 1e-15 * line, None),
            ("half turns", 0.6 * line, 0.6 * line),
        )
    }  # fmt: skip


def test_growth_of_rounding_errors(found):
    drift = np.full((13, 3), 1e-17)
    drift[1:, 1], drift[1:, 2] = 1e-14, 1e-14
    drift[5:, 2] = 1e-9
    exact = dataclasses.replace(found["exact"], drift=drift)
    assert anomaly.growth({"exact": exact}) == pytest.approx([0.01, 1, 1e5])


def test_last_ratios_are_run_by_run(found):
    ratios = anomaly.last_ratio(found)
    assert ratios.shape == (4,) and np.ptp(ratios) > 0.1
    assert ratios * found["augmented"].drift[-1] == pytest.approx(found["nominal"].drift[-1])


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


def test_misses_of_the_law_and_explanations(found):
    broken = dataclasses.replace(found["nominal"], drift=1.5 * found["nominal"].drift)
    assert anomaly.law_misses({"nominal": broken}, "nominal") == pytest.approx(1.5)
    small = dataclasses.replace(found["nominal"], drift=found["nominal"].drift / 2)
    assert anomaly.law_misses({"nominal": small}, "nominal") == pytest.approx(2)
    rows = anomaly.explanations({"here": found})
    assert [row[:2] for row in rows] == [["here", "augmented"], ["here", "half turns"]]
    assert rows[1][2:] == ["1.7", "1.7"]
