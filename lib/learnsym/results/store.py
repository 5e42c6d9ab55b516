"""Result files: ``EXPERIMENT-SCALE.npz`` (arrays) and ``EXPERIMENT-SCALE.json`` (provenance).

The two files are written under a lock in this order::

    .STEM.npz.tmp, .STEM.json.pending  written in full
    .STEM.npz.tmp      -> STEM.npz
    .STEM.json.pending -> STEM.json

An interruption leaves the previous pair, or the new one: if only the first renaming took place,
the next access finds a pending record that fits the arrays and finishes the second.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_cache_dir

from learnsym.paths import book_root, find_book, setting
from learnsym.results.arrays import Arrays, checksum, packed, unpacked
from learnsym.results.errors import CorruptResult, MissingResult
from learnsym.results.fingerprints import digest

try:
    import fcntl
except ImportError:  # not on Windows, where writers at the same time are only detected
    fcntl = None

SCHEMA = 1
SCALES = ("smoke", "book", "paper")

Record = dict[str, Any]


def results_folder() -> Path:
    """Return the folder that ``LEARNSYM_RESULTS`` names, or ``book/results``."""
    return setting("LEARNSYM_RESULTS") or book_root() / "book" / "results"


def build_folder() -> Path:
    """Return where chapters keep what they compute: below ``_build``, so that git sees no change.

    A folder that ``LEARNSYM_RESULTS`` names is the user's own and serves for both. Away from the
    book it is the user's cache.
    """
    named, book = setting("LEARNSYM_RESULTS"), find_book()
    if named or book:
        return named or book / "_build" / "results"
    return Path(user_cache_dir("learnsym")) / "results"


def folders() -> list[Path]:
    """Return where results are looked for, in this order."""
    published = [results_folder()] if find_book() or setting("LEARNSYM_RESULTS") else []
    return list(dict.fromkeys([*published, build_folder()]))


def npz_path(folder: Path, experiment: str, scale: str) -> Path:
    """Return where the arrays are stored."""
    return folder / f"{experiment}-{scale}.npz"


def json_path(folder: Path, experiment: str, scale: str) -> Path:
    """Return where the record is stored."""
    return folder / f"{experiment}-{scale}.json"


def shown(path: Path) -> str:
    """Return a path as messages name it: without folders of the machine."""
    return f"{path.parent.name}/{path.name}"


def stored() -> list[tuple[str, str]]:
    """Return experiment and scale of everything stored, sound or not, in alphabetical order."""
    folder = results_folder()
    files = [path for ending in ("npz", "json") for path in folder.glob(f"[!.]*-*.{ending}")]
    pairs = {tuple(path.stem.rsplit("-", 1)) for path in files}
    return sorted(pair for pair in pairs if pair[1] in SCALES)


def save(folder: Path, experiment: str, scale: str, arrays: Arrays, record: Record) -> Record:
    """Store arrays and record, replacing those stored before; return it with its checksums."""
    npz, target = npz_path(folder, experiment, scale), json_path(folder, experiment, scale)
    content = packed(arrays)
    record = _signed(record, {"arrays": checksum(arrays), "npz": _sha256(content)})
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, experiment, scale):
        _write(_temporary(npz), content)
        _write(_pending(target), _render(record).encode())
        os.replace(_temporary(npz), npz)
        os.replace(_pending(target), target)
    return record


def renew(folder: Path, experiment: str, scale: str, old: Record, new: Record) -> Record | None:
    """Replace the stored record ``old`` by ``new`` with the same arrays; return the latter.

    Return None and write nothing if the stored record is no longer ``old``.
    """
    target = json_path(folder, experiment, scale)
    new = _signed(new, old["checksums"])
    with _locked(folder, experiment, scale):
        if _read_record(target) != old:
            return None
        _write(_pending(target), _render(new).encode())
        os.replace(_pending(target), target)
    return new


def read(folder: Path, experiment: str, scale: str) -> tuple[Arrays, Record]:
    """Return the stored arrays and record after verifying every checksum.

    Raises
    ------
    MissingResult
        There is neither an npz nor a json file.
    CorruptResult
        One is missing, or any byte of them is not as it was written.
    """
    npz, target = npz_path(folder, experiment, scale), json_path(folder, experiment, scale)
    if not npz.is_file() and not target.is_file():
        raise MissingResult(f"{shown(npz)}: expected a stored result, found none")
    with _locked(folder, experiment, scale):
        for path in (npz, target):
            if not path.is_file():
                raise CorruptResult(f"{shown(path)}: expected two files, this one is missing")
        record, content = _read_record(target), npz.read_bytes()
    named = (record["experiment"], record["scale"])
    if named != (experiment, scale):
        raise CorruptResult(
            f"{shown(target)}: expected the record of {experiment}-{scale}, got {named}"
        )
    if _sha256(content) != record["checksums"]["npz"]:
        raise CorruptResult(f"{shown(npz)}: expected the checksum in {target.name}, got another")
    try:
        arrays = unpacked(content)
    except Exception as error:
        raise CorruptResult(
            f"{shown(npz)}: expected arrays without pickles, got {error}"
        ) from error
    if checksum(arrays) != record["checksums"]["arrays"]:
        raise CorruptResult(f"{shown(npz)}: expected the arrays whose checksum is in {target.name}")
    return arrays, record


def _read_record(path: Path) -> Record:
    """Return the record if the file is, to the byte, what was written."""
    text = path.read_bytes().replace(b"\r\n", b"\n")
    try:
        record = json.loads(text)
        if record["schema"] != SCHEMA:
            raise ValueError(f"expected schema {SCHEMA}, got {record['schema']}")
        if _render(record).encode() != text:
            raise ValueError("expected the formatting that it was written with")
        if _signed(record, record["checksums"]) != record:
            raise ValueError("expected a record that agrees with its own checksum")
    except (ValueError, KeyError, TypeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise CorruptResult(f"{shown(path)}: not a record of a result: {reason}") from error
    return record


def _signed(record: Record, checksums: dict[str, str]) -> Record:
    """Return the record with checksums of the arrays, of the npz file and of the record itself."""
    sums = {name: checksums[name] for name in ("arrays", "npz")}
    return {
        **record,
        "checksums": {**sums, "record": digest({**record, "checksums": sums})},
    }


def _render(record: Record) -> str:
    return json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _pending(path: Path) -> Path:
    return path.with_name(f".{path.name}.pending")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is on the disk before it is renamed; a partial one is removed."""
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(folder: Path, experiment: str, scale: str) -> Iterator[None]:
    """Hold the folder of results alone, an interrupted renaming finished."""
    with _folder_lock(folder):
        with contextlib.suppress(PermissionError):  # a folder that is only to be read
            _finish(npz_path(folder, experiment, scale), json_path(folder, experiment, scale))
        yield


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _finish(npz: Path, target: Path) -> None:
    """Finish an interrupted ``save``, or forget one that did not get far enough."""
    pending = _pending(target)
    if pending.is_file():
        try:
            fits = _read_record(pending)["checksums"]["npz"] == _sha256(npz.read_bytes())
        except (CorruptResult, FileNotFoundError):
            fits = False
        if fits:
            os.replace(pending, target)
    # nobody else holds the lock: what lies there was left by a process that was killed
    for left in (pending, _temporary(npz)):
        left.unlink(missing_ok=True)
