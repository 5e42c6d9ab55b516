"""Sweeps: names, kept jobs, and workers that die, on a cluster of our own and on another one."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sweep_jobs
from learnsym.experiments import perm, symmetric
from learnsym.experiments.sweep import keeping, sweep
from learnsym.results import access
from learnsym.results.experiment import find

NUMBERS = (3, 5, 7)
EXPECTED = {"seed 3": [9], "seed 5": [25], "seed 7": [49]}
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and kills by signal")


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers import the jobs of the tests."""
    tests = os.path.dirname(os.path.abspath(__file__))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([tests, *filter(None, sys.path)]))
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)


@pytest.fixture
def traces(tmp_path):
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


def jobs(traces, numbers=NUMBERS, **what):
    return {f"seed {n}": (str(traces), n, what.get(f"n{n}", "work")) for n in numbers}


def calls(traces, number):
    return len(list(traces.glob(f"{number}-*")))


def squares(found):
    return {name: arrays["square"].tolist() for name, arrays in found.items()}


def soon(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def alive(number):
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("workers", [1, 2])
def test_arrays_come_by_name_in_the_order_of_the_jobs(traces, workers):
    found = sweep(sweep_jobs.square, jobs(traces), workers, progress=False)
    assert list(found) == list(EXPECTED) and squares(found) == EXPECTED
    own = {int(arrays["process"]) for arrays in found.values()}
    assert (own == {os.getpid()}) == (workers == 1)


def test_finished_jobs_are_used_again_and_damaged_files_are_not(traces, tmp_path):
    with keeping(tmp_path / "kept") as keep:
        first = sweep(sweep_jobs.square, jobs(traces), progress=False)
    assert keep.earlier == 0 and keep.peak > 10
    keep.path("seed 5").write_bytes(b"half a file")
    with keeping(tmp_path / "kept") as again:
        second = sweep(sweep_jobs.square, jobs(traces), progress=False)
    assert squares(first) == squares(second) == EXPECTED
    assert [calls(traces, n) for n in NUMBERS] == [1, 2, 1]
    assert again.earlier > 0
    sweep(sweep_jobs.square, jobs(traces), progress=False)  # outside, nothing is used
    assert [calls(traces, n) for n in NUMBERS] == [2, 3, 2]


@linux
def test_a_killed_worker_costs_its_own_job_only(traces, tmp_path):
    found = sweep(sweep_jobs.square, jobs(traces, n3="die once"), 2, progress=False)
    assert squares(found) == EXPECTED
    assert [calls(traces, n) for n in NUMBERS] == [2, 1, 1]


@linux
def test_a_job_that_always_ends_its_worker_is_named_and_the_others_are_kept(traces, tmp_path):
    with keeping(tmp_path / "kept"), pytest.raises(RuntimeError, match="1 of 3 jobs: seed 5; "):
        sweep(sweep_jobs.square, jobs(traces, n5="die"), 2, progress=False)
    before = [calls(traces, n) for n in NUMBERS]
    with keeping(tmp_path / "kept"):
        found = sweep(sweep_jobs.square, jobs(traces), 2, progress=False)
    assert squares(found) == EXPECTED
    assert [calls(traces, n) for n in NUMBERS] == [before[0], before[1] + 1, before[2]]


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and two workers, processes of their own on the loopback interface."""
    file = folder / "scheduler.json"
    common = ["--no-dashboard", "--scheduler-file", file]
    dask = [sys.executable, "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *common]
    worker = [*dask, "worker", "--no-nanny", "--nthreads", "1", *common, "--host", "127.0.0.1"]
    running = [subprocess.Popen(scheduler, stderr=subprocess.DEVNULL, cwd=folder)]
    try:
        assert soon(file.is_file)
        running += [
            subprocess.Popen(worker, stderr=subprocess.DEVNULL, cwd=folder) for _ in range(2)
        ]
        yield file
    finally:
        for process in running:
            process.kill()
            process.wait()


@linux
def test_a_cluster_that_loses_a_worker_in_the_middle_returns_the_same(
    traces, tmp_path, monkeypatch
):

    numbers = tuple(range(2, 12))
    expected = sweep(sweep_jobs.square, jobs(traces, numbers), progress=False)
    for trace in traces.iterdir():
        trace.unlink()
    with cluster(tmp_path) as file:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", json.loads(file.read_text())["address"])
        # one worker is killed at its job, and the other one does the rest
        found = sweep(sweep_jobs.square, jobs(traces, numbers, n5="die once"), progress=False)
        with pytest.raises(ValueError, match="rate: not finite for 3"):
            sweep(sweep_jobs.square, jobs(traces, n3="raise"), progress=False)
    assert list(found) == list(expected)
    for name, arrays in expected.items():
        np.testing.assert_array_equal(arrays["square"], found[name]["square"])
    assert {int(arrays["process"]) for arrays in found.values()} != {os.getpid()}
    assert calls(traces, 5) >= 2


def test_an_error_stops_and_names_itself(traces, tmp_path):
    for workers in (1, 2):
        with (
            keeping(tmp_path / f"kept{workers}"),
            pytest.raises(ValueError, match="rate: not finite for 3"),
        ):
            sweep(sweep_jobs.square, jobs(traces, n3="raise"), workers, progress=False)
    assert not (tmp_path / "kept1").exists()  # with one worker nothing starts after the error


@linux
def test_workers_end_with_the_process_that_started_them_and_need_no_main_guard(traces):
    script = traces.parent / "parent.py"
    script.write_text(
        "from learnsym.experiments.sweep import sweep\nfrom sweep_jobs import square\n"
        f"sweep(square, {jobs(traces, n3='wait', n5='wait')!r}, 2, progress=False)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    waiting = [traces / "3-0", traces / "5-0"]
    assert soon(lambda: all(path.exists() and path.read_text() for path in waiting))
    workers = [int(path.read_text()) for path in waiting]
    assert all(alive(number) for number in workers)
    parent.kill()
    parent.wait()
    assert soon(lambda: not any(alive(number) for number in workers), 20)


@linux
def test_memory_is_that_of_the_job():
    """In a process of its own, whose freed memory is not already at hand."""
    code = (
        "import numpy as np\nfrom learnsym.experiments.sweep import measured\n"
        "print(*[measured(lambda size: np.ones(size * 2**17), n)[1] for n in (1, 300, 1)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    small, large, again = map(float, done.stdout.split())
    assert large > small + 250 and again < large - 250


def test_how_many_work_does_not_decide_where_jobs_are_kept():
    experiment, config = find("perm"), perm.SCALES["smoke"]
    fewer = dataclasses.replace(config, workers=7, threads=3)
    other = dataclasses.replace(config, epochs=7)
    folder = access.kept_folder(experiment, config)
    assert access.kept_folder(experiment, fewer) == folder
    assert access.kept_folder(experiment, other) != folder


def test_a_name_serves_one_job_of_a_run(traces, tmp_path):
    with keeping(tmp_path / "kept"):
        sweep(sweep_jobs.square, jobs(traces), progress=False)
        with pytest.raises(ValueError, match="expected names that are new in this run"):
            sweep(sweep_jobs.square, jobs(traces), progress=False)


def test_bad_arguments_are_named(traces):
    for workers in (0, -1, 1.0, None):
        with pytest.raises(ValueError, match=f"workers: expected an integer >= 1, got {workers}"):
            sweep(sweep_jobs.square, jobs(traces), workers)
    with pytest.raises(ValueError, match="jobs: expected names"):
        sweep(sweep_jobs.square, {"../seed": 1})


def test_jobs_that_cannot_be_kept_are_returned(traces, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with keeping(tmp_path / "file" / "kept"):
        found = sweep(sweep_jobs.square, jobs(traces), progress=False)
    assert squares(found) == EXPECTED
    assert "seed 3: finished, and not kept" in capsys.readouterr().err


@linux
def test_a_killed_experiment_resumes_where_it_was(tmp_path, monkeypatch):
    """PERM in a process that is killed once the first job is kept."""
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path / "results"))
    experiment = find("perm")
    config = dataclasses.replace(perm.SCALES["smoke"], block=1, epochs=10, samples=60, batch=20)
    folder = access.kept_folder(experiment, config)
    code = (
        "from learnsym.results import access; from learnsym.results.experiment import find; "
        "from learnsym.experiments.perm import Config; "
        f"access._compute(find('perm'), 'smoke', {config!r}, 'a test', False)"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert soon(lambda: list(folder.glob("[!.]*.npz")))
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = [path.name for path in folder.glob("[!.]*.npz")]
    assert 0 < len(kept) < 6
    started = []
    run_job = symmetric.run_job
    monkeypatch.setattr(symmetric, "run_job", lambda job: started.append(job) or run_job(job))
    resumed = access._compute(experiment, "smoke", config, "a test", progress=False)
    assert len(started) == 6 - len(kept)
    assert not folder.exists()  # finished: nothing is left to resume
    for name, array in experiment.run(config, progress=False).items():
        np.testing.assert_array_equal(array, resumed.arrays[name])
