"""Draws of the public code: their law against a list of all draws, and what they do."""

import collections
from dataclasses import replace

import numpy as np
import pytest

from learnsym.drift.curves import pooled
from learnsym.experiments import public_draws
from learnsym.experiments.public_draws import public_law
from learnsym.experiments.which_group import GROUPS, acting
from learnsym.representations import image


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("side", (3, 4))
def test_public_law_by_listing_all_draws(name, side):
    pixels = np.arange(side**2).reshape(side, side)
    shifts, turns = range(side + 1), (0, 1, 2, 1, 0)
    draws = {
        "rotations": [(r, 0, 0) for r in turns],
        "x-translations": [(0, 0, b) for b in shifts],
        "translations": [(0, a, b) for a in shifts for b in shifts],
        "roto-translations": [(r, a, b) for r in turns for a in shifts for b in shifts],
    }[name]
    counts = collections.Counter(
        np.rot90(np.roll(pixels, (a, b), (0, 1)), r).tobytes() for r, a, b in draws
    )
    group = acting(name, side)
    law = public_law(name, side)
    assert sum(law) == pytest.approx(1)
    for g, probability in zip(group.elements(), law, strict=True):
        moved = np.empty(side**2, dtype=pixels.dtype)
        moved[image(group).permutation(g)] = pixels.ravel()
        assert probability == pytest.approx(counts[moved.tobytes()] / len(draws))


def test_small_networks_drift_as_the_mean_step_says():
    config = replace(
        public_draws.SCALES["smoke"], samples=10, batch=5, epochs=3, passes=400, runs=2, block=2,
        side=4, rate=1e-6,
    )  # fmt: skip
    found = public_draws.run(config, progress=False)
    assert found["uniform"].shape == found["public"].shape == found["law"].shape == (4, 2)
    assert np.all(np.diff(found["shares"]) <= 0) and found["shares"][3] < found["shares"][2]
    # with many passes little noise is left
    assert pooled(found["public"] / found["law"]) == pytest.approx(1, abs=0.15)
    assert np.all(pooled(found["uniform"]) < 0.1)
