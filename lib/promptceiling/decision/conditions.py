"""Every condition of the table answered in numbers alone: status and interval. Words are in table.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.cost import cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.options import Option, fine_tune_option, payback, prompt_option
from promptceiling.runs import Price
from promptceiling.scores import Interval, Status, status_of
from promptceiling.scores.compare import Worth, worth_of

ROWS = ("no_evals", "few_labels", "f1", "latency", "cost", "plateau", "tune_delta", "payback")


@dataclass(frozen=True, slots=True)
class Answer:
    """One condition: whether it is met, and the figure that says so (None where there is none)."""

    status: Status
    interval: Interval | None = None


_NONE = Answer("not measured")


@dataclass(frozen=True, slots=True)
class Answers:
    """All conditions by row id, and what they were reckoned from.

    Attributes
    ----------
    rows: row id -> answer, in the order of `ROWS`.
    prompt, tune: the two options that money is compared between; None where no prompt was scored.
    pays_within: months in which a fine-tune must have paid back: the horizon, or less where its base model ends.
    cheaper: whether a month of the fine-tune costs less than one of the prompt, by their whole intervals.
    """

    rows: Mapping[str, Answer] = field(default_factory=dict)
    prompt: Option | None = None
    tune: Option | None = None
    pays_within: float = math.inf
    cheaper: bool = False

    def status(self, row: str) -> Status:
        return self.rows[row].status

    def met(self, row: str) -> bool:
        return self.rows[row].status == "met"


def answers_of(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> Answers:
    """Every condition, answered. Pure, and quick enough to be asked some thousand times a second."""
    prompt = prompt_option(evidence, stated, prices, ends)
    tune = fine_tune_option(evidence, stated, prices, ends) if prompt else None
    n, best = evidence.labels, evidence.best
    counted = Interval(n, n, n, n)
    p95 = best.p95_ms if best else None
    cost = best and cost_of(best.tokens, best.model, stated, prices, embedded=evidence.embedded)
    plateau = evidence.plateau
    within = float(stated.horizon_months)
    if tune is not None and tune.months_left is not None:
        within = min(within, tune.months_left)
    rows = {
        "no_evals": Answer("met") if n == 0 else Answer("not met", counted),
        "few_labels": Answer("met" if n < stated.labels_enough else "not met", counted),
        "f1": _NONE if evidence.f1 is None else _held(evidence.f1[0], stated.f1_ship),
        "latency": _NONE if p95 is None or p95.n == 0 else _held(p95, stated.sla_ms),
        "cost": _held(cost.per_month, stated.budget_usd_per_month) if cost else _NONE,
        "plateau": _NONE if plateau is None else Answer(
            {"confirmed": "met", "too few cases": "undecidable"}.get(  # type: ignore[arg-type]
                plateau.at(stated.f1_ship).state, "not met"), plateau.gain),
        "tune_delta": _tune(evidence.alternative("fine-tune"), stated),
        "payback": _payback(prompt, tune, stated, within) if prompt and tune else _NONE,
    }
    cheaper = False
    if prompt is not None and tune is not None:
        cheaper = tune.month_high < prompt.month_low
    return Answers(rows, prompt, tune, within, cheaper)


def worth(alternative: Alternative, stated: Assumptions) -> Worth:
    """The gain of an alternative against the stated margins; undecidable where the two sides cannot be compared."""
    if not alternative.comparable:
        return "undecidable"
    return worth_of(alternative.delta, (stated.margin_low, stated.margin_high))


def _held(interval: Interval, limit: float) -> Answer:
    return Answer(status_of(interval, limit), interval)


def _tune(tune: Alternative | None, stated: Assumptions) -> Answer:
    if tune is None:
        return _NONE
    said = worth(tune, stated)
    status: Status = {"worth it": "not met", "undecidable": "undecidable"}.get(said, "met")  # type: ignore[assignment]
    return Answer(status, tune.delta)


def _payback(prompt: Option, tune: Option, stated: Assumptions, within: float) -> Answer:
    """Without savings and without a stated value of a right answer there is nothing to pay back with.

    Then only the base model's end counts: a fine-tune that dies before its first planned re-training does not last.
    """
    months = payback(prompt, tune, stated)
    if math.isnan(months.value):
        return _NONE
    if math.isinf(months.low) and stated.usd_per_error == 0:
        dies = tune.months_left is not None and tune.months_left < stated.retrain_every_months
        return Answer("met", months) if dies else _NONE
    return _held(months, within)
