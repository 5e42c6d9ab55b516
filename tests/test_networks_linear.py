"""Deep linear networks and their losses, against explicit data."""

import itertools

import numpy as np
import pytest
import torch

from cases import every_image
from learnsym import gallery
from learnsym.lowrank import Moments, constraint, invariant_rows
from learnsym.networks.linear import (
    DeepLinear,
    accuracy,
    cross_entropy,
    squared_error,
    uniform_factors,
)

RUNS, OUTPUTS, ROWS = 3, 5, 30
RHO = gallery.find("C4, 4x4 images").rho_in
N = RHO.dimension
WIDTHS = {"one layer": (N, OUTPUTS), "two": (N, 4, OUTPUTS), "three": (N, 4, 6, OUTPUTS)}


def nets(widths, basis=None, seed=0):
    return DeepLinear(uniform_factors(widths, RUNS, np.random.default_rng(seed)), basis)


def data(seed=1):
    """Return inputs (30, 16), one-hot targets and classes."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, OUTPUTS, ROWS)
    return (
        rng.standard_normal((ROWS, N)) + rng.standard_normal(N),
        np.eye(OUTPUTS)[classes],
        classes,
    )


def every_copy(X, Y):
    matrices = every_image(RHO)
    return np.vstack([X @ g.T for g in matrices]), np.vstack([Y] * len(matrices))


def moments(X, Y):
    return tuple(torch.tensor(np.asarray(m)) for m in vars(Moments.from_data(X, Y)).values())


def outputs(net, X):
    """Return the outputs layer by layer, run by run: shape (runs, N, m)."""
    found = []
    for run in range(RUNS):
        h = torch.tensor(X) if net.basis is None else torch.tensor(X) @ net.basis
        for factor in net.parameters:
            h = torch.nn.functional.linear(h, factor[run])
        found.append(h)
    return torch.stack(found)


# --- networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
def test_product_is_the_network_layer_by_layer(widths):
    net, (X, _, _) = nets(widths), data()
    assert net.product.shape == (RUNS, OUTPUTS, N)
    assert net.first.shape == (RUNS, widths[1], N)
    assert torch.allclose(torch.tensor(X) @ net.product.mT, outputs(net, X), atol=1e-13)
    if len(widths) == 2:
        assert net.downstream is None
    else:
        assert net.downstream.shape == (RUNS, OUTPUTS, widths[1])
        assert torch.allclose(net.downstream @ net.first, net.product, atol=1e-14)


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
def test_a_basis_makes_the_maps_invariant(widths):
    B = invariant_rows(RHO)
    net, (X, _, _) = nets((B.shape[1], *widths[1:]), B), data()
    assert net.parameters[0].shape == (RUNS, widths[1], B.shape[1])
    assert net.product.shape == (RUNS, OUTPUTS, N)
    assert torch.allclose(torch.tensor(X) @ net.product.mT, outputs(net, X), atol=1e-13)
    G = torch.tensor(constraint(RHO))
    assert (net.product @ G).abs().max() < 1e-13
    assert (nets(widths).product @ G).abs().max() > 0.01


def test_a_basis_keeps_gradients_invariant():
    """Descent on ``V`` never leaves the invariant maps, and is descent on their coordinates."""
    B = invariant_rows(RHO)
    net, (X, Y, _) = nets((B.shape[1], 4, OUTPUTS), B), data()
    squared_error(net.product, *moments(X, Y)).sum().backward()
    V, A = (p.detach().numpy() for p in net.parameters)
    for run in range(RUNS):
        residual = X @ B @ V[run].T @ A[run].T - Y
        expected = 2 * A[run].T @ residual.T @ X @ B / ROWS
        assert net.parameters[0].grad[run].numpy() == pytest.approx(expected, abs=1e-12)


def test_factors_are_copied():
    factors = uniform_factors((3, 2, 2), 1, np.random.default_rng(0))
    net = DeepLinear(factors)
    before = net.product.detach().clone()
    factors[0][:] = 0
    assert torch.equal(net.product, before)
    assert all(p.requires_grad and p.is_leaf and p.dtype == torch.float64 for p in net.parameters)


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [(2, 3)],
        [(1, 2, 3), (1, 4, 3)],
        [(1, 2, 3), (2, 4, 2)],
        [(1, 2, 3), (4, 2)],
        [(1, 2, 3), (1, 4, 2), (1, 5, 2)],
    ],
    ids=str,
)
def test_factors_that_do_not_chain_are_refused(shapes):
    with pytest.raises(
        ValueError, match=r"factors: expected chained shapes \(runs, out, in\), got"
    ):
        DeepLinear([np.ones(shape) for shape in shapes])


def test_a_basis_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"basis: expected 3 columns, got .*\[5, 4\]"):
        DeepLinear([np.ones((1, 2, 3))], np.eye(5)[:, :4])


def test_uniform_factors_fill_the_interval_of_a_linear_layer():
    """Bounds against ``torch.nn.Linear``, whose weights are drawn from the same interval."""
    widths = (25, 400, 9)
    factors = uniform_factors(widths, 7, np.random.default_rng(0))
    assert [f.shape for f in factors] == [(7, 400, 25), (7, 9, 400)]
    torch_layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(widths)]
    for factor, layer in zip(factors, torch_layers, strict=True):
        bound = layer.in_features**-0.5
        drawn = layer.weight.detach().abs().max().item()
        assert 0.99 * bound < drawn <= bound * (1 + 1e-6)
        assert 0.999 * bound < factor.max() <= bound
        assert -bound <= factor.min() < -0.999 * bound
        assert factor.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
        assert len(np.unique(factor)) == factor.size


def test_uniform_factors_scale_and_repeat():
    one, same, small, other = (
        uniform_factors((6, 3, 2), 2, np.random.default_rng(seed), scale)
        for seed, scale in ((0, 1.0), (0, 1.0), (0, 0.01), (1, 1.0))
    )
    for a, b, c, d in zip(one, same, small, other, strict=True):
        assert np.array_equal(a, b)
        assert c == pytest.approx(0.01 * a)
        assert not np.array_equal(a, d)


# --- losses --------------------------------------------------------------------------------------


def test_squared_error_is_that_of_the_rows():
    net, (X, Y, _) = nets(WIDTHS["two"]), data()
    direct = ((outputs(net, X) - torch.tensor(Y)) ** 2).sum(dim=2).mean(dim=1)
    assert torch.allclose(squared_error(net.product, *moments(X, Y)), direct, atol=1e-12)


def test_squared_error_of_averaged_moments_is_that_of_the_augmented_rows():
    net, (X, Y, _) = nets(WIDTHS["two"]), data()
    copies, targets = every_copy(X, Y)
    direct = ((outputs(net, copies) - torch.tensor(targets)) ** 2).sum(dim=2).mean(dim=1)
    averaged = Moments.from_data(X, Y).averaged(RHO)
    parts = torch.tensor(averaged.S), torch.tensor(averaged.C), averaged.c
    assert torch.allclose(squared_error(net.product, *parts), direct, atol=1e-12)
    # the same maps have another error on the rows as they are
    assert (squared_error(net.product, *moments(X, Y)) - direct).abs().min() > 1e-3


def test_penalty_enters_through_the_covariance():
    net, (X, Y, _) = nets(WIDTHS["two"]), data()
    S, C, c = moments(X, Y)
    G = torch.tensor(constraint(RHO))
    penalty = torch.stack([torch.sum((W @ G) ** 2) for W in net.product])
    expected = squared_error(net.product, S, C, c) + 0.3 * penalty
    assert torch.allclose(squared_error(net.product, S + 0.3 * G @ G.T, C, c), expected, atol=1e-12)


def test_every_run_may_have_moments_of_its_own():
    net = nets(WIDTHS["two"])
    own = [moments(*data(seed)[:2]) for seed in range(RUNS)]
    together = squared_error(net.product, *(torch.stack(parts) for parts in zip(*own, strict=True)))
    alone = [squared_error(net.product[[r]], *own[r])[0] for r in range(RUNS)]
    assert torch.allclose(together, torch.stack(alone), atol=1e-13)


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("hard_wired", [False, True])
def test_cross_entropy_is_that_of_torch(widths, hard_wired):
    B = invariant_rows(RHO) if hard_wired else None
    net = nets(widths if B is None else (B.shape[1], *widths[1:]), B)
    X, Y, classes = data()
    C = torch.tensor(Moments.from_data(X, Y).C)
    found = cross_entropy(net, torch.tensor(X), C)
    targets = torch.tensor(classes)
    direct = [torch.nn.functional.cross_entropy(z, targets) for z in outputs(net, X)]
    assert torch.allclose(found, torch.stack(direct), atol=1e-12)
    gradients = [torch.autograd.grad(v.sum(), net.parameters) for v in (found, sum(direct))]
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_cross_entropy_of_augmented_rows_and_of_large_outputs():
    X, Y, classes = data()
    copies, targets = every_copy(X, Y)
    averaged = torch.tensor(Moments.from_data(X, Y).averaged(RHO).C)
    net = DeepLinear(
        [400 * f for f in uniform_factors((N, OUTPUTS), RUNS, np.random.default_rng(0))]
    )
    labels = torch.tensor(targets.argmax(axis=1))
    assert labels[:ROWS].tolist() == classes.tolist()
    direct = [torch.nn.functional.cross_entropy(z, labels) for z in outputs(net, copies)]
    found = cross_entropy(net, torch.tensor(copies), averaged)
    assert found.min() > 100
    assert torch.allclose(found, torch.stack(direct), rtol=1e-12)


def test_accuracy_is_a_count():
    net, (X, _, classes) = nets(WIDTHS["two"]), data()
    counts = [
        np.mean([np.argmax(W @ x) == k for x, k in zip(X, classes, strict=True)])
        for W in net.product.detach().numpy()
    ]
    found = accuracy(net.product, torch.tensor(X), torch.tensor(classes))
    assert found.tolist() == pytest.approx(counts, abs=1e-15)
    assert len(set(counts)) > 1 and 0 not in counts and 1 not in counts


def test_accuracy_knows_right_from_wrong():
    X, classes = torch.eye(4, dtype=torch.float64), torch.arange(4)
    maps = torch.stack([X, X.roll(1, 0), torch.diag(torch.tensor([1.0, 1, 1, -1]))])
    assert accuracy(maps, X, classes).tolist() == [1.0, 0.0, 0.75]
