"""The decision table in words: each row with its status, its numbers with interval and n, and a remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.conditions import LEAST_CASES, Answers, is_flat
from promptceiling.decision.cost import Cost, cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.precedence import ceiling, ceiling_said, few_kinds, is_enough
from promptceiling.decision.tuning_rows import Said, default_said, payback_row, plateau_row, run_said, tune_row
from promptceiling.decision.words import count, dollars, figure, milliseconds, usd
from promptceiling.runs import Price
from promptceiling.scores import Interval, Status, labels_to_decide, status_of

_NEARLY_ALL = 0.98  # a ceiling of the labels above this is not worth a sentence
_CALLS_FOR_AN_END = 72  # single calls from which the upper end of a 95% interval of p95 is one of them: 0.95^72 < 0.025


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, answered.

    Attributes
    ----------
    id: its stable name; condition: the question with its threshold; recommendation: what holds if it is met.
    status: met, not met, undecidable or not measured; interval: the figure it rests on, None where none was measured.
    reason: a sentence that cites the numbers; remedy: what would settle it, "" where settled.
    source: the run or the stated input that the figure comes from, "" where there is none.
    """

    id: str
    condition: str
    recommendation: str
    status: Status
    interval: Interval | None
    reason: str
    remedy: str = ""
    source: str = ""


def table_of(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None,
    answers: Answers | None = None,
) -> tuple[Row, ...]:
    """All rows, in the framework's order, then whether a fine-tune pays back in time."""
    found = answers or Answers(evidence, stated, prices, ends)
    said = {
        "no_evals": _evals(evidence), "few_labels": _labels(evidence, stated), "f1": _f1(evidence, stated, found),
        "latency": _latency(evidence, stated, found), "cost": _cost(evidence, stated, prices, found),
        "plateau": plateau_row(evidence, stated, found), "tune_delta": tune_row(evidence, stated, found),
        "payback": payback_row(stated, found)}
    return tuple(Row(row, condition, recommendation, found.status(row), found.answer(row).interval, reason, remedy,
                     source)
                 for row, (condition, recommendation, reason, remedy, source) in said.items())


def prompt_cost(evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price]) -> Cost | None:
    """What the calls of the best prompt cost."""
    best = evidence.best
    if best is None:
        return None
    return cost_of(best.tokens, best.model, assumptions, prices, embedded=evidence.embedded)


def _evals(evidence: Evidence) -> Said:
    n = evidence.labels
    head = ("A labeled evaluation set is yet to be built", "Stay with prompting; build evals first.")
    if n == 0:
        return *head, "There is no labeled case.", "Label at least 100 real cases by a written guide.", ""
    return *head, f"{n:,} labeled cases in {len(evidence.classes)} classes.", "", _set(evidence)


def _labels(evidence: Evidence, stated: Assumptions) -> Said:
    n, enough = evidence.labels, stated.labels_enough
    head = (f"Fewer than {enough:,} labeled examples{default_said(stated, 'labels_enough')}",
            "Few-shot prompting; collect more in parallel.")
    if n < enough and is_flat(evidence, stated) and evidence.readiness is not None:
        flat = evidence.readiness.conditions(enough)[-1].reason
        short = f"{n:,} labeled cases, {enough - n:,} short of {enough:,}, but more would bring next to nothing."
        return *head, f"{short} {flat}", "", _set(evidence)
    if n < enough:
        return (*head, f"{n:,} labeled cases, {enough - n:,} short of {enough:,}.",
                f"Label {enough - n:,} more: {enough:,} are taken as enough for a fine-tune.", _set(evidence))
    return *head, f"{n:,} labeled cases.", "", _set(evidence)


def _f1(evidence: Evidence, stated: Assumptions, answers: Answers) -> Said:
    limit = stated.f1_ship
    head = (f"The prompt's F1 is above {limit:.2f}{default_said(stated, 'f1_ship')}",
            "Ship it; a fine-tune will not move the needle enough.")
    if evidence.f1 is None or evidence.best is None:
        return *head, "No prompt has been scored.", "Run the standard variants.", ""
    interval, split = evidence.f1
    own = interval if split == "test" else evidence.best.score.f1_weighted
    reason = f"Best prompt, {evidence.best.name}: weighted F1 {figure(own)} on {own.n} {split} cases."
    if split == "validation" and evidence.selection_corrected is not None:
        reason += f" Corrected for having picked it: {figure(evidence.selection_corrected)}."
    top = ceiling(evidence, stated)
    if top < _NEARLY_ALL:
        reason += f" Since {ceiling_said(evidence, stated)}, no score can be told to lie above {top:.2f}."
    score = evidence.best.score
    if split == "validation" and score.scored < score.n:
        reason += (f" {score.n - score.scored:,} of {score.n:,} calls failed and are in no figure; counted as wrong, "
                   f"they make it {figure(score.f1_weighted_failed_wrong)}.")
    where = evidence.best.base_url
    if where.startswith("imported:"):
        reason += f" Its answers were {where.replace(':', ' from ', 1)}: how they came is not known here."
    reason += _sealed(evidence, split)
    status, more, remedy = answers.status("f1"), cases_to_decide(interval, limit), ""
    if status == "undecidable":
        remedy = (f"Label about {more:,} more {split} cases and it becomes decidable." if more
                  else "No realistic number of labels would tell.")
        if status_of(own, limit) == "met":
            remedy = f"Score it on the sealed test split, where it was not picked. {remedy}"
    elif status == "met" and interval.n < LEAST_CASES:
        remedy = f"Label {more} more {split} cases: below {LEAST_CASES} a score carries no verdict."
    elif status == "met" and not is_enough(evidence):
        reason, remedy = f"{reason} {few_kinds(evidence)[0]}", few_kinds(evidence)[1]
    return *head, reason, remedy, run_said(evidence, split)


def _sealed(evidence: Evidence, split: str) -> str:
    """What to know of a test split that was looked at more than once, or before."""
    if split != "test":
        return ""
    times, seen = len(evidence.openings), evidence.earlier.seen
    said = f" The sealed test split was opened {times} times in all." if times > 1 else ""
    return said + (f" {seen:,} of its {evidence.splits.get('test', 0):,} cases had been scored before, in another "
                   "version of the set." if seen else "")


def _latency(evidence: Evidence, stated: Assumptions, answers: Answers) -> Said:
    limit = stated.sla_ms
    head = (f"The prompt is slower than the hard limit of {limit:g} ms (p95){default_said(stated, 'sla_ms')}",
            "Evaluate smaller base models first, then fine-tune.")
    p95 = answers.answer("latency").interval
    if p95 is None:
        return (*head, "Latency was not measured apart from the run.",
                "Measure it: one call at a time, without retries.", "")
    reason = f"p95 of the best prompt is {milliseconds(p95)} over {p95.n} single calls."
    remedy = ""
    if answers.status("latency") == "undecidable":
        remedy = (f"Time at least {_CALLS_FOR_AN_END} single calls; below that p95 has no upper end."
                  if math.isinf(p95.high) and p95.n < _CALLS_FOR_AN_END
                  else _more(p95, limit, "Time about {} more single calls.", "calls"))
    return *head, reason, remedy, "single calls, timed apart from the run"


def _cost(evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], answers: Answers) -> Said:
    budget, volume = stated.budget_usd_per_month, f"{count(stated.requests_per_month)} requests a month"
    head = (f"At {volume} the prompt costs more than {usd(budget)}", "Fine-tuning a smaller model is justified.")
    cost = prompt_cost(evidence, stated, prices)
    if cost is None:
        return (*head, "Tokens or the price of the model are not known.",
                "Run on an endpoint that reports usage, and add the model to the price table.", "")
    reason = (f"{dollars(cost.per_month)} a month, {dollars(cost.per_1000)} per 1,000 requests by the tokens of "
              f"{cost.per_1000.n} calls, at the price of {cost.price.model} ({cost.price.as_of})"
              f"{', which stands in for the embedded model' if cost.stand_in and evidence.embedded else ''}.")
    more = _more(cost.per_month, budget, "Measure the tokens of about {} more calls.", "calls")
    return (*head, reason, more if answers.status("cost") == "undecidable" else "",
            f"measured tokens; prices of {cost.price.as_of}, {cost.price.source}")


def cases_to_decide(f1: Interval, threshold: float) -> int | None:
    """About how many more scored cases tell a score from the threshold and let it carry a verdict; None for no
    realistic number.

    >>> cases_to_decide(Interval(0.87, 0.83, 0.91, 400), 0.85), cases_to_decide(Interval(0.5, 0.4, 0.6, 90), 0.85)
    (1200, 10)
    """
    more = labels_to_decide(f1, threshold) if status_of(f1, threshold) == "undecidable" else 0
    return None if more is None else max(more, LEAST_CASES - f1.n, 0)


def _more(interval: Interval, threshold: float, sentence: str, what: str) -> str:
    more = labels_to_decide(interval, threshold)
    return sentence.format(f"{more:,}") if more else f"No realistic number of {what} would tell."


def _set(evidence: Evidence) -> str:
    return f"labeled set {evidence.content_hash[:12]}"
