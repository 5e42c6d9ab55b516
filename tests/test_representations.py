"""Representations: the homomorphism property, constructions, polynomial features."""

import itertools
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    ALL,
    OBLIQUE,
    REPRESENTATIONS,
    closure,
    every_image,
    matrix_groups,
    permutation_groups,
    representation_pairs,
    representations,
    seeds,
    vectors,
    well_conditioned,
)
from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.representations import PermutationRepresentation, Representation, from_generators

S3 = groups.symmetric(3)
S7 = groups.symmetric(7)
TRIANGLE = gallery.matrix_cases()[2].rho_in.group


def assert_homomorphism(rho, rng):
    """Check ``rho(g h) = rho(g) rho(h)`` on matrices, for all pairs of a small group."""
    group = rho.group
    elements = group.elements()
    pairs = list(itertools.product(elements, elements))
    if len(pairs) > 600:
        pairs = [pairs[i] for i in rng.choice(len(pairs), 600, replace=False)]
    for g, h in pairs:
        expected = rho.matrix(g) @ rho.matrix(h)
        np.testing.assert_allclose(rho.matrix(group.multiply(g, h)), expected, atol=1e-9)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_the_gallery_consists_of_representations(rho, rng):
    rho.check()
    assert_homomorphism(rho, rng)


@given(st.data())
def test_sums_and_products_of_representations_are_representations(data):
    group = data.draw(permutation_groups(max_degree=4))
    rho = data.draw(representations(group, oblique=data.draw(st.booleans())))
    rho.check()
    assert_homomorphism(rho, np.random.default_rng(0))


def inverted(group):
    """Return ``g -> g^-1``: a homomorphism only if the group is abelian."""
    return PermutationRepresentation(group, group.degree, np.argsort, "inverses")


@pytest.mark.parametrize("group", [S3, S7], ids=repr)
def test_check_refuses_an_anti_homomorphism(group):
    with pytest.raises(ValueError, match=r"not a representation, .* s = \[.*\], g = \[.*\]"):
        inverted(group).check(np.random.default_rng(1))


def test_check_names_elements_on_which_the_property_fails():
    with pytest.raises(ValueError, match="not a representation") as error:
        inverted(S3).check()
    s, g = (
        list(map(int, part.split("]")[0].split(","))) for part in str(error.value).split("[")[1:]
    )
    product = [s[g[i]] for i in range(3)]
    assert not np.array_equal(np.argsort(product), np.argsort(s)[np.argsort(g)])


def test_check_accepts_inverses_of_an_abelian_group():
    inverted(groups.klein_four()).check()


def test_check_finds_one_wrong_element_that_is_no_generator():
    half = np.array([2, 3, 0, 1])
    broken = PermutationRepresentation(
        groups.cyclic(4), 4, lambda g: np.arange(4) if np.array_equal(g, half) else g, "one wrong"
    )
    with pytest.raises(ValueError, match="one wrong: not a representation"):
        broken.check()


def test_check_uses_every_generator():
    """Dropping the flip from r^k f is wrong for the second generator only."""
    group = groups.dihedral(4)
    turn = group.generators[0]

    def without_flip(g):
        is_turn = (g[1] - g[0]) % 4 == 1
        return g if is_turn else g[group.generators[1]]

    broken = PermutationRepresentation(group, 4, without_flip, "no flip")
    for g in group.elements():
        expected = turn[without_flip(g)]
        assert np.array_equal(without_flip(group.multiply(turn, g)), expected)
    with pytest.raises(ValueError, match="no flip: not a representation"):
        broken.check()


@pytest.mark.parametrize("group", [groups.cyclic(2), S7], ids=repr)
def test_check_refuses_a_wrong_identity(group):
    swapped = PermutationRepresentation(group, 2, lambda g: np.array([1, 0]), "always a swap")
    with pytest.raises(ValueError, match=r"rho\(e\) is not the identity"):
        swapped.check()


@pytest.mark.parametrize("group", [S3, S7], ids=repr)
def test_check_refuses_matrices_that_are_no_homomorphism(group):
    signs = Representation(
        group, 1, lambda g: np.array([[-1.0 if g[0] else 1.0]]), "does the first point move?"
    )
    with pytest.raises(ValueError, match=r"first point move.*rho\(s g\) differs"):
        signs.check()


def test_check_samples_a_large_group():
    """S_9 has 362,880 elements; a proof would list them all."""
    reps.adjacency(groups.symmetric(9)).check()


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_act_is_multiplication_by_the_matrix(rho, rng):
    x = rng.standard_normal((2, 3, rho.dimension))
    for g in rho.group.sample(rng, 3):
        expected = np.einsum("ij,abj->abi", rho.matrix(g), x)
        np.testing.assert_allclose(rho.act(g, x), expected, atol=1e-12)
        np.testing.assert_allclose(rho.act(g, x[0, 0]), expected[0, 0], atol=1e-12)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_the_character_is_the_trace(rho):
    for g in rho.group.elements():
        assert rho.character(g) == pytest.approx(np.trace(rho.matrix(g)), abs=1e-12)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_orthogonality_is_known_from_generators(rho):
    matrices = every_image(rho)
    defect = matrices @ matrices.transpose(0, 2, 1) - np.eye(rho.dimension)
    assert rho.is_orthogonal == (np.abs(defect).max() < 1e-9)


@pytest.mark.parametrize("case", OBLIQUE)
def test_oblique_cases_are_recognised(case):
    assert not case.rho_in.is_orthogonal


def test_permutation_matrices_move_coordinate_i_to_p_i(rng):
    g = np.array([2, 0, 1])
    x = rng.standard_normal(3)
    rho = reps.vector(S3)
    expected = np.empty(3)
    for i in range(3):
        expected[g[i]] = x[i]
    np.testing.assert_array_equal(rho.matrix(g) @ x, expected)
    np.testing.assert_array_equal(rho.act(g, x), expected)


@given(representation_pairs(), seeds)
def test_a_direct_sum_acts_on_each_part(pair, seed):
    first, second = pair
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal(first.dimension), rng.standard_normal(second.dimension)
    both = reps.direct_sum(first, second)
    for g in first.group.generators:
        expected = np.concatenate([first.act(g, x), second.act(g, y)])
        np.testing.assert_allclose(both.act(g, np.concatenate([x, y])), expected, atol=1e-12)


@given(representation_pairs(oblique=True), seeds)
def test_a_tensor_product_acts_on_both_factors_of_an_outer_product(pair, seed):
    first, second = pair
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal(first.dimension), rng.standard_normal(second.dimension)
    for g in first.group.generators:
        expected = np.outer(first.act(g, x), second.act(g, y)).ravel()
        moved = reps.tensor(first, second).act(g, np.outer(x, y).ravel())
        np.testing.assert_allclose(moved, expected, atol=1e-10)


@pytest.mark.parametrize("case", ALL)
def test_the_lifted_representation_is_eq_8(case, rng):
    """vec(A) is sent to vec(rho_out(g) A rho_in(g)^-1)."""
    A = rng.standard_normal((case.rho_out.dimension, case.rho_in.dimension))
    lift = reps.lifted(case.rho_in, case.rho_out)
    for g in lift.group.sample(rng, 4):
        expected = case.rho_out.matrix(g) @ A @ np.linalg.inv(case.rho_in.matrix(g))
        np.testing.assert_allclose(lift.act(g, A.ravel()), expected.ravel(), atol=1e-10)


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_the_dual_keeps_pairings(rho, rng):
    f, x = rng.standard_normal((2, rho.dimension))
    for g in rho.group.elements()[:8]:
        assert reps.dual(rho).act(g, f) @ rho.act(g, x) == pytest.approx(f @ x, abs=1e-10)
        if rho.is_orthogonal:
            np.testing.assert_allclose(reps.dual(rho).matrix(g), rho.matrix(g), atol=1e-12)


def test_conjugation_changes_coordinates_only(rng):
    rho, S = reps.vector(TRIANGLE), well_conditioned(2, 5)
    oblique = reps.conjugated(rho, S)
    x = rng.standard_normal(2)
    assert not oblique.is_orthogonal
    for g in TRIANGLE.elements():
        np.testing.assert_allclose(oblique.act(g, S @ x), S @ rho.act(g, x), atol=1e-12)
        assert oblique.character(g) == pytest.approx(rho.character(g), abs=1e-12)
    rotated = reps.conjugated(rho, gallery.rotation(0.4))
    assert rotated.is_orthogonal


def test_channels_move_alike(rng):
    rho = reps.channels(reps.vector(S3), 2)
    pictures = rng.standard_normal((2, 3))
    g = np.array([1, 2, 0])
    moved = rho.act(g, pictures.ravel()).reshape(2, 3)
    np.testing.assert_array_equal(moved, reps.vector(S3).act(g, pictures))


def test_adjacency_relabels_rows_and_columns(rng):
    A = rng.standard_normal((4, 4))
    g = np.array([2, 0, 3, 1])
    moved = reps.adjacency(groups.symmetric(4)).act(g, A.ravel()).reshape(4, 4)
    for i, j in itertools.product(range(4), repeat=2):
        assert moved[g[i], g[j]] == A[i, j]


def test_images_are_turned_and_rolled(rng):
    picture = rng.random((4, 4))
    turns = reps.image(groups.image_rotations(4))
    moved = turns.act(turns.group.generators[0], picture.ravel()).reshape(4, 4)
    np.testing.assert_array_equal(moved, np.rot90(picture))
    shifts = reps.image(groups.image_translations(4))
    for generator, axis in zip(shifts.group.generators, (1, 0), strict=True):
        moved = shifts.act(generator, picture.ravel()).reshape(4, 4)
        np.testing.assert_array_equal(moved, np.roll(picture, 1, axis=axis))


def test_the_sign_counts_inversions():
    rho = reps.sign(groups.symmetric(4))
    for g in rho.group.elements():
        inversions = sum(g[i] > g[j] for i, j in itertools.combinations(range(4), 2))
        assert rho.matrix(g) == (-1) ** inversions
    mirror = groups.reflection([3.0, 4.0])
    assert reps.sign(mirror).matrix(mirror.generators[0]) == -1


def test_the_trivial_representation_moves_nothing(rng):
    rho = reps.trivial(S3, 4)
    x = rng.standard_normal((5, 4))
    assert all(np.array_equal(rho.act(g, x), x) for g in S3.elements())


@given(permutation_groups(max_degree=4), st.integers(1, 3), st.data())
def test_polynomial_features_of_permuted_points(group, degree, data):
    rho = reps.vector(group)
    assert_features_commute(rho, degree, data.draw(vectors(rho.dimension)))


@given(matrix_groups(max_degree=3), st.integers(1, 3), st.data())
def test_polynomial_features_of_points_moved_by_matrices(group, degree, data):
    rho = reps.vector(group)
    assert_features_commute(rho, degree, data.draw(vectors(rho.dimension)))


def assert_features_commute(rho, degree, x):
    poly = reps.polynomial(rho, degree)
    for g in rho.group.elements():
        expected = reps.monomials(rho.matrix(g) @ x, degree)
        np.testing.assert_allclose(
            poly.matrix(g) @ reps.monomials(x, degree), expected, atol=1e-9, rtol=1e-9
        )
        np.testing.assert_allclose(poly.act(g, reps.monomials(x, degree)), expected, atol=1e-8)


def test_example_f1_swaps_features_1_with_2_and_3_with_5():
    rho = reps.polynomial(reps.vector(groups.symmetric(2)), 2)
    assert rho.permutation(np.array([1, 0])).tolist() == [1, 0, 4, 3, 2]


def test_monomials_are_written_by_degree():
    x, y = 2.0, 5.0
    features = [x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3]
    np.testing.assert_array_equal(reps.monomials([x, y], 3), features)
    np.testing.assert_array_equal(reps.monomials([[[x, y]], [[x, y]]], 3), [[features]] * 2)


@given(st.integers(1, 4), st.integers(1, 4))
def test_exponents_list_every_monomial_once(variables, degree):
    powers = reps.exponents(variables, degree)
    expected = {
        p for p in itertools.product(range(degree + 1), repeat=variables) if 1 <= sum(p) <= degree
    }
    assert {tuple(p) for p in powers.tolist()} == expected
    assert len(powers) == math.comb(variables + degree, degree) - 1
    assert (np.diff(powers.sum(axis=1)) >= 0).all()


@given(st.data())
def test_a_representation_is_recovered_from_its_generators(data):
    group = data.draw(permutation_groups(max_degree=4))
    rho = data.draw(representations(group, oblique=True))
    again = from_generators(group, [rho.matrix(s) for s in group.generators], "again")
    np.testing.assert_allclose(every_image(again), every_image(rho), atol=1e-9)


def test_a_permutation_representation_is_recovered_from_its_generators():
    rho = reps.polynomial(reps.vector(S3), 2)
    again = from_generators(S3, [rho.permutation(s) for s in S3.generators], "again")
    assert isinstance(again, PermutationRepresentation)
    assert all(np.array_equal(again.permutation(g), rho.permutation(g)) for g in S3.elements())


def test_from_generators_accepts_a_quotient_and_refuses_what_breaks_a_relation():
    alternating = from_generators(groups.cyclic(4), [[[-1.0]]], "alternating")
    signs = [alternating.matrix(g).item() for g in groups.cyclic(4).elements()]
    assert signs == [1.0, -1.0, 1.0, -1.0]
    with pytest.raises(ValueError, match=r"images: not a representation, two ways"):
        from_generators(groups.cyclic(3), [[[-1.0]]], "alternating")
    with pytest.raises(ValueError, match=r"images: not a representation, two ways"):
        from_generators(S3, [[1, 0], [1, 0]], "a 3-cycle as a swap")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: from_generators(S3, [[1, 0]], "x"), r"images: expected one per generator \(2\)"),
        (
            lambda: from_generators(S3, [[0, 5], [0, 1]], "x"),
            r"images\[0\]: expected a permutation",
        ),
        (lambda: from_generators(S3, [[1, 0], [0, 1, 2]], "x"), r"images\[1\]: .*\[0, 1, 2\]"),
        (
            lambda: from_generators(S3, [[0.0, 1.0]] * 2, "x"),
            r"images\[0\]: expected a permutation",
        ),
        (lambda: from_generators(S3, [np.ones((2, 3))] * 2, "x"), r"images\[0\]: .*\(2, 2\), got"),
        (lambda: from_generators(S3, [np.eye(2), np.eye(3)], "x"), r"images\[1\]: .*got \(3, 3\)"),
        (lambda: from_generators(S3, [1.0, 1.0], "x"), r"images\[0\]: expected a matrix"),
        (lambda: from_generators(S3, [np.eye(2), [0, 1]], "x"), r"images\[1\]: expected a matrix"),
        (
            lambda: Representation(S3, 2, lambda g: np.eye(3), "x"),
            r"action: expected finite real images of shape \(2, 2\), got shape \(3, 3\)",
        ),
        (lambda: Representation(S3, 1, lambda g: np.array([[np.nan]]), "x"), "expected finite"),
        (lambda: Representation(S3, 1, lambda g: np.array([[1j]]), "x"), "real .* of complex128"),
        (lambda: Representation(S3, 0, lambda g: np.eye(0), "x"), "dimension: .*at least 1, got 0"),
        (lambda: reps.trivial(S3, 0), "dimension: expected an integer of at least 1, got 0"),
        (lambda: from_generators(S3, [1j * np.eye(2)] * 2, "x"), r"images\[0\]: .*real.*complex"),
        (lambda: from_generators(S3, [np.eye(2) * np.nan] * 2, "x"), r"images\[0\]: .*finite"),
        (lambda: from_generators(S3, [np.eye(0)] * 2, "x"), "dimension: .*at least 1, got 0"),
        (
            lambda: from_generators(groups.symmetric(10), [np.eye(2)] * 2, "x"),
            "at most 200000 elements, .* got S_10 of order 3628800; give Representation a function",
        ),
        (lambda: reps.conjugated(reps.vector(S3), 1j * np.eye(3)), "basis: .*real.*complex"),
        (lambda: reps.monomials([1.0, np.inf], 2), "x: expected finite"),
        (lambda: reps.vector(S3).act([1, 0, 2], [1.0, np.nan, 0.0]), "x: expected finite"),
        (lambda: reps.vector(S3).act([1, 0, 2], [1.0, 1j, 0.0]), "x: expected real"),
        (lambda: reps.vector(S3).act([1, 0, 2, 3], np.ones(3)), "g: expected an element of S_3"),
        (lambda: reps.vector(S3).matrix(np.eye(3)), "g: expected an element of S_3"),
        (lambda: reps.vector(groups.cyclic(3)).permutation([1, 0, 2]), "g: .*element of C_3"),
        (lambda: reps.trivial(S3).character([0, 0, 1]), "g: expected an element of S_3"),
        (lambda: reps.vector(TRIANGLE).matrix(gallery.rotation(1.0)), "g: .*element of D_3"),
        (lambda: PermutationRepresentation(S3, 3, np.diag, "x"), r"\(3,\), got shape \(3, 3\)"),
        (
            lambda: PermutationRepresentation(S3, 2, lambda g: np.array([0, 0]), "x"),
            r"action: expected a permutation of 0\.\.1, got \[0, 0\] of int64",
        ),
        (
            lambda: PermutationRepresentation(S3, 2, lambda g: np.array([0.0, 1.0]), "x"),
            r"action: expected a permutation of 0\.\.1, got \[0\.0, 1\.0\] of float64",
        ),
        (
            lambda: PermutationRepresentation(S3, 3, lambda g: g - 1, "x"),
            r"action: expected a permutation of 0\.\.2",
        ),
        (
            lambda: reps.direct_sum(reps.vector(S3), reps.vector(groups.cyclic(3))),
            "expected one common group, got S_3 and C_3",
        ),
        (lambda: reps.direct_sum(), "parts: expected at least one"),
        (
            lambda: reps.lifted(reps.vector(S3), reps.vector(groups.cyclic(3))),
            "expected one common group",
        ),
        (lambda: reps.channels(reps.vector(S3), 0), "count: expected an integer of at least 1"),
        (lambda: reps.image(S3), "group: expected permutations of a square number.*got 3"),
        (lambda: reps.image(TRIANGLE), "group: expected permutations of a square number"),
        (lambda: reps.adjacency(TRIANGLE), "group: expected a permutation group, got MatrixGroup"),
        (lambda: reps.conjugated(reps.vector(S3), np.eye(2)), r"basis: .*\(3, 3\), got.*\(2, 2\)"),
        (lambda: reps.conjugated(reps.vector(S3), np.ones((3, 3))), "basis: .*rank 1"),
        (
            lambda: reps.conjugated(reps.vector(S3), np.full((3, 3), np.nan)),
            "basis: expected finite",
        ),
        (lambda: reps.exponents(0, 2), "variables, degree of at least 1, got 0, 2"),
        (lambda: reps.polynomial(reps.vector(S3), 0), "degree of at least 1, got 3, 0"),
        (
            lambda: reps.vector(S3).act(S3.identity, np.ones(4)),
            r"x: expected a last axis of 3.*\(4,",
        ),
        (lambda: reps.vector(TRIANGLE).act(np.eye(2), np.ones((2, 3))), "x: expected a last axis"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_representations_can_be_pickled(rho, rng):
    again = pickle.loads(pickle.dumps(rho))
    assert (type(again), again.group, repr(again)) == (type(rho), rho.group, repr(rho))
    for g in rho.group.sample(rng, 3):
        assert np.array_equal(again.matrix(g), rho.matrix(g))
    again.check()


BUILT = [
    reps.sign(S3),
    reps.dual(reps.conjugated(reps.vector(S3), np.diag([1.0, 2.0, 3.0]))),
    from_generators(S3, [[1, 2, 0], [1, 0, 2]], "permutations"),
    from_generators(S3, [[[1.0]], [[-1.0]]], "matrices"),
    from_generators(TRIANGLE, [[0, 1], [1, 0]], "permutations"),
]


@pytest.mark.parametrize("rho", BUILT, ids=repr)
def test_what_is_built_from_generators_can_be_pickled(rho):
    again = pickle.loads(pickle.dumps(rho))
    assert np.array_equal(every_image(again), every_image(rho))


@pytest.mark.parametrize("rho", [*REPRESENTATIONS, *BUILT])
def test_images_are_read_only(rho):
    before = every_image(rho).copy()
    for g in (*rho.group.generators, *rho.group.elements()):
        with pytest.raises(ValueError, match="read-only"):
            matrix = rho.matrix(g)
            matrix *= 0
        if isinstance(rho, PermutationRepresentation):
            with pytest.raises(ValueError, match="read-only"):
                rho.permutation(g)[0] = 0
    assert np.array_equal(every_image(rho), before)


@pytest.mark.parametrize("rho", [reps.vector(S3), reps.sign(S3)], ids=repr)
def test_act_takes_lists_integers_and_tensors(rho):
    g, x = [1, 2, 0], np.arange(2 * rho.dimension).reshape(2, -1)
    expected = x @ rho.matrix(g).T
    for given_as in (x, x.tolist(), x.astype(np.float32), torch.tensor(x), torch.tensor(x) * 1.0):
        moved = rho.act(g, given_as)
        assert isinstance(moved, torch.Tensor) == isinstance(given_as, torch.Tensor)
        np.testing.assert_array_equal(np.asarray(moved), expected)
    traced = torch.ones(rho.dimension, requires_grad=True)
    rho.act(g, traced).sum().backward()
    np.testing.assert_array_equal(traced.grad, rho.matrix(g).sum(axis=0))


@given(permutation_groups(max_degree=5, max_generators=2), st.data())
def test_images_of_generators_extend_if_some_representation_has_them(group, data):
    """The oracle lists pairs of elements and images: as many as elements, or no representation."""
    images = [data.draw(st.permutations(range(3))) for _ in group.generators]
    steps = zip(group.generators, images, strict=True)
    pairs = [(*g.tolist(), *(group.degree + np.array(p))) for g, p in steps]
    if len(closure(pairs)) == group.order:
        rho = from_generators(group, images, "drawn")
        rho.check()
        assert [rho.permutation(s).tolist() for s in group.generators] == images
    else:
        with pytest.raises(ValueError, match="images: not a representation, two ways"):
            from_generators(group, images, "drawn")
        with pytest.raises(ValueError, match="images: not a representation, two ways"):
            from_generators(group, [np.eye(3)[np.argsort(p)] for p in images], "drawn")


def test_a_group_too_large_to_list_is_represented_from_generators(monkeypatch, rng):
    S10 = groups.symmetric(10)
    monkeypatch.setattr(groups.PermutationGroup, "elements", None)
    graphs = reps.adjacency(S10)
    again = from_generators(S10, [graphs.permutation(s) for s in S10.generators], "again")
    again.check()
    for g in S10.sample(rng, 20):
        assert np.array_equal(again.permutation(g), graphs.permutation(g))
    with pytest.raises(ValueError, match="images: not a representation"):
        from_generators(S10, [[1, 2, 0], [1, 0, 2]], "S_10 on three points")


def test_names_say_what_acts_on_what():
    assert repr(reps.adjacency(S3)) == "adjacency of S_3 (dimension 9)"
    lift = reps.lifted(reps.vector(S3), reps.trivial(S3))
    assert lift.name == "maps vector -> trivial(1)"
    assert lift.dimension == 3


def test_equal_groups_may_be_mixed():
    rho = reps.direct_sum(reps.vector(groups.cyclic(3)), reps.vector(groups.cyclic(3)))
    assert len(closure([rho.permutation(g) for g in rho.group.generators])) == 3
