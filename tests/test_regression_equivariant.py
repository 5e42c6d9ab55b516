"""Regression with vector labels that move with the data, against loops over the group and ODEs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from cases import ALL, OBLIQUE, ORTHOGONAL, representation_pairs, seeds
from learnsym import gallery, groups, regression
from learnsym import representations as reps
from learnsym.checks import equivariant_regression as equivariant
from learnsym.equivariant import EquivariantMaps

SWAP = gallery.find("S2, swap of two coordinates")
NUMBER = gallery.find("S4, graphs to a number")
WIDE = gallery.find("S3, vector to vector and trivial")
TIMES = np.array([0.0, 0.3, 1.0, 3.0])


def random_data(case, points, seed):
    """Return points, scaled so that the largest eigenvalue of K_G is 1, and labels of any kind."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((points, case.rho_in.dimension))
    X /= np.sqrt(np.linalg.norm(regression.symmetrised_gram(X, case.rho_in), 2))
    return X, rng.standard_normal((points, case.rho_out.dimension))


def pairs(case, X, Y):
    """Return every moved point with its moved label, one pair per group element and point."""
    for g in case.rho_in.group.elements():
        for x, y in zip(X, Y, strict=True):
            yield case.rho_in.matrix(g) @ x, case.rho_out.matrix(g) @ y


def start(case, seed):
    shape = (case.rho_out.dimension, case.rho_in.dimension)
    return np.random.default_rng([seed, 1]).standard_normal(shape)


def assert_cross_moment(case, points, seed):
    X, Y = random_data(case, points, seed)
    expected = sum(np.outer(y, x) for x, y in pairs(case, X, Y))
    found = equivariant.symmetrised_cross_moment(X, Y, case.rho_in, case.rho_out)
    np.testing.assert_allclose(found, expected, atol=1e-10 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("case", ALL)
def test_cross_moment_is_a_sum_over_moved_pairs(case):
    assert_cross_moment(case, 3, seed=0)


@given(representation_pairs(oblique=True), st.integers(1, 3), seeds)
def test_cross_moment_of_random_oblique_representations(pair, points, seed):
    assert_cross_moment(gallery.Case("random", *pair), points, seed)


@given(st.sampled_from([p.values[0] for p in ALL]), st.integers(1, 5), seeds)
def test_loss_is_the_squared_error_over_moved_pairs(case, points, seed):
    X, Y = random_data(case, points, seed)
    loss = equivariant.symmetrised_loss(X, Y, case.rho_in, case.rho_out)
    W = start(case, seed)
    direct = sum(0.5 * np.sum((y - W @ x) ** 2) for x, y in pairs(case, X, Y))
    constant = sum(0.5 * y @ y for _, y in pairs(case, X, Y))
    value = 0.5 * np.trace(W @ loss.K @ W.T) - np.sum(loss.b * W)
    assert value + constant == pytest.approx(direct, rel=1e-10)


@pytest.mark.parametrize("case", [p for p in ALL if p.values[0].rho_in.dimension <= 5])
def test_flow_is_that_of_an_ode_solver_on_the_augmented_data(case):
    X, Y = random_data(case, 3, seed=1)
    rows, labels = (np.array(side) for side in zip(*pairs(case, X, Y), strict=True))
    W0 = start(case, 1)

    def velocity(_, flat):
        W = flat.reshape(W0.shape)
        return sum(np.outer(y - W @ x, x) for x, y in zip(rows, labels, strict=True)).ravel()

    options = {"t_eval": TIMES, "rtol": 1e-9, "atol": 1e-11}
    solved = solve_ivp(velocity, (0, TIMES[-1]), W0.ravel(), **options).y.T
    flow = equivariant.symmetrised_loss(X, Y, case.rho_in, case.rho_out).flow(W0, TIMES)
    np.testing.assert_allclose(flow.reshape(len(TIMES), -1), solved, atol=1e-6)


@given(representation_pairs(), st.integers(1, 3), seeds)
def test_parts_are_decoupled_and_the_complement_decays(pair, points, seed):
    """Theorem 4.2.2-3, for labels that need not be fixed by any stabiliser."""
    case = gallery.Case("random", *pair)
    X, Y = random_data(case, points, seed)
    maps = EquivariantMaps(*pair)
    loss = equivariant.symmetrised_loss(X, Y, *pair)
    W = start(case, seed)
    W_r, W_k = equivariant.split_maps(W, maps)
    both, only_k = (equivariant.split_maps(loss.flow(w, TIMES), maps) for w in (W, W_k))
    only_r = equivariant.split_maps(loss.flow(W_r, TIMES), maps)
    np.testing.assert_allclose(both[0], only_r[0], atol=1e-9)
    np.testing.assert_allclose(both[1], only_k[1], atol=1e-9)
    decayed = [W_k @ expm(-loss.K * t) for t in TIMES]
    np.testing.assert_allclose(both[1], decayed, atol=1e-9)


@pytest.mark.parametrize("case", OBLIQUE)
def test_parts_are_coupled_for_oblique_representations(case):
    X, Y = random_data(case, 10, seed=2)
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    loss = equivariant.symmetrised_loss(X, Y, case.rho_in, case.rho_out)
    W_r, W_k = equivariant.split_maps(10 * start(case, 2), maps)
    drifted = equivariant.split_maps(loss.flow(W_r + W_k, TIMES) - loss.flow(W_k, TIMES), maps)[1]
    assert np.abs(drifted).max() > 1e-3


@pytest.mark.parametrize("case", ALL)
def test_split_adds_up_and_is_orthogonal(case):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    W = np.stack([start(case, 3), start(case, 4)])
    W_r, W_k = equivariant.split_maps(W, maps)
    np.testing.assert_allclose(W_r + W_k, W, atol=1e-14)
    for g in case.rho_in.group.generators:
        np.testing.assert_allclose(
            W_r @ case.rho_in.matrix(g), case.rho_out.matrix(g) @ W_r, atol=1e-10
        )
    if maps.dimension:
        assert np.abs(np.tensordot(W_k, maps.basis(), axes=([1, 2], [1, 2]))).max() < 1e-10


@given(st.sampled_from([p.values[0] for p in ALL]), seeds)
def test_equivariance_error_is_a_double_loop(case, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, case.rho_in.dimension))
    W = rng.standard_normal((2, case.rho_out.dimension, case.rho_in.dimension))
    group = case.rho_in.group
    expected = np.zeros(2)
    for x in X:
        averaged = [
            np.linalg.solve(case.rho_out.matrix(g), (W @ case.rho_in.matrix(g) @ x).T).T
            for g in group.elements()
        ]
        expected += np.linalg.norm(W @ x - np.mean(averaged, axis=0), axis=1) / len(X)
    found = equivariant.equivariance_error(W, X, case.rho_in, case.rho_out)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("case", ALL)
def test_equivariance_error_vanishes_for_equivariant_maps_only(case):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    X = np.random.default_rng(5).standard_normal((4, case.rho_in.dimension))
    W_r, W_k = equivariant.split_maps(start(case, 5), maps)
    size = np.linalg.norm(W_r) + np.linalg.norm(W_k)
    assert equivariant.equivariance_error(W_r, X, maps.rho_in, maps.rho_out) < 1e-10 * size
    if np.abs(W_k).max() > 1e-8:
        assert equivariant.equivariance_error(W_k, X, maps.rho_in, maps.rho_out) > 1e-3


@pytest.mark.parametrize("case", [p for p in ORTHOGONAL if p.values[0].rho_in.dimension <= 9])
def test_decay_rates_are_those_of_the_matrix_exponential(case):
    X, _ = random_data(case, 2, seed=6)
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    rates = equivariant.map_decay_rates(X, maps)
    assert len(rates) == maps.shape[0] * maps.shape[1] - maps.dimension
    assert (rates >= 0).all()
    K = regression.symmetrised_gram(X, case.rho_in)
    complement = np.eye(maps.shape[0] * maps.shape[1]) - maps.projector()
    decay = complement @ np.kron(np.eye(maps.shape[0]), expm(-K)) @ complement
    inside = np.zeros(maps.dimension)
    expected = np.linalg.eigvalsh((decay + decay.T) / 2)
    np.testing.assert_allclose(np.sort([*inside, *np.exp(-rates)]), expected, atol=1e-9)


def test_decay_rates_for_one_invariant_output_are_those_of_the_vector_case():
    X, _ = random_data(NUMBER, 4, seed=7)
    maps = EquivariantMaps(NUMBER.rho_in, NUMBER.rho_out)
    np.testing.assert_allclose(
        equivariant.map_decay_rates(X, maps), regression.decay_rates(X, NUMBER.rho_in), atol=1e-12
    )


def test_decay_rates_by_hand():
    """A point on the diagonal of the plane says nothing across it: K_G has eigenvalues 0 and 4."""
    maps = EquivariantMaps(SWAP.rho_in, SWAP.rho_out)
    assert equivariant.map_decay_rates([[1.0, 1.0]], maps) == pytest.approx([0.0, 4.0])
    still = gallery.find("C1, nothing moves")
    nothing = EquivariantMaps(still.rho_in, still.rho_out)
    assert equivariant.map_decay_rates(np.ones((1, still.rho_in.dimension)), nothing).shape == (0,)


@pytest.mark.parametrize("case", OBLIQUE)
def test_decay_rates_need_assumption_5(case):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    with pytest.raises(ValueError, match=r"^rho_in: Assumption 5 fails, expected orthogonal"):
        equivariant.map_decay_rates(np.ones((1, case.rho_in.dimension)), maps)


def test_assumption_5_is_about_outputs_too():
    s3 = groups.symmetric(3)
    slanted = reps.conjugated(reps.vector(s3), np.diag([1.0, 2.0, 3.0]))
    equivariant.require_orthogonal_maps(reps.vector(s3), reps.trivial(s3))
    with pytest.raises(ValueError, match=r"^rho_out: Assumption 5 fails.*conjugated vector"):
        equivariant.require_orthogonal_maps(reps.vector(s3), slanted)


def test_a_label_that_moves_while_its_point_stays_is_refused():
    X, Y = np.array([[1.0, 2.0], [3.0, 3.0]]), np.array([[5.0, 6.0], [7.0, 7.0]])
    equivariant.require_equivariant_labels(X, Y, SWAP.rho_in, SWAP.rho_out)
    Y[1, 1] = 8.0
    message = r"Y: Assumption 4 fails.*\[7\.0, 8\.0\] in row 1.*\[8\.0, 7\.0\] under \[1, 0\]"
    with pytest.raises(ValueError, match=message):
        equivariant.require_equivariant_labels(X, Y, SWAP.rho_in, SWAP.rho_out)


@given(st.sampled_from([p.values[0] for p in ALL]), seeds)
def test_images_under_equivariant_maps_are_equivariant_labels(case, seed):
    """The points are averages over a random cyclic subgroup, so some have a stabiliser."""
    rng = np.random.default_rng(seed)
    g = case.rho_in.group.sample(rng, 1)[0]
    powers, power = [np.eye(case.rho_in.dimension)], case.rho_in.matrix(g)
    while not np.allclose(power, np.eye(len(power)), atol=1e-9):
        powers.append(power)
        power = power @ case.rho_in.matrix(g)
    X = rng.standard_normal((2, case.rho_in.dimension)) @ np.mean(powers, axis=0).T
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = maps.from_coordinates(rng.standard_normal(maps.dimension))
    equivariant.require_equivariant_labels(X, X @ A.T, case.rho_in, case.rho_out)


def test_sums_over_the_group_take_points_with_several_labels():
    """The point (3, 3) has the labels (7, 8) and (8, 7): the loss sees both, as its data do."""
    X, Y = np.array([[1.0, 2.0], [3.0, 3.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    loss = equivariant.symmetrised_loss(X, Y, SWAP.rho_in, SWAP.rho_out)
    rows = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [3.0, 3.0]])
    labels = np.array([[5.0, 6.0], [6.0, 5.0], [7.0, 8.0], [8.0, 7.0]])
    direct = regression.QuadraticLoss.from_data(rows, labels)
    np.testing.assert_allclose(loss.K, direct.K)
    np.testing.assert_allclose(loss.b, direct.b)
    limit = loss.limit(np.zeros((2, 2)))
    assert EquivariantMaps(SWAP.rho_in, SWAP.rho_out).contains(limit)


def vectors(case=WIDE, points=2):
    return np.ones((points, case.rho_in.dimension)), np.ones((points, case.rho_out.dimension))


OTHER = reps.vector(groups.cyclic(5))


@pytest.mark.parametrize(
    "function",
    [
        equivariant.symmetrised_cross_moment,
        equivariant.symmetrised_loss,
        equivariant.require_equivariant_labels,
    ],
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, Y: (X[0], Y), r"^X: expected shape \(n, 3\), got \(3,\)"),
        (lambda X, Y: (X[:, :2], Y), r"^X: expected shape \(n, 3\), got \(2, 2\)"),
        (lambda X, Y: (X, Y[:, :4]), r"^Y: expected shape \(n, 5\), got \(2, 4\)"),
        (lambda X, Y: (X, Y[:, 0]), r"^Y: expected shape \(n, 5\), got \(2,\)"),
        (lambda X, Y: (X, Y[:1]), "^Y: expected 2 rows, got 1"),
        (lambda X, Y: (X, Y * np.nan), "^Y: expected finite"),
        (lambda X, Y: (X * np.inf, Y), "^X: expected finite"),
    ],
)
def test_bad_data_are_named(function, change, message):
    with pytest.raises(ValueError, match=message):
        function(*change(*vectors()), WIDE.rho_in, WIDE.rho_out)


def test_representations_of_two_groups_are_refused():
    X, Y = np.ones((2, 3)), np.ones((2, 5))
    for function in (equivariant.symmetrised_loss, equivariant.require_equivariant_labels):
        with pytest.raises(ValueError, match=r"rho_in, rho_out: expected one group, got S_3, C_5"):
            function(X, Y, WIDE.rho_in, OTHER)
    with pytest.raises(ValueError, match=r"rho_in, rho_out: expected one group, got S_3, C_5"):
        equivariant.equivariance_error(np.ones((5, 3)), X, WIDE.rho_in, OTHER)


@pytest.mark.parametrize(
    ("W", "X", "message"),
    [
        (np.ones((3, 5)), np.ones((2, 3)), r"W: expected last axes \(5, 3\), got shape \(3, 5\)"),
        (np.ones(3), np.ones((2, 3)), r"W: expected last axes \(5, 3\), got shape \(3,\)"),
        (np.ones((5, 3)), np.ones((2, 5)), r"X: expected shape \(n, 3\).*got \(2, 5\)"),
        (np.ones((5, 3)), np.ones(3), r"X: expected shape \(n, 3\).*got \(3,\)"),
        (np.ones((5, 3)), np.ones((0, 3)), r"X: expected shape \(n, 3\) with n > 0, got \(0, 3\)"),
    ],
)
def test_shapes_of_the_equivariance_error_are_named(W, X, message):
    with pytest.raises(ValueError, match=message):
        equivariant.equivariance_error(W, X, WIDE.rho_in, WIDE.rho_out)


def test_shapes_of_the_split_and_of_the_rates_are_named():
    maps = EquivariantMaps(WIDE.rho_in, WIDE.rho_out)
    with pytest.raises(ValueError, match=r"maps: expected shape \(\.\.\., 5, 3\), got \(3, 5\)"):
        equivariant.split_maps(np.ones((3, 5)), maps)
    with pytest.raises(ValueError, match=r"X: expected shape \(n, 3\), got \(2, 5\)"):
        equivariant.map_decay_rates(np.ones((2, 5)), maps)
