"""Training without dense gradients: equivariant paths, the law, gradients of moved data."""

import dataclasses

import numpy as np
import pytest
import torch

from abelian_tasks import SAMPLES, circle, made, start
from learnsym.drift import paths
from learnsym.networks.blocks import BlockMlp
from learnsym.training.symmetric import Forecast, Schedule, gradient, train

SINGLE = 2e-5  # what remains of single precision
NAMES = ["TRANS, 4 pixels", "TRANS, 7 pixels", "ROT, 4 pixels", "five points", "six points"]


@pytest.fixture(scope="module", params=NAMES)
def case(request):
    return made(request.param)


def law_of(group):
    """A law that is far from uniform and from symmetric."""
    rng = np.random.default_rng(group.order)
    weights = rng.random(group.order) ** 4
    return tuple(weights / weights.sum())


def runs(weights):
    return [A[None] for A in weights]


def alone(weights):
    return [A[0] for A in weights]


def off(task, weights):
    """The part off E of layers, by layer, in float64."""
    return alone(task.network.complement(runs(weights)))


def distance(net, a, b):
    """Distance of two vectors off E over the norm of the second."""
    gap = [Y - Z for Y, Z in zip(a, b, strict=True)]
    return np.sqrt(paths.inner(net, gap, gap) / paths.inner(net, b, b))


def dense_gradient(task, weights, mode="nominal", schedule=None, rng=None):
    schedule = schedule or Schedule(1.0, 1, len(task.x))
    return alone(gradient(task, runs(weights), mode, schedule, [rng])[0])


# --- the equivariant path -----------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 4, SAMPLES])
def test_following_is_equivariant_training(case, batch):
    net, task, weights = case
    schedule, forecast = Schedule(1e-3, 4, batch), Forecast()
    last, record = train(task, runs(weights), "equivariant", schedule, [0], forecast=forecast)
    path = paths.follow(net, task, net.blocks(weights), schedule, nodes=[0, 3])
    assert path.steps.shape == (5, len(weights)) and path.noise.shape == (4, len(weights))
    np.testing.assert_allclose(path.steps, record.steps[:, 0], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(path.loss, record.loss[:, 0], rtol=1e-12)
    np.testing.assert_allclose(path.noise.sum(1), np.array(forecast.noise)[:, 0], rtol=1e-10)
    for found, expected in zip(net.weights(path.last), alone(last), strict=True):
        assert torch.allclose(found, expected, rtol=1e-10, atol=1e-12)
    third = train(task, runs(weights), "equivariant", dataclasses.replace(schedule, epochs=3), [0])
    assert set(path.nodes) == {0, 3}
    for epoch, expected in ((0, weights), (3, alone(third[0]))):
        for A, B in zip(net.weights(path.nodes[epoch]), expected, strict=True):
            assert torch.allclose(A, B, rtol=1e-10, atol=1e-12)


def batch_noise(task, weights, batch):
    """The noise by layer from the gradients of single mini-batches."""
    rows = []
    for low in range(0, len(task.x), batch):
        cut = slice(low, low + batch)
        part = dataclasses.replace(task, x=task.x[cut], y=task.y[cut])
        slope = off(task, dense_gradient(part, weights))
        rows.append([float(A.square().sum()) for A in slope])
    return np.sum(rows, axis=0) / len(rows) ** 2


@pytest.mark.parametrize("batch", [1, 3, SAMPLES])
def test_the_noise_is_that_of_single_batches_and_of_the_law(case, batch):
    net, task, weights = case
    path = paths.follow(net, task, net.blocks(weights), Schedule(1e-3, 1, batch))
    expected = batch_noise(task, weights, batch)
    np.testing.assert_allclose(path.noise[0], expected, rtol=1e-10, atol=1e-12 * expected.max())
    other = batch_noise(task, weights, 2)
    assert not np.allclose(path.noise[0], other, rtol=1e-2)


def test_samples_at_a_time_change_nothing(case, monkeypatch):
    net, task, weights = case
    schedule = Schedule(1e-3, 2, 3)
    whole = paths.follow(net, task, net.blocks(weights), schedule)
    factors = [1.0, paths.drawn(net.characters, schedule, np.random.default_rng(0), 4)]
    found = []
    for rows in (SAMPLES, 7, 1):
        monkeypatch.setattr(paths, "ROWS", rows)
        parts = paths.follow(net, task, net.blocks(weights), schedule)
        for name in ("steps", "noise", "loss"):
            expected = getattr(whole, name)
            np.testing.assert_allclose(getattr(parts, name), expected, rtol=1e-10, atol=1e-13)
        found.append([paths.zeros(net), paths.zeros(net)])
        paths.add_moved(net, task, net.blocks(weights), found[-1], factors, 3)
    for others in found[1:]:
        for vector, expected in zip(others, found[0], strict=True):
            assert distance(net, vector, expected) < SINGLE


# --- vectors off E ------------------------------------------------------------------------------


def random_layers(task, seed):
    return alone(task.network.gaussian([seed]))


def inner_product(a, b):
    return float(sum((A * B).sum() for A, B in zip(a, b, strict=True)))


def test_vectors_are_the_part_off_e(case):
    net, task, _ = case
    layers = random_layers(task, 0)
    expected, vector = off(task, layers), paths.across(net, layers)
    sizes, found = [float(A.norm()) for A in expected], paths.norms(net, vector)
    np.testing.assert_allclose(found, sizes, rtol=SINGLE, atol=1e-12)
    assert [size > 0 for size in found] == [net.is_mixed(n) for n in range(len(found))]
    back = dict(paths.dense(net, vector))
    assert list(back) == [number for number in range(len(layers)) if net.is_mixed(number)]
    for number, A in back.items():
        assert (A - expected[number]).norm() < SINGLE * expected[number].norm()
    for again in (paths.off_blocks(net, layers), paths.off_blocks(net, expected)):
        assert distance(net, again, vector) < SINGLE
    assert [Y.shape for Y in vector] == [Z.shape for Z in paths.zeros(net)]
    assert not paths.norms(net, paths.zeros(net)).any()


def test_inner_products_are_those_of_layers(case):
    net, task, _ = case
    a, b = (off(task, random_layers(task, seed)) for seed in (0, 1))
    first, second = (paths.across(net, layers) for layers in (a, b))
    scale = np.sqrt(inner_product(a, a) * inner_product(b, b))
    for vectors, layers in (((first, second), (a, b)), ((first, first), (a, a))):
        gap = paths.inner(net, *vectors) - inner_product(*layers)
        assert abs(gap) < SINGLE * scale
    squares = paths.norms(net, first) ** 2
    assert squares.sum() == pytest.approx(paths.inner(net, first, first), rel=1e-6)


def test_a_small_part_off_e_is_not_lost(case):
    net, task, weights = case
    moved = random_layers(task, 0)
    near = [A + 1e-8 * B for A, B in zip(weights, moved, strict=True)]
    expected = paths.across(net, moved)
    found = [1e8 * Y for Y in paths.across(net, near)]
    assert distance(net, found, expected) < 1e-4
    rough = [1e8 * Y for Y in paths.off_blocks(net, near)]
    assert distance(net, rough, expected) > 0.1


def test_factors_of_an_element_move_the_layers_by_it(case):
    net, task, _ = case
    layers = off(task, random_layers(task, 0))
    vector = paths.across(net, layers)
    for g in task.network.group.elements()[1:4]:
        factors = net.characters.table[:, net.characters.number(g)]
        expected = paths.across(net, alone(task.network.act(g, runs(layers))))
        assert distance(net, paths.multiplied(net, vector, factors), expected) < SINGLE
        if g.tobytes() != task.network.group.inverse(g).tobytes():
            wrong = paths.multiplied(net, vector, factors.conj())
            assert distance(net, wrong, expected) > 0.1


def test_the_mean_step_under_a_law_is_that_of_the_forecast(case):
    net, task, weights = case
    law, schedule = law_of(task.network.group), Schedule(0.01, 1, SAMPLES)
    forecast = Forecast((law,))
    train(task, runs(weights), "equivariant", schedule, [0], forecast=forecast)
    total = paths.zeros(net)
    paths.add_moved(net, task, net.blocks(weights), [total], [-schedule.rate], SAMPLES)
    mean = paths.multiplied(net, total, net.characters.table @ np.array(law))
    found = [np.linalg.norm(paths.norms(net, vector)) for vector in (total, mean)]
    np.testing.assert_allclose(found, forecast.systematic[-1][:, 0], rtol=SINGLE)


# --- gradients of moved data --------------------------------------------------------------------


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("passes", [3, 8])
@pytest.mark.parametrize(("across", "bound"), [(torch.float32, SINGLE), (torch.float64, 1e-11)])
def test_gradients_of_drawn_data_are_those_of_augmented_training(
    case, passes, biased, across, bound
):
    _, task, weights = case
    net = BlockMlp(task.network, across=across)
    law = law_of(task.network.group) if biased else None
    schedule = Schedule(1.0, 1, 4, passes, law=law)
    mine, theirs = (np.random.default_rng([5, 1]) for _ in range(2))
    expected, factors = [], []
    for _ in range(2):
        slope = dense_gradient(task, weights, "augmented", schedule, theirs)
        expected.append(paths.across(net, slope))
        factors.append(paths.drawn(net.characters, schedule, mine, 3))

    def totals(wanted):
        found = [paths.zeros(net) for _ in wanted]
        paths.add_moved(net, task, net.blocks(weights), found, wanted, 4)
        return found

    both = [Y + Z for Y, Z in zip(*expected, strict=True)]
    nominal = paths.across(net, dense_gradient(task, weights))
    found = totals([*factors, factors[0] + factors[1], 1.0])
    for total, vector in zip(found, [*expected, both, nominal], strict=True):
        assert distance(net, total, vector) < bound
    assert distance(net, found[0], expected[1]) > 0.01
    broken = [factors[0].conj(), factors[0][[1, 2, 0]], np.roll(factors[0], 1, axis=1)]
    for total in totals(broken):
        assert distance(net, total, expected[0]) > 0.01


@pytest.mark.parametrize(("across", "bound"), [(torch.float32, 1e-3), (torch.float64, 1e-8)])
def test_the_response_is_a_difference_of_dense_gradients(case, across, bound):
    _, task, weights = case
    net = BlockMlp(task.network, across=across)
    y, moved = paths.zeros(net), list(weights)
    paths.add_moved(net, task, net.blocks(weights), [y], [-0.05], 4)
    for number, A in paths.dense(net, y):
        moved[number] = moved[number] + A
    slopes = (dense_gradient(task, layers) for layers in (moved, weights))
    expected = paths.across(net, [A - B for A, B in zip(*slopes, strict=True)])
    found = paths.response(net, task, net.blocks(weights), y)
    assert distance(net, found, expected) < bound
    back = paths.response(net, task, net.blocks(weights), [-Y for Y in y])
    assert distance(net, back, expected) > 0.5


def test_nothing_drifts_where_nothing_moves():
    task = circle(1)
    net, weights = BlockMlp(task.network), start(task)
    path = paths.follow(net, task, net.blocks(weights), Schedule(0.01, 2, 4))
    assert not path.noise.any() and (path.steps[-1] > 0).all()
    assert paths.zeros(net) == paths.across(net, random_layers(task, 0)) == []


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["five points"], indirect=True)
def test_bad_calls_are_named(case):
    net, task, weights = case
    blocks, schedule, good = net.blocks(weights), Schedule(0.1, 2, 4), np.ones((3, 5))

    def refused(words, function, *arguments):
        with pytest.raises(ValueError, match=words):
            function(*arguments)

    def added(factors, batch=4):
        paths.add_moved(net, task, blocks, [paths.zeros(net)], factors, batch)

    batch = "batch: expected a divisor of the 12 samples, got 5"
    refused(batch, paths.follow, net, task, blocks, Schedule(0.1, 2, 5))
    refused(batch, added, [1.0], 5)
    for nodes in ([2], [-1], [0, 1, 7]):
        refused("nodes: expected epochs below 2", paths.follow, net, task, blocks, schedule, nodes)
    high = Schedule(1e60, 20, 4)
    refused(r"rate: weights not finite in epoch \d+", paths.follow, net, task, blocks, high)
    other = "task: expected the network of the blocks"
    refused(other, paths.follow, net, circle(5), blocks, schedule)
    law = Schedule(0.1, 1, 4, law=(0.5, 0.5))
    refused("law: expected 5 probabilities", paths.drawn, net.characters, law, None, 3)
    for count in (4, 6):
        words = "factors: expected 5, one for each character"
        refused(words, paths.multiplied, net, paths.zeros(net), np.ones(count))
    for factors in ([], [1.0, 1.0], [good[:2]], [good[:, :4]], [good[0]], [good[None]]):
        refused(r"factors: expected 1 numbers or .* \(3, 5\)", added, factors)
    refused("weights: expected shapes", paths.across, net, weights[1:])
    refused("weights: expected shapes", net.blocks, weights[1:])
    added([good])
