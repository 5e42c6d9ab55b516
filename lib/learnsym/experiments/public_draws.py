"""Four groups on small images, with uniform draws and with those of a published code.

The set-up of ``which_group`` in small (Nordenfors et al., Appendix E.2). The public code of the
paper draws shifts and turns by laws that are not uniform; see :func:`public_law`.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from learnsym.experiments import trans, which_group
from learnsym.experiments.symmetric import first_epoch, outcome
from learnsym.experiments.which_group import GROUPS, PROBLEMS, acting
from learnsym.groups import PermutationGroup, image_rotations, image_translations

PROBE_TOLERANCE = 1e-6  # sums in another order
EXPECTED_SECONDS = {"smoke": 5.0, "book": 90.0}
PUBLIC = "public code"
MODES = ("nominal", "equivariant", "augmented", PUBLIC)
QUARTER_TURNS = {0: 0.4, 1: 0.4, 2: 0.2}  # square images in the public code


@dataclass(frozen=True)
class Config(trans.Config):
    """The fields of the configuration of TRANS."""


SCALES = {
    "smoke": Config(**vars(which_group.SCALES["smoke"])),
    "book": Config(
        samples=100, channels=2, batch=10, runs=8, epochs=20, side=7, width=8, block=8, workers=1
    ),
}


def run(config: Config, progress: bool = True) -> dict[str, np.ndarray]:
    """Train the networks of all groups.

    Returns
    -------
    dict
        ``shares`` (GROUPS,): dim E / dim L. Drifts after the last epoch over that of nominal
        training, (GROUPS, runs): ``uniform`` and ``public`` under uniform draws and under those of
        the public code, and ``law``, what the mean step and the noise predict for the latter, with
        the noise of uniform draws, which bounds that of any other law from above.
        ``first`` (MODES, runs): drift after the first epoch under rotations.
    """
    rows = []
    for name in tqdm(GROUPS, desc="public_draws", disable=not progress):
        problem, laws = PROBLEMS[name], {PUBLIC: public_law(name, config.side)}
        rows.append(
            _row(
                config,
                name,
                outcome(problem, config, MODES, laws, progress=False, description=name),
            )
        )
    found = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    return {**found, "first": found["first"][0]}


def probe(config: Config) -> dict[str, np.ndarray]:
    """Recompute the shares of all groups, and the first epoch of the first run under rotations."""
    name = GROUPS[0]
    laws = {PUBLIC: public_law(name, config.side)}
    arrays = first_epoch(PROBLEMS[name], config, MODES, laws)
    shares = np.array([_share(config, name) for name in GROUPS])
    return {"shares": shares, "first": arrays["drift"][:, 1]}


def public_law(name: str, side: int) -> tuple[float, ...]:
    """Return the law over ``acting(name, side).elements()`` by which the public code draws.

    A shift along an axis is a number from 0 to ``side``, both included, so that no shift counts
    twice; a turn is none, by 90 or by 180 degrees with probabilities 2/5, 2/5 and 1/5. The
    roto-translation shifts first.
    """
    group = acting(name, side)
    shift = {k: (1 + (k == 0)) / (side + 1) for k in range(side)}
    turn, (along, down) = image_rotations(side).generators[0], image_translations(side).generators
    factors = {
        "rotations": [(turn, QUARTER_TURNS)],
        "x-translations": [(along, shift)],
        "translations": [(along, shift), (down, shift)],
        "roto-translations": [(turn, QUARTER_TURNS), (along, shift), (down, shift)],
    }[name]
    law = {group.key(g): 0.0 for g in group.elements()}
    powers = [[(_power(group, g, k), p) for k, p in numbers.items()] for g, numbers in factors]
    for choice in itertools.product(*powers):
        element, probability = group.identity, 1.0
        for g, p in choice:
            element, probability = group.multiply(element, g), probability * p
        law[group.key(element)] += probability
    return tuple(law[group.key(g)] for g in group.elements())


def _row(config: Config, name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    nominal, _, uniform, public = arrays["drift"][:, -1]
    walk = config.rate**2 / config.passes * arrays["noise"].sum(axis=0)
    law = np.sqrt(arrays["systematic"][1, -1] ** 2 + walk)
    return {
        "shares": np.array(_share(config, name)),
        "first": arrays["drift"][:, 1],
        "uniform": uniform / nominal,
        "public": public / nominal,
        "law": law / arrays["systematic"][0, -1],
    }


def _share(config: Config, name: str) -> float:
    network = PROBLEMS[name](config).task.network
    return network.equivariant_dimension / network.dimension


def _power(group: PermutationGroup, g: np.ndarray, exponent: int) -> np.ndarray:
    element = group.identity
    for _ in range(exponent):
        element = group.multiply(element, g)
    return element
