"""Arrays of a result: checks, checksum, npz bytes, deviation of a probe."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from learnsym.results import checked, largest_deviation, packed

KINDS = st.sampled_from(["?", "<i2", "<i8", "<u4", "<f4", "<f8", "<c16"])
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@st.composite
def numeric_arrays(draw):
    dtype = np.dtype(draw(KINDS))
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind in "fc" else {}
    return draw(hnp.arrays(dtype, SHAPES, elements=hnp.from_dtype(dtype, **finite)))


NAMES = st.sampled_from(["x", "y2", "loss_curve", "é"])
DICTIONARIES = st.dictionaries(NAMES, numeric_arrays(), min_size=1)


def assert_same(first, second):
    assert list(first) == list(second)
    for name, array in first.items():
        assert array.dtype == second[name].dtype
        assert array.shape == second[name].shape
        assert array.tobytes() == second[name].tobytes()


@given(DICTIONARIES)
def test_npz_returns_what_was_packed(arrays):
    arrays = checked(arrays, "test")
    with np.load(io.BytesIO(packed(arrays)), allow_pickle=False) as archive:
        assert_same(dict(archive), arrays)


def test_equal_arrays_give_equal_bytes(monkeypatch):
    x, y = np.arange(12.0).reshape(3, 4), np.array([True, False])
    first = packed(checked({"x": x, "y": y}, "test"))
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2040, 1, 1, 0, 0, 0, 0, 1, 0))
    variants = {"y": y.copy(), "x": np.asfortranarray(x)}, {"x": x.astype(">f8"), "y": y}
    for arrays in variants:
        assert packed(checked(arrays, "test")) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_checked_copies():
    x = np.zeros(3)
    copy = checked({"x": x}, "test")["x"]
    x[0] = 1
    assert copy[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        copy[0] = 1


@given(numeric_arrays().filter(lambda array: array.size > 0), st.data())
def test_deviation_of_the_leading_part(stored, data):
    shape = tuple(data.draw(st.integers(1, n)) for n in stored.shape)
    leading = stored[tuple(slice(n) for n in shape)]
    assert largest_deviation({"x": stored}, {"x": leading}) == 0


@pytest.mark.parametrize(
    ("stored", "probe", "expected"),
    [
        ([1.0, 2.0, -4.0], [1.0, 2.5], 0.125),
        ([1.0, 2.0, -4.0], [1.0, 1.0, -4.0], 0.25),
        ([3, 10], [4], 0.1),
        ([True, False], [False], 1.0),
        ([False, False], [False], 0.0),
        ([0.0, 0.0], [1e-300], np.inf),
        ([3j, 5.0], [3j + 3 + 4j], 1.0),
        ([[1.0, 7.0], [2.0, 8.0]], [[1.0], [4.0]], 0.25),
        (-8.0, -6.0, 0.25),
    ],
)
def test_deviation_is_relative_to_the_largest_stored_entry(stored, probe, expected):
    # An array that agrees does not hide one that does not.
    stored = {"a": np.array([9.0]), "x": np.array(stored), "z": np.array([9.0])}
    probe = {"a": np.array([9.0]), "x": np.array(probe), "z": np.array([9.0])}
    assert largest_deviation(stored, probe) == pytest.approx(expected, rel=1e-12)
