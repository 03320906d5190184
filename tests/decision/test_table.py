import math
from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import (
    DEAR,
    DEFAULTS,
    OPEN,
    PRICES,
    SLOW,
    TUNED_IN_VAIN,
    TUNED_WELL,
    alternative,
    around,
    evidence,
    nothing_run,
    plateau,
    tokens,
)

from promptceiling.decision import Assumptions, table_of
from promptceiling.scores import Interval


def row(row_id, found, **stated):
    return next(r for r in table_of(found, Assumptions(**stated), PRICES) if r.id == row_id)


NAN = Interval(math.nan, math.nan, math.nan, 0)

STATUSES = [
    ("no_evals", nothing_run(labels=0), "met"),
    ("no_evals", nothing_run(labels=1), "not met"),
    ("few_labels", evidence(labels=499), "met"),
    ("few_labels", evidence(labels=500), "not met"),
    ("f1", nothing_run(), "not measured"),
    ("f1", evidence(f1=around(0.88, 0.02)), "met"),
    ("f1", evidence(f1=around(0.88, 0.04)), "undecidable"),
    ("f1", evidence(f1=around(0.82, 0.02)), "not met"),
    ("f1", evidence(f1=around(0.88, 0.02), test_f1=around(0.8, 0.02)), "not met"),
    ("latency", nothing_run(), "not measured"),
    ("latency", evidence(p95=None), "not measured"),
    ("latency", evidence(p95=NAN), "not measured"),
    ("latency", evidence(p95=SLOW), "met"),
    ("latency", evidence(p95=around(290.0, 20.0, 100)), "undecidable"),
    ("latency", evidence(p95=around(200.0, 20.0, 100)), "not met"),
    ("latency", evidence(p95=OPEN), "undecidable"),
    ("latency", evidence(p95=Interval(500.0, 400.0, math.inf, 40)), "met"),
    ("cost", nothing_run(), "not measured"),
    ("cost", evidence(model="unknown"), "not measured"),
    ("cost", evidence(use=DEAR), "met"),
    ("cost", evidence(use=tokens()), "not met"),
    ("cost", evidence(use=tokens(6_000.0, 0.0, 800.0, half=500.0)), "undecidable"),
    ("plateau", nothing_run(), "not measured"),
    ("plateau", evidence(plateau=plateau("confirmed")), "met"),
    ("plateau", evidence(plateau=plateau("still climbing")), "not met"),
    ("plateau", evidence(plateau=plateau("too few iterations")), "not met"),
    ("plateau", evidence(plateau=plateau("one kind only")), "not met"),
    ("plateau", evidence(plateau=plateau("too few cases")), "undecidable"),
    ("plateau", evidence(plateau=plateau("confirmed", best=0.86)), "not met"),
    ("tune_delta", evidence(), "not measured"),
    ("tune_delta", evidence(alternatives=(TUNED_WELL,)), "not met"),
    ("tune_delta", evidence(alternatives=(TUNED_IN_VAIN,)), "met"),
    ("tune_delta", evidence(alternatives=(alternative("fine-tune", around(0.065, 0.01)),)), "met"),
    ("tune_delta", evidence(alternatives=(alternative("fine-tune", around(0.06, 0.05)),)), "undecidable"),
    ("tune_delta", evidence(alternatives=(replace(TUNED_WELL, comparable=False),)), "undecidable"),
    ("tune_delta", evidence(alternatives=(alternative("local", around(0.12, 0.03)),)), "not measured"),
]


@pytest.mark.parametrize(("row_id", "found", "status"), STATUSES)
def test_a_row_is_answered_by_its_whole_interval(row_id, found, status):
    """Met, not met, undecidable or not measured, for each row on both sides of its threshold and across it."""
    assert row(row_id, found).status == status


@pytest.mark.parametrize(("row_id", "found", "stated", "status"), [
    ("few_labels", evidence(), {"labels_enough": 1001}, "met"),
    ("f1", evidence(f1=around(0.8, 0.02)), {"f1_ship": 0.7}, "met"),
    ("latency", evidence(), {"sla_ms": 10.0}, "met"),
    ("cost", evidence(), {"requests_per_month": 1e8}, "met"),
    ("cost", evidence(), {"budget_usd_per_month": 50.0}, "met"),
    ("cost", evidence(model="unknown"), {"price_of": "m"}, "not met"),
    ("plateau", evidence(plateau=plateau("confirmed")), {"f1_ship": 0.7}, "not met"),
    ("plateau", evidence(plateau=plateau("good enough", best=0.86)), {"f1_ship": 0.9}, "undecidable"),
    ("plateau", evidence(plateau=plateau("confirmed", best=0.86)), {"f1_ship": 0.9}, "met"),
    ("tune_delta", evidence(alternatives=(TUNED_WELL,)), {"margin_low": 0.2, "margin_high": 0.3}, "met"),
    ("tune_delta", evidence(alternatives=(TUNED_IN_VAIN,)), {"margin_low": 0.02}, "undecidable"),
])
def test_a_stated_threshold_changes_its_row(row_id, found, stated, status):
    """Each assumption is used by the row that shows it."""
    assert row(row_id, found, **stated).status == status


def test_failures_are_said_beside_the_score_in_both_readings():
    """12 of 400 calls failed: the figure is of the others, and what it is where they count as wrong stands beside."""
    found = evidence(failed=12)
    best = replace(found.best, score=replace(found.best.score, f1_weighted_failed_wrong=around(0.68, 0.03)))

    assert "12 of 400 calls failed and are in no figure; counted as wrong, they make it 0.68 [0.65, 0.71]." in row(
        "f1", replace(found, prompts=(best,))).reason
    assert "failed" not in row("f1", evidence()).reason


def test_a_threshold_that_was_moved_says_its_default():
    """In the condition itself, wherever the row is shown; one that was left alone says nothing."""
    moved = Assumptions(f1_ship=0.6, labels_enough=300, sla_ms=200, margin_low=0.02, margin_high=0.08)
    said = {found.id: found.condition for found in table_of(evidence(alternatives=(TUNED_WELL,)), moved, PRICES)}
    usual = {found.id: found.condition for found in table_of(evidence(alternatives=(TUNED_WELL,)), DEFAULTS, PRICES)}

    assert said["f1"] == "The prompt's F1 is above 0.60, by default 0.85"
    assert said["few_labels"] == "Fewer than 300 labeled examples, by default 500"
    assert said["latency"].endswith("200 ms (p95), by default 300")
    assert said["tune_delta"].endswith("under 2–8 points, by default 5–8")
    assert not any("default" in condition for condition in usual.values())


def test_labels_that_would_decide_are_said():
    """0.87 [0.83, 0.91] on 400 against 0.85: n (1.96 s / d)^2 = 400 (0.04 / 0.02)^2 = 1,600 in all, 1,200 more."""
    found = row("f1", evidence(f1=around(0.87, 0.04)))

    assert found.remedy == "Label about 1,200 more validation cases and it becomes decidable."
    assert found.reason == "Best prompt, 5 shots: weighted F1 0.87 [0.83, 0.91] on 400 validation cases."


@pytest.mark.parametrize(("row_id", "found", "remedy"), [
    ("few_labels", evidence(labels=290), "Label 210 more: 500 are taken as enough for a fine-tune."),
    ("f1", evidence(f1=around(0.87, 0.021, 60)), "Label about 40 more validation cases and it becomes decidable."),
    ("f1", evidence(f1=around(0.9, 0.02, 60)),
     "Label 40 more validation cases: below 100 a score carries no verdict."),
    ("f1", evidence(f1=around(0.851, 0.04)), "No realistic number of labels would tell."),
    ("plateau", evidence(plateau=plateau("too few cases", labels_needed=1230)),
     "Label about 1,230 more to tell whether more iterations would still gain +2.0 pp."),
    ("plateau", evidence(plateau=plateau("too few cases")),
     "No realistic number of labels would tell whether more iterations would still gain +2.0 pp."),
    ("tune_delta", evidence(alternatives=(alternative("fine-tune", around(0.06, 0.05), labels_needed=2150),)),
     "Label about 2,150 more test cases."),
    ("tune_delta", evidence(alternatives=(alternative("fine-tune", around(0.06, 0.05)),)),
     "No realistic number of labels would tell."),
])
def test_each_open_row_says_how_many_labels_close_it(row_id, found, remedy):
    """The number where there is one, and that there is none where it would not be realistic."""
    assert row(row_id, found).remedy == remedy


def test_the_figure_corrected_for_having_picked_it_is_beside_the_winner():
    """Only for a validation figure: the test split's needs no correction."""
    corrected = around(0.68, 0.03)

    assert row("f1", evidence(selection_corrected=corrected)).reason.endswith(
        "Corrected for having picked it: 0.68 [0.65, 0.71].")
    sealed = row("f1", evidence(selection_corrected=corrected, test_f1=around(0.69, 0.03)))
    assert sealed.reason == "Best prompt, 5 shots: weighted F1 0.69 [0.66, 0.72] on 400 test cases."


def test_the_embedded_model_is_priced_as_another_and_that_is_said():
    """Its calls cost nothing, so the row names the price that stands in; at gpt-6-luna 800 and 50 tokens are $0.105."""
    found = row("cost", evidence(model="embedded-in-context", embedded=True))

    assert found.interval.value == pytest.approx(10.5)
    assert "$0.105 [0.105, 0.105] per 1,000" in found.reason
    assert "at the price of gpt-6-luna (2026-11-23), which stands in for the embedded model." in found.reason


def test_a_comparison_with_failures_decides_nothing():
    """Where the comparison withholds its verdict, the row is undecidable and gives the reason."""
    why = "8.0% of the completions failed (at most 5% may); run the failed ones again."
    withheld = replace(TUNED_WELL, comparable=False, comparison=replace(TUNED_WELL.comparison, withheld=why))

    found = row("tune_delta", evidence(alternatives=(withheld,)))

    assert found.status == "undecidable"
    assert found.reason.endswith(why)


def test_a_plateau_of_weak_tries_is_said_to_be_one():
    """Three iterations wholly below the best gain nothing; how far below is said, and of near ones nothing is."""
    best, weak, near = (Interval(v, v - 0.04, v + 0.04, 400) for v in (0.7, 0.4, 0.67))
    found = plateau("confirmed")
    tried = {name: row("plateau", evidence(plateau=replace(found, scores=(best,) * 3 + (last,) * 3))).reason
             for name, last in (("weak", weak), ("near", near))}

    assert "all three lie wholly below the best, the nearest at 0.40 [0.36, 0.44] against 0.70 [0.66" in tried["weak"]
    assert "below the best" not in tried["near"]
