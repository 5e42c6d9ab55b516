"""Times of the kernels at the size of Gideoni's Figure 5: 501 parameters, 100,000 points."""

import resource
import sys

import numpy as np
import pytest
import torch

from learnsym import groups, representations
from learnsym.kernels import Mlp, closed_network, fit_action, weight_features, weight_gram

MLP = Mlp(3, 100)


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    return MLP.draw(rng), rng.uniform(size=(100_000, 3))


def spectrum(theta, X, block):
    return np.linalg.eigvalsh(weight_gram(MLP, theta, X, block))


def test_ewk_spectrum(benchmark, network):
    values = benchmark.pedantic(spectrum, (*network, 5_000), rounds=2)
    assert values.shape == (501,)
    # of the whole process so far; bytes on macOS, KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert peak * (1 if sys.platform == "darwin" else 1024) < 2 * 2**30


def test_ewk_spectrum_without_blocks(benchmark, network):
    theta, X = network
    values = benchmark.pedantic(spectrum, (theta, X[:20_000], 20_000), rounds=2)
    assert values.shape == (501,)


def test_gradients_of_a_thousand_points(benchmark, network):
    theta, X = network
    assert benchmark(weight_features, MLP, theta, X[:1_000]).shape == (1_000, 501)


def test_gradients_by_automatic_differentiation(benchmark, network):
    theta, X = (torch.tensor(array[:1_000]) for array in network)
    gradient = torch.func.grad(lambda t, x: MLP(t, x[None])[0])
    rows = torch.func.vmap(gradient, in_dims=(None, 0))
    assert benchmark(rows, theta, X).shape == (1_000, 501)


def test_fitted_action(benchmark, network):
    theta, X = network
    features = weight_features(MLP, theta, X[:10_000])
    moved = weight_features(MLP, theta, X[:10_000, [1, 0, 2]])
    fitted = benchmark.pedantic(fit_action, (features, moved, 1e-10), rounds=3)
    assert fitted.shape == (501, 501)


def test_closed_network(benchmark):
    small, rng = Mlp(3, 17), np.random.default_rng(0)
    rho = representations.vector(groups.symmetric(3))
    closed = benchmark.pedantic(closed_network, (small, small.draw(rng), rho, rng), rounds=3)
    assert closed.mlp.parameters == 511
