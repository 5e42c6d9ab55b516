"""Networks whose hidden layer the group maps to itself.

Give every neuron ``(w, b)`` its copies ``(rho(h) w, b)`` for all ``h`` in the group. Acting on the
input then only exchanges neurons, so conjugate features carry a permutation representation. With
outgoing weights that are equal up to sign within an orbit of neurons, gradients carry an orthogonal
representation as well. The random signs keep the network itself from being invariant.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag

from learnsym.groups import Group
from learnsym.kernels.network import Mlp
from learnsym.representations import PermutationRepresentation, Representation


@dataclass(frozen=True)
class ClosedNetwork:
    """A network, its parameters, and how the group acts on its features.

    Attributes
    ----------
    mlp
        ``|G| H`` hidden neurons, copy by copy.
    theta
        Parameters, shape ``(p,)``.
    on_gradients
        Orthogonal representation with ``grad f(rho(g) x) = on_gradients(g) grad f(x)``.
    on_neurons
        Permutation representation on the outputs of the hidden layer.
    """

    mlp: Mlp
    theta: np.ndarray
    on_gradients: Representation
    on_neurons: PermutationRepresentation


def closed_network(
    mlp: Mlp, theta: np.ndarray, rho: Representation, rng: np.random.Generator
) -> ClosedNetwork:
    """Close a network under a group.

    Parameters
    ----------
    mlp, theta
        The network whose neurons are copied; ``theta`` has shape ``(p,)``.
    rho
        Orthogonal representation on the inputs.
    rng
        Draws the signs of the outgoing weights. Their size and that of the output bias shrink by
        ``sqrt(|G|)``, to that of an ordinary network of the new width.

    Raises
    ------
    ValueError
        ``rho`` has another dimension than the inputs or is not orthogonal.
    """
    if rho.dimension != mlp.inputs:
        raise ValueError(f"rho: expected dimension {mlp.inputs}, got {rho.dimension}")
    if not rho.is_orthogonal:
        raise ValueError(f"rho: expected an orthogonal representation, got {rho.name}")
    group = rho.group
    W, b, a, c = mlp.unpack(theta)
    large = replace(mlp, hidden=group.order * mlp.hidden)
    signs = rng.choice([-1.0, 1.0], large.hidden)
    closed = large.pack(
        np.concatenate([rho.act(h, W) for h in group.elements()]),
        np.tile(b, group.order),
        np.tile(np.abs(a), group.order) * signs / np.sqrt(group.order),
        c / np.sqrt(group.order),
    )
    on_neurons = _on_neurons(group, mlp.hidden)

    def on_gradients(g: np.ndarray) -> np.ndarray:
        exchange = on_neurons.matrix(g)
        signed = signs[:, None] * exchange * signs
        return block_diag(np.kron(signed, rho.matrix(g)), signed, exchange, np.eye(1))

    name = f"gradients of a network closed under {group.name}"
    representation = Representation(group, large.parameters, on_gradients, name)
    return ClosedNetwork(large, closed, representation, on_neurons)


def _on_neurons(group: Group, hidden: int) -> PermutationRepresentation:
    """Return the action on neurons: copy ``h`` at ``g x`` equals copy ``g^-1 h`` at ``x``."""
    elements = group.elements()
    number = {group.key(h): i for i, h in enumerate(elements)}

    def indices(g: np.ndarray) -> np.ndarray:
        target = [number[group.key(group.multiply(g, h))] for h in elements]
        return (np.array(target)[:, None] * hidden + np.arange(hidden)).ravel()

    return PermutationRepresentation(group, group.order * hidden, indices, "hidden neurons")
