"""One run of an experiment, in a process of its own.

So the peak of memory in its record is its own, whatever else the caller did before, and so are
the versions of what it imported. The progress bar appears on the same stderr. A caller's
``joblib.parallel_config`` does not reach that process.
"""

import dataclasses
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from joblib.externals.loky import get_reusable_executor
from platformdirs import user_cache_dir

from learnsym.experiments.resumable import keeping
from learnsym.results.arrays import Arrays, checked
from learnsym.results.experiment import Experiment, find
from learnsym.results.fingerprints import digest, plain_config
from learnsym.results.provenance import peak_memory, versions

# -c instead of -m: what is pickled must belong to this module, not to __main__
_COMMAND = "from learnsym.results.process import work; work()"
_INTERRUPTED = 130


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run returned and took.

    ``wall_time`` is in seconds, without the start of the process, with the time of interrupted runs
    whose jobs were used; ``peak_memory`` in MiB, of the process that ran it or of its largest
    worker, None where the system does not tell.
    """

    arrays: Arrays
    wall_time: float
    peak_memory: float | None
    versions: dict[str, str]


def run_here(experiment: Experiment, config: object, progress: bool) -> Run:
    """Run an experiment in this process; jobs that an interrupted run has finished are kept."""
    start = time.perf_counter()
    with keeping(kept_folder(experiment, config)) as keep:
        arrays = experiment.run(config, progress)
    seconds = time.perf_counter() - start + keep.earlier
    shutil.rmtree(keep.folder, ignore_errors=True)
    # idle workers of a sweep: only the memory of processes that have ended is known
    get_reusable_executor().shutdown(wait=True)
    used = versions(getattr(config, "device", "cpu"))
    return Run(arrays, seconds, peak_memory(), used)


def kept_folder(experiment: Experiment, config: object) -> Path:
    """Return where finished jobs of an unfinished run are kept: by configuration and code.

    How many processes and threads work does not count: whoever runs out of memory goes on with
    fewer.
    """
    root = Path(os.environ.get("LEARNSYM_JOBS") or Path(user_cache_dir("learnsym")) / "jobs")
    decisive = {k: v for k, v in plain_config(config).items() if k not in ("workers", "threads")}
    return root / experiment.name / digest([decisive, experiment.code])[:16]


def run_apart(experiment: Experiment, config: object, progress: bool) -> Run:
    """Run an experiment in a new process; an interruption ends that process too.

    Raises
    ------
    ValueError
        The code changed since the experiment was imported here, or its arrays cannot be stored.
    RuntimeError
        The process ended without an answer, as when memory runs out. Anything else that the
        experiment raises is raised here, with a note of where.
    """
    task = (experiment.name, experiment.code, config, progress)
    # the new process must find the same packages, also where a notebook has changed sys.path
    search = os.pathsep.join(path or os.getcwd() for path in sys.path)
    with tempfile.TemporaryDirectory() as folder:
        _task(folder).write_bytes(pickle.dumps(task))
        process = subprocess.run(
            [sys.executable, "-c", _COMMAND, folder],
            env={**os.environ, "PYTHONPATH": search},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if process.returncode == _INTERRUPTED:
            raise KeyboardInterrupt
        if process.returncode or not _answer(folder).is_file():
            raise RuntimeError(
                f"{experiment.name}: expected an answer of the process that runs it, "
                f"got exit status {process.returncode}"
            )
        answer = pickle.loads(_answer(folder).read_bytes())
    if isinstance(answer, Exception):
        raise answer
    return dataclasses.replace(answer, arrays=checked(answer.arrays, f"{experiment.name}.run"))


def work() -> None:
    """Answer the task in the folder that the command line names: a run, or what it raised."""
    folder = sys.argv[1]
    try:
        name, code, config, progress = pickle.loads(_task(folder).read_bytes())
        # with the digests of the caller, so that code changed since then is refused
        run = run_here(dataclasses.replace(find(name), code=code), config, progress)
        answer = pickle.dumps(dataclasses.replace(run, arrays=dict(run.arrays)))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except Exception as error:
        answer = _pickled(error)
    _answer(folder).write_bytes(answer)


def _pickled(error: Exception) -> bytes:
    """Return an exception with its traceback as a note; one that cannot travel by its text."""
    lines = traceback.format_exc()
    error.add_note(f"raised in the process of the experiment:\n{lines}")
    try:
        content = pickle.dumps(error)
        pickle.loads(content)
    except Exception:
        return pickle.dumps(RuntimeError(f"the experiment raised\n{lines}"))
    return content


def _task(folder: str) -> Path:
    return Path(folder) / "task.pickle"


def _answer(folder: str) -> Path:
    return Path(folder) / "answer.pickle"
