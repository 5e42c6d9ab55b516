"""MyST text of a claim, a figure with its links, and a BibTeX entry."""

import re
from typing import Any

from learnsym.publish.wording import claim_line, span_text


def verdict_class(verdict: str) -> str:
    """Return the CSS class of a verdict, such as ``verdict-not-reproduced``."""
    return "verdict-" + verdict.replace(" ", "-")


def claim_box(record: dict[str, Any]) -> str:
    """Return the line that a chapter shows for a claim, correction and details folded below it."""
    link = f"{{ref}}`link <claim-{record['id']}>`"
    return f"""\
(claim-{record["id"]})=
::::{{div}} claim {verdict_class(record["verdict"])}
{claim_line(record)} · {link}
{folded(record)}
::::
"""


def folded(record: dict[str, Any]) -> str:
    """Return what unfolds below a claim; an empty string where there is nothing."""
    parts = []
    if record["correction"]:
        published = span_text(record["published"])
        parts.append(f"*Correction.* {record['correction']} As published: {published}.")
    if record["details"]:
        parts.append(f"*Measured on:* {record['details']}")
    title = "correction and details" if record["correction"] else "details"
    text = "\n\n".join(parts)
    return (
        f"\n:::{{dropdown}} {title}\n:class-container: claim-details\n{text}\n:::" if parts else ""
    )


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


def bibtex(
    key: str, title: str, kind: str, place: str, citation: dict[str, Any], base_url: str
) -> str:
    """Return the BibTeX entry of the book or of a part of it.

    Parameters
    ----------
    key, title
        Key and title of the entry.
    kind
        What it is, such as ``"Figure in"`` or ``"Chapter of"``; empty for the whole book.
    place
        Its page, with an anchor, relative to the site: ``"book/x.html#fig-y"``.
    citation
        The content of ``CITATION.cff``.
    base_url
        Address of the published book, or an empty string; then a note says where to look.
    """
    fields = {
        "author": " and ".join(f"{{{person['name']}}}" for person in citation["authors"]),
        "title": re.sub(r"[{}\\$]", "", title),  # they mean something to BibTeX
        "howpublished": f"{kind}: {citation['title']}, version" if kind else "Version",
        "year": str(citation["date-released"])[:4],
    }
    fields["howpublished"] += f" {citation['version']}"
    if base_url:
        fields["url"] = f"{base_url.rstrip('/')}/{place}"
    else:
        fields["note"] = f"{place}; the address of this copy is not set".lstrip("; ")
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}\n}}"
