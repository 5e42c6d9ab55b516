"""Images of one triangle or one pentagon, with segmentation masks."""

import numpy as np

from learnsym.data._arguments import generator, integer

CORNERS = (3, 5)  # of the classes: triangle, pentagon
SUBSAMPLES = 3  # per pixel and axis; odd, so that the middle one is the centre of the pixel
SMALLEST_RADIUS, LARGEST_RADIUS = 0.25, 0.4  # of the circumscribed circle, in units of the side
SMALLEST_SIDE = 6  # from here on, the smallest triangle holds the centre of a pixel


def shape_images(
    count: int, side: int = 14, *, seed: int | np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw images of one filled regular triangle or pentagon each, and their masks.

    Class, size, position and rotation are uniform and independent, but for the position, which
    keeps the circumscribed circle inside the image. The distribution is therefore invariant
    under the rotations of the square by 90 degrees.

    Parameters
    ----------
    count
        The number of images.
    side
        Height and width in pixels, at least 6.
    seed
        A seed or a generator.

    Returns
    -------
    images : numpy.ndarray
        Shape (count, side, side), float64: the covered part of each pixel, from 3 x 3 points.
    masks : numpy.ndarray
        Shape (count, 2, side, side), float64, zeros and ones: whether the centre of the pixel
        lies in a triangle (channel 0) or in a pentagon (channel 1).

    Raises
    ------
    ValueError
        ``count`` or ``side`` is too small, or ``seed`` is neither a non-negative integer nor a
        generator.
    """
    count = integer("count", count, minimum=1)
    side = integer("side", side, minimum=SMALLEST_SIDE)
    rng = generator(seed)

    label = rng.integers(len(CORNERS), size=count)
    radius = side * rng.uniform(SMALLEST_RADIUS, LARGEST_RADIUS, size=count)
    centre = rng.uniform(radius, side - radius, size=(2, count))
    angle = rng.uniform(0, 2 * np.pi, size=count)

    points = (np.arange(side * SUBSAMPLES) + 0.5) / SUBSAMPLES
    inside = inside_polygons(np.take(CORNERS, label), radius, centre, angle, points)
    middle = SUBSAMPLES // 2
    masks = np.zeros((count, len(CORNERS), side, side))
    masks[np.arange(count), label] = inside[:, middle::SUBSAMPLES, middle::SUBSAMPLES]
    return _coverage(inside), masks


def inside_polygons(
    corners: np.ndarray,
    radius: np.ndarray,
    centre: np.ndarray,
    angle: np.ndarray,
    points: np.ndarray,
) -> np.ndarray:
    """Return which points of a square grid lie in each of a number of regular polygons.

    A regular polygon is the intersection of half-planes, one for each of its edges.

    Parameters
    ----------
    corners, radius, angle
        Shape (count,): the number of corners, the radius of the circumscribed circle, and the
        direction of the normal of one edge in radians from the x axis.
    centre
        Shape (2, count): x (along a row) and y (down a column).
    points
        Shape (n,): the coordinates of the grid on either axis, in the units of ``radius``.

    Returns
    -------
    numpy.ndarray
        Shape (count, n, n), bool, indexed by polygon, y, x.
    """
    x, y = points[None, :] - centre[:, :, None]
    apothem = radius * np.cos(np.pi / corners)  # distance of the edges from the centre
    inside = np.ones((len(corners), len(points), len(points)), dtype=bool)
    # A polygon with fewer corners than the largest one meets some of its edges again.
    for edge in range(max(corners)):
        normal = angle + 2 * np.pi * edge / corners
        bound = apothem[:, None] - y * np.sin(normal)[:, None]
        inside &= (x * np.cos(normal)[:, None])[:, None, :] <= bound[:, :, None]
    return inside


def _coverage(inside: np.ndarray) -> np.ndarray:
    """Return the part of the sampled points of each pixel that lies inside."""
    covered = sum(
        inside[:, row::SUBSAMPLES, column::SUBSAMPLES].astype(np.uint8)
        for row in range(SUBSAMPLES)
        for column in range(SUBSAMPLES)
    )
    return covered / SUBSAMPLES**2
