"""Plausible worlds: what is stated and what was measured, drawn together, and the verdict that holds in each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions, stated_inputs
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.precedence import Verdict
from promptceiling.decision.usage import TokenUse
from promptceiling.decision.verdict import verdict_of
from promptceiling.decision.words import percent
from promptceiling.runs import Price
from promptceiling.scores import Interval
from promptceiling.scores.interval import Z

DRAWS = 400
FIRM = 0.5  # a verdict that holds in a smaller share of worlds is said to be carried weakly
_ONE_SIDED = 1.6449  # standard errors to a one-sided 95% bound
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plausible:
    """In how many of `draws` plausible worlds each verdict holds, the most frequent first."""

    draws: int
    seed: int
    verdicts: tuple[tuple[Verdict, int], ...]

    def share(self, verdict: Verdict) -> float:
        """The share of worlds in which a verdict holds."""
        return dict(self.verdicts).get(verdict, 0) / self.draws

    def sentence(self, verdict: Verdict) -> str:
        """How sure a verdict is, in words; what "undecidable" comes to once it is known."""
        return self._said(verdict, ", each with every measured figure drawn from its interval and every stated "
                                   "estimate from its range", len(self.verdicts))

    def short(self, verdict: Verdict) -> str:
        """The same without how worlds are drawn, and with the two most frequent other verdicts alone."""
        return self._said(verdict, "", 2)

    def _said(self, verdict: Verdict, drawn: str, most: int) -> str:
        share, worlds = self.share(verdict), f"{self.draws} plausible worlds{drawn}"
        others = [f"“{v}” in {percent(n / self.draws)}" for v, n in self.verdicts if v != verdict][:most]
        if verdict == "undecidable, do this next" and not share:
            return f"More evidence would come to one of these, by {worlds}: {', '.join(others)}."
        weak = "The evidence carries it weakly: it" if share < FIRM else "The verdict"
        return f"{weak} holds in {percent(share)} of {worlds}{'; ' + ', '.join(others) if others else ''}."

    def as_json(self) -> dict[str, Any]:
        return {"draws": self.draws, "seed": self.seed, "verdicts": {v: n / self.draws for v, n in self.verdicts}}


@dataclass(frozen=True, slots=True)
class Draws:
    """Worlds as arrays, shape (draws,).

    Attributes
    ----------
    stated: every assumption by name; those with a spread are arrays.
    f1: how far the prompt's score lies off, in points of one; gains: the same of each alternative, in their order.
    gain: what the last three iterations gained.
    latency, tokens: factors.
    """

    stated: SimpleNamespace
    f1: Floats
    gains: tuple[Floats, ...]
    gain: Floats | None
    latency: Floats
    tokens: Floats
    size: int


def draw_worlds(evidence: Evidence, stated: Assumptions, *, draws: int = DRAWS, seed: int = 0) -> Draws:
    """Draws of everything that is not known exactly.

    A stated estimate is lognormal with its `spread` as the factor of its 95% range; the hours of the loop share one
    factor, since who underestimates one underestimates all. A measured figure is normal with its interval (a latency on
    the log scale; where its upper end is open, as wide upwards as downwards). Thresholds are choices and stay.
    """
    rng = np.random.default_rng(seed)
    loop = rng.standard_normal(draws)
    drawn: dict[str, Any] = {}
    for i in stated_inputs():
        value = getattr(stated, i.name)
        if i.spread > 1 and value:
            z = loop if i.group == "loop" and i.unit.startswith("hours") else rng.standard_normal(draws)
            drawn[i.name] = np.clip(value * np.exp(math.log(i.spread) / Z * z), i.low if i.hard else 0.0, i.high)
        else:
            drawn[i.name] = value
    best, f1, plateau = evidence.best, evidence.f1, evidence.plateau
    p95, tokens = (best.p95_ms, best.tokens) if best else (None, None)
    off = _normal(rng, f1[0], draws) - f1[0].value if f1 else np.zeros(draws)
    gains = tuple(_normal(rng, a.delta, draws) - a.delta.value for a in evidence.alternatives)
    gain = None
    if plateau is not None and plateau.gain is not None:
        gain = plateau.gain.value + rng.standard_normal(draws) * (plateau.gain.high - plateau.gain.value) / _ONE_SIDED
    return Draws(SimpleNamespace(**drawn), off, gains, gain, np.exp(rng.standard_normal(draws) * _log_error(p95)),
                 np.maximum(1 + rng.standard_normal(draws) * _relative_error(tokens), 0.01), draws)


def plausible_verdicts(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None, *,
    draws: int = DRAWS, seed: int = 0,
) -> Plausible:
    """In which share of plausible worlds each verdict holds. Each world is one in which every figure is known exactly,
    so that it says what more evidence could come to, and how likely. Takes about a tenth of a millisecond a world.
    """
    worlds = draw_worlds(evidence, stated, draws=draws, seed=seed)
    moving = [name for name, value in vars(worlds.stated).items() if isinstance(value, np.ndarray)]
    found = Counter(
        verdict_of(_known(evidence, worlds, k),
                   replace(stated, **{name: float(getattr(worlds.stated, name)[k]) for name in moving}),  # type: ignore[arg-type]
                   prices, ends)
        for k in range(draws))
    return Plausible(draws, seed, tuple(sorted(found.items(), key=lambda each: (-each[1], each[0]))))


def _known(evidence: Evidence, worlds: Draws, k: int) -> Evidence:
    """The evidence of one world: every figure without an interval, where it was drawn to lie."""
    best, by, plateau = evidence.best, float(worlds.f1[k]), evidence.plateau
    if best is None:
        return evidence
    if plateau is not None:
        gain = plateau.gain
        if gain is not None and worlds.gain is not None:
            gain = _exactly(float(worlds.gain[k]), gain.n)
        plateau = replace(plateau, gain=gain, best_so_far=tuple(x + by for x in plateau.best_so_far))
    best = replace(
        best, score=replace(best.score, f1_weighted=_at(best.score.f1_weighted, by),
                            above_constant=_at(best.score.above_constant, by)),
        p95_ms=None if best.p95_ms is None else _exactly(best.p95_ms.value * float(worlds.latency[k]), best.p95_ms.n),
        tokens=None if best.tokens is None else _times(best.tokens, float(worlds.tokens[k])))
    return replace(
        evidence, prompts=(best, *evidence.prompts[1:]), plateau=plateau,
        selection_corrected=evidence.selection_corrected and _at(evidence.selection_corrected, by),
        test_f1=None if evidence.test_f1 is None else _at(evidence.test_f1, by),
        alternatives=tuple(_moved(a, float(d[k])) for a, d in zip(evidence.alternatives, worlds.gains, strict=True)))


def _moved(alternative: Alternative, by: float) -> Alternative:
    return replace(
        alternative, seeds=None, f1_weighted=_at(alternative.f1_weighted, by),
        comparison=replace(alternative.comparison, delta_f1_weighted=_at(alternative.delta, by)))


def _times(tokens: TokenUse, factor: float) -> TokenUse:
    return TokenUse(*(_exactly(x.value * factor, x.n) for x in (
        tokens.input, tokens.cached, tokens.output, tokens.reasoning, tokens.cache_write)))


def _exactly(value: float, n: int) -> Interval:
    return Interval(value, value, value, n)


def _at(x: Interval, by: float) -> Interval:
    return _exactly(x.value + by, x.n)


def _normal(rng: np.random.Generator, x: Interval, draws: int) -> Floats:
    error = (x.high - x.low) / (2 * Z)
    return x.value + rng.standard_normal(draws) * (error if math.isfinite(error) else 0.0)


def _log_error(p95: Interval | None) -> float:
    if p95 is None or not p95.n or not 0 < p95.low <= p95.value:
        return 0.0
    if math.isinf(p95.high):
        return math.log(p95.value / p95.low) / Z
    return math.log(p95.high / p95.low) / (2 * Z)


def _relative_error(tokens: TokenUse | None) -> float:
    if tokens is None or not tokens.input.value > 0:
        return 0.0
    error = (tokens.input.high - tokens.input.low) / (2 * Z) / tokens.input.value
    return error if math.isfinite(error) else 0.0
