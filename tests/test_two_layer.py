"""Two-layer nonlinear networks on digits, against plain PyTorch, one network at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from learnsym.equivariant import invariant_basis
from learnsym.experiments import deep_linear, two_layer

SMALL = two_layer.Config(images=(20, 40), hidden=(3,), starts=2, epochs=12, records=4)
DATA = deep_linear.problem(40)
# a module that trains like a function: the slow reference
MODULES = {"Leaky ReLU": nn.LeakyReLU, "ReLU": nn.ReLU, "Swish": nn.SiLU, "Tanh": nn.Tanh}


@pytest.fixture(scope="module")
def ran():
    return two_layer.run(SMALL, progress=False)


def by_hand(weights, phi, X, Y):
    """Train one network as PyTorch's users do; return all losses and the weights."""
    first, second = (nn.Linear(w.shape[1], w.shape[0], bias=False) for w in weights)
    first.weight.data, second.weight.data = (w.detach().clone() for w in weights)
    network, loss = nn.Sequential(first, phi, second), nn.MSELoss()
    adam, losses = torch.optim.Adam(network.parameters(), lr=SMALL.rate), []
    X, Y = (torch.tensor(a, dtype=torch.float32) for a in (X, Y))
    for step in range(SMALL.epochs + 1):
        value = loss(network(X), Y)
        losses.append(value.item())
        if step < SMALL.epochs:
            adam.zero_grad()
            value.backward()
            adam.step()
    return np.array(losses), first.weight.numpy(force=True), second.weight.numpy(force=True)


@pytest.mark.parametrize("name", MODULES)
def test_training_is_that_of_plain_pytorch(ran, name):
    kind, rng = list(two_layer.ACTIVATIONS).index(name), np.random.default_rng([SMALL.seed, 0, 3])
    augmented = two_layer.start((196, 3, 9), SMALL.starts, rng)
    hard_wired = two_layer.start((49, 3, 9), SMALL.starts, rng)
    rows = DATA.X @ invariant_basis(DATA.rho)
    for run in range(SMALL.starts):
        weights = [[w[2 * kind + run] for w in start] for start in (augmented, hard_wired)]
        losses, U, V = by_hand(weights[0], MODULES[name](), DATA.turned, np.tile(DATA.Y, (4, 1)))
        found = ran["loss"][:, 0, 1, 0, kind, run]
        assert found == pytest.approx(losses[ran["steps"]], rel=1e-4)
        assert np.allclose(ran["U_3"][1, kind, run], U, atol=1e-4)
        assert np.allclose(ran["V_3"][1, kind, run], V, atol=1e-4)
        losses, *_ = by_hand(weights[1], MODULES[name](), rows, DATA.Y)
        assert ran["loss"][:, 1, 1, 0, kind, run] == pytest.approx(losses[ran["steps"]], rel=1e-4)


def test_start_is_that_of_pytorch_and_common_to_all_activations(rng):
    for w, columns in zip(two_layer.start((400, 30, 9), 3, rng), (400, 30), strict=True):
        assert 0.95 < w.abs().max() * np.sqrt(columns) <= 1
        assert torch.equal(w[:3], w[3:6])
        assert not torch.equal(w[0], w[1])
