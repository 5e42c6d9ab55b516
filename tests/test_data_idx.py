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


@given(arrays)
def test_every_truncation_fails(array):
    content = encode(array)
    for length in range(len(content)):
        with pytest.raises(ValueError, match=rf"^cut: expected .* got .*\b{length} bytes"):
            parse_idx(content[:length], array.ndim, "cut")


@given(
    arrays,
    st.binary(min_size=1, max_size=9),
    st.binary(min_size=2, max_size=2).filter(lambda magic: magic != b"\0\0"),
    st.integers(0, 255).filter(lambda kind: kind != 0x08),
    st.integers(1, 4),
)
def test_other_files_fail(array, extra, magic, kind, rank):
    content = encode(array)
    too_long = rf"expected {len(content)} bytes .* got {len(content) + len(extra)} bytes"
    beyond_memory = struct.pack(">HBBIII", 0, 8, 3, *[2**32 - 1] * 3)  # before any allocation
    refused = [
        (content + extra, array.ndim, too_long),
        (magic + content[2:], array.ndim, "expected the magic bytes 00 00, got"),
        (encode(array, kind), array.ndim, f"expected entries of type 0x08 .* type 0x{kind:02x}"),
        (beyond_memory, 3, f"expected {16 + (2**32 - 1) ** 3} bytes"),
    ]
    if rank != array.ndim:
        refused.append((content, rank, f"expected {rank} axes, got {array.ndim}"))
    for broken, axes, words in refused:
        with pytest.raises(ValueError, match=words):
            parse_idx(broken, axes, "file")
