"""The stored experiments on deep linear networks: their parts against plain training on rows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from learnsym.data import digits
from learnsym.equivariant import reynolds
from learnsym.experiments import deep_linear, deep_linear_entropy
from learnsym.lowrank import constraint, invariant_rows
from learnsym.networks.linear import uniform_factors

ADAM = ("accuracy", "asymmetric", "error", "first", "later", "total", "weighted")
SIZES = {"images": 40, "tested": 25, "strengths": (0.0, 0.5), "runs": 2}
SMALL = {
    deep_linear: deep_linear.Config(**SIZES, rotations=(1, 4), steps=40, long=40, rate=0.01),
    deep_linear_entropy: deep_linear_entropy.Config(**SIZES, steps=40, rate=0.01),
}
METHODS = ["augmented", "hard-wired", "penalty 0", "penalty 0.5"]
DATA = deep_linear.problem(40, 25)


@pytest.fixture(params=SMALL, ids=lambda module: module.__name__.rsplit(".", 1)[1])
def experiment(request):
    return request.param


@pytest.fixture(scope="module")
def runs():
    return {module: module.run(config, progress=False) for module, config in SMALL.items()}


# --- the problem ---------------------------------------------------------------------------------


def turned(images):
    """Return all rotations of images (N, 14, 14) as rows (4, N, 196), by NumPy's own rotation."""
    return np.array([np.rot90(images, k, (1, 2)).reshape(len(images), -1) for k in range(4)])


def as_set(rows):
    return {row.tobytes() for row in np.ascontiguousarray(rows.reshape(-1, 196))}


def test_nines_are_left_out_and_the_order_is_kept():
    pictures, classes = digits("mnist", "test", size=100, side=14)
    others = classes != 9
    assert not others[:65].all()
    assert np.array_equal(DATA.X, pictures[others][:40].reshape(40, 196))
    assert np.array_equal(DATA.classes, classes[others][:40])
    assert np.array_equal(DATA.tested_classes, np.tile(classes[others][40:65], 4))
    assert as_set(DATA.tested) == as_set(turned(pictures[others][40:65]))
    assert DATA.tested.shape == (100, 196)


def test_tested_rows_are_rotations_of_their_class():
    first = DATA.tested.reshape(4, 25, 196)
    for k in range(25):
        assert as_set(first[:, k]) == as_set(turned(first[:1, k].reshape(1, 14, 14)))


def test_training_and_testing_share_no_image():
    assert not as_set(DATA.tested) & as_set(turned(DATA.X.reshape(-1, 14, 14)))
    larger = deep_linear.problem()
    assert (len(larger.X), len(larger.tested)) == (1_000, 4_000)
    assert set(larger.classes) == set(larger.tested_classes) == set(range(9))
    assert not as_set(larger.tested) & as_set(turned(larger.X.reshape(-1, 14, 14)))


@pytest.mark.parametrize(("images", "tested"), [(9_000, 1), (8_000, 992), (0, 5), (5, 0), (-1, 5)])
def test_more_images_than_there_are_are_refused(images, tested):
    message = f"images, tested: .* at most 8991 together, got {images} and {tested}"
    with pytest.raises(ValueError, match=message):
        deep_linear.problem(images, tested)


def test_targets_and_moments_are_those_of_the_rows():
    assert DATA.Y.shape == (40, 9)
    assert np.array_equal(DATA.Y.argmax(axis=1), DATA.classes)
    assert (DATA.Y.sum(axis=1) == 1).all()
    rows = turned(DATA.X.reshape(-1, 14, 14)).reshape(-1, 196)
    assert np.abs(DATA.averaged.S - rows.T @ rows / 160).max() < 1e-13
    assert np.abs(DATA.averaged.C - np.tile(DATA.Y.T, 4) @ rows / 160).max() < 1e-13
    assert np.abs(DATA.moments.C - DATA.Y.T @ DATA.X / 40).max() < 1e-13


def test_pixels_are_one_orbit():
    corner = np.zeros((1, 14, 14))
    corner.reshape(-1)[deep_linear.PIXELS[0]] = 1
    assert sorted(turned(corner).argmax(axis=2).ravel()) == sorted(deep_linear.PIXELS)


# --- runs ----------------------------------------------------------------------------------------


def test_probe_is_the_beginning_of_the_run(experiment, runs):
    probe = experiment.probe(SMALL[experiment])
    assert probe.keys() == runs[experiment].keys()
    assert probe["steps"][-1] == experiment.PROBE_STEPS
    for name, values in probe.items():
        stored = runs[experiment][name]
        assert len(values) < len(stored)
        scale = max(1, np.abs(stored).max())
        assert np.abs(values - stored[: len(values)]).max() < 1e-10 * scale, name


def test_seed_changes_the_run(experiment, runs):
    other = experiment.probe(replace(SMALL[experiment], seed=1))
    head = runs[experiment]["entries"][: len(other["entries"])]
    assert np.abs(other["entries"] - head).max() > 0.01


def test_scales_have_expected_times(experiment):
    assert set(experiment.SCALES) == set(experiment.EXPECTED_SECONDS) == {"smoke", "book"}
    assert experiment.SCALES["smoke"].seed == experiment.SCALES["book"].seed == 0
    assert experiment.SCALES["smoke"].steps > experiment.PROBE_STEPS


def test_arrays_have_one_column_a_method(experiment, runs):
    names = experiment.methods(SMALL[experiment])
    more = ["1 of 4 rotations", "4 of 4 rotations"] if experiment is deep_linear else []
    assert names == METHODS + more
    found = runs[experiment]
    T = len(found["steps"])
    expected = {name: (T, len(names), 2) for name in ADAM}
    expected |= {"steps": (T,), "entries": (T, 2, 2, 4)}
    if experiment is deep_linear:
        L = len(found["descent_steps"])
        expected |= {f"descent_{name}": (L, 2, 2) for name in ADAM} | {"descent_steps": (L,)}
    assert {name: values.shape for name, values in found.items()} == expected


def test_recorded_steps_have_both_ends():
    steps = deep_linear.recorded_steps(2_500)
    assert (steps[0], steps[1], steps[-1]) == (0, 1, 2_500)
    assert (np.diff(steps) > 0).all()
    assert 70 <= len(steps) <= 86
    assert np.issubdtype(steps.dtype, np.integer)


def test_hard_wired_networks_stay_invariant(experiment, runs):
    found = runs[experiment]
    wired, others = found["asymmetric"][:, 1], np.delete(found["asymmetric"], 1, axis=1)
    assert wired.max() < 1e-12
    assert found["first"][:, 1].max() < 1e-12 and found["weighted"][:, 1].max() < 1e-6
    assert others.min() > 0.01
    assert (found["error"][-1, 1] < found["error"][0, 1]).all()


def test_free_methods_share_their_starts(experiment, runs):
    start = np.delete(runs[experiment]["total"][0], 1, axis=0)
    assert np.ptp(start, axis=0).max() < 1e-13
    assert abs(start[0, 0] - start[0, 1]) > 1e-3


# --- against plain training ----------------------------------------------------------------------

TURNED = torch.tensor(turned(DATA.X.reshape(-1, 14, 14)).reshape(-1, 196))
AVERAGE = torch.tensor(reynolds(DATA.rho))
LOSSES = {
    deep_linear: lambda z, y: ((z - nn.functional.one_hot(y, 9)) ** 2).sum(dim=1).mean(),
    deep_linear_entropy: nn.functional.cross_entropy,
}


def first_weights(hard_wired, run, scale=1.0, hidden=5):
    """Return the start of one run as two matrices, the first on all pixels or on invariants."""
    rng = np.random.default_rng([0, int(hard_wired)])
    inputs = invariant_rows(DATA.rho).shape[1] if hard_wired else 196
    return [torch.tensor(f[run]) for f in uniform_factors((inputs, hidden, 9), 2, rng, scale)]


def plain_training(
    experiment, rows, classes, weights, steps, strength=0.0, descent=None, basis=None
):
    """Train one network on explicit rows; return what the experiments measure, by step."""
    lower, upper = (nn.Parameter(w.clone()) for w in weights)
    optimiser = torch.optim.Adam([lower, upper], lr=0.01)
    if descent:
        optimiser = torch.optim.SGD([lower, upper], lr=descent)
    G, loss = torch.tensor(constraint(DATA.rho)), LOSSES[experiment]
    inputs = rows if basis is None else rows @ basis
    seen = []
    for _ in range(steps[-1] + 1):
        with torch.no_grad():
            W = upper @ lower if basis is None else upper @ lower @ basis.T
            tested = (torch.tensor(DATA.tested) @ W.T).argmax(dim=1).numpy()
            seen.append({
                "accuracy": np.mean(tested == DATA.tested_classes),
                "total": W.norm().item(),
                "asymmetric": (W - W @ AVERAGE).norm().item(),
                "weighted": ((W - W @ AVERAGE) @ TURNED.T).norm().item() / np.sqrt(len(TURNED)),
                "later": upper.norm().item(),
                "error": loss(TURNED @ W.T, torch.tensor(np.tile(DATA.classes, 4))).item(),
                "entries": W[:2, list(deep_linear.PIXELS)].numpy(),
            })  # fmt: skip
        optimiser.zero_grad()
        value = loss(inputs @ lower.T @ upper.T, torch.tensor(classes))
        if strength:
            value = value + strength * ((upper @ lower @ G) ** 2).sum()
        value.backward()
        optimiser.step()
    return {name: np.array([seen[s][name] for s in steps]) for name in seen[0]}


def gaps(expected, found, place, prefix=""):
    """Return the largest difference of every curve but ``entries``."""
    return {
        name: np.abs(found[prefix + name][: len(values)][(slice(None), *place)] - values).max()
        for name, values in expected.items()
        if name != "entries"
    }


@pytest.mark.parametrize(
    ("method", "strength"), [("augmented", 0.0), ("penalty 0", 0.0), ("penalty 0.5", 0.5)]
)
@pytest.mark.parametrize("run", [0, 1])
def test_training_is_that_on_explicit_rows(experiment, runs, method, strength, run):
    """The moments, averaged or with a penalty, do what rows in all rotations or one do."""
    found = runs[experiment]
    steps = found["steps"][found["steps"] <= 20]
    rows, classes = torch.tensor(DATA.X), DATA.classes
    if method == "augmented":
        rows, classes = TURNED, np.tile(DATA.classes, 4)
    expected = plain_training(
        experiment, rows, classes, first_weights(False, run), steps, strength
    )  # fmt: skip
    place = (METHODS.index(method), run)
    assert max(gaps(expected, found, place).values()) < 1e-7
    if method == "augmented":
        entries = found["entries"][: len(steps), run]
        assert np.abs(entries - expected["entries"]).max() < 1e-7
    # a column of another method, or of another run, is something else
    for column, start in np.ndindex(4, 2):
        if (column, start) != place:
            assert gaps(expected, found, (column, start))["asymmetric"] > 1e-4


def test_hard_wired_training_is_that_on_invariant_features(experiment, runs):
    found = runs[experiment]
    steps = found["steps"][found["steps"] <= 20]
    basis = torch.tensor(invariant_rows(DATA.rho))
    expected = plain_training(
        experiment, torch.tensor(DATA.X), DATA.classes, first_weights(True, 1), steps, basis=basis
    )  # fmt: skip
    del expected["weighted"], expected["asymmetric"]  # rounding errors
    assert max(gaps(expected, found, (1, 1)).values()) < 1e-7


@pytest.mark.parametrize("small", [False, True])
def test_descent_is_that_on_explicit_rows(runs, small):
    found, config = runs[deep_linear], SMALL[deep_linear]
    steps = found["descent_steps"]
    weights = first_weights(False, 1, config.small if small else 1.0)
    expected = plain_training(
        deep_linear, TURNED, np.tile(DATA.classes, 4), weights, steps, descent=config.descent_rate
    )  # fmt: skip
    assert max(gaps(expected, found, (int(small), 1), "descent_").values()) < 1e-9
    assert gaps(expected, found, (1 - small, 1), "descent_")["total"] > 0.1


def test_all_rotations_are_full_augmentation_and_one_is_not(runs):
    found = runs[deep_linear]
    names = deep_linear.methods(SMALL[deep_linear])
    columns = {name: found["total"][:, names.index(name)] for name in names}
    assert np.abs(columns["4 of 4 rotations"] - columns["augmented"]).max() < 1e-9
    for other in ("augmented", "penalty 0"):
        assert np.abs(columns["1 of 4 rotations"] - columns[other])[-1].min() > 1e-4


def test_penalty_makes_maps_more_symmetric(experiment, runs):
    last = runs[experiment]["asymmetric"][-1]
    assert (last[3] < 0.5 * last[2]).all()
