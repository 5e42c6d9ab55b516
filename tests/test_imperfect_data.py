"""The checkers of the chapter on imperfect data: right where they should be, and able to fail."""

import numpy as np
import pytest

from learnsym import gallery, regression
from learnsym.checks import floors, reflection_example
from learnsym.checks import imperfect_data as checks

SUM, LARGER, ABSOLUTE = (
    checks.coordinate_sum(),
    checks.larger_coordinate(),
    checks.absolute_value(),
)
STEPS = np.arange(0, 301, 50)


@pytest.fixture
def line(rng):
    return reflection_example.absolute_value(50, rng)


@pytest.mark.parametrize("task", [SUM, LARGER, ABSOLUTE], ids=["sum", "max", "modulus"])
def test_tasks_are_symmetric(task, rng):
    g = task.rho.group.generators[0]
    for points in (task.draw(30, rng), task.population):
        np.testing.assert_allclose(task.label(task.rho.act(g, points)), task.label(points))
    grid = np.round(task.population, 9)
    moved = np.round(task.rho.act(g, task.population), 9)
    assert set(map(tuple, grid.tolist())) == set(map(tuple, moved.tolist()))
    assert np.abs(task.draw(500, rng)).max() <= 1


def test_rates_are_those_of_the_single_points(rng):
    rates = checks.rates_without_mirror_images(8, 20, rng)
    assert rates.measured == pytest.approx(rates.single, rel=0.02)
    assert (rates.measured <= rates.completed * 1.02).all()
    assert (rates.completed / rates.measured).max() > 1.05


def test_predicted_rates_by_hand():
    X = np.array([[1.0, 0.0], [0.0, 2.0]])
    single, completed = checks.predicted_rates(X, SUM.rho, 1e-9)
    assert single == pytest.approx(1 / 2, rel=1e-6)
    assert completed == pytest.approx(5 / 4, rel=1e-6)


def test_uneven_points_have_the_largest_gap(rng):
    class Scripted:
        rho = SUM.rho
        sets = iter([np.eye(2), np.diag([1.0, 3.0]), np.diag([1.0, 2.0])])

        def draw(self, count, rng):
            return next(self.sets)

    assert checks.uneven_points(Scripted(), 2, 3, 0.01, rng)[1, 1] == 3


def test_floors_follow_the_law_and_not_a_wrong_one(rng):
    counts = [80, 320]
    for task, sigma in ((LARGER, 0.0), (ABSOLUTE, 0.0), (ABSOLUTE, 0.5)):
        measured = checks.measured_floors(task, counts, 400, rng, sigma).mean(axis=1)
        assert measured == pytest.approx(checks.predicted_floors(task, counts, sigma), rel=0.2)
        wrong = checks.predicted_floors(task, counts, sigma + 0.5)
        assert np.abs(measured / wrong - 1).min() > 0.2


def test_no_floor_for_the_sum(rng):
    assert checks.measured_floors(SUM, [20], 10, rng).max() < 1e-12


def test_noisy_runs_follow_the_law(line, rng):
    w0 = np.array([0.3, 1.0])
    for shared in (0.0, 0.75, 1.0):
        run = checks.noisy_runs(line, w0, 0.5, shared, 600, STEPS, 0.1, rng)
        assert run.measured.shape == (len(STEPS), 600)
        assert run.measured.mean(axis=1) == pytest.approx(run.predicted, rel=0.2)
    # the last run has shared noise, so no floor; a run with independent noise does not fit it
    own = checks.noisy_runs(line, w0, 0.5, 0.0, 600, STEPS, 0.1, rng)
    assert own.measured[-1].mean() > 100 * run.predicted[-1]


def test_correlated_noise_has_its_correlation(rng):
    noise = checks.correlated_noise(2, 6, 0.36, 40_000, rng)
    covariance = noise @ noise.T / 40_000
    expected = np.eye(6) + 0.36 * (np.eye(6, k=3) + np.eye(6, k=-3))
    np.testing.assert_allclose(covariance, expected, atol=0.04)
    with pytest.raises(ValueError, match="shared: expected a correlation from 0 to 1, got 2"):
        checks.correlated_noise(2, 6, 2, 5, rng)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_floor_ratio(shared, rng, monkeypatch):
    rho = gallery.find("C4, 4x4 images").rho_in
    assert checks.floor_ratio(rho, 20, shared, rng) == pytest.approx(1 - shared, abs=1e-9)
    right = floors.noise_covariance
    monkeypatch.setattr(floors, "noise_covariance", lambda *a: 1.1 * right(*a))
    wrong = checks.floor_ratio(rho, 20, shared, rng)
    assert wrong == pytest.approx((1 - shared) / 1.1, abs=1e-9)


def test_floor_ratio_by_monte_carlo(rng):
    rho = gallery.find("S2, swap of two coordinates").rho_in
    rows = regression.augment(rng.standard_normal((5, 2)), rho).reshape(-1, 2)
    noise = rng.standard_normal((10, 20_000))
    weights = regression.split(np.linalg.lstsq(rows, noise)[0].T, rho)[1]
    measured = np.sum(weights**2, axis=1).mean()
    assert measured == pytest.approx(np.trace(floors.noise_covariance(rows, rho, 1.0)), rel=0.06)


def test_completion_gains_at_least_the_order(rng):
    rho = gallery.find("C4, 4x4 images").rho_in
    X = rng.standard_normal((40, 16))
    assert checks.completion_gain(X, rho) > 4
    whole = regression.augment(X, rho).reshape(-1, 16)
    assert checks.completion_gain(whole, rho) == pytest.approx(4)
