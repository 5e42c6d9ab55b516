"""Times of projecting onto equivariant maps: orbits, null spaces, NumPy and torch."""

import numpy as np
import pytest
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.equivariant import EquivariantMaps, orbit_labels
from learnsym.representations import Representation


def images(side):
    """Return the roto-translations of square images."""
    return reps.image(groups.image_rototranslations(side))


def test_orbit_labels_of_a_million_pairs(benchmark):
    """The slow part of the construction: 3 generators on 1024 x 1024 index pairs."""
    rho = images(32)
    lift = reps.lifted(rho, rho)
    labels = benchmark(orbit_labels, lift)
    assert labels.size == 1024**2


def test_equivariant_maps_of_graphs(benchmark):
    """Graphs of 20 nodes: 160,000 index pairs, 15 orbits, a group of 2.4e18 elements."""
    rho = reps.adjacency(groups.symmetric(20))
    maps = benchmark(EquivariantMaps, rho, rho)
    assert maps.dimension == 15


@pytest.mark.parametrize("batch", [1, 16])
def test_project_numpy(benchmark, batch):
    maps = EquivariantMaps(images(14), images(14))
    A = np.random.default_rng(0).standard_normal((batch, *maps.shape))
    maps.project(A)  # the sparse averaging matrix is built once
    projected = benchmark(maps.project, A)
    assert projected.shape == A.shape


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_project_torch(benchmark, batch, dtype):
    maps = EquivariantMaps(images(14), images(14))
    A = torch.zeros(batch, *maps.shape, dtype=dtype)
    projected = benchmark(maps.project, A)
    assert projected.dtype == dtype


def test_project_torch_with_gradient(benchmark):
    maps = EquivariantMaps(images(14), images(14))
    A = torch.ones(16, *maps.shape, requires_grad=True)

    def gradient():
        (result,) = torch.autograd.grad(maps.project(A).square().sum(), A)
        return result

    assert benchmark(gradient).shape == A.shape


@pytest.mark.parametrize("path", ["orbits", "null space"])
def test_construction(benchmark, path):
    """The same space of maps on 5 x 5 images, with and without the knowledge of permutations."""
    rho = images(5)
    if path == "null space":
        rho = Representation(rho.group, rho.dimension, rho.matrix, "matrices")
    maps = benchmark(EquivariantMaps, rho, rho)
    assert maps.dimension == EquivariantMaps(images(5), images(5)).dimension


def test_order_and_samples_of_a_large_symmetric_group(benchmark):
    """Schreier-Sims and 1,000 Haar samples of S_20, from a fresh group each time."""

    def order_and_samples():
        group = groups.symmetric(20)
        return group.order, group.sample(np.random.default_rng(0), 1_000)

    assert benchmark(order_and_samples)[1].shape == (1_000, 20)
