"""What the built site needs beside its pages: MathJax of its own, and no broken buttons."""

import shutil
import sysconfig
from pathlib import Path
from typing import Any

import sphinx_proof
from myst_nb.sphinx_ext import add_global_html_resources
from sphinx.application import Sphinx
from sphinx.config import Config

# what docutils and Sphinx write, and what a screen reader can make sense of
READABLE = {
    'role="doc-biblioentry"': 'role="listitem"',  # a role of the past, in a list
    '<th class="head"><p></p></th>': "<td></td>",  # the corner of a table heads nothing
}
STATIC = Path(__file__).parent / "static"
MATHJAX = "tex-mml-chtml.js"
# what MathJax loads by itself on a page; the speech engine is left out
MATHJAX_PARTS = (
    MATHJAX,
    "output/chtml/fonts/woff-v2",
    "input/tex/extensions",
    "a11y/assistive-mml.js",
)


def configure(app: Sphinx, config: Config) -> None:
    """Add static files, serve MathJax from the site, drop launch buttons without a repository."""
    config.html_static_path = [*config.html_static_path, str(STATIC)]
    config.html_css_files = [*config.html_css_files, "book.css"]
    scripts = [(name, {"defer": "defer"}) for name in ("claims.js", "page.js", "search.js")]
    config.html_js_files = [*config.html_js_files, *scripts]
    config.mathjax_path, config.html_math_renderer = f"mathjax/{MATHJAX}", "mathjax"
    config.epub_cover = tuple(config.epub_cover)  # YAML knows lists alone
    config.ogp_site_url = config.ogp_site_url or config.html_baseurl
    options = config.html_theme_options
    options["use_repository_button"] = bool(options.get("repository_url"))
    if not options["use_repository_button"]:
        options["launch_buttons"] = {}


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the parts of MathJax that pages load into the site's static folder."""
    if error or app.builder.name not in ("html", "singlehtml"):
        return
    source = mathjax_folder()
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy2(source / part, target / part)


def pack_styles(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Copy the style sheets of extensions before the EPUB is packed; they do so after it."""
    if app.builder.name == "epub":
        add_global_html_resources(app, None)
        sphinx_proof.copy_asset_files(app, None)
    return []  # no pages of its own


def mathjax_folder() -> Path:
    """Return the folder of MathJax that the package sphinx-mathjax-offline installs.

    Raises
    ------
    ValueError
        The package is not installed.
    """
    folder = Path(sysconfig.get_paths()["purelib"]) / "sphinx-mathjax-offline/static/mathjax"
    if not (folder / MATHJAX).is_file():
        raise ValueError(
            "mathjax: expected the package sphinx-mathjax-offline to be installed, got none; "
            "install the project with its extra 'book'"
        )
    return folder


def clean_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Drop scripts that appear twice, which is an error; mend what screen readers stumble over."""
    for written, readable in READABLE.items():
        context["body"] = context.get("body", "").replace(written, readable)
    seen: set[tuple[str, str]] = set()
    kept = []
    for script in context.get("script_files", []):
        # Sphinx registers an inline script with the name None in one place and "" in another
        key = (str(script.filename or ""), str(script.attributes.get("body", "")))
        if key not in seen:
            seen.add(key)
            kept.append(script)
    context["script_files"] = kept
