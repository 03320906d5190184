from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.decision.made_up_evidence import (
    DEAR,
    DEFAULTS,
    GOOD,
    LOCAL_ALIKE,
    LOCAL_WELL,
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
    prompt,
    tokens,
)

from promptceiling.decision import (
    Assumptions,
    ClassChange,
    ModelEnd,
    ModelEnds,
    Readiness,
    Row,
    ShareChange,
    TokenUse,
    Verdict,
    decide,
)
from promptceiling.decision.conditions import ROWS, Answers
from promptceiling.decision.precedence import VERDICT_OF, rule_of
from promptceiling.decision.reasons import because
from promptceiling.decision.worlds import plausible_verdicts
from promptceiling.scores import Interval, LearningCurve
from promptceiling.scores.learning import CurvePoint, Forecast

EVALS, COLLECT, SHIP, ITERATE, SMALLER, LOCAL, CHEAPER, TUNE, DROP, OPEN_END = get_args(Verdict)
TUNES = (CHEAPER, TUNE)
CONFIRMED = plateau("confirmed")
OTHER = replace(prompt(around(0.6, 0.03), name="5 shots, smaller", model="n"), tied=False)
DEARISH = tokens(8_000.0, 0.0, 1_000.0)  # $1,300 a month; a fine-tune costs $2,141 with its GPU and its loop


def verdict(found, assumptions=DEFAULTS):
    return decide(found, assumptions, PRICES)


def on(found, n):
    """The alternative, compared on `n` cases with the same figures."""
    delta = replace(found.delta, n=n)
    return replace(found, comparison=replace(found.comparison, delta_f1_weighted=delta, n=n))


# --- every verdict, and what comes first

TABLE = [
    ("no labels", nothing_run(labels=0, classes={}), EVALS),
    ("nothing run", nothing_run(), OPEN_END),
    ("few labels", evidence(labels=499), COLLECT),
    ("few labels, and a plateau", evidence(labels=499, plateau=CONFIRMED), COLLECT),
    ("few labels, but the prompt is good", evidence(labels=499, f1=GOOD), SHIP),
    ("few labels, F1 undecidable", evidence(labels=499, f1=around(0.86, 0.03)), COLLECT),
    ("good", evidence(f1=GOOD), SHIP),
    ("good, a plateau and a fine-tune that gains",
     evidence(f1=GOOD, plateau=CONFIRMED, alternatives=(TUNED_WELL,)), SHIP),
    ("good, latency not measured", evidence(f1=GOOD, p95=None), SHIP),
    ("good, but slow", evidence(f1=GOOD, p95=SLOW), SMALLER),
    ("good, but dear", evidence(f1=GOOD, use=DEAR), CHEAPER),
    ("slow", evidence(p95=SLOW), SMALLER),
    ("slow and dear", evidence(p95=SLOW, use=DEAR), SMALLER),
    ("slow, with a plateau", evidence(p95=SLOW, plateau=CONFIRMED), SMALLER),
    ("dear", evidence(use=DEAR), CHEAPER),
    ("a local classifier that gains", evidence(alternatives=(LOCAL_WELL,)), LOCAL),
    ("a local classifier that gains, and a slow, dear prompt",
     evidence(p95=SLOW, use=DEAR, alternatives=(LOCAL_WELL, TUNED_WELL)), LOCAL),
    ("a local classifier that failed elsewhere",
     evidence(alternatives=(replace(LOCAL_WELL, comparable=False),)), ITERATE),
    ("a local classifier that is no better", evidence(alternatives=(LOCAL_ALIKE,)), ITERATE),
    ("still climbing", evidence(), ITERATE),
    ("too few iterations", evidence(plateau=plateau("too few iterations")), ITERATE),
    ("one kind only", evidence(plateau=plateau("one kind only")), ITERATE),
    ("a plateau", evidence(plateau=CONFIRMED), TUNE),
    ("a plateau, F1 undecidable", evidence(f1=around(0.84, 0.03), plateau=plateau("confirmed", best=0.84)), TUNE),
    ("a plateau, and a fine-tune in vain", evidence(plateau=CONFIRMED, alternatives=(TUNED_IN_VAIN,)), DROP),
    ("a plateau, and a fine-tune that gains", evidence(plateau=CONFIRMED, alternatives=(TUNED_WELL,)), TUNE),
    ("a plateau, and a fine-tune that is not decided",
     evidence(plateau=CONFIRMED, alternatives=(alternative("fine-tune", around(0.06, 0.05)),)), OPEN_END),
    ("a fine-tune that failed on more cases",
     evidence(plateau=CONFIRMED, alternatives=(replace(TUNED_WELL, comparable=False),)), OPEN_END),
    ("splits that repeat each other", evidence(f1=GOOD, leaking=2), OPEN_END),
    ("labels noisier than the threshold allows", evidence(f1=GOOD, second_reading=around(0.68, 0.03)), OPEN_END),
    ("99 cases scored", evidence(f1=around(0.95, 0.04, 99)), OPEN_END),
    ("few labels, and a good score on 99 cases", evidence(f1=around(0.95, 0.02, 99), labels=499), COLLECT),
    ("few labels, and a good score on 100 cases", evidence(f1=around(0.95, 0.02, 100), labels=499), SHIP),
    ("few labels, a good score on 99 cases, slow",
     evidence(f1=around(0.95, 0.02, 99), labels=499, p95=SLOW), COLLECT),
    ("few labels, good but slow, and another model was tried",
     evidence(labels=499, prompts=(prompt(GOOD, p95=SLOW), OTHER)), COLLECT),
    ("few labels, good but slow, nothing else was tried", evidence(labels=499, f1=GOOD, p95=SLOW), SMALLER),
    ("few labels, good but dear", evidence(labels=499, f1=GOOD, use=DEAR), COLLECT),
    ("a local classifier that gains on 99 cases", evidence(alternatives=(on(LOCAL_WELL, 99),)), ITERATE),
    ("a plateau, and a fine-tune that gains on 99 cases",
     evidence(plateau=CONFIRMED, alternatives=(on(TUNED_WELL, 99),)), OPEN_END),
    ("a good score on a part of the cases", evidence(prompts=(replace(prompt(GOOD), cases=379),)), OPEN_END),
    ("a good score on nearly all cases", evidence(prompts=(replace(prompt(GOOD), cases=380),)), SHIP),
    ("enough labels, and a good score on 99 cases", evidence(f1=around(0.95, 0.02, 99), labels=500), OPEN_END),
    ("99 cases scored, and few labels", evidence(f1=around(0.5, 0.09, 99), labels=499), COLLECT),
    ("a local classifier that clears the threshold",
     evidence(alternatives=(replace(LOCAL_ALIKE, f1_weighted=around(0.9, 0.03)),)), LOCAL),
    ("slow, and a local classifier that is no worse", evidence(p95=SLOW, alternatives=(LOCAL_ALIKE,)), LOCAL),
    ("slow, and a local classifier that is slow too",
     evidence(p95=SLOW, alternatives=(replace(LOCAL_WELL, p95_ms=SLOW),)), SMALLER),
    ("good but dear, and a local classifier that falls short",
     evidence(f1=GOOD, use=DEAR, alternatives=(LOCAL_ALIKE,)), CHEAPER),
    ("slow, and another model was tried", evidence(p95=SLOW, prompts=(prompt(p95=SLOW), OTHER)), CHEAPER),
    ("dear, but a fine-tune is dearer", evidence(use=DEARISH), SMALLER),
    ("dear, a fine-tune is dearer, another model was tried",
     evidence(prompts=(prompt(use=DEARISH), OTHER)), ITERATE),
    ("F1 undecidable, too few cases for a plateau",
     evidence(f1=around(0.84, 0.03), plateau=plateau("too few cases")), OPEN_END),
]


@pytest.mark.parametrize(("found", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_evidence_gives_the_verdict_that_comes_first(found, expected):
    """The order of precedence that `decide` writes down, condition by condition."""
    assert verdict(found).verdict == expected


def test_every_verdict_can_be_reached():
    """No word of the ten is dead."""
    assert {expected for *_, expected in TABLE} == set(get_args(Verdict))


def test_under_100_scored_cases_and_few_labels_the_score_does_not_turn_the_verdict():
    """With 200 labels and 60 scored cases, where the threshold lies makes no difference: below, within or above the
    interval 0.90 ± 0.05 the next step is labels, and every plausible world says so (they keep the 60 cases)."""
    found = evidence(f1=around(0.9, 0.05, 60), labels=200)

    for threshold in (0.8, 0.85, 0.9, 0.99):
        stated = Assumptions(f1_ship=threshold)
        assert verdict(found, stated).verdict == COLLECT
        assert plausible_verdicts(found, stated, PRICES, draws=100).share(COLLECT) == 1


@pytest.mark.parametrize(("f1", "sooner"), [
    (around(0.87, 0.04), " Sooner, about 1,200 more validation cases tell whether the prompt is above 0.85 and ships."),
    (around(0.9, 0.02, 60), " Sooner, about 40 more validation cases tell whether the prompt is above 0.85 and ships."),
    (around(0.851, 0.04), " No realistic number of labels would tell whether the prompt is above 0.85 and ships."),
    (around(0.5, 0.04), ""),
])
def test_two_numbers_of_labels_say_what_each_is_for(f1, sooner):
    """201 more make 500; n (1.96 s / d)^2 - n more, or what is missing to 100, settle the score: the same number as in
    the row. A score that is surely below needs no more."""
    assert verdict(evidence(f1=f1, labels=299)).next == (
        f"Label 201 more: 500 are taken as enough for a fine-tune.{sooner}")


# --- when there is none

@pytest.mark.parametrize("found", [evidence(), evidence(f1=GOOD), evidence(plateau=CONFIRMED, p95=SLOW, use=DEAR)])
def test_an_incomplete_run_carries_no_verdict(found):
    """Above 5% of failed calls nothing is recommended but to run again; at 5% the verdict stands."""
    (best,) = found.prompts

    def with_failures(failed):
        return verdict(replace(found, prompts=(replace(best, score=replace(best.score, scored=400 - failed)),)))

    blocked = with_failures(21)
    assert blocked.verdict == OPEN_END
    assert blocked.because == "21 of 400 calls of 5 shots failed; no verdict is given above 5%."
    assert blocked.next.startswith("Run again")
    assert with_failures(20).verdict == verdict(found).verdict != OPEN_END


@pytest.mark.parametrize(("constant", "blocked"), [(0.889, True), (0.95, True), (0.879, False)])
def test_a_score_that_the_constant_answer_nearly_reaches_carries_no_verdict(constant, blocked):
    """An F1 of 0.90 that is less than two points above always answering one label is no reason to ship."""
    decision = verdict(evidence(f1=around(0.9, 0.02), constant=constant))

    assert (decision.verdict == OPEN_END) == blocked
    assert (f"always answering 'billing' ({constant:.2f} [" in decision.because) == blocked


# --- strength, conflict, what is missing

@pytest.mark.parametrize(("found", "holds"), [
    (evidence(), (True, False, False)),
    (evidence(labels=499), (False, False, False)),
    (evidence(plateau=CONFIRMED, p95=SLOW), (True, True, True)),
    (evidence(use=DEAR), (True, True, False)),
    (evidence(labels=10, plateau=CONFIRMED), (False, False, True)),
])
def test_the_strength_counts_the_conditions_that_carry_a_fine_tune(found, holds):
    """Labels, demand and plateau are named one by one, and counted."""
    decision = verdict(found)

    assert tuple(h for _, h in decision.carrying) == holds
    assert decision.strength == sum(holds)


def test_another_prompt_that_is_as_good_as_can_be_told_is_taken_where_the_best_is_too_slow_or_too_dear():
    """It must be tied with the best and wholly under the limit or the budget that the best misses; else it does not."""
    def other(**about):
        second = prompt(around(0.69, 0.03), name="5 shots", model="n", **about)
        return replace(second, delta_to_best=around(-0.01, 0.03))

    def found(first, second):
        return verdict(evidence(prompts=(first, second)))

    fast, cheap = other(), replace(other(), model="gpt-6-luna")
    assert found(prompt(p95=SLOW), fast).rule == "another model suffices"
    assert found(prompt(use=DEARISH), cheap).rule == "another model suffices"
    assert "5 shots on n is not distinguishable from it: -1.0 pp [-4.0, +2.0]" in found(
        prompt(p95=SLOW), fast).because
    assert found(prompt(p95=SLOW), replace(fast, tied=False)).rule == "slow, others tried"
    assert found(prompt(p95=SLOW), replace(fast, p95_ms=None)).rule == "slow, others tried"
    assert found(prompt(use=DEARISH), replace(cheap, model="unpriced")).rule == "dear, no way is cheaper"
    assert found(prompt(GOOD, p95=SLOW), fast).rule == "slow, others tried"
    assert found(prompt(GOOD, p95=SLOW), replace(fast, score=prompt(around(0.84, 0.03)).score)).rule == (
        "another model suffices")


def test_not_to_be_told_apart_is_not_as_good():
    """A fast prompt that may be 8 points worse replaces none, however few cases make it a tie; 4 points are too few."""
    def with_other(half):
        other = replace(prompt(around(0.88, 0.05), name="small"), tied=True, delta_to_best=around(-0.01, half))
        return verdict(evidence(prompts=(prompt(GOOD, p95=SLOW), other))).rule

    assert with_other(0.07) == "slow"
    assert with_other(0.03) == "another model suffices"


def test_a_history_that_looked_good_and_a_test_score_that_is_not_say_both():
    """Validation reached the threshold and the sealed split is surely below it: iterate, with both figures said."""
    found = verdict(evidence(test_f1=around(0.7, 0.03), plateau=plateau("good enough", best=0.9)))

    assert found.verdict == ITERATE
    assert "0.70 [0.67, 0.73]" in found.because
    assert "at or above the threshold" in found.because
    assert found.next == "Score more variants, and the best on the sealed test split."


def test_the_ceiling_of_the_labels_is_said_beside_the_threshold():
    """A second reading that agrees on at most 92%, so that sqrt(0.92) = 96% of the labels are right as the audit says,
    or 10% of wrong labels as stated: what no score can exceed."""
    def reason(**about):
        stated = Assumptions(label_noise=about.pop("noise", 0.0))
        return verdict(evidence(**about), stated).row("f1").reason

    assert ("agrees on 0.90 [0.88, 0.92] of 300 cases, so that at most 0.96 of the labels are right if both readers "
            "err independently, no score can be told to lie above 0.96.") in reason(
        second_reading=around(0.9, 0.02, 300))
    assert "10% of the labels are stated to be wrong, no score can be told to lie above 0.90." in reason(noise=0.1)
    assert "no score can" not in reason(second_reading=around(0.99, 0.01, 300))


def test_the_end_of_the_prompts_own_model_is_said_whatever_the_verdict():
    """A prompt that ships on a model with 48 days left says so; one that outlives the horizon says nothing."""
    def conflict(day):
        ends = ModelEnds("2026-11-27", {"m": ModelEnd("m", day, "the model", "", "2026-11-23", "its maker")})
        return decide(evidence(f1=GOOD), DEFAULTS, PRICES, ends).conflict

    assert conflict("2027-01-14") == (
        "The prompt's own model m ends on 2027-01-14, in 48 days (its maker, 2026-11-23): score what replaces it on "
        "the same cases.")
    assert "m has ended on 2026-10-23, 35 days ago" in conflict("2026-10-23")
    assert conflict("2029-01-14") == ""


def test_the_end_of_a_fine_tunes_base_model_is_said_with_its_source():
    """A fine-tune of another model than the prompt's: its base's end, and not the prompt's, which lives on."""
    ends = ModelEnds("2026-11-27", {"b": ModelEnd("b", "2027-01-14", "b and its fine-tunes", "", "2026-11-23", "hers")})
    tune = replace(TUNED_WELL, base_model="b")

    said = decide(evidence(plateau=CONFIRMED, alternatives=(tune,)), DEFAULTS, PRICES, ends).conflict
    assert "The fine-tune's base model b ends on 2027-01-14, in 48 days (hers, 2026-11-23)" in said
    assert "The prompt's own model" not in said


def readiness(labels=1000, *, kappa=None, auc=None, gain=None):
    """What is known of labels; `gain` is what doubling them is forecast to bring."""
    curve = None if gain is None else LearningCurve(
        (CurvePoint(200, around(0.7, 0.01, 5), 0.01, 5),), (0.9, 1.0, 0.5), 0.0,
        (Forecast(400, Interval(0.7 + gain.value, 0.7 + gain.low, 0.7 + gain.high, 5), None),), None)
    return Readiness(labels, labels // 2, kappa and around(0.9, 0.02), kappa, auc, curve)


def test_labels_carry_a_fine_tune_only_where_they_are_not_known_to_be_bad():
    """Enough labels that a second reader disputes, or that are unlike production, do not count; unknown is said."""
    def first(ready):
        return verdict(evidence(readiness=ready)).carrying[0]

    good, bad = around(0.9, 0.02), around(0.4, 0.05)
    assert first(readiness(kappa=good, auc=around(0.52, 0.03))) == ("500 or more labels", True)
    assert first(readiness(kappa=bad)) == ("500 or more labels (not reviewed: a second reading agrees; unknown: "
                                           "representative of production)", False)
    assert first(readiness(auc=around(0.95, 0.02)))[1] is False
    assert first(readiness())[1] is True
    assert any("production sample" in step or "compare_with_production" in step
               for step in verdict(evidence(readiness=readiness())).missing)


def test_a_flat_learning_curve_overrides_the_number_of_labels():
    """499 labels are few, but not where doubling them is forecast to bring next to nothing, and that is said."""
    flat, steep = around(0.005, 0.005), around(0.05, 0.01)
    few = verdict(evidence(labels=499, readiness=readiness(499, gain=steep)))
    enough = verdict(evidence(labels=499, readiness=readiness(499, gain=flat)))

    assert (few.verdict, enough.verdict) == (COLLECT, ITERATE)
    assert "but more would bring next to nothing." in enough.row("few_labels").reason
    assert enough.row("few_labels").status == "not met"


def test_what_a_kept_fine_tune_broke_is_said_against_it():
    """A gain in the main score does not hide a field, a format or a class that got worse."""
    half = around(0.5, 0.1)
    worse = replace(TUNED_WELL, fields=(ShareChange("priority", half, half, around(-0.1, 0.02), True),),
                    per_class=(ClassChange("billing", 200, half, half, around(-0.1, 0.02), 30, 2, True),))
    found = verdict(evidence(plateau=CONFIRMED, alternatives=(worse,)))

    assert found.verdict == TUNE
    assert "It got worse at: priority." in found.conflict
    assert "billing (-10.0 pp)" in found.conflict


def test_rows_that_disagree_are_said():
    """A good but slow and dear prompt says so beside its verdict; a plain one has nothing to say."""
    both = verdict(evidence(f1=GOOD, p95=SLOW, use=DEAR)).conflict

    assert both.startswith("The score is good enough to ship, but p95 of the best prompt is 500 ms")
    assert "a month" in both
    assert verdict(evidence(p95=SLOW)).conflict == verdict(evidence(f1=GOOD)).conflict == ""


def test_what_was_not_measured_is_listed_with_its_remedy():
    """Latency, fine-tune and local classifier are missing here, each with the step that supplies it."""
    missing = verdict(evidence(p95=None)).missing

    assert [line.split(":")[0] for line in missing] == [
        "The prompt is slower than the hard limit of 300 ms (p95)", "After a fine-tune",
        "A fine-tune takes longer than 12 months to pay back", "The local classifier was not measured"]
    whole = evidence(alternatives=(LOCAL_ALIKE, TUNED_IN_VAIN))
    assert verdict(whole, Assumptions(usd_per_error=1.0)).missing == ()


# --- the grid of row states

F1S = {"met": GOOD, "not met": around(0.7, 0.03), "undecidable": around(0.84, 0.03)}
LATENCIES = {"met": SLOW, "not met": around(20.0, 5.0, 100), "undecidable": around(300.0, 50.0, 100),
             "not measured": None}
COSTS = {"met": DEAR, "not met": tokens(), "undecidable": tokens(6_300.0, 0.0, 800.0, half=900.0), "not measured": None}
PLATEAUS = {"met": CONFIRMED, "not met": plateau("still climbing"), "undecidable": plateau("too few cases"),
            "not measured": None}
TUNED = {"met": (TUNED_IN_VAIN,), "not met": (TUNED_WELL,), "not measured": (),
         "undecidable": (alternative("fine-tune", around(0.06, 0.05)),)}
LOCALS = ((), (LOCAL_ALIKE,), (LOCAL_WELL,))
STATES = list(product(F1S, LATENCIES, COSTS, PLATEAUS, TUNED))


@pytest.mark.parametrize("labels", [0, 499, 1_000])
def test_every_combination_of_row_states_has_one_verdict_with_a_sentence(labels):
    """2,304 combinations a number of labels: the rows answer as they were made, the verdict is the one that the written
    precedence gives, read here a second time from the statuses alone, and it says itself in sentences."""
    for f1, latency, cost, ceiling, tune in STATES:
        for local in LOCALS:
            found = evidence(labels=labels, f1=F1S[f1], p95=LATENCIES[latency], use=COSTS[cost],
                             plateau=PLATEAUS[ceiling], alternatives=TUNED[tune] + local)
            answers = Answers(found, DEFAULTS, PRICES)
            assert [answers.status(r) for r in ROWS[2:7]] == [f1, latency, cost, ceiling, tune]

            rule = rule_of(found, DEFAULTS, answers)
            assert VERDICT_OF[rule] == again(labels, f1, latency, cost, ceiling, tune, local), rule
            assert all(part.endswith(".") for part in because(rule, found, DEFAULTS, answers, ROW_WORDS))


class _Words(dict):
    """Rows whose words are their ids: the grid is about which sentence comes, not about the numbers in it."""

    def __missing__(self, key):
        return Row(key, "", "", "not met", None, f"{key}.", f"{key}.")


ROW_WORDS = _Words()


def again(labels, f1, latency, cost, ceiling, tune, local):
    """The written precedence over statuses, without the program's own."""
    demand = "met" in (latency, cost)
    steps = [
        (labels == 0, EVALS), (f1 == "met" and not demand, SHIP), (labels < 500 and f1 != "met", COLLECT),
        (local == (LOCAL_WELL,), LOCAL), (local == (LOCAL_ALIKE,) and demand and f1 != "met", LOCAL),
        (latency == "met", SMALLER), (cost == "met" and labels < 500, COLLECT), (cost == "met", CHEAPER),
        (tune == "met", DROP), (tune == "not met", TUNE),
        (ceiling == "met" and tune == "not measured", TUNE), (ceiling == "not met" and f1 == "not met", ITERATE)]
    return next((verdict for holds, verdict in steps if holds), OPEN_END)


# --- properties

shares = st.floats(0, 1)
intervals = st.builds(lambda a, b, c, n: Interval(sorted((a, b, c))[1], min(a, b, c), max(a, b, c), n),
                      shares, shares, shares, st.integers(1, 5000))
deltas = st.builds(around, st.floats(-0.3, 0.3), st.floats(0, 0.3))
alternatives = st.builds(alternative, st.sampled_from(["fine-tune", "local"]), deltas, comparable=st.booleans(),
                         labels_needed=st.none() | st.integers(10, 20_000))
plateaus = st.none() | st.builds(
    plateau, st.sampled_from(["confirmed", "still climbing", "too few iterations", "one kind only", "too few cases",
                              "good enough"]), best=st.floats(0.65, 1), labels_needed=st.none() | st.integers(10, 9999))
latencies = st.sampled_from([None, around(20.0, 5.0, 100), SLOW, around(300.0, 50.0, 100), OPEN,
                             Interval(float("nan"), float("nan"), float("nan"), 0)])
ONE_CALL = Interval(9_000.0, float("nan"), float("nan"), 1)
uses = st.sampled_from([None, DEAR, tokens(), TokenUse(ONE_CALL, ONE_CALL, ONE_CALL),
                        tokens(6_000.0, 0.0, 800.0, half=500.0)])
measured = st.builds(
    lambda **kw: evidence(**kw), f1=intervals, p95=latencies, use=uses, failed=st.integers(0, 60), constant=shares,
    labels=st.integers(1, 2000), plateau=plateaus, leaking=st.sampled_from([0, 0, 0, 1]),
    second_reading=st.none() | intervals, alternatives=st.lists(alternatives, max_size=3).map(tuple),
    test_f1=st.none() | intervals, selection_corrected=st.none() | intervals)
others = st.builds(lambda tied, p95, use, f1, model: replace(prompt(f1, name="another", p95=p95, use=use, model=model),
                                                             tied=tied),
                   st.booleans(), latencies, uses, intervals, st.sampled_from(["m", "n", "gpt-6-luna"]))
several = st.builds(lambda found, more: replace(found, prompts=found.prompts + tuple(more)), measured,
                    st.lists(others, max_size=2))
anything = measured | several | st.builds(nothing_run, labels=st.integers(0, 2000))
assumed = st.builds(Assumptions, labels_enough=st.integers(1, 5000), f1_ship=st.floats(0.01, 1),
                    sla_ms=st.floats(1, 1000), requests_per_month=st.floats(1, 1e9),
                    budget_usd_per_month=st.floats(0.01, 1e6), margin_low=st.floats(0.01, 0.05),
                    margin_high=st.floats(0.05, 0.2), price_of=st.sampled_from(["", "gpt-6-luna", "m"]))


@settings(deadline=None)
@given(anything, assumed)
def test_any_evidence_has_one_verdict_in_sentences(found, assumptions):
    """Whatever was measured: one of the ten, reasons and steps that end as sentences, no unfilled figure."""
    decision = verdict(found, assumptions)

    assert decision.verdict in get_args(Verdict)
    said = [decision.sentence, decision.because, decision.next, *(r.reason for r in decision.rows),
            *(r.remedy for r in decision.rows if r.remedy)]
    assert all(line.endswith(".") for line in said), said
    assert not any(word in line for line in said for word in ("nan", "None", "inf ", "inf]"))
    assert [r.id for r in decision.rows] == ["no_evals", "few_labels", "f1", "latency", "cost", "plateau", "tune_delta",
                                             "payback"]
    assert all(r.remedy for r in decision.rows if r.status in ("undecidable", "not measured"))


@settings(deadline=None)
@given(measured, assumed, st.floats(0, 0.5))
def test_a_better_score_never_turns_shipping_into_a_fine_tune(found, assumptions, gain):
    """Where the prompt ships, a prompt whose whole interval lies higher ships too."""
    before = verdict(found, assumptions)
    (best,) = found.prompts

    def up(interval):
        return Interval(*(min(1.0, x + gain) for x in (interval.value, interval.low, interval.high)), interval.n)

    better = replace(best, score=replace(best.score, f1_weighted=up(best.score.f1_weighted)))
    after = verdict(replace(found, prompts=(better,), test_f1=found.test_f1 and up(found.test_f1)), assumptions)

    if before.verdict == SHIP:
        assert after.verdict == SHIP
    if before.verdict not in TUNES and found.test_f1 is None:
        assert after.verdict not in TUNES or before.verdict in (COLLECT, OPEN_END)


@settings(deadline=None)
@given(measured, assumed, st.floats(1, 100))
def test_more_money_never_calls_for_a_cheaper_model(found, assumptions, factor):
    """A larger budget does not turn another verdict into the one that cost carries."""
    richer = replace(assumptions, budget_usd_per_month=assumptions.budget_usd_per_month * factor)

    if verdict(found, assumptions).verdict != CHEAPER:
        assert verdict(found, richer).verdict != CHEAPER
