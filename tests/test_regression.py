"""Quadratic losses and gradient descent: closed forms against solvers and step loops."""

import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from tqdm import tqdm

from cases import refusals, seeds
from learnsym.regression import QuadraticLoss, descend, minibatches

TIMES = np.array([0.0, 0.1, 0.7, 2.0])


def random_data(seed, rows=6, columns=4, rank=None):
    """Return ``X`` of the given rank with a Gram matrix of norm 1, and labels."""
    rng = np.random.default_rng(seed)
    rank = columns if rank is None else rank
    X = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))
    return X / max(np.linalg.norm(X, 2), 1e-300), rng.standard_normal(rows)


@st.composite
def losses(draw, dimension=4):
    """Draw a loss of any rank, from full to zero."""
    X, y = random_data(draw(seeds), columns=dimension, rank=draw(st.integers(0, dimension)))
    return QuadraticLoss.from_data(X, y)


def starts(seed, shape=(4,)):
    return np.random.default_rng(seed + 1).standard_normal(shape)


@pytest.mark.parametrize("rank", [0, 1, 3, 4])
def test_flow_solves_the_differential_equation(rank):
    """The solver sees the data set and its labels, not the Gram matrix."""
    X, y = random_data(rank, rank=rank)
    w0, exact = starts(rank), {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12}
    solution = solve_ivp(lambda _, w: X.T @ (y - X @ w), (0.0, 2.0), w0, t_eval=TIMES, **exact)
    flow = QuadraticLoss.from_data(X, y).flow(w0, TIMES)
    np.testing.assert_allclose(flow, solution.y.T, atol=1e-9)


@given(losses(), seeds)
def test_flow_starts_at_the_start_and_ends_at_the_limit(loss, seed):
    w0 = starts(seed)
    late = 50 / loss.eigenvalues[loss.eigenvalues > 0].min(initial=1.0)
    first, last = loss.flow(w0, [0.0, late])
    np.testing.assert_allclose(first, w0, atol=1e-12)
    np.testing.assert_allclose(last, loss.limit(w0), atol=1e-9, rtol=1e-9)


@given(st.integers(0, 4), seeds)
def test_the_limit_minimises_and_keeps_what_the_data_do_not_see(rank, seed):
    X, y = random_data(seed, rank=rank)
    w0 = starts(seed)
    limit = QuadraticLoss.from_data(X, y).limit(w0)
    np.testing.assert_allclose(X.T @ X @ limit, X.T @ y, atol=1e-9)
    unseen = np.eye(4) - np.linalg.pinv(X, rcond=1e-8) @ X
    np.testing.assert_allclose(unseen @ limit, unseen @ w0, atol=1e-7)


@given(losses(), seeds, st.floats(0.01, 1.9))
def test_descent_is_the_step_loop(loss, seed, eta):
    w = w0 = starts(seed)
    path = []
    for _ in range(40):
        path.append(w)
        w = w - eta * (loss.K @ w - loss.b)
    steps = np.array([0, 1, 2, 7, 39])
    np.testing.assert_allclose(loss.descent(w0, steps, eta), np.array(path)[steps], atol=1e-10)


def test_descent_above_the_stability_limit_diverges():
    loss = QuadraticLoss(np.diag([1.0, 0.1]), np.zeros(2))
    path = loss.descent(np.ones(2), np.array([0, 10, 20]), 2.1)
    np.testing.assert_allclose(path[:, 0], 1.1 ** np.array([0, 10, 20]))
    assert np.abs(path[2, 1]) < 0.1


@given(st.integers(0, 4), seeds)
def test_starts_and_outputs_are_trained_independently(rank, seed):
    X, _ = random_data(seed, rank=rank)
    labels, w0 = starts(seed, (6, 3)), starts(seed + 1, (2, 3, 4))
    several = QuadraticLoss.from_data(X, labels)
    flow, descent = several.flow(w0, TIMES), several.descent(w0, [0, 5], 0.5)
    assert flow.shape == (4, 2, 3, 4) and descent.shape == (2, 2, 3, 4)
    for i, j in itertools.product(range(2), range(3)):
        one, w = QuadraticLoss.from_data(X, labels[:, j]), w0[i, j]
        np.testing.assert_allclose(several.limit(w0)[i, j], one.limit(w), atol=1e-9, rtol=1e-9)
        np.testing.assert_allclose(flow[:, i, j], one.flow(w, TIMES), atol=1e-12)
        np.testing.assert_allclose(descent[:, i, j], one.descent(w, [0, 5], 0.5), atol=1e-12)
        np.testing.assert_allclose(one.flow(w0, TIMES)[:, i, j], one.flow(w, TIMES), atol=1e-12)


@pytest.mark.parametrize("rank", [30, 150])
def test_the_rank_of_a_large_gram_matrix_is_found(rank):
    X, y = random_data(rank, rows=rank, columns=196, rank=rank)
    loss = QuadraticLoss.from_data(X, y)
    assert np.count_nonzero(loss.eigenvalues == 0) == 196 - rank
    limit = loss.limit(np.zeros(196))
    np.testing.assert_allclose(limit, np.linalg.pinv(X, rcond=1e-10) @ y, rtol=1e-5, atol=1e-5)


def test_a_small_eigenvalue_is_not_taken_for_zero():
    loss = QuadraticLoss(np.diag([1.0, 1e-10]), np.array([1.0, 1e-10]))
    np.testing.assert_allclose(loss.limit(np.zeros(2)), [1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(loss.flow(np.zeros(2), [1e10])[0, 1], 1 - np.exp(-1), rtol=1e-6)


def test_descent_keeps_its_digits_for_small_eigenvalues():
    """One step moves the weight by eta b, whatever the eigenvalue is."""
    loss = QuadraticLoss(np.diag([1.0, 1e-12]), np.array([0.0, 1.0]))
    path = loss.descent(np.zeros(2), [1, 3], 0.1)
    np.testing.assert_allclose(path[:, 1], [0.1, 0.3], rtol=1e-9)


UNIT = QuadraticLoss(np.eye(2), np.zeros(2))
TWO_OUTPUTS = QuadraticLoss.from_data(random_data(0)[0], np.ones((6, 2)))
ONES, RNG = np.ones(2), np.random.default_rng(0)


test_bad_input_is_refused = refusals(
    (lambda: QuadraticLoss(np.ones((2, 3)), ONES), r"K, b: .*got \(2, 3\), \(2,\)"),
    (lambda: QuadraticLoss(np.eye(2), np.ones(3)), r"K, b: .*got \(2, 2\), \(3,\)"),
    (lambda: QuadraticLoss(np.eye(2), np.ones((2, 1))), r"K, b: .*got \(2, 2\), \(2, 1\)"),
    (lambda: QuadraticLoss(np.eye(2), np.ones((1, 1, 2))), r"K, b: .*\(1, 1, 2\)"),
    (lambda: QuadraticLoss([[1j]], [0.0]), "K, b: expected real numbers, got complex128"),
    (lambda: QuadraticLoss(np.diag([1, np.nan]), ONES), "K, b: expected finite"),
    (lambda: QuadraticLoss(np.eye(2), [1, np.inf]), "K, b: expected finite"),
    (lambda: QuadraticLoss(np.array([[1.0, 0.1], [0, 1]]), ONES), "K: .*symmetric"),
    (lambda: QuadraticLoss(np.diag([1.0, -0.1]), ONES), "K: .*eigenvalue, got -0.1"),
    (lambda: QuadraticLoss(np.diag([1.0, 0.0]), ONES), "b: .*range of K, got a part 1"),
    (lambda: QuadraticLoss.from_data(np.eye(2), np.ones(3)), r"X, y: .*got \(2, 2\), \(3,\)"),
    (lambda: QuadraticLoss.from_data(ONES, ONES), r"X, y: .*got \(2,\), \(2,\)"),
    (lambda: QuadraticLoss.from_data(np.eye(2), [1.0, np.nan]), "expected finite"),
    (lambda: UNIT.flow(np.ones(3), [1.0]), r"w0: expected last axes \(2,\), got.*\(3,\)"),
    (lambda: UNIT.descent(np.ones(3), [1], 0.1), r"w0: expected last axes \(2,\)"),
    (lambda: UNIT.limit(np.ones(1)), r"w0: expected last axes \(2,\)"),
    (lambda: TWO_OUTPUTS.limit(np.ones(4)), r"w0: expected last axes \(2, 4\), got.*\(4,\)"),
    (lambda: TWO_OUTPUTS.limit(np.ones((3, 4))), r"w0: expected last axes \(2, 4\)"),
    (lambda: UNIT.flow(ONES, 1.0), "times: expected finite times of shape"),
    (lambda: UNIT.flow(ONES, [[1.0]]), "times: expected finite times of shape"),
    (lambda: UNIT.flow(ONES, [np.inf]), "times: expected finite .* got .inf"),
    (lambda: UNIT.flow(ONES, [0.0, -1.0]), r"times: .*from 0 on, got \[0.0, -1.0"),
    (lambda: UNIT.flow([1.0, np.nan], [0.0]), "w0: expected finite entries"),
    (lambda: UNIT.descent([np.inf, 1.0], [1], 0.1), "w0: expected finite entries"),
    (lambda: UNIT.limit([np.nan, 1.0]), "w0: expected finite entries"),
    (lambda: UNIT.descent(ONES, [1], 0.0), "eta: expected a positive.*got 0.0"),
    (lambda: UNIT.descent(ONES, [1], -0.1), "eta: expected a positive.*got -0.1"),
    (lambda: UNIT.descent(ONES, [1], np.nan), "eta: expected a positive.*got nan"),
    (lambda: UNIT.descent(ONES, [1], [0.1]), r"eta: expected a pos.*got \[0.1\]"),
    (lambda: UNIT.descent(ONES, [0.5], 0.1), r"steps: .*\(T,\), got \[0.5\]"),
    (lambda: UNIT.descent(ONES, [-1], 0.1), r"steps: .*got \[-1\]"),
    (lambda: UNIT.descent(ONES, 3, 0.1), "steps: .*got 3"),
    (lambda: next(minibatches(4, 5, RNG)), r"size: expected 1\.\.4, got 5"),
    (lambda: next(minibatches(4, 0, RNG)), r"size: expected 1\.\.4, got 0"),
    (lambda: train(rows=np.ones(6)), r"rows, labels, w0: expected shapes .* got \(6,\)"),
    (lambda: train(labels=np.ones(6)), r"rows, labels, w0: .*\(6,\), \(4, 2\)"),
    (lambda: train(w0=np.ones((3, 2))), r"rows, labels, w0: .*\(3, 2\)"),
    (lambda: train(labels=np.ones((5, 2))), "labels: expected 6 rows, got 5"),
    (lambda: train(w0=np.ones((4, 2), np.float32)), "one dtype, got float64, float64, float32"),
    (lambda: train(eta=0.0), "eta: expected a positive finite number, got 0.0"),
    (lambda: train(eta=np.nan), "eta: expected a positive finite number, got nan"),
    (lambda: train(steps=np.array([])), "steps: expected increasing"),
    (lambda: train(steps=np.array([0, 2, 2])), "steps: expected increasing"),
    (lambda: train(steps=np.array([-1, 2])), "steps: expected increasing"),
)


def problem(dtype=np.float64):
    """Return rows, labels and starts of two regressions."""
    rng = np.random.default_rng(7)
    shapes = ((6, 4), (6, 2), (4, 2))
    return tuple(rng.standard_normal(shape).astype(dtype) for shape in shapes)


def train(eta=0.2, steps=(0, 1, 2), **change):
    rows, labels, w0 = problem()
    arguments = {"rows": rows, "labels": labels, "w0": w0, **change}
    return descend(**arguments, eta=eta, steps=np.asarray(steps))


def test_the_loop_follows_the_closed_form():
    rows, labels, w0 = problem()
    steps = np.array([0, 1, 5, 60])
    path = descend(rows, labels, w0, 0.2, steps)
    for column in range(2):
        X, y = rows / np.sqrt(6), labels[:, column] / np.sqrt(6)
        expected = QuadraticLoss.from_data(X, y).descent(w0[:, column], steps, 0.2)
        np.testing.assert_allclose(path[:, :, column], expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loop_keeps_the_precision_of_its_data(dtype):
    rows, labels, w0 = problem(dtype)
    path = descend(rows, labels, w0, 0.2, np.array([0, 50]))
    exact = descend(*problem(), 0.2, np.array([0, 50]))
    assert path.dtype == dtype
    deviation = np.abs(path[1] - exact[1]).max()
    assert (deviation > 0) == (dtype == np.float32)
    assert deviation < 1e-5


def test_the_loop_takes_its_batches_in_order_and_no_more_than_it_needs():
    rows, labels, w0 = problem()
    batches = [np.array([0, 1]), np.array([5]), np.array([2, 3, 4])]
    path = descend(rows, labels, w0, 0.1, np.array([0, 1, 2, 3]), iter(batches))
    w = w0
    for i, batch in enumerate(batches):
        np.testing.assert_allclose(path[i], w, atol=1e-14)
        gradient = sum(np.outer(rows[r], rows[r] @ w - labels[r]) for r in batch) / len(batch)
        w = w - 0.1 * gradient
    np.testing.assert_allclose(path[3], w, atol=1e-14)


def test_the_loop_leaves_its_start_alone_and_moves_the_bar_once_per_step():
    rows, labels, w0 = problem()
    with tqdm(file=io.StringIO()) as bar:
        path = descend(rows, labels, w0, 0.2, np.array([2, 5]), bar=bar)
        assert bar.n == 5
    path[...] = 0
    np.testing.assert_array_equal(w0, problem()[2])


@pytest.mark.parametrize(("count", "size", "visited"), [(12, 4, 12), (5, 2, 4)])
def test_minibatches_visit_rows_once_per_epoch_and_leave_a_remainder_out_at_random(
    count, size, visited
):
    batches = minibatches(count, size, np.random.default_rng(0))
    epochs = [np.concatenate(list(itertools.islice(batches, count // size))) for _ in range(200)]
    assert all(len(set(epoch.tolist())) == len(epoch) == visited for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs}) > 50
    visits = np.bincount(np.concatenate(epochs), minlength=count)
    # standard deviation below 6, none where every row is visited
    assert visits.min() > 200 * visited / count - (30 if visited < count else 1)
