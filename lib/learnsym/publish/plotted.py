"""The data of a matplotlib figure as a table, read back from the figure itself.

The table is long: one row a point with the columns ``panel, series, kind, x, y, value``. The
kinds are those of :mod:`learnsym.publish.artists`, and ``x tick`` and ``y tick`` for the
positions of ticks whose labels are words; there ``series`` is the label.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import artist as martist
from matplotlib import axis as maxis
from matplotlib import container as mcontainer
from matplotlib import legend as mlegend
from matplotlib import spines as mspines
from matplotlib import text as mtext
from matplotlib import ticker as mticker
from matplotlib.axes import Axes
from matplotlib.axes._secondary_axes import SecondaryAxis
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure

from learnsym.publish.artists import Points, bars, error_bars, reader

COLUMNS = ("panel", "series", "kind", "x", "y", "value")
SHOWN = 20
Row = tuple[str, str, str, float | None, float | None, float | None]

# what a panel consists of besides its data
_DECORATION = (maxis.Axis, mspines.Spine, mtext.Text, mlegend.Legend)
_SERIES_NAMES = {"line2d": "line", "pathcollection": "points", "axesimage": "image"}


def plotted_csv(rows: list[Row]) -> str:
    """Return rows of the table as CSV text, numbers to 10 significant digits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for panel, series, kind, *numbers in rows:
        writer.writerow([panel, series, kind, *(_number(number) for number in numbers)])
    return buffer.getvalue()


def summary(rows: list[Row]) -> list[dict[str, str | int]]:
    """Return a few numbers a series, by which two drawings of one figure are compared.

    For each panel, series and kind: how many points, and for each coordinate the mean and root
    mean square of what is finite, and at most 20 evenly spaced values as text, to 4 significant
    digits.
    """
    series: dict[tuple[str, str, str], list] = {}
    for *names, x, y, value in rows:
        series.setdefault(tuple(names), []).append([x, y, value])
    return [
        {
            "series": " / ".join(names),
            "count": len(points),
            **{
                coordinate: _few(column)
                for coordinate, column in zip(COLUMNS[3:], zip(*points, strict=True), strict=True)
                if any(map(_number, column))
            },
        }
        for names, points in series.items()
    ]


def _few(column: Sequence[float | None]) -> str:
    values = np.array([float(number) for number in map(_number, column) if number])
    chosen = values[np.linspace(0, len(values) - 1, min(len(values), SHOWN)).round().astype(int)]
    # scaled, so that squares of tiny numbers do not vanish
    finite = values[np.isfinite(values)]
    size, count = np.abs(finite).max(initial=0.0) or 1.0, max(len(finite), 1)
    moments = [finite.sum() / count, size * np.sqrt(((finite / size) ** 2).sum() / count)]
    return " ".join(f"{number + 0.0:.4g}" for number in [*moments, *chosen])


def plotted_rows(fig: Figure) -> list[Row]:
    """Return everything that is plotted and visible in a figure as rows of the long table.

    Raises
    ------
    ValueError
        The figure shows no data, or an artist of a kind that has no place in the table: nothing
        is left out silently.
    """
    if fig.images:
        raise ValueError("fig: expected images inside panels, got one on the figure itself")
    rows: list[Row] = []
    for panel, axes in _panels(fig):
        try:
            for artists, series, read in _series(axes):
                rows += [(panel, series, *point) for point in read(artists)]
        except ValueError as error:
            raise ValueError(f"panel {panel}: {error}") from error
        rows += [(panel, *tick) for tick in _word_ticks(axes)]
    if not any(not row[2].endswith("tick") for row in rows):
        raise ValueError("fig: expected plotted data, got a figure without any")
    return rows


def _number(value: float | None) -> str:
    if value is None or value is np.ma.masked or np.isnan(value):
        return ""
    return f"{float(value) + 0.0:.10g}"  # no "-0"


def _panels(fig: Figure) -> list[tuple[str, Axes]]:
    """Return the visible panels, named by their titles where these tell them apart."""
    panels = [axes for axes in _all_axes(fig.axes) if axes.get_visible() and not _is_key(axes)]
    titles = [
        axes.get_title("left") or axes.get_title("center") or axes.get_title("right")
        for axes in panels
    ]
    return [
        (title if title and titles.count(title) == 1 else str(number), axes)
        for number, (title, axes) in enumerate(zip(titles, panels, strict=True), start=1)
    ]


def _all_axes(axes_list: list[Axes]) -> Iterator[Axes]:
    for axes in axes_list:
        yield axes
        yield from _all_axes(axes.child_axes)


def _is_key(axes: Axes) -> bool:
    """Whether the panel only explains another one: a colour bar or a second scale."""
    return isinstance(axes, SecondaryAxis) or getattr(axes, "_colorbar", None) is not None


def _series(axes: Axes) -> Iterator[tuple[Any, str, Callable[[Any], Points]]]:
    """Yield each artist, or container of artists, with the name of its series and its reader."""
    if axes.name not in ("rectilinear", "polar"):
        raise ValueError(f"expected a plane panel, got the projection {axes.name!r}")
    contained: set[martist.Artist] = set()
    counts: dict[str, int] = {}

    def name(kind: str, label: str) -> str:
        counts[kind] = counts.get(kind, 0) + 1
        return label if label and not label.startswith("_") else f"{kind} {counts[kind]}"

    bar_containers = [c for c in axes.containers if isinstance(c, mcontainer.BarContainer)]
    for container in bar_containers:
        yield container, name("bars", container.get_label()), bars
        contained |= {*container.patches, *_leaves(container.errorbar)}
    for container in axes.containers:
        if not isinstance(container, mcontainer.ErrorbarContainer):
            continue
        if contained.isdisjoint(_leaves(container)):  # else they belong to bars
            yield container, name("points", container.get_label()), error_bars
            contained |= set(_leaves(container))
    for artist in axes.get_children():
        if artist is axes.patch or artist in contained or isinstance(artist, _DECORATION):
            continue
        if isinstance(artist, Axes | SecondaryAxis) or not artist.get_visible():
            continue
        read = reader(artist)
        if read is not None:
            kind = type(artist).__name__.lower()
            yield artist, name(_SERIES_NAMES.get(kind, kind), str(artist.get_label())), read


def _leaves(container: martist.Artist | tuple | None) -> Iterator[martist.Artist]:
    """Yield the artists of a nested container."""
    if isinstance(container, martist.Artist):
        yield container
    elif container is not None:
        for part in container:
            yield from _leaves(part)


def _word_ticks(axes: Axes) -> Iterator[tuple[str, str, float | None, float | None, None]]:
    """Yield the ticks whose labels are words: categories that the coordinates do not tell."""
    if not axes.axison:
        return
    for axis, kind in ((axes.xaxis, "x tick"), (axes.yaxis, "y tick")):
        formatter = axis.get_major_formatter()
        if not axis.get_visible() or not isinstance(
            formatter, mticker.FixedFormatter | mticker.FuncFormatter | StrCategoryFormatter
        ):
            continue
        positions = axis.get_majorticklocs()
        for position, label in zip(positions, formatter.format_ticks(positions), strict=True):
            if label and not _is_number(label):
                place = (position, None) if kind == "x tick" else (None, position)
                yield label, kind, *place, None


def _is_number(text: str) -> bool:
    try:
        float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return False
    return True
