"""Linear regression on symmetric data (Gideoni): closed forms, the two parts of w, training."""

from learnsym.regression.assumptions import (
    decay_rates,
    require_equivariant_labels,
    require_orthogonal,
    require_orthogonal_maps,
    require_whole_orbits,
)
from learnsym.regression.closed_form import QuadraticLoss, descent_rate
from learnsym.regression.symmetry import (
    asymmetric_basis,
    asymmetry_loss,
    augment,
    split,
    stabiliser_sizes,
    symmetrised_gram,
    symmetrised_moment,
    weight_reynolds,
)
from learnsym.regression.training import descend, minibatches

__all__ = [
    "QuadraticLoss",
    "asymmetric_basis",
    "asymmetry_loss",
    "augment",
    "decay_rates",
    "descend",
    "descent_rate",
    "minibatches",
    "require_equivariant_labels",
    "require_orthogonal",
    "require_orthogonal_maps",
    "require_whole_orbits",
    "split",
    "stabiliser_sizes",
    "symmetrised_gram",
    "symmetrised_moment",
    "weight_reynolds",
]
