"""The closed form of the two-layer flow, against an ODE solver on all weights of the network."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cases import every_image
from learnsym import gallery
from learnsym.checks import aligned_flow as flow
from learnsym.equivariant import reynolds
from learnsym.lowrank import Moments

OUTPUTS = 3
RHO = gallery.find("C4, 4x4 images").rho_in
R = reynolds(RHO)
TIMES = np.linspace(0, 12, 49)


@dataclass(frozen=True)
class Problem:
    """Augmented moments, whitened on invariant vectors, and an aligned and balanced start."""

    S: np.ndarray
    C: np.ndarray
    sigma: np.ndarray
    A: np.ndarray
    first: np.ndarray
    start: np.ndarray
    spectrum: np.ndarray
    directions: np.ndarray
    hidden_directions: np.ndarray
    left: np.ndarray


def problem(hidden=4, asymmetry=1e-3, start=0.02, points=60, seed=0):
    """Return a problem of 3 outputs on 4 x 4 images; all from rows, in all four rotations."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((points, 16)) * np.geomspace(0.3, 1.5, 16)
    X = np.vstack([X @ g.T for g in every_image(RHO)])
    values, vectors = np.linalg.eigh(R @ (X.T @ X / len(X)) @ R)
    B, values = vectors[:, -4:], values[-4:]
    X = X @ (B / np.sqrt(values) @ B.T + np.eye(16) - R)
    Y = np.tile(rng.standard_normal((points, OUTPUTS)) * [2, 1.5, 1], (4, 1))
    Y += X @ R @ rng.standard_normal((16, OUTPUTS)) / 2
    moments = Moments.from_data(X, Y)
    left, sigma, right = np.linalg.svd(moments.C @ R, full_matrices=False)
    kept = min(hidden, OUTPUTS)
    left, sigma, right = left[:, :kept], sigma[:kept], right[:kept]
    Q = np.linalg.qr(rng.standard_normal((hidden, hidden)))[0][:, :kept]
    sizes = start * np.array([1.0, 2.0, 0.5])[:kept]
    noise = asymmetry * rng.standard_normal((hidden, 16)) @ (np.eye(16) - R)
    spectrum, directions = np.linalg.eigh((np.eye(16) - R) @ moments.S @ (np.eye(16) - R))
    return Problem(
        S=moments.S,
        C=moments.C,
        sigma=sigma,
        A=left * np.sqrt(sizes) @ Q.T,
        first=Q * np.sqrt(sizes) @ right + noise,
        start=sizes,
        spectrum=spectrum[4:],
        directions=directions[:, 4:],
        hidden_directions=Q,
        left=left,
    )


def solve(A, first, S, C, times=TIMES):
    """Return ``W`` (T, m, n) from gradient flow of ``tr(W S W^T) - 2 <C, W>`` in both factors."""
    cut = A.size

    def slope(_, weights):
        A_, W_ = weights[:cut].reshape(A.shape), weights[cut:].reshape(first.shape)
        gradient = 2 * (A_ @ W_ @ S - C)
        return -np.concatenate([(gradient @ W_.T).ravel(), (A_.T @ gradient).ravel()])

    begin = np.concatenate([A.ravel(), first.ravel()])
    span = (times[0], times[-1])
    found = solve_ivp(slope, span, begin, "DOP853", times, rtol=1e-10, atol=1e-13)
    assert found.success
    return np.array([
        w[:cut].reshape(A.shape) @ w[cut:].reshape(first.shape) for w in found.y.T
    ])  # fmt: skip


def prediction(p):
    """Return the sizes of the modes and the squares of the asymmetric parts, (T, r), (T, r, p)."""
    parts = (p.hidden_directions.T @ p.first @ p.directions) ** 2
    return (
        flow.learnt(TIMES, p.sigma, p.start),
        flow.asymmetric(TIMES, p.sigma, p.start, parts, p.spectrum),
    )


def measured(p, W):
    """Return the same of maps ``W`` (T, m, n), and the whole of ``|W_perp|^2``."""
    right = np.linalg.svd(p.C @ R, full_matrices=False)[2][: len(p.sigma)]
    modes = np.einsum("mi,tmn,in->ti", p.left, W, right)
    parts = np.einsum("mi,tmn,np->tip", p.left, W, p.directions) ** 2
    return modes, parts, np.sum((W - W @ R) ** 2, axis=(1, 2))


def test_the_problem_is_as_the_closed_form_assumes():
    p = problem()
    assert np.abs(p.S @ R - R).max() < 1e-12
    assert np.abs(p.C @ R - p.C).max() < 1e-12
    for g in every_image(RHO):
        assert np.abs(g @ p.S - p.S @ g).max() < 1e-12
    assert np.abs(p.directions.T @ R).max() < 1e-7
    assert p.spectrum.min() > 0.1 and np.ptp(p.spectrum) > 0.9
    assert (p.start < p.sigma).all()


@pytest.mark.parametrize("hidden", [2, 3, 5])
def test_closed_form_is_the_flow_of_all_weights(hidden):
    """Two hidden units learn the two largest modes, five have units to spare."""
    p = problem(hidden)
    W = solve(p.A, p.first, p.S, p.C)
    (modes, parts), (found, found_parts, whole) = prediction(p), measured(p, W)
    assert np.abs(found - modes).max() < 1e-4
    assert (modes[-1] > 0.99 * p.sigma).all()
    assert np.abs(found_parts - parts).max() < 1e-4 * parts.max()
    assert np.abs(whole - parts.sum(axis=(1, 2))).max() < 1e-4 * whole.max()
    # the parts grow before they shrink
    assert whole.argmax() > 0 and whole.max() > 5 * whole[0] > 50 * whole[-1]


def test_what_is_left_out_is_of_second_order():
    """Ten times the asymmetric start, a hundred times the relative deviation."""
    deviations = []
    for asymmetry in (0.003, 0.03):
        p = problem(asymmetry=asymmetry)
        whole = measured(p, solve(p.A, p.first, p.S, p.C))[2]
        expected = prediction(p)[1].sum(axis=(1, 2))
        deviations.append(np.abs(whole - expected).max() / expected.max())
    assert deviations[1] / deviations[0] == pytest.approx(100, rel=0.3)


def test_other_problems_deviate():
    """Alignment on either side, balance, and whitened invariant vectors are needed each."""
    p = problem()
    expected = prediction(p)[1].sum(axis=(1, 2))

    def deviation(A, first, S=p.S, C=p.C):
        whole = measured(p, solve(A, first, S, C))[2]
        return np.abs(whole - expected).max() / expected.max()

    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    assert deviation(p.A, p.first) < 1e-4
    assert deviation(p.A, p.first @ R @ turn_of_invariants(rng) + p.first @ (np.eye(16) - R)) > 0.05
    assert deviation(p.A @ turn, p.first) > 0.05
    assert deviation(2 * p.A, p.first) > 0.05
    stretch = np.eye(16) + R
    assert deviation(p.A, p.first, stretch @ p.S @ stretch, p.C @ stretch) > 0.05


def turn_of_invariants(rng):
    """Return an orthogonal matrix that mixes the invariant vectors."""
    vectors = np.linalg.eigh(R)[1]
    B, rest = vectors[:, -4:], vectors[:, :-4]
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    return B @ turn @ B.T + rest @ rest.T


def test_parts_solve_their_equation():
    """``u' = -2 w s u``, by finite differences, and the sizes theirs."""
    sigma, start, s = np.array([1.3, 0.4]), np.array([0.1, 0.02]), np.array([0.0, 0.7, 3.0])
    step, times = 1e-5, np.linspace(0, 5, 11)
    parts = np.ones((2, 3))
    w = flow.learnt(times, sigma, start)
    slope = (flow.learnt(times + step, sigma, start) - flow.learnt(times - step, sigma, start)) / (
        2 * step
    )
    assert slope == pytest.approx(4 * (sigma - w) * w, rel=1e-6, abs=1e-9)
    later, now, before = (
        np.log(flow.asymmetric(times + d, sigma, start, parts, s)) for d in (step, 0, -step)
    )
    expected = 4 * (sigma - w)[:, :, None] - 4 * w[:, :, None] * s
    assert (later - before) / (2 * step) == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert np.exp(now[0]) == pytest.approx(np.repeat(start[:, None], 3, axis=1))


def test_start_and_end():
    sigma, start = np.array([2.0, 0.5]), np.array([1e-6, 0.4])
    w = flow.learnt([0, 1e4], sigma, start)
    assert w[0] == pytest.approx(start, rel=1e-12)
    assert w[1] == pytest.approx(sigma, rel=1e-12)
    parts = flow.asymmetric([0, 1e4], sigma, start, np.full((2, 1), 3.0), [0.5])
    assert parts[0, :, 0] == pytest.approx(3 * start, rel=1e-12)
    assert parts[1].max() == 0.0
    # an eigenvalue 0 that was computed, with a rounding error of either sign
    zeros = flow.asymmetric([1e4], sigma, start, np.ones((2, 3)), [0.0, 1e-17, -1e-17])
    assert zeros[0] == pytest.approx(np.repeat(sigma[:, None], 3, axis=1), rel=1e-10)
    # late, where sigma - w has no digits left, the decay is still exact
    late = flow.asymmetric([20, 21], sigma, start, np.ones((2, 1)), [1.0])
    assert late[1] / late[0] == pytest.approx(np.exp(-4 * sigma)[:, None], rel=1e-10)


@pytest.mark.parametrize("s", [0.05, 1.0, 7.0])
def test_peak_is_the_largest_value(s):
    sigma, start = np.array([1.5, 0.3]), np.array([0.01, 0.002])
    peak = flow.peak(sigma, start, s)
    assert (peak > 0).all()
    for mode in range(2):
        times = np.linspace(0, 3 * peak[mode], 30_001)
        values = flow.asymmetric(times, sigma, start, np.ones((2, 1)), [s])[:, mode, 0]
        assert times[values.argmax()] == pytest.approx(peak[mode], abs=times[1])
    sizes = flow.learnt(peak, sigma, start).diagonal()
    assert sizes == pytest.approx(sigma / (1 + s), rel=1e-10)


def test_a_part_that_only_falls_has_its_peak_in_the_past():
    sigma, start = np.array([1.0]), np.array([0.5])
    assert flow.peak(sigma, start, 4.0)[0] < 0
    values = flow.asymmetric(np.linspace(0, 3, 50), sigma, start, np.ones((1, 1)), [4.0])
    assert (np.diff(values[:, 0, 0]) < 0).all()
    assert flow.peak(sigma, start, 1.0)[0] == pytest.approx(0, abs=1e-15)


def test_directions_without_data_grow_with_the_modes():
    """``s = 0``: no data, no decay, here and in the flow of all weights."""
    p = problem()
    parts = flow.asymmetric(TIMES, p.sigma, p.start, np.ones((3, 1)), [0.0])[:, :, 0]
    assert parts == pytest.approx(flow.learnt(TIMES, p.sigma, p.start), rel=1e-12)
    assert (np.diff(parts, axis=0) >= 0).all() and (parts[-1] > 10 * parts[0]).all()
    seen = np.eye(16) - p.directions[:, :3] @ p.directions[:, :3].T
    found = measured(p, solve(p.A, p.first, seen @ p.S @ seen, p.C))[1]
    initial = (p.hidden_directions.T @ p.first @ p.directions[:, :3]) ** 2
    expected = flow.asymmetric(TIMES, p.sigma, p.start, initial, np.zeros(3))
    assert np.abs(found[:, :, :3] - expected).max() < 1e-4 * expected.max()
    assert expected[-1].sum() == pytest.approx(np.sum(initial * p.sigma[:, None]), rel=0.01)


def test_numbers_and_single_modes_are_accepted():
    assert flow.learnt(0.0, 1.0, 0.25).shape == (1, 1)
    assert flow.asymmetric([0, 1, 2], 1.0, 0.25, [[1.0, 2.0]], [1.0, 3.0]).shape == (3, 1, 2)


@pytest.mark.parametrize(
    ("sigma", "start"),
    [([1.0], [1.0]), ([1.0], [2.0]), ([1.0], [0.0]), ([1.0, 2.0], [0.5]), ([1.0], [np.nan])],
)
def test_starts_out_of_range_are_refused(sigma, start):
    match = "start: expected sizes between 0 and sigma"
    with pytest.raises(ValueError, match=match):
        flow.learnt([0, 1], sigma, start)
    with pytest.raises(ValueError, match=match):
        flow.asymmetric([0, 1], sigma, start, np.ones((len(sigma), 1)), [1.0])
    with pytest.raises(ValueError, match=match):
        flow.peak(sigma, start, 1.0)


@pytest.mark.parametrize("s", [0.0, -1.0, np.nan])
def test_there_is_no_peak_without_data(s):
    with pytest.raises(ValueError, match="s: expected a positive eigenvalue"):
        flow.peak([1.0], [0.1], s)
