"""Characters of abelian groups: tables against definitions and formulas, bases, refusals."""

import numpy as np
import pytest

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
    PermutationGroup([power(TURN, k) for k in (4, 2, 1)], "C_12 in growing steps"),
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


def involutions(group):
    """Elements that are their own inverse: as many as real characters."""
    keys = [group.key(group.multiply(g, g)) for g in group.elements()]
    return keys.count(group.key(group.identity))


def test_broken_tables_are_found():
    group = cyclic(5)
    table = Characters(group).table
    swapped, conjugated = table.copy(), table.copy()
    swapped[[1, 2], 3] = swapped[[2, 1], 3]
    conjugated[1, 3] = conjugated[1, 3].conj()
    columns, first, twice = (
        table[:, [0, 2, 1, 3, 4]],
        table[[1, 0, 2, 3, 4]],
        table[[0, 1, 1, 3, 4]],
    )
    assert is_table(table, group)
    for broken in (swapped, conjugated, columns, first, twice, table[:-1]):
        assert not is_table(broken, group)


@abelian
def test_quotients_real_characters_and_pairs(group):
    characters = Characters(group)
    table, real, pairs = characters.table, characters.real, characters.pairs
    ratios = table[:, None] / table
    assert np.allclose(table[characters.quotients], ratios, atol=ROOT)
    assert real[0] == 0 and len(real) == involutions(group)
    is_real = np.abs(table.imag).max(axis=1) < ROOT
    assert np.array_equal(np.flatnonzero(is_real), real)
    conjugates = characters.quotients[0, pairs]
    assert np.allclose(table[conjugates], table[pairs].conj(), atol=ROOT)
    assert sorted([*real, *pairs, *conjugates]) == list(range(group.order))


# --- bases ------------------------------------------------------------------------------------


def free():
    """Representations with orbits of the size of the group."""
    for group in ABELIAN:
        permutes = isinstance(group, PermutationGroup) and group.order > 1
        if permutes and all((g != group.identity).all() for g in group.elements()[1:]):
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
    values = characters.table[:, characters.number(g)]
    real, pairs = values[characters.real].real, values[characters.pairs]
    zero = np.zeros((len(real), len(pairs)))
    blocks = [
        [np.diag(real), zero, zero],
        [zero.T, np.diag(pairs.real), -np.diag(pairs.imag)],
        [zero.T, np.diag(pairs.imag), np.diag(pairs.real)],
    ]
    found = np.block(blocks)
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


SWAPS = np.tile(np.arange(36), (18, 1))
for row, swap in enumerate(SWAPS):
    swap[[2 * row, 2 * row + 1]] = 2 * row + 1, 2 * row


C4 = Characters(cyclic(4))
MIXED = reps.direct_sum(reps.vector(cyclic(3)), reps.trivial(cyclic(3)))


def based(rho):
    return lambda: Characters(rho.group).basis(rho)


test_other_orbits_matrices_and_groups_are_refused = cases.refusals(
    (based(reps.image(image_rotations(3))), "rho: .*orbits of 4 points or of one, got image"),
    (based(reps.image(image_rotations(5))), "rho: .*orbits of 4 points or of one, got image"),
    (
        based(reps.vector(product(cyclic(2), cyclic(3)))),
        "rho: .*orbits of 6 points or of one, got vector",
    ),
    (based(MIXED), r"rho: .*orbits of 3 points or of one, got vector \+ trivial"),
    (based(reps.sign(cyclic(2))), "rho: .*expected permutations by C_2, got sign of C_2"),
    (based(reps.vector(ABELIAN[-1])), "rho: .*permutations by signs, got vector of signs"),
    (lambda: C4.number([1, 0, 2, 3]), r"g: expected an element of C_4, got \[1, 0, 2, 3\]"),
    (lambda: C4.basis(reps.vector(cyclic(5))), "permutations by C_4, got .* of C_5"),
    (
        lambda: C4.basis(reps.image(image_rotations(2))),
        "permutations by C_4, got .* of rotations of 2x2",
    ),
    (lambda: Characters(groups.symmetric(3)), "expected an abelian group, got S_3"),
    (lambda: Characters(groups.dihedral(4)), "expected an abelian group, got D_4"),
    (
        lambda: Characters(groups.image_rototranslations(4)),
        "expected an abelian group, got roto-translations of 4x4",
    ),
    (
        lambda: Characters(PermutationGroup(SWAPS, "swaps")),
        "at most 200000 elements, got swaps of order 262144",
    ),
)
