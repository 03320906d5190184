"""Scores and comparisons of predictions files as plain data, with the keys that --json prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from promptceiling.runs.predictions_file import paired, read_predictions
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


def compare_files(a: Path, b: Path, margins: tuple[float, float]) -> tuple[dict[str, Any], list[str]]:
    """The paired comparison of two predictions files, and what was noticed in reading them."""
    first, second = read_predictions(a), read_predictions(b)
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
    }, list(dict.fromkeys((*first.notices, *second.notices)))


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
