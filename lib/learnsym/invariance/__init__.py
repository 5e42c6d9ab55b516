"""Measures of invariance: of class probabilities, of logits, of saliency, and of sensitivity."""

from learnsym.invariance.errors import (
    distribution_error,
    logit_error,
    orbit_logits,
    orbit_share,
    orbit_variance,
    scale_free_logit_error,
    total_variance,
)
from learnsym.invariance.jacobian import jacobians, spectral_norms
from learnsym.invariance.saliency import (
    Similarity,
    gradients,
    integrated_gradients,
    orbit_maps,
    published_map,
    realign,
    saliency_similarity,
)

__all__ = [
    "Similarity",
    "distribution_error",
    "gradients",
    "integrated_gradients",
    "jacobians",
    "logit_error",
    "orbit_logits",
    "orbit_maps",
    "orbit_share",
    "orbit_variance",
    "published_map",
    "realign",
    "saliency_similarity",
    "scale_free_logit_error",
    "spectral_norms",
    "total_variance",
]
