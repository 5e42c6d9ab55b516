"""Figures: shown with number, caption and alternative text, and written where a build asks."""

import base64
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from learnsym.paths import setting
from learnsym.publish.display import show
from learnsym.publish.plotted import plotted_csv, plotted_rows, summary
from learnsym.publish.style import use_style

FIGURE_MIME = "application/vnd.learnsym.figure+json"

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


def figure(
    fig: Figure, id: str, *, title: str, caption: str, alt: str, width: str = "100%"
) -> None:
    """Show a figure and close it.

    Where the environment variable ``LEARNSYM_FIGURES`` names a folder, as it does when the book is
    built, the figure is written there too: ``ID.svg``, ``ID.pdf`` and ``ID.csv`` (exactly the
    plotted data, see :func:`learnsym.publish.plotted.plotted_rows`). The bytes depend on the figure
    alone, not on a user's settings of matplotlib.

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
    rows, folder = plotted_rows(fig), setting("LEARNSYM_FIGURES")
    with mpl.rc_context():
        use_style()
        mpl.rcParams.update(_STABLE)
        images = {k: _rendered(fig, k) for k in (("svg", "pdf", "png") if folder else ("png",))}
    plt.close(fig)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{id}.svg").write_bytes(images["svg"])
        (folder / f"{id}.pdf").write_bytes(images["pdf"])
        (folder / f"{id}.csv").write_text(plotted_csv(rows), encoding="utf-8", newline="")
    _titles[id] = record["title"]
    show(
        {
            "image/png": base64.b64encode(images["png"]).decode("ascii"),
            FIGURE_MIME: {**record, "data": summary(rows)},
            "text/plain": f"Figure {id}: {record['title']}",
        }
    )


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
