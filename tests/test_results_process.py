"""The process in which an experiment runs: its own memory, errors and interruptions."""

import dataclasses
import functools
import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from learnsym import results
from learnsym.experiments import digit_regression, table_one
from learnsym.paths import book_root
from learnsym.results import process
from learnsym.results.experiment import find
from learnsym.results.provenance import peak_memory, versions

CONFIG = digit_regression.Config(images=20, steps=20, batch=10)
HELD = 2**29


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def digits():
    return find("digit_regression")


def test_arrays_are_those_of_a_run_in_this_process(digits):
    apart = process.run_apart(digits, CONFIG, progress=False)
    here = process.run_here(digits, CONFIG, progress=False)
    assert apart.arrays.keys() == here.arrays.keys()
    for name, array in here.arrays.items():
        assert array.dtype == apart.arrays[name].dtype
        np.testing.assert_array_equal(array, apart.arrays[name])
        with pytest.raises(ValueError, match="read-only"):
            apart.arrays[name][...] = 0
    assert apart.wall_time > 0


def test_memory_of_the_caller_is_not_counted(digits):
    """The caller holds 512 MiB; on Linux, ru_maxrss of its child would start there."""
    held = np.ones(HELD // 8)
    caller = peak_memory()
    record = results.obtain("digit_regression", "smoke", progress=False).provenance
    assert held[0] == 1
    if caller is None:
        assert record["peak_memory"] is None
        return
    assert 20 < record["peak_memory"] < HELD / 2**20 <= caller


def test_memory_of_the_run_is_counted(digits):
    large = dataclasses.replace(CONFIG, images=10_000, steps=1)
    peaks = [process.run_apart(digits, c, progress=False).peak_memory for c in (CONFIG, large)]
    if peaks[0] is not None:
        # the large one holds 40,000 rows of 196 numbers in float64
        assert peaks[1] - peaks[0] > 0.8 * 40_000 * 196 * 8 / 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the quirk is one of Linux")
def test_the_own_peak_of_a_child_is_not_that_of_its_parent():
    held = np.ones(HELD // 8)
    code = (
        "import resource\nfrom learnsym.results.provenance import peak_memory, versions\n"
        "print(peak_memory(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    own, reported = map(float, printed.split())
    assert held[0] == 1 and own <= reported
    assert own < HELD / 2**20


def test_versions_are_those_of_the_run(digits):
    import torch

    assert torch.__version__
    apart = process.run_apart(digits, CONFIG, progress=False)
    assert set(apart.versions) == {"python", "numpy", "scipy"}
    assert "torch" in process.run_here(digits, CONFIG, progress=False).versions


@pytest.mark.parametrize("progress", [True, False])
def test_the_progress_bar_appears_on_stderr(digits, capfd, progress):
    process.run_apart(digits, CONFIG, progress)
    printed = capfd.readouterr()
    assert ("digit_regression: 100%" in printed.err) == progress
    assert printed.out == ""


def test_an_error_of_the_experiment_is_raised_with_its_place():
    broken = table_one.Config(hidden=0)
    with pytest.raises(ValueError, match="inputs, hidden: expected positive sizes") as caught:
        process.run_apart(find("table_one"), broken, progress=False)
    (note,) = caught.value.__notes__
    assert "table_one.py" in note and "process of the experiment" in note


def test_code_changed_since_the_import_is_refused(digits):
    older = dataclasses.replace(digits, code={**digits.code, "learnsym.groups": "0" * 64})
    with pytest.raises(ValueError, match=r"changes in learnsym\.groups; start a new process"):
        process.run_apart(older, CONFIG, progress=False)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("import os; os._exit(3)", "3"),
        ("pass", "0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "-9"),
    ],
)
def test_a_process_that_ends_without_an_answer_is_reported(digits, monkeypatch, command, status):
    monkeypatch.setattr(process, "_COMMAND", command)
    with pytest.raises(RuntimeError, match=f"expected an answer.*exit status {status}$"):
        process.run_apart(digits, CONFIG, progress=False)


def test_an_interruption_of_the_process_is_one_of_the_caller(digits, monkeypatch):
    command = (
        "import os, signal; from learnsym.results import process; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "process.run_here = lambda *_: os.kill(os.getpid(), signal.SIGINT); process.work()"
    )
    monkeypatch.setattr(process, "_COMMAND", command)
    with pytest.raises(KeyboardInterrupt):
        process.run_apart(digits, CONFIG, progress=False)


class TwoArgumentsError(Exception):
    """Can be pickled and not be read back."""

    def __init__(self, first, second):
        super().__init__(first)


def test_errors_that_cannot_travel_are_told():
    class LocalError(Exception):
        pass

    for error in (LocalError("here"), TwoArgumentsError("here", 2)):
        try:
            raise error
        except Exception as raised:
            answer = pickle.loads(process._pickled(raised))
        assert type(answer) is RuntimeError
        assert f"{type(error).__name__}: here" in str(answer)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interruption_leaves_the_previous_result_and_no_process(folder, whole_group):
    """As by Ctrl-C in a terminal, which reaches the whole group, and by the caller alone."""
    stem = "lazy_training-book"
    for ending in ("npz", "json"):
        shutil.copy(book_root() / "book" / "results" / f"{stem}.{ending}", folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*")}
    command = [sys.executable, "-m", "learnsym.results", "run", "lazy_training", "book"]
    running = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a shell lets what it starts in the background ignore Ctrl-C, and that is inherited
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    seen = b""
    while b"lazy_training:" not in seen:  # the progress bar: the experiment itself is running
        chunk = os.read(running.stderr.fileno(), 4096)
        assert chunk, seen.decode()
        seen += chunk
    if whole_group:
        os.killpg(running.pid, signal.SIGINT)
    else:
        running.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in running.communicate()[1]
    assert running.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    assert {path.name: path.read_bytes() for path in folder.glob("*")} == before


def test_a_script_without_a_main_guard_can_compute(folder):
    script = folder / "script.py"
    script.write_text(
        "from learnsym import results\n"
        "print(len(results.obtain('digit_regression', 'smoke', progress=False).arrays))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(results.load("digit_regression", "smoke").arrays)
    assert done.stderr.count("computing") == 1


def test_peak_memory_counts_children_that_have_ended():
    code = "import numpy; numpy.ones(2**26)"
    subprocess.run([sys.executable, "-c", code], check=True)
    peak = peak_memory()
    assert peak is None or peak > 500
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0


def test_the_graphics_card_is_named_where_a_configuration_asks_for_it(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H1")
    assert versions("cuda")["gpu"] == "H1"
    assert "gpu" not in versions()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "gpu" not in versions("cuda")
