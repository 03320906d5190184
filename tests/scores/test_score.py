"""The score of one variant."""

import math

import numpy as np
import pytest

from promptceiling.errors import InputError
from promptceiling.scores import Score, compare_paired, score_predictions, wilson

L = ["a", "b", "c"]


def example(n=300, right=0.8, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(L, n)
    return y.tolist(), np.where(rng.random(n) < right, y, rng.choice(L, n)).tolist()


def test_a_failed_completion_is_in_no_figure_and_counted():
    """The figures are those of the rest; the other reading counts it as wrong."""
    y, p = example(100)
    outcomes = ["failed"] * 3 + ["answered"] * 97
    with_failures, rest = score_predictions(y, p, L, outcomes=outcomes), score_predictions(y[3:], p[3:], L)
    assert with_failures.f1_weighted == rest.f1_weighted
    assert (with_failures.n, with_failures.scored, with_failures.complete) == (100, 97, True)
    wrong = [answer if k > 2 else None for k, answer in enumerate(p)]
    assert with_failures.f1_weighted_failed_wrong == score_predictions(y, wrong, L).f1_weighted
    assert rest.f1_weighted_failed_wrong == rest.f1_weighted
    assert "97 scored of 100" in with_failures.remarks[0]


def test_more_than_one_in_twenty_failed_is_incomplete():
    """5 of 100 may fail, 6 may not."""
    y, p = example(100)
    assert score_predictions(y, p, L, outcomes=["failed"] * 5 + ["answered"] * 95, draws=10).complete
    assert not score_predictions(y, p, L, outcomes=["failed"] * 6 + ["answered"] * 94, draws=10).complete


def test_unparsed_refused_and_truncated_are_wrong_and_shown_apart():
    """All three are scored, none is right."""
    score = score_predictions(["a"] * 4, ["a", None, None, None], ["a", "b"],
                              outcomes=["answered", "unparsed", "refused", "truncated"])
    assert (score.scored, score.accuracy.value) == (4, 0.25)
    assert score.outcomes == {"answered": 1, "unparsed": 1, "refused": 1, "truncated": 1}


def test_nothing_scored_is_no_score():
    """All failed, or no case at all: NaN, not 0, and not complete."""
    for score in (score_predictions(["a"], [None], L, outcomes=["failed"]), score_predictions([], [], L)):
        assert math.isnan(score.f1_weighted.value)
        assert math.isnan(score.accuracy.low)
        assert (score.scored, score.complete, score.per_class) == (0, False, ())


def test_accuracy_has_wilsons_interval():
    """Where each completion is a unit of its own."""
    y, p = example(120)
    assert score_predictions(y, p, L, draws=100).accuracy == wilson(sum(a == b for a, b in zip(y, p, strict=True)), 120)


def test_copies_of_cases_do_not_narrow_any_interval():
    """Five equal repeats, named by case, say as much as one or a little less (Student's t for units).

    Without the names they look like five times as much.
    """
    y, p = example(100)
    one = score_predictions(y, p, L)
    five = score_predictions(y * 5, p * 5, L, units=list(range(100)) * 5)
    assert (five.units, five.scored) == (100, 500)
    for a, b in ((one.f1_weighted, five.f1_weighted), (one.accuracy, five.accuracy),
                 (one.per_class[0].recall, five.per_class[0].recall), (one.per_class[1].f1, five.per_class[1].f1)):
        assert b.value == pytest.approx(a.value)
        assert (b.low, b.high) == pytest.approx((a.low, a.high), abs=0.012)
        assert b.high - b.low > 0.99 * (a.high - a.low)
    assert score_predictions(y * 5, p * 5, L).f1_weighted.low > five.f1_weighted.low + 0.02


def test_the_constant_answer_has_the_interval_of_its_share():
    """60 of 100 are "a": 2 0.6^2 / 1.6 = 0.45, and Wilson's ends 0.5020 and 0.6906 give 0.3355 and 0.5642; cases in ten
    groups say less, and nothing scored says nothing."""
    truth = ["a"] * 60 + ["b"] * 40
    found = score_predictions(truth, truth, ["a", "b"]).constant

    assert (found.value, found.n) == (pytest.approx(0.45), 100)
    assert (found.low, found.high) == (pytest.approx(0.3355, abs=1e-4), pytest.approx(0.5642, abs=1e-4))
    grouped = score_predictions(truth, truth, ["a", "b"], units=[k % 10 for k in range(100)]).constant
    assert grouped.low < found.low < found.high < grouped.high
    assert math.isnan(score_predictions([], [], ["a", "b"]).constant.value)


def test_the_constant_answer_is_the_commonest_label():
    """Its weighted F1 for 6 of 10: 0.6 * 2 * 0.6 / 1.6 = 0.45; equal counts go to the first by name."""
    score = score_predictions(["b"] * 6 + ["a"] * 4, ["b"] * 10, ["b", "a"])
    assert (score.constant_label, score.constant_f1) == ("b", pytest.approx(0.45))
    assert score_predictions(["b", "a"], ["b", "b"], ["b", "a"]).constant_label == "a"
    assert any("close to always answering 'b'" in remark for remark in score.remarks)


def test_all_right_is_not_certainty():
    """20 of 20 right leaves every interval a width."""
    score = score_predictions(["a", "b"] * 10, ["a", "b"] * 10, ["a", "b"])
    assert score.f1_weighted.value == 1
    assert score.f1_weighted.low == pytest.approx(wilson(20, 20).low)
    assert score.per_class[0].f1.low < 0.9


def test_the_intervals_of_a_label_are_wilsons_of_its_shares():
    """F1 = 2 J / (1 + J) with J right answers among those expected or answered: here 3 of 5, so F1 = 0.75."""
    score = score_predictions(list("aaaabb"), list("aaabba"), ["a", "b"])
    a = score.per_class[0]
    j = wilson(3, 5)
    assert (a.f1.value, a.f1.low) == (pytest.approx(0.75), pytest.approx(2 * j.low / (1 + j.low)))
    assert (a.recall, a.precision, a.support) == (wilson(3, 4), wilson(3, 4), 4)


def test_labels_without_a_case_widen_the_macro_f1_upwards_and_are_named():
    """Two of four labels are not seen: their F1 may be anything."""
    score = score_predictions(["a", "b"] * 20, ["a", "b"] * 20, ["a", "b", "c", "d"])
    assert score.f1_macro.value == 0.5
    assert score.f1_macro.high == 1.0
    assert any(remark.startswith("2 of 4 labels have no case here") for remark in score.remarks)


def test_a_weighted_f1_far_above_the_macro_f1_is_said():
    """Rare labels that are always missed."""
    score = score_predictions(["a"] * 90 + ["b"] * 10, ["a"] * 100, ["a", "b"])
    assert any("rare labels do badly" in remark for remark in score.remarks)


def test_arrays_that_do_not_fit_are_refused():
    """Lengths, and an expected word that is no label, are named."""
    with pytest.raises(InputError, match="`predicted` has 1 entries for 2 cases"):
        score_predictions(["a", "b"], ["a"], L)
    with pytest.raises(InputError, match=r"Case 2 expects 'z'.*none of the 3 labels"):
        score_predictions(["a", "z"], ["a", "a"], L)


def test_the_same_seed_gives_the_same_score():
    """And arrays, lists or frames' columns give the same."""
    y, p = example()
    first: Score = score_predictions(y, p, L, draws=500)
    assert first == score_predictions(np.array(y, dtype=object), np.array(p, dtype=object), L, draws=500)


@pytest.mark.parametrize("size", [1, 4])
def test_the_lead_over_the_constant_answer_is_that_of_a_paired_comparison(size):
    """Alone and in units of four cases, value and ends agree with the paired bootstrap against the commonest label."""
    rng = np.random.default_rng(3)
    expected = rng.choice(["a", "b", "c"], 800, p=[0.7, 0.2, 0.1]).tolist()
    said = [label if rng.random() < 0.8 else "b" for label in expected]
    units = [k // size for k in range(800)]
    found = score_predictions(expected, said, ["a", "b", "c"], units=units).above_constant
    reference = compare_paired(expected, ["a"] * 800, said, ["a", "b", "c"], units=units).delta_f1_weighted

    assert found.value == pytest.approx(reference.value, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.004)
