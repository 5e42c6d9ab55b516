"""The parts of Transforming-MNIST: disjoint, labelled as in the source, framed, normalised."""

import numpy as np
import pytest
import torch

from learnsym.data import digits
from learnsym.data.transforming import FRAMED, framed, transforming_images
from learnsym.experiments.transforming_measures import from_logits

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module", params=["mnist", "fashion"])
def drawn(request):
    return request.param, transforming_images(request.param, 60, 20, 40, 3, embedded=True)


def source(dataset):
    size = 2_000 if dataset == "fashion" else None
    images, labels = digits(dataset, "test", size, dtype=np.float32)
    return {image.tobytes(): label for image, label in zip(images, labels, strict=True)}


def test_parts_have_their_sizes_and_no_last_class(drawn):
    _, data = drawn
    for part, size in zip(PARTS, (60, 20, 40), strict=True):
        images, labels = getattr(data, part), getattr(data, f"{part}_labels")
        assert images.shape == (size, 28, 28)
        assert images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1
        assert labels.shape == (size,)
        assert labels.max() < 9


def test_parts_are_disjoint_and_keep_their_labels(drawn):
    dataset, data = drawn
    known = source(dataset)
    seen = [image.tobytes() for part in PARTS for image in getattr(data, part)]
    assert len(set(seen)) == len(seen)
    for part in PARTS:
        labels = [known[image.tobytes()] for image in getattr(data, part)]
        assert labels == list(getattr(data, f"{part}_labels"))


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
    first, same, other = (
        transforming_images("fashion", 20, 10, 10, seed, embedded=True) for seed in (0, 0, 1)
    )
    assert np.array_equal(first.train, same.train)
    assert (first.mean, first.deviation) == (same.mean, same.deviation)
    assert not np.array_equal(first.train, other.train)
    stream = transforming_images("fashion", 20, 10, 10, np.random.default_rng(0), embedded=True)
    assert np.array_equal(first.test, stream.test)


def test_sizes_of_later_parts_do_not_change_the_training_images():
    small, large = (transforming_images("fashion", 20, 5, n, 0, embedded=True) for n in (5, 50))
    assert np.array_equal(small.train, large.train)
    assert np.array_equal(small.test, large.test[:5])


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


def test_constant_logits_are_invariant_and_broken_ones_are_not():
    logits = torch.zeros(2, 3, 4, 5)
    logits[:, 1] = torch.rand(2, 4, 5, generator=torch.Generator().manual_seed(0))
    logits[0, 2, 0, 0] = torch.inf
    found = from_logits(logits, torch.zeros(4, dtype=torch.int64))
    assert found["scale_free"][0] == found["logit_scale"][0] == 0
    assert 0 < found["scale_free"][1] < 2
    assert np.isnan(found["scale_free"][2])
