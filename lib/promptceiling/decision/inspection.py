"""Errors that a person can act on, of one variant: pairs, slices, cases all miss, flips, confidence, fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from promptceiling.decision.answers import asked_in_full, complete, first_repeat, groups, prompts_of
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.decision.slicing import slices_among
from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.label_errors import find_label_errors
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.runs import Workspace
from promptceiling.scores import (
    Calibration,
    ConfusedPair,
    Flips,
    Interval,
    MissedByAll,
    OrdinalScore,
    Score,
    Slice,
    calibration_of,
    confused_pairs,
    flips_between,
    missed_by_all,
    order_of,
    ordinal_score,
    score_predictions,
)
from promptceiling.scores.interval import share_among
from promptceiling.scores.metrics import unit_codes


@dataclass(frozen=True, slots=True)
class FieldScore:
    """A further field, scored as the category is; `ordinal` where its values have a known order."""

    name: str
    score: Score
    ordinal: OrdinalScore | None


@dataclass(frozen=True, slots=True)
class Missed:
    """A case that every variant gets wrong, and what speaks against its label.

    second_label: what a second reader called it, None without one; doubted: what the audit's classifier proposes where
    it suspects the label, None where it does not or was not asked.
    """

    id: str
    text: str
    found: MissedByAll
    second_label: str | None
    doubted: str | None

    @property
    def contested(self) -> bool:
        """Whether anything but the variants speaks against the label."""
        return self.doubted is not None or self.second_label not in (None, self.found.expected)


@dataclass(frozen=True, slots=True)
class Inspection:
    """Answers of one variant, case by case, and what is to be learnt from them.

    Attributes
    ----------
    name: of the variant; cases: (id, text, expected, answered) of every case that did not fail; answered is None for no
        label.
    missed: of the `shared` cases that all variants were asked, those that every one of them misses, contested ones
        first; `audited` says whether the audit was asked about them.
    flips: answers that changed between repeats; its shares are NaN without repeats.
    """

    name: str
    labels: tuple[str, ...]
    cases: tuple[tuple[str, str, str, str | None], ...]
    pairs: tuple[ConfusedPair, ...]
    slices: tuple[Slice, ...]
    missed: tuple[Missed, ...]
    shared: int
    audited: bool
    flips: Flips
    calibration: Calibration
    fields: tuple[FieldScore, ...]


@dataclass(frozen=True, slots=True)
class Inspector:
    """Prompts' answers on one split, as `prompts_of` gives them, to be inspected variant by variant.

    doubted: case id -> the label that the audit proposes instead, see `doubted_labels`; None where it was not asked.
    latencies: variant -> seconds of calls that were timed apart; a variant that was not timed is missing.
    """

    answers: pd.DataFrame
    labeled_set: LabeledSet
    doubted: Mapping[str, str] | None = None
    latencies: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def inspect(self, scored: Scored) -> Inspection:
        """The inspection of one variant. Raises InputError where it has no answer that did not fail."""
        labels, by_id = self.labeled_set.labels(), self.labeled_set.cases.set_index("id", drop=False)
        own = self.answers
        for column, value in (("fingerprint", scored.fingerprint), ("variant", scored.name), ("model", scored.model),
                              ("base_url", scored.base_url)):
            own = own[own[column] == value]
        own = own[own["outcome"] != "failed"]
        if own.empty:
            raise InputError(f"The variant {scored.name!r} has no answer here; run it first.")
        first = own.sort_values(["case_id", "repeat"]).drop_duplicates("case_id")
        cases = by_id.loc[first["case_id"]]
        expected, predicted = first["expected"].tolist(), first["predicted"].tolist()
        right = [said == truth for truth, said in zip(expected, predicted, strict=True)]
        units = first["unit"].tolist() if "unit" in first else None
        missed, shared = self._missed(by_id)
        return Inspection(
            name=scored.name, labels=labels,
            cases=tuple(zip(cases["id"], cases["input"], expected, predicted, strict=True)),
            pairs=confused_pairs(expected, predicted, labels, most=10),
            slices=slices_among(first, self.labeled_set),
            missed=missed, shared=shared, audited=self.doubted is not None,
            flips=flips_between(own["case_id"].tolist(), own["expected"].tolist(), own["predicted"].tolist()),
            calibration=calibration_of(right, first["confidence"].tolist() if "confidence" in first
                                       else [None] * len(first), units=units, draws=500),
            fields=tuple(f for name in self.labeled_set.fields[1:]
                         if (f := _field(first, name, self.labeled_set)) is not None))

    def _missed(self, by_id: pd.DataFrame) -> tuple[tuple[Missed, ...], int]:
        asked = answered_by_all(self.answers)
        if not asked:
            return (), 0
        shared = asked[0][1]
        found = missed_by_all(shared["expected"].tolist(), {name: r["predicted"].tolist() for name, r in asked})
        ids = [str(shared.index[m.position]) for m in found]
        second = by_id["second_category"].to_dict() if "second_category" in by_id else {}
        missed = [Missed(i, str(by_id.at[i, "input"]), m, second.get(i) or None, (self.doubted or {}).get(i))
                  for i, m in zip(ids, found, strict=True)]
        return tuple(sorted(missed, key=lambda m: not m.contested)), len(shared)


def inspector_of(workspace: Workspace, evidence: Evidence, *, audit: bool = False) -> Inspector | None:
    """The answers of a workspace's prompts on the validation split; None before the first run.

    With `audit` the labels that the audit doubts are marked, which takes some seconds for a thousand cases.
    """
    if evidence.best is None:
        return None
    labeled_set, timed = workspace.load_set(evidence.set_key), workspace.latencies(evidence.set_key)
    seconds = {f"{p.name} ({p.model})": tuple(timed.loc[
        (timed["fingerprint"] == p.fingerprint) & (timed["model"] == p.model) & (timed["base_url"] == p.base_url),
        "seconds"].tolist()) for p in evidence.prompts}
    return Inspector(
        prompts_of(workspace, "validation", evidence.set_key), labeled_set,
        doubted_labels(labeled_set) if audit else None, {name: each for name, each in seconds.items() if each})


def doubted_labels(labeled_set: LabeledSet) -> dict[str, str]:
    """Case id -> the label proposed instead, for labels that `find_label_errors` suspects."""
    cases = labeled_set.cases
    found = find_label_errors(cases["input"].tolist(), cases[EXPECTED + MAIN_FIELD].tolist(), cases["unit"].tolist())
    if found is None:
        return {}
    return {str(cases["id"].iloc[int(position)]): found.proposed[rank]
            for rank, position in enumerate(found.order) if found.suspected[rank]}


def answered_by_all(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each variant with few enough failures, on the cases that none of them failed on; empty where there is none."""
    kept = [(str(rows["variant"].iloc[0]), first_repeat(rows)) for _, rows in groups(asked_in_full(frame))
            if complete(rows)]
    cases = sorted(set.intersection(*(set(r.index[r["outcome"] != "failed"]) for _, r in kept))) if kept else []
    return [(f"{place} {name}", rows.loc[cases]) for place, (name, rows) in enumerate(kept)] if cases else []


def missed_share(frame: pd.DataFrame) -> Interval | None:
    """The share of cases that every variant gets wrong; None where no case was answered by all."""
    asked = answered_by_all(frame)
    if not asked:
        return None
    wrong = np.logical_and.reduce([(rows["predicted"] != rows["expected"]).to_numpy() for _, rows in asked])
    return share_among(wrong, np.ones(len(wrong), dtype=bool), unit_codes(asked[0][1]["unit"].tolist()))


def _field(rows: pd.DataFrame, name: str, labeled_set: LabeledSet) -> FieldScore | None:
    """None where the variant was not asked for the field."""
    if f"predicted_{name}" not in rows:
        return None
    rows = rows[rows[EXPECTED + name] != ""]
    said: Sequence[str | None] = [p if isinstance(p, str) else None for p in rows[f"predicted_{name}"]]
    if not any(said):
        return None
    expected, labels = rows[EXPECTED + name].tolist(), labeled_set.labels(name)
    order = order_of(labels)
    units = rows["unit"].tolist() if "unit" in rows else None
    return FieldScore(name, score_predictions(expected, said, labels, units=units),
                      ordinal_score(expected, said, order, units=units) if order else None)
