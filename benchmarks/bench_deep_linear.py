"""Full-batch training of a two-layer linear network on augmented images, by second moments.

One step (loss and gradients) on 1,000 images of 14 x 14 pixels in four rotations: from the averaged
covariance, against the rows of the augmented data, as one group: the table shows the ratio.
"""

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.experiments.deep_linear import Config, squared_error, start
from learnsym.lowrank import Moments
from learnsym.regression import augment

IMAGES, SIDE, OUTPUTS = 1_000, 14, 9


@pytest.fixture(scope="module")
def data():
    """Return noise images (1000, 196), targets, and the representation of the rotations."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((IMAGES, SIDE**2)), rng.standard_normal((IMAGES, OUTPUTS))
    return X, Y, reps.image(groups.image_rotations(SIDE))


@pytest.fixture(params=[1, 35], ids=["one run", "35 runs"])
def nets(request, benchmark):
    benchmark.group = f"a step of training, {request.node.callspec.id}"
    return start(Config(side=SIDE, runs=request.param))


def every_row(X, Y, rho):
    return augment(X, rho).reshape(-1, rho.dimension), np.tile(Y, (rho.group.order, 1))


def by_moments(nets, averaged):
    S, C = torch.tensor(averaged.S), torch.tensor(averaged.C)

    def step():
        losses = squared_error(nets.maps, S, C, averaged.c)
        return losses, torch.autograd.grad(losses.sum(), nets.parameters)

    return step


def by_rows(nets, X, Y):
    rows, targets = torch.tensor(X), torch.tensor(Y)
    lower, upper = nets.parameters

    def step():
        outputs = rows @ lower.mT @ upper.mT
        losses = ((outputs - targets) ** 2).mean(dim=(1, 2))
        return losses, torch.autograd.grad(losses.sum(), nets.parameters)

    return step


def assert_equal(found, expected):
    for one, other in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-12)


def test_step_by_moments(benchmark, data, nets):
    X, Y, rho = data
    found = benchmark(by_moments(nets, Moments.from_data(X, Y).averaged(rho)))
    assert_equal(found, by_rows(nets, *every_row(X, Y, rho))())


def test_step_by_rows(benchmark, data, nets):
    """What the moments replace."""
    X, Y, rho = data
    found = benchmark(by_rows(nets, *every_row(X, Y, rho)))
    assert_equal(found, by_moments(nets, Moments.from_data(X, Y).averaged(rho))())
