"""How many generic orbits make linear regression invariant, from the irreducible parts of rho."""

import math
from dataclasses import dataclass

import numpy as np

from learnsym.equivariant import EquivariantMaps
from learnsym.representations import Representation, conjugated

SAME_EIGENVALUE = 1e-7


@dataclass(frozen=True)
class IsotypicComponent:
    """All copies in a representation of one irreducible real representation ``V``.

    Attributes
    ----------
    dimension
        Dimension of ``V``.
    multiplicity
        Number of copies ``m``.
    commutant
        Dimension of the maps from ``V`` to itself that commute with the group: 1 (real type), 2
        (complex) or 4 (quaternionic).
    indicator
        Frobenius-Schur indicator of ``V``, the mean of the character of ``g^2``: 1, 0 or -2 in the
        same order.
    is_trivial
        Whether the group leaves the vectors of ``V`` where they are.
    """

    dimension: int
    multiplicity: int
    commutant: int
    indicator: int
    is_trivial: bool

    @property
    def type(self) -> str:
        """The type of ``V``: "real", "complex" or "quaternionic"."""
        return {1: "real", 2: "complex", 4: "quaternionic"}[self.commutant]

    @property
    def orbits_needed(self) -> int:
        """Generic orbits that span the component: ``ceil(m / k)``, ``k = dimension / commutant``.

        One orbit spans up to ``k`` copies of ``V``.
        """
        return math.ceil(self.multiplicity * self.commutant / self.dimension)


def isotypic_components(rho: Representation, seed: int = 0) -> list[IsotypicComponent]:
    """Return the isotypic components of ``rho``, the trivial one first if there is one.

    A random symmetric matrix that commutes with the group has irreducible eigenspaces, almost
    surely. Their characters say which of them are isomorphic and of which type they are.

    Parameters
    ----------
    rho
        Representation of a finite group; oblique ones are brought to orthogonal coordinates.
    seed
        Seed of the random matrix.

    Raises
    ------
    ValueError
        An eigenspace is not irreducible, as when two eigenvalues nearly coincide: another ``seed``
        helps.
    """
    rho = rho if rho.is_orthogonal else _orthogonal_form(rho)
    blocks = _eigenspaces(rho, np.random.default_rng(seed))
    classes = rho.group.conjugacy_classes()
    sizes = np.array([size for _, size in classes]) / rho.group.order
    matrices = [rho.matrix(g) for g, _ in classes]
    squares = [rho.matrix(rho.group.multiply(g, g)) for g, _ in classes]
    kinds: list[tuple[np.ndarray, IsotypicComponent, int]] = []
    for basis in blocks:
        character = np.array([np.sum((m @ basis) * basis) for m in matrices])
        known = [k for k, (other, *_) in enumerate(kinds) if sizes @ (character * other) > 0.5]
        if known:
            other, kind, count = kinds[known[0]]
            kinds[known[0]] = (other, kind, count + 1)
            continue
        indicator = sizes @ [np.sum((m @ basis) * basis) for m in squares]
        kind = _component(basis.shape[1], character, sizes, indicator)
        kinds.append((character, kind, 1))
    components = [
        IsotypicComponent(k.dimension, count, k.commutant, k.indicator, k.is_trivial)
        for _, k, count in kinds
    ]
    return sorted(components, key=lambda c: (not c.is_trivial, c.dimension, c.multiplicity))


def orbits_needed(rho: Representation) -> int:
    """Return how many generic orbits teach invariance: the largest over non-trivial components.

    With so many orbits of almost any points, ``K_G`` is positive definite on ker R, and gradient
    flow from any start ends at an invariant predictor. 0 where every predictor is invariant.
    """
    part = deciding_component(isotypic_components(rho))
    return part.orbits_needed if part else 0


def deciding_component(components: list[IsotypicComponent]) -> IsotypicComponent | None:
    """Return the non-trivial component that needs most orbits, None where all are trivial."""
    moving = [c for c in components if not c.is_trivial]
    return max(moving, key=lambda c: c.orbits_needed, default=None)


def _eigenspaces(rho: Representation, rng: np.random.Generator) -> list[np.ndarray]:
    """Return orthonormal bases of the eigenspaces of a random symmetric commuting matrix."""
    normal = rng.standard_normal((rho.dimension, rho.dimension))
    commuting = EquivariantMaps(rho, rho).project(normal + normal.T)
    values, vectors = np.linalg.eigh((commuting + commuting.T) / 2)
    breaks = np.flatnonzero(np.diff(values) > SAME_EIGENVALUE * np.abs(values).max()) + 1
    return np.split(vectors, breaks, axis=1)


def _component(
    dimension: int, character: np.ndarray, sizes: np.ndarray, indicator: float
) -> IsotypicComponent:
    """Return one copy of the irreducible representation with this character."""
    commutant = sizes @ character**2
    kind = (round(commutant), round(indicator))
    exact = np.allclose([commutant, indicator], kind, atol=1e-6)
    if not exact or kind not in {(1, 1), (2, 0), (4, -2)}:
        raise ValueError(
            "rho: expected irreducible eigenspaces, got one with a commutant of dimension "
            f"{commutant:.3g} and Frobenius-Schur indicator {indicator:.3g}; try another seed"
        )
    is_trivial = bool(np.allclose(character, 1, atol=1e-6))
    return IsotypicComponent(dimension, 1, *kind, is_trivial)


def _orthogonal_form(rho: Representation) -> Representation:
    """Return ``S rho S^-1`` with the root ``S`` of ``mean_g rho(g)^T rho(g)``: it is orthogonal."""
    matrices = np.array([rho.matrix(g) for g in rho.group.elements()])
    values, vectors = np.linalg.eigh(np.einsum("gki,gkj->ij", matrices, matrices) / len(matrices))
    return conjugated(rho, (vectors * np.sqrt(values)) @ vectors.T)
