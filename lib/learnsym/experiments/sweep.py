"""Independent jobs on the workers of any joblib backend."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


def sweep(
    function: Callable[[Job], Outcome],
    jobs: Iterable[Job],
    workers: int | None = None,
    progress: bool = True,
    description: str | None = None,
) -> list[Outcome]:
    """Return ``[function(job) for job in jobs]``, computed by joblib.

    The backend is the caller's: ``with joblib.parallel_config("dask"): run(config)`` carries the
    jobs to a Dask cluster. A job brings its own seed, so that the outcome depends neither on
    the backend nor on the number of workers.

    Parameters
    ----------
    function
        Called with one job. Process backends pickle it, the jobs and the outcomes.
    jobs
        One entry per job.
    workers
        Number of workers, negative to count from the number of cores as joblib does; None takes
        it from the caller's ``joblib.parallel_config``, one worker where there is none.
    progress
        Whether to show a bar. With a backend that cannot return outcomes one by one
        (``multiprocessing``), the bar moves only at the end.
    description
        Text before the bar.

    Raises
    ------
    ValueError
        ``function`` is not callable or ``workers`` is neither None nor a non-zero integer.
    """
    if not callable(function):
        raise ValueError(f"function: expected a callable, got {function!r}")
    if workers is not None and (type(workers) is not int or workers == 0):
        raise ValueError(f"workers: expected None or a non-zero integer, got {workers!r}")
    jobs = list(jobs)
    outcomes = _parallel(workers)(delayed(function)(job) for job in jobs)
    return list(tqdm(outcomes, total=len(jobs), desc=description, disable=not progress))


def _parallel(workers: int | None) -> Parallel:
    try:
        return Parallel(n_jobs=workers, return_as="generator")
    except ValueError:
        # Some backends return all outcomes at once only.
        return Parallel(n_jobs=workers)
