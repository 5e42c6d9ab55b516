"""Sphinx extension of the book: claim boxes, figures with links, compiled tables, the site."""

from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.addnodes import index
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.index_entries import split_index_msg

from learnsym.publish import directives, markup, mathml, site
from learnsym.publish.claims import CLAIM_MIME
from learnsym.publish.compiled import Entry
from learnsym.publish.figures import FIGURE_MIME
from learnsym.publish.wording import BEYOND


class ClaimRenderer:
    """Turns a claim's record in a notebook output into a box on the page."""

    mime_priority_overrides: ClassVar = [("*", CLAIM_MIME, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the nodes of a claim, None for other outputs."""
        if inline or data.mime_type != CLAIM_MIME:
            return None
        box = _parsed(renderer, markup.claim_box(data.content), data.line)
        record = data.content
        if record["verdict"] == BEYOND:
            return box
        return [
            _indexed(f"{record['item']} (paper {record['paper']})", f"claim-{record['id']}"),
            *box,
        ]


class FigureRenderer:
    """Turns a figure's record in a notebook output into a numbered figure on the page."""

    mime_priority_overrides: ClassVar = [("*", FIGURE_MIME, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the nodes of a figure, None for other outputs."""
        if inline or data.mime_type != FIGURE_MIME:
            return None
        env = renderer.renderer.sphinx_env
        entry = directives.citation_entry(env, Entry(data.content, env.docname))
        return _parsed(renderer, markup.figure_block(data.content, entry), data.line)


class IndexedStatements(SphinxTransform):
    """Puts definitions, theorems and the like into the index, under their titles."""

    default_priority = 500

    def apply(self, **_options: object) -> None:
        """Add an entry before each block of sphinx-proof that has a title."""
        blocks = [node for node in self.document.findall(nodes.Element) if "realtype" in node]
        for block in blocks:
            title = block[0].astext().strip().removeprefix("(").removesuffix(")")
            if title:
                block.parent.insert(block.parent.index(block), _indexed(title, block["ids"][0]))


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


def _indexed(entry: str, place: str) -> index:
    return index(entries=[("single", entry.replace(";", ","), place, "main", None)])


def _parsed(renderer: NbElementRenderer, text: str, line: int | None) -> list[nodes.Element]:
    container = nodes.Element()
    with renderer.renderer.current_node_context(container):
        renderer.renderer.nested_render_text(text, line or 0)
    return container.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the site's files."""
    app.add_directive("claims-table", directives.ClaimsTable)
    app.add_directive("verdicts", directives.Verdicts)
    app.add_directive("take-along", directives.TakeAlong)
    app.add_directive("cite-book", directives.CiteBook)
    app.add_directive("figures-list", directives.FiguresList)
    formulas = ((mathml.inline_formula, None), (mathml.displayed_formula, None))
    app.add_html_math_renderer("mathml", *formulas)
    app.add_config_value("epub_math_renderer", "mathml", "env")
    app.add_transform(IndexedStatements)
    app.connect("config-inited", site.configure)
    app.connect("doctree-read", directives.add_end, priority=100)  # before its contents are listed
    app.connect("html-collect-pages", keep_index)
    app.connect("html-collect-pages", site.pack_styles)
    app.connect("build-finished", site.copy_mathjax)
    app.connect("html-page-context", site.clean_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
