"""How many orbits make K_G positive definite on ker R, counted by ranks of random data."""

import numpy as np

from learnsym import gallery, groups, regression
from learnsym import representations as reps
from learnsym.equivariant import EquivariantMaps, kernel_basis
from learnsym.representations import Representation

RANK_TOLERANCE = 1e-9
LISTED_UP_TO = 2_000


def representations_to_count() -> dict[str, Representation]:
    """Return the inputs of the gallery, and a few representations with several copies of a part."""
    found = {case.name: case.rho_in for case in gallery.cases()}
    turns = gallery.find("C3, turns of the plane").rho_in
    triangle = gallery.find("D3, plane to two planes").rho_in
    quaternions = gallery.find("Q8, quaternions").rho_in
    return found | {
        "D3, four planes": reps.channels(triangle, 4),
        "C3, four planes": reps.channels(turns, 4),
        "Q8, four copies of the quaternions": reps.channels(quaternions, 4),
        "C4, 14x14 images": reps.image(groups.image_rotations(14)),
        "roto-translations, 14x14 images": reps.image(groups.image_rototranslations(14)),
        "S10, 10x10 matrices": reps.adjacency(groups.symmetric(10)),
    }


def seen_directions(X: np.ndarray, rho: Representation) -> int:
    """Return the rank of ``K_G`` on ker R for points ``X`` of shape ``(n, d)``.

    From the singular values of the whole orbits. Where the group is too large to be listed, from
    the eigenvalues of its average, which is the projection of ``X^T X`` onto the matrices that
    commute with the group.
    """
    basis = kernel_basis(rho) if rho.is_orthogonal else regression.asymmetric_basis(rho)
    if not basis.size or not len(X):
        return 0
    if rho.group.order <= LISTED_UP_TO:
        rows = regression.augment(X, rho).reshape(-1, rho.dimension)
        sizes = np.linalg.svd(rows @ basis, compute_uv=False)
        return int(np.sum(sizes > RANK_TOLERANCE * np.linalg.norm(rows, 2)))
    average = EquivariantMaps(rho, rho).project(X.T @ X)
    values = np.linalg.eigvalsh(basis.T @ average @ basis)
    return int(np.sum(values > RANK_TOLERANCE * np.linalg.norm(average, 2)))


def smallest_count(rho: Representation, rng: np.random.Generator) -> int:
    """Return the smallest number of random orbits with ``K_G`` positive definite on ker R."""
    X = rng.standard_normal((rho.dimension, rho.dimension))
    wanted = regression.asymmetric_basis(rho).shape[1]
    low = high = 0
    while seen_directions(X[:high], rho) < wanted:
        low, high = high + 1, 2 * high + 1
    while low < high:
        middle = (low + high) // 2
        if seen_directions(X[:middle], rho) == wanted:
            high = middle
        else:
            low = middle + 1
    return low


def limit_variance(rho: Representation, orbits: int, rng: np.random.Generator) -> float:
    """Return how much a predictor trained on random orbits changes under the group.

    Random points, one random label per orbit, random initial weights; the limit of gradient descent
    is the least squares solution next to them. Largest change of a weight under a generator,
    relative to the largest initial one.
    """
    rows = regression.augment(rng.standard_normal((orbits, rho.dimension)), rho)
    labels = np.tile(rng.standard_normal(orbits), len(rows))
    rows = rows.reshape(-1, rho.dimension)
    start = rng.standard_normal(rho.dimension)
    limit = start + np.linalg.lstsq(rows, labels - rows @ start)[0]
    changes = [rho.matrix(g).T @ limit - limit for g in rho.group.generators]
    return float(np.abs(changes).max() / np.abs(start).max())


def coverage(X: np.ndarray, rho: Representation, counts: np.ndarray) -> np.ndarray:
    """Return ``seen_directions`` of the first ``counts[i]`` points, shape ``(len(counts),)``."""
    return np.array([seen_directions(X[:count], rho) for count in counts])
