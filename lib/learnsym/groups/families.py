"""The named groups of the book, products, and groups given by all their elements."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import block_diag

from learnsym.groups.base import Group, as_array
from learnsym.groups.matrix import MatrixGroup
from learnsym.groups.permutation import PermutationGroup


def from_elements(elements: Iterable[ArrayLike], name: str = "group") -> Group:
    """Return the group that consists of exactly the given elements.

    Parameters
    ----------
    elements
        All elements, either permutations ``(n,)`` of integers or matrices ``(d, d)``.
    name
        What the group is called.

    Raises
    ------
    ValueError
        An axiom fails: the message says which one and on which elements.
    """
    listed = [as_array(f"elements[{i}]", e) for i, e in enumerate(elements)]
    is_permutation = all(e.ndim == 1 for e in listed)
    group = PermutationGroup(listed, name) if is_permutation else MatrixGroup(listed, name)
    position = {group.key(e): i for i, e in enumerate(group.generators)}
    if len(position) < len(listed):
        raise ValueError(f"elements: expected {len(listed)} different ones, got {len(position)}")
    if group.key(group.identity) not in position:
        raise ValueError("elements: the identity axiom fails, the neutral element is missing")
    for i, a in enumerate(group.generators):
        if group.key(group.inverse(a)) not in position:
            raise ValueError(f"elements: the inverse axiom fails, elements[{i}] has no inverse")
        for j, b in enumerate(group.generators):
            if group.key(group.multiply(a, b)) not in position:
                raise ValueError(
                    f"elements: closure fails, elements[{i}] times elements[{j}] is not an element"
                )
    return group


def cyclic(n: int) -> PermutationGroup:
    """Return C_n, the rotations of ``n`` points on a circle."""
    check_count("n", n, 1)
    return PermutationGroup([np.roll(np.arange(n), -1)], f"C_{n}")


def dihedral(n: int) -> PermutationGroup:
    """Return D_n, the ``2 n`` symmetries of a regular polygon with ``n >= 3`` corners."""
    check_count("n", n, 3)
    return PermutationGroup([np.roll(np.arange(n), -1), np.arange(n)[::-1]], f"D_{n}")


def symmetric(n: int) -> PermutationGroup:
    """Return S_n, all permutations of ``n`` points."""
    check_count("n", n, 1)
    swap = np.arange(n)
    swap[:2] = swap[:2][::-1]
    return PermutationGroup([np.roll(np.arange(n), -1), swap], f"S_{n}")


def klein_four() -> PermutationGroup:
    """Return the Klein four-group as the double swaps of four points."""
    return PermutationGroup([[1, 0, 3, 2], [2, 3, 0, 1]], "V_4")


def reflection(normal: ArrayLike) -> MatrixGroup:
    """Return the group of two elements made by the orthogonal reflection along ``normal``.

    Parameters
    ----------
    normal
        Non-zero vector of shape ``(d,)`` that the reflection maps to its negative.
    """
    n = np.asarray(normal, dtype=np.float64)
    if n.ndim != 1 or not np.isfinite(n).all() or not np.linalg.norm(n) > 0:
        raise ValueError(f"normal: expected a finite non-zero vector, got {n.tolist()}")
    return MatrixGroup([np.eye(n.size) - 2 * np.outer(n, n) / (n @ n)], "reflection")


def product(first: Group, second: Group) -> Group:
    """Return the direct product, acting on the disjoint union of points or the sum of spaces.

    Raises
    ------
    ValueError
        One factor consists of permutations and the other of matrices.
    """
    name = f"{first.name} x {second.name}"
    if isinstance(first, PermutationGroup) and isinstance(second, PermutationGroup):
        n, m = first.degree, second.degree
        left = [np.concatenate([g, n + np.arange(m)]) for g in first.generators]
        right = [np.concatenate([np.arange(n), n + g]) for g in second.generators]
        return PermutationGroup(left + right, name)
    if isinstance(first, MatrixGroup) and isinstance(second, MatrixGroup):
        left = [block_diag(g, second.identity) for g in first.generators]
        right = [block_diag(first.identity, g) for g in second.generators]
        return MatrixGroup(left + right, name)
    raise ValueError(
        "product: expected two permutation groups or two matrix groups, "
        f"got {type(first).__name__} and {type(second).__name__}"
    )


def check_count(argument: str, value: int, least: int) -> None:
    """Raise ValueError unless ``value`` is an integer of at least ``least``."""
    if not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{argument}: expected an integer of at least {least}, got {value!r}")
