"""A gallery of groups and representations, over which the book and its tests check claims.

It mixes permutation and matrix groups, abelian and non-abelian ones, real, complex and quaternionic
type, invariant and equivariant targets, and a few oblique (non-orthogonal) members.
"""

from dataclasses import dataclass

import numpy as np

from learnsym import groups
from learnsym import representations as reps
from learnsym.representations import Representation


@dataclass(frozen=True)
class Case:
    """One row: linear maps from the space of ``rho_in`` to that of ``rho_out``."""

    name: str
    rho_in: Representation
    rho_out: Representation

    @property
    def is_orthogonal(self) -> bool:
        """Whether both representations are orthogonal."""
        return self.rho_in.is_orthogonal and self.rho_out.is_orthogonal


def cases() -> list[Case]:
    """Return the whole gallery."""
    return [*permutation_cases(), *matrix_cases(), *oblique_cases()]


def orthogonal_cases() -> list[Case]:
    """Return the cases in which both representations are orthogonal."""
    return [*permutation_cases(), *matrix_cases()]


def permutation_cases() -> list[Case]:
    """Return the cases in which the group permutes coordinates on both sides."""
    one, swap, circle = groups.cyclic(1), groups.symmetric(2), groups.cyclic(5)
    s3, s4, klein = groups.symmetric(3), groups.symmetric(4), groups.klein_four()
    mixed = groups.product(groups.cyclic(2), groups.cyclic(3))
    turns, shifts = groups.image_rotations(4), groups.image_translations(3)
    columns, both = groups.image_translations(4, "x", 2), groups.image_rototranslations(4)
    two_shifts = reps.channels(reps.image(shifts), 2)
    s3_sum = reps.direct_sum(reps.vector(s3), reps.trivial(s3, 2))
    return [
        Case("C1, nothing moves", reps.vector(one), reps.trivial(one, 3)),
        Case("S2, swap of two coordinates", reps.vector(swap), reps.vector(swap)),
        Case("S2, polynomials of degree 2", *[reps.polynomial(reps.vector(swap), 2)] * 2),
        Case("C5, circulant matrices", reps.vector(circle), reps.vector(circle)),
        Case("D4, corners of a square", *[reps.vector(groups.dihedral(4))] * 2),
        Case("S3, vector to vector and trivial", reps.vector(s3), s3_sum),
        Case("S4, graphs to graphs", reps.adjacency(s4), reps.adjacency(s4)),
        Case("S4, graphs to a number", reps.adjacency(s4), reps.trivial(s4)),
        Case("V4, double swaps", reps.vector(klein), reps.vector(klein)),
        Case("C2 x C3, two circles", reps.vector(mixed), reps.vector(mixed)),
        Case("C4, 4x4 images", reps.image(turns), reps.image(turns)),
        Case("C4, 4x4 images to a class", reps.image(turns), reps.trivial(turns, 2)),
        Case("translations, 3x3, two channels", two_shifts, two_shifts),
        Case("x-shifts by 2, 4x4 images", reps.image(columns), reps.image(columns)),
        Case("roto-translations, 4x4 images", reps.image(both), reps.image(both)),
    ]


def matrix_cases() -> list[Case]:
    """Return the cases of orthogonal matrices that are not permutations."""
    mirror = groups.reflection([0.0, 1.0])
    turns = groups.MatrixGroup([rotation(2 * np.pi / 3)], "C_3 in the plane")
    triangle = _triangle()
    signed = groups.MatrixGroup([np.diag([-1.0, 1.0]), [[0.0, 1.0], [1.0, 0.0]]], "B_2")
    quaternions = groups.MatrixGroup(_quaternion_units(), "Q_8")
    s3 = groups.symmetric(3)
    plane = reps.vector(triangle)
    return [
        Case("reflection of the line", reps.vector(mirror), reps.vector(mirror)),
        Case("C3, turns of the plane", reps.vector(turns), reps.vector(turns)),
        Case("D3, plane to two planes", plane, reps.direct_sum(plane, plane)),
        Case("B2, signed permutations", reps.vector(signed), reps.vector(signed)),
        Case("S3, vector to sign", reps.vector(s3), reps.sign(s3)),
        Case("Q8, quaternions", reps.vector(quaternions), reps.vector(quaternions)),
    ]


def oblique_cases() -> list[Case]:
    """Return the cases of representations that are not orthogonal."""
    s3, turns = reps.vector(groups.symmetric(3)), reps.vector(groups.cyclic(4))
    skew = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -0.3], [0.2, 0.0, 1.0]])
    mirror = reps.vector(oblique_reflection(0.7))
    stretched = reps.conjugated(turns, np.diag([1.0, 2.0, 3.0, 4.0]) + 0.2)
    cubic = reps.polynomial(reps.vector(_triangle()), 3)
    return [
        Case("reflection about c = 0.7", mirror, mirror),
        Case("S3 in skew coordinates", *[reps.conjugated(s3, skew)] * 2),
        Case("C4 in stretched coordinates", stretched, reps.trivial(turns.group)),
        Case("D3, cubic polynomials to a number", cubic, reps.trivial(cubic.group)),
    ]


def find(name: str) -> Case:
    """Return the case with the given name, or raise ValueError."""
    for case in cases():
        if case.name == name:
            return case
    raise ValueError(f"name: expected one of {[case.name for case in cases()]}, got {name!r}")


def rotation(angle: float) -> np.ndarray:
    """Return the rotation of the plane by ``angle`` radians, shape ``(2, 2)``."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def oblique_reflection(c: float) -> groups.MatrixGroup:
    """Return the reflection ``x -> 2 c - x`` of the line, acting on the features ``(1, x)``.

    Oblique for ``c != 0``, so Assumption 3 of Gideoni fails.
    """
    return groups.MatrixGroup([[[1.0, 0.0], [2 * c, -1.0]]], f"reflection about {c:g}")


def _triangle() -> groups.MatrixGroup:
    return groups.MatrixGroup([rotation(2 * np.pi / 3), np.diag([1.0, -1.0])], "D_3 in the plane")


def _quaternion_units() -> list[np.ndarray]:
    """Return left multiplication by i and j on the quaternions as 4 x 4 matrices."""
    i = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]]
    j = [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]]
    return [np.array(i, dtype=np.float64), np.array(j, dtype=np.float64)]
