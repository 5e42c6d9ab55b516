"""Numerical checks of the papers' statements: each returns how far a statement is from true."""

DRAWS = {"smoke": 1, "book": 5, "paper": 20}


def draws(scale: str) -> int:
    """Return how many random instances a check draws per case at ``scale``.

    Raises
    ------
    ValueError
        The scale is not smoke, book or paper.
    """
    if scale not in DRAWS:
        raise ValueError(f"scale: expected one of {sorted(DRAWS)}, got {scale!r}")
    return DRAWS[scale]
