"""MNIST digits and Fashion-MNIST articles as arrays."""

import numpy as np
from numpy.typing import DTypeLike

from learnsym.data._arguments import integer
from learnsym.data.catalog import FILES
from learnsym.data.idx import parse_idx
from learnsym.data.sources import raw_content

SIDE = 28  # pixels, of every published image


def digits(
    dataset: str = "mnist",
    split: str = "train",
    size: int | None = None,
    side: int = SIDE,
    pad_to: int | None = None,
    dtype: DTypeLike = np.float64,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first images of MNIST or Fashion-MNIST with their labels.

    The MNIST test split and the first 2,000 Fashion-MNIST test images come with the package.
    Anything else is downloaded once into a cache: the folder that the environment variable
    ``LEARNSYM_DATA`` names, else the user's cache folder. Every file is verified by checksum.

    Parameters
    ----------
    dataset
        ``"mnist"`` or ``"fashion"``.
    split
        ``"train"`` (60,000 images) or ``"test"`` (10,000).
    size
        How many images, in the order of the file; ``None`` for the whole split.
    side
        Height and width in pixels: 28, or a divisor of it (14, 7, 4, 2, 1), for which each pixel
        is the mean over a block of the original.
    pad_to
        Height and width after a frame of zeros, equally wide on all sides, is put around the
        image (36 for Transforming-MNIST); ``None`` for no frame.
    dtype
        ``float64`` or ``float32``.

    Returns
    -------
    images : numpy.ndarray
        Shape (size, side, side), or (size, pad_to, pad_to); grey values in [0, 1], 0 is the
        background.
    labels : numpy.ndarray
        Shape (size,), int64, classes 0 to 9.

    Raises
    ------
    ValueError
        An argument is not one of the above, or a file is corrupted (``ChecksumError``).
    DataUnavailableError
        The images are not on this machine and could not be downloaded.
    """
    dtype = _float_dtype(dtype)
    _check_choice("dataset", dataset, FILES)
    _check_choice("split", split, FILES[dataset])
    image_file, label_file = FILES[dataset][split]
    count = image_file.count if size is None else integer("size", size, minimum=1)
    if count > image_file.count:
        raise ValueError(
            f"size: expected at most {image_file.count}, the size of {dataset} {split}, got {size}"
        )
    side = integer("side", side, minimum=1)
    if SIDE % side:
        raise ValueError(f"side: expected a divisor of {SIDE}, got {side}")
    frame = _frame_width(side, pad_to)

    pixels = parse_idx(raw_content(image_file, count), 3, f"{dataset} {image_file.name}")
    labels = parse_idx(raw_content(label_file, count), 1, f"{dataset} {label_file.name}")
    images = block_means(pixels[:count], SIDE // side, dtype)
    if frame:
        images = np.pad(images, ((0, 0), (frame, frame), (frame, frame)))
    return images, labels[:count].astype(np.int64)


def block_means(pixels: np.ndarray, block: int, dtype: np.dtype) -> np.ndarray:
    """Return the means of uint8 pixels over square blocks, scaled from [0, 255] to [0, 1].

    Parameters
    ----------
    pixels
        Shape (count, height, width), height and width multiples of ``block``.
    """
    count, height, width = pixels.shape
    blocks = pixels.reshape(count, height // block, block, width // block, block)
    totals = blocks.sum(axis=(2, 4), dtype=np.uint32)
    # One division of exact integers: float32 and float64 are both correctly rounded.
    return np.divide(totals, 255 * block**2, dtype=dtype)


def _frame_width(side: int, pad_to: int | None) -> int:
    if pad_to is None:
        return 0
    frame, odd = divmod(integer("pad_to", pad_to, minimum=side) - side, 2)
    if odd:
        raise ValueError(f"pad_to: expected {side} plus an even number, got {pad_to}")
    return frame


def _float_dtype(dtype: DTypeLike) -> np.dtype:
    result = np.dtype(dtype)
    if result not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype: expected float32 or float64, got {result}")
    return result


def _check_choice(name: str, value: str, choices: dict) -> None:
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
