"""Jobs that take long: each finished one is kept on disk, and a killed process loses only its own.

``learnsym.results`` decides where finished jobs are kept: it runs an experiment inside
:func:`keeping`. Elsewhere nothing is kept.

``learnsym.experiments.sweep`` is for jobs of seconds. There a process that dies ends the whole
sweep, as it does in joblib; here every worker is a pool of one process, so that it ends one job.
"""

import contextlib
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextvars import ContextVar
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

Job = TypeVar("Job")
Arrays = dict[str, np.ndarray]
SECONDS = "seconds_so_far"  # in the file of a job, beside its arrays


@dataclass
class Keep:
    """A folder for finished jobs.

    ``earlier`` is the time in seconds that interrupted runs spent before, as far as finished jobs
    tell. ``used`` holds the names of all jobs of this run.
    """

    folder: Path
    earlier: float = 0.0
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

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep the arrays of a finished job; a file is there whole or not at all."""
        spent = self.earlier + time.perf_counter() - self._started
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.path(name).with_name(f".{name}.{os.getpid()}.npz")
        np.savez(temporary, **arrays, **{SECONDS: np.array(spent)})
        os.replace(temporary, self.path(name))


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


def resumable(
    function: Callable[[Job], Arrays],
    jobs: dict[str, Job],
    workers: int = 1,
    progress: bool = True,
    description: str | None = None,
) -> dict[str, Arrays]:
    """Return the arrays of every job by name, from the disk or computed.

    With one worker the jobs run in this process, one after the other. With more, each worker is a
    process of its own; where one dies, its job is lost, the others go on and a new process
    takes the next job. An error that ``function`` raises stops everything that has not started.

    Parameters
    ----------
    function
        A function of a module, called with one job; processes pickle it, the jobs and the arrays.
    jobs
        By name, in the order in which they start. Names become files.
    workers
        Number of processes at work.
    progress
        Whether to show a bar.

    Raises
    ------
    ValueError
        ``workers`` is no integer of at least 1, a name cannot be a file, or was there in an earlier
        call of the same run, whose arrays it would get.
    RuntimeError
        Processes died. The message names their jobs; all others are done and kept.
    """
    if type(workers) is not int or workers < 1:
        raise ValueError(f"workers: expected an integer >= 1, got {workers!r}")
    for name in jobs:
        if not name or not all(c.isalnum() or c in " -_" for c in name):
            raise ValueError(f"jobs: expected names of letters, digits, ' -_', got {name!r}")
    keep, done = _KEEP.get(), {}
    if keep is not None:
        if repeated := sorted(keep.used & jobs.keys()):
            raise ValueError(f"jobs: expected names that are new in this run, got {repeated} again")
        keep.used |= jobs.keys()
        known = {name: keep.load(name) for name in jobs}
        done = {name: arrays for name, arrays in known.items() if arrays is not None}
    left = {name: job for name, job in jobs.items() if name not in done}
    with tqdm(total=len(jobs), initial=len(done), desc=description, disable=not progress) as bar:

        def finish(name: str, arrays: Arrays) -> None:
            if keep is not None:
                keep.save(name, arrays)
            done[name] = arrays
            bar.update()

        lost = _in_processes(function, left, workers, finish) if workers > 1 else []
        if workers == 1:
            for name, job in left.items():
                finish(name, function(job))
    if lost:
        raise RuntimeError(
            f"processes died (killed, or out of memory) in {len(lost)} of {len(jobs)} jobs: "
            f"{', '.join(lost)}; the others are "
            f"{'done, start again to compute the rest' if keep else 'not kept'}"
        )
    return {name: done[name] for name in jobs}


def _in_processes(
    function: Callable[[Job], Arrays],
    jobs: dict[str, Job],
    workers: int,
    finish: Callable[[str, Arrays], None],
) -> list[str]:
    """Run jobs, each worker a thread with a process of its own; return the names of lost jobs."""
    waiting, lock, lost, errors = list(jobs.items()), threading.Lock(), [], []

    def work() -> None:
        executor = None
        try:
            while not errors:
                with lock:
                    if not waiting:
                        return
                    name, job = waiting.pop(0)
                if executor is None:
                    executor = ProcessPoolExecutor(
                        1, mp_context=get_context("spawn"), initializer=_end_with_parent
                    )
                try:
                    arrays = executor.submit(function, job).result()
                except BrokenProcessPool:
                    lost.append(name)
                    executor = None
                    continue
                with lock:
                    finish(name, arrays)
        except BaseException as error:  # a thread would lose it; it is raised below
            errors.append(error)
        finally:
            if executor is not None:
                executor.shutdown()

    with ThreadPoolExecutor(min(workers, max(1, len(jobs)))) as pool:
        for _ in range(workers):
            pool.submit(work)
    if errors:
        raise errors[0]
    return sorted(lost, key=list(jobs).index)


def _end_with_parent() -> None:
    """End this worker when the process that started it dies: nobody would take its arrays."""

    def watch() -> None:
        wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
