"""One plotting style for the book, readable in greyscale and on a phone."""

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes

# Okabe-Ito, ordered so that neighbours differ in luminance as well as in hue
COLORS = ("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (7, 1.6, 1.4, 1.6)), "-", (0, (5, 1.6)), ":")

STYLE = {
    # 6 inches shown 700 px wide set 11 pt as 18 px, on a phone as 9 px
    "figure.figsize": (6.0, 3.7),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 11,
    "axes.titlesize": 11.5,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=_DASHES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.9,
    "lines.markersize": 6,
    "legend.frameon": False,
    "legend.handlelength": 2.6,  # long enough to show the dashes
    "image.cmap": "cividis",
    "image.interpolation": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "learnsym",
    "pdf.fonttype": 42,
}


def use_style() -> None:
    """Set the book's style for all figures that follow, whatever a user's own settings are."""
    mpl.rcdefaults()  # the backend stays
    mpl.rcParams.update(STYLE)


def frame(ax: Axes, title: str) -> None:
    """Give a picture a thin frame, a centred title and no ticks."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color("#999999")
    ax.set_title(title, fontsize=10, loc="center")
