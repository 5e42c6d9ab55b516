"""Where the book lies, the settings that change it, and files that are written whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from learnsym import paths, results

ROOT = Path(__file__).resolve().parents[1]
OURS = "title: Learning Symmetry\n"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A package that is not imported from a checkout, and a working directory of no book."""
    for name in ("LEARNSYM_ROOT", "LEARNSYM_RESULTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "site-packages" / "a" / "b" / "c.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def book(folder, config=OURS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    return folder


def test_without_settings_it_is_the_checkout_of_the_package(tmp_path, monkeypatch):
    monkeypatch.delenv("LEARNSYM_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert paths.find_book() == paths.book_root() == ROOT


@pytest.mark.parametrize(
    "config", ["title: Another Site\n", "", "subtitle: Learning Symmetry\n", "title: Learning\n"]
)
def test_another_site_is_not_the_book(nowhere, monkeypatch, config):
    site = book(nowhere / "site", config)
    monkeypatch.chdir(site)
    assert paths.find_book() is None
    monkeypatch.setenv("LEARNSYM_ROOT", str(site))
    with pytest.raises(ValueError, match=r"book root: expected .* found none at site; set LEARN"):
        paths.book_root()
    with pytest.raises(ValueError, match="book root"):
        results.results_folder()


def test_the_nearest_checkout_above_counts_and_the_setting_wins(nowhere, monkeypatch):
    outer = book(nowhere / "outer")
    inner = book(outer / "notes" / "site", "title: Another Site\n")
    monkeypatch.chdir(inner)
    assert paths.find_book() == outer
    assert results.results_folder() == outer / "book" / "results"
    nearest = book(outer / "notes")
    assert paths.find_book() == nearest
    named = book(nowhere / "named")
    monkeypatch.setenv("LEARNSYM_ROOT", str(named))
    assert paths.find_book() == named


@pytest.mark.parametrize(
    ("value", "expected"),
    [("~/mine", "home/mine"), ("mine", "start/mine"), ("../mine", "mine"), ("./a/../b", "start/b")],
)
def test_settings_are_expanded_and_absolute(tmp_path, monkeypatch, value, expected):
    monkeypatch.setattr(paths, "_START", tmp_path / "start")
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path / "home"))
    monkeypatch.setenv("LEARNSYM_RESULTS", value)
    monkeypatch.chdir("/")
    assert paths.setting("LEARNSYM_RESULTS") == results.results_folder() == tmp_path / expected
    monkeypatch.setenv("LEARNSYM_RESULTS", "")
    assert paths.setting("LEARNSYM_RESULTS") is None
    monkeypatch.delenv("LEARNSYM_RESULTS")
    assert paths.setting("LEARNSYM_RESULTS") is None


def test_a_configuration_that_cannot_be_read_is_none(nowhere):
    (nowhere / "_config.yml").mkdir()
    assert paths.find_book() is None


# --- files that are written whole -------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch, error):
    path = tmp_path / "folder" / "file"
    paths.write_atomically(path, b"first")

    def fail(descriptor):
        (part,) = [each for each in path.parent.iterdir() if each != path]
        assert part.name.startswith(".file.")
        raise error

    with monkeypatch.context() as patch, pytest.raises(error):
        patch.setattr(os, "fsync", fail)
        paths.write_atomically(path, b"second")
    assert [each.name for each in path.parent.iterdir()] == ["file"]
    assert path.read_bytes() == b"first"
    paths.write_atomically(path, b"second")
    assert path.read_bytes() == b"second"


@pytest.mark.skipif(sys.platform == "win32", reason="ends by signal")
def test_sigterm_ends_in_order_and_is_as_before_afterwards():
    code = (
        "import os, signal\nfrom learnsym.paths import ending_in_order\n"
        "with ending_in_order():\n    pass\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "with ending_in_order():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    finally:\n        print('in order')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("in order\n", 128 + signal.SIGTERM)


def test_a_handler_of_the_caller_stays():
    before = signal.signal(signal.SIGTERM, refuse)
    try:
        with paths.ending_in_order():
            assert signal.getsignal(signal.SIGTERM) is refuse
        assert signal.getsignal(signal.SIGTERM) is refuse
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(number, frame):
    raise AssertionError
