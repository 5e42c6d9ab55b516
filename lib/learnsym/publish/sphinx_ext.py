"""Sphinx extension of the book: claims and figures on the page, compiled pages, index, EPUB.

What a page says about claims, figures and citations is written in ``templates``. A page that has
Jinja tags, ``<%`` and ``<<``, is filled by them.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import sphinx_proof
import yaml
from docutils import nodes
from jinja2 import Environment, PackageLoader, StrictUndefined
from myst_nb.core.render import MimeData, NbElementRenderer
from myst_nb.sphinx_ext import add_global_html_resources
from sphinx.addnodes import index
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util.index_entries import split_index_msg

from learnsym.publish import mathml, wording
from learnsym.publish.chapters import BOOK_FILE, chapter_paths
from learnsym.publish.claims import CLAIM_MIME, load_items
from learnsym.publish.figures import FIGURE_MIME

SHOWN = {CLAIM_MIME: "claim", FIGURE_MIME: "figure"}  # the macro for each kind of record

Record = dict[str, Any]


def records(notebooks: Sequence[Path], root: Path, mime: str) -> list[Record]:
    """Return all claims or figures in the order of the book, each with its ``page`` of the site.

    Raises
    ------
    ValueError
        Two of them have the same id.
    """
    found: dict[str, Record] = {}
    for path in notebooks:
        page = path.relative_to(root).with_suffix("").as_posix()
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
        for record in (data[mime] for data in outputs if mime in data):
            name = record["id"]
            if name in found:
                known = found[name]["page"]
                raise ValueError(f"id {name!r}: expected once, got it in {known} and {page}")
            found[name] = {**record, "page": page}
    return list(found.values())


def tally(claims: Sequence[Record], items: dict[str, list[str]], paper: str) -> dict[str, int]:
    """Return how many items of a paper have which verdict; those without are ``open``.

    An item with several claims counts under the least favourable on the paper.
    """
    order = sorted(wording.VERDICTS, key=lambda verdict: verdict != wording.BEYOND)
    own = [claim for claim in claims if claim["paper"] == paper]
    last = {claim["item"]: v for v in order for claim in own if claim["verdict"] == v}
    found = [last.get(item, "open") for item in items[paper]]
    return {v: found.count(v) for v in (*wording.VERDICTS, "open") if v in found}


def prepare(app: Sphinx) -> None:
    """Read the book's templates and what they tell: claims, figures, items, citation."""
    root = Path(app.srcdir)
    claims, figures = (records(chapter_paths(root), root, mime) for mime in SHOWN)
    app.templates = templates = Environment(
        *("<%", "%>", "<<", ">>", "<#", "#>"),  # of blocks, values, comments
        loader=PackageLoader("learnsym.publish"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["css"] = lambda verdict: "verdict-" + verdict.replace(" ", "-")
    templates.filters["verdict_text"] = wording.verdict_text
    # the EPUB and the PDF, where they were made; they do not link to themselves
    made = root.glob(f"{BOOK_FILE}.*") if app.builder.name == "html" else ()
    templates.globals |= vars(wording) | {
        "claims": claims,
        "figures": figures,
        "items": load_items(root),
        "tally": tally,
        "citation": yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8")),
        "base_url": app.config.html_baseurl,
        "made": sorted(path.name for path in made),
    }


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Fill the tags of a page, and end a chapter with how to run and cite it."""
    path = Path(app.srcdir) / f"{page}.ipynb"
    if path in chapter_paths(Path(app.srcdir)):
        app.env.note_dependency("CITATION.cff")
        notebook = nbformat.reads(source[0], as_version=4)
        title = re.search(r"^# (.*)", notebook.cells[0].source, re.MULTILINE)[1]
        end = app.templates.get_template("end.md").render(page=page, title=title)
        notebook.cells.append(nbformat.v4.new_markdown_cell(end))
        source[0] = nbformat.writes(notebook)
    elif "<%" in source[0]:
        app.env.note_reread()  # it depends on every notebook
        source[0] = app.templates.from_string(source[0]).render()


class RecordRenderer:
    """Turns the record of a claim or a figure in a notebook's output into its block on the page."""

    mime_priority_overrides: ClassVar = [("*", mime, 1) for mime in SHOWN]

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, data: MimeData, inline: bool) -> list | None:
        """Return the nodes of a record, None for other outputs."""
        if inline or data.mime_type not in SHOWN:
            return None
        env = renderer.renderer.sphinx_env
        parts = env.app.templates.get_template("parts.md").make_module()
        text = getattr(parts, SHOWN[data.mime_type])({**data.content, "page": env.docname})
        container = nodes.Element()
        with renderer.renderer.current_node_context(container):
            renderer.renderer.nested_render_text(text, data.line or 0)
        return container.children


class IndexedStatements(SphinxTransform):
    """Puts definitions, theorems and the like into the index, under their titles."""

    default_priority = 500

    def apply(self, **_options: object) -> None:
        """Add an entry before each block of sphinx-proof that has a title."""
        blocks = [node for node in self.document.findall(nodes.Element) if "realtype" in node]
        for block in blocks:
            title = block[0].astext().strip().removeprefix("(").removesuffix(")")
            if title:
                entry = ("single", title.replace(";", ","), block["ids"][0], "main", None)
                block.parent.insert(block.parent.index(block), index(entries=[entry]))


def keep_index(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Give the search the index of pages that are not written again, which Sphinx forgets."""
    search = getattr(app.builder, "indexer", None)
    for page, entries in app.env.get_domain("index").entries.items() if search else ():
        if page in search._titles:
            kept = [
                (part, place, main)
                for kind, text, place, main, _ in entries
                for part in split_index_msg(kind, text)
            ]
            search._index_entries.setdefault(page, kept)
    return []  # no pages of its own


def pack_styles(app: Sphinx) -> list[tuple[str, dict, str]]:
    """Copy the style sheets of extensions before the EPUB is packed; they do so after it."""
    if app.builder.name == "epub":
        add_global_html_resources(app, None)
        sphinx_proof.copy_asset_files(app, None)
    return []  # no pages of its own


def drop_repeated_scripts(app: Sphinx, page: str, template: str, context: dict, *_: object) -> None:
    """Drop scripts that appear twice, which is an error."""
    # Sphinx registers an inline script with the name None in one place and "" in another
    scripts = context.get("script_files", [])
    known = {(str(s.filename or ""), s.attributes.get("body")): s for s in scripts}
    context["script_files"] = list(known.values())


def configure(app: Sphinx, config: Config) -> None:
    """Say what YAML cannot: a pair, and what follows from the two addresses of a copy."""
    config.epub_cover = tuple(config.epub_cover)
    config.ogp_site_url = config.ogp_site_url or config.html_baseurl
    options = config.html_theme_options
    options["use_repository_button"] = bool(options.get("repository_url"))
    if not options["use_repository_button"]:
        options["launch_buttons"] = {}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what the book adds to Sphinx."""
    formulas = ((mathml.inline_formula, None), (mathml.displayed_formula, None))
    app.add_html_math_renderer("mathml", *formulas)
    app.add_config_value("epub_math_renderer", "mathml", "env")
    app.add_transform(IndexedStatements)
    app.connect("config-inited", configure)
    app.connect("builder-inited", prepare)
    app.connect("source-read", fill)
    app.connect("html-collect-pages", keep_index)
    app.connect("html-collect-pages", pack_styles)
    app.connect("html-page-context", drop_repeated_scripts, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
