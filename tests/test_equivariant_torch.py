"""Projection of torch tensors: agreement with NumPy, dtypes, devices and gradients."""

import numpy as np
import pytest
import torch

from cases import ALL, OBLIQUE, ORTHOGONAL
from learnsym import groups
from learnsym import representations as reps
from learnsym.equivariant import EquivariantMaps

DTYPES = [(torch.float64, 1e-12), (torch.float32, 2e-5)]


def random_maps(case, rng, batch=(2, 3)):
    return rng.standard_normal((*batch, case.rho_out.dimension, case.rho_in.dimension))


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES, ids=str)
@pytest.mark.parametrize("case", ALL)
def test_torch_agrees_with_numpy(case, dtype, tolerance, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = random_maps(case, rng)
    tensor = torch.tensor(A, dtype=dtype)
    c = rng.standard_normal((2, maps.dimension))
    pairs = [
        (maps.project(tensor), maps.project(A)),
        (maps.project(tensor[0, 0]), maps.project(A[0, 0])),
        (maps.complement(tensor), maps.complement(A)),
        (maps.coordinates(tensor), maps.coordinates(A)),
        (maps.from_coordinates(torch.tensor(c, dtype=dtype)), maps.from_coordinates(c)),
    ]
    for computed, expected in pairs:
        assert computed.dtype == dtype
        assert computed.shape == expected.shape
        np.testing.assert_allclose(computed.numpy(), expected, atol=tolerance)


@pytest.mark.parametrize("case", ORTHOGONAL + OBLIQUE)
def test_the_gradient_of_half_the_squared_projection_is_the_projection(case, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = torch.tensor(random_maps(case, rng), requires_grad=True)
    loss = 0.5 * maps.project(A).square().sum()
    (gradient,) = torch.autograd.grad(loss, A)
    np.testing.assert_allclose(gradient.numpy(), maps.project(A.detach().numpy()), atol=1e-12)


@pytest.mark.parametrize("case", [ORTHOGONAL[5], ORTHOGONAL[17], OBLIQUE[1]])
def test_gradients_pass_a_finite_difference_check(case, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = torch.tensor(random_maps(case, rng, (2,)), requires_grad=True)
    c = torch.tensor(rng.standard_normal((2, maps.dimension)), requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: maps.project(a).sin(), A)
    assert torch.autograd.gradcheck(lambda a: maps.coordinates(a).sin(), A)
    assert torch.autograd.gradcheck(lambda a: maps.from_coordinates(a).sin(), c)


@pytest.mark.parametrize("case", [ORTHOGONAL[5], ORTHOGONAL[17]])
def test_tensors_stay_on_their_device(case):
    """The meta device stands for any accelerator: mixing it with the processor is an error."""
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = torch.empty(4, *maps.shape, device="meta")
    for result in (maps.project(A), maps.complement(A)):
        assert result.device.type == "meta"
        assert result.shape == A.shape


def test_empty_batches_and_non_contiguous_tensors(rng):
    rho = reps.vector(groups.symmetric(3))
    maps = EquivariantMaps(rho, rho)
    assert maps.project(torch.empty(0, 3, 3)).shape == (0, 3, 3)
    A = torch.tensor(rng.standard_normal((3, 3)))
    np.testing.assert_allclose(maps.project(A.T).numpy(), maps.project(A.numpy().T), atol=1e-14)


def test_a_zero_space_gives_zero_and_zero_gradients(rng):
    s3 = groups.symmetric(3)
    maps = EquivariantMaps(reps.vector(s3), reps.sign(s3))
    A = torch.tensor(rng.standard_normal((1, 3)), requires_grad=True)
    projected = maps.project(A)
    projected.sum().backward()
    assert not projected.any()
    assert not A.grad.any()


def test_bad_shapes_are_refused():
    rho = reps.vector(groups.symmetric(3))
    maps = EquivariantMaps(rho, rho)
    with pytest.raises(ValueError, match=r"maps: expected shape \(\.\.\., 3, 3\), got \(2, 3\)"):
        maps.project(torch.ones(2, 3))
    with pytest.raises(ValueError, match="c: expected a last axis of 2"):
        maps.from_coordinates(torch.ones(3))
