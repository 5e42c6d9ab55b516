"""A perceptron cut after the linear part of its first layer, with the group written out."""

import torch

from learnsym.networks.perceptron import Perceptron


def check_network(network: Perceptron) -> None:
    """Raise ValueError unless ``network`` is a perceptron with a hidden layer."""
    if not isinstance(network, Perceptron) or len(network.weights) < 2:
        got = f"{len(network.weights)} layer" if isinstance(network, Perceptron) else repr(network)
        raise ValueError(f"network: expected a Perceptron with a hidden layer, got {got}")


def first_rows(network: Perceptron) -> torch.Tensor:
    """Return the rows of the first layer moved by the group, shape ``(runs, units * |G|, n)``.

    A free network has its rows alone, as for a group of one element.
    """
    weight = network.weights[0]
    return weight if network.orbit is None else weight[..., network.orbit].flatten(1, 2)


def first_products(network: Perceptron, rows: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return ``W_1 g x + b_1``, shape ``(runs, N, units, |G|)``, from :func:`first_rows`."""
    products = (x @ rows.mT).unflatten(-1, (network.weights[0].shape[1], -1))
    return products + network.biases[0][:, None, :, None]


def first_slopes(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the derivative of the hidden units by the products, of the same shape.

    Elements of the group that tie for the maximum share it evenly, as in torch; a unit at zero is
    off.
    """
    if network.pooling == "mean" or network.orbit is None:
        return (products > 0).to(products) / products.shape[-1]
    largest = products.amax(-1, keepdim=True)
    ties = (products == largest).to(products)
    return ties.div_(ties.sum(-1, keepdim=True)).mul_(largest > 0)


def rest(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the logits ``(runs, N, classes)`` from the products of the first layer."""
    hidden = torch.relu(products)
    hidden = hidden.mean(-1) if network.pooling == "mean" else hidden.amax(-1)
    layers = list(zip(network.weights[1:], network.biases[1:], strict=True))
    for weight, bias in layers[:-1]:
        hidden = torch.relu(hidden @ weight.mT + bias[:, None])
    return hidden @ layers[-1][0].mT + layers[-1][1][:, None]
