"""Which verdict comes first: the written order of precedence, as one function over statuses."""

from __future__ import annotations

from typing import Literal

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.conditions import LEAST_CASES, Answers, worth
from promptceiling.decision.cost import cost_of
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.decision.words import figure, of_kind
from promptceiling.labeled_set.agreement import labels_right
from promptceiling.scores import status_of
from promptceiling.scores.score import MAX_FAILED

Verdict = Literal[
    "build evals first", "collect labels, few-shot meanwhile", "ship the prompt", "keep iterating",
    "try a smaller base model first", "use the local classifier", "fine-tune a smaller model (cost or latency)",
    "fine-tune (plateau)", "do not keep the fine-tune", "undecidable, do this next",
]
Rule = Literal[
    "no set", "nothing run", "leaking", "incomplete", "constant answer", "labels unscored", "noisy labels",
    "labels in texts", "model ended", "ship", "few labels",
    "too few cases", "local gains", "local clears", "local suffices", "another model suffices", "slow",
    "slow, others tried", "dear", "dear, a tune is dearer", "dear, no way is cheaper", "tune in vain", "tune dies",
    "tune gains", "plateau", "plateau, too little to expect", "plateau, a tune dies", "climbing", "open",
]
_OPEN: Verdict = "undecidable, do this next"
_LOCAL: Verdict = "use the local classifier"
_SMALLER: Verdict = "try a smaller base model first"
VERDICT_OF: dict[Rule, Verdict] = {
    "no set": "build evals first", "nothing run": _OPEN, "leaking": _OPEN, "incomplete": _OPEN,
    "constant answer": _OPEN, "labels unscored": _OPEN, "labels in texts": _OPEN, "noisy labels": _OPEN,
    "model ended": _OPEN, "ship": "ship the prompt",
    "few labels": "collect labels, few-shot meanwhile", "too few cases": _OPEN,
    "local gains": _LOCAL, "local clears": _LOCAL, "local suffices": _LOCAL,
    "another model suffices": _SMALLER, "slow": _SMALLER, "dear, a tune is dearer": _SMALLER,
    "slow, others tried": "fine-tune a smaller model (cost or latency)",
    "dear": "fine-tune a smaller model (cost or latency)",
    "dear, no way is cheaper": "keep iterating", "tune in vain": "do not keep the fine-tune",
    "tune dies": "do not keep the fine-tune", "tune gains": "fine-tune (plateau)", "plateau": "fine-tune (plateau)",
    "plateau, too little to expect": "keep iterating", "plateau, a tune dies": "keep iterating",
    "climbing": "keep iterating", "open": _OPEN,
}
_TRAINS: tuple[Rule, ...] = ("slow, others tried", "dear", "plateau")  # a fine-tune that is yet to be made
_STATING = 0.02  # of the texts that may state their own label; the audit's bar
LEAST_UNITS = 8  # below, no interval over units holds its level (tests/simulations/clusters.py)
CONSTANT_GAP = 0.02  # a weighted F1 that is not this far above the constant answer carries no verdict


def rule_of(evidence: Evidence, stated: Assumptions, answers: Answers) -> Rule:
    """The first rule that holds.

    1. There is no labeled set; nothing has run.
    2. What the scores rest on is broken: train cases repeat scored ones; over 2% of texts state their label; over 5% of
       calls failed, or of cases were not asked; the constant answer nearly reaches the score, or on 100 cases or more
       may be as good; there, over 5% of the labeled cases have a label that was never scored; so many labels are wrong
       that no score above the threshold can be had.
    3. The prompt is above the threshold, on at least 100 cases, and neither latency nor cost forbids it: ship. A model
       that has ended is neither shipped nor iterated on.
    4. Too few labels, then too few scored cases (under 100, with those of a template counted once, or in under 8
       independent units): more of them come before any other step. A score above the threshold sets the labels aside
       only where it may carry a verdict, on at least 100 cases: on fewer, whether an interval's end lies just above or
       just below the threshold would turn the verdict, and both ask for labels. Where latency or cost forbids such a
       prompt, steps that need no labels come next, and a fine-tune to be made asks for them.
    5. The local classifier is worth it, or clears the threshold, or is not worse by more than the low margin while
       latency or cost asks for something smaller; and it is not too slow where latency asks.
    6. Too slow or too dear: another scored prompt that is not distinguishable from the best nor worse by the low
       margin, and is neither. Else, too slow: a smaller base model, and where another was tried already, a fine-tune of
       one. Too dear: a fine-tune where its month costs less, else a smaller base model.
    7. A measured fine-tune: kept where it is worth it and pays back in time.
    8. A confirmed plateau: a fine-tune, where enough can be expected of it and it can pay back in time.
    9. Room left to iterate; else undecidable.
    """
    best = evidence.best
    if answers.met("no_evals"):
        return "no set"
    if best is None or evidence.f1 is None:
        return "nothing run"
    if evidence.leaking:
        return "leaking"
    if not best.score.complete or not evidence.asked_in_full:
        return "incomplete"
    if evidence.texts.stating > _STATING * evidence.labels:
        return "labels in texts"
    enough, demand = is_enough(evidence), answers.met("latency") or answers.met("cost")
    if best.score.f1_weighted.value - best.score.constant_f1 < CONSTANT_GAP or (
            enough and best.score.above_constant.low <= 0):
        return "constant answer"
    if enough and unscored(evidence)[1] > MAX_FAILED:
        return "labels unscored"
    if ceiling(evidence, stated) < stated.f1_ship:
        return "noisy labels"
    if answers.met("f1") and enough and not demand:
        return "model ended" if answers.ended else "ship"
    if answers.met("few_labels") and not (answers.met("f1") and enough):
        return "few labels"
    if not enough:
        return "too few cases"
    rule = _beyond_the_prompt(evidence, stated, answers)
    if rule in _TRAINS and answers.met("few_labels"):
        return "few labels"
    return "model ended" if rule == "climbing" and answers.ended else rule


def is_enough(evidence: Evidence) -> bool:
    """Whether a score may carry a verdict: on 100 cases, those of one template counted once, and in 8 units."""
    if evidence.f1 is None or evidence.best is None:
        return False
    return evidence.f1[0].n * evidence.texts.own >= LEAST_CASES and evidence.best.score.units >= LEAST_UNITS


def few_kinds(evidence: Evidence) -> tuple[str, str]:
    """Why 100 cases or more may be too few all the same, and what to do."""
    texts, best = evidence.texts, evidence.best
    if best is not None and best.score.units < LEAST_UNITS:
        return (f"The {best.score.scored:,} scored cases come in {of_kind(best.score.units, 'independent unit')}, such "
                f"as customers; below {LEAST_UNITS} no interval holds.", "Label cases of more of them.")
    return (f"The {texts.scored:,} cases kept for scoring are made from templates and come to about "
            f"{texts.effective:,} different ones.",
            "Label real cases, or name the template of each in a column 'group'.")


def unscored(evidence: Evidence) -> tuple[tuple[str, ...], float]:
    """The labels without a case among those that the best prompt was scored on, and their share of the labeled cases.
    """
    scored = {c.label for c in evidence.best.score.per_class if c.support} if evidence.best else set()
    missing = tuple(label for label in evidence.classes if label not in scored) if scored else ()
    return missing, sum(evidence.classes[label] for label in missing) / max(1, evidence.labels)


def ceiling(evidence: Evidence, stated: Assumptions) -> float:
    """The score that wrong labels leave within reach: by what is stated, and by how many labels are right at most by
    the upper end of a second reading's agreement, as the audit has it."""
    agreed = evidence.second_reading
    right = labels_right(agreed.high) if agreed is not None and agreed.high == agreed.high else 1.0
    return min(1 - stated.label_noise, right)


def ceiling_said(evidence: Evidence, stated: Assumptions) -> str:
    """What `ceiling` rests on, as the end of a sentence that begins with "Since"."""
    second = evidence.second_reading
    if second is not None and labels_right(second.high) <= 1 - stated.label_noise:
        return (f"a second reading agrees on {figure(second)} of {second.n} cases, so that at most "
                f"{labels_right(second.high):.2f} of the labels are right if both readers err independently")
    return f"{100 * stated.label_noise:.3g}% of the labels are stated to be wrong"


def other_models(evidence: Evidence) -> tuple[str, ...]:
    """Base models that were scored on the same set beside the best prompt's, in full."""
    best = evidence.best
    return tuple(dict.fromkeys(
        s.model for s in evidence.prompts if best is not None and s.model != best.model and s.score.complete))


def _beyond_the_prompt(evidence: Evidence, stated: Assumptions, answers: Answers) -> Rule:
    local = evidence.alternative("local")
    if local is not None and local.comparable and local.delta.n >= LEAST_CASES:
        found = _local(local, stated, answers)
        if found is not None:
            return found
    if sufficient_prompt(evidence, stated, answers) is not None:
        return "another model suffices"
    if answers.met("latency"):
        return "slow, others tried" if other_models(evidence) else "slow"
    if answers.met("cost"):
        if answers.cheaper and not answers.met("payback"):
            return "dear"
        return "dear, no way is cheaper" if other_models(evidence) else "dear, a tune is dearer"
    if answers.met("tune_delta"):
        return "tune in vain"
    if answers.status("tune_delta") == "not met":
        return "tune dies" if answers.met("payback") else "tune gains"
    if answers.met("plateau") and answers.status("tune_delta") == "not measured":
        if stated.expected_gain < stated.margin_low:
            return "plateau, too little to expect"
        return "plateau, a tune dies" if answers.met("payback") else "plateau"
    if answers.status("plateau") == "not met" and answers.status("f1") == "not met":
        return "climbing"
    return "open"


def sufficient_prompt(evidence: Evidence, stated: Assumptions, answers: Answers) -> Scored | None:
    """Where the best prompt is too slow or too dear: the best other one, not distinguishable from it and not worse by
    the low margin, that is neither.

    What the demand is about must have been measured of it: a latency wholly under the limit, a cost wholly under the
    budget. A prompt that surely falls short of the threshold does not replace one that clears it.
    """
    slow, dear = answers.met("latency"), answers.met("cost")
    if not (slow or dear):
        return None
    for other in evidence.prompts[1:]:
        delta = other.delta_to_best
        if not other.tied or not other.score.complete or delta is None or delta.low <= -stated.margin_low:
            continue
        if answers.met("f1") and status_of(other.score.f1_weighted, stated.f1_ship) == "not met":
            continue
        cost = cost_of(other.tokens, other.model, stated, answers.prices, embedded=evidence.embedded)
        fast = status_of(other.p95_ms, stated.sla_ms)
        cheap = "not measured" if cost is None else status_of(cost.per_month, stated.budget_usd_per_month)
        if (fast == "not met" if slow else fast != "met") and (cheap == "not met" if dear else cheap != "met"):
            return other
    return None


def _local(local: Alternative, stated: Assumptions, answers: Answers) -> Rule | None:
    delta, quality = local.delta, status_of(local.f1_weighted, stated.f1_ship)
    slow = local.p95_ms is not None and status_of(local.p95_ms, stated.sla_ms) == "met"
    if slow and answers.met("latency"):
        return None
    if worth(local, stated) == "worth it":
        return "local gains"
    if quality == "met":
        return "local clears"
    demand = answers.met("latency") or answers.met("cost")
    falls_short = answers.met("f1") and quality == "not met"
    return "local suffices" if demand and not falls_short and delta.low > -stated.margin_low else None
