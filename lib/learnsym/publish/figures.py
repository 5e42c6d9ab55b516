"""Figures: written as SVG, PDF and CSV, shown with number, caption and alternative text."""

import base64
import io
import os
import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from learnsym.paths import book_root
from learnsym.publish.display import show
from learnsym.publish.plotted import plotted_csv

FIGURE_MIME = "application/vnd.learnsym.figure+json"
FORMATS = ("svg", "pdf", "csv")

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WIDTH = re.compile(r"\d+(%|px|em)")
_SCREEN_DPI = 110
# no dates, no random ids: the same figure gives the same bytes
_STABLE = {"svg.hashsalt": "learnsym"}
_METADATA = {
    "svg": {"Date": None, "Creator": "learnsym"},
    "pdf": {"CreationDate": None, "Creator": "learnsym", "Producer": "matplotlib"},
    "png": {"Software": None},
}
_titles: dict[str, str] = {}


def figures_folder() -> Path:
    """Return the folder of the published figures.

    The environment variable ``LEARNSYM_FIGURES`` overrides ``book/figures``.
    """
    named = os.environ.get("LEARNSYM_FIGURES")
    return Path(named) if named else book_root() / "book" / "figures"


def figure(
    fig: Figure, id: str, *, title: str, caption: str, alt: str, width: str = "100%"
) -> None:
    """Publish a figure: write its files, show it, close it.

    Writes ``ID.svg``, ``ID.pdf`` and ``ID.csv`` (exactly the plotted data, see
    :func:`learnsym.publish.plotted.plotted_rows`) with bytes that depend on the figure alone.

    Parameters
    ----------
    fig : matplotlib Figure
        The figure; it is closed.
    id : str
        Lower-case words joined by hyphens, unique in the book.
    title : str
        A few words for the list of figures and the citation.
    caption : str
        Markdown with ``$math$`` that can stand alone.
    alt : str
        What the figure shows, for a reader who does not see it; plain text.
    width : str
        Width on the page, such as ``"100%"`` or ``"400px"``.

    Raises
    ------
    ValueError
        A text is missing, ``alt`` repeats the caption, the id is malformed or belongs to a
        figure of another title in this process, or an artist's data cannot be exported.
    """
    _check(fig, id, title, caption, alt, width)
    record = {
        "id": id,
        "title": " ".join(title.split()),
        "caption": " ".join(caption.split()),
        "alt": " ".join(alt.split()),
        "width": width,
    }
    table = plotted_csv(fig)
    with mpl.rc_context(_STABLE):
        images = {kind: _rendered(fig, kind) for kind in ("svg", "pdf", "png")}
    plt.close(fig)
    folder = figures_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{id}.svg", images["svg"])
    _write(folder / f"{id}.pdf", images["pdf"])
    _write(folder / f"{id}.csv", table.encode("utf-8"))
    _titles[id] = record["title"]
    _show(record, images["png"])


def _check(fig: Figure, id: str, title: str, caption: str, alt: str, width: str) -> None:
    if not isinstance(fig, Figure):
        raise ValueError(f"fig: expected a matplotlib Figure, got {type(fig).__name__}")
    if not isinstance(id, str) or not _SLUG.fullmatch(id):
        raise ValueError(f"id: expected lower-case words joined by hyphens, got {id!r}")
    for name, text in {"title": title, "caption": caption, "alt": alt}.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} of figure {id}: expected text, got {text!r}")
    if alt.split() == caption.split():
        raise ValueError(
            f"alt of figure {id}: expected what the figure shows, got the caption again"
        )
    if not isinstance(width, str) or not _WIDTH.fullmatch(width):
        raise ValueError(f"width of figure {id}: expected a length such as '100%', got {width!r}")
    taken = _titles.get(id)
    if taken is not None and taken != " ".join(title.split()):
        raise ValueError(f"id: expected a new id, got {id!r}, the id of the figure {taken!r}")


def _rendered(fig: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    dpi = _SCREEN_DPI if kind == "png" else "figure"
    fig.savefig(
        buffer,
        format=kind,
        dpi=dpi,
        metadata=_METADATA[kind],
        bbox_inches="tight",
        pad_inches=0.06,
    )
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step; an unchanged file keeps its time stamp."""
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    os.replace(partial, path)


def _show(record: dict[str, str], png: bytes) -> None:
    show(
        {
            "image/png": base64.b64encode(png).decode("ascii"),
            FIGURE_MIME: record,
            "text/plain": f"Figure {record['id']}: {record['title']}",
        }
    )
