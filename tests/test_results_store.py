"""Result files: every changed byte is seen, interruptions and writers at the same time."""

import contextlib
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from learnsym import results
from learnsym.results import CorruptResult, MissingResult, checked


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


def arrays(number):
    return checked({"x": np.full(50, float(number)), "number": np.array(number)}, "test")


def record(number, **more):
    return {"schema": 1, "experiment": "e", "scale": "book", "number": number, **more}


def save(folder, number):
    return results.save(folder, arrays(number), record(number))


def renew(folder, old, new):
    return results.save(folder, {}, new, old)


def saved_number(folder):
    """The number that was saved last; the pair must be from one call of ``save``."""
    found, about = results.read(folder, "e-book")
    assert int(found["number"]) == about["number"]
    assert (found["x"] == about["number"]).all()
    return about["number"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_save_and_read(folder):
    saved = save(folder, 3)
    found, about = results.read(folder, "e-book")
    assert about == saved
    assert {name: about[name] for name in record(3)} == record(3)
    assert (found["x"] == 3).all()
    assert set(contents(folder)) == {"e-book.npz", "e-book.json"}
    save(folder, 4)
    assert saved_number(folder) == 4


@pytest.mark.parametrize("name", ["e-book.npz", "e-book.json"])
def test_every_changed_byte_is_reported_with_the_file_or_says_the_same(folder, name):
    saved = save(folder, 3)
    path = folder / name
    content = path.read_bytes()
    reported = 0
    for position in range(len(content)):
        for change in (0x01, 0x20):
            changed = bytearray(content)
            changed[position] ^= change
            path.write_bytes(changed)
            try:
                assert results.read(folder, "e-book")[1] == saved  # 1e-05 as 1E-05
            except CorruptResult as error:
                reported += 1
                assert "results/e-book" in str(error)
    assert reported == 2 * len(content)
    path.write_bytes(content)
    assert saved_number(folder) == 3


@pytest.mark.parametrize("name", ["e-book.npz", "e-book.json"])
@pytest.mark.parametrize("kept", [0, 1, 100, -2])
def test_truncated_files(folder, name, kept):
    save(folder, 3)
    (folder / name).write_bytes((folder / name).read_bytes()[:kept])
    with pytest.raises(CorruptResult, match=name):
        results.read(folder, "e-book")


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"schema": 1}', '{"schema": 2}', "\xff", '{"schema": NaN}']
)
def test_json_that_is_no_record(folder, text):
    save(folder, 3)
    (folder / "e-book.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CorruptResult, match=r"e-book\.json"):
        results.read(folder, "e-book")


def test_line_endings_of_a_checkout_do_not_matter(folder):
    save(folder, 3)
    path = folder / "e-book.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert saved_number(folder) == 3


def test_npz_with_a_pickle_is_refused(folder):
    """Someone exchanges the npz file and adapts its checksum and that of the record."""
    about = save(folder, 3)
    np.savez(folder / "e-book.npz", x=np.array([{}], dtype=object))
    sums = {"npz": results._sha256((folder / "e-book.npz").read_bytes())}
    (folder / "e-book.json").write_text(json.dumps(results._signed({**about, "checksums": sums})))
    with pytest.raises(CorruptResult, match="expected no pickles"):
        results.read(folder, "e-book")


def test_files_of_two_results_do_not_mix(folder):
    save(folder, 3)
    first = contents(folder)
    save(folder, 4)
    (folder / "e-book.json").write_bytes(first["e-book.json"])
    with pytest.raises(CorruptResult, match=r"e-book\.npz"):
        results.read(folder, "e-book")


def interrupted_at(step, monkeypatch, action):
    """Whether ``action`` is stopped before its step number ``step``, as by a process that dies."""
    taken = []

    def stepwise(function):
        def step_or_stop(*arguments, **options):
            taken.append(1)
            if len(taken) > step:
                raise KeyboardInterrupt
            return function(*arguments, **options)

        return step_or_stop

    with monkeypatch.context() as patch:
        for place, name in ((os, "replace"), (os, "fsync"), (Path, "unlink")):
            patch.setattr(place, name, stepwise(getattr(place, name)))
        try:
            action()
        except KeyboardInterrupt:
            return True
    return False


def test_interrupted_save_leaves_the_old_or_the_new_pair(folder, monkeypatch):
    save(folder, 1)
    seen = []
    while interrupted_at(len(seen), monkeypatch, lambda: save(folder, 2)):
        seen.append(saved_number(folder))
        hidden = set(contents(folder)) - {"e-book.npz", "e-book.json"}
        assert all(name.startswith(".") for name in hidden)  # git ignores them
        save(folder, 1)
        assert saved_number(folder) == 1
        assert set(contents(folder)) == {"e-book.npz", "e-book.json"}
    assert len(seen) > 5 and seen == sorted(seen) and set(seen) == {1, 2}


def test_twice_interrupted_save(folder, monkeypatch):
    for first, second in itertools.product(range(8), repeat=2):
        save(folder, 1)
        interrupted_at(first, monkeypatch, lambda: save(folder, 2))
        interrupted_at(second, monkeypatch, lambda: save(folder, 3))
        assert saved_number(folder) in (1, 2, 3)


def test_interrupted_first_save_leaves_nothing_or_the_new_pair(folder, monkeypatch):
    step = 0
    while interrupted_at(step, monkeypatch, lambda: save(folder, 2)):
        with contextlib.suppress(MissingResult):
            assert saved_number(folder) == 2
        shutil.rmtree(folder)
        step += 1
    assert step > 5


def test_reading_writes_nothing(folder, monkeypatch):
    save(folder, 1)
    step = 0
    while ".e-book.json.pending" not in contents(folder) or saved_number(folder) == 1:
        assert interrupted_at(step, monkeypatch, lambda: save(folder, 2))
        step += 1
    before = contents(folder)
    assert saved_number(folder) == 2 and contents(folder) == before


WRITE = """
import os, signal, sys
from pathlib import Path
from test_results_store import save

sync, written = os.fsync, []

def sync_and_stop(handle):
    sync(handle)
    written.append(handle)
    if len(written) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGTERM)

os.fsync = sync_and_stop
save(Path(sys.argv[1]), 2)
"""


def run_apart(code, *arguments):
    search = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = {**os.environ, "PYTHONPATH": search}
    return subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="ends by signal")
@pytest.mark.parametrize("write", [1, 2])
def test_sigterm_leaves_no_temporary_files(folder, write):
    save(folder, 1)
    before = contents(folder)
    assert run_apart(WRITE, str(folder), str(write)).returncode == 128 + signal.SIGTERM
    assert contents(folder) == before


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from learnsym import results
from test_results_store import record

large = results.checked({"x": np.random.default_rng(0).random(1000)}, "test")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    results.save(Path(sys.argv[1]), large, record(2))
except OSError:
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("left", [100, 2_000])
def test_a_full_disk_leaves_no_temporary_files(folder, left):
    """With 2,000 bytes left the record is written and the arrays are not."""
    save(folder, 1)
    before = contents(folder)
    assert 100 < len(before["e-book.json"]) < 2_000
    assert run_apart(FULL, str(folder), str(left)).returncode == 7
    assert contents(folder) == before


def test_renew(folder):
    old = save(folder, 1)
    npz = contents(folder)["e-book.npz"]
    new = renew(folder, old, {**old, "note": "renewed"})
    assert results.read(folder, "e-book")[1] == new
    assert new["note"] == "renewed"
    assert new["checksums"]["record"] != old["checksums"]["record"]
    assert contents(folder)["e-book.npz"] == npz
    assert saved_number(folder) == 1


def test_renew_yields_to_what_was_stored_meanwhile(folder):
    old = save(folder, 1)
    save(folder, 2)
    assert renew(folder, old, {**old, "note": "renewed"})["number"] == 2
    assert saved_number(folder) == 2


def test_interrupted_renewal(folder, monkeypatch):
    old, step = save(folder, 1), 0
    new = {**old, "note": "new"}
    while interrupted_at(step, monkeypatch, lambda: renew(folder, old, new)):
        assert saved_number(folder) == 1
        save(folder, 1)
        step += 1
    assert step > 2 and results.read(folder, "e-book")[1]["note"] == "new"


def save_often(folder, numbers, barrier):
    barrier.wait()
    for number in numbers:
        save(folder, number)


def test_writers_and_readers_at_the_same_time(folder):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    save(folder, 0)
    writers = [
        context.Process(target=save_often, args=(folder, range(start, start + 60), barrier))
        for start in (100, 200)
    ]
    for writer in writers:
        writer.start()
    barrier.wait()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(saved_number(folder))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert saved_number(folder) in (159, 259)
    assert len(seen) > 1


def test_stored_lists_whole_and_half_pairs_and_nothing_else(folder, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(folder))
    assert results.stored() == []
    save(folder, 1)
    (folder / "other_experiment-smoke.json").write_text("")
    (folder / "third-paper.npz").write_text("")
    for name in (
        ".DS_Store", ".e-paper.npz.tmp", ".f-book.npz", "e-large.npz", "notes.txt", "e-smoke.txt",
        "e-book.npz.part", "e-book (copy)-book.npz", "Thumbs.db", "book.json",
    ):  # fmt: skip
        (folder / name).write_text("")
    assert results.stored() == [("e", "book"), ("other_experiment", "smoke"), ("third", "paper")]
