"""Table 1 of Moskalev et al. 2023 as printed, and how a printed number is compared with runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Printed:
    """A number as a table prints it: value, standard deviation (None if not printed), unit.

    ``unit`` is that of the last printed digit.
    """

    value: float
    deviation: float | None
    unit: float

    @property
    def places(self) -> int:
        """The number of printed decimals."""
        return round(-np.log10(self.unit))

    @property
    def text(self) -> str:
        """The number as printed."""
        text = f"{self.value:.{self.places}f}"
        return text if self.deviation is None else f"{text} ± {self.deviation:.{self.places}f}"


_EXACT = {"LI": Printed(0, None, 0.01), "DI": Printed(0, None, 0.1), "SI": Printed(1, None, 0.01)}
PUBLISHED: dict[tuple[str, str], dict[str, Printed]] = {
    ("R4", "WT"): {"accuracy": Printed(94.6, 0.1, 0.1), **_EXACT},
    ("R4", "DA"): {
        "accuracy": Printed(94.0, 0.5, 0.1),
        "LI": Printed(98.6, 5.4, 0.1),
        "DI": Printed(0.3, 0.1, 0.1),
        "SI": Printed(0.17, 0.04, 0.01),
    },
    ("R4", "IR"): {
        "accuracy": Printed(87.9, 0.8, 0.1),
        "LI": Printed(0.02, None, 0.01),
        "DI": Printed(0.0, None, 0.1),
        "SI": Printed(0.95, 0.03, 0.01),
    },
    ("T3", "WT"): {"accuracy": Printed(96.6, 0.1, 0.1), **_EXACT},
    ("T3", "DA"): {
        "accuracy": Printed(96.2, 0.2, 0.1),
        "LI": Printed(50.8, 6.8, 0.1),
        "DI": Printed(0.1, None, 0.1),
        "SI": Printed(0.57, 0.08, 0.01),
    },
    ("T3", "IR"): {
        "accuracy": Printed(93.1, 0.1, 0.1),
        "LI": Printed(0.01, None, 0.01),
        "DI": Printed(0.0, None, 0.1),
        "SI": Printed(0.95, 0.07, 0.01),
    },
}


@dataclass(frozen=True)
class Comparison:
    """A printed number beside our runs.

    ``tolerance`` is twice the root of the summed squares of both standard deviations, and at
    least half a unit of the last printed digit.
    """

    printed: Printed
    mean: float
    deviation: float
    tolerance: float

    @property
    def gap(self) -> float:
        """Our mean less the printed value."""
        return self.mean - self.printed.value

    @property
    def agrees(self) -> bool:
        """Whether the gap is within the tolerance."""
        return bool(abs(self.gap) <= self.tolerance)

    @property
    def share(self) -> float:
        """Size of the gap over the tolerance: at most 1 if the numbers agree."""
        return abs(self.gap) / self.tolerance

    @property
    def text(self) -> str:
        """Mean and standard deviation of our runs, with one decimal more than is printed."""
        places = self.printed.places + 1
        return f"{self.mean:.{places}f} ± {self.deviation:.{places}f}"

    @property
    def gap_text(self) -> str:
        """The gap and the tolerance, with one decimal more than is printed."""
        places = self.printed.places + 1
        return f"{self.gap:+.{places}f} (allowed {self.tolerance:.{places}f})"


def compared(printed: Printed, runs: ArrayLike) -> Comparison:
    """Compare a printed number with runs, shape ``(runs,)``.

    Raises
    ------
    ValueError
        There are fewer than two runs, so that no deviation can be computed.
    """
    values = np.asarray(runs, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"runs: expected at least two, shape (runs,), got {values.shape}")
    own = float(values.std(ddof=1))
    spread = 2 * float(np.hypot(printed.deviation or 0.0, own))
    return Comparison(printed, float(values.mean()), own, max(spread, printed.unit / 2))


def gaps_text(row: Mapping[str, Comparison]) -> str:
    """Return gaps and tolerances of a row of the table as one line."""
    parts = ", ".join(f"{name} {found.gap_text}" for name, found in row.items())
    return f"ours less the paper's: {parts}"
