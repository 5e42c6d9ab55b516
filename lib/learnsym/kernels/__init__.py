"""Kernels of wide networks: gradients and hidden layers as features (Gideoni, Apps. F to I)."""

from learnsym.kernels.closed import ClosedNetwork, closed_network
from learnsym.kernels.features import conjugate_features, weight_feature_blocks, weight_features
from learnsym.kernels.kernelised import (
    KernelisedRepresentation,
    default_cutoff,
    fit,
    frobenius_error,
    from_moments,
    mean_error,
)
from learnsym.kernels.linearised import RowSpace, orbit_asymmetry, orbit_deviation
from learnsym.kernels.network import Mlp
from learnsym.kernels.spectrum import (
    Census,
    census,
    ewk_spectrum,
    general_position,
    gram,
    rank,
    scale_directions,
)

__all__ = [
    "Census",
    "ClosedNetwork",
    "KernelisedRepresentation",
    "Mlp",
    "RowSpace",
    "census",
    "closed_network",
    "conjugate_features",
    "default_cutoff",
    "ewk_spectrum",
    "fit",
    "frobenius_error",
    "from_moments",
    "general_position",
    "gram",
    "mean_error",
    "orbit_asymmetry",
    "orbit_deviation",
    "rank",
    "scale_directions",
    "weight_feature_blocks",
    "weight_features",
]
