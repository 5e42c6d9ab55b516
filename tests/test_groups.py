"""Groups: axioms, orders, Haar measure, conjugacy classes."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import chisquare

from cases import closure, matrix_groups, permutation_groups, seeds
from learnsym import gallery, groups
from learnsym.groups import Group, MatrixGroup, PermutationGroup, from_elements

SHEAR = [[1.0, 1.0], [0.0, 1.0]]
QUATERNIONS = gallery.matrix_cases()[-1].rho_in.group


def as_tuples(elements):
    return {tuple(g.tolist()) for g in elements}


def assert_axioms(group, elements, rng):
    """Check the four axioms on ``elements``; associativity on random triples."""
    keys = {group.key(g) for g in elements}
    assert len(keys) == len(elements), "an element is listed twice"
    assert group.key(group.identity) in keys, "identity"
    for a, b in itertools.product(elements, elements):
        assert group.key(group.multiply(a, b)) in keys, "closure"
    for a in elements:
        assert group.key(group.inverse(a)) in keys, "inverse"
        for product in (group.multiply(a, group.inverse(a)), group.multiply(group.inverse(a), a)):
            assert group.key(product) == group.key(group.identity), "inverse"
        assert group.key(group.multiply(a, group.identity)) == group.key(a), "identity"
    for _ in range(10):
        a, b, c = (elements[i] for i in rng.integers(len(elements), size=3))
        left = group.multiply(group.multiply(a, b), c)
        assert group.key(left) == group.key(group.multiply(a, group.multiply(b, c))), "associative"


@given(permutation_groups(max_degree=4), seeds)
def test_random_permutations_generate_a_group(group, seed):
    assert_axioms(group, group.elements(), np.random.default_rng(seed))


@given(matrix_groups(max_degree=3), seeds)
def test_random_matrices_generate_a_group(group, seed):
    assert_axioms(group, group.elements(), np.random.default_rng(seed))


@pytest.mark.parametrize("missing", range(1, 8))
def test_the_axiom_check_notices_a_missing_element(missing, rng):
    group = groups.dihedral(4)
    elements = group.elements()
    del elements[missing]
    with pytest.raises(AssertionError, match=r"closure|inverse"):
        assert_axioms(group, elements, rng)


@given(permutation_groups(max_degree=6))
def test_schreier_sims_and_enumeration_agree_with_brute_force(group):
    expected = closure(group.generators)
    listed = group.elements()
    assert group.order == len(listed) == len(expected)
    assert as_tuples(listed) == expected
    assert np.array_equal(listed[0], np.arange(group.degree))


@given(permutation_groups(max_degree=4))
def test_permutation_matrices_generate_a_group_of_the_same_order(group):
    matrices = [np.eye(group.degree)[:, np.argsort(g)] for g in group.generators]
    assert MatrixGroup(matrices).order == group.order


def test_multiplication_applies_the_right_factor_first():
    first, second = np.array([1, 2, 0]), np.array([1, 0, 2])
    product = groups.symmetric(3).multiply(second, first)
    assert [product[i] for i in range(3)] == [second[first[i]] for i in range(3)]
    assert not np.array_equal(product, groups.symmetric(3).multiply(first, second))


class EveryChoice:
    """Stands in for a random generator and returns every combination of choices once."""

    def __init__(self):
        self.combinations = 1

    def integers(self, high, size):
        choice = np.arange(size) // self.combinations % high
        self.combinations *= high
        return choice


@given(permutation_groups(max_degree=6))
def test_sampling_is_exactly_uniform(group):
    """Each combination of choices in the stabiliser chain makes another element."""
    choices = EveryChoice()
    drawn = group.sample(choices, group.order)
    assert choices.combinations == group.order
    assert len(as_tuples(drawn)) == group.order
    assert as_tuples(drawn) == closure(group.generators)


@pytest.mark.parametrize(
    "group",
    [groups.symmetric(4), groups.dihedral(6), groups.image_rototranslations(3), QUATERNIONS],
    ids=repr,
)
def test_samples_pass_a_chi_square_test(group, rng):
    count = 200 * group.order
    frequencies = Counter(group.key(g) for g in group.sample(rng, count))
    assert set(frequencies) == {group.key(g) for g in group.elements()}
    assert chisquare(list(frequencies.values())).pvalue > 1e-3


def test_the_chi_square_test_notices_random_words_in_the_generators(rng):
    group = groups.symmetric(4)
    words = rng.integers(2, size=(200 * group.order, 4))
    frequencies = Counter({group.key(g): 0 for g in group.elements()})
    for word in words:
        g = group.identity
        for letter in word:
            g = group.multiply(group.generators[letter], g)
        frequencies[group.key(g)] += 1
    assert chisquare(list(frequencies.values())).pvalue < 1e-6


def test_samples_of_a_group_that_is_too_large_to_list(rng):
    drawn = groups.symmetric(10).sample(rng, 2000)
    assert np.array_equal(np.sort(drawn, axis=1), np.tile(np.arange(10), (2000, 1)))
    places = np.array([np.bincount(column, minlength=10) for column in drawn.T])
    assert all(chisquare(row).pvalue > 1e-4 for row in places)
    parity = np.array([round(np.linalg.det(np.eye(10)[g])) for g in drawn])
    assert abs(parity.mean()) < 4 / math.sqrt(2000)


@pytest.mark.parametrize("group", [groups.symmetric(5), QUATERNIONS], ids=repr)
def test_a_seed_determines_the_samples(group):
    draws = [group.sample(np.random.default_rng(seed), 20) for seed in (3, 3, 4)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert draws[0].shape == (20, *group.identity.shape)
    assert len(group.sample(np.random.default_rng(0), 0)) == 0


def brute_force_classes(elements):
    """Return the conjugacy classes of a set of permutation tuples."""
    inverse = {g: tuple(np.argsort(g).tolist()) for g in elements}
    return {frozenset(tuple(h[g[i]] for i in inverse[h]) for h in elements) for g in elements}


@given(permutation_groups(max_degree=4))
def test_conjugacy_classes_agree_with_brute_force(group):
    expected = brute_force_classes(closure(group.generators))
    classes = group.conjugacy_classes()
    found = {next(c for c in expected if tuple(g.tolist()) in c): size for g, size in classes}
    assert len(classes) == len(found) == len(expected)
    assert all(len(c) == size for c, size in found.items())


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_cycle_types_agree_with_enumeration(degree):
    group = groups.symmetric(degree)
    expected = brute_force_classes(set(itertools.permutations(range(degree))))
    by_type, listed = group.conjugacy_classes(), Group.conjugacy_classes(group)
    for classes in (by_type, listed):
        sizes = {next(c for c in expected if tuple(g.tolist()) in c): n for g, n in classes}
        assert sizes == {c: len(c) for c in expected}


def test_classes_of_the_symmetric_group_of_degree_ten():
    sizes = {}
    for g, size in groups.symmetric(10).conjugacy_classes():
        sizes[cycle_type(g)] = size
    assert len(sizes) == 42
    assert sum(sizes.values()) == math.factorial(10)
    assert sizes[(1,) * 10] == 1
    assert sizes[(1,) * 8 + (2,)] == math.comb(10, 2)
    assert sizes[(1,) * 7 + (3,)] == 2 * math.comb(10, 3)
    assert sizes[(10,)] == math.factorial(9)
    assert sizes[(5, 5)] == math.comb(10, 5) // 2 * math.factorial(4) ** 2
    assert sizes[(2,) * 5] == 9 * 7 * 5 * 3


def cycle_type(permutation):
    lengths, seen = [], set()
    for start in range(len(permutation)):
        length, i = 0, start
        while i not in seen:
            seen.add(i)
            length, i = length + 1, int(permutation[i])
        lengths.append(length)
    return tuple(sorted(n for n in lengths if n))


def test_classes_of_matrix_groups():
    assert sorted(size for _, size in QUATERNIONS.conjugacy_classes()) == [1, 1, 2, 2, 2]
    triangle = gallery.matrix_cases()[2].rho_in.group
    assert sorted(size for _, size in triangle.conjugacy_classes()) == [1, 2, 3]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_orders_of_the_named_groups(n):
    assert groups.cyclic(n).order == n
    assert groups.symmetric(n).order == math.factorial(n)
    assert groups.product(groups.cyclic(n), groups.cyclic(3)).order == 3 * n


def test_a_large_symmetric_group_needs_no_enumeration():
    assert groups.symmetric(25).order == math.factorial(25)


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_the_dihedral_group_keeps_neighbours_of_a_polygon_neighbours(n):
    sides = {frozenset((i, (i + 1) % n)) for i in range(n)}
    expected = {
        p
        for p in itertools.permutations(range(n))
        if {frozenset(p[i] for i in side) for side in sides} == sides
    }
    assert as_tuples(groups.dihedral(n).elements()) == expected
    assert len(expected) == 2 * n


def test_the_klein_four_group():
    elements = as_tuples(groups.klein_four().elements())
    assert elements == {(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)}


def test_a_reflection_negates_its_normal_and_nothing_else(rng):
    normal = rng.standard_normal(4)
    group = groups.reflection(normal)
    (mirror,) = group.generators
    along = rng.standard_normal(4)
    along -= along @ normal / (normal @ normal) * normal
    np.testing.assert_allclose(mirror @ normal, -normal)
    np.testing.assert_allclose(mirror @ along, along)
    assert group.order == 2


def test_products_act_on_both_factors_independently():
    both = groups.product(groups.symmetric(3), groups.cyclic(2))
    expected = {
        (*p, *(3 + i for i in q))
        for p in itertools.permutations(range(3))
        for q in [(0, 1), (1, 0)]
    }
    assert as_tuples(both.elements()) == expected
    matrices = groups.product(groups.reflection([1.0]), QUATERNIONS)
    assert matrices.order == 16
    assert matrices.dimension == 5


def moved(group, pixels):
    """Return what every element makes of an image, as tuples of rows."""
    flat = pixels.ravel()
    images = set()
    for g in group.elements():
        result = np.empty_like(flat)
        result[g] = flat
        images.add(tuple(result.tolist()))
    return images


def flattened(arrays):
    return {tuple(a.ravel().tolist()) for a in arrays}


@pytest.mark.parametrize("side", [2, 3, 4])
def test_image_rotations_are_rot90(side, rng):
    pixels = rng.random((side, side))
    group = groups.image_rotations(side)
    assert moved(group, pixels) == flattened(np.rot90(pixels, k) for k in range(4))
    turned = np.empty(side * side)
    turned[group.generators[0]] = pixels.ravel()
    assert np.array_equal(turned.reshape(side, side), np.rot90(pixels))
    assert group.order == 4


@pytest.mark.parametrize(
    ("axes", "step", "order"), [("x", 1, 4), ("y", 1, 4), ("xy", 1, 16), ("x", 2, 2), ("xy", 2, 4)]
)
def test_image_translations_are_rolls(axes, step, order, rng):
    pixels = rng.random((4, 4))
    group = groups.image_translations(4, axes, step)
    shifts = [range(0, 4, step) if axis in axes else (0,) for axis in "yx"]
    expected = flattened(np.roll(pixels, s, axis=(0, 1)) for s in itertools.product(*shifts))
    assert moved(group, pixels) == expected
    assert group.order == len(expected) == order


@pytest.mark.parametrize(("side", "order"), [(2, 8), (3, 36), (4, 64), (5, 100)])
def test_image_rototranslations_are_rolls_of_rotations(side, order, rng):
    """On 2 x 2 images the half turn is itself a translation, so 16 products are 8 elements."""
    pixels = rng.random((side, side))
    group = groups.image_rototranslations(side)
    expected = flattened(
        np.roll(np.rot90(pixels, k), shift, axis=(0, 1))
        for k in range(4)
        for shift in itertools.product(range(side), repeat=2)
    )
    assert moved(group, pixels) == expected
    assert group.order == len(expected) == order


def test_groups_with_the_same_generators_are_equal():
    assert groups.cyclic(4) == groups.cyclic(4)
    assert len({groups.cyclic(4), groups.cyclic(4), groups.cyclic(5)}) == 2
    assert groups.cyclic(4) != groups.dihedral(4)
    assert groups.reflection([1.0, 0.0]) != groups.reflection([0.0, 1.0])
    assert groups.symmetric(2) != MatrixGroup([[[0.0, 1.0], [1.0, 0.0]]])
    assert repr(groups.symmetric(10)) == "S_10 (order 3628800)"


def test_elements_returns_a_list_of_its_own():
    group = groups.cyclic(3)
    group.elements().clear()
    assert len(group.elements()) == 3


@pytest.mark.parametrize("elements", [list(itertools.permutations(range(3))), [np.eye(2)]])
def test_from_elements_accepts_a_group(elements):
    assert from_elements(elements).order == len(elements)


@given(permutation_groups(max_degree=4), seeds)
@settings(max_examples=20)
def test_from_elements_accepts_all_elements_and_no_proper_part_that_is_no_subgroup(group, seed):
    elements = group.elements()
    assert from_elements(elements).order == group.order
    keep = np.random.default_rng(seed).random(len(elements)) < 0.7
    part = [g for g, kept in zip(elements, keep, strict=True) if kept]
    if part and len(closure(part)) > len(part):
        with pytest.raises(ValueError, match=r"axiom|closure"):
            from_elements(part)


TURN, HALF = gallery.rotation(2 * np.pi / 3), np.diag([1.0, -1.0])
OBLIQUE_SWAP = [[0.0, 2.0], [0.5, 0.0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MatrixGroup([SHEAR]), r"generators\[0\]: closure fails.*finite order.*\[\[1.0, 1"),
        (
            lambda: MatrixGroup([HALF, gallery.rotation(1.0)]),
            r"generators\[1\]: closure fails.*finite order",
        ),
        (lambda: MatrixGroup([2 * np.eye(2)]), r"generators\[0\]: closure fails.*finite order"),
        (lambda: MatrixGroup([0.5 * np.eye(2)]), r"generators\[0\]: closure fails.*finite order"),
        (
            lambda: MatrixGroup([HALF, HALF @ gallery.rotation(1.0)]),
            r"closure fails.*10000 elements.*product of \[\[.*\]\] and \[\[",
        ),
        (
            lambda: MatrixGroup([[[0.0, 1.0], [1.0, 0.0]], OBLIQUE_SWAP]),
            r"closure fails.*entries up to 1e\+09.*product of \[\[.*\]\] and \[\[",
        ),
        (lambda: MatrixGroup([np.eye(2), np.diag([1.0, 0.0])]), r"\[1\]: the inverse axiom fails"),
        (lambda: MatrixGroup([np.ones((2, 3))]), r"generators\[0\]: expected a square.*\(2, 3\)"),
        (lambda: MatrixGroup([np.ones(4)]), r"generators\[0\]: expected a square matrix"),
        (lambda: MatrixGroup([np.eye(2), np.eye(3)]), r"one common shape.*\(2, 2\).*\(3, 3\)"),
        (lambda: MatrixGroup([np.eye(2) * np.nan]), r"generators\[0\]: expected finite"),
        (lambda: MatrixGroup([np.diag([1j, 1])]), r"generators\[0\]: expected real.*complex"),
        (
            lambda: MatrixGroup([np.eye(2), [[1, 2], [3]]]),
            r"\[1\]: expected rows of equal length",
        ),
        (lambda: MatrixGroup([[["a", "b"], ["c", "d"]]]), r"generators\[0\]: expected real.*<U1"),
        (lambda: MatrixGroup([[[None, 1], [1, 0]]]), r"generators\[0\]: expected real.*object"),
        (lambda: PermutationGroup([[1, 0], [[0], [1, 2]]]), r"generators\[1\]: .*equal length"),
        (lambda: PermutationGroup([["a", "b"]]), r"generators\[0\]: expected a.*integer.*<U1"),
        (lambda: from_elements([[0, 1], [[0], [1, 2]]]), r"elements\[1\]: .*equal length"),
        (
            lambda: groups.symmetric(3).sample(None, 2),
            "rng: expected a .*Generator, got None",
        ),
        (lambda: QUATERNIONS.sample(None, 2), "rng: expected a numpy.random.Generator, got None"),
        (
            lambda: QUATERNIONS.sample(np.random.RandomState(0), 2),
            "rng: expected a .*Generator",
        ),
        (lambda: groups.symmetric(3).sample(np.random.default_rng(0), -1), "size: .*got -1"),
        (lambda: QUATERNIONS.sample(np.random.default_rng(0), 1.5), "size: .*got 1.5"),
        (lambda: MatrixGroup([]), "generators: expected at least one"),
        (lambda: PermutationGroup([]), "generators: expected at least one"),
        (lambda: PermutationGroup([[0, 0, 1]]), r"generators\[0\].*\[0, 0, 1\].*no inverse"),
        (lambda: PermutationGroup([[0, 1], [1, 2]]), r"generators\[1\].*0\.\.1, got \[1, 2\]"),
        (lambda: PermutationGroup([[0.0, 1.0]]), r"generators\[0\]: expected a.*integer.*float64"),
        (lambda: PermutationGroup([np.eye(2, dtype=int)]), r"one-dimensional.*\(2, 2\)"),
        (lambda: PermutationGroup([np.array([], dtype=int)]), r"generators\[0\]: .*non-empty"),
        (lambda: PermutationGroup([[0, 1], [0, 1, 2]]), r"common shape.*\(2,\).*\(3,\)"),
        (lambda: groups.symmetric(10).elements(), "200000 elements.*S_10 of order 3628800.*sample"),
        (lambda: groups.symmetric(0), "n: expected an integer of at least 1, got 0"),
        (lambda: groups.cyclic(2.5), "n: expected an integer of at least 1, got 2.5"),
        (lambda: groups.dihedral(2), "n: expected an integer of at least 3, got 2"),
        (lambda: groups.reflection([0.0, 0.0]), "normal: expected a finite non-zero vector"),
        (lambda: groups.reflection([np.inf, 1.0]), "normal: expected a finite"),
        (lambda: groups.reflection(np.eye(2)), "normal: expected a finite non-zero vector"),
        (
            lambda: groups.product(groups.cyclic(2), groups.reflection([1.0])),
            "product: .*got PermutationGroup and MatrixGroup",
        ),
        (lambda: groups.image_rotations(1), "side: expected an integer of at least 2, got 1"),
        (lambda: groups.image_rototranslations(4.0), "side: expected an integer"),
        (lambda: groups.image_translations(4, "yx"), "axes: expected 'x', 'y' or 'xy', got 'yx'"),
        (
            lambda: groups.image_translations(4, "x", 3),
            "step: expected a divisor of side = 4, got 3",
        ),
        (lambda: groups.image_translations(4, "x", 0), "step: expected an integer of at least 1"),
        (lambda: groups.image_translations(3, "x", 1.5), "step: expected an integer of at least 1"),
        (lambda: from_elements([]), "expected at least one"),
        (lambda: from_elements([[1, 0]]), "elements: the identity axiom fails"),
        (lambda: from_elements([[0, 1, 2], [1, 2, 0]]), r"inverse axiom fails, elements\[1\]"),
        (
            lambda: from_elements([[0, 1, 2], [1, 0, 2], [0, 2, 1]]),
            r"closure fails, elements\[1\] times elements\[2\]",
        ),
        (lambda: from_elements([[0, 1], [1, 0], [1, 0]]), "expected 3 different ones, got 2"),
        (lambda: from_elements([np.eye(2), TURN]), r"inverse axiom fails, elements\[1\]"),
        (lambda: from_elements([-np.eye(2)]), "identity axiom fails"),
        (
            lambda: from_elements([np.eye(2), HALF, TURN @ HALF]),
            r"closure fails, elements\[1\] times elements\[2\]",
        ),
        (lambda: from_elements([np.eye(2), SHEAR]), r"generators\[1\]: closure fails"),
        (lambda: from_elements([np.eye(2), np.zeros((2, 2))]), r"\[1\]: the inverse axiom fails"),
        (lambda: from_elements([np.eye(2), [0, 1]]), r"generators\[1\]: expected a square matrix"),
    ],
)
def test_what_is_no_group_is_refused_with_the_reason(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("size", [1e-3, 9e-10, 1e-11, 1e-12])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_shear_is_refused_however_small(size, sign):
    """For sign -1 the square is the shear: the first power is far from the identity."""
    shear = sign * np.array([[1.0, size], [0.0, 1.0]])
    with pytest.raises(ValueError, match=r"generators\[0\]: closure fails.*misses it by"):
        MatrixGroup([shear])


@pytest.mark.parametrize("angle", [1e-3, 1e-7, 1e-10])
def test_two_reflections_with_axes_close_together_are_refused(angle):
    mirror = np.diag([1.0, -1.0])
    other = gallery.rotation(angle) @ mirror @ gallery.rotation(-angle)
    with pytest.raises(ValueError, match="closure fails"):
        MatrixGroup([mirror, other])
    assert MatrixGroup([mirror, mirror + 1e-15]).order == 2


@pytest.mark.parametrize("order", [1, 2, 7, 1_000, 10_000])
@pytest.mark.parametrize("stretch", [1.0, 30.0])
def test_rounding_is_no_reason_to_refuse(order, stretch):
    basis = np.diag([1.0, stretch]) @ gallery.rotation(0.3)
    turn = basis @ gallery.rotation(2 * np.pi / order) @ np.linalg.inv(basis)
    assert MatrixGroup([turn]).order == order


def test_a_rotation_of_too_large_an_order_is_refused_with_the_limit():
    turn = gallery.rotation(2 * np.pi / 20_000)
    with pytest.raises(ValueError, match=r"10000 at most.*none of whose first 10000 powers"):
        MatrixGroup([turn])


def test_a_rotation_with_few_digits_is_refused_with_the_gap():
    rounded = gallery.rotation(2 * np.pi / 3).round(10)
    with pytest.raises(ValueError, match=r"power 3 comes closest and misses it by 4e-11"):
        MatrixGroup([rounded])


def test_entries_that_grow_are_named():
    with pytest.raises(ValueError, match=r"first 29 powers.*entries of later powers exceed 1e\+09"):
        MatrixGroup([2 * np.eye(2)])
