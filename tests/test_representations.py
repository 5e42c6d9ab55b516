"""Representations: the homomorphism property, constructions, polynomial features."""

import itertools
import math
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    ALL,
    REPRESENTATIONS,
    closure,
    every_image,
    matrix_groups,
    permutation_groups,
    refusals,
    representation_pairs,
    representations,
    seeds,
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


def one_wrong(g):
    """Wrong for the half turn of four points, which is no generator."""
    return np.arange(4) if g.tolist() == [2, 3, 0, 1] else g


D4 = groups.dihedral(4)


def without_flip(g):
    """Drop the flip from r^k f: wrong for the second generator only."""
    return g if (g[1] - g[0]) % 4 == 1 else g[D4.generators[1]]


def first_moves(g):
    return np.array([[-1.0 if g[0] else 1.0]])


def swapped(g):
    return np.array([1, 0])


BROKEN = [
    (inverted(S3), r"not a representation, .* s = \[.*\], g = \[.*\]"),
    (inverted(S7), r"not a representation, .* s = \[.*\], g = \[.*\]"),
    (
        PermutationRepresentation(groups.cyclic(4), 4, one_wrong, "one wrong"),
        "one wrong: not a representation",
    ),
    (PermutationRepresentation(D4, 4, without_flip, "no flip"), "no flip: not a representation"),
    (PermutationRepresentation(groups.cyclic(2), 2, swapped, "a swap"), r"rho\(e\) is not the id"),
    (PermutationRepresentation(S7, 2, swapped, "a swap"), r"rho\(e\) is not the identity"),
    (Representation(S3, 1, first_moves, "moves?"), r"moves\?: .*rho\(s g\) differs"),
    (Representation(S7, 1, first_moves, "moves?"), r"moves\?: .*rho\(s g\) differs"),
]


@pytest.mark.parametrize(("rho", "words"), BROKEN, ids=lambda case: repr(case))
def test_check_refuses_what_is_no_representation(rho, words):
    with pytest.raises(ValueError, match=words):
        rho.check(np.random.default_rng(1))


def test_check_tells_right_from_wrong():
    """Inverses of an abelian group, samples of a large group, and the elements that are named."""
    inverted(groups.klein_four()).check()
    reps.adjacency(groups.symmetric(9)).check()  # 362,880 elements: a proof would list them all
    turn = D4.generators[0]  # shows nothing: the second generator does
    for g in D4.elements():
        assert np.array_equal(without_flip(D4.multiply(turn, g)), turn[without_flip(g)])
    with pytest.raises(ValueError, match="not a representation") as error:
        inverted(S3).check()
    s, g = (
        np.array(found.split(", "), int) for found in re.findall(r"\[(.*?)\]", str(error.value))
    )
    assert not np.array_equal(np.argsort(s[g]), np.argsort(s)[np.argsort(g)])


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_action_character_and_orthogonality_are_those_of_the_matrices(rho, rng):
    x, matrices = rng.standard_normal((2, 3, rho.dimension)), every_image(rho)
    for g, matrix in zip(rho.group.elements(), matrices, strict=True):
        np.testing.assert_allclose(rho.act(g, x), x @ matrix.T, atol=1e-12)
        np.testing.assert_allclose(rho.act(g, x[0, 0]), matrix @ x[0, 0], atol=1e-12)
        assert rho.character(g) == pytest.approx(np.trace(matrix), abs=1e-12)
    defect = matrices @ matrices.transpose(0, 2, 1) - np.eye(rho.dimension)
    assert rho.is_orthogonal == (np.abs(defect).max() < 1e-9)


def test_permutation_matrices_move_coordinate_i_to_p_i(rng):
    g, x, rho, expected = np.array([2, 0, 1]), rng.standard_normal(3), reps.vector(S3), np.empty(3)
    for i in range(3):
        expected[g[i]] = x[i]
    np.testing.assert_array_equal(rho.matrix(g) @ x, expected)
    np.testing.assert_array_equal(rho.act(g, x), expected)


@given(representation_pairs() | representation_pairs(oblique=True), seeds)
def test_sums_act_on_each_part_and_products_on_both_factors(pair, seed):
    first, second = pair
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal(first.dimension), rng.standard_normal(second.dimension)
    both, paired = reps.direct_sum(first, second), reps.tensor(first, second)
    for g in first.group.generators:
        gx, gy = first.act(g, x), second.act(g, y)
        moved = both.act(g, np.concatenate([x, y]))
        np.testing.assert_allclose(moved, np.concatenate([gx, gy]), atol=1e-12)
        moved = paired.act(g, np.outer(x, y).ravel())
        np.testing.assert_allclose(moved, np.outer(gx, gy).ravel(), atol=1e-10)


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


def test_channels_move_alike_and_adjacency_relabels_rows_and_columns(rng):
    A, g = rng.standard_normal((4, 4)), np.array([2, 0, 3, 1])
    S4 = groups.symmetric(4)
    moved = reps.channels(reps.vector(S4), 4).act(g, A.ravel()).reshape(4, 4)
    np.testing.assert_array_equal(moved[:, g], A)
    moved = reps.adjacency(S4).act(g, A.ravel()).reshape(4, 4)
    np.testing.assert_array_equal(moved[np.ix_(g, g)], A)


def test_images_are_turned(rng):
    picture, turns = rng.random((4, 4)), reps.image(groups.image_rotations(4))
    moved = turns.act(turns.group.generators[0], picture.ravel()).reshape(4, 4)
    np.testing.assert_array_equal(moved, np.rot90(picture))


def test_the_sign_counts_inversions():
    rho = reps.sign(groups.symmetric(4))
    for g in rho.group.elements():
        inversions = sum(g[i] > g[j] for i, j in itertools.combinations(range(4), 2))
        assert rho.matrix(g) == (-1) ** inversions
    mirror = groups.reflection([3.0, 4.0])
    assert reps.sign(mirror).matrix(mirror.generators[0]) == -1


def test_the_trivial_representation_moves_nothing():
    assert (every_image(reps.trivial(S3, 4)) == np.eye(4)).all()


@given(permutation_groups(max_degree=4) | matrix_groups(3), st.integers(1, 3), seeds)
def test_polynomial_features_commute_with_the_action(group, degree, seed):
    rho = reps.vector(group)
    x, poly = (
        np.random.default_rng(seed).standard_normal(rho.dimension),
        reps.polynomial(rho, degree),
    )
    features = reps.monomials(x, degree)
    for g in group.elements():
        expected = reps.monomials(rho.matrix(g) @ x, degree)
        np.testing.assert_allclose(poly.matrix(g) @ features, expected, atol=1e-9, rtol=1e-9)
        np.testing.assert_allclose(poly.act(g, features), expected, atol=1e-8)


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


def test_from_generators_accepts_a_quotient():
    alternating = from_generators(groups.cyclic(4), [[[-1.0]]], "alternating")
    signs = [alternating.matrix(g).item() for g in groups.cyclic(4).elements()]
    assert signs == [1.0, -1.0, 1.0, -1.0]


C3, S10 = groups.cyclic(3), groups.symmetric(10)
POINTS, PLANE = reps.vector(S3), reps.vector(TRIANGLE)
NO_WAY = "images: not a representation, two ways"


def extended(*images, group=S3):
    return from_generators(group, images, "x")


def made(kind, dimension, action):
    return kind(S3, dimension, action, "x")


test_bad_input_is_refused = refusals(
    (lambda: extended([1, 0]), r"images: expected one per generator \(2\)"),
    (lambda: extended([0, 5], [0, 1]), r"images\[0\]: expected a permutation"),
    (lambda: extended([1, 0], [0, 1, 2]), r"images\[1\]: .*\[0, 1, 2\]"),
    (lambda: extended([0.0, 1.0], [0.0, 1.0]), r"images\[0\]: expected a permutation"),
    (lambda: extended(*[np.ones((2, 3))] * 2), r"images\[0\]: .*\(2, 2\), got"),
    (lambda: extended(np.eye(2), np.eye(3)), r"images\[1\]: .*got \(3, 3\)"),
    (lambda: extended(1.0, 1.0), r"images\[0\]: expected a matrix"),
    (lambda: extended(np.eye(2), [0, 1]), r"images\[1\]: expected a matrix"),
    (lambda: extended(*[1j * np.eye(2)] * 2), r"images\[0\]: .*real.*complex"),
    (lambda: extended(*[np.eye(2) * np.nan] * 2), r"images\[0\]: .*finite"),
    (lambda: extended(*[np.eye(0)] * 2), "dimension: .*at least 1, got 0"),
    (
        lambda: extended(*[np.eye(2)] * 2, group=S10),
        "at most 200000 elements, .* got S_10 of order 3628800; give Representation a function",
    ),
    (lambda: extended([[-1.0]], group=C3), NO_WAY),
    (lambda: extended([1, 0], [1, 0]), NO_WAY),  # a 3-cycle as a swap
    (
        lambda: made(Representation, 2, lambda g: np.eye(3)),
        r"action: expected finite real images of shape \(2, 2\), got shape \(3, 3\)",
    ),
    (lambda: made(Representation, 1, lambda g: np.array([[np.nan]])), "expected finite"),
    (lambda: made(Representation, 1, lambda g: np.array([[1j]])), "real .* of complex128"),
    (lambda: made(Representation, 0, lambda g: np.eye(0)), "dimension: .*at least 1, got 0"),
    (lambda: made(PermutationRepresentation, 3, np.diag), r"\(3,\), got shape \(3, 3\)"),
    (
        lambda: made(PermutationRepresentation, 2, lambda g: np.array([0, 0])),
        r"action: expected a permutation of 0\.\.1, got \[0, 0\] of int64",
    ),
    (
        lambda: made(PermutationRepresentation, 2, lambda g: np.array([0.0, 1.0])),
        r"action: expected a permutation of 0\.\.1, got \[0\.0, 1\.0\] of float64",
    ),
    (
        lambda: made(PermutationRepresentation, 3, lambda g: g - 1),
        r"action: expected a permutation of 0\.\.2",
    ),
    (lambda: reps.trivial(S3, 0), "dimension: expected an integer of at least 1, got 0"),
    (lambda: reps.monomials([1.0, np.inf], 2), "x: expected finite"),
    (lambda: POINTS.act([1, 0, 2], [1.0, np.nan, 0.0]), "x: expected finite"),
    (lambda: POINTS.act([1, 0, 2], [1.0, 1j, 0.0]), "x: expected real"),
    (lambda: POINTS.act([1, 0, 2, 3], np.ones(3)), "g: expected an element of S_3"),
    (lambda: POINTS.act(S3.identity, np.ones(4)), r"x: expected a last axis of 3.*\(4,"),
    (lambda: PLANE.act(np.eye(2), np.ones((2, 3))), "x: expected a last axis"),
    (lambda: POINTS.matrix(np.eye(3)), "g: expected an element of S_3"),
    (lambda: reps.vector(C3).permutation([1, 0, 2]), "g: .*element of C_3"),
    (lambda: reps.trivial(S3).character([0, 0, 1]), "g: expected an element of S_3"),
    (lambda: PLANE.matrix(gallery.rotation(1.0)), "g: .*element of D_3"),
    (
        lambda: reps.direct_sum(POINTS, reps.vector(C3)),
        "expected one common group, got S_3 and C_3",
    ),
    (lambda: reps.direct_sum(), "parts: expected at least one"),
    (lambda: reps.lifted(POINTS, reps.vector(C3)), "expected one common group"),
    (lambda: reps.channels(POINTS, 0), "count: expected an integer of at least 1"),
    (lambda: reps.image(S3), "group: expected permutations of a square number.*got 3"),
    (lambda: reps.image(TRIANGLE), "group: expected permutations of a square number"),
    (lambda: reps.adjacency(TRIANGLE), "group: expected a permutation group, got MatrixGroup"),
    (lambda: reps.conjugated(POINTS, 1j * np.eye(3)), "basis: .*real.*complex"),
    (lambda: reps.conjugated(POINTS, np.eye(2)), r"basis: .*\(3, 3\), got.*\(2, 2\)"),
    (lambda: reps.conjugated(POINTS, np.ones((3, 3))), "basis: .*rank 1"),
    (lambda: reps.conjugated(POINTS, np.full((3, 3), np.nan)), "basis: expected finite"),
    (lambda: reps.exponents(0, 2), "variables, degree of at least 1, got 0, 2"),
    (lambda: reps.polynomial(POINTS, 0), "degree of at least 1, got 3, 0"),
)


BUILT = [
    reps.sign(S3),
    reps.dual(reps.conjugated(reps.vector(S3), np.diag([1.0, 2.0, 3.0]))),
    from_generators(S3, [[1, 2, 0], [1, 0, 2]], "permutations"),
    from_generators(S3, [[[1.0]], [[-1.0]]], "matrices"),
    from_generators(TRIANGLE, [[0, 1], [1, 0]], "permutations"),
]


@pytest.mark.parametrize("rho", [*REPRESENTATIONS, *BUILT])
def test_representations_can_be_pickled_and_images_are_read_only(rho):
    before = every_image(rho).copy()
    again = pickle.loads(pickle.dumps(rho))
    assert (type(again), again.group, repr(again)) == (type(rho), rho.group, repr(rho))
    assert np.array_equal(every_image(again), before)
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
    monkeypatch.setattr(groups.PermutationGroup, "elements", None)
    graphs = reps.adjacency(S10)
    again = from_generators(S10, [graphs.permutation(s) for s in S10.generators], "again")
    again.check()
    for g in S10.sample(rng, 20):
        assert np.array_equal(again.permutation(g), graphs.permutation(g))
    with pytest.raises(ValueError, match="images: not a representation"):
        from_generators(S10, [[1, 2, 0], [1, 0, 2]], "S_10 on three points")


def test_names_say_what_acts_on_what_and_equal_groups_may_be_mixed():
    assert repr(reps.adjacency(S3)) == "adjacency of S_3 (dimension 9)"
    lift = reps.lifted(POINTS, reps.trivial(groups.symmetric(3)))
    assert (lift.name, lift.dimension) == ("maps vector -> trivial(1)", 3)
