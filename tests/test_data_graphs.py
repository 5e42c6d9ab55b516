"""Random two-block graphs: labels against powers of the adjacency matrix, block statistics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from learnsym.data import two_block_graphs
from learnsym.data.graphs import are_connected

adjacencies = (
    st.integers(1, 6)
    .flatmap(lambda n: hnp.arrays(bool, (3, n, n)))
    .map(lambda arrows: arrows | arrows.transpose(0, 2, 1))
)


def connected_by_powers(adjacency):
    """Two nodes are joined by a walk if (I + A)^(n - 1) has a non-zero entry."""
    reachable = np.eye(len(adjacency), dtype=bool) | (adjacency != 0)
    for _ in range(len(adjacency)):
        reachable = (reachable.astype(int) @ reachable.astype(int)) > 0
    return bool(reachable.all())


@given(adjacencies)
def test_labels_agree_with_matrix_powers(adjacency):
    expected = [connected_by_powers(graph) for graph in adjacency]
    assert are_connected(adjacency).tolist() == expected


def test_labels_of_known_graphs():
    path = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    cut = path.copy()
    cut[1, 2] = cut[2, 1] = 0
    isolated = path.copy()
    isolated[0, 1] = isolated[1, 0] = 0
    assert are_connected(np.stack([path, cut, isolated])).tolist() == [True, False, False]


@given(adjacencies, st.randoms(use_true_random=False))
def test_labels_do_not_depend_on_the_names_of_the_nodes(adjacency, random):
    order = list(range(adjacency.shape[1]))
    random.shuffle(order)
    relabelled = adjacency[:, order][:, :, order]
    np.testing.assert_array_equal(are_connected(relabelled), are_connected(adjacency))


@pytest.mark.parametrize("nodes", [2, 7, 10])
def test_adjacency_matrices(nodes):
    adjacency, connected = two_block_graphs(300, nodes=nodes, seed=1)
    assert adjacency.shape == (300, nodes, nodes)
    assert adjacency.dtype == np.float64
    assert connected.shape == (300,)
    assert connected.dtype == bool
    assert set(np.unique(adjacency)) == {0.0, 1.0}
    np.testing.assert_array_equal(adjacency, adjacency.transpose(0, 2, 1))
    assert not adjacency.diagonal(axis1=1, axis2=2).any()
    assert connected.tolist() == [connected_by_powers(graph) for graph in adjacency]


@pytest.mark.parametrize("nodes", [6, 9])
def test_extreme_probabilities_show_the_blocks(nodes):
    half = nodes // 2
    cliques, connected = two_block_graphs(200, nodes=nodes, within=1, between=0, seed=2)
    assert not connected.any()
    degrees = np.sort(cliques.sum(axis=2), axis=1)
    expected = [half - 1] * half + [nodes - half - 1] * (nodes - half)
    assert (degrees == expected).all()
    bipartite, connected = two_block_graphs(200, nodes=nodes, within=0, between=1, seed=2)
    assert connected.all()
    assert (bipartite.sum(axis=(1, 2)) == 2 * half * (nodes - half)).all()


def test_number_of_edges():
    within, between, count = 0.5, 0.05, 4000
    adjacency, _ = two_block_graphs(count, seed=3)
    edges = adjacency.sum(axis=(1, 2)) / 2
    mean = 20 * within + 25 * between
    variance = 20 * within * (1 - within) + 25 * between * (1 - between)
    assert abs(edges.mean() - mean) < 5 * np.sqrt(variance / count)
    assert abs(edges.var() / variance - 1) < 0.15


def test_relabelling_makes_all_pairs_alike():
    count = 8000
    adjacency, _ = two_block_graphs(count, seed=4)
    row, column = np.triu_indices(10, k=1)
    frequency = adjacency.mean(axis=0)[row, column]
    expected = (20 * 0.5 + 25 * 0.05) / 45
    assert np.abs(frequency - expected).max() < 5 * np.sqrt(expected * (1 - expected) / count)


def test_seed():
    first, second = two_block_graphs(50, seed=5), two_block_graphs(50, seed=5)
    other = two_block_graphs(50, seed=6)
    by_generator = two_block_graphs(50, seed=np.random.default_rng(5))
    for k in range(2):
        np.testing.assert_array_equal(first[k], second[k])
        np.testing.assert_array_equal(first[k], by_generator[k])
    assert not np.array_equal(first[0], other[0])


def test_generator_moves_on():
    rng = np.random.default_rng(5)
    assert not np.array_equal(two_block_graphs(9, seed=rng)[0], two_block_graphs(9, seed=rng)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count: expected an integer of at least 1, got 0"),
        ({"nodes": 1}, "nodes: expected an integer of at least 2, got 1"),
        ({"nodes": 10.0}, "nodes: expected an integer of at least 2, got 10.0"),
        ({"within": 1.5}, "within: expected a probability between 0 and 1, got 1.5"),
        ({"between": -0.1}, "between: expected a probability between 0 and 1, got -0.1"),
        ({"between": float("nan")}, "between: expected a probability between 0 and 1, got nan"),
        ({"within": "half"}, "within: expected a probability between 0 and 1, got 'half'"),
        ({"seed": None}, "seed: expected an integer of at least 0, got None"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        two_block_graphs(**{"count": 3, "seed": 0, **arguments})


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 4), (0, 3, 3), (2, 0, 0)])
def test_other_than_square_matrices_fail(shape):
    with pytest.raises(ValueError, match="adjacency: expected shape"):
        are_connected(np.zeros(shape))
