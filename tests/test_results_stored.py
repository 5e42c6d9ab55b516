"""The results in the repository: sound, fresh, small, and their probes agree."""

import pytest

from learnsym import results
from learnsym.data import DataUnavailableError

STORED = results.stored()


def test_every_file_belongs_to_a_stored_result():
    folder = results.results_folder()
    found = {path.name for path in folder.glob("*") if path.name != ".gitkeep"}
    expected = {f"{name}-{scale}.{end}" for name, scale in STORED for end in ("npz", "json")}
    assert found == expected


@pytest.mark.parametrize(("experiment", "scale"), STORED or [(None, None)])
def test_stored_result(experiment, scale):
    if experiment is None:
        assert results.stored() == []
        return
    results.load(experiment, scale)
    sizes = [
        path.stat().st_size for path in results.results_folder().glob(f"{experiment}-{scale}*")
    ]
    assert len(sizes) == 2
    assert max(sizes) < 2**20


@pytest.mark.parametrize(("experiment", "scale"), STORED or [(None, None)])
def test_probe_of_a_stored_result(experiment, scale):
    if experiment is None:
        assert results.stored() == []
        return
    try:
        deviation = results.check(experiment, scale)
    except DataUnavailableError as error:
        pytest.skip(f"its data are not on this machine and cannot be downloaded: {error}")
    assert deviation <= results.tolerance(experiment)
