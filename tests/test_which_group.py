"""The chapter on which group: dimensions, laws of draws, orders, figures."""

import collections
import itertools
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from learnsym.checks import which_group as checks
from learnsym.drift.curves import pooled
from learnsym.experiments import public_draws
from learnsym.experiments.public_draws import public_law
from learnsym.experiments.which_group import CASES, GROUPS, MODES, NETWORKS, SCALES, acting
from learnsym.plots import which_group as plots
from learnsym.publish.plotted import plotted_csv, plotted_rows
from learnsym.representations import image

SIDES = (2, 3, 4, 5)


def orbits(moves, points):
    """Count orbits by spreading from point to point."""
    left, number = set(points), 0
    while left:
        reached, number = [left.pop()], number + 1
        while reached:
            point = reached.pop()
            for move in moves:
                other = move(point)
                if other in left:
                    left.remove(other)
                    reached.append(other)
    return number


def pixel_moves(name, side):
    turn = lambda p: (side - 1 - p[1], p[0])  # noqa: E731
    along = lambda p: (p[0], (p[1] + 1) % side)  # noqa: E731
    down = lambda p: ((p[0] + 1) % side, p[1])  # noqa: E731
    return {
        "rotations": [turn],
        "x-translations": [along],
        "translations": [along, down],
        "roto-translations": [turn, along, down],
    }[name]


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("side", SIDES)
def test_orbit_numbers_of_images_by_spreading(name, side):
    moves = pixel_moves(name, side)
    pixels = list(itertools.product(range(side), repeat=2))
    both = [lambda pair, m=move: (m(pair[0]), m(pair[1])) for move in moves]
    pairs = list(itertools.product(pixels, repeat=2))
    assert checks.orbit_numbers(name, side) == (orbits(both, pairs), orbits(moves, pixels))


@pytest.mark.parametrize("nodes", (4, 5))
def test_orbit_numbers_of_graphs_by_spreading(nodes):
    swaps = [{k: k + 1, k + 1: k} for k in range(nodes - 1)]
    moves = [lambda p, s=swap: tuple(s.get(i, i) for i in p) for swap in swaps]
    expected = tuple(
        orbits(moves, itertools.product(range(nodes), repeat=length)) for length in (4, 2)
    )
    assert checks.orbit_numbers("relabellings", nodes) == expected


def test_characters_agree_and_would_not_for_another_group():
    for name in GROUPS:
        assert checks.numbers_by_characters(name, 3) == checks.orbit_numbers(name, 3)
    assert checks.numbers_by_characters("relabellings", 4) == (15, 2)
    assert checks.numbers_by_characters("rotations", 3) != checks.orbit_numbers("translations", 3)


def test_dimensions_at_full_size():
    found = dict(zip(NETWORKS, checks.dimensions_by_formula().tolist(), strict=True))
    assert checks.orbit_numbers("roto-translations", 14)[0] == 51
    assert found["PERM"][0] == 15 * 32 + 2 * 32 * 64 + 64 * 32 + 32
    assert found["ROT"] == [14**4 * 1600 // 4, 14**4 * 1600]
    assert found["TRANS"] == found["translations"]
    assert found["x-translations"][0] == 14**3 * (32 + 32**2) + 14 * 32**2 + 320
    assert len({total for _, total in list(found.values())[3:]}) == 1
    rows = checks.size_table(checks.dimensions_by_formula())
    assert rows[2][0] == "ROT" and rows[2][3] == "0.25"
    with pytest.raises(ValueError, match=r"name: expected one of .*, got 'mirrors'"):
        checks.orbit_numbers("mirrors", 4)


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("side", (3, 4))
def test_public_law_by_listing_all_draws(name, side):
    pixels = np.arange(side**2).reshape(side, side)
    shifts, turns = range(side + 1), (0, 1, 2, 1, 0)
    draws = {
        "rotations": [(r, 0, 0) for r in turns],
        "x-translations": [(0, 0, b) for b in shifts],
        "translations": [(0, a, b) for a in shifts for b in shifts],
        "roto-translations": [(r, a, b) for r in turns for a in shifts for b in shifts],
    }[name]
    counts = collections.Counter(
        np.rot90(np.roll(pixels, (a, b), (0, 1)), r).tobytes() for r, a, b in draws
    )
    group = acting(name, side)
    law = public_law(name, side)
    assert sum(law) == pytest.approx(1)
    for g, probability in zip(group.elements(), law, strict=True):
        moved = np.empty(side**2, dtype=pixels.dtype)
        moved[image(group).permutation(g)] = pixels.ravel()
        assert probability == pytest.approx(counts[moved.tobytes()] / len(draws))


@pytest.mark.parametrize("name", GROUPS[:3])
def test_kept_factors_are_eigenvalues_of_the_mean(name):
    group, law = acting(name, 4), public_law(name, 4)
    mean = sum(p * image(group).matrix(g) for p, g in zip(law, group.elements(), strict=True))
    values = np.abs(np.linalg.eigvals(mean))
    expected = {round(v, 6) for v in values if v < 1 - 1e-9}
    assert {round(v, 6) for v in checks.kept(name, 4)} == expected
    assert max(checks.kept(name, 4)) < 1


def test_pairs_in_order():
    assert checks.pairs_in_order(np.array([1, 2, 3]), np.array([5, 6, 7])) == 1
    assert checks.pairs_in_order(np.array([3, 2, 1]), np.array([5, 6, 7])) == 0
    assert checks.pairs_in_order(np.array([1, 3, 2]), np.array([5, 6, 7])) == pytest.approx(2 / 3)


@pytest.fixture
def arrays():
    """Straight nominal lines, square roots for augmented training, half as much in the last."""
    times, runs = np.arange(5.0), 3
    distance = np.broadcast_to(times[:, None], (5, 3, 5, runs)[2:]).copy()
    config = replace(SCALES["smoke"], rate=1.0, passes=4)
    drift = np.zeros((len(CASES), len(MODES), 5, runs))
    systematic = np.zeros((len(CASES), 5, runs))
    noise = np.zeros((len(CASES), 4, runs))
    for row in range(len(CASES)):
        size = row + 1.0
        drift[row, 0] = size * times[:, None]
        drift[row, 2] = 0.5 * size * np.sqrt(times)[:, None]
        systematic[row], noise[row] = drift[row, 0], size**2
    drift[-1, 0], drift[-1, 2] = drift[0, 0], 0.3 * drift[0, 0]
    systematic[-1] = drift[-1, 2]
    layers = drift[..., None] * np.ones(4) / 2
    found = {"drift": drift, "systematic": systematic, "noise": noise, "layers": layers}
    found["distance"] = np.broadcast_to(distance, drift.shape)
    found["steps"] = found["distance"][..., None] * np.ones(4) / 2
    return config, {**found, "dimensions": np.ones((7, 2))}


def test_curves_and_their_laws(arrays):
    config, found = arrays
    by_case = checks.curves_by_case(found, config)
    for name in GROUPS:
        curve = by_case[name]["augmented"]
        assert np.allclose(curve.law, curve.drift)
        assert np.allclose(by_case[name]["nominal"].law, by_case[name]["nominal"].drift)
    public = by_case[checks.PUBLISHED]["public code"]
    assert np.allclose(public.law, public.drift) and public.label == "public code"
    assert checks.ratios(by_case) == pytest.approx(0.25 * np.ones((4, 3)))
    assert checks.ends(by_case, "nominal")[:, 0] == pytest.approx([4, 8, 12, 16])
    broken = {**found, "noise": 4 * found["noise"]}
    curve = checks.curves_by_case(broken, config)["rotations"]["augmented"]
    assert np.allclose(curve.law, 2 * curve.drift)


def test_larger_groups_drift_further_from_the_same_weights():
    found = checks.at_same_weights(replace(SCALES["smoke"], samples=10, runs=3))
    assert found.shape == (2, 4, 3) and np.all(found > 0)
    rotations, along, translations, everything = found.swapaxes(0, 1)
    assert np.all(along <= translations) and np.all(translations <= everything)
    assert np.all(rotations <= everything)


def test_small_networks_drift_as_the_mean_step_says():
    config = replace(
        public_draws.SCALES["smoke"], samples=10, batch=5, epochs=3, passes=400, runs=2, block=2,
        side=4, rate=1e-6,
    )  # fmt: skip
    found = public_draws.run(config, progress=False)
    assert found["uniform"].shape == found["public"].shape == found["law"].shape == (4, 2)
    assert np.all(np.diff(found["shares"]) <= 0) and found["shares"][3] < found["shares"][2]
    # with many passes little noise is left
    assert pooled(found["public"] / found["law"]) == pytest.approx(1, abs=0.15)
    assert np.all(pooled(found["uniform"]) < 0.1)
    again = public_draws.probe(config)
    assert np.allclose(again["first"], found["first"][:, :1], rtol=1e-9)


def test_figures_can_be_drawn_and_exported(arrays):
    config, found = arrays
    by_case = checks.curves_by_case(found, config)
    panels = {name: dict(by_case[name]) for name in GROUPS}
    panels["rotations"]["public code"] = by_case[checks.PUBLISHED]["public code"]
    ratios, shares = checks.ratios(by_case), np.array([0.25, 0.07, 0.005, 0.001])
    draws = {"shares": shares, "uniform": ratios, "public": 2 * ratios, "law": 2 * ratios}
    for fig in (
        plots.over_distance(panels),
        plots.by_share(GROUPS, shares, (ratios, ratios), draws),
    ):
        assert len(plotted_csv(plotted_rows(fig)).splitlines()) > 10
        plt.close(fig)
