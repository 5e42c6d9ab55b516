"""When the optima of bounded rank are unique: how much data each problem needs, and ties."""

from collections.abc import Callable

import numpy as np

from learnsym import gallery, groups, lowrank
from learnsym import representations as reps
from learnsym.checks.alternation import Rows, alternate, augmented_rows
from learnsym.checks.global_optima import Problem, random_problem
from learnsym.checks.orbits_needed import isotypic_components
from learnsym.equivariant import dimension_by_characters
from learnsym.lowrank import LowRankProblem, Moments
from learnsym.representations import Representation

METHODS = ("unconstrained", "augmented", "regularised", "hard-wired")


def representations_to_count() -> dict[str, Representation]:
    """Return the inputs of the gallery, and three with many copies of a non-trivial part."""
    found = {case.name: case.rho_in for case in gallery.cases()}
    turns = gallery.find("C3, turns of the plane").rho_in
    sign = reps.sign(groups.symmetric(2))
    return found | {
        "C3, number and four planes": reps.direct_sum(
            reps.trivial(turns.group), reps.channels(turns, 4)
        ),
        "S2, number and five signs": reps.direct_sum(
            reps.trivial(sign.group), reps.channels(sign, 5)
        ),
        "C3, the same in skew coordinates": skewed_planes(),
    }


def skewed_planes() -> Representation:
    """Return an oblique representation of C3: a number and four planes that are turned."""
    turns = gallery.find("C3, turns of the plane").rho_in
    straight = reps.direct_sum(reps.trivial(turns.group), reps.channels(turns, 4))
    skew = np.eye(9) + 0.4 * np.diag(np.ones(8), 1) + 0.3 * np.diag(np.ones(7), -2)
    return reps.conjugated(straight, skew)


def points_needed(rho: Representation, rng: np.random.Generator) -> dict[str, int]:
    """Return for each method the smallest number of random points that the library accepts."""
    X = rng.standard_normal((rho.dimension, rho.dimension))
    Y = rng.standard_normal((rho.dimension, 2))
    first = [Moments.from_data(X[:count], Y[:count]) for count in range(1, rho.dimension + 1)]
    builders: dict[str, Callable[[Moments], LowRankProblem]] = {
        "unconstrained": lambda moments: lowrank.unconstrained(moments, 1),
        "augmented": lambda moments: lowrank.augmented(moments, rho, 1),
        "regularised": lambda moments: lowrank.regularised(moments, rho, 1, 0.3),
        "hard-wired": lambda moments: lowrank.hard_wired(moments, rho, 1),
    }
    return {
        method: 1 + [_accepted(builders[method], moments) for moments in first].index(True)
        for method in METHODS
    }


def predicted_points(rho: Representation) -> dict[str, int]:
    """Return the counts of the proposition: from dimensions and irreducible parts alone."""
    invariant = max(1, dimension_by_characters(rho))
    parts = max(part.orbits_needed for part in isotypic_components(rho))
    counts = (rho.dimension, parts, invariant, invariant)
    return dict(zip(METHODS, counts, strict=True))


def _accepted(build: Callable[[Moments], LowRankProblem], moments: Moments) -> bool:
    try:
        build(moments)
    except ValueError:
        return False
    return True


def scarce_problem(rho: Representation, rng: np.random.Generator, missing: int = 0) -> Problem:
    """Return random data with as many points as augmentation needs, less ``missing``.

    Raises
    ------
    ValueError
        No point is left.
    """
    count = predicted_points(rho)["augmented"] - missing
    if count < 1:
        raise ValueError(f"missing: expected at most {count + missing - 1}, got {missing}")
    return random_problem(rho, 3, 1, count, rng)


def weighted_distance(problem: Problem) -> float:
    """Return the distance of the hard-wired and the augmented optimum as the data see it.

    The root mean square of their difference over the augmented inputs, relative to the targets.
    """
    change = problem.hard_wired.optimum() - problem.augmented.optimum()
    mean_square = np.sum((change @ problem.augmented.A) * change)
    return float(np.sqrt(max(mean_square, 0.0) / problem.moments.c))


def least_norm_defect(problem: Problem) -> tuple[float, float]:
    """Return how far the least-norm optima of hard-wiring and augmentation are apart.

    As the difference of their objectives on the augmented data, relative to the targets, and as the
    distance of the maps, relative to plain least squares.
    """
    wired = lowrank.hard_wired(problem.moments, problem.rho, problem.rank, pseudo_inverse=True)
    augmented = lowrank.augmented(problem.moments, problem.rho, problem.rank, pseudo_inverse=True)
    V, W = wired.optimum(), augmented.optimum()
    values = augmented.value(np.stack([V, W]))
    return float(abs(values[0] - values[1]) / problem.moments.c), problem.distance(V, W)


# --- ties ----------------------------------------------------------------------------------------


def tied_problem(sizes: list[float], rank: int, rng: np.random.Generator) -> Problem:
    """Return 4x4 images under C4 whose invariant target has the given four singular values.

    The inputs have covariance ``I``, so that all three targets are known: five targets, an
    invariant map between random directions, no noise.
    """
    rho = gallery.find("C4, 4x4 images").rho_in
    basis = lowrank.invariant_rows(rho)
    if len(sizes) != basis.shape[1]:
        raise ValueError(f"sizes: expected {basis.shape[1]} singular values, got {len(sizes)}")
    X = 4 * np.linalg.qr(rng.standard_normal((16, 16)))[0]
    left = np.linalg.qr(rng.standard_normal((5, 4)))[0]
    right = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    W = left * np.asarray(sizes) @ right.T @ basis.T
    return Problem(X, X @ W.T, rho, rank)


def optima_around(
    problem: Problem, rng: np.random.Generator, runs: int = 60, kick: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Return optima of the augmented problem near the closed form, and their objectives.

    By alternation on the augmented rows, from the optimum with a small change of its second factor.
    Shapes ``(runs, m, n)`` and ``(runs,)``.
    """
    rows: Rows = augmented_rows(problem)
    start = problem.augmented.svd[0][:, : problem.rank]
    kicks = kick * rng.standard_normal((runs, *start.shape))
    maps, objective = alternate(rows, problem.rank, start + kicks, 60)
    return maps, objective[-1]


def measured_dimension(problem: Problem, rng: np.random.Generator) -> int:
    """Return the dimension of the set of augmented optima around the closed form.

    Changes along the set are as large as the kick, all others are of the size of its square.
    """
    maps, _ = optima_around(problem, rng)
    changes = (maps - problem.augmented.optimum()).reshape(len(maps), -1)
    sizes = np.linalg.svd(changes, compute_uv=False)
    if sizes[0] < 1e-6:
        return 0
    return int(np.sum(sizes > 0.05 * sizes[0]))


# --- refusals ------------------------------------------------------------------------------------


def refusals() -> list[tuple[str, str]]:
    """Return inputs that break an assumption, with what the library says about each."""
    rng = np.random.default_rng(0)
    images = gallery.find("C4, 4x4 images").rho_in
    ten = random_problem(images, 2, 1, 10, rng).moments
    three = random_problem(images, 2, 1, 3, rng).moments
    circle = gallery.find("C5, circulant matrices").rho_in
    broken = rng.standard_normal((10, 16))
    broken[0, 0] = np.nan
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("plain least squares, 10 points", lambda: lowrank.unconstrained(ten, 1)),
        ("augmentation, 3 points", lambda: lowrank.augmented(three, images, 1)),
        ("hard-wiring, 3 points", lambda: lowrank.hard_wired(three, images, 1)),
        ("rank 3 of 2 outputs", lambda: lowrank.hard_wired(ten, images, 3)),
        ("5 coordinates for 16 pixels", lambda: lowrank.augmented(ten, circle, 1)),
        ("a negative penalty", lambda: lowrank.regularised(ten, images, 1, -1.0)),
        ("a pixel that is no number", lambda: Moments.from_data(broken, np.ones((10, 1)))),
    ]
    return [(what, _message(attempt)) for what, attempt in attempts]


def _message(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except ValueError as error:
        return str(error)
    raise AssertionError("expected a ValueError, got a result")
