"""JupyterLab: looking at a chapter changes no file, changing one changes its pair of files."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import built_site
from learnsym.publish import chapters

ROOT = Path(__file__).parents[1]
CHAPTER = "book/part/a_chapter.ipynb"
SOURCE = """# %% [markdown]
# # A chapter

# %% tags=["parameters"]
scale, seed = "book", 0

# %%
import sys
from learnsym.publish import claim
claim("beyond", "One is one.", 1.0, equals=1.0, within=0.5, id="one")
print(sys.prefix)
"""
TIMEOUT = 120_000


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file() and "part" in path.parts)
    return {p.name: p.read_bytes() for p in found if ".ipynb_checkpoints" not in p.parts}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A book of one chapter, executed, with the settings of ours."""
    folder = tmp_path_factory.mktemp("book")
    for name in ("jupytext.toml", "jupyter_server_config.py"):
        shutil.copy(ROOT / name, folder)
    notebook = folder / CHAPTER
    notebook.parent.mkdir(parents=True)
    notebook.with_suffix(".py").write_text(SOURCE, encoding="utf-8")
    executed = chapters.run(chapters.read_source(notebook), folder / "run", notebook.parent)
    notebook.write_text(chapters.dumps(executed), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    """A server started as `make lab` starts it, beside a foreign kernel of the same name."""
    foreign = folder / "foreign" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "foreign", "language": "python"}
    (foreign / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    recipe = re.search(r"^lab:.*\n\t(env (?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.M)[1]
    recipe = recipe.replace("$(CURDIR)", str(folder)).replace("$(BIN)/python", sys.executable)
    options = f"--no-browser --allow-root --port={port} --IdentityProvider.token=''"
    server = subprocess.Popen(
        ["sh", "-c", "exec " + recipe.replace("\\\n", " ").replace("$(LAB)", options)],
        cwd=folder,
        env={**os.environ, "JUPYTER_PATH": str(folder / "foreign")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api")
            break
        except urllib.error.URLError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait()


@pytest.mark.browser
def test_a_session_changes_what_its_user_changes_and_nothing_else(folder, address):
    before = files(folder)
    program = built_site.required_browser()
    with sync_playwright() as playwright:
        flags = list(built_site.BROWSER_FLAGS)
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(TIMEOUT)

        def save():
            with page.expect_response(
                lambda r: r.request.method == "PUT" and "/api/contents/" in r.url
            ):
                page.keyboard.press("Control+s")

        page.goto(f"{address}/lab/tree/{CHAPTER}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text("Python 3 (ipykernel)").first.wait_for()
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        page.locator(".jp-Notebook .jp-CodeCell").last.click()
        save()
        assert files(folder) == before

        page.keyboard.press("Escape")
        page.keyboard.press("Control+Enter")
        page.get_by_text(sys.prefix).first.wait_for()  # our kernel, not the foreign one
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").last.click()
        page.keyboard.press("Control+End")
        page.keyboard.type("\nprint('changed')")
        save()
        browser.close()
    after = files(folder)
    assert {name for name in after if after[name] != before.get(name)} == set(before)
    assert after.keys() == before.keys()
    assert b"print('changed')" in after["a_chapter.py"]
