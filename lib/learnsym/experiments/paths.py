"""Figure 1 of Nordenfors et al. without dense gradients: what TRANS and ROT share.

Equivariant training and the law are exact. Nominal and augmented training are followed from
gradients at a few nodes, and the effect of the drift on the gradient once a node
(``learnsym.drift.paths``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.drift import paths
from learnsym.drift.paths import Moved, Trajectory
from learnsym.experiments.sweep import sweep
from learnsym.experiments.symmetric import Problem, Setting, on_device
from learnsym.networks.blocks import BlockMlp, Blocks
from learnsym.training.augmentation import draw
from learnsym.training.machine import threads
from learnsym.training.symmetric import Schedule, Task, train
from learnsym.training.tasks import check_law

Law = tuple[float, ...]
LAYERED = (
    "steps", "noise", "nominal", "augmented", "mean", "zeroth_nominal", "zeroth_augmented",
    "trained",
)  # fmt: skip
LARGE = 8  # channels from which a probe is the first epoch


@dataclass(frozen=True)
class PathSetting(Setting):
    """The fields of :class:`Setting` (``block`` has no use here), and those of the paths.

    ``stages``: the epochs are cut into that many parts of equal length. The gradients at the middle
    epoch of a part, a node, stand for all of it, and drifts are reported at its end. The first
    ``images`` samples serve for the response. ``early`` epochs of the first run have a node each.
    ``direct`` also trains all runs by the dense loop, and compares, with vectors off E in double
    precision.

    Raises
    ------
    ValueError
        As :class:`Setting`, or stages that do not divide the epochs, or an even number of them.
    """

    stages: int = 5
    images: int = 1_000
    early: int = 2
    direct: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.stages) is not int or self.stages < 1 or self.epochs % self.stages:
            raise ValueError(
                f"stages: expected a divisor of the {self.epochs} epochs, got {self.stages!r}"
            )
        if not self.stages % 2:
            raise ValueError(f"stages: expected an odd number, got {self.stages}")
        for name, most in (("images", self.samples), ("early", self.epochs)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name}: expected 1 to {most}, got {value!r}")

    @property
    def length(self) -> int:
        """Epochs of a stage."""
        return self.epochs // self.stages

    def nodes(self) -> list[int]:
        """Return the middle epochs of the stages."""
        return [n * self.length + self.length // 2 for n in range(self.stages)]


@dataclass(frozen=True)
class Job:
    """One run; ``laws`` of draws beside the uniform one, and which of them are ``sampled``."""

    problem: Callable[[Setting], Problem]
    setting: PathSetting
    laws: Mapping[str, Law]
    sampled: Sequence[str]
    seed: int


def outcome(
    problem: Callable[[Setting], Problem],
    setting: PathSetting,
    laws: Mapping[str, Law],
    sampled: Sequence[str] = (),
    progress: bool = True,
    description: str = "",
) -> dict[str, np.ndarray]:
    """Follow all runs, one job each; runs that a limit of time leaves out are absent.

    Parameters
    ----------
    problem
        A function of a module that builds the problem of a setting.
    laws
        By name, probabilities of ``group.elements()`` for draws that are not uniform.
    sampled
        Those of ``laws`` whose draws are followed, beside their mean step.

    Returns
    -------
    dict
        ``seeds`` (runs,) of the runs that are there. Of equivariant training ``steps`` (epochs + 1,
        runs, layers), ``|A - A^0|`` by layer; ``noise`` (epochs, runs, layers), ``S_K``; ``loss``
        (epochs, runs); ``final_loss`` and ``accuracy`` (runs,). At the ends of the stages the drift
        by layer: ``nominal`` (stages, runs, layers) and ``augmented`` (1 + sampled, stages, runs,
        layers) from the draws of ``training``; ``zeroth_nominal`` and ``zeroth_augmented`` are the
        same without response, and ``mean`` (laws, stages, runs, layers) of the mean step under a
        law. ``coarse`` (runs,): distance of the last ``zeroth_nominal`` with three nodes and
        quadratic interpolation, over its norm. ``early_nominal`` and ``early_augmented`` (early,
        layers): the first run, a node an epoch, no response. With ``direct`` also ``error`` and
        ``zeroth_error`` (2, runs), nominal and uniformly augmented: distance of the vector at the
        end from that of dense training, over its norm; and ``trained`` (2, epochs + 1, runs,
        layers), the drift of dense training by layer.

    Raises
    ------
    ValueError
        As ``learnsym.networks.blocks`` and ``learnsym.drift.paths``, or a law that is not there or
        does not fit the group.
    """
    if unknown := set(sampled) - laws.keys():
        raise ValueError(f"sampled: expected some of {tuple(laws)}, got {sorted(unknown)}")
    jobs = {
        f"{description} seed {seed}": Job(problem, setting, laws, sampled, seed)
        for seed in setting.seeds()
    }
    done = sweep(run_job, jobs, setting.workers, progress, description, partial=True)
    found = list(done.values())
    only_first = {name: array for name, array in found[0].items() if name.startswith("early")}
    found[0] = {name: array for name, array in found[0].items() if name not in only_first}
    joined = {
        name: np.concatenate([one[name] for one in found], axis=-2 if name in LAYERED else -1)
        for name in found[0]
    }
    return joined | only_first


def first_part(
    problem: Callable[[Setting], Problem], setting: PathSetting, laws: Mapping[str, Law]
) -> dict[str, np.ndarray]:
    """Recompute the first run, of large networks its first epoch: a part of :func:`outcome`."""
    if setting.channels < LARGE:
        one = replace(setting, runs=1, workers=1)
        return outcome(problem, one, laws, progress=False, description="probe")
    with threads(setting.threads):
        task = on_device(problem(setting), setting.device).task
        net = BlockMlp(task.network, setting.device)
        short = replace(setting.schedule(), epochs=1)
        path = paths.follow(net, task, start(net, setting, setting.seeds()[0]), short)
    return _one_run({"steps": path.steps, "noise": path.noise, "loss": path.loss})


def run_job(job: Job) -> dict[str, np.ndarray]:
    """Follow one run; arrays as :func:`outcome`, with an axis for one run."""
    setting = job.setting
    with threads(setting.threads):
        problem = on_device(job.problem(setting), setting.device)
        precision = torch.float64 if setting.direct else torch.float32
        net = BlockMlp(problem.task.network, setting.device, precision)
        first = start(net, setting, job.seed)
        nodes = setting.nodes()
        path = paths.follow(net, problem.task, first, setting.schedule(), nodes)
        arrays = {"steps": path.steps, "noise": path.noise, "loss": path.loss}
        arrays |= _learned(net, problem, path.last)
        arrays |= nominal(net, problem.task, path, setting, job.laws.values())
        sampled = [None, *(job.laws[name] for name in job.sampled)]
        ways = [augmented(net, problem.task, path, setting, law, job.seed) for law in sampled]
        arrays |= {name: np.stack([way[name] for way in ways]) for name in ways[0]}
        arrays = _one_run(arrays) | {"seeds": np.array([job.seed])}
        if setting.direct:
            arrays |= errors(net, problem.task, path, job)
        if job.seed == setting.seeds()[0]:
            arrays |= early(net, problem.task, first, setting, job.seed)
    return arrays


def start(net: BlockMlp, setting: Setting, seed: int) -> Blocks:
    """Return the blocks of the weights of ``experiments.symmetric.start`` for one seed."""
    weights = [A[0].to(setting.device) for A in net.network.gaussian([seed])]
    if setting.start == "fan in":
        weights = [A / np.sqrt(A.shape[-1]) for A in weights]
    return net.project(weights)


def walk(
    net: BlockMlp, part: Task, path: Trajectory, setting: PathSetting,
    step: Callable[[int, Blocks], Moved], whole: bool,
) -> Iterator[tuple[Moved, Moved]]:  # fmt: skip
    """Yield the drift after each stage, with response and without.

    ``step`` gives from the number of a stage and the weights at its node what the stage adds if
    there is no drift. The gradient of ``part`` tells what the drift in the middle of it changes:
    the ``whole`` change, or that along the drift, where the drift is a random walk and most of the
    change sampling noise.
    """
    y, plain = paths.zeros(net), paths.zeros(net)
    before = (setting.length - 1) / (2 * setting.length)  # on average, of what a stage adds
    for stage, node in enumerate(setting.nodes()):
        added = step(stage, path.nodes[node])
        _add(plain, added, 1.0)
        _add(y, added, before)
        change = paths.response(net, part, path.nodes[node], y)
        if not whole:
            size = paths.inner(net, y, y)
            ratio = paths.inner(net, change, y) / size if size else 0.0
            change = [ratio * Y for Y in y]
        _add(y, change, -setting.rate * setting.length)
        _add(y, added, 1 - before)
        del added, change
        yield y, plain


def nominal(
    net: BlockMlp, task: Task, path: Trajectory, setting: PathSetting, laws: Iterable[Law]
) -> dict[str, np.ndarray]:
    """Follow training on the data as they are: ``nominal``, ``mean`` and ``coarse``."""
    coarse, weights, rows = paths.zeros(net), _quadratic(setting), []
    laws = list(laws)
    for law in laws:
        check_law(law, net.network.group)
    means = [net.characters.table @ np.array(law) for law in laws]

    plain_step = _plain_step(net, task, setting)

    def step(stage: int, x: Blocks) -> Moved:
        added = plain_step(stage, x)
        _add(coarse, added, weights.get(stage, 0.0) / setting.length)
        return added

    for y, plain in walk(net, _first(task, setting), path, setting, step, whole=True):
        moved = [paths.norms(net, paths.multiplied(net, plain, mean)) for mean in means]
        rows.append([paths.norms(net, y), paths.norms(net, plain), *moved])
    _add(coarse, plain, -1.0)
    found = np.array(rows).swapaxes(0, 1)
    gap = np.sqrt(paths.inner(net, coarse, coarse) / paths.inner(net, plain, plain))
    return {
        "nominal": found[0], "zeroth_nominal": found[1], "mean": found[2:], "coarse": np.array(gap),
    }  # fmt: skip


def augmented(
    net: BlockMlp, task: Task, path: Trajectory, setting: PathSetting, law: Law | None, seed: int
) -> dict[str, np.ndarray]:
    """Follow sampled augmentation: ``augmented`` and ``zeroth_augmented``."""
    part = moved_samples(task, setting.images, law, seed)
    step = _sampled_step(net, task, setting, law, seed)
    rows = [
        [paths.norms(net, vector) for vector in both]
        for both in walk(net, part, path, setting, step, whole=law is not None)
    ]
    return dict(zip(["augmented", "zeroth_augmented"], np.array(rows).swapaxes(0, 1), strict=True))


def _plain_step(net: BlockMlp, task: Task, setting: PathSetting) -> Callable[[int, Blocks], Moved]:
    def step(stage: int, x: Blocks) -> Moved:
        added, factor = paths.zeros(net), -setting.rate * setting.length
        paths.add_moved(net, task, x, [added], [factor], setting.batch)
        return added

    return step


def _sampled_step(
    net: BlockMlp, task: Task, setting: PathSetting, law: Law | None, seed: int
) -> Callable[[int, Blocks], Moved]:
    schedule, rng = setting.schedule(law), np.random.default_rng([seed, 1])

    def step(stage: int, x: Blocks) -> Moved:
        added = paths.zeros(net)
        draws = sum(_drawn(net, task, schedule, rng) for _ in range(setting.length))
        paths.add_moved(net, task, x, [added], [-setting.rate * draws], setting.batch)
        return added

    return step


def early(
    net: BlockMlp, task: Task, first: Blocks, setting: PathSetting, seed: int
) -> dict[str, np.ndarray]:
    """Follow the first epochs with a node each: ``early_nominal`` and ``early_augmented``."""
    schedule, rng = setting.schedule(), np.random.default_rng([seed, 1])
    short = replace(schedule, epochs=setting.early)
    path = paths.follow(net, task, first, short, range(setting.early))
    ys, rows = [paths.zeros(net) for _ in range(2)], []
    for x in path.nodes.values():
        factors = [-setting.rate, -setting.rate * _drawn(net, task, schedule, rng)]
        paths.add_moved(net, task, x, ys, factors, setting.batch)
        rows.append([paths.norms(net, y) for y in ys])
    names = ["early_nominal", "early_augmented"]
    return dict(zip(names, np.array(rows).swapaxes(0, 1), strict=True))


def errors(net: BlockMlp, task: Task, path: Trajectory, job: Job) -> dict[str, np.ndarray]:
    """Train densely too: ``error`` and ``zeroth_error``, (2, 1), and ``trained``."""
    setting, found, trained = job.setting, [], []
    weights = [A[None] for A in net.weights(start(net, setting, job.seed))]
    moved = moved_samples(task, setting.images, None, job.seed)
    ways = {
        "nominal": (_first(task, setting), _plain_step(net, task, setting), True),
        "augmented": (moved, _sampled_step(net, task, setting, None, job.seed), False),
    }
    for mode, (images, step, whole) in ways.items():
        last, record = train(task, weights, mode, setting.schedule(), [job.seed])
        trained.append(record.layers)
        true = paths.across(net, [A[0] for A in last])
        *_, ends = walk(net, images, path, setting, step, whole)
        size = paths.inner(net, true, true)
        for vector in ends:
            _add(vector, true, -1.0)
        found.append([np.sqrt(paths.inner(net, vector, vector) / size) for vector in ends])
    distances = dict(zip(["error", "zeroth_error"], np.array(found).T[:, :, None], strict=True))
    return distances | {"trained": np.stack(trained)}


def _first(task: Task, setting: PathSetting) -> Task:
    """Return the task on the samples that serve for the response."""
    return replace(task, x=task.x[: setting.images], y=task.y[: setting.images])


def moved_samples(task: Task, count: int, law: Law | None, seed: int) -> Task:
    """Return the task on its first samples, each moved by an element drawn for it alone."""
    elements = draw(task.network.group, law, np.random.default_rng([seed, 3]), count)
    some = replace(task, x=task.x[:count], y=task.y[:count])
    x, y = some.moved_each(elements)
    return replace(task, x=x, y=y)


def _drawn(net: BlockMlp, task: Task, schedule: Schedule, rng: np.random.Generator) -> np.ndarray:
    return paths.drawn(net.characters, schedule, rng, len(task.x) // schedule.batch)


def _quadratic(setting: PathSetting) -> dict[int, float]:
    """Return the weights of the first, middle and last stage that integrate a parabola."""
    stages = sorted({0, setting.stages // 2, setting.stages - 1})
    nodes = np.array(setting.nodes())[stages]
    powers = np.arange(len(stages))
    sums = (np.arange(setting.epochs)[:, None] ** powers).sum(axis=0)
    return dict(zip(stages, np.linalg.solve(nodes ** powers[:, None], sums), strict=True))


def _add(total: Moved, vector: Moved, scale: float) -> None:
    for Y, Z in zip(total, vector, strict=True):
        Y.add_(Z, alpha=scale)


@torch.no_grad()
def _learned(net: BlockMlp, problem: Problem, blocks: Blocks) -> dict[str, np.ndarray]:
    """Return loss and accuracy on the plain data."""
    task, parts = problem.task, []
    for x, y in zip(task.x.split(paths.ROWS), task.y.split(paths.ROWS), strict=True):
        outputs, _ = net.forward(blocks, x)
        parts.append((task.loss(outputs, y).mean(), problem.correct(outputs[None], y)[0], len(x)))
    loss, right, counts = zip(*parts, strict=True)
    return {
        name: np.array(np.average([float(value) for value in values], weights=counts))
        for name, values in (("final_loss", loss), ("accuracy", right))
    }


def _one_run(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give every array its axis of runs, before layers or last."""
    return {
        name: np.expand_dims(array, -2 if name in LAYERED else -1) for name, array in arrays.items()
    }
