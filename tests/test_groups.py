"""Groups: axioms, orders, Haar measure, conjugacy classes."""

import itertools
import math
import pickle
from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from cases import (
    CUBE,
    closure,
    matrix_groups,
    permutation_groups,
    plane_dihedral,
    refusals,
    seeds,
    well_conditioned,
)
from learnsym import gallery, groups
from learnsym.groups import Group, MatrixGroup, PermutationGroup

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


@given(permutation_groups(max_degree=4) | matrix_groups(max_degree=3), seeds)
def test_random_generators_generate_a_group(group, seed):
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
    if group.degree < 5:
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


def brute_force_classes(elements):
    """Return the conjugacy classes of a set of permutation tuples."""
    inverse = {g: tuple(np.argsort(g).tolist()) for g in elements}
    return {frozenset(tuple(h[g[i]] for i in inverse[h]) for h in elements) for g in elements}


@given(permutation_groups(max_degree=4) | st.integers(1, 5).map(groups.symmetric))
def test_conjugacy_classes_agree_with_brute_force(group):
    """Also for all of S_n, whose classes are those of cycle types."""
    expected = brute_force_classes(closure(group.generators))
    for classes in (group.conjugacy_classes(), Group.conjugacy_classes(group)):
        sizes = {next(c for c in expected if tuple(g.tolist()) in c): n for g, n in classes}
        assert len(classes) == len(expected) and sizes == {c: len(c) for c in expected}


def keeping_neighbours(n):
    """Permutations that keep the sides of a polygon."""
    sides = {frozenset((i, (i + 1) % n)) for i in range(n)}
    every = itertools.permutations(range(n))
    return {p for p in every if {frozenset(p[i] for i in side) for side in sides} == sides}


TURNS = {n: {tuple((i + k) % n for i in range(n)) for k in range(n)} for n in (1, 2, 3, 5, 8)}
PAIRS = itertools.product(itertools.permutations(range(3)), TURNS[2])
NAMED = [
    *((groups.cyclic(n), turns) for n, turns in TURNS.items()),
    *((groups.symmetric(n), set(itertools.permutations(range(n)))) for n in (1, 2, 3, 5)),
    *((groups.dihedral(n), keeping_neighbours(n)) for n in (3, 4, 5, 6)),
    (groups.klein_four(), {(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)}),
    (
        groups.product(groups.symmetric(3), groups.cyclic(2)),
        {(*p, *(3 + i for i in q)) for p, q in PAIRS},
    ),
]


@pytest.mark.parametrize(("group", "expected"), NAMED, ids=lambda case: getattr(case, "name", ""))
def test_named_groups_have_their_elements(group, expected):
    assert as_tuples(group.elements()) == expected


def test_products_of_matrices():
    matrices = groups.product(groups.reflection([1.0]), QUATERNIONS)
    assert (matrices.order, matrices.dimension) == (16, 5)
    parts = {(g[0, 0], QUATERNIONS.key(g[1:, 1:])) for g in matrices.elements()}
    assert parts == set(itertools.product((1, -1), range(8)))


def test_a_reflection_negates_its_normal_and_nothing_else(rng):
    normal = rng.standard_normal(4)
    group = groups.reflection(normal)
    (mirror,) = group.generators
    along = rng.standard_normal(4)
    along -= along @ normal / (normal @ normal) * normal
    np.testing.assert_allclose(mirror @ normal, -normal)
    np.testing.assert_allclose(mirror @ along, along)
    assert group.order == 2


def moved(group, pixels):
    """Return what every element makes of an image, as tuples of rows."""
    flat = pixels.ravel()
    images = set()
    for g in group.elements():
        result = np.empty_like(flat)
        result[g] = flat
        images.add(tuple(result.tolist()))
    return images


def rolls(axes="xy", step=1, turns=(0,)):
    """Return a function of an image: its rotations, rolled along the axes."""

    def images(pixels):
        shifts = [range(0, len(pixels), step) if axis in axes else (0,) for axis in "yx"]
        ways = itertools.product(turns, itertools.product(*shifts))
        return {tuple(np.roll(np.rot90(pixels, k), s, (0, 1)).ravel().tolist()) for k, s in ways}

    return images


@pytest.mark.parametrize(
    ("group", "images", "order"),
    [
        *((groups.image_rotations(side), rolls("", turns=range(4)), 4) for side in (2, 3, 4)),
        (groups.image_translations(4, "x"), rolls("x"), 4),
        (groups.image_translations(4, "y"), rolls("y"), 4),
        (groups.image_translations(4), rolls(), 16),
        (groups.image_translations(4, "x", 2), rolls("x", 2), 2),
        (groups.image_translations(4, "xy", 2), rolls("xy", 2), 4),
        # on 2 x 2 images the half turn is itself a translation, so 16 products are 8 elements
        *(
            (groups.image_rototranslations(side), rolls(turns=range(4)), order)
            for side, order in ((2, 8), (3, 36), (4, 64), (5, 100))
        ),
    ],
)
def test_groups_of_images_are_rolls_of_rotations(group, images, order, rng):
    side = math.isqrt(group.degree)
    pixels = rng.random((side, side))
    expected = images(pixels)
    assert moved(group, pixels) == expected
    assert group.order == len(expected) == order


def test_the_generator_of_rotations_turns_counter_clockwise(rng):
    pixels, turned = rng.random((3, 3)), np.empty(9)
    turned[groups.image_rotations(3).generators[0]] = pixels.ravel()
    assert np.array_equal(turned.reshape(3, 3), np.rot90(pixels))


def test_groups_with_the_same_generators_are_equal():
    assert groups.cyclic(4) == groups.cyclic(4)
    assert len({groups.cyclic(4), groups.cyclic(4), groups.cyclic(5)}) == 2
    assert groups.cyclic(4) != groups.dihedral(4)
    assert groups.reflection([1.0, 0.0]) != groups.reflection([0.0, 1.0])
    assert groups.symmetric(2) != MatrixGroup([[[0.0, 1.0], [1.0, 0.0]]])
    turn = gallery.rotation(2 * np.pi / 3)
    assert MatrixGroup([turn]) == MatrixGroup([turn + 1e-15])
    assert MatrixGroup([turn]) != MatrixGroup([turn @ turn])
    assert MatrixGroup([turn]) != MatrixGroup([turn, turn])


SMALL = [groups.cyclic(4), groups.symmetric(4), groups.klein_four(), QUATERNIONS]


@pytest.mark.parametrize("group", SMALL, ids=repr)
def test_arrays_handed_out_are_read_only(group):
    group.elements().clear()  # a list of the caller's own
    assert len(group.elements()) == group.order
    representatives = [g for g, _ in group.conjugacy_classes()]
    for array in (*group.generators, group.identity, *group.elements(), *representatives[:1]):
        assert np.array_equal(group.element(array.tolist()), array)
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_group_keeps_no_array_of_its_caller():
    turn, mirror = np.array([1, 2, 3, 0]), np.diag([1.0, -1.0])
    group, matrices = PermutationGroup([turn]), MatrixGroup([mirror])
    turn[:] = mirror[:] = 0
    assert group.elements()[1].tolist() == [1, 2, 3, 0]
    assert np.array_equal(matrices.elements()[1], np.diag([1.0, -1.0]))


@pytest.mark.parametrize("group", [*SMALL, groups.symmetric(100)], ids=repr)
def test_groups_can_be_pickled(group):
    again = pickle.loads(pickle.dumps(group))
    assert (again, again.name, again.order) == (group, group.name, group.order)
    assert hash(again) == hash(group)
    with pytest.raises(ValueError, match="read-only"):
        again.generators[0][:] = 0
    drawn = [g.sample(np.random.default_rng(1), 5) for g in (group, again)]
    assert np.array_equal(*drawn) and drawn[0].shape == (5, *group.identity.shape)
    assert len(group.sample(np.random.default_rng(0), 0)) == 0


@given(permutation_groups(max_degree=5), st.data())
def test_permutations_outside_a_group_are_refused(group, data):
    g = data.draw(st.permutations(range(group.degree)))
    if tuple(g) in closure(group.generators):
        assert group.element(g).tolist() == g
    else:
        with pytest.raises(ValueError, match=r"g: expected an element of random perm.*, got \["):
            group.element(g)


@pytest.fixture
def no_chains(monkeypatch):
    """Make Schreier-Sims an error."""
    monkeypatch.setattr(groups, "SympyGroup", None)


def test_of_a_symmetric_group_the_order_is_known_without_computation(no_chains, rng):
    group = groups.symmetric(100)
    assert repr(group) == "S_100"
    assert group.order == math.factorial(100)
    (drawn,) = group.sample(rng, 1)
    assert group.element(drawn) is drawn
    assert repr(groups.product(group, group)) == "S_100 x S_100"
    with pytest.raises(ValueError, match="at most 200000 elements, got S_100 of order"):
        group.elements()
    with pytest.raises(ValueError, match="at most 200000 classes, got 190569292 of S_100; average"):
        group.conjugacy_classes()
    with pytest.raises(TypeError, match="not callable"):
        groups.cyclic(100).order  # noqa: B018


@pytest.mark.parametrize(
    ("points", "order"), [((0, 1), 24), ((1, 2), 24), ((0, 3), 24), ((0, 2), 8)]
)
def test_a_cycle_and_a_swap(points, order):
    swap = np.arange(4)
    swap[list(points)] = points[::-1]
    group = PermutationGroup([[1, 2, 3, 0], swap])
    assert group.order == len(group.elements()) == order
    assert group._is_full == (order == 24)


def test_shuffled_points_are_uniform(rng):
    """Above 30 points, S_n is sampled without its chain."""
    drawn = groups.symmetric(31).sample(rng, 3100)
    assert np.array_equal(np.sort(drawn, axis=1), np.tile(np.arange(31), (3100, 1)))
    places = [np.bincount(column, minlength=31) for column in drawn.T]
    assert all(chisquare(row).pvalue > 1e-4 for row in places)


HALF, Q = np.diag([1.0, -1.0]), QUATERNIONS.elements()[1]
S3, C3 = groups.symmetric(3), groups.cyclic(3)
NOT_FINITE = r"generators\[0\]: closure fails.*finite order"


test_what_is_no_group_is_refused_with_the_reason = refusals(
    (lambda: MatrixGroup([SHEAR]), NOT_FINITE + r".*\[\[1.0, 1"),
    (
        lambda: MatrixGroup([HALF, gallery.rotation(1.0)]),
        r"generators\[1\]: closure fails.*finite order",
    ),
    (lambda: MatrixGroup([2 * np.eye(2)]), NOT_FINITE + ".*first 29 powers.*exceed 1e\\+09"),
    (lambda: MatrixGroup([0.5 * np.eye(2)]), NOT_FINITE),
    (
        lambda: MatrixGroup([gallery.rotation(2 * np.pi / 20_000)]),
        r"10000 at most.*none of whose first 10000 powers",
    ),
    (
        lambda: MatrixGroup([gallery.rotation(2 * np.pi / 3).round(10)]),
        r"power 3 comes closest and misses it by 6\.6e-11",
    ),
    (
        lambda: MatrixGroup([HALF, HALF @ gallery.rotation(1.0)]),
        r"closure fails.*equal or apart.*a distance of.*product of \[\[.*\]\] and \[\[",
    ),
    (
        lambda: MatrixGroup([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 2.0], [0.5, 0.0]]]),
        r"closure fails.*entries up to 1e\+09.*product of \[\[.*\]\] and \[\[",
    ),
    (lambda: MatrixGroup([np.eye(2), np.diag([1.0, 0.0])]), r"\[1\]: the inverse axiom fails"),
    (lambda: MatrixGroup([np.ones((2, 3))]), r"generators\[0\]: expected a square.*\(2, 3\)"),
    (lambda: MatrixGroup([np.ones(4)]), r"generators\[0\]: expected a square matrix"),
    (lambda: MatrixGroup([np.eye(2), np.eye(3)]), r"one common shape.*\(2, 2\).*\(3, 3\)"),
    (lambda: MatrixGroup([np.eye(2) * np.nan]), r"generators\[0\]: expected finite"),
    (lambda: MatrixGroup([np.diag([1j, 1])]), r"generators\[0\]: expected real.*complex"),
    (lambda: MatrixGroup([np.eye(2), [[1, 2], [3]]]), r"\[1\]: expected rows of equal length"),
    (lambda: MatrixGroup([[["a", "b"], ["c", "d"]]]), r"generators\[0\]: expected real.*<U1"),
    (lambda: MatrixGroup([[[None, 1], [1, 0]]]), r"generators\[0\]: expected real.*object"),
    (lambda: PermutationGroup([[1, 0], [[0], [1, 2]]]), r"generators\[1\]: .*equal length"),
    (lambda: PermutationGroup([["a", "b"]]), r"generators\[0\]: expected a.*integer.*<U1"),
    (lambda: S3.sample(None, 2), "rng: expected a .*Generator, got None"),
    (lambda: QUATERNIONS.sample(None, 2), "rng: expected a numpy.random.Generator, got None"),
    (lambda: QUATERNIONS.sample(np.random.RandomState(0), 2), "rng: expected a .*Generator"),
    (lambda: S3.sample(np.random.default_rng(0), -1), "size: .*got -1"),
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
    (lambda: groups.reflection([np.inf, 1.0]), "normal: expected finite"),
    (lambda: groups.reflection(np.eye(2)), "normal: expected a finite non-zero vector"),
    (
        lambda: groups.product(groups.cyclic(2), groups.reflection([1.0])),
        "product: .*got PermutationGroup and MatrixGroup",
    ),
    (lambda: groups.image_rotations(1), "side: expected an integer of at least 2, got 1"),
    (lambda: groups.image_rototranslations(4.0), "side: expected an integer"),
    (lambda: groups.image_translations(4, "yx"), "axes: expected 'x', 'y' or 'xy', got 'yx'"),
    (lambda: groups.image_translations(4, "x", 3), "step: expected a divisor of side = 4, got 3"),
    (lambda: groups.image_translations(4, "x", 0), "step: expected an integer of at least 1"),
    (lambda: groups.image_translations(3, "x", 1.5), "step: expected an integer of at least 1"),
    *(
        (partial(group.element, g), "^g: expected an element of")
        for group, outside in (
            (C3, ([1, 0, 2], [1, 2, 3, 0], [1.0, 2.0, 0.0])),
            (S3, ([0, 0, 1], [1, 2], np.eye(3))),
            (QUATERNIONS, (np.eye(3), [1, 0, 2, 3], Q + 1e-6)),
        )
        for g in outside
    ),
    (lambda: QUATERNIONS.element(Q * np.nan), "^g: expected finite"),
    (lambda: QUATERNIONS.element(Q * 1j), "^g: expected real"),
)


# --- elements are equal if near -------------------------------------------------------------------

CYCLE = [gallery.rotation(2 * np.pi / 12)]
MATRICES = {  # generators, order, sizes of the conjugacy classes
    "C_12": (CYCLE, 12, [1] * 12),
    "D_3": (plane_dihedral(3), 6, [1, 2, 3]),
    "D_4": (plane_dihedral(4), 8, [1, 1, 2, 2, 2]),
    "D_7": (plane_dihedral(7), 14, [1, 2, 2, 2, 7]),
    "D_30": (plane_dihedral(30), 60, [1, 1, *[2] * 14, 15, 15]),
    "cube": (CUBE, 24, [1, 3, 6, 6, 8]),
    "Q_8": (QUATERNIONS.generators, 8, [1, 1, 2, 2, 2]),
}
matrices = pytest.mark.parametrize("name", MATRICES)


def in_coordinates(name, S):
    """Return a group of the table in the coordinates ``S``."""
    return MatrixGroup([S @ g @ np.linalg.inv(S) for g in MATRICES[name][0]], name)


def assert_is_group(group, order, sizes, S, name):
    """Check order and classes, and that ``S`` undoes the change of basis, element by element."""
    elements = group.elements()
    assert group.order == len(elements) == order
    assert sorted(n for _, n in group.conjugacy_classes()) == sizes
    straight = np.array([np.linalg.inv(S) @ g @ S for g in elements])
    known = np.array(MatrixGroup(MATRICES[name][0]).elements())
    gaps = np.abs(straight[:, None] - known).max(axis=(2, 3))
    assert sorted(gaps.argmin(axis=1)) == list(range(order))
    assert gaps.min(axis=1).max() < 1e-8


def orthogonal(dimension, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((dimension, dimension)))[0]


def shear(dimension, amount):
    S = np.eye(dimension)
    S[0, -1] = amount
    return S


@matrices
@given(seeds, st.sampled_from(["orthogonal", "oblique", "shear", "stretch"]))
def test_a_group_is_the_same_in_all_coordinates(name, seed, kind):
    rng, d = np.random.default_rng(seed), len(MATRICES[name][0][0])
    S = {
        "orthogonal": orthogonal(d, seed),
        "oblique": well_conditioned(d, seed),
        "shear": shear(d, rng.uniform(-5, 5)),
        "stretch": np.diag(10 ** rng.uniform(-0.5, 0.5, d)),
    }[kind]
    assert_is_group(in_coordinates(name, S), *MATRICES[name][1:], S, name)


def test_a_shear_that_rounding_once_split():
    S = shear(2, -0.00617315)
    assert_is_group(in_coordinates("D_3", S), 6, [1, 2, 3], S, "D_3")


@given(st.integers(-2_000_000, 2_000_000), st.sampled_from([4, 5, 6, 7, 8]), st.integers(-3, 3))
def test_no_digit_decides(step, digits, ulps):
    """An entry of the turn lies on a threshold of rounding to so many digits, give or take ulps."""
    threshold = (step + 0.5) * 10.0**-digits
    amount = (threshold + ulps * np.spacing(threshold) + 0.5) / np.sin(2 * np.pi / 3)
    if abs(amount) < 10:
        S = shear(2, amount)
        assert_is_group(in_coordinates("D_3", S), 6, [1, 2, 3], S, "D_3")


@given(st.floats(-3, 6), st.sampled_from(["C_12", "D_3", "D_4"]))
def test_however_oblique_the_order_is_right_or_refused(exponent, name):
    try:
        group = in_coordinates(name, shear(2, 10**exponent))
    except ValueError as error:
        assert exponent > 1.5, error
    else:
        assert group.order == MATRICES[name][1]


def test_what_rounding_cannot_tell_apart_is_refused():
    """Elements of D_3 of norm 5e6 may be 2e-7 apart, and their products are off by more."""
    steep = shear(2, 1_500.0)
    with pytest.raises(ValueError, match=r"closure fails|rounding can tell apart"):
        MatrixGroup([steep @ g @ np.linalg.inv(steep) for g in plane_dihedral(3)])
    assert MatrixGroup([[[1.0, 0.0], [2e6, -1.0]]]).order == 2  # two elements, far apart


def tables(group, elements):
    number = {group.key(g): i for i, g in enumerate(elements)}
    left = [[number[group.key(group.multiply(s, g))] for g in elements] for s in group.generators]
    right = [[number[group.key(group.multiply(g, s))] for g in elements] for s in group.generators]
    return np.array(left), np.array(right)


def test_tables_that_are_no_group_are_refused():
    for group in (groups.symmetric(3), groups.dihedral(4), groups.symmetric(4)):
        groups._check_regular(*tables(group, group.elements()))
    group = groups.symmetric(3)
    left, right = tables(group, group.elements())
    twice = np.concatenate([left, left[:, -1:]], axis=1)  # one element listed twice: order 7
    with pytest.raises(ValueError, match=r"closure fails.*7 elements.*too near"):
        groups._check_regular(twice, np.concatenate([right, right[:, -1:]], axis=1))
    for i, j in itertools.combinations(range(6), 2):
        wrong = left.copy()
        wrong[0, [i, j]] = wrong[0, [j, i]]
        with pytest.raises(ValueError, match="closure fails"):
            groups._check_regular(wrong, right)


def test_tensors_and_integers_are_taken_as_generators():
    swap = [[0, 1], [1, 0]]
    for given_as in (swap, np.array(swap), torch.tensor(swap), torch.eye(2).flip(0)):
        assert MatrixGroup([given_as]).order == 2
    assert PermutationGroup([torch.tensor([1, 0])]).order == 2


@pytest.mark.parametrize("size", [1e-3, 9e-10, 1e-11, 1e-12])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_shear_is_refused_however_small(size, sign):
    """For sign -1 the square is the shear: the first power is far from the identity."""
    shear = sign * np.array([[1.0, size], [0.0, 1.0]])
    with pytest.raises(ValueError, match=r"generators\[0\]: closure fails.*misses it by"):
        MatrixGroup([shear])


@pytest.mark.parametrize("angle", [1e-3, 1e-7, 1e-10])
def test_two_reflections_with_axes_close_together_are_refused(angle):
    other = gallery.rotation(angle) @ HALF @ gallery.rotation(-angle)
    with pytest.raises(ValueError, match="closure fails"):
        MatrixGroup([HALF, other])
    assert MatrixGroup([HALF, HALF + 1e-15]).order == 2


@pytest.mark.parametrize("order", [1, 2, 7, 1_000, 10_000])
@pytest.mark.parametrize("stretch", [1.0, 30.0])
def test_rounding_is_no_reason_to_refuse(order, stretch):
    basis = np.diag([1.0, stretch]) @ gallery.rotation(0.3)
    turn = basis @ gallery.rotation(2 * np.pi / order) @ np.linalg.inv(basis)
    assert MatrixGroup([turn]).order == order
