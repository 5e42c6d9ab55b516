"""The representations of the book, and how to build new ones from old ones."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from learnsym.groups import Group, PermutationGroup
from learnsym.representations.base import PermutationRepresentation, Representation


def trivial(group: Group, dimension: int = 1) -> PermutationRepresentation:
    """Return the representation in which every element is the identity."""
    return PermutationRepresentation(
        group, dimension, lambda g: np.arange(dimension), f"trivial({dimension})"
    )


def vector(group: Group) -> Representation:
    """Return the representation by which the group is given: on its points or its space."""
    if isinstance(group, PermutationGroup):
        return PermutationRepresentation(group, group.degree, lambda g: g, "vector")
    return Representation(group, len(group.identity), lambda g: g, "vector")


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
    return PermutationRepresentation(group, degree, lambda g: g, "image")


def adjacency(group: PermutationGroup) -> PermutationRepresentation:
    """Return the relabelling of the nodes of a graph, on ``n x n`` matrices row by row."""
    if not isinstance(group, PermutationGroup):
        raise ValueError(f"group: expected a permutation group, got {type(group).__name__}")
    return tensor(vector(group), vector(group), "adjacency")


def sign(group: Group) -> Representation:
    """Return the one-dimensional representation by the determinant of the vector representation."""
    base = vector(group)
    return Representation(
        group, 1, lambda g: np.array([[np.round(np.linalg.det(base.matrix(g)))]]), "sign"
    )


def conjugated(rho: Representation, basis: ArrayLike) -> Representation:
    """Return ``S rho(g) S^-1``: the same representation in oblique coordinates.

    Parameters
    ----------
    rho
        Representation of dimension ``d``.
    basis
        Invertible matrix ``S`` of shape ``(d, d)``.
    """
    s = np.asarray(basis, dtype=np.float64)
    if not np.isfinite(s).all():
        raise ValueError("basis: expected finite entries")
    if s.shape != (rho.dimension, rho.dimension) or np.linalg.matrix_rank(s) < rho.dimension:
        raise ValueError(
            f"basis: expected an invertible matrix of shape {(rho.dimension, rho.dimension)}, "
            f"got shape {s.shape} of rank {np.linalg.matrix_rank(s)}"
        )
    inverse = np.linalg.inv(s)
    return Representation(
        rho.group, rho.dimension, lambda g: s @ rho.matrix(g) @ inverse, f"conjugated {rho.name}"
    )


def direct_sum(*parts: Representation) -> Representation:
    """Return the block-diagonal sum of representations of one group."""
    if not parts:
        raise ValueError("parts: expected at least one representation, got none")
    group = _common_group(*parts)
    name = " + ".join(rho.name for rho in parts)
    dimension = sum(rho.dimension for rho in parts)
    if _all_permutations(*parts):
        starts = np.cumsum([0, *(rho.dimension for rho in parts[:-1])])

        def indices(g: np.ndarray) -> np.ndarray:
            blocks = zip(starts, parts, strict=True)
            return np.concatenate([start + rho.permutation(g) for start, rho in blocks])

        return PermutationRepresentation(group, dimension, indices, name)
    return Representation(
        group, dimension, lambda g: block_diag(*(rho.matrix(g) for rho in parts)), name
    )


def channels(rho: Representation, count: int) -> Representation:
    """Return ``count`` copies of ``rho``, channel after channel."""
    if count < 1:
        raise ValueError(f"count: expected at least 1, got {count}")
    return direct_sum(*[rho] * count)


def tensor(first: Representation, second: Representation, name: str = "") -> Representation:
    """Return ``g -> rho_1(g) (x) rho_2(g)`` on ``d_1 x d_2`` arrays row by row."""
    group = _common_group(first, second)
    name = name or f"{first.name} (x) {second.name}"
    dimension = first.dimension * second.dimension
    if _all_permutations(first, second):

        def indices(g: np.ndarray) -> np.ndarray:
            rows, columns = first.permutation(g), second.permutation(g)
            return (rows[:, None] * second.dimension + columns).ravel()

        return PermutationRepresentation(group, dimension, indices, name)
    return Representation(
        group, dimension, lambda g: np.kron(first.matrix(g), second.matrix(g)), name
    )


def dual(rho: Representation) -> Representation:
    """Return ``g -> rho(g^-1)^T``; equal to ``rho`` where ``rho`` is orthogonal."""
    if isinstance(rho, PermutationRepresentation):
        return rho
    return Representation(
        rho.group,
        rho.dimension,
        lambda g: rho.matrix(rho.group.inverse(g)).T,
        f"dual {rho.name}",
    )


def lifted(rho_in: Representation, rho_out: Representation) -> Representation:
    """Return ``A -> rho_out(g) A rho_in(g)^-1`` on maps ``A`` of shape ``(out, in)``, row by row.

    Eq. 8 of Nordenfors, Ohlsson and Flinth.
    """
    return tensor(rho_out, dual(rho_in), f"maps {rho_in.name} -> {rho_out.name}")


def _common_group(*parts: Representation) -> Group:
    group = parts[0].group
    for rho in parts[1:]:
        if rho.group != group:
            raise ValueError(
                f"representations: expected one common group, got {group.name} and {rho.group.name}"
            )
    return group


def _all_permutations(*parts: Representation) -> bool:
    return all(isinstance(rho, PermutationRepresentation) for rho in parts)
