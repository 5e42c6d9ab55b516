"""Independent jobs on the backends of joblib."""

import os
import threading

import joblib
import pytest

from learnsym.experiments.sweep import sweep


def square(job):
    return job * job


def process(job):
    return os.getpid()


def fail_at_three(job):
    if job == 3:
        raise ValueError("job three")
    return job


class ListBackend(joblib.parallel.ThreadingBackend):
    """A backend that returns all outcomes at once, as ``multiprocessing`` does, without a fork."""

    supports_return_generator = False


joblib.register_parallel_backend("list", ListBackend)
BACKENDS = ["sequential", "threading", "loky", "list"]


def test_list_backend_cannot_return_a_generator():
    with joblib.parallel_config("list"), pytest.raises(ValueError, match="return_as"):
        joblib.Parallel(n_jobs=2, return_as="generator")


@pytest.mark.parametrize("backend", BACKENDS)
def test_order_is_kept_on_every_backend(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        assert sweep(square, range(20), progress=False) == [n * n for n in range(20)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_errors_of_jobs_arrive(backend):
    with (
        joblib.parallel_config(backend, n_jobs=2),
        pytest.raises(ValueError, match="job three"),
    ):
        sweep(fail_at_three, range(6), progress=False)


def test_the_first_job_to_end_is_not_the_first_outcome():
    last_has_run = threading.Event()

    def wait_for_the_last(job):
        if job == 0:
            assert last_has_run.wait(timeout=60)
        else:
            last_has_run.set()
        return job

    with joblib.parallel_config("threading", n_jobs=2):
        assert sweep(wait_for_the_last, [0, 1], progress=False) == [0, 1]


def test_workers_are_those_of_the_caller():
    here = {os.getpid()}
    assert set(sweep(process, range(4), progress=False)) == here
    assert here.isdisjoint(sweep(process, range(4), workers=2, progress=False))
    with joblib.parallel_config("loky", n_jobs=2):
        assert here.isdisjoint(sweep(process, range(4), progress=False))
        assert set(sweep(process, range(4), workers=1, progress=False)) == here
    with joblib.parallel_config("threading", n_jobs=2):
        assert set(sweep(process, range(4), progress=False)) == here


class CountingBackend(joblib.parallel.ThreadingBackend):
    """A backend that a caller brings along."""

    submitted = 0

    def submit(self, func, callback=None):
        type(self).submitted += 1
        return super().submit(func, callback)


def test_a_backend_registered_by_the_caller_carries_the_jobs():
    joblib.register_parallel_backend("counting", CountingBackend)
    with joblib.parallel_config("counting", n_jobs=2):
        assert sweep(square, range(5), progress=False) == [0, 1, 4, 9, 16]
    assert CountingBackend.submitted > 0


def test_bar(capsys):
    assert sweep(square, iter([1, 2, 3]), description="seeds") == [1, 4, 9]
    shown = capsys.readouterr().err
    assert "seeds" in shown and "3/3" in shown
    sweep(square, [1], progress=False)
    assert capsys.readouterr().err == ""


def test_no_jobs():
    assert sweep(square, [], progress=False) == []


@pytest.mark.parametrize("workers", [0, 1.5, "2", True])
def test_bad_workers(workers):
    with pytest.raises(ValueError, match="workers: expected None or a non-zero integer"):
        sweep(square, [1], workers=workers)


def test_bad_function():
    with pytest.raises(ValueError, match="function: expected a callable, got 3"):
        sweep(3, [1])
