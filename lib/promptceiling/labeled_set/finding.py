"""What an audit says: findings, rates with their interval, and examples that give no secret away."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from promptceiling.labeled_set.sensitive import masked

Severity = Literal["blocks", "weakens", "fine"]
EXAMPLES = 5
_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a finding with its 95% interval and the n that it rests on; what is counted has no width.

    `name` is stable within the finding's code, e.g. "near" of leaks. For shares of cases `count` is how many.
    """

    name: str
    value: float
    low: float
    high: float
    n: int

    @property
    def count(self) -> int:
        """How many of n, for a share."""
        return round(self.value * self.n)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a labeled set.

    Attributes
    ----------
    code: a short stable name.
    severity: "blocks" (no decision until mended), "weakens" (the decision is less sure) or "fine".
    message: what was found, with its numbers.
    why: what it means for the decision.
    remedy: what to do; "" where nothing.
    rows: 1-based data rows of the file that it is about, worst first where they are ranked.
    examples: up to five, in words, with secrets and personal data masked.
    figures: its numbers as values, for what decides by them.
    """

    code: str
    severity: Severity
    message: str
    why: str
    remedy: str = ""
    rows: tuple[int, ...] = ()
    examples: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()

    def figure(self, name: str) -> Figure:
        """The figure of this name; raises KeyError where the finding has none."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)


def wilson(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of k in n; (nan, nan) for n = 0.

    >>> [round(bound, 4) for bound in wilson(35, 50)]
    [0.5625, 0.809]
    """
    if n == 0:
        return math.nan, math.nan
    z = 1.959963984540054
    centre, spread = k + z * z / 2, z * math.sqrt(k * (n - k) / n + z * z / 4)
    return max(0.0, (centre - spread) / (n + z * z)), min(1.0, (centre + spread) / (n + z * z))


def share(name: str, k: int, n: int) -> Figure:
    """k of n as a figure with Wilson's interval; n at least 1."""
    return Figure(name, k / n, *wilson(k, n), n)


def rate(k: int, n: int) -> str:
    """A share in words with its interval and its n.

    >>> rate(35, 50)
    '35 of 50 (70.0% [56.2%, 80.9%])'
    """
    low, high = wilson(k, n)
    return f"{k:,} of {n:,} ({k / n:.1%} [{low:.1%}, {high:.1%}])" if n else "0 of 0"


def quoted(text: str, length: int = _LENGTH) -> str:
    """A text for an example: masked, on one line, cut at `length` characters.

    >>> quoted("write to  a.b@example.com")
    "'write to [e-mail address]'"
    """
    plain = " ".join(masked(text).split())
    return repr(plain if len(plain) <= length else plain[: length - 1] + "…")


def rows_where(cases: pd.DataFrame, mask: pd.Series) -> tuple[int, ...]:
    """The file's rows of the cases that the mask is true for."""
    return tuple(int(r) for r in cases.loc[mask, "row"])


def shown(examples: Iterable[str]) -> tuple[str, ...]:
    """The first five."""
    return tuple(example for example, _ in zip(examples, range(EXAMPLES), strict=False))
