"""Epochs of equivariant training: dense layers that are projected, and their free parameters."""

from dataclasses import replace

import pytest
import torch

from learnsym.experiments import perm, rot, trans
from learnsym.networks.mlp import norms
from learnsym.networks.small import SmallNetwork
from learnsym.training.symmetric import Schedule, train

SEEDS = [0, 1, 2, 3]
SCHEDULE = Schedule(5e-5, 2, 25)
CASES = {
    "PERM": (perm, perm.Config(samples=100, batch=25, channels=8), "relabelling invariant"),
    "TRANS": (trans, trans.Config(samples=100, channels=4), "circulant circulant invariant"),
    "ROT": (rot, rot.Config(samples=100, channels=4), "shared shared shared shared"),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    module, config, kinds = CASES[request.param]
    task = module.problem(config).task
    kinds = kinds.split() + ["invariant"] * (len(task.network.maps) - len(kinds.split()))
    return task, SmallNetwork(task.network, kinds)


@pytest.mark.parametrize("way", ["dense", "small"])
def test_epochs(benchmark, case, way):
    task, small = case
    if way == "dense":
        weights, mode = task.network.project(task.network.gaussian(SEEDS)), "equivariant"
    else:
        weights, mode = small.gaussian(SEEDS), "nominal"
        task = replace(task, network=small)
    found, _ = benchmark.pedantic(
        lambda: train(task, weights, mode, SCHEDULE, SEEDS), rounds=3, warmup_rounds=1
    )
    layers = small.layers(found) if way == "small" else found
    tied = small.dense.project(layers)
    assert norms([A - B for A, B in zip(layers, tied, strict=True)]).max() < 1e-9
    assert all(torch.isfinite(A).all() for A in layers)
