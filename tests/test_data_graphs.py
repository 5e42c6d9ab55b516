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


@pytest.mark.parametrize("nodes", [2, 7, 10])
def test_adjacency_matrices(nodes):
    adjacency, connected = two_block_graphs(300, nodes=nodes, seed=1)
    assert (adjacency.shape, adjacency.dtype) == ((300, nodes, nodes), np.float64)
    assert (connected.shape, connected.dtype) == ((300,), bool)
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


def test_edges_have_their_law_and_all_pairs_are_alike():
    within, between, count = 0.5, 0.05, 8000
    adjacency, _ = two_block_graphs(count, seed=4)
    edges, mean = adjacency.sum(axis=(1, 2)) / 2, 20 * within + 25 * between
    variance = 20 * within * (1 - within) + 25 * between * (1 - between)
    assert abs(edges.mean() - mean) < 5 * np.sqrt(variance / count)
    assert abs(edges.var() / variance - 1) < 0.15
    frequency, expected = adjacency.mean(axis=0)[np.triu_indices(10, k=1)], mean / 45
    assert np.abs(frequency - expected).max() < 5 * np.sqrt(expected * (1 - expected) / count)


def test_seed():
    rng = np.random.default_rng(5)
    first, again, by_generator, moved_on, other = (
        two_block_graphs(50, seed=seed) for seed in (5, 5, rng, rng, 6)
    )
    for k in range(2):
        np.testing.assert_array_equal(first[k], again[k])
        np.testing.assert_array_equal(first[k], by_generator[k])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], moved_on[0])


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
    for shape in ((3, 3), (2, 3, 4), (0, 3, 3), (2, 0, 0)):
        with pytest.raises(ValueError, match="adjacency: expected shape"):
            are_connected(np.zeros(shape))
