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
def test_actions_are_block_matrices(case, rng):
    net = network(case)
    weights = [A[0] for A in net.gaussian([3])]
    for g in case.rho_in.group.generators:
        matrices = [block_matrix(space, g) for space in net.spaces]
        x = rng.standard_normal((4, net.spaces[1].dimension))
        assert np.allclose(net.spaces[1].act(g, torch.tensor(x)), x @ matrices[1].T)
        moved = net.act(g, weights)
        for A, B, left, right in zip(weights, moved, matrices[1:], matrices[:-1], strict=True):
            assert np.allclose(B, left @ A.numpy() @ np.linalg.inv(right))


@pytest.mark.parametrize("case", [p for p in small if p.values[0].is_orthogonal])
def test_projection_is_the_average_of_moved_weights(case):
    net = network(case)
    weights = net.gaussian([0, 1])
    moved = [net.act(g, weights) for g in net.group.elements()]
    means = [torch.stack(layer).mean(dim=0) for layer in zip(*moved, strict=True)]
    for mean, projected in zip(means, net.project(weights), strict=True):
        assert torch.allclose(mean, projected)
    inner = sum(
        torch.sum(P * R) for P, R in zip(net.project(weights), net.complement(weights), strict=True)
    )
    assert abs(inner.item()) < 1e-10


@pytest.mark.parametrize("case", small)
def test_dimension_is_the_rank_of_the_projection(case):
    net = network(case, 1)
    identity = torch.eye(net.dimension, dtype=torch.float64)
    sizes = [rows * columns for rows, columns in net.shapes]
    layers = [
        part.unflatten(-1, shape)
        for part, shape in zip(torch.split(identity, sizes, dim=1), net.shapes, strict=True)
    ]
    flat = torch.cat([P.flatten(1) for P in net.project(layers)], dim=1)
    assert np.linalg.matrix_rank(flat.numpy(), tol=1e-9) == net.equivariant_dimension
    assert torch.allclose(flat, flat.T, atol=1e-12)
    assert torch.allclose(flat @ flat, flat, atol=1e-12)


def test_forward_is_the_formula_and_runs_are_independent(rng):
    net = SymmetricMlp(
        [Space(reps.vector(CIRCLE)), Space(reps.vector(CIRCLE), 2), Space(reps.trivial(CIRCLE))],
        [nl.leaky_relu, torch.tanh],
    )
    weights = net.gaussian([5, 9])
    x = rng.standard_normal((4, 3))
    together = net.forward(weights, torch.tensor(x))
    assert together.shape == (2, 4, 1)
    for run in range(2):
        A, B = (W[run].numpy() for W in weights)
        hidden = x @ A.T
        hidden = np.maximum(hidden, 0.01 * hidden)
        assert np.allclose(together[run], np.tanh(hidden @ B.T))
    alone = net.gaussian([9])
    assert all(torch.equal(A[0], B[1]) for A, B in zip(alone, weights, strict=True))
    assert not torch.equal(weights[0][0], weights[0][1])


def test_norms_are_those_of_all_layers_together(rng):
    weights = [torch.tensor(rng.standard_normal(shape)) for shape in ((2, 3, 4), (2, 1, 3))]
    flat = np.concatenate([A.numpy().reshape(2, -1) for A in weights], axis=1)
    assert np.allclose(norms(weights), np.linalg.norm(flat, axis=1))


def test_single_precision_is_the_same_draw():
    net = network(small[1].values[0])
    for A, B in zip(net.gaussian([1]), net.gaussian([1], torch.float32), strict=True):
        assert B.dtype == torch.float32
        assert torch.equal(A.float(), B)


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


def test_odd_functions_commute_with_signs_and_others_do_not():
    signed = Space(reps.sign(SWAP))
    SymmetricMlp([signed, signed], [torch.tanh])
    with pytest.raises(ValueError, match=r"nonlinearities\[0\].*commutes with sign"):
        SymmetricMlp([signed, signed], [torch.sigmoid])


def test_pointwise_functions_are_refused_where_the_group_turns():
    plane = Space(reps.vector(TURNS))
    SymmetricMlp([plane, plane], [nl.radial(2)])
    with pytest.raises(ValueError, match=r"nonlinearities\[0\].*commutes with vector"):
        SymmetricMlp([plane, plane], [torch.tanh])
    SymmetricMlp([plane, plane], [torch.tanh], check=False)


def test_a_function_that_differs_far_out_only_is_refused():
    circle = Space(reps.vector(CIRCLE))

    def clipped(x):
        return torch.cat([x[..., :1].clamp(-4, 4), x[..., 1:]], dim=-1)

    with pytest.raises(ValueError, match="commutes"):
        SymmetricMlp([circle, circle], [clipped])


def test_nonlinearities_that_give_no_numbers_are_refused():
    circle = Space(reps.vector(CIRCLE))
    with pytest.raises(ValueError, match="commutes"), np.errstate(all="ignore"):
        SymmetricMlp([circle, circle], [torch.log])


def test_spaces_of_other_groups_and_false_representations_are_refused():
    circle, swap = Space(reps.vector(CIRCLE)), Space(reps.trivial(SWAP, 3))
    with pytest.raises(ValueError, match=r"spaces\[1\]: expected a representation of C_3"):
        SymmetricMlp([circle, swap], [nl.identity])
    fake = Representation(CIRCLE, 3, lambda g: 2 * np.eye(3), "doubling")
    with pytest.raises(ValueError, match="doubling: not a representation"):
        SymmetricMlp([circle, Space(fake)], [nl.identity])
    shifted = PermutationRepresentation(CIRCLE, 3, lambda g: np.array([1, 0, 2]), "swap")
    with pytest.raises(ValueError, match="swap: not a representation"):
        SymmetricMlp([circle, Space(shifted)], [nl.identity])


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: SymmetricMlp([s], []), "spaces: expected at least 2"),
        (lambda s: SymmetricMlp([s, s], []), "nonlinearities: expected one per layer"),
        (lambda s: SymmetricMlp([s, s], [nl.identity]).gaussian([]), "seeds"),
        (lambda s: Space(s.rho, 0), "channels"),
        (lambda s: Space(s.rho, 1.5), "channels"),
        (lambda s: s.act(s.rho.group.identity, torch.ones(2, 4)), "x: expected a last axis of 3"),
        (lambda s: nl.over_channels(1), "channels"),
        (lambda s: nl.radial(0), "dimension"),
        (lambda s: nl.over_channels(2)(torch.ones(1, 3)), "channels: expected a divisor"),
        (lambda s: nl.radial(2)(torch.ones(1, 3)), "dimension: expected a divisor"),
    ],
)
def test_bad_input_is_named(act, message):
    with pytest.raises(ValueError, match=message):
        act(Space(reps.vector(CIRCLE)))


def test_normalisation_and_chains_are_the_formulas(rng):
    x = rng.standard_normal((5, 3, 4))
    centred = x - x.mean(axis=1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    step = nl.chain(nl.over_channels(3), torch.exp)
    assert np.allclose(step(torch.tensor(x.reshape(5, 12))), np.exp(expected).reshape(5, 12))


def test_losses_are_the_formulas(rng):
    f, y = rng.standard_normal((2, 4, 3)), rng.random((4, 3))
    logits, targets = torch.tensor(f), torch.tensor(y)
    assert np.allclose(losses.squared_error(logits, targets), ((f - y) ** 2).sum(-1))
    direct = np.logaddexp(0, f) - y * f
    assert np.allclose(losses.binary_cross_entropy(logits, targets), direct.sum(-1))
    classes = np.array([0, 2, 1, 1])
    expected = logsumexp(f, axis=-1) - f[:, np.arange(4), classes]
    assert np.allclose(losses.cross_entropy(logits, torch.tensor(classes)), expected)
    hard = torch.tensor(np.eye(3)[classes])
    assert np.allclose(losses.soft_cross_entropy(logits, hard), expected)
    soft = y / y.sum(-1, keepdims=True)
    assert np.allclose(
        losses.soft_cross_entropy(logits, torch.tensor(soft)),
        -(soft * log_softmax(f, axis=-1)).sum(-1),
    )
