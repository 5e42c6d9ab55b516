"""Gradual changes of images, from none to complete (Moskalev et al. 2023, Figure 4, and others)."""

import numpy as np

DRIFTS = ("mixture", "noise", "dropped pixels", "contrast")


def drifted(
    images: np.ndarray, kind: str, level: float, other: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return images at a level of drift, of the same shape and type.

    Parameters
    ----------
    images
        Grey values in [0, 1], shape (N, n).
    kind
        ``"mixture"`` with other images, ``(1 - level) x + level z``, as in the paper; ``"noise"``,
        the same with ``z`` uniform in [0, 1] at every pixel; ``"dropped pixels"``, each set to
        zero with probability ``level``; ``"contrast"``, the same as a mixture with the negative
        ``z = 1 - x``, so that level 1 is the negative.
    level
        In [0, 1]; 0 changes nothing.
    other
        The images to mix in, one for each, same shape.
    rng
        For noise and dropped pixels. The same generator state at two levels gives the same noise.

    Raises
    ------
    ValueError
        Unknown kind, level outside [0, 1], or shapes that differ.
    """
    if kind not in DRIFTS:
        raise ValueError(f"kind: expected one of {DRIFTS}, got {kind!r}")
    if not 0 <= level <= 1:
        raise ValueError(f"level: expected a number in [0, 1], got {level!r}")
    if kind == "mixture" and other.shape != images.shape:
        raise ValueError(f"other: expected shape {images.shape}, got {other.shape}")
    if kind == "dropped pixels":
        return images * (rng.random(images.shape, dtype=np.float32) >= level)
    if kind == "noise":
        other = rng.random(images.shape, dtype=np.float32)
    if kind == "contrast":
        other = 1 - images
    return ((1 - level) * images + level * other).astype(images.dtype)
