"""The results in the repository: sound, fresh, small, and their probes agree."""

import pytest

from learnsym import results
from learnsym.data import DataUnavailableError

STORED = results.stored()


def test_every_file_belongs_to_a_stored_result():
    found = {path.name for path in results.results_folder().glob("[!.]*")}
    assert found == {f"{name}-{scale}.{end}" for name, scale in STORED for end in ("npz", "json")}


@pytest.mark.parametrize(("experiment", "scale"), STORED)
def test_stored_result_is_small_and_its_probe_agrees(experiment, scale):
    files = results.results_folder().glob(f"{experiment}-{scale}.*")
    assert max(path.stat().st_size for path in files) < 2**20
    results.load(experiment, scale)
    try:
        results.check(experiment, scale)
    except DataUnavailableError as error:
        pytest.skip(f"its data are not on this machine and cannot be downloaded: {error}")
