"""The checkers behind the chapters: right on true statements, and able to fail."""

import numpy as np
import pytest

from learnsym import checks, gallery, regression
from learnsym.checks import induced_invariance

IMAGES = gallery.find("C4, 4x4 images to a class")
SKEW = gallery.find("S3 in skew coordinates")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_draws_rejects_unknown_scale():
    assert checks.draws("smoke") < checks.draws("book")
    with pytest.raises(ValueError, match=r"scale.*'huge'"):
        checks.draws("huge")


def random_problem(rho, orbits, rng):
    """Return Gaussian data for which K_G has norm 1."""
    X = rng.standard_normal((orbits, rho.dimension))
    X /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(X, rho), 2))
    labels, w0 = rng.standard_normal(orbits), rng.standard_normal(rho.dimension)
    return induced_invariance.Problem(X, labels, w0, rho)


def test_decoupling_checks_fail_for_an_oblique_group(rng):
    straight = random_problem(IMAGES.rho_in, 20, rng)
    slanted = random_problem(SKEW.rho_in, 20, rng)
    for check in (
        lambda p: max(induced_invariance.coupling(p, rng)),
        lambda p: induced_invariance.label_influence(p, rng),
    ):
        assert check(straight) < 1e-12
        assert check(slanted) > 1e-3


def test_limit_variance_sees_directions_without_data(rng):
    rho = IMAGES.rho_in
    enough = random_problem(rho, 20, rng)
    too_few = random_problem(rho, 1, rng)
    assert induced_invariance.limit_variance(enough) < 1e-9
    assert induced_invariance.limit_variance(too_few) > 1e-2
