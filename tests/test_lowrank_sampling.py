"""Augmentation by a few group elements per sample: against all subsets, and against drawn ones."""

import itertools

import numpy as np
import pytest

from cases import every_image, well_conditioned
from learnsym import gallery, groups, lowrank
from learnsym import representations as reps
from learnsym.checks.partial_augmentation import asymmetry, correction, expected_asymmetry
from learnsym.equivariant import reynolds
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


# --- correction ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [2, 3, 4, 6, 8])
def test_correction_is_the_variance_over_all_subsets(order):
    values = np.random.default_rng(order).standard_normal(order) ** 3
    for count in range(1, order + 1):
        means = [np.mean(s) for s in itertools.combinations(values, count)]
        expected = np.var(means) / np.var(values)
        assert correction(order, count) == pytest.approx(expected, abs=1e-14)
    assert (correction(order, 1), correction(order, order)) == (1.0, 0.0)


@pytest.mark.parametrize(("order", "count"), [(4, 0), (4, 5), (1, 1), (0, 0), (4, -1)])
def test_counts_out_of_range_have_no_correction(order, count):
    with pytest.raises(ValueError, match=f"count: expected 1 to {order} of at least 2 .*{count}"):
        correction(order, count)


# --- the law -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 7])
@pytest.mark.parametrize("rank", [1, 3])
def test_law_is_the_mean_over_all_draws_of_the_linearised_optimum(count, rank):
    """Without chance: all ways to draw for two samples, with the deviation to first order."""
    X, Y = data(SQUARE, 2)
    problem = lowrank.augmented(Moments.from_data(X, Y), SQUARE, rank)
    W, kept = problem.optimum(), problem.svd[0][:, :rank]
    whiten = np.linalg.inv(np.linalg.cholesky(problem.A))
    parts = []
    for x, y in zip(X, Y, strict=True):
        orbit = every_image(SQUARE) @ x
        means = np.array([np.mean(s, axis=0) for s in itertools.combinations(orbit, count)])
        deviations = (means - orbit.mean(axis=0)) @ whiten.T
        parts.append(np.einsum("o,sn->son", kept.T @ (y - W @ x), deviations))
    sums = (parts[0][:, None] + parts[1]) / 2  # every choice for one with every for the other
    mean = np.sum(sums**2, axis=(2, 3)).mean()
    assert expected_asymmetry(X, Y, SQUARE, rank, count) == pytest.approx(mean, rel=1e-9)


def simulate(X, Y, rho, rank, count, draws, seed=0):
    """Return ``|W_perp S_a^(1/2)|^2`` of optima by deviation from the mean map, shape (draws,)."""
    rng = np.random.default_rng(seed)
    S = Moments.from_data(X, Y).averaged(rho).S
    average = np.mean(every_image(rho), axis=0)
    found = []
    for _ in range(draws):
        W = lowrank.unconstrained(sampled(X, Y, rho, count, rng), rank).optimum()
        part = W - W @ average
        found.append(np.trace(part @ S @ part.T))
    return np.array(found)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("rho", "rank"), [(TURNS, 2), (SQUARE, 1)], ids=["turns", "square"])
def test_law_is_the_mean_over_drawn_augmentations(rho, rank, count):
    """Monte Carlo: within four standard errors, which are at most 5 %."""
    X, Y = data(rho, 1_500)
    draws = simulate(X, Y, rho, rank, count, 500)
    error = draws.std(ddof=1) / np.sqrt(len(draws))
    expected = expected_asymmetry(X, Y, rho, rank, count)
    assert error < 0.05 * expected
    assert abs(draws.mean() - expected) < 4 * error
    # the test can fail: draws with replacement have a larger variance, 1 / k
    if count > 1:
        replaced = expected / correction(rho.group.order, count) / count
        assert abs(draws.mean() - replaced) > 4 * error


def test_rank_counts_the_residuals_that_matter():
    """A map of rank one has fewer directions to deviate in than one of full rank."""
    X, Y = data(TURNS, 1_500)
    one, three = (expected_asymmetry(X, Y, TURNS, rank, 1) for rank in (1, 3))
    draws = simulate(X, Y, TURNS, 1, 1, 250)
    error = draws.std(ddof=1) / np.sqrt(len(draws))
    assert abs(draws.mean() - one) < 4 * error < abs(draws.mean() - three)


def test_no_asymmetry_without_residuals_or_with_the_whole_group():
    X, _ = data(TURNS, 40)
    rng = np.random.default_rng(2)
    teacher = rng.standard_normal((3, 16)) @ reynolds(TURNS)
    assert expected_asymmetry(X, X @ teacher.T, TURNS, 3, 1) < 1e-20
    assert expected_asymmetry(*data(TURNS, 40), TURNS, 3, 4) == 0.0
    assert expected_asymmetry(*data(TURNS, 40), TURNS, 3, 1) > 0.01


def test_directions_without_data_do_not_count():
    """Pixels that are never lit change nothing, though the covariance is singular."""
    X, Y = data(SQUARE, 30)
    wider = reps.direct_sum(SQUARE, SQUARE)
    padded = np.hstack([X, np.zeros_like(X)])
    expected = expected_asymmetry(X, Y, SQUARE, 1, 3)
    assert expected_asymmetry(padded, Y, wider, 1, 3) == pytest.approx(expected, rel=1e-10)


# --- measure -------------------------------------------------------------------------------------


def test_asymmetry_is_the_mean_square_over_the_augmented_rows(rng):
    X, Y = data(TURNS, 20)
    rows = np.vstack([X @ g.T for g in every_image(TURNS)])
    R, averaged = reynolds(TURNS), Moments.from_data(X, Y).averaged(TURNS)
    W = rng.standard_normal((2, 5, 3, 16))
    found = asymmetry(W, averaged, R)
    assert found.shape == (2, 5)
    for index in np.ndindex(2, 5):
        outputs = rows @ (W[index] - W[index] @ R).T
        assert found[index] == pytest.approx(np.mean(np.sum(outputs**2, axis=1)))
    assert np.abs(asymmetry(W @ R, averaged, R)).max() < 1e-12 * found.max()


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 5, -1])
def test_counts_out_of_range_are_refused(count, rng):
    X, Y = data(TURNS, 5)
    with pytest.raises(ValueError, match="count: expected 1 to 4, the order of the group, got"):
        sampled(X, Y, TURNS, count, rng)
    with pytest.raises(ValueError, match="count: expected 1 to 4"):
        expected_asymmetry(*data(TURNS, 40), TURNS, 1, count)


def test_a_rank_without_a_gap_has_no_law():
    """One invariant vector: a second dimension of the optimum is up to the draws alone."""
    X, Y = data(SQUARE, 40)
    with pytest.raises(ValueError, match=r"rank: expected a gap behind singular value 2 of \["):
        expected_asymmetry(X, Y, SQUARE, 2, 1)
    assert expected_asymmetry(X, Y, SQUARE, 3, 1) > expected_asymmetry(X, Y, SQUARE, 1, 1) > 0


def test_oblique_representations_have_no_law():
    assert not SKEW.is_orthogonal
    with pytest.raises(ValueError, match="rho: expected an orthogonal representation, got"):
        expected_asymmetry(*data(SKEW, 20), SKEW, 1, 1)


def test_rows_that_do_not_fit_are_refused(rng):
    X, Y = data(TURNS, 5)
    with pytest.raises(ValueError, match="X, Y: expected shapes"):
        sampled(X, Y[:4], TURNS, 2, rng)
    with pytest.raises(ValueError, match="X"):
        sampled(X[:, :15], Y, TURNS, 2, rng)
    with pytest.raises(ValueError, match="X"):
        sampled(np.where(X > 1, np.nan, X), Y, TURNS, 2, rng)
    with pytest.raises(ValueError, match="rank: expected an integer from 1 to 3, got 4"):
        expected_asymmetry(X, Y, TURNS, 4, 2)
