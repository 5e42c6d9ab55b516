"""Equivariant layers that are never dense: they multiply by their free parameters alone.

All are given by the coordinates ``c`` of ``EquivariantMaps`` in its orthonormal basis, shape
``(..., out channels, in channels, k)``, and map ``(..., N, in channels, d_in)`` to
``(..., N, out channels, d_out)``. As the basis is orthonormal, descent in ``c`` is descent on
dense layers with the gradient projected; in any other scale of the parameters it is not.
"""

from itertools import product

import numpy as np
import torch

from learnsym.equivariant import EquivariantMaps, orbit_labels
from learnsym.representations import PermutationRepresentation


class Invariant:
    """Maps to a trivial representation: sums over the orbits of the input, times parameters.

    Raises
    ------
    ValueError
        The output is not trivial, or the input no permutation representation.
    """

    def __init__(self, maps: EquivariantMaps) -> None:
        _check(maps, "invariant")
        if not _is_trivial(maps.rho_out):
            raise ValueError(f"maps: expected a trivial output, got {maps.rho_out.name}")
        self.orbits = torch.as_tensor(orbit_labels(maps.rho_in), dtype=torch.long)
        _, first, sizes = np.unique(self.orbits, return_index=True, return_counts=True)
        self.places = torch.as_tensor(maps.labels[:, first])
        self.scale = torch.as_tensor(1 / np.sqrt(sizes))

    def __call__(self, c: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        sums = x.new_zeros(*x.shape[:-1], len(self.scale)).index_add(-1, self.orbits, x)
        return torch.einsum("...oiqs,...nis->...noq", c[..., self.places], sums * self.scale)


class Circulant:
    """Cyclic convolutions of square images, by fast Fourier transforms.

    Raises
    ------
    ValueError
        The maps are not all cyclic convolutions.
    """

    def __init__(self, maps: EquivariantMaps) -> None:
        _check(maps, "circulant")
        size = maps.rho_in.dimension
        self.side = round(size**0.5)
        self.order = torch.tensor(maps.labels[:, 0])  # a copy: labels are read-only
        if maps.shape != (size, size) or not maps.dimension == size == self.side**2:
            raise ValueError(f"maps: expected cyclic convolutions, got {maps}")
        # entry (i, j) of a convolution depends on the shift i - j alone
        row, column = np.divmod(np.arange(size), self.side)
        down, right = row[:, None] - row, column[:, None] - column
        shifts = down % self.side * self.side + right % self.side
        if (maps.labels != maps.labels[shifts, 0]).any():
            raise ValueError(f"maps: expected cyclic convolutions, got {maps}")

    def __call__(self, c: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        square = (self.side, self.side)
        kernel = torch.fft.rfft2(c[..., self.order].unflatten(-1, square)) / self.side
        waves = torch.fft.rfft2(x.unflatten(-1, square))
        mixed = torch.einsum("...oif,...nif->...nof", kernel.flatten(-2), waves.flatten(-2))
        return torch.fft.irfft2(mixed.unflatten(-1, (self.side, -1)), s=square).flatten(-2)


class Relabelling:
    """The 15-parameter maps between graphs: row and column sums, diagonal, total, transpose.

    With the input ``x`` of shape ``(n, n)`` the layer adds up, with weights, ``x`` and ``x^T``;
    the vectors of row sums, column sums and diagonal entries, repeated along rows, along columns or
    put on the diagonal; the total and the trace, put everywhere or on the diagonal.

    Raises
    ------
    ValueError
        The maps are not those between adjacency matrices of at least four nodes.
    """

    def __init__(self, maps: EquivariantMaps) -> None:
        _check(maps, "relabelling")
        self.nodes = n = round(maps.rho_in.dimension**0.5)
        if maps.shape != (n * n, n * n) or maps.dimension != 15 or n < 4:
            raise ValueError(f"maps: expected 15-dimensional maps of graphs, got {maps}")
        # one index quadruple (out row, out column, in row, in column) per orbit, coincidences
        # numbered by first appearance; the weights reproduce a map at these quadruples
        quadruples = [q for q in product(range(4), repeat=4) if _in_order(q)]
        order = [maps.labels[i * n + j, k * n + m] for i, j, k, m in quadruples]
        if sorted(order) != list(range(15)):
            raise ValueError(f"maps: expected those of relabelled graphs, got {maps}")
        sizes = [np.prod(n - np.arange(1 + max(q))) for q in quadruples]
        values = np.array([_term_values(q) for q in quadruples], dtype=np.float64)
        weights = np.linalg.inv(values) / np.sqrt(sizes)
        self.weights = torch.as_tensor(weights[:, np.argsort(order)])

    def __call__(self, c: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        w = c @ self.weights.mT
        square = x.unflatten(-1, (self.nodes, self.nodes))
        diagonal = square.diagonal(dim1=-2, dim2=-1)
        vectors = torch.stack([square.sum(-1), square.sum(-2), diagonal], dim=-2)
        numbers = torch.stack([x.sum(-1), diagonal.sum(-1)], dim=-1)
        plain, turned = torch.einsum("...oit,...nip->t...nop", w[..., :2], x)
        spread = w[..., 2:11].unflatten(-1, (3, 3))
        rows, columns, onto = torch.einsum("...oits,...nisp->t...nop", spread, vectors)
        all_over = w[..., 11:].unflatten(-1, (2, 2))
        level, added = torch.einsum("...oits,...nis->t...no", all_over, numbers)
        turned = turned.unflatten(-1, (self.nodes, self.nodes)).mT
        total = turned + rows[..., :, None] + columns[..., None, :] + level[..., None, None]
        total = total + torch.diag_embed(onto + added[..., None])
        return total.flatten(-2) + plain


class Shared:
    """Maps to coordinates that the group moves freely: one row of parameters per orbit.

    Row ``g i`` of a map is row ``i`` with the columns moved by ``g``.

    Raises
    ------
    ValueError
        An element other than the identity fixes a coordinate of the output.
    """

    def __init__(self, maps: EquivariantMaps) -> None:
        _check(maps, "shared")
        elements = maps.rho_in.group.elements()
        orbits = orbit_labels(maps.rho_out)
        _, first, sizes = np.unique(orbits, return_index=True, return_counts=True)
        if (sizes != len(elements)).any():
            raise ValueError(f"maps: expected a free action on the output, got {maps}")
        self.rows = torch.as_tensor(maps.labels[first])
        self.scale = 1 / np.sqrt(len(elements))
        self.moved = torch.as_tensor(np.array([maps.rho_in.permutation(g) for g in elements]))
        places = [maps.rho_out.permutation(g)[first] for g in elements]
        self.order = torch.as_tensor(np.argsort(np.concatenate(places)))

    def __call__(self, c: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        rows = c[..., self.rows] * self.scale
        y = torch.einsum("...oirj,...nigj->...nogr", rows, x[..., self.moved])
        return y.flatten(-2)[..., self.order]


KINDS = {
    "invariant": Invariant,
    "circulant": Circulant,
    "relabelling": Relabelling,
    "shared": Shared,
}


def _check(maps: EquivariantMaps, kind: str) -> None:
    if not maps.by_orbits:
        raise ValueError(f"maps: expected permutation representations for {kind}, got {maps}")


def _is_trivial(rho: PermutationRepresentation) -> bool:
    return len(np.unique(orbit_labels(rho))) == rho.dimension


def _in_order(quadruple: tuple[int, ...]) -> bool:
    """Whether every number is at most one above the largest before it, from 0 on."""
    return all(q <= 1 + max(quadruple[:k], default=-1) for k, q in enumerate(quadruple))


def _term_values(quadruple: tuple[int, ...]) -> list[bool]:
    """Return the entry of each of the 15 terms at (out row, out column, in row, in column)."""
    i, j, k, m = quadruple
    matrices = [(i, j) == (k, m), (i, j) == (m, k)]
    # a vector has entry p where p is the input's row (row sums), its column, or both
    sources = [lambda p: p == k, lambda p: p == m, lambda p: p == k == m]
    along_rows = [source(i) for source in sources]
    along_columns = [source(j) for source in sources]
    on_diagonal = [i == j and source(i) for source in sources]
    numbers = [True, k == m, i == j, i == j and k == m]
    return [*matrices, *along_rows, *along_columns, *on_diagonal, *numbers]
