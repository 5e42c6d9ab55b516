"""Transforming-MNIST: its parts, and how its images drift."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import refusals
from learnsym.data import digits
from learnsym.data.drifts import DRIFTS, drifted
from learnsym.data.transforming import FRAMED, framed, transforming_images

PARTS = ("train", "validation", "test")
LEVELS = st.floats(0, 1)


@pytest.fixture(scope="module", params=["mnist", "fashion"])
def drawn(request):
    return request.param, transforming_images(request.param, 60, 20, 40, 3, embedded=True)


def test_parts_are_disjoint_and_have_their_sizes_their_labels_and_no_last_class(drawn):
    dataset, data = drawn
    images, labels = digits(
        dataset, "test", 2_000 if dataset == "fashion" else None, dtype=np.float32
    )
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    seen = [image.tobytes() for part in PARTS for image in getattr(data, part)]
    assert len(set(seen)) == len(seen)
    for part, size in zip(PARTS, (60, 20, 40), strict=True):
        images, labels = getattr(data, part), getattr(data, f"{part}_labels")
        assert (images.shape, images.dtype, labels.shape) == ((size, 28, 28), np.float32, (size,))
        assert images.min() >= 0 and images.max() <= 1 and labels.max() < 9
        assert [known[image.tobytes()] for image in images] == list(labels)


def test_training_rows_are_normalised(drawn):
    _, data = drawn
    rows = data.rows(data.train)
    assert rows.shape == (60, FRAMED**2)
    assert rows.dtype == np.float32
    assert rows.mean(dtype=np.float64) == pytest.approx(0, abs=1e-5)
    assert rows.std(dtype=np.float64) == pytest.approx(1, abs=1e-5)
    assert data.rows(data.test).std() != pytest.approx(1, abs=1e-5)
    assert rows[0, 0] == pytest.approx(data.black, rel=1e-6)
    assert np.allclose(data.normalised(framed(data.test)), data.rows(data.test))


def test_frame_is_empty_and_centred(rng):
    images = rng.random((3, 28, 28)) + 1
    pictures = framed(images).reshape(3, FRAMED, FRAMED)
    assert np.array_equal(pictures[:, 4:-4, 4:-4], images)
    assert pictures.sum() == pytest.approx(images.sum())
    turned = framed(np.rot90(images, axes=(1, 2))).reshape(pictures.shape)
    assert np.array_equal(turned, np.rot90(pictures, axes=(1, 2)))


def test_seed_decides_the_images():
    """And the size of a later part does not change the earlier ones."""
    first, same, other, stream, larger = (
        transforming_images("fashion", 20, 5, size, seed, embedded=True)
        for size, seed in ((5, 0), (5, 0), (5, 1), (5, np.random.default_rng(0)), (50, 0))
    )
    assert np.array_equal(first.train, same.train)
    assert (first.mean, first.deviation) == (same.mean, same.deviation)
    assert not np.array_equal(first.train, other.train)
    assert np.array_equal(first.test, stream.test)
    assert np.array_equal(first.train, larger.train)
    assert np.array_equal(first.test, larger.test[:5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": "letters"}, "letters"),
        ({"train": 0}, "train"),
        ({"validation": -1}, "validation"),
        ({"test": 1.5}, "test"),
        ({"dataset": "fashion", "train": 1_900}, "expected at most 1812 images together, got 1950"),
        ({"train": 9_000}, "expected at most 8991 images together, got 9050"),
        ({"seed": "zero"}, "seed"),
    ],
)
def test_bad_requests(arguments, message):
    sizes = {"train": 30, "validation": 30, "test": 20}
    with pytest.raises(ValueError, match=message):
        transforming_images(**{**sizes, **arguments}, embedded=True)


def grey(seed, shape=(6, 40)):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def moved(images, kind, level, other=None, seed=0):
    other = images if other is None else other
    return drifted(images, kind, level, other, np.random.default_rng(seed))


@given(LEVELS, st.sampled_from(DRIFTS))
def test_drifts_keep_grey_values_shape_and_type(level, kind):
    images = grey(1)
    found = moved(images, kind, level, images[::-1])
    assert (found.shape, found.dtype) == (images.shape, np.float32)
    assert found.min() >= 0 and found.max() <= 1 + 1e-6


@given(LEVELS)
def test_mixtures_pixel_by_pixel(level):
    images, other = grey(2, (2, 5)), grey(3, (2, 5))
    mixed, negative = moved(images, "mixture", level, other), moved(images, "contrast", level)
    for i, j in np.ndindex(images.shape):
        x, z = float(images[i, j]), float(other[i, j])
        assert mixed[i, j] == pytest.approx(x + level * (z - x), abs=1e-6)
        assert negative[i, j] == pytest.approx(x + level * (1 - 2 * x), abs=1e-6)


def test_the_ends_of_the_drifts():
    images, other = grey(4), grey(5)
    for kind in DRIFTS:
        assert np.array_equal(moved(images, kind, 0, other), images)
    assert np.array_equal(moved(images, "mixture", 1, other), other)
    assert not moved(images, "dropped pixels", 1).any()
    # only noise is left, and none of the image
    assert np.array_equal(moved(images, "noise", 1), moved(other, "noise", 1))


def test_one_noise_for_all_levels():
    images = grey(6, (200, 40))
    noises = [(moved(images, "noise", v) - (1 - v) * images) / v for v in (0.3, 1.0)]
    np.testing.assert_allclose(*noises, atol=1e-6)
    assert noises[1].mean() == pytest.approx(0.5, abs=0.02)
    assert noises[1].var() == pytest.approx(1 / 12, abs=0.005)


@given(LEVELS, LEVELS)
def test_dropped_pixels_are_nested_and_as_many_as_asked_for(one, two):
    images = 0.5 + grey(7, (100, 100)) / 2
    few, many = (moved(images, "dropped pixels", v) for v in sorted((one, two)))
    assert (many == 0).mean() == pytest.approx(max(one, two), abs=0.02)
    assert not many[few == 0].any()
    assert np.array_equal(many[many > 0], images[many > 0])


GREY = grey(8)
test_bad_drifts = refusals(
    (lambda: moved(GREY, "noise", -0.1), r"level: expected a number in \[0, 1\], got"),
    (lambda: moved(GREY, "noise", float("nan")), r"level: expected a number in \[0, 1\], got"),
    (lambda: moved(GREY, "blur", 0.5), r"kind: expected one of .* got 'blur'"),
    (
        lambda: moved(GREY, "mixture", 0.5, GREY[:5]),
        r"other: expected shape \(6, 40\), got \(5, 40\)",
    ),
)
