"""Times of what every chapter does with a stored result: take the fingerprint, load, verify."""

import numpy as np

from learnsym.results import store
from learnsym.results.arrays import checked
from learnsym.results.experiment import experiment_names
from learnsym.results.fingerprints import code_digests


def test_fingerprint_of_the_code(benchmark):
    module = f"learnsym.experiments.{experiment_names()[0]}"
    assert module in benchmark(code_digests, module)


def test_read_one_mebibyte(benchmark, tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    noise = np.random.default_rng(0).standard_normal((512, 256))
    record = {"schema": store.SCHEMA, "experiment": "noise", "scale": "book"}
    store.save(
        store.results_folder(), "noise", "book", checked({"noise": noise}, "benchmark"), record
    )
    arrays, _ = benchmark(store.read, store.results_folder(), "noise", "book")
    assert (arrays["noise"] == noise).all()
