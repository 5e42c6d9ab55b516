"""Measures of networks on Transforming-MNIST, for the experiments that train them.

All follow Moskalev et al. 2023 where it defines them; see :mod:`learnsym.invariance`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from learnsym.data.transforming import FRAMED
from learnsym.invariance import (
    distribution_error,
    gradients,
    integrated_gradients,
    logit_error,
    orbit_logits,
    orbit_maps,
    published_map,
    saliency_similarity,
    spectral_norms,
    total_variance,
)
from learnsym.networks.perceptron import Perceptron

if TYPE_CHECKING:
    from learnsym.experiments.transforming import Task

SALIENCIES = ("published", "probability", "black baseline", "no threshold", "signed", "gradient")
BLOCK = 2_000  # images held in full precision at once


@torch.no_grad()
def on_orbits(
    task: Task, network: Perceptron, x: torch.Tensor, labels: torch.Tensor
) -> dict[str, np.ndarray]:
    """Return the measures that need only logits, each ``(runs,)``, on images ``(N, n)``."""
    return from_logits(orbit_logits(network, x, task.orbit, batch=BLOCK), labels)


def from_logits(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, np.ndarray]:
    """Return accuracies and errors, each ``(runs,)``, from logits ``(|G|, runs, N, classes)``.

    ``accuracy`` is the mean over the group. ``agreement`` is the share of moved images with the
    class of the unmoved one. ``averaged_logits`` and ``averaged_probabilities`` are the accuracies
    after averaging over the orbit. ``logit_scale`` is the root of the total variance of the
    logits, and where it is 0, so is ``scale_free``; ``common_share`` is the share of the mean
    squared logits in their mean over classes.
    """
    classes = logits.argmax(-1)
    error, variance = logit_error(logits), total_variance(logits)
    common = logits.mean(-1).square().mean((0, 2)) * logits.shape[-1]
    found = {
        "accuracy": (classes == labels).double().mean((0, 2)),
        "agreement": (classes == classes[0]).double().mean((0, 2)),
        "averaged_logits": (logits.mean(0).argmax(-1) == labels).double().mean(-1),
        "averaged_probabilities": (logits.softmax(-1).mean(0).argmax(-1) == labels)
        .double()
        .mean(-1),
        "logit_error": error,
        "distribution_error": distribution_error(logits),
        "scale_free": _share(error, 2 * variance),
        "logit_scale": variance.sqrt(),
        "common_share": common / logits.square().sum(-1).mean((0, 2)).clamp_min(1e-30),
    }
    return {name: value.numpy() for name, value in found.items()}


def _share(error: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """Return ``error / whole``, and 0 where ``whole`` is: constant logits are invariant."""
    return torch.where(whole == 0, 0.0, error / whole)


def similarity(
    task: Task, network: Perceptron, x: torch.Tensor, labels: torch.Tensor, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarity of saliency maps and the number of undefined pairs, ``(runs,)`` each.

    ``kind`` is one of :data:`SALIENCIES`: ``published`` (absolute integrated gradients of the
    label's logit from the mean grey, thresholded at 0.9 and smoothed), the same of the
    ``probability``, from a ``black baseline``, with ``no threshold``; ``signed`` integrated
    gradients, and the plain ``gradient`` with its sign. Where all pairs are undefined, as for a
    network with constant logits, the similarity is given as 0.
    """
    maps = orbit_maps(partial(saliency, task, network, kind), x, labels, task.orbit)
    found = saliency_similarity(maps, task.orbit)
    return found.mean.nan_to_num(0.0).numpy(), found.undefined.numpy()


def saliency(
    task: Task, network: Perceptron, kind: str, x: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return saliency maps of a kind in :data:`SALIENCIES`, shape ``(runs, N, n)``."""
    if kind not in SALIENCIES:
        raise ValueError(f"kind: expected one of {SALIENCIES}, got {kind!r}")
    if kind == "gradient":
        return gradients(network, x, labels)
    baseline = task.data.black if kind == "black baseline" else 0.0
    output = "probability" if kind == "probability" else "logit"
    maps = integrated_gradients(network, x, labels, baseline, output=output)
    if kind == "signed":
        return maps
    return published_map(maps, FRAMED, 0.0 if kind == "no threshold" else 0.9)


def layer_norms(network: Perceptron) -> tuple[np.ndarray, np.ndarray]:
    """Return largest singular values and Frobenius norms of all layers, ``(runs, layers)``."""
    with torch.no_grad():
        largest = [torch.linalg.matrix_norm(w, 2) for w in network.weights]
        frobenius = [torch.linalg.matrix_norm(w) for w in network.weights]
    return torch.stack(largest, 1).numpy(), torch.stack(frobenius, 1).numpy()


@torch.no_grad()
def on_test_images(task: Task, network: Perceptron) -> dict[str, np.ndarray]:
    """Return those of :func:`from_logits` on all test images, block by block."""
    blocks = np.array_split(task.data.test, max(1, len(task.data.test) // BLOCK))
    rows = (torch.as_tensor(task.data.rows(block)) for block in blocks)
    logits = torch.cat([orbit_logits(network, r, task.orbit, batch=BLOCK) for r in rows], dim=2)
    return from_logits(logits, torch.as_tensor(task.data.test_labels))


@torch.no_grad()
def measures(task: Task, network: Perceptron) -> dict[str, np.ndarray]:
    """Return all measures on test images, each of shape ``(runs, ...)``.

    Those of :func:`from_logits` are taken on all test images; ``similarities`` and ``undefined``
    (runs, SALIENCIES), ``spectral_norm`` (mean of the largest singular value of the Jacobian)
    and ``feature_share`` (the share within orbits of the variance of the last hidden layer) on the
    first of them; ``layer_norms`` and ``layer_frobenius`` have shape (runs, layers).
    """
    found = on_test_images(task, network)
    x, labels = task.images("test", task.setting.saliency)
    pairs = [similarity(task, network, x, labels, kind) for kind in SALIENCIES]
    found["similarities"], found["undefined"] = (np.stack(v, 1) for v in zip(*pairs, strict=True))
    found["spectral_norm"] = spectral_norms(network, x).mean(1).numpy()
    features = orbit_logits(network.features, x, task.orbit, batch=BLOCK)
    found["feature_share"] = _share(logit_error(features), 2 * total_variance(features)).numpy()
    found["layer_norms"], found["layer_frobenius"] = layer_norms(network)
    return found
