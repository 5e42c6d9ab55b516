"""Jobs that are kept on disk: killed processes, errors, resumption."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from learnsym.experiments import perm, symmetric
from learnsym.experiments.resumable import keeping, resumable
from learnsym.results import process
from learnsym.results.experiment import find
from resumable_jobs import square

NUMBERS = (3, 5, 7)


@pytest.fixture
def traces(tmp_path):
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


def jobs(traces, **what):
    return {f"seed {n}": (str(traces), n, what.get(f"n{n}", "work")) for n in NUMBERS}


def calls(traces, number):
    return len(list(traces.glob(f"{number}-*")))


def squares(found):
    return {name: arrays["square"].tolist() for name, arrays in found.items()}


EXPECTED = {"seed 3": [9], "seed 5": [25], "seed 7": [49]}


@pytest.mark.parametrize("workers", [1, 2])
def test_arrays_come_by_name_in_the_order_of_the_jobs(traces, workers):
    found = resumable(square, jobs(traces), workers, progress=False)
    assert list(found) == list(EXPECTED) and squares(found) == EXPECTED
    own = {int(arrays["process"]) for arrays in found.values()}
    assert (own == {os.getpid()}) == (workers == 1)


def test_finished_jobs_are_used_again_and_damaged_files_are_not(traces, tmp_path):
    with keeping(tmp_path / "kept") as keep:
        first = resumable(square, jobs(traces), progress=False)
    assert keep.earlier == 0
    keep.path("seed 5").write_bytes(b"half a file")
    with keeping(tmp_path / "kept") as again:
        second = resumable(square, jobs(traces), progress=False)
    assert squares(first) == squares(second) == EXPECTED
    assert [calls(traces, n) for n in NUMBERS] == [1, 2, 1]
    assert again.earlier > 0
    resumable(square, jobs(traces), progress=False)  # outside, nothing is used
    assert [calls(traces, n) for n in NUMBERS] == [2, 3, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_process_loses_only_its_own_job(traces, tmp_path):
    some_die = jobs(traces, n3="die once")
    with keeping(tmp_path / "kept"), pytest.raises(RuntimeError, match="1 of 3 jobs: seed 3; "):
        resumable(square, some_die, 2, progress=False)
    assert [calls(traces, n) for n in NUMBERS] == [1, 1, 1]
    with keeping(tmp_path / "kept"):
        found = resumable(square, some_die, 2, progress=False)
    assert squares(found) == EXPECTED
    assert [calls(traces, n) for n in NUMBERS] == [2, 1, 1]


def test_an_error_stops_and_names_itself(traces, tmp_path):
    for workers in (1, 2):
        with (
            keeping(tmp_path / f"kept{workers}"),
            pytest.raises(ValueError, match="rate: not finite for 3"),
        ):
            resumable(square, jobs(traces, n3="raise"), workers, progress=False)
    # with one worker nothing starts after the error
    assert [calls(traces, n) for n in NUMBERS][:1] == [2]
    assert calls(traces, 7) <= 1 and not (tmp_path / "kept1").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_with_the_process_that_started_them(traces):
    code = (
        "from learnsym.experiments.resumable import resumable; from resumable_jobs import square\n"
        f"if __name__ == '__main__': resumable(square, {jobs(traces, n3='wait', n5='wait')!r}, 2)"
    )
    script = traces.parent / "parent.py"
    script.write_text(code)
    tests = os.path.dirname(os.path.abspath(__file__))
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])},
        stderr=subprocess.DEVNULL,
    )
    waiting = [traces / "3-0", traces / "5-0"]
    assert soon(lambda: all(path.exists() and path.read_text() for path in waiting), 60)
    workers = [int(path.read_text()) for path in waiting]
    assert all(alive(number) for number in workers)
    parent.kill()
    parent.wait()
    assert soon(lambda: not any(alive(number) for number in workers), 20)


def alive(number):
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def soon(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_how_many_work_does_not_decide_where_jobs_are_kept():
    experiment, config = find("perm"), perm.SCALES["smoke"]
    fewer = dataclasses.replace(config, workers=7, threads=3)
    other = dataclasses.replace(config, epochs=7)
    folder = process.kept_folder(experiment, config)
    assert process.kept_folder(experiment, fewer) == folder
    assert process.kept_folder(experiment, other) != folder


def test_a_name_serves_one_job_of_a_run(traces, tmp_path):
    with keeping(tmp_path / "kept"):
        resumable(square, jobs(traces), progress=False)
        with pytest.raises(ValueError, match="expected names that are new in this run"):
            resumable(square, jobs(traces), progress=False)


def test_bad_arguments_are_named(traces):
    with pytest.raises(ValueError, match="workers: expected an integer >= 1, got 0"):
        resumable(square, jobs(traces), 0)
    with pytest.raises(ValueError, match="jobs: expected names"):
        resumable(square, {"../seed": 1})


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_experiment_resumes_where_it_was(tmp_path, monkeypatch):
    """PERM in a process that is killed once the first job is kept."""
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path))
    experiment = find("perm")
    config = dataclasses.replace(perm.SCALES["smoke"], block=1, epochs=10, samples=60, batch=20)
    folder = process.kept_folder(experiment, config)
    code = (
        "from learnsym.results import process; from learnsym.results.experiment import find; "
        "from learnsym.experiments.perm import Config; "
        f"process.run_here(find('perm'), {config!r}, False)"
    )
    running = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    while not list(folder.glob("[!.]*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.kill()
    running.wait()
    kept = [path.name for path in folder.glob("[!.]*.npz")]
    assert 0 < len(kept) < 6
    started = []
    run_job = symmetric.run_job
    monkeypatch.setattr(symmetric, "run_job", lambda job: started.append(job) or run_job(job))
    resumed = process.run_here(experiment, config, progress=False)
    assert len(started) == 6 - len(kept)
    assert not folder.exists()  # finished: nothing is left to resume
    fresh = experiment.run(config, progress=False)
    for name, array in fresh.items():
        np.testing.assert_array_equal(array, resumed.arrays[name])
