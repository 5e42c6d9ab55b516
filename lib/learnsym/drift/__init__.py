"""What training does off the equivariant layers (paper B): risks, their Hessians, and the drift.

All weights of one network are one vector ``theta``, the layers one after the other, row by row.
"""

from learnsym.drift.law import Law, noise, predicted_drift
from learnsym.drift.risks import Risks, gradient, hessian_product

__all__ = ["Law", "Risks", "gradient", "hessian_product", "noise", "predicted_drift"]
