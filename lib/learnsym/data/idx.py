"""Parser of the IDX format, in which MNIST and Fashion-MNIST are published.

A file is two zero bytes, one byte for the type of its entries, one for the number of its axes,
the length of each axis as a big-endian 32-bit integer, then the entries in C order.
"""

import math

import numpy as np

UNSIGNED_BYTE = 0x08


def parse_idx(content: bytes, rank: int, name: str) -> np.ndarray:
    """Return the array that an IDX file of unsigned bytes holds.

    Parameters
    ----------
    content
        The whole file, decompressed.
    rank
        The number of axes that the array must have: 3 for images, 1 for labels.
    name
        What error messages call the file.

    Returns
    -------
    numpy.ndarray
        A read-only uint8 view of ``content`` with ``rank`` axes.

    Raises
    ------
    ValueError
        The magic number, the type of the entries, the number of axes or the length of the file
        is wrong; the message names the file, what was expected and what was found.
    """
    if len(content) < 4:
        raise ValueError(f"{name}: expected an IDX header, got a file of {len(content)} bytes")
    zeros, kind, axes = content[:2], content[2], content[3]
    if zeros != b"\0\0":
        raise ValueError(f"{name}: expected the magic bytes 00 00, got {zeros.hex(' ')}")
    if kind != UNSIGNED_BYTE:
        raise ValueError(
            f"{name}: expected entries of type 0x{UNSIGNED_BYTE:02x} (unsigned byte), "
            f"got type 0x{kind:02x}"
        )
    if axes != rank:
        raise ValueError(f"{name}: expected {rank} axes, got {axes}")
    start = 4 + 4 * rank
    if len(content) < start:
        raise ValueError(
            f"{name}: expected a header of {start} bytes, got a file of {len(content)} bytes"
        )
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    expected = start + math.prod(shape)
    if len(content) != expected:
        raise ValueError(
            f"{name}: expected {expected} bytes for an array of shape {shape}, "
            f"got {len(content)} bytes"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
