"""Scores and comparisons of predictions files as plain data, with the keys that --json prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set.table import counted, listed
from promptceiling.runs.predictions_file import Predictions, paired, read_predictions
from promptceiling.scores import Interval, compare_paired, score_predictions


def score_rows(frame: pd.DataFrame, labels: Sequence[str]) -> list[dict[str, Any]]:
    """The scores of each variant in a frame with `variant, case_id, expected, predicted, outcome`, in order of rows.

    `unit`, where it is there, names what is drawn together; else each case is one.
    """
    return [_score(str(name), rows, labels) for name, rows in frame.groupby("variant", sort=False)]


def score_files(files: Sequence[Path]) -> tuple[list[dict[str, Any]], list[str]]:
    """The scores of each variant in each file, by the labels that it expects, and what was noticed in reading."""
    scored: list[dict[str, Any]] = []
    notices: list[str] = []
    for path in files:
        read = read_predictions(path)
        scored += score_rows(read.rows.rename(columns={"id": "case_id"}), sorted(read.rows["expected"].unique()))
        notices += read.notices
    return scored, notices


def compare_files(
    a: Path, b: Path | None, margins: tuple[float, float], variants: Sequence[str] = ()
) -> tuple[dict[str, Any], list[str], tuple[str, str]]:
    """The paired comparison of two predictions files, what was noticed in reading them, and what the sides are called.

    `variants` names the one that is meant on either side. Without `b` both are of the first file, by default its two
    variants in the order of its rows. Raises InputError where there are not two.
    """
    first = read_predictions(a)
    second, called = first if b is None else read_predictions(b), (str(a), str(b))
    if b is None and first.numbered:
        raise InputError(f"{a.name} has no column 'id' to tell which cases of its variants are the same. Add one.",
                         file=a.name, column="id")
    held = first.rows["variant"].unique().tolist()
    if b is None and not variants and len(held) != 2:
        raise InputError(f"{a.name} holds {counted(len(held), 'variant')} ({listed([*map(repr, held)], 5)}) where two "
                         "are compared. Name them: --variant A --variant B; or give a second file.", file=a.name,
                         column="variant")
    if b is None or variants:
        sides = variants or held
        if len(sides) != 2:
            raise InputError("--variant is expected twice: the variant on the side of A, then the one of B.")
        called = (sides[0], sides[1])
        first, second = _only(first, called[0]), _only(second, called[1])
    both = paired(first, second)
    found = compare_paired(
        both["expected"].tolist(), both["a"].tolist(), both["b"].tolist(), sorted(both["expected"].unique()),
        failed_a=both["failed_a"].tolist(), failed_b=both["failed_b"].tolist(),
        units=both["unit"].tolist() if "unit" in both else None, margins=margins)
    return {
        "n": found.n, "left_out": found.left_out, "delta_f1_weighted": _interval(found.delta_f1_weighted),
        "delta_accuracy": _interval(found.delta_accuracy),
        "mcnemar": {"b": found.only_a, "c": found.only_b, "p": found.mcnemar_p},
        "verdict": found.worth, "labels_needed": found.labels_needed,
        "withheld": found.withheld, "delta_failed_wrong": found.delta_failed_wrong.value,
        "delta_failed_wrong_interval": asdict(found.delta_failed_wrong),
        "share_at_least": [{"margin": margin, "share": share} for margin, share in found.share_at_least],
        "only_in_a": len(first.rows) - len(both), "only_in_b": len(second.rows) - len(both),
        "detectable_delta_accuracy": None if math.isnan(found.detectable) else found.detectable,
    }, list(dict.fromkeys((*first.notices, *second.notices))), called


def _only(side: Predictions, variant: str) -> Predictions:
    rows = side.rows[side.rows["variant"] == variant]
    if rows.empty:
        raise InputError(f"{side.name} has no variant {variant!r}; it holds "
                         f"{listed([*map(repr, side.rows['variant'].unique())], 5)}.", file=side.name, column="variant")
    return replace(side, name=f"{side.name} ({variant})", rows=rows)


def _score(name: str, rows: pd.DataFrame, labels: Sequence[str]) -> dict[str, Any]:
    units = rows["unit" if "unit" in rows else "case_id"]
    score = score_predictions(rows["expected"].tolist(), rows["predicted"].tolist(), labels,
                              outcomes=rows["outcome"].tolist(), units=units.tolist())
    return {
        "variant": name, "n": score.n, "scored": score.scored, "outcomes": dict(score.outcomes),
        "f1_weighted": _interval(score.f1_weighted), "f1_weighted_failed_wrong": score.f1_weighted_failed_wrong.value,
        "f1_weighted_failed_wrong_interval": asdict(score.f1_weighted_failed_wrong),
        "f1_macro": score.f1_macro.value, "f1_macro_interval": _interval(score.f1_macro),
        "accuracy": _interval(score.accuracy),
        "constant_answer": {"f1_weighted": score.constant_f1, "label": score.constant_label},
        "constant_answer_interval": _interval(score.constant),
        "per_class": [
            {"label": c.label, "support": c.support,
             **{m: asdict(getattr(c, m)) for m in ("precision", "recall", "f1")}} for c in score.per_class],
        "remarks": list(score.remarks),
    }


def _interval(interval: Interval) -> dict[str, float]:
    """Value and ends of a figure that rests on all cases that are compared, or scored: their number stands beside."""
    values = asdict(interval)
    return {key: values[key] for key in ("value", "low", "high")}
