"""The words of each rule: the recommendation, why, and what to do first."""

from __future__ import annotations

import math
from collections.abc import Mapping

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.conditions import LEAST_CASES, Answers
from promptceiling.decision.cost import cost_of
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.precedence import (
    Rule,
    ceiling,
    ceiling_said,
    few_kinds,
    is_enough,
    other_models,
    sufficient_prompt,
    unscored,
)
from promptceiling.decision.table import Row, cases_to_decide
from promptceiling.decision.words import amount, difference, dollars, figure, milliseconds, of_kind, points
from promptceiling.labeled_set.finding import rate
from promptceiling.labeled_set.table import listed
from promptceiling.scores import Interval

_OPEN = "Keep the prompt for now: the evidence does not decide yet."
_SENTENCE: dict[Rule, str] = {
    "no set": "Build an evaluation set first.", "nothing run": "Nothing has been measured yet.",
    "leaking": "The splits repeat each other, so the scores carry no verdict.", "incomplete": "The run is incomplete.",
    "constant answer": "The score says nothing yet.",
    "labels unscored": "Some labels were never scored.", "model ended": "The model that was scored has ended.",
    "labels in texts": "The texts state their labels, so the scores carry no verdict.",
    "noisy labels": "The labels are too noisy for the threshold.", "ship": "Ship the prompt.",
    "few labels": "Collect labels; use few-shot prompting meanwhile.",
    "too few cases": "Too few cases are scored for a verdict.",
    "local gains": "Use the local classifier.", "local clears": "Use the local classifier.",
    "local suffices": "Use the local classifier.",
    "another model suffices": "Take the smaller prompt or model: it is as good as can be told.",
    "slow": "Try a smaller base model first.",
    "slow, others tried": "Fine-tune a smaller model: calls take too long.",
    "dear": "Fine-tune a smaller model: calls cost too much.",
    "dear, a tune is dearer": "Try a smaller base model first.",
    "dear, no way is cheaper": "Keep iterating: make the prompt cheaper.",
    "tune in vain": "Keep the prompt; do not keep the fine-tune.",
    "tune dies": "Do not keep the fine-tune: it does not pay back in time.", "tune gains": "Keep the fine-tune.",
    "plateau": "Fine-tune: the prompt has reached its ceiling.",
    "plateau, too little to expect": "Keep iterating: too little is expected of a fine-tune.",
    "plateau, a tune dies": "Keep iterating: a fine-tune would not pay back in time.",
    "climbing": "Keep iterating on the prompt.", "open": _OPEN,
}


def because(
    rule: Rule, evidence: Evidence, stated: Assumptions, answers: Answers, rows: Mapping[str, Row]
) -> tuple[str, str, str]:
    """Sentence, reason with its numbers, and first step of a rule."""
    return _SENTENCE[rule], *_why(rule, evidence, stated, answers, rows)


def _why(
    rule: Rule, evidence: Evidence, stated: Assumptions, answers: Answers, rows: Mapping[str, Row]
) -> tuple[str, str]:
    f1, latency, cost, plateau, tune, pays = (
        rows[r] for r in ("f1", "latency", "cost", "plateau", "tune_delta", "payback"))
    if rule in ("no set", "nothing run"):
        row = rows["no_evals"] if rule == "no set" else f1
        return row.reason, row.remedy
    if rule in ("leaking", "incomplete", "constant answer", "labels unscored", "noisy labels", "labels in texts",
                "too few cases"):
        return _blocked(rule, evidence, stated)
    if rule in ("local gains", "local clears", "local suffices"):
        return _local(rule, evidence, stated, latency if latency.status == "met" else cost)
    if rule == "another model suffices":
        return _another(evidence, stated, answers, latency if latency.status == "met" else cost)
    models = " and ".join(other_models(evidence))
    return {
        "model ended": (f1.reason, "Score what replaces it on the same cases."),
        "ship": (f1.reason, "Watch it in production; look again when inputs drift."),
        "few labels": _few_labels(rows["few_labels"], evidence, stated, answers, f1),
        "slow": (latency.reason, "Score a smaller model on the same cases; tune it only if it falls short."),
        "slow, others tried": (f"{latency.reason} Another base model was tried: {models}.",
                               "Tune the smallest model that meets the limit, and compare on the sealed test split."),
        "dear": (f"{cost.reason} {pays.reason}",
                 "Tune the smallest model that is served at a fixed price, and compare."),
        "dear, a tune is dearer": (
            f"{cost.reason} {_no_cheaper(answers, stated, pays)}",
            "Score a smaller model on the same cases, or make the prompt shorter."),
        "dear, no way is cheaper": (
            f"{cost.reason} {_no_cheaper(answers, stated, pays)} Another base model was tried: {models}.",
            "Send fewer shots, keep the unchanging text first so that it is cached, or wait for a batch."),
        "tune in vain": (tune.reason, f1.remedy or plateau.remedy or "Improve the labels or the prompt instead."),
        "tune dies": (f"{tune.reason} {pays.reason}", "Tune an open-weight model that you serve yourself, or keep "
                      "the prompt."),
        "tune gains": (tune.reason, "Plan its loop: monitoring, drift, re-training."),
        "plateau": (plateau.reason, "Tune once, and compare on the sealed test split."),
        "plateau, too little to expect": (
            f"{plateau.reason} A fine-tune is expected to gain {points(stated.expected_gain)}, under the "
            f"{100 * stated.margin_low:g} points that are worth it.",
            "Change what the model sees: labels, descriptions of them, another base model."),
        "plateau, a tune dies": (f"{plateau.reason} {pays.reason}",
                                 "Change what the model sees, or lower what a fine-tune costs."),
        "climbing": (plateau.reason, plateau.remedy) if plateau.remedy else (
            f"{f1.reason} {plateau.reason}", "Score more variants, and the best on the sealed test split."),
        "open": _open(f1, tune, plateau),
    }[rule]


def _few_labels(
    labels: Row, evidence: Evidence, stated: Assumptions, answers: Answers, f1: Row
) -> tuple[str, str]:
    """What is missing for a fine-tune; where the score carries no verdict either, also what settles that sooner."""
    if evidence.f1 is not None and evidence.f1[0].n >= LEAST_CASES and not is_enough(evidence):
        return f"{labels.reason} {few_kinds(evidence)[0]}", f"{labels.remedy} {few_kinds(evidence)[1]}"
    if answers.met("f1") and is_enough(evidence):
        return (f"{labels.reason} The prompt is good enough but for its latency or cost, and a fine-tune of a smaller "
                "model needs more.", labels.remedy)
    if evidence.f1 is None or not f1.remedy:
        return labels.reason, labels.remedy
    more, split = cases_to_decide(evidence.f1[0], stated.f1_ship), evidence.f1[1]
    above = f"whether the prompt is above {stated.f1_ship:.2f} and ships"
    return (f"{labels.reason} {f1.reason}",
            f"{labels.remedy} " + (f"Sooner, about {more:,} more {split} cases tell {above}." if more
                                   else f"No realistic number of labels would tell {above}."))


def _open(f1: Row, tune: Row, plateau: Row) -> tuple[str, str]:
    row = next((r for r in (f1, tune, plateau) if r.status == "undecidable"), f1)
    return row.reason, row.remedy or plateau.remedy or "Score more variants."


def _blocked(rule: Rule, evidence: Evidence, stated: Assumptions) -> tuple[str, str]:
    best, n = evidence.best, evidence.leaking
    if best is None or evidence.f1 is None:
        raise ValueError(f"{rule} needs a scored prompt")
    score = best.score
    if rule == "leaking":
        return (f"{rate(n, evidence.kept_apart)} scored cases nearly repeat a train case: a score on them says how "
                "well they are remembered.",
                "Leave the split column out, so that repeats are kept together, and run again.")
    if rule == "labels in texts":
        return (f"{rate(evidence.texts.stating, evidence.labels)} texts state their own label, as in 'category: …': "
                "the answer stands in the question.", "Take that part out of the texts, and run again.")
    if rule == "incomplete" and score.complete:
        return (f"{best.name} was asked {best.cases:,} of {evidence.splits['validation']:,} validation cases: what "
                "they tell of the others depends on which they are.",
                "Run it on all of them: what came is kept, and only the rest is asked for.")
    if rule == "incomplete":
        return (f"{score.n - score.scored} of {score.n} calls of {best.name} failed; no verdict is given above 5%.",
                "Run again: what came is kept, and only the failures are asked for.")
    if rule == "constant answer":
        return (f"The best prompt's weighted F1, {figure(score.f1_weighted)} on {score.scored} cases, is hardly "
                f"above always answering {score.constant_label!r} ({figure(score.constant)})"
                f"{_above(score.above_constant)}.",
                "Read the per-class scores; give the prompt shots, or describe the labels.")
    if rule == "labels unscored":
        missing, share = unscored(evidence)
        return (f"{of_kind(len(missing), 'label')} of {len(evidence.classes)} with {share:.0%} of the labeled cases "
                f"({listed(missing)}) never stood among the {score.scored:,} scored validation cases.",
                "Split again so that each label has validation cases: leave the split column out, and run again.")
    if rule == "noisy labels":
        return (f"Since {ceiling_said(evidence, stated)}, no score can be told to lie above "
                f"{ceiling(evidence, stated):.2f}, and the threshold is {stated.f1_ship:.2f}.",
                "Mend the labels by a written guide, or lower the threshold.")
    f1, split = evidence.f1
    if f1.n >= LEAST_CASES:
        return few_kinds(evidence)
    return (f"Only {f1.n} {split} cases were scored; below {LEAST_CASES} an interval is too wide to act on. Weighted "
            f"F1 is {figure(f1)}.",
            f"Score about {cases_to_decide(f1, stated.f1_ship) or LEAST_CASES - f1.n:,} more {split} cases.")


def _above(gain: Interval) -> str:
    return "" if math.isnan(gain.value) else f": {difference(gain)} on the same cases"


def _local(rule: Rule, evidence: Evidence, stated: Assumptions, demand: Row) -> tuple[str, str]:
    local = evidence.alternative("local")
    if local is None:
        raise ValueError(f"{rule} needs a local classifier")
    delta, step = local.delta, "Put it behind the same interface."
    apart = difference(delta)
    cases = f"the same {delta.n} {local.split} cases"
    if rule == "local gains":
        return (f"It is {apart} of weighted F1 better than the best prompt on {cases}, and calls cost nothing.", step)
    if rule == "local clears":
        return (f"Its weighted F1 of {figure(local.f1_weighted)} on {local.f1_weighted.n} {local.split} cases clears "
                f"the threshold of {stated.f1_ship:.2f}; against the best prompt it makes {apart} on {cases}.", step)
    return (f"{demand.reason} The local classifier makes {apart} of weighted F1 against the prompt on {cases}: not "
            f"worse by {100 * stated.margin_low:g} points.", step)


def _another(evidence: Evidence, stated: Assumptions, answers: Answers, demand: Row) -> tuple[str, str]:
    other = sufficient_prompt(evidence, stated, answers)
    if other is None or other.delta_to_best is None:
        raise ValueError("another model suffices needs a prompt that does")
    delta, said = other.delta_to_best, []
    if other.p95_ms is not None and other.p95_ms.n:
        said.append(f"p95 {milliseconds(other.p95_ms)} over {other.p95_ms.n} calls")
    cost = cost_of(other.tokens, other.model, stated, answers.prices, embedded=evidence.embedded)
    if cost is not None:
        said.append(f"{dollars(cost.per_month)} a month by the tokens of {cost.per_month.n} calls")
    return (f"{demand.reason} {other.name} on {other.model} is not distinguishable from it: {difference(delta)} "
            f"of weighted F1 on {delta.n} cases; {', '.join(said)}.",
            f"Score {other.name} on {other.model} on the sealed test split, then use it.")


def _no_cheaper(answers: Answers, stated: Assumptions, pays: Row) -> str:
    prompt, tune = answers.prompt, answers.tune
    if answers.cheaper or prompt is None or tune is None:
        return pays.reason
    return (f"A fine-tune would not be surely cheaper: a month of it costs {amount(tune.month_range)} with "
            f"its loop, against {amount(prompt.month_range)}.")
