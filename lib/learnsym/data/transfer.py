"""Downloads over HTTPS, and decompression."""

import gzip
import io
import zlib

TIMEOUT = 15  # seconds until a silent server counts as unreachable


class SourceUnavailableError(Exception):
    """A source of a file cannot be reached or does not hold it; the next one may."""


def gunzip(content: bytes, nbytes: int) -> bytes:
    """Decompress at most one byte more than ``nbytes``, so that a wrong file cannot fill memory.

    Raises
    ------
    SourceUnavailableError
        ``content`` is not a whole gzip file.
    """
    if not content:  # which the gzip module reads as a file of no members
        raise SourceUnavailableError("not a whole gzip file: it is empty")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return stream.read(nbytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnavailableError(f"not a whole gzip file: {error}") from error


def download(url: str) -> bytes:
    """Return what lies at ``url``, with a progress bar.

    Raises
    ------
    SourceUnavailableError
        The server is not reached, or answers with an error.
    """
    # pooch loads a progress bar that warns in notebooks, so only a real download loads pooch.
    import pooch

    # The files are stored compressed: a server must not decompress them on the way.
    fetch = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=65_536,
        timeout=TIMEOUT,
        headers={"Accept-Encoding": "identity"},
    )
    content = io.BytesIO()
    try:
        fetch(url, content, None)
    except OSError as error:  # every error of requests is one
        raise SourceUnavailableError(f"{type(error).__name__}: {error}") from error
    return content.getvalue()
