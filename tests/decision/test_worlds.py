"""Joint uncertainty: how often each verdict holds, and the ranges of the bill."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from tests.decision.made_up_evidence import (
    DEFAULTS,
    GOOD,
    OPEN,
    PRICES,
    TUNED_WELL,
    alternative,
    around,
    evidence,
    nothing_run,
    plateau,
    tokens,
)

from promptceiling.decision import Assumptions
from promptceiling.decision.forecast import forecast_of
from promptceiling.decision.worlds import draw_worlds, plausible_verdicts


def test_a_clear_verdict_holds_in_every_world():
    """F1 0.90 ± 0.02 at a hundredth of the budget and the limit: there is no world in which it does not ship."""
    found = plausible_verdicts(evidence(f1=GOOD, use=tokens(100, 0, 10)), DEFAULTS, PRICES, draws=200)

    assert found.verdicts == (("ship the prompt", 200),)
    assert found.share("keep iterating") == 0


def test_an_open_score_ships_as_often_as_it_lies_above_the_threshold():
    """F1 0.86 with a standard error of 0.02 is above 0.85 in Phi(0.5) = 69.1% of worlds (binomial error 1.5 points)."""
    found = plausible_verdicts(evidence(f1=around(0.86, 1.96 * 0.02)), DEFAULTS, PRICES, draws=1_000)

    assert found.share("ship the prompt") == pytest.approx(norm.cdf(0.5), abs=0.045)


def test_a_verdict_that_holds_in_few_worlds_says_so():
    """With few labels and F1 0.88 ± 0.035, which is above 0.85 in Phi(1.68) = 95% of worlds, the verdict to collect is
    carried weakly; with 0.82 it is not."""
    def said(value):
        found = plausible_verdicts(evidence(f1=around(value, 0.035), labels=400), DEFAULTS, PRICES)
        return found.sentence("collect labels, few-shot meanwhile"), found.share("ship the prompt")

    weak, ships = said(0.88)
    assert weak.startswith("The evidence carries it weakly: it holds in ")
    assert ships == pytest.approx(norm.cdf(0.03 / (0.035 / 1.96)), abs=0.03)
    assert said(0.82)[0].startswith("The verdict holds in 9")


def test_an_uncertain_gain_is_worth_it_as_often_as_it_clears_the_margin():
    """A gain of 8 points with a standard error of 2 clears the high margin in half of the worlds; else it is too
    little, or between the margins, which is no reason to keep it either."""
    found = plausible_verdicts(
        evidence(plateau=plateau("confirmed"), alternatives=(alternative("fine-tune", around(0.08, 0.0392)),)),
        DEFAULTS, PRICES, draws=1_000)

    assert found.share("fine-tune (plateau)") == pytest.approx(0.5, abs=0.05)
    assert found.share("do not keep the fine-tune") == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_worlds():
    """And another seed others; shares make a whole."""
    found = evidence(f1=around(0.86, 0.03), alternatives=(TUNED_WELL,))

    once, again = (plausible_verdicts(found, DEFAULTS, PRICES, draws=100) for _ in range(2))
    assert once == again
    assert sum(n for _, n in once.verdicts) == 100
    assert draw_worlds(found, DEFAULTS, seed=1).f1[0] != draw_worlds(found, DEFAULTS).f1[0]


def test_a_stated_estimate_lies_within_its_spread_in_95_of_100_worlds():
    """Volume within a factor of 2, both ways; the hours of the loop move together; thresholds do not move."""
    worlds = draw_worlds(evidence(), DEFAULTS, draws=20_000).stated
    within = np.abs(np.log(worlds.requests_per_month / DEFAULTS.requests_per_month)) <= math.log(2)

    assert within.mean() == pytest.approx(0.95, abs=0.005)
    assert np.allclose(worlds.data_hours / 16, worlds.training_hours / 8)
    assert worlds.f1_ship == DEFAULTS.f1_ship
    assert worlds.retrain_share.max() <= 1


@pytest.mark.parametrize("found", [nothing_run(), nothing_run(labels=0), evidence(p95=OPEN), evidence(use=None),
                                   evidence(failed=100), evidence(plateau=None)])
def test_missing_figures_are_no_obstacle(found):
    """Whatever was not measured, worlds have verdicts and the bill has what is known."""
    assert sum(n for _, n in plausible_verdicts(found, DEFAULTS, PRICES, draws=20).verdicts) == 20
    forecast = forecast_of(found, DEFAULTS, PRICES, draws=20)
    assert all(math.isfinite(p.value) for c in forecast.courses for p in c.paid)


def test_ranges_hold_the_stated_course_and_widen_with_time():
    """What is paid by each month lies within its range, which is wider after a year than on the first day."""
    forecast = forecast_of(evidence(), DEFAULTS, PRICES)

    assert {c.option.kind for c in forecast.courses} == {"prompt", "fine-tune"}
    for course in forecast.courses:
        assert len(course.paid) == 13
        assert all(p.low <= p.value <= p.high and p.n == forecast.draws for p in course.paid)
        assert course.paid[-1].high - course.paid[-1].low > course.paid[0].high - course.paid[0].low


def test_break_even_and_payback_are_ranges_around_the_stated_case():
    """At $60 per 1,000 requests a fine-tune pays back within the year in nearly every world; both have two ends."""
    forecast = forecast_of(evidence(use=tokens(40_000, 0, 4_000)), DEFAULTS, PRICES)

    assert forecast.payback.low < forecast.payback.value < forecast.payback.high
    assert forecast.break_even.low < forecast.break_even.value < forecast.break_even.high < 200_000
    assert forecast.pays > 0.6


def test_a_fine_tune_that_never_saves_never_pays_back():
    """Cheap calls: infinite payback in every world."""
    forecast = forecast_of(evidence(use=tokens(10, 0, 1)), Assumptions(requests_per_month=1_000), PRICES)

    assert forecast.payback.low == math.inf
    assert forecast.pays == 0
