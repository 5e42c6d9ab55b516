"""Run a command as if on an older processor: ``python tests/elsewhere.py COMMAND ...``.

NumPy, OpenBLAS, PyTorch and MKL choose their code by what the processor can do, so sums round
differently on another machine. Here they are told to do without what came after 2009.
"""

import os
import platform
import sys

from numpy._core import _multiarray_umath as numpy_core

X86 = ("x86_64", "amd64")
RESTRICTIONS = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    # everything beyond the baseline of this build; the names differ between versions of NumPy
    "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_core.__cpu_dispatch__),
}


def refuse_unknown_processors() -> None:
    """Raise ValueError where the processor is not of the kind that can be imitated."""
    machine = platform.machine().lower()
    if machine not in X86:
        raise ValueError(f"processor: expected {' or '.join(X86)}, got {machine}")


if __name__ == "__main__":
    try:
        refuse_unknown_processors()
    except ValueError as error:
        sys.exit(f"cannot imitate an older {error}")
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ | RESTRICTIONS)
