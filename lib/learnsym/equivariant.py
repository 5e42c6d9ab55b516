"""Projection onto what a group leaves fixed: invariant vectors and equivariant linear maps.

The Reynolds operator is the group average ``R = mean over g of rho(g)``. It projects onto the
invariant vectors, orthogonally where the representation is orthogonal. Applied to linear maps it
becomes the projector of Lemma 2 of Nordenfors, Ohlsson and Flinth (their Eq. 9).

For permutation representations, maps that commute with the group are constant on the orbits of
index pairs ``(i, j)``; the orbits are the connected components of a graph that the generators alone
draw, so no group is enumerated and memory grows with the number of pairs only.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import svd
from scipy.sparse import csr_array

from learnsym.arrays import frozen, real, real_array
from learnsym.groups import components
from learnsym.representations import PermutationRepresentation, Representation, lifted

if TYPE_CHECKING:
    import torch

DENSE_LIMIT = 4_096
BASIS_LIMIT = 50_000_000
CONTAINS_TOLERANCE = 1e-9
NULL_TOLERANCE = 1e-10


def orbit_labels(rho: PermutationRepresentation) -> np.ndarray:
    """Number the orbits of coordinates, from generators alone; shape ``(d,)``."""
    return components([rho.image(g) for g in rho.group.generators], rho.dimension)


def null_space(matrix: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the kernel of ``matrix`` as columns, shape ``(d, k)``.

    ``matrix`` has shape ``(m, d)`` with ``m >= d``. Singular values up to 1e-10 count as zero, and
    up to 1e-10 of the largest one where that exceeds 1. SciPy's function knows only a relative
    threshold, by which a matrix of nothing but rounding errors, such as the Reynolds operator of a
    group without invariant vectors, has full rank.
    """
    _, sizes, directions = svd(real_array("matrix", matrix), full_matrices=False)
    return directions[sizes <= NULL_TOLERANCE * max(1.0, sizes.max())].T


def reynolds(rho: Representation) -> np.ndarray:
    """Return the Reynolds operator ``mean over g of rho(g)``, shape ``(d, d)``.

    For a permutation representation it averages over orbits; otherwise over all elements.
    """
    _check_dense(rho.name, rho.dimension)
    if isinstance(rho, PermutationRepresentation):
        labels = orbit_labels(rho)
        return (labels[:, None] == labels) / np.bincount(labels)[labels]
    return np.mean([rho.dense(g) for g in rho.group.elements()], axis=0)


def invariant_basis(rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of ``{v : rho(g) v = v for all g}`` as columns, shape ``(d, k)``.

    By orbits for permutation representations, else as the null space of ``rho(s) - I`` stacked over
    the generators ``s``.
    """
    _check_dense(rho.name, rho.dimension)
    if isinstance(rho, PermutationRepresentation):
        labels = orbit_labels(rho)
        indicator = (labels[:, None] == np.arange(labels.max() + 1)).astype(np.float64)
        return indicator / np.linalg.norm(indicator, axis=0)
    identity = np.eye(rho.dimension)
    constraints = [rho.dense(s) - identity for s in rho.group.generators]
    return null_space(np.vstack(constraints))


def kernel_basis(rho: Representation) -> np.ndarray:
    """Return an orthonormal basis of the kernel of the Reynolds operator, shape ``(d, d - k)``."""
    return null_space(reynolds(rho))


def dimension_by_characters(rho: Representation) -> int:
    """Return the dimension of the invariant vectors as the average character.

    Averages over conjugacy classes, so that a full symmetric group of any degree is cheap. This is
    independent of orbits and null spaces.

    Raises
    ------
    ValueError
        The average is not an integer: ``rho`` is not a representation.
    """
    classes = rho.group.conjugacy_classes()
    mean = sum(size * rho.character(g) for g, size in classes) / rho.group.order
    if abs(mean - round(mean)) > 1e-6:
        raise ValueError(f"{rho.name}: expected an integer average character, got {mean}")
    return round(mean)


class EquivariantMaps:
    """The space of linear maps ``A`` with ``A rho_in(g) = rho_out(g) A``, and its complement.

    Maps are real arrays of shape ``(..., d_out, d_in)``: NumPy, which is computed in float64, or
    torch, which keeps device and gradients. Integers become floats. Tensors of half precision are
    summed in float32 and come back in their own dtype. Orthogonality and norms are those of
    Frobenius.

    Parameters
    ----------
    rho_in, rho_out
        Representations of one group on the input and output space.

    Raises
    ------
    ValueError
        The groups differ, or the representations are no permutations and ``d_out d_in`` exceeds
        4,096.
    """

    def __init__(self, rho_in: Representation, rho_out: Representation) -> None:
        self.rho_in = rho_in
        self.rho_out = rho_out
        self.shape = (rho_out.dimension, rho_in.dimension)
        self.by_orbits = all(isinstance(r, PermutationRepresentation) for r in (rho_in, rho_out))
        if not self.by_orbits:  # before a matrix of that size is built
            _check_dense(
                f"maps {rho_in.name} -> {rho_out.name}", rho_in.dimension * rho_out.dimension
            )
        self.representation = lifted(rho_in, rho_out)
        if self.by_orbits:
            self._labels = orbit_labels(self.representation)
            self._sizes = np.bincount(self._labels).astype(np.float64)
            self.dimension = self._sizes.size
        else:
            self._columns = invariant_basis(self.representation)
            self.dimension = self._columns.shape[1]

    @property
    def labels(self) -> np.ndarray:
        """The orbit number of every index pair, shape ``(d_out, d_in)``.

        Raises
        ------
        ValueError
            The representations are not both permutation representations.
        """
        if not self.by_orbits:
            raise ValueError("labels: expected permutation representations, got matrices")
        return frozen(self._labels.reshape(self.shape))

    def basis_element(self, index: int) -> np.ndarray:
        """Return basis map number ``index``, of norm 1, shape ``(d_out, d_in)``."""
        if not 0 <= index < self.dimension:
            raise ValueError(f"index: expected 0..{self.dimension - 1}, got {index}")
        if self.by_orbits:
            return (self.labels == index) / np.sqrt(self._sizes[index])
        return self._columns[:, index].reshape(self.shape).copy()

    def basis(self) -> np.ndarray:
        """Return an orthonormal basis, shape ``(dimension, d_out, d_in)``.

        Raises
        ------
        ValueError
            It would hold more than 50 million numbers; use :meth:`basis_element` or ``labels``.
        """
        size = self.dimension * self.shape[0] * self.shape[1]
        if size > BASIS_LIMIT:
            raise ValueError(f"basis: expected at most {BASIS_LIMIT} numbers, got {size}")
        elements = [self.basis_element(i) for i in range(self.dimension)]
        return np.array(elements).reshape(self.dimension, *self.shape)

    def coordinates(
        self, maps: "ArrayLike | torch.Tensor", check_finite: bool = True
    ) -> "np.ndarray | torch.Tensor":
        """Return coordinates of the projection in the orthonormal basis, ``(..., dimension)``.

        NaN and infinite entries are refused, here and below, unless ``check_finite`` is False.
        """
        maps = self._checked(maps, check_finite)
        return _like(maps, self._reduce(_wide(maps)))

    def from_coordinates(
        self, c: "ArrayLike | torch.Tensor", check_finite: bool = True
    ) -> "np.ndarray | torch.Tensor":
        """Return the equivariant maps with coordinates ``c`` of shape ``(..., dimension)``."""
        c = real("c", c, check_finite)
        if c.shape[-1:] != (self.dimension,):
            raise ValueError(
                f"c: expected a last axis of {self.dimension}, got shape {tuple(c.shape)}"
            )
        return _like(c, self._expand(_wide(c)))

    def project(
        self, maps: "ArrayLike | torch.Tensor", check_finite: bool = True
    ) -> "np.ndarray | torch.Tensor":
        """Return the orthogonal projection of ``maps``, shape ``(..., d_out, d_in)``."""
        maps = self._checked(maps, check_finite)
        return _like(maps, self._expand(self._reduce(_wide(maps))))

    def complement(self, maps: "ArrayLike | torch.Tensor") -> "np.ndarray | torch.Tensor":
        """Return ``maps - project(maps)``, the part orthogonal to all equivariant maps."""
        maps = self._checked(maps)
        wide = _wide(maps)
        return _like(maps, wide - self._expand(self._reduce(wide)))

    def projector(self) -> np.ndarray:
        """Return the projection as a matrix on maps written row by row.

        Shape ``(d_out d_in, d_out d_in)``.
        """
        _check_dense(self.representation.name, self.representation.dimension)
        flat = self.basis().reshape(self.dimension, self.representation.dimension)
        return flat.T @ flat

    def contains(self, maps: ArrayLike) -> bool:
        """Whether all ``maps`` commute with the generators, up to 1e-9 of their size."""
        maps = real_array("maps", self._checked(maps))
        scale = np.abs(maps).max(initial=0.0)
        for s in self.rho_in.group.generators:
            defect = maps @ self.rho_in.dense(s) - self.rho_out.dense(s) @ maps
            if not np.abs(defect).max(initial=0.0) <= CONTAINS_TOLERANCE * scale:
                return False
        return True

    def _reduce(self, maps: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
        """Return coordinates; float32 or float64."""
        flat = maps.reshape(*maps.shape[:-2], self.representation.dimension)
        if isinstance(flat, np.ndarray):
            if not self.by_orbits:
                return flat @ self._columns
            sums = (self._averaging @ flat.reshape(-1, flat.shape[-1]).T).T
            return sums.reshape(*flat.shape[:-1], self.dimension)
        if not self.by_orbits:
            return flat @ flat.new_tensor(self._columns)
        sums = flat.new_zeros(*flat.shape[:-1], self.dimension)
        sums = sums.index_add(-1, self._torch_labels(flat), flat)
        return sums / flat.new_tensor(np.sqrt(self._sizes))

    def _expand(self, c: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
        """Return maps from coordinates; float32 or float64."""
        shape = (*c.shape[:-1], *self.shape)
        if isinstance(c, np.ndarray):
            if not self.by_orbits:
                return (c @ self._columns.T).reshape(shape)
            return (c / np.sqrt(self._sizes))[..., self._labels].reshape(shape)
        if not self.by_orbits:
            return (c @ c.new_tensor(self._columns).T).reshape(shape)
        scaled = c / c.new_tensor(np.sqrt(self._sizes))
        return scaled.index_select(-1, self._torch_labels(c)).reshape(shape)

    @cached_property
    def _averaging(self) -> csr_array:
        """Sparse matrix from flat maps to coordinates."""
        pairs = np.arange(self._labels.size)
        weights = 1 / np.sqrt(self._sizes[self._labels])
        return csr_array((weights, (self._labels, pairs)), shape=(self.dimension, pairs.size))

    def _torch_labels(self, like: "torch.Tensor") -> "torch.Tensor":
        import torch

        return torch.as_tensor(self._labels, dtype=torch.long, device=like.device)

    def _checked(
        self, maps: "ArrayLike | torch.Tensor", check_finite: bool = True
    ) -> "np.ndarray | torch.Tensor":
        maps = real("maps", maps, check_finite)
        if maps.shape[-2:] != self.shape:
            expected = "(..., {}, {})".format(*self.shape)
            raise ValueError(f"maps: expected shape {expected}, got {tuple(maps.shape)}")
        return maps

    def __repr__(self) -> str:
        return f"EquivariantMaps({self.rho_in.name} -> {self.rho_out.name}, {self.dimension})"


def _wide(array: "np.ndarray | torch.Tensor") -> "np.ndarray | torch.Tensor":
    """Return NumPy arrays in float64, and tensors of half precision in float32."""
    if isinstance(array, np.ndarray):
        return array.astype(np.float64, copy=False)
    return array.float() if array.element_size() < 4 else array


def _like(
    array: "np.ndarray | torch.Tensor", result: "np.ndarray | torch.Tensor"
) -> "np.ndarray | torch.Tensor":
    """Return ``result`` in the dtype of ``array`` if both are tensors."""
    return result if isinstance(result, np.ndarray) else result.to(array.dtype)


def _check_dense(name: str, dimension: int) -> None:
    if dimension > DENSE_LIMIT:
        raise ValueError(
            f"{name}: expected a dimension of at most {DENSE_LIMIT} for dense linear algebra, "
            f"got {dimension}"
        )
