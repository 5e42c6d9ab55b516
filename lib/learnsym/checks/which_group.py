"""Appendix E of Nordenfors et al.: sizes of E, and which group keeps augmented training close to E.

Arrays are those of ``learnsym.experiments.which_group``.
"""

import itertools
from collections.abc import Mapping

import numpy as np

from learnsym.drift.curves import Arrays, Curve, curves
from learnsym.drift.law import noise
from learnsym.equivariant import dimension_by_characters
from learnsym.experiments.public_draws import QUARTER_TURNS
from learnsym.experiments.symmetric import start
from learnsym.experiments.which_group import CASES, GROUPS, MODES, NETWORKS, PROBLEMS, acting
from learnsym.experiments.which_group import Config as Setting
from learnsym.groups import symmetric
from learnsym.networks.mlp import norms
from learnsym.representations import adjacency, image, lifted, trivial

PUBLISHED = CASES[-1]
WIDTHS = {"PERM": ((1, 32), (64, 32, 1)), "ROT": ((1, 32, 32, 16, 2), ())}
INVARIANT = ((1, 32, 32), (32, 10))  # TRANS, for every group


def orbit_numbers(name: str, side: int) -> tuple[int, int]:
    """Return the numbers of orbits of index pairs and of indices, by formula.

    Parameters
    ----------
    name
        One of ``GROUPS``, or ``"relabellings"`` for matrices of ``side >= 4`` nodes.
    side
        Pixels per side, or nodes.

    Raises
    ------
    ValueError
        The name is another.
    """
    odd, halves = side % 2, np.gcd(2, side)
    numbers = {
        "relabellings": (15, 2),
        "rotations": ((side**4 + 3 * odd) // 4, (side**2 + 3 * odd) // 4),
        "x-translations": (side**3, side),
        "translations": (side**2, 1),
        # a pair is its difference; rotations act on the differences
        "roto-translations": (int(side**2 + 2 * halves + halves**2) // 4, 1),
    }
    if name not in numbers:
        raise ValueError(f"name: expected one of {tuple(numbers)}, got {name!r}")
    return numbers[name]


def numbers_by_characters(name: str, side: int) -> tuple[int, int]:
    """Return what :func:`orbit_numbers` does, as average characters of the group's elements."""
    if name == "relabellings":
        group = symmetric(side)
        rho = adjacency(group)
    else:
        group = acting(name, side)
        rho = image(group)
    return tuple(dimension_by_characters(lifted(rho, out)) for out in (rho, trivial(group)))


def dimensions_by_formula() -> np.ndarray:
    """Return dim E and dim L for all ``NETWORKS`` at the paper's sizes, (NETWORKS, 2)."""
    rows = []
    for name in NETWORKS:
        group = {"PERM": "relabellings", "TRANS": "translations", "ROT": "rotations"}.get(
            name, name
        )
        side = 10 if name == "PERM" else 14
        channels, widths = WIDTHS.get(name, INVARIANT)
        numbers = orbit_numbers(group, side)
        rows.append(
            [_count(channels, widths, numbers), _count(channels, widths, (side**4, side**2))]
        )
    return np.array(rows)


def _count(channels: tuple[int, ...], widths: tuple[int, ...], numbers: tuple[int, int]) -> int:
    """Return the number of weights with so many for a pair of channels and for an invariant."""
    total = sum(a * b for a, b in itertools.pairwise(channels)) * numbers[0]
    if widths:
        total += channels[-1] * widths[0] * numbers[1]
        total += sum(a * b for a, b in itertools.pairwise(widths))
    return total


def size_table(dimensions: np.ndarray) -> list[list[str]]:
    """Return table rows: network, dim E, dim L, their ratio."""
    return [
        [name, f"{inside:,}", f"{total:,}", f"{inside / total:.2g}"]
        for name, (inside, total) in zip(NETWORKS, dimensions.tolist(), strict=True)
    ]


def curves_by_case(arrays: Arrays, config: Setting) -> dict[str, dict[str, Curve]]:
    """Return the curves of all cases by case and mode, with the law of each.

    The mode of the public code's draws is called ``"public code"``; its law has the mean step
    and leaves the sampling noise out.
    """
    names = [name for name, array in arrays.items() if len(array) == len(CASES)]
    found = {}
    for row, case in enumerate(CASES):
        part = {name: arrays[name][row] for name in names}
        part["systematic"] = arrays["systematic"][[0 if case == PUBLISHED else row]]
        modes = MODES
        if case == PUBLISHED:
            part["systematic"] = arrays["systematic"][[0, row]]
            modes = (*MODES[:2], "public code")
        found[case] = curves(part, modes, config.rate, config.passes)
    return found


def ratios(found: Mapping[str, Mapping[str, Curve]], kind: str = "drift") -> np.ndarray:
    """Return last augmented over last nominal drift for the four groups, (GROUPS, runs)."""
    pairs = [(found[name]["augmented"], found[name]["nominal"]) for name in GROUPS]
    return np.array([getattr(a, kind)[-1] / getattr(b, kind)[-1] for a, b in pairs])


def ends(found: Mapping[str, Mapping[str, Curve]], mode: str, kind: str = "drift") -> np.ndarray:
    """Return the last drift in a mode for the four groups, (GROUPS, runs)."""
    return np.array([getattr(found[name][mode], kind)[-1] for name in GROUPS])


def pairs_in_order(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Return the share of pairs of groups that a prediction puts in the measured order.

    Both of shape (groups,).
    """
    pairs = list(itertools.combinations(range(len(measured)), 2))
    right = [(predicted[a] - predicted[b]) * (measured[a] - measured[b]) > 0 for a, b in pairs]
    return float(np.mean(right))


def at_same_weights(config: Setting) -> np.ndarray:
    """Return the drift of one step at rate 1 from weights that lie in all four spaces E.

    They are Gaussian, projected onto the layers equivariant under roto-translations. Shape
    ``(2, GROUPS, runs)``: nominal, and root mean square augmented for one pass.
    """
    tasks = [PROBLEMS[name](config).task for name in GROUPS]
    weights = start(tasks[-1].network, config, config.seeds())
    rows = []
    for task in tasks:
        squares, mean = noise(task, weights, [config.samples // config.batch])
        rows.append([norms(mean).numpy(), np.sqrt(squares[0])])
    return np.array(rows).swapaxes(0, 1)


def kept(name: str, side: int) -> list[float]:
    """Return the distinct factors by which the mean step under the public law keeps parts off E.

    For groups that commute: absolute values of the law's Fourier coefficients but the first.
    """
    shift = np.array([2.0, *[1.0] * (side - 1)]) / (side + 1)
    turn = np.array([QUARTER_TURNS.get(k, 0.0) for k in range(4)])
    law = {"rotations": turn, "x-translations": shift, "translations": np.outer(shift, shift)}[name]
    return sorted(set(np.abs(np.fft.fftn(law)).ravel().round(12)) - {1.0})
