"""Where a result was computed: machine, memory, versions. No host, user or path is named."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # not on Windows
    resource = None


def machine() -> dict[str, Any]:
    """Return ``cpu_model``, ``cpu_count`` and ``peak_memory`` (MiB)."""
    return {
        "cpu_model": cpu_model(),
        "cpu_count": os.cpu_count(),
        "peak_memory": peak_memory(),
    }


def cpu_model() -> str:
    """Return the name of the processor as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak_memory() -> float | None:
    """Return the peak resident memory in MiB, None where the system does not tell.

    It is the peak of this process since its start or, if larger, of one of its child processes
    that have ended.
    """
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(who).ru_maxrss for who in whose) * unit / 2**20, 1)


def versions() -> dict[str, str]:
    """Return the versions of Python, NumPy and SciPy, and of PyTorch where it is imported."""
    names = ["numpy", "scipy", *(["torch"] if "torch" in sys.modules else [])]
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), **found}
