"""Every input of the decision as something that can be set to another value: what is stated, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions, stated_inputs
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.options import base_of
from promptceiling.scores import Interval

World = tuple[Evidence, Assumptions, ModelEnds | None]  # what a decision is made from, prices apart


@dataclass(frozen=True, slots=True)
class Lever:
    """An input.

    Attributes
    ----------
    name, title, unit: what it is; `unit` is "score", "points", "ms", "cases", "days", or that of the assumption.
    measured: whether evidence says it; else it is stated.
    now: its value; low, high: the ends of the search for a flip; whole: whether it is a whole number.
    additive: whether steps are differences; else they are ratios.
    set_to: the world with another value, the rest unchanged.
    interval: of a measured figure; None for a count, and for what is stated.
    """

    name: str
    title: str
    unit: str
    measured: bool
    now: float
    low: float
    high: float
    whole: bool
    additive: bool
    set_to: Callable[[float], World]
    interval: Interval | None = None


def levers_of(world: World) -> tuple[Lever, ...]:
    """Every input that can be set: the numbers that are stated, then those that were measured."""
    evidence, stated, ends = world

    def state(name: str) -> Callable[[float], World]:
        def to(value: float) -> World:
            return evidence, replace(stated, **{name: value}), ends  # type: ignore[arg-type]
        return to

    least, most = {"margin_high": stated.margin_low}, {"margin_low": stated.margin_high}  # each margin up to the other
    found = [Lever(i.name, i.title, i.unit, False, getattr(stated, i.name), least.get(i.name, i.low),
                   most.get(i.name, i.high), isinstance(i.default, int),
                   i.group == "thresholds" and i.high <= 1 and not i.zero, state(i.name))
             for i in stated_inputs() if not isinstance(i.default, str)]
    return (*found, *_measured(evidence, stated, ends))


def _measured(evidence: Evidence, stated: Assumptions, ends: ModelEnds | None) -> list[Lever]:
    n = evidence.labels
    found = [Lever("labels", "Labeled cases", "cases", True, n, 1, max(20_000, 4 * n), True, False,
                   lambda x: (replace(evidence, labels=int(x)), stated, ends))] if n else []
    best = evidence.best
    if best is None or evidence.f1 is None:
        return found
    f1 = evidence.f1[0]
    found.append(Lever("f1", "The prompt's weighted F1", "score", True, f1.value, 0.0, 1.0, False, True,
                       lambda x: (_with_f1(evidence, x - f1.value), stated, ends), f1))
    found.append(Lever("scored_cases", "Scored cases, if every figure stays where it is", "cases", True, f1.n, f1.n,
                       100 * f1.n, True, False, lambda x: (_with_cases(evidence, x / f1.n), stated, ends)))
    p95 = best.p95_ms
    if p95 is not None and p95.n and p95.value > 0:
        found.append(Lever("p95_ms", "The prompt's latency, p95", "ms", True, p95.value, 0.01, 1e6, False, False,
                           lambda x: (replace(evidence, prompts=(replace(best, p95_ms=_scaled(p95, x / p95.value)),
                                                                 *evidence.prompts[1:])), stated, ends), p95))
    for kind, title in (("fine-tune", "What the fine-tune gains"), ("local", "What the local classifier gains")):
        other = evidence.alternative(kind)
        if other is not None and other.comparable:
            found.append(Lever(f"gain of the {kind}", title, "points", True, other.delta.value, -1.0, 1.0, False, True,
                               _gain(evidence, stated, ends, other), other.delta))
    tune = evidence.alternative("fine-tune")
    days = ends.days_left(base_of(tune)) if ends is not None and tune is not None else None
    if ends is not None and days is not None and days > 0:
        found.append(Lever("days_left", "Days until the fine-tune's base model ends", "days", True, days, 1, 3_650,
                           True, False, lambda x: (evidence, stated, _moved(ends, days - int(x)))))
    return found


def _gain(
    evidence: Evidence, stated: Assumptions, ends: ModelEnds | None, other: Alternative
) -> Callable[[float], World]:
    def to(value: float) -> World:
        by = value - other.delta.value
        moved = _with_delta(other, _shifted(other.delta, by))
        moved = replace(moved, f1_weighted=_shifted(other.f1_weighted, by))
        kept = tuple(moved if a is other else a for a in evidence.alternatives if a is other or a.kind != other.kind)
        return replace(evidence, alternatives=kept), stated, ends
    return to


def _with_delta(alternative: Alternative, delta: Interval) -> Alternative:
    return replace(alternative, seeds=None, comparison=replace(alternative.comparison, delta_f1_weighted=delta))


def _with_f1(evidence: Evidence, by: float) -> Evidence:
    """The prompt's score moved, and with it its history."""
    best, plateau = evidence.prompts[0], evidence.plateau
    best = replace(best, score=replace(best.score, f1_weighted=_shifted(best.score.f1_weighted, by),
                                       above_constant=_shifted(best.score.above_constant, by)))
    return replace(
        evidence, prompts=(best, *evidence.prompts[1:]),
        selection_corrected=evidence.selection_corrected and _shifted(evidence.selection_corrected, by),
        test_f1=None if evidence.test_f1 is None else _shifted(evidence.test_f1, by),
        plateau=None if plateau is None else replace(
            plateau, best_so_far=tuple(min(1.0, max(0.0, x + by)) for x in plateau.best_so_far)))


def _with_cases(evidence: Evidence, factor: float) -> Evidence:
    """As if `factor` times as many cases had been scored: every reach shrinks by its root, no figure moves."""
    best, plateau = evidence.prompts[0], evidence.plateau
    best = replace(best, score=replace(best.score, f1_weighted=_narrowed(best.score.f1_weighted, factor),
                                       above_constant=_narrowed(best.score.above_constant, factor)))
    if plateau is not None and plateau.gain is not None:
        plateau = replace(plateau, gain=_narrowed(plateau.gain, factor))
    return replace(
        evidence, prompts=(best, *evidence.prompts[1:]), plateau=plateau,
        selection_corrected=evidence.selection_corrected and _narrowed(evidence.selection_corrected, factor),
        test_f1=None if evidence.test_f1 is None else _narrowed(evidence.test_f1, factor),
        alternatives=tuple(replace(_with_delta(a, _narrowed(a.delta, factor)),
                                   f1_weighted=_narrowed(a.f1_weighted, factor)) for a in evidence.alternatives))


def _moved(ends: ModelEnds, days: int) -> ModelEnds:
    return replace(ends, on=(date.fromisoformat(ends.on) + timedelta(days=days)).isoformat())


def _shifted(x: Interval, by: float) -> Interval:
    return Interval(x.value + by, x.low + by, x.high + by, x.n)


def _scaled(x: Interval, by: float) -> Interval:
    return Interval(x.value * by, x.low * by, x.high * by, x.n)


def _narrowed(x: Interval, factor: float) -> Interval:
    root = math.sqrt(factor)
    return Interval(x.value, x.value - (x.value - x.low) / root, x.value + (x.high - x.value) / root,
                    int(x.n * factor))
