"""Table 1 of Moskalev et al. 2023 against trained networks, and how each number is to be read.

Arrays are those of :mod:`learnsym.experiments.spurious_invariance`: axes groups ``GROUPS``, models
``MODELS``, runs, then the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike

from learnsym.checks.printed_table import PUBLISHED, Comparison, compared
from learnsym.invariance import realign

GROUPS = ("R4", "T3")
MODELS = ("DA", "IR", "WT")
ORDERS = {"R4": 4, "T3": 3}
COLUMNS = ("accuracy", "LI", "DI", "SI")
GRADIENT = 5  # the last of the definitions of a saliency map
EXACT = 1e-6  # single precision
TRAINING = {"WT": "Weight tying", "DA": "Augmentation", "IR": "Regularisation"}
Arrays = Mapping[str, np.ndarray]


def columns(arrays: Arrays, group: str, model: str, saliency: int = 0) -> dict[str, np.ndarray]:
    """Return the four columns of Table 1 for one row, each ``(runs,)``; accuracy in per cent.

    LI and DI count the identity, SI does not. ``saliency`` is the index of the definition of
    saliency maps.
    """
    place = _place(group, model)
    similarity = arrays["similarities"][place][:, saliency]
    return {
        "accuracy": 100 * arrays["accuracy"][place],
        "LI": arrays["logit_error"][place],
        "DI": arrays["distribution_error"][place],
        "SI": without_identity(similarity, ORDERS[group]),
    }


def row(arrays: Arrays, group: str, model: str) -> dict[str, Comparison]:
    """Compare one row of Table 1 with our runs, by column."""
    ours = columns(arrays, group, model)
    return {name: compared(PUBLISHED[group, model][name], ours[name]) for name in COLUMNS}


def logit_readings(arrays: Arrays, group: str, model: str = "DA") -> dict[str, np.ndarray]:
    """Return LI by reading: with and without the factor 1/2, the identity counted or left out."""
    order = ORDERS[group]
    counted = arrays["logit_error"][_place(group, model)]
    left_out = counted * order / (order - 1)
    return {
        "no factor, identity counted": counted,
        "no factor, identity left out": left_out,
        "factor 1/2, identity counted": counted / 2,
        "factor 1/2, identity left out": left_out / 2,
    }


def without_identity(similarity: ArrayLike, order: int) -> np.ndarray:
    """Return SI with the identity left out from SI with it; no pair may be undefined."""
    if order < 2:
        raise ValueError(f"order: expected at least 2, got {order}")
    return (order * np.asarray(similarity, dtype=float) - 1) / (order - 1)


def similarity_readings(arrays: Arrays, group: str, model: str, counted: bool) -> np.ndarray:
    """Return SI under every definition of saliency maps, shape ``(runs, definitions)``."""
    found = arrays["similarities"][_place(group, model)]
    return found if counted else without_identity(found, ORDERS[group])


def reading_agrees(arrays: Arrays, model: str = "DA") -> np.ndarray:
    """Return which reading of SI agrees with the paper, ``(2, definitions, groups)``.

    Along the first axis the identity is counted, then left out.
    """
    found = []
    for counted in (True, False):
        by_group = [
            [
                compared(PUBLISHED[group, model]["SI"], runs).agrees
                for runs in similarity_readings(arrays, group, model, counted).T
            ]
            for group in GROUPS
        ]
        found.append(np.transpose(by_group))
    return np.array(found)


def similarity_at_accuracy(arrays: Arrays, group: str, accuracy: float) -> float:
    """Return the published SI at which the tuned networks have an accuracy in per cent.

    Linear interpolation between neighbouring weights of the penalty, on validation images, the
    identity left out. NaN if the accuracy is not between the largest and the smallest found.
    """
    place = GROUPS.index(group)
    found = 100 * arrays["strength_accuracy"][place]
    similarity = without_identity(arrays["strength_similarity"][place], ORDERS[group])
    order = np.argsort(found)
    return float(np.interp(accuracy, found[order], similarity[order], left=np.nan, right=np.nan))


def similarity_before(arrays: Arrays) -> np.ndarray:
    """Return the published SI at the weight before the chosen one, ``(groups,)``.

    On validation images, the identity counted; NaN where the smallest weight was chosen.
    """
    found = np.full(len(GROUPS), np.nan)
    for k, chosen in enumerate(arrays["strength"]):
        place = int(np.flatnonzero(arrays["strengths"][k] == chosen)[0])
        if place:
            found[k] = arrays["strength_similarity"][k, place - 1]
    return found


def parameter_count(sizes: tuple[int, ...]) -> int:
    """Return the weights and biases of a perceptron with the given numbers of units."""
    return sum((columns + 1) * rows for columns, rows in pairwise(sizes))


def _place(group: str, model: str) -> tuple[int, int]:
    if group not in GROUPS or model not in MODELS:
        raise ValueError(
            f"group, model: expected one of {GROUPS} and of {MODELS}, got {group!r}, {model!r}"
        )
    return GROUPS.index(group), MODELS.index(model)


# --- which measure tells apart ------------------------------------------------------------------


@dataclass(frozen=True)
class Separation:
    """One measure of asymmetry for augmented and for regularised networks of one group.

    ``augmented`` and ``regularised`` hold the runs; all measures are 0 for exact invariance.
    """

    name: str
    group: str
    augmented: np.ndarray
    regularised: np.ndarray

    @property
    def factor(self) -> float:
        """By how much the measure is larger for augmented networks, ratio of means."""
        return float(self.augmented.mean() / self.regularised.mean())

    @property
    def disjoint(self) -> bool:
        """Whether every augmented network has a larger value than every regularised one."""
        return bool(self.augmented.min() > self.regularised.max())


def asymmetries(arrays: Arrays, group: str, model: str) -> dict[str, np.ndarray]:
    """Return measures that are 0 for an invariant network, each ``(runs,)``.

    The sensitivity comes last; it is no measure of asymmetry.
    """
    place = _place(group, model)
    similarity = without_identity(arrays["similarities"][place], ORDERS[group])
    return {
        "class changes": 1 - arrays["agreement"][place],
        "DI": arrays["distribution_error"][place],
        "LI": arrays["logit_error"][place],
        "scale-free LI": arrays["scale_free"][place],
        "1 - SI, published": 1 - similarity[:, 0],
        "1 - SI, no threshold": 1 - similarity[:, 3],
        "1 - SI, signed": 1 - similarity[:, 4],
        "1 - SI, gradient": 1 - similarity[:, 5],
        "last hidden layer": arrays["feature_share"][place],
        "sensitivity": arrays["spectral_norm"][place],
    }


def short(value: float) -> str:
    """Return a number with two digits, or without decimals from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def separations(arrays: Arrays) -> dict[str, dict[str, Separation]]:
    """Return by measure and group how far augmented and regularised networks lie apart."""
    found: dict[str, dict[str, Separation]] = {}
    for group in GROUPS:
        augmented, regularised = (asymmetries(arrays, group, m) for m in ("DA", "IR"))
        for name, runs in augmented.items():
            pair = Separation(name, group, runs, regularised[name])
            found.setdefault(name, {})[group] = pair
    return found


def verdicts(arrays: Arrays) -> dict[str, bool]:
    """Return the qualitative verdicts of Table 1, each for both groups and the mean over runs."""
    by_model = {m: [columns(arrays, g, m) for g in GROUPS] for m in MODELS}
    gradient = {m: [columns(arrays, g, m, GRADIENT) for g in GROUPS] for m in MODELS}
    share = {m: [asymmetries(arrays, g, m)["scale-free LI"] for g in GROUPS] for m in MODELS}
    augmented, regularised, tied = (by_model[model] for model in MODELS)
    pairs = list(zip(augmented, regularised, strict=True))
    return {
        "the penalty costs accuracy": all(
            da["accuracy"].mean() > ir["accuracy"].mean() for da, ir in pairs
        ),
        "LI falls a hundredfold": all(da["LI"].mean() > 100 * ir["LI"].mean() for da, ir in pairs),
        "DI falls tenfold": all(da["DI"].mean() > 10 * ir["DI"].mean() for da, ir in pairs),
        "published SI rises": all(ir["SI"].min() > da["SI"].max() for da, ir in pairs),
        "SI of gradients rises": all(
            ir["SI"].min() > da["SI"].max()
            for da, ir in zip(gradient["DA"], gradient["IR"], strict=True)
        ),
        "scale-free LI falls tenfold": all(
            da.mean() > 10 * ir.mean() for da, ir in zip(share["DA"], share["IR"], strict=True)
        ),
        "weight tying is exact": all(np.max(wt["LI"]) < EXACT for wt in tied),
    }


# --- saliency maps over an orbit ----------------------------------------------------------------


def realigned(maps: np.ndarray, orbit: np.ndarray) -> np.ndarray:
    """Return ``g^-1 m(g x)`` for maps ``(|G|, N, side, side)``; ``orbit`` has shape ``(|G|, n)``.

    Row ``g`` of ``orbit`` holds indices with ``(g x)[i] = x[orbit[g, i]]``.
    """
    maps = torch.tensor(maps)  # a copy: torch does not take arrays that cannot be written
    return realign(maps.flatten(-2), torch.as_tensor(orbit)).reshape(maps.shape).numpy()


def element_names(orbit: np.ndarray) -> list[str]:
    """Return the angle of each quarter turn, or the pixels of each shift along x, by brute force.

    Raises
    ------
    ValueError
        An element is neither.
    """
    side = round(np.sqrt(orbit.shape[-1]))
    pixels = np.arange(side**2).reshape(side, side)
    turns = {np.rot90(pixels, k).tobytes(): f"{90 * k}°" for k in range(4)}
    shifts = {np.roll(pixels, k, axis=1).tobytes(): f"{k} pixels" for k in range(side)}
    rows = [np.asarray(row, dtype=pixels.dtype).tobytes() for row in orbit]
    for known in (turns, shifts):
        if all(row in known for row in rows):
            return [known[row] for row in rows]
    raise ValueError("orbit: expected turns only or shifts along x only, got others")


def moved_pictures(pictures: np.ndarray, orbit: np.ndarray) -> np.ndarray:
    """Return framed pictures ``(count, side, side)`` under all elements, ``(|G|, count, ...)``."""
    flat = pictures.reshape(len(pictures), -1)
    return np.stack([flat[:, g] for g in orbit]).reshape(len(orbit), *pictures.shape)


def map_cosines(aligned: np.ndarray) -> np.ndarray:
    """Return cosines of re-aligned maps with that of the unmoved image, ``(|G| - 1, ...)``."""
    flat = np.asarray(aligned, dtype=float).reshape(*aligned.shape[:-2], -1)
    units = flat / np.linalg.norm(flat, axis=-1, keepdims=True)
    return (units[0] * units[1:]).sum(-1)
