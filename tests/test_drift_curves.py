"""Distance, drift and law of stored runs, and their figures."""

import dataclasses

import numpy as np
import pytest

from learnsym.drift import curves as drift_curves
from learnsym.drift.curves import agreement, ends, exponent, factor, learned, sizes
from learnsym.experiments import perm

EPOCHS, RUNS, RATE, PASSES = 12, 300, 0.1, 4
MODES = ("nominal", "equivariant", "augmented", "exact", "half turns")


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
    return drift_curves.curves(arrays, MODES, RATE, PASSES)


def test_curves_carry_their_own_law(arrays, found):
    assert [c.label for c in found.values()] == ["NOM", "EQUI", "AUG", "exact", "half turns"]
    assert found["equivariant"].law is None and found["exact"].law is None
    assert np.array_equal(found["nominal"].law, arrays["systematic"][0])
    assert np.array_equal(found["half turns"].law, arrays["systematic"][1])
    expected = RATE * np.sqrt(np.arange(EPOCHS + 1) / PASSES)
    assert found["augmented"].law == pytest.approx(np.tile(expected[:, None], RUNS))
    without = {name: array for name, array in arrays.items() if name != "systematic"}
    walks = drift_curves.curves(without, MODES, RATE, PASSES)
    assert [way for way, curve in walks.items() if curve.law is not None] == ["augmented"]
    assert [row[3] for row in ends(walks)][:2] == ["", ""] and ends(walks)[2] == ends(found)[2]
    with pytest.raises(ValueError, match=r"modes: expected 5 names, got \('nominal',\)"):
        drift_curves.curves(arrays, ("nominal",), RATE, PASSES)


def test_the_form_of_the_code_squares_and_skips_layers_that_stay(arrays, found):
    nominal = found["nominal"]
    by_hand = np.sqrt((arrays["layers"][0, -1] ** 4).sum(axis=-1))
    assert nominal.code_drift[-1] == pytest.approx(by_hand)
    assert nominal.code_distance == pytest.approx(0.8 * nominal.distance)


def test_agreement_exponents_and_factors_tell_laws_apart(found):
    for mode in ("nominal", "augmented", "half turns"):
        assert agreement(found[mode]) == pytest.approx(np.ones(EPOCHS), abs=0.05)
        broken = dataclasses.replace(found[mode], drift=1.5 * found[mode].drift)
        assert agreement(broken) == pytest.approx(1.5 * agreement(found[mode]))
    nominal, augmented, half = (found[mode] for mode in ("nominal", "augmented", "half turns"))
    assert exponent(nominal.drift) == pytest.approx(1)
    assert exponent(augmented.drift) == pytest.approx(0.5, abs=0.05)
    assert exponent(augmented.law) == pytest.approx(0.5)
    times = np.arange(EPOCHS + 1.0)[:, None]
    late = times >= EPOCHS / 4  # the first quarter does not count
    assert exponent(np.where(late, times**2, 7.0)) == pytest.approx(2)
    assert drift_curves.pooled([[3, 4], [0, 1]]) == pytest.approx(np.sqrt([12.5, 0.5]))
    assert factor(half, nominal) == factor(half, nominal, "law") == pytest.approx(0.6)
    assert factor(half, nominal, "code_drift") == pytest.approx(0.36)


def test_tables(arrays, found):
    rows = learned(arrays, MODES)
    assert rows[0] == ["NOM", "2", "1", "0.250"] and len(rows) == 5
    rows = ends(found)
    assert rows[0][:4] == ["NOM", "60", "3.6", "3.6"]
    assert rows[1] == ["EQUI", "60", "0", "", "48", "0"]
    grown = dataclasses.replace(found["exact"], drift=found["nominal"].drift)
    assert ends({**found, "exact": grown})[3][2] == "grown rounding"


def test_sizes_set_the_published_beside_the_actual():
    rows = sizes(perm.SCALES["smoke"], "graphs")
    assert [row[1] for row in rows] == ["32", "1,000", "200", "30", "50", "25"]
    assert [row[2] for row in rows] == ["2", "20", "10", "2", "3", "3"]
    assert rows[2][0] == "graphs per mini-batch"


def test_stages_of_paths_as_whole_curves_would_give_them(arrays, found):
    """The same runs, known at every third epoch only."""
    stages = slice(3, None, 3)
    layers = dict(zip(MODES, arrays["layers"][:, stages], strict=True))
    split = np.array([0.25, 0.75, 0.0])
    paths = {
        "steps": arrays["steps"][1], "noise": arrays["noise"][..., None] * split,
        "nominal": layers["nominal"], "zeroth_nominal": 2 * layers["nominal"],
        "augmented": np.stack([3 * layers["augmented"], layers["half turns"]]),
        "zeroth_augmented": layers["augmented"][None],
        "mean": layers["half turns"][None],
    }  # fmt: skip
    cut = drift_curves.stage_curves(paths, RATE, PASSES, ["half turns"])
    ends = slice(0, None, 3)
    assert list(cut) == ["nominal", "augmented", "half turns", "equivariant"]
    for way in ("nominal", "augmented", "half turns"):
        assert cut[way].drift == pytest.approx(found[way].drift[ends])
        assert cut[way].code_drift == pytest.approx(found[way].code_drift[ends])
        whole = np.hypot(arrays["distance"][1, ends], found[way].drift[ends])
        assert cut[way].distance == pytest.approx(whole)
        moving = np.hypot(0.8 * arrays["distance"][1, ends], found[way].drift[ends])
        assert cut[way].code_distance == pytest.approx(moving)
        law = found[way].law[ends] * (2 if way == "nominal" else 1)
        assert cut[way].law == pytest.approx(law)
    assert cut["equivariant"].law is None and not cut["equivariant"].drift.any()
    with pytest.raises(ValueError, match="zip"):
        drift_curves.stage_curves(paths, RATE, PASSES)
