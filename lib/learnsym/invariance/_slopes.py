"""Gradients by the image, a few images at a time."""

from collections.abc import Callable
from functools import partial

import torch

from learnsym.invariance._arguments import Model, check_images, check_labels, checked_output
from learnsym.invariance._layers import first_products, rest
from learnsym.networks.perceptron import Perceptron

CHUNK = 2**20  # entries of an image tensor held at once


def slope(model: Model, x: torch.Tensor, labels: torch.Tensor, output: str) -> torch.Tensor:
    """Return the gradient by ``x`` of the chosen entries of the output, one for every row."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        values = model(x)
        if output == "probability":
            values = values.softmax(-1)
        chosen = values.gather(-1, labels.expand(values.shape[:-1])[..., None])
        return torch.autograd.grad(chosen.sum(), x)[0]


def mean_slopes(
    model: Model,
    x: torch.Tensor,
    labels: torch.Tensor,
    path: torch.Tensor,
    steps: int,
    output: str,
) -> torch.Tensor:
    """Return the mean slope at ``steps`` points of the straight path that ends at ``x``."""
    total = torch.zeros_like(x)
    for step in range(steps):
        point = torch.add(x, path, alpha=(step + 0.5) / steps - 1)
        total += slope(model, point, labels, output)
    return total.div_(steps)


def mean_slopes_cut(
    network: Perceptron,
    rows: torch.Tensor,
    x: torch.Tensor,
    labels: torch.Tensor,
    path: torch.Tensor,
    steps: int,
    output: str,
) -> torch.Tensor:
    """Do the same behind the first layer, where the path is straight too and the images small."""
    end = first_products(network, rows, x)
    way = (path @ rows.mT).view(end.shape)
    slopes = mean_slopes(partial(rest, network), end, labels, way, steps, output)
    return slopes.flatten(-2) @ rows


def in_chunks(
    model: Model,
    x: torch.Tensor,
    labels: torch.Tensor,
    maps: Callable[..., torch.Tensor],
    paths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return ``maps(x, labels[, paths])`` on a few images at a time, with the axis of the runs."""
    check_images(x)
    with torch.no_grad():
        shape = checked_output(model, x[..., :1, :]).shape
    whole = (*shape[:-2], *x.shape[-2:])
    check_labels(labels, whole[:-1], shape[-1])
    result = x.new_empty(whole)
    size = max(1, CHUNK * whole[-2] // result.numel())
    for start in range(0, whole[-2], size):
        rows = slice(start, start + size)
        part = x[..., rows, :].expand(result[..., rows, :].shape)
        extra = () if paths is None else (paths[..., rows, :].expand(part.shape),)
        result[..., rows, :] = maps(part, labels[..., rows], *extra)
    return result
