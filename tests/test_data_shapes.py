"""Images of triangles and pentagons: the rasteriser against polygons given by their corners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from learnsym.data import shape_images
from learnsym.data.shapes import (
    LARGEST_RADIUS,
    SMALLEST_RADIUS,
    inside_polygons,
)

COUNT = 2000


@pytest.fixture(scope="module")
def drawn():
    return shape_images(COUNT, seed=0)


def classes(masks):
    return masks.any(axis=(2, 3)).argmax(axis=1)


def centres_of_mass(images):
    """x and y in pixels from the upper left corner, shape (count, 2)."""
    along = np.arange(images.shape[1]) + 0.5
    moments = [images.sum(axis=1) @ along, images.sum(axis=2) @ along]
    return np.stack(moments, axis=1) / images.sum(axis=(1, 2))[:, None]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([3, 4, 5, 7]),
            st.floats(0.5, 4),
            st.floats(-1, 9),
            st.floats(-1, 9),
            st.floats(0, 7),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_rasteriser_agrees_with_matplotlib(polygons):
    corners, radius, x, y, angle = (np.array(values) for values in zip(*polygons, strict=True))
    points = np.arange(8) + 0.5
    inside = inside_polygons(corners, radius, np.stack([x, y]), angle, points)
    grid = np.stack(np.meshgrid(points, points), axis=-1).reshape(-1, 2)
    for k, number in enumerate(corners):
        turn = angle[k] + np.pi / number + 2 * np.pi * np.arange(number) / number
        outline = radius[k] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        # Points within rounding of an edge may fall on either side.
        smaller, larger = (
            Path([x[k], y[k]] + scale * outline).contains_points(grid)
            for scale in (1 - 1e-9, 1 + 1e-9)
        )
        assert inside[k].ravel()[smaller].all()
        assert larger[inside[k].ravel()].all()


def test_images_and_masks(drawn):
    images, masks = drawn
    assert images.shape == (COUNT, 14, 14)
    assert masks.shape == (COUNT, 2, 14, 14)
    assert images.dtype == masks.dtype == np.float64
    assert set(np.unique(masks)) == {0.0, 1.0}
    np.testing.assert_array_equal(np.unique(np.round(images * 9)), np.arange(10))
    np.testing.assert_allclose(images * 9, np.round(images * 9), rtol=0, atol=1e-12)


def test_exactly_one_class_is_present(drawn):
    _, masks = drawn
    assert (masks.any(axis=(2, 3)).sum(axis=1) == 1).all()
    share = classes(masks).mean()
    assert abs(share - 0.5) < 5 * np.sqrt(0.25 / COUNT)


def test_masks_lie_on_the_shape(drawn):
    images, masks = drawn
    mask = masks.sum(axis=1)
    assert (images[mask == 1] > 0).all()
    assert (mask[images == 1] == 1).all()
    # A pixel whose centre is outside can be covered, but only in part.
    assert 0 < images[mask == 0].max() < 1


def test_masks_are_not_shifted_against_the_images(drawn):
    images, masks = drawn
    shift = (centres_of_mass(masks.sum(axis=1)) - centres_of_mass(images)).mean(axis=0)
    assert np.abs(shift).max() < 0.03  # pixels; one subsample is 1/3


@pytest.mark.parametrize("channel", [0, 1])
def test_areas(drawn, channel):
    images, masks = drawn
    chosen = classes(masks) == channel
    corners = (3, 5)[channel]
    unit = corners / 2 * np.sin(2 * np.pi / corners)  # area of the polygon of radius 1
    low, high = 14 * SMALLEST_RADIUS, 14 * LARGEST_RADIUS
    mean = unit * (high**3 - low**3) / (3 * (high - low))
    for area in (images[chosen].sum(axis=(1, 2)), masks[chosen].sum(axis=(1, 2, 3))):
        assert abs(area.mean() / mean - 1) < 0.03
        # The bounds leave room for the pixels on the outline.
        assert area.min() > 0.75 * unit * low**2
        assert area.max() < 1.15 * unit * high**2


@pytest.mark.parametrize("side", [6, 14, 29])
def test_shapes_lie_inside(side):
    images, masks = shape_images(400, side=side, seed=1)
    assert masks.any(axis=(1, 2, 3)).all()
    # The centre of mass of a whole regular polygon is at least one radius from each edge.
    position = centres_of_mass(images) / side
    assert position.min() > SMALLEST_RADIUS - 0.5 / side
    assert position.max() < 1 - SMALLEST_RADIUS + 0.5 / side


def test_distribution_is_invariant_under_quarter_turns():
    images, _ = shape_images(6000, seed=2)
    mean = images.mean(axis=0)
    error = images.std(axis=0).max() / np.sqrt(len(images))
    for turned in (np.rot90(mean), mean.T, mean[::-1]):
        assert np.abs(turned - mean).max() < 6 * np.sqrt(2) * error
    # The test can fail: shapes drawn in one half of the image only are found out.
    half = np.concatenate([images[:, :7] * 0, images[:, :7]], axis=1).mean(axis=0)
    assert np.abs(np.rot90(half) - half).max() > 6 * np.sqrt(2) * error


def test_seed():
    first, second = shape_images(20, seed=3), shape_images(20, seed=3)
    other = shape_images(20, seed=4)
    by_generator = shape_images(20, seed=np.random.default_rng(3))
    for k in range(2):
        np.testing.assert_array_equal(first[k], second[k])
        np.testing.assert_array_equal(first[k], by_generator[k])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count: expected an integer of at least 1, got 0"),
        ({"side": 5}, "side: expected an integer of at least 6, got 5"),
        ({"side": 14.0}, "side: expected an integer of at least 6, got 14.0"),
        ({"seed": None}, "seed: expected an integer of at least 0, got None"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        shape_images(**{"count": 3, "seed": 0, **arguments})
