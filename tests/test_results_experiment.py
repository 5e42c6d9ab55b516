"""The parts of an experiment, and requests that do not fit it."""

import pytest

import results_toy
from learnsym import results
from learnsym.fingerprints import digest, experiment_names, find, same_code

toy = results_toy.toy


def test_names(toy):
    toy.write("experiments/_private", "")
    toy.write("experiments/sweep", "")
    assert experiment_names() == ["toy"]
    assert find("toy").config("smoke").rows == 2
    assert find("toy").tolerance == 1e-6


@pytest.mark.parametrize("name", ["missing", "sweep", "_private", "", "toy-book", "../toy", None])
@pytest.mark.parametrize(
    "access", [results.obtain, results.load, results.revalidate, results.check, results.recompute]
)
def test_unknown_experiment(toy, access, name):
    with pytest.raises(ValueError, match=r"experiment: expected one of toy, got"):
        access(name)


@pytest.mark.parametrize("scale", ["paper", "large", "", None])
@pytest.mark.parametrize(
    "access", [results.obtain, results.load, results.revalidate, results.check, results.recompute]
)
def test_unknown_scale(toy, access, scale):
    with pytest.raises(ValueError, match="scale: expected one of smoke, book for toy, got"):
        access("toy", scale)


@pytest.mark.parametrize("seed", [1.0, "1", True])
def test_bad_seed(toy, seed):
    with pytest.raises(ValueError, match="seed: expected an integer or None"):
        results.obtain("toy", seed=seed)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: int = 0", "seed: float = 0.5", "integer field seed"),
        ("    seed: int = 0\n", "", "integer field seed"),
        ("(frozen=True)", "", "frozen"),
        ("rows: int = 4", "rows: object = None", r"config\.rows"),
        ('"smoke": Config(rows=2)', '"smoke": 2', "to be a Config"),
        ('SCALES = {"smoke"', 'SCALES = {"large"', "SCALES with keys among smoke, book, paper"),
        ("SCALES = ", "OTHER = ", "SCALES"),
        ("def run", "def running", "a function run"),
        ("def probe", "def probing", "a function probe"),
        ("TOLERANCE = 1e-6", "TOLERANCE = 0", "PROBE_TOLERANCE"),
        ("TOLERANCE = 1e-6", 'TOLERANCE = float("nan")', "PROBE_TOLERANCE"),
        ("TOLERANCE = 1e-6", 'TOLERANCE = float("inf")', "PROBE_TOLERANCE"),
        ("PROBE_TOLERANCE =", "OTHER =", "PROBE_TOLERANCE"),
        ('"smoke": 0.1, ', "", "EXPECTED_SECONDS"),
        ('"book": 12', '"book": -1', "EXPECTED_SECONDS"),
    ],
)
def test_missing_parts(toy, old, new, message):
    toy.edit("experiments/toy", old, new)
    with pytest.raises(ValueError, match=f"experiment 'toy': expected .*{message}"):
        find("toy")


@pytest.mark.parametrize("name", experiment_names())
def test_experiments_of_the_book_are_complete(name):
    assert find(name).module.__doc__


def test_workers_with_other_code_are_refused(toy):
    """What a worker calls before a job: its library must be the one whose digest is recorded."""
    code = digest(find("toy").code)
    same_code.cache_clear()
    same_code("toy", code)
    toy.change("toykernel", "factor * noise", "noise * factor")
    same_code("toy", code)  # this process has imported what it will run
    same_code.cache_clear()  # and now it is another one
    with pytest.raises(ValueError, match="toy: expected workers with the library of the process"):
        same_code("toy", code)
