"""Sphinx directives that compile tables from the executed notebooks."""

from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from learnsym.publish import compiled, markup
from learnsym.publish.chapters import chapter_paths
from learnsym.publish.compiled import Entry
from learnsym.publish.items import PAPERS, items_path, load_items
from learnsym.publish.wording import BEYOND, VERDICTS, against_text, verdict_text


class CompiledDirective(SphinxDirective):
    """Base: knows the notebooks, and marks the page as depending on them."""

    has_content = False

    def entries(self, kind: str) -> list[Entry]:
        """Return the "claims" or "figures" of the book."""
        notebooks = chapter_paths(Path(self.env.srcdir))
        for path in [*notebooks, items_path()]:
            self.env.note_dependency(str(path))
        try:
            return getattr(compiled, kind)(notebooks, Path(self.env.srcdir))
        except ValueError as error:
            raise self.error(str(error)) from error

    def parsed(self, text: str) -> list[nodes.Node]:
        """Parse MyST text in place."""
        container = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines()), self.content_offset, container)
        return container.children

    def table(
        self, header: list[str], rows: list[list[str]], classes: list[list[str]], name: str
    ) -> nodes.table:
        """Return a table of MyST cells; each row and each column has CSS classes."""
        group = nodes.tgroup(cols=len(header))
        group += [nodes.colspec(colwidth=1) for _ in header]
        head, body = nodes.thead(), nodes.tbody()
        head += self._row(header, header, [])
        for cells, kinds in zip(rows, classes, strict=True):
            body += self._row(cells, header, kinds)
        group += [head, body]
        table = nodes.table(classes=["book-table", name])
        table += group
        return table

    def _row(self, cells: list[str], header: list[str], classes: list[str]) -> nodes.row:
        row = nodes.row(classes=classes)
        for cell, column in zip(cells, header, strict=True):
            entry = nodes.entry(classes=["column-" + column.replace(" ", "-")])
            entry += self.parsed(cell)
            row += entry
        return row


class ClaimsTable(CompiledDirective):
    """``{claims-table}``: a row for each item of the papers, then one for each finding beyond."""

    def run(self) -> list[nodes.Node]:
        """Return one table."""
        records = [entry.record for entry in self.entries("claims")]
        rows, classes = [], []
        for paper, items in load_items().items():
            for item in items:
                own = [r for r in records if (r["paper"], r["item"]) == (paper, item)]
                own = [r for r in own if r["verdict"] != BEYOND] or own
                rows.append([f"{paper}, {item}", *self._cells(own)])
                classes.append(self._classes(paper, own))
        for record in records:
            if record["verdict"] == BEYOND:
                rows.append([record["paper"] or "this book", *self._cells([record])])
                classes.append(self._classes(record["paper"], [record]))
        return [self.table(["item", "verdict", "claim"], rows, classes, "claims-table")]

    def _cells(self, records: list[dict]) -> list[str]:
        if not records:
            return ["open", ""]
        verdicts = dict.fromkeys(record["verdict"] for record in records)
        first, *others = [self._line(record) for record in records]
        if others:
            head = f"::::{{dropdown}} {len(others)} more\n:class-container: claim-details"
            first = "\n".join([first, head, "\n\n".join(others), "::::"])
        return [", ".join(map(verdict_text, verdicts)), first]

    def _line(self, record: dict) -> str:
        link = f"{{ref}}`{against_text(record)} <claim-{record['id']}>`"
        return f"{record['statement']} {link}\n{markup.folded(record)}"

    def _classes(self, paper: str | None, records: list[dict]) -> list[str]:
        verdicts = [markup.verdict_class(r["verdict"]) for r in records] or ["verdict-open"]
        return ["claim", f"paper-{paper or 'none'}".lower(), *dict.fromkeys(verdicts)]


class ClaimsSummary(CompiledDirective):
    """``{claims-summary}``: how many claims have which verdict, per paper."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        records = [entry.record for entry in self.entries("claims")]
        used = [v for v in VERDICTS if any(record["verdict"] == v for record in records)]
        names = {**{paper: f"Paper {paper}" for paper in PAPERS}, None: "This book"}
        rows = []
        for paper, name in names.items():
            own = [record["verdict"] for record in records if record["paper"] == paper]
            if own:
                rows.append([name, *(str(own.count(verdict)) for verdict in used)])
        header = ["claims", *(verdict_text(verdict) for verdict in used)]
        return [self.table(header, rows, [[] for _ in rows], "claims-summary")]


class FiguresList(CompiledDirective):
    """``{figures-list}``: every figure with number, links and citation."""

    def run(self) -> list[nodes.Node]:
        """Return one block per figure."""
        blocks = [self._block(entry) for entry in self.entries("figures")]
        return self.parsed("\n".join(blocks))

    def _block(self, entry: Entry) -> str:
        name = entry.record["id"]
        reference = f"**{{numref}}`fig-{name}`. {entry.record['title']}.**"
        cite = markup.cite_dropdown(citation_entry(self.env, entry))
        links = markup.figure_links(name)
        return f"::::{{div}} figure-entry\n{reference}\n{links}\n\n{cite}\n::::\n"


def citation_entry(env: object, entry: Entry) -> str:
    """Return the BibTeX entry of a figure for a Sphinx build environment."""
    path = Path(env.srcdir) / "CITATION.cff"
    env.note_dependency(str(path))
    citation = yaml.safe_load(path.read_text(encoding="utf-8"))
    return markup.bibtex(entry.record, entry.page, citation, env.config.html_baseurl)
