"""Measures of invariance at the size of the chapters: 36 x 36 images, five layers, nine classes."""

from functools import partial

import pytest
import torch

from learnsym import groups, invariance
from learnsym.networks.perceptron import orbit_indices, perceptron

SIZES = (1296, 128, 128, 128, 128, 9)
ORBIT = orbit_indices(groups.image_rotations(36))


def images(count):
    return torch.randn(count, 1296, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("weights", ["free", "tied"])
def test_spectral_norms(benchmark, weights):
    """2,000 images, one network, by the Gram matrix of nine classes."""
    net = perceptron(SIZES, [0], None if weights == "free" else ORBIT)
    x = images(2_000)
    norms = benchmark(invariance.spectral_norms, net, x)
    jacobian = torch.func.vmap(torch.func.jacrev(lambda image: net(image[None])[0, 0]))(x[:20])
    full = torch.linalg.svdvals(jacobian.detach())[:, 0]
    torch.testing.assert_close(norms[0, :20], full, rtol=1e-4, atol=1e-6)


def test_spectral_norms_by_jacrev_and_svd(benchmark):
    """What the closed form replaces, on a tenth of the images."""
    net, x = perceptron(SIZES, [0]), images(200)

    def directly():
        jacobian = torch.func.vmap(torch.func.jacrev(lambda image: net(image[None])[0, 0]))(x)
        return torch.linalg.svdvals(jacobian.detach())[:, 0]

    norms = benchmark(directly)
    closed = invariance.spectral_norms(net, x)[0]
    torch.testing.assert_close(norms, closed, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("weights", ["free", "tied"])
@pytest.mark.parametrize("path", ["cut", "whole"])
def test_integrated_gradients(benchmark, weights, path):
    """500 images, four networks, 32 steps: behind the first layer, or through all of it."""
    net = perceptron(SIZES, range(4), None if weights == "free" else ORBIT)
    model = net if path == "cut" else lambda z: net(z)
    x, labels = images(500), torch.arange(500) % 9
    maps = benchmark.pedantic(
        invariance.integrated_gradients, (model, x, labels), rounds=2, warmup_rounds=0
    )
    chosen = torch.arange(500), labels
    gain = (net(x) - net(torch.zeros(1, 1296)))[:, *chosen].detach()
    assert (maps.sum(-1) - gain).abs().max() < 0.1 * gain.abs().max()


@pytest.mark.parametrize("measure", ["errors", "similarity"])
def test_orbits(benchmark, measure):
    """500 images, four networks, four rotations: DI and LI, or SI with published maps."""
    net, x, labels = perceptron(SIZES, range(4)), images(500), torch.arange(500) % 9

    def errors():
        logits = invariance.orbit_logits(net, x, ORBIT)
        return invariance.distribution_error(logits), invariance.logit_error(logits)

    def similarity():
        maps = invariance.orbit_maps(partial(invariance.gradients, net), x, labels, ORBIT)
        found = invariance.saliency_similarity(invariance.published_map(maps, 36), ORBIT)
        return (found.mean,)

    for value in benchmark({"errors": errors, "similarity": similarity}[measure]):
        assert (value > 0).all() and (value < 1).all()
