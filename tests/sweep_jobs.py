"""Jobs for the tests of sweeps, in a module that worker processes import quickly."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def square(job):
    """Return the square of a number and leave a trace; die or raise on the first call if asked to.

    A job is a folder for traces, a number, and what to do: work, die once, die, raise or wait,
    which writes the number of the process into the trace and waits for long.
    """
    folder, number, what = job
    traces = list(Path(folder).glob(f"{number}-*"))
    (Path(folder) / f"{number}-{len(traces)}").touch()
    if what == "die" or (what == "die once" and not traces):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        (Path(folder) / f"{number}-{len(traces)}").write_text(str(os.getpid()))
        time.sleep(300)
    if what == "raise":
        raise ValueError(f"rate: not finite for {number}")
    return {"square": np.array([number**2]), "process": np.array(os.getpid())}
