"""The decision table: each row answered met, not met, undecidable or not measured, with its numbers and a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.cost import Cost, cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.words import dollars, figure, milliseconds, points
from promptceiling.runs import Price
from promptceiling.scores import Interval, Status, labels_to_decide, status_of
from promptceiling.scores.compare import worth_of


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, answered.

    Attributes
    ----------
    id: its stable name; condition: the question with its threshold; recommendation: what holds if it is met.
    status: met, not met, undecidable or not measured; interval: the figure it rests on, None where none was measured.
    reason: a sentence that cites the numbers; remedy: what would settle it, "" where settled.
    """

    id: str
    condition: str
    recommendation: str
    status: Status
    interval: Interval | None
    reason: str
    remedy: str = ""


def table_of(evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> tuple[Row, ...]:
    """All rows, in the framework's order."""
    return (
        _evals(evidence), _labels(evidence, assumptions), _f1(evidence, assumptions), _latency(evidence, assumptions),
        _cost(evidence, assumptions, prices), _plateau(evidence, assumptions), _tune(evidence, assumptions),
    )


def prompt_cost(evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> Cost | None:
    """What the best prompt costs."""
    best = evidence.best
    if best is None:
        return None
    return cost_of(best.tokens, best.model, assumptions, prices, embedded=evidence.embedded)


def _evals(evidence: Evidence) -> Row:
    n = evidence.labels
    row = ("no_evals", "No labeled evaluation set", "Stay with prompting; build evals first.")
    if n == 0:
        return Row(*row, "met", None, "There is no labeled case.", "Label at least 100 real cases by a written guide.")
    return Row(*row, "not met", Interval(n, n, n, n), f"{n:,} labeled cases in {len(evidence.classes)} classes.")


def _labels(evidence: Evidence, assumptions: Assumptions) -> Row:
    n, enough = evidence.labels, assumptions.labels_enough
    row = ("few_labels", f"Fewer than {enough:,} labeled examples", "Few-shot prompting; collect more in parallel.")
    if n < enough:
        return Row(*row, "met", Interval(n, n, n, n), f"{n:,} labeled cases, {enough - n:,} short of {enough:,}.",
                   f"Label {enough - n:,} more.")
    return Row(*row, "not met", Interval(n, n, n, n), f"{n:,} labeled cases.")


def _f1(evidence: Evidence, assumptions: Assumptions) -> Row:
    limit = assumptions.f1_ship
    row = ("f1", f"The prompt's F1 is above {limit:.2f}", "Ship it; a fine-tune will not move the needle enough.")
    if evidence.f1 is None:
        return Row(*row, "not measured", None, "No prompt has been scored.", "Run the standard variants.")
    interval, split = evidence.f1
    status = status_of(interval, limit)
    best = evidence.best
    name = best.name if best else ""
    reason = f"Best prompt, {name}: weighted F1 {figure(interval)} on {interval.n} {split} cases."
    if split == "validation" and evidence.selection_corrected is not None:
        reason += f" Corrected for having picked it: {figure(evidence.selection_corrected)}."
    return Row(*row, status, interval, reason, _more_labels(interval, limit) if status == "undecidable" else "")


def _latency(evidence: Evidence, assumptions: Assumptions) -> Row:
    limit = assumptions.sla_ms
    row = ("latency", f"The prompt misses a hard latency limit of {limit:g} ms (p95)",
           "Evaluate smaller base models first, then fine-tune.")
    p95 = evidence.best.p95_ms if evidence.best else None
    if p95 is None or p95.n == 0:
        return Row(*row, "not measured", None, "Latency was not measured apart from the run.",
                   "Measure it: one call at a time, without retries.")
    status = status_of(p95, limit)
    reason = f"p95 of the best prompt is {milliseconds(p95)} over {p95.n} single calls."
    return Row(*row, status, p95, reason, "Measure more calls." if status == "undecidable" else "")


def _cost(evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> Row:
    budget = assumptions.budget_usd_per_month
    volume = f"{assumptions.requests_per_month:,.0f} requests a month"
    row = ("cost", f"At {volume} the prompt costs more than ${budget:,.0f}",
           "Fine-tuning a smaller model is justified.")
    cost = prompt_cost(evidence, assumptions, prices)
    if cost is None:
        return Row(*row, "not measured", None, "Tokens or the price of the model are not known.",
                   "Run on an endpoint that reports usage, and add the model to the price table.")
    status = status_of(cost.per_month, budget)
    reason = (f"{dollars(cost.per_month)} a month, {dollars(cost.per_1000)} per 1,000 requests by the tokens of "
              f"{cost.per_1000.n} calls, at the price of {cost.price.model} ({cost.price.as_of})"
              f"{', which stands in for the embedded model' if cost.stand_in and evidence.embedded else ''}.")
    return Row(*row, status, cost.per_month, reason, "Measure more calls." if status == "undecidable" else "")


def _plateau(evidence: Evidence, assumptions: Assumptions) -> Row:
    plateau = evidence.plateau
    row = ("plateau", "A prompt plateau is confirmed", "Fine-tuning is warranted; plan for its operational overhead.")
    if plateau is None:
        return Row(
            *row, "not measured", None, "No iteration has been scored.", "Run several variants, of several kinds.")
    history = f"{len(plateau.iterations)} iterations of {len(plateau.kinds)} kinds"
    gain = plateau.gain
    if gain is not None:
        history += (f"; the last three gained {points(gain.value)}, at most {points(gain.high)} (95% bound) on "
                    f"{gain.n} cases")
    plateau = plateau.at(assumptions.f1_ship)
    state = plateau.state
    limit = points(plateau.limit)
    if state == "confirmed":
        return Row(*row, "met", gain, f"{history}.")
    if state == "too few cases":
        needed = plateau.labels_needed
        more = f"Label about {needed:,} more" if needed else "No realistic number of labels"
        return Row(*row, "undecidable", gain, f"{history}: too few cases to rule a gain of {limit} out.",
                   f"{more} to see a gain of {limit}.")
    said = {
        "good enough": (f"{history}; the best is at or above the threshold.", ""),
        "still climbing": (f"{history}: still climbing.", "Keep iterating."),
        "too few iterations": (f"{history}; at least 5 are needed.", "Score more variants."),
        "one kind only": (
            f"{history}; at least 3 kinds are needed.", "Change something else: shots, selection, wording."),
    }[state]
    return Row(*row, "not met", gain, *said)


def _tune(evidence: Evidence, assumptions: Assumptions) -> Row:
    low, high = assumptions.margin_low, assumptions.margin_high
    row = ("tune_delta", f"After a fine-tune: the gain is under {100 * low:g}–{100 * high:g} points",
           "The return rarely justifies it.")
    tune = evidence.alternative("fine-tune")
    if tune is None:
        return Row(*row, "not measured", None, "No fine-tune was scored beside the prompt.",
                   "Only if the rows above call for one.")
    delta = tune.delta
    worth = worth_of(delta, (low, high))
    reason = (f"Fine-tune {figure(tune.f1_weighted)} against {figure(tune.prompt_f1_weighted)}: a difference of "
              f"{points(delta.value)} [{points(delta.low)}, {points(delta.high)}] on the same {delta.n} {tune.split} "
              f"cases, which is {worth}.")
    if not tune.comparable:
        why = tune.comparison.withheld or "The two sides failed on different shares of cases."
        return Row(*row, "undecidable", delta, f"{reason} {why}", "Run again until both are complete.")
    if worth == "worth it":
        return Row(*row, "not met", delta, reason)
    if worth == "undecidable":
        more = tune.comparison.labels_needed if (low, high) == tune.comparison.margins and not tune.seeds else None
        return Row(*row, "undecidable", delta, reason,
                   f"Label about {more:,} more test cases." if more else "No realistic number of labels would tell.")
    return Row(*row, "met", delta, reason)


def _more_labels(interval: Interval, threshold: float) -> str:
    more = labels_to_decide(interval, threshold)
    if not more:
        return "No realistic number of labels would tell."
    return f"Label about {more:,} more and it becomes decidable."
