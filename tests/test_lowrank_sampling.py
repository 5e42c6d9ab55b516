"""Augmentation by a few group elements per sample: against all subsets."""

import itertools

import numpy as np
import pytest

from cases import every_image, well_conditioned
from learnsym import gallery, groups
from learnsym import representations as reps
from learnsym.lowrank import Moments, sampled

TURNS = gallery.find("C4, 4x4 images").rho_in
SQUARE = reps.vector(groups.dihedral(4))
SKEW = gallery.find("S3 in skew coordinates").rho_in


def data(rho, points, outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    n = rho.dimension
    X = rng.standard_normal((points, n)) @ well_conditioned(n, seed) + 0.5 * rng.standard_normal(n)
    return X, X @ rng.standard_normal((n, outputs)) + rng.standard_normal((points, outputs))


# --- moments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [TURNS, SQUARE, SKEW], ids=lambda rho: rho.group.name)
def test_all_elements_give_the_averaged_moments(rho, rng):
    X, Y = data(rho, 20)
    all_of_them = sampled(X, Y, rho, rho.group.order, rng)
    averaged = Moments.from_data(X, Y).averaged(rho)
    for one, other in zip(vars(all_of_them).values(), vars(averaged).values(), strict=True):
        assert one == pytest.approx(other, abs=1e-12 * np.abs(averaged.S).max())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_elements_are_distinct_and_of_each_row(count, rng):
    """One row at a time, the moments are those of one of the subsets, and all subsets occur."""
    X, Y = data(TURNS, 1)
    orbit = every_image(TURNS) @ X[0]
    subsets = {
        subset: orbit[list(subset)].T @ orbit[list(subset)] / count
        for subset in itertools.combinations(range(4), count)
    }
    seen = set()
    for _ in range(60):
        moments = sampled(X, Y, TURNS, count, rng)
        fits = [s for s, S in subsets.items() if np.abs(S - moments.S).max() < 1e-12]
        assert len(fits) == 1
        mean = orbit[list(fits[0])].mean(axis=0)
        assert np.abs(moments.C - np.outer(Y[0], mean)).max() < 1e-12
        assert moments.c == pytest.approx(np.sum(Y**2))
        seen.update(fits)
    assert seen == set(subsets)


def test_rows_draw_elements_of_their_own(rng):
    """Rows on different axes: the moments tell which element each of them has got."""
    mirror = reps.vector(groups.reflection([1.0, 1.0, 1.0]))
    X, Y = np.eye(3) * [1.0, 2.0, 3.0], np.eye(3)
    drawn = {tuple(np.round(sampled(X, Y, mirror, 1, rng).C.ravel(), 9)) for _ in range(200)}
    assert len(drawn) == 2**3


def test_draws_are_those_of_the_generator():
    X, Y = data(TURNS, 20)
    one, same, other = (
        sampled(X, Y, TURNS, 2, np.random.default_rng(seed)).S for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


def test_draws_have_the_averaged_moments_as_mean():
    """Within five standard errors, entry by entry."""
    rng = np.random.default_rng(1)
    X, Y = data(SQUARE, 5)
    draws = np.array([sampled(X, Y, SQUARE, 2, rng).S for _ in range(1_000)])
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    assert (
        np.abs(draws.mean(axis=0) - Moments.from_data(X, Y).averaged(SQUARE).S) < 5 * error
    ).all()


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 5, -1])
def test_counts_out_of_range_are_refused(count, rng):
    X, Y = data(TURNS, 5)
    with pytest.raises(ValueError, match="count: expected 1 to 4, the order of the group, got"):
        sampled(X, Y, TURNS, count, rng)


def test_rows_that_do_not_fit_are_refused(rng):
    X, Y = data(TURNS, 5)
    with pytest.raises(ValueError, match="X, Y: expected shapes"):
        sampled(X, Y[:4], TURNS, 2, rng)
    with pytest.raises(ValueError, match="X"):
        sampled(X[:, :15], Y, TURNS, 2, rng)
    with pytest.raises(ValueError, match="X"):
        sampled(np.where(X > 1, np.nan, X), Y, TURNS, 2, rng)
