"""Transforming-MNIST and its twin from Fashion-MNIST, set-up of Moskalev et al. 2023."""

from dataclasses import dataclass

import numpy as np

from learnsym.data._arguments import generator, integer
from learnsym.data.images import SIDE, digits

FRAMED = 36  # pixels per side with the frame of zeros
CLASSES = 9  # the last class is left out: a nine is a six upside down


@dataclass(frozen=True)
class TransformingImages:
    """Images and labels of the three parts; grey values in [0, 1], not yet framed.

    ``train``, ``validation`` and ``test`` have shape (N, 28, 28), float32, their labels (N,).
    ``mean`` and ``deviation`` are those of the framed training images.
    """

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    mean: float
    deviation: float

    def rows(self, images: np.ndarray) -> np.ndarray:
        """Frame and normalise grey values: (N, 28, 28) to rows of 36 x 36 pixels, (N, 1296)."""
        return self.normalised(framed(images))

    def normalised(self, rows: np.ndarray) -> np.ndarray:
        """Subtract the mean from framed grey values and divide by the deviation."""
        return (rows - np.float32(self.mean)) / np.float32(self.deviation)

    @property
    def black(self) -> float:
        """The normalised value of an empty pixel."""
        return float(-self.mean / self.deviation)


def framed(images: np.ndarray) -> np.ndarray:
    """Return images (N, 28, 28) in a frame of zeros, as rows of 36 x 36 pixels."""
    width = (FRAMED - SIDE) // 2
    return np.pad(images, ((0, 0), (width, width), (width, width))).reshape(len(images), -1)


def transforming_images(
    dataset: str = "mnist",
    train: int = 10_000,
    validation: int = 2_000,
    test: int = 50_000,
    seed: int | np.random.Generator = 0,
    embedded: bool = False,
) -> TransformingImages:
    """Draw the three parts from all images of a data set without its last class.

    Parameters
    ----------
    dataset
        ``"mnist"`` or ``"fashion"``.
    train, validation, test
        Sizes of the parts, which are disjoint.
    seed
        Decides which images make which part.
    embedded
        Draw only from the images that come with the package: of MNIST the published test split,
        of Fashion-MNIST the first 2,000 images of it. Otherwise from both published splits, which
        may have to be downloaded once.

    Raises
    ------
    ValueError
        There are fewer images than asked for, or an argument is not one of the above.
    """
    sizes = [
        integer(name, value, minimum=1)
        for name, value in (("train", train), ("validation", validation), ("test", test))
    ]
    images, labels = _pool(dataset, embedded)
    if sum(sizes) > len(labels):
        raise ValueError(
            f"train, validation, test: expected at most {len(labels)} images together, "
            f"got {sum(sizes)}"
        )
    order = generator(seed).permutation(len(labels))[: sum(sizes)]
    parts = np.split(order, np.cumsum(sizes)[:-1])
    (train_x, train_y), (val_x, val_y), (test_x, test_y) = (
        (images[part], labels[part]) for part in parts
    )
    pixels = framed(train_x)
    mean, deviation = pixels.mean(dtype=np.float64), pixels.std(dtype=np.float64)
    return TransformingImages(
        train_x, train_y, val_x, val_y, test_x, test_y, float(mean), float(deviation)
    )


def _pool(dataset: str, embedded: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return all images and labels of a data set, without the last class."""
    splits = [("test", 2_000 if dataset == "fashion" else None)] if embedded else None
    splits = splits or [("train", None), ("test", None)]
    parts = [digits(dataset, split, size, dtype=np.float32) for split, size in splits]
    images, labels = (np.concatenate(both) for both in zip(*parts, strict=True))
    kept = labels < CLASSES
    return images[kept], labels[kept]
