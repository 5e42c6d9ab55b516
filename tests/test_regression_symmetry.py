"""Regression on whole orbits: K_G, the two parts of the weights, what the theorems need.

The theorems themselves are claims of the chapters.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    OBLIQUE,
    REPRESENTATIONS,
    data_sets,
    every_image,
    permutation_groups,
    refusals,
    well_conditioned,
)
from learnsym import groups
from learnsym import representations as reps
from learnsym.regression import (
    asymmetric_basis,
    asymmetric_projector,
    asymmetry_loss,
    augment,
    require_orthogonal,
    split,
    stabiliser_sizes,
    symmetrised_gram,
    symmetrised_moment,
)

S3 = reps.vector(groups.symmetric(3))
OBLIQUE_IN = [pytest.param(p.values[0].rho_in, id=p.id) for p in OBLIQUE]


def random_points(rho, rng, count=3):
    """Return Gaussian points scaled so that K_G is of norm 1, and labels."""
    X = rng.standard_normal((count, rho.dimension))
    total = sum(np.linalg.norm(m, 2) ** 2 for m in every_image(rho))
    return X / (np.linalg.norm(X, 2) * np.sqrt(total)), rng.standard_normal(count)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_moments_are_those_of_the_augmented_data_row_by_row(rho, weighted, rng):
    X, y = random_points(rho, rng)
    weights = rng.random(3) + 0.1 if weighted else None
    K, b, rows = np.zeros((rho.dimension, rho.dimension)), np.zeros(rho.dimension), []
    for matrix in every_image(rho):
        for x, label, weight in zip(X, y, np.ones(3) if weights is None else weights, strict=True):
            rows.append(matrix @ x)
            K += weight * np.outer(rows[-1], rows[-1])
            b += weight * label * rows[-1]
    np.testing.assert_allclose(augment(X, rho), np.reshape(rows, (-1, *X.shape)), atol=1e-12)
    np.testing.assert_allclose(symmetrised_gram(X, rho, weights), K, atol=1e-12)
    np.testing.assert_allclose(symmetrised_moment(X, y, rho, weights), b, atol=1e-12)


@given(st.data())
def test_stabilisers_against_brute_force(data):
    """And the orbit-stabiliser theorem: |orbit| |Stab| = |G|."""
    rho = reps.vector(data.draw(permutation_groups(max_degree=5)))
    X, _ = data.draw(data_sets(rho.dimension))
    sizes = stabiliser_sizes(X, rho)
    for x, size in zip(X, sizes, strict=True):
        moved = [tuple(rho.matrix(g) @ x) for g in rho.group.elements()]
        assert size == moved.count(tuple(x))
        assert size * len(set(moved)) == rho.group.order


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_stabilisers_do_not_depend_on_units_and_coordinates(scale):
    X, S = np.array([[1.0, 2, 3], [1, 1, 2], [1, 1, 1], [0, 0, 0]]), well_conditioned(3, 1)
    mixed = X * np.array([[scale], [1.0], [1.0], [1.0]])
    oblique = scale * X @ S.T, reps.conjugated(S3, S)
    for points, rho in ((scale * X, S3), (mixed, S3), oblique):
        assert stabiliser_sizes(points, rho).tolist() == [1, 2, 6, 6]


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_the_asymmetric_part_is_the_kernel_of_the_average(rho, rng):
    basis, average = asymmetric_basis(rho), every_image(rho).mean(axis=0).T
    rank = np.linalg.matrix_rank(average, tol=1e-9)
    assert basis.shape == (rho.dimension, rho.dimension - rank)
    np.testing.assert_allclose(average @ basis, 0, atol=1e-10)
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)
    w = rng.standard_normal((2, 3, rho.dimension))
    w_r, w_k = split(w, rho)
    np.testing.assert_allclose(w_r + w_k, w, atol=1e-12)
    np.testing.assert_allclose(w_k, w @ basis @ basis.T, atol=1e-10)
    if rho.is_orthogonal:  # then the first part is invariant
        require_orthogonal(rho)
        expected = np.eye(rho.dimension) - average
        np.testing.assert_allclose(asymmetric_projector(rho), expected, atol=1e-10)
        np.testing.assert_allclose(w_r @ average.T, w_r, atol=1e-9)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_the_asymmetry_loss_is_its_definition(rho, rng):
    w, X = rng.standard_normal((2, 3, rho.dimension)), rng.standard_normal((4, rho.dimension))
    losses = asymmetry_loss(w, X, rho)
    assert losses.shape == (2, 3)
    for i, j in itertools.product(range(2), range(3)):
        moved = [[w[i, j] @ (m @ x) for m in every_image(rho)] for x in X]
        gaps = [abs(w[i, j] @ x - np.mean(values)) for x, values in zip(X, moved, strict=True)]
        assert losses[i, j] == pytest.approx(np.mean(gaps), abs=1e-10)


@pytest.mark.parametrize("rho", OBLIQUE_IN)
def test_oblique_groups_are_refused_where_orthogonality_is_needed(rho):
    for refuse in (require_orthogonal, asymmetric_projector):
        with pytest.raises(ValueError, match="rho: Assumption 3 fails, expected orthogonal"):
            refuse(rho)


test_bad_input_is_refused = refusals(
    (lambda: augment(np.ones((2, 4)), S3), r"X: expected shape \(n, 3\), got \(2, 4\)"),
    (lambda: augment(np.ones(3), S3), r"X: expected shape \(n, 3\), got \(3,\)"),
    (lambda: augment([[1.0, np.nan, 0.0]], S3), "X: expected finite entries"),
    (lambda: stabiliser_sizes(np.ones(3), S3), r"X: expected shape \(n, 3\)"),
    (lambda: symmetrised_gram(np.ones((2, 2)), S3), r"X: expected shape \(n, 3\)"),
    (lambda: symmetrised_gram(np.ones((2, 3)), S3, [1.0]), r"weights: .*2 positive.*\(1,\)"),
    (lambda: symmetrised_gram(np.ones((2, 3)), S3, [1.0, 0.0]), "weights: .*2 positive"),
    (lambda: symmetrised_gram(np.ones((2, 3)), S3, [1.0, np.nan]), "weights: .*2 positive"),
    (lambda: symmetrised_moment(np.ones((2, 3)), [1.0], S3), r"y: expected 2 .*\(1,\)"),
    (lambda: symmetrised_moment(np.ones((1, 3)), [np.inf], S3), "y: expected 1 finite label"),
    (lambda: split(np.ones(4), S3), r"w: expected a last axis of 3, got shape \(4,\)"),
    (lambda: split(1.0, S3), r"w: expected a last axis of 3, got shape \(\)"),
    (lambda: asymmetry_loss(np.ones(4), np.ones((2, 3)), S3), "w: expected a last axis of 3"),
    (lambda: asymmetry_loss(np.ones(3), np.ones((2, 4)), S3), r"X: expected shape \(n, 3\)"),
    (lambda: augment([[1j, 0, 0]], S3), "X: expected real numbers, got complex128"),
    (lambda: split([1j, 0, 0], S3), "w: expected real numbers, got complex128"),
)
