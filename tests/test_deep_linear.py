"""Linear networks on digits: losses and measures against plain PyTorch on rows."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from learnsym.equivariant import reynolds
from learnsym.experiments import deep_linear
from learnsym.lowrank import constraint, invariant_rows

LINEAR = deep_linear.Config(
    images=40, runs=2, steps=20, long=30, descent=20, rate=0.01, rotations=(1, 4)
)
DATA = deep_linear.problem(40)


@pytest.fixture(scope="module")
def linear():
    return deep_linear.run(LINEAR, progress=False)


def by_hand(layers, rows, loss, penalty=lambda W: 0.0, basis=None, steps=20):
    """Train one network on rows with PyTorch's layers and losses; return its map."""
    first, second = (nn.Linear(w.shape[1], w.shape[0], bias=False).double() for w in layers)
    for module, w in zip((first, second), layers, strict=True):
        module.weight.data = torch.tensor(w)
    B = torch.eye(196).double() if basis is None else torch.tensor(basis)
    adam = torch.optim.Adam([first.weight, second.weight], lr=0.01)
    for _ in range(steps):
        adam.zero_grad()
        W = second.weight @ first.weight @ B.T
        (loss(second(first(rows @ B))) + penalty(W)).backward()
        adam.step()
    return (second.weight @ first.weight @ B.T).numpy(force=True)


CASES = {"augmented": 0, "hard-wired": 1, "penalty": 2}


@pytest.mark.parametrize("kind", deep_linear.LOSSES)
@pytest.mark.parametrize("method", CASES)
def test_trained_maps_are_those_of_plain_pytorch(linear, kind, method):
    basis = invariant_rows(DATA.rho) if method == "hard-wired" else None
    nets = deep_linear.start(LINEAR, basis)
    many = method == "augmented"
    rows = torch.tensor(DATA.turned if many else DATA.X)
    classes = torch.tensor(np.tile(DATA.classes, 4 if many else 1))
    G, strength = torch.tensor(constraint(DATA.rho)), 0.0
    if method == "penalty":
        strength = LINEAR.strengths[deep_linear.LOSSES.index(kind)][0]

    def loss(outputs):
        if kind == "entropy":
            return functional.cross_entropy(outputs, classes)
        return functional.mse_loss(outputs, functional.one_hot(classes, 9).double())

    for run in range(2):
        layers = [p[run].numpy(force=True) for p in nets.parameters]
        W = by_hand(layers, rows, loss, lambda W: strength * torch.sum((W @ G) ** 2), basis)
        part = W - W @ reynolds(DATA.rho)
        expected = {
            "accuracy": np.mean((DATA.turned @ W.T).argmax(1) == np.tile(DATA.classes, 4)),
            "total": np.linalg.norm(W),
            "asymmetric": np.linalg.norm(part),
            "weighted": np.sqrt(np.mean(np.sum((DATA.turned @ part.T) ** 2, axis=1))),
            "entries": W[:2][:, list(deep_linear.PIXELS)],
        }
        for name, value in expected.items():
            found = linear[f"{kind}_{name}"][-1, CASES[method], run]
            assert found == pytest.approx(value, abs=1e-8), name


def test_all_rotations_of_each_image_are_augmentation(linear):
    names = deep_linear.methods(LINEAR, "mse")
    whole, few = names.index("4 of 4 rotations"), names.index("1 of 4 rotations")
    series = linear["mse_asymmetric"]
    assert np.abs(series[:, whole] - series[:, 0]).max() < 1e-8
    assert np.abs(series[:, few] - series[:, 0]).max() > 1e-3


def test_longer_training_begins_like_the_shorter(linear):
    count = len(linear["steps"])
    assert linear["long_steps"][-1] == 30
    assert np.array_equal(linear["long_steps"][:count], linear["steps"])
    assert np.array_equal(linear["entropy_long_total"][:count], linear["entropy_total"][:, 0])


def test_pixels_are_one_orbit():
    corner = np.zeros((14, 14))
    corner.flat[deep_linear.PIXELS[0]] = 1
    assert sorted(np.rot90(corner, k).argmax() for k in range(4)) == sorted(deep_linear.PIXELS)


@pytest.mark.parametrize("images", [0, -1, 8_992])
def test_more_digits_than_there_are_are_refused(images):
    with pytest.raises(ValueError, match=f"images: expected 1 to 8991, got {images}"):
        deep_linear.problem(images)
