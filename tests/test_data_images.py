"""The loader of MNIST and Fashion-MNIST, on the samples embedded in the package."""

import gzip
import hashlib
import re
from importlib import resources

import numpy as np
import pytest

from learnsym.data import ChecksumError, DataUnavailableError, digits, sources
from learnsym.data.catalog import FILES, SAMPLES
from learnsym.data.images import block_means

SAMPLE_FOLDER = resources.files("learnsym.data") / "samples"
MNIST_TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """An empty cache, and no way to any other machine."""
    monkeypatch.setenv("LEARNSYM_DATA", str(tmp_path))
    monkeypatch.setattr(sources, "remote_sources", lambda file: [])


def sample_bytes(dataset, name):
    return gzip.decompress((SAMPLE_FOLDER / f"{dataset}-{name}.gz").read_bytes())


def test_embedded_mnist_is_the_canonical_test_split():
    images = sample_bytes("mnist", "t10k-images-idx3-ubyte")
    labels = sample_bytes("mnist", "t10k-labels-idx1-ubyte")
    assert (len(images), len(labels)) == (7840016, 10008)
    assert hashlib.sha256(images).hexdigest().startswith("0fa7898d509279e482958e8ce81c8e77")
    assert hashlib.sha256(labels).hexdigest().startswith("ff7bcfd416de33731a308c3f266cc351")
    assert np.bincount(np.frombuffer(labels[8:], np.uint8)).tolist() == MNIST_TEST_COUNTS


def test_attribution_lists_the_checksums_of_the_catalog():
    text = (SAMPLE_FOLDER / "ATTRIBUTION.md").read_text()
    listed = re.findall(r"`(\w+)-(\S+)\.gz` \| ([\d,]+) \| `([0-9a-f]{64})`", text)
    files = [file for two in SAMPLES.values() for file in two]
    assert set(listed) == {(f.dataset, f.name, f"{f.count:,}", f.sha256) for f in files}
    assert (SAMPLE_FOLDER / "LICENSE").is_file()


def test_catalog_has_the_canonical_lengths():
    files = [file for splits in FILES.values() for pair in splits.values() for file in pair]
    assert {file.nbytes for file in files} == {47040016, 60008, 7840016, 10008}
    checksums = {file.sha256 for file in files}
    assert len(checksums) == 8 and all(re.fullmatch("[0-9a-f]{64}", one) for one in checksums)


def test_mnist_test_split():
    images, labels = digits("mnist", "test")
    assert (images.shape, images.dtype) == ((10000, 28, 28), np.float64)
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == MNIST_TEST_COUNTS
    raw = np.frombuffer(sample_bytes("mnist", "t10k-images-idx3-ubyte")[16:], np.uint8)
    np.testing.assert_array_equal(images.ravel(), raw / 255)
    first, first_labels = digits("mnist", "test", 50)
    np.testing.assert_array_equal(first, images[:50])
    np.testing.assert_array_equal(first_labels, labels[:50])


def test_fashion_sample():
    images, labels = digits("fashion", "test", 2000)
    assert images.shape == (2000, 28, 28)
    assert labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]  # as published
    assert np.all(np.bincount(labels) > 150)


@pytest.mark.parametrize("side", [14, 7, 4, 2, 1])
def test_smaller_sides_are_block_means(side):
    full, _ = digits("mnist", "test", 3)
    small, _ = digits("mnist", "test", 3, side=side)
    block = 28 // side
    for row, column in np.ndindex(side, side):
        rows, columns = (slice(block * i, block * (i + 1)) for i in (row, column))
        expected = full[:, rows, columns].mean(axis=(1, 2))
        np.testing.assert_allclose(small[:, row, column], expected, rtol=0, atol=1e-15)
    single, _ = digits("mnist", "test", 3, side=side, dtype=np.float32)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, small.astype(np.float32))
    turned = block_means(np.rot90(255 * full, axes=(1, 2)).astype(np.uint8), block, np.dtype(float))
    np.testing.assert_array_equal(turned, np.rot90(small, axes=(1, 2)))


def test_padding_is_a_frame_of_zeros():
    plain, _ = digits("mnist", "test", 20)
    padded, _ = digits("mnist", "test", 20, pad_to=36)
    assert padded.shape == (20, 36, 36)
    np.testing.assert_array_equal(padded[:, 4:-4, 4:-4], plain)
    assert np.count_nonzero(padded) == np.count_nonzero(plain)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": "cifar"}, "dataset: expected one of mnist, fashion, got 'cifar'"),
        ({"split": "valid"}, "split: expected one of train, test, got 'valid'"),
        ({"size": 0}, "size: expected an integer of at least 1, got 0"),
        ({"size": 2.5}, "size: expected an integer of at least 1, got 2.5"),
        ({"size": True}, "size: expected an integer of at least 1, got True"),
        ({"size": 10_001}, "size: expected at most 10000, the size of mnist test, got 10001"),
        ({"side": 13}, "side: expected a divisor of 28, got 13"),
        ({"side": 56}, "side: expected a divisor of 28, got 56"),
        ({"side": 0}, "side: expected an integer of at least 1, got 0"),
        ({"pad_to": 27}, "pad_to: expected an integer of at least 28, got 27"),
        ({"pad_to": 35}, "pad_to: expected 28 plus an even number, got 35"),
        ({"dtype": int}, "dtype: expected float32 or float64, got int64"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        digits(**{"dataset": "mnist", "split": "test", **arguments})


@pytest.mark.parametrize(
    ("dataset", "split", "size"),
    [("fashion", "test", 2001), ("fashion", "test", None), ("mnist", "train", 1)],
)
def test_nothing_stands_in_for_what_is_missing(dataset, split, size):
    with pytest.raises(DataUnavailableError, match=f"{dataset} .* no source could provide"):
        digits(dataset, split, size)


def test_corrupted_sample_is_refused(monkeypatch, tmp_path):
    folder = tmp_path / "samples"
    folder.mkdir()
    path = folder / "fashion-t10k-images-idx3-ubyte.gz"
    content = bytearray(sample_bytes("fashion", "t10k-images-idx3-ubyte"))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(content, 1))
    monkeypatch.setattr(sources.resources, "files", lambda package: tmp_path)
    with pytest.raises(ChecksumError, match=r"embedded sample .* expected sha256 862035b0"):
        digits("fashion", "test", 10)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ChecksumError, match="expected a whole gzip file"):
        digits("fashion", "test", 10)
