"""Lazy training on symmetric data, beside the linearised network (Gideoni, App. H).

The model is ``F(x) = f_0(x) + alpha (f(x) - f_0(x))``, where ``f_0`` is the network at its initial
weights. ``alpha = 1`` is the plain network; the larger ``alpha``, the less the weights need to move
and the closer training stays to the linearised network, its twin (Chizat, Oyallon, Bach 2019). All
of them start at ``f_0``. Full-batch gradient descent runs on ``1 / (2 N alpha^2) |y - F|^2``, with
learning rate ``1 / (2 lambda_max)`` of the twin.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym import regression
from learnsym.groups import symmetric
from learnsym.kernels import Mlp, closed_network, orbit_asymmetry, weight_features
from learnsym.representations import vector

PROBE_STEPS = 30
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 3.0, "book": 25.0}
SETTINGS = (("ordinary", "relu"), ("ordinary", "tanh"), ("closed", "relu"), ("closed", "tanh"))


@dataclass(frozen=True)
class Config:
    """Size of the experiment.

    ``6 copied`` hidden neurons; ``orbits`` training and ``tested`` held-out orbits of S_3;
    ``steps`` gradient steps for each of ``alphas``; the twin is followed for ``10 ** twin_power``
    steps; ``networks`` draws; ``seed`` for weights and points.
    """

    copied: int = 5
    orbits: int = 50
    tested: int = 100
    steps: int = 10_000
    twin_power: int = 10
    alphas: tuple[float, ...] = (1.0, 100.0, 10_000.0)
    networks: int = 3
    seed: int = 0


SCALES = {"smoke": Config(steps=200, networks=1), "book": Config()}


@dataclass(frozen=True)
class Network:
    """A network and its initial weights, shape ``(p,)``."""

    mlp: Mlp
    theta: np.ndarray

    def features(self, points: np.ndarray) -> np.ndarray:
        """Return gradients at points of shape ``(..., 3)``, shape ``(..., p)``."""
        flat = weight_features(self.mlp, self.theta, points.reshape(-1, 3))
        return flat.reshape(*points.shape[:-1], -1)


@dataclass(frozen=True)
class Task:
    """Points in whole orbits, (6, n, 3) each, and the networks of one setting."""

    training: np.ndarray
    held_out: np.ndarray
    networks: list[Network]


def label(points: np.ndarray) -> np.ndarray:
    """Return the label ``3 x_1 x_2 x_3`` of points (..., 3)."""
    return 3 * points.prod(axis=-1)


def network(kind: str, activation: str, copied: int, rng: np.random.Generator) -> Network:
    """Draw a network with ``6 copied`` neurons; ``kind`` is "ordinary" or "closed"."""
    if kind == "ordinary":
        mlp = Mlp(3, 6 * copied, activation)
        return Network(mlp, mlp.draw(rng))
    if kind != "closed":
        raise ValueError(f"kind: expected 'ordinary' or 'closed', got {kind!r}")
    small = Mlp(3, copied, activation)
    closed = closed_network(small, small.draw(rng), vector(symmetric(3)), rng)
    return Network(closed.mlp, closed.theta)


def recorded_steps(last: int, per_decade: int = 8) -> np.ndarray:
    """Return step numbers from 0 to ``last``, evenly spaced on a log scale."""
    count = int(np.ceil(per_decade * np.log10(last))) + 1
    return np.unique(np.concatenate([[0], np.geomspace(1, last, count).round().astype(np.int64)]))


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train the networks, and their twins in closed form.

    Returns
    -------
    dict
        ``steps`` (T,) and ``twin_steps`` (S,), which contain them. With one row per setting and
        network: ``asymmetry`` and root mean square ``error`` (settings, networks, alphas, T) on
        held-out orbits; ``twin_asymmetry`` and ``twin_error`` (settings, networks, S).
    """
    return _train(config, config.steps, progress)


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first steps of every curve."""
    return _train(config, PROBE_STEPS, progress=False)


def task(config: Config, setting: tuple[str, str]) -> Task:
    """Return data and networks; the data are those of every setting."""
    rng = np.random.default_rng([config.seed, 0])
    rho = vector(symmetric(3))
    training = regression.augment(rng.uniform(-1, 1, (config.orbits, 3)), rho)
    held_out = regression.augment(rng.uniform(-1, 1, (config.tested, 3)), rho)
    draws = [np.random.default_rng([config.seed, 1, k]) for k in range(config.networks)]
    networks = [network(*setting, config.copied, r) for r in draws]
    return Task(training, held_out, networks)


def twin(net: Network, training: np.ndarray) -> tuple[regression.QuadraticLoss, float]:
    """Return the linearised network's loss in the change of the weights, and the learning rate."""
    rows = net.features(training).reshape(-1, net.mlp.parameters)
    points = training.reshape(-1, 3)
    residual = label(points) - net.mlp(net.theta, points)
    loss = regression.QuadraticLoss(rows.T @ rows / len(rows), residual @ rows / len(rows))
    return loss, float(0.5 / loss.eigenvalues[-1])


def _train(config: Config, last: int, progress: bool) -> dict[str, np.ndarray]:
    steps = recorded_steps(config.steps)
    steps = steps[steps <= last]
    far = recorded_steps(10**config.twin_power, per_decade=4)
    twin_steps = np.union1d(recorded_steps(config.steps), far)
    rows = []
    with tqdm(total=len(SETTINGS) * int(steps[-1]), unit="step", disable=not progress) as bar:
        bar.set_description("lazy_training")
        for setting in SETTINGS:
            job = task(config, setting)
            twins = [twin(net, job.training) for net in job.networks]
            followed = np.array(
                [
                    _follow(net, *found, job.held_out, twin_steps)
                    for net, found in zip(job.networks, twins, strict=True)
                ]
            )
            etas = np.array([eta for _, eta in twins])
            trained = _descend(job, config.alphas, etas, steps, bar)
            rows.append(
                _measures(trained, job.held_out) | _measures(followed, job.held_out, "twin_")
            )
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {"steps": steps, "twin_steps": twin_steps, **arrays}


def _follow(
    net: Network,
    loss: regression.QuadraticLoss,
    eta: float,
    held_out: np.ndarray,
    steps: np.ndarray,
) -> np.ndarray:
    """Return the twin's predictions on held-out orbits, shape ``(S, |G|, n)``."""
    change = loss.descent(np.zeros(net.mlp.parameters), steps, eta)
    start = net.mlp(net.theta, held_out.reshape(-1, 3)).reshape(held_out.shape[:-1])
    return start + np.moveaxis(net.features(held_out) @ change.T, -1, 0)


def _descend(
    job: Task, alphas: tuple[float, ...], etas: np.ndarray, steps: np.ndarray, bar: tqdm
) -> np.ndarray:
    """Train every network at every alpha; predictions (networks, alphas, T, |G|, n)."""
    mlp: Mlp = job.networks[0].mlp
    theta = np.repeat([net.theta for net in job.networks], len(alphas), axis=0)
    alpha = np.array(alphas * len(job.networks))[:, None]
    rate = np.repeat(etas, len(alphas))[:, None]
    X, Z = job.training.reshape(-1, 3), job.held_out.reshape(-1, 3)
    target, start, start_out = label(X), mlp(theta, X), mlp(theta, Z)
    recorded, wanted = [], {int(step) for step in steps}
    for step in range(int(steps[-1]) + 1):
        if step in wanted:
            recorded.append(start_out + alpha * (mlp(theta, Z) - start_out))
        hidden = mlp.postactivations(theta, X)
        _, _, a, c = mlp.unpack(theta)
        values = (hidden @ a[..., None])[..., 0] + c[:, None]
        residual = (start + alpha * (values - start) - target) / (alpha * len(X))
        theta = theta - rate * _pullback(mlp, a, hidden, X, residual)
        bar.update(step > 0)
    shape = (len(steps), len(job.networks), len(alphas), *job.held_out.shape[:-1])
    return np.moveaxis(np.array(recorded).reshape(shape), 0, 2)


def _pullback(
    mlp: Mlp, a: np.ndarray, hidden: np.ndarray, X: np.ndarray, residual: np.ndarray
) -> np.ndarray:
    """Return ``sum_i residual_i grad f(x_i)`` for every network, shape ``(networks, p)``."""
    slopes = hidden > 0 if mlp.activation == "relu" else 1 - hidden**2
    back = residual[:, :, None] * slopes * a[:, None, :]
    inner = (back.swapaxes(1, 2) @ X).reshape(len(a), -1)
    outer = (residual[:, None] @ hidden)[:, 0]
    return np.concatenate([inner, back.sum(axis=1), outer, residual.sum(axis=1)[:, None]], axis=1)


def _measures(values: np.ndarray, points: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    error = np.sqrt(np.mean((values - label(points)) ** 2, axis=(-2, -1)))
    return {f"{prefix}asymmetry": orbit_asymmetry(values), f"{prefix}error": error}
