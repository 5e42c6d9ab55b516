"""The IDX parser, on files that an independent writer makes and that the tests then break."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from learnsym.data.idx import parse_idx

arrays = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5), fill=st.nothing()
)


def encode(array, kind=0x08):
    header = struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@given(arrays)
def test_round_trip(array):
    parsed = parse_idx(encode(array), array.ndim, "file")
    assert parsed.dtype == np.uint8
    np.testing.assert_array_equal(parsed, array)


def test_known_file():
    content = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(parse_idx(content, 2, "file"), [[1, 2, 3], [4, 5, 6]])


@given(arrays)
def test_every_truncation_fails(array):
    content = encode(array)
    for length in range(len(content)):
        with pytest.raises(ValueError, match=rf"^cut: expected .* got .*\b{length} bytes"):
            parse_idx(content[:length], array.ndim, "cut")


@given(arrays, st.binary(min_size=1, max_size=9))
def test_extra_bytes_fail(array, extra):
    content = encode(array)
    expected = rf"expected {len(content)} bytes .* got {len(content) + len(extra)} bytes"
    with pytest.raises(ValueError, match=expected):
        parse_idx(content + extra, array.ndim, "file")


@given(arrays, st.binary(min_size=2, max_size=2).filter(lambda magic: magic != b"\0\0"))
def test_wrong_magic_fails(array, magic):
    with pytest.raises(ValueError, match="expected the magic bytes 00 00, got"):
        parse_idx(magic + encode(array)[2:], array.ndim, "file")


@given(arrays, st.integers(0, 255).filter(lambda kind: kind != 0x08))
def test_wrong_type_of_entries_fails(array, kind):
    with pytest.raises(ValueError, match=rf"expected entries of type 0x08 .* type 0x{kind:02x}"):
        parse_idx(encode(array, kind), array.ndim, "file")


@given(arrays, st.integers(1, 4))
def test_wrong_rank_fails(array, rank):
    if rank == array.ndim:
        return
    with pytest.raises(ValueError, match=f"expected {rank} axes, got {array.ndim}"):
        parse_idx(encode(array), rank, "file")


def test_lengths_beyond_memory_fail_before_any_allocation():
    content = struct.pack(">HBBIII", 0, 8, 3, *[2**32 - 1] * 3)
    with pytest.raises(ValueError, match=f"expected {16 + (2**32 - 1) ** 3} bytes"):
        parse_idx(content, 3, "file")
