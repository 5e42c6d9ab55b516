"""The gate for arrays: what the library takes for numbers, and how it hands out its own."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import torch


def real(
    argument: str, value: "ArrayLike | torch.Tensor", check_finite: bool = True
) -> "np.ndarray | torch.Tensor":
    """Return ``value`` as real numbers, NumPy or torch.

    Floats keep their type; integers and booleans become float64 (torch: the default dtype).

    Raises
    ------
    ValueError
        Rows of different length, complex or other entries, NaN, or infinite ones.
    """
    if hasattr(value, "new_tensor"):
        return _real_tensor(argument, value, check_finite)
    array = as_array(argument, value)
    if array.dtype.kind not in "biuf":
        kind = "complex ones" if array.dtype.kind == "c" else f"entries of type {array.dtype}"
        raise ValueError(f"{argument}: expected real entries, got {kind}")
    if check_finite and not np.isfinite(array).all():
        raise ValueError(f"{argument}: expected finite entries, got {array.tolist()!r:.200}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _real_tensor(argument: str, value: "torch.Tensor", check_finite: bool) -> "torch.Tensor":
    import torch

    if value.is_complex():
        raise ValueError(f"{argument}: expected real entries, got complex ones")
    if not value.is_floating_point():
        value = value.to(torch.get_default_dtype())
    if check_finite and value.device.type != "meta":
        known = value.detach()
        # a finite sum is quicker to see, and shows that all entries are finite
        if not known.sum().isfinite() and not known.isfinite().all():
            raise ValueError(f"{argument}: expected finite entries, got NaN or infinite ones")
    return value


def real_array(argument: str, value: "ArrayLike | torch.Tensor") -> np.ndarray:
    """Return what passes :func:`real` as a NumPy array of float64; tensors are detached."""
    array = real(argument, value)
    if not isinstance(array, np.ndarray):
        array = array.detach().double().cpu().numpy()
    return array.astype(np.float64, copy=False)


def as_array(argument: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as an array, or raise ValueError where it is ragged."""
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{argument}: expected rows of equal length, got {value!r:.200}"
        ) from error


def check_count(argument: str, value: int, least: int) -> None:
    """Raise ValueError unless ``value`` is an integer of at least ``least``."""
    if not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{argument}: expected an integer of at least {least}, got {value!r}")


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
