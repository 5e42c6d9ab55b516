"""What the theorems need: each assumption is checked, named, and its failure found."""

import numpy as np
import pytest
from scipy.linalg import expm

from learnsym import gallery, regression, representations
from learnsym.checks import reflection_example
from learnsym.regression import assumptions

ORTHOGONAL = {case.name: case.rho_in for case in gallery.orthogonal_cases()}
OBLIQUE = {case.name: case.rho_in for case in gallery.oblique_cases()}


@pytest.mark.parametrize("rho", ORTHOGONAL.values(), ids=ORTHOGONAL)
def test_whole_orbits_are_accepted_and_incomplete_ones_are_not(rho):
    rng = np.random.default_rng(0)
    orbits = regression.augment(rng.standard_normal((3, rho.dimension)), rho)
    rows, labels = orbits.reshape(-1, rho.dimension), np.tile(rng.standard_normal(3), len(orbits))
    assumptions.require_orthogonal(rho)
    assumptions.require_whole_orbits(rows, labels, rho)
    if rho.group.order == 1:
        return
    with pytest.raises(ValueError, match="Assumption 1 fails, expected one label"):
        changed = labels.copy()
        changed[0] += 1.0
        assumptions.require_whole_orbits(rows, changed, rho)
    with pytest.raises(ValueError, match="Assumption 1 fails, expected whole orbits"):
        assumptions.require_whole_orbits(orbits[0], labels[:3], rho)


@pytest.mark.parametrize("rho", OBLIQUE.values(), ids=OBLIQUE)
def test_oblique_groups_are_refused_where_orthogonality_is_needed(rho):
    with pytest.raises(ValueError, match="Assumption 3 fails"):
        assumptions.require_orthogonal(rho)
    with pytest.raises(ValueError, match="Assumption 3 fails"):
        assumptions.decay_rates(np.ones((1, rho.dimension)), rho)


@pytest.mark.parametrize("rho", ORTHOGONAL.values(), ids=ORTHOGONAL)
def test_rates_are_those_of_the_matrix_exponential(rho):
    X = np.random.default_rng(1).standard_normal((4, rho.dimension))
    X /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(X, rho), 2))
    rates = assumptions.decay_rates(X, rho)
    basis = regression.asymmetric_basis(rho)
    decay = basis.T @ expm(-regression.symmetrised_gram(X, rho)) @ basis
    assert np.sort(np.exp(-rates)) == pytest.approx(np.linalg.eigvalsh(decay), abs=1e-10)


def test_a_direction_without_data_has_rate_zero():
    rho = representations.vector(gallery.find("S2, swap of two coordinates").rho_in.group)
    assert assumptions.decay_rates(np.array([[1.0, 1.0]]), rho).tolist() == [0.0]
    assert assumptions.decay_rates(np.array([[1.0, 0.0]]), rho) == pytest.approx([1.0])


def test_the_published_example_meets_the_assumptions():
    line = reflection_example.absolute_value(5, np.random.default_rng(2))
    assumptions.require_whole_orbits(line.rows, line.labels, line.rho)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_entries_that_are_not_finite_are_refused(bad):
    line = reflection_example.absolute_value(5, np.random.default_rng(3))
    labels, rows = line.labels.copy(), line.rows.copy()
    labels[[2, 7]] = bad  # a point and its mirror image
    with pytest.raises(ValueError, match=r"y: expected finite entries, got others in rows \[2 7\]"):
        assumptions.require_whole_orbits(line.rows, labels, line.rho)
    rows[4, 1] = bad
    with pytest.raises(ValueError, match=r"X: expected finite entries, got others in rows \[4\]"):
        assumptions.require_whole_orbits(rows, line.labels, line.rho)


def test_shapes_are_checked():
    rho = gallery.find("S2, swap of two coordinates").rho_in
    with pytest.raises(ValueError, match="expected shapes"):
        assumptions.require_whole_orbits(np.ones((2, 3)), np.ones(2), rho)
