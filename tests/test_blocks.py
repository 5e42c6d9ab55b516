"""Equivariant networks by one matrix a character, against dense layers."""

from functools import partial

import numpy as np
import pytest
import torch

from abelian_tasks import SAMPLES, TASKS, circle, digits, made, shapes, start
from cases import refusals
from learnsym import groups
from learnsym import representations as reps
from learnsym.experiments import perm, rot
from learnsym.networks.blocks import BlockMlp
from learnsym.networks.mlp import Space, SymmetricMlp
from learnsym.training.symmetric import Schedule, gradient

EVERYTHING = Schedule(0.1, 1, SAMPLES)


@pytest.fixture(scope="module", params=TASKS)
def case(request):
    return made(request.param)


def close(found, expected, rtol=1e-11):
    scale = max(float(B.abs().max()) for B in expected)
    return len(found) == len(expected) and all(
        A.shape == B.shape and float((A - B).abs().max()) <= rtol * scale
        for A, B in zip(found, expected, strict=True)
    )


def noise(*shape):
    return torch.as_tensor(np.random.default_rng(0).standard_normal(shape))


def test_there_are_as_many_numbers_as_dimensions(case):
    net, task, weights = case
    blocks = net.blocks(weights)
    assert sum(W.numel() for W in blocks) == task.network.equivariant_dimension
    moved = [number for number, W in enumerate(blocks) if net.is_mixed(number)]
    kept = [number for number, maps in enumerate(task.network.maps) if is_everything(maps)]
    assert sorted([*moved, *kept]) == list(range(len(blocks)))


def is_everything(maps):
    return maps.dimension == maps.rho_in.dimension * maps.rho_out.dimension


def test_layers_and_blocks_are_inverse_and_projections_those_of_the_network(case):
    net, task, weights = case
    blocks = net.blocks(weights)
    assert close(net.weights(blocks), weights)
    squares = torch.stack([A.square().sum() for A in weights])
    assert torch.allclose(net.squares(blocks), squares)
    others = [noise(*W.shape) for W in blocks]
    layers = net.weights(others)
    assert close(net.blocks(layers), others)
    assert close([A[None] for A in layers], task.network.project([A[None] for A in layers]))
    drawn = task.network.gaussian([8])
    found = net.weights(net.project([A[0] for A in drawn]))
    assert close(found, [A[0] for A in task.network.project(drawn)])


def test_planes_and_pixels_are_inverse_and_orthogonal(case):
    net, task, _ = case
    for number, space in enumerate(task.network.spaces):
        h = noise(4, space.dimension)
        planes = net.planes(number, h)
        assert torch.allclose(net.pixels(number, planes), h, atol=1e-12)
        assert torch.allclose(planes.square().sum((0, 2)), h.square().sum(1))


def test_outputs_and_what_layers_saw_are_those_of_the_network(case):
    net, task, weights = case
    outputs, layers = net.forward(net.blocks(weights), task.x)
    assert close([outputs], [task.network.forward(weights, task.x)])
    h = task.x
    for number, (A, layer) in enumerate(zip(weights, layers, strict=True)):
        u = h @ A.T
        assert close([layer.h, layer.u], [h, u])
        least = not net.is_mixed(number) or len(layer.inputs) == 1
        assert close([layer.inputs], [net.planes(number, h, least)])
        assert close([layer.outputs], [net.planes(number + 1, u, least)])
        h = task.network.nonlinearities[number](u)


def block_gradients(net, task, blocks):
    leaves = [W.clone().requires_grad_() for W in blocks]
    outputs, _ = net.forward(leaves, task.x)
    return list(torch.autograd.grad(task.loss(outputs, task.y).mean(), leaves))


def projected_gradient(task, weights):
    slopes, _ = gradient(task, [A[None] for A in weights], "equivariant", EVERYTHING, [])
    return [A[0] for A in slopes]


def test_slopes_are_the_projected_gradient(case):
    net, task, weights = case
    found = net.slopes(block_gradients(net, task, net.blocks(weights)))
    assert close(net.weights(found), projected_gradient(task, weights), 1e-10)


@pytest.mark.parametrize(
    "case", ["TRANS, 7 pixels", "ROT, 4 pixels", "five points", "six points"], indirect=True
)
def test_conjugated_blocks_and_slopes_that_count_once_are_found(case):
    net, task, weights = case
    blocks = net.blocks(weights)
    slopes = block_gradients(net, task, blocks)
    assert not close(net.weights(slopes), projected_gradient(task, weights), 1e-3)
    _, right = net.forward(blocks, task.x)
    blocks[0] = torch.cat([blocks[0][: -net.pairs], -blocks[0][-net.pairs :]])
    _, wrong = net.forward(blocks, task.x)
    assert not close([wrong[-1].u], [right[-1].u], 1e-3)


def test_single_precision_is_the_same_up_to_rounding(case):
    net, task, weights = case
    blocks = [W.float() for W in net.blocks(weights)]
    outputs, _ = net.forward(blocks, task.x.float())
    assert outputs.dtype == torch.float32
    expected = [W.float() for W in net.weights(net.blocks(weights))]
    assert close(net.weights(blocks), expected, 1e-5)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_layers_off_e_are_named(number):
    task = shapes(4)
    net, weights = BlockMlp(task.network), start(task)
    rounded = [A * (1 + 1e-13) for A in weights]
    assert close(net.blocks(rounded), net.blocks(weights))
    for size in (1e-6, float("nan")):
        broken = [A.clone() for A in weights]
        broken[number][0, 1] += size
        with pytest.raises(ValueError, match=rf"weights\[{number}\]: expected an equivariant"):
            net.blocks(broken)


def test_layers_that_the_group_does_not_move_are_all_equivariant():
    task = digits(4)
    net, weights = BlockMlp(task.network), start(task)
    weights[3] = noise(*weights[3].shape)
    assert close(net.weights(net.blocks(weights)), weights)
    with pytest.raises(ValueError, match=r"weights\[2\]"):
        net.blocks([*weights[:2], noise(*weights[2].shape), weights[3]])


NET, SIGNS = BlockMlp(circle(5).network), Space(reps.sign(groups.cyclic(2)))
DRAWN = NET.network.gaussian([0])
SINGLE = [A[0] for A in DRAWN]


test_other_shapes_groups_and_spaces_are_refused = refusals(
    *(
        (partial(function, wrong), r"weights: expected shapes \[\(30, 5\), ")
        for wrong in (DRAWN, SINGLE[:-1], [*SINGLE[1:], SINGLE[0]], [])
        for function in (NET.blocks, NET.project)
    ),
    (
        lambda: BlockMlp(perm.problem(perm.SCALES["smoke"]).task.network),
        "expected an abelian group, got S_",
    ),
    (lambda: BlockMlp(rot.network(2, 5)), "orbits of 4 points or of one, got image"),
    (
        lambda: BlockMlp(SymmetricMlp([SIGNS, SIGNS], [torch.tanh])),
        "expected permutations by C_2, got sign",
    ),
)
