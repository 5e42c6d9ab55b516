"""Hessians of the risks by their action on vectors; their spectrum by Lanczos, never dense."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from learnsym.drift.risks import Risk, Risks

MARGIN = 1.0


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues ``(k,)``, ascending, eigenvectors ``(k, dimension)`` and residuals ``(k,)``.

    A residual is ``|H v - value v|`` with the full Hessian ``H`` and ``|v| = 1``: it also shows a
    part of ``H v`` that leaves the subspace.
    """

    values: np.ndarray
    vectors: torch.Tensor
    residuals: np.ndarray


def hessian_product(risk: Risk, theta: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Return the Hessian of ``risk`` at ``theta`` times ``v``, both ``(..., dimension)``.

    Two backward passes; with an axis in front, every row has a Hessian of its own.
    """
    leaf = theta.detach().requires_grad_()
    slope = torch.autograd.grad(risk(leaf).sum(), leaf, create_graph=True)[0]
    if not slope.requires_grad:  # a constant or linear risk
        return torch.zeros_like(v)
    product = torch.autograd.grad(slope, leaf, grad_outputs=v, allow_unused=True)[0]
    return torch.zeros_like(v) if product is None else product


def smallest_eigenvalues(
    risks: Risks,
    theta: torch.Tensor,
    count: int = 1,
    risk: Risk | None = None,
    subspace: str = "complement",
) -> Spectrum:
    """Return the smallest eigenvalues of a Hessian, restricted to a subspace.

    Lanczos on ``P H P + c (1 - P)`` with the projector ``P`` and a constant ``c`` above all
    eigenvalues, so that what lies outside of the subspace is never among the smallest.

    Parameters
    ----------
    risks
        The risks of a network.
    theta
        One weight vector, shape ``(dimension,)``.
    count
        How many eigenvalues.
    risk
        One of the methods of ``risks``; by default the augmented risk.
    subspace
        ``"complement"`` for the complement of E, ``"equivariant"`` for E, ``"all"``.

    Raises
    ------
    ValueError
        An unknown subspace, fewer than ``count`` dimensions in it, a ``count`` that Lanczos cannot
        deliver, or weights at which the Hessian is not finite.
    """
    risk = risk or risks.augmented
    keep, size = _projector(risks, subspace)
    if theta.shape != (risks.dimension,):
        raise ValueError(f"theta: expected shape ({risks.dimension},), got {tuple(theta.shape)}")
    if type(count) is not int or not 1 <= count <= min(size, risks.dimension - 1):
        raise ValueError(
            f"count: expected an integer from 1 to {min(size, risks.dimension - 1)}, got {count!r}"
        )

    def inside(v: np.ndarray) -> np.ndarray:
        return keep(_product(risk, theta, keep(torch.as_tensor(v)))).numpy()

    shift = max(0.0, _extreme(inside, risks.dimension, "LA", 1)[0][0]) + MARGIN

    def shifted(v: np.ndarray) -> np.ndarray:
        return inside(v) + shift * (v - keep(torch.as_tensor(v)).numpy())

    values, vectors = _extreme(shifted, risks.dimension, "SA", count)
    order = np.argsort(values)
    kept = keep(torch.as_tensor(vectors.T[order].copy()))
    kept = kept / kept.norm(dim=1, keepdim=True)
    gaps = [
        (_product(risk, theta, v) - value * v).norm().item()
        for value, v in zip(values[order], kept, strict=True)
    ]
    return Spectrum(values[order], kept, np.array(gaps))


def _projector(risks: Risks, subspace: str) -> tuple:
    """Return the projector onto a subspace and the dimension of the latter."""
    inside = risks.network.equivariant_dimension
    known = {
        "complement": (risks.complement, risks.dimension - inside),
        "equivariant": (risks.project, inside),
        "all": (lambda v: v, risks.dimension),
    }
    if subspace not in known:
        raise ValueError(f"subspace: expected one of {sorted(known)}, got {subspace!r}")
    return known[subspace]


def _product(risk: Risk, theta: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    product = hessian_product(risk, theta, v)
    if not product.isfinite().all():
        raise ValueError("theta: expected weights at which the Hessian is finite")
    return product


def _extreme(product, size: int, which: str, count: int) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN001
    """Return ``count`` extreme eigenpairs; the start vector is fixed, so results are too.

    The identity is added and taken off again, since ARPACK refuses an operator that is zero.
    """

    def raised(v: np.ndarray) -> np.ndarray:
        return product(v.ravel()) + v.ravel()

    operator = LinearOperator((size, size), matvec=raised, dtype=np.float64)
    if size <= 2:  # too small for the library's Lanczos: the operator's own matrix, 2 by 2
        matrix = operator @ np.eye(size)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        chosen = slice(count) if which == "SA" else slice(size - count, size)
        return values[chosen] - 1, vectors[:, chosen]
    start = np.random.default_rng(0).standard_normal(size)
    width = min(size, max(2 * count + 1, 20))
    values, vectors = eigsh(operator, k=count, which=which, v0=start, ncv=width)
    return values - 1, vectors
