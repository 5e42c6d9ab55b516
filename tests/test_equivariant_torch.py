"""Projection of torch tensors: agreement with NumPy, dtypes, devices and gradients."""

import numpy as np
import pytest
import torch

from cases import ALL, OBLIQUE, ORTHOGONAL
from learnsym import groups
from learnsym import representations as reps
from learnsym.equivariant import EquivariantMaps

HALF = [torch.float16, torch.bfloat16]
DTYPES = [
    (torch.float64, 0, 1e-12),
    (torch.float32, 0, 2e-5),
    *((half, torch.finfo(half).eps, 1e-5) for half in HALF),
]

S3_VECTORS = reps.vector(groups.symmetric(3))
S3_MAPS = EquivariantMaps(S3_VECTORS, S3_VECTORS)


def random_maps(case, rng, batch=(2, 3)):
    return rng.standard_normal((*batch, case.rho_out.dimension, case.rho_in.dimension))


@pytest.mark.parametrize(("dtype", "rtol", "atol"), DTYPES, ids=str)
@pytest.mark.parametrize("case", ALL)
def test_torch_agrees_with_numpy(case, dtype, rtol, atol, rng):
    """Half precision is exact to its own rounding."""
    maps = EquivariantMaps(case.rho_in, case.rho_out)
    A = torch.tensor(random_maps(case, rng)).to(dtype)
    c = torch.tensor(rng.standard_normal((2, maps.dimension))).to(dtype)
    for method, tensor in (
        (maps.project, A),
        (maps.project, A[0, 0]),
        (maps.complement, A),
        (maps.coordinates, A),
        (maps.from_coordinates, c),
    ):
        computed, expected = method(tensor), method(tensor.double().numpy())
        assert computed.dtype == dtype
        assert computed.shape == expected.shape
        np.testing.assert_allclose(computed.double().numpy(), expected, rtol=rtol, atol=atol)


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
    assert S3_MAPS.project(torch.empty(0, 3, 3)).shape == (0, 3, 3)
    A = torch.tensor(rng.standard_normal((3, 3)))
    np.testing.assert_allclose(
        S3_MAPS.project(A.T).numpy(), S3_MAPS.project(A.numpy().T), atol=1e-14
    )


def test_a_zero_space_gives_zero_and_zero_gradients(rng):
    maps = EquivariantMaps(S3_VECTORS, reps.sign(S3_VECTORS.group))
    A = torch.tensor(rng.standard_normal((1, 3)), requires_grad=True)
    projected = maps.project(A)
    projected.sum().backward()
    assert not projected.any()
    assert not A.grad.any()


INTEGERS = [torch.bool, torch.uint8, torch.int32, torch.int64]


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


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("size", [50, 400])
def test_many_ones_in_half_precision(dtype, size):
    """A sum of 400 x 400 ones exceeds the largest number of float16, 65,504."""
    rho = reps.vector(groups.symmetric(size))
    ones = torch.ones(size, size, dtype=dtype)
    assert torch.equal(EquivariantMaps(rho, rho).project(ones), ones)


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_gradients_pass_through_half_precision(dtype):
    A = torch.ones(3, 3, dtype=dtype, requires_grad=True)
    S3_MAPS.project(A).sum().backward()
    assert A.grad.dtype == dtype
    np.testing.assert_allclose(A.grad.float(), np.ones((3, 3)), atol=1e-2)


def test_contains_takes_tensors(rng):
    A = torch.tensor(rng.standard_normal((3, 3)), requires_grad=True)
    assert S3_MAPS.contains(S3_MAPS.project(A))
    assert not S3_MAPS.contains(A)
    assert S3_MAPS.contains(torch.ones(3, 3, dtype=torch.int64))


@pytest.mark.parametrize(
    ("A", "words"),
    [
        (torch.ones(3, 3) * 1j, "maps: expected real entries, got complex"),
        (torch.ones(3, 3) * torch.nan, "maps: expected finite entries"),
        (torch.ones(3, 3) * torch.inf, "maps: expected finite entries"),
        (torch.ones(2, 3), r"maps: expected shape \(\.\.\., 3, 3\), got \(2, 3\)"),
    ],
)
@pytest.mark.parametrize("method", ["project", "complement", "coordinates", "contains"])
def test_what_is_no_real_tensor_is_refused(A, words, method):
    with pytest.raises(ValueError, match=words):
        getattr(S3_MAPS, method)(A)
    with pytest.raises(ValueError, match="c: expected a last axis of 2"):
        S3_MAPS.from_coordinates(torch.ones(3))


def test_nan_goes_through_where_it_is_not_looked_for():
    A = torch.ones(2, 3, 3)
    A[0, 0, 0] = torch.nan
    c = S3_MAPS.coordinates(A, check_finite=False)
    for found in (S3_MAPS.from_coordinates(c, False), S3_MAPS.project(A, check_finite=False)):
        assert found[0].isnan().any()
        np.testing.assert_allclose(found[1], np.ones((3, 3)), atol=1e-6)
