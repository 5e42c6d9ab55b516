"""Checks of what the measures are given: models, orbits, images and labels."""

from collections.abc import Callable

import torch

Model = Callable[[torch.Tensor], torch.Tensor]


def check_images(x: torch.Tensor) -> None:
    """Raise ValueError unless ``x`` holds at least one image, shape ``(..., N, n)``."""
    if not isinstance(x, torch.Tensor) or x.ndim < 2 or not x.is_floating_point():
        raise ValueError(f"x: expected floating-point images of shape (..., N, n), got {_name(x)}")
    if not x.numel():
        raise ValueError(f"x: expected at least one image, got shape {tuple(x.shape)}")


def check_orbit(orbit: torch.Tensor, pixels: int) -> None:
    """Raise ValueError unless rows of ``orbit`` permute the pixels, the first by nothing."""
    whole = isinstance(orbit, torch.Tensor) and orbit.dtype == torch.int64
    if not whole or orbit.ndim != 2 or not len(orbit):
        raise ValueError(f"orbit: expected integers of shape (|G|, n), got {_name(orbit)}")
    if orbit.shape[1] != pixels:
        raise ValueError(
            f"orbit: expected a group that moves {pixels} pixels, got one that moves "
            f"{orbit.shape[1]}"
        )
    points = torch.arange(pixels, device=orbit.device)
    if not (orbit.sort(-1).values == points).all():
        raise ValueError(f"orbit: expected rows that permute 0..{pixels - 1}, got other rows")
    if not (orbit[0] == points).all():
        raise ValueError("orbit: expected the identity in row 0, got another element")


def check_labels(labels: torch.Tensor, batch: tuple[int, ...], classes: int) -> None:
    """Raise ValueError unless ``labels`` fits ``batch = (..., N)`` and counts classes."""
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        raise ValueError(f"labels: expected integers of shape (N,), got {_name(labels)}")
    if tuple(labels.shape) not in (batch, batch[-1:]):
        raise ValueError(
            f"labels: expected shape {batch[-1:]} or {batch}, got {tuple(labels.shape)}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels: expected classes 0..{classes - 1}, got {labels.min()}..{labels.max()}"
        )


def check_logits(logits: torch.Tensor, identity: bool = True) -> None:
    """Raise ValueError unless ``logits`` has shape ``(|G|, ..., N, classes)``, nothing empty.

    Without the identity there must be another element.
    """
    if not isinstance(logits, torch.Tensor) or logits.ndim < 3 or not logits.is_floating_point():
        got = _name(logits)
        raise ValueError(f"logits: expected numbers of shape (|G|, ..., N, classes), got {got}")
    if not logits.numel():
        raise ValueError(f"logits: expected at least one image, got shape {tuple(logits.shape)}")
    check_identity(len(logits), identity)


def check_identity(order: int, identity: bool) -> None:
    """Raise ValueError if the mean leaves the identity out and nothing remains."""
    if not identity and order < 2:
        raise ValueError("identity: expected True for a group of one element, got False")


def checked_output(model: Model, x: torch.Tensor) -> torch.Tensor:
    """Return ``model(x)``, or raise ValueError if it has not the shape ``(..., N, classes)``."""
    logits = model(x)
    shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else None
    if shape is None or len(shape) < 2 or shape[-2] != x.shape[-2] or not shape[-1]:
        raise ValueError(
            f"model: expected an output of shape (..., {x.shape[-2]}, classes), got {_name(logits)}"
        )
    if x.ndim > 2 and shape[:-2] != x.shape[:-2]:
        raise ValueError(
            f"model: expected an output of shape {(*x.shape[:-1], 'classes')}, got {_name(logits)}"
        )
    return logits


def _name(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
