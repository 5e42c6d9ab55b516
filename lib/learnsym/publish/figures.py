"""Figures: shown with number, caption and alternative text, and written where a build asks."""

import base64
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from learnsym.paths import setting
from learnsym.publish.display import SLUG, require, show, words
from learnsym.publish.plotted import plotted_csv, plotted_rows, summary
from learnsym.publish.style import use_style

FIGURE_MIME = "application/vnd.learnsym.figure+json"

_WIDTH = re.compile(r"\d+(%|px|em)")
_SCREEN_DPI = 110
# no dates, and in the style no random ids: the same figure gives the same bytes
_METADATA = {
    "svg": {"Date": None, "Creator": "learnsym"},
    "pdf": {"CreationDate": None, "Creator": "learnsym", "Producer": "matplotlib"},
    "png": {"Software": None},
}


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
        A text is missing, ``alt`` repeats the caption, the id is malformed, or an artist's data
        cannot be exported.
    """
    require(isinstance(fig, Figure), "fig", "a matplotlib Figure", type(fig).__name__)
    sound = isinstance(id, str) and SLUG.fullmatch(id)
    require(sound, "id", "lower-case words joined by hyphens", repr(id))
    texts = {"title": title, "caption": caption, "alt": alt}
    record = {name: words(text, f"{name} of figure {id}") for name, text in texts.items()}
    new, own = record["alt"] != record["caption"], f"alt of figure {id}"
    require(new, own, "what the figure shows", "the caption again")
    sound = isinstance(width, str) and _WIDTH.fullmatch(width)
    require(sound, f"width of figure {id}", "a length such as '100%'", repr(width))
    rows, folder = plotted_rows(fig), setting("LEARNSYM_FIGURES")
    with mpl.rc_context():
        use_style()
        images = {k: _rendered(fig, k) for k in (("svg", "pdf", "png") if folder else ("png",))}
    plt.close(fig)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("svg", "pdf"):
            (folder / f"{id}.{kind}").write_bytes(images[kind])
        (folder / f"{id}.csv").write_text(plotted_csv(rows), encoding="utf-8", newline="")
    show(
        {
            "image/png": base64.b64encode(images["png"]).decode("ascii"),
            FIGURE_MIME: {"id": id, **record, "width": width, "data": summary(rows)},
            "text/plain": f"Figure {id}: {record['title']}",
        }
    )


def _rendered(fig: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    dpi = _SCREEN_DPI if kind == "png" else "figure"
    fig.savefig(buffer, format=kind, dpi=dpi, metadata=_METADATA[kind])
    return buffer.getvalue()
