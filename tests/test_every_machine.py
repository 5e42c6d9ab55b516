"""The same book on every machine: whatever the folder, the settings and the processor."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import elsewhere

ROOT = Path(__file__).parents[1]
CHAPTER = "groups_and_projections"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "_build", ".*cache", ".hypothesis", ".benchmarks"
)
SETTINGS = "axes.linewidth: 9\n"
START = "import matplotlib; matplotlib.rcParams['axes.linewidth'] = 9\n"
BROKEN_KERNEL = {"argv": ["false"], "display_name": "mine", "language": "python"}


# --- folders and settings -----------------------------------------------------------------------


def environment(root, **more):
    """A bare environment for a checkout; the interpreter is the one that runs the tests."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "lib"), **more}


def execute(root, env):
    """Execute a chapter as `make book` does, in a copy of the checkout without `.git`."""
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    (root / ".venv").symlink_to(sys.prefix)
    command = f"$(BIN)/python -m learnsym.publish.chapters execute {CHAPTER}"
    (root / "one.mk").write_text(f"one:\n\t{command}\n", encoding="utf-8")
    make = ["make", "-f", "Makefile", "-f", "one.mk", "one"]
    done = subprocess.run(make, cwd=root, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    return made(root)


def made(root):
    """What a reader sees of a book: its notebooks, and the pictures and tables of its figures."""
    files = [path for folder in ("book", "_build") for path in (root / folder).rglob("*.*")]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in files
        if path.suffix in {".ipynb", ".svg", ".pdf", ".csv"}
    }


def home_with_settings(folder):
    """A home whose owner has settings of their own, read-only for all but root."""
    for name, text in {
        ".config/matplotlib/matplotlibrc": SETTINGS,
        ".ipython/profile_default/startup/00-start.py": START,
        ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(BROKEN_KERNEL),
    }.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What comes out in a plain folder with a writable home."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder = tmp_path_factory.mktemp("plain")
    home = folder / "home"
    home.mkdir()
    files = execute(folder / "book", environment(folder / "book", HOME=str(home)))
    executed = [text for name, text in files.items() if name.startswith("_build/")]
    assert any(b"application/vnd.learnsym.claim+json" in text for text in executed)
    assert any(b"application/vnd.learnsym.figure+json" in text for text in executed)
    return files


def test_folder_encoding_and_missing_home_change_nothing(plain, tmp_path):
    root = tmp_path / "Bücher und mehr" / "Learning Symmetry"
    matplotlibrc = tmp_path / "matplotlibrc"
    matplotlibrc.write_text(SETTINGS, encoding="utf-8")
    ascii_only = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env = environment(root, MATPLOTLIBRC=str(matplotlibrc), **ascii_only)
    assert execute(root, env) == plain


def test_settings_in_an_unwritable_home_change_nothing(plain, tmp_path):
    home = home_with_settings(tmp_path / "home")
    before = tree(home)
    assert execute(tmp_path / "book", environment(tmp_path / "book", HOME=str(home))) == plain
    assert tree(home) == before


def test_the_settings_reach_whoever_does_not_guard_against_them(tmp_path):
    home = home_with_settings(tmp_path / "home")
    code = "import matplotlib; print(matplotlib.rcParams['axes.linewidth'])"
    command = [sys.executable, "-c", code]
    env = environment(ROOT, HOME=str(home))
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["9.0"]


def test_a_chapter_runs_away_from_the_repository(tmp_path):
    """As a downloaded notebook does beside an installed wheel: a folder with one file."""
    shutil.copytree(ROOT / "lib" / "learnsym", tmp_path / "site" / "learnsym")
    folder = tmp_path / "downloads"
    folder.mkdir()
    shutil.copy(ROOT / "book" / "foundations" / f"{CHAPTER}.py", folder)
    env = environment(tmp_path, PYTHONPATH=str(tmp_path / "site"), HOME=str(tmp_path))
    command = [sys.executable, f"{CHAPTER}.py"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Figure digit-orbit" in done.stdout and "✓ holds" in done.stdout
    assert tree(folder) == [f"{CHAPTER}.py"]


# --- processors ---------------------------------------------------------------------------------

# digests of products and of exponentials, and what NumPy and PyTorch say that they use
KERNELS = """
import hashlib, json
import numpy as np, torch
from numpy._core import _multiarray_umath as core
x = np.random.default_rng(0).normal(size=(100, 100))
t = torch.from_numpy(x)
digest = lambda a: hashlib.sha256(np.asarray(a).tobytes()).hexdigest()
used = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]
print(json.dumps({
    "numpy": used, "torch": torch.backends.cpu.get_cpu_capability(),
    "products": [digest(x @ x.T), digest(t @ t.T)], "exponentials": digest(np.exp(x)),
}))
"""


def kernels(*prefix):
    """What the numerical libraries use in a new process, run with the prefix before its command."""
    env = {k: v for k, v in os.environ.items() if k not in elsewhere.RESTRICTIONS}
    command = [*prefix, sys.executable, "-W", "error", "-c", KERNELS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(platform.machine().lower() not in elsewhere.X86, reason="not an x86 processor")
def test_an_older_processor_rounds_differently():
    here = kernels()
    older = kernels(sys.executable, elsewhere.__file__)
    assert older["numpy"] == [] and older["torch"] == "DEFAULT"
    if here["torch"] == "DEFAULT" or "X86_V3" not in here["numpy"]:
        pytest.skip("this processor is an old one itself")
    assert all(a != b for a, b in zip(here["products"], older["products"], strict=True))
    assert here["exponentials"] != older["exponentials"] or "X86_V4" not in here["numpy"]


def test_other_kinds_of_processors_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    with pytest.raises(ValueError, match="expected x86_64 or amd64, got arm64"):
        elsewhere.refuse_unknown_processors()
