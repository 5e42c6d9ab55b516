"""Data sets: MNIST and Fashion-MNIST, random graphs, images of shapes."""

from learnsym.data.catalog import ChecksumError
from learnsym.data.graphs import two_block_graphs
from learnsym.data.images import digits
from learnsym.data.shapes import shape_images
from learnsym.data.sources import DataUnavailableError

__all__ = ["ChecksumError", "DataUnavailableError", "digits", "shape_images", "two_block_graphs"]
