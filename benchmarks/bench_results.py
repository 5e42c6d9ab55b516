"""Times of what every chapter does with a stored result: take the fingerprint, load, verify."""

import numpy as np

from learnsym import results
from learnsym.fingerprints import code_digests, experiment_names


def test_fingerprint_of_the_code(benchmark):
    module = f"learnsym.experiments.{experiment_names()[0]}"
    assert module in benchmark(code_digests, module)


def test_read_one_mebibyte(benchmark, tmp_path):
    noise = np.random.default_rng(0).standard_normal((512, 256))
    record = {"schema": results.SCHEMA, "experiment": "noise", "scale": "book"}
    results.save(tmp_path, results.checked({"noise": noise}, "benchmark"), record)
    arrays, _ = benchmark(results.read, tmp_path, "noise-book")
    assert (arrays["noise"] == noise).all()
