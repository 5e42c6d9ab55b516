"""The ensemble's training against a plain loop over one torch.nn.Sequential a run."""

from unittest import mock

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
@pytest.mark.parametrize("strengths", [(0.5, 2.0), (0.0, 0.75), 0.75])
@pytest.mark.parametrize("order", [1, ORDER])
def test_ensemble_gives_the_weights_of_a_plain_loop(penalty, strengths, order, data):
    """Run by run: one strength serves all, zero is no penalty, one element moves no sample."""
    orbits, labels = data[0][:order], data[1]
    trained = minibatch(network(), orbits, labels, SCHEDULE, SEEDS, penalty, strengths)
    start = network()
    for run, strength in enumerate(np.broadcast_to(strengths, 2)):
        used = penalty if strength else None
        for seed in (SEEDS[run], SEEDS[run] + 1):
            expected = plain_loop(start, run, seed, orbits, labels, used, strength)[-1]
            assert same_run(trained, run, expected) == (seed == SEEDS[run])


# --- the best epoch -------------------------------------------------------------------------------


@pytest.mark.parametrize("best", range(4))
def test_the_best_epoch_is_kept_run_by_run(best, data):
    """The second run has its best score again at the end: the earlier counts."""
    rising = iter(torch.arange(4.0))

    def score(_):
        now = next(rising)
        return torch.stack([now, -(now - best).abs() * (now < 3)])

    trained = minibatch(network(), *data, SCHEDULE, SEEDS, score=score)
    for run, kept in enumerate((3, best)):
        history = plain_loop(network(), run, SEEDS[run], *data, None, 0.0)
        for epoch, parameters in enumerate(history):
            assert same_run(trained, run, parameters) == (epoch == kept)


def test_score_and_observer_see_the_weights_of_each_epoch(data):
    seen, observed, bar, start = [], [], mock.Mock(), network()

    def score(now):
        assert not torch.is_grad_enabled()
        seen.append([p.detach().clone() for p in now.parameters])
        return torch.zeros(2)

    observe = lambda *given: observed.append(given)  # noqa: E731
    minibatch(start, *data, SCHEDULE, SEEDS, score=score, observe=observe, bar=bar)
    history = plain_loop(network(), 0, SEEDS[0], *data, None, 0.0)
    pairs = zip(seen, history, strict=True)
    assert all(same_run(start.with_parameters(p), 0, expected) for p, expected in pairs)
    assert observed == [(epoch, start) for epoch in (1, 2, 3, 4)]
    assert bar.update.call_args_list == [mock.call()] * 4


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
        assert penalty(0 * first, 0 * second).abs().max() == 0
        if name != "size":
            assert penalty(first, first).abs().max() < 1e-12


# --- bad input ------------------------------------------------------------------------------------


def scored(*values):
    return {"score": lambda _: torch.tensor(values)}


NOT_A_NUMBER = network()
NOT_A_NUMBER.weights[0].data[1] = torch.nan


@pytest.mark.parametrize(
    ("changes", "words"),
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
        (scored(0.5, np.nan), r"got \[0.5, nan\] at epoch 1"),
        (scored(0.5), "expected 2 numbers"),
        ({"network": NOT_A_NUMBER}, r"loss: not finite at epoch 1 in runs \[1\]"),
    ],
)
def test_arguments_must_fit(changes, words, data):
    orbits, labels = data
    arguments = {"network": network(), "orbits": orbits, "labels": labels, "schedule": SCHEDULE}
    with pytest.raises(ValueError, match=words):
        minibatch(**{**arguments, "seeds": SEEDS, **changes})
    for numbers in ((0,), (1, 0), (1, 4, 0.0), (1, 4, float("nan"))):
        with pytest.raises(ValueError, match="schedule: expected positive numbers"):
            Schedule(*numbers)
