"""The chapter on finite augmentation: its experiment, its checkers and its figures."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks import finite_augmentation as checks
from learnsym.experiments import finite_augmentation as experiment
from learnsym.experiments.finite_augmentation import TASKS
from learnsym.plots import finite_augmentation as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows

COUNTS, PASSES, PULLS, SAMPLES = (1, 2, 4), (1, 4), (0.1, 0.5), 24
EPOCHS, RUNS = 12, 400


@pytest.fixture
def arrays():
    """Random walks in ten dimensions and straight lines, with the laws that they obey."""
    rng = np.random.default_rng(0)
    times = np.arange(EPOCHS + 1)

    def walk(pull=0.0, factor=1.0):
        y, path = np.zeros((3, RUNS, 10)), []
        for _ in times:
            path.append(np.linalg.norm(y, axis=-1))
            y = (1 - 2 * pull) * y + factor * rng.standard_normal(y.shape) / np.sqrt(10)
        return np.moveaxis(path, 0, 1)

    def over(law):
        return np.broadcast_to(np.asarray(law)[..., None], (3, *np.shape(law), RUNS))

    decay = [(1 - (1 - 2 * p) ** (2 * times)) / (1 - (1 - 2 * p) ** 2) for p in PULLS]
    line = [(1 - (1 - 2 * p) ** times) / (2 * p) for p in PULLS]
    ends = [1 / np.sqrt(k) for k in COUNTS], [1 / np.sqrt(k) for k in PASSES]
    everything = np.array([*COUNTS, SAMPLES])
    variance = 23.0 * np.array([[0.1], [0.5], [2.0]])  # (N - 1) / K*
    noise = 1 / everything + (1 - 1 / everything) * variance / (SAMPLES - 1)
    found = {
        "epochs_drift": walk(), "epochs_law": over(np.sqrt(times)),
        "nominal_drift": over(1.0 * times), "nominal_law": over(1.0 * times),
        "penalties_drift": np.stack([walk(p) for p in PULLS], axis=1),
        "penalties_law": over(np.sqrt(decay)),
        "held_drift": over(line), "held_law": over(line),
        "noise": np.repeat(noise[..., None], RUNS, axis=-1),
        "sizes": np.array([[100, 10, SAMPLES]] * 3),
    }  # fmt: skip
    for name, end in zip(("counts", "passes"), ends, strict=True):
        found[f"{name}_law"] = over(end)
        found[f"{name}_drift"] = np.stack([walk(factor=e)[:, 1] for e in end], axis=1)
    found["one_step"] = rng.chisquare(10, (3, 50, RUNS)) / 10 * noise[:, 1][:, None, None]
    found["rates_drift"] = found["passes_drift"]
    found["rates_law"] = found["passes_law"]
    return found


def test_walks_agree_with_their_law_and_others_do_not(arrays):
    for name in ("epochs", "nominal", "penalties", "held", "counts", "passes", "rates"):
        assert checks.agreement(arrays, name) == pytest.approx(1, abs=0.15)
        assert checks.pooled(checks.agreement(arrays, name)) == pytest.approx(1, abs=0.1)
        broken = {**arrays, f"{name}_drift": 1.5 * arrays[f"{name}_drift"]}
        assert np.all(checks.pooled(checks.agreement(broken, name)) > 1.3)


def test_exponents_tell_walks_from_lines(arrays):
    assert checks.exponents(arrays, "epochs") == pytest.approx(0.5, abs=0.06)
    assert checks.exponents(arrays, "epochs", "law") == pytest.approx(0.5)
    assert checks.exponents(arrays, "nominal") == pytest.approx(1)


def test_one_step_is_compared_with_its_own_count(arrays):
    assert checks.one_step(arrays, 1) == pytest.approx(1, abs=0.02)
    assert np.all(np.abs(checks.one_step(arrays, 0) - 1) > 0.02)


def test_divisions_find_both_parts(arrays):
    found = checks.divisions(arrays, COUNTS, SAMPLES)
    assert found.measured == pytest.approx(found.predicted)
    assert found.crossover == pytest.approx([10, 2, 0.5])
    assert found.counts.tolist() == [1, 2, 4, SAMPLES]
    broken = arrays["noise"].copy()
    broken[:, 1] *= 2
    found = checks.divisions({**arrays, "noise": broken}, COUNTS, SAMPLES)
    assert np.all(found.measured[:, 1] > 1.9 * found.predicted[:, 1])


def test_levels_are_in_units_of_the_first_step(arrays):
    measured, predicted = checks.levels(arrays, "penalties")
    assert measured == pytest.approx(predicted, rel=0.1)
    assert predicted[:, 1] == pytest.approx(1)
    measured, predicted = checks.levels(arrays, "held")
    assert measured == pytest.approx(predicted)
    assert predicted[:, 0] == pytest.approx(1 / 0.2, rel=0.2)


def test_shares_within_a_factor_and_their_table(arrays):
    ones = np.ones((3, 2, 4))
    drift = np.array([1.0, 1.4, 1.6, 0.6]) * ones
    shares = checks.within({"rates_drift": drift, "rates_law": ones}, "rates", 1.5)
    assert shares.tolist() == [[0.5, 0.5]] * 3
    header, rows = checks.by_rate(shares, TASKS, (1e-5, 1e-5, 1e-7), (1, 10))
    assert header == ["task", "1 times", "10 times"]
    assert [row[0] for row in rows] == list(TASKS)
    assert rows[2][2] == "0.50 at 1e-06"


def test_response_bends_a_long_run():
    found = checks.response(0.02, 40, 20, 0)
    assert found.measured[-1] == pytest.approx(found.full[-1], rel=0.25)
    assert found.plain[-1] > 1.15 * found.full[-1]
    assert found.plain[1] == pytest.approx(found.full[1])
    assert found.runs.shape == (41, 20)


@pytest.mark.parametrize("name", TASKS)
def test_free_parameters_follow_and_entries_do_not(name):
    found = checks.followed(name, 1, epochs=5, samples=24)
    assert found.gap < 1e-13 and found.covered > 1e-9
    assert found.entries > 0.5
    assert found.sizes[1] < found.sizes[0] / 3


def test_figures_can_be_drawn_and_exported(arrays):
    figures = [
        plots.over_epochs(arrays, TASKS),
        plots.over_draws(arrays, TASKS, COUNTS, PASSES),
        plots.division(checks.divisions(arrays, COUNTS, SAMPLES), TASKS),
        plots.penalty_levels(arrays, TASKS, PULLS),
        plots.responding(checks.Response(arrays["epochs_drift"][0], *[np.arange(13.0)] * 2)),
    ]
    for fig in figures:
        assert len(plotted_csv(plotted_rows(fig)).splitlines()) > 10
        plt.close(fig)


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
    _, found = smoke
    assert checks.agreement(found, "nominal") == pytest.approx(1, abs=0.05)
    for name in ("epochs", "counts", "passes", "penalties"):
        ratio = np.exp(np.mean(np.log(checks.agreement(found, name))))
        assert 0.6 < ratio < 1.6


def test_the_probe_recomputes_the_leading_part(smoke):
    config, found = smoke
    for name, values in experiment.probe(config).items():
        leading = found[name][tuple(slice(size) for size in values.shape)]
        assert np.allclose(values, leading, rtol=1e-9, atol=1e-14)


def test_unknown_tasks_are_named():
    with pytest.raises(ValueError, match=r"task: expected one of .*, got 'FLIP'"):
        experiment.task_of(experiment.SCALES["smoke"], "FLIP")
