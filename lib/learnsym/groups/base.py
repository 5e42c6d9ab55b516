"""Finite groups: the interface, enumeration and conjugacy classes.

A permutation ``g`` of ``n`` points is an integer array of shape ``(n,)`` with ``g[i]`` the image
of point ``i``; a matrix element is a float64 array of shape ``(d, d)``. In both cases
``multiply(a, b)`` applies ``b`` first.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike


class Group(ABC):
    """A finite group; the base of :class:`PermutationGroup` and :class:`MatrixGroup`."""

    name: str
    generators: tuple[np.ndarray, ...]

    @property
    @abstractmethod
    def identity(self) -> np.ndarray:
        """The neutral element."""

    @property
    @abstractmethod
    def order(self) -> int:
        """The number of elements."""

    @abstractmethod
    def multiply(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the product ``a b``, which applies ``b`` first."""

    @abstractmethod
    def inverse(self, a: np.ndarray) -> np.ndarray:
        """Return the inverse of ``a``."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw ``size`` independent elements from the Haar (here: uniform) measure.

        Raises
        ------
        ValueError
            ``rng`` is no generator, or ``size`` no integer of at least 0.
        """

    @abstractmethod
    def key(self, a: np.ndarray) -> bytes:
        """Return a hashable name of ``a``, equal for equal elements."""

    @abstractmethod
    def _enumeration_limit(self) -> int:
        """The largest number of elements that ``elements()`` lists."""

    @cached_property
    def _listed(self) -> list[np.ndarray]:
        return list(_closure(self, self._enumeration_limit()))

    def elements(self) -> list[np.ndarray]:
        """Return all elements, the identity first.

        Raises
        ------
        ValueError
            The group has too many elements to be listed; draw from it with :meth:`sample`.
        """
        return list(self._listed)

    def conjugacy_classes(self) -> list[tuple[np.ndarray, int]]:
        """Return ``(representative, size)`` for each conjugacy class."""
        classes = []
        unseen = {self.key(g): g for g in self._listed}
        while unseen:
            representative = next(iter(unseen.values()))
            orbit = {
                self.key(self.multiply(self.multiply(h, representative), self.inverse(h)))
                for h in self._listed
            }
            classes.append((representative, len(orbit)))
            for key in orbit:
                del unseen[key]
        return classes

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._generator_keys == other._generator_keys

    def __hash__(self) -> int:
        return hash(self._generator_keys)

    @cached_property
    def _generator_keys(self) -> tuple[bytes, ...]:
        return tuple(self.key(g) for g in self.generators)

    def __repr__(self) -> str:
        return f"{self.name} (order {self.order})"


def _closure(group: Group, limit: int) -> Iterator[np.ndarray]:
    """Yield every product of generators once, breadth first."""
    seen = {group.key(group.identity)}
    frontier = [group.identity]
    yield group.identity
    while frontier:
        found = []
        for g in frontier:
            for s in group.generators:
                product = group.multiply(s, g)
                key = group.key(product)
                if key in seen:
                    continue
                if len(seen) >= limit:
                    raise ValueError(
                        f"generators: closure fails, expected at most {limit} elements, "
                        f"got a further one as the product of {s.tolist()} and {g.tolist()}"
                    )
                seen.add(key)
                found.append(product)
                yield product
        frontier = found


def as_array(argument: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as an array, or raise ValueError where it is ragged."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{argument}: expected rows of equal length, got {value!r:.200}"
        ) from error


def check_draw(rng: np.random.Generator, size: int) -> None:
    """Raise ValueError unless ``size`` elements can be drawn with ``rng``."""
    if not hasattr(rng, "integers"):
        raise ValueError(f"rng: expected a numpy.random.Generator, got {rng!r}")
    if not isinstance(size, (int, np.integer)) or size < 0:
        raise ValueError(f"size: expected an integer of at least 0, got {size!r}")


def common_size(generators: Sequence[np.ndarray]) -> int:
    """Return the length that all generators share, or raise ValueError."""
    if not generators:
        raise ValueError("generators: expected at least one, got none")
    shapes = sorted({g.shape for g in generators})
    if len(shapes) > 1:
        raise ValueError(f"generators: expected one common shape, got {shapes}")
    return shapes[0][0]
