"""Stability limits: real descent converges below them and diverges above."""

import numpy as np
import pytest

from cases import OBLIQUE, ORTHOGONAL
from learnsym import gallery, regression
from learnsym.checks.stability import step_limits


def whole_orbits(rho, rng, count=20):
    rows = regression.augment(rng.standard_normal((count, rho.dimension)), rho)
    return rows.reshape(-1, rho.dimension)


@pytest.mark.parametrize("case", ORTHOGONAL)
def test_training_diverges_above_the_overall_limit(case, rng):
    rows = whole_orbits(case.rho_in, rng)
    limit = step_limits(rows.T @ rows / len(rows), case.rho_in).overall
    labels, start = np.zeros((len(rows), 1)), rng.standard_normal((case.rho_in.dimension, 1))
    steps = np.array([0, 2_000])
    sizes = {
        factor: np.linalg.norm(
            regression.descend(rows, labels, start, factor * limit, steps), axis=(1, 2)
        )
        for factor in (0.99, 1.01)
    }
    assert sizes[0.99][1] < sizes[0.99][0]
    assert sizes[1.01][1] > 10 * sizes[1.01][0]


@pytest.mark.parametrize("case", ORTHOGONAL)
def test_the_asymmetric_limit_is_never_smaller(case, rng):
    rows = whole_orbits(case.rho_in, rng)
    limits = step_limits(rows.T @ rows / len(rows), case.rho_in)
    assert limits.asymmetric >= limits.overall * (1 - 1e-12)


def test_asymmetric_limit_by_hand():
    mirror = gallery.find("reflection of the line").rho_in
    limits = step_limits(np.diag([1.0, 0.25]), mirror)
    assert (limits.overall, limits.asymmetric) == (2.0, 8.0)
    assert step_limits(np.diag([1.0, 0.0]), mirror).asymmetric == np.inf
    trivial = gallery.find("C1, nothing moves").rho_in
    assert step_limits(np.eye(1), trivial).asymmetric == np.inf


@pytest.mark.parametrize("case", OBLIQUE)
def test_oblique_representations_are_refused(case):
    with pytest.raises(ValueError, match="Assumption 3"):
        step_limits(np.eye(case.rho_in.dimension), case.rho_in)


def test_incomplete_orbits_are_refused(rng):
    rho = gallery.find("S2, swap of two coordinates").rho_in
    with pytest.raises(ValueError, match=r"K: expected the Gram matrix of whole .*Assumption 1"):
        step_limits(np.diag([1.0, 2.0]), rho)
    with pytest.raises(ValueError, match=r"K: expected shape \(2, 2\), got \(3, 3\)"):
        step_limits(np.eye(3), rho)
