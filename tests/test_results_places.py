"""Where results are kept: the book, the build, away from both, and where nothing can be written."""

import errno
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import results_toy
from learnsym import results
from learnsym.paths import book_root
from learnsym.results import access, remote, store
from learnsym.results.provenance import versions

toy = results_toy.toy


@pytest.fixture
def book(toy, tmp_path, monkeypatch):
    """The toy in a book of its own, whose results are tracked."""
    root = tmp_path / "clone"
    (root / "book" / "results").mkdir(parents=True)
    (root / "_config.yml").write_text("title: Learning Symmetry\n")
    monkeypatch.delenv("LEARNSYM_RESULTS")
    monkeypatch.setenv("LEARNSYM_ROOT", str(root))
    return root


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def test_what_a_chapter_computes_is_kept_below_the_build(book, toy, monkeypatch):
    first = results.obtain("toy", progress=False)
    assert files(book / "book" / "results") == {}
    assert set(files(book / "_build" / "results")) == {"toy-book.npz", "toy-book.json"}
    monkeypatch.setattr(toy.module(), "run", None)
    assert results.obtain("toy").provenance == first.provenance
    with pytest.raises(results.MissingResult):
        results.load("toy")


def test_what_a_chapter_renews_is_kept_below_the_build(book, toy):
    published = results.recompute("toy", "book", progress=False)
    before = files(book / "book" / "results")
    toy.edit("toykernel", "factor * noise", "noise * factor")
    renewed = results.obtain("toy")
    assert len(renewed.provenance["revalidations"]) == 1
    np.testing.assert_array_equal(renewed.arrays["curve"], published.arrays["curve"])
    assert files(book / "book" / "results") == before
    toy.module().probe = None  # it is not asked again
    assert results.obtain("toy").provenance == renewed.provenance
    toy.forget()
    results.revalidate("toy")
    assert files(book / "book" / "results") != before
    assert results.load("toy").provenance["fingerprint"] == renewed.provenance["fingerprint"]


def test_the_published_result_comes_first(book, toy):
    results.obtain("toy", progress=False)
    results.recompute("toy", "book", progress=False)
    (book / "_build" / "results" / "toy-book.npz").write_bytes(b"x")
    assert results.obtain("toy").arrays["rows"].tolist() == [0, 1, 2, 3]


def read_only(monkeypatch):
    """Let every attempt to write fail, as in a read-only checkout (tests may run as root)."""

    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(store, "_write", refuse)


def test_a_read_only_checkout_gives_the_answer(book, toy, monkeypatch, capsys):
    published = results.recompute("toy", "book", progress=False)
    toy.edit("toykernel", "factor * noise", "noise * factor")
    read_only(monkeypatch)
    renewed = results.obtain("toy")
    np.testing.assert_array_equal(renewed.arrays["curve"], published.arrays["curve"])
    assert "toy-book: could not be stored (Permission denied)" in capsys.readouterr().err
    toy.edit("toykernel", "noise * factor", "3 * noise * factor")
    computed = results.obtain("toy", progress=False)
    np.testing.assert_array_equal(computed.arrays["curve"], 3 * published.arrays["curve"])
    assert "toy-book: could not be stored (Permission denied)" in capsys.readouterr().err


def test_a_full_disk_leaves_no_partial_file(toy, monkeypatch, capsys):
    results.recompute("toy", "book", progress=False)
    before = toy.files()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store.os, "fsync", full)
    result = results.recompute("toy", "book", progress=False)
    assert "checksums" not in result.provenance
    assert "could not be stored (No space left on device)" in capsys.readouterr().err
    assert toy.files() == before


def test_what_a_killed_writer_left_is_removed_at_the_next_access(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    code = (
        "import os, time\nfrom learnsym import results\nfrom learnsym.results import store\n"
        "replace = os.replace\n"
        "store.os.replace = lambda *_: (print('now', flush=True), time.sleep(60))\n"
        "results.obtain('digit_regression', 'smoke', progress=False)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert writer.stdout.readline() == b"now\n"
    assert {path.name for path in tmp_path.iterdir()} == {
        ".digit_regression-smoke.npz.tmp",
        ".digit_regression-smoke.json.pending",
    }
    writer.send_signal(signal.SIGTERM)
    writer.wait()
    results.obtain("digit_regression", "smoke", progress=False)
    names = {"digit_regression-smoke.npz", "digit_regression-smoke.json"}
    assert {path.name for path in tmp_path.iterdir()} == names
    ignored = (book_root() / ".gitignore").read_text(encoding="utf-8").split()
    assert "book/results/.*" in ignored


# --- away from the repository --------------------------------------------------------------------


@pytest.fixture
def away(tmp_path, monkeypatch):
    """No book anywhere, and a cache of our own."""
    monkeypatch.setattr(access, "find_book", lambda: None)
    monkeypatch.setattr(store, "find_book", lambda: None)
    monkeypatch.delenv("LEARNSYM_RESULTS", raising=False)
    monkeypatch.setattr(store, "user_cache_dir", lambda _: str(tmp_path / "cache"))
    return tmp_path / "cache" / "results"


def test_without_a_repository_results_are_computed(toy, away, capsys):
    result = results.obtain("toy", progress=False)
    assert result.arrays["rows"].tolist() == [0, 1, 2, 3]
    printed = capsys.readouterr().err
    assert "toy-book: no repository is known to fetch it from" in printed
    assert "computing toy-book" in printed
    assert set(files(away)) == {"toy-book.npz", "toy-book.json"}
    results.obtain("toy")
    assert capsys.readouterr().err == ""


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A server that stands for the public repository."""
    folder = tmp_path / "public" / "raw" / "main" / "book" / "results"
    folder.mkdir(parents=True)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "public"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(remote, "repository", lambda: url)
        yield folder
        server.shutdown()


@pytest.mark.parametrize("damage", [None, "npz", "json", "missing"])
def test_results_are_fetched_verified_or_computed(toy, away, address, damage, capsys):
    result = results.obtain("toy", progress=False)
    for path in away.iterdir():
        content = path.read_bytes()
        if damage != "missing":
            spoilt = content.replace(b"e", b"f", 1) + b" "
            (address / path.name).write_bytes(spoilt if path.suffix == f".{damage}" else content)
        path.unlink()
    capsys.readouterr()
    again = results.obtain("toy", progress=False)
    np.testing.assert_array_equal(again.arrays["curve"], result.arrays["curve"])
    printed = capsys.readouterr().err
    assert ("toy-book: fetched from" in printed) == (damage != "missing")
    assert ("could not be fetched" in printed) == (damage == "missing")
    assert ("computing toy-book" in printed) == (damage is not None)


def test_the_repository_comes_from_the_packages_metadata(monkeypatch):
    class Metadata:
        def get_all(self, _):
            return ["Documentation, https://example.org/b", "Repository, https://example.org/r"]

    assert remote.repository() is None or remote.repository().startswith("https://")
    monkeypatch.setattr(remote.importlib.metadata, "metadata", lambda _: Metadata())
    assert remote.repository() == "https://example.org/r"


# --- processes ------------------------------------------------------------------------------------


def test_an_interruption_leaves_the_previous_result_and_no_process(tmp_path, monkeypatch):
    """As by Ctrl-C in a terminal, which reaches the whole group."""
    monkeypatch.setenv("LEARNSYM_RESULTS", str(tmp_path))
    code = "from learnsym.results.__main__ import main; main(['run', 'lazy_training', 'book'])"
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # a shell lets what it starts in the background ignore Ctrl-C, and that is inherited
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    seen = b""
    while b"lazy_training:" not in seen:  # the progress bar: the experiment itself is running
        chunk = os.read(running.stderr.fileno(), 4096)
        assert chunk, seen.decode()
        seen += chunk
    os.killpg(running.pid, signal.SIGINT)
    assert b"KeyboardInterrupt" in running.communicate()[1]
    assert running.returncode != 0
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_graphics_card_is_named_where_a_configuration_asks_for_it(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H1")
    assert versions("cuda")["gpu"] == "H1"
    assert "gpu" not in versions()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "gpu" not in versions("cuda")
