"""Sphinx directives that compile tables from the executed notebooks."""

from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from learnsym.publish import compiled, markup
from learnsym.publish.chapters import BOOK_FILE, chapter_paths
from learnsym.publish.compiled import Entry
from learnsym.publish.items import items_path, load_items
from learnsym.publish.wording import BEYOND, PLURALS, SYMBOLS, VERDICTS, against_text, verdict_text


class CompiledDirective(SphinxDirective):
    """Base: knows the notebooks, and marks the page as depending on them."""

    has_content = False

    def entries(self, kind: str) -> list[Entry]:
        """Return the "claims" or "figures" of the book."""
        found = notebooks(self.env)
        for path in [*found, items_path()]:
            self.env.note_dependency(str(path))
        try:
            return getattr(compiled, kind)(found, Path(self.env.srcdir))
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


class Verdicts(CompiledDirective):
    """``{verdicts}``: what each paper claims (a line ``A: text``), and what held, as a picture."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a table: a symbol an item, and how many there are in words."""
        records = [entry.record for entry in self.entries("claims")]
        claimed = dict(line.split(": ", 1) for line in self.content if ": " in line)
        if claimed.keys() != load_items().keys():
            raise self.error(f"verdicts: expected papers {[*load_items()]}, got {[*claimed]}")
        rows = [
            [paper, claimed[paper], self._held(items, [r for r in records if r["paper"] == paper])]
            for paper, items in load_items().items()
        ]
        header = ["paper", "what it claims", "what held"]
        return [self.table(header, rows, [[] for _ in rows], "verdicts")]

    def _held(self, items: list[str], records: list[dict]) -> str:
        # an item with several claims counts under the least favourable on the paper
        order = sorted(VERDICTS, key=lambda verdict: verdict != BEYOND)
        last = {r["item"]: v for v in order for r in records if r["verdict"] == v}
        found = {v: n for v in VERDICTS if (n := sum(last.get(item) == v for item in items))}
        picture = "".join(
            f'<span class="tally {markup.verdict_class(v)}">{SYMBOLS[v] * n}</span>'
            for v, n in found.items()
        )
        words = [f"{n} {v if n == 1 else PLURALS[v]}" for v, n in found.items()]
        if rest := len(items) - sum(found.values()):
            words.append(f"{rest} open")
        said = f"{len(items)} items: {', '.join(words)}"
        return f'<span aria-hidden="true">{picture}</span>\n{said}'


class TakeAlong(CompiledDirective):
    """``{take-along}``: links to the EPUB and the PDF, where they were made."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph."""
        self.env.note_reread()
        made = sorted(Path(self.env.srcdir).glob(f"{BOOK_FILE}.*"))
        links = [f"{{download}}`{path.suffix[1:].upper()} </{path.name}>`" for path in made]
        if not links or self.env.app.builder.name != "html":
            return self.parsed("**Take along.** `make epub` and `make pdf` write the whole book.")
        return self.parsed(f"**Take along.** {' · '.join(links)}.")


class CiteBook(CompiledDirective):
    """``{cite-book}``: the BibTeX entry of the book, folded."""

    def run(self) -> list[nodes.Node]:
        """Return a dropdown."""
        citation, base_url = _citation(self.env)
        entry = markup.bibtex(BOOK_FILE, citation["title"], "", "", citation, base_url)
        return self.parsed(markup.cite_dropdown(entry))


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


def citation_entry(env: BuildEnvironment, entry: Entry) -> str:
    """Return the BibTeX entry of a figure."""
    record = entry.record
    key, place = f"learnsym-{record['id']}", f"{entry.page}.html#fig-{record['id']}"
    return markup.bibtex(key, record["title"], "Figure in", place, *_citation(env))


def add_end(app: Sphinx, document: nodes.document) -> None:
    """Say at the end of a chapter how to run it alone and how to cite it."""
    page = app.env.docname
    if f"{page}.ipynb" not in {p.relative_to(app.srcdir).as_posix() for p in notebooks(app.env)}:
        return
    title, key = document.next_node(nodes.title).astext(), page.rpartition("/")[2]
    entry = markup.bibtex(
        f"learnsym-{key}", title, "Chapter of", f"{page}.html", *_citation(app.env)
    )
    command = f".venv/bin/python -m learnsym.publish.chapters execute {page.removeprefix('book/')}"
    end = nodes.section("", nodes.title("", "Run and cite this chapter"), ids=["run-and-cite"])
    opened = [nodes.literal("", "make lab"), nodes.Text(":")]
    end += nodes.paragraph("", "Execute this chapter alone, or open it with ", *opened)
    end += nodes.literal_block(command, command, language="console")
    end += nodes.literal_block(entry, entry, language="bibtex")
    document.next_node(nodes.section).append(end)


def notebooks(env: BuildEnvironment) -> list[Path]:
    """Return the executed notebooks of the book that is built."""
    return chapter_paths(Path(env.srcdir))


def _citation(env: BuildEnvironment) -> tuple[dict, str]:
    """Return the content of ``CITATION.cff`` and the address of the published book."""
    path = Path(env.srcdir) / "CITATION.cff"
    env.note_dependency(str(path))
    return yaml.safe_load(path.read_text(encoding="utf-8")), env.config.html_baseurl
