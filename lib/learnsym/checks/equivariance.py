"""Lemmas 1, 2, 5 and 6 of Nordenfors, Ohlsson and Flinth, one deviation per gallery case.

Each function compares two computations that share no code path: a null space against orbits, an
orthogonal projector against an average over every group element.
"""

import numpy as np
from scipy.linalg import null_space

from learnsym.equivariant import EquivariantMaps, invariant_basis
from learnsym.gallery import Case
from learnsym.representations import lifted


def commuting_defect(case: Case) -> float:
    """Lemma 1: maps fixed by the lifted representation are the maps that commute with the group.

    Returns the largest entry of the difference of the two orthogonal projectors. The first comes
    from the fixed vectors of the lifted representation, the second from the null space of
    ``A -> rho_out(s) A - A rho_in(s)`` over the generators.
    """
    fixed = invariant_basis(lifted(case.rho_in, case.rho_out))
    equations = [
        np.kron(case.rho_out.matrix(s), np.eye(case.rho_in.dimension))
        - np.kron(np.eye(case.rho_out.dimension), case.rho_in.matrix(s).T)
        for s in case.rho_in.group.generators
    ]
    commuting = null_space(np.vstack(equations), rcond=1e-10)
    return float(np.abs(fixed @ fixed.T - commuting @ commuting.T).max())


def averaging_defect(case: Case, rng: np.random.Generator) -> float:
    """Lemma 2: the orthogonal projection of a map is its average over the group.

    Returns the relative Frobenius distance of the two for one random map. It is rounding error for
    orthogonal representations only.
    """
    A = rng.standard_normal((case.rho_out.dimension, case.rho_in.dimension))
    projected = EquivariantMaps(case.rho_in, case.rho_out).project(A)
    average = _average_map(case, A)
    return float(np.linalg.norm(projected - average) / np.linalg.norm(A))


def form_averaging_defect(case: Case, rng: np.random.Generator) -> float:
    """Lemma 5: the projection of a bilinear form on maps is its average over the group.

    Returns the relative Frobenius distance for one random form ``M`` on the space of maps.
    """
    M = _random_form(case, rng)
    return float(
        np.linalg.norm(_project_form(case, M) - _average_form(case, M)) / np.linalg.norm(M)
    )


def block_defects(case: Case, rng: np.random.Generator) -> tuple[float, float, float]:
    """Lemma 6: averaging a form keeps it on E and removes the blocks between E and its complement.

    Returns ``|(P M)[A, A'] - M[A, A']|`` for ``A``, ``A'`` in E, then ``|(P M)[A, B]|`` and
    ``|(P M)[B, A]|`` for ``A`` in E and ``B`` in the complement, each the largest over the whole of
    both subspaces (spectral norm of the block over that of ``M``).
    """
    M = _random_form(case, rng)
    averaged = _average_form(case, M)
    inside = invariant_basis(lifted(case.rho_in, case.rho_out))
    outside = null_space(inside.T) if inside.shape[1] else np.eye(len(inside))
    scale = np.linalg.norm(M, 2)
    kept = inside.T @ (averaged - M) @ inside
    crossed, transposed = inside.T @ averaged @ outside, outside.T @ averaged @ inside
    return _norm(kept) / scale, _norm(crossed) / scale, _norm(transposed) / scale


def invariant_form_dimension(case: Case) -> tuple[int, int]:
    """Return the dimension of the invariant forms on maps, and of E (x) E, which is contained."""
    lift = lifted(case.rho_in, case.rho_out)
    inside = EquivariantMaps(case.rho_in, case.rho_out).dimension
    return EquivariantMaps(lift, lift).dimension, inside**2


def _average_map(case: Case, A: np.ndarray) -> np.ndarray:
    group = case.rho_in.group
    moved = [
        case.rho_out.matrix(g) @ A @ case.rho_in.matrix(group.inverse(g)) for g in group.elements()
    ]
    return np.mean(moved, axis=0)


def _random_form(case: Case, rng: np.random.Generator) -> np.ndarray:
    size = case.rho_in.dimension * case.rho_out.dimension
    return rng.standard_normal((size, size))


def _average_form(case: Case, M: np.ndarray) -> np.ndarray:
    lift = lifted(case.rho_in, case.rho_out)
    total = np.zeros_like(M)
    for g in lift.group.elements():
        total += lift.act(g, lift.act(g, M).T).T
    return total / lift.group.order


def _project_form(case: Case, M: np.ndarray) -> np.ndarray:
    lift = lifted(case.rho_in, case.rho_out)
    return EquivariantMaps(lift, lift).project(M)


def _norm(block: np.ndarray) -> float:
    return float(np.linalg.norm(block, 2)) if block.size else 0.0
