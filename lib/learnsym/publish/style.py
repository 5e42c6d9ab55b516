"""One plotting style for the book, readable in greyscale and on a phone."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes

STYLE = mpl.rc_params_from_file(
    Path(__file__).parent / "static" / "book.mplstyle", use_default_template=False
)
COLORS = tuple(STYLE["axes.prop_cycle"].by_key()["color"])
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def use_style() -> None:
    """Set the book's style for all figures that follow, whatever a user's own settings are."""
    mpl.rcdefaults()  # the backend stays
    mpl.rcParams.update(STYLE)


def frame(ax: Axes, title: str) -> None:
    """Give a picture a thin frame, a centred title and no ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#999999")
    ax.set_title(title, fontsize=10, loc="center")
