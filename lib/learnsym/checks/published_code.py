"""What the public code of Nordenfors et al. draws, labels and plots.

What its differences from the text change in training is in ``experiments.published_code``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learnsym.data.graphs import two_block_graphs
from learnsym.drift.curves import Arrays, curves

THRESHOLD = 1e-15


def turns_drawn(side: int, flat: bool) -> dict[int, float]:
    """Return the law of quarter turns that the public code's rotation draws.

    An integer from 0 to 4 is drawn, both included: 1, 2 and 3 stand for turns, 0 and 4 for none.
    A turn is a reversal of axes and an exchange of the last two, in either order.

    Parameters
    ----------
    side
        Pixels per side.
    flat
        Whether images come as rows of ``side^2`` pixels, as in ROT, or as squares.

    Raises
    ------
    ValueError
        A draw gives no rotation.
    """
    square = np.arange(side**2).reshape(side, side)
    known = {np.rot90(square, k).tobytes(): k for k in range(4)}
    image = square.reshape(1, 1, -1) if flat else square[None, None]
    moved = {
        0: image,
        1: np.swapaxes(image[..., ::-1], -1, -2),
        2: image[..., ::-1, ::-1],
        3: np.swapaxes(image, -1, -2)[..., ::-1, :],
        4: image,
    }
    law = dict.fromkeys(range(4), 0.0)
    for draw, result in moved.items():
        pixels = result.reshape(side, side).tobytes()
        if pixels not in known:
            raise ValueError(f"draw: expected a rotation, got another map for {draw}")
        law[known[pixels]] += 1 / len(moved)
    return law


def shifts_drawn(side: int) -> np.ndarray:
    """Return the probabilities of cyclic shifts by 0 to ``side - 1``, from integers 0 to side."""
    return np.bincount(np.arange(side + 1) % side) / (side + 1)


def label_errors(count: int, seed: int, threshold: float = THRESHOLD) -> tuple[int, int, int]:
    """Return how many graphs the eigenvalue rule labels wrongly.

    The rule calls a graph connected if the second smallest eigenvalue of its Laplacian is above
    the threshold. Returns the numbers of disconnected graphs, of those called connected, and of
    connected ones called disconnected.
    """
    graphs, connected = two_block_graphs(count, seed=seed)
    degrees = graphs.sum(axis=-1)[..., None] * np.eye(graphs.shape[-1])
    called = np.linalg.eigh(degrees - graphs)[0][:, 1] > threshold
    return (
        int(np.sum(~connected)),
        int(np.sum(called & ~connected)),
        int(np.sum(~called & connected)),
    )


@dataclass(frozen=True)
class Plotted:
    """What the figures of the public code show of a result, against the norms of the text.

    ``squares``: vertical coordinate of NOM and AUG over the drift; ``norms``: NOM over AUG in the
    drift and in that coordinate; ``horizontal``: distance that AUG covered over that of NOM, mean
    over runs; ``acting``: distance in the layers on which the group acts over the whole distance of
    NOM; ``median``: median over mean of the drift of AUG.
    """

    squares: tuple[float, float]
    norms: tuple[float, float]
    horizontal: float
    acting: float
    median: float


def plotted(arrays: Arrays, modes: Sequence[str], rate: float, passes: int) -> Plotted:
    """Compare at the last epoch; arguments as ``drift.curves.curves``."""
    found = curves(arrays, modes, rate, passes)
    nominal, augmented = found["nominal"], found["augmented"]
    drift = [curve.drift[-1].mean() for curve in (nominal, augmented)]
    code = [curve.code_drift[-1].mean() for curve in (nominal, augmented)]
    return Plotted(
        (code[0] / drift[0], code[1] / drift[1]),
        (drift[0] / drift[1], code[0] / code[1]),
        float(np.mean(augmented.distance[-1] / nominal.distance[-1])),
        float(np.mean(nominal.code_distance[-1] / nominal.distance[-1])),
        float(np.median(augmented.drift[-1]) / drift[1]),
    )
