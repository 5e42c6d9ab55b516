"""Table 1 beside our runs: printed numbers, readings, separations; and the figures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from learnsym.checks import spurious_invariance as checks
from learnsym.checks.printed_table import PUBLISHED, Printed, compared, gaps_text
from learnsym.experiments.transforming_measures import SALIENCIES
from learnsym.groups import image_rotations, image_translations
from learnsym.invariance import saliency_similarity
from learnsym.networks.perceptron import orbit_indices
from learnsym.plots import spurious_invariance as plots

RUNS = 4
DRAWN = {"DA": (104.0, 0.29, 0.45), "IR": (0.006, 0.0003, 0.96), "WT": (0.0, 0.0, 1.0)}


@pytest.fixture
def arrays():
    """Made-up runs near the published table, the last axes as the experiment has them."""
    rng = np.random.default_rng(0)
    shape = (2, 3, RUNS)
    found = {"accuracy": np.empty(shape), "logit_error": np.empty(shape)}
    found["distribution_error"] = np.empty(shape)
    found["similarities"] = np.empty((*shape, len(SALIENCIES)))
    for g, group in enumerate(checks.GROUPS):
        for m, model in enumerate(checks.MODELS):
            noise = 1 + 0.01 * rng.standard_normal((4, RUNS))
            error, divergence, similarity = DRAWN[model]
            found["accuracy"][g, m] = PUBLISHED[group, model]["accuracy"].value / 100 * noise[0]
            found["logit_error"][g, m] = error * noise[1]
            found["distribution_error"][g, m] = divergence * noise[2]
            values = np.full(RUNS, similarity) if model == "WT" else similarity * noise[3]
            found["similarities"][g, m] = values[:, None]
    found["scale_free"] = found["logit_error"] / 2_000
    found["feature_share"] = found["logit_error"] / 2_000
    found["agreement"] = 1 - found["distribution_error"] / 10
    found["spectral_norm"] = 1 + found["logit_error"] / 20
    found["strength_accuracy"] = np.array([[0.90, 0.85, 0.80], [0.95, 0.93, 0.90]])
    found["strength_similarity"] = np.array([[0.91, 0.94, 0.97], [0.90, 0.94, 0.98]])
    return found


# --- printed numbers ----------------------------------------------------------------------------


def test_a_printed_number_keeps_its_digits():
    assert Printed(0.17, 0.04, 0.01).text == "0.17 ± 0.04"
    assert Printed(98.6, None, 0.1).text == "98.6"


def test_tolerance_joins_both_deviations():
    found = compared(Printed(10.0, 3.0, 0.1), [6.0, 14.0])
    assert found.deviation == pytest.approx(np.sqrt(32))
    assert found.tolerance == pytest.approx(2 * np.sqrt(9 + 32))
    assert found.agrees


def test_tolerance_is_at_least_half_a_unit():
    assert compared(Printed(0.3, None, 0.1), [0.34, 0.34]).agrees
    assert not compared(Printed(0.3, None, 0.1), [0.36, 0.36]).agrees


def test_one_run_has_no_deviation():
    with pytest.raises(ValueError, match=r"runs: expected at least two.*\(1,\)"):
        compared(Printed(1, None, 1), [1.0])


def test_gaps_are_named(arrays):
    text = gaps_text(checks.row(arrays, "R4", "WT"))
    assert text.startswith("ours less the paper's: accuracy ")
    assert "SI +0.000 (allowed 0.005)" in text


# --- rows and readings --------------------------------------------------------------------------


def test_rows_near_the_paper_agree_and_others_do_not(arrays):
    near = checks.row(arrays, "R4", "DA")["LI"]
    assert near.agrees
    assert near.share <= 1
    arrays["logit_error"][0, 0] *= 2
    far = checks.row(arrays, "R4", "DA")["LI"]
    assert not far.agrees
    assert far.share > 1


def test_similarity_before_the_chosen_weight():
    arrays = {
        "strengths": np.array([[4.0, 8, 16], [30, 60, 120]]),
        "strength": np.array([16.0, 30]),
        "strength_similarity": np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
    }
    np.testing.assert_array_equal(checks.similarity_before(arrays), [0.2, np.nan])


@pytest.mark.parametrize(("group", "model"), [("R5", "DA"), ("R4", "XX")])
def test_unknown_rows_are_named(arrays, group, model):
    with pytest.raises(ValueError, match="group, model: expected one of"):
        checks.columns(arrays, group, model)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_without_identity_matches_the_measure(order):
    rng = np.random.default_rng(order)
    orbit = torch.stack([torch.arange(6).roll(-k * 6 // order) for k in range(order)])
    maps = torch.tensor(rng.random((order, 5, 6)))
    counted, left_out = (
        saliency_similarity(maps, orbit, identity=counted).mean.item() for counted in (True, False)
    )
    assert checks.without_identity(counted, order) == pytest.approx(left_out, abs=1e-12)


def test_without_identity_needs_another_element():
    with pytest.raises(ValueError, match="order: expected at least 2, got 1"):
        checks.without_identity(0.5, 1)


def test_readings_of_li_differ_by_the_two_factors(arrays):
    found = list(checks.logit_readings(arrays, "T3").values())
    np.testing.assert_allclose(found[1] / found[0], 1.5)
    np.testing.assert_allclose(found[0] / found[2], 2)


def test_trade_off_is_interpolated(arrays):
    expected = checks.without_identity((0.91 + 0.94) / 2, 4)
    assert checks.similarity_at_accuracy(arrays, "R4", 87.5) == pytest.approx(expected)
    assert np.isnan(checks.similarity_at_accuracy(arrays, "R4", 91))


def test_parameters_are_counted_as_torch_does():
    layers = [torch.nn.Linear(7, 5), torch.nn.Linear(5, 3)]
    counted = sum(p.numel() for layer in layers for p in layer.parameters())
    assert checks.parameter_count((7, 5, 3)) == counted


# --- separations --------------------------------------------------------------------------------


def test_separated_and_mixed_measures(arrays):
    pair = checks.separations(arrays)["LI"]["R4"]
    assert pair.disjoint
    assert pair.factor == pytest.approx(104 / 0.006, rel=0.05)
    arrays["logit_error"][0, 1, 0] = 200
    assert not checks.separations(arrays)["LI"]["R4"].disjoint


def test_verdicts_fail_where_they_should(arrays):
    assert all(checks.verdicts(arrays).values())
    arrays["logit_error"][1, 2] = 1e-3
    found = checks.verdicts(arrays)
    assert not found["weight tying is exact"]
    assert found["LI falls a hundredfold"]


def test_short_numbers():
    assert [checks.short(v) for v in (17_345.0, 104.1, 9.76, 0.00613)] == [
        "17,345", "104", "9.8", "0.0061",
    ]  # fmt: skip


# --- maps over orbits ---------------------------------------------------------------------------


@pytest.mark.parametrize("group", [image_rotations(4), image_translations(6, "x", 2)], ids=str)
def test_maps_that_move_with_the_image_are_realigned_to_one(group):
    orbit = orbit_indices(group).numpy()
    side = round(np.sqrt(orbit.shape[1]))
    still = np.random.default_rng(0).random((3, side**2))
    maps = np.stack([still[:, g] for g in orbit]).reshape(len(orbit), 3, side, side)
    for aligned in checks.realigned(maps, orbit):
        np.testing.assert_array_equal(aligned, maps[0])
    assert not np.array_equal(checks.realigned(maps[::-1].copy(), orbit)[0], maps[0])


def test_maps_without_their_group_are_refused():
    with pytest.raises(ValueError, match=r"maps: expected one row for each of 4, got 3"):
        checks.realigned(np.zeros((3, 1, 2, 2)), np.tile(np.arange(4), (4, 1)))


def test_elements_are_named():
    names = checks.element_names(orbit_indices(image_rotations(4)).numpy())
    assert set(names) == {"0°", "90°", "180°", "270°"}
    assert names[0] == "0°"
    shifts = checks.element_names(orbit_indices(image_translations(6, "x", 2)).numpy())
    assert set(shifts) == {"0 pixels", "2 pixels", "4 pixels"}
    with pytest.raises(ValueError, match="turns only or shifts along x only"):
        checks.element_names(np.arange(16)[None, ::-1] // 2)


def test_equal_maps_have_cosine_one():
    picture = np.random.default_rng(0).random((1, 2, 4, 4))
    np.testing.assert_allclose(checks.map_cosines(np.tile(picture, (3, 1, 1, 1))), 1)
    assert checks.map_cosines(np.concatenate([picture, picture[..., ::-1]])).max() < 0.99


# --- figures ------------------------------------------------------------------------------------


def test_ticks_keep_their_distance():
    found = plots._apart(np.array([4.0, 8, 16, 30, 32, 60]))
    assert found.tolist() == [4, 8, 16, 32, 60]


def test_tuning_marks_the_chosen_weight():
    nu = {"R4": np.array([4.0, 8.0]), "T3": np.array([30.0, 60.0])}
    values = {group: np.array([0.9, 0.97]) for group in nu}
    fig = plots.tuning(nu, values, values, {"R4": 8.0, "T3": 30.0}, 0.95)
    rings = [line for line in fig.axes[0].lines if line.get_markersize() == 14]
    assert [line.get_xdata()[0] for line in rings] == [8.0, 30.0]
    plt.close(fig)


def test_training_path_draws_every_curve():
    curves = {"a": np.ones((2, 3)), "b": 2 * np.ones((2, 3))}
    fig = plots.training_path(np.array([1, 10, 100]), dict.fromkeys("wxyz", curves), ["z"])
    assert [len(ax.lines) for ax in fig.axes] == [2] * 4
    assert [ax.get_yscale() for ax in fig.axes] == ["linear"] * 3 + ["log"]
    plt.close(fig)


def test_picture_rows_need_a_title_each():
    with pytest.raises(ValueError, match="titles: expected 2 for 'a', got 1"):
        plots.picture_rows({"a": np.zeros((2, 3, 3))}, ["one"])
    plt.close("all")
