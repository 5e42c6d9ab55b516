"""Times of the data sets in the sizes that the chapters use."""

from learnsym.data import digits, shape_images, two_block_graphs


def test_two_block_graphs(benchmark):
    adjacency, _ = benchmark(two_block_graphs, 1000, seed=0)
    assert adjacency.shape == (1000, 10, 10)


def test_shape_images(benchmark):
    images, _ = benchmark(shape_images, 3000, seed=0)
    assert images.shape == (3000, 14, 14)


def test_embedded_digits(benchmark):
    images, _ = benchmark(digits, "mnist", "test", side=14)
    assert images.shape == (10000, 14, 14)
