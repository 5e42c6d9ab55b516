"""Saliency maps, and how far they move with the image (Moskalev et al., Eq. 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.nn import functional

from learnsym.invariance._arguments import (
    Model,
    check_identity,
    check_images,
    check_orbit,
    checked_output,
)
from learnsym.invariance._layers import first_rows
from learnsym.invariance._slopes import CHUNK, in_chunks, mean_slopes, mean_slopes_cut, slope
from learnsym.networks.perceptron import Perceptron

OUTPUTS = ("logit", "probability")
PADDINGS = ("circular", "reflect", "constant")

Saliency = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Similarity:
    """Mean cosine between saliency maps, and the number of pairs without one.

    Attributes
    ----------
    mean
        Over all pairs with two maps that are not zero, shape ``(...)``; NaN where there is none.
    undefined
        The number of pairs ``(image, g)`` left out because a map is zero, shape ``(...)``.
    """

    mean: torch.Tensor
    undefined: torch.Tensor


@torch.no_grad()
def gradients(model: Model, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the label's logit by the image, with its sign.

    Parameters
    ----------
    model
        Maps images ``(..., N, n)`` to logits ``(..., N, classes)``; an ensemble maps ``(N, n)``
        to ``(runs, N, classes)``.
    x
        Images, shape ``(N, n)`` or ``(runs, N, n)``.
    labels
        Classes, shape ``(N,)``, or ``(runs, N)`` for labels that differ between runs.

    Returns
    -------
    torch.Tensor
        Shape ``(..., N, n)``, one map for every run.

    Raises
    ------
    ValueError
        There is no image, the model's output has another shape, or labels are out of range.
    """
    checked = partial(checked_output, model)
    return in_chunks(model, x, labels, lambda part, chosen: slope(checked, part, chosen, "logit"))


@torch.no_grad()
def integrated_gradients(
    model: Model,
    x: torch.Tensor,
    labels: torch.Tensor,
    baseline: float | torch.Tensor = 0.0,
    steps: int = 32,
    output: str = "logit",
) -> torch.Tensor:
    """Return integrated gradients on the straight path from ``baseline`` to the image.

    The entries of a map add up to ``f_label(x) - f_label(baseline)``, up to the error of the
    midpoint rule with ``steps`` points.

    Parameters
    ----------
    model, x, labels
        As in :func:`gradients`.
    baseline
        A number, one image of shape ``(n,)``, or anything that broadcasts with ``x``.
    steps
        Points of the midpoint rule.
    output
        ``"logit"`` of the label, or its ``"probability"``.

    Returns
    -------
    torch.Tensor
        Shape ``(..., N, n)``, one signed map for every run.
    """
    if output not in OUTPUTS:
        raise ValueError(f"output: expected one of {OUTPUTS}, got {output!r}")
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    check_images(x)
    baseline = torch.as_tensor(baseline, dtype=x.dtype, device=x.device)
    try:
        paths = x - baseline
    except RuntimeError:
        paths = None
    if paths is None or paths.shape != x.shape:
        got = tuple(baseline.shape)
        raise ValueError(f"baseline: expected a shape that fits {tuple(x.shape)}, got {got}")

    options = {"steps": steps, "output": output}
    slopes = partial(mean_slopes, partial(checked_output, model), **options)
    if isinstance(model, Perceptron) and len(model.weights) > 1:
        slopes = partial(mean_slopes_cut, model, first_rows(model), **options)
    return in_chunks(model, x, labels, lambda *part: slopes(*part).mul_(part[-1]), paths)


def published_map(
    maps: torch.Tensor, side: int, threshold: float = 0.9, padding: str = "circular"
) -> torch.Tensor:
    """Return the paper's saliency map: absolute, thresholded, smoothed.

    Absolute values below ``threshold`` times the largest are set to zero; then a 3 x 3 Gaussian
    filter of standard deviation 1 is applied. The paper does not say what the filter sees beyond
    the border. With ``"circular"`` the map moves with the image under rotations and under cyclic
    translations.

    Parameters
    ----------
    maps
        Shape ``(..., n)`` with ``n = side ** 2``.
    side
        Pixels per side.
    threshold
        In ``[0, 1)``.
    padding
        ``"circular"``, ``"reflect"`` or ``"constant"`` (zeros).
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
    size = max(1, CHUNK // rows.shape[1])
    for part, target in zip(rows.split(size), smoothed.split(size), strict=True):
        heights = part.abs()
        heights = heights * (heights >= threshold * heights.amax(-1, keepdim=True))
        padded = functional.pad(heights.view(-1, 1, side, side), (1, 1, 1, 1), mode=padding)
        target.copy_(functional.conv2d(padded, kernel).flatten(1))
    return smoothed.view(maps.shape)


def orbit_maps(
    saliency: Saliency, x: torch.Tensor, labels: torch.Tensor, orbit: torch.Tensor
) -> torch.Tensor:
    """Return the saliency maps of all moved images, shape ``(|G|, ..., N, n)``.

    ``saliency(x, labels)`` returns maps ``(..., N, n)``; ``x`` has shape ``(N, n)`` or
    ``(runs, N, n)`` and ``orbit`` shape ``(|G|, n)``.
    """
    check_images(x)
    check_orbit(orbit, x.shape[-1])
    still = saliency(x, labels)
    maps = still.new_empty(len(orbit), *still.shape)
    maps[0] = still
    for row, g in zip(maps[1:], orbit[1:], strict=True):
        row.copy_(saliency(x[..., g], labels))
    return maps


def realign(maps: torch.Tensor, orbit: torch.Tensor) -> torch.Tensor:
    """Return ``g^-1 m(g x)`` for maps ``m(g x)`` of the moved images, shape ``(|G|, ..., n)``."""
    _check_maps(maps, orbit)
    back = orbit.argsort(-1)
    return torch.stack([m[..., g] for m, g in zip(maps, back, strict=True)])


def saliency_similarity(
    maps: torch.Tensor, orbit: torch.Tensor, identity: bool = True
) -> Similarity:
    """Return SI, the mean cosine between ``m(x)`` and ``g^-1 m(g x)`` (Eq. 3).

    Parameters
    ----------
    maps
        As from :func:`orbit_maps`, shape ``(|G|, ..., N, n)``; row 0 holds ``m(x)``.
    orbit
        Shape ``(|G|, n)``.
    identity
        Whether ``g = e`` counts, with cosine one.

    Returns
    -------
    Similarity
        Pairs with a map that is zero have no cosine. They are left out and counted.
    """
    _check_maps(maps, orbit)
    check_identity(len(orbit), identity)
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


def _unit(maps: torch.Tensor) -> torch.Tensor:
    """Return maps of length one, in double precision; zero maps stay zero."""
    maps = maps.double()
    largest = maps.abs().amax(-1, keepdim=True)
    if not torch.isfinite(largest).all():
        raise ValueError("maps: expected finite numbers, got others")
    maps = maps / largest.where(largest > 0, 1)
    lengths = torch.linalg.vector_norm(maps, dim=-1, keepdim=True)
    return maps.div_(lengths.where(lengths > 0, 1))


def _check_maps(maps: torch.Tensor, orbit: torch.Tensor) -> None:
    if maps.ndim < 3 or not maps.numel():
        got = tuple(maps.shape)
        raise ValueError(f"maps: expected shape (|G|, ..., N, n), nothing empty, got {got}")
    check_orbit(orbit, maps.shape[-1])
    if len(maps) != len(orbit):
        raise ValueError(f"maps: expected one row for each of {len(orbit)}, got {len(maps)}")
