"""Cases that come in units: how many independent ones there are, and what that does to a spread between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Units:
    """How many independent units cases come in, such as customers or threads.

    Attributes
    ----------
    count: units, of any size.
    effective: units of equal size that tell as much about their own spread, n^2 / sum of size^2 (Kish 1965); `count`
        where all are of one size.
    """

    count: int
    effective: float

    @classmethod
    def of(cls, unit: NDArray[np.intp] | None, n: int) -> Units:
        """The units of n cases: `unit` names each case's by a number; None where each case is one of its own."""
        if unit is None or not n:
            return cls(n, float(n))
        size = np.bincount(unit).astype(np.float64)
        return cls(int(np.count_nonzero(size)), n**2 / float((size**2).sum()))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of a spread between units."""
        return self.effective - 1

    @property
    def inflation(self) -> float:
        """What a variance between resampled units is to be multiplied with: E / (E - 1), infinite for one unit."""
        return self.effective / self.freedom if self.freedom > 0 else math.inf

    def reach(self, level: float = 0.975) -> float:
        """Standard errors to that quantile of Student's t; infinite for one unit.

        >>> round(Units(14, 14.0).reach(), 3)
        2.16
        """
        from scipy.special import stdtrit  # imported late: pages that only read need not wait for it

        return float(stdtrit(self.freedom, level)) if self.freedom > 0 else math.inf
