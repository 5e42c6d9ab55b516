"""Jobs that take long, on Dask: finished jobs are kept, a killed worker costs its job's time only.

``learnsym.results`` decides where finished jobs are kept: it runs an experiment inside
:func:`keeping`. Elsewhere nothing is kept.
"""

import contextlib
import io
import logging
import os
import platform
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from tqdm import tqdm

from learnsym.paths import write_atomically

try:
    import resource
except ImportError:  # not on Windows
    resource = None

if TYPE_CHECKING:
    from distributed import Client

Job = TypeVar("Job")
Arrays = dict[str, np.ndarray]
SECONDS, PEAK, MACHINE = "seconds_so_far", "peak_memory", "machine"  # in the file of a job too
FAILURES = 2  # how often a worker of this machine may die in one job before the last try


@dataclass(frozen=True)
class Measured:
    """What a function returned, its peak of resident memory in MiB, and the name of the machine."""

    outcome: object
    peak: float | None
    machine: str


@dataclass
class Keep:
    """A folder for finished jobs, and what became known of them.

    ``guard`` is called on a worker before a job. ``earlier`` is the time in seconds that
    interrupted runs spent before, as far as finished jobs tell; ``peak`` the largest memory of a
    job in MiB; ``machines`` the names of those that did the jobs; ``used`` the names of all jobs of
    this run; ``left`` how many of them a limit of time has left for another run.
    """

    folder: Path | None = None
    guard: Callable[[], None] | None = None
    earlier: float = 0.0
    peak: float | None = None
    machines: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    left: int = 0
    _started: float = field(default_factory=time.perf_counter)

    def is_late(self) -> bool:
        """Whether the hours that ``LEARNSYM_HOURS`` allows are over."""
        text = os.environ.get("LEARNSYM_HOURS") or "inf"
        try:
            hours = float(text)
        except ValueError:
            hours = 0.0
        if not hours > 0:
            raise ValueError(f"LEARNSYM_HOURS: expected a positive number, got {text!r}")
        return time.perf_counter() - self._started > 3600 * hours

    def path(self, name: str) -> Path:
        """Return the file of a job."""
        return self.folder / f"{name}.npz"

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a finished job, None where there are none or they are damaged."""
        if self.folder is None:
            return None
        try:
            with np.load(self.path(name), allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
            seconds, peak = float(arrays.pop(SECONDS)), float(arrays.pop(PEAK))
            machine = str(arrays.pop(MACHINE))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        self.earlier = max(self.earlier, seconds)
        self._note(peak or None, machine)
        return arrays

    def save(self, name: str, job: Measured) -> None:
        """Keep the arrays of a finished job; a file is there whole or not at all."""
        self._note(job.peak, job.machine)
        if self.folder is None:
            return
        spent = self.earlier + time.perf_counter() - self._started
        content = io.BytesIO()
        more = {SECONDS: spent, PEAK: job.peak or 0.0, MACHINE: job.machine}
        np.savez(content, **job.outcome, **more)
        try:
            write_atomically(self.path(name), content.getvalue())
        except OSError as error:
            print(f"finished jobs are not kept on disk ({error.strerror})", file=sys.stderr)
            self.folder = None

    def _note(self, peak: float | None, machine: str) -> None:
        self.peak = max(self.peak or 0, peak or 0) or None
        self.machines.add(machine)


_KEEP: ContextVar[Keep | None] = ContextVar("keep", default=None)


@contextlib.contextmanager
def keeping(folder: Path, guard: Callable[[], None] | None = None) -> Iterator[Keep]:
    """Keep finished jobs of everything that runs inside in a folder, and use those kept there."""
    keep = Keep(folder, guard)
    token = _KEEP.set(keep)
    try:
        yield keep
    finally:
        _KEEP.reset(token)


def sweep(
    function: Callable[[Job], Arrays],
    jobs: Mapping[str, Job],
    workers: int = 1,
    progress: bool = True,
    description: str | None = None,
    partial: bool = False,
) -> dict[str, Arrays]:
    """Return the arrays of every job by name, from the disk or computed.

    Jobs run on the Dask cluster whose scheduler ``DASK_SCHEDULER_ADDRESS`` names; else in this
    process with one worker, in processes of a ``LocalCluster`` with more. Where a worker dies, Dask
    starts its job again on another one; a job is given up at its third worker (of a cluster: as
    its setting ``distributed.scheduler.allowed-failures`` says). An error that ``function`` raises
    ends the sweep. A job brings its own seed, so that its arrays do not depend on where it runs.

    Where ``LEARNSYM_HOURS`` is set, no job begins after that time, and the next run goes on; a
    cluster has all jobs at once and does them all.

    Parameters
    ----------
    function
        A function of a module, called with one job; workers get it and the job pickled.
    jobs
        By name, in the order in which they start. Names become files.
    workers
        Number of processes at work on this machine, of one thread each for Dask.
    progress, description
        Whether to show a bar, and the text before it.
    partial
        Whether the caller can do with the jobs that were done in time, at least one.

    Raises
    ------
    ValueError
        ``function`` is not callable, ``workers`` no integer of at least 1, ``LEARNSYM_HOURS`` no
        positive number, no scheduler is reached, or a name cannot be a file or was there in an
        earlier call of the same run, whose arrays it would get.
    RuntimeError
        Workers died in the same job again and again, or the scheduler did, or time ran out. The
        message names the jobs; all others are done and kept.
    """
    if not callable(function):
        raise ValueError(f"function: expected a callable, got {function!r}")
    if type(workers) is not int or workers < 1:
        raise ValueError(f"workers: expected an integer >= 1, got {workers!r}")
    keep = _KEEP.get() or Keep()
    _claim(jobs, keep)
    known = {name: keep.load(name) for name in jobs}
    done = {name: arrays for name, arrays in known.items() if arrays is not None}
    left = {name: job for name, job in jobs.items() if name not in done}
    apart = workers > 1 or bool(os.environ.get("DASK_SCHEDULER_ADDRESS"))
    late = keep.is_late()
    spread = _on_dask if apart and left and not late else _here
    outcomes = spread(function, left, workers, keep)
    bar = tqdm(total=len(jobs), initial=len(done), desc=description, disable=not progress)
    with bar, contextlib.closing(outcomes):
        for name, job in outcomes:
            keep.save(name, job)
            done[name] = job.outcome
            bar.update()
    if lost := [name for name in jobs if name not in done]:
        late, kept = keep.is_late(), "not kept"
        if late and partial and done:
            keep.left += len(lost)
            return {name: done[name] for name in jobs if name in done}
        if keep.folder:
            kept = "done, start again to compute the rest"
        why = "time ran out" if late else "workers died (killed, or out of memory)"
        raise RuntimeError(
            f"{why} in {len(lost)} of {len(jobs)} jobs: {', '.join(lost)}; the others are {kept}"
        )
    return {name: done[name] for name in jobs}


def measured(function: Callable[[Job], object], job: Job) -> Measured:
    """Return what a function returns for a job, and what it took.

    The peak is that of this process, None where the system does not tell. Where it cannot be reset
    (it can on Linux), it is the peak since the process began.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return Measured(function(job), _peak(), _machine())


def _peak() -> float | None:
    # On Linux ru_maxrss of a new process begins with that of the process which started it.
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    marks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
    if not marks and resource is not None:
        unit = 2**20 if sys.platform == "darwin" else 1024
        marks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit]
    return round(marks[0], 1) if marks else None


def _machine() -> str:
    """Return the name of the graphics card if this process has used one, else of the processor."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _claim(jobs: Mapping[str, Job], keep: Keep) -> None:
    """Refuse names that cannot be files or that this run has used; remember the others."""
    for name in jobs:
        if not name or not all(c.isalnum() or c in " -_" for c in name):
            raise ValueError(f"jobs: expected names of letters, digits, ' -_', got {name!r}")
    if repeated := sorted(keep.used & jobs.keys()):
        raise ValueError(f"jobs: expected names that are new in this run, got {repeated} again")
    keep.used |= jobs.keys()


def _here(
    function: Callable[[Job], Arrays], jobs: dict[str, Job], workers: int, keep: Keep
) -> Iterator[tuple[str, Measured]]:
    for name, job in jobs.items():
        if keep.is_late():
            return
        yield name, measured(function, job)


def _on_dask(
    function: Callable[[Job], Arrays], jobs: dict[str, Job], workers: int, keep: Keep
) -> Iterator[tuple[str, Measured]]:
    """Yield name and outcome of each job as it is done, none for one that Dask gave up."""
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    with _client(min(workers, len(jobs))) as (client, at_once):
        waiting, run = list(jobs.items()), uuid.uuid4().hex

        def submit() -> object:
            name, job = waiting.pop(0)
            key = f"{name} {run}"
            return client.submit(_on_worker, function, job, keep.guard, key=key, pure=False)

        # No job waits on a worker behind another, whose death it would be blamed for.
        running = as_completed([submit() for _ in waiting[:at_once]], loop=client.loop)
        for future in running:
            name = future.key.rpartition(" ")[0]
            lost = f"the scheduler was lost while it worked on {name}"
            if future.cancelled():
                raise RuntimeError(lost)
            if waiting and not keep.is_late():
                running.add(submit())
            try:
                job = future.result()
            except KilledWorker:
                continue
            except (CommClosedError, CancelledError) as error:
                raise RuntimeError(lost) from error
            future.release()  # or it is computed again if its worker dies now
            yield name, job


def _on_worker(
    function: Callable[[Job], Arrays], job: Job, guard: Callable[[], None] | None
) -> Measured:
    if guard is not None:
        guard()
    return measured(function, job)


@contextlib.contextmanager
def _client(workers: int) -> Iterator[tuple["Client", int | None]]:
    """Connect to a cluster; yield a client and how many jobs to give at once, None for all."""
    import dask
    from distributed import Client, LocalCluster

    if address := os.environ.get("DASK_SCHEDULER_ADDRESS"):
        try:
            client = Client(address, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"DASK_SCHEDULER_ADDRESS: expected the address of a scheduler, got {address!r} "
                f"({error})"
            ) from error
        with client:
            yield client, None
        return
    # A machine that slept is no reason to give up its workers; nor is a job that fills its memory.
    settings = {
        "distributed.scheduler.allowed-failures": FAILURES,
        "distributed.scheduler.worker-ttl": None,
        "distributed.scheduler.http.routes": [],
    }
    with (
        _hidden_script(),
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client, workers


@contextlib.contextmanager
def _hidden_script() -> Iterator[None]:
    """Let new processes not run the caller's script, which then need not guard its ``__main__``."""
    main = vars(sys.modules["__main__"])
    seen = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main.pop("__file__", None)
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(seen)
