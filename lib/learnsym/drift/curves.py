"""Distance, drift and law of stored runs (Nordenfors et al., Figure 1).

Arrays are those of ``learnsym.experiments.symmetric.outcome``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Arrays = Mapping[str, np.ndarray]

LABELS = {"nominal": "NOM", "augmented": "AUG", "equivariant": "EQUI"}


@dataclass(frozen=True)
class Curve:
    """The runs of one way to train, every array of shape ``(T + 1, runs)``.

    ``distance`` is ``|A - A^0|``, ``drift`` is ``|A_perp|`` and ``law`` what the drift law
    predicts for it, None without a prediction. ``code_distance`` and ``code_drift`` are what the
    evaluation script of the paper's public code draws, over the layers on which the group acts:
    ``|A - A^0|``, and the root of the sum over layers of the fourth powers of ``|A_perp|``.
    """

    label: str
    distance: np.ndarray
    drift: np.ndarray
    law: np.ndarray | None
    code_distance: np.ndarray
    code_drift: np.ndarray


def curves(arrays: Arrays, modes: Sequence[str], rate: float, passes: int) -> dict[str, Curve]:
    """Return the curves by mode; without ``systematic`` arrays only uniform draws have a law.

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
    biased = [mode for mode in modes if mode not in (*LABELS, "exact")]
    if "systematic" in arrays:
        laws |= dict(zip(["nominal", *biased], arrays["systematic"], strict=True))
    moving = arrays["layers"].max(axis=(0, 1, 2)) > 0
    found = {}
    for mode, distance, drift, steps, parts in zip(
        modes, *(arrays[name] for name in ("distance", "drift", "steps", "layers")), strict=True
    ):
        code = np.sqrt((steps[..., moving] ** 2).sum(-1)), np.sqrt((parts**4).sum(-1))
        found[mode] = Curve(LABELS.get(mode, mode), distance, drift, laws.get(mode), *code)
    return found


def stage_curves(
    arrays: Arrays, rate: float, passes: int, sampled: Sequence[str] = ()
) -> dict[str, Curve]:
    """Return the curves of arrays of ``learnsym.experiments.paths.outcome``, at ends of stages.

    Every array of a curve has shape ``(stages + 1, runs)``. Uniform augmentation is the one without
    response. The law of nominal training is the drift without response, that of a ``sampled`` law
    of draws, one of the first, its mean step.
    """
    stages, epochs = len(arrays["nominal"]), len(arrays["noise"])
    ends = np.arange(1, stages + 1) * (epochs // stages)
    within = arrays["steps"][ends]
    walk = rate * np.sqrt(np.cumsum(arrays["noise"].sum(-1), axis=0)[ends - 1] / passes)
    ways = {"nominal": (arrays["nominal"], _sizes(arrays["zeroth_nominal"]))}
    ways["augmented"] = arrays["zeroth_augmented"][0], walk
    means = arrays["mean"][: len(sampled)]
    for name, layers, mean in zip(sampled, arrays["augmented"][1:], means, strict=True):
        ways[name] = layers, _sizes(mean)
    ways["equivariant"] = np.zeros_like(within), None
    moving = np.any(arrays["nominal"] > 0, axis=(0, 1))
    found = {}
    for way, (layers, law) in ways.items():
        steps = np.sqrt(within**2 + layers**2)
        columns = _sizes(steps), _sizes(layers), law, _sizes(steps[..., moving])
        columns = *columns, np.sqrt((layers**4).sum(-1))
        begun = [None if c is None else np.concatenate([0 * c[:1], c]) for c in columns]
        found[way] = Curve(LABELS.get(way, way), *begun)
    return found


def _sizes(layers: np.ndarray) -> np.ndarray:
    return np.sqrt((layers**2).sum(axis=-1))


def pooled(values: np.ndarray) -> np.ndarray:
    """Return the root mean square over the runs, the last axis."""
    return np.sqrt(np.mean(np.asarray(values) ** 2, axis=-1))


def agreement(curve: Curve) -> np.ndarray:
    """Return measured over predicted drift, root mean square over runs, for each epoch, (T,)."""
    return pooled(curve.drift[1:] / curve.law[1:])


def factor(above: Curve, below: Curve, kind: str = "drift") -> float:
    """Return the ratio of the mean last drifts, or ``kind`` ``"law"`` or ``"code_drift"``."""
    return float(getattr(above, kind)[-1].mean() / getattr(below, kind)[-1].mean())


def exponent(drift: np.ndarray) -> float:
    """Return the power of the number of epochs by which a drift ``(T + 1, runs)`` grows.

    Least squares on logarithms over the last three quarters of the epochs, mean over the runs.
    """
    epochs = np.arange(len(drift))
    late = epochs >= max(1, epochs[-1] // 4)
    growth = np.log(drift[late]).mean(axis=-1)
    return float(np.polyfit(np.log(epochs[late]), growth, 1)[0])


def sizes(config: object, samples: str) -> list[list[str]]:
    """Return table rows: a size, its published value (the default) and its value in ``config``.

    ``samples`` names the data.
    """
    named = {
        "channels $c$": "channels", samples: "samples", f"{samples} per mini-batch": "batch",
        "runs": "runs", "epochs $T$": "epochs", "passes $L$": "passes",
    }  # fmt: skip
    pairs = {name: (type(config)(), config) for name in named}
    return [
        [name, *(f"{getattr(one, named[name]):,}" for one in pair)] for name, pair in pairs.items()
    ]


def ends(found: Mapping[str, Curve]) -> list[list[str]]:
    """Return table rows: label, last distance, drift, law, and both as the public code has them.

    Means over the runs. Rounding errors are shown as 0, and as words where they grew: their size
    differs between machines.
    """
    rows = []
    for curve in found.values():
        row = [curve.label]
        for name in ("distance", "drift", "law", "code_distance", "code_drift"):
            values = getattr(curve, name)
            mean = 0.0 if values is None else values[-1].mean()
            largest = getattr(found["nominal"], "drift" if name == "law" else name)
            least = 1e-9 * largest[-1].mean()
            cell = f"{mean:.2g}" if mean > least else "0"
            if cell != "0" and "drift" in name and curve is found.get("exact"):
                cell = "grown rounding"
            row.append("" if values is None else cell)
        rows.append(row)
    return rows


def learned(arrays: Arrays, modes: Sequence[str]) -> list[list[str]]:
    """Return table rows: label, first and last loss, accuracy; means over the runs."""
    columns = arrays["loss"][:, 0], arrays["final_loss"], arrays["accuracy"]
    means = np.transpose([values.mean(axis=-1) for values in columns])
    return [
        [LABELS.get(mode, mode), f"{first:.4g}", f"{last:.4g}", f"{right:.3f}"]
        for mode, (first, last, right) in zip(modes, means, strict=True)
    ]
