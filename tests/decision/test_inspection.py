"""Errors that a person can act on."""

import pandas as pd
import pytest
from tests.decision.made_up_evidence import evidence, nothing_run, prompt
from tests.made_up import made_cases, made_set

from promptceiling.decision.answers import prompts_of
from promptceiling.decision.inspection import Inspector, doubted_labels, inspector_of, missed_share
from promptceiling.decision.slicing import slice_columns
from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.runs import Workspace


def answers_of(labeled_set, said, *names, **columns):
    """`said(case)` as the answer of each named variant."""
    best = prompt()
    return prompts_of(pd.DataFrame([
        {"case_id": case.id, "variant": name, "model": best.model, "base_url": best.base_url,
         "fingerprint": best.fingerprint, "expected": case.expected_category, "unit": case.id,
         "predicted": said(case)} | {column: value(case) for column, value in columns.items()}
        for name in names or (best.name,) for case in labeled_set.cases.itertuples()]), "validation")


def test_an_inspection_counts_what_the_answers_show():
    """Every billing case is called export: one pair, with all its cases, and each of them missed by all."""
    labeled_set = split_labeled_set(made_set(made_cases(60)))
    answers = answers_of(labeled_set, lambda c: "export" if c.expected_category == "billing" else c.expected_category)
    found = Inspector(answers, labeled_set).inspect(prompt())

    assert [(p.expected, p.predicted, p.count) for p in found.pairs] == [("billing", "export", 20)]
    assert (len(found.missed), found.shared, found.audited) == (20, 60, False)
    assert {m.found.expected for m in found.missed} == {"billing"}
    assert {found.cases[k][2] for k in found.pairs[0].positions} == {"billing"}


def test_a_missed_case_brings_the_second_readers_label_and_the_audits():
    """Each only where there is one."""
    cases = made_cases(60)
    for k, case in enumerate(cases):
        case["second_category"] = "access" if k == 0 else ""
    labeled_set = split_labeled_set(made_set(cases))
    answers = answers_of(labeled_set, lambda c: "export" if c.expected_category == "billing" else c.expected_category)
    missed = {m.id: m for m in Inspector(answers, labeled_set, {"c0003": "export"}).inspect(prompt()).missed}

    assert (missed["c0000"].second_label, missed["c0000"].doubted) == ("access", None)
    assert (missed["c0003"].second_label, missed["c0003"].doubted) == (None, "export")


def test_a_case_that_some_variant_failed_on_is_missed_by_none():
    """Failed is not wrong: of two variants that both miss every billing case one failed on four of sixty."""
    labeled_set = split_labeled_set(made_set(made_cases(120)))
    answers = answers_of(labeled_set, lambda c: "export" if c.expected_category == "billing" else c.expected_category,
                         prompt().name, "another")
    down = (answers["variant"] == "another") & answers["case_id"].isin(["c0000", "c0003", "c0006", "c0001"])
    answers.loc[down, ["outcome", "predicted"]] = ["failed", None]
    found, share = Inspector(answers, labeled_set).inspect(prompt()), missed_share(answers)

    assert (len(found.missed), found.shared) == (37, 116)
    assert (share.value, share.n) == (pytest.approx(37 / 116), 116)
    assert not {"c0000", "c0001"} & {m.id for m in found.missed}


def test_the_audit_doubts_a_planted_error():
    """One billing text is called export: the other cases propose billing."""
    cases = made_cases(90)
    cases[0]["expected_category"] = "export"
    assert doubted_labels(split_labeled_set(made_set(cases))).get("c0000") == "billing"


def test_columns_of_many_values_become_bands_or_quarters_or_nothing():
    """Few values stay; numbers become four bands, dates quarters of a year, and free text no slice."""
    n = 60
    cases = pd.DataFrame({
        "id": map(str, range(n)), "input": ["How is it?"] * n, "team": ["a", "b", ""] * (n // 3),
        "age": map(str, range(n)),
        "opened": [f"2026-{1 + k % 12:02}-{1 + k % 28:02}" for k in range(n)], "note": [f"note {k}" for k in range(n)]})
    columns = slice_columns(cases)

    assert list(columns) == ["length", "language", "team", "age", "opened"]
    assert set(columns["team"]) == {"a", "b", ""}
    assert sorted(set(columns["age"])) == ["0 to 14", "15 to 29", "30 to 44", "45 to 59"]
    assert set(columns["opened"]) == {f"2026 Q{q}" for q in (1, 2, 3, 4)}


def test_a_further_field_is_scored_where_it_was_asked_for():
    """As the category is; a known order tells how far off the answers are, and an unasked field is left out."""
    cases = [case | {"expected_priority": ("low", "medium", "high")[k % 3]} for k, case in enumerate(made_cases(60))]
    labeled_set = split_labeled_set(made_set(cases))
    answers = answers_of(labeled_set, lambda c: c.expected_category, expected_priority=lambda c: c.expected_priority,
                         predicted_priority=lambda c: "low")
    (field,) = Inspector(answers, labeled_set).inspect(prompt()).fields

    assert (field.name, field.score.accuracy.value) == ("priority", pytest.approx(1 / 3))
    assert (field.ordinal.order, field.ordinal.distance.value) == (("low", "medium", "high"), pytest.approx(1.0))
    assert Inspector(answers_of(labeled_set, lambda c: "x"), labeled_set).inspect(prompt()).fields == ()


def test_a_variant_without_an_answer_is_refused(tmp_path):
    """And a workspace before its first run has nothing to inspect."""
    labeled_set = split_labeled_set(made_set(made_cases(60)))
    with pytest.raises(InputError, match="no answer here"):
        Inspector(answers_of(labeled_set, lambda c: "x", "another"), labeled_set).inspect(evidence().best)
    with Workspace(tmp_path / "w") as workspace:
        assert inspector_of(workspace, nothing_run()) is None
