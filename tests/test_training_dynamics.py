"""Checks and figures of the chapter on training: each sees what it should and can fail."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym import groups, representations
from learnsym.checks import training_dynamics as checks
from learnsym.plots import training_dynamics as plots

TURNS = representations.image(groups.image_rotations(4))
TIMES = np.linspace(0, 3, 31)


def test_spread_of_equal_and_unequal_numbers():
    assert checks.spread([2.0, 2.0, 2.0]) == 0
    assert np.allclose(checks.spread([[1.0, 3.0], [-1.0, 1.0]]), [1.0, 2.0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], 0),
        ([4, 3, 2, 1], 0),
        ([3, 2, 1, 2, 3], 1),
        ([1, 3, 1], 1),
        ([3, 1, 2, 1], 2),
        ([1, 3, 2, 3, 0], 3),
        ([0, 1, 0.999, 1, 2], 0),
        ([5, 5, 5], 0),
    ],
)
def test_turns_counts_changes_of_direction(values, expected):
    assert checks.turns(values) == expected


def test_turns_agrees_with_the_sign_changes_of_a_smooth_curve(rng):
    grid = np.linspace(0, 1, 2_000)
    for _ in range(20):
        roots = np.sort(rng.uniform(0.05, 0.95, 3))
        if np.diff(roots).min() < 0.15:
            continue
        slope = np.prod(grid[:, None] - roots, axis=1)
        assert checks.turns(np.cumsum(slope), margin=1e-6) == 3


def aligned(rng, size=1e-3, tilt=0.0, spectrum=(0.0, 0.3, 2.0)):
    return checks.aligned_flow(
        TURNS, [2.0, 1.0], [0.02, 0.02], spectrum, size, TIMES, rng, tilt=tilt
    )


def gap(found):
    return np.abs(found.measured - found.predicted).max() / found.predicted.max()


def test_aligned_flow_agrees_with_its_formula_to_second_order(rng):
    coarse, fine = (gap(aligned(np.random.default_rng(0), size)) for size in (0.1, 0.01))
    assert fine < 1e-3
    assert 30 < coarse / fine < 300  # a hundredth for a tenth of the size


def test_aligned_flow_sees_a_start_that_is_not_aligned(rng):
    assert gap(aligned(rng, tilt=0.1)) > 0.05


def test_first_layer_loses_asymmetry_at_the_rate_of_the_theorem(rng):
    spectrum = np.array([0.5, 0.8, 1.5])
    found = aligned(rng, size=0.05, spectrum=spectrum)
    eigenvalues = np.ones(found.measured.shape[2])
    eigenvalues[:3] = spectrum
    weighted = np.sum(found.measured * eigenvalues, axis=(1, 2))
    lost = found.first[0] ** 2 - found.first[-1] ** 2
    assert lost == pytest.approx(4 * np.trapezoid(weighted, TIMES), rel=5e-3)
    assert np.diff(found.first).max() <= 0


def test_sampled_augmentation_agrees_with_the_law(rng):
    measured, predicted = checks.sampled_asymmetries(TURNS, 800, (2, 1), (1, 2), 200, rng)
    error = measured.std(axis=1) / np.sqrt(200)
    assert np.all(np.abs(measured.mean(axis=1) - predicted) < 4 * error + 0.05 * predicted)
    assert predicted[0] == pytest.approx(3 * predicted[1])


def test_whole_orbits_leave_no_asymmetry(rng):
    measured, predicted = checks.sampled_asymmetries(TURNS, 100, (2, 1), (4,), 3, rng)
    assert predicted == [0]
    assert measured.max() < 1e-20


# --- figures ----------------------------------------------------------------------------------


def test_published_panels_keep_the_styles_of_the_methods(rng):
    steps = np.arange(20)
    curves = {name: rng.uniform(1, 2, (20, 3)) for name in ("augmented", "hard-wired", "weak")}
    some = {name: curves[name] for name in ("augmented", "weak")}
    fig = plots.published_panels(steps, rng.normal(size=(20, 2, 4)), curves, some, some)
    entries, accuracy, asymmetric, share = fig.axes
    assert len(entries.lines) == 8
    assert [line.get_label() for line in accuracy.lines] == list(curves)
    assert [line.get_label() for line in asymmetric.lines] == list(some)
    assert asymmetric.lines[1].get_color() == accuracy.lines[2].get_color()
    assert np.allclose(share.lines[0].get_ydata(), some["augmented"].mean(axis=1))
    assert len(accuracy.collections) == 3
    plt.close(fig)


def test_two_norms_start_at_their_first_value(rng):
    values = rng.uniform(1, 2, (10, 3))
    fig = plots.two_norms({t: (np.arange(10), {"a": values}) for t in ("left", "right")})
    assert np.allclose(fig.axes[0].lines[0].get_ydata(), (values / values[0])[1:].mean(axis=1))
    plt.close(fig)


def test_bumps_are_relative_to_the_first_layer(rng):
    found = aligned(rng)
    fig = plots.bumps(TIMES, found)
    first = found.predicted[:, 0].sum(axis=-1) / found.first[0] ** 2
    assert np.allclose(fig.axes[1].lines[0].get_ydata(), first)
    assert len(fig.axes[0].lines) == 2
    plt.close(fig)


def test_sampled_law_shows_means_and_law(rng):
    measured = rng.uniform(1, 2, (3, 50))
    fig = plots.sampled_law({"turns": ((1, 2, 3), measured, np.ones(3))})
    law, means = fig.axes[0].lines[:2]
    assert np.allclose(law.get_ydata(), 1)
    assert np.allclose(means.get_ydata(), measured.mean(axis=1))
    plt.close(fig)
