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
    """Return ``cpu_model`` and ``cpu_count``."""
    return {"cpu_model": cpu_model(), "cpu_count": os.cpu_count()}


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
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return round(max(_own_peak(unit), children) / 2**20, 1)


def _own_peak(unit: int) -> int:
    """Return the peak resident memory of this process in bytes.

    On Linux ``ru_maxrss`` of a new process begins with that of the process which started it, so
    the high-water mark of its own memory is read.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return marks[0] if marks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def versions(device: str = "cpu") -> dict[str, str]:
    """Return the versions of Python, NumPy and SciPy, and of PyTorch where it is imported.

    With ``device="cuda"``, the ``device`` of a configuration, the name of the CUDA device is there
    as ``gpu``, also where only worker processes computed on it.
    """
    names = ["numpy", "scipy", *(["torch"] if "torch" in sys.modules else [])]
    found = {name: importlib.metadata.version(name) for name in names}
    torch = sys.modules.get("torch")
    if torch is not None and device == "cuda" and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return {"python": platform.python_version(), **found}
