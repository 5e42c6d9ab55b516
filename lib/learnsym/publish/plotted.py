"""The data of a matplotlib figure as a table, read back from the figure itself.

The table is long: one row a point with the columns ``panel, series, kind, x, y, value``. Kinds are
``line``; ``points`` (value: colour); ``segments`` and ``band`` (corners, value:
colour or number of the piece); ``rectangle``, bars too (two opposite corners each); ``image``
(column, row, value; channels of a colour in turn); and ``x tick``, ``y tick`` where ticks carry
words; there ``series`` is the word.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

COLUMNS = ("panel", "series", "kind", "x", "y", "value")
SHOWN = 20
Row = tuple[str, str, str, float, float, float]  # NaN where there is no number

# names of the very types: a subclass draws something else
_KINDS = {"Line2D": "line", "PathCollection": "points", "LineCollection": "segments"}
_KINDS |= {"FillBetweenPolyCollection": "band", "AxesImage": "image", "Rectangle": "rectangle"}
_DECORATION = {"XAxis", "YAxis", "Spine", "Text", "Annotation", "Legend"}
_WORDS = {"FixedFormatter", "FuncFormatter", "StrCategoryFormatter"}


def plotted_csv(rows: list[Row]) -> str:
    """Return rows of the table as CSV text, numbers to 10 significant digits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for *names, x, y, value in rows:
        cells = ["" if math.isnan(n) else f"{n + 0.0:.10g}" for n in (x, y, value)]  # no "-0"
        writer.writerow([*names, *cells])
    return buffer.getvalue()


def summary(rows: list[Row]) -> list[dict[str, str | int]]:
    """Return a few numbers a series, by which two drawings of one figure are compared.

    For each panel, series and kind: how many points, and for each coordinate the mean and root
    mean square of what is finite, and at most 20 evenly spaced values as text, to 4 significant
    digits.
    """
    series: dict[str, list[Sequence[float]]] = {}
    for panel, name, kind, *point in rows:
        series.setdefault(f"{panel} / {name} / {kind}", []).append(point)
    return [
        {"series": name, "count": len(points)}
        | {key: _few(x) for key, x in zip(COLUMNS[3:], np.array(points).T, strict=True)}
        for name, points in series.items()
    ]


def _few(column: np.ndarray) -> str:
    values = column[~np.isnan(column)] + 0.0
    chosen = values[np.linspace(0, len(values) - 1, min(len(values), SHOWN)).round().astype(int)]
    finite = values[np.isfinite(values)]
    # scaled, so that squares of tiny numbers do not vanish
    size, count = np.abs(finite).max(initial=0.0) or 1.0, max(len(finite), 1)
    moments = [finite.sum() / count, size * np.sqrt(((finite / size) ** 2).sum() / count)]
    return " ".join(f"{number:.4g}" for number in [*moments, *chosen]) if len(values) else ""


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
    data, ticks = [], []
    for panel, axes in _panels(fig):
        for series, artist in _series(panel, axes):
            data += [(panel, series, *point) for point in _points(artist)]
        ticks += [(panel, *tick) for tick in _word_ticks(axes)]
    if not data:
        raise ValueError("fig: expected plotted data, got a figure without any")
    return data + ticks


def _panels(fig: Figure) -> list[tuple[str, Axes]]:
    """Return the visible panels, named by their titles where these tell them apart."""
    panels = [a for a in fig.axes if a.get_visible() and getattr(a, "_colorbar", None) is None]
    titles = [next(filter(None, map(a.get_title, ("left", "center", "right"))), "") for a in panels]
    numbered = enumerate(zip(titles, panels, strict=True), start=1)
    return [(t if t and titles.count(t) == 1 else str(n), axes) for n, (t, axes) in numbered]


def _series(panel: str, axes: Axes) -> Iterator[tuple[str, Artist]]:
    """Yield each artist that shows data with the name of its series."""
    bars = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    caps = {cap for errorbar in bars for cap in errorbar.lines[1]}  # they repeat the bars' ends
    owners = {part: owner for owner in axes.containers for part in owner.get_children()}
    names: dict[object, str] = {}
    for artist in axes.get_children():
        hidden = artist is axes.patch or artist in caps or not artist.get_visible()
        if hidden or type(artist).__name__ in _DECORATION:
            continue
        kind = _KINDS.get(type(artist).__name__)
        if kind is None or axes.name != "rectilinear":
            raise ValueError(
                f"panel {panel}: expected artists whose data can be exported (lines, points, "
                f"bars, bands, images) in a plane, got {type(artist).__name__} in {axes.name}"
            )
        owner = owners.get(artist, artist)
        label = str(owner.get_label())
        number = 1 + sum(name.startswith(f"{kind} ") for name in names.values())
        yield names.setdefault(owner, f"{kind} {number}" if label[:1] in "_" else label), artist


def _points(artist: Artist) -> Iterator[tuple[str, float, float, float]]:
    """Yield kind, x, y and value of what an artist draws; nothing for marks in a corner."""
    kind = _KINDS[type(artist).__name__]
    scatter = kind == "points"
    transform = artist.get_offset_transform() if scatter else artist.get_transform()
    is_data = transform.contains_branch_seperately(artist.axes.transData)
    if any(is_data):
        for *point, value in _drawn(kind, artist):
            x, y = np.where(is_data, point, np.nan)
            yield kind, float(x), float(y), float(value)


def _drawn(kind: str, artist: Artist) -> Iterator[tuple[float, float, float]]:
    if kind == "image":
        for (row, column, *_), value in np.ndenumerate(_filled(artist.get_array())):
            yield column, row, value
    elif kind == "line":
        nothing = ("None", "", " ", None)
        if artist.get_linestyle() not in nothing or artist.get_marker() not in nothing:
            yield from ((x, y, np.nan) for x, y in artist.get_xydata())
    elif kind == "rectangle":
        yield from ((x, y, np.nan) for x, y in artist.get_corners()[[0, 2]])
    elif kind == "points":
        if np.ptp(artist.get_sizes()) > 0:
            raise ValueError("points: expected one size, got several, which mean something")
        xy, colours = _filled(artist.get_offsets()), artist.get_array()
        colours = np.full(len(xy), np.nan) if colours is None else _filled(colours)
        yield from np.column_stack([xy, colours])
    else:
        colours = artist.get_array()
        for number, path in enumerate(artist.get_paths()):
            value = number if colours is None else colours[number]
            yield from ((x, y, value) for x, y in path.vertices)


def _filled(values: np.ndarray) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)


def _word_ticks(axes: Axes) -> Iterator[tuple[str, str, float, float, float]]:
    """Yield the ticks whose labels are words: categories that the coordinates do not tell."""
    for place, kind in ((axes.xaxis, "x tick"), (axes.yaxis, "y tick")):
        formatter, positions = place.get_major_formatter(), place.get_majorticklocs()
        if axes.axison and place.get_visible() and type(formatter).__name__ in _WORDS:
            for at, label in zip(positions, formatter.format_ticks(positions), strict=True):
                if any(map(str.isalpha, label)):
                    yield label, kind, *((at, np.nan) if kind == "x tick" else (np.nan, at)), np.nan
