"""Result files: every changed byte is seen, interruptions and writers at the same time."""

import json
import multiprocessing
import os
from functools import partial

import numpy as np
import pytest

from learnsym.results import CorruptResult, MissingResult, store
from learnsym.results.arrays import checked, packed


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


def arrays(number):
    return checked({"x": np.full(50, float(number)), "number": np.array(number)}, "test")


def record(number, **more):
    return {"schema": 1, "experiment": "e", "scale": "book", "number": number, **more}


def save(number):
    return store.save(store.results_folder(), "e", "book", arrays(number), record(number))


def saved_number():
    """The number that was saved last; the pair must be from one call of ``save``."""
    found, about = store.read(store.results_folder(), "e", "book")
    assert int(found["number"]) == about["number"]
    assert (found["x"] == about["number"]).all()
    return about["number"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_save_and_read(folder):
    saved = save(3)
    found, about = store.read(store.results_folder(), "e", "book")
    assert about == saved
    assert {name: about[name] for name in record(3)} == record(3)
    assert (found["x"] == 3).all()
    assert set(contents(folder)) == {"e-book.npz", "e-book.json"}
    first = contents(folder)
    save(3)
    assert contents(folder) == first
    save(4)
    assert saved_number() == 4


def test_files_have_the_usual_permissions(folder):
    save(1)
    reference = folder / "reference"
    reference.write_text("")
    for path in folder.iterdir():
        assert path.stat().st_mode == reference.stat().st_mode


@pytest.mark.parametrize("name", ["e-book.npz", "e-book.json"])
def test_every_changed_byte_is_reported_with_the_file(folder, name):
    save(3)
    path = folder / name
    content = path.read_bytes()
    for position in range(len(content)):
        for change in (0x01, 0x20):
            changed = bytearray(content)
            changed[position] ^= change
            path.write_bytes(changed)
            with pytest.raises(CorruptResult, match="results/e-book"):
                store.read(store.results_folder(), "e", "book")
    path.write_bytes(content)
    assert saved_number() == 3


@pytest.mark.parametrize("name", ["e-book.npz", "e-book.json"])
@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_truncated_files(folder, name, kept):
    save(3)
    (folder / name).write_bytes((folder / name).read_bytes()[:kept])
    with pytest.raises(CorruptResult, match=name):
        store.read(store.results_folder(), "e", "book")


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"schema": 1}', '{"schema": 2}', "\xff", '{"schema": NaN}']
)
def test_json_that_is_no_record(folder, text):
    save(3)
    (folder / "e-book.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CorruptResult, match=r"e-book\.json"):
        store.read(store.results_folder(), "e", "book")


def test_line_endings_of_a_checkout_do_not_matter(folder):
    save(3)
    path = folder / "e-book.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert saved_number() == 3


def test_arrays_are_verified_beyond_the_file(folder):
    # Someone exchanges the npz file and adapts its checksum and that of the record.
    about = save(3)
    content = packed(arrays(4))
    (folder / "e-book.npz").write_bytes(content)
    sums = {**about["checksums"], "npz": store._sha256(content)}
    (folder / "e-book.json").write_text(store._render(store._signed(about, sums)))
    with pytest.raises(CorruptResult, match="arrays whose checksum"):
        store.read(store.results_folder(), "e", "book")


def test_npz_with_a_pickle_is_refused(folder):
    about = save(3)
    np.savez(folder / "e-book.npz", x=np.array([{}], dtype=object))
    sums = {**about["checksums"], "npz": store._sha256((folder / "e-book.npz").read_bytes())}
    (folder / "e-book.json").write_text(store._render(store._signed(about, sums)))
    with pytest.raises(CorruptResult, match="without pickles"):
        store.read(store.results_folder(), "e", "book")


def test_files_of_two_results_do_not_mix(folder):
    save(3)
    first = contents(folder)
    save(4)
    (folder / "e-book.json").write_bytes(first["e-book.json"])
    with pytest.raises(CorruptResult, match=r"e-book\.npz"):
        store.read(store.results_folder(), "e", "book")


def interrupted_at(step, monkeypatch, action):
    """Run ``action``, interrupted before its write or renaming number ``step``.

    Return whether it was interrupted.
    """
    taken = []

    def stepwise(function):
        def step_or_stop(*arguments):
            taken.append(1)
            if len(taken) > step:
                raise KeyboardInterrupt
            return function(*arguments)

        return step_or_stop

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stepwise(os.replace))
        patch.setattr(os, "fsync", stepwise(os.fsync))
        try:
            action()
        except KeyboardInterrupt:
            return True
    return False


# Two files are written, then two are renamed.
STEPS = 4


def test_number_of_steps(monkeypatch):
    save(1)
    assert interrupted_at(STEPS - 1, monkeypatch, lambda: save(2))
    assert saved_number() == 2
    assert not interrupted_at(STEPS, monkeypatch, lambda: save(3))


@pytest.mark.parametrize("step", range(STEPS))
def test_interrupted_save_leaves_the_old_or_the_new_pair(step, folder, monkeypatch):
    save(1)
    assert interrupted_at(step, monkeypatch, lambda: save(2))
    # The new one is there once the arrays are renamed.
    assert saved_number() == (1 if step < 3 else 2)
    assert not (folder / ".e-book.json.pending").exists()
    save(5)
    assert saved_number() == 5
    assert set(contents(folder)) == {"e-book.npz", "e-book.json"}


@pytest.mark.parametrize("first", range(STEPS))
@pytest.mark.parametrize("second", range(STEPS))
def test_twice_interrupted_save(first, second, monkeypatch):
    save(1)
    assert interrupted_at(first, monkeypatch, lambda: save(2))
    # Finishing the first save may take one more renaming.
    assert interrupted_at(second, monkeypatch, lambda: save(3))
    assert saved_number() in (1, 2, 3)


@pytest.mark.parametrize("step", range(STEPS))
def test_interrupted_first_save_leaves_nothing_or_the_new_pair(step, monkeypatch):
    assert interrupted_at(step, monkeypatch, lambda: save(2))
    if step < 2:
        with pytest.raises(MissingResult):
            store.read(store.results_folder(), "e", "book")
    elif step == 3:
        assert saved_number() == 2
    save(3)
    assert saved_number() == 3


@pytest.mark.parametrize("kept", [0, 1, 50, -1])
def test_half_written_record_is_forgotten(folder, kept):
    save(1)
    text = (folder / "e-book.json").read_bytes()
    (folder / ".e-book.json.pending").write_bytes(text[:kept])
    assert saved_number() == 1
    assert not (folder / ".e-book.json.pending").exists()


def test_renew(folder):
    old = save(1)
    npz = contents(folder)["e-book.npz"]
    new = store.renew(store.results_folder(), "e", "book", old, {**old, "note": "renewed"})
    assert store.read(store.results_folder(), "e", "book")[1] == new
    assert new["note"] == "renewed"
    assert new["checksums"]["record"] != old["checksums"]["record"]
    assert contents(folder)["e-book.npz"] == npz
    assert saved_number() == 1


def test_renew_yields_to_what_was_stored_meanwhile():
    old = save(1)
    save(2)
    assert store.renew(store.results_folder(), "e", "book", old, {**old, "note": "renewed"}) is None
    assert saved_number() == 2


@pytest.mark.parametrize("step", range(2))
def test_interrupted_renewal(step, monkeypatch, folder):
    old = save(1)
    new = {**old, "note": "renewed"}
    renew = partial(store.renew, folder, "e", "book", old, new)
    assert interrupted_at(step, monkeypatch, renew)
    assert saved_number() == 1
    save(2)
    assert saved_number() == 2


def save_often(numbers, barrier):
    barrier.wait()
    for number in numbers:
        save(number)


def test_writers_and_readers_at_the_same_time():
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    save(0)
    writers = [
        context.Process(target=save_often, args=(range(start, start + 60), barrier))
        for start in (100, 200)
    ]
    for writer in writers:
        writer.start()
    barrier.wait()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(saved_number())
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert saved_number() in (159, 259)
    assert len(seen) > 1


def test_stored_lists_whole_and_half_pairs(folder):
    assert store.stored() == []
    save(1)
    (folder / "other_experiment-smoke.json").write_text("")
    (folder / "third-paper.npz").write_text("")
    (folder / ".e-paper.npz.tmp").write_text("")
    (folder / "e-large.npz").write_text("")
    (folder / "notes.txt").write_text("")
    assert store.stored() == [("e", "book"), ("other_experiment", "smoke"), ("third", "paper")]


def test_folder(monkeypatch, tmp_path, folder):
    assert store.results_folder() == folder
    monkeypatch.delenv("LEARNSYM_RESULTS")
    monkeypatch.setenv("LEARNSYM_ROOT", str(tmp_path))
    (tmp_path / "_config.yml").write_text("title: Learning Symmetry\n")
    assert store.results_folder() == tmp_path / "book" / "results"


def test_record_is_readable_json(folder):
    save(1)
    assert json.loads((folder / "e-book.json").read_text())["number"] == 1
