"""Real representations of finite groups, and how to build new ones from old ones.

A representation sends an element ``g`` to an invertible matrix ``rho(g)`` with
``rho(g h) = rho(g) rho(h)``. It acts on column vectors; arrays of vectors have shape ``(..., d)``.
A permutation representation stores index arrays instead of matrices: ``(rho(g) x)[p[i]] = x[i]``.
Arrays handed out are read-only, and elements of another group are refused with ValueError.
"""

import itertools
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from learnsym.arrays import as_array, check_count, frozen, real, real_array
from learnsym.groups import LISTING_LIMIT, Group, PermutationGroup

if TYPE_CHECKING:
    import torch

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
        Dimension ``d`` of the space, at least 1.
    action
        Function from an element of the group to its matrix of shape ``(d, d)``. It can be pickled,
        and the representation with it, if it is no lambda or inner function.
    name
        What the representation is called in tables and messages.

    Raises
    ------
    ValueError
        ``action`` returns something else than a finite real ``(d, d)`` matrix on a generator; for a
        permutation representation, something else than a permutation of ``0 .. d - 1``.
    """

    def __init__(
        self,
        group: Group,
        dimension: int,
        action: Callable[[np.ndarray], np.ndarray],
        name: str,
    ) -> None:
        check_count("dimension", dimension, 1)
        self.group = group
        self.dimension = dimension
        self.name = name
        self._action = action
        for g in group.generators:
            self._check_image(self.image(g), g)

    def image(self, g: np.ndarray) -> np.ndarray:
        """Return what represents ``g``, without asking whether the group holds it."""
        image = np.asarray(self._action(g))
        if image.shape != self._image_shape() or image.dtype.kind not in "biuf":
            raise ValueError(
                f"action: expected finite real images of shape {self._image_shape()}, got shape "
                f"{image.shape} of {image.dtype} on {np.asarray(g).tolist()}"
            )
        return frozen(image)

    def _image_shape(self) -> tuple[int, ...]:
        return (self.dimension, self.dimension)

    def _check_image(self, image: np.ndarray, g: np.ndarray) -> None:
        real_array(f"action: {self.name}", image)

    def matrix(self, g: np.ndarray) -> np.ndarray:
        """Return ``rho(g)``, shape ``(d, d)``."""
        return self.dense(self.group.element(g))

    def dense(self, g: np.ndarray) -> np.ndarray:
        """Return the matrix of ``image(g)``."""
        return self.image(g)

    def act(self, g: np.ndarray, x: "ArrayLike | torch.Tensor") -> "np.ndarray | torch.Tensor":
        """Return ``rho(g) x`` for vectors ``x`` of shape ``(..., d)``."""
        x = real("x", x)
        if x.shape[-1:] != (self.dimension,):
            raise ValueError(
                f"x: expected a last axis of {self.dimension}, got shape {tuple(x.shape)}"
            )
        return self._moved(self.group.element(g), x)

    def _moved(self, g: np.ndarray, x: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
        matrix = self.image(g).T
        return x @ (matrix if isinstance(x, np.ndarray) else x.new_tensor(matrix))

    def character(self, g: np.ndarray) -> float:
        """Return the trace of ``rho(g)``."""
        return float(np.trace(self.matrix(g)))

    @cached_property
    def is_orthogonal(self) -> bool:
        """Whether every ``rho(g)`` is orthogonal; the generators decide."""
        matrices = [self.dense(g) for g in self.group.generators]
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
        if not self._equal(self.image(group.identity), self._identity_image()):
            raise ValueError(f"{self.name}: not a representation, rho(e) is not the identity")
        for g in self._elements_to_check(rng):
            for s in group.generators:
                composed = self._compose(self.image(s), self.image(g))
                if not self._equal(self.image(group.multiply(s, g)), composed):
                    raise ValueError(
                        f"{self.name}: not a representation, rho(s g) differs from rho(s) rho(g) "
                        f"for s = {np.asarray(s).tolist()}, g = {np.asarray(g).tolist()}"
                    )

    def _elements_to_check(self, rng: np.random.Generator | None) -> Sequence[np.ndarray]:
        if self.group.order <= CHECK_ALL_UP_TO:
            return self.group.elements()
        return self.group.sample(rng or np.random.default_rng(0), CHECK_SAMPLES)

    def _identity_image(self) -> np.ndarray:
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
        if not _is_permutation(image):
            raise ValueError(
                f"action: expected a permutation of 0..{self.dimension - 1}, got "
                f"{image.tolist()} of {image.dtype} on {np.asarray(g).tolist()}"
            )

    def permutation(self, g: np.ndarray) -> np.ndarray:
        """Return the index array ``p`` of ``g``: coordinate ``i`` moves to ``p[i]``."""
        return self.image(self.group.element(g))

    def dense(self, g: np.ndarray) -> np.ndarray:
        """Return the permutation matrix of ``image(g)``."""
        matrix = np.zeros((self.dimension, self.dimension))
        matrix[self.image(g), np.arange(self.dimension)] = 1.0
        return frozen(matrix)

    def _moved(self, g: np.ndarray, x: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
        return x[..., np.argsort(self.image(g))]

    def character(self, g: np.ndarray) -> float:
        """Return the number of coordinates that ``g`` leaves in place."""
        return float(np.sum(self.permutation(g) == np.arange(self.dimension)))

    @property
    def is_orthogonal(self) -> bool:
        """Always true: permutation matrices are orthogonal."""
        return True

    def _identity_image(self) -> np.ndarray:
        return np.arange(self.dimension)

    def _compose(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a[b]

    def _equal(self, a: np.ndarray, b: np.ndarray) -> bool:
        return np.array_equal(a, b)


def from_generators(group: Group, images: Sequence[ArrayLike], name: str) -> Representation:
    """Return the representation that extends ``generator -> image``.

    Permutations that represent permutations are checked, and extended, by Schreier-Sims on both
    side by side, for groups of any order. Other images are tabulated for all elements.

    Parameters
    ----------
    group
        The group that acts.
    images
        One array per generator: permutations ``(d,)`` of integers or matrices ``(d, d)``.
    name
        What the representation is called.

    Raises
    ------
    ValueError
        The number of images is wrong, they are not all permutations or all square matrices of one
        size, two ways to write an element give different images, or a table would have more than
        200,000 rows.
    """
    arrays = _checked_images(images, len(group.generators))
    permuting = arrays[0].ndim == 1
    kind = PermutationRepresentation if permuting else Representation
    if permuting and isinstance(group, PermutationGroup):
        pairs = [
            np.concatenate([s, group.degree + image])
            for s, image in zip(group.generators, arrays, strict=True)
        ]
        both = PermutationGroup(pairs, f"graph of {name}")
        if both.order != group.order:
            raise ValueError("images: not a representation, two ways to write an element differ")
        action = partial(_second_part, both, group.degree)
    else:
        action = partial(_looked_up, group, _table(group, arrays))
    return kind(group, len(arrays[0]), action, name)


def _second_part(both: PermutationGroup, degree: int, g: np.ndarray) -> np.ndarray:
    return both.extended(g)[degree:] - degree


def _looked_up(group: Group, table: dict[Hashable, np.ndarray], g: np.ndarray) -> np.ndarray:
    return table[group.key(g)]


def _table(group: Group, arrays: Sequence[np.ndarray]) -> dict[Hashable, np.ndarray]:
    """Return the image of every element by its key."""
    if group.order > LISTING_LIMIT:
        raise ValueError(
            f"group: expected at most {LISTING_LIMIT} elements, whose images are tabulated, got "
            f"{group.name} of order {group.order}; give Representation a function of the element"
        )
    compose = np.matmul if arrays[0].ndim == 2 else np.take
    first = np.eye(len(arrays[0])) if arrays[0].ndim == 2 else np.arange(len(arrays[0]))
    table = {group.key(group.identity): first}
    for g in group.elements():  # breadth first, so that each has its image by the time it comes
        for s, image in zip(group.generators, arrays, strict=True):
            value = compose(image, table[group.key(g)])
            known = table.setdefault(group.key(group.multiply(s, g)), value)
            if not np.abs(known - value).max() <= TOLERANCE:
                raise ValueError(
                    f"images: not a representation, two ways to write the element "
                    f"{group.multiply(s, g).tolist()} give different images"
                )
    return table


def _checked_images(images: Sequence[ArrayLike], count: int) -> list[np.ndarray]:
    arrays = [as_array(f"images[{i}]", image) for i, image in enumerate(images)]
    if len(arrays) != count:
        raise ValueError(f"images: expected one per generator ({count}), got {len(arrays)}")
    size, permuting = arrays[0].shape[:1], all(a.ndim == 1 for a in arrays)
    for i, a in enumerate(arrays):
        if permuting and not (a.shape == size and _is_permutation(a)):
            raise ValueError(f"images[{i}]: expected a permutation of {size[0]}, got {a.tolist()}")
        if not permuting and (a.ndim != 2 or a.shape != size * 2):
            raise ValueError(f"images[{i}]: expected a matrix of shape {size * 2}, got {a.shape}")
    check_count("dimension", size[0], 1)
    return arrays if permuting else [real_array(f"images[{i}]", a) for i, a in enumerate(arrays)]


def _is_permutation(a: np.ndarray) -> bool:
    return a.dtype.kind in "iu" and np.array_equal(np.sort(a), np.arange(len(a)))


def trivial(group: Group, dimension: int = 1) -> PermutationRepresentation:
    """Return the representation in which every element is the identity."""
    check_count("dimension", dimension, 1)
    return PermutationRepresentation(
        group, dimension, partial(_constant, np.arange(dimension)), f"trivial({dimension})"
    )


def _constant(value: np.ndarray, g: np.ndarray) -> np.ndarray:
    return value


def vector(group: Group) -> Representation:
    """Return the representation by which the group is given: on its points or its space."""
    kind = PermutationRepresentation if isinstance(group, PermutationGroup) else Representation
    return kind(group, len(group.identity), np.asarray, "vector")


def image(group: PermutationGroup) -> PermutationRepresentation:
    """Return the representation of a group of pixel permutations on images.

    Raises
    ------
    ValueError
        The group does not permute the pixels of a square image.
    """
    degree = getattr(group, "degree", None)
    if degree is None or round(degree**0.5) ** 2 != degree:
        raise ValueError(f"group: expected permutations of a square number of pixels, got {degree}")
    return PermutationRepresentation(group, degree, np.asarray, "image")


def adjacency(group: PermutationGroup) -> PermutationRepresentation:
    """Return the relabelling of the nodes of a graph, on ``n x n`` matrices row by row."""
    if not isinstance(group, PermutationGroup):
        raise ValueError(f"group: expected a permutation group, got {type(group).__name__}")
    return tensor(vector(group), vector(group), "adjacency")


def sign(group: Group) -> Representation:
    """Return the one-dimensional representation by the determinant of the vector representation."""
    return Representation(group, 1, partial(_sign, vector(group)), "sign")


def _sign(rho: Representation, g: np.ndarray) -> np.ndarray:
    return np.array([[np.round(np.linalg.det(rho.dense(g)))]])


def conjugated(rho: Representation, basis: ArrayLike) -> Representation:
    """Return ``S rho(g) S^-1``: the same representation in oblique coordinates.

    Parameters
    ----------
    rho
        Representation of dimension ``d``.
    basis
        Invertible matrix ``S`` of shape ``(d, d)``.
    """
    s = real_array("basis", basis)
    if s.shape != (rho.dimension, rho.dimension) or np.linalg.matrix_rank(s) < rho.dimension:
        raise ValueError(
            f"basis: expected an invertible matrix of shape {(rho.dimension, rho.dimension)}, "
            f"got shape {s.shape} of rank {np.linalg.matrix_rank(s)}"
        )
    action = partial(_conjugated, rho, s.copy(), np.linalg.inv(s))
    return Representation(rho.group, rho.dimension, action, f"conjugated {rho.name}")


def _conjugated(
    rho: Representation, basis: np.ndarray, inverse: np.ndarray, g: np.ndarray
) -> np.ndarray:
    return basis @ rho.dense(g) @ inverse


def direct_sum(*parts: Representation) -> Representation:
    """Return the block-diagonal sum of representations of one group."""
    if not parts:
        raise ValueError("parts: expected at least one representation, got none")
    kind, blocks = _common_kind(*parts)
    name = " + ".join(rho.name for rho in parts)
    dimension = sum(rho.dimension for rho in parts)
    action = partial(_stacked_indices if blocks else _block_matrix, parts)
    return kind(parts[0].group, dimension, action, name)


def _stacked_indices(parts: Sequence[PermutationRepresentation], g: np.ndarray) -> np.ndarray:
    starts = np.cumsum([0, *(rho.dimension for rho in parts[:-1])])
    return np.concatenate([start + rho.image(g) for start, rho in zip(starts, parts, strict=True)])


def _block_matrix(parts: Sequence[Representation], g: np.ndarray) -> np.ndarray:
    return block_diag(*(rho.dense(g) for rho in parts))


def channels(rho: Representation, count: int) -> Representation:
    """Return ``count`` copies of ``rho``, channel after channel."""
    check_count("count", count, 1)
    return direct_sum(*[rho] * count)


def tensor(first: Representation, second: Representation, name: str = "") -> Representation:
    """Return ``g -> rho_1(g) (x) rho_2(g)`` on ``d_1 x d_2`` arrays row by row."""
    kind, by_indices = _common_kind(first, second)
    action = partial(_paired_indices if by_indices else _kronecker, first, second)
    name = name or f"{first.name} (x) {second.name}"
    return kind(first.group, first.dimension * second.dimension, action, name)


def _paired_indices(
    first: PermutationRepresentation, second: PermutationRepresentation, g: np.ndarray
) -> np.ndarray:
    return (first.image(g)[:, None] * second.dimension + second.image(g)).ravel()


def _kronecker(first: Representation, second: Representation, g: np.ndarray) -> np.ndarray:
    return np.kron(first.dense(g), second.dense(g))


def dual(rho: Representation) -> Representation:
    """Return ``g -> rho(g^-1)^T``; equal to ``rho`` where ``rho`` is orthogonal."""
    if isinstance(rho, PermutationRepresentation):
        return rho
    return Representation(rho.group, rho.dimension, partial(_dual, rho), f"dual {rho.name}")


def _dual(rho: Representation, g: np.ndarray) -> np.ndarray:
    return rho.dense(rho.group.inverse(g)).T


def lifted(rho_in: Representation, rho_out: Representation) -> Representation:
    """Return ``A -> rho_out(g) A rho_in(g)^-1`` on maps ``A`` of shape ``(out, in)``, row by row.

    Eq. 8 of Nordenfors, Ohlsson and Flinth.
    """
    return tensor(rho_out, dual(rho_in), f"maps {rho_in.name} -> {rho_out.name}")


def _common_kind(*parts: Representation) -> tuple[type[Representation], bool]:
    """Return the class of what is built from ``parts``, and whether it permutes coordinates."""
    for rho in parts:
        if rho.group != parts[0].group:
            raise ValueError(
                f"representations: expected one common group, got {parts[0].group.name} and "
                f"{rho.group.name}"
            )
    permuting = all(isinstance(rho, PermutationRepresentation) for rho in parts)
    return PermutationRepresentation if permuting else Representation, permuting


def exponents(variables: int, degree: int) -> np.ndarray:
    """Return the exponents of all monomials of degree 1 to ``degree``, shape ``(m, variables)``.

    Ordered by degree, then lexicographically: x, y, x^2, x y, y^2, ...
    """
    if variables < 1 or degree < 1:
        raise ValueError(f"expected variables, degree of at least 1, got {variables}, {degree}")
    rows = []
    for total in range(1, degree + 1):
        for factors in itertools.combinations_with_replacement(range(variables), total):
            rows.append(np.bincount(factors, minlength=variables))
    return np.array(rows)


def monomials(x: ArrayLike, degree: int) -> np.ndarray:
    """Return the polynomial features of points ``x`` of shape ``(..., n)``, shape ``(..., m)``."""
    x = real_array("x", x)
    return np.prod(x[..., None, :] ** exponents(x.shape[-1], degree), axis=-1)


def polynomial(rho: Representation, degree: int) -> Representation:
    """Return the action of ``rho`` on monomials.

    It satisfies ``monomials(rho(g) x) = rho_poly(g) monomials(x)``.

    Example F.1 of Gideoni is the swap of two variables with degree 2.
    """
    powers = exponents(rho.dimension, degree)
    rows = {tuple(power): i for i, power in enumerate(powers.tolist())}
    kind, permuting = _common_kind(rho)
    action = partial(_moved_powers if permuting else _polynomial_matrix, rho, powers, rows)
    return kind(rho.group, len(powers), action, f"polynomials of degree {degree}")


def _moved_powers(
    rho: PermutationRepresentation, powers: np.ndarray, rows: dict, g: np.ndarray
) -> np.ndarray:
    # The feature x^a, read at rho(g) x, is x^(a o p): the value moves back along p.
    moved = powers[:, rho.image(g)]
    return np.argsort([rows[tuple(power)] for power in moved.tolist()])


def _polynomial_matrix(
    rho: Representation, powers: np.ndarray, rows: dict, g: np.ndarray
) -> np.ndarray:
    matrix, result = rho.dense(g), np.zeros((len(powers), len(powers)))
    for i, power in enumerate(powers):
        for target, coefficient in _expand(matrix, power).items():
            result[i, rows[target]] = coefficient
    return result


def _expand(matrix: np.ndarray, power: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return the coefficients of ``prod_i (sum_j matrix[i, j] x_j) ** power[i]``."""
    terms = {(0,) * len(power): 1.0}
    for i in np.repeat(np.arange(len(power)), power):
        product: dict[tuple[int, ...], float] = {}
        for exponent, coefficient in terms.items():
            for j, factor in enumerate(matrix[i]):
                target = (*exponent[:j], exponent[j] + 1, *exponent[j + 1 :])
                product[target] = product.get(target, 0.0) + coefficient * factor
        terms = product
    return terms
