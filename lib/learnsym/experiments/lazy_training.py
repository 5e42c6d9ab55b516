"""Lazy training on symmetric data, beside the linearised network (Gideoni, App. H).

The model is ``F(x) = f_0(x) + alpha (f(x) - f_0(x))``, where ``f_0`` is the network at its initial
weights. ``alpha = 1`` is the plain network; the larger ``alpha``, the less the weights need to move
and the closer training stays to the linearised network, its twin (Chizat, Oyallon, Bach 2019). All
of them start at ``f_0``. Full-batch gradient descent runs on ``1 / (2 N alpha^2) |y - F|^2``, with
learning rate ``1 / (2 lambda_max)`` of the twin.
"""

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from learnsym import regression
from learnsym.experiments.over_parameterised import Linearisation, label, network
from learnsym.groups import symmetric
from learnsym.kernels import Mlp, orbit_asymmetry, orbit_deviation
from learnsym.representations import vector

PROBE_STEPS = 30
PROBE_TOLERANCE = 1e-5
EXPECTED_SECONDS = {"smoke": 5.0, "book": 170.0}
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
class Task:
    """Points in whole orbits, (6, n, 3) each, and the networks of one setting."""

    training: np.ndarray
    held_out: np.ndarray
    networks: list[Linearisation]


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
        network: ``asymmetry``, ``deviation`` and ``error`` (settings, networks, alphas, T) on
        held-out orbits, as mean and root mean square; the same for the twin, ``twin_asymmetry``,
        ``twin_deviation``, ``twin_error`` (settings, networks, S).
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
    kind, activation = setting
    networks = [network(kind, config.copied, activation, r) for r in draws]
    return Task(training, held_out, networks)


def twin(net: Linearisation, training: np.ndarray) -> tuple[regression.QuadraticLoss, float]:
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
    net: Linearisation,
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
    theta = torch.tensor(np.array([net.theta for net in job.networks]))
    theta = theta.repeat_interleave(len(alphas), 0).requires_grad_()
    alpha = torch.tensor(alphas * len(job.networks), dtype=torch.float64)[:, None]
    rate = torch.tensor(np.repeat(etas, len(alphas)))[:, None]
    X, Z = (torch.tensor(points.reshape(-1, 3)) for points in (job.training, job.held_out))
    y = label(X)
    with torch.no_grad():
        start, start_out = mlp(theta, X), mlp(theta, Z)
    recorded, wanted = [], {int(step) for step in steps}
    for step in range(int(steps[-1]) + 1):
        if step in wanted:
            with torch.no_grad():
                recorded.append((start_out + alpha * (mlp(theta, Z) - start_out)).numpy())
        values = start + alpha * (mlp(theta, X) - start)
        loss = (((values - y) ** 2).mean(dim=1, keepdim=True) / (2 * alpha**2)).sum()
        (slope,) = torch.autograd.grad(loss, theta)
        with torch.no_grad():
            theta -= rate * slope
        bar.update(step > 0)
    shape = (len(steps), len(job.networks), len(alphas), *job.held_out.shape[:-1])
    return np.moveaxis(np.array(recorded).reshape(shape), 0, 2)


def _measures(values: np.ndarray, points: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    error = np.sqrt(np.mean((values - label(points)) ** 2, axis=(-2, -1)))
    return {
        f"{prefix}asymmetry": orbit_asymmetry(values),
        f"{prefix}deviation": orbit_deviation(values),
        f"{prefix}error": error,
    }
