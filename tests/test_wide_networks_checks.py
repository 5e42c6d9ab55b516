"""The checkers of the chapter on wide networks: right on true statements, and able to fail."""

from dataclasses import replace

import numpy as np
import pytest

from learnsym import groups, kernels, regression
from learnsym import representations as reps
from learnsym.checks import induced_invariance, wide_networks
from learnsym.kernels import Mlp, closed_network

S3 = reps.vector(groups.symmetric(3))


@pytest.fixture
def closed(rng):
    small = Mlp(3, 3)
    return closed_network(small, small.draw(rng), S3, rng)


@pytest.fixture
def points(rng):
    return rng.uniform(-1, 1, (30, 3))


def disturbed(closed, rng):
    """A network that is no longer closed: its weights moved by a per cent."""
    return replace(closed, theta=closed.theta * rng.uniform(0.99, 1.01, closed.theta.shape))


def test_monomial_deviation_sees_a_wrong_representation(rng, monkeypatch):
    assert wide_networks.monomial_deviation(S3, 2, rng) < 1e-12
    trivial = reps.trivial(S3.group, 9)
    monkeypatch.setattr(wide_networks, "polynomial", lambda rho, degree: trivial)
    assert wide_networks.monomial_deviation(S3, 2, rng) > 0.1


def test_swap_cycles_are_the_published_ones():
    assert wide_networks.swap_cycles() == [[1, 2], [3, 5]]


@pytest.mark.parametrize("hidden", [10, 300])
def test_initial_sizes_agree_with_the_prediction(hidden, rng):
    mlp, points = Mlp(3, hidden), rng.uniform(0, 1, (5, 3))
    size, error = wide_networks.initial_sizes(mlp, points, 2_000, rng)
    assert abs(size - wide_networks.predicted_size(mlp, points)) < 4 * error < 0.1 * size


def test_initial_sizes_see_another_distribution(rng):
    mlp, points = Mlp(3, 30), rng.uniform(0, 1, (5, 3))

    class Doubled(Mlp):
        def draw(self, generator):
            return 2 * super().draw(generator)

    size, error = wide_networks.initial_sizes(Doubled(3, 30), points, 500, rng)
    assert abs(size - wide_networks.predicted_size(mlp, points)) > 20 * error


def test_predicted_size_is_for_relu():
    with pytest.raises(ValueError, match="ReLU network, got 'tanh'"):
        wide_networks.predicted_size(Mlp(3, 5, "tanh"), np.zeros((1, 3)))


def test_action_deviation_and_kernel_change_see_a_disturbed_network(closed, points, rng):
    assert wide_networks.action_deviation(closed, S3, points) < 1e-12
    assert wide_networks.kernel_change(closed.mlp, closed.theta, S3, points) < 1e-12
    broken = disturbed(closed, rng)
    assert wide_networks.action_deviation(broken, S3, points) > 1e-4
    assert wide_networks.kernel_change(broken.mlp, broken.theta, S3, points) > 1e-4


def test_minimiser_gap_sees_a_wrong_formula(rng, monkeypatch):
    mlp = Mlp(3, 20)
    theta, X = mlp.draw(rng), rng.uniform(0, 1, (400, 3))
    F, moved = (kernels.weight_features(mlp, theta, points) for points in (X, X[:, [1, 0, 2]]))
    assert wide_networks.minimiser_gap(F, moved) < 1e-8
    right = kernels.fit

    def transposed(features, moved, cutoff):
        found = right(features, moved, cutoff)
        return replace(found, matrix=found.matrix.T)

    monkeypatch.setattr(kernels, "fit", transposed)
    assert wide_networks.minimiser_gap(F, moved) > 1e-3


def test_fit_deviation_sees_a_network_without_an_action(closed, rng):
    X = rng.uniform(-1, 1, (500, 3))
    assert wide_networks.fit_deviation(closed, S3, X) < 1e-8
    assert wide_networks.fit_deviation(disturbed(closed, rng), S3, X) > 1e-4


def test_scale_gap_needs_relu(points, rng):
    theta = Mlp(3, 6).draw(rng)
    assert wide_networks.scale_gap(Mlp(3, 6), theta, points) < 1e-14
    assert wide_networks.scale_gap(Mlp(3, 6, "tanh"), theta, points) > 1e-4


def test_dead_share_is_one_in_48_for_three_inputs(rng):
    assert wide_networks.dead_share(Mlp(3, 1_000), 100, rng) == pytest.approx(1 / 48, rel=0.1)
    # for one input: -b > |w| with probability 1/2 * 1/2!
    assert wide_networks.dead_share(Mlp(1, 1_000), 100, rng) == pytest.approx(1 / 4, rel=0.05)


def test_dead_neurons_are_off_on_the_cube(rng):
    mlp = Mlp(3, 200)
    theta = mlp.draw(rng)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    off = np.mean(~(mlp.preactivations(theta, corners) > 0).any(axis=0))

    class Fixed(Mlp):
        def draw(self, generator):
            return theta

    assert wide_networks.dead_share(Fixed(3, 200), 1, rng) == off


def test_linearised_problem_obeys_the_theorem(closed, points, rng):
    problem = wide_networks.linearised_problem(closed, points[:5], rng.standard_normal(5), rng)
    assert problem.loss.eigenvalues[-1] == pytest.approx(1)
    assert induced_invariance.label_influence(problem, rng) < 1e-10


def test_linearised_problem_is_regression_on_the_orbits(closed, points, rng):
    gaps = []
    for net in (closed, disturbed(closed, rng)):
        problem = wide_networks.linearised_problem(net, points[:5], rng.standard_normal(5), rng)
        orbits = regression.augment(points[:5], S3).reshape(-1, 3)
        rows = kernels.weight_features(net.mlp, net.theta, orbits)
        gram = rows.T @ rows
        gaps.append(np.abs(problem.loss.K - gram / np.linalg.norm(gram, 2)).max())
    assert gaps[0] < 1e-12 < 1e-4 < gaps[1]
