"""Least squares of bounded rank with a symmetry (Duan and Montufar): closed forms."""

from learnsym.lowrank.moments import Moments
from learnsym.lowrank.problem import (
    LowRankProblem,
    augmented,
    constraint,
    hard_wired,
    invariant_rows,
    regularised,
    unconstrained,
)

__all__ = [
    "LowRankProblem",
    "Moments",
    "augmented",
    "constraint",
    "hard_wired",
    "invariant_rows",
    "regularised",
    "unconstrained",
]
