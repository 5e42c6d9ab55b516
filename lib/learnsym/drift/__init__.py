"""What training does off the equivariant layers (paper B): risks, Hessians, growth of ``A_perp``.

All weights of one network are one vector ``theta``, the layers one after the other, row by row.
"""

from learnsym.drift.hessian import (
    Spectrum,
    hessian_product,
    smallest_eigenvalues,
)
from learnsym.drift.law import (
    Law,
    noise,
    predicted_drift,
    sampled_noise,
    stationary_level,
    with_response,
)
from learnsym.drift.risks import Risks, gradient
from learnsym.drift.stability import Paths, follow

__all__ = [
    "Law",
    "Paths",
    "Risks",
    "Spectrum",
    "follow",
    "gradient",
    "hessian_product",
    "noise",
    "predicted_drift",
    "sampled_noise",
    "smallest_eigenvalues",
    "stationary_level",
    "with_response",
]
