"""Are the labels ready for a fine-tune: enough, read twice, like production, and is there more to learn from more?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sqlalchemy import delete, insert, select

from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import LabeledSet, Representativeness
from promptceiling.labeled_set.agreement import agreement
from promptceiling.labeled_set.production import TELLS_APART, interval_of
from promptceiling.runs import Workspace, schema
from promptceiling.runs.store import now
from promptceiling.scores import Interval, LearningCurve
from promptceiling.tuning import learning_curve_of

State = Literal["met", "not met", "undecidable", "not measured"]
AGREES = 0.6  # Cohen's kappa from which labels are taken as reliable; the audit's own bar
MOVES = 0.02  # a doubling of the labels that brings less than this is not worth waiting for


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that labels should be before they train a model, answered. `reason` cites the numbers."""

    name: str
    state: State
    interval: Interval | None
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is known of the labels.

    Attributes
    ----------
    labels: labeled cases; train: those that a fine-tune would learn from.
    second_reading: share of cases that a second reader labeled alike; kappa: Cohen's kappa with its interval, see
        `kappa_of`. None without a second reading, kappa also where one class alone occurs.
    production_auc: how well a classifier tells labeled texts from production's (0.5 is chance); n is the smaller
        sample. None where no production sample was given.
    curve: the local classifier's weighted F1 on validation by number of labels; None where it was not measured.
    """

    labels: int
    train: int
    second_reading: Interval | None
    kappa: Interval | None
    production_auc: Interval | None
    curve: LearningCurve | None

    def conditions(self, labels_enough: int = 500) -> tuple[Condition, ...]:
        """Enough, read twice, representative, and flat: each met, not met, undecidable or not measured.

        >>> [c.state for c in Readiness(400, 160, None, None, None, None).conditions()]
        ['not met', 'not measured', 'not measured', 'not measured']
        """
        return (_enough(self, labels_enough), _reviewed(self), _representative(self), _flat(self))


def readiness_of(workspace: Workspace, labeled_set: LabeledSet) -> Readiness:
    """What a workspace knows of its labels. Raises WorkspaceError for draws or scores that do not fit the set."""
    agreed, kappa = _second_reading(labeled_set)
    return Readiness(
        labels=len(labeled_set), train=len(labeled_set.split("train")), second_reading=agreed, kappa=kappa,
        production_auc=_production(workspace, labeled_set.key), curve=learning_curve_of(workspace, labeled_set))


def keep_production(workspace: Workspace, labeled_set: LabeledSet, found: Representativeness) -> None:
    """Keep what `compare_with_production` found, so that it is part of the evidence: scores, and no text.

    AUC and interval are recomputed from the scores and from what chance alone did to the AUC, which is kept as a
    figure. What an earlier sample gave is replaced.
    """
    key, t = workspace.save_set(labeled_set), schema.production
    live = {"scores": found.production_scores, "moved": found.moved, "wider": found.wider}
    with workspace.writing() as connection:
        connection.execute(delete(t).where(t.c.set_key == key))
        connection.execute(insert(t).values(
            set_key=key, labeled_scores=json.dumps(found.labeled_scores),
            production_scores=json.dumps(live), compared_at=now()))


def _production(workspace: Workspace, set_key: str) -> Interval | None:
    t = schema.production
    with workspace.engine.connect() as connection:
        row = connection.execute(select(t).where(t.c.set_key == set_key)).one_or_none()
    if row is None:
        return None
    told = json.loads(row.production_scores)
    moved, wider = float(told["moved"]), float(told["wider"])
    labeled, live = (np.asarray(x, dtype=np.float64) for x in (json.loads(row.labeled_scores), told["scores"]))
    if min(len(labeled), len(live)) < 2 or not np.isfinite([*labeled, *live, moved, wider]).all():
        raise WorkspaceError("The scores of the production sample are not whole; they were altered. Compare the "
                             "sample again.")
    return Interval(*interval_of(live, labeled, moved, wider), min(len(labeled), len(live)))


def _second_reading(labeled_set: LabeledSet) -> tuple[Interval | None, Interval | None]:
    """Share and kappa as the audit of the labels has them."""
    figures = {figure.name: Interval(figure.value, figure.low, figure.high, figure.n)
               for finding in agreement(labeled_set.cases) for figure in finding.figures}
    return figures.get("agreement"), figures.get("kappa")


def _enough(r: Readiness, wanted: int) -> Condition:
    n = Interval(r.labels, r.labels, r.labels, r.labels)
    said = f"{r.labels:,} labeled cases, {r.train:,} of them to train on"
    if r.labels < wanted:
        return Condition(f"{wanted:,} or more labels", "not met", n, f"{said}.", f"Label {wanted - r.labels:,} more.")
    return Condition(f"{wanted:,} or more labels", "met", n, f"{said}.")


def _reviewed(r: Readiness) -> Condition:
    name = "reviewed: a second reading agrees"
    if r.second_reading is None:
        return Condition(name, "not measured", None, "No case was read twice.",
                         "Have at least 100 cases labeled by a second reader, in the column second_category.")
    share, kappa = r.second_reading, r.kappa
    said = f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}] of {share.n:,} cases were labeled alike"
    if kappa is None:
        return Condition(name, "undecidable", share, f"{said}, all of one class: kappa is not defined.",
                         "Have cases of every class read twice.")
    state: State = "met" if kappa.low >= AGREES else "not met" if kappa.high < AGREES else "undecidable"
    return Condition(
        name, state, kappa, f"{said}; Cohen's kappa is {kappa.value:.2f} [{kappa.low:.2f}, {kappa.high:.2f}] against "
        f"{AGREES}.", {"met": "", "not met": "Settle the disagreements and sharpen the labeling guide.",
                       "undecidable": "Have more cases read twice."}[state])


def _representative(r: Readiness) -> Condition:
    name, auc = "representative of production", r.production_auc
    if auc is None:
        return Condition(name, "not measured", None, "No production sample was given.",
                         "Give a sample of unlabeled production texts: compare_with_production, then keep_production.")
    state: State = "met" if auc.high < TELLS_APART else "not met" if auc.low > TELLS_APART else "undecidable"
    return Condition(
        name, state, auc, f"A classifier tells labeled from production texts with an AUC of {auc.value:.2f} "
        f"[{auc.low:.2f}, {auc.high:.2f}] (n {auc.n:,} in the smaller sample; 0.5 is chance) against {TELLS_APART}.",
        {"met": "", "not met": "Label some of the production texts that differ most.",
         "undecidable": "Compare with a larger production sample."}[state])


def _flat(r: Readiness) -> Condition:
    """The measured counterpart of a fixed number of labels: whether a doubling would still move the score."""
    name, curve = f"the learning curve is flat: doubling the labels brings under {100 * MOVES:g} points", r.curve
    if curve is None:
        return Condition(name, "not measured", None, "The learning curve was not measured.",
                         "Measure it: run_learning_curve trains the local classifier on growing parts of the labels.")
    last = curve.points[-1]
    seen = (f"With {last.labels:,} labels the local classifier reaches {last.score.value:.3f} "
            f"[{last.score.low:.3f}, {last.score.high:.3f}] over {last.draws} draws")
    ahead = curve.forecasts[0] if curve.forecasts else None
    if ahead is None or ahead.refused:
        why = curve.refused or (ahead.refused if ahead else "there are too few sizes")
        return Condition(name, "undecidable", None, f"{seen}; no forecast: {why}",
                         "Label more and measure again; a curve that cannot be continued promises nothing.")
    gain = Interval(ahead.score.value - last.score.value, ahead.score.low - last.score.value,
                    ahead.score.high - last.score.value, last.draws)
    state: State = "met" if gain.high < MOVES else "not met" if gain.low > MOVES else "undecidable"
    return Condition(
        name, state, gain, f"{seen}; {ahead.labels:,} are forecast to bring {100 * gain.value:+.1f} points "
        f"[{100 * gain.low:+.1f}, {100 * gain.high:+.1f}].",
        {"met": "", "not met": "Label more before a fine-tune: labels still pay.",
         "undecidable": "Measure more draws, or label more."}[state])
