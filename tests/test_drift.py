"""Risks, Hessians by Lanczos and descent near the equivariant layers."""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.drift import (
    Risks,
    follow,
    gradient,
    hessian_product,
    smallest_eigenvalues,
)
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Schedule, Task, train

CIRCLE = groups.cyclic(3)


def make_risks(moving=True, channels=1, weights=None, samples=5):
    circle = Space(reps.vector(CIRCLE))
    last = circle if moving else Space(reps.trivial(CIRCLE))
    net = SymmetricMlp([circle, Space(circle.rho, channels), last], [torch.tanh, nl.identity])
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal((samples, s.dimension))) for s in (circle, last))
    return Risks(Task(net, x, y, losses.squared_error, last if moving else None), weights)


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


def test_weighted_elements_are_weighted():
    weights = np.array([0.7, 0.1, 0.2])
    risks = make_risks(weights=weights)
    theta = draw(risks)
    parts = [loop_risk(risks, theta, [g]) for g in risks.elements]
    assert risks.augmented(theta) == pytest.approx(weights @ parts)


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


def test_averaged_model_is_equivariant_and_has_the_stated_risk():
    risks = make_risks()
    theta = draw(risks)
    mean = risks.moved_back(theta).mean(dim=0).numpy()
    assert risks.averaged(theta) == pytest.approx(
        np.mean(np.sum((mean - risks.task.y.numpy()) ** 2, axis=1))
    )
    g = CIRCLE.generators[0]
    moved = Risks(dataclasses.replace(risks.task, x=risks.task.moved(g)[0]))
    turned = risks.network.spaces[-1].act(g, torch.tensor(mean))
    assert torch.allclose(moved.moved_back(theta).mean(dim=0), turned)


def test_gradients_agree_with_differences():
    risks = make_risks()
    theta, v = draw(risks, 2), 1e-5 * torch.ones(risks.dimension, dtype=torch.float64)
    for risk in (risks.nominal, risks.augmented, risks.equivariant, risks.averaged):
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


@pytest.mark.parametrize("subspace", ["complement", "equivariant", "all"])
@pytest.mark.parametrize("equivariant_point", [True, False])
def test_lanczos_agrees_with_the_dense_spectrum(subspace, equivariant_point):
    risks = make_risks(channels=2)
    theta = risks.project(draw(risks)) if equivariant_point else draw(risks)
    P, n = projector(risks), risks.dimension
    P = {"complement": np.eye(n) - P, "equivariant": P, "all": np.eye(n)}[subspace]
    basis = np.linalg.svd(P)[0][:, : round(np.trace(P))]
    expected = np.linalg.eigvalsh(basis.T @ dense(risks.augmented, theta) @ basis)
    found = smallest_eigenvalues(risks, theta, 3, subspace=subspace)
    assert np.allclose(found.values, expected[:3], atol=1e-9)
    assert np.allclose(found.vectors.numpy() @ P, found.vectors, atol=1e-9)
    if equivariant_point or subspace == "all":  # an invariant subspace of the Hessian
        assert found.residuals.max() < 1e-7
    else:
        assert found.residuals.max() > 1e-3


def test_lanczos_takes_the_risk_that_it_is_given_and_tiny_networks():
    trivial, sign = (Space(rep(groups.symmetric(2))) for rep in (reps.trivial, reps.sign))
    net = SymmetricMlp([trivial, sign, trivial], [nl.identity, nl.identity])
    one = torch.ones(1, 1, dtype=torch.float64)
    risks = Risks(Task(net, one, one, losses.squared_error))
    origin = torch.zeros(2, dtype=torch.float64)
    assert smallest_eigenvalues(risks, origin, 1).values == pytest.approx([-2])
    tied = smallest_eigenvalues(risks, origin, 1, risks.equivariant)
    assert tied.values == pytest.approx([0])


def test_prediction_is_exact_for_a_linear_layer_and_the_paths_are_descent():
    circle = Space(reps.vector(CIRCLE))
    net = SymmetricMlp([circle, circle], [nl.identity])
    rng = np.random.default_rng(3)
    x, y = (torch.tensor(rng.standard_normal((5, 3))) for _ in range(2))
    task = Task(net, x, y, losses.squared_error, circle)
    risks = Risks(task)
    start = draw(risks)
    found = follow(risks, start, 0.05, 20, every=6)
    assert found.steps.tolist() == [0, 6, 12, 18, 20]
    assert np.all(found.gap < 1e-12) and np.all(found.apart < 1e-12)
    weights = [layer[None] for layer in risks.layers(start)]
    last, record = train(task, weights, "exact", Schedule(0.05, 20, 5), [0])
    assert np.allclose(last[0].flatten(), found.last)
    assert np.allclose(record.drift[found.steps, 0], found.across)
    least = np.linalg.eigvalsh(dense(risks.augmented, start))
    assert np.all(found.eigenvalues >= least[0] - 1e-9)


def test_paths_part_away_from_the_equivariant_layers():
    risks = make_risks()
    start = draw(risks) / 2
    near = risks.project(start) + 1e-4 * risks.complement(start)
    far = follow(risks, start, 0.05, 30, every=30, count=0)
    close = follow(risks, near, 0.05, 30, every=30, count=0)
    assert close.gap[-1] < 1e-3 * close.across[-1]
    assert far.gap[-1] > 1e-2 * far.across[-1]
    assert far.eigenvalues.shape == (2, 0)
    held = follow(risks, near, 0.05, 30, every=30, count=0, penalty=5.0)
    assert held.across[-1] < 0.1 * close.across[-1]
    assert held.gap[-1] < 1e-3 * held.across[0]


def test_bad_input_is_named():
    risks = make_risks()
    theta = draw(risks)
    single = dataclasses.replace(risks.task, x=risks.task.x.float())
    infinite = theta * float("inf")
    for act, message in (
        (lambda: Risks(single), "task: expected inputs in float64"),
        (lambda: Risks(risks.task, np.array([0.5, 0.5])), "weights: expected 3 probabilities"),
        (lambda: Risks(risks.task, np.array([0.5, 0.6, 0.1])), "weights"),
        (lambda: risks.nominal(theta[:-1]), "theta: expected a last axis of 18"),
        (lambda: smallest_eigenvalues(risks, theta, 0), "count"),
        (lambda: smallest_eigenvalues(risks, theta, 13), "count: expected an integer from 1 to 12"),
        (lambda: smallest_eigenvalues(risks, theta, 1, subspace="E"), "subspace"),
        (lambda: smallest_eigenvalues(risks, theta[None], 1), "theta: expected shape"),
        (lambda: smallest_eigenvalues(risks, infinite, 1), "theta: expected weights"),
        (lambda: follow(risks, theta, 0.1, 0), "steps"),
        (lambda: follow(risks, theta, -0.1, 1), "rate"),
        (lambda: follow(risks, theta, 1e200, 9, count=0), "not finite after step"),
    ):
        with pytest.raises(ValueError, match=message):
            act()
