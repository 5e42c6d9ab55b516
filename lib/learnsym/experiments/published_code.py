"""What the differences between the text and the public code of Nordenfors et al. change.

Every function does what the public code does, or measures its effect, on networks of this library.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.data.shapes import inside_polygons
from learnsym.drift.law import noise
from learnsym.experiments import perm, rot, trans
from learnsym.experiments.symmetric import Setting, outcome, start
from learnsym.networks.losses import cross_entropy
from learnsym.networks.mlp import SymmetricMlp, Weights, norms
from learnsym.training.symmetric import Schedule, Task, gradient, train

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 8.0, "book": 30.0}
TASKS = {"PERM": perm, "TRANS": trans, "ROT": rot}
RATES = (5e-5, 1e-5)
RADII, SHIFT = (0.7, 0.8), 0.5  # in units of half a side
CORNERS = (3, 5)


@dataclass(frozen=True)
class Config(Setting):
    """The fields of :class:`Setting`; sizes of the three tasks in small.

    ``nodes`` and ``widths`` of PERM, ``digits`` and ``shapes`` the sides of TRANS and ROT,
    ``width`` of the invariant layer of TRANS.
    """

    nodes: int = 6
    widths: tuple[int, int] = (16, 8)
    digits: int = 7
    width: int = 16
    shapes: int = 6

    def tasks(self) -> dict[str, Setting]:
        """Return the configurations of the three tasks."""
        shared = {name: getattr(self, name) for name in Setting.__dataclass_fields__}
        return {
            "PERM": perm.Config(**shared, nodes=self.nodes, widths=self.widths),
            "TRANS": trans.Config(**shared, side=self.digits, width=self.width),
            "ROT": rot.Config(**shared, side=self.shapes),
        }


SCALES = {
    "smoke": Config(
        samples=24, channels=2, batch=8, runs=3, epochs=2, passes=5, block=3, workers=1
    ),
    "book": Config(samples=40, channels=4, batch=8, runs=6, epochs=5, passes=5, block=6, workers=1),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Measure all effects.

    Returns
    -------
    dict
        Factors by which the drift of the first step changes, nominal and augmented: ``start`` and
        ``offset`` (TASKS, 2), ``softmax``, ``upright`` (2,), ``single``, as in :class:`Effects`;
        ``rates`` (2,), last drift at the first of :data:`RATES` over that at the second; the
        fields of :class:`Equivariant` with ``equi_`` in front, (runs,).
    """
    del progress
    tasks = config.tasks()
    found = effects(tasks)
    equi = equivariant_step(tasks["PERM"])
    return {
        **first_factors(found),
        "rates": rate_factors(tasks["PERM"], RATES),
        **{f"equi_{name}": value for name, value in vars(equi).items()},
    }


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the factors of the first step."""
    return first_factors(effects(config.tasks()))


def first_factors(found: "Effects") -> dict[str, np.ndarray]:
    """Return effects on the first step as arrays, tasks in the order of :data:`TASKS`."""
    by_task = {
        name: np.array([getattr(found, name)[task] for task in TASKS])
        for name in ("start", "offset")
    }
    return {
        **by_task,
        "softmax": found.softmax,
        "upright": found.upright,
        "single": np.array(found.single),
    }


def upright_shapes(config: rot.Config) -> Task:
    """Return the task ROT with shapes of one orientation, as the public code draws them.

    The first corner points to the right; radius and position are uniform.
    """
    task, rng = rot.problem(config).task, np.random.default_rng([config.seed, 3])
    half, count = config.side / 2, config.samples
    label = rng.integers(len(CORNERS), size=count)
    radius = half * rng.uniform(*RADII, size=count)
    centre = half * (1 + rng.uniform(-SHIFT, SHIFT, size=(2, count)))
    corners = np.take(CORNERS, label)
    points = np.arange(config.side) + 0.5
    inside = inside_polygons(corners, radius, centre, np.pi / corners, points)
    masks = np.zeros((count, len(CORNERS), config.side, config.side))
    masks[np.arange(count), label] = inside
    x = torch.as_tensor(inside.reshape(count, -1).astype(np.float64) - config.offset)
    return replace(task, x=x, y=torch.as_tensor(masks.reshape(count, -1)))


def public_start(network: SymmetricMlp, seeds: Sequence[int], per_output: bool = False) -> Weights:
    """Return initial weights scaled as in the public code, projected onto E.

    With ``n`` pixels a side or nodes, Gaussian entries are divided by ``n sqrt(c_in)`` between
    channels (also by ``sqrt(c_out)`` if ``per_output``, as in PERM); the layer to ``m`` invariants
    is constant on every channel with standard deviation ``1 / sqrt(m)``; later ones are multiplied
    by ``n / m_in``.
    """
    size = np.sqrt(network.spaces[0].rho.dimension)
    scaled = []
    for A, (a, b) in zip(network.gaussian(seeds), itertools.pairwise(network.spaces), strict=True):
        if b.rho.dimension > 1:
            scaled.append(A / (size * np.sqrt(a.channels * (b.channels if per_output else 1))))
        elif a.rho.dimension > 1:
            first = A.unflatten(-1, (a.channels, a.rho.dimension))[..., :1]
            constant = first.expand(*first.shape[:-1], a.rho.dimension)
            scaled.append(constant.flatten(-2) / np.sqrt(b.channels))
        else:
            scaled.append(A * size / a.channels)
    return network.project(scaled)


def softmax_twice(outputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy that takes probabilities for logits, ``(..., N)``."""
    return cross_entropy(torch.softmax(outputs, dim=-1), classes)


def public_equivariant(task: Task, weights: Weights, schedule: Schedule) -> Weights:
    """Train as the public code's EQUI does.

    Gradients are projected but for the last layer on which the group acts: there the weights are
    projected before the step, which then takes the whole gradient.
    """
    last = acting_layers(task.network)[-1]
    current = [A.clone() for A in weights]
    for _ in range(schedule.epochs):
        slope, _ = gradient(task, current, "nominal", schedule, [])
        projected = task.network.project(slope)
        projected[last] = slope[last]
        current[last] = task.network.project(current)[last]
        current = [A - schedule.rate * s for A, s in zip(current, projected, strict=True)]
    return current


def acting_layers(network: SymmetricMlp) -> list[int]:
    """Return the numbers of the layers with an end on which the group acts."""
    ends = itertools.pairwise(space.rho.dimension for space in network.spaces)
    return [number for number, dimensions in enumerate(ends) if max(dimensions) > 1]


def first_steps(task: Task, weights: Weights, batch: int) -> np.ndarray:
    """Return drift of one step at rate 1: nominal, and root mean square augmented by mini-batches.

    Shape ``(3, runs)``; the third row is augmented with a draw for each sample.
    """
    samples = len(task.x)
    squares, mean = noise(task, weights, [samples // batch, samples])
    return np.stack([norms(mean).numpy(), *np.sqrt(squares)])


@dataclass(frozen=True)
class Effects:
    """Factors by which the drift of the first step changes, means over runs, (nominal, augmented).

    By task: ``start`` with weights scaled as in the public code, ``offset`` with inputs less 0.5;
    ``softmax`` for TRANS, ``upright`` for ROT, ``single``, for augmented training of PERM with
    a draw for every sample.
    """

    start: dict[str, np.ndarray]
    offset: dict[str, np.ndarray]
    softmax: np.ndarray
    upright: np.ndarray
    single: float


def effects(configs: dict[str, Setting]) -> Effects:
    """Measure on small tasks; ``configs`` by the names of :data:`TASKS`.

    Each factor changes one thing and leaves all others as the paper's text has them, but ROT starts
    from weights scaled by fan-in where the start is not the subject: at standard weights nearly
    all its outputs are saturated.
    """
    found, tasks, weights = {"start": {}, "offset": {}}, {}, {}
    for name, config in configs.items():
        task, seeds = TASKS[name].problem(config).task, config.seeds()
        tasks[name] = task
        plain = start(task.network, replace(config, start="standard"), seeds)
        scaled = public_start(task.network, seeds, per_output=name == "PERM")
        weights[name] = scaled if name == "ROT" else plain
        found["start"][name] = _factor(task, task, scaled, plain, config)
        moved = replace(task, x=task.x - 0.5)
        found["offset"][name] = _factor(moved, task, weights[name], weights[name], config)
    twice = replace(tasks["TRANS"], loss=softmax_twice)
    pair = weights["TRANS"], weights["TRANS"]
    found["softmax"] = _factor(twice, tasks["TRANS"], *pair, configs["TRANS"])
    upright, pair = upright_shapes(configs["ROT"]), (weights["ROT"], weights["ROT"])
    found["upright"] = _factor(upright, tasks["ROT"], *pair, configs["ROT"])
    rows = first_steps(tasks["PERM"], weights["PERM"], configs["PERM"].batch)
    found["single"] = float(np.mean(rows[2] / rows[1]))
    return Effects(**found)


def _factor(
    other: Task, task: Task, changed: Weights, weights: Weights, config: Setting
) -> np.ndarray:
    """Return the change of the first two rows of :func:`first_steps`, mean over runs."""
    rows = [first_steps(*one, config.batch)[:2] for one in ((other, changed), (task, weights))]
    return np.mean(rows[0] / rows[1], axis=-1)


@dataclass(frozen=True)
class Equivariant:
    """The EQUI step of the public code, by run: drifts after the last epoch.

    ``drift`` of that EQUI; ``step``, the rate times the last acting layer's gradient off E, at the
    weights before; ``augmented`` and ``nominal`` drift; ``apart``, the distance of its part in E
    from the paper's EQUI over the distance covered.
    """

    drift: np.ndarray
    step: np.ndarray
    augmented: np.ndarray
    nominal: np.ndarray
    apart: np.ndarray


def equivariant_step(config: perm.Config) -> Equivariant:
    """Train PERM with the EQUI of the public code and compare with the paper's ways to train."""
    task, schedule = perm.problem(config).task, config.schedule()
    begin = start(task.network, config, config.seeds())
    final = public_equivariant(task, begin, schedule)
    before = begin
    if config.epochs > 1:
        before = public_equivariant(task, begin, replace(schedule, epochs=config.epochs - 1))
    slope, _ = gradient(task, before, "nominal", schedule, [])
    last = acting_layers(task.network)[-1]
    step = config.rate * norms([task.network.complement(slope)[last]])
    clean, _ = train(task, begin, "equivariant", schedule, config.seeds())
    gap = [A - B for A, B in zip(task.network.project(final), clean, strict=True)]
    covered = [A - B for A, B in zip(clean, begin, strict=True)]
    arrays = outcome(
        perm.problem, config, ("nominal", "augmented"), progress=False, description="text"
    )
    return Equivariant(
        norms(task.network.complement(final)).numpy(),
        step.numpy(),
        arrays["drift"][1, -1],
        arrays["drift"][0, -1],
        (norms(gap) / norms(covered)).numpy(),
    )


def rate_factors(config: perm.Config, rates: tuple[float, float]) -> np.ndarray:
    """Return last drift at the first rate over that at the second, (nominal, augmented)."""
    ends = []
    for rate in rates:
        one = replace(config, rate=rate)
        arrays = outcome(
            perm.problem,
            one,
            ("nominal", "augmented"),
            progress=False,
            description=f"rate {rate:.0e}",
        )
        ends.append(arrays["drift"][:, -1].mean(axis=-1))
    return ends[0] / ends[1]
