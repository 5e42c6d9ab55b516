"""Jobs on Dask: killed workers, errors, resumption, and clusters of processes of their own."""

import contextlib
import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import dask
import numpy as np
import pytest

from learnsym import results
from learnsym.experiments import perm, symmetric
from learnsym.experiments import sweep as module
from learnsym.experiments.sweep import FAILURES, keeping, measured, sweep
from learnsym.fingerprints import find
from sweep_jobs import refuse, square

TESTS = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([TESTS, *filter(None, sys.path)])}
NUMBERS = (3, 5, 7)
EXPECTED = {"seed 3": [9], "seed 5": [25], "seed 7": [49]}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    monkeypatch.delenv("LEARNSYM_HOURS", raising=False)


@pytest.fixture
def traces(tmp_path):
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


def jobs(traces, **what):
    return {f"seed {n}": (str(traces), n, what.get(f"n{n}", "work")) for n in NUMBERS}


def calls(traces):
    return [len(list(traces.glob(f"{number}-*"))) for number in NUMBERS]


def squares(found):
    return {name: arrays["square"].tolist() for name, arrays in found.items()}


def soon(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@contextlib.contextmanager
def meanwhile(act):
    """Act in another thread while the body runs."""
    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


SMALL = dataclasses.replace(perm.SCALES["smoke"], block=1, epochs=10, samples=60, batch=20)


@contextlib.contextmanager
def processes():
    """Start processes with ``start(*command)``; what still runs is killed at the end."""
    started = []

    def start(*command, **options):
        started.append(subprocess.Popen([sys.executable, *command], env=ENVIRONMENT, **options))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextlib.contextmanager
def cluster(folder, monkeypatch):
    """A scheduler and two workers, processes of their own; yield these three."""
    file = folder / "scheduler.json"
    alone = ["--no-dashboard", "--scheduler-file", str(file)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with processes() as start:
        scheduler = start(
            "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *alone, **quiet
        )
        assert soon(lambda: file.exists() and file.read_text().endswith("}"))
        worker = ["worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", *alone]
        workers = [
            start("-m", "dask", *worker, "--local-directory", str(folder / name), **quiet)
            for name in ("first", "second")
        ]
        address = json.loads(file.read_text())["address"]
        with monkeypatch.context() as patch:
            patch.setenv("DASK_SCHEDULER_ADDRESS", address)
            yield scheduler, *workers


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """The address of a cluster and the numbers of its two processes that work."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch, cluster(folder, patch) as (_, *workers):
        yield os.environ["DASK_SCHEDULER_ADDRESS"], {process.pid for process in workers}


@pytest.fixture
def place(request, monkeypatch):
    """Where jobs run: how many workers of this machine, and the cluster where it is asked for."""
    if request.param == "cluster":
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", request.getfixturevalue("remote")[0])
    return 2 if request.param == "processes" else 1


everywhere = pytest.mark.parametrize("place", ["here", "processes", "cluster"], indirect=True)


@everywhere
def test_arrays_come_by_name_in_the_order_of_the_jobs(traces, tmp_path, place, request):
    with keeping(tmp_path / "kept") as keep:
        found = sweep(square, jobs(traces, n5="hold"), place, progress=False)
    assert list(found) == list(EXPECTED) and squares(found) == EXPECTED
    used = {int(arrays["process"]) for arrays in found.values()}
    assert (used == {os.getpid()}) == ("here" in request.node.name)
    assert keep.peak is None or 512 < keep.peak < 2_000  # one job held 512 MiB
    assert len(keep.machines) == 1 and all(keep.machines)
    if "cluster" in request.node.name:
        assert used <= request.getfixturevalue("remote")[1]


@everywhere
def test_an_error_of_a_job_is_raised_and_the_job_is_not_kept(traces, tmp_path, place, request):
    with keeping(tmp_path / "kept"), pytest.raises(ValueError, match="rate: not finite for 3"):
        sweep(square, jobs(traces, n3="raise"), place, progress=False)
    assert calls(traces)[0] == 1 and not (tmp_path / "kept" / "seed 3.npz").exists()
    if "here" in request.node.name:  # nothing starts after an error
        assert calls(traces) == [1, 0, 0]


@pytest.mark.parametrize("place", ["cluster"], indirect=True)
def test_workers_are_asked_whether_their_library_is_the_same(traces, tmp_path, place):
    with keeping(tmp_path, refuse), pytest.raises(ValueError, match="expected another library"):
        sweep(square, jobs(traces), place, progress=False)
    assert calls(traces) == [0, 0, 0]


# --- killed workers ---------------------------------------------------------------------------


def test_a_killed_worker_costs_its_job_alone(traces, tmp_path, monkeypatch):
    with cluster(tmp_path, monkeypatch) as (_, *workers):
        found = sweep(square, jobs(traces, n3="die once"), progress=False)
        assert soon(lambda: sorted(w.poll() or 0 for w in workers) == [-signal.SIGKILL, 0])
    assert squares(found) == EXPECTED
    assert calls(traces) == [2, 1, 1]


def test_an_experiment_gives_the_same_arrays_when_a_worker_is_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path / "jobs"))
    expected = perm.run(SMALL, progress=False)
    folder, kept = results._jobs_folder(find("perm"), SMALL), []
    with cluster(tmp_path, monkeypatch) as (_, *workers):

        def kill():
            soon(lambda: list(folder.glob("[!.]*.npz")))
            workers[0].kill()
            kept.extend(folder.glob("[!.]*.npz"))

        with meanwhile(kill):
            found = results._computed(find("perm"), "smoke", SMALL, "a test", False)
        assert soon(lambda: workers[0].poll() == -signal.SIGKILL)
    assert 0 < len(kept) < 6 and not folder.exists()
    assert found.arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found.arrays[name], array)


def test_a_job_that_kills_all_its_workers_is_named_and_the_others_are_kept(traces, tmp_path):
    with keeping(tmp_path / "kept"), pytest.raises(RuntimeError, match="1 of 3 jobs: seed 3; "):
        sweep(square, jobs(traces, n3="die"), 2, progress=False)
    assert calls(traces) == [FAILURES + 1, 1, 1]
    with keeping(tmp_path / "kept"):
        found = sweep(square, jobs(traces), progress=False)
    assert squares(found) == EXPECTED
    assert calls(traces) == [FAILURES + 2, 1, 1]


def test_a_lost_scheduler_is_reported(traces, tmp_path, monkeypatch):
    with cluster(tmp_path, monkeypatch) as (scheduler, *_):
        kill = lambda: soon((traces / "3-0").exists) and scheduler.kill()  # noqa: E731
        with meanwhile(kill), pytest.raises(RuntimeError, match="the scheduler was lost"):
            sweep(square, jobs(traces, n3="wait"), progress=False)


def test_a_scheduler_that_is_not_there_is_named(traces, monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:9")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "500ms"}),
        pytest.raises(ValueError, match=r"DASK_SCHEDULER_ADDRESS: expected .*127\.0\.0\.1:9"),
    ):
        sweep(square, jobs(traces), progress=False)


def alive(number):
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", ["interrupted", "interrupted with its group", "killed"])
def test_workers_end_with_the_script_that_started_them(traces, how):
    """Which need not guard its ``__main__``: workers do not run it again."""
    script = traces.parent / "script.py"
    script.write_text(
        "from learnsym.experiments.sweep import sweep\nfrom sweep_jobs import square\n"
        f"sweep(square, {jobs(traces, n3='wait', n5='wait')!r}, 2)\n"
    )
    # a shell lets what it starts in the background ignore Ctrl-C, and that is inherited
    listening = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with processes() as start:
        parent = start(
            str(script), stderr=subprocess.PIPE, start_new_session=True, preexec_fn=listening
        )
        waiting = [traces / "3-0", traces / "5-0"]
        assert soon(lambda: all(path.exists() and path.read_text() for path in waiting))
        workers = [int(path.read_text()) for path in waiting]
        assert all(alive(number) for number in workers)
        if how == "killed":
            parent.kill()
        elif how == "interrupted":
            parent.send_signal(signal.SIGINT)
        else:
            os.killpg(parent.pid, signal.SIGINT)
        said = parent.communicate()[1]
        assert how == "killed" or b"KeyboardInterrupt" in said
        assert parent.returncode != 0
        assert soon(lambda: not any(alive(number) for number in workers), 30)
    assert calls(traces) == [1, 1, 0]


# --- resumption -------------------------------------------------------------------------------


def test_finished_jobs_are_used_again_and_damaged_files_are_not(traces, tmp_path):
    with keeping(tmp_path / "kept") as keep:
        first = sweep(square, jobs(traces), progress=False)
    assert keep.earlier == 0
    keep.path("seed 5").write_bytes(b"half a file")
    with keeping(tmp_path / "kept") as again:
        second = sweep(square, jobs(traces), progress=False)
    assert squares(first) == squares(second) == EXPECTED
    assert calls(traces) == [1, 2, 1]
    assert again.earlier > 0
    assert again.machines == keep.machines and again.peak
    sweep(square, jobs(traces), progress=False)  # outside, nothing is used
    assert calls(traces) == [2, 3, 2]


def test_jobs_that_cannot_be_kept_are_done_all_the_same(traces, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with keeping(tmp_path / "file" / "kept"):
        found = sweep(square, jobs(traces), progress=False)
    assert squares(found) == EXPECTED
    assert capsys.readouterr().err.count("finished jobs are not kept on disk") == 1


def test_results_do_not_depend_on_how_they_are_computed(tmp_path, monkeypatch):
    """Nor does the place where jobs are kept."""
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path))
    found = results.recompute("perm", "smoke", progress=False, workers=2)
    config = perm.SCALES["smoke"]
    assert found.config.workers == 2 != config.workers
    assert results.load("perm", "smoke").config == config  # not stale
    for options, words in (
        ({"epochs": 2}, "epochs: expected one of"),
        ({"device": "tpu"}, r"device: .*'tpu'"),
    ):
        with pytest.raises(ValueError, match=words):
            results.recompute("perm", "smoke", **options)
    with pytest.raises(ValueError, match=r"device: .* that ewk_spectrum has"):
        results.recompute("ewk_spectrum", device="cuda")
    fewer, other = (
        dataclasses.replace(config, **change)
        for change in ({"workers": 7, "threads": 3, "device": "cuda"}, {"epochs": 7})
    )
    folders = [results._jobs_folder(find("perm"), each) for each in (config, fewer, other)]
    assert folders[0] == folders[1] != folders[2] and folders[0].is_relative_to(tmp_path)


def test_the_device_is_an_option_of_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    assert results.main(["run", "perm", "smoke", "--device", "cpu"]) == 0
    assert results.stored() == [("perm", "smoke")]


def test_a_killed_experiment_resumes_where_it_was(tmp_path, monkeypatch):
    """PERM in a process that is killed once the first job is kept."""
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path))
    monkeypatch.setitem(ENVIRONMENT, "LEARNSYM_JOBS", str(tmp_path))
    folder = results._jobs_folder(find("perm"), SMALL)
    code = (
        "from learnsym import results; from learnsym.fingerprints import find; "
        "from learnsym.experiments.perm import Config; "
        f"results._computed(find('perm'), 'smoke', {SMALL!r}, 'a test', False)"
    )
    with processes() as start:
        running = start("-c", code)
        assert soon(lambda: list(folder.glob("[!.]*.npz")))
        running.kill()
        running.wait()
    kept, started = list(folder.glob("[!.]*.npz")), []
    assert 0 < len(kept) < 6
    run_job = symmetric.run_job
    monkeypatch.setattr(symmetric, "run_job", lambda job: started.append(job) or run_job(job))
    resumed = results._computed(find("perm"), "smoke", SMALL, "a test", False)
    assert len(started) == 6 - len(kept)
    assert not folder.exists()  # finished: nothing is left to resume
    for name, array in perm.run(SMALL, progress=False).items():
        np.testing.assert_array_equal(array, resumed.arrays[name])


# --- limits of time ---------------------------------------------------------------------------


@pytest.fixture
def late_after_a_job(traces, monkeypatch):
    """Time runs out as soon as a job has begun."""
    monkeypatch.setattr(module.Keep, "is_late", lambda _: any(calls(traces)))


@pytest.mark.parametrize(("workers", "begun"), [(1, 1), (2, 2)])
def test_no_job_begins_after_the_hours(traces, tmp_path, late_after_a_job, workers, begun):
    done = dict(list(EXPECTED.items())[:begun])
    with keeping(tmp_path / "kept") as keep:
        found = sweep(square, jobs(traces), workers, progress=False, partial=True)
    assert squares(found) == done and keep.left == 3 - begun
    assert calls(traces) == [1] * begun + [0] * (3 - begun)
    assert {path.stem for path in (tmp_path / "kept").iterdir()} == set(done)


def test_a_caller_who_needs_all_jobs_gets_none(traces, tmp_path, late_after_a_job, monkeypatch):
    words = "time ran out in 2 of 3 jobs: seed 5, seed 7; the others are done, start again"
    with keeping(tmp_path / "kept") as keep, pytest.raises(RuntimeError, match=words):
        sweep(square, jobs(traces), progress=False)
    assert keep.left == 0
    monkeypatch.undo()
    with keeping(tmp_path / "kept") as keep:
        assert squares(sweep(square, jobs(traces), progress=False)) == EXPECTED
    assert calls(traces) == [1, 1, 1] and keep.left == 0
    monkeypatch.setenv("LEARNSYM_HOURS", "1e-12")  # jobs that are kept take no time
    with keeping(tmp_path / "kept") as keep:
        assert squares(sweep(square, jobs(traces), progress=False)) == EXPECTED
    assert keep.left == 0 and calls(traces) == [1, 1, 1]


@everywhere
@pytest.mark.parametrize("partial", [False, True])
def test_nothing_begins_and_nothing_is_returned_where_time_is_over(
    traces, tmp_path, monkeypatch, partial, place
):
    monkeypatch.setenv("LEARNSYM_HOURS", "1e-12")
    with keeping(tmp_path / "kept"), pytest.raises(RuntimeError, match="time ran out in 3 of 3"):
        sweep(square, jobs(traces), place, progress=False, partial=partial)
    with pytest.raises(RuntimeError, match="seed 3, seed 5, seed 7; the others are not kept"):
        sweep(square, jobs(traces), place, progress=False, partial=partial)
    assert calls(traces) == [0, 0, 0]


@pytest.mark.parametrize("hours", ["1000", "inf", "0.5", ""])
def test_all_jobs_are_done_where_time_suffices(traces, monkeypatch, hours):
    monkeypatch.setenv("LEARNSYM_HOURS", hours)
    assert squares(sweep(square, jobs(traces), progress=False, partial=True)) == EXPECTED


@everywhere
@pytest.mark.parametrize("hours", ["0", "-1", "nan", "soon", "1 h"])
def test_bad_hours_are_named(traces, monkeypatch, hours, place):
    monkeypatch.setenv("LEARNSYM_HOURS", hours)
    with pytest.raises(ValueError, match=f"LEARNSYM_HOURS: expected a positive .*, got '{hours}'"):
        sweep(square, jobs(traces), place, progress=False)
    assert calls(traces) == [0, 0, 0]


# --- arguments, progress, memory --------------------------------------------------------------


def test_a_name_serves_one_job_of_a_run(traces, tmp_path):
    with keeping(tmp_path / "kept"):
        sweep(square, jobs(traces), progress=False)
        with pytest.raises(ValueError, match="expected names that are new in this run"):
            sweep(square, jobs(traces), progress=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        *(
            ((square, {"a": 1}, workers), "workers: expected an integer >= 1, got")
            for workers in (0, -1, 1.0, True, None, "2")
        ),
        ((3, {"a": 1}), "function: expected a callable"),
        *(((square, {name: 1}), "jobs: expected names") for name in ("../seed", "", "a/b")),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        sweep(*arguments)
    assert sweep(square, {}, 2, progress=False) == {}  # no jobs, no workers


@pytest.mark.parametrize("progress", [True, False])
def test_progress_appears_on_stderr(traces, capfd, progress):
    sweep(square, jobs(traces), progress=progress, description="seeds")
    printed = capfd.readouterr()
    assert ("seeds: 100%" in printed.err) == progress
    assert printed.out == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset on Linux")
def test_the_peak_is_that_of_a_job():
    """In a process of its own, whose freed memory is not already at hand."""
    code = (
        "import numpy as np\nfrom learnsym.experiments.sweep import measured\n"
        "print(*[measured(lambda size: np.ones(size * 2**17), n).peak for n in (1, 300, 1)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    small, large, again = map(float, done.stdout.split())
    assert large > small + 250 and again < large - 250


def test_graphics_cards_are_named_where_a_job_used_one(traces, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    with keeping(tmp_path / "kept") as keep:
        sweep(square, jobs(traces), progress=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H1")
    keep.path("seed 5").unlink()
    with keeping(tmp_path / "kept") as both:
        sweep(square, jobs(traces), progress=False)
    assert both.machines == keep.machines | {"H1"}


def test_memory_is_unknown_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr(module, "resource", None)
    monkeypatch.setattr(module.Path, "is_file", lambda _: False)
    found = measured(len, [1, 2])
    assert (found.outcome, found.peak) == (2, None) and found.machine
