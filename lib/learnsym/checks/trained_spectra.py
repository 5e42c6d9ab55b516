"""Trained networks under three invariance regularisers (Moskalev et al., Figure 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from learnsym.networks.perceptron import perceptron

PLAIN = "DA"
# name in the two experiments, name in the chapter
AUGMENTED = {"DA": "DA", "IR": "LI"}
RESTRAINED = {"DI": "DI", "normalised LI": "normalised LI", "size": "size"}
MEASURES = (
    "accuracy",
    "agreement",
    "spectral_norm",
    "logit_scale",
    "logit_error",
    "distribution_error",
    "scale_free",
    "common_share",
    "layer_norms",
    "path_layer_norms",
)
SALIENCIES = {"similarity": 0, "signed_similarity": -1}


class HasArrays(Protocol):
    """A result: arrays by name, and the configuration that they come from."""

    @property
    def arrays(self) -> Mapping[str, np.ndarray]: ...  # noqa: D102
    @property
    def config(self) -> Any: ...  # noqa: ANN401, D102


@dataclass(frozen=True)
class TrainedSpectra:
    """Networks of several kinds, trained on several groups.

    Attributes
    ----------
    groups, models
        Names; one model is ``"DA"``, augmentation without a regulariser.
    values
        For every model, arrays ``(groups, runs, ...)`` by name: those of :data:`MEASURES`, and
        ``similarity`` (SI, published saliency) and ``signed_similarity`` (SI of signed gradients).
    tuning
        For models with a choice of strengths, the validation SI at each: ``(groups, candidates)``.
    initial
        ``sigma_max`` of the layers before training, the same for all models: ``(layers,)``, mean
        over runs.
    epochs
        Epochs of ``path_layer_norms``, shape ``(T,)``.

    Raises
    ------
    ValueError
        An array is missing or does not begin with an axis of the groups, or no model is called DA.
    """

    groups: tuple[str, ...]
    values: Mapping[str, Mapping[str, np.ndarray]]
    tuning: Mapping[str, np.ndarray]
    initial: np.ndarray
    epochs: np.ndarray

    def __post_init__(self) -> None:
        if PLAIN not in self.values:
            raise ValueError(f"values: expected a model {PLAIN!r}, got {sorted(self.values)}")
        for model, arrays in self.values.items():
            missing = sorted({*MEASURES, *SALIENCIES} - set(arrays))
            if missing:
                raise ValueError(f"values[{model!r}]: expected also {missing}")
            wrong = {k: np.shape(v) for k, v in arrays.items() if len(v) != len(self.groups)}
            if wrong:
                raise ValueError(
                    f"values[{model!r}]: expected {len(self.groups)} groups first, got {wrong}"
                )

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models."""
        return tuple(self.values)

    def of(self, name: str, model: str) -> np.ndarray:
        """Return an array of one model, ``(groups, runs, ...)``."""
        if model not in self.values:
            raise ValueError(f"model: expected one of {self.models}, got {model!r}")
        return np.asarray(self.values[model][name])

    def mean(self, name: str, model: str) -> np.ndarray:
        """Return the mean over runs, ``(groups, ...)``."""
        return self.of(name, model).mean(axis=1)

    def ratio(self, name: str, model: str, reference: str = PLAIN) -> np.ndarray:
        """Return the ratio of two models' means over runs, ``(groups, ...)``."""
        return self.mean(name, model) / self.mean(name, reference)

    def relative_norm(self, model: str) -> np.ndarray:
        """Return ``sigma_max(J)`` over the scale of the logits, ``(groups, runs)``."""
        return self.of("spectral_norm", model) / self.of("logit_scale", model)

    def relative_ratio(self, model: str) -> np.ndarray:
        """Return the model's mean of :meth:`relative_norm` over that of DA, ``(groups,)``."""
        return self.relative_norm(model).mean(axis=1) / self.relative_norm(PLAIN).mean(axis=1)

    def growth(self, model: str) -> np.ndarray:
        """Return ``sigma_max`` after training over that before, ``(groups, layers)``."""
        return self.mean("layer_norms", model) / self.initial

    def layer_path(self, model: str) -> np.ndarray:
        """Return ``sigma_max`` of the layers from the start on, ``(groups, 1 + T, layers)``."""
        path = self.mean("path_layer_norms", model)
        start = np.broadcast_to(self.initial, (len(path), 1, path.shape[-1]))
        return np.concatenate([start, path], axis=1)

    def best_similarity(self, model: str) -> np.ndarray:
        """Return the largest validation SI over the strengths that were tried, ``(groups,)``."""
        if model not in self.tuning:
            raise ValueError(f"model: expected one of {sorted(self.tuning)}, got {model!r}")
        return np.asarray(self.tuning[model]).max(axis=-1)


def from_results(augmented: HasArrays, restrained: HasArrays) -> TrainedSpectra:
    """Join the stored results ``spurious_invariance`` and ``spectral_decay``.

    Raises
    ------
    ValueError
        The two results were computed with different seeds or sizes.
    """
    pair = augmented.config, restrained.config
    for name in ("seed", "train", "epochs", "hidden", "width"):
        first, second = (getattr(config, name) for config in pair)
        if first != second:
            raise ValueError(f"{name}: expected the same in both results, got {first}, {second}")
    values = {}
    sources = (
        (augmented, ("DA", "IR", "WT"), AUGMENTED),
        (restrained, ("size", "DI", "normalised LI"), RESTRAINED),
    )
    for result, order, chosen in sources:
        for name, shown in chosen.items():
            place = order.index(name)
            found = {key: result.arrays[key][:, place] for key in MEASURES}
            maps = result.arrays["similarities"][:, place]
            values[shown] = found | {key: maps[..., at] for key, at in SALIENCIES.items()}
    tuning = {"LI": augmented.arrays["strength_similarity"]} | {
        name: restrained.arrays["strength_similarity"][:, k]
        for k, name in enumerate(("DI", "normalised LI"))
    }
    return TrainedSpectra(
        ("R4", "T3"),
        values,
        tuning,
        initial_norms(augmented.config),
        np.asarray(augmented.arrays["epochs"]),
    )


def initial_norms(config: Any, inputs: int = 36**2, classes: int = 9) -> np.ndarray:  # noqa: ANN401
    """Return ``sigma_max`` of the layers before training, ``(layers,)``, mean over runs.

    ``config`` has ``width``, ``hidden``, ``runs`` and ``seed``; a run starts as in the experiments.
    """
    sizes = (inputs, *[config.width] * config.hidden, classes)
    network = perceptron(sizes, [[config.seed, run] for run in range(config.runs)])
    with torch.no_grad():
        norms = [torch.linalg.matrix_norm(w.double(), 2).mean().item() for w in network.weights]
    return np.array(norms)
