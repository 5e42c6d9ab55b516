"""Real representations of finite groups.

A representation sends an element ``g`` to an invertible matrix ``rho(g)`` with
``rho(g h) = rho(g) rho(h)``. It acts on column vectors; arrays of vectors have shape ``(..., d)``.
A permutation representation stores index arrays instead of matrices: ``(rho(g) x)[p[i]] = x[i]``.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from learnsym.groups import Group

CHECK_ALL_UP_TO = 2_000
CHECK_SAMPLES = 200
TOLERANCE = 1e-9


class Representation:
    """A representation by matrices.

    Parameters
    ----------
    group
        The group that acts.
    dimension
        Dimension ``d`` of the space.
    action
        Function from an element of the group to its matrix of shape ``(d, d)``.
    name
        What the representation is called in tables and messages.

    Raises
    ------
    ValueError
        ``action`` returns something else than a finite ``(d, d)`` matrix on a generator; for a
        permutation representation, something else than a permutation of ``0 .. d - 1``.
    """

    def __init__(
        self,
        group: Group,
        dimension: int,
        action: Callable[[np.ndarray], np.ndarray],
        name: str,
    ) -> None:
        self.group = group
        self.dimension = dimension
        self.name = name
        self._action = action
        for g in group.generators:
            self._check_image(np.asarray(self._action(g)), g)

    def _check_image(self, image: np.ndarray, g: np.ndarray) -> None:
        if image.shape != self._image_shape() or not np.isfinite(image).all():
            raise ValueError(
                f"action: expected finite images of shape {self._image_shape()}, got shape "
                f"{image.shape} on {np.asarray(g).tolist()}"
            )

    def _image_shape(self) -> tuple[int, ...]:
        return (self.dimension, self.dimension)

    def matrix(self, g: np.ndarray) -> np.ndarray:
        """Return ``rho(g)``, shape ``(d, d)``."""
        return self._action(g)

    def act(self, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return ``rho(g) x`` for vectors ``x`` of shape ``(..., d)``."""
        self._check_vectors(x)
        return x @ self.matrix(g).T

    def character(self, g: np.ndarray) -> float:
        """Return the trace of ``rho(g)``."""
        return float(np.trace(self.matrix(g)))

    @cached_property
    def is_orthogonal(self) -> bool:
        """Whether every ``rho(g)`` is orthogonal; the generators decide."""
        matrices = [self.matrix(g) for g in self.group.generators]
        return all(np.abs(m @ m.T - np.eye(self.dimension)).max() < TOLERANCE for m in matrices)

    def check(self, rng: np.random.Generator | None = None) -> None:
        """Verify the homomorphism property ``rho(s g) = rho(s) rho(g)``.

        For all generators ``s`` and all elements ``g`` where the group has at most 2,000 elements,
        which proves it; otherwise for 200 random elements.

        Raises
        ------
        ValueError
            The property fails; the message names the two elements.
        """
        group = self.group
        if not self._equal(self._action(group.identity), self._action_of_identity()):
            raise ValueError(f"{self.name}: not a representation, rho(e) is not the identity")
        for g in self._elements_to_check(rng):
            for s in group.generators:
                composed = self._compose(self._action(s), self._action(g))
                if not self._equal(self._action(group.multiply(s, g)), composed):
                    raise ValueError(
                        f"{self.name}: not a representation, rho(s g) differs from rho(s) rho(g) "
                        f"for s = {np.asarray(s).tolist()}, g = {np.asarray(g).tolist()}"
                    )

    def _check_vectors(self, x: np.ndarray) -> None:
        if x.shape[-1:] != (self.dimension,):
            raise ValueError(f"x: expected a last axis of {self.dimension}, got shape {x.shape}")

    def _elements_to_check(self, rng: np.random.Generator | None) -> Sequence[np.ndarray]:
        if self.group.order <= CHECK_ALL_UP_TO:
            return self.group.elements()
        return self.group.sample(rng or np.random.default_rng(0), CHECK_SAMPLES)

    def _action_of_identity(self) -> np.ndarray:
        return np.eye(self.dimension)

    def _compose(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a @ b

    def _equal(self, a: np.ndarray, b: np.ndarray) -> bool:
        return bool(np.abs(a - b).max() < TOLERANCE * max(1.0, np.abs(b).max()))

    def __repr__(self) -> str:
        return f"{self.name} of {self.group.name} (dimension {self.dimension})"


class PermutationRepresentation(Representation):
    """A representation that permutes coordinates; ``action`` returns index arrays ``(d,)``."""

    def _image_shape(self) -> tuple[int, ...]:
        return (self.dimension,)

    def _check_image(self, image: np.ndarray, g: np.ndarray) -> None:
        super()._check_image(image, g)
        is_integer = np.issubdtype(image.dtype, np.integer)
        if not is_integer or not np.array_equal(np.sort(image), np.arange(self.dimension)):
            raise ValueError(
                f"action: expected a permutation of 0..{self.dimension - 1}, got "
                f"{image.tolist()} of {image.dtype} on {np.asarray(g).tolist()}"
            )

    def permutation(self, g: np.ndarray) -> np.ndarray:
        """Return the index array ``p`` of ``g``: coordinate ``i`` moves to ``p[i]``."""
        return self._action(g)

    def matrix(self, g: np.ndarray) -> np.ndarray:
        """Return the permutation matrix ``rho(g)``, shape ``(d, d)``."""
        matrix = np.zeros((self.dimension, self.dimension))
        matrix[self._action(g), np.arange(self.dimension)] = 1.0
        return matrix

    def act(self, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return ``rho(g) x`` for ``x`` of shape ``(..., d)`` by indexing."""
        self._check_vectors(x)
        return x[..., np.argsort(self._action(g))]

    def character(self, g: np.ndarray) -> float:
        """Return the number of coordinates that ``g`` leaves in place."""
        return float(np.sum(self._action(g) == np.arange(self.dimension)))

    @property
    def is_orthogonal(self) -> bool:
        """Always true: permutation matrices are orthogonal."""
        return True

    def _action_of_identity(self) -> np.ndarray:
        return np.arange(self.dimension)

    def _compose(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a[b]

    def _equal(self, a: np.ndarray, b: np.ndarray) -> bool:
        return np.array_equal(a, b)


def from_generators(group: Group, images: Sequence[ArrayLike], name: str) -> Representation:
    """Return the representation that extends ``generator -> image``.

    Parameters
    ----------
    group
        A group whose elements can be listed.
    images
        One array per generator: permutations ``(d,)`` of integers or matrices ``(d, d)``.
    name
        What the representation is called.

    Raises
    ------
    ValueError
        The number of images is wrong, they are not all permutations or all square matrices of one
        size, or two ways to write an element give different images.
    """
    arrays = [np.asarray(image) for image in images]
    if len(arrays) != len(group.generators):
        raise ValueError(
            f"images: expected one per generator ({len(group.generators)}), got {len(arrays)}"
        )
    is_permutation = all(a.ndim == 1 for a in arrays)
    _check_images(arrays, is_permutation)
    identity = np.arange(len(arrays[0])) if is_permutation else np.eye(len(arrays[0]))
    table = {group.key(group.identity): identity}
    frontier = [group.identity]
    while frontier:
        reached = []
        steps = zip(group.generators, arrays, strict=True)
        for g, (s, image) in itertools.product(frontier, steps):
            product = group.multiply(s, g)
            known = table[group.key(g)]
            value = image[known] if is_permutation else image @ known
            if group.key(product) not in table:
                table[group.key(product)] = value
                reached.append(product)
            elif np.abs(table[group.key(product)] - value).max() > TOLERANCE:
                raise ValueError(
                    f"images: not a representation, two ways to write the element "
                    f"{product.tolist()} give different images"
                )
        frontier = reached
    kind = PermutationRepresentation if is_permutation else Representation
    return kind(group, len(identity), lambda g: table[group.key(g)], name)


def _check_images(arrays: Sequence[np.ndarray], is_permutation: bool) -> None:
    size = arrays[0].shape[:1]
    for i, a in enumerate(arrays):
        is_integer = np.issubdtype(a.dtype, np.integer)
        if is_permutation and not (is_integer and np.array_equal(np.sort(a), np.arange(*size))):
            raise ValueError(f"images[{i}]: expected a permutation of {size[0]}, got {a.tolist()}")
        if not is_permutation and (a.ndim != 2 or a.shape != size * 2):
            raise ValueError(f"images[{i}]: expected a matrix of shape {size * 2}, got {a.shape}")
