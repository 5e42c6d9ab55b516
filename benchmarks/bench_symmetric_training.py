"""Epochs of symmetric networks: ensembles against single runs, weighted copies against passes.

Each epoch is also trained by a plain loop of automatic differentiation over runs, passes and
mini-batches, and the bare matrix products of it are timed: what no loop can go below. The table has
a group for each network, in which times are followed by their ratio to the shortest.
"""

import dataclasses

import numpy as np
import pytest
import torch

from learnsym.experiments import perm, rot, symmetric, trans
from learnsym.training.augmentation import plain_passes, views, weighted_copies
from learnsym.training.gradients import mean_gradient
from learnsym.training.machine import keep_freed_memory, threads

RUNS = 4
CONFIGS = {
    "perm": (perm, {"channels": 2, "samples": 100, "batch": 20, "passes": 5}),
    "trans": (trans, {"channels": 4, "samples": 500, "passes": 2}),
    "rot": (rot, {"channels": 2, "samples": 100, "passes": 25}),
}


@pytest.fixture(autouse=True)
def one_table_a_network(benchmark, request):
    case = next((name for name in CONFIGS if name in request.node.callspec.id), "")
    benchmark.group = f"{request.function.__name__.removeprefix('test_')} {case}"


@pytest.fixture(scope="module", params=CONFIGS)
def setting(request):
    module, change = CONFIGS[request.param]
    config = dataclasses.replace(module.SCALES["book"], runs=RUNS, **change)
    task = module.problem(config).task
    keep_freed_memory()
    return config, task, symmetric.start(task.network, config, config.seeds())


def epoch(setting, runs, way=None):
    """Return the gradient of one epoch of augmented training for some runs."""
    config, task, weights = setting
    schedule = config.schedule()
    rngs = [np.random.default_rng([seed, 1]) for seed in config.seeds()[runs]]

    def seen(part):
        if way is None:
            return views(task, "augmented", schedule, rngs[part])
        return way(task, schedule, rngs[part])

    with threads(1):
        return mean_gradient(task, [A[runs] for A in weights], seen)[0]


def plain_epoch(setting, run):
    """Return the same gradient for one run, one mini-batch of one pass after the other."""
    config, task, weights = setting
    rng = np.random.default_rng([config.seeds()[run], 1])
    total = [torch.zeros_like(A[:1]) for A in weights]
    draws = config.passes * config.samples // config.batch
    with threads(1):
        for _ in range(config.passes):
            for low in range(0, config.samples, config.batch):
                x, y = task.moved(
                    task.network.group.sample(rng, 1)[0], slice(low, low + config.batch)
                )
                leaves = [A[run : run + 1].clone().requires_grad_() for A in weights]
                loss = task.loss(task.network.forward(leaves, x), y).mean()
                for whole, A in zip(total, torch.autograd.grad(loss, leaves), strict=True):
                    whole += A / draws
    return total


@pytest.mark.parametrize("way", ["ensemble", "run by run", "plain loop"])
def test_epoch_of_four_runs(benchmark, setting, way):
    parts = [slice(0, RUNS)] if way == "ensemble" else [slice(n, n + 1) for n in range(RUNS)]

    def compute():
        if way == "plain loop":
            return [plain_epoch(setting, run) for run in range(RUNS)]
        return [epoch(setting, part) for part in parts]

    found = benchmark.pedantic(compute, rounds=3, warmup_rounds=1)
    last = torch.cat([slopes[-1] for slopes in found])
    assert last.shape[0] == RUNS and torch.isfinite(last).all()


@pytest.mark.parametrize("way", ["(out, in)", "(out, out channels, in, in channels)"])
def test_layout_of_weights(benchmark, setting, way):
    """The second layer on a mini-batch, from a matrix or from a tensor with channels inside."""
    config, task, weights = setting
    (a, b), A = task.network.spaces[1:3], weights[1][0]
    x = torch.as_tensor(np.random.default_rng(0).standard_normal((config.batch, A.shape[1])))
    tensor = A.unflatten(1, (a.channels, -1)).unflatten(0, (b.channels, -1))
    tensor = tensor.permute(1, 0, 3, 2).contiguous()

    def compute():
        if way == "(out, in)":
            return x @ A.T
        return x @ tensor.permute(1, 0, 3, 2).reshape(A.shape).T

    with threads(1):
        found = benchmark.pedantic(compute, rounds=20, iterations=5, warmup_rounds=2)
    assert torch.allclose(found, x @ A.T)


@pytest.mark.parametrize("way", [weighted_copies, plain_passes])
@pytest.mark.parametrize("setting", ["rot"], indirect=True)
def test_epoch_of_few_elements(benchmark, setting, way):
    compute = lambda: epoch(setting, slice(0, RUNS), way)  # noqa: E731
    assert torch.isfinite(benchmark.pedantic(compute, rounds=3, warmup_rounds=1)[0]).all()


def test_bare_products(benchmark, setting):
    """The matrix products of the epoch, forwards, backwards and for the gradient."""
    config, task, weights = setting
    copies = 4 if task.network.group.order == 4 else config.passes
    noise = torch.Generator().manual_seed(0)
    ends = [
        torch.randn(config.samples, size, generator=noise, dtype=torch.float64)
        for size in (task.x.shape[1], *(A.shape[1] for A in weights))
    ]
    out, back = [torch.empty_like(h) for h in ends], [torch.empty_like(A[0]) for A in weights]

    def compute():
        with threads(1):
            for _ in range(copies):
                for run in range(RUNS):
                    for k, A in enumerate(weights):
                        torch.mm(ends[k], A[run].T, out=out[k + 1])
                        torch.mm(ends[k + 1].T, ends[k], out=back[k])
                        if k:
                            torch.mm(ends[k + 1], A[run], out=out[k])

    benchmark.pedantic(compute, rounds=3, warmup_rounds=1)
    assert torch.isfinite(out[-1]).all()
