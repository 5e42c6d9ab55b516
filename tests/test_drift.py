"""Risks of one weight vector, their gradients and Hessians."""

import dataclasses

import numpy as np
import pytest
import torch

from abelian_tasks import turning
from learnsym import groups
from learnsym.drift import Risks, gradient, hessian_product

CIRCLE = groups.cyclic(3)


def draw(risks, *shape):
    return torch.tensor(np.random.default_rng(1).standard_normal((*shape, risks.dimension)))


def loop_risk(risks, theta, elements):
    """Mean squared error by plain loops over samples and group elements, in NumPy."""
    A, B = (layer.numpy() for layer in risks.layers(theta))
    space_in, space_out = risks.network.spaces[0], risks.network.spaces[-1]
    total = []
    for g in elements:
        into = np.kron(np.eye(space_in.channels), space_in.rho.matrix(g))
        out = space_out.rho.matrix(g)
        for x, y in zip(risks.task.x.numpy(), risks.task.y.numpy(), strict=True):
            total.append(np.sum((B @ np.tanh(A @ into @ x) - out @ y) ** 2))
    return np.mean(total)


def projector(risks):
    return risks.project(torch.eye(risks.dimension, dtype=torch.float64)).numpy()


@pytest.mark.parametrize("moving", [True, False])
def test_risks_are_means_of_losses(moving):
    risks = Risks(turning(moving, channels=1))
    theta = draw(risks, 2)
    for row, nominal, augmented, equivariant in zip(
        theta, risks.nominal(theta), risks.augmented(theta), risks.equivariant(theta), strict=True
    ):
        assert nominal == pytest.approx(loop_risk(risks, row, [CIRCLE.identity]))
        assert augmented == pytest.approx(loop_risk(risks, row, CIRCLE.elements()))
        tied = torch.tensor(projector(risks) @ row.numpy())
        assert equivariant == pytest.approx(loop_risk(risks, tied, [CIRCLE.identity]))
    assert risks.augmented(theta[0]).shape == ()


def test_vectors_and_layers_are_inverse_and_move_alike():
    risks, g = Risks(turning()), CIRCLE.generators[0]
    theta, P = draw(risks, 3), projector(risks)
    layers = risks.layers(theta)
    assert torch.equal(risks.vector(layers), theta)
    assert torch.equal(risks.layers(risks.act(g, theta))[1], risks.network.act(g, layers)[1])
    assert np.allclose(risks.complement(theta), theta.numpy() @ (np.eye(len(P)) - P))


def test_gradients_agree_with_differences_and_products_with_dense_hessians():
    risks = Risks(turning(channels=1))
    theta, v = draw(risks, 2), draw(risks, 2).flip(0)
    step = 1e-5 * torch.ones(risks.dimension, dtype=torch.float64)
    for risk in (risks.nominal, risks.augmented, risks.equivariant):
        change = (risk(theta + step) - risk(theta - step)) / 2
        assert torch.allclose(gradient(risk, theta) @ step, change, rtol=1e-6, atol=1e-12)
        for row, product in enumerate(hessian_product(risk, theta, v)):
            hessian = torch.autograd.functional.hessian(risk, theta[row]).numpy()
            assert np.allclose(product, hessian @ v[row].numpy(), atol=1e-10)
    assert not hessian_product(lambda t: t.sum(), theta[0], v[0]).any()  # nothing is curved


def test_bad_input_is_named():
    risks = Risks(turning(channels=1))
    single = dataclasses.replace(risks.task, x=risks.task.x.float())
    with pytest.raises(ValueError, match="task: expected inputs in float64"):
        Risks(single)
    with pytest.raises(ValueError, match="theta: expected a last axis of 18"):
        risks.nominal(draw(risks)[:-1])
