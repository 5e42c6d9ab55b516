"""Small examples in which lowering the invariance error makes a network more sensitive."""

import numpy as np
from scipy.integrate import solve_ivp

from learnsym import groups
from learnsym.checks.invariance_flow import Layers, Path, difference_moment, flow
from learnsym.equivariant import reynolds
from learnsym.regression import augment
from learnsym.representations import Representation, vector

SAMPLE = np.array([[2.0, 1.0]])
HORIZON = 20.0


def swap() -> Representation:
    """Return the exchange of the two coordinates of the plane."""
    return vector(groups.symmetric(2))


def mirror(normal: np.ndarray) -> Representation:
    """Return the reflection of the plane that turns ``normal`` (2,) around."""
    normal = np.asarray(normal, dtype=np.float64)
    matrix = np.eye(2) - 2 * np.outer(normal, normal) / np.sum(normal**2)
    return vector(groups.MatrixGroup([matrix], "reflection of the plane"))


def growing_layer() -> tuple[Layers, np.ndarray, Representation]:
    """Return layers, sample and reflection with ``M = m m^T``, ``m = (1, 1.2)``.

    ``W_1 = diag(1, 0.9)`` and ``W_2 = (1, -2)``; the sample is ``m / sqrt(2)``.
    """
    m = np.array([1.0, 1.2])
    net = Layers((np.diag([1.0, 0.9]), np.array([[1.0, -2.0]])))
    return net, m[None] / np.sqrt(2), mirror(m)


def growing_product(relu: bool = False) -> tuple[Layers, np.ndarray, Representation]:
    """Return the example in which the first layer and the product grow: swap, sample (2, 1).

    ``W_1 = diag(1, 4)`` and ``W_2 = (1, 1/8)``. All weights and inputs are at least 0, so the
    network is the same with the ReLU.
    """
    return Layers((np.diag([1.0, 4.0]), np.array([[1.0, 0.125]])), relu=relu), SAMPLE, swap()


def large_growth(s: float, relu: bool = False) -> tuple[Layers, np.ndarray, Representation]:
    """Return the example whose product grows by the factor ``s sqrt(sqrt(2) - 1)``.

    ``W_1`` has the rows ``(s + 1/2, s - 1/2)`` and ``(1/2, -1/2)``, and ``W_2 = (0, 1)``; swap,
    sample (2, 1). With ``relu``, biases of 5 keep both hidden units active on the orbit.

    Raises
    ------
    ValueError
        ``s`` is not positive.
    """
    if not s > 0:
        raise ValueError(f"s: expected a positive number, got {s}")
    weights = (np.array([[s + 0.5, s - 0.5], [0.5, -0.5]]), np.array([[0.0, 1.0]]))
    biases = (np.full(2, 5.0), np.zeros(1)) if relu else None
    return Layers(weights, biases, relu), SAMPLE, swap()


def example_path(example: tuple[Layers, np.ndarray, Representation], points: int = 200) -> Path:
    """Return the gradient flow of an example up to a time at which nothing moves any more."""
    net, X, rho = example
    times = np.concatenate([[0.0], np.geomspace(1e-3, HORIZON, points - 1)])
    return flow(net, X, rho, times)


def output_jacobian(path: Path, x: np.ndarray, relu: bool) -> np.ndarray:
    """Return ``sigma_max`` of the Jacobian of a two-layer network at ``x``, shape ``(T,)``."""
    first, second = path.weights
    z = first @ x + (path.biases[0] if path.biases else 0)
    active = z > 0 if relu else np.ones_like(z, dtype=bool)
    return np.linalg.norm((second * active[:, None]) @ first, 2, axis=(1, 2))


def penalised_fit(X: np.ndarray, Y: np.ndarray, M: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Return the linear maps that minimise ``mean |Y - W X|^2 + nu tr(W M W^T)``.

    Parameters
    ----------
    X, Y
        Inputs ``(N, n)`` of full column rank and targets ``(N, c)``, as rows.
    M
        Difference moment, shape ``(n, n)``.
    strengths
        The weights ``nu`` at least 0, shape ``(S,)``.

    Returns
    -------
    ndarray of shape ``(S, c, n)``.

    Raises
    ------
    ValueError
        A strength is negative.
    """
    strengths = np.asarray(strengths, dtype=np.float64)
    if strengths.min() < 0:
        raise ValueError(f"strengths: expected at least 0, got {strengths.min()}")
    S, C = X.T @ X / len(X), X.T @ Y / len(X)
    return np.array([np.linalg.solve(S + nu * M, C).T for nu in strengths])


def orbit_fit_gap(rho: Representation, rng: np.random.Generator) -> tuple[float, float]:
    """Return how far penalised fits on whole orbits are from their closed form.

    First for labels that are constant on orbits, where no strength should move the fit; then for
    any labels, where the fit should be ``W_0 (R + P / (1 + 2 nu))``. Distances over 1 + size, the
    largest of three strengths. ``rho`` is orthogonal.
    """
    rows = augment(rng.standard_normal((2 * rho.dimension, rho.dimension)), rho)
    shared = np.broadcast_to(rng.standard_normal((1, rows.shape[1], 3)), (*rows.shape[:2], 3))
    own = rng.standard_normal((*rows.shape[:2], 3))
    flat = rows.reshape(-1, rho.dimension)
    M = difference_moment(flat, rho)
    strengths = np.array([0.0, 0.3, 3.0, 30.0])
    gaps = []
    for labels, shrunk in ((shared, False), (own, True)):
        fits = penalised_fit(flat, labels.reshape(-1, 3), M, strengths)
        R = reynolds(rho)
        factors = 1 / (1 + 2 * strengths) if shrunk else np.ones(len(strengths))
        predicted = fits[0] @ R + factors[:, None, None] * (fits[0] - fits[0] @ R)
        gaps.append(float(np.abs(fits - predicted).max() / (1 + np.abs(fits).max())))
    return gaps[0], gaps[1]


def crowded_points() -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (2, 2) and targets (2, 1) on which a penalty lengthens the fit.

    The target is the first coordinate, so ``W = (1, 0)`` fits; the best map that does not see the
    swap is ``(7/5, 7/5)``.
    """
    return np.array([[3.0, -1.0], [1.0, 0.0]]), np.array([[3.0], [1.0]])


def distribution_slope(z: float, moved: float) -> float:
    """Return the derivative of KL(softmax(s f(x)) || softmax(s f(g x))) by ``s`` at 1.

    Two classes, with the differences of logits ``z`` at ``x`` and ``moved`` at ``g x``.
    """
    p, q = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(-moved))
    return float(moved * (q - p) + z * (z - moved) * p * (1 - p))


def distribution_path(
    w: np.ndarray, X: np.ndarray, rho: Representation, times: np.ndarray
) -> dict[str, np.ndarray]:
    """Integrate gradient flow of a linear two-class network ``W = (w, -w) / 2`` on DI.

    DI is the mean of KL(softmax f(x) || softmax f(g x)) over the rows and the group. The flow
    keeps the form of ``W``, since the rows of the gradient add up to 0.

    Parameters
    ----------
    w
        Shape ``(n,)``; the difference of the logits is ``w . x``.
    X
        Rows, shape ``(N, n)``.
    rho
        Representation on inputs.
    times
        Shape ``(T,)``, ascending from 0.

    Returns
    -------
    dict with ``sigma`` (``sigma_max(W)``) and ``error`` (DI), each of shape ``(T,)``.
    """
    moved = np.array([rho.act(g, X) for g in rho.group.elements()])

    def both(w: np.ndarray) -> tuple[float, np.ndarray]:
        z, t = np.broadcast_arrays(X @ w, moved @ w)
        p, q = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(-t))
        kl = p * (z - t) - np.logaddexp(0, z) + np.logaddexp(0, t)
        by_z, by_t = p * (1 - p) * (z - t), q - p
        slope = (by_z[..., None] * X + by_t[..., None] * moved).mean(axis=(0, 1))
        return float(kl.mean()), slope

    # W has two rows w / 2 and -w / 2: dw/dt is twice the gradient by w
    found = solve_ivp(
        lambda _, v: -2 * both(v)[1], (0, times[-1]), w, t_eval=times, rtol=1e-10, atol=1e-12
    ).y.T
    return {
        "sigma": np.linalg.norm(found, axis=1) / np.sqrt(2),
        "error": np.array([both(v)[0] for v in found]),
    }
