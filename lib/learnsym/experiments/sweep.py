"""Jobs that take long, on Dask: a finished one is kept on disk, a killed worker loses only its own.

``learnsym.results`` decides where finished jobs are kept: it runs an experiment inside
:func:`keeping`. Elsewhere nothing is kept.
"""

import contextlib
import logging
import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

try:
    import resource
except ImportError:  # not on Windows
    resource = None

Job = TypeVar("Job")
Arrays = dict[str, np.ndarray]
SECONDS = "seconds_so_far"  # in the file of a job, beside its arrays
ATTEMPTS = 2  # so often a worker may die at a job on a cluster of our own


@dataclass
class Keep:
    """A folder for finished jobs, and what a run took so far.

    ``earlier`` is the time in seconds that interrupted runs spent before, as far as finished jobs
    tell; ``peak`` the largest memory in MiB that a job of this run needed, None if unknown;
    ``used`` the names of all jobs of this run.
    """

    folder: Path
    earlier: float = 0.0
    peak: float | None = None
    used: set[str] = field(default_factory=set)
    _started: float = field(default_factory=time.perf_counter)

    def path(self, name: str) -> Path:
        """Return the file of a job."""
        return self.folder / f"{name}.npz"

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a finished job, None where there are none or they are damaged."""
        try:
            with np.load(self.path(name), allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
            seconds = float(arrays.pop(SECONDS))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        self.earlier = max(self.earlier, seconds)
        return arrays

    def save(self, name: str, arrays: Arrays, peak: float | None) -> None:
        """Keep the arrays of a finished job; a file is there whole or not at all."""
        self.peak = max(self.peak or 0.0, peak) if peak else self.peak
        spent = self.earlier + time.perf_counter() - self._started
        temporary = self.path(name).with_name(f".{name}.{os.getpid()}.npz")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            np.savez(temporary, **arrays, **{SECONDS: np.array(spent)})
            os.replace(temporary, self.path(name))
        except OSError as error:  # the arrays are worth more than their file
            print(f"{name}: finished, and not kept ({error.strerror})", file=sys.stderr)
            with contextlib.suppress(OSError):
                temporary.unlink()


_KEEP: ContextVar[Keep | None] = ContextVar("keep", default=None)


@contextlib.contextmanager
def keeping(folder: Path) -> Iterator[Keep]:
    """Keep finished jobs of everything that runs inside in a folder, and use those kept there."""
    keep = Keep(folder)
    token = _KEEP.set(keep)
    try:
        yield keep
    finally:
        _KEEP.reset(token)


def sweep(
    function: Callable[[Job], Arrays],
    jobs: dict[str, Job],
    workers: int = 1,
    progress: bool = True,
    description: str | None = None,
) -> dict[str, Arrays]:
    """Return the arrays of every job by name, from the disk or computed.

    With one worker the jobs run in this process, one after the other. With more they run on a
    ``LocalCluster`` of Dask, and where the environment variable ``DASK_SCHEDULER_ADDRESS`` names
    a scheduler, on its workers, however many there are. A job brings its own seed, so that the
    outcome depends on none of this. A worker that dies costs its job's time, and the job starts
    again; an error that ``function`` raises ends the sweep.

    Parameters
    ----------
    function
        A function of a module, called with one job; it is pickled with the jobs and the arrays.
    jobs
        By name, in the order in which they start. Names become files.
    workers
        Number of processes of a cluster of our own.
    progress
        Whether to show a bar.

    Raises
    ------
    ValueError
        ``workers`` is no integer of at least 1, a name cannot be a file, or was there in an earlier
        call of the same run, whose arrays it would get.
    RuntimeError
        Some jobs ended their workers again and again, as for lack of memory. The message names
        them; all others are done and kept.
    """
    if type(workers) is not int or workers < 1:
        raise ValueError(f"workers: expected an integer >= 1, got {workers!r}")
    for name in jobs:
        if not name or not all(c.isalnum() or c in " -_" for c in name):
            raise ValueError(f"jobs: expected names of letters, digits, ' -_', got {name!r}")
    keep = _KEEP.get()
    if keep is not None:
        if repeated := sorted(keep.used & jobs.keys()):
            raise ValueError(f"jobs: expected names that are new in this run, got {repeated} again")
        keep.used |= jobs.keys()
    known = {name: keep.load(name) if keep else None for name in jobs}
    done = {name: arrays for name, arrays in known.items() if arrays is not None}
    left = {name: job for name, job in jobs.items() if name not in done}
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address or (workers > 1 and left):
        found = _on_dask(function, left, workers, address)
    else:
        found = ((name, measured(function, job)) for name, job in left.items())
    with tqdm(total=len(jobs), initial=len(done), desc=description, disable=not progress) as bar:
        for name, outcome in found:
            if outcome is not None:
                done[name], peak = outcome
                if keep is not None:
                    keep.save(name, done[name], peak)
            bar.update()
    if lost := [name for name in jobs if name not in done]:
        raise RuntimeError(
            f"workers died (killed, or out of memory) in {len(lost)} of {len(jobs)} jobs: "
            f"{', '.join(lost)}; the others are "
            f"{'done, start again to compute the rest' if keep else 'not kept'}"
        )
    return {name: done[name] for name in jobs}


def _on_dask(
    function: Callable[[Job], Arrays], jobs: dict[str, Job], workers: int, address: str | None
) -> Iterator[tuple[str, tuple[Arrays, float | None] | None]]:
    """Yield name and outcome of each job as it ends, None where its workers died."""
    # imported here: it takes a second, and most runs load what is stored
    import dask
    from distributed import Client, KilledWorker, LocalCluster, as_completed

    with contextlib.ExitStack() as stack:
        if not address:
            stack.enter_context(_unseen_main())
            stack.enter_context(
                dask.config.set({"distributed.scheduler.allowed-failures": ATTEMPTS})
            )
            cluster = LocalCluster(
                n_workers=min(workers, max(1, len(jobs))),
                threads_per_worker=1,
                memory_limit=0,  # the system's limit counts
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            address = stack.enter_context(cluster)
        client = stack.enter_context(Client(address, set_as_default=False))
        futures = {
            client.submit(measured, function, job, pure=False, priority=-number): name
            for number, (name, job) in enumerate(jobs.items())
        }
        stack.callback(client.cancel, list(futures))
        for future in as_completed(list(futures), loop=client.loop):
            try:
                yield futures[future], future.result()
            except KilledWorker:
                yield futures[future], None
            future.release()


@contextlib.contextmanager
def _unseen_main() -> Iterator[None]:
    """Keep new processes from running the caller's script again; jobs come from modules."""
    main = sys.modules["__main__"]
    seen = {name: vars(main).pop(name, None) for name in ("__file__", "__spec__")}
    main.__spec__ = None
    try:
        yield
    finally:
        vars(main).update({name: value for name, value in seen.items() if value is not None})


def measured(function: Callable[[Job], Any], job: Job) -> tuple[Any, float | None]:
    """Return what a function returns for a job, and the peak of resident memory meanwhile in MiB.

    The peak is that of this process, None where the system does not tell. Where it cannot be reset
    (it can on Linux), it is the peak since the process began.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    outcome = function(job)
    return outcome, _peak()


def _peak() -> float | None:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    marks = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
    if not marks and resource is not None:
        unit = 2**20 if sys.platform == "darwin" else 1024
        marks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit]
    return round(marks[0], 1) if marks else None
