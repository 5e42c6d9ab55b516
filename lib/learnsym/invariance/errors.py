"""How far logits and class probabilities are from invariant (Moskalev et al., Eqs. 1 and 2)."""

import torch

from learnsym.invariance._arguments import (
    Model,
    check_images,
    check_logits,
    check_orbit,
    checked_output,
)


@torch.no_grad()
def orbit_logits(
    model: Model, x: torch.Tensor, orbit: torch.Tensor, batch: int = 4096
) -> torch.Tensor:
    """Return ``f(g x)`` for all ``g``, shape ``(|G|, ..., N, classes)``; row 0 is ``f(x)``.

    Parameters
    ----------
    model
        Maps images ``(..., N, n)`` to logits ``(..., N, classes)``.
    x
        Images, shape ``(N, n)``, or ``(runs, N, n)`` for an ensemble.
    orbit
        As from :func:`learnsym.networks.perceptron.orbit_indices`, shape ``(|G|, n)``.
    batch
        Images evaluated at once.

    Raises
    ------
    ValueError
        There is no image, the orbit does not fit them, or the model's output has another shape.
    """
    check_images(x)
    check_orbit(orbit, x.shape[-1])
    if batch < 1:
        raise ValueError(f"batch: expected at least 1, got {batch}")
    parts = [[checked_output(model, p[..., g]) for p in x.split(batch, -2)] for g in orbit]
    return torch.stack([torch.cat(part, -2) for part in parts])


def logit_error(logits: torch.Tensor, identity: bool = True) -> torch.Tensor:
    """Return LI, the mean of ``|f(x) - f(g x)|^2`` over images and group (Eq. 2, times two).

    Parameters
    ----------
    logits
        As from :func:`orbit_logits`, shape ``(|G|, ..., N, classes)``.
    identity
        Whether ``g = e`` counts, with its error zero. Without it LI is ``|G| / (|G| - 1)`` times
        as large.

    Returns
    -------
    torch.Tensor
        Shape ``(...)``, in double precision.
    """
    check_logits(logits, identity)
    still = logits[0].double()
    terms = [(still - moved.double()).square().sum(-1).mean(-1) for moved in logits[1:]]
    return _group_mean(terms, logits, identity)


def distribution_error(logits: torch.Tensor, identity: bool = True) -> torch.Tensor:
    """Return DI, the mean of ``KL(softmax f(x) || softmax f(g x))`` (Eq. 1).

    Arguments and shapes are as in :func:`logit_error`. The logarithms of the probabilities are
    used as they are, so that probabilities below the smallest number do no harm.
    """
    check_logits(logits, identity)
    still = logits[0].double().log_softmax(-1)
    terms = []
    for moved in logits[1:]:
        differences = still - moved.double().log_softmax(-1)
        terms.append((still.exp() * differences).sum(-1).mean(-1))
    return _group_mean(terms, logits, identity)


def orbit_variance(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean over images of the variance of ``f`` on the orbit, summed over classes.

    ``logits`` has shape ``(|G|, ..., N, classes)``; the result has shape ``(...)``. Half of the
    mean of ``|f(h x) - f(g x)|^2`` over all pairs ``g, h``: it does not single out ``x`` on its
    orbit.
    """
    check_logits(logits)
    logits = logits.double()
    return (logits - logits.mean(0)).square().mean(0).sum(-1).mean(-1)


def total_variance(logits: torch.Tensor) -> torch.Tensor:
    """Return the variance of ``f`` over all images and group elements, summed over classes.

    ``logits`` has shape ``(|G|, ..., N, classes)``; the result has shape ``(...)``.
    """
    check_logits(logits)
    logits = logits.double()
    centred = logits - logits.mean((0, -2), keepdim=True)
    return centred.square().mean((0, -2)).sum(-1)


def scale_free_logit_error(logits: torch.Tensor) -> torch.Tensor:
    """Return LI over twice the total variance of the logits; the identity counts.

    It does not change when ``f`` becomes ``a f + b``, for a number ``a != 0`` and a vector ``b``.
    It is zero exactly for logits that are invariant, at most ``|G| / 2``, and in ``[0, 1]`` if
    the images come in whole orbits (it is then :func:`orbit_share`). Not a number (NaN) for a
    network whose logits do not vary at all.

    ``logits`` has shape ``(|G|, ..., N, classes)``; the result has shape ``(...)``.
    """
    return logit_error(logits) / (2 * total_variance(logits))


def orbit_share(logits: torch.Tensor) -> torch.Tensor:
    """Return the share of the logits' variance that lies within orbits, in ``[0, 1]``.

    ``logits`` has shape ``(|G|, ..., N, classes)``; the result has shape ``(...)``, NaN for
    logits that do not vary at all.
    """
    return orbit_variance(logits) / total_variance(logits)


def _group_mean(terms: list[torch.Tensor], logits: torch.Tensor, identity: bool) -> torch.Tensor:
    """Return the mean of one term for each ``g != e``, or of these and a zero."""
    total = sum(terms, start=logits.new_zeros(logits.shape[1:-2], dtype=torch.float64))
    return total / (len(logits) if identity else len(logits) - 1)
