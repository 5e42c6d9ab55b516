"""The commands on stored results."""

import subprocess
import sys

import pytest

import results_toy
from learnsym import results
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


def test_run_with_another_seed_stores_nothing(toy, capsys):
    assert main(["run", "toy", "book", "--seed", "5"]) == 0
    assert "not stored" in capsys.readouterr().out
    assert results.stored() == []


@pytest.mark.parametrize("seed", [[], ["--seed", "0"]])
def test_run_with_the_seed_of_the_scale_stores(toy, seed):
    assert main(["run", "toy", "book", *seed]) == 0
    assert results.stored() == [("toy", "book")]


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


def test_module_can_be_run():
    command = [sys.executable, "-m", "learnsym.results", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in ("run", "list", "check", "revalidate"):
        assert name in printed
