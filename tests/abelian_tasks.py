"""Small tasks for networks of abelian groups."""

import dataclasses

import numpy as np
import torch

from learnsym import groups
from learnsym import representations as reps
from learnsym.experiments import rot, trans
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.blocks import BlockMlp
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Task

SAMPLES = 12


def circle(n):
    """A network on ``n`` points, with several orbits and channels."""
    points, fixed = reps.vector(groups.cyclic(n)), reps.trivial(groups.cyclic(n), 2)
    two = reps.channels(points, 2)
    spaces = [Space(points), Space(two, 3), Space(fixed, 2), Space(points, 2)]
    net = SymmetricMlp(spaces, [torch.tanh, torch.tanh, nl.identity])
    rng = np.random.default_rng(n)
    x, y = (torch.as_tensor(rng.standard_normal((SAMPLES, size))) for size in (n, 2 * n))
    return Task(net, x, y, losses.squared_error, net.spaces[-1])


def turning(moving=True, samples=6, channels=2, dtype=torch.float64):
    """A network on three points, to points or to two numbers, and random data."""
    group = groups.cyclic(3)
    points = Space(reps.vector(group))
    last = points if moving else Space(reps.trivial(group, 2))
    net = SymmetricMlp([points, Space(points.rho, channels), last], [torch.tanh, nl.identity])
    rng = np.random.default_rng(0)
    sizes = (points.dimension, last.dimension)
    x, y = (torch.as_tensor(rng.standard_normal((samples, d)), dtype=dtype) for d in sizes)
    return Task(net, x, y, losses.squared_error, last if moving else None)


def digits(side):
    """The network and the images of TRANS in small."""
    change = {"samples": SAMPLES, "batch": 4, "channels": 2, "side": side}
    return trans.problem(dataclasses.replace(trans.SCALES["smoke"], **change)).task


def shapes(side):
    """The network and the images of ROT in small."""
    change = {"samples": SAMPLES, "batch": 4, "side": side}
    return rot.problem(dataclasses.replace(rot.SCALES["smoke"], **change)).task


def start(task, seed=3):
    """Return equivariant layers ``(out, in)`` of moderate size."""
    network = task.network
    return [A[0] / np.sqrt(A.shape[-1]) for A in network.project(network.gaussian([seed]))]


TASKS = {
    "TRANS, 4 pixels": (digits, 4),
    "TRANS, 7 pixels": (digits, 7),
    "ROT, 4 pixels": (shapes, 4),
    "ROT, 6 pixels": (shapes, 6),
    "one point": (circle, 1),
    "two points": (circle, 2),
    "five points": (circle, 5),
    "six points": (circle, 6),
}


def made(name):
    """Return the network in blocks, the task and equivariant layers."""
    make, size = TASKS[name]
    task = make(size)
    return BlockMlp(task.network), task, start(task)
