"""Images of triangles and pentagons: the rasteriser, the published convention, shipped files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from learnsym.data import ChecksumError, DataUnavailableError, shape_images, shapes
from learnsym.data.shapes import inside_polygons, published_shapes

COUNT = 3_000
#: What the repository ships, measured on its files: mean, share below 0.99, share of the pixels of
#: a triangle and of a pentagon, largest difference of the mean image and its quarter turn.
SHIPPED = {"mean": 0.903, "shape": 0.306, "triangle": 0.115, "pentagon": 0.213, "turn": 0.114}


@pytest.fixture(scope="module")
def drawn():
    return shape_images(COUNT, seed=1)


def statistics(images, masks):
    absent = masks.all(axis=(2, 3))
    mean = images.mean(axis=0)
    return {
        "mean": images.mean(),
        "shape": (images < 0.99).mean(),
        "triangle": masks[~absent[:, 0], 0].mean(),
        "pentagon": masks[~absent[:, 1], 1].mean(),
        "turn": np.abs(np.rot90(mean) - mean).max(),
    }


POLYGONS = st.tuples(
    st.sampled_from([3, 4, 5, 7]), st.floats(0.5, 4), st.floats(-1, 9), st.floats(-1, 9),
    st.floats(0, 7),
)  # fmt: skip


@given(st.lists(POLYGONS, min_size=1, max_size=4))
def test_rasteriser_agrees_with_matplotlib(polygons):
    corners, radius, x, y, angle = (np.array(values) for values in zip(*polygons, strict=True))
    along, down = np.arange(8) + 0.5, np.arange(6) + 0.25
    inside = inside_polygons(corners, radius, np.stack([x, y]), angle, along, down)
    grid = np.stack(np.meshgrid(along, down), axis=-1).reshape(-1, 2)
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


def test_statistics_are_those_of_the_shipped_images(drawn):
    found = statistics(*drawn)
    for name, expected in SHIPPED.items():
        assert found[name] == pytest.approx(expected, rel=0.1), name
    dark, light = drawn[0].min(), drawn[0].max()
    assert dark == pytest.approx(0.43, abs=0.01) and light == pytest.approx(1)


def test_the_absent_class_has_a_mask_of_ones(drawn):
    images, masks = drawn
    assert set(np.unique(masks)) == {0.0, 1.0}
    absent = masks.all(axis=(2, 3))
    assert (absent.sum(axis=1) == 1).all()
    assert abs(absent[:, 0].mean() - 0.5) < 5 * np.sqrt(0.25 / COUNT)
    present = masks[~absent].astype(bool)  # one of each image
    assert images[present].max() < 0.75 and images[~present].min() > 0.65


@pytest.mark.parametrize("side", [4, 14])
def test_shapes_point_to_the_right_or_are_turned(side):
    images, masks = shape_images(400, side, seed=2, upright=False)
    upright, kept = shape_images(400, side, seed=2)
    turns = [np.rot90(upright, k, axes=(1, 2)) for k in range(4)]
    which = [[np.array_equal(one[n], images[n]) for one in turns].index(True) for n in range(400)]
    assert set(which) == {0, 1, 2, 3}
    for n, k in enumerate(which):
        np.testing.assert_array_equal(masks[n], np.rot90(kept[n], k, axes=(1, 2)))


def test_turned_shapes_have_an_invariant_distribution():
    for upright in (False, True):
        images, _ = shape_images(6_000, seed=3, upright=upright)
        mean, error = images.mean(axis=0), images.std(axis=0).max() / np.sqrt(6_000)
        differs = np.abs(np.rot90(mean) - mean).max() > 6 * np.sqrt(2) * error
        assert differs == upright


def test_seeds():
    first, again, other = (shape_images(5, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count: expected an integer of at least 1, got 0"),
        ({"side": 3}, "side: expected an integer of at least 4, got 3"),
        ({"side": 14.0}, "side: expected an integer of at least 4, got 14.0"),
        ({"seed": None}, "seed: expected an integer of at least 0, got None"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        shape_images(**{"count": 3, "seed": 0, **arguments})


def clone(folder, count):
    """Write files as the repository has them, and return their checksums by the module's rule."""
    images, masks = shape_images(count, seed=0)
    (folder / "eq_aug_dyn" / "simpshape").mkdir(parents=True)
    arrays = {"img": images, "trig": masks[:, 0], "pent": masks[:, 1]}
    for name, array in arrays.items():
        for k, one in enumerate(array):
            np.save(folder / "eq_aug_dyn" / "simpshape" / f"shps{name}{k}.npy", one)
    small = {name: a if name == "img" else a.astype(np.uint8) for name, a in arrays.items()}
    return images, masks, {name: shapes.checksum(a) for name, a in small.items()}


def test_shipped_files_are_read_and_verified(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNSYM_DATA", str(tmp_path))
    with pytest.raises(DataUnavailableError, match="git clone"):
        published_shapes()
    images, masks, sums = clone(tmp_path, 6)
    monkeypatch.setattr(shapes, "SHIPPED", 6)
    with pytest.raises(ChecksumError, match=r"img in .*: expected sha256 4d30655c"):
        published_shapes()
    monkeypatch.setattr(shapes, "SHA256", sums)
    for found, expected in zip(published_shapes(), (images, masks), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_shipped_images_if_they_are_here():
    try:
        images, masks = published_shapes()
    except DataUnavailableError:
        pytest.skip("the public code is not in the data folder")
    for name, expected in SHIPPED.items():
        assert statistics(images, masks)[name] == pytest.approx(expected, abs=6e-4), name
