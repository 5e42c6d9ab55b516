"""Stored results of the experiments: loaded while fresh, else revalidated or recomputed.

A result is fresh while its fingerprint matches: the configuration, and the code of every module
that the experiment reaches. ``python -m learnsym.results --help`` shows the commands.
"""

from learnsym.results.access import (
    Result,
    check,
    load,
    obtain,
    recompute,
    revalidate,
    tolerance,
)
from learnsym.results.errors import CorruptResult, MissingResult, StaleResult
from learnsym.results.fingerprints import Fingerprint, fingerprint
from learnsym.results.store import results_folder, stored

__all__ = [
    "CorruptResult",
    "Fingerprint",
    "MissingResult",
    "Result",
    "StaleResult",
    "check",
    "fingerprint",
    "load",
    "obtain",
    "recompute",
    "results_folder",
    "revalidate",
    "stored",
    "tolerance",
]
