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


INTEGERS = [torch.bool, torch.uint8, torch.int32, torch.int64]
S3_VECTORS = reps.vector(groups.symmetric(3))


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("case", [ORTHOGONAL[5], ORTHOGONAL[17]])
def test_integers_become_the_default_dtype(case, dtype, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    tensor = torch.tensor(rng.integers(0, 2, (3, *maps.shape))).to(dtype)
    projected = maps.project(tensor)
    assert projected.dtype == torch.get_default_dtype()
    np.testing.assert_allclose(projected, maps.project(tensor.numpy()), atol=1e-6)
    c = torch.arange(maps.dimension).to(dtype)
    np.testing.assert_allclose(
        maps.from_coordinates(c), maps.from_coordinates(c.numpy()), atol=1e-6
    )


def test_the_projection_of_integer_ones_is_ones():
    ones = torch.ones(3, 3, dtype=torch.int64)
    projected = EquivariantMaps(S3_VECTORS, S3_VECTORS).project(ones)
    np.testing.assert_allclose(projected, np.ones((3, 3)), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("case", ALL)
def test_half_precision_is_exact_to_its_own_rounding(case, dtype, rng):
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = torch.tensor(random_maps(case, rng)).to(dtype)
    exact = A.double().numpy()
    c = torch.tensor(rng.standard_normal((2, maps.dimension))).to(dtype)
    pairs = [
        (maps.project(A), maps.project(exact)),
        (maps.complement(A), maps.complement(exact)),
        (maps.coordinates(A), maps.coordinates(exact)),
        (maps.from_coordinates(c), maps.from_coordinates(c.double().numpy())),
    ]
    for computed, expected in pairs:
        assert computed.dtype == dtype
        rounding = torch.finfo(dtype).eps * np.abs(expected) + 1e-5
        assert (np.abs(computed.double().numpy() - expected) <= rounding).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("size", [50, 400])
def test_many_ones_in_half_precision(dtype, size):
    """A sum of 400 x 400 ones exceeds the largest number of float16, 65,504."""
    rho = reps.vector(groups.symmetric(size))
    ones = torch.ones(size, size, dtype=dtype)
    assert torch.equal(EquivariantMaps(rho, rho).project(ones), ones)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_gradients_pass_through_half_precision(dtype):
    A = torch.ones(3, 3, dtype=dtype, requires_grad=True)
    EquivariantMaps(S3_VECTORS, S3_VECTORS).project(A).sum().backward()
    assert A.grad.dtype == dtype
    np.testing.assert_allclose(A.grad.float(), np.ones((3, 3)), atol=1e-2)


def test_contains_takes_tensors(rng):
    maps = EquivariantMaps(S3_VECTORS, S3_VECTORS)
    A = torch.tensor(rng.standard_normal((3, 3)), requires_grad=True)
    assert maps.contains(maps.project(A))
    assert not maps.contains(A)
    assert maps.contains(torch.ones(3, 3, dtype=torch.int64))


BAD = [
    (torch.ones(3, 3) * 1j, "expected real entries, got complex"),
    (torch.ones(3, 3) * torch.nan, "expected finite entries"),
    (torch.ones(3, 3) * torch.inf, "expected finite entries"),
]


@pytest.mark.parametrize(("A", "message"), BAD)
@pytest.mark.parametrize("method", ["project", "complement", "coordinates", "contains"])
def test_what_is_no_real_tensor_is_refused(A, message, method):
    with pytest.raises(ValueError, match=f"maps: {message}"):
        getattr(EquivariantMaps(S3_VECTORS, S3_VECTORS), method)(A)


def test_nan_goes_through_where_it_is_not_looked_for():
    maps = EquivariantMaps(S3_VECTORS, S3_VECTORS)
    A = torch.ones(2, 3, 3)
    A[0, 0, 0] = torch.nan
    projected = maps.from_coordinates(maps.coordinates(A, check_finite=False), check_finite=False)
    assert projected[0].isnan().any()
    np.testing.assert_allclose(projected[1], np.ones((3, 3)), atol=1e-6)
    np.testing.assert_allclose(maps.project(A, check_finite=False)[1], np.ones((3, 3)), atol=1e-6)


def test_bad_shapes_are_refused():
    rho = reps.vector(groups.symmetric(3))
    maps = EquivariantMaps(rho, rho)
    with pytest.raises(ValueError, match=r"maps: expected shape \(\.\.\., 3, 3\), got \(2, 3\)"):
        maps.project(torch.ones(2, 3))
    with pytest.raises(ValueError, match="c: expected a last axis of 2"):
        maps.from_coordinates(torch.ones(3))
