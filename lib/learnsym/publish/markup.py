"""MyST text of a claim box, a figure with its links, and a BibTeX entry."""

import re
from typing import Any

from learnsym.publish.claims import SYMBOLS
from learnsym.publish.wording import criterion_text, source_text


def verdict_class(verdict: str) -> str:
    """Return the CSS class of a verdict, such as ``verdict-not-reproduced``."""
    return "verdict-" + verdict.replace(" ", "-")


def verdict_text(verdict: str) -> str:
    """Return a verdict in words, with its symbol."""
    return f"{SYMBOLS[verdict]} {verdict}"


def paper_text(record: dict[str, Any]) -> str:
    """Return the paper's value as text, a dash where the paper states none."""
    value = record["paper_value"]
    return "–" if value is None else str(value)


def claim_box(record: dict[str, Any]) -> str:
    """Return the box that a chapter shows for a claim."""
    rows = [("measured", record["measured"]), ("tolerance", criterion_text(record))]
    if record["paper_value"] is not None:
        rows.insert(0, ("paper", paper_text(record)))
    if record["correction"]:
        rows.append(("correction", record["correction"]))
        rows.append(("published form is off by", record["published_gap"]))
    if record["where"]:
        rows.append(("measured on", record["where"]))
    listed = "\n".join(f"- **{name}:** {text}" for name, text in rows)
    return f"""\
(claim-{record["id"]})=
::::{{admonition}} {verdict_text(record["verdict"])}
:class: claim {verdict_class(record["verdict"])}

*{source_text(record)}.* {record["statement"]}

{listed}

{{ref}}`all claims <claims>`
::::
"""


def figure_block(record: dict[str, Any], entry: str) -> str:
    """Return a numbered figure with the links below it; ``entry`` is its BibTeX entry."""
    name = record["id"]
    path = f"/book/figures/{name}"
    return f"""\
:::{{figure}} {path}.*
:name: fig-{name}
:alt: {record["alt"]}
:width: {record["width"]}

{record["caption"]}
:::

::::{{div}} figure-links
{figure_links(name)}

{cite_dropdown(entry)}
::::
"""


def figure_links(name: str) -> str:
    """Return the links to a figure's files and to the figure itself."""
    files = " · ".join(
        f"{{download}}`{label} </book/figures/{name}.{label.lower()}>`"
        for label in ("SVG", "PDF", "CSV")
    )
    return f"{files} · {{ref}}`permanent link <fig-{name}>`"


def cite_dropdown(entry: str) -> str:
    """Return a folded BibTeX entry."""
    return f":::{{dropdown}} Cite\n```bibtex\n{entry}\n```\n:::"


def bibtex(record: dict[str, Any], page: str, citation: dict[str, Any], base_url: str) -> str:
    """Return the BibTeX entry of a figure.

    Parameters
    ----------
    record
        The figure's record.
    page
        The page that shows it, as a Sphinx docname.
    citation
        The content of ``CITATION.cff``.
    base_url
        Address of the published book, or an empty string; then the entry has no URL.
    """
    authors = " and ".join(f"{{{person['name']}}}" for person in citation["authors"])
    fields = {
        "author": authors,
        "title": plain_title(record["title"]),
        "howpublished": f"Figure in: {citation['title']}, version {citation['version']}",
        "year": str(citation["date-released"])[:4],
    }
    if base_url:
        fields["url"] = f"{base_url.rstrip('/')}/{page}.html#fig-{record['id']}"
    else:
        fields["note"] = f"{page}, figure {record['id']}"
    lines = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    return f"@misc{{learnsym-{record['id']},\n{lines}\n}}"


def plain_title(title: str) -> str:
    """Return a title without characters that mean something to BibTeX."""
    return re.sub(r"[{}\\]", "", title)
