"""What would flip the verdict: for every input, the nearest value at which another one comes out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.levers import Lever, World, levers_of
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.precedence import Verdict
from promptceiling.decision.verdict import verdict_of
from promptceiling.decision.words import count, months, usd
from promptceiling.runs import Price
from promptceiling.scores import Interval

_SCAN = (0.03, 0.12, 0.3, 0.6, 1.0)  # of the way to the end of an input's range
_HALVINGS, _CLOSE = 24, 1e-4


@dataclass(frozen=True, slots=True)
class Flip:
    """An input, changed alone, that changes the verdict.

    Attributes
    ----------
    name, title, unit, measured: the input, see `Lever`.
    now: its value, with its `interval` where it is a measured figure.
    at: the nearest value found that gives another verdict; held: the last value before it that does not, closer to
        `at` than a ten-thousandth of it (the next whole number for a whole one).
    direction: "above" where the verdict changes at and beyond `at` upwards, else "below".
    verdict: the one that comes out at `at`.
    distance: how far that is: the logarithm of the ratio, or the difference of two scores; infinite from a value of 0.
    """

    name: str
    title: str
    unit: str
    measured: bool
    now: float
    held: float
    at: float
    direction: Literal["above", "below"]
    verdict: Verdict
    distance: float
    interval: Interval | None = None

    @property
    def today(self) -> str:
        """Its value now, with interval and n where it was measured; what is stated says so."""
        now, found = shown(self.unit, self.now), self.interval
        if found is None:
            return now if self.measured else f"{now} (stated)"
        unit = f" {self.unit.removeprefix('USD').strip()}"  # said once
        low, high = (shown(self.unit, end).removesuffix(unit) for end in (found.low, found.high))
        return f"{now} [{low}, {'open' if math.isinf(found.high) else high}], n {found.n:,}"

    @property
    def sentence(self) -> str:
        """The flip in words: at which value, and what comes out."""
        return (f"{self.title}: {self.direction} {shown(self.unit, self.at)} instead of {self.today} it is "
                f"“{self.verdict}”.")

    def as_json(self) -> dict[str, Any]:
        return {"input": self.name, "title": self.title, "unit": self.unit, "measured": self.measured, "now": self.now,
                "at": self.at, "direction": self.direction, "verdict": self.verdict, "sentence": self.sentence}


def flips_of(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> tuple[Flip, ...]:
    """The nearest flip of every input upwards and downwards, where there is one, the nearest first.

    Each input is moved alone, towards the ends of its range, until the verdict changes; that place is found by
    bisection on the verdict itself. A verdict that comes back within 3% of the way would be missed.
    """
    now = verdict_of(evidence, stated, prices, ends)

    def verdict(world: World) -> Verdict:
        return verdict_of(world[0], world[1], prices, world[2])

    found = []
    for lever in levers_of((evidence, stated, ends)):
        for end in (lever.low, lever.high):
            flip = _flip(lever, end, now, verdict)
            if flip is not None:
                found.append(flip)
    return tuple(sorted(found, key=lambda flip: (flip.distance, flip.name)))


def shown(unit: str, value: float) -> str:
    """A value of an input as text.

    >>> shown("", 41_234_567.0), shown("ms", 9.123), shown("points", 0.05), shown("score", 0.8)
    ('41.2 million', '9.12 ms', '5.0 points', '0.800')
    """
    if unit == "points":
        return f"{100 * value:.1f} points"
    if unit.startswith("USD"):
        return usd(value) + unit.removeprefix("USD")
    if unit == "months":
        return months(value)
    if unit == "score" or (not unit and abs(value) < 1):
        return f"{value:.3f}"
    said = count(value) if abs(value) >= 1000 else f"{float(f'{value:.3g}'):g}"
    return f"{said} {unit}".strip()


def _flip(lever: Lever, end: float, now: Verdict, verdict: Callable[[World], Verdict]) -> Flip | None:
    start = lever.now
    upwards = end > start
    if end == start or not math.isfinite(end) or (start == 0 and not upwards):
        return None
    if start == 0 and verdict(lever.set_to(lever.low)) != now:
        return _once_stated(lever, end, now, verdict)
    held = start
    for share in _SCAN:
        x = _between(lever, start, end, share)
        if x == held:
            continue
        found = verdict(lever.set_to(x))
        if found != now:
            held, at, found = _narrow(lever, held, x, found, now, verdict)
            return Flip(lever.name, lever.title, lever.unit, lever.measured, start, held, at,
                        "above" if upwards else "below", found, _distance(lever, start, at), lever.interval)
        held = x
    return None


def _once_stated(lever: Lever, end: float, now: Verdict, verdict: Callable[[World], Verdict]) -> Flip | None:
    """The flip of an input that is not stated yet, where stating a little of it changes the verdict already: the value
    below which it does. None where it does whatever is stated."""
    if verdict(lever.set_to(end)) != now:
        return None
    first = verdict(lever.set_to(lever.low))
    held, at, found = _narrow(lever, end, lever.low, first, now, verdict)
    return Flip(lever.name, lever.title, lever.unit, lever.measured, lever.now, held, at, "below", found, math.inf,
                lever.interval)


def _narrow(
    lever: Lever, held: float, at: float, found: Verdict, now: Verdict, verdict: Callable[[World], Verdict]
) -> tuple[float, float, Verdict]:
    for _ in range(_HALVINGS):
        x = _between(lever, held, at, 0.5)
        if x in (held, at) or abs(at - held) <= _CLOSE * abs(at):
            break
        between = verdict(lever.set_to(x))
        if between == now:
            held = x
        else:
            at, found = x, between
    return held, at, found


def _between(lever: Lever, start: float, end: float, share: float) -> float:
    """The place at a share of the way, on the input's own scale."""
    if lever.additive:
        x = start + (end - start) * share
    elif start == 0:
        x = 0.0 if share == 0 else lever.low * (end / lever.low) ** share
    else:
        x = start * (end / start) ** share
    return float(round(x)) if lever.whole else x


def _distance(lever: Lever, start: float, at: float) -> float:
    if lever.additive:
        return abs(at - start)
    return abs(math.log(at / start)) if start > 0 and at > 0 else math.inf
