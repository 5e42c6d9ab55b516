"""The parts of an experiment, and requests that do not fit it."""

import pytest

import results_toy
from learnsym import results
from learnsym.fingerprints import (
    SCALES,
    digest,
    experiment_names,
    find,
    plain_config,
    same_code,
)

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


@pytest.mark.parametrize("name", experiment_names())
def test_experiments_of_the_book_are_complete(name):
    module = find(name).module
    assert module.__doc__ and callable(module.run) and callable(module.probe)
    assert module.SCALES.keys() == module.EXPECTED_SECONDS.keys() <= set(SCALES)
    for config in module.SCALES.values():
        assert isinstance(config, module.Config) and type(plain_config(config)["seed"]) is int
    numbers = [module.PROBE_TOLERANCE, *module.EXPECTED_SECONDS.values()]
    assert all(0 < number < float("inf") for number in numbers)


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
