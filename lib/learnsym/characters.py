"""Characters of finite abelian groups, and the bases in which their actions are diagonal.

A character maps every element to a root of unity and products to products. There are as many as
elements; the trivial one comes first here. In the basis of characters an element acts on an image
by one factor ``chi(g)`` for each coordinate.
"""

import math
from functools import cached_property

import numpy as np

from learnsym.groups import Group
from learnsym.representations import PermutationRepresentation


class Characters:
    """All characters of an abelian group.

    ``phases`` are whole numbers, shape ``(characters, elements)``, rows in no particular order but
    for the first, columns as ``group.elements()``: ``chi(g) = exp(2 pi i phase / modulus)``.

    Raises
    ------
    ValueError
        The group is not abelian, or has too many elements to be listed.
    """

    def __init__(self, group: Group) -> None:
        for s in group.generators:
            for t in group.generators:
                if group.key(group.multiply(s, t)) != group.key(group.multiply(t, s)):
                    raise ValueError(f"group: expected an abelian group, got {group.name}")
        self.group = group
        self._number = {group.key(g): index for index, g in enumerate(group.elements())}
        cycles = [_powers(group, s) for s in group.generators]
        self.modulus = math.lcm(*map(len, cycles))
        known, phases = [group.identity], np.zeros((1, 1), dtype=np.int64)
        for powers in cycles:
            known, phases = self._extended(known, phases, powers)
        self.phases = phases[:, np.argsort([self.number(g) for g in known])]

    def number(self, g: np.ndarray) -> int:
        """Return the place of an element in ``group.elements()``; ValueError if it is none."""
        try:
            return self._number[self.group.key(g)]
        except KeyError:
            got = np.asarray(g).tolist()
            raise ValueError(f"g: expected an element of {self.group.name}, got {got}") from None

    def _extended(self, known: list, phases: np.ndarray, powers: list) -> tuple[list, np.ndarray]:
        """Extend characters of a subgroup by a generator s: chi(s) is a root of chi(s^d)."""
        places = {self.group.key(h): place for place, h in enumerate(known)}
        inside = [places.get(self.group.key(power)) for power in (*powers[1:], powers[0])]
        d = next(j for j, place in enumerate(inside, 1) if place is not None)
        at_s = phases[:, inside[d - 1], None] // d + self.modulus // d * np.arange(d)
        grown = [self.group.multiply(power, h) for power in powers[:d] for h in known]
        steps = at_s[:, :, None, None] * np.arange(d)[:, None]
        table = (steps + phases[:, None, None, :]) % self.modulus
        return grown, table.reshape(d * len(phases), -1)

    @cached_property
    def table(self) -> np.ndarray:
        """Values ``chi(g)``, complex, shape ``(characters, elements)``."""
        return np.exp(2j * np.pi * self.phases / self.modulus)

    @cached_property
    def quotients(self) -> np.ndarray:
        """Number of the character ``chi_k / chi_l``, shape ``(characters, characters)``."""
        number = {tuple(row): index for index, row in enumerate(self.phases)}
        rows = (self.phases[:, None] - self.phases) % self.modulus
        return np.array([[number[tuple(phase)] for phase in row] for row in rows])

    @cached_property
    def real(self) -> np.ndarray:
        """Numbers of the characters with real values, the trivial one first."""
        inverse = self.quotients[0]
        return np.flatnonzero(inverse == np.arange(len(inverse)))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Numbers of one character of each pair of complex conjugates."""
        inverse = self.quotients[0]
        return np.flatnonzero(inverse > np.arange(len(inverse)))

    def basis(self, rho: PermutationRepresentation) -> np.ndarray:
        """Return an orthogonal matrix whose rows belong to characters.

        Rows come in planes of one row an orbit: a plane for each of :attr:`real`, then real parts
        and then imaginary parts of :attr:`pairs`, times the root of two. For a representation that
        moves nothing there is one plane, of one row a coordinate.

        Raises
        ------
        ValueError
            ``rho`` belongs to another group, permutes nothing, or an orbit is neither of the
            size of the group nor one point, or both kinds occur.
        """
        if rho.group != self.group or not isinstance(rho, PermutationRepresentation):
            raise ValueError(
                f"rho: expected permutations by {self.group.name}, got {rho.name} of "
                f"{rho.group.name}"
            )
        images = np.array([rho.permutation(g) for g in self.group.elements()])
        if (images == images[0]).all():
            return np.eye(rho.dimension)
        firsts = np.flatnonzero(images.min(axis=0) == np.arange(rho.dimension))
        if len(firsts) * len(images) != rho.dimension:
            raise ValueError(
                f"rho: expected orbits of {len(images)} points or of one, got {rho.name}"
            )
        pairs = np.sqrt(2) * self.table[self.pairs]
        planes = np.concatenate([self.table[self.real].real, pairs.real, pairs.imag])
        rows = np.zeros((len(planes), len(firsts), rho.dimension))
        for orbit, first in enumerate(firsts):
            rows[:, orbit, images[:, first]] = planes / np.sqrt(len(images))
        return rows.reshape(-1, rho.dimension)


def _powers(group: Group, s: np.ndarray) -> list[np.ndarray]:
    """Return identity, s, s^2, ... up to the order of s."""
    powers = [group.identity]
    while group.key(power := group.multiply(s, powers[-1])) != group.key(group.identity):
        powers.append(power)
    return powers
