"""The ensemble's training against a plain loop over one torch.nn.Sequential a run."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from learnsym.networks.perceptron import perceptron
from learnsym.training.minibatch import PENALTIES, Schedule, minibatch

COORDINATES, CLASSES, SAMPLES, ORDER = 6, 3, 10, 3
SIZES = (COORDINATES, 5, CLASSES)
SCHEDULE = Schedule(epochs=4, batch=4, rate=1e-2)  # the last batch of an epoch is smaller
SEEDS = [11, 12]


def network(dtype=torch.float64, runs=2):
    return perceptron(SIZES, list(range(runs)), dtype=dtype)


@pytest.fixture
def data(rng):
    x = torch.tensor(rng.standard_normal((SAMPLES, COORDINATES)))
    orbits = torch.stack([x.roll(2 * k, dims=1) for k in range(ORDER)])
    return orbits, torch.tensor(rng.integers(CLASSES, size=SAMPLES))


def penalties(first, second):
    """The four penalties from the book of formulas, one mean over the batch each."""
    p, q = first.softmax(-1), second.softmax(-1)
    squares = torch.linalg.vector_norm(first - second, dim=1) ** 2
    sizes = (torch.linalg.vector_norm(v, dim=1) ** 2 for v in (first, second))
    return {
        "LI": squares.mean(),
        "DI": functional.kl_div(q.log(), p, reduction="batchmean"),
        "normalised LI": (squares / (sum(sizes) / 2)).mean(),
        "size": (first**2).sum(1).mean(),
    }


def plain_loop(start, run, seed, orbits, labels, penalty, strength, schedule=SCHEDULE):
    """Train one network the simplest way; return its parameters after each epoch."""
    model = nn.Sequential(nn.Linear(COORDINATES, 5), nn.ReLU(), nn.Linear(5, CLASSES)).double()
    with torch.no_grad():
        for layer, weight, bias in zip(model[::2], start.weights, start.biases, strict=True):
            layer.weight.copy_(weight[run])
            layer.bias.copy_(bias[run])
    optimiser = torch.optim.Adam(model.parameters(), lr=schedule.rate)
    stream = torch.Generator().manual_seed(seed)
    history = []
    for _ in range(schedule.epochs):
        order = torch.randperm(SAMPLES, generator=stream).tolist()
        moves = torch.randint(len(orbits), (2, SAMPLES), generator=stream).tolist()
        while order:
            chosen = [order.pop(0) for _ in range(min(schedule.batch, len(order)))]
            g, h = ([moves[k].pop(0) for _ in chosen] for k in (0, 1))
            first = model(torch.stack([orbits[a, i] for a, i in zip(g, chosen, strict=True)]))
            loss = functional.cross_entropy(first, labels[chosen])
            if penalty is not None:
                second = model(torch.stack([orbits[a, i] for a, i in zip(h, chosen, strict=True)]))
                loss = loss + strength * penalties(first, second)[penalty]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        history.append([p.detach().clone() for p in model.parameters()])
    return history


def same_run(ensemble, run, parameters):
    weights, biases = parameters[::2], parameters[1::2]
    pairs = zip([*ensemble.weights, *ensemble.biases], [*weights, *biases], strict=True)
    return all(torch.allclose(p[run], q, rtol=1e-9, atol=1e-11) for p, q in pairs)


@pytest.mark.parametrize("penalty", [None, *PENALTIES])
def test_ensemble_gives_the_weights_of_a_plain_loop(penalty, data):
    strengths = [0.5, 2.0]
    trained = minibatch(network(), *data, SCHEDULE, SEEDS, penalty, strengths)
    start = network()
    for run in range(2):
        expected = plain_loop(start, run, SEEDS[run], *data, penalty, strengths[run])[-1]
        assert same_run(trained, run, expected)
        wrong = plain_loop(start, run, SEEDS[run] + 1, *data, penalty, strengths[run])[-1]
        assert not same_run(trained, run, wrong)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_strength_zero_is_no_penalty(penalty, data):
    without = minibatch(network(), *data, SCHEDULE, SEEDS)
    zero = minibatch(network(), *data, SCHEDULE, SEEDS, penalty, [0.0, 1.0])
    for p, q in zip(without.parameters, zero.parameters, strict=True):
        assert torch.allclose(p[0], q[0], rtol=1e-10)
        assert not torch.allclose(p[1], q[1], rtol=1e-3)


def test_one_strength_serves_all_runs(data):
    one = minibatch(network(), *data, SCHEDULE, SEEDS, "LI", 0.7)
    each = minibatch(network(), *data, SCHEDULE, SEEDS, "LI", [0.7, 0.7])
    for p, q in zip(one.parameters, each.parameters, strict=True):
        assert torch.equal(p, q)


def test_runs_do_not_depend_on_each_other(data):
    both = minibatch(network(), *data, SCHEDULE, SEEDS, "LI", 1.0)
    alone = minibatch(network().run(1).with_parameters(
        [p[1:].detach().clone().requires_grad_() for p in network().parameters]
    ), *data, SCHEDULE, SEEDS[1:], "LI", 1.0)  # fmt: skip
    for p, q in zip(both.parameters, alone.parameters, strict=True):
        assert torch.allclose(p[1], q[0], rtol=1e-9, atol=1e-12)


def test_without_augmentation_no_element_moves_a_sample(data):
    orbits, labels = data
    trained = minibatch(network(), orbits[:1], labels, SCHEDULE, SEEDS)
    expected = plain_loop(network(), 0, SEEDS[0], orbits[:1], labels, None, 0.0)[-1]
    assert same_run(trained, 0, expected)


def test_strong_penalty_shrinks_what_it_penalises(data):
    orbits, labels = data
    long = Schedule(epochs=60, batch=10, rate=1e-2)
    gaps = []
    for strength in (0.0, 10.0):
        found = minibatch(network(), orbits, labels, long, SEEDS, "LI", strength)
        logits = torch.stack([found(x) for x in orbits]).detach()
        gaps.append(float((logits - logits[0]).square().sum(-1).mean()))
    assert gaps[1] < 0.1 * gaps[0]


# --- the best epoch -------------------------------------------------------------------------------


def test_best_epoch_is_kept_run_by_run(data):
    # the second run has its best score twice: the earlier counts
    scores = iter(torch.tensor([[0.1, 0.2], [0.9, 0.8], [0.3, 0.8], [0.5, 0.1]]))
    trained = minibatch(network(), *data, SCHEDULE, SEEDS, score=lambda _: next(scores))
    for run, best in ((0, 1), (1, 1)):
        history = plain_loop(network(), run, SEEDS[run], *data, None, 0.0)
        assert same_run(trained, run, history[best])
        assert not same_run(trained, run, history[-1])


@pytest.mark.parametrize("best", range(4))
def test_runs_may_have_different_best_epochs(best, data):
    rising = iter(torch.arange(4.0))
    trained = minibatch(
        network(), *data, SCHEDULE, SEEDS,
        score=lambda _: torch.stack([s := next(rising), -(s - best).abs()]),
    )  # fmt: skip
    assert same_run(trained, 0, plain_loop(network(), 0, SEEDS[0], *data, None, 0.0)[3])
    assert same_run(trained, 1, plain_loop(network(), 1, SEEDS[1], *data, None, 0.0)[best])


@pytest.mark.parametrize(
    ("scores", "message"),
    [([0.5, np.nan], r"got \[0.5, nan\] at epoch 1"), ([0.5], "expected 2 numbers")],
)
def test_a_score_that_ranks_nothing_is_refused(scores, message, data):
    with pytest.raises(ValueError, match=message):
        minibatch(network(), *data, SCHEDULE, SEEDS, score=lambda _: torch.tensor(scores))


def test_score_sees_the_weights_of_its_epoch_and_no_graph(data):
    orbits, labels = data
    seen = []

    def score(now):
        assert not torch.is_grad_enabled()
        seen.append([p.detach().clone() for p in now.parameters])
        return (now(orbits[0]).argmax(-1) == labels).double().mean(-1)

    trained = minibatch(network(), orbits, labels, SCHEDULE, SEEDS, score=score)
    history = plain_loop(network(), 0, SEEDS[0], orbits, labels, None, 0.0)
    start = network()
    assert len(seen) == 4
    assert all(same_run(start.with_parameters(p), 0, h) for p, h in zip(seen, history, strict=True))
    with torch.no_grad():
        scores = torch.stack([score(start.with_parameters(p)) for p in seen[:4]])
        assert torch.equal(score(trained), scores.amax(0))


def test_observer_and_bar_move_once_an_epoch(data):
    class Bar:
        moved = 0

        def update(self):
            self.moved += 1

    seen, bar = [], Bar()
    start = network()
    minibatch(start, *data, SCHEDULE, SEEDS, observe=lambda e, n: seen.append((e, n)), bar=bar)
    assert [epoch for epoch, _ in seen] == [1, 2, 3, 4]
    assert all(now is start for _, now in seen)
    assert bar.moved == 4


# --- the penalties --------------------------------------------------------------------------------

finite = st.lists(st.floats(-20, 20), min_size=6, max_size=6)


@settings(max_examples=15)
@given(finite, finite)
def test_penalties_agree_with_the_formulas(u, v):
    first, second = (torch.tensor([w], dtype=torch.float64).reshape(1, 2, 3) + 0.1 for w in (u, v))
    expected = penalties(first[0], second[0])
    for name, penalty in PENALTIES.items():
        each = penalty(first, second)
        assert each.shape == (1, 2)
        assert (each >= -1e-12).all()
        assert each.mean().item() == pytest.approx(expected[name].item(), rel=1e-9, abs=1e-9)
        if name != "size":
            assert penalty(first, first).abs().max() < 1e-12


def test_normalised_penalty_knows_no_scale(rng):
    first, second = (torch.tensor(rng.standard_normal((1, 4, 3))) for _ in range(2))
    penalty = PENALTIES["normalised LI"]
    assert torch.allclose(penalty(first, second), penalty(5 * first, 5 * second))
    assert penalty(0 * first, 0 * second).abs().max() == 0


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers", [{"epochs": 0}, {"epochs": 1, "batch": 0}, {"epochs": 1, "rate": 0.0},
                {"epochs": 1, "rate": float("nan")}],
)  # fmt: skip
def test_schedule_needs_positive_numbers(numbers):
    with pytest.raises(ValueError, match="schedule: expected positive numbers"):
        Schedule(**numbers)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"orbits": torch.zeros(SAMPLES, COORDINATES)}, "orbits: expected shape"),
        ({"orbits": torch.zeros(ORDER, SAMPLES, COORDINATES + 1)}, "orbits: expected shape"),
        ({"orbits": torch.zeros(ORDER, 0, COORDINATES)}, "orbits: expected shape"),
        ({"labels": torch.zeros(SAMPLES - 1, dtype=torch.int64)}, "labels: expected shape"),
        ({"seeds": [1]}, "seeds: expected 2, one a run, got 1"),
        ({"penalty": "L1"}, "penalty: expected None or one of"),
        ({"strength": -1.0}, "strength: expected a number >= 0"),
        ({"strength": [1.0, float("nan")]}, "strength: expected a number >= 0"),
        ({"strength": [1.0, 2.0, 3.0]}, "strength: expected a number >= 0 or one a run"),
        ({"strength": [[1.0, 2.0]]}, "strength: expected a number >= 0 or one a run"),
    ],
)
def test_arguments_must_fit(changes, message, data):
    orbits, labels = data
    arguments = {"orbits": orbits, "labels": labels, "schedule": SCHEDULE, "seeds": SEEDS}
    with pytest.raises(ValueError, match=message):
        minibatch(network(), **{**arguments, **changes})


def test_divergence_is_reported_with_epoch_and_runs(data):
    orbits, labels = data
    broken = network()
    with torch.no_grad():
        broken.weights[0][1] = torch.nan
    with pytest.raises(ValueError, match=r"loss: not finite at epoch 1 in runs \[1\]"):
        minibatch(broken, orbits, labels, SCHEDULE, SEEDS)
