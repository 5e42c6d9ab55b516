"""Epochs of TRANS at the published size, dense and by one matrix a character, on few samples.

Sampled augmentation: the gradient of one epoch with all its passes against those of a stage of ten
epochs, which share the gradients at a node, so that an epoch takes a tenth of that; what the drift
does to the gradient comes on top, once a stage. Equivariant training: one epoch, with and without
the law. Times are followed by their ratio to the shortest.
"""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym.drift import paths
from learnsym.experiments import trans, trans_paths
from learnsym.experiments.paths import start
from learnsym.networks.blocks import BlockMlp
from learnsym.networks.mlp import norms
from learnsym.training.augmentation import plain_passes
from learnsym.training.gradients import batch_gradients, mean_gradient
from learnsym.training.machine import keep_freed_memory, threads
from learnsym.training.symmetric import gradient

STAGE = 10


@pytest.fixture(autouse=True)
def one_table_a_test(benchmark, request):
    benchmark.group = request.function.__name__.removeprefix("test_")


@pytest.fixture(scope="module")
def setting():
    config = dataclasses.replace(trans_paths.SCALES["paper"], samples=250, images=250)
    task = trans.problem(config).task
    net = BlockMlp(task.network)
    blocks = start(net, config, 0)
    keep_freed_memory()
    with threads(1):
        yield net, task, config.schedule(), blocks, [A[None] for A in net.weights(blocks)]


def moved(setting, epochs):
    """Return the sum of the gradients off E of some epochs at one node."""
    net, task, schedule, blocks, _ = setting
    rng, batches = np.random.default_rng(0), len(task.x) // schedule.batch
    draws = sum(paths.drawn(net.characters, schedule, rng, batches) for _ in range(epochs))
    total = paths.zeros(net)
    paths.add_moved(net, task, blocks, [total], [draws], schedule.batch)
    return total


@pytest.mark.parametrize("way", ["dense, one epoch", "by characters, ten epochs"])
def test_augmented_training(benchmark, setting, way):
    net, task, schedule, _, weights = setting
    if way.startswith("by"):
        found = benchmark.pedantic(moved, (setting, STAGE), rounds=3, warmup_rounds=1)
        assert np.isfinite(paths.norms(net, found)).all()
        return

    def compute():
        rngs = [np.random.default_rng(0)]
        return mean_gradient(task, weights, lambda _: plain_passes(task, schedule, rngs))[0]

    found = paths.across(net, [A[0] for A in benchmark.pedantic(compute, rounds=1)])
    gap = [Y - Z for Y, Z in zip(moved(setting, 1), found, strict=True)]
    assert paths.inner(net, gap, gap) < 1e-8 * paths.inner(net, found, found)


@pytest.mark.parametrize(
    "way", ["dense", "dense with the law", "by characters", "by characters with the law"]
)
def test_equivariant_training(benchmark, setting, way, monkeypatch):
    net, task, schedule, blocks, weights = setting
    once = dataclasses.replace(schedule, epochs=1)

    def compute():
        if way == "dense with the law":
            slope, _, noise = batch_gradients(task, weights, schedule.batch)
            return task.network.project(slope), noise
        if way == "dense":
            return gradient(task, weights, "equivariant", schedule, [])[0], None
        path = paths.follow(net, task, blocks, once)
        return path.steps[1] / schedule.rate, path.noise.sum()

    if way == "by characters":
        monkeypatch.setattr(paths, "_mixed", lambda _: [])  # no layer whose law is asked for
    quick = way.startswith("by")
    slope, noise = benchmark.pedantic(compute, rounds=5 if quick else 2, warmup_rounds=int(quick))
    monkeypatch.undo()
    path = paths.follow(net, task, blocks, once)
    if not quick:
        slope = torch.stack([norms([A])[0] for A in slope])
    np.testing.assert_allclose(slope, path.steps[1] / schedule.rate, rtol=1e-6)
    if way.endswith("law"):
        assert float(noise) == pytest.approx(path.noise.sum())
