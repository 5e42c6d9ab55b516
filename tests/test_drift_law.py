"""The law of drift under sampled augmentation: noise and predictions."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch

from abelian_tasks import turning
from cases import refusals
from learnsym import groups
from learnsym.drift import Risks, law
from learnsym.training.symmetric import Schedule, train

CIRCLE = groups.cyclic(3)


def start(task, seeds=(4, 11)):
    return task.network.project(task.network.gaussian(seeds))


def moved_gradient(risks, theta, g, part):
    """Gradient of the mean loss over samples moved by ``g``, on data and by a task of its own."""
    x, y = risks.task.moved(g, part)
    leaf = theta.clone().requires_grad_()
    mean = risks.task.loss(risks.network.forward(risks.layers(leaf), x), y).mean()
    return torch.autograd.grad(mean, leaf)[0]


@pytest.mark.parametrize("moving", [True, False])
def test_noise_is_the_mean_over_all_draws_of_the_group(moving):
    task = turning(moving, 12)
    weights, risks, halves = start(task), Risks(task), [slice(0, 6), slice(6, 12)]

    def outcomes(theta):
        """Gradients for every pair of elements, one for each half of the data."""
        pairs = itertools.product(CIRCLE.elements(), repeat=2)
        steps = [map(partial(moved_gradient, risks, theta), pair, halves) for pair in pairs]
        return torch.stack([sum(step) / 2 for step in steps])

    predicted, mean = law.noise(task, weights, [1, 2])
    for run in range(2):
        theta = risks.vector([A[run] for A in weights])
        drawn = outcomes(theta)
        off, inside = risks.complement(drawn), risks.project(drawn)
        expected = off.square().sum(dim=1).mean().item()
        assert predicted[1, run] == pytest.approx(expected, rel=1e-12)
        assert off.mean(dim=0).norm() < 1e-13
        assert (inside - inside[0]).abs().max() < 1e-12  # in E every draw gives the same
        across = risks.complement(moved_gradient(risks, theta, CIRCLE.identity, slice(None)))
        assert predicted[0, run] == pytest.approx(across.square().sum().item(), rel=1e-12)
        assert torch.allclose(risks.vector([A[run] for A in mean]), across, atol=1e-13)
    elsewhere = risks.vector([A[0] for A in task.network.gaussian([0])])
    assert risks.complement(outcomes(elsewhere)).mean(dim=0).norm() > 0.1  # does not average out


def test_augmented_runs_drift_as_predicted():
    task = turning(samples=12)
    seeds = list(range(80))
    weights = [A.expand(80, -1, -1) for A in start(task, [4])]
    rate, epochs = 1e-4, 10
    prediction = law.predicted_drift(task, [A[:1] for A in weights], rate, epochs, [1, 4])
    for column, (count, passes) in enumerate([(1, 1), (4, 2)]):
        schedule = Schedule(rate, epochs, 12 // count, passes)
        _, found = train(task, weights, "augmented", schedule, seeds)
        measured = np.sqrt(np.mean(found.drift**2, axis=1))
        expected = prediction.augmented(passes)[:, column, 0]
        assert np.allclose(measured[1:], expected[1:], rtol=0.2)
        inside = np.sqrt(found.distance[1:] ** 2 - found.drift[1:] ** 2)
        assert np.allclose(inside, prediction.distance[1:], rtol=0.01)


@pytest.mark.parametrize("penalty", [0.0, 200.0])
def test_nominal_runs_drift_as_predicted_with_an_error_of_second_order(penalty):
    task, gaps = turning(samples=12), []
    for rate in (1e-4, 5e-5):
        prediction = law.predicted_drift(task, start(task), rate, 20, [1], [0.0, penalty])
        schedule = Schedule(rate, 20, 12, penalty=penalty)
        found = train(task, start(task), "nominal", schedule, [4, 11])[1].drift
        gaps.append(np.max(np.abs(found[-1] / prediction.nominal[-1, 1] - 1)))
    assert gaps[0] < 0.05 and gaps[1] < 0.7 * gaps[0]


TASK = turning(samples=12)


def predicted(rate=1e-3, epochs=1):
    return law.predicted_drift(TASK, start(TASK), rate, epochs, [1])


test_bad_input_is_named = refusals(
    *(
        (partial(law.noise, TASK, start(TASK), counts), "counts: expected divisors")
        for counts in ([5], [0], [2, 3], [])
    ),
    (lambda: predicted().augmented(0), "passes"),
    (lambda: predicted(-1.0), "rate"),
    (lambda: predicted(1e200, 3), r"not finite in epoch \d in the runs of seeds \[0, 1\]"),
)
