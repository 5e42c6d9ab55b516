"""Finite groups of permutations and of matrices, given by generators."""

from learnsym.groups.base import Group
from learnsym.groups.families import (
    cyclic,
    dihedral,
    from_elements,
    klein_four,
    product,
    reflection,
    symmetric,
)
from learnsym.groups.images import image_rotations, image_rototranslations, image_translations
from learnsym.groups.matrix import MatrixGroup
from learnsym.groups.permutation import PermutationGroup

__all__ = [
    "Group",
    "MatrixGroup",
    "PermutationGroup",
    "cyclic",
    "dihedral",
    "from_elements",
    "image_rotations",
    "image_rototranslations",
    "image_translations",
    "klein_four",
    "product",
    "reflection",
    "symmetric",
]
