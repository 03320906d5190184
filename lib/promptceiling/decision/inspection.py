"""Errors that a person can act on, of one variant: pairs, slices, cases all miss, flips, confidence, fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from promptceiling.decision.answers import by_case, prompts_of
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.label_errors import find_label_errors
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.language import language_of
from promptceiling.runs import Workspace
from promptceiling.scores import (
    Calibration,
    ConfusedPair,
    Flips,
    MissedByAll,
    OrdinalScore,
    Score,
    Slice,
    bands_of,
    calibration_of,
    confused_pairs,
    flips_between,
    missed_by_all,
    order_of,
    ordinal_score,
    score_predictions,
    slices_of,
)

_NO_SLICE = {"id", "row", "input", "split", "second_category", "cluster", "unit", EXPECTED + MAIN_FIELD}
_MOST_VALUES = 20  # a column with more is cut into bands of numbers or quarters of a year, or left out
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-\d{2}.*", re.DOTALL)


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
    """

    answers: pd.DataFrame
    labeled_set: LabeledSet
    doubted: Mapping[str, str] | None = field(default=None)

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
            slices=slices_of(right, slice_columns(cases), units=units),
            missed=missed, shared=shared, audited=self.doubted is not None,
            flips=flips_between(own["case_id"].tolist(), own["expected"].tolist(), own["predicted"].tolist()),
            calibration=calibration_of(right, first["confidence"].tolist() if "confidence" in first
                                       else [None] * len(first), units=units, draws=500),
            fields=tuple(f for name in self.labeled_set.fields[1:]
                         if (f := _field(first, name, self.labeled_set)) is not None))

    def _missed(self, by_id: pd.DataFrame) -> tuple[tuple[Missed, ...], int]:
        asked, _ = by_case(self.answers)
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
    labeled_set = workspace.load_set(evidence.set_key)
    return Inspector(prompts_of(workspace, "validation", evidence.set_key), labeled_set,
                     doubted_labels(labeled_set) if audit else None)


def doubted_labels(labeled_set: LabeledSet) -> dict[str, str]:
    """Case id -> the label proposed instead, for labels that `find_label_errors` suspects."""
    cases = labeled_set.cases
    found = find_label_errors(cases["input"].tolist(), cases[EXPECTED + MAIN_FIELD].tolist(), cases["unit"].tolist())
    if found is None:
        return {}
    return {str(cases["id"].iloc[int(position)]): found.proposed[rank]
            for rank, position in enumerate(found.order) if found.suspected[rank]}


def slice_columns(cases: pd.DataFrame) -> dict[str, list[str]]:
    """What cases are sliced by: length, language, and every column of theirs with few values.

    A column of many numbers is cut into bands, one of many ISO dates into quarters; other columns of many values (more
    than 20) make no slices.
    """
    columns = {"length": [f"{band} characters" for band in bands_of([len(text) for text in cases["input"]])],
               "language": [language_of(text) for text in cases["input"]]}
    for column in cases:
        values = _few([str(value) for value in cases[column].fillna("")]) if column not in _NO_SLICE else None
        if values is not None:
            columns[str(column)] = values
    return columns


def _few(values: list[str]) -> list[str] | None:
    if len(set(values)) <= _MOST_VALUES:
        return values
    dates = [_ISO_DATE.fullmatch(value) for value in values]
    quarters = [f"{date[1]} Q{(int(date[2]) + 2) // 3}" if date else "no date" for date in dates]
    if sum(map(bool, dates)) > len(values) / 2:
        return quarters if len(set(quarters)) <= _MOST_VALUES else [quarter[:4] for quarter in quarters]
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return bands_of(numbers.tolist()) if numbers.notna().all() else None


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
