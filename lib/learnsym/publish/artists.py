"""How the data of each kind of matplotlib artist is read back from the artist.

Each reader yields ``(kind, x, y, value)``:

=====================  =========================================================================
kind                   meaning of x, y and value
=====================  =========================================================================
line, scatter          coordinates of a point; value: the mapped colour of a scatter point
scatter size           value: the area of a point in square points, where the areas differ
horizontal, vertical   y or x of a reference line across the panel
error bar from, to     the two ends of an error bar
bar                    centre and end of a bar; value: its signed length
bar width              value: the width of a bar, where the widths differ
image                  column and row of a pixel; value: its value (image r, g, b, a: a channel)
band edge 1, 2         the two edges of a filled band
segment                ends of a segment; value: number of the segment in its series
segment colour         value: mapped colour of a segment, x: its number
rectangle              opposite corners
=====================  =========================================================================

Other artists are refused; to draw with one, add its reader here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib import artist as martist
from matplotlib import collections as mcollections
from matplotlib import container as mcontainer
from matplotlib import image as mimage
from matplotlib import lines as mlines
from matplotlib import patches as mpatches

Points = Iterator[tuple[str, float | None, float | None, float | None]]


def reader(artist: martist.Artist) -> Callable[[Any], Points] | None:
    """Return the reader of an artist's data; None where the artist shows no data.

    Raises
    ------
    ValueError
        The artist is of a kind that has no reader.
    """
    # exact types: a subclass draws something else
    read = _READERS.get(type(artist))
    if read is None:
        raise ValueError(
            f"expected artists whose data can be exported (lines, points, bars, bands, images), "
            f"got {type(artist).__name__}"
        )
    return read if _in_data_coordinates(artist) else None


def _in_data_coordinates(artist: martist.Artist) -> bool:
    """Whether at least one coordinate of the artist is data; corner marks are decoration."""
    if isinstance(artist, mcollections.PathCollection):
        transform = artist.get_offset_transform()
    else:
        transform = artist.get_transform()
    return any(transform.contains_branch_seperately(artist.axes.transData))


def _line(line: mlines.Line2D) -> Points:
    if line.get_linestyle() in ("None", "", " ") and line.get_marker() in ("None", "", " ", None):
        return  # drawn without a stroke and without marks
    x, y = np.ma.asarray(line.get_xdata(orig=False)), np.ma.asarray(line.get_ydata(orig=False))
    x_is_data, y_is_data = line.get_transform().contains_branch_seperately(line.axes.transData)
    if not x_is_data:
        yield "horizontal", None, y[0], None
    elif not y_is_data:
        yield "vertical", x[0], None, None
    else:
        for point in zip(x, y, strict=True):
            yield "line", *point, None


def _scatter(points: mcollections.PathCollection) -> Points:
    positions = np.ma.asarray(points.get_offsets())
    colours = points.get_array()
    for index, (x, y) in enumerate(positions):
        yield "scatter", x, y, None if colours is None else colours[index]
    sizes = points.get_sizes()
    if len(sizes) > 1 and np.ptp(sizes) > 0:
        for (x, y), size in zip(positions, sizes, strict=True):
            yield "scatter size", x, y, size


def bars(container: mcontainer.BarContainer) -> Points:
    """Read the bars of one call, of a histogram too."""
    vertical = container.orientation != "horizontal"
    widths = []
    for bar in container.patches:
        if not bar.get_visible():
            continue
        if vertical:
            centre, end, length = bar.get_x() + bar.get_width() / 2, bar.get_y(), bar.get_height()
            yield "bar", centre, end + length, length
            widths.append((centre, None, bar.get_width()))
        else:
            centre, end, length = bar.get_y() + bar.get_height() / 2, bar.get_x(), bar.get_width()
            yield "bar", end + length, centre, length
            widths.append((None, centre, bar.get_height()))
    if widths and not np.allclose([width for *_, width in widths], widths[0][-1], rtol=1e-6):
        for width in widths:
            yield "bar width", *width
    if container.errorbar is not None:
        yield from error_bars(container.errorbar)


def error_bars(container: mcontainer.ErrorbarContainer) -> Points:
    """Read points with their error bars; the caps only repeat the ends of the bars."""
    line, _caps, bars = container.lines
    if line is not None and line.get_visible():
        yield from _line(line)
    for bar in bars:
        for segment in bar.get_segments() if bar.get_visible() else []:
            yield "error bar from", *segment[0], None
            yield "error bar to", *segment[-1], None


def _image(image: mimage.AxesImage) -> Points:
    values = np.ma.asarray(image.get_array())
    planes = {"image": values}
    if values.ndim == 3:
        planes = {
            f"image {name}": values[..., k] for k, name in enumerate("rgba"[: values.shape[2]])
        }
    for kind, plane in planes.items():
        for (row, column), value in np.ma.ndenumerate(plane, compressed=False):
            yield kind, column, row, value


def _band(band: mcollections.FillBetweenPolyCollection) -> Points:
    for path in band.get_paths():
        # start, first edge, end, second edge backwards, closing point
        count = (len(path.vertices) - 3) // 2
        for x, y in path.vertices[1 : count + 1]:
            yield "band edge 1", x, y, None
        for x, y in path.vertices[count + 2 : 2 * count + 2][::-1]:
            yield "band edge 2", x, y, None


def _segments(segments: mcollections.LineCollection) -> Points:
    for number, segment in enumerate(segments.get_segments()):
        for x, y in segment:
            yield "segment", x, y, number
    colours = segments.get_array()
    for number, colour in enumerate([] if colours is None else colours):
        yield "segment colour", number, None, colour


def _rectangle(rectangle: mpatches.Rectangle) -> Points:
    x_is_data, y_is_data = rectangle.get_transform().contains_branch_seperately(
        rectangle.axes.transData
    )
    for x, y in rectangle.get_corners()[[0, 2]]:
        yield "rectangle", x if x_is_data else None, y if y_is_data else None, None


_READERS: dict[type, Callable[[Any], Points]] = {
    mlines.Line2D: _line,
    mcollections.PathCollection: _scatter,
    mcollections.FillBetweenPolyCollection: _band,
    mcollections.LineCollection: _segments,
    mimage.AxesImage: _image,
    mpatches.Rectangle: _rectangle,
}
