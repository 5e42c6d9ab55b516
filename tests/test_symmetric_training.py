"""The training loop for symmetric perceptrons: modes, sampling, penalty, refusals."""

import dataclasses
import platform
import sys
from functools import partial

import numpy as np
import pytest
import torch

from abelian_tasks import turning
from cases import refusals
from learnsym import groups
from learnsym import representations as reps
from learnsym.drift import Risks
from learnsym.drift import gradient as risk_gradient
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp, norms
from learnsym.training import gradients
from learnsym.training.augmentation import copies_are_fewer, plain_passes, weighted_copies
from learnsym.training.gradients import batch_gradients, mean_gradient
from learnsym.training.machine import keep_freed_memory, threads
from learnsym.training.symmetric import MODES, Forecast, Schedule, Task, gradient, train

CIRCLE = groups.cyclic(3)
SEEDS = [4, 11]


def start(task):
    return task.network.project(task.network.gaussian(SEEDS, task.x.dtype))


def streams():
    return [np.random.default_rng([seed, 1]) for seed in SEEDS]


def same(first, second, **tolerance):
    """Whether two lists of layers agree."""
    return all(torch.allclose(a, b, **tolerance) for a, b in zip(first, second, strict=True))


def slow_gradient(task, weights, run, pairs):
    """Mean of the gradients of single samples, each moved by its own group element."""
    leaves = [A[run].clone().requires_grad_() for A in weights]
    total = 0.0
    for n, g in pairs:
        matrices = [s.rho.matrix(g) for s in (task.network.spaces[0], task.network.spaces[-1])]
        hidden = torch.tanh(leaves[0] @ torch.tensor(matrices[0] @ task.x[n].numpy()))
        target = task.y[n].numpy()
        if task.target_space is not None:
            target = matrices[1] @ target
        total = total + torch.sum((leaves[1] @ hidden - torch.tensor(target)) ** 2)
    return torch.autograd.grad(total / len(pairs), leaves)


@pytest.mark.parametrize("moving", [True, False])
def test_gradients_of_all_modes_are_means_over_samples(moving):
    task = turning(moving)
    weights, everyone, identity = task.network.gaussian(SEEDS), range(len(task.x)), CIRCLE.identity
    schedule = Schedule(0.1, 1, 2, passes=3)
    drawn = {mode: gradient(task, weights, mode, schedule, streams())[0] for mode in MODES}
    for run, rng in enumerate(streams()):
        sampled = []
        for _ in range(3):
            elements = CIRCLE.sample(rng, 3)
            sampled += [(n, elements[n // 2]) for n in everyone]
        pairs = {
            "nominal": [(n, identity) for n in everyone],
            "exact": [(n, g) for n in everyone for g in CIRCLE.elements()],
            "augmented": sampled,
        }
        expected = {mode: slow_gradient(task, weights, run, each) for mode, each in pairs.items()}
        expected["equivariant"] = task.network.project(list(expected["nominal"]))
        for mode, slopes in expected.items():
            assert same([A[run] for A in drawn[mode]], slopes), mode


def test_penalty_adds_its_gradient():
    task = turning()
    weights = task.network.gaussian(SEEDS)
    plain, with_penalty = (
        gradient(task, weights, "exact", Schedule(0.01, 1, 6, penalty=p), [])[0] for p in (0.0, 0.7)
    )
    leaves = [A.clone().requires_grad_() for A in weights]
    size = 0.7 * norms(task.network.complement(leaves)).square().sum()
    pull = torch.autograd.grad(size, leaves)
    assert same(with_penalty, [b + c for b, c in zip(plain, pull, strict=True)])


def test_records_are_what_they_say():
    task = turning()
    weights = start(task)
    last, record = train(task, weights, "nominal", Schedule(0.01, 5, 3), SEEDS)
    steps = [A - B for A, B in zip(last, weights, strict=True)]
    assert np.allclose(record.distance[-1], norms(steps))
    assert np.allclose(record.drift[-1], norms(task.network.complement(last)))
    assert np.allclose(np.sqrt((record.layers**2).sum(-1)), record.drift)
    first = task.loss(task.network.forward(weights, task.x), task.y).mean(-1)
    assert np.allclose(record.loss[0], first)
    assert record.loss.shape == (5, 2) and np.all(np.diff(record.loss, axis=0) < 0)
    assert record.drift.shape == (6, 2) and np.all(record.distance[0] == 0)
    assert all(torch.equal(A, B) for A, B in zip(weights, start(task), strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_training_follows_its_gradients(mode):
    task, schedule = turning(), Schedule(0.01, 3, 3, passes=2, penalty=0.7)
    weights, rngs = start(task), streams()
    last, _ = train(task, weights, mode, schedule, SEEDS)
    for _ in range(3):
        slopes, _ = gradient(task, weights, mode, schedule, rngs)
        weights = [A - 0.01 * B for A, B in zip(weights, slopes, strict=True)]
    assert same(weights, last, rtol=1e-12, atol=1e-14)


def test_a_run_does_not_depend_on_its_neighbours():
    task, schedule = turning(), Schedule(0.01, 4, 2, passes=2)
    together = train(task, start(task), "augmented", schedule, SEEDS)[0]
    alone = train(task, [A[1:] for A in start(task)], "augmented", schedule, SEEDS[1:])[0]
    assert same([A[1:] for A in together], alone, rtol=1e-12)


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("law", [None, (0.5, 0.0, 0.5)])
def test_weighted_copies_have_the_gradient_of_plain_passes(moving, law):
    """And leave the generators where plain draws leave them."""
    task, schedule = turning(moving), Schedule(0.1, 1, 2, passes=7, law=law)
    weights, left = task.network.gaussian(SEEDS), streams()
    for rng in left:
        for _ in range(schedule.passes):
            CIRCLE.sample(rng, 3) if law is None else rng.choice(3, size=3, p=law)
    ends, found = [rng.random() for rng in left], []
    for way in (plain_passes, weighted_copies):
        rngs = streams()
        found.append(mean_gradient(task, weights, partial(drawn_by, way, task, schedule, rngs)))
        assert [rng.random() for rng in rngs] == ends
    assert same(found[0][0], found[1][0], rtol=1e-13, atol=1e-15)
    assert torch.allclose(found[0][1], found[1][1], rtol=1e-13)


def drawn_by(way, task, schedule, rngs, runs):
    return way(task, schedule, rngs[runs])


def test_copies_are_used_where_they_are_fewer():
    assert copies_are_fewer(CIRCLE, Schedule(0.1, 1, 2, passes=7))
    assert not copies_are_fewer(CIRCLE, Schedule(0.1, 1, 2, passes=2))
    assert copies_are_fewer(CIRCLE, Schedule(0.1, 1, 2, passes=2, law=(0.5, 0.0, 0.5)))
    assert not copies_are_fewer(groups.symmetric(10), Schedule(0.1, 1, 2, passes=25))


def test_elements_are_drawn_by_the_law():
    task, passes = turning(), 4_000
    schedule = Schedule(0.1, 1, 6, passes=passes, law=(0.5, 0.0, 0.5))
    views = weighted_copies(task, schedule, [np.random.default_rng(0)])
    shares = [view.weight[0, 0].item() for view in views]
    assert len(shares) == 2 and sum(shares) == pytest.approx(1)
    assert abs(shares[0] - 0.5) < 5 * np.sqrt(0.25 / passes)
    # all draws of one element: the gradient of the data moved by it
    weights, fixed = (
        task.network.gaussian(SEEDS),
        Schedule(0.1, 1, 6, passes=5, law=(0.0, 0.0, 1.0)),
    )
    x, y = task.moved(CIRCLE.elements()[2])
    expected = gradient(dataclasses.replace(task, x=x, y=y), weights, "nominal", fixed, [])[0]
    assert same(gradient(task, weights, "augmented", fixed, streams())[0], expected)


@pytest.mark.parametrize("mode", MODES)
def test_blocks_do_not_change_the_gradient(mode, monkeypatch):
    task, schedule = turning(), Schedule(0.1, 1, 2, passes=2)
    weights = task.network.gaussian(SEEDS)
    whole, loss = gradient(task, weights, mode, schedule, streams())
    monkeypatch.setattr(gradients, "BLOCK", 4 * task.network.shapes[0][0])  # 4 samples, 1 run
    parts, of_parts = gradient(task, weights, mode, schedule, streams())
    assert torch.allclose(loss, of_parts) and same(whole, parts)


def graph_task(samples=6):
    """Symmetric matrices with a constant diagonal, relabelled by S_4."""
    group = groups.symmetric(4)
    places = Space(reps.adjacency(group), 1)
    spaces = [places, Space(places.rho, 2), Space(reps.trivial(group))]
    half = np.triu(np.random.default_rng(0).standard_normal((samples, 4, 4)), 1)
    x = torch.tensor((half + half.transpose(0, 2, 1) + 0.5 * np.eye(4)).reshape(samples, 16))
    net = SymmetricMlp(spaces, [torch.tanh, nl.identity])
    return Task(net, x, x[:, 1:2].clone(), losses.squared_error)


@pytest.mark.parametrize("mode", MODES)
def test_repeated_coordinates_are_computed_once(mode):
    task, schedule = graph_task(), Schedule(0.1, 1, 2, passes=2)
    labels, first = task.repeated
    assert len(first) == 7  # six edges and the diagonal
    assert torch.equal(task.x[:, first][:, labels], task.x)
    plain = dataclasses.replace(task)
    plain.__dict__["repeated"] = None
    weights = task.network.gaussian(SEEDS)
    found, expected = (gradient(t, weights, mode, schedule, streams())[0] for t in (task, plain))
    assert same(found, expected)
    assert same(*(batch_gradients(t, weights, 2)[2] for t in (task, plain)))


def test_classes_that_the_group_takes_apart_are_not_used():
    task = turning()
    assert task.repeated is None
    border = task.x.clone()
    border[:, 0] = border[:, 1]
    assert dataclasses.replace(task, x=border).repeated is None


def test_coordinates_that_a_sign_tells_apart_are_not_added_up():
    """Under a sign, coordinates that agree in the data do not agree in the moved data."""
    swap = groups.symmetric(2)
    both = reps.direct_sum(reps.trivial(swap), reps.sign(swap))
    net = SymmetricMlp([Space(both), Space(reps.trivial(swap))], [nl.identity])
    x = torch.tensor(np.random.default_rng(0).standard_normal((6, 1))).repeat(1, 2)
    task = Task(net, x, x[:, :1] + 1, losses.squared_error)
    assert task.repeated is None
    weights = net.gaussian([0])
    found, _ = gradient(task, weights, "exact", Schedule(0.1, 1, 6), [np.random.default_rng(0)])
    risks = Risks(task)
    expected = risk_gradient(risks.augmented, risks.vector([A[0] for A in weights]))
    assert torch.allclose(risks.vector([A[0] for A in found]), expected)


def test_noise_is_that_of_the_gradients_of_single_batches():
    task, schedule = turning(), Schedule(0.1, 1, 2)
    weights = start(task)
    total, loss, noise = batch_gradients(task, weights, 2)
    whole, mean = gradient(task, weights, "nominal", schedule, [])
    assert torch.allclose(loss, mean) and same(total, whole)
    expected = 0.0
    for low in range(0, 6, 2):
        part = dataclasses.replace(task, x=task.x[low : low + 2], y=task.y[low : low + 2])
        slope = gradient(part, weights, "nominal", schedule, [])[0]
        expected = expected + norms(task.network.complement(slope)).square() / 9
    assert torch.allclose(noise, expected)


def test_forecast_predicts_nominal_and_biased_drift():
    """By small steps; that of sampling has a law of its own."""
    task, law, schedule = turning(), (0.75, 0.25, 0.0), Schedule(1e-4, 5, 2, passes=2)
    weights, forecast = [A[:1] for A in start(task)], Forecast((law,))
    train(task, weights, "equivariant", schedule, [0], forecast=forecast)
    systematic = np.array(forecast.systematic)
    assert systematic.shape == (6, 2, 1) and np.all(systematic[0] == 0)
    nominal = train(task, weights, "nominal", schedule, [0])[1]
    assert np.allclose(nominal.drift, systematic[:, 0], rtol=5e-3)
    biased = dataclasses.replace(schedule, passes=1_000, law=law)
    sampled = train(task, weights, "augmented", biased, [0])[1]
    assert np.allclose(sampled.drift[1:], systematic[1:, 1], rtol=0.1)


def test_forecast_of_a_law_that_does_not_commute_with_its_adjoint():
    """Turns and a swap of three points: moving data by ``g`` moves the gradient by ``g``."""
    s3 = groups.symmetric(3)
    space = Space(reps.vector(s3))
    net = SymmetricMlp([space, Space(reps.trivial(s3), 2)], [torch.tanh])
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal((6, d))) for d in (3, 2))
    task, weights = Task(net, x, y, losses.squared_error), net.project(net.gaussian([0]))
    chosen = {s3.key(np.array([1, 2, 0])): 0.5, s3.key(np.array([1, 0, 2])): 0.5}
    law = tuple(chosen.get(s3.key(g), 0.0) for g in s3.elements())
    forecast, schedule = Forecast((law,)), Schedule(0.1, 1, 6)
    for _ in range(2):  # the second time replaces what was there
        train(task, weights, "equivariant", schedule, [0], forecast=forecast)
    assert len(forecast.noise) == 1
    mean = 0.0
    for g, p in zip(s3.elements(), law, strict=True):
        moved_x, moved_y = task.moved(g)
        moved = dataclasses.replace(task, x=moved_x, y=moved_y)
        mean = mean + p * gradient(moved, weights, "nominal", schedule, [])[0][0]
    assert forecast.systematic[-1][1] == pytest.approx(0.1 * norms(net.complement([mean])).numpy())


def test_threads_are_set_and_restored():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_freed_memory_is_kept_where_the_library_can(monkeypatch):
    assert keep_freed_memory() == (sys.platform == "linux" and platform.libc_ver()[0] == "glibc")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False


def test_groups_that_cannot_be_listed_are_sampled():
    s10 = groups.symmetric(10)
    space = Space(reps.vector(s10))
    net = SymmetricMlp([space, Space(reps.trivial(s10))], [nl.identity])
    x = torch.tensor(np.random.default_rng(0).standard_normal((4, 10)))
    task = Task(net, x, x[:, :1], losses.squared_error)
    weights = net.project(net.gaussian([0]))
    _, record = train(task, weights, "augmented", Schedule(0.01, 2, 2, passes=2), [0])
    assert record.drift[-1] > 0
    with pytest.raises(ValueError, match="at most 200000 elements"):
        train(task, weights, "exact", Schedule(0.01, 2, 2), [0])


def test_rates_that_explode_are_stopped_with_epoch_and_run():
    task = turning()
    weights = [torch.stack([A[0], 1e120 * A[1]]) for A in start(task)]
    with pytest.raises(ValueError, match=r"rate: .*not finite in epoch \d+ .*seeds \[11\]"):
        train(task, weights, "nominal", Schedule(1e60, 60, 6), SEEDS)
    bad = dataclasses.replace(task, y=task.y * float("nan"))
    with pytest.raises(ValueError, match=r"loss not finite in epoch 1 .*seeds \[4, 11\]"):
        train(bad, start(task), "exact", Schedule(0.1, 3, 6), SEEDS)


TASK, NAN = turning(), float("nan")
START = start(TASK)
SWAP = Space(reps.vector(groups.symmetric(2)))
THREE, ONE = torch.zeros(2, 6, 3).double(), torch.zeros(6, 1).double()


def schedule(**change):
    return Schedule(**{"rate": 0.1, "epochs": 1, "batch": 3, **change})


def called(weights=START, mode="nominal", seeds=SEEDS, forecast=None, **change):
    return lambda: train(TASK, weights, mode, schedule(**change), seeds, None, forecast)


test_bad_input_is_named = refusals(
    *(
        (partial(schedule, **{name: value}), name)
        for name, values in {
            "rate": (0.0, NAN),
            "epochs": (0,),
            "batch": (0,),
            "passes": (0, 2.5),
            "penalty": (-1.0, float("inf")),
            "law": ((0.5, 0.6), (1.5, -0.5), (NAN, 1.0)),
        }.items()
        for value in values
    ),
    (lambda: dataclasses.replace(TASK, x=TASK.x[:, :2]), r"x: expected shape \(N, 3\)"),
    (lambda: dataclasses.replace(TASK, x=TASK.x[:0]), "N >= 1"),
    (lambda: dataclasses.replace(TASK, y=TASK.y[:2]), "y: expected 6 targets"),
    (
        lambda: dataclasses.replace(TASK, target_space=SWAP),
        "target_space: expected a representation of C_3",
    ),
    (called(mode="sampled"), "mode: expected one of"),
    (called(seeds=SEEDS[:1]), "weights: expected shapes"),
    (called(START[:1]), "weights: expected shapes"),
    (called(batch=4), "batch: expected a divisor of the 6"),
    (called(mode="augmented", law=(0.5, 0.5)), "law: expected 3"),
    (called(mode="exact", law=(1.0, 0, 0)), "law: expected mode"),
    (called(forecast=Forecast()), "forecast: expected mode"),
    (lambda: Forecast(((0.5, 0.5),)).start(TASK.network, START), "law: expected 3 probabilities"),
    (lambda: Forecast().start(object(), START), "network: expected a SymmetricMlp, got object"),
    *(
        (partial(loss, THREE, ONE), r"targets: expected shape \(..., 6, 3\)")
        for loss in (losses.squared_error, losses.soft_cross_entropy, losses.binary_cross_entropy)
    ),
)
