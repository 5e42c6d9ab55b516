"""The arrays of a result: what may be stored, their checksum, their bytes in an npz file."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

Arrays = Mapping[str, np.ndarray]


def checked(arrays: object, source: str) -> Arrays:
    """Return read-only copies of ``arrays`` in C order and little-endian, sorted by name.

    Raises
    ------
    ValueError
        Not a non-empty dictionary of numeric or boolean arrays named by identifiers, or an entry
        is not finite. The message begins with ``source``.
    """
    if not isinstance(arrays, Mapping) or not arrays:
        raise ValueError(f"{source}: expected a non-empty dictionary of arrays, got {arrays!r}")
    return MappingProxyType(
        {name: _checked(name, arrays[name], source) for name in sorted(arrays, key=str)}
    )


def _checked(name: object, array: object, source: str) -> np.ndarray:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"{source}: expected an identifier as name of an array, got {name!r}")
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{source}[{name!r}]: expected a numeric or boolean array, got {kind}")
    if not np.isfinite(array).all():
        count = np.count_nonzero(~np.isfinite(array))
        raise ValueError(f"{source}[{name!r}]: expected finite entries, got {count} that are not")
    copy = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C", subok=False)
    copy.flags.writeable = False
    return copy


def checksum(arrays: Arrays) -> str:
    """Return the sha256 over name, dtype, shape and bytes of every array."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        total.update(json.dumps([name, array.dtype.str, array.shape]).encode() + b"\n")
        total.update(array.tobytes())
    return total.hexdigest()


def packed(arrays: Arrays) -> bytes:
    """Return the content of an npz file; equal arrays give equal bytes, whatever the date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980-01-01
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, arrays[name], allow_pickle=False)
    return buffer.getvalue()


def unpacked(content: bytes) -> Arrays:
    """Return the arrays of an npz file, read-only.

    Raises
    ------
    Exception
        Of several kinds where the content is not an npz file without pickles.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return checked({name: archive[name] for name in archive.files}, "npz")


def largest_deviation(stored: Arrays, probe: Arrays) -> float:
    """Return the largest deviation of ``probe`` from the leading part of ``stored``.

    Each array is compared with ``stored[name][:n_1, :n_2, ...]`` where ``(n_1, n_2, ...)`` is its
    shape; deviations are relative to the largest absolute value of the stored array.

    Raises
    ------
    ValueError
        An array of the probe is not stored, has another dtype or number of axes than the stored
        one, is longer or is empty.
    """
    return max(_deviation(name, stored.get(name), array) for name, array in probe.items())


def _deviation(name: str, stored: np.ndarray | None, probe: np.ndarray) -> float:
    if stored is None:
        raise ValueError(f"probe[{name!r}]: expected a stored array of this name, found none")
    fits = stored.dtype == probe.dtype and stored.ndim == probe.ndim
    fits = fits and all(0 < n <= m for n, m in zip(probe.shape, stored.shape, strict=True))
    if not fits:
        raise ValueError(
            f"probe[{name!r}]: expected a leading part, not empty, of {stored.dtype} "
            f"{stored.shape}, got {probe.dtype} {probe.shape}"
        )
    wide = complex if stored.dtype.kind == "c" else float
    leading = stored[tuple(slice(n) for n in probe.shape)].astype(wide)
    deviation = float(np.abs(probe.astype(wide) - leading).max())
    size = float(np.abs(stored.astype(wide)).max())
    if deviation == 0:
        return 0.0
    return deviation / size if size > 0 else float("inf")
