"""How the data of each kind of matplotlib artist is read back from the artist.

Each reader yields ``(kind, x, y, value)``:

=====================  =========================================================================
kind                   meaning of x, y and value
=====================  =========================================================================
line, scatter          coordinates of a point; value: the mapped colour of a scatter point
scatter size           value: the area of a point in square points, where the areas differ
horizontal, vertical   y or x of a reference line across the panel
axline                 two points of an unbounded line
error bar from, to     the two ends of an error bar
bar                    centre and end of a bar; value: its signed length
bar width              value: the width of a bar, where the widths differ
image                  column and row of a pixel; value: its value (image r, g, b, a: a channel)
mesh                   centre of a cell; value: its value
band edge 1, 2         the two edges of a filled band
polygon, segment       corners; value: number of the polygon or segment in its series
segment colour         value: mapped colour of a segment, x: its number
stairs                 edges of a step (x) and its height (y); value: the baseline
rectangle, circle      opposite corners; centre with the radius as value
contour                points of a contour; value: its level
arrow at, arrow by     foot and components of an arrow
=====================  =========================================================================
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib import artist as martist
from matplotlib import collections as mcollections
from matplotlib import container as mcontainer
from matplotlib import contour as mcontour
from matplotlib import image as mimage
from matplotlib import lines as mlines
from matplotlib import patches as mpatches
from matplotlib import quiver as mquiver

Points = Iterator[tuple[str, float | None, float | None, float | None]]


def reader(artist: martist.Artist) -> Callable[[Any], Points] | None:
    """Return the reader of an artist's data; None where the artist shows no data.

    Raises
    ------
    ValueError
        The artist is of a kind that has no reader.
    """
    for kind, read in _READERS:
        if isinstance(artist, kind):
            return read if _in_data_coordinates(artist) else None
    raise ValueError(
        f"expected artists whose data can be exported (lines, points, bars, bands, images), "
        f"got {type(artist).__name__}"
    )


def _in_data_coordinates(artist: martist.Artist) -> bool:
    """Whether at least one coordinate of the artist is data; corner marks are decoration."""
    if isinstance(artist, mcollections.PathCollection | mquiver.Quiver):
        transform = artist.get_offset_transform()
    else:
        transform = artist.get_transform()
    return any(transform.contains_branch_seperately(artist.axes.transData))


def _line(line: mlines.Line2D) -> Points:
    if isinstance(line, mlines.AxLine):
        first, second = line.get_xy1(), line.get_xy2()
        if second is None:
            second = (first[0] + 1, first[1] + line.get_slope())
        yield "axline", *first, None
        yield "axline", *second, None
        return
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


def _mesh(mesh: mcollections.QuadMesh) -> Points:
    corners = mesh.get_coordinates()
    centres = (corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]) / 4
    values = np.ma.asarray(mesh.get_array())
    if values.size != centres.shape[0] * centres.shape[1]:
        raise ValueError(
            f"pcolormesh: expected one value a cell (shading 'flat' or 'nearest'), "
            f"got {values.shape} values for {centres.shape[:2]} cells"
        )
    for (x, y), value in zip(centres.reshape(-1, 2), values.ravel(), strict=True):
        yield "mesh", x, y, value


def _band(band: mcollections.FillBetweenPolyCollection) -> Points:
    for path in band.get_paths():
        # start, first edge, end, second edge backwards, closing point
        count = (len(path.vertices) - 3) // 2
        for x, y in path.vertices[1 : count + 1]:
            yield "band edge 1", x, y, None
        for x, y in path.vertices[count + 2 : 2 * count + 2][::-1]:
            yield "band edge 2", x, y, None


def _polygons(polygons: mcollections.PolyCollection) -> Points:
    for number, path in enumerate(polygons.get_paths()):
        for x, y in path.vertices:
            yield "polygon", x, y, number


def _segments(segments: mcollections.LineCollection) -> Points:
    for number, segment in enumerate(segments.get_segments()):
        for x, y in segment:
            yield "segment", x, y, number
    colours = segments.get_array()
    for number, colour in enumerate([] if colours is None else colours):
        yield "segment colour", number, None, colour


def _contour(contour: mcontour.QuadContourSet) -> Points:
    for level, path in zip(contour.levels, contour.get_paths(), strict=False):
        for x, y in path.vertices:
            yield "contour", x, y, level


def _arrows(arrows: mquiver.Quiver) -> Points:
    for (x, y), u, v in zip(arrows.get_offsets(), arrows.U, arrows.V, strict=True):
        yield "arrow at", x, y, None
        yield "arrow by", u, v, None


def _stairs(stairs: mpatches.StepPatch) -> Points:
    heights, edges, baseline = stairs.get_data()
    bases = np.broadcast_to(0.0 if baseline is None else baseline, heights.shape)
    for left, right, height, base in zip(edges[:-1], edges[1:], heights, bases, strict=True):
        yield "stairs", left, height, base
        yield "stairs", right, height, base


def _rectangle(rectangle: mpatches.Rectangle) -> Points:
    x_is_data, y_is_data = rectangle.get_transform().contains_branch_seperately(
        rectangle.axes.transData
    )
    for x, y in rectangle.get_corners()[[0, 2]]:
        yield "rectangle", x if x_is_data else None, y if y_is_data else None, None


def _circle(circle: mpatches.Circle) -> Points:
    yield "circle", *circle.get_center(), circle.get_radius()


def _polygon(polygon: mpatches.Polygon) -> Points:
    for x, y in polygon.get_xy():
        yield "polygon", x, y, 0


# the first class that fits counts, so special ones come before general ones
_READERS: tuple[tuple[type, Callable[[Any], Points]], ...] = (
    (mlines.Line2D, _line),
    (mcontour.QuadContourSet, _contour),
    (mquiver.Quiver, _arrows),
    (mcollections.PathCollection, _scatter),
    (mcollections.FillBetweenPolyCollection, _band),
    (mcollections.PolyCollection, _polygons),
    (mcollections.LineCollection, _segments),
    (mcollections.QuadMesh, _mesh),
    (mimage.AxesImage, _image),
    (mpatches.StepPatch, _stairs),
    (mpatches.Rectangle, _rectangle),
    (mpatches.Circle, _circle),
    (mpatches.Polygon, _polygon),
)
