"""What would flip the verdict, held against the verdict itself."""

from dataclasses import replace

import pytest
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
    tokens,
)

from promptceiling.decision import Assumptions, ModelEnd, ModelEnds, verdict_of
from promptceiling.decision.flips import flips_of, shown
from promptceiling.decision.levers import levers_of

ENDS = ModelEnds("2026-11-27", {"ft:m": ModelEnd("ft:m", "2027-11-01", "the model", "", "2026-11-23", "made up")})
CASES = [
    evidence(), evidence(f1=GOOD), evidence(f1=GOOD, p95=SLOW), evidence(use=DEAR), evidence(labels=300),
    evidence(plateau=plateau("confirmed")), evidence(plateau=plateau("confirmed"), alternatives=(TUNED_IN_VAIN,)),
    evidence(plateau=plateau("confirmed"), alternatives=(TUNED_WELL, LOCAL_ALIKE)),
    evidence(alternatives=(LOCAL_WELL,)),
    evidence(plateau=plateau("confirmed"), alternatives=(alternative("fine-tune", around(0.06, 0.05)),)),
    evidence(f1=around(0.84, 0.03), plateau=plateau("too few cases")), evidence(use=tokens(9e4, 0, 5e3, half=100.0)),
    evidence(failed=100), evidence(leaking=3), nothing_run(), nothing_run(labels=0),
]
IDS = range(len(CASES))


@pytest.mark.parametrize("found", CASES, ids=IDS)
@pytest.mark.parametrize("stated", [DEFAULTS, Assumptions(usd_per_error=0.02, requests_per_month=2e6)])
def test_the_verdict_changes_at_a_flip_and_not_just_before(found, stated):
    """Every flip value, set alone: there the verdict is the one that it says; a ten-thousandth before it is today's."""
    now = verdict_of(found, stated, PRICES, ENDS)
    levers = {lever.name: lever for lever in levers_of((found, stated, ENDS))}

    for flip in flips_of(found, stated, PRICES, ENDS):
        lever = levers[flip.name]
        world, before = lever.set_to(flip.at), lever.set_to(flip.held)

        assert verdict_of(world[0], world[1], PRICES, world[2]) == flip.verdict != now, flip
        assert verdict_of(before[0], before[1], PRICES, before[2]) == now, flip
        assert abs(flip.at - flip.held) <= (1 if lever.whole else 1e-4 * abs(flip.at)) + 1e-7, flip
        assert (flip.at > flip.held) == (flip.direction == "above")


@pytest.mark.parametrize("found", CASES, ids=IDS)
def test_a_lever_at_its_own_value_changes_nothing(found):
    """Set to what it is now, every input gives today's verdict."""
    for lever in levers_of((found, DEFAULTS, ENDS)):
        world = lever.set_to(lever.now)
        assert verdict_of(world[0], world[1], PRICES, world[2]) == verdict_of(found, DEFAULTS, PRICES, ENDS)


def flip(found, name, stated=DEFAULTS, direction=None):
    return next(f for f in flips_of(found, stated, PRICES, ENDS)
                if f.name == name and direction in (None, f.direction))


def test_known_flips_lie_where_they_must():
    """F1 0.90 ± 0.02 ships until the threshold reaches its lower end, 0.88; p95 20 ± 5 ms until the limit is below 15;
    1,000 labels are few when 1,001 are asked for; $1.05 per 1,000 requests passes $1,000 at 952,381 requests."""
    found = evidence(f1=GOOD)

    assert flip(found, "f1_ship", direction="above").at == pytest.approx(0.88, rel=2e-4)
    assert flip(found, "sla_ms").at == pytest.approx(15.0, rel=2e-4)
    assert flip(evidence(), "labels_enough").at == 1_001
    assert flip(found, "requests_per_month").at == pytest.approx(1_000 / (0.8 + 0.25) * 1_000, rel=2e-4)
    assert flip(found, "budget_usd_per_month").at == pytest.approx(105.0, rel=2e-4)


def test_more_cases_decide_an_open_figure():
    """F1 0.87 ± 0.04 on 400 cases is open against 0.85; 1,600 halve the reach to 0.02, and just more ship it."""
    found = flip(evidence(f1=around(0.87, 0.04)), "scored_cases")

    assert found.verdict == "ship the prompt"
    assert found.at == pytest.approx(1_600, abs=3)


def test_label_noise_and_expected_gain_flip_what_rests_on_them():
    """Above 15% wrong labels no score above 0.85 is within reach; a plateau asks for a fine-tune only where 5 points
    can be expected of it."""
    ceiling = plateau("confirmed")

    assert flip(evidence(f1=GOOD), "label_noise").at == pytest.approx(0.15, rel=1e-3)
    assert flip(evidence(plateau=ceiling), "expected_gain").at == pytest.approx(0.05, rel=1e-3)
    assert flip(evidence(plateau=ceiling), "expected_gain").verdict == "keep iterating"


def test_the_end_of_the_base_model_flips_a_fine_tune_that_cannot_pay_back():
    """A worthwhile fine-tune that pays back in some months is not kept once its base model has fewer left."""
    stated = Assumptions(usd_per_error=0.5)
    found = evidence(plateau=plateau("confirmed"), alternatives=(TUNED_WELL,))
    ending = flip(found, "days_left", stated)

    assert verdict_of(found, stated, PRICES, ENDS) == "fine-tune (plateau)"
    assert ending.verdict == "do not keep the fine-tune"
    assert 0 < ending.at < 338


def test_what_is_not_stated_yet_flips_below_the_value_that_would_pay():
    """Without a value of a right answer a plateau asks for a fine-tune; stated, it must pay it back within the year:
    $4,320 and 12 x $1,711 more a month than the prompt, for 8 points of 100,000 answers a month: $0.26 each."""
    found = flip(evidence(plateau=plateau("confirmed")), "usd_per_error")
    month = 1.2 * 730.485 + 900 + (48 * 90 * 0.5 + 25) / 6 - (105 + 360)

    assert found.direction == "below"
    assert found.at == pytest.approx((month + (48 * 90 + 25) / 12) / (0.08 * 100_000), rel=1e-3)


def test_the_nearest_come_first():
    """In order of distance, and one flip a direction of each input at most."""
    for found in CASES:
        flips = flips_of(found, DEFAULTS, PRICES, ENDS)
        assert [f.distance for f in flips] == sorted(f.distance for f in flips)
        assert len({(f.name, f.direction) for f in flips}) == len(flips)


def test_a_measured_input_says_its_interval_and_n():
    """The score and the latency with both ends (an open one is said), a count as it is, what is stated as stated."""
    found = evidence(p95=OPEN)

    assert flip(found, "f1").today == "0.700 [0.670, 0.730], n 400"
    assert flip(evidence(p95=around(20.0, 5.0, 100)), "p95_ms").today == "20 ms [15, 25], n 100"
    assert flip(evidence(labels=400), "labels").today == "400 cases"
    assert flip(found, "f1_ship").today == "0.850 (stated)"


def test_a_flip_says_itself_in_a_sentence():
    """The input, where it turns, where it is, and what comes out."""
    assert flip(evidence(f1=GOOD), "sla_ms").sentence == (
        "Hard latency limit, p95: below 15 ms instead of 300 ms (stated) it is “try a smaller base model first”.")


@pytest.mark.parametrize(("unit", "value", "text"), [
    ("", 952_381.0, "952,381"), ("", 41_234_567.0, "41.2 million"), ("USD a month", 105.0, "$105 a month"),
    ("months", 1.0, "1 month"), ("points", -0.021, "-2.1 points"), ("score", 0.88, "0.880"), ("", 0.05, "0.050"),
    ("ms", 1.2345, "1.23 ms"), ("hours a round", 40.0, "40 hours a round"), ("cases", 1_600, "1,600 cases"),
])
def test_values_are_shown_in_their_unit(unit, value, text):
    """Money, times, points and counts, each as it is read."""
    assert shown(unit, value) == text


def test_replacing_an_assumption_by_hand_gives_the_flipped_verdict():
    """No special path: the stated value itself, put in by the user, gives it."""
    found = evidence(f1=GOOD)
    limit = flip(found, "sla_ms")

    assert verdict_of(found, replace(DEFAULTS, sla_ms=limit.at), PRICES) == limit.verdict
