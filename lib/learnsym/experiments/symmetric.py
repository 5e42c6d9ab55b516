"""What the experiments PERM, TRANS, ROT and ``which_group`` share (Nordenfors et al., section 5).

Weights start at Gaussian matrices projected onto the equivariant layers E. Every mode trains from
the same weights; the epochs record how far they came and how far they left E.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from tqdm import tqdm

from learnsym.experiments.sweep import sweep
from learnsym.networks.mlp import SymmetricMlp, Weights
from learnsym.training.machine import keep_freed_memory, threads
from learnsym.training.symmetric import MODES, Forecast, Schedule, Task, train

STARTS = ("standard", "fan in")
DEVICES = ("cpu", "cuda")
PER_SEED = 1_000
ROWS = 1_000  # samples at a time: large matrix products that fit into memory


@dataclass(frozen=True)
class Setting:
    """Sizes and hyperparameters; the defaults are those of the paper.

    ``samples``; ``channels`` of the hidden layers; ``batch``; ``runs`` of ``epochs`` at ``rate``;
    ``passes`` of sampled augmentation; ``start``: entries of the Gaussian matrices have standard
    deviation 1 ("standard", as the paper's text says) or one over the root of the number of inputs
    ("fan in"), before they are projected; ``offset`` is subtracted from all inputs; ``block`` runs
    train as one ensemble and are one job; ``workers`` processes with ``threads`` threads each;
    ``device``; ``seed`` of the data and of all runs.

    Raises
    ------
    ValueError
        An unknown start or device, or a number out of range. That there is no CUDA device is said
        when training starts, so that results of other machines can be read here.
    """

    samples: int
    channels: int = 32
    batch: int = 25
    runs: int = 30
    epochs: int = 50
    passes: int = 25
    rate: float = 5e-5
    start: str = "standard"
    offset: float = 0.0
    block: int = 1
    workers: int = 2
    threads: int = 1
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("samples", "channels", "runs", "block", "workers", "threads"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name}: expected an integer >= 1, got {value!r}")
        for name, known in (("start", STARTS), ("device", DEVICES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: expected one of {known}, got {getattr(self, name)!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise ValueError(f"seed: expected an integer >= 0, got {self.seed!r}")
        if not np.isfinite(self.offset):
            raise ValueError(f"offset: expected a finite number, got {self.offset!r}")
        self.schedule()
        if self.samples % self.batch:
            raise ValueError(f"batch: expected a divisor of {self.samples}, got {self.batch}")

    def schedule(self, law: tuple[float, ...] | None = None) -> Schedule:
        """Return how to train, with a law of draws; ValueError for numbers out of range."""
        return Schedule(self.rate, self.epochs, self.batch, self.passes, law=law)

    def seeds(self) -> list[int]:
        """Return the seeds of the runs."""
        return list(range(PER_SEED * self.seed, PER_SEED * self.seed + self.runs))


@dataclass(frozen=True)
class Problem:
    """A task and ``correct``, which tells from outputs and targets the share that is right.

    ``correct`` maps ``(runs, N, out)`` and targets to ``(runs,)``.
    """

    task: Task
    correct: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Job:
    """The training of some runs in one mode; ``law`` of the draws, ``laws`` to predict."""

    problem: Callable[[Setting], Problem]
    setting: Setting
    mode: str
    seeds: tuple[int, ...]
    law: tuple[float, ...] | None = None
    laws: tuple[tuple[float, ...], ...] = ()
    bar: str = ""


@dataclass(frozen=True)
class Case:
    """What :func:`outcomes` trains: a problem, the ways to train, and laws of draws by name."""

    problem: Callable[[Setting], Problem]
    modes: Sequence[str]
    laws: dict[str, tuple[float, ...]] = field(default_factory=dict)


def outcome(
    problem: Callable[[Setting], Problem],
    setting: Setting,
    modes: Sequence[str],
    laws: dict[str, tuple[float, ...]] | None = None,
    progress: bool = True,
    description: str = "",
) -> dict[str, np.ndarray]:
    """Train all runs in all modes; jobs are kept as in ``learnsym.experiments.sweep``.

    Parameters
    ----------
    problem
        A function of a module that builds the problem of a setting.
    modes
        Some of :data:`MODES` and of the names of ``laws``.
    laws
        By name, probabilities of ``group.elements()`` for a mode of sampled augmentation.
    description
        Names the jobs that are kept, so it differs between the calls of one experiment.

    Returns
    -------
    dict
        ``distance`` and ``drift`` (modes, epochs + 1, runs), ``|A - A^0|`` and ``|A_perp|``;
        ``steps`` and ``layers`` the same by layer, (modes, epochs + 1, runs, layers); ``loss``
        (modes, epochs, runs), of the data that an epoch saw; ``final_loss`` and ``accuracy``
        (modes, runs) on plain data after the last epoch. Along the equivariant trajectory:
        ``noise`` (epochs, runs), ``(1 / K^2) sum_b |Pi_perp grad R_b|^2``, and ``systematic``
        (1 + laws, epochs + 1, runs), the predicted drift of nominal training and of the mean step
        under each law.

    Raises
    ------
    ValueError
        An unknown mode, or a loss that is no longer finite; nothing is returned then.
    RuntimeError
        Workers died; the message names modes and seeds.
    """
    case = Case(problem, modes, laws or {})
    return outcomes({description: case}, setting, progress, description)[description]


def outcomes(
    cases: dict[str, Case], setting: Setting, progress: bool = True, description: str = ""
) -> dict[str, dict[str, np.ndarray]]:
    """Train all cases as :func:`outcome` does, by name, with all their jobs at work together."""
    bar = description if progress and setting.workers == 1 else ""
    jobs = {name: _jobs(name, case, setting, bar) for name, case in cases.items()}
    together = {name: job for of_case in jobs.values() for name, job in of_case.items()}
    found = sweep(run_job, together, setting.workers, progress, description)
    return {name: _gathered(case.modes, jobs[name], found) for name, case in cases.items()}


def _jobs(description: str, case: Case, setting: Setting, bar: str) -> dict[str, Job]:
    """Return the jobs of a case by name."""
    laws, modes, seeds = case.laws, case.modes, setting.seeds()
    if not modes or not set(modes) <= {*MODES, *laws}:
        raise ValueError(f"modes: expected some of {(*MODES, *laws)}, got {tuple(modes)}")
    blocks = [tuple(seeds[n : n + setting.block]) for n in range(0, len(seeds), setting.block)]
    jobs = {}
    # the longest first: those that sample
    for mode in sorted(modes, key=lambda mode: mode in ("nominal", "equivariant")):
        for block in blocks:
            job = Job(case.problem, setting, mode, block, laws.get(mode), bar=bar)
            if mode == "equivariant":
                job = replace(job, laws=tuple(laws.values()))
            jobs[f"{description} {_name(job)}"] = job
    return jobs


def _gathered(
    modes: Sequence[str], jobs: dict[str, Job], found: dict[str, dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Return the arrays of :func:`outcome` from those of its jobs."""
    by_mode = {
        mode: _joined([found[name] for name, job in jobs.items() if job.mode == mode])
        for mode in modes
    }
    only = by_mode.get("equivariant", {})
    arrays = {name: only[name] for name in ("noise", "systematic") if name in only}
    for name in by_mode[modes[0]]:
        if name not in ("noise", "systematic"):
            arrays[name] = np.stack([by_mode[mode][name] for mode in modes])
    return arrays


def run_job(job: Job) -> dict[str, np.ndarray]:
    """Train the runs of a job; arrays as :func:`outcome`, without the axis of modes."""
    keep_freed_memory()
    with threads(job.setting.threads):
        problem = on_device(job.problem(job.setting), job.setting.device)
        task = problem.task
        weights = start(task.network, job.setting, job.seeds)
        sampled = job.law is not None
        mode = "augmented" if sampled else job.mode
        forecast = Forecast(job.laws) if mode == "equivariant" else None
        shown = f"{job.bar} {job.mode}"
        with tqdm(total=job.setting.epochs, desc=shown, disable=not job.bar, leave=False) as bar:
            schedule = job.setting.schedule(job.law)
            last, record = train(task, weights, mode, schedule, job.seeds, bar, forecast)
        arrays = {**vars(record), **_final(problem, last)}
        if forecast is not None:
            arrays["noise"] = np.array(forecast.noise)
            arrays["systematic"] = np.array(forecast.systematic).transpose(1, 0, 2)
    return arrays


def first_epoch(
    problem: Callable[[Setting], Problem],
    setting: Setting,
    modes: Sequence[str],
    laws: dict[str, tuple[float, ...]] | None = None,
) -> dict[str, np.ndarray]:
    """Recompute one epoch of the first run: the leading part of what :func:`outcome` returns."""
    short = replace(setting, runs=1, epochs=1, workers=1)
    arrays = outcome(problem, short, modes, laws, progress=False)
    return {name: arrays[name] for name in arrays if name not in ("final_loss", "accuracy")}


@torch.no_grad()
def first_loss(problem: Callable[[Setting], Problem], setting: Setting) -> dict[str, np.ndarray]:
    """Recompute the first loss of nominal training: for networks whose first epoch takes a minute.

    The leading entry of ``loss`` of :func:`outcome`, shape (1, 1, 1).
    """
    with threads(setting.threads):
        task = on_device(problem(setting), setting.device).task
        weights = start(task.network, setting, setting.seeds()[:1])
        parts = zip(task.x.split(ROWS), task.y.split(ROWS), strict=True)
        losses = [task.loss(task.network.forward(weights, x), y)[0] for x, y in parts]
    return {"loss": torch.cat(losses).mean().numpy(force=True).reshape(1, 1, 1)}


def start(network: SymmetricMlp, setting: Setting, seeds: Sequence[int]) -> Weights:
    """Return Gaussian weights projected onto the equivariant layers, one run a seed."""
    weights = network.gaussian(seeds)
    if setting.start == "fan in":
        weights = [A / np.sqrt(A.shape[-1]) for A in weights]
    return [A.to(setting.device) for A in network.project(weights)]


@torch.no_grad()
def _final(problem: Problem, weights: Weights) -> dict[str, np.ndarray]:
    """Return loss and accuracy on the plain data, run by run."""
    task, rows = problem.task, []
    for run in range(len(weights[0])):
        outputs = task.network.forward([A[run : run + 1] for A in weights], task.x)
        rows.append((task.loss(outputs, task.y).mean(-1), problem.correct(outputs, task.y)))
    loss, accuracy = (torch.cat(column).numpy(force=True) for column in zip(*rows, strict=True))
    return {"final_loss": loss, "accuracy": accuracy}


def on_device(problem: Problem, device: str) -> Problem:
    """Return the problem with its data on a device; ValueError where there is no such device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device: expected 'cpu', as there is no CUDA device, got 'cuda'")
    task = problem.task
    return replace(problem, task=replace(task, x=task.x.to(device), y=task.y.to(device)))


def _name(job: Job) -> str:
    first, last = job.seeds[0], job.seeds[-1]
    seeds = f"seed {first}" if first == last else f"seeds {first}-{last}"
    return f"{job.mode} {seeds}"


def _joined(blocks: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join blocks of runs along the axis of the runs."""
    axis = {"steps": -2, "layers": -2}
    return {
        name: np.concatenate([block[name] for block in blocks], axis=axis.get(name, -1))
        for name in blocks[0]
    }
