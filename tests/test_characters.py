"""Characters of abelian groups: tables against definitions and formulas, bases, refusals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cases
from learnsym import groups
from learnsym import representations as reps
from learnsym.characters import Characters
from learnsym.groups import PermutationGroup, cyclic, image_rotations, image_translations, product

ROOT = 1e-12


def power(g, exponent):
    found = np.arange(len(g))
    for _ in range(exponent):
        found = g[found]
    return found


TURN = cyclic(12).generators[0]
ABELIAN = [
    *map(cyclic, (1, 2, 3, 4, 5, 6, 8, 9, 12)),
    groups.klein_four(),
    product(cyclic(2), cyclic(3)),
    product(cyclic(4), cyclic(6)),
    product(product(cyclic(2), cyclic(2)), cyclic(4)),
    *map(image_translations, (2, 3, 4, 5, 6)),
    *(image_translations(side, "x") for side in (3, 4, 6)),
    image_translations(5, "y"),
    image_translations(6, step=2),
    image_translations(6, step=3),
    image_translations(4, "x", 2),
    image_translations(4, step=4),
    *map(image_rotations, (2, 4, 5, 6)),
    PermutationGroup([power(TURN, k) for k in (6, 4, 0, 3, 2)], "C_12 in small steps"),
    PermutationGroup([TURN, power(TURN, 5), TURN], "C_12 three times"),
    groups.MatrixGroup(cases.plane_dihedral(5)[:1], "turns by 72 degrees"),
    groups.MatrixGroup([np.diag([-1.0, 1.0]), np.diag([1.0, -1.0])], "signs"),
]
abelian = pytest.mark.parametrize("group", ABELIAN, ids=lambda group: group.name)


def is_table(table, group):
    """Whether these are all characters, the trivial one first, columns as the elements."""
    elements = group.elements()
    if table.shape != (len(elements), len(elements)):
        return False
    number = {group.key(g): index for index, g in enumerate(elements)}
    products = [[number[group.key(group.multiply(g, h))] for h in elements] for g in elements]
    scaled = len(elements) * np.eye(len(elements))
    return (
        np.allclose(table[0], 1, atol=ROOT)
        and np.allclose(table[:, products], table[:, :, None] * table[:, None], atol=ROOT)
        and np.allclose(table @ table.conj().T, scaled, atol=1e-9)
        and np.allclose(table.conj().T @ table, scaled, atol=1e-9)
    )


@abelian
def test_characters_are_all_orthogonal_homomorphisms(group):
    characters = Characters(group)
    assert is_table(characters.table, group)
    assert characters.phases.min() >= 0 and characters.phases.max() < characters.modulus
    numbers = [characters.number(g) for g in group.elements()]
    assert numbers == list(range(group.order))


@st.composite
def commuting(draw):
    """Random elements of a product of circles: often redundant, often of a subgroup."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    exponents = st.tuples(*(st.integers(0, size - 1) for size in sizes))
    generators = []
    for chosen in draw(st.lists(exponents, min_size=1, max_size=4)):
        turns = [power(cyclic(n).generators[0], k) for n, k in zip(sizes, chosen, strict=True)]
        starts = np.cumsum([0, *sizes[:-1]])
        generators.append(np.concatenate([s + t for s, t in zip(starts, turns, strict=True)]))
    return PermutationGroup(generators, f"{len(generators)} commuting permutations")


@given(commuting())
def test_any_generators_will_do(group):
    characters = Characters(group)
    assert is_table(characters.table, group)
    assert len(characters.real) == involutions(group)


def involutions(group):
    """Elements that are their own inverse: as many as real characters."""
    keys = [group.key(group.multiply(g, g)) for g in group.elements()]
    return keys.count(group.key(group.identity))


@pytest.mark.parametrize("side", [2, 3, 4, 6])
def test_characters_of_translations_are_plane_waves(side):
    group = image_translations(side)
    shifts = np.array([divmod(int(g[0]), side) for g in group.elements()])
    waves = np.array(list(itertools.product(range(side), repeat=2)))
    expected = waves @ shifts.T % side
    found = Characters(group)
    assert found.modulus == side
    assert {tuple(row) for row in found.phases} == {tuple(row) for row in expected}


def broken_tables(table):
    swapped = table.copy()
    swapped[[1, 2], 3] = swapped[[2, 1], 3]
    yield swapped
    conjugated = table.copy()
    conjugated[1, 3] = conjugated[1, 3].conj()
    yield conjugated
    yield table[:, [0, 2, 1, *range(3, len(table))]]
    yield table[[1, 0, *range(2, len(table))]]
    yield table[[0, 1, 1, *range(3, len(table))]]
    yield table[:-1]


def test_broken_tables_are_found():
    group = cyclic(5)
    table = Characters(group).table
    assert is_table(table, group)
    assert [is_table(broken, group) for broken in broken_tables(table)] == [False] * 6


@abelian
def test_quotients_are_those_of_the_values(group):
    characters = Characters(group)
    ratios = characters.table[:, None] / characters.table
    assert np.allclose(characters.table[characters.quotients], ratios, atol=ROOT)


@abelian
def test_real_characters_and_pairs(group):
    characters = Characters(group)
    table, real, pairs = characters.table, characters.real, characters.pairs
    assert real[0] == 0 and len(real) == involutions(group)
    assert len(real) + 2 * len(pairs) == group.order
    is_real = np.abs(table.imag).max(axis=1) < ROOT
    assert np.array_equal(np.flatnonzero(is_real), real)
    conjugates = characters.quotients[0, pairs]
    assert np.allclose(table[conjugates], table[pairs].conj(), atol=ROOT)
    assert sorted([*real, *pairs, *conjugates]) == list(range(group.order))


# --- bases ------------------------------------------------------------------------------------


def free():
    """Representations with orbits of the size of the group."""
    for group in ABELIAN:
        others = group.elements()[1:]
        permutes = isinstance(group, PermutationGroup) and others
        if permutes and all((g != group.identity).all() for g in others):
            yield reps.vector(group)
    yield reps.channels(reps.vector(cyclic(4)), 3)
    yield reps.tensor(reps.vector(cyclic(3)), reps.vector(cyclic(3)))
    both = product(cyclic(2), cyclic(3))
    yield reps.PermutationRepresentation(both, 6, on_pairs, "pairs of points")


def on_pairs(g):
    """Move pairs of a point of each of two circles."""
    return (3 * g[:2, None] + g[2:] - 2).ravel()


FREE = list(free())


def action(characters, rho, g):
    """What ``g`` does in the basis: a factor, or for pairs a product of complex numbers."""
    real, pairs = (characters.table[which, characters.number(g)] for which in
                   (characters.real, characters.pairs))  # fmt: skip
    r, p = len(real), len(pairs)
    found = np.zeros((r + 2 * p, r + 2 * p))
    found[:r, :r] = np.diag(real.real)
    found[r : r + p, r : r + p] = found[r + p :, r + p :] = np.diag(pairs.real)
    found[r + p :, r : r + p] = np.diag(pairs.imag)
    found[r : r + p, r + p :] = -found[r + p :, r : r + p]
    return np.kron(found, np.eye(rho.dimension // len(found)))


def acts_by_characters(basis, characters, rho):
    moved = [basis @ rho.matrix(g) @ basis.T for g in rho.group.elements()]
    expected = [action(characters, rho, g) for g in rho.group.elements()]
    return np.allclose(moved, expected, atol=ROOT)


@pytest.mark.parametrize("rho", FREE, ids=lambda rho: f"{rho.name} of {rho.group.name}")
def test_bases_are_orthogonal_and_the_group_acts_by_characters(rho):
    characters = Characters(rho.group)
    basis = characters.basis(rho)
    assert np.allclose(basis @ basis.T, np.eye(rho.dimension), atol=ROOT)
    assert acts_by_characters(basis, characters, rho)


def test_many_kinds_of_orbits_are_there():
    assert len(FREE) > 25
    assert {rho.dimension // rho.group.order for rho in FREE} >= {1, 3, 4, 9}
    for group in (groups.klein_four(), image_translations(6, step=3), image_rotations(6)):
        assert any(rho.group == group for rho in FREE)


def test_broken_bases_are_found():
    rho = reps.image(image_rotations(4))
    characters = Characters(rho.group)
    basis = characters.basis(rho)
    imaginary = basis.copy()
    imaginary[-4:] *= -1
    other_order = basis[[4, *range(1, 4), 0, *range(5, 16)]]
    other_orbit = basis[:, [1, 0, *range(2, 16)]]
    assert acts_by_characters(basis, characters, rho)
    assert acts_by_characters(basis @ rho.matrix(rho.group.generators[0]), characters, rho)
    for broken in (imaginary, other_order, other_orbit):
        assert not acts_by_characters(broken, characters, rho)


@pytest.mark.parametrize("group", [cyclic(1), cyclic(5), image_rotations(3)], ids=repr)
def test_what_does_not_move_has_the_basis_of_its_coordinates(group):
    assert np.array_equal(Characters(group).basis(reps.trivial(group, 3)), np.eye(3))


def mixed(group):
    return reps.direct_sum(reps.vector(group), reps.trivial(group))


@pytest.mark.parametrize(
    ("rho", "message"),
    [
        (reps.image(image_rotations(3)), "orbits of 4 points or of one, got image"),
        (reps.image(image_rotations(5)), "orbits of 4 points or of one, got image"),
        (reps.vector(product(cyclic(2), cyclic(3))), "orbits of 6 points or of one, got vector"),
        (mixed(cyclic(3)), r"orbits of 3 points or of one, got vector \+ trivial"),
        (reps.sign(cyclic(2)), "expected permutations by C_2, got sign of C_2"),
        (reps.vector(ABELIAN[-1]), "expected permutations by signs, got vector of signs"),
    ],
    ids=lambda case: getattr(case, "name", None),
)
def test_other_orbits_and_matrices_are_refused(rho, message):
    with pytest.raises(ValueError, match=f"rho: .*{message}"):
        Characters(rho.group).basis(rho)


def test_another_group_is_refused():
    characters = Characters(cyclic(4))
    with pytest.raises(ValueError, match=r"g: expected an element of C_4, got \[1, 0, 2, 3\]"):
        characters.number(np.array([1, 0, 2, 3]))
    for rho in (reps.vector(cyclic(5)), reps.image(image_rotations(2))):
        with pytest.raises(ValueError, match=f"permutations by C_4, got .* of {rho.group.name}"):
            characters.basis(rho)


@pytest.mark.parametrize(
    "group",
    [groups.symmetric(3), groups.dihedral(4), groups.image_rototranslations(4)],
    ids=repr,
)
def test_groups_that_are_not_abelian_are_refused(group):
    with pytest.raises(ValueError, match=f"expected an abelian group, got {group.name}"):
        Characters(group)


def test_groups_that_cannot_be_listed_are_refused():
    swaps = np.tile(np.arange(36), (18, 1))
    for row, swap in enumerate(swaps):
        swap[[2 * row, 2 * row + 1]] = 2 * row + 1, 2 * row
    with pytest.raises(ValueError, match="at most 200000 elements, got swaps of order 262144"):
        Characters(PermutationGroup(swaps, "swaps"))
