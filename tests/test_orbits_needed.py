"""Isotypic components against characters and dimensions; orbits needed against ranks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import REPRESENTATIONS, permutation_groups, representations, seeds
from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.checks import orbit_counts
from learnsym.checks import orbits_needed as module
from learnsym.checks.orbits_needed import isotypic_components, orbits_needed
from learnsym.equivariant import EquivariantMaps, dimension_by_characters

TURNS = gallery.find("C3, turns of the plane").rho_in
TRIANGLE = gallery.find("D3, plane to two planes").rho_in
QUATERNIONS = gallery.find("Q8, quaternions").rho_in


def summary(rho):
    return [(c.dimension, c.multiplicity, c.type) for c in isotypic_components(rho)]


def assert_consistent(rho):
    """Compare with the dimension, the commutant and the invariants, which are found elsewhere."""
    found = isotypic_components(rho)
    assert sum(c.dimension * c.multiplicity for c in found) == rho.dimension
    commutant = sum(c.multiplicity**2 * c.commutant for c in found)
    assert commutant == EquivariantMaps(rho, rho).dimension
    trivial = sum(c.multiplicity for c in found if c.is_trivial)
    assert trivial == dimension_by_characters(rho)
    assert {(c.commutant, c.indicator) for c in found} <= {(1, 1), (2, 0), (4, -2)}


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_components_of_the_gallery_add_up(rho):
    assert_consistent(rho)


@given(st.data(), permutation_groups(4, 2))
def test_components_of_random_representations_add_up(data, group):
    assert_consistent(data.draw(representations(group)))


def test_known_decompositions():
    assert summary(reps.vector(groups.symmetric(4))) == [(1, 1, "real"), (3, 1, "real")]
    assert summary(reps.vector(groups.cyclic(5))) == [
        (1, 1, "real"),
        (2, 1, "complex"),
        (2, 1, "complex"),
    ]
    # graphs on ten nodes: the Young diagrams with at most two boxes below the first row
    assert summary(reps.adjacency(groups.symmetric(10))) == [
        (1, 2, "real"),
        (9, 3, "real"),
        (35, 1, "real"),
        (36, 1, "real"),
    ]
    assert summary(reps.channels(QUATERNIONS, 3)) == [(4, 3, "quaternionic")]


def test_the_type_decides_how_many_orbits_are_needed():
    copies = 4
    assert orbits_needed(reps.channels(TRIANGLE, copies)) == 2
    assert orbits_needed(reps.channels(TURNS, copies)) == 4
    assert orbits_needed(reps.channels(QUATERNIONS, copies)) == 4


def test_no_orbit_is_needed_where_nothing_moves():
    assert orbits_needed(reps.trivial(groups.symmetric(3), 4)) == 0
    assert module.deciding_component([]) is None


@pytest.mark.parametrize("rho", REPRESENTATIONS)
def test_orbits_needed_is_the_rank_count(rho, rng):
    assert orbits_needed(rho) == orbit_counts.smallest_count(rho, rng)


@given(st.data(), permutation_groups(4, 2), seeds)
def test_orbits_needed_for_random_representations(data, group, seed):
    rho = data.draw(representations(group, oblique=True))
    assert orbits_needed(rho) == orbit_counts.smallest_count(rho, np.random.default_rng(seed))


def test_seeds_do_not_matter():
    rho = gallery.find("S4, graphs to graphs").rho_in
    assert isotypic_components(rho, seed=1) == isotypic_components(rho, seed=2)


def test_reducible_eigenspaces_are_refused(monkeypatch):
    monkeypatch.setattr(module, "SAME_EIGENVALUE", 10.0)
    with pytest.raises(ValueError, match="expected irreducible eigenspaces"):
        isotypic_components(reps.vector(groups.klein_four()))


def test_two_lines_do_not_pass_for_one_complex_plane(monkeypatch):
    """Two different lines have a commutant of dimension 2, like a plane of complex type."""
    monkeypatch.setattr(module, "SAME_EIGENVALUE", 10.0)
    with pytest.raises(ValueError, match=r"dimension 2 and Frobenius-Schur indicator 2"):
        isotypic_components(reps.vector(groups.symmetric(2)))


def test_seen_directions_by_brute_force(rng):
    rho = gallery.find("D3, plane to two planes").rho_in
    X = rng.standard_normal((1, 4))
    double = reps.channels(rho, 2)
    orbit = np.array([double.matrix(g) @ X[0] for g in double.group.elements()])
    assert orbit_counts.seen_directions(X, double) == np.linalg.matrix_rank(orbit) == 4
    assert orbit_counts.seen_directions(X * [1, 1, 0, 0], double) == 2
    assert orbit_counts.seen_directions(X[:0], double) == 0


def test_seen_directions_agree_with_and_without_listing(rng, monkeypatch):
    rho = reps.adjacency(groups.symmetric(4))
    for count in (1, 2):
        X = rng.standard_normal((count, 16))
        listed = orbit_counts.seen_directions(X, rho)
        monkeypatch.setattr(orbit_counts, "LISTED_UP_TO", 0)
        assert orbit_counts.seen_directions(X, rho) == listed
        monkeypatch.undo()


def test_coverage_counts_the_first_points(rng):
    rho = gallery.find("C4, 4x4 images").rho_in
    X = rng.standard_normal((6, 16))
    assert orbit_counts.coverage(X, rho, np.arange(7)).tolist() == [0, 3, 6, 9, 12, 12, 12]


def test_limit_variance_needs_enough_orbits(rng):
    rho = reps.channels(QUATERNIONS, 3)
    assert orbit_counts.limit_variance(rho, 3, rng) < 1e-6
    assert orbit_counts.limit_variance(rho, 2, rng) > 1e-3


def test_representations_to_count_are_representations():
    found = orbit_counts.representations_to_count()
    assert len(found) == len(gallery.cases()) + 6
    for rho in found.values():
        if rho.group.order < 100:
            rho.check()
