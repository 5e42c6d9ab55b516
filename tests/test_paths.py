"""Which folder is the book, and where its settings point."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from learnsym import paths

HERE = Path(__file__).resolve().parents[1]


def book(folder: Path, title: str = "Learning Symmetry") -> Path:
    folder.mkdir(parents=True)
    (folder / "_config.yml").write_text(f"title: {title}\nauthor: someone\n")
    return folder


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    monkeypatch.delenv("LEARNSYM_ROOT", raising=False)


def test_a_checkout_is_found_from_the_folders_below_it(tmp_path, monkeypatch):
    root = book(tmp_path / "clone")
    below = root / "book" / "part"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert paths.find_book() == paths.book_root() == root


def test_inside_another_site_the_book_is_the_one_that_is_imported(tmp_path, monkeypatch):
    site = book(tmp_path / "site", "Another Book")
    monkeypatch.chdir(site)
    assert paths.book_root() == HERE
    nested = book(tmp_path / "outer" / "inner", "Another Book")
    (tmp_path / "outer" / "_config.yml").write_text("title: Learning Symmetry\n")
    monkeypatch.chdir(nested)
    assert paths.book_root() == tmp_path / "outer"


def test_a_setting_wins_and_is_checked(tmp_path, monkeypatch):
    root = book(tmp_path / "clone")
    monkeypatch.setenv("LEARNSYM_ROOT", str(root))
    assert paths.book_root() == root
    monkeypatch.setenv("LEARNSYM_ROOT", str(tmp_path / "nowhere"))
    assert paths.find_book() is None
    with pytest.raises(ValueError, match="book root: expected a folder whose"):
        paths.book_root()


def test_settings_are_absolute_whatever_is_said(tmp_path, monkeypatch):
    assert paths.setting("LEARNSYM_NOTHING") is None
    monkeypatch.setenv("LEARNSYM_RESULTS", "")
    assert paths.setting("LEARNSYM_RESULTS") is None
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path / "a" / ".." / "b"))
    assert paths.setting("LEARNSYM_RESULTS") == tmp_path / "b"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LEARNSYM_RESULTS", "~/results")
    assert paths.setting("LEARNSYM_RESULTS") == tmp_path / "results"


def test_a_relative_setting_counts_from_where_the_work_began(tmp_path):
    code = (
        "from learnsym.paths import setting; import os; os.makedirs('later'); os.chdir('later')\n"
        "print(setting('LEARNSYM_RESULTS'))"
    )
    env = {**os.environ, "LEARNSYM_RESULTS": "mine", "PYTHONPATH": str(HERE / "lib")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(tmp_path / "mine")
