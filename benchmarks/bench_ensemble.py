"""One epoch of four classifiers as one batched ensemble, and one after the other."""

import pytest
import torch

from learnsym.experiments.transforming import FRAMED, acting_group
from learnsym.networks.perceptron import orbit_indices, perceptron
from learnsym.training.minibatch import Schedule, minibatch

RUNS = 4
SIZES = (FRAMED**2, 128, 128, 128, 128, 128, 9)
KINDS = {"DA": (False, None), "IR": (False, "LI"), "WT": (True, None)}


@pytest.fixture(scope="module")
def images():
    orbit = orbit_indices(acting_group("R4"))
    stream = torch.Generator().manual_seed(0)
    x = torch.randn(2_048, FRAMED**2, generator=stream)
    labels = torch.randint(9, (len(x),), generator=stream)
    return orbit, torch.stack([x[:, g] for g in orbit]), labels


def trained(images, kind, seeds):
    """Return networks after one epoch."""
    orbit, orbits, labels = images
    tied, penalty = KINDS[kind]
    network = perceptron(SIZES, seeds, orbit if tied else None)
    return minibatch(network, orbits, labels, Schedule(1), seeds, penalty, 8.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["ensemble", "loop"])
def test_epoch_of_four_runs(benchmark, images, kind, way):
    groups = [range(RUNS)] if way == "ensemble" else [[seed] for seed in range(RUNS)]

    def epoch():
        return [trained(images, kind, seeds) for seeds in groups]

    found = benchmark.pedantic(epoch, rounds=3, warmup_rounds=1)
    with torch.no_grad():
        logits = torch.cat([network(images[1][0, :5]) for network in found])
    assert logits.shape == (RUNS, 5, 9)
    assert torch.isfinite(logits).all()
    assert not torch.equal(logits[0], logits[1])
