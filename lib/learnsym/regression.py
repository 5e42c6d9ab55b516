"""Linear regression on symmetric data: closed forms, the two parts of the weights, training.

After Gideoni (2023), "Implicitly Learned Invariance and Equivariance in Linear Regression". A data
set is ``X`` of shape ``(n, d)`` with one point per row, labels ``y`` of shape ``(n,)``, and a
predictor ``f_w(x) = x . w``. A representation ``rho`` acts on points as column vectors, so it
sends ``X`` to ``X rho(g)^T``. Gideoni writes ``X g``: his ``g`` is our ``rho(g)^T``. The loss is
the total squared error ``1/2 |y - X w|^2`` unless a docstring says otherwise.

Arrays may be lists, NumPy arrays or detached tensors of real numbers; they become float64. What
does not fit raises ValueError with the argument, what was expected, and what came.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from learnsym.equivariant import kernel_basis, null_space
from learnsym.representations import Representation

RANK_TOLERANCE = 1e-13
SYMMETRY_TOLERANCE = 1e-10
SAME_POINT = 1e-9


@dataclass(frozen=True)
class QuadraticLoss:
    """The loss ``1/2 w^T K w - b^T w`` and its training in closed form.

    ``K`` (d, d) is symmetric and positive semi-definite, ``b`` (d,) lies in its range. With several
    outputs, ``b`` and the weights are matrices (outputs, d) whose rows evolve by themselves. One
    eigendecomposition of ``K`` serves any number of starts: ``w0`` has the shape of ``b``, with any
    axes before it. Raises ValueError where ``K`` or ``b`` is not so (then there is no minimum).
    """

    K: np.ndarray
    b: np.ndarray

    def __post_init__(self) -> None:
        K, b = _real("K, b", self.K), _real("K, b", self.b)
        object.__setattr__(self, "K", K)
        object.__setattr__(self, "b", b)
        square = K.ndim == 2 and K.shape[0] == K.shape[1]
        if not square or b.ndim not in (1, 2) or b.shape[-1:] != K.shape[:1]:
            raise ValueError(
                f"K, b: expected shapes (d, d) and (d,) or (outputs, d), got {K.shape}, {b.shape}"
            )
        scale = np.abs(K).max(initial=np.finfo(float).tiny)
        if np.abs(K - K.T).max(initial=0.0) > SYMMETRY_TOLERANCE * scale:
            raise ValueError("K: expected a symmetric matrix")
        smallest = self.eigenvalues.min(initial=0.0)
        if smallest < 0:
            raise ValueError(f"K: expected no negative eigenvalue, got {smallest:.3g}")
        outside = np.abs(self._moment[..., self.eigenvalues == 0]).max(initial=0.0)
        # b is X^T y, so the root of K's size tells what is rounding when b cancels
        if outside > max(1e-6 * np.abs(b).max(initial=0.0), 1e-12 * np.sqrt(scale)):
            raise ValueError(f"b: expected a vector in the range of K, got a part {outside:.3g}")

    @classmethod
    def from_data(cls, X: ArrayLike, y: ArrayLike) -> "QuadraticLoss":
        """Return ``1/2 |y - X w|^2`` without its constant; ``y`` is (n,) or (n, outputs)."""
        X, y = _real("X, y", X), _real("X, y", y)
        if X.ndim != 2 or y.ndim not in (1, 2) or y.shape[:1] != X.shape[:1]:
            raise ValueError(
                f"X, y: expected shapes (n, d) and (n,) or (n, outputs), got {X.shape}, {y.shape}"
            )
        return cls(X.T @ X, y.T @ X)

    @cached_property
    def _eigh(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.K)
        noise = RANK_TOLERANCE * np.abs(values).max(initial=np.finfo(float).tiny)
        return np.where(np.abs(values) <= noise, 0.0, values), vectors

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of ``K``, ascending; those within 1e-13 of the largest are set to 0."""
        return self._eigh[0]

    @cached_property
    def _moment(self) -> np.ndarray:
        return self.b @ self._eigh[1]

    def flow(self, w0: ArrayLike, times: ArrayLike) -> np.ndarray:
        """Return the weights of gradient flow at ``times`` (T,) from 0 on (Eqs 1, 3 of Gideoni).

        Shape ``(T, *w0.shape)``.
        """
        times = _real("times", times, finite=False)
        if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
            raise ValueError(
                f"times: expected finite times of shape (T,) from 0 on, got {times.tolist()}"
            )
        exponents = -self.eigenvalues * times[:, None]
        return self._evolve(w0, np.exp(exponents), -np.expm1(exponents))

    def descent(self, w0: ArrayLike, steps: ArrayLike, eta: float) -> np.ndarray:
        """Return the weights after ``steps`` (T,) of gradient descent with learning rate ``eta``.

        Full batch and exact arithmetic, for stable and unstable ``eta``; shape ``(T, *w0.shape)``.
        """
        require_learning_rate(eta)
        gain = descent_gain(eta * self.eigenvalues, steps)
        decay = (1 - eta * self.eigenvalues) ** np.asarray(steps)[:, None]
        return self._evolve(w0, decay, gain)

    def limit(self, w0: ArrayLike) -> np.ndarray:
        """Return the weights of gradient flow as time goes to infinity."""
        kept = (self.eigenvalues == 0).astype(np.float64)[None]
        return self._evolve(w0, kept, 1 - kept)[0]

    def _evolve(self, w0: ArrayLike, decay: np.ndarray, gain: np.ndarray) -> np.ndarray:
        """Combine ``decay`` and ``gain`` of shape ``(T, d)``, one factor per eigenvector."""
        values, vectors = self._eigh
        w0 = _real("w0", w0)
        if w0.shape[w0.ndim - self.b.ndim :] != self.b.shape:
            raise ValueError(f"w0: expected last axes {self.b.shape}, got shape {w0.shape}")
        optimum = np.divide(self._moment, values, out=np.zeros_like(self._moment), where=values > 0)
        axes = (len(decay), *[1] * (w0.ndim - 1), values.size)
        return (decay.reshape(axes) * (w0 @ vectors) + gain.reshape(axes) * optimum) @ vectors.T


def descent_gain(rates: ArrayLike, steps: ArrayLike) -> np.ndarray:
    """Return ``1 - (1 - rate)^steps`` without cancellation, shape ``(T, len(rates))``."""
    rates, steps = np.asarray(rates), np.asarray(steps)
    if steps.ndim != 1 or not np.issubdtype(steps.dtype, np.integer) or (steps < 0).any():
        raise ValueError(f"steps: expected step numbers of shape (T,), got {steps.tolist()}")
    steps = steps[:, None]
    small = -np.expm1(steps * np.log1p(-np.minimum(rates, 0.5)))
    return np.where(rates <= 0.5, small, 1 - (1 - rates) ** steps)


def require_learning_rate(eta: float) -> None:
    """Raise ValueError unless ``eta`` is a positive finite number."""
    if np.ndim(eta) != 0 or not np.isfinite(eta) or eta <= 0:
        raise ValueError(f"eta: expected a positive finite number, got {eta}")


def augment(X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return the rows ``rho(g) x`` for all ``g`` and ``x``, shape ``(|G|, n, d)``.

    Assumption 1: the data set holds whole orbits, a point repeated ``|Stab(x)|`` times.
    """
    X = _points(X, rho)
    return np.array([rho.act(g, X) for g in rho.group.elements()])


def stabiliser_sizes(X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return how many group elements leave each point where it is, shape ``(n,)``."""
    X = _points(X, rho)
    moved = np.abs(augment(X, rho) - X).max(axis=2)
    return np.sum(moved <= SAME_POINT * np.abs(X).max(axis=1), axis=0)


def symmetrised_gram(
    X: ArrayLike, rho: Representation, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return ``K_G = sum_g rho(g) X^T X rho(g)^T`` of Theorem 3.3, shape ``(d, d)``.

    ``X`` (n, d) holds one point per orbit. ``weights`` (n,), ones by default, weigh the orbits:
    with ``1 / |Stab(x)|`` every point of an orbit counts once, as Corollary 3.2 needs.
    """
    orbits = augment(X, rho)
    scaled = orbits * _orbit_weights(weights, orbits.shape[1])[:, None]
    return np.einsum("gni,gnj->ij", scaled, orbits)


def symmetrised_moment(
    X: ArrayLike, y: ArrayLike, rho: Representation, weights: ArrayLike | None = None
) -> np.ndarray:
    """Return ``sum_g rho(g) X^T y`` of Theorem 3.3, shape ``(d,)``; one label per orbit."""
    orbits, y = augment(X, rho), np.asarray(y)
    count = orbits.shape[1]
    if y.shape != (count,) or not np.isfinite(y).all():
        raise ValueError(f"y: expected {count} finite labels, one per orbit, got shape {y.shape}")
    return np.einsum("gni,n->i", orbits, _real("y", y) * _orbit_weights(weights, count))


def weight_reynolds(rho: Representation) -> np.ndarray:
    """Return ``mean_g rho(g)^T``, the averaging of predictors over the group.

    ``f_{R w}(x)`` is the mean of ``f_w(rho(g) x)``. Gideoni's R is ``|G|`` times this one.
    """
    return np.mean([rho.matrix(g).T for g in rho.group.elements()], axis=0)


def asymmetric_basis(rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of ker R, the asymmetric weights, as columns ``(d, k)``."""
    return kernel_basis(rho) if rho.is_orthogonal else null_space(weight_reynolds(rho))


def asymmetric_projector(rho: Representation) -> np.ndarray:
    """Return the projector ``(d, d)`` onto ker R of an orthogonal ``rho``, else ValueError."""
    require_orthogonal(rho)
    basis = asymmetric_basis(rho)
    return basis @ basis.T


def split(w: ArrayLike, rho: Representation) -> tuple[np.ndarray, np.ndarray]:
    """Split weights ``(..., d)`` into ``w_r`` orthogonal to ker R and ``w_k`` in it.

    Theorem 3.3.2; ``rho`` need not be orthogonal.
    """
    w = _weights(w, rho)
    basis = asymmetric_basis(rho)
    w_k = w @ basis @ basis.T
    return w - w_k, w_k


def asymmetry_loss(w: ArrayLike, X: ArrayLike, rho: Representation) -> np.ndarray:
    """Return ``E_x |f(x) - E_g f(g x)|`` over the rows of ``X``, shape ``w.shape[:-1]``.

    Gideoni's asymmetry loss (section 5). ``X`` should hold whole orbits.
    """
    w = _weights(w, rho)
    antisymmetric = w - w @ weight_reynolds(rho).T
    return np.abs(antisymmetric @ _points(X, rho).T).mean(axis=-1)


def require_orthogonal(rho: Representation) -> None:
    """Raise ValueError, naming a generator, unless ``rho`` is orthogonal.

    For a finite group this is Assumption 3 of Gideoni, and Assumption 5.
    """
    for s in rho.group.generators:
        defect = np.abs(rho.matrix(s) @ rho.matrix(s).T - np.eye(rho.dimension)).max(initial=0.0)
        if defect > SAME_POINT:
            raise ValueError(
                "rho: Assumption 3 fails, expected orthogonal matrices, got "
                f"{rho.name} with a defect of {defect:.2g} on the generator "
                f"{np.asarray(s).tolist()}"
            )


def descend(
    rows: np.ndarray,
    labels: np.ndarray,
    w0: np.ndarray,
    eta: float,
    steps: np.ndarray,
    batches: Iterable[np.ndarray] | None = None,
    bar: tqdm | None = None,
) -> np.ndarray:
    """Run gradient descent on the mean squared error ``1 / (2 N) |y - X w|^2``, step by step.

    The closed form is faster. This loop is what it predicts: it reads the rows at every step, in
    their precision, so it shows rounding and the noise of mini-batches.

    Parameters
    ----------
    rows, labels, w0
        The data ``X`` (N, d), labels (N, m) with one column per regression, and initial weights
        (d, m), all of one dtype (float32 or float64), which is used throughout.
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
    """
    _check_training(rows, labels, w0, steps)
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


def _check_training(
    rows: np.ndarray, labels: np.ndarray, w0: np.ndarray, steps: np.ndarray
) -> None:
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


def _real(name: str, values: ArrayLike, finite: bool = True) -> np.ndarray:
    """Return real numbers as float64."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name}: expected real numbers, got {values.dtype}")
    if finite and not np.isfinite(values).all():
        places = np.unique(np.argwhere(~np.isfinite(values))[:, :1])
        raise ValueError(f"{name}: expected finite entries, got others in rows {places[:5]}")
    return values.astype(np.float64)


def _weights(w: ArrayLike, rho: Representation) -> np.ndarray:
    w = _real("w", w, finite=False)
    if w.shape[-1:] != (rho.dimension,):
        raise ValueError(f"w: expected a last axis of {rho.dimension}, got shape {w.shape}")
    return w


def _points(X: ArrayLike, rho: Representation) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim != 2 or X.shape[1] != rho.dimension:
        raise ValueError(f"X: expected shape (n, {rho.dimension}), got {X.shape}")
    return _real("X", X)


def _orbit_weights(weights: ArrayLike | None, count: int) -> np.ndarray:
    if weights is None:
        return np.ones(count)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (count,) or not (weights > 0).all():
        raise ValueError(f"weights: expected {count} positive numbers, got shape {weights.shape}")
    return weights
