"""The verdict: what the table, read in a written order of precedence, recommends, and how strong the case is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from promptceiling.decision.alternatives import broken_said
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.checklist import Item, checklist_of
from promptceiling.decision.conditions import Answers
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.life import ModelEnds
from promptceiling.decision.precedence import VERDICT_OF, Rule, Verdict, rule_of
from promptceiling.decision.reasons import because
from promptceiling.decision.table import Row, table_of
from promptceiling.decision.words import figure, of_kind, usd
from promptceiling.runs import Price

__all__ = ["Decision", "Verdict", "decide", "verdict_of"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The recommendation.

    Attributes
    ----------
    verdict: one of ten, by `rule` of the precedence; sentence: it in words; because: the reason, with its numbers;
        next: what to do first.
    strength: how many of the three conditions that carry a fine-tune hold, with `carrying` naming each and whether.
    conflict: where rows disagree, the other side; else "".
    rows: the table; checklist: what should have been done before.
    missing: steps that would supply what was not measured.
    """

    verdict: Verdict
    sentence: str
    because: str
    next: str
    strength: int
    carrying: tuple[tuple[str, bool], ...]
    conflict: str
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    rule: Rule = "open"
    checklist: tuple[Item, ...] = ()

    def row(self, row_id: str) -> Row:
        """The row with this id."""
        return next(r for r in self.rows if r.id == row_id)

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data, as `decide --json` prints it (there with `flips` and `plausible`)."""
        rows = []
        for row in self.rows:
            interval = asdict(row.interval) if row.interval else {"value": None, "low": None, "high": None, "n": None}
            rows.append({"id": row.id, "condition": row.condition, "status": row.status, **interval,
                         "reason": row.reason, "remedy": row.remedy})
        return {"verdict": self.verdict, "strength": self.strength, "sentence": self.sentence, "because": self.because,
                "next": self.next, "conflict": self.conflict, "rows": rows,
                "checklist": [asdict(item) for item in self.checklist], "missing": list(self.missing)}


def verdict_of(
    evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> Verdict:
    """The verdict alone, without a word: what a search for its flips asks many times."""
    return VERDICT_OF[rule_of(evidence, assumptions, Answers(evidence, assumptions, prices, ends))]


def decide(
    evidence: Evidence, assumptions: Assumptions, prices: Mapping[str, Price], ends: ModelEnds | None = None
) -> Decision:
    """The decision that evidence and assumptions carry; a pure function. `precedence.rule_of` has the order.

    ends: when models end; without it nothing is said about the life of a model.
    """
    answers = Answers(evidence, assumptions, prices, ends)
    rule = rule_of(evidence, assumptions, answers)
    rows = table_of(evidence, assumptions, prices, ends, answers)
    by_id = {row.id: row for row in rows}
    sentence, why, step = because(rule, evidence, assumptions, answers, by_id)
    checklist = checklist_of(evidence)
    ready = evidence.readiness.conditions(assumptions.labels_enough) if evidence.readiness else ()
    reviewed = ready[1:3]
    doubts = [f"not {c.name}" for c in reviewed if c.state == "not met"]
    doubts += [f"unknown: {c.name}" for c in reviewed if c.state in ("not measured", "undecidable")]
    carrying = (
        (f"{assumptions.labels_enough:,} or more labels{' (' + '; '.join(doubts) + ')' if doubts else ''}",
         answers.status("few_labels") == "not met" and not any(c.state == "not met" for c in reviewed)),
        ("latency or cost demands a smaller model", answers.met("latency") or answers.met("cost")),
        ("a confirmed plateau", answers.met("plateau")),
    )
    missing = tuple(f"{row.condition}: {row.remedy}" for row in rows if row.status == "not measured")
    if evidence.alternative("local") is None:
        missing += ("The local classifier was not measured: run it on the same split.",)
    missing += tuple(f"Labels {c.name}: {c.remedy}" for c in reviewed if c.state == "not measured")
    verdict = VERDICT_OF[rule]
    return Decision(
        verdict, sentence, why, step, sum(holds for _, holds in carrying), carrying,
        " ".join([*_broken(verdict, evidence), *_conflicts(verdict, assumptions, answers, by_id, checklist)]), rows,
        missing, rule, checklist)


def _broken(verdict: Verdict, evidence: Evidence) -> list[str]:
    """What the alternative that the verdict names does worse than the prompt, although its score is better."""
    kind = "local" if verdict == "use the local classifier" else "fine-tune" if verdict.startswith("fine-tune") else ""
    found = evidence.alternative(kind)
    return [broken_said(found)] if found is not None and (found.broken or found.regressions) else []


def _ending(stated: Assumptions, answers: Answers) -> list[str]:
    """The models that prompt and fine-tune hang on and that end within the horizon, each with day and source."""
    if answers.ends is None:
        return []
    said: dict[str, str] = {}
    for whose, option, step in (
        ("The prompt's own model", answers.prompt, "score what replaces it on the same cases"),
        ("The fine-tune's base model", answers.tune, "what is tuned on it ends with it"),
    ):
        end = answers.ends.said(option.base_model, stated.horizon_months) if option and option.base_model else ""
        if option and end:
            said.setdefault(option.base_model, f"{whose} {end}: {step}.")
    return list(said.values())


def _changed(evidence: Evidence) -> list[str]:
    """How the labeled set was changed after it was scored, with what the best prompt scored before."""
    found, best = evidence.earlier, evidence.best
    if best is None or evidence.f1 is None or not (found.relabeled or found.removed):
        return []
    before = next((b for b in found.before if (b.model, b.base_url, b.variant, b.split) == (
        best.model, best.base_url, best.name, evidence.f1[1])), None)
    then = "" if before is None else (
        f"; before, {best.name} scored {figure(before.f1_weighted)} on {before.f1_weighted.n:,} {before.split} cases")
    what = [f"{of_kind(n, 'scored case')} {said}" for n, said in (
        (found.relabeled, "got another label"), (found.removed, "went out of it")) if n]
    return [f"The set was changed after it was scored: {' and '.join(what)}{then}."]


def _conflicts(
    verdict: Verdict, stated: Assumptions, answers: Answers, rows: dict[str, Row], checklist: tuple[Item, ...]
) -> list[str]:
    """What speaks against the verdict, sentence by sentence."""
    said = []
    if rows["f1"].status == "met" and verdict != "ship the prompt":
        against = [rows[r].reason for r in ("latency", "cost") if rows[r].status == "met"]
        if against:
            said.append(f"The score is good enough to ship, but {' '.join(against)}")
    if verdict == "ship the prompt" and answers.evidence.best is not None:
        said += [remark for remark in answers.evidence.best.score.remarks if "failed" not in remark]
    parted = answers.evidence.texts.parted
    if parted:
        said.append(f"{of_kind(parted, 'group')} {'stands' if parted == 1 else 'stand'} in more than one split, so "
                    "that scores come out too good.")
    said += _changed(answers.evidence) + _ending(stated, answers)
    tune = answers.tune
    if verdict in ("fine-tune (plateau)", "fine-tune a smaller model (cost or latency)") and tune is not None:
        serving = tune.month.get("hosting", tune.month.get("calls", 0.0))
        if serving > stated.budget_usd_per_month:
            said.append(f"Serving a fine-tune would cost {usd(serving)} a month, above the budget of "
                        f"{usd(stated.budget_usd_per_month)}.")
        if rows["payback"].status == "met":
            said.append(rows["payback"].reason)
        undone = [item.because for item in checklist if not item.done]
        if undone:
            said.append(f"Not everything that comes first has been done: {' '.join(undone)}")
    return said
