"""The rendered book: its pages, a local server for them, and a browser to open them."""

import contextlib
import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# no sandbox: tests may run as root in a container; no traffic of the browser's own
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def required_site() -> Path:
    """Return the folder of the rendered book; fail where there is none."""
    if not (SITE / "index.html").is_file():
        pytest.fail("the rendered book is missing: run `make book` first", pytrace=False)
    return SITE


def pages(site: Path) -> list[str]:
    """Return the pages of a site relative to it; what scripts and themes bring is no page."""
    found = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(path.as_posix() for path in found if not path.parts[0].startswith("_"))


def required_browser() -> str:
    """Return the path of a Chromium or Chrome; skip where there is none.

    With the environment variable ``LEARNSYM_REQUIRE_BROWSER=1`` its absence is a failure.
    """
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    reason = (
        f"no browser: looked for {', '.join(BROWSERS)}; install one, on Debian or Ubuntu with "
        f"`apt-get install chromium`, on macOS with `brew install --cask chromium`"
    )
    if os.environ.get("LEARNSYM_REQUIRE_BROWSER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextlib.contextmanager
def started_browser() -> Iterator[Browser]:
    """Start a headless browser; skip where there is none."""
    path = required_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()


class _QuietHandler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection for many files

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the browser reports what fails."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback interface; yield its address, with a slash at the end."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
