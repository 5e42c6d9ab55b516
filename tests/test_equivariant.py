"""Reynolds operator, invariant vectors and equivariant maps, against independent computations."""

import pickle
import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import given

from cases import (
    ALL,
    PERMUTATION,
    REPRESENTATIONS,
    average_map,
    closure,
    every_image,
    permutation_groups,
    refusals,
    representation_pairs,
)
from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.equivariant import (
    EquivariantMaps,
    dimension_by_characters,
    invariant_basis,
    kernel_basis,
    null_space,
    orbit_labels,
    reynolds,
)
from learnsym.representations import Representation

S3, S4 = groups.symmetric(3), groups.symmetric(4)


def as_matrices(rho):
    """Return the same representation with the knowledge removed that it permutes coordinates."""
    return Representation(rho.group, rho.dimension, rho.matrix, f"matrices of {rho.name}")


def random_map(case, rng, batch=()):
    return rng.standard_normal((*batch, case.rho_out.dimension, case.rho_in.dimension))


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_reynolds_is_the_average_and_projects_onto_invariants(rho):
    R = reynolds(rho)
    np.testing.assert_allclose(R, every_image(rho).mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(R @ R, R, atol=1e-10)
    for g in rho.group.generators:
        np.testing.assert_allclose(rho.matrix(g) @ R, R, atol=1e-10)
        np.testing.assert_allclose(R @ rho.matrix(g), R, atol=1e-10)


@given(permutation_groups(max_degree=6))
def test_orbit_labels_are_the_orbits(group):
    labels = orbit_labels(reps.vector(group))
    reached = closure(group.generators)
    for i in range(group.degree):
        assert {g[i] for g in reached} == set(np.flatnonzero(labels == labels[i]).tolist())


def test_orbit_labels_survive_many_repeated_generators():
    rho = reps.vector(groups.PermutationGroup([[1, 0, 2]] * 256))
    assert orbit_labels(rho).tolist() == [0, 0, 1]


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_bases_span_the_fixed_vectors_and_what_the_average_removes(rho):
    """Also where nothing is invariant, and the Reynolds operator is rounding error alone."""
    fixed, removed, count = invariant_basis(rho), kernel_basis(rho), dimension_by_characters(rho)
    for basis, size in ((fixed, count), (removed, rho.dimension - count)):
        assert basis.shape == (rho.dimension, size)
        np.testing.assert_allclose(basis.T @ basis, np.eye(size), atol=1e-12)
    np.testing.assert_allclose(every_image(rho) @ fixed, [fixed] * rho.group.order, atol=1e-9)
    np.testing.assert_allclose(every_image(rho).mean(axis=0) @ removed, 0, atol=1e-10)
    if rho.is_orthogonal:
        np.testing.assert_allclose(fixed.T @ removed, 0, atol=1e-10)


@pytest.mark.parametrize("n", [3, 4, 5, 7, 9, 12, 180])
def test_rotations_of_the_plane_leave_nothing_fixed(n):
    turns = reps.vector(groups.MatrixGroup([gallery.rotation(2 * np.pi / n)]))
    assert invariant_basis(turns).shape == (2, 0)
    basis = kernel_basis(turns)
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-12)


def test_a_trivial_action_in_oblique_coordinates_leaves_everything_fixed(rng):
    S = np.eye(3) + 0.3 * rng.normal(size=(3, 3))
    rho = reps.conjugated(reps.trivial(S3, 3), S)
    assert np.abs(rho.matrix(S3.generators[0]) - np.eye(3)).max() > 0, "rounding errors expected"
    assert invariant_basis(rho).shape == (3, 3)
    assert kernel_basis(rho).shape == (3, 0)


def test_null_space_thresholds():
    M = np.diag([1e6, 1.0, 1e-5, 0.0]) @ gallery.matrix_cases()[-1].rho_in.group.elements()[2]
    M = np.vstack([M, 2 * M])
    kernel = null_space(M)
    assert kernel.shape == (4, 2)  # 1e-5 is below 1e-10 of the largest value, 1 is not
    assert np.abs(M @ kernel).max() < 1e-4
    assert null_space(1e-15 * np.ones((3, 2))).shape == (2, 2)
    assert null_space(1e-5 * np.eye(2)).shape == (2, 0)


@pytest.mark.parametrize("case", ALL)
def test_dimension_by_three_computations(case):
    """Orbits or a null space; the average character; the rank of the equations that define maps."""
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    lift = reps.lifted(case.rho_in, case.rho_out)
    equations = [
        np.kron(case.rho_out.matrix(s), np.eye(case.rho_in.dimension))
        - np.kron(np.eye(case.rho_out.dimension), case.rho_in.matrix(s).T)
        for s in case.rho_in.group.generators
    ]
    rank = np.linalg.matrix_rank(np.vstack(equations), tol=1e-9)
    assert maps.dimension == dimension_by_characters(lift) == lift.dimension - rank


@given(representation_pairs(max_degree=3) | representation_pairs(oblique=True, max_degree=3))
def test_dimensions_of_random_sums_and_products(pair):
    maps, lift = EquivariantMaps(*pair), reps.lifted(*pair)
    assert maps.dimension == dimension_by_characters(lift)
    assert maps.contains(maps.basis())
    for rho in (*pair, lift):
        assert invariant_basis(rho).shape[1] == dimension_by_characters(rho)
        assert kernel_basis(rho).shape[1] == rho.dimension - dimension_by_characters(rho)


def test_characters_refuse_what_is_no_representation():
    broken = Representation(S3, 1, lambda g: np.array([[1.0 if g[0] else 0.3]]), "broken")
    with pytest.raises(ValueError, match=r"broken: expected an integer average character, got 0\."):
        dimension_by_characters(broken)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 10])
def test_graphs_have_bell_many_equivariant_maps(n):
    """Maron et al.: 15 maps and 2 invariants; fewer where 4 indices cannot all differ."""
    partitions_of_four = [0, 1, 7, 6, 1]  # into exactly k blocks
    relabel = reps.adjacency(groups.symmetric(n))
    expected = sum(partitions_of_four[: n + 1])
    assert EquivariantMaps(relabel, relabel).dimension == expected
    assert dimension_by_characters(reps.lifted(relabel, relabel)) == expected
    invariants = EquivariantMaps(relabel, reps.trivial(relabel.group)).dimension
    assert invariants == dimension_by_characters(relabel) == min(n, 2)


@pytest.mark.parametrize("case", PERMUTATION)
def test_orbits_agree_with_the_null_space_and_with_the_average(case, rng):
    """Lemma 2; that it needs orthogonality is shown in a chapter."""
    by_orbits = EquivariantMaps(case.rho_in, case.rho_out)
    by_null_space = EquivariantMaps(as_matrices(case.rho_in), as_matrices(case.rho_out))
    assert by_orbits.by_orbits and not by_null_space.by_orbits
    A = random_map(case, rng)
    for maps in (by_orbits, by_null_space):
        expected = average_map(case.rho_in, case.rho_out, A)
        np.testing.assert_allclose(maps.project(A), expected, atol=1e-10)
    np.testing.assert_allclose(by_orbits.projector(), by_null_space.projector(), atol=1e-10)


@pytest.mark.parametrize("case", ALL)
def test_contains_is_true_for_equivariant_maps_only(case, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = random_map(case, rng, (3,))
    inside = maps.project(A)
    for scale in (1e-12, 1.0, 1e12):
        assert maps.contains(scale * inside)
        if maps.dimension < maps.representation.dimension:
            assert not maps.contains(scale * A)
            assert not maps.contains(scale * np.concatenate([inside, A[:1]]))
            assert not maps.contains(scale * (inside + 1e-6 * A))
    assert maps.contains(np.zeros(maps.shape))


def test_contains_is_false_for_maps_that_commute_with_one_generator_alone():
    turns, square = groups.cyclic(4), groups.dihedral(4)
    circulant = np.array([np.roll([1.0, 2.0, 3.0, 4.0], i) for i in range(4)])
    assert np.array_equal(turns.generators[0], square.generators[0])
    assert EquivariantMaps(*[reps.vector(turns)] * 2).contains(circulant)
    assert not EquivariantMaps(*[reps.vector(square)] * 2).contains(circulant)


@pytest.mark.parametrize("case", ALL)
@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (0,), (2, 0)])
def test_maps_are_coordinates_in_an_orthonormal_equivariant_basis(case, batch, rng):
    """So projecting is orthogonal, and coordinates are an isometry."""
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A, basis = random_map(case, rng, batch), maps.basis()
    assert basis.shape == (maps.dimension, *maps.shape) and maps.contains(basis)
    gram = np.einsum("aij,bij->ab", basis, basis)
    np.testing.assert_allclose(gram, np.eye(maps.dimension), atol=1e-12)
    for i in range(maps.dimension):
        np.testing.assert_array_equal(maps.basis_element(i), basis[i])
    c, projected = maps.coordinates(A), maps.project(A)
    assert c.shape == (*batch, maps.dimension)
    assert projected.shape == maps.complement(A).shape == A.shape
    np.testing.assert_allclose(c, np.einsum("...ij,aij->...a", A, basis), atol=1e-12)
    np.testing.assert_allclose(maps.from_coordinates(c), projected, atol=1e-12)
    np.testing.assert_allclose(projected, np.einsum("...a,aij->...ij", c, basis), atol=1e-12)
    np.testing.assert_allclose(maps.complement(A) + projected, A, atol=1e-14)
    flat = A.reshape(*batch, maps.representation.dimension) @ maps.projector()
    np.testing.assert_allclose(flat, projected.reshape(flat.shape), atol=1e-12)


def test_a_space_of_maps_may_be_zero(rng):
    maps = EquivariantMaps(reps.vector(S3), reps.sign(S3))
    A = rng.standard_normal((2, 1, 3))
    assert maps.dimension == 0
    assert maps.basis().shape == (0, 1, 3)
    np.testing.assert_array_equal(maps.projector(), np.zeros((3, 3)))
    np.testing.assert_array_equal(maps.project(A), np.zeros_like(A))
    np.testing.assert_array_equal(maps.complement(A), A)


def test_labels_number_the_orbits_of_index_pairs():
    maps = EquivariantMaps(*[reps.vector(groups.cyclic(5))] * 2)
    i, j = np.indices((5, 5))
    same_shift = (i - j).ravel()[:, None] % 5 == (i - j).ravel() % 5
    assert np.array_equal(maps.labels.ravel()[:, None] == maps.labels.ravel(), same_shift)
    assert repr(maps) == "EquivariantMaps(vector -> vector, 5)"


@pytest.mark.parametrize("side", [500, 1000])
def test_memory_is_linear_in_the_number_of_index_pairs(side):
    """Up to 1,000,000 pairs of S_n, whose enumeration would be hopeless."""
    rho = reps.vector(groups.symmetric(side))
    tracemalloc.start()
    try:
        maps = EquivariantMaps(rho, rho)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert maps.dimension == 2
    assert peak < 200 * side**2


@pytest.mark.parametrize("case", ALL)
def test_maps_can_be_pickled_and_nothing_handed_out_changes_them(case, rng):
    maps, A = EquivariantMaps(case.rho_in, case.rho_out), random_map(case, rng)
    projected, again = maps.project(A), pickle.loads(pickle.dumps(maps))
    assert pickle.loads(pickle.dumps(case)).name == case.name and repr(again) == repr(maps)
    for each in (maps, again):
        if maps.by_orbits:
            with pytest.raises(ValueError, match="read-only"):
                each.labels[0, 0] = 1
        for array in (each.basis(), each.projector(), each.coordinates(A), each.project(A)):
            array *= 0
        for i in range(maps.dimension):
            each.basis_element(i)[:] = 0
        np.testing.assert_array_equal(each.project(A), projected)


S3_MAPS = EquivariantMaps(reps.vector(S3), reps.trivial(S3, 2))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, list])
def test_lists_and_all_real_types_are_computed_in_float64(dtype):
    A = np.array([[1, 0, 1], [0, 0, 1]])
    given_as = A.tolist() if dtype is list else A.astype(dtype)
    for found, expected in (
        (S3_MAPS.project(given_as), A.mean(axis=1, keepdims=True) + np.zeros((2, 3))),
        (S3_MAPS.complement(given_as), A - A.mean(axis=1, keepdims=True)),
        (S3_MAPS.from_coordinates(given_as[0][:2]), [[3**-0.5] * 3, [0.0] * 3]),
    ):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, atol=1e-15)


PLANE, TOO_LARGE = reps.vector(gallery.matrix_cases()[2].rho_in.group), reps.trivial(S3, 5000)
WRONG, COMPLEX = np.ones((3, 2)), 1j * np.ones((2, 3))
NAN, INFINITE = np.full((2, 3), np.nan), np.full((2, 3), np.inf)


test_bad_input_is_refused = refusals(
    (
        lambda: EquivariantMaps(reps.vector(S3), reps.vector(S4)),
        "expected one common group, got S_4 and S_3",
    ),
    (
        lambda: EquivariantMaps(*[reps.channels(PLANE, 500)] * 2),
        "expected a dimension of at most 4096 for dense linear algebra, got 1000000",
    ),
    (lambda: reynolds(TOO_LARGE), "at most 4096 .* got 5000"),
    (lambda: invariant_basis(TOO_LARGE), "at most 4096 .* got 5000"),
    (lambda: kernel_basis(TOO_LARGE), "at most 4096 .* got 5000"),
    (lambda: EquivariantMaps(PLANE, PLANE).labels, "labels: expected permutation"),
    (lambda: S3_MAPS.basis_element(2), r"index: expected 0\.\.1, got 2"),
    (lambda: S3_MAPS.basis_element(-1), r"index: expected 0\.\.1, got -1"),
    (lambda: S3_MAPS.project(np.ones(6)), r"maps: .*\(\.\.\., 2, 3\), got \(6,\)"),
    (lambda: S3_MAPS.project([["a"] * 3] * 2), "maps: expected real.*<U1"),
    (lambda: S3_MAPS.project([[1, 2, 3], [4]]), "maps: expected rows of equal length"),
    *(
        (partial(method, bad), words)
        for method in (S3_MAPS.project, S3_MAPS.complement, S3_MAPS.coordinates, S3_MAPS.contains)
        for bad, words in (
            (WRONG, r"maps: .*\(\.\.\., 2, 3\), got \(3, 2\)"),
            (COMPLEX, "maps: expected real.*complex"),
            (NAN, "maps: expected finite"),
            (INFINITE, "maps: expected finite"),
        )
    ),
    (lambda: S3_MAPS.from_coordinates([1j, 0]), "c: expected real.*complex"),
    (lambda: S3_MAPS.from_coordinates([np.nan, 0.0]), "c: expected finite"),
    (lambda: S3_MAPS.from_coordinates(np.ones(3)), r"c: expected a last axis of 2.*\(3,\)"),
    (lambda: S3_MAPS.from_coordinates(1.0), r"c: expected a last axis of 2.*\(\)"),
    (lambda: null_space(1j * np.eye(2)), "matrix: expected real.*complex"),
    (
        lambda: EquivariantMaps(*[reps.image(groups.image_rotations(14))] * 2).basis(),
        "basis: expected at most 50000000 numbers, got 368947264",
    ),
    (
        lambda: EquivariantMaps(*[reps.vector(groups.symmetric(100))] * 2).projector(),
        "at most 4096 for dense linear algebra, got 10000",
    ),
)
