"""Training of ensembles of networks: many runs as one batch, histories as plain arrays."""

from learnsym.training.full_batch import History, full_batch

__all__ = ["History", "full_batch"]
