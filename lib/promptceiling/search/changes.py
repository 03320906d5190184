"""Two variants side by side: what was changed in text and shots, and what that did per class and case by case."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts import PromptVariant, Shot, ShotPicker, render
from promptceiling.prompts.shots import Vectors
from promptceiling.runs import Endpoint, Workspace, completions
from promptceiling.runs.embedding import vectors_at_hand
from promptceiling.scores import Comparison, Interval, compare_paired, score_predictions
from promptceiling.scores.paired import share_difference

Sign = Literal["same", "gone", "new"]
Fate = Literal["fixed", "broken", "still wrong"]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that either variant got wrong: `before` and `after` are their answers, None for no label."""

    id: str
    text: str
    expected: str
    before: str | None
    after: str | None
    fate: Fate


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A label's F1 under both variants on the same cases, with how many of its cases were fixed and broken.

    f1_before, f1_after: with their intervals, as `ClassScore` has them; recall_change: (fixed - broken) / support, with
    the interval of `share_difference`. Cases of one group or near-duplicates of one another count as one unit.
    """

    label: str
    support: int
    f1_before: Interval
    f1_after: Interval
    fixed: int
    broken: int
    recall_change: Interval


@dataclass(frozen=True, slots=True)
class Scored:
    """What a change did to the score.

    comparison: the paired difference, after minus before, with its interval; classes: in the order of the labels;
    cases: those that either got wrong, in the order of the split; both_right: all the others.
    """

    comparison: Comparison
    classes: tuple[ClassChange, ...]
    cases: tuple[CaseChange, ...]
    both_right: int

    def count(self, fate: Fate) -> int:
        """How many cases were fixed, were broken, or are still wrong."""
        return sum(case.fate == fate for case in self.cases)


@dataclass(frozen=True, slots=True)
class VariantDiff:
    """What differs between two variants.

    Attributes
    ----------
    settings: (name, before, after) of each property that differs, as texts; text and templates stand in `lines`.
    lines: (sign, line) of everything sent but shots and case: the system text, and the format or the questions.
    same_shots: the share of cases whose shots are the same in the same order; shots_kept: the mean share of the first
        variant's shots that the second shows too. NaN without shots.
    scored: None where the workspace does not hold the answers of both.
    """

    before: PromptVariant
    after: PromptVariant
    settings: tuple[tuple[str, str, str], ...]
    lines: tuple[tuple[Sign, str], ...]
    same_shots: float
    shots_kept: float
    scored: Scored | None


def diff_variants(
    labeled_set: LabeledSet, before: PromptVariant, after: PromptVariant, workspace: Workspace | None = None,
    endpoint: Endpoint | None = None, *, split: str = "validation", vectors: Vectors | None = None, seed: int = 0,
) -> VariantDiff:
    """The difference of two variants; with a workspace and an endpoint, also what it did to the score on a split.

    Only cases that both answered count. Raises InputError for an empty split.
    """
    cases = labeled_set.split(split)
    if cases.empty:
        raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    if vectors is None and endpoint is not None:
        vectors, _ = vectors_at_hand(workspace, labeled_set, (before, after), endpoint, split)
    picker = ShotPicker(labeled_set, vectors)
    shots = [[tuple(s.id for s in own) for own in picker.pick(v, cases)] for v in (before, after)]
    pairs = list(zip(*shots, strict=True))
    kept = [len(set(a) & set(b)) / len(a) for a, b in pairs if a]
    return VariantDiff(
        before, after, _settings(before, after), _lines(before, after),
        sum(a == b for a, b in pairs) / len(pairs) if before.shots or after.shots else float("nan"),
        sum(kept) / len(kept) if kept else float("nan"),
        None if workspace is None or endpoint is None else _scored(
            workspace, labeled_set, (before, after), endpoint, split, seed))


def _settings(before: PromptVariant, after: PromptVariant) -> tuple[tuple[str, str, str], ...]:
    left_out = ("name", "kind", "parent", "instructions", "fields", "system_template", "case_template", "values")
    names = [f.name for f in fields(PromptVariant) if f.name not in left_out]
    return tuple((name, _said(getattr(before, name)), _said(getattr(after, name))) for name in names
                 if getattr(before, name) != getattr(after, name))


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(" / ".join(map(str, pair)) for pair in value) or "none"
    return "none" if value is None else str(value).replace("_", " ")


def _lines(before: PromptVariant, after: PromptVariant) -> tuple[tuple[Sign, str], ...]:
    signs: dict[str, Sign] = {" ": "same", "-": "gone", "+": "new"}
    told = difflib.ndiff(_sent(before), _sent(after))
    return tuple((signs[line[0]], line[2:]) for line in told if line[0] in signs)


def _sent(variant: PromptVariant) -> list[str]:
    """Everything that is sent but shots and case, line by line; a place is kept where the examples stand."""
    shot = [Shot("", "…", {f.name: "…" for f in variant.fields})] if variant.shots else []
    rendered = render(variant, "…", shot)
    asked = rendered.questions or rendered.response_format
    texts = [m["content"] for m in rendered.messages] + ([json.dumps(asked, indent=1, ensure_ascii=False)] if asked
                                                         else [])
    return [line for text in texts for line in text.split("\n")]


def _scored(
    workspace: Workspace, labeled_set: LabeledSet, both: tuple[PromptVariant, PromptVariant], endpoint: Endpoint,
    split: str, seed: int,
) -> Scored | None:
    frame = completions(workspace, labeled_set)
    frame = frame[(frame["base_url"] == endpoint.base_url) & (frame["model"] == endpoint.model)
                  & (frame["split"] == split) & (frame["repeat"] == 0)]
    rows = [frame[(frame["variant"] == v.name) & (frame["fingerprint"] == v.fingerprint)].set_index("case_id")
            for v in both]
    cases = labeled_set.split(split).set_index("id")
    shared = [k for k in cases.index if all(k in r.index and r.at[k, "outcome"] != "failed" for r in rows)]
    if not shared:
        return None
    cases = cases.loc[shared]
    expected: list[str] = cases[EXPECTED + MAIN_FIELD].tolist()
    a, b = ([p if isinstance(p, str) else None for p in r.loc[shared, "predicted"]] for r in rows)
    changes = [CaseChange(case, text, right, x, y, fate) for case, text, right, x, y in zip(
        shared, cases["input"], expected, a, b, strict=True) if (fate := _fate(right, x, y))]
    return Scored(
        compare_paired(expected, a, b, labeled_set.labels(), units=cases["unit"].tolist(), seed=seed),
        _classes(expected, a, b, cases["unit"].to_numpy(), labeled_set.labels()), tuple(changes),
        len(shared) - len(changes))


def _fate(right: str, before: str | None, after: str | None) -> Fate | None:
    if before == right:
        return None if after == right else "broken"
    return "fixed" if after == right else "still wrong"


def _classes(
    expected: Sequence[str], a: Sequence[str | None], b: Sequence[str | None], units: NDArray[np.object_],
    labels: Sequence[str],
) -> tuple[ClassChange, ...]:
    before, after = (score_predictions(expected, p, labels, units=units.tolist(), draws=1).per_class for p in (a, b))
    right = np.array(expected, dtype=object)
    hits = [np.array(p, dtype=object) == right for p in (a, b)]
    found = []
    for one, other in zip(before, after, strict=True):
        own = right == one.label
        was, now = hits[0][own], hits[1][own]
        found.append(ClassChange(one.label, one.support, one.f1, other.f1, int((now & ~was).sum()),
                                 int((was & ~now).sum()), share_difference(was, now, units[own])))
    return tuple(found)
