"""A throw-away experiment in a throw-away package, whose files tests can change."""

import importlib
import sys

import pytest

import learnsym
import learnsym.experiments
from learnsym import fingerprints, results

TOY = '''"""A toy experiment."""

from dataclasses import dataclass

import numpy as np
from learnsym.toykernel import amplify

PROBE_TOLERANCE = 1e-6
EXPECTED_SECONDS = {"smoke": 0.1, "book": 12}


@dataclass(frozen=True)
class Config:
    """Rows and factor."""

    rows: int = 4
    factor: float = 2.0
    seed: int = 0


SCALES = {"smoke": Config(rows=2), "book": Config()}


def run(config, progress=True):
    """Amplify noise."""
    noise = np.random.default_rng(config.seed).standard_normal((config.rows, 3))
    return {"curve": amplify(noise, config.factor), "rows": np.arange(config.rows)}


def probe(config):
    """Recompute the first two rows."""
    return {name: array[:2] for name, array in run(config).items()}
'''

KERNEL = '''"""A toy kernel."""


def amplify(noise, factor):
    """Multiply."""
    return factor * noise  # elementwise
'''


class Toy:
    """Files of the package ``learnsym`` under a folder of its own."""

    def __init__(self, root):
        self.package = root / "learnsym"
        self.write("__init__", "")
        self.write("experiments/__init__", "")
        self.write("experiments/toy", TOY)
        self.write("toykernel", KERNEL)

    def write(self, module, text):
        path = self.package / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, module, old, new):
        """Edit a file as seen by a process that has imported it before."""
        path = self.package / f"{module}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def edit(self, module, old, new):
        """Edit a file as seen by a process that starts afterwards."""
        self.change(module, old, new)
        self.forget()

    def forget(self):
        fingerprints.find.cache_clear()
        for parent, name in (("learnsym.experiments", "toy"), ("learnsym", "toykernel")):
            sys.modules.pop(f"{parent}.{name}", None)
            vars(sys.modules[parent]).pop(name, None)
        importlib.invalidate_caches()

    def module(self):
        """The experiment as it is imported now."""
        return fingerprints.find("toy").module

    def files(self):
        """Content of the result files in the book, hidden ones included."""
        return contents(results.results_folder())

    def cached(self):
        """The same of what ``obtain`` stores."""
        return contents(self.book / "_build" / "results")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*")}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    toy = Toy(tmp_path / "lib")
    toy.book = tmp_path / "checkout"
    toy.book.mkdir()
    (toy.book / "_config.yml").write_text("title: Learning Symmetry\n")
    monkeypatch.setenv("LEARNSYM_ROOT", str(toy.book))
    monkeypatch.setenv("LEARNSYM_JOBS", str(tmp_path / "jobs"))
    monkeypatch.delenv("LEARNSYM_RESULTS", raising=False)
    monkeypatch.setattr(fingerprints, "package_root", lambda: toy.package.parent)
    monkeypatch.setattr(learnsym, "__path__", [*learnsym.__path__, str(toy.package)])
    monkeypatch.setattr(learnsym.experiments, "__path__", [str(toy.package / "experiments")])
    # A file that is edited twice in a second would be taken from its stale byte code.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    toy.forget()
    yield toy
    toy.forget()
