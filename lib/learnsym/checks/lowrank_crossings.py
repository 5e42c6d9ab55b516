"""Where a regularisation path comes close to a tie, where it jumps, and how it is followed."""

import numpy as np

from learnsym.checks.lowrank_path import RegularisationPath

MARGIN = 1e4  # how far beyond the smallest and largest level a path is looked at
ZOOMS = 8
ZOOM_POINTS = 41
ROUNDS = 60


def strengths(path: RegularisationPath, count: int) -> np.ndarray:
    """Return 0, ``count`` strengths evenly spaced in the logarithm, and infinity, ascending.

    They reach from well below the smallest level to well above the largest one; on what is left
    out the path hardly moves.
    """
    low, high = path.scales()
    return np.concatenate([[0.0], np.geomspace(low / MARGIN, high * MARGIN, count), [np.inf]])


def smallest_gap(path: RegularisationPath, count: int = 400) -> tuple[float, float]:
    """Return the strength at which ``sigma_r - sigma_(r+1)`` is least, and that gap.

    Looks at ``count`` strengths and zooms in on every local minimum among them.
    """
    grid = strengths(path, count)
    gaps = path.gap(grid)
    best = int(np.argmin(gaps))
    found = [(gaps[best], grid[best])]
    inner = np.flatnonzero((gaps[1:-1] <= gaps[:-2]) & (gaps[1:-1] <= gaps[2:])) + 1
    found += [_zoom(path, grid[i - 1], grid[i + 1]) for i in inner]
    gap, strength = min(found)
    return float(strength), float(gap)


def _zoom(path: RegularisationPath, low: float, high: float) -> tuple[float, float]:
    """Return the smallest gap between two strengths, and where it is."""
    for _ in range(ZOOMS):
        low, high = _finite(low, high)
        grid = np.linspace(low, high, ZOOM_POINTS)
        gaps = path.gap(grid)
        k = int(np.argmin(gaps))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, ZOOM_POINTS - 1)]
    return float(gaps[k]), float(grid[k])


def _finite(low: float, high: float) -> tuple[float, float]:
    return (low, high) if np.isfinite(high) else (low, low * MARGIN)


def follow(
    path: RegularisationPath, step: float, count: int = 30, resolution: float = 1e-10
) -> tuple[np.ndarray, np.ndarray]:
    """Return strengths so dense that the optimum moves by at most ``step`` between neighbours.

    Intervals are halved until it does, or until they are narrower than ``resolution``, relative to
    the strength. A step that is longer in spite of that is a jump.

    Parameters
    ----------
    path
        The path.
    step
        Largest step, in units of ``|W|`` without penalty; must be positive.
    count
        Number of strengths to begin with.
    resolution
        Relative width below which no interval is halved.

    Returns
    -------
    strengths : numpy.ndarray
        Ascending from 0 to infinity, shape ``(T,)``.
    steps : numpy.ndarray
        Length of each step in the same units, shape ``(T - 1,)``.
    """
    if not step > 0:
        raise ValueError(f"step: expected a positive number, got {step}")
    grid = strengths(path, count)
    unit = np.linalg.norm(path.optimum(0.0))
    maps = path.optimum(grid)
    for _ in range(ROUNDS):
        lengths = np.linalg.norm(np.diff(maps, axis=0), axis=(-2, -1)) / unit
        low, high = grid[:-1], grid[1:]
        wide = np.where(np.isfinite(high) & (low > 0), high - low > resolution * low, True)
        split = (lengths > step) & wide
        if not split.any():
            break
        places = np.flatnonzero(split) + 1
        new = np.array([_between(a, b) for a, b in zip(low[split], high[split], strict=True)])
        grid = np.insert(grid, places, new)
        maps = np.insert(maps, places, path.optimum(new), axis=0)
    return grid, lengths


def _between(low: float, high: float) -> float:
    """Return a strength between two: their geometric mean, or a factor of 10 beyond the finite."""
    if low == 0:
        return high / 10
    return low * 10 if np.isinf(high) else float(np.sqrt(low * high))
