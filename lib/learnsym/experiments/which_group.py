"""Which group: the size of E against the size of L, and TRANS for four groups (Appendix E).

The paper's heuristic says: the smaller ``dim E / dim L``, the closer augmented training stays to E.
Here the set-up of TRANS trains for rotations, translations along x, all translations, and
roto-translations; rotations also with the law of the paper's public code, which turns square images
by 0, 90 and 180 degrees with probabilities 2/5, 2/5 and 1/5.
"""

from dataclasses import dataclass

import numpy as np

from learnsym.experiments import perm, rot, trans
from learnsym.experiments.symmetric import Case, Problem, first_epoch, outcomes
from learnsym.groups import (
    PermutationGroup,
    image_rotations,
    image_rototranslations,
    image_translations,
)
from learnsym.networks.mlp import SymmetricMlp

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 5.0, "book": 330.0}
MODES = ("nominal", "equivariant", "augmented")
GROUPS = ("rotations", "x-translations", "translations", "roto-translations")
CASES = (*GROUPS, "published rotations")
NETWORKS = ("PERM", "TRANS", "ROT", *GROUPS)


@dataclass(frozen=True)
class Config(trans.Config):
    """The fields of the configuration of TRANS."""


SCALES = {
    "smoke": Config(
        samples=20, channels=1, batch=5, runs=2, epochs=3, passes=3, side=4, width=3, block=2,
        workers=1,
    ),
    "book": Config(samples=100, channels=4, batch=10, runs=5, block=1),
}  # fmt: skip


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train all networks for all groups and count dimensions.

    Returns
    -------
    dict
        Arrays as ``experiments.symmetric.outcome`` with an axis for :data:`CASES` in front and
        then one for :data:`MODES`; without predictions for the published draws, but for
        ``systematic``, of shape (CASES, epochs + 1, runs): in the last case the mean step of those
        draws, in all others the drift of nominal training. ``dimensions`` (NETWORKS, 2), dim E
        and dim L, at the sizes of the paper; the last four belong to the set-up of TRANS.
    """
    cases = {case: Case(PROBLEMS[case], _modes(case), _laws(config, case)) for case in CASES}
    rows = [_row(arrays) for arrays in outcomes(cases, config, progress, "which_group").values()]
    found = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return {**found, "dimensions": dimensions()}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the first epoch of the first run for rotations, and the dimensions."""
    case = CASES[0]
    arrays = _row(first_epoch(PROBLEMS[case], config, _modes(case), _laws(config, case)))
    return {**{name: array[None] for name, array in arrays.items()}, "dimensions": dimensions()}


def dimensions() -> np.ndarray:
    """Return dim E and dim L of all :data:`NETWORKS` at the sizes of the paper."""
    nets = [perm.network(), trans.network(acting(GROUPS[2])), rot.network()]
    nets += [trans.network(acting(name)) for name in GROUPS]
    return np.array([_sizes(net) for net in nets])


def acting(name: str, side: int = 14) -> PermutationGroup:
    """Return a group by its name in :data:`GROUPS`.

    Raises
    ------
    ValueError
        The name is not there.
    """
    if name == "rotations":
        return image_rotations(side)
    if name == "x-translations":
        return image_translations(side, axes="x")
    if name == "translations":
        return image_translations(side)
    if name == "roto-translations":
        return image_rototranslations(side)
    raise ValueError(f"group: expected one of {GROUPS}, got {name!r}")


def _rotations(config: Config) -> Problem:
    return trans.digit_problem(config, acting("rotations", config.side))


def _x_translations(config: Config) -> Problem:
    return trans.digit_problem(config, acting("x-translations", config.side))


def _rototranslations(config: Config) -> Problem:
    return trans.digit_problem(config, acting("roto-translations", config.side))


PROBLEMS = dict(
    zip(
        CASES,
        (_rotations, _x_translations, trans.problem, _rototranslations, _rotations),
        strict=True,
    )
)


def _modes(case: str) -> tuple[str, ...]:
    return MODES if case in GROUPS else (*MODES[:2], case)


def _laws(config: Config, case: str) -> dict[str, tuple[float, ...]]:
    if case in GROUPS:
        return {}
    return {case: rot.by_turns(image_rotations(config.side), {0: 0.4, 1: 0.4, 2: 0.2})}


def _row(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {**arrays, "systematic": arrays["systematic"][-1]}


def _sizes(net: SymmetricMlp) -> tuple[int, int]:
    return net.equivariant_dimension, net.dimension
