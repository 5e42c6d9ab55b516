"""Loading, revalidating and recomputing the results of a toy experiment."""

import email.message
import functools
import http.server
import importlib.metadata
import os
import threading
from pathlib import Path

import numpy as np
import pytest

import results_toy
from learnsym import results
from learnsym.fingerprints import digest

toy = results_toy.toy


def expected_curve(rows=4, factor=2.0, seed=0):
    return factor * np.random.default_rng(seed).standard_normal((rows, 3))


def no_computation(monkeypatch, toy):
    def refuse(*_, **__):
        raise AssertionError("computed although a fresh result is stored")

    monkeypatch.setattr(toy.module(), "run", refuse)
    monkeypatch.setattr(toy.module(), "probe", refuse)


def test_obtain_computes_once_and_stores(toy, monkeypatch, capsys):
    first = results.obtain("toy", progress=False)
    assert capsys.readouterr().err.startswith("computing toy-book with seed 0, about 12 s expected")
    assert set(toy.cached()) == {"toy-book.npz", "toy-book.json"}
    no_computation(monkeypatch, toy)
    second = results.obtain("toy")
    assert capsys.readouterr().err == ""
    for result in (first, second):
        assert result.config == toy.module().SCALES["book"]
        assert set(result.arrays) == {"curve", "rows"}
        np.testing.assert_array_equal(result.arrays["curve"], expected_curve())
        np.testing.assert_array_equal(result.arrays["rows"], [0, 1, 2, 3])
        with pytest.raises(ValueError, match="read-only"):
            result.arrays["curve"][0] = 0
    assert first.provenance == second.provenance


def test_progress_is_passed_on(toy, monkeypatch):
    run, seen = toy.module().run, []
    noting = lambda config, progress: seen.append(progress) or run(config)  # noqa: E731
    monkeypatch.setattr(toy.module(), "run", noting)
    results.obtain("toy", "book", progress=False)
    results.obtain("toy", "smoke")
    assert seen == [False, True]


def test_provenance(toy):
    record = results.recompute("toy").provenance
    assert set(record) == {
        "checksums", "config", "cpu_count", "cpu_model", "experiment", "fingerprint",
        "peak_memory", "revalidations", "scale", "schema", "seed", "versions", "wall_time",
    }  # fmt: skip
    assert record["config"] == {"rows": 4, "factor": 2.0, "seed": 0}
    assert (record["experiment"], record["scale"], record["seed"]) == ("toy", "book", 0)
    assert record["versions"]["numpy"] == np.__version__
    assert record["wall_time"] >= 0 and record["cpu_count"] >= 1 and record["cpu_model"]
    assert record["peak_memory"] is None or 10 < record["peak_memory"] < 1e6
    assert set(record["fingerprint"]["code"]) == {
        "learnsym", "learnsym.experiments", "learnsym.experiments.toy", "learnsym.toykernel",
    }  # fmt: skip
    assert str(toy.package.parent.parent) not in toy.files()["toy-book.json"].decode()


def test_other_seed_is_computed_and_not_stored(toy):
    result = results.obtain("toy", seed=7)
    np.testing.assert_array_equal(result.arrays["curve"], expected_curve(seed=7))
    assert result.config.seed == result.provenance["seed"] == 7
    assert toy.files() == toy.cached() == {}
    results.obtain("toy", seed=0)
    before = toy.cached()
    assert len(before) == 2
    results.obtain("toy", seed=7)
    assert toy.cached() == before


def test_missing(toy):
    with pytest.raises(results.MissingResult, match=r"toy-book\.npz"):
        results.load("toy")
    with pytest.raises(results.MissingResult):
        results.revalidate("toy")
    assert results.stored() == []


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_half_a_pair_is_corrupt(toy, ending):
    results.recompute("toy")
    (results.results_folder() / f"toy-book.{ending}").unlink()
    assert results.stored() == [("toy", "book")]
    with pytest.raises(results.CorruptResult, match=rf"toy-book\.{ending}.*missing"):
        results.load("toy")


@pytest.mark.parametrize("ending", ["npz", "json"])
def test_changed_byte_is_named_and_recomputed(toy, capsys, ending):
    results.recompute("toy")
    path = results.results_folder() / f"toy-book.{ending}"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(results.CorruptResult, match=rf"toy-book\.{ending}"):
        results.load("toy")
    with pytest.raises(results.CorruptResult):
        results.revalidate("toy")
    before = toy.files()
    capsys.readouterr()
    np.testing.assert_array_equal(results.obtain("toy").arrays["curve"], expected_curve())
    assert f"toy-book.{ending}" in capsys.readouterr().err
    assert toy.files() == before
    results.recompute("toy")
    assert results.check("toy") == 0


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("rows: int = 4", "rows: int = 5", "rows"),
        ("factor: float = 2.0", "factor: float = 2", "factor"),
        ("factor: float", "gain: int = 1\n    factor: float", "gain"),
        ("Config()", "Config(seed=1)", "seed"),
    ],
)
def test_changed_configuration(toy, capsys, old, new, field):
    results.recompute("toy")
    toy.edit("experiments/toy", old, new)
    for access in (results.load, results.revalidate, results.check):
        with pytest.raises(results.StaleResult, match=rf"toy-book\.npz.*{field}") as caught:
            access("toy")
        assert caught.value.fields == (field,)
    capsys.readouterr()
    recomputed = results.obtain("toy")
    assert field in capsys.readouterr().err
    assert recomputed.config == results.obtain("toy").config == toy.module().SCALES["book"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("module", "name", "old", "new"),
    [
        ("toykernel", "learnsym.toykernel", "factor * noise", "noise * factor"),
        ("experiments/toy", "learnsym.experiments.toy", "np.arange(", "np.arange(0, "),
    ],
)
def test_revalidation_accepts_code_that_computes_the_same(toy, module, name, old, new):
    before = results.recompute("toy")
    npz = toy.files()["toy-book.npz"]
    toy.edit(module, old, new)
    with pytest.raises(results.StaleResult, match=rf"toy-book\.npz.*{name}") as caught:
        results.load("toy")
    assert (caught.value.fields, caught.value.modules) == ((), (name,))
    with pytest.raises(results.StaleResult):
        results.check("toy")
    assert toy.files()["toy-book.json"].count(b"old_code") == 0

    after = results.revalidate("toy")
    (entry,) = after.provenance["revalidations"]
    assert entry["old_code"] == digest(before.provenance["fingerprint"]["code"])
    assert entry["new_code"] == digest(after.provenance["fingerprint"]["code"])
    assert entry["old_code"] != entry["new_code"]
    assert (entry["deviation"], entry["tolerance"], entry["changed"]) == (0, 1e-6, [name])
    assert entry["versions"]["numpy"] == np.__version__
    assert toy.files()["toy-book.npz"] == npz
    assert set(toy.files()) == {"toy-book.npz", "toy-book.json"}
    loaded = results.load("toy")
    assert loaded.provenance == after.provenance
    assert loaded.provenance["wall_time"] == before.provenance["wall_time"]


def test_revalidation_of_a_fresh_result_changes_nothing(toy, monkeypatch):
    results.recompute("toy")
    before = toy.files()
    no_computation(monkeypatch, toy)
    assert results.revalidate("toy").provenance["revalidations"] == []
    assert toy.files() == before


def test_revalidations_accumulate_against_the_stored_arrays(toy):
    unit = np.abs(results.recompute("toy").arrays["curve"]).max()
    toy.edit("toykernel", "factor * noise", f"factor * noise + 6e-7 * {unit}")
    results.revalidate("toy")
    # 12e-7 is beyond the tolerance of 1e-6 although each step of 6e-7 is below.
    toy.edit("toykernel", "6e-7", "12e-7")
    with pytest.raises(results.StaleResult):
        results.revalidate("toy")
    toy.edit("toykernel", "12e-7", "-6e-7")
    assert len(results.revalidate("toy").provenance["revalidations"]) == 2


@pytest.mark.parametrize("field", ["accepted", "refused"])
def test_tolerance_of_the_probe(toy, field):
    shift = {"accepted": 0.9e-6, "refused": 1.1e-6}[field]
    stored = results.recompute("toy").arrays["curve"]
    largest = np.abs(stored).max()
    toy.edit("toykernel", "factor * noise", f"factor * noise + {shift} * {largest}")
    if field == "accepted":
        entry = results.revalidate("toy").provenance["revalidations"][0]
        assert entry["deviation"] == pytest.approx(shift, rel=1e-6)
        assert results.check("toy") == pytest.approx(shift, rel=1e-6)
        np.testing.assert_array_equal(results.obtain("toy").arrays["curve"], stored)
    else:
        before = toy.files()
        with pytest.raises(results.StaleResult, match=r"deviates by 1\.1e-06") as caught:
            results.revalidate("toy")
        assert caught.value.modules == ("learnsym.toykernel",)
        assert toy.files() == before
        recomputed = results.obtain("toy")
        np.testing.assert_allclose(recomputed.arrays["curve"] - stored, shift * largest, rtol=1e-6)
        assert recomputed.provenance["revalidations"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("array[:2]", "array[:2].astype('float32')"),
        ("array[:2]", "array[:2, None]"),
        ("array[:2]", "array[:0]"),
        ("array[:2]", "np.repeat(array, 2, axis=0)"),
        ("{name: array", "{name + '_renamed': array"),
    ],
)
def test_probe_that_does_not_fit_the_stored_arrays(toy, old, new):
    results.recompute("toy")
    toy.edit("experiments/toy", old, new)
    with pytest.raises(results.StaleResult, match=r"probe\['"):
        results.revalidate("toy")


def test_check_refuses_a_probe_that_deviates_and_writes_nothing(toy, monkeypatch):
    results.recompute("toy")
    before = toy.files()
    assert results.check("toy") == 0
    probe = {"curve": 1.5 * expected_curve()[:2]}
    monkeypatch.setattr(toy.module(), "probe", lambda config: probe)
    with pytest.raises(ValueError, match=r"deviates by .*, expected at most 1e-06"):
        results.check("toy")
    assert toy.files() == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("toykernel", "A toy kernel", "A kernel with a better sentence"),
        ("toykernel", '    """Multiply."""\n', ""),
        ("toykernel", "  # elementwise", ""),
        ("toykernel", "factor * noise", "(factor\n        * noise)"),
        ("experiments/toy", "Recompute the first two rows.", "Recompute two rows."),
        ("experiments/__init__", "", '"""Experiments."""\n'),
    ],
)
def test_text_that_is_no_code_makes_nothing_stale(toy, monkeypatch, module, old, new):
    results.recompute("toy")
    toy.edit(module, old, new)
    no_computation(monkeypatch, toy)
    assert results.obtain("toy").provenance["revalidations"] == []


def test_code_changed_after_its_import_is_not_run(toy):
    results.recompute("toy")
    toy.change("toykernel", "factor * noise", "noise * factor")
    before = toy.files()
    with pytest.raises(ValueError, match=r"learnsym\.toykernel.*restart the kernel"):
        results.obtain("toy")
    with pytest.raises(ValueError, match="restart the kernel"):
        results.recompute("toy")
    assert toy.files() == before
    toy.change("toykernel", "noise * factor", "factor * noise")
    results.recompute("toy")


def test_code_changed_during_a_run_is_not_taken_for_the_code_that_ran(toy, monkeypatch):
    run = toy.module().run

    def run_while_editing(config, progress):
        toy.change("toykernel", "factor * noise", "3 * factor * noise")
        return run(config)

    monkeypatch.setattr(toy.module(), "run", run_while_editing)
    results.recompute("toy")
    toy.forget()
    with pytest.raises(results.StaleResult, match=r"learnsym\.toykernel"):
        results.load("toy")


def test_interrupted_run_leaves_the_previous_result(toy, monkeypatch):
    results.recompute("toy")
    before = toy.files()

    def interrupt(config, progress):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(toy.module(), "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            results.recompute("toy")
    assert toy.files() == before
    assert results.check("toy") == 0


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"curve": np.array([1.0, np.nan])}, r"toy\.run\['curve'\].*finite.*1 that"),
        ({"curve": np.array([1.0, np.inf, -np.inf])}, "2 that"),
        ({"curve": np.array([1 + 1j * np.inf])}, "finite"),
        ({"curve": np.array([None, 1])}, "got object"),
        ({"curve": np.array(["a"])}, "numeric"),
        ({"curve": [1.0, 2.0]}, "got list"),
        ({"a b": np.zeros(2)}, "identifier"),
        ({1: np.zeros(2)}, "identifier"),
        ({}, "non-empty"),
        (np.zeros(2), "dictionary"),
    ],
)
def test_arrays_that_cannot_be_stored(toy, monkeypatch, arrays, message):
    results.recompute("toy")
    before = toy.files()
    monkeypatch.setattr(toy.module(), "run", lambda config, progress: arrays)
    with pytest.raises(ValueError, match=message):
        results.recompute("toy")
    with pytest.raises(ValueError, match=message):
        results.obtain("toy", seed=1)
    assert toy.files() == before


# --- where obtain reads and writes ------------------------------------------------------------


def test_obtain_never_writes_into_the_book(toy, capsys):
    stored = results.recompute("toy").arrays["curve"]
    before = toy.files()
    toy.edit("toykernel", "factor * noise", "noise * factor")
    capsys.readouterr()
    first = results.obtain("toy")
    assert len(first.provenance["revalidations"]) == 1 and capsys.readouterr().err == ""
    assert toy.files() == before and set(toy.cached()) == set(before)
    np.testing.assert_array_equal(first.arrays["curve"], stored)


def test_the_book_comes_first_then_what_obtain_has_stored(toy, monkeypatch):
    results.recompute("toy")
    toy.edit("toykernel", "factor * noise", "noise * factor")
    revalidated = results.obtain("toy")
    no_computation(monkeypatch, toy)
    assert results.obtain("toy").provenance == revalidated.provenance
    toy.edit("toykernel", "noise * factor", "factor * noise")
    no_computation(monkeypatch, toy)
    assert results.obtain("toy").provenance == results.load("toy").provenance
    assert results.load("toy").provenance["revalidations"] == []


def test_what_obtain_has_stored_is_revalidated_where_the_book_is_too_old(toy, capsys):
    """The book's configuration changed long ago; the code changes once more."""
    results.recompute("toy")
    toy.edit("experiments/toy", "rows: int = 4", "rows: int = 5")
    results.obtain("toy")
    toy.edit("toykernel", "factor * noise", "noise * factor")
    capsys.readouterr()
    assert len(results.obtain("toy").provenance["revalidations"]) == 1
    assert capsys.readouterr().err == ""


def test_another_folder_takes_the_place_of_the_book(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path / "mine"))
    results.obtain("toy")
    assert results.results_folder() == tmp_path / "mine"
    assert len(toy.files()) == 2 and list(toy.book.iterdir()) == [toy.book / "_config.yml"]
    results.load("toy")


@pytest.mark.parametrize("folder", ["_build", "_build/results"])
@pytest.mark.parametrize("change", ["noise * factor", "3 * noise * factor"])
def test_what_cannot_be_stored_is_returned(toy, capsys, folder, change):
    results.recompute("toy")
    before = toy.files()
    toy.edit("toykernel", "factor * noise", change)
    (toy.book / folder).parent.mkdir(exist_ok=True)
    (toy.book / folder).write_text("a file where a folder should be: nothing can be written there")
    capsys.readouterr()
    result = results.obtain("toy")
    factor = 6.0 if change.startswith("3") else 2.0
    np.testing.assert_array_equal(result.arrays["curve"], expected_curve(factor=factor))
    assert "toy-book: could not be stored (" in capsys.readouterr().err
    assert "checksums" not in result.provenance and toy.files() == before


def refused(*_, **__):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("change", ["noise * factor", "3 * noise * factor"])
def test_a_read_only_checkout_gives_the_answer(toy, monkeypatch, capsys, change):
    results.recompute("toy")
    before = toy.files()
    toy.edit("toykernel", "factor * noise", change)
    # for root, who runs the tests in a container, no folder is read-only
    for name in ("mkdir", "unlink"):
        monkeypatch.setattr(Path, name, refused)
    monkeypatch.setattr(results, "write_atomically", refused)
    monkeypatch.setattr(os, "replace", refused)
    answers = [results.obtain("toy"), results.recompute("toy")]
    assert capsys.readouterr().err.count("could not be stored (Permission denied)") == 2
    factor = 6.0 if change.startswith("3") else 2.0
    for answer in answers:
        np.testing.assert_array_equal(answer.arrays["curve"], expected_curve(factor=factor))
    assert toy.files() == before


def test_files_that_cannot_be_read_are_corrupt(toy, monkeypatch):
    results.recompute("toy")
    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(results.CorruptResult, match=r"cannot be read \(Permission denied"):
        results.load("toy")


# --- away from the book -----------------------------------------------------------------------


@pytest.fixture
def away(toy, tmp_path, monkeypatch):
    """No book anywhere, and a cache of the user's own."""
    monkeypatch.setattr(results, "find_book", lambda: None)
    monkeypatch.setattr(results, "user_cache_dir", lambda name: str(tmp_path / "home" / name))
    monkeypatch.setattr(results, "_repository", lambda: None)
    return toy


@pytest.fixture
def server(tmp_path):
    """A server in place of the one that publishes the book's repository."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/me/book"
        server.shutdown()


@pytest.fixture
def published(away, server, tmp_path, monkeypatch):
    """The folder in which the repository's results lie, and there is one, which is fresh."""
    folder = tmp_path / "site" / "me" / "book" / "raw" / "main" / "book" / "results"
    with monkeypatch.context() as patch:
        patch.setenv("LEARNSYM_RESULTS", str(folder))
        results.recompute("toy")
    monkeypatch.setattr(results, "_repository", lambda: server)
    return folder


def test_away_from_the_book_results_are_computed_and_cached(away, tmp_path, monkeypatch, capsys):
    np.testing.assert_array_equal(results.obtain("toy").arrays["curve"], expected_curve())
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "home" / "learnsym" / "results" / "toy-book.npz").is_file()
    no_computation(monkeypatch, away)
    results.obtain("toy")
    assert away.cached() == {}


def test_away_from_the_book_results_are_fetched_once(published, toy, monkeypatch, capsys):
    no_computation(monkeypatch, toy)
    capsys.readouterr()
    first = results.obtain("toy")
    assert "toy-book: fetched from http://127.0.0.1" in capsys.readouterr().err
    np.testing.assert_array_equal(first.arrays["curve"], expected_curve())
    monkeypatch.setattr(results, "_repository", lambda: "http://127.0.0.1:9")
    assert results.obtain("toy").provenance == first.provenance


@pytest.mark.parametrize("fault", ["missing", "tampered", "stale", "no server"])
def test_what_is_not_to_be_fetched_is_computed(published, toy, monkeypatch, capsys, fault):
    npz = published / "toy-book.npz"
    if fault == "missing":
        npz.unlink()
    if fault == "tampered":
        npz.write_bytes(npz.read_bytes()[:-1] + b"x")
    if fault == "stale":
        toy.edit("toykernel", "factor * noise", "3 * factor * noise")
    if fault == "no server":
        monkeypatch.setattr(results, "_repository", lambda: "http://127.0.0.1:9/me/book")
    capsys.readouterr()
    factor = 6.0 if fault == "stale" else 2.0
    found = results.obtain("toy").arrays["curve"]
    np.testing.assert_array_equal(found, expected_curve(factor=factor))
    said = capsys.readouterr().err
    reason = {"missing": "404", "tampered": "toy-book.npz: expected", "stale": "learnsym.toykernel"}
    assert "computing toy-book" in said and reason.get(fault, "cannot be fetched") in said


def test_the_address_comes_from_the_metadata_of_the_package(monkeypatch):
    found = email.message.Message()
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: found)
    assert results._repository() is None
    found["Project-URL"] = "Homepage, https://example.org"
    found["Project-URL"] = "Repository, https://github.com/me/book"
    assert results._repository() == "https://github.com/me/book"


def test_commands_need_a_book(away, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LEARNSYM_ROOT", str(tmp_path / "nowhere"))
    assert results.main(["list"]) == 1
    assert "book root: expected" in capsys.readouterr().err


# --- soundness --------------------------------------------------------------------------------


def test_record_of_another_scale_is_corrupt(toy):
    results.recompute("toy")
    for ending in ("npz", "json"):
        path = results.results_folder() / f"toy-book.{ending}"
        path.rename(path.with_name(f"toy-smoke.{ending}"))
    with pytest.raises(results.CorruptResult, match=r"toy-smoke\.json.*got toy-book"):
        results.load("toy", "smoke")
