"""Groups that move the pixels of a square image."""

import numpy as np

from learnsym.groups.families import check_count
from learnsym.groups.permutation import PermutationGroup


def image_rotations(side: int) -> PermutationGroup:
    """Return the rotations by 90 degrees of a ``side x side`` image, as pixel permutations.

    Pixels are numbered row by row; the generator turns the image counter-clockwise.
    """
    check_count("side", side, 2)
    return PermutationGroup([_quarter_turn(side)], f"rotations of {side}x{side}")


def image_translations(side: int, axes: str = "xy", step: int = 1) -> PermutationGroup:
    """Return the cyclic translations of a ``side x side`` image, as pixel permutations.

    Parameters
    ----------
    side
        Pixels per side.
    axes
        ``"x"`` (along the rows), ``"y"`` (along the columns) or ``"xy"``.
    step
        Shortest shift in pixels; it divides ``side``.

    Raises
    ------
    ValueError
        ``axes`` is another string, or ``step`` does not divide ``side``.
    """
    check_count("side", side, 2)
    if axes not in ("x", "y", "xy"):
        raise ValueError(f"axes: expected 'x', 'y' or 'xy', got {axes!r}")
    check_count("step", step, 1)
    if side % step:
        raise ValueError(f"step: expected a divisor of side = {side}, got {step}")
    return PermutationGroup(
        [_shift(side, axis, step) for axis in axes], f"{axes}-translations of {side}x{side}"
    )


def image_rototranslations(side: int) -> PermutationGroup:
    """Return all rotations by 90 degrees and cyclic translations of an image, generated jointly."""
    check_count("side", side, 2)
    generators = [_quarter_turn(side), _shift(side, "x", 1), _shift(side, "y", 1)]
    return PermutationGroup(generators, f"roto-translations of {side}x{side}")


def _quarter_turn(side: int) -> np.ndarray:
    source = np.rot90(np.arange(side * side).reshape(side, side)).ravel()
    return np.argsort(source)


def _shift(side: int, axis: str, step: int) -> np.ndarray:
    pixels = np.arange(side * side).reshape(side, side)
    source = np.roll(pixels, step, axis=1 if axis == "x" else 0).ravel()
    return np.argsort(source)
