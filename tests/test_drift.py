"""Risks of one weight vector, their gradients and Hessians."""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.drift import Risks, gradient, hessian_product
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Task

CIRCLE = groups.cyclic(3)


def make_risks(moving=True, channels=1, samples=5):
    circle = Space(reps.vector(CIRCLE))
    last = circle if moving else Space(reps.trivial(CIRCLE))
    net = SymmetricMlp([circle, Space(circle.rho, channels), last], [torch.tanh, nl.identity])
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal((samples, s.dimension))) for s in (circle, last))
    return Risks(Task(net, x, y, losses.squared_error, last if moving else None))


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


def dense(risk, theta):
    return torch.autograd.functional.hessian(risk, theta).numpy()


def projector(risks):
    return risks.project(torch.eye(risks.dimension, dtype=torch.float64)).numpy()


@pytest.mark.parametrize("moving", [True, False])
def test_risks_are_means_of_losses(moving):
    risks = make_risks(moving)
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
    risks = make_risks(channels=2)
    theta = draw(risks, 3)
    assert torch.equal(risks.vector(risks.layers(theta)), theta)
    g = CIRCLE.generators[0]
    assert torch.equal(
        risks.layers(risks.act(g, theta))[1], risks.network.act(g, risks.layers(theta))[1]
    )
    P = projector(risks)
    assert np.allclose(risks.complement(theta), theta.numpy() @ (np.eye(len(P)) - P))


def test_gradients_agree_with_differences():
    risks = make_risks()
    theta, v = draw(risks, 2), 1e-5 * torch.ones(risks.dimension, dtype=torch.float64)
    for risk in (risks.nominal, risks.augmented, risks.equivariant):
        change = (risk(theta + v) - risk(theta - v)) / 2
        assert torch.allclose(gradient(risk, theta) @ v, change, rtol=1e-6, atol=1e-12)


def test_hessian_products_agree_with_dense_hessians():
    risks = make_risks()
    theta, v = draw(risks, 2), draw(risks, 2).flip(0)
    for risk in (risks.nominal, risks.augmented, risks.equivariant):
        for row, product in enumerate(hessian_product(risk, theta, v)):
            assert np.allclose(product, dense(risk, theta[row]) @ v[row].numpy(), atol=1e-10)


def test_constant_and_linear_risks_have_no_hessian():
    theta, v = torch.ones(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    assert torch.equal(hessian_product(lambda t: t.sum(), theta, v), torch.zeros_like(v))


def test_bad_input_is_named():
    risks = make_risks()
    single = dataclasses.replace(risks.task, x=risks.task.x.float())
    with pytest.raises(ValueError, match="task: expected inputs in float64"):
        Risks(single)
    with pytest.raises(ValueError, match="theta: expected a last axis of 18"):
        risks.nominal(draw(risks)[:-1])
