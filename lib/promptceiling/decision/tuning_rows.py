"""What the rows about a plateau and a fine-tune say: condition, recommendation, reason, remedy and source of each."""

from __future__ import annotations

import math

from promptceiling.decision.alternatives import broken_said
from promptceiling.decision.assumptions import Assumptions, stated_inputs
from promptceiling.decision.conditions import LEAST_CASES, Answers, worth
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.precedence import other_models
from promptceiling.decision.words import amount, difference, figure, months, of_kind, points, span, usd
from promptceiling.scores import Plateau
from promptceiling.scores.plateau import LAST

Said = tuple[str, str, str, str, str]  # condition, recommendation, reason, remedy, source


def plateau_row(evidence: Evidence, stated: Assumptions, answers: Answers) -> Said:
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
    plateau, source = plateau.at(stated.f1_ship), run_said(evidence, "validation")
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


def tune_row(evidence: Evidence, stated: Assumptions, answers: Answers) -> Said:
    low, high = stated.margin_low, stated.margin_high
    usual = default_said(stated, "margin_low", "margin_high")
    head = (f"After a fine-tune: the gain is under {100 * low:g}–{100 * high:g} points{usual}",
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


def payback_row(stated: Assumptions, answers: Answers) -> Said:
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


def default_said(stated: Assumptions, *names: str) -> str:
    """The defaults of thresholds that were moved, for the condition that they stand in; "" where none was."""
    usual = {i.name: i.default for i in stated_inputs()}
    if all(getattr(stated, name) == usual[name] for name in names):
        return ""
    return ", by default " + "–".join(
        f"{100 * usual[name]:g}" if name.startswith("margin") else f"{usual[name]:g}" for name in names)


def run_said(evidence: Evidence, split: str) -> str:
    best = evidence.best
    return f"{best.model}, {split} split, first run {best.first_run_at[:10]}" if best else ""
