"""Jacobians of ReLU perceptrons and their largest singular values, in closed form."""

from collections.abc import Iterator

import torch

from learnsym.invariance._arguments import check_images
from learnsym.invariance._layers import check_network, first_products, first_rows, first_slopes
from learnsym.networks.perceptron import Perceptron

_CHUNK = 2**21  # entries of the largest tensor held at once


@torch.no_grad()
def jacobians(network: Perceptron, x: torch.Tensor) -> torch.Tensor:
    """Return the derivatives of the logits by the image, shape ``(runs, N, classes, n)``.

    Where a ReLU is on the map is linear: ``J = W_L D_{L-1} ... W_2 D_1 W_1`` with the diagonal
    matrices of the ReLUs that are on at ``x``. With tied weights ``W_1`` has a row for every unit
    and element of the group, and ``D_1`` picks the largest or takes the mean.

    Parameters
    ----------
    network
        A ReLU perceptron with a hidden layer, free or with tied weights.
    x
        Images, shape ``(N, n)`` or ``(runs, N, n)``.

    Raises
    ------
    ValueError
        The network is not a perceptron with a hidden layer, or the images do not fit it.
    """
    check_images(x)
    check_network(network)
    rows = first_rows(network)
    return torch.cat([part @ rows[:, None] for part in _from_products(network, x, rows)], 1)


@torch.no_grad()
def spectral_norms(network: Perceptron, x: torch.Tensor) -> torch.Tensor:
    """Return the largest singular value of the Jacobian at every image, shape ``(runs, N)``.

    With ``J = A W_1`` it is the root of the largest eigenvalue of ``A (W_1 W_1^T) A^T``, a matrix
    of classes by classes; the Jacobian itself is never formed. Arguments and errors are as in
    :func:`jacobians`.
    """
    check_images(x)
    check_network(network)
    rows = first_rows(network)
    products = rows @ rows.mT
    found = []
    for part in _from_products(network, x, rows):
        # one product for all classes of all images: much faster than one an image
        images = part.flatten(1, 2)
        gram = (images @ products).view(part.shape) @ part.mT
        found.append(torch.linalg.eigvalsh(gram)[..., -1].clamp(min=0).sqrt())
    return torch.cat(found, 1)


def _from_products(
    network: Perceptron, x: torch.Tensor, rows: torch.Tensor
) -> Iterator[torch.Tensor]:
    """Yield the derivatives of the logits by the products of the first layer, in chunks of images.

    Each has shape ``(runs, chunk, classes, units * |G|)``.
    """
    if x.shape[-1] != network.inputs or x.ndim > 3 or (x.ndim == 3 and len(x) != network.runs):
        expected = f"(N, {network.inputs}) or ({network.runs}, N, {network.inputs})"
        raise ValueError(f"x: expected images of shape {expected}, got {tuple(x.shape)}")
    size = max(1, _CHUNK // (network.runs * network.weights[-1].shape[1] * rows.shape[1]))
    for part in x.split(size, -2):
        products = first_products(network, rows, part)
        slopes = first_slopes(network, products)
        yield (_from_hidden(network, products)[..., None] * slopes[:, :, None]).flatten(-2)


def _from_hidden(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the derivatives by the first hidden layer, shape ``(runs, N, classes, units)``."""
    hidden = torch.relu(products)
    hidden = hidden.mean(-1) if network.pooling == "mean" else hidden.amax(-1)
    on = []
    for weight, bias in zip(network.weights[1:-1], network.biases[1:-1], strict=True):
        hidden = torch.relu(hidden @ weight.mT + bias[:, None])
        on.append((hidden > 0).to(hidden))
    last = network.weights[-1]
    result = last[:, None].expand(-1, hidden.shape[1], -1, -1)
    for weight, mask in zip(network.weights[-2:0:-1], reversed(on), strict=True):
        masked = (result * mask[:, :, None]).flatten(1, 2)
        result = (masked @ weight).unflatten(1, result.shape[1:3])
    return result
