"""Checks of arguments that the loaders and the generators share."""

import operator
from numbers import Integral, Real

import numpy as np


def integer(name: str, value: int, minimum: int) -> int:
    """Return ``value`` as an ``int``, or raise ``ValueError`` where it is none or too small."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value!r}")
    return operator.index(value)


def probability(name: str, value: float) -> float:
    """Return ``value`` as a ``float``, or raise ``ValueError`` where it is outside [0, 1]."""
    # Written so that nan, for which every comparison is false, is rejected too.
    if not isinstance(value, Real) or not 0 <= value <= 1:
        raise ValueError(f"{name}: expected a probability between 0 and 1, got {value!r}")
    return float(value)


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """Return the generator that ``seed`` is or seeds; ``None`` is refused, it would not repeat."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(integer("seed", seed, minimum=0))
