"""The three optima on digits: nine classes of MNIST under rotations, one-hot targets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from learnsym import lowrank
from learnsym.checks.alternation import Rows, alternate
from learnsym.data import digits
from learnsym.groups import image_rotations
from learnsym.lowrank import LowRankProblem, Moments
from learnsym.regression import augment
from learnsym.representations import PermutationRepresentation, image

CLASSES = 9  # a nine is a six upside down, so the paper leaves it out


@dataclass(frozen=True)
class DigitData:
    """Digits without the nines.

    ``X`` (N, side^2) and one-hot ``Y`` (N, 9) for fitting; ``held_out`` (M, side^2) with
    ``classes`` (M,) for testing.
    """

    X: np.ndarray
    Y: np.ndarray
    held_out: np.ndarray
    classes: np.ndarray
    rho: PermutationRepresentation

    @cached_property
    def moments(self) -> Moments:
        """Second moments of the digits for fitting."""
        return Moments.from_data(self.X, self.Y)

    def problems(self, rank: int, strengths: tuple[float, ...]) -> dict[str, LowRankProblem]:
        """Return plain, regularised, hard-wired and augmented least squares, least norms."""
        options = {"rank": rank, "pseudo_inverse": True}
        penalised = {
            f"lambda = {strength:g}": lowrank.regularised(
                self.moments, self.rho, strength=strength, **options
            )
            for strength in strengths
        }
        return {
            "unconstrained": lowrank.unconstrained(self.moments, **options),
            **penalised,
            "hard-wired": lowrank.hard_wired(self.moments, self.rho, **options),
            "augmented": lowrank.augmented(self.moments, self.rho, **options),
        }

    def accuracy(self, W: np.ndarray) -> tuple[float, float]:
        """Return the accuracy on held-out digits, upright and in all rotations."""
        upright = np.mean(np.argmax(self.held_out @ W.T, axis=1) == self.classes)
        turned = np.argmax(augment(self.held_out, self.rho) @ W.T, axis=2) == self.classes
        return float(upright), float(np.mean(turned))

    def weighted(self, W: np.ndarray, turned: bool = False) -> np.ndarray:
        """Return each weight times the root mean square of its pixel.

        Over the digits for fitting, or over all their rotations where ``turned`` is set.
        """
        moments = self.moments.averaged(self.rho) if turned else self.moments
        return W * np.sqrt(np.diag(moments.S))


def rim_share(data: DigitData, W: np.ndarray) -> float:
    """Return the share of ``|W|^2`` on pixels that are hardly ever lit.

    Their root mean square over all rotations is below 1 % of the largest.
    """
    sizes = np.sqrt(np.diag(data.moments.averaged(data.rho).S))
    return float(np.sum(W[:, sizes < 0.01 * sizes.max()] ** 2) / np.sum(W**2))


def digit_data(images: int, side: int = 14) -> DigitData:
    """Return the first ``images`` MNIST test digits below nine; the others are held out."""
    pictures, labels = digits("mnist", "test", side=side)
    below = labels < CLASSES
    flat, labels = pictures[below].reshape(-1, side**2), labels[below]
    if not 1 <= images < len(flat):
        raise ValueError(f"images: expected 1 to {len(flat) - 1}, got {images}")
    rho = image(image_rotations(side))
    targets = np.eye(CLASSES)[labels[:images]]
    return DigitData(flat[:images], targets, flat[images:], labels[images:], rho)


def ranks(data: DigitData) -> dict[str, tuple[int, int]]:
    """Return rank and size of the matrices whose inverses the closed forms take.

    The rank counts eigenvalues above 1e-12 of the largest.
    """
    S, basis = data.moments.S, lowrank.invariant_rows(data.rho)
    G = lowrank.constraint(data.rho)
    matrices = {
        "unconstrained": S,
        "augmented": data.moments.averaged(data.rho).S,
        "regularised": S + G @ G.T,
        "hard-wired": basis.T @ S @ basis,
    }
    values = {name: np.linalg.eigvalsh(A) for name, A in matrices.items()}
    return {name: (int(np.sum(v > 1e-12 * v[-1])), len(v)) for name, v in values.items()}


def objectives_by_rank(
    data: DigitData, strength: float, starts: int, sweeps: int, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return for each method the least mean squared error at ranks 1 to 9.

    By closed form and by alternation on the rows of the data, shapes ``(9,)``. For the regularised
    problem the penalty counts. Augmented and hard-wired errors are means over all rotations.
    """
    n, order = data.rho.dimension, data.rho.group.order
    turned = augment(data.X, data.rho).reshape(-1, n)
    G = np.sqrt(len(data.X) * strength) * lowrank.constraint(data.rho)
    basis = lowrank.invariant_rows(data.rho)
    targets = np.vstack([data.Y, np.zeros((G.shape[1], CLASSES))])
    rows = {
        "unconstrained": Rows(data.X, data.Y, len(data.X), np.eye(n)),
        f"lambda = {strength:g}": Rows(np.vstack([data.X, G.T]), targets, len(data.X), np.eye(n)),
        "hard-wired": Rows(data.X @ basis, data.Y, len(data.X), basis),
        "augmented": Rows(turned, np.tile(data.Y, (order, 1)), len(turned), np.eye(n)),
    }
    found: dict[str, tuple[list, list]] = {name: ([], []) for name in rows}
    for rank in range(1, CLASSES + 1):
        exact = data.problems(rank, (strength,))
        for name, (closed, searched) in found.items():
            closed.append(exact[name].value(exact[name].optimum()))
            initial = rng.standard_normal((starts, CLASSES, rank))
            searched.append(alternate(rows[name], rank, initial, sweeps)[1][-1].min())
    return {name: (np.array(a), np.array(b)) for name, (a, b) in found.items()}
