"""Gradient descent step by step, in the precision of the data.

The closed form in :mod:`learnsym.regression.closed_form` is faster. This loop is what it predicts:
it reads the rows at every step, so it shows rounding and the noise of mini-batches.
"""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from tqdm import tqdm

from learnsym.regression.closed_form import require_learning_rate


def descend(
    rows: np.ndarray,
    labels: np.ndarray,
    w0: np.ndarray,
    eta: float,
    steps: np.ndarray,
    batches: Iterable[np.ndarray] | None = None,
    bar: tqdm | None = None,
) -> np.ndarray:
    """Run gradient descent on the mean squared error ``1 / (2 N) |y - X w|^2``.

    Parameters
    ----------
    rows
        The data ``X``, shape ``(N, d)``; its dtype (float32 or float64) is used throughout.
    labels
        Shape ``(N, m)``, one column per regression.
    w0
        Initial weights, shape ``(d, m)``.
    eta
        Learning rate.
    steps
        Increasing step numbers at which the weights are recorded, shape ``(T,)``.
    batches
        Row numbers of the mini-batch of each step; by default every step sees all rows.
    bar
        Progress bar that moves by one per step.

    Returns
    -------
    ndarray
        Shape ``(T, d, m)``, of the dtype of ``rows``.

    Raises
    ------
    ValueError
        Shapes or dtypes do not fit, ``eta`` is not positive, or ``steps`` is not increasing.
    """
    _check(rows, labels, w0, steps)
    require_learning_rate(eta)
    kind = rows.dtype.type
    source = itertools.repeat(None) if batches is None else iter(batches)
    wanted = {int(step) for step in steps}
    w = w0
    recorded = [w] if 0 in wanted else []
    for step in range(1, int(steps[-1]) + 1):
        batch = next(source)
        X, y = (rows, labels) if batch is None else (rows[batch], labels[batch])
        w = w - kind(eta / len(X)) * (X.T @ (X @ w - y))
        if step in wanted:
            recorded.append(w)
        if bar is not None:
            bar.update()
    return np.array(recorded)


def minibatches(count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield batches of ``size`` row numbers below ``count`` for ever.

    An epoch visits every row once, except ``count % size`` random rows that it leaves out.
    """
    if not 0 < size <= count:
        raise ValueError(f"size: expected 1..{count}, got {size}")
    while True:
        order = rng.permutation(count)
        yield from order[: count // size * size].reshape(-1, size)


def _check(rows: np.ndarray, labels: np.ndarray, w0: np.ndarray, steps: np.ndarray) -> None:
    if rows.ndim != 2 or labels.ndim != 2 or w0.shape != (rows.shape[1], labels.shape[1]):
        raise ValueError(
            f"rows, labels, w0: expected shapes (N, d), (N, m), (d, m), "
            f"got {rows.shape}, {labels.shape}, {w0.shape}"
        )
    if len(labels) != len(rows):
        raise ValueError(f"labels: expected {len(rows)} rows, got {len(labels)}")
    if not rows.dtype == labels.dtype == w0.dtype:
        raise ValueError(
            f"rows, labels, w0: expected one dtype, got {rows.dtype}, {labels.dtype}, {w0.dtype}"
        )
    if len(steps) == 0 or steps[0] < 0 or (np.diff(steps) <= 0).any():
        raise ValueError("steps: expected increasing step numbers from 0 on")
