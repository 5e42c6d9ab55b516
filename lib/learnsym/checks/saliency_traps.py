"""Saliency similarity where the answer is known: baselines, signs, thresholds, borders, ties."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from learnsym import groups, invariance
from learnsym.checks.measuring_invariance import (
    Network,
    alternating,
    averaged,
    random_network,
    turn_signs,
)
from learnsym.data import digits
from learnsym.networks.perceptron import Perceptron, orbit_indices, perceptron

SIDE = 36
SPACING = 3  # pixels this far apart do not meet in the filter
WIDTH = 16


def swap_similarity(baseline: tuple[float, float]) -> float:
    """Return the cosine for ``f(x) = x_1 x_2`` at (1, 1), under the swap of the two pixels."""
    swap = torch.tensor([[0, 1], [1, 0]])
    x = torch.ones(1, 2, dtype=torch.float64)
    measure = partial(
        invariance.integrated_gradients,
        lambda z: z.prod(-1, keepdim=True),
        baseline=torch.tensor(baseline, dtype=torch.float64),
    )
    maps = invariance.orbit_maps(measure, x, torch.tensor([0]), swap)
    return float(invariance.saliency_similarity(maps, swap, identity=False).mean)


def turn_similarity() -> tuple[float, float]:
    """Return the cosines for ``f(x) = |x|^2`` at (1, 1), under a quarter turn of the plane.

    First that of integrated gradients from zero, then that of gradients.
    """
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    x, labels = torch.ones(1, 2, dtype=torch.float64), torch.tensor([0])

    def network(z: torch.Tensor) -> torch.Tensor:
        return z.square().sum(-1, keepdim=True)

    cosines = []
    for measure in (invariance.integrated_gradients, invariance.gradients):
        still, moved = measure(network, x, labels), measure(network, x @ turn.T, labels)
        cosines.append(float(functional.cosine_similarity(still, moved @ turn)))
    return cosines[0], cosines[1]


# --- the threshold --------------------------------------------------------------------------------


def hair(pixels: int, width: float, threshold: float = 0.9) -> tuple[float, float]:
    """Return the plain and the published cosine of two maps that differ by a hair.

    Both maps have one pixel of height 1 and ``pixels`` more, of height ``threshold + width`` in
    one and ``threshold - width`` in the other.
    """
    places = torch.arange(SIDE**2).view(SIDE, SIDE)[::SPACING, ::SPACING].flatten()
    maps = torch.zeros(2, 1, SIDE**2, dtype=torch.float64)
    maps[:, 0, places[0]] = 1
    maps[0, 0, places[1 : 1 + pixels]] = threshold + width
    maps[1, 0, places[1 : 1 + pixels]] = threshold - width
    plain = functional.cosine_similarity(maps[0], maps[1])
    published = invariance.published_map(maps, SIDE, threshold)
    return float(plain), float(functional.cosine_similarity(published[0], published[1]))


@dataclass(frozen=True)
class NoisyPairs:
    """Pairs of maps with a known correlation, shapes ``(correlations, pairs)``.

    ``signed`` and ``published`` are cosines; ``same`` tells whether the top pixels coincide, and
    ``kept`` how many pixels of the first map pass the threshold.
    """

    correlations: np.ndarray
    signed: np.ndarray
    published: np.ndarray
    same: np.ndarray
    kept: np.ndarray


def noisy_pairs(
    correlations: np.ndarray, count: int, rng: np.random.Generator, threshold: float = 0.9
) -> NoisyPairs:
    """Draw pairs of Gaussian maps on ``SIDE x SIDE`` pixels and compare them."""
    parts = []
    for correlation in correlations:
        first, noise = torch.tensor(rng.standard_normal((2, count, SIDE**2)))
        second = correlation * first + (1 - correlation**2) ** 0.5 * noise
        maps = [invariance.published_map(m, SIDE, threshold) for m in (first, second)]
        heights = [m.abs() for m in (first, second)]
        parts.append(
            [
                functional.cosine_similarity(first, second),
                functional.cosine_similarity(*maps),
                heights[0].argmax(-1) == heights[1].argmax(-1),
                (heights[0] >= threshold * heights[0].amax(-1, keepdim=True)).sum(-1),
            ]
        )
    columns = [torch.stack(column).numpy() for column in zip(*parts, strict=True)]
    return NoisyPairs(correlations, *columns)


def closest_disjoint(count: int, rng: np.random.Generator, threshold: float = 0.9) -> float:
    """Return the least distance found of two maps without a common pixel above the threshold.

    The distance is the largest difference over the largest entry of the first map. Maps have two
    pixels; the first is scaled to the maximum 1.
    """
    first = np.stack([np.ones(count), rng.uniform(0.5, threshold, count)])
    second = first + rng.uniform(-0.5, 0.5, (2, count))
    disjoint = (second[0] < threshold * second[1]) & (second[1] > 0)
    return float(np.abs(second - first).max(axis=0)[disjoint].min())


# --- borders and ties -----------------------------------------------------------------------------


def border_similarities(count: int, seed: int) -> dict[str, dict[str, float]]:
    """Return the published SI of random tied networks on digits, by group and by border.

    The networks are exactly invariant. The identity is left out.
    """
    x = torch.tensor(digits("mnist", "test", count, pad_to=SIDE)[0].reshape(count, -1))
    labels = torch.zeros(count, dtype=torch.int64)
    found = {}
    for name, group in (
        ("R4", groups.image_rotations(SIDE)),
        ("T3", groups.image_translations(SIDE, "x", SIDE // 3)),
    ):
        orbit = orbit_indices(group)
        net = perceptron([SIDE**2, WIDTH, 3], [seed], orbit, dtype=torch.float64)
        maps = invariance.orbit_maps(
            partial(invariance.integrated_gradients, net), x, labels, orbit
        )
        found[name] = {}
        for padding in ("circular", "reflect", "constant"):
            shown = invariance.published_map(maps, SIDE, padding=padding)
            similarity = invariance.saliency_similarity(shown, orbit, identity=False)
            found[name][padding] = float(similarity.mean)
    return found


def tie_similarities(count: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return SI of gradients at symmetric images, with ties shared evenly and with one picked.

    Weights and images are small integers, so that products tie exactly.
    """
    orbit = orbit_indices(groups.image_rotations(4))
    weights = [torch.tensor(rng.integers(-3, 4, (1, *s)) * 1.0) for s in ((WIDTH, 16), (3, WIDTH))]
    biases = [torch.tensor(rng.integers(0, 4, (1, k)) * 1.0) for k in (WIDTH, 3)]
    even = Perceptron(tuple(weights), tuple(biases), orbit)
    rows = weights[0][0][:, orbit]

    def picking(x: torch.Tensor) -> torch.Tensor:
        products = torch.einsum("ugp,np->nug", rows, x)
        hidden = torch.relu(products.max(-1).values + biases[0][0])
        return hidden @ weights[1][0].T + biases[1][0]

    x = torch.tensor(rng.integers(-3, 4, (count, 16)) * 1.0)
    x = torch.stack([x[:, g] for g in orbit]).sum(0)
    labels = torch.zeros(count, dtype=torch.int64)
    found = []
    for network in (even, picking):
        maps = invariance.orbit_maps(partial(invariance.gradients, network), x, labels, orbit)
        found.append(invariance.saliency_similarity(maps, orbit, identity=False).mean.mean())
    return float(found[0]), float(found[1])


def jacobian_gaps(rng: np.random.Generator) -> tuple[float, float]:
    """Return the largest errors of closed-form Jacobians and of their norms, against autograd.

    Over free networks and networks with tied weights, both poolings, two depths, three runs.
    """
    orbit = orbit_indices(groups.image_rotations(6))
    gaps, norms = [], []
    for tied, pooling in ((None, "max"), (orbit, "max"), (orbit, "mean")):
        for sizes in ((36, 9, 3), (36, 12, 10, 8, 4)):
            seeds = rng.integers(0, 2**32, 3).tolist()
            net = perceptron(sizes, seeds, tied, pooling, torch.float64)
            x = torch.tensor(rng.standard_normal((5, 36)))
            rows = [
                invariance.gradients(net, x, torch.full((5,), label, dtype=torch.int64))
                for label in range(sizes[-1])
            ]
            full = torch.stack(rows, dim=2)
            gaps.append(float((invariance.jacobians(net, x) - full).abs().max()))
            largest = torch.linalg.svdvals(full)[..., 0]
            norms.append(float((invariance.spectral_norms(net, x) - largest).abs().max()))
    return max(gaps), max(norms)


# --- pictures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """One network's maps of an image and of the turned one, each ``(side, side)``.

    ``images`` holds ``x`` and ``g x``, ``maps`` the map of ``x``, that of ``g x``, and the latter
    turned back; ``cosine`` is their similarity, ``absolute`` that of the absolute values.
    """

    name: str
    images: np.ndarray
    maps: np.ndarray
    cosine: float
    absolute: float


def pictures(image: np.ndarray, rng: np.random.Generator) -> list[Picture]:
    """Return signed integrated gradients of three smooth networks under a quarter turn."""
    side = len(image)
    orbit = orbit_indices(groups.image_rotations(side))
    matrices = torch.eye(side**2, dtype=torch.float64)[orbit]
    sharp = random_network(side**2, 2, rng, 64)

    def free(z: torch.Tensor) -> torch.Tensor:
        blurred = functional.avg_pool2d(z.view(-1, 1, side, side), 5, 1, 2)
        return sharp(12 * blurred.flatten(1))

    networks: dict[str, Network] = {
        "invariant": averaged(free, matrices),
        "sign": alternating(free, matrices, turn_signs(orbit)),
        "free": free,
    }
    x = torch.tensor(image.reshape(1, -1))
    images = np.stack([image, x[0, orbit[1]].view(side, side).numpy()])
    found = []
    for name, network in networks.items():
        measure = partial(invariance.integrated_gradients, network)
        maps = invariance.orbit_maps(measure, x, torch.tensor([0]), orbit)[:2, 0]
        back = maps[1][orbit[1].argsort()]
        shown = torch.stack([maps[0], maps[1], back]).view(3, side, side).numpy()
        pairs = ((maps[0], back), (maps[0].abs(), back.abs()))
        cosines = [float(functional.cosine_similarity(*pair, dim=0)) for pair in pairs]
        found.append(Picture(name, images, shown, *cosines))
    return found
