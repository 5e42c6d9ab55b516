"""Figure 1 of Nordenfors et al.: training with and without augmentation, against the drift law.

Arrays are those of ``learnsym.experiments.symmetric.outcome`` for PERM, TRANS and ROT.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from learnsym.drift.law import split_by_count
from learnsym.experiments import perm, rot, trans
from learnsym.experiments.symmetric import Problem, Setting, outcome

Arrays = Mapping[str, np.ndarray]

LABELS = {
    "nominal": "NOM",
    "augmented": "AUG",
    "equivariant": "EQUI",
    "exact": "exact",
    "half turns": "half turns",
}
_FEW = {
    "samples": 24, "channels": 2, "batch": 8, "runs": 2, "epochs": 10, "passes": 3, "block": 2,
    "workers": 1,
}  # fmt: skip
SMALL = {
    "PERM": (perm, perm.Config(**_FEW, nodes=4, widths=(4, 3))),
    "TRANS": (trans, trans.Config(**_FEW, side=4, width=4)),
    "ROT": (rot, rot.Config(**_FEW, side=6, start="fan in")),
}


@dataclass(frozen=True)
class Curve:
    """The runs of one way to train.

    Attributes
    ----------
    label
        As in figures.
    distance, drift
        ``|A - A^0|`` and ``|A_perp|``, shape ``(T + 1, runs)``.
    law
        ``|A_perp|`` as the law of drift predicts it, ``(T + 1, runs)``, None without prediction.
    code_distance, code_drift
        What the evaluation script of the paper's public code draws on the two axes,
        ``(T + 1, runs)``: over the layers on which the group acts, ``|A - A^0|`` and the root of
        the sum of the fourth powers of ``|A_perp|`` by layer (each layer enters by its squared
        norm).
    """

    label: str
    distance: np.ndarray
    drift: np.ndarray
    law: np.ndarray | None
    code_distance: np.ndarray
    code_drift: np.ndarray


def curves(arrays: Arrays, modes: Sequence[str], rate: float, passes: int) -> dict[str, Curve]:
    """Return the curves of all modes, by mode.

    The law predicts ``rate |sum_s Pi_perp grad R(x_s)|`` for nominal training, the same with the
    mean moved gradient for draws that are not uniform (their sampling noise left out), and
    ``rate sqrt(sum_s S_K(x_s) / passes)`` for uniform draws.

    Raises
    ------
    ValueError
        The number of modes is not that of the arrays.
    """
    if len(modes) != len(arrays["drift"]):
        raise ValueError(f"modes: expected {len(arrays['drift'])} names, got {tuple(modes)}")
    walk = rate * np.sqrt(np.cumsum(arrays["noise"], axis=0) / passes)
    laws = {"augmented": np.concatenate([np.zeros_like(walk[:1]), walk])}
    biased = [mode for mode in modes if mode not in LABELS or mode == "half turns"]
    laws |= dict(zip(["nominal", *biased], arrays["systematic"], strict=True))
    moving = arrays["layers"].max(axis=(0, 1, 2)) > 0
    found = {}
    for row, mode in enumerate(modes):
        steps, parts = (arrays[name][row][..., moving] for name in ("steps", "layers"))
        found[mode] = Curve(
            LABELS.get(mode, mode),
            arrays["distance"][row],
            arrays["drift"][row],
            laws.get(mode),
            np.sqrt((steps**2).sum(axis=-1)),
            np.sqrt((parts**4).sum(axis=-1)),
        )
    return found


def sizes(config: Setting, samples: str) -> list[list[str]]:
    """Return table rows: what, its published value, its value here.

    The published values are the defaults of the configuration; ``samples`` names the data.
    """
    named = {
        "channels $c$": "channels", samples: "samples", f"{samples} per mini-batch": "batch",
        "runs": "runs", "epochs $T$": "epochs", "passes $L$": "passes",
    }  # fmt: skip
    published = type(config)()
    return [
        [name, *(f"{getattr(one, field):,}" for one in (published, config))]
        for name, field in named.items()
    ]


def factor(above: Curve, below: Curve, kind: str = "drift") -> float:
    """Return the mean over runs of the last drift of one over that of the other.

    ``kind`` is ``"drift"``, ``"law"`` or ``"code_drift"``.
    """
    return float(getattr(above, kind)[-1].mean() / getattr(below, kind)[-1].mean())


def pooled(values: np.ndarray) -> np.ndarray:
    """Return the root mean square over the runs, the last axis."""
    return np.sqrt(np.mean(np.asarray(values) ** 2, axis=-1))


def agreement(curve: Curve) -> np.ndarray:
    """Return measured over predicted drift, root mean square over runs, for each epoch, (T,)."""
    return pooled(curve.drift[1:] / curve.law[1:])


def exponent(curve: Curve, kind: str = "drift") -> float:
    """Return the power of the number of epochs by which the drift grows.

    Least squares on logarithms over the last three quarters of the epochs; mean over the runs,
    each relative to its drift at the end.
    """
    values = getattr(curve, kind)
    mean = (values / values[-1]).mean(axis=-1)
    epochs = np.arange(len(mean))
    late = epochs >= max(1, epochs[-1] // 4)
    return float(np.polyfit(np.log(epochs[late]), np.log(mean[late]), 1)[0])


def shares(curve: Curve) -> np.ndarray:
    """Return the last drift over the distance covered, shape ``(runs,)``."""
    return curve.drift[-1] / curve.distance[-1]


def apart(first: Curve, second: Curve) -> np.ndarray:
    """Return the relative difference of the distances covered, shape ``(runs,)``."""
    return np.abs(first.distance[-1] / second.distance[-1] - 1)


def predicted_factor(
    arrays: Arrays, setting: Setting, samples: int | None = None, batch: int | None = None
) -> float:
    """Return by which factor nominal exceeds augmented drift after all epochs.

    By the law, if gradients stayed as they are at the start: ``sqrt(T L m / S_K)``, for another
    number of samples and another mini-batch if they are given. For another number of samples, the
    squared mean gradient off E is ``m = m_0 + v / (N - 1)``: a part that no sample size removes
    (put to 0 if it comes out negative), and one of the finite sample. Means over the runs.

    Raises
    ------
    ValueError
        The setting has a single mini-batch: its noise does not tell the variance over the samples.
    """
    samples, batch = samples or setting.samples, batch or setting.batch
    size, count = setting.samples, setting.samples // setting.batch
    if count < 2:
        raise ValueError(f"setting: expected two mini-batches or more, got {count}")
    mean = float(np.mean((arrays["systematic"][0, 1] / setting.rate) ** 2))
    noise = float(np.mean(arrays["noise"][0]))
    variance = (noise - mean / count) * (size - 1) / (1 - 1 / count)
    other = mean
    if samples != size:
        other = max(0.0, mean - variance / (size - 1)) + variance / (samples - 1)
    single = (other + variance) / samples  # so that the variance over the samples is the same
    step = split_by_count(other, single, samples, samples // batch)
    return float(np.sqrt(setting.epochs * setting.passes * other / step))


def best_constant(problem: Problem) -> float:
    """Return the accuracy of the best answer that does not look at the data.

    One class for class numbers; for zeros and ones the more frequent one, for each output.
    """
    y = problem.task.y
    rows = torch.eye(problem.task.network.shapes[-1][0], dtype=torch.float64)
    if y.ndim > 1:
        rows = 2 * (y.mean(dim=0, keepdim=True) > 0.5).double() - 1
    answers = rows[:, None].expand(-1, len(y), -1)
    return float(problem.correct(answers, y).max())


def learned(arrays: Arrays, modes: Sequence[str]) -> list[list[str]]:
    """Return table rows: way to train, first and last loss, accuracy; means over the runs."""
    return [
        [
            LABELS.get(mode, mode),
            f"{arrays['loss'][row, 0].mean():.4g}",
            f"{arrays['final_loss'][row].mean():.4g}",
            f"{arrays['accuracy'][row].mean():.3f}",
        ]
        for row, mode in enumerate(modes)
    ]


def printed(found: Mapping[str, Curve]) -> list[list[str]]:
    """Return table rows: way to train, last distance, drift, law, and both as the code has them.

    Means over the runs. Rounding errors are shown as 0, and as words where they grew: their size
    differs between machines.
    """
    floor = 1e-9 * found["nominal"].drift[-1].mean()
    rows = []
    for curve in found.values():
        values = [curve.distance, curve.drift, curve.law, curve.code_distance, curve.code_drift]
        limits = [0, floor, floor, 0, floor * found["nominal"].code_drift[-1].mean()]
        row = [curve.label, *map(_number, values, limits)]
        if curve is found.get("exact"):
            row[2], row[5] = (
                cell if cell == "0" else "grown rounding" for cell in (row[2], row[5])
            )
        rows.append(row)
    return rows


def _number(values: np.ndarray | None, floor: float) -> str:
    if values is None:
        return ""
    mean = values[-1].mean()
    return f"{mean:.2g}" if mean > floor else "0"


def small_instance(
    name: str, seed: int, modes: Sequence[str] = ("nominal", "augmented", "exact")
) -> dict[str, np.ndarray]:
    """Train a task whose group is small enough to be listed; drift over distance, by mode.

    ``name`` is PERM (4 nodes, 24 elements), TRANS (4 x 4 pixels, 16) or ROT (4); shape ``(runs,)``.

    Raises
    ------
    ValueError
        The name is another, or a mode is unknown.
    """
    if name not in SMALL:
        raise ValueError(f"name: expected one of {tuple(SMALL)}, got {name!r}")
    module, config = SMALL[name]
    arrays = outcome(module.problem, replace(config, seed=seed), modes, progress=False)
    ends = arrays["drift"][:, -1] / arrays["distance"][:, -1]
    return dict(zip(modes, ends, strict=True))
