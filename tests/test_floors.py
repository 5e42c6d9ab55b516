"""Noise floors against responses of least squares, real descent, quadrature and hand results."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import foldnorm, ncx2

from cases import OBLIQUE, ORTHOGONAL, permutation_groups, representations, seeds
from learnsym import gallery, groups, regression
from learnsym import representations as reps
from learnsym.checks import floors

SWAP = reps.vector(groups.symmetric(2))
IMAGES = gallery.find("C4, 4x4 images").rho_in
SKEW = gallery.find("S3 in skew coordinates").rho_in


def responses(rows, rho, steps=None, eta=None):
    """Return ``w_k`` for a unit of label noise in each row, by least squares or real descent."""
    unit = np.eye(len(rows))
    if steps is None:
        weights = np.linalg.lstsq(rows, unit)[0].T
        return regression.split(weights, rho)[1]
    start = np.zeros((rho.dimension, len(rows)))
    trained = regression.descend(rows, unit, start, eta, steps)
    return regression.split(trained.transpose(0, 2, 1), rho)[1]


@pytest.mark.parametrize("case", ORTHOGONAL)
def test_projector_gives_the_asymmetric_part(case, rng):
    w = rng.standard_normal(case.rho_in.dimension)
    P = regression.asymmetric_projector(case.rho_in)
    np.testing.assert_allclose(P @ w, regression.split(w, case.rho_in)[1], atol=1e-12)


@pytest.mark.parametrize("case", OBLIQUE)
def test_oblique_representations_are_refused(case):
    with pytest.raises(ValueError, match=r"rho: Assumption 3 fails, expected orthogonal"):
        regression.asymmetric_projector(case.rho_in)


@pytest.mark.parametrize("case", ORTHOGONAL)
def test_noise_covariance_of_whole_orbits(case, rng):
    rho = case.rho_in
    rows = regression.augment(rng.standard_normal((20, rho.dimension)), rho)
    rows = rows.reshape(-1, rho.dimension)
    response = responses(rows, rho)
    expected = 0.09 * response.T @ response
    np.testing.assert_allclose(floors.noise_covariance(rows, rho, 0.3), expected, atol=1e-12)


@given(st.data(), permutation_groups(4), st.integers(1, 12), seeds)
def test_noise_covariance_of_any_rows(data, group, count, seed):
    rho = data.draw(representations(group))
    rows = np.random.default_rng(seed).standard_normal((count, rho.dimension))
    rows[-1] = rows[0]  # singular more often
    response = responses(rows, rho)
    np.testing.assert_allclose(
        floors.noise_covariance(rows, rho, 1.0),
        response.T @ response,
        atol=1e-6 * max(1.0, np.abs(response).max() ** 2),
    )


@pytest.mark.parametrize("eta", [0.05, 0.9])
def test_noise_covariance_on_the_way(eta, rng):
    rows = rng.uniform(-1, 1, (7, 2))
    steps = np.array([0, 1, 5, 40])
    covariance = floors.noise_covariance(rows, SWAP, 2.0, steps, eta)
    response = responses(rows, SWAP, steps, eta)
    expected = 4 * np.einsum("tni,tnj->tij", response, response)
    np.testing.assert_allclose(covariance, expected, atol=1e-12)


def test_noise_covariance_keeps_digits_in_slow_directions():
    rows = np.diag([1.0, 1e-6])
    mirror = reps.vector(groups.reflection([0.0, 1.0]))
    steps, eta = np.array([10]), 0.1
    covariance = floors.noise_covariance(rows, mirror, 1.0, steps, eta)[0]
    # gain 1 - (1 - eta lambda / N)^s is s eta lambda / N here, so the variance is gain^2 / lambda
    assert covariance[1, 1] == pytest.approx((10 * 0.1 / 2) ** 2 * 1e-12, rel=1e-9)


def test_noise_covariance_tends_to_the_limit(rng):
    rows = regression.augment(rng.standard_normal((20, 16)), IMAGES).reshape(-1, 16)
    late = floors.noise_covariance(rows, IMAGES, 0.5, np.array([100_000]), 0.1)[0]
    np.testing.assert_allclose(late, floors.noise_covariance(rows, IMAGES, 0.5), rtol=1e-8)


def test_noise_covariance_rejects_bad_input():
    rows = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"rows: expected finite points of shape \(N, 2\)"):
        floors.noise_covariance(np.ones((3, 4)), SWAP, 1.0)
    with pytest.raises(ValueError, match="rows: expected finite"):
        floors.noise_covariance(np.full((3, 2), np.nan), SWAP, 1.0)
    with pytest.raises(ValueError, match="sigma: expected a finite number of at least 0, got -1"):
        floors.noise_covariance(rows, SWAP, -1.0)
    for eta in (0.0, -0.1, np.nan):
        with pytest.raises(ValueError, match="eta: expected a positive finite number"):
            floors.noise_covariance(rows, SWAP, 1.0, np.array([1]), eta)
    with pytest.raises(ValueError, match="steps, eta: expected both or none"):
        floors.noise_covariance(rows, SWAP, 1.0, steps=np.array([1]))
    for steps in ([-1], [0.5], [[1]]):
        with pytest.raises(ValueError, match="steps: expected step numbers"):
            floors.noise_covariance(rows, SWAP, 1.0, np.array(steps), 0.1)
    with pytest.raises(ValueError, match="Assumption 3"):
        floors.noise_covariance(np.ones((3, 3)), SKEW, 1.0)


def square(side=200):
    grid = (np.arange(side) + 0.5) * 2 / side - 1
    return np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)


def segment(count=2_000):
    x = (np.arange(count) + 0.5) * 2 / count - 1
    return np.stack([np.ones(count), x], axis=1)


def test_misfit_covariance_by_hand():
    mirror = reps.vector(groups.reflection([0.0, 1.0]))
    points, line = square(), segment()
    larger = floors.misfit_covariance(points, points.max(axis=1), SWAP, 10)
    assert np.trace(larger) == pytest.approx(6 / 5 / 10, rel=1e-3)
    assert np.trace(floors.misfit_covariance(points, points.sum(axis=1), SWAP, 10)) < 1e-25
    for sigma in (0.0, 0.5):
        found = floors.misfit_covariance(line, np.abs(line[:, 1]), mirror, 7, sigma)
        assert np.trace(found) == pytest.approx((3 / 10 + 3 * sigma**2) / 7, rel=1e-3)
        assert np.abs(found[0]).max() == 0  # the intercept is symmetric


def test_misfit_covariance_with_pure_noise_is_the_noise_floor(rng):
    rows = regression.augment(rng.standard_normal((30, 16)), IMAGES).reshape(-1, 16)
    found = floors.misfit_covariance(rows, np.ones(len(rows)) * 0, IMAGES, len(rows), 0.4)
    np.testing.assert_allclose(found, floors.noise_covariance(rows, IMAGES, 0.4), atol=1e-12)


def test_misfit_covariance_rejects_bad_input():
    points = square(20)
    with pytest.raises(ValueError, match=r"labels: expected whole orbits .*Assumption 1"):
        floors.misfit_covariance(points, points[:, 0], SWAP, 10)
    with pytest.raises(ValueError, match=r"labels: expected whole orbits .*Assumption 1"):
        half = points[points[:, 0] > points[:, 1] / 2]
        floors.misfit_covariance(half, half.max(axis=1), SWAP, 10)
    with pytest.raises(ValueError, match="labels: expected 400 finite labels"):
        floors.misfit_covariance(points, np.ones(3), SWAP, 10)
    with pytest.raises(ValueError, match="count: expected at least 1, got 0"):
        floors.misfit_covariance(points, np.ones(400), SWAP, 0)
    with pytest.raises(ValueError, match="population: expected points that span"):
        floors.misfit_covariance(np.ones((4, 2)), np.ones(4), SWAP, 10)


def test_expected_asymmetry_loss_is_the_folded_normal(rng):
    X = rng.standard_normal((6, 3))
    means, roots = rng.standard_normal((4, 3)), rng.standard_normal((4, 3, 3))
    covariances = roots @ roots.transpose(0, 2, 1)
    for loss, mean, covariance in zip(
        floors.expected_asymmetry_loss(means, covariances, X), means, covariances, strict=True
    ):
        std = np.sqrt(np.einsum("ni,ij,nj->n", X, covariance, X))
        assert loss == pytest.approx(foldnorm.mean(np.abs(X @ mean) / std, scale=std).mean())


def test_expected_asymmetry_loss_without_noise_is_the_mean_modulus(rng):
    X, mean = rng.standard_normal((6, 3)), rng.standard_normal(3)
    loss = floors.expected_asymmetry_loss(mean, np.zeros((3, 3)), X)
    assert loss == pytest.approx(np.abs(X @ mean).mean())
    assert floors.expected_asymmetry_loss(np.zeros(3), np.zeros((3, 3)), X) == 0


def test_size_moments_of_a_diagonal_covariance():
    mean, variances = np.array([1.0, 0.5]), np.array([4.0, 0.25])
    found = floors.size_moments(mean, np.diag(variances))
    parts = [
        (v * ncx2.mean(1, m**2 / v), v**2 * ncx2.var(1, m**2 / v))
        for m, v in zip(mean, variances, strict=True)
    ]
    assert found == pytest.approx(np.sum(parts, axis=0))


def test_size_moments_under_a_metric(rng):
    roots = rng.standard_normal((2, 3, 3))
    covariances, means = roots @ roots.transpose(0, 2, 1), rng.standard_normal((2, 3))
    rows = rng.standard_normal((5, 3))
    found = floors.size_moments(means, covariances, rows.T @ rows)
    # the same as plain sizes of the mapped weights
    mapped = floors.size_moments(means @ rows.T, rows @ covariances @ rows.T)
    np.testing.assert_allclose(found, mapped)
