"""The commands on stored results."""

import re
import subprocess
import sys

import numpy as np
import pytest

import results_toy
from learnsym import results
from learnsym.experiments.sweep import Keep
from learnsym.results import main

toy = results_toy.toy


def test_run_stores(toy, capsys):
    assert main(["run", "toy", "smoke"]) == 0
    printed = capsys.readouterr()
    assert "curve: float64 (2, 3)" in printed.out
    assert printed.out.rstrip().endswith("stored") and "not stored" not in printed.out
    assert "computing toy-smoke" in printed.err
    assert results.stored() == [("toy", "smoke")]


def test_run_leaves_what_is_fresh_alone(toy, capsys):
    main(["run", "toy", "book"])
    before = toy.files()
    capsys.readouterr()
    assert main(["run", "toy", "book"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "" and printed.out.startswith("toy-book  fresh, computed in ")
    assert toy.files() == before
    assert main(["run", "toy", "book", "--force"]) == 0
    assert "computing toy-book" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["stale", "corrupt"])
def test_run_computes_what_is_not_fresh(toy, capsys, fault):
    main(["run", "toy", "book"])
    if fault == "stale":
        toy.edit("toykernel", "factor * noise", "noise * factor")
    else:
        (results.results_folder() / "toy-book.npz").write_bytes(b"")
    capsys.readouterr()
    assert main(["run", "toy", "book"]) == 0
    assert "computing toy-book" in capsys.readouterr().err
    assert results.load("toy").provenance["revalidations"] == []


def test_commands_say_what_could_not_be_stored(toy, capsys, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    main(["run", "toy", "book"])
    before = toy.files()
    toy.edit("toykernel", "factor * noise", "noise * factor")
    monkeypatch.setattr(results, "write_atomically", refuse)
    capsys.readouterr()
    for arguments in (["run", "toy", "book"], ["revalidate"]):
        assert main(arguments) == 1
        printed = capsys.readouterr()
        assert "could not be stored (Permission denied)" in printed.err
        assert "not stored" in printed.out or "could not be stored" in printed.out
    assert toy.files() == before


@pytest.mark.parametrize("arguments", [["run", "missing", "book"], ["run", "toy", "paper"]])
def test_run_with_unknown_names(toy, capsys, arguments):
    assert main(arguments) == 1
    assert "expected one of" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "check", "revalidate"])
def test_commands_on_all_results(toy, capsys, command):
    assert main([command]) == 0
    assert capsys.readouterr().out == "no results are stored\n"
    results.recompute("toy", "book")
    results.recompute("toy", "smoke")
    assert main([command]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["toy-book", "fresh,"], ["toy-smoke", "fresh,"]]


def test_commands_report_stale_and_corrupt_results(toy, capsys):
    results.recompute("toy", "book")
    results.recompute("toy", "smoke")
    (results.results_folder() / "toy-smoke.npz").write_bytes(b"")
    toy.edit("toykernel", "factor * noise", "noise * factor")
    for command, code in (("list", 0), ("check", 1), ("revalidate", 1), ("check", 1)):
        assert main([command]) == code
    out = capsys.readouterr().out
    assert out.count("toy-smoke  CorruptResult") == 4
    assert out.count("toy-book  StaleResult") == 2
    assert "toy-book  fresh, revalidated 1 times" in out
    assert "learnsym.toykernel" in out


def test_check_reports_a_probe_that_deviates(toy, capsys, monkeypatch):
    results.recompute("toy", "book")
    probe = toy.module().probe
    monkeypatch.setattr(
        toy.module(), "probe", lambda config: {"curve": probe(config)["curve"] * 1.1}
    )
    assert main(["check"]) == 1
    assert "probe deviates by" in capsys.readouterr().out


RUN_BY_ROWS = """def run(config, progress=True):
    noise = np.random.default_rng(config.seed).standard_normal((config.rows, 3))
    jobs = {f"row {n}": (noise[n : n + 1], config.factor) for n in range(config.rows)}
    done = sweep(row, jobs, progress=progress, partial=True)
    return {"curve": np.concatenate([one["curve"] for one in done.values()])}


def row(job):
    return {"curve": amplify(*job)}


def probe(config):
    return {"curve": run(config, False)["curve"][:1]}
"""


@pytest.fixture
def by_rows(toy, tmp_path):
    """The toy with a job for each row; returns the names of the jobs that are kept."""
    toy.write("experiments/sweep", "")  # for its digest: what runs is the library's
    imports = "from learnsym.experiments.sweep import sweep\nfrom learnsym.toykernel"
    toy.edit("experiments/toy", "from learnsym.toykernel", imports)
    text = (toy.package / "experiments" / "toy.py").read_text()
    toy.edit("experiments/toy", text[text.index("def run(") :], RUN_BY_ROWS)
    return lambda: sorted(path.stem for path in (tmp_path / "jobs").rglob("[!.]*.npz"))


def test_what_time_leaves_unfinished_is_said_kept_and_finished(toy, by_rows, capsys, monkeypatch):
    with pytest.MonkeyPatch.context() as late:
        late.setattr(Keep, "is_late", lambda keep: bool(by_rows()))
        assert main(["run", "toy", "book"]) == 0
    result = results.load("toy")
    assert result.provenance["unfinished"] == 3 and len(result.arrays["curve"]) == 1
    assert by_rows() == ["row 0"]
    capsys.readouterr()
    assert main(["list"]) == 0
    assert re.match("toy-book  fresh, .* s, 3 jobs unfinished\n", capsys.readouterr().out)
    assert main(["check"]) == 0 and by_rows() == ["row 0"]
    kernel = toy.module().amplify
    monkeypatch.setattr(toy.module(), "amplify", lambda *job: 2 * kernel(*job))
    assert main(["run", "toy", "book"]) == 0
    result = results.load("toy")
    assert "unfinished" not in result.provenance and by_rows() == []
    curve = np.random.default_rng(0).standard_normal((4, 3))
    factors = np.array([2, 4, 4, 4])[:, None]  # the first row is the one that was kept
    np.testing.assert_allclose(result.arrays["curve"], factors * curve)
    capsys.readouterr()
    for command in (["list"], ["run", "toy", "book"]):
        assert main(command) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("toy-book  fresh") and "unfinished" not in printed


def test_a_run_that_ends_early_does_not_replace_more(toy, by_rows, capsys, monkeypatch):
    assert main(["run", "toy", "book"]) == 0
    before = toy.files()
    monkeypatch.setattr(Keep, "is_late", lambda keep: bool(by_rows()))
    assert main(["run", "toy", "book", "--force"]) == 1
    assert "not stored: more is missing" in capsys.readouterr().err
    assert toy.files() == before and by_rows() == ["row 0"]


def test_renewed_records_still_say_what_is_unfinished(toy, by_rows):
    with pytest.MonkeyPatch.context() as late:
        late.setattr(Keep, "is_late", lambda keep: bool(by_rows()))
        main(["run", "toy", "book"])
    toy.edit("toykernel", "factor * noise", "noise * factor")
    assert main(["revalidate"]) == 0
    record = results.load("toy").provenance
    assert record["unfinished"] == 3 and len(record["revalidations"]) == 1


def test_module_can_be_run():
    command = [sys.executable, "-m", "learnsym.results", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in ("run", "list", "check", "revalidate"):
        assert name in printed
