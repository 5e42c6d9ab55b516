"""Measures of invariance on networks that are constructed so that the answer is known."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from learnsym import invariance
from learnsym.invariance import Similarity
from learnsym.representations import Representation

Network = Callable[[torch.Tensor], torch.Tensor]

CLASSES = 3
SIDE = 8
STEPS = 8  # of the midpoint rule
OFFSET, CERTAINTY, SHRINKING = 20.0, 30.0, 0.01


def orbit_matrices(rho: Representation) -> torch.Tensor:
    """Return ``rho(g)`` for all elements, the identity first, shape ``(|G|, n, n)``."""
    images = np.array([rho.matrix(g) for g in rho.group.elements()], dtype=np.float64)
    images = images.real
    still = np.abs(images - np.eye(rho.dimension)).max(axis=(1, 2)) < 1e-9
    return torch.tensor(np.concatenate([images[still][:1], images[~still]]))


def permutations_of(matrices: torch.Tensor) -> torch.Tensor:
    """Return permutation matrices as indices, ``(M x)[i] = x[indices[i]]``."""
    return matrices.argmax(-1)


def random_network(inputs: int, classes: int, rng: np.random.Generator, width: int = 16) -> Network:
    """Return a smooth network with one hidden layer of tanh and Gaussian weights."""
    first = torch.tensor(rng.standard_normal((width, inputs)) / np.sqrt(inputs))
    shift = torch.tensor(rng.standard_normal(width))
    last = torch.tensor(rng.standard_normal((classes, width)))
    return lambda x: torch.tanh(1.5 * x @ first.T + shift) @ last.T


def averaged(network: Network, matrices: torch.Tensor) -> Network:
    """Return the invariant network, the mean of ``network(g x)`` over the group."""
    return lambda x: moved_logits(network, x, matrices).mean(0)


def alternating(network: Network, matrices: torch.Tensor, signs: torch.Tensor) -> Network:
    """Return the mean of ``sign(g) network(g x)``; it changes sign as ``sign`` tells."""
    return lambda x: (
        torch.einsum("g,gnc->nc", signs, moved_logits(network, x, matrices)) / len(signs)
    )


def moved_logits(network: Network, x: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Return ``f(g x)`` for matrices ``g``, shape ``(|G|, N, classes)``."""
    moved = x @ matrices.mT
    return network(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])


def gradient_gap(network: Network, x: torch.Tensor, matrices: torch.Tensor) -> float:
    """Return the largest entry of ``grad f(g x) - g grad f(x)``, for the label 0."""
    moved = x @ matrices.mT
    labels = torch.zeros(moved[..., 0].numel(), dtype=torch.int64)
    slopes = invariance.gradients(network, moved.flatten(0, 1), labels).view(moved.shape)
    return float((slopes - slopes[0] @ matrices.mT).abs().max())


def path_similarity(
    network: Network, x: torch.Tensor, orbit: torch.Tensor, baseline: float | torch.Tensor
) -> Similarity:
    """Return SI of signed integrated gradients, ``g = e`` left out, for the label 0."""
    moved = torch.stack([x[:, g] for g in orbit])
    labels = torch.zeros(moved[..., 0].numel(), dtype=torch.int64)
    maps = invariance.integrated_gradients(network, moved.flatten(0, 1), labels, baseline, STEPS)
    return invariance.saliency_similarity(maps.view(moved.shape), orbit, identity=False)


# --- the traps ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traps:
    """Networks on ``SIDE x SIDE`` images, with images to measure them on.

    ``networks`` maps names to functions, ``x`` has shape ``(N, n)`` and ``orbit`` ``(|G|, n)``.
    """

    networks: dict[str, Network]
    x: torch.Tensor
    orbit: torch.Tensor


def traps(orbit: torch.Tensor, count: int, rng: np.random.Generator) -> Traps:
    """Return the networks of the chapter under quarter turns (or any cyclic ``orbit`` of order 4).

    All but the first and the last fool at least one of the measures.
    """
    n = orbit.shape[1]
    matrices = torch.eye(n, dtype=torch.float64)[orbit]
    x = torch.tensor(rng.standard_normal((count, n)))
    free, other = (random_network(n, CLASSES, rng) for _ in range(2))
    invariant = averaged(other, matrices)
    heights = torch.tensor(rng.standard_normal(n))
    kicks = torch.tensor([3.0, -1.0, -2.0], dtype=torch.float64)
    certain = torch.tensor([CERTAINTY, 0.0, 0.0], dtype=torch.float64)
    # the ramp is so steep that no image of the data lies on it
    steepness = 2 / (moved_logits(lambda z: z @ heights[:, None], x, matrices)).abs().min()
    signs = turn_signs(orbit)

    def plateaus(z: torch.Tensor) -> torch.Tensor:
        ramp = torch.clamp(steepness * z @ heights, -1, 1)
        return invariant(z) + ramp[:, None] * kicks

    networks = {
        "invariant": invariant,
        "common offset": lambda z: invariant(z) + OFFSET * (z @ heights / n**0.5)[:, None],
        "certain": lambda z: free(z) + certain,
        "shrunken": lambda z: SHRINKING * free(z),
        "plateaus": plateaus,
        "sign": alternating(free, matrices, signs),
        "free": free,
    }
    return Traps(networks, x, orbit)


def turn_signs(orbit: torch.Tensor) -> torch.Tensor:
    """Return 1 for the squares of a cyclic group of even order, and -1 for the others."""
    squares = {tuple(g[g].tolist()) for g in orbit}
    signs = [1.0 if tuple(g.tolist()) in squares else -1.0 for g in orbit]
    if 2 * sum(s > 0 for s in signs) != len(orbit):
        raise ValueError("orbit: expected a cyclic group of even order, got another")
    return torch.tensor(signs, dtype=torch.float64)


@dataclass(frozen=True)
class Row:
    """All measures of one network; SI of gradients, of their absolute values, and as published.

    ``agreement`` is the share of moved images, ``g != e``, whose decision is that of ``x``.
    ``undefined`` counts the pairs without a cosine of gradients.
    """

    di: float
    li: float
    share: float
    signed: float
    absolute: float
    published: float
    agreement: float
    undefined: int


def measured(network: Network, x: torch.Tensor, orbit: torch.Tensor) -> Row:
    """Return all measures, with the identity left out of the means over the group.

    The label of a saliency map is the decision at the unmoved image.
    """
    logits = invariance.orbit_logits(network, x, orbit)
    decisions = logits.argmax(-1)
    slopes = invariance.orbit_maps(partial(invariance.gradients, network), x, decisions[0], orbit)
    paths = invariance.orbit_maps(
        partial(invariance.integrated_gradients, network, steps=STEPS), x, decisions[0], orbit
    )
    maps = (slopes, slopes.abs(), invariance.published_map(paths, round(x.shape[1] ** 0.5)))
    found = [invariance.saliency_similarity(m, orbit, identity=False) for m in maps]
    return Row(
        float(invariance.distribution_error(logits, identity=False)),
        float(invariance.logit_error(logits, identity=False)),
        float(invariance.orbit_share(logits)),
        *[float(similarity.mean) for similarity in found],
        float((decisions[1:] == decisions[0]).double().mean()),
        int(found[0].undefined),
    )


def constant_logits(x: torch.Tensor) -> torch.Tensor:
    """Return the same three logits for all images ``(N, n)``, differentiable by the image."""
    return torch.ones(len(x), 3) + 0 * x[:, :3]


def scaled(
    network: Network, x: torch.Tensor, orbit: torch.Tensor, factors: np.ndarray
) -> list[Row]:
    """Return the measures of ``a f`` for every factor ``a``."""
    return [measured(lambda z, a=a: a * network(z), x, orbit) for a in factors]


def offset_error(found: Traps) -> float:
    """Return LI of the network with a common offset, from the offset alone (``g = e`` left out)."""
    both = [found.networks[name] for name in ("common offset", "invariant")]
    logits = [invariance.orbit_logits(network, found.x, found.orbit)[..., 0] for network in both]
    offset = logits[0] - logits[1]
    return float(CLASSES * (offset[1:] - offset[0]).square().mean())


def certainty_bound(logits: torch.Tensor) -> float:
    """Return ``(C - 1) exp(-m) (1 + 2 d)``, which bounds DI, from logits ``(|G|, N, C)``.

    The margin ``m`` is the least by which logit 0 exceeds the others, ``d`` the largest change of
    a logit on an orbit.
    """
    margin = float((logits[..., :1] - logits[..., 1:]).min())
    change = float((logits - logits[0]).abs().max())
    return (logits.shape[-1] - 1) * np.exp(-margin) * (1 + 2 * change)


def error_over_variance(order: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return LI over the orbit variance for random logits of very different sizes, ``(count,)``."""
    sizes = torch.tensor(10 ** rng.uniform(-3, 3, (order, count, 1, 1)))
    logits = sizes * torch.tensor(rng.standard_normal((order, count, 1, CLASSES)))
    return (invariance.logit_error(logits) / invariance.orbit_variance(logits)).numpy()


# --- numbers with known answers -------------------------------------------------------------------


def divergence_over_error(spread: float, count: int, rng: np.random.Generator) -> float:
    """Return the largest DI / LI over random logits of two to six classes and their moves."""
    ratios = []
    for classes in range(2, 7):
        still, step = torch.tensor(rng.standard_normal((2, count, 1, classes)))
        logits = torch.stack([still, still + spread * step])
        ratio = invariance.distribution_error(logits) / invariance.logit_error(logits)
        ratios.append(float(ratio.max()))
    return max(ratios)


def upright_detector(order: int, count: int) -> torch.Tensor:
    """Return logits that are (1, 0) at upright images and 0 at moved ones, ``(|G|, N, 2)``."""
    logits = torch.zeros(order, count, 2, dtype=torch.float64)
    logits[0, :, 0] = 1
    return logits


def whole_orbit_logits(logits: torch.Tensor) -> torch.Tensor:
    """Return what a cyclic group sees if the images come in whole orbits, ``(|G|, |G| N, c)``."""
    order = len(logits)
    turns = [torch.stack([logits[(h + g) % order] for h in range(order)]) for g in range(order)]
    return torch.stack([rows.flatten(0, 1) for rows in turns])


def cell(value: float) -> str:
    """Return a number as the table prints it; rounding errors of zero are zero."""
    if abs(value) < 1e-12:
        return "0"
    if abs(value) < 0.005:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"


def cells(row: Row) -> list[str]:
    """Return the cells of a network in the table, without the count of undefined pairs."""
    values = (row.di, row.li, row.share, row.signed, row.absolute, row.published, row.agreement)
    return [cell(value) for value in values]
