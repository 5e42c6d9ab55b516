"""Jobs for the tests of sweeps, in a module that workers import quickly."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def square(job):
    """Return the square of a number and leave a trace, the number of the process.

    A job is a folder for traces, a number, and what to do besides: "work", "die" by SIGKILL, "die
    once", "raise", "wait" for long or "hold" 512 MiB.
    """
    folder, number, what = job
    calls = len(list(Path(folder).glob(f"{number}-*")))
    (Path(folder) / f"{number}-{calls}").write_text(str(os.getpid()))
    if what == "die" or (what == "die once" and calls == 0):
        time.sleep(0.3)  # for the worker to tell the scheduler what it works on
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        time.sleep(300)
    if what == "raise":
        raise ValueError(f"rate: not finite for {number}")
    held = np.ones(2**26) if what == "hold" else np.ones(1)
    return {"square": held[:1] * number**2, "process": np.array(os.getpid())}


def refuse():
    """Stand in for a worker with another library."""
    raise ValueError("expected another library")
