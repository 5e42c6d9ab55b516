"""Measures of invariance against loops over images and group elements, jacrev and full SVDs."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

from cases import permutation_groups, refusals, seeds
from learnsym import groups, invariance
from learnsym.networks.perceptron import orbit_indices, perceptron

TURNS = orbit_indices(groups.image_rotations(4))
SHIFTS = orbit_indices(groups.image_translations(6, "x", 2))
SIZES = [16, 7, 6, 5, 3]
TOLERANCE = {torch.float32: 2e-6, torch.float64: 1e-13}
KINDS = [(None, "max"), (TURNS, "max"), (TURNS, "mean")]


def images(count=9, n=16, dtype=torch.float64, seed=0):
    return torch.tensor(np.random.default_rng(seed).standard_normal((count, n)), dtype=dtype)


def some_labels(count=9, classes=3, seed=0, runs=None):
    size = count if runs is None else (runs, count)
    return torch.tensor(np.random.default_rng(seed).integers(0, classes, size))


def random_logits(order=4, runs=2, count=5, classes=3, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return torch.tensor(scale * rng.standard_normal((order, runs, count, classes)))


def same(a, b, tolerance=1e-12):
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


# --- logits on orbits -----------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 4, 4096])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_orbit_logits_are_the_outputs_of_moved_images(batch, dtype):
    net, x = perceptron(SIZES, range(3), dtype=dtype), images(dtype=dtype)
    found = invariance.orbit_logits(net, x, TURNS, batch)
    assert found.shape == (4, 3, 9, 3) and found.dtype == dtype and not found.requires_grad
    for row, g in zip(found, TURNS, strict=True):
        moved = torch.stack([image[g] for image in x])
        same(row, net(moved).detach(), TOLERANCE[dtype])


def test_orbit_logits_take_images_of_their_own_for_every_run_and_plain_models():
    net, x = perceptron(SIZES, range(3)), images(27, dtype=torch.float32).view(3, 9, 16)
    found = invariance.orbit_logits(net, x, TURNS)
    for run in range(3):
        same(found[:, run : run + 1], invariance.orbit_logits(net.run(run), x[run], TURNS), 2e-6)
    assert invariance.orbit_logits(lambda z: z[..., :3], x[0], TURNS).shape == (4, 9, 3)


# --- DI, LI and variances -------------------------------------------------------------------------


def slow_errors(logits, first):
    """Return DI and LI by loops in NumPy; ``first`` is the first group element that counts."""
    order, runs, count, _ = logits.shape
    kl, squares = np.zeros(runs), np.zeros(runs)
    for g in range(first, order):
        for run in range(runs):
            for i in range(count):
                f, moved = logits[0, run, i].numpy(), logits[g, run, i].numpy()
                p = f - logsumexp(f)
                kl[run] += np.sum(np.exp(p) * (p - moved + logsumexp(moved)))
                squares[run] += np.sum((f - moved) ** 2)
    return kl / (order - first) / count, squares / (order - first) / count


@pytest.mark.parametrize("identity", [True, False])
@given(st.integers(2, 5), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), seeds)
def test_errors_and_variances_match_loops(identity, order, runs, count, classes, seed):
    logits = random_logits(order, runs, count, classes, seed, scale=3.0)
    kl, squares = slow_errors(logits, 0 if identity else 1)
    np.testing.assert_allclose(invariance.distribution_error(logits, identity), kl, atol=1e-12)
    np.testing.assert_allclose(invariance.logit_error(logits, identity), squares, rtol=1e-12)
    rows = logits.numpy().swapaxes(0, 1).reshape(runs, -1, classes)
    total = rows.var(axis=1).sum(axis=1)
    np.testing.assert_allclose(invariance.total_variance(logits), total, rtol=1e-12)


def test_distribution_error_survives_certain_and_huge_logits():
    logits = torch.tensor([[[0.0, 1e5]], [[0.0, 2e5]], [[1e5, 0.0]]], dtype=torch.float32)
    found = invariance.distribution_error(logits, identity=False).item()
    assert found == pytest.approx(1e5 / 2)


# --- gradients ------------------------------------------------------------------------------------


def every_jacobian(net, x):
    """Return Jacobians by automatic differentiation, shape ``(runs, N, classes, n)``."""
    found = []
    for run in range(net.runs):
        one = net.run(run)
        derivative = torch.func.jacrev(lambda v, one=one: one(v[None])[0, 0])
        found.append(torch.stack([derivative(image).detach() for image in x]))
    return torch.stack(found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("orbit", "pooling"), KINDS)
def test_gradients_are_rows_of_jacobians(orbit, pooling, dtype):
    net = perceptron(SIZES, range(3), orbit, pooling, dtype)
    x, labels = images(dtype=dtype), some_labels(runs=3)
    found = invariance.gradients(net, x, labels)
    full = every_jacobian(net, x)
    for run in range(3):
        for i, label in enumerate(labels[run]):
            same(found[run, i], full[run, i, label], TOLERANCE[dtype])
    assert not found.requires_grad and all(p.grad is None for p in net.parameters)


def test_gradients_do_not_depend_on_chunks_or_on_the_shape_of_the_input(monkeypatch):
    net, x, labels = perceptron(SIZES, range(3)), images(dtype=torch.float32), some_labels()
    expected = invariance.gradients(net, x, labels)
    path = invariance.integrated_gradients(net, x, labels)
    monkeypatch.setattr(invariance, "_CHUNK", 100)
    same(invariance.gradients(net, x, labels), expected, 2e-6)
    same(invariance.gradients(net, x.expand(3, 9, 16), labels.expand(3, 9)), expected, 2e-6)
    same(invariance.integrated_gradients(net, x, labels), path, 2e-6)
    same(invariance.gradients(lambda z: net(z)[0], x, labels), expected[0], 2e-6)


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize(("orbit", "pooling"), KINDS)
def test_integrated_gradients_match_a_loop_and_add_up(orbit, pooling, output):
    net = perceptron(SIZES, range(2), orbit, pooling, torch.float64)
    x, labels, baseline = images(), some_labels(), images(1, seed=1)[0]

    def value(point, run, label):
        logits = net.run(run)(point[None])[0, 0]
        return (logits.softmax(-1) if output == "probability" else logits)[label]

    found = invariance.integrated_gradients(net, x, labels, baseline, 8, output)
    for run in range(2):
        for i in (0, 4):
            total = torch.zeros(16, dtype=torch.float64)
            for k in range(8):
                point = baseline + (k + 0.5) / 8 * (x[i] - baseline)
                total += torch.func.grad(value)(point, run, labels[i]).detach()
            same(found[run, i], (x[i] - baseline) * total / 8)
    # a model that is not known to be a perceptron takes the other path
    same(found, invariance.integrated_gradients(lambda z: net(z), x, labels, baseline, 8, output))
    fine = invariance.integrated_gradients(net, x, labels, baseline, 400, output)
    ends = [net(points).detach() for points in (x, baseline[None])]
    if output == "probability":
        ends = [end.softmax(-1) for end in ends]
    gain = (ends[0] - ends[1])[:, torch.arange(9), labels]
    assert (fine.sum(-1) - gain).abs().max() < 5e-3 * gain.abs().max()


# --- the published map ----------------------------------------------------------------------------


def slow_map(values, side, threshold):
    """Return the published map of one image with wrapped borders, pixel by pixel."""
    heights = np.abs(values)
    heights[heights < threshold * heights.max()] = 0
    heights = heights.reshape(side, side)
    kernel = np.exp(-(np.array([[2, 1, 2], [1, 0, 1], [2, 1, 2]]) / 2))
    smooth = np.zeros((side, side))
    for i in range(side):
        for j in range(side):
            for a in range(3):
                for b in range(3):
                    source = heights[(i + a - 1) % side, (j + b - 1) % side]
                    smooth[i, j] += kernel[a, b] / kernel.sum() * source
    return smooth.ravel()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9])
def test_published_map_matches_a_loop(threshold, monkeypatch):
    maps = images(6, 36).view(2, 3, 36)
    found = invariance.published_map(maps, 6, threshold)
    for row, values in zip(found.view(6, 36), maps.view(6, 36), strict=True):
        np.testing.assert_allclose(row, slow_map(values.numpy().copy(), 6, threshold), atol=1e-12)
    monkeypatch.setattr(invariance, "_CHUNK", 40)
    same(invariance.published_map(maps, 6, threshold), found)


@pytest.mark.parametrize("orbit", [SHIFTS, orbit_indices(groups.image_rotations(6))])
def test_published_map_moves_with_the_image_only_if_borders_wrap(orbit):
    maps = images(5, 36)
    for padding, moves in (("circular", True), ("reflect", False), ("constant", False)):
        smooth = partial(invariance.published_map, side=6, threshold=0.0, padding=padding)
        gaps = [(smooth(maps[:, g]) - smooth(maps)[:, g]).abs().max() for g in orbit]
        # rotations keep the border where it is
        assert (max(gaps) < 1e-12) == (moves or len(orbit) == 4)


# --- similarity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("identity", [True, False])
@given(permutation_groups(4), seeds, st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=3))
def test_similarity_matches_a_loop(identity, group, seed, zeros):
    orbit = orbit_indices(group)
    if len(orbit) == 1:
        return
    rng = np.random.default_rng(seed)
    maps = torch.tensor(rng.standard_normal((len(orbit), 2, 3, orbit.shape[1])))
    for g, run, i in zeros:
        maps[g % len(orbit), run % 2, i % 3] = 0
    found = invariance.saliency_similarity(maps, orbit, identity)
    for run in range(2):
        cosines = []
        for g in range(0 if identity else 1, len(orbit)):
            for i in range(3):
                back = np.zeros(orbit.shape[1])
                back[orbit[g].numpy()] = maps[g, run, i].numpy()
                still = maps[0, run, i].numpy()
                lengths = np.linalg.norm(back) * np.linalg.norm(still)
                cosines.append(back @ still / lengths if lengths else np.nan)
        missing = int(np.isnan(cosines).sum())
        assert found.undefined[run] == missing
        if missing < len(cosines):
            assert found.mean[run].item() == pytest.approx(np.nanmean(cosines), abs=1e-12)
        else:
            assert torch.isnan(found.mean[run])


def test_similarity_of_tiny_maps_and_of_none():
    maps = images(4, 16).expand(4, 4, 16) * 1e-300
    moved = torch.stack([m[..., g] for m, g in zip(maps, TURNS, strict=True)])
    assert invariance.saliency_similarity(moved, TURNS).mean.item() == pytest.approx(1)
    nothing = invariance.saliency_similarity(0 * moved, TURNS)
    assert torch.isnan(nothing.mean) and nothing.undefined == 16


def test_similarity_without_the_identity_from_that_with_it():
    for orbit in (TURNS, SHIFTS):
        maps = images(3 * len(orbit), orbit.shape[1]).unflatten(0, (len(orbit), 3))
        counted, expected = (similarity(maps, orbit, e).mean.numpy() for e in (True, False))
        found = invariance.without_identity(counted, [len(orbit)])
        np.testing.assert_allclose(found, expected, atol=1e-12)
        assert abs(found - counted).min() > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_maps_of_tied_networks_move_with_the_image(dtype):
    tied = perceptron(SIZES, range(2), TURNS, dtype=dtype)
    free = perceptron(SIZES, range(2), dtype=dtype)
    x, labels = images(dtype=dtype), some_labels()
    for measure in (invariance.gradients, invariance.integrated_gradients):
        for net, invariant in ((tied, True), (free, False)):
            maps = invariance.orbit_maps(partial(measure, net), x, labels, TURNS)
            assert maps.shape == (4, 2, 9, 16) and maps.dtype == dtype
            found = invariance.saliency_similarity(maps, TURNS, identity=False).mean
            assert (abs(found.min() - 1) < 1e-6) == invariant
    skew = partial(invariance.integrated_gradients, tied, baseline=images(1, dtype=dtype)[0])
    maps = invariance.orbit_maps(skew, x, labels, TURNS)
    assert invariance.saliency_similarity(maps, TURNS).mean.max() < 0.99


# --- Jacobians ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", [[16, 5, 3], SIZES])
@pytest.mark.parametrize(("orbit", "pooling"), KINDS)
def test_spectral_norms_are_those_of_jacobians(orbit, pooling, sizes, dtype, monkeypatch):
    net, x = perceptron(sizes, range(3), orbit, pooling, dtype), images(dtype=dtype)
    norms = torch.linalg.svdvals(every_jacobian(net, x))[..., 0]
    tolerance = TOLERANCE[dtype]
    same(invariance.spectral_norms(net, x), norms, tolerance)
    monkeypatch.setattr(invariance, "_CHUNK", 250)
    same(invariance.spectral_norms(net, x.expand(3, 9, 16)), norms, tolerance)
    wrong = net.with_parameters([p * 1.01 for p in net.parameters])
    assert (invariance.spectral_norms(wrong, x) - norms).abs().max() > 1e-3


def test_spectral_norm_of_a_dead_network_is_zero():
    net = perceptron([16, 4, 3], [0])
    dead = net.with_parameters([*net.weights, net.biases[0] - 100, net.biases[1]])
    assert (invariance.spectral_norms(dead, images(dtype=torch.float32)) == 0).all()


# --- bad input ------------------------------------------------------------------------------------


X, LABELS, NET = images(dtype=torch.float32), some_labels(), perceptron(SIZES, range(2))
MAPS, ONE_LAYER = images(36).view(4, 9, 16), perceptron([16, 3], [0])
LOGITS = (invariance.logit_error, invariance.distribution_error, invariance.total_variance)
MODELS = [
    lambda z: z.sum(-1), lambda z: z.sum(), lambda z: z[:3], lambda z: z[..., :0], lambda z: None
]  # fmt: skip
ORBITS = {
    "a group that moves 16 pixels, got 36": SHIFTS,
    "the identity in row 0": TURNS.flip(0),
    r"rows that permute 0\.\.15": TURNS * 0,
    r"integers of shape \(\|G\|, n\)": TURNS.float(),
    "integers of shape": TURNS[0],
}
OTHER_LABELS = {
    r"classes 0\.\.2, got 3\.\.": LABELS + 3,
    r"classes 0\.\.2, got -1\.\.": LABELS - 1,
    r"shape \(9,\) or \(2, 9\), got \(8,\)": some_labels(8),
    "integers": LABELS.double(),
}
logits, integrated = partial(invariance.orbit_logits, NET), invariance.integrated_gradients
slopes, similarity = partial(invariance.gradients, NET), invariance.saliency_similarity
published, norms = invariance.published_map, invariance.spectral_norms


def refused():
    """Calls and the words of their refusal."""
    for model in MODELS:
        shape = r"model: expected an output of shape \(\.\.\., 9, cl"
        yield partial(invariance.orbit_logits, model, X, TURNS), shape
        yield partial(invariance.gradients, model, X, LABELS), "model: expected an output"
    for x in (X[:0], X[0], X.long(), X.numpy()):
        yield partial(logits, x, TURNS), "x: expected"
        yield partial(integrated, NET, x, LABELS), "x: expected"
        yield partial(invariance.orbit_maps, slopes, x, LABELS, TURNS), "x: expected"
        yield partial(norms, NET, x), "x: expected"
    for words, orbit in ORBITS.items():
        yield partial(logits, X, orbit), "orbit: expected " + words
        yield partial(similarity, MAPS, orbit), "orbit: expected " + words
    for words, labels in OTHER_LABELS.items():
        yield partial(slopes, X, labels), "labels: expected " + words
    for baseline in (torch.zeros(3), torch.zeros(2, 9, 16)):
        words = "baseline: expected a shape that fits"
        yield partial(integrated, NET, X, LABELS, baseline), words
    for threshold in (-0.1, 1.0, float("nan")):
        yield partial(published, X, 4, threshold), r"threshold: expected a number in \[0, 1\)"
    for measure in LOGITS:
        for bad in (torch.ones(4, 3), torch.ones(4, 0, 3), torch.ones(4, 5, 3).long()):
            yield partial(measure, bad), "logits: expected"
    for measure in LOGITS[:2]:
        yield partial(measure, torch.ones(1, 5, 3), identity=False), "identity: expected True"
    for x in (X[:, :9], X.expand(3, 9, 16)):
        yield partial(norms, NET, x), r"x: expected images of shape \(N, 16\) or \(2"


test_what_does_not_fit_is_refused = refusals(
    *refused(),
    (
        lambda: invariance.orbit_logits(lambda z: NET(z)[0], X.expand(2, 9, 16), TURNS),
        r"model: expected an output of shape \(2, 9",
    ),
    (lambda: logits(X, TURNS, batch=0), "batch: expected at least 1, got 0"),
    (lambda: similarity(MAPS[:3], TURNS), "maps: expected one row for each of 4, got 3"),
    (lambda: similarity(MAPS[0], TURNS), "maps: expected shape"),
    (lambda: similarity(MAPS / 0, TURNS), "maps: expected finite numbers"),
    (lambda: similarity(MAPS[:1], TURNS[:1], identity=False), "identity: expected True"),
    (lambda: integrated(NET, X, LABELS, output="loss"), "output: expected one of"),
    (lambda: integrated(NET, X, LABELS, steps=0), "steps: expected at least 1, got 0"),
    (lambda: published(X, 5), "side: expected 16 = side"),
    (lambda: published(X, 4, padding="wrap"), "padding: expected one of"),
    (lambda: norms(torch.nn.Linear(16, 3), X), "network: expected a Perceptron"),
    (lambda: norms(ONE_LAYER, X), "with a hidden layer, got 1 layer"),
    (
        lambda: invariance.without_identity(np.ones(2), [4, 1]),
        "order: expected groups of more than one element, got",
    ),
)
