"""What was scored in other versions of a labeled set: labels that changed, cases that went, a seal broken before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd
from pydantic import TypeAdapter
from sqlalchemy import func, select

from promptceiling.decision.answers import asked_in_full, complete, groups, tuned_elsewhere
from promptceiling.decision.snapshot import kept_text
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.near_duplicates import normalised
from promptceiling.runs import Workspace, completions
from promptceiling.runs.schema import items, runs
from promptceiling.scores import Interval, score_predictions

NAME = "earlier"  # of the row that a published file keeps it in, since it holds no other version
_RELATED = 0.1  # of the cases of the smaller side that two versions of one set share at least

_TIMES = select(runs.c.set_key, func.min(runs.c.started_at).label("first"),
                func.max(runs.c.started_at).label("last")).group_by(runs.c.set_key)


@dataclass(frozen=True, slots=True)
class Opening:
    """One line of the ledger: the sealed test split was scored with this variant and model."""

    opened_at: str
    variant: str
    model: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Before:
    """The weighted F1 of a prompt on a split of another version of the set."""

    model: str
    base_url: str
    variant: str
    split: str
    f1_weighted: Interval


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was scored of a task in other versions of its labeled set, whose cases are known by their texts.

    Attributes
    ----------
    relabeled: validation and test cases that had another label when they were scored; removed: cases that were scored
        and are not in the set any more; seen: test cases that were scored before this version was.
    openings: of test splits that held cases of this set.
    trained: fine-tuned model -> validation and test cases that were in the train split which it was tuned on.
    before: what prompts scored, the latest version first.
    """

    relabeled: int = 0
    removed: int = 0
    seen: int = 0
    openings: tuple[Opening, ...] = ()
    trained: dict[str, int] = field(default_factory=dict)
    before: tuple[Before, ...] = ()


ADAPTER: TypeAdapter[Earlier] = TypeAdapter(Earlier)


def earlier_of(workspace: Workspace, labeled_set: LabeledSet) -> Earlier:
    """What other versions of a set in the workspace say; of a published file, what was found when it was published."""
    kept = kept_text(workspace, NAME)
    if kept is not None:
        return ADAPTER.validate_json(kept)
    cases, key = labeled_set.cases, labeled_set.key
    own = dict(zip(map(normalised, cases["input"]), zip(cases[EXPECTED + MAIN_FIELD], cases["split"], strict=True),
                   strict=True))
    relabeled, removed, seen = set[str](), set[str](), set[str]()
    openings: list[Opening] = []
    before: list[Before] = []
    for other, asked in _versions(workspace, key):
        theirs = {normalised(text): label for text, label in zip(
            asked["input"], asked[EXPECTED + MAIN_FIELD], strict=True)}
        shared = own.keys() & theirs.keys()
        if len(shared) < _RELATED * min(len(own), len(theirs)):
            continue
        removed |= theirs.keys() - own.keys()
        relabeled |= {text for text in shared if own[text][0] != theirs[text] and own[text][1] != "train"}
        seen |= {text for text in shared if own[text][1] == "test"}
        sealed = set(map(normalised, other.split("test")["input"]))
        if sealed & own.keys():
            openings += openings_of(workspace, other.key)
        before += _scored(workspace, other)
    trained = {str(job["fine_tuned_model"]): _trained_on(workspace, str(job["set_key"]), own)
               for job in tuned_elsewhere(workspace, key).to_dict("records")}
    return Earlier(len(relabeled), len(removed), len(seen), tuple(sorted(openings, key=lambda o: o.opened_at)), trained,
                   tuple(before))


def openings_of(workspace: Workspace, set_key: str) -> tuple[Opening, ...]:
    """The ledger of one labeled set."""
    return tuple(Opening(o["opened_at"], o["variant"], o["model"], o["run_id"])
                 for o in workspace.openings(set_key).to_dict("records"))


def _versions(workspace: Workspace, set_key: str) -> Iterator[tuple[LabeledSet, pd.DataFrame]]:
    """Every other labeled set that was asked about before this one's latest run, the latest first, and its cases that
    were asked."""
    with workspace.engine.connect() as connection:
        times = {row.set_key: (row.first, row.last) for row in connection.execute(_TIMES)}
        latest = times.get(set_key, ("", ""))[1]
        for other in sorted((k for k, (first, _) in times.items() if k != set_key and first < latest),
                            key=lambda k: times[k], reverse=True):
            found = workspace.load_set(other)
            asked = set(connection.scalars(select(items.c.case_id).distinct().where(
                items.c.run_id.in_(select(runs.c.run_id).where(runs.c.set_key == other)))))
            yield found, found.cases[found.cases["id"].isin(asked)]


def _scored(workspace: Workspace, labeled_set: LabeledSet) -> list[Before]:
    labels, frame = labeled_set.labels(), completions(workspace, labeled_set)
    found = []
    for split in ("validation", "test"):
        for (model, base_url, variant, _), rows in groups(asked_in_full(frame[frame["split"] == split])):
            if complete(rows):
                score = score_predictions(
                    rows["expected"].tolist(), rows["predicted"].tolist(), labels, outcomes=rows["outcome"].tolist(),
                    units=rows["unit"].tolist(), cases=rows["case_id"].tolist())
                found.append(Before(model, base_url, variant, split, score.f1_weighted))
    return found


def _trained_on(workspace: Workspace, set_key: str, own: dict[str, tuple[str, str]]) -> int:
    train = set(map(normalised, workspace.load_set(set_key).split("train")["input"]))
    return sum(split != "train" and text in train for text, (_, split) in own.items())
