"""Print the book as one PDF: ``python -m learnsym.publish.pdf PAGE.html FILE.pdf``."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
READY = """
async () => {
  await MathJax.startup.promise;
  for (const image of document.images) { image.loading = "eager"; await image.decode(); }
}
"""


def printed(page: Path, pdf: Path) -> None:
    """Print a page once its formulas are set and its images are there.

    Raises
    ------
    ValueError
        There is no Chromium or Chrome.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise ValueError(f"browser: expected one of {', '.join(BROWSERS)}, found none")
    sides = dict.fromkeys(("top", "bottom", "left", "right"), "17mm")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=program, args=flags).new_page()
        opened.set_default_timeout(1_200_000)
        opened.goto(page.absolute().as_uri())
        opened.evaluate(READY)
        opened.pdf(path=pdf, format="A4", margin=sides, outline=True, tagged=True)


if __name__ == "__main__":
    printed(*map(Path, sys.argv[1:]))
