"""Checks and figures of the chapter on the measures of invariance, on broken inputs too."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from learnsym import groups, invariance
from learnsym import representations as reps
from learnsym.checks import measuring_invariance as measuring
from learnsym.checks import saliency_traps
from learnsym.networks.perceptron import orbit_indices
from learnsym.plots import measuring_invariance as plots

TURNS = orbit_indices(groups.image_rotations(4))
MATRICES = torch.eye(16, dtype=torch.float64)[TURNS]


def images(rng, count=6, n=16):
    return torch.tensor(rng.standard_normal((count, n)))


@pytest.mark.parametrize("group", [groups.image_rotations(4), groups.symmetric(3)])
def test_matrices_list_the_group_with_the_identity_first(group):
    matrices = measuring.orbit_matrices(reps.vector(group))
    orbit = orbit_indices(group)
    assert torch.equal(measuring.permutations_of(matrices)[0], torch.arange(group.degree))
    found = {tuple(g.tolist()) for g in measuring.permutations_of(matrices)}
    assert found == {tuple(g.tolist()) for g in orbit}


def test_averages_match_loops(rng):
    network, x = measuring.random_network(16, 2, rng), images(rng)
    signs = measuring.turn_signs(TURNS)
    moved = [network(x[:, g]) for g in TURNS]
    torch.testing.assert_close(measuring.averaged(network, MATRICES)(x), sum(moved) / 4)
    expected = sum(s * m for s, m in zip(signs, moved, strict=True)) / 4
    torch.testing.assert_close(measuring.alternating(network, MATRICES, signs)(x), expected)
    logits = measuring.moved_logits(network, x, MATRICES)
    torch.testing.assert_close(logits, invariance.orbit_logits(network, x, TURNS))


def test_signs_multiply_and_need_a_cyclic_group_of_even_order():
    signs = measuring.turn_signs(TURNS)
    place = {tuple(g.tolist()): k for k, g in enumerate(TURNS)}
    for a, g in enumerate(TURNS):
        for b, h in enumerate(TURNS):
            assert signs[place[tuple(g[h].tolist())]] == signs[a] * signs[b]
    with pytest.raises(ValueError, match="orbit: expected a cyclic group of even order"):
        measuring.turn_signs(orbit_indices(groups.image_translations(3, "x")))


def test_gradient_gap_sees_networks_that_are_not_invariant(rng):
    network, x = measuring.random_network(16, 1, rng), images(rng)
    assert measuring.gradient_gap(network, x, MATRICES) > 1e-2
    assert measuring.gradient_gap(measuring.averaged(network, MATRICES), x, MATRICES) < 1e-13


def test_path_similarity_sees_baselines_that_are_not_invariant(rng):
    network = measuring.averaged(measuring.random_network(16, 1, rng), MATRICES)
    x = images(rng)
    assert float(measuring.path_similarity(network, x, TURNS, 0.3).mean) == pytest.approx(1)
    skew = images(rng, 1)[0]
    assert float(measuring.path_similarity(network, x, TURNS, skew).mean) < 0.999


def test_traps_are_what_they_are_called(rng):
    orbit = orbit_indices(groups.image_rotations(4))
    found = measuring.traps(orbit, 10, rng)
    rows = {k: measuring.measured(f, found.x, orbit) for k, f in found.networks.items()}
    assert rows["invariant"].li < 1e-20 and rows["invariant"].agreement == 1
    assert rows["common offset"].di < 1e-12 < rows["common offset"].li
    assert rows["common offset"].li == pytest.approx(measuring.offset_error(found))
    logits = invariance.orbit_logits(found.networks["certain"], found.x, orbit)
    assert rows["certain"].di <= measuring.certainty_bound(logits)
    shrink = measuring.SHRINKING**2
    assert rows["shrunken"].li == pytest.approx(shrink * rows["free"].li)
    assert rows["plateaus"].signed == pytest.approx(1) and rows["plateaus"].li > 1
    assert rows["sign"].published == pytest.approx(1) and rows["sign"].share == pytest.approx(1)
    assert rows["free"].undefined == 0


def test_certainty_bound_of_uncertain_logits_is_large(rng):
    assert measuring.certainty_bound(torch.tensor(rng.standard_normal((4, 5, 3)))) > 1


def test_ratios_stay_in_their_bounds(rng):
    assert measuring.divergence_over_error(0.1, 50, rng) <= 0.25
    ratios = measuring.error_over_variance(4, 200, rng)
    assert ratios.shape == (200,) and ratios.min() >= 1 and ratios.max() <= 4 and ratios.max() > 3


def test_whole_orbits_list_every_image_in_every_place():
    logits = torch.arange(6.0).view(3, 2, 1)
    whole = measuring.whole_orbit_logits(logits)
    assert whole.shape == (3, 6, 1)
    assert whole[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert whole[1, :, 0].tolist() == [2, 3, 4, 5, 0, 1]
    detector = measuring.upright_detector(4, 5)
    assert float(invariance.scale_free_logit_error(detector)) == pytest.approx(2)
    whole = measuring.whole_orbit_logits(detector)
    assert float(invariance.scale_free_logit_error(whole)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-17, "0"),
        (2e-4, "2e-4"),
        (0.004, "4e-3"),
        (0.5, "0.50"),
        (-0.33, "-0.33"),
        (1234, "1234"),
    ],
)
def test_cells(value, text):
    assert measuring.cell(value) == text


# --- saliency -------------------------------------------------------------------------------------


def test_hand_calculated_similarities():
    assert saliency_traps.swap_similarity((0.0, 1.0)) == pytest.approx(0, abs=1e-12)
    assert saliency_traps.swap_similarity((0.5, 0.5)) == pytest.approx(1)
    assert saliency_traps.turn_similarity() == pytest.approx((0, 1), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.5, 0.9])
def test_hair(threshold):
    plain, published = saliency_traps.hair(7, 1e-9, threshold)
    assert plain == pytest.approx(1)
    assert published == pytest.approx((1 + 7 * threshold**2) ** -0.5, abs=1e-6)
    assert saliency_traps.hair(7, -0.2, 0.7)[1] == pytest.approx(
        saliency_traps.hair(7, 0.2, 0.7)[1]
    )


def test_noisy_pairs(rng):
    pairs = saliency_traps.noisy_pairs(np.array([0.0, 0.9, 1.0]), 30, rng)
    np.testing.assert_allclose(pairs.signed.mean(axis=1), [0, 0.9, 1], atol=0.02)
    np.testing.assert_allclose(pairs.published[2], 1)
    assert pairs.same[2].all() and pairs.published[1].mean() < 0.8
    assert saliency_traps.closest_disjoint(5_000, rng, 0.7) >= 0.3


def test_borders_and_ties(rng):
    found = saliency_traps.border_similarities(10, 0)
    assert all(value == pytest.approx(1) for value in found["R4"].values())
    assert found["T3"]["circular"] == pytest.approx(1) and found["T3"]["reflect"] < 1 - 1e-6
    even, picked = saliency_traps.tie_similarities(10, rng)
    assert even == pytest.approx(1) and picked < 0.9
    assert max(saliency_traps.jacobian_gaps(rng)) < 1e-12


def test_figures(rng):
    factors = np.array([0.1, 1.0])
    network = measuring.random_network(16, 3, rng)
    rows = measuring.scaled(network, images(rng), TURNS, factors)
    assert rows[1].li == pytest.approx(100 * rows[0].li)
    left = plots.scale_of_the_logits(factors, rows).axes[0]
    np.testing.assert_allclose(left.lines[0].get_ydata(), [row.li for row in rows])
    image = np.zeros((6, 6))
    image[1:3, 1:5] = 1
    pictured = saliency_traps.pictures(image, rng)
    assert pictured[0].cosine == pytest.approx(1) and pictured[1].cosine == pytest.approx(-1)
    np.testing.assert_array_equal(pictured[0].images[1], np.rot90(image))
    assert len(plots.maps_of_three_networks(pictured).axes) == 15
    pairs = saliency_traps.noisy_pairs(np.array([0.5, 0.9]), 5, rng)
    axes = plots.thresholded_similarity(pairs, 1).axes
    np.testing.assert_allclose(axes[0].lines[1].get_ydata(), pairs.published.mean(axis=1))
    plt.close("all")
