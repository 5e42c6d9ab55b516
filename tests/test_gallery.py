"""The gallery: what it claims to be, which the tests that it drives rely on."""

import numpy as np
import pytest

from cases import ALL, OBLIQUE, ORTHOGONAL, PERMUTATION, every_image
from learnsym import gallery
from learnsym.equivariant import EquivariantMaps, dimension_by_characters
from learnsym.representations import PermutationRepresentation


def test_names_are_unique_and_cases_are_complete():
    names = [case.name for case in gallery.cases()]
    assert len(set(names)) == len(names) == len(ALL)
    parts = [gallery.permutation_cases(), gallery.matrix_cases(), gallery.oblique_cases()]
    assert names == [case.name for part in parts for case in part]


@pytest.mark.parametrize("case", PERMUTATION)
def test_permutation_cases_permute(case):
    for rho in (case.rho_in, case.rho_out):
        assert isinstance(rho, PermutationRepresentation)
        images = every_image(rho)
        assert set(np.unique(images)) <= {0.0, 1.0}
        assert (images.sum(axis=1) == 1).all()
        assert (images.sum(axis=2) == 1).all()


@pytest.mark.parametrize("case", ALL)
def test_oblique_cases_alone_are_not_orthogonal(case):
    images = [every_image(rho) for rho in (case.rho_in, case.rho_out)]
    defects = [m @ m.transpose(0, 2, 1) - np.eye(m.shape[1]) for m in images]
    is_orthogonal = max(np.abs(d).max() for d in defects) < 1e-9
    in_tables = {True: ORTHOGONAL, False: OBLIQUE}[is_orthogonal]
    assert case.is_orthogonal == is_orthogonal
    assert case.rho_in.group == case.rho_out.group
    assert case.name in {p.id for p in in_tables}


def frobenius_schur(rho):
    """Return the mean character of squares: 1 for real, 0 for complex, -2 for quaternionic type.

    Real irreducible representations; the complex ones in the last two cases count twice.
    """
    squares = [m @ m for m in every_image(rho)]
    return np.mean([np.trace(m) for m in squares])


@pytest.mark.parametrize(
    ("name", "commutant", "indicator"),
    [
        ("B2, signed permutations", 1, 1),
        ("C3, turns of the plane", 2, 0),
        ("Q8, quaternions", 4, -2),
    ],
)
def test_the_gallery_has_all_three_types_of_irreducible_representations(name, commutant, indicator):
    (rho,) = [case.rho_in for case in gallery.cases() if case.name == name]
    assert EquivariantMaps(rho, rho).dimension == commutant
    assert dimension_by_characters(rho) == 0
    assert frobenius_schur(rho) == pytest.approx(indicator, abs=1e-9)


def test_the_gallery_has_abelian_and_other_groups_invariant_and_equivariant_targets():
    abelian, invariant = set(), set()
    for case in gallery.cases():
        group = case.rho_in.group
        pairs = [(a, b) for a in group.generators for b in group.generators]
        moved = [(group.multiply(a, b), group.multiply(b, a)) for a, b in pairs]
        abelian.add(all(group.key(ab) == group.key(ba) for ab, ba in moved))
        invariant.add(dimension_by_characters(case.rho_out) == case.rho_out.dimension)
    assert abelian == invariant == {True, False}


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 2, 4.0])
def test_rotation_turns_counter_clockwise(angle):
    turn = gallery.rotation(angle)
    np.testing.assert_allclose(turn @ [1.0, 0.0], [np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-15)
    assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.parametrize("c", [-1.3, 0.0, 0.7])
def test_the_oblique_reflection_reflects_about_c(c):
    group = gallery.oblique_reflection(c)
    (mirror,) = group.generators
    for x in (-2.0, 0.0, 3.5):
        np.testing.assert_allclose(mirror @ [1.0, x], [1.0, 2 * c - x])
    assert group.order == 2
    assert np.allclose(mirror @ mirror.T, np.eye(2)) == (c == 0)
