"""Every condition of the table answered in numbers alone: status and interval. Words are in table.py."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.cost import cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.options import Option, fine_tune_option, payback, prompt_option
from promptceiling.runs import Price
from promptceiling.scores import Interval, Status, status_of
from promptceiling.scores.compare import Worth, worth_of

LEAST_CASES = 100  # below, not even an observed 0.92 clears 0.85 (Wilson)
ROWS = ("no_evals", "few_labels", "f1", "latency", "cost", "plateau", "tune_delta", "payback")


@dataclass(frozen=True, slots=True)
class Answer:
    """One condition: whether it is met, and the figure that says so (None where there is none)."""

    status: Status
    interval: Interval | None = None


_NONE = Answer("not measured")


class Answers:
    """All conditions, each reckoned when it is first asked for: a search for flips asks some thousand times a second.

    Attributes
    ----------
    prompt, tune: the two options that money is compared between; None where no prompt was scored.
    pays_within: months in which a fine-tune must have paid back: the horizon, or less where its base model ends.
    cheaper: whether a month of the fine-tune costs less than one of the prompt, by their whole intervals.
    """

    def __init__(
        self, evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
    ) -> None:
        self.evidence, self.stated, self.prices, self.ends = evidence, stated, prices, ends
        self._rows: dict[str, Answer] = {}

    def answer(self, row: str) -> Answer:
        """The answer to one of `ROWS`."""
        if row not in self._rows:
            self._rows[row] = _ANSWER[row](self)
        return self._rows[row]

    def status(self, row: str) -> Status:
        return self.answer(row).status

    def met(self, row: str) -> bool:
        return self.answer(row).status == "met"

    @cached_property
    def prompt(self) -> Option | None:
        return prompt_option(self.evidence, self.stated, self.prices, self.ends)

    @cached_property
    def tune(self) -> Option | None:
        return fine_tune_option(self.evidence, self.stated, self.prices, self.ends) if self.evidence.best else None

    @property
    def pays_within(self) -> float:
        within = float(self.stated.horizon_months)
        return within if self.tune is None or self.tune.months_left is None else min(within, self.tune.months_left)

    @property
    def ended(self) -> bool:
        """Whether the best prompt's own model has ended."""
        best = self.evidence.best
        days = self.ends.days_left(best.model) if self.ends is not None and best is not None else None
        return days is not None and days < 0

    @property
    def cheaper(self) -> bool:
        return self.prompt is not None and self.tune is not None and self.tune.month_high < self.prompt.month_low


def is_flat(evidence: Evidence, stated: Assumptions) -> bool:
    """Whether a learning curve was measured and doubling the labels brings next to nothing."""
    readiness = evidence.readiness
    if readiness is None or readiness.curve is None:
        return False
    return readiness.conditions(stated.labels_enough)[-1].state == "met"


def worth(alternative: Alternative, stated: Assumptions) -> Worth:
    """The gain of an alternative against the stated margins; undecidable where the two sides cannot be compared, or on
    too few cases."""
    if not alternative.comparable or alternative.delta.n < LEAST_CASES:
        return "undecidable"
    return worth_of(alternative.delta, (stated.margin_low, stated.margin_high))


def _held(interval: Interval, limit: float) -> Answer:
    return Answer(status_of(interval, limit), interval)


def _labels(of: Answers) -> Answer:
    """Fewer than enough, unless a measured learning curve says that more labels would bring next to nothing."""
    n = of.evidence.labels
    few = n < of.stated.labels_enough and not is_flat(of.evidence, of.stated)
    return Answer("met" if few else "not met", Interval(n, n, n, n))


def _evals(of: Answers) -> Answer:
    n = of.evidence.labels
    return Answer("met") if n == 0 else Answer("not met", Interval(n, n, n, n))


def _f1(of: Answers) -> Answer:
    return _NONE if of.evidence.f1 is None else _held(of.evidence.f1[0], of.stated.f1_ship)


def _latency(of: Answers) -> Answer:
    p95 = of.evidence.best.p95_ms if of.evidence.best else None
    return _NONE if p95 is None or p95.n == 0 else _held(p95, of.stated.sla_ms)


def _cost(of: Answers) -> Answer:
    best = of.evidence.best
    if best is None:
        return _NONE
    cost = cost_of(best.tokens, best.model, of.stated, of.prices, embedded=of.evidence.embedded)
    return _held(cost.per_month, of.stated.budget_usd_per_month) if cost else _NONE


def _plateau(of: Answers) -> Answer:
    plateau = of.evidence.plateau
    if plateau is None:
        return _NONE
    state = plateau.at(of.stated.f1_ship).state
    return Answer("met" if state == "confirmed" else "undecidable" if state == "too few cases" else "not met",
                  plateau.gain)


def _tune(of: Answers) -> Answer:
    tune = of.evidence.alternative("fine-tune")
    if tune is None:
        return _NONE
    said = worth(tune, of.stated)
    return Answer("not met" if said == "worth it" else "undecidable" if said == "undecidable" else "met", tune.delta)


def _payback(of: Answers) -> Answer:
    """Without savings and without a stated value of a right answer there is nothing to pay back with.

    Then only the base model's end counts: a fine-tune that dies before its first planned re-training does not last.
    """
    prompt, tune, stated = of.prompt, of.tune, of.stated
    if prompt is None or tune is None:
        return _NONE
    months = payback(prompt, tune, stated)
    if math.isnan(months.value):
        return _NONE
    if math.isinf(months.low) and stated.usd_per_error == 0:
        dies = tune.months_left is not None and tune.months_left < stated.retrain_every_months
        return Answer("met", months) if dies else _NONE
    return _held(months, of.pays_within)


_ANSWER: dict[str, Callable[[Answers], Answer]] = dict(zip(
    ROWS, (_evals, _labels, _f1, _latency, _cost, _plateau, _tune, _payback), strict=True))
