"""The verdict: what the table, read in a written order of precedence, recommends."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.table import Row, table_of
from promptceiling.runs import Price
from promptceiling.scores.compare import worth_of

Verdict = Literal[
    "build evals first", "collect labels, few-shot meanwhile", "ship the prompt", "keep iterating",
    "try a smaller base model first", "use the local classifier", "fine-tune a smaller model (cost or latency)",
    "fine-tune (plateau)", "do not keep the fine-tune", "undecidable, do this next",
]
CONSTANT_GAP = 0.02  # a weighted F1 that is not this far above the constant answer carries no verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """The recommendation.

    Attributes
    ----------
    verdict: one of ten; sentence: it in words; because: the reason, with its numbers; next: what to do first.
    strength: how many of the three conditions that carry a fine-tune hold, with `carrying` naming each and whether.
    conflict: where rows disagree, the other side; else "".
    rows: the table.
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

    def row(self, row_id: str) -> Row:
        """The row with this id."""
        return next(r for r in self.rows if r.id == row_id)

    def as_json(self) -> dict[str, Any]:
        """The decision as plain data, as `decide --json` prints it."""
        rows = []
        for row in self.rows:
            interval = asdict(row.interval) if row.interval else {"value": None, "low": None, "high": None, "n": None}
            rows.append({"id": row.id, "condition": row.condition, "status": row.status, **interval,
                         "reason": row.reason, "remedy": row.remedy})
        return {"verdict": self.verdict, "strength": self.strength, "sentence": self.sentence, "because": self.because,
                "next": self.next, "rows": rows, "missing": list(self.missing)}


def decide(evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]) -> Decision:
    """The decision that evidence and assumptions carry; a pure function.

    Precedence, first that holds: no labeled set; nothing run, or a run too incomplete, or a score that the constant
    answer nearly reaches (undecidable); a prompt above the threshold (ship, unless latency or cost forbid it); too few
    labels; a local classifier that beats the prompt by the high margin; latency; cost; a measured fine-tune; a
    confirmed plateau; room left to iterate; undecidable.
    """
    rows = table_of(evidence, assumptions, prices)
    status = {row.id: row.status for row in rows}
    by_id = {row.id: row for row in rows}
    local = evidence.alternative("local")
    verdict, sentence, because, step = _blocked(evidence, by_id) or _choose(evidence, assumptions, by_id)
    demand = status["latency"] == "met" or status["cost"] == "met"
    carrying = (
        (f"{assumptions.labels_enough:,} or more labels", status["few_labels"] == "not met"),
        ("latency or cost demands a smaller model", demand),
        ("a confirmed plateau", status["plateau"] == "met"),
    )
    missing = tuple(f"{row.condition}: {row.remedy}" for row in rows if row.status == "not measured")
    if local is None:
        missing += ("The local classifier was not measured: run it on the same split.",)
    return Decision(
        verdict, sentence, because, step, sum(holds for _, holds in carrying), carrying, _conflict(by_id), rows,
        missing)


_Chosen = tuple[Verdict, str, str, str]


def _blocked(evidence: Evidence, rows: dict[str, Row]) -> _Chosen | None:
    if rows["no_evals"].status == "met":
        return "build evals first", "Build an evaluation set first.", rows["no_evals"].reason, rows["no_evals"].remedy
    best = evidence.best
    if best is None or evidence.f1 is None:
        return ("undecidable, do this next", "Nothing has been measured yet.", rows["f1"].reason, rows["f1"].remedy)
    score = best.score
    if not score.complete:
        failed = score.n - score.scored
        return ("undecidable, do this next", "The run is incomplete.",
                f"{failed} of {score.n} calls of {best.name} failed; no verdict is given above 5%.",
                "Run again: what came is kept, and only the failures are asked for.")
    if score.f1_weighted.value - score.constant_f1 < CONSTANT_GAP:
        return ("undecidable, do this next", "The score says nothing yet.",
                f"The best prompt's weighted F1, {score.f1_weighted.value:.2f} on {score.scored} cases, is hardly "
                f"above always answering {score.constant_label!r} ({score.constant_f1:.2f}).",
                "Read the per-class scores; give the prompt shots, or describe the labels.")
    return None


def _choose(evidence: Evidence, assumptions: Assumptions, rows: dict[str, Row]) -> _Chosen:
    f1, latency, cost = rows["f1"], rows["latency"], rows["cost"]
    plateau, tune = rows["plateau"], rows["tune_delta"]
    local = evidence.alternative("local")
    if f1.status == "met" and latency.status != "met" and cost.status != "met":
        return "ship the prompt", "Ship the prompt.", f1.reason, "Watch it in production; look again when inputs drift."
    if f1.status != "met" and rows["few_labels"].status == "met":
        return ("collect labels, few-shot meanwhile", "Collect labels; use few-shot prompting meanwhile.",
                rows["few_labels"].reason, rows["few_labels"].remedy)
    if local is not None and local.comparable and worth_of(
            local.delta, (assumptions.margin_low, assumptions.margin_high)) == "worth it":
        delta = local.delta
        return ("use the local classifier", "Use the local classifier.",
                f"It is {100 * delta.value:.1f} points of F1 [{100 * delta.low:.1f}, {100 * delta.high:.1f}] better "
                f"than the best prompt on the same {delta.n} cases, and calls cost nothing.",
                "Put it behind the same interface.")
    if latency.status == "met":
        return ("try a smaller base model first", "Try a smaller base model first.", latency.reason,
                "Score a smaller model on the same cases; tune it only if it falls short.")
    if cost.status == "met":
        return ("fine-tune a smaller model (cost or latency)", "Fine-tune a smaller model: calls cost too much.",
                cost.reason, "Tune the smallest model that is served at a fixed price, and compare.")
    if tune.status == "met":
        return ("do not keep the fine-tune", "Keep the prompt; do not keep the fine-tune.", tune.reason,
                f1.remedy or plateau.remedy or "Improve the labels or the prompt instead.")
    if tune.status == "not met":
        return ("fine-tune (plateau)", "Keep the fine-tune.", tune.reason,
                "Plan its loop: monitoring, drift, re-training.")
    if plateau.status == "met" and tune.status == "not measured":
        return ("fine-tune (plateau)", "Fine-tune: the prompt has reached its ceiling.", plateau.reason,
                "Tune once, and compare on the sealed test split.")
    if plateau.status == "not met" and f1.status == "not met":
        return "keep iterating", "Keep iterating on the prompt.", plateau.reason, plateau.remedy
    open_row = next((r for r in (f1, tune, plateau) if r.status == "undecidable"), f1)
    return ("undecidable, do this next", "The evidence does not carry a verdict yet.", open_row.reason,
            open_row.remedy or plateau.remedy or "Score more variants.")


def _conflict(rows: dict[str, Row]) -> str:
    if rows["f1"].status == "met":
        against = [r for r in (rows["latency"], rows["cost"]) if r.status == "met"]
        if against:
            return f"The score is good enough to ship, but {' '.join(r.reason for r in against)}"
    return ""
