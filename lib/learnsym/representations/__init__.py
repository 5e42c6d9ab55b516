"""Real representations of finite groups."""

from learnsym.representations.base import (
    PermutationRepresentation,
    Representation,
    from_generators,
)
from learnsym.representations.constructions import (
    adjacency,
    channels,
    conjugated,
    direct_sum,
    dual,
    image,
    lifted,
    sign,
    tensor,
    trivial,
    vector,
)
from learnsym.representations.polynomial import exponents, monomials, polynomial

__all__ = [
    "PermutationRepresentation",
    "Representation",
    "adjacency",
    "channels",
    "conjugated",
    "direct_sum",
    "dual",
    "exponents",
    "from_generators",
    "image",
    "lifted",
    "monomials",
    "polynomial",
    "sign",
    "tensor",
    "trivial",
    "vector",
]
