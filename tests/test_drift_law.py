"""The law of drift under sampled augmentation: noise and predictions."""

import itertools

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.drift import Risks, law
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Schedule, Task, train

CIRCLE = groups.cyclic(3)


def make_task(moving=True, samples=12):
    circle = Space(reps.vector(CIRCLE))
    last = circle if moving else Space(reps.trivial(CIRCLE))
    net = SymmetricMlp([circle, Space(circle.rho, 2), last], [torch.tanh, nl.identity])
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal((samples, s.dimension))) for s in (circle, last))
    return Task(net, x, y, losses.squared_error, last if moving else None)


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
    task = make_task(moving)
    weights, risks = start(task), Risks(task)
    predicted, mean = law.noise(task, weights, [1, 2])
    halves = [slice(0, 6), slice(6, 12)]
    for run in range(2):
        theta = risks.vector([A[run] for A in weights])
        outcomes = [
            sum(
                moved_gradient(risks, theta, g, part) / 2
                for g, part in zip(pair, halves, strict=True)
            )
            for pair in itertools.product(CIRCLE.elements(), repeat=2)
        ]
        squares = [risks.complement(v).square().sum().item() for v in outcomes]
        assert predicted[1, run] == pytest.approx(np.mean(squares), rel=1e-12)
        average = torch.stack(outcomes).mean(dim=0)
        assert risks.complement(average).norm() < 1e-13
        plain = moved_gradient(risks, theta, CIRCLE.identity, slice(None))
        across = risks.complement(plain)
        assert predicted[0, run] == pytest.approx(across.square().sum().item(), rel=1e-12)
        assert torch.allclose(risks.vector([A[run] for A in mean]), across, atol=1e-13)
        # in E every draw gives the same
        inside = torch.stack([risks.project(v) for v in outcomes])
        assert (inside - inside[0]).abs().max() < 1e-12


def test_off_the_equivariant_weights_the_draws_do_not_average_out():
    task = make_task()
    risks = Risks(task)
    theta = risks.vector([A[0] for A in task.network.gaussian([0])])
    average = sum(moved_gradient(risks, theta, g, slice(None)) for g in CIRCLE.elements()) / 3
    assert risks.complement(average).norm() > 0.1


def test_augmented_runs_drift_as_predicted():
    task = make_task()
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
    task = make_task()
    gaps = []
    for rate in (1e-4, 5e-5):
        prediction = law.predicted_drift(task, start(task), rate, 20, [1], [0.0, penalty]).nominal[
            :, 1
        ]
        schedule = Schedule(rate, 20, 12, penalty=penalty)
        found = train(task, start(task), "nominal", schedule, [4, 11])[1].drift
        gaps.append(np.max(np.abs(found[-1] / prediction[-1] - 1)))
    assert gaps[0] < 0.05 and gaps[1] < 0.7 * gaps[0]


def test_predictions_scale_as_stated():
    task = make_task()
    found = law.predicted_drift(task, start(task), 1e-7, 16, [1, 2])
    curve = found.augmented(1)
    assert np.allclose(curve[16] / curve[4], 2, rtol=1e-3)
    assert np.allclose(found.nominal[16] / found.nominal[4], 4, rtol=1e-3)
    assert np.allclose(found.augmented(4), curve / 2)
    assert np.allclose(curve[:, 0], np.sqrt(np.arange(17))[:, None] * found.nominal[1], rtol=1e-3)
    assert found.noise.shape == (16, 2, 2) and found.distance.shape == (17, 2)


def test_bad_input_is_named():
    task = make_task()
    weights = start(task)
    for counts in ([5], [0], [2, 3], []):
        with pytest.raises(ValueError, match="counts: expected divisors"):
            law.noise(task, weights, counts)
    found = law.predicted_drift(task, weights, 1e-3, 1, [1])
    with pytest.raises(ValueError, match="passes"):
        found.augmented(0)
    with pytest.raises(ValueError, match="rate"):
        law.predicted_drift(task, weights, -1.0, 1, [1])
    with pytest.raises(ValueError, match=r"not finite in epoch \d in the runs of seeds \[0, 1\]"):
        law.predicted_drift(task, weights, 1e200, 3, [1])
