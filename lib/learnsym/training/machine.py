"""How training uses the processor and its memory."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in malloc.h
_KEPT = 2**30


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use ``count`` threads for one operation, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> bool:
    """Let this process reuse freed memory instead of returning it; whether the system can.

    Otherwise glibc returns the activations of each step, and the system clears new pages for the
    next one, which takes a quarter of the time of a network like that of PERM. Only blocks of less
    than 1 GiB are kept.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _KEPT) and mallopt(_MMAP_THRESHOLD, _KEPT))
