"""The decision table in words: each row with its status, its numbers with interval and n, and a remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from promptceiling.decision.alternatives import broken_said
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.conditions import LEAST_CASES, Answers, is_flat, worth
from promptceiling.decision.cost import Cost, cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.precedence import ceiling, ceiling_said, other_models
from promptceiling.decision.words import (
    amount,
    count,
    difference,
    dollars,
    figure,
    milliseconds,
    months,
    of_kind,
    points,
    span,
    usd,
)
from promptceiling.runs import Price
from promptceiling.scores import Interval, Plateau, Status, labels_to_decide, status_of
from promptceiling.scores.plateau import LAST

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
        "plateau": _plateau(evidence, stated, found), "tune_delta": _tune(evidence, stated, found),
        "payback": _payback(stated, found)}
    return tuple(Row(row, condition, recommendation, found.status(row), found.answer(row).interval, reason, remedy,
                     source)
                 for row, (condition, recommendation, reason, remedy, source) in said.items())


def prompt_cost(evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price]) -> Cost | None:
    """What the calls of the best prompt cost."""
    best = evidence.best
    if best is None:
        return None
    return cost_of(best.tokens, best.model, assumptions, prices, embedded=evidence.embedded)


_Said = tuple[str, str, str, str, str]  # condition, recommendation, reason, remedy, source


def _evals(evidence: Evidence) -> _Said:
    n = evidence.labels
    head = ("A labeled evaluation set is yet to be built", "Stay with prompting; build evals first.")
    if n == 0:
        return *head, "There is no labeled case.", "Label at least 100 real cases by a written guide.", ""
    return *head, f"{n:,} labeled cases in {len(evidence.classes)} classes.", "", _set(evidence)


def _labels(evidence: Evidence, stated: Assumptions) -> _Said:
    n, enough = evidence.labels, stated.labels_enough
    head = (f"Fewer than {enough:,} labeled examples", "Few-shot prompting; collect more in parallel.")
    if n < enough and is_flat(evidence, stated) and evidence.readiness is not None:
        flat = evidence.readiness.conditions(enough)[-1].reason
        short = f"{n:,} labeled cases, {enough - n:,} short of {enough:,}, but more would bring next to nothing."
        return *head, f"{short} {flat}", "", _set(evidence)
    if n < enough:
        return (*head, f"{n:,} labeled cases, {enough - n:,} short of {enough:,}.",
                f"Label {enough - n:,} more: {enough:,} are taken as enough for a fine-tune.", _set(evidence))
    return *head, f"{n:,} labeled cases.", "", _set(evidence)


def _f1(evidence: Evidence, stated: Assumptions, answers: Answers) -> _Said:
    limit = stated.f1_ship
    head = (f"The prompt's F1 is above {limit:.2f}", "Ship it; a fine-tune will not move the needle enough.")
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
    reason += _sealed(evidence, split)
    status, more, remedy = answers.status("f1"), cases_to_decide(interval, limit), ""
    if status == "undecidable":
        remedy = (f"Label about {more:,} more {split} cases and it becomes decidable." if more
                  else "No realistic number of labels would tell.")
        if status_of(own, limit) == "met":
            remedy = f"Score it on the sealed test split, where it was not picked. {remedy}"
    elif status == "met" and interval.n < LEAST_CASES:
        remedy = f"Label {more} more {split} cases: below {LEAST_CASES} a score carries no verdict."
    return *head, reason, remedy, _run(evidence, split)


def _sealed(evidence: Evidence, split: str) -> str:
    """What to know of a test split that was looked at more than once, or before."""
    if split != "test":
        return ""
    times, seen = len(evidence.openings), evidence.earlier.seen
    said = f" The sealed test split was opened {times} times in all." if times > 1 else ""
    return said + (f" {seen:,} of its {evidence.splits.get('test', 0):,} cases had been scored before, in another "
                   "version of the set." if seen else "")


def _latency(evidence: Evidence, stated: Assumptions, answers: Answers) -> _Said:
    limit = stated.sla_ms
    head = (f"The prompt is slower than the hard limit of {limit:g} ms (p95)",
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


def _cost(evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], answers: Answers) -> _Said:
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


def _plateau(evidence: Evidence, stated: Assumptions, answers: Answers) -> _Said:
    plateau = evidence.plateau
    head = ("A prompt plateau is confirmed", "Fine-tuning is warranted; plan for its operational overhead.")
    if plateau is None:
        return *head, "No iteration has been scored.", "Run several variants, of several kinds.", ""
    history = f"{of_kind(len(plateau.iterations), 'iteration')} of {of_kind(len(plateau.kinds), 'kind')}"
    if evidence.best is not None and other_models(evidence):
        history += f" on {evidence.best.model}"
    gain = plateau.gain
    if gain is not None:
        history += (f"; the last three gained {points(gain.value)}, at most {points(gain.high)} (95% bound) on "
                    f"{gain.n} cases")
        history += _weak_tries(plateau)
    plateau, source = plateau.at(stated.f1_ship), _run(evidence, "validation")
    limit = points(plateau.limit)
    if plateau.state == "too few cases":
        needed = plateau.labels_needed
        more = f"Label about {needed:,} more to tell" if needed else "No realistic number of labels would tell"
        return (*head, f"{history}: too few cases to rule a gain of {limit} out.",
                f"{more} whether more iterations would still gain {limit}.", source)
    reason, remedy = {
        "confirmed": (f"{history}.", ""),
        "good enough": (f"{history}; the best is at or above the threshold.", ""),
        "still climbing": (f"{history}: still climbing.", "Keep iterating."),
        "too few iterations": (f"{history}; at least 5 are needed.", "Score more variants."),
        "one kind only": (
            f"{history}; at least 3 kinds are needed.", "Change something else: shots, selection, wording."),
    }[plateau.state]
    return *head, reason, remedy, source


def _weak_tries(plateau: Plateau) -> str:
    """What to know of last three iterations that lie wholly below the best: they gained nothing as they could not."""
    last, best = plateau.scores[-LAST:], max(plateau.scores, key=lambda score: score.value, default=None)
    if best is None or any(score.high >= best.low for score in last):
        return ""
    near = max(last, key=lambda score: score.value)
    return (f"; but all three lie wholly below the best, the nearest at {figure(near)} against {figure(best)}: vary "
            "the best prompt instead")


def _tune(evidence: Evidence, stated: Assumptions, answers: Answers) -> _Said:
    low, high = stated.margin_low, stated.margin_high
    head = (f"After a fine-tune: the gain is under {100 * low:g}–{100 * high:g} points",
            "The return rarely justifies it.")
    tune = evidence.alternative("fine-tune")
    if tune is None:
        return (*head, "No fine-tune was scored beside the prompt.", "Only if the rows above call for one.", "")
    delta, source = tune.delta, f"paired on the {tune.split} split: {tune.name}"
    reason = (f"Fine-tune {figure(tune.f1_weighted)} against {figure(tune.prompt_f1_weighted)}: a difference of "
              f"{difference(delta)} on the same {delta.n} {tune.split} "
              f"cases, which is {worth(tune, stated)}.")
    if tune.broken or tune.regressions:
        reason += f" {broken_said(tune)}"
    if not tune.training_known:
        reason += " It was trained elsewhere: whether on cases that are scored here is not known."
    if not tune.comparable:
        why = tune.comparison.withheld or "The two sides failed on different shares of cases."
        remedy = "Tune again on this version of the set." if evidence.earlier.trained.get(tune.model) else (
            "Run again until both are complete.")
        return *head, f"{reason} {why}", remedy, source
    remedy = ""
    if delta.n < LEAST_CASES:
        remedy = (f"Label {LEAST_CASES - delta.n} more {tune.split} cases: below {LEAST_CASES} a gain carries no "
                  "verdict.")
    elif answers.status("tune_delta") == "undecidable":
        more = tune.comparison.labels_needed if (low, high) == tune.comparison.margins and not tune.seeds else None
        remedy = f"Label about {more:,} more test cases." if more else "No realistic number of labels would tell."
    return *head, reason, remedy, source


def _payback(stated: Assumptions, answers: Answers) -> _Said:
    prompt, tune, found = answers.prompt, answers.tune, answers.answer("payback")
    within = months(answers.pays_within)
    ends = (f": then its base model ends ({tune.ends_on})"
            if tune and tune.ends_on and answers.pays_within < stated.horizon_months else "")
    head = (f"A fine-tune takes longer than {within} to pay back{ends}", "Do not tune, or not on this base model.")
    source = "measured tokens and what is stated: volume, prices, hours"
    if prompt is None or tune is None or math.isnan(prompt.month_usd):
        return (*head, "What the prompt costs is not known, so there is nothing to hold a fine-tune against.",
                "Run on an endpoint that reports usage, and add the model to the price table.", "")
    ours, theirs = amount(prompt.month_range), amount(tune.month_range)
    bill = f"Set-up {usd(tune.setup_usd)} (stated); a month costs {theirs} against {ours} of the prompt"
    interval = found.interval
    if interval is not None and math.isfinite(interval.value):
        bill += f"; paid back after {span(interval, months)}, n {interval.n}"
    elif found.status == "not measured" or stated.usd_per_error == 0:
        bill += "; it saves nothing, and what a wrong answer costs is not stated"
    else:
        bill += f"; with {usd(stated.usd_per_error)} for each wrong answer avoided it saves nothing a month"
    if ends:
        bill += f"; its base model has {months(tune.months_left or 0)} left"
    remedy = {"not measured": "State what a wrong answer costs you (usd_per_error).",
              "undecidable": "Label more cases, to narrow the gain, and measure more calls, to narrow the cost."}
    return *head, f"{bill}.", remedy.get(found.status, ""), source


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


def _run(evidence: Evidence, split: str) -> str:
    best = evidence.best
    return f"{best.model}, {split} split, first run {best.first_run_at[:10]}" if best else ""
