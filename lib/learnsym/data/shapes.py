"""Images of one triangle or pentagon with segmentation masks, as ROT has them (Nordenfors et al.).

The public code of the paper draws a dark shape on white in the window [-1, 1] x [-1, 1] of a figure
of 4:3 with a margin, makes the figure square and smaller, and fills the mask of the shape that is
not there with ones.
"""

import hashlib
from pathlib import Path

import numpy as np
from platformdirs import user_cache_dir

from learnsym.data._arguments import generator, integer
from learnsym.data.catalog import ChecksumError
from learnsym.data.sources import DataUnavailableError
from learnsym.paths import setting

CORNERS = (3, 5)  # of the classes: triangle, pentagon
RADII, SHIFT = (0.7, 0.8), 0.5  # of the circumscribed circle and of its centre, in the window
EXTENT = (640 / 450, 480 / 450)  # half the width and height of the figure, in the same units
DARK = 330 / 765  # mean of the three channels of the colour of the shape
BLUR = 0.5  # standard deviation in pixels of the resized image
SUBSAMPLES = 5  # per pixel and axis
SMALLEST_SIDE = 4

#: Of the arrays that the repository ships, as in :func:`published_shapes`.
SHA256 = {
    "img": "4d30655cc28ce8b907cce288eca34c2479b5f2877d477550aaa4c10da26cc026",
    "trig": "6bf7914128f92927faa3acb1fb9ea1fc9403fb0caab363695cc280fab6b03cf3",
    "pent": "c5f3951a448c79863364ce631e42dbc9fce963dbbafcb66f2fbe272ea2914506",
}
SHIPPED = 3_000


def shape_images(
    count: int, side: int = 14, *, seed: int | np.random.Generator, upright: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Draw images of one triangle or pentagon each, and their masks, in the published convention.

    Class, size and position are uniform and independent. One corner points to the right; unless
    ``upright``, every image is then turned by a random number of quarter turns, which makes the
    distribution invariant.

    Returns
    -------
    images : numpy.ndarray
        Shape (count, side, side), float64: 1 outside, 0.43 inside, between them at the outline.
    masks : numpy.ndarray
        Shape (count, 2, side, side), float64, zeros and ones: where the triangle is (channel 0)
        and the pentagon (channel 1); ones everywhere for the one that is not there.

    Raises
    ------
    ValueError
        ``count`` is below 1 or ``side`` below 4, or the seed is neither a non-negative integer nor
        a generator.
    """
    count = integer("count", count, minimum=1)
    side = integer("side", side, minimum=SMALLEST_SIDE)
    rng = generator(seed)
    label = rng.integers(len(CORNERS), size=count)
    radius = rng.uniform(*RADII, size=count)
    centre = rng.uniform(-SHIFT, SHIFT, size=(2, count))
    turns = np.zeros(count, int) if upright else rng.integers(4, size=count)

    grid = 2 * (np.arange(side * SUBSAMPLES) + 0.5) / (side * SUBSAMPLES) - 1
    x, y = EXTENT[0] * grid, EXTENT[1] * grid
    corners = np.take(CORNERS, label)
    inside = inside_polygons(corners, radius, centre, np.pi / corners, x, y)
    inside &= (abs(y) <= 1)[:, None] & (abs(x) <= 1)
    resize = _resize(side)
    covered = resize @ inside @ resize.T
    present = covered > 0.5 * covered.max(axis=(1, 2), keepdims=True)
    masks = np.ones((count, len(CORNERS), side, side))
    masks[np.arange(count), label] = present
    images = 1 - (1 - DARK) * covered
    for k in range(1, 4):
        images[turns == k] = np.rot90(images[turns == k], k, axes=(-2, -1))
        masks[turns == k] = np.rot90(masks[turns == k], k, axes=(-2, -1))
    return images, masks


def published_shapes() -> tuple[np.ndarray, np.ndarray]:
    """Return the 3,000 images and masks that the public code of the paper ships.

    Read from a clone of its repository, the folder ``eq_aug_dyn`` under ``LEARNSYM_DATA``, else in
    the user's cache folder; shapes and meaning as :func:`shape_images`. Nothing is downloaded.

    Raises
    ------
    DataUnavailableError
        They are not there; the message says how to get them.
    ChecksumError
        They are not those that this book was checked with.
    """
    clone = (setting("LEARNSYM_DATA") or Path(user_cache_dir("learnsym"))) / "eq_aug_dyn"
    if not (clone / "simpshape").is_dir():
        raise DataUnavailableError(
            f"shapes of the public code: {clone} does not exist; "
            f"git clone https://github.com/usinedepain/eq_aug_dyn {clone}"
        )
    arrays = {}
    for name, expected in SHA256.items():
        files = [clone / "simpshape" / f"shps{name}{k}.npy" for k in range(SHIPPED)]
        array = np.stack([np.load(file) for file in files])
        arrays[name] = array if name == "img" else array.astype(np.uint8)
        if (found := checksum(arrays[name])) != expected:
            raise ChecksumError(f"{name} in {clone}: expected sha256 {expected}, got {found}")
    masks = np.stack([arrays["trig"], arrays["pent"]], axis=1).astype(np.float64)
    return arrays["img"], masks


def checksum(array: np.ndarray) -> str:
    """Return the SHA-256 of the values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def inside_polygons(
    corners: np.ndarray,
    radius: np.ndarray,
    centre: np.ndarray,
    angle: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """Return which points of a grid lie in each of a number of regular polygons.

    A regular polygon is the intersection of half-planes, one for each of its edges.

    Parameters
    ----------
    corners, radius, angle
        Shape (count,): the number of corners, the radius of the circumscribed circle, and the
        direction of the normal of one edge in radians from the x axis.
    centre
        Shape (2, count): x (along a row) and y (down a column).
    x, y
        Shapes (m,) and (n,): the coordinates of the grid, in the units of ``radius``.

    Returns
    -------
    numpy.ndarray
        Shape (count, n, m), bool, indexed by polygon, y, x.
    """
    x, y = x - centre[0][:, None], y - centre[1][:, None]
    apothem = radius * np.cos(np.pi / corners)  # distance of the edges from the centre
    inside = np.ones((len(corners), y.shape[1], x.shape[1]), dtype=bool)
    # A polygon with fewer corners than the largest one meets some of its edges again.
    for edge in range(max(corners)):
        normal = angle + 2 * np.pi * edge / corners
        bound = apothem[:, None] - y * np.sin(normal)[:, None]
        inside &= (x * np.cos(normal)[:, None])[:, None, :] <= bound[:, :, None]
    return inside


def _resize(side: int) -> np.ndarray:
    """Return the Gaussian average that makes pixels of points, (side, side * SUBSAMPLES)."""
    points = (np.arange(side * SUBSAMPLES) + 0.5) / SUBSAMPLES
    distance = points - (np.arange(side) + 0.5)[:, None]
    weights = np.exp(-((distance / BLUR) ** 2) / 2)
    return weights / weights.sum(axis=1, keepdims=True)
