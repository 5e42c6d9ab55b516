"""Random two-block graphs, labelled by whether they are connected."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from learnsym.data._arguments import generator, integer, probability


def two_block_graphs(
    count: int,
    nodes: int = 10,
    within: float = 0.5,
    between: float = 0.05,
    *,
    seed: int | np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw undirected graphs from a stochastic block model with two blocks.

    Parameters
    ----------
    count
        The number of graphs.
    nodes
        The number of nodes of each graph, at least 2; ``nodes // 2`` of them, drawn at random,
        are in the first block, the others in the second.
    within, between
        The probability of an edge between two nodes of the same block, and of two blocks.
    seed
        A seed or a generator.

    Returns
    -------
    adjacency : numpy.ndarray
        Shape (count, nodes, nodes), float64, symmetric, of zeros and ones, zero on the diagonal.
    connected : numpy.ndarray
        Shape (count,), bool.

    Raises
    ------
    ValueError
        A number is too small, a probability lies outside [0, 1], or ``seed`` is neither a
        non-negative integer nor a generator.
    """
    count = integer("count", count, minimum=1)
    nodes = integer("nodes", nodes, minimum=2)
    within = probability("within", within)
    between = probability("between", between)
    rng = generator(seed)

    # Drawing the members of the blocks is the same as relabelling the nodes at random.
    first_block = rng.permuted(np.tile(np.arange(nodes) < nodes // 2, (count, 1)), axis=1)
    row, column = np.triu_indices(nodes, k=1)
    same_block = first_block[:, row] == first_block[:, column]
    edge = rng.random(same_block.shape) < np.where(same_block, within, between)
    adjacency = np.zeros((count, nodes, nodes))
    adjacency[:, row, column] = edge
    adjacency[:, column, row] = edge
    return adjacency, are_connected(adjacency)


def are_connected(adjacency: np.ndarray) -> np.ndarray:
    """Return which of the undirected graphs are connected.

    All graphs are searched in one call, as the components of their disjoint union.

    Parameters
    ----------
    adjacency
        Shape (count, nodes, nodes); an edge is a non-zero entry, in either direction.

    Returns
    -------
    numpy.ndarray
        Shape (count,), bool.

    Raises
    ------
    ValueError
        ``adjacency`` is not a stack of square matrices.
    """
    adjacency = np.asarray(adjacency)
    if adjacency.ndim != 3 or adjacency.shape[1] != adjacency.shape[2] or 0 in adjacency.shape:
        raise ValueError(f"adjacency: expected shape (count, nodes, nodes), got {adjacency.shape}")
    count, nodes, _ = adjacency.shape
    graph, row, column = np.nonzero(adjacency)
    union = sparse.coo_array(
        (np.ones(len(graph), dtype=np.int8), (graph * nodes + row, graph * nodes + column)),
        shape=(count * nodes, count * nodes),
    )
    _, component = connected_components(union, directed=False)
    component = component.reshape(count, nodes)
    return np.all(component == component[:, :1], axis=1)
