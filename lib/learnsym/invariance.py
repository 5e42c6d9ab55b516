"""Measures of invariance: of logits, of class probabilities, of saliency, and of sensitivity.

All follow Moskalev et al. 2023. A model maps images ``(..., N, n)`` to logits
``(..., N, classes)``; an ensemble of networks adds an axis of runs in front. ``orbit`` is the group
as from :func:`learnsym.networks.perceptron.orbit_indices`, shape ``(|G|, n)``, the identity first.
Malformed arguments raise ValueError.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.nn import functional

from learnsym.networks.perceptron import Perceptron

OUTPUTS = ("logit", "probability")
PADDINGS = ("circular", "reflect", "constant")

Model = Callable[[torch.Tensor], torch.Tensor]
Saliency = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_CHUNK = 2**20  # entries of an image tensor held at once


# --- logits and probabilities ---------------------------------------------------------------------


@torch.no_grad()
def orbit_logits(
    model: Model, x: torch.Tensor, orbit: torch.Tensor, batch: int = 4096
) -> torch.Tensor:
    """Return ``f(g x)`` for all ``g``, shape ``(|G|, ..., N, classes)``; row 0 is ``f(x)``.

    ``x`` has shape ``(N, n)``, or ``(runs, N, n)`` for an ensemble; ``batch`` images are evaluated
    at once.
    """
    _check_images(x)
    _check_orbit(orbit, x.shape[-1])
    if batch < 1:
        raise ValueError(f"batch: expected at least 1, got {batch}")
    parts = [[_output(model, p[..., g]) for p in x.split(batch, -2)] for g in orbit]
    return torch.stack([torch.cat(part, -2) for part in parts])


def logit_error(logits: torch.Tensor, identity: bool = True) -> torch.Tensor:
    """Return LI, the mean of ``|f(x) - f(g x)|^2`` over images and group (Eq. 2, times two).

    ``logits`` are those of :func:`orbit_logits`; the result has shape ``(...)``, in double
    precision. ``identity`` tells whether ``g = e`` counts, with its error zero.
    """
    _check_logits(logits, identity)
    still = logits[0].double()
    terms = [(still - moved.double()).square().sum(-1).mean(-1) for moved in logits[1:]]
    return _group_mean(terms, logits, identity)


def distribution_error(logits: torch.Tensor, identity: bool = True) -> torch.Tensor:
    """Return DI, the mean of ``KL(softmax f(x) || softmax f(g x))`` (Eq. 1); see LI.

    The logarithms of the probabilities are used as they are, so that probabilities below the
    smallest number do no harm.
    """
    _check_logits(logits, identity)
    still = logits[0].double().log_softmax(-1)
    terms = []
    for moved in logits[1:]:
        differences = still - moved.double().log_softmax(-1)
        terms.append((still.exp() * differences).sum(-1).mean(-1))
    return _group_mean(terms, logits, identity)


def _group_mean(terms: list[torch.Tensor], logits: torch.Tensor, identity: bool) -> torch.Tensor:
    total = sum(terms, start=logits.new_zeros(logits.shape[1:-2], dtype=torch.float64))
    return total / (len(logits) if identity else len(logits) - 1)


def total_variance(logits: torch.Tensor) -> torch.Tensor:
    """Return the variance of ``f`` over all images and group elements, summed over classes.

    LI over twice this is the *scale-free LI*: the same for ``f`` and ``a f + b``.
    """
    _check_logits(logits)
    logits = logits.double()
    centred = logits - logits.mean((0, -2), keepdim=True)
    return centred.square().mean((0, -2)).sum(-1)


# --- saliency -------------------------------------------------------------------------------------


@torch.no_grad()
def gradients(model: Model, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the label's logit by the image, shape ``(..., N, n)``.

    ``labels`` has shape ``(N,)``, or ``(runs, N)`` for labels that differ between runs.
    """
    checked = partial(_output, model)
    return _in_chunks(model, x, labels, lambda part, chosen: _slope(checked, part, chosen, "logit"))


@torch.no_grad()
def integrated_gradients(
    model: Model,
    x: torch.Tensor,
    labels: torch.Tensor,
    baseline: float | torch.Tensor = 0.0,
    steps: int = 32,
    output: str = "logit",
) -> torch.Tensor:
    """Return integrated gradients on the straight path from ``baseline``, with their signs.

    The entries of a map add up to ``f_label(x) - f_label(baseline)``, up to the error of the
    midpoint rule with ``steps`` points. ``baseline`` is a number or broadcasts with ``x``;
    ``output`` is the ``"logit"`` or the ``"probability"`` of the label. Shapes are as in
    :func:`gradients`.
    """
    if output not in OUTPUTS:
        raise ValueError(f"output: expected one of {OUTPUTS}, got {output!r}")
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    _check_images(x)
    baseline = torch.as_tensor(baseline, dtype=x.dtype, device=x.device)
    try:
        paths = x - baseline
    except RuntimeError:
        paths = None
    if paths is None or paths.shape != x.shape:
        got = tuple(baseline.shape)
        raise ValueError(f"baseline: expected a shape that fits {tuple(x.shape)}, got {got}")
    slopes = partial(_mean_slopes, partial(_output, model), steps=steps, output=output)
    if isinstance(model, Perceptron) and len(model.weights) > 1:
        slopes = partial(_mean_slopes_cut, model, _first_rows(model), steps=steps, output=output)
    return _in_chunks(model, x, labels, lambda *part: slopes(*part).mul_(part[-1]), paths)


def published_map(
    maps: torch.Tensor, side: int, threshold: float = 0.9, padding: str = "circular"
) -> torch.Tensor:
    """Return the paper's saliency map of ``side ** 2`` pixels: absolute, thresholded, smoothed.

    Absolute values below ``threshold`` times the largest are set to zero; then a 3 x 3 Gaussian
    filter of standard deviation 1 is applied. The paper does not say what the filter sees beyond
    the border: ``"circular"``, ``"reflect"`` or ``"constant"`` (zeros). With ``"circular"`` the map
    moves with the image under rotations and cyclic translations.
    """
    if maps.shape[-1] != side**2:
        raise ValueError(f"side: expected {maps.shape[-1]} = side ** 2 pixels, got side = {side}")
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold: expected a number in [0, 1), got {threshold}")
    if padding not in PADDINGS:
        raise ValueError(f"padding: expected one of {PADDINGS}, got {padding!r}")
    profile = torch.exp(-(torch.arange(-1, 2, dtype=torch.float64) ** 2) / 2)
    kernel = torch.outer(profile, profile)
    kernel = (kernel / kernel.sum()).to(maps)[None, None]
    rows = maps.reshape(-1, maps.shape[-1])
    smoothed = torch.empty_like(rows)
    size = max(1, _CHUNK // rows.shape[1])
    for part, target in zip(rows.split(size), smoothed.split(size), strict=True):
        heights = part.abs()
        heights = heights * (heights >= threshold * heights.amax(-1, keepdim=True))
        padded = functional.pad(heights.view(-1, 1, side, side), (1, 1, 1, 1), mode=padding)
        target.copy_(functional.conv2d(padded, kernel).flatten(1))
    return smoothed.view(maps.shape)


def orbit_maps(
    saliency: Saliency, x: torch.Tensor, labels: torch.Tensor, orbit: torch.Tensor
) -> torch.Tensor:
    """Return the maps ``saliency(g x, labels)`` of all moved images, ``(|G|, ..., N, n)``."""
    _check_images(x)
    _check_orbit(orbit, x.shape[-1])
    still = saliency(x, labels)
    maps = still.new_empty(len(orbit), *still.shape)
    maps[0] = still
    for row, g in zip(maps[1:], orbit[1:], strict=True):
        row.copy_(saliency(x[..., g], labels))
    return maps


@dataclass(frozen=True)
class Similarity:
    """Mean cosine between saliency maps, and the number of pairs without one, ``(...)`` each.

    Pairs ``(image, g)`` with a map that is zero are left out of ``mean``, which is NaN where none
    remains, and counted in ``undefined``.
    """

    mean: torch.Tensor
    undefined: torch.Tensor


def saliency_similarity(
    maps: torch.Tensor, orbit: torch.Tensor, identity: bool = True
) -> Similarity:
    """Return SI, the mean cosine between ``m(x)`` and ``g^-1 m(g x)`` (Eq. 3).

    ``maps`` are those of :func:`orbit_maps`; ``identity`` tells whether ``g = e`` counts, with
    cosine one.
    """
    _check_maps(maps, orbit)
    _check_identity(len(orbit), identity)
    still = _unit(maps[0])
    total = still.new_zeros(maps.shape[1:-2])
    defined = torch.zeros(maps.shape[1:-2], dtype=torch.int64, device=maps.device)
    exists = still.any(-1)
    for index in range(0 if identity else 1, len(orbit)):
        # <m(x), g^-1 m(g x)> = <g m(x), m(g x)>
        moved = _unit(maps[index])
        both = exists & moved.any(-1)
        cosines = (still[..., orbit[index]] * moved).sum(-1)
        total += torch.where(both, cosines, 0).sum(-1)
        defined += both.sum(-1)
    pairs = maps.shape[-2] * (len(orbit) if identity else len(orbit) - 1)
    return Similarity(total / defined, pairs - defined)


def without_identity(similarity: np.ndarray, order: ArrayLike) -> np.ndarray:
    """Return SI over ``g`` other than ``e``, ``(|G| SI - 1) / (|G| - 1)``, from SI over all ``g``.

    ``order`` is ``|G|`` for each entry of the first axis of ``similarity``. Exact where no map is
    zero. Raises ValueError for a group of one element.
    """
    order = np.reshape(order, (-1, *[1] * (similarity.ndim - 1)))
    if (order < 2).any():
        raise ValueError(f"order: expected groups of more than one element, got {order.ravel()}")
    return (order * similarity - 1) / (order - 1)


def _unit(maps: torch.Tensor) -> torch.Tensor:
    """Return maps of length one, in double precision; zero maps stay zero."""
    maps = maps.double()
    largest = maps.abs().amax(-1, keepdim=True)
    if not torch.isfinite(largest).all():
        raise ValueError("maps: expected finite numbers, got others")
    maps = maps / largest.where(largest > 0, 1)
    lengths = torch.linalg.vector_norm(maps, dim=-1, keepdim=True)
    return maps.div_(lengths.where(lengths > 0, 1))


def _slope(model: Model, x: torch.Tensor, labels: torch.Tensor, output: str) -> torch.Tensor:
    """Return the gradient by ``x`` of the chosen entries of the output, one for every row."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        values = model(x)
        if output == "probability":
            values = values.softmax(-1)
        chosen = values.gather(-1, labels.expand(values.shape[:-1])[..., None])
        return torch.autograd.grad(chosen.sum(), x)[0]


def _mean_slopes(
    model: Model, x: torch.Tensor, labels: torch.Tensor, path: torch.Tensor, steps: int, output: str
) -> torch.Tensor:
    """Return the mean slope at ``steps`` points of the straight path that ends at ``x``."""
    total = torch.zeros_like(x)
    for step in range(steps):
        point = torch.add(x, path, alpha=(step + 0.5) / steps - 1)
        total += _slope(model, point, labels, output)
    return total.div_(steps)


def _mean_slopes_cut(
    network: Perceptron,
    rows: torch.Tensor,
    x: torch.Tensor,
    labels: torch.Tensor,
    path: torch.Tensor,
    **options: object,
) -> torch.Tensor:
    """Do the same behind the first layer, where the path is straight too and the images small."""
    end = _first_products(network, rows, x)
    way = (path @ rows.mT).view(end.shape)
    slopes = _mean_slopes(partial(_rest, network), end, labels, way, **options)
    return slopes.flatten(-2) @ rows


def _in_chunks(
    model: Model,
    x: torch.Tensor,
    labels: torch.Tensor,
    maps: Callable[..., torch.Tensor],
    paths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return ``maps(x, labels[, paths])`` on a few images at a time, with the axis of the runs."""
    _check_images(x)
    with torch.no_grad():
        shape = _output(model, x[..., :1, :]).shape
    whole = (*shape[:-2], *x.shape[-2:])
    _check_labels(labels, whole[:-1], shape[-1])
    result = x.new_empty(whole)
    size = max(1, _CHUNK * whole[-2] // result.numel())
    for start in range(0, whole[-2], size):
        rows = slice(start, start + size)
        part = x[..., rows, :].expand(result[..., rows, :].shape)
        extra = () if paths is None else (paths[..., rows, :].expand(part.shape),)
        result[..., rows, :] = maps(part, labels[..., rows], *extra)
    return result


# --- sensitivity ----------------------------------------------------------------------------------


@torch.no_grad()
def spectral_norms(network: Perceptron, x: torch.Tensor) -> torch.Tensor:
    """Return the largest singular value of the logits' Jacobian at every image, ``(runs, N)``.

    Where a ReLU is on, the map is linear: ``J = A W_1``, with a row of ``W_1`` for every unit and
    element of the group if weights are tied. The answer is the root of the largest eigenvalue of
    ``A (W_1 W_1^T) A^T``, a matrix of classes by classes; the Jacobian itself is never formed.
    ``network`` is a perceptron with a hidden layer, ``x`` has shape ``(N, n)`` or ``(runs, N, n)``.
    """
    _check_images(x)
    _check_network(network, x)
    rows = _first_rows(network)
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
    size = max(1, 2 * _CHUNK // (network.runs * network.weights[-1].shape[1] * rows.shape[1]))
    for part in x.split(size, -2):
        products = _first_products(network, rows, part)
        slopes = _first_slopes(network, products)
        yield (_from_hidden(network, products)[..., None] * slopes[:, :, None]).flatten(-2)


def _from_hidden(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the derivatives by the first hidden layer, shape ``(runs, N, classes, units)``."""
    hidden, on = _pooled(network, products), []
    for weight, bias in zip(network.weights[1:-1], network.biases[1:-1], strict=True):
        hidden = torch.relu(hidden @ weight.mT + bias[:, None])
        on.append((hidden > 0).to(hidden))
    result = network.weights[-1][:, None].expand(-1, hidden.shape[1], -1, -1)
    for weight, mask in zip(network.weights[-2:0:-1], reversed(on), strict=True):
        masked = (result * mask[:, :, None]).flatten(1, 2)
        result = (masked @ weight).unflatten(1, result.shape[1:3])
    return result


# --- a perceptron cut after the linear part of its first layer ------------------------------------


def _first_rows(network: Perceptron) -> torch.Tensor:
    """Return the rows of the first layer moved by the group, shape ``(runs, units * |G|, n)``."""
    weight = network.weights[0]
    return weight if network.orbit is None else weight[..., network.orbit].flatten(1, 2)


def _first_products(network: Perceptron, rows: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return ``W_1 g x + b_1``, shape ``(runs, N, units, |G|)``."""
    products = (x @ rows.mT).unflatten(-1, (network.weights[0].shape[1], -1))
    return products + network.biases[0][:, None, :, None]


def _first_slopes(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the derivative of the hidden units by the products, of the same shape.

    Elements of the group that tie for the maximum share it evenly, as in torch; a unit at zero is
    off.
    """
    if network.pooling == "mean" or network.orbit is None:
        return (products > 0).to(products) / products.shape[-1]
    largest = products.amax(-1, keepdim=True)
    ties = (products == largest).to(products)
    return ties.div_(ties.sum(-1, keepdim=True)).mul_(largest > 0)


def _pooled(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    hidden = torch.relu(products)
    return hidden.mean(-1) if network.pooling == "mean" else hidden.amax(-1)


def _rest(network: Perceptron, products: torch.Tensor) -> torch.Tensor:
    """Return the logits ``(runs, N, classes)`` from the products of the first layer."""
    hidden = _pooled(network, products)
    layers = list(zip(network.weights[1:], network.biases[1:], strict=True))
    for weight, bias in layers[:-1]:
        hidden = torch.relu(hidden @ weight.mT + bias[:, None])
    return hidden @ layers[-1][0].mT + layers[-1][1][:, None]


# --- what the measures are given ------------------------------------------------------------------


def _check_images(x: torch.Tensor) -> None:
    if not isinstance(x, torch.Tensor) or x.ndim < 2 or not x.is_floating_point():
        raise ValueError(f"x: expected floating-point images of shape (..., N, n), got {_name(x)}")
    if not x.numel():
        raise ValueError(f"x: expected at least one image, got shape {tuple(x.shape)}")


def _check_orbit(orbit: torch.Tensor, pixels: int) -> None:
    whole = isinstance(orbit, torch.Tensor) and orbit.dtype == torch.int64
    if not whole or orbit.ndim != 2 or not len(orbit):
        raise ValueError(f"orbit: expected integers of shape (|G|, n), got {_name(orbit)}")
    if orbit.shape[1] != pixels:
        got = orbit.shape[1]
        raise ValueError(f"orbit: expected a group that moves {pixels} pixels, got {got}")
    points = torch.arange(pixels, device=orbit.device)
    if not (orbit.sort(-1).values == points).all():
        raise ValueError(f"orbit: expected rows that permute 0..{pixels - 1}, got other rows")
    if not (orbit[0] == points).all():
        raise ValueError("orbit: expected the identity in row 0, got another element")


def _check_labels(labels: torch.Tensor, batch: tuple[int, ...], classes: int) -> None:
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        raise ValueError(f"labels: expected integers of shape (N,), got {_name(labels)}")
    if tuple(labels.shape) not in (batch, batch[-1:]):
        expected = f"{batch[-1:]} or {batch}"
        raise ValueError(f"labels: expected shape {expected}, got {tuple(labels.shape)}")
    if labels.min() < 0 or labels.max() >= classes:
        got = f"{labels.min()}..{labels.max()}"
        raise ValueError(f"labels: expected classes 0..{classes - 1}, got {got}")


def _check_logits(logits: torch.Tensor, identity: bool = True) -> None:
    if not isinstance(logits, torch.Tensor) or logits.ndim < 3 or not logits.is_floating_point():
        got = _name(logits)
        raise ValueError(f"logits: expected numbers of shape (|G|, ..., N, classes), got {got}")
    if not logits.numel():
        raise ValueError(f"logits: expected at least one image, got shape {tuple(logits.shape)}")
    _check_identity(len(logits), identity)


def _check_identity(order: int, identity: bool) -> None:
    if not identity and order < 2:
        raise ValueError("identity: expected True for a group of one element, got False")


def _check_maps(maps: torch.Tensor, orbit: torch.Tensor) -> None:
    if maps.ndim < 3 or not maps.numel():
        got = tuple(maps.shape)
        raise ValueError(f"maps: expected shape (|G|, ..., N, n), nothing empty, got {got}")
    _check_orbit(orbit, maps.shape[-1])
    if len(maps) != len(orbit):
        raise ValueError(f"maps: expected one row for each of {len(orbit)}, got {len(maps)}")


def _check_network(network: Perceptron, x: torch.Tensor) -> None:
    if not isinstance(network, Perceptron) or len(network.weights) < 2:
        got = f"{len(network.weights)} layer" if isinstance(network, Perceptron) else repr(network)
        raise ValueError(f"network: expected a Perceptron with a hidden layer, got {got}")
    if x.shape[-1] != network.inputs or x.ndim > 3 or (x.ndim == 3 and len(x) != network.runs):
        expected = f"(N, {network.inputs}) or ({network.runs}, N, {network.inputs})"
        raise ValueError(f"x: expected images of shape {expected}, got {tuple(x.shape)}")


def _output(model: Model, x: torch.Tensor) -> torch.Tensor:
    """Return ``model(x)``, of shape ``(..., N, classes)``."""
    logits = model(x)
    shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else ()
    fits = len(shape) >= 2 and shape[-2] == x.shape[-2] and shape[-1] > 0
    if not fits or (x.ndim > 2 and shape[:-2] != x.shape[:-2]):
        expected = f"({'...' if x.ndim == 2 else len(x)}, {x.shape[-2]}, classes)"
        raise ValueError(f"model: expected an output of shape {expected}, got {_name(logits)}")
    return logits


def _name(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
