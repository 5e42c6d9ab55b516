"""Perceptrons with a group on every space: actions, projections, nonlinearities, losses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp

import cases
from learnsym import groups
from learnsym import representations as reps
from learnsym.equivariant import dimension_by_characters
from learnsym.networks import losses
from learnsym.networks import nonlinearities as nl
from learnsym.networks.mlp import Space, SymmetricMlp, norms
from learnsym.representations import PermutationRepresentation, Representation

SWAP, CIRCLE = groups.symmetric(2), groups.cyclic(3)
TURNS = groups.MatrixGroup(
    [[[-0.5, -np.sqrt(0.75)], [np.sqrt(0.75), -0.5]]], "turns of the plane by 120 degrees"
)


def network(case, channels=2):
    """A network with two channels of the input representation in the middle, all linear."""
    spaces = [Space(case.rho_in), Space(case.rho_in, channels), Space(case.rho_out)]
    return SymmetricMlp(spaces, [nl.identity, nl.identity])


def block_matrix(space, g):
    return np.kron(np.eye(space.channels), space.rho.matrix(g))


small = [p for p in cases.ALL if p.values[0].rho_in.dimension <= 5]


@pytest.mark.parametrize("case", small)
def test_actions_are_block_matrices_and_project_is_their_average(case, rng):
    net = network(case)
    layers, weights = net.gaussian([3, 4]), [A[0] for A in net.gaussian([3])]
    for g in case.rho_in.group.generators:
        matrices = [block_matrix(space, g) for space in net.spaces]
        x = rng.standard_normal((4, net.spaces[1].dimension))
        assert np.allclose(net.spaces[1].act(g, torch.tensor(x)), x @ matrices[1].T)
        moved = net.act(g, weights)
        for A, B, left, right in zip(weights, moved, matrices[1:], matrices[:-1], strict=True):
            assert np.allclose(B, left @ A.numpy() @ np.linalg.inv(right))
    some = case.rho_in.group.sample(rng, 3)
    x = rng.standard_normal((6, net.spaces[1].dimension))
    pairs = zip(some, np.split(x, 3), strict=True)
    each = np.concatenate([rows @ block_matrix(net.spaces[1], g).T for g, rows in pairs])
    assert np.allclose(net.spaces[1].act_each(some, torch.tensor(x)), each)
    if case.is_orthogonal:
        moved = [net.act(g, layers) for g in net.group.elements()]
        parts = net.project(layers), net.complement(layers), layers
        for of_all, P, R, A in zip(zip(*moved, strict=True), *parts, strict=True):
            assert torch.allclose(torch.stack(of_all).mean(dim=0), P)
            assert torch.allclose(P + R, A)


@pytest.mark.parametrize("case", small)
def test_the_dimension_is_that_of_the_maps_between_spaces(case):
    net = network(case)
    middle = reps.channels(case.rho_in, 2)
    pairs = (case.rho_in, middle), (middle, case.rho_out)
    counts = [dimension_by_characters(reps.lifted(*pair)) for pair in pairs]
    assert net.equivariant_dimension == sum(counts)
    assert net.dimension == sum(rows * columns for rows, columns in net.shapes)


def test_forward_and_norms_are_the_formulas_and_runs_are_independent(rng):
    circle = Space(reps.vector(CIRCLE))
    spaces = [circle, Space(circle.rho, 2), Space(reps.trivial(CIRCLE))]
    net = SymmetricMlp(spaces, [nl.leaky_relu, torch.tanh])
    weights, x = net.gaussian([5, 9]), rng.standard_normal((4, 3))
    together = net.forward(weights, torch.tensor(x))
    assert together.shape == (2, 4, 1)
    for run in range(2):
        A, B = (W[run].numpy() for W in weights)
        hidden = x @ A.T
        hidden = np.maximum(hidden, 0.01 * hidden)
        assert np.allclose(together[run], np.tanh(hidden @ B.T))
        assert norms(weights)[run].item() == pytest.approx(np.hypot(*map(np.linalg.norm, (A, B))))
    single = net.gaussian([9], torch.float32)
    for A, B, C in zip(net.gaussian([9]), weights, single, strict=True):
        assert torch.equal(A[0], B[1]) and torch.equal(A.float(), C)
        assert not torch.equal(B[0], B[1])


@settings(max_examples=12)
@given(st.data())
def test_pointwise_functions_commute_with_random_permutations(data):
    group = data.draw(cases.permutation_groups(4, 2))
    space = Space(reps.vector(group), 2)
    for sigma in (nl.leaky_relu, torch.tanh, torch.sigmoid, nl.over_channels(2)):
        SymmetricMlp([space, space], [sigma])


@settings(max_examples=12)
@given(cases.seeds)
def test_radial_function_commutes_with_any_orthogonal_matrix(seed):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    x = torch.tensor(rng.standard_normal((5, 2, 3)))
    sigma = nl.radial(3)
    left = sigma((x @ torch.tensor(Q)).flatten(1))
    right = (sigma(x.flatten(1)).unflatten(1, (2, 3)) @ torch.tensor(Q)).flatten(1)
    assert torch.allclose(left, right)


S, SIGNED, PLANE = (
    Space(rho) for rho in (reps.vector(CIRCLE), reps.sign(SWAP), reps.vector(TURNS))
)
OTHER = Space(reps.trivial(SWAP, 3))
FAKE = Space(Representation(CIRCLE, 3, lambda g: 2 * np.eye(3), "doubling"))
SHIFTED = Space(PermutationRepresentation(CIRCLE, 3, lambda g: np.array([1, 0, 2]), "swap"))


def clipped(x):
    """Break the symmetry far out only."""
    return torch.cat([x[..., :1].clamp(-4, 4), x[..., 1:]], dim=-1)


test_bad_input_is_named = cases.refusals(
    (lambda: SymmetricMlp([S], []), "spaces: expected at least 2"),
    (lambda: SymmetricMlp([S, S], []), "nonlinearities: expected one per layer"),
    (lambda: SymmetricMlp([S, S], [nl.identity]).gaussian([]), "seeds"),
    (
        lambda: SymmetricMlp([SIGNED] * 2, [torch.sigmoid]),
        r"nonlinearities\[0\].*commutes with sign",
    ),
    (lambda: SymmetricMlp([PLANE] * 2, [torch.tanh]), r"nonlinearities\[0\].*commutes with vector"),
    (lambda: SymmetricMlp([S, S], [clipped]), "commutes"),
    (lambda: SymmetricMlp([S, S], [torch.log]), "commutes"),  # gives no numbers
    (
        lambda: SymmetricMlp([S, OTHER], [nl.identity]),
        r"spaces\[1\]: expected a representation of C_3",
    ),
    (lambda: SymmetricMlp([S, FAKE], [nl.identity]), "doubling: not a representation"),
    (lambda: SymmetricMlp([S, SHIFTED], [nl.identity]), "swap: not a representation"),
    (lambda: Space(S.rho, 0), "channels"),
    (lambda: Space(S.rho, 1.5), "channels"),
    (lambda: S.act(CIRCLE.identity, torch.ones(2, 4)), "x: expected a last axis of 3"),
    (
        lambda: S.act_each(CIRCLE.elements(), torch.ones(4, 3)),
        r"x: expected shape \(N, 3\), N a multiple of 3, got \(4, 3\)",
    ),
    (lambda: nl.over_channels(1), "channels"),
    (lambda: nl.radial(0), "dimension"),
    (lambda: nl.over_channels(2)(torch.ones(1, 3)), "channels: expected a divisor"),
    (lambda: nl.radial(2)(torch.ones(1, 3)), "dimension: expected a divisor"),
)


def test_what_commutes_is_accepted_and_the_check_can_be_left_out():
    SymmetricMlp([SIGNED, SIGNED], [torch.tanh])
    SymmetricMlp([PLANE, PLANE], [nl.radial(2)])
    SymmetricMlp([PLANE, PLANE], [torch.tanh], check=False)


def test_normalisation_and_chains_are_the_formulas(rng):
    x = rng.standard_normal((5, 3, 4))
    centred = x - x.mean(axis=1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    step = nl.chain(nl.over_channels(3), torch.exp)
    assert np.allclose(step(torch.tensor(x.reshape(5, 12))), np.exp(expected).reshape(5, 12))


def test_losses_are_the_formulas(rng):
    f, y, classes = rng.standard_normal((2, 4, 3)), rng.random((4, 3)), np.array([0, 2, 1, 1])
    soft, hard = y / y.sum(-1, keepdims=True), np.eye(3)[classes]
    right = logsumexp(f, axis=-1) - f[:, np.arange(4), classes]
    for loss, targets, expected in (
        (losses.squared_error, y, ((f - y) ** 2).sum(-1)),
        (losses.binary_cross_entropy, y, (np.logaddexp(0, f) - y * f).sum(-1)),
        (losses.cross_entropy, classes, right),
        (losses.soft_cross_entropy, hard, right),
        (losses.soft_cross_entropy, soft, -(soft * log_softmax(f, axis=-1)).sum(-1)),
    ):
        assert np.allclose(loss(torch.tensor(f), torch.tensor(targets)), expected)
