"""The pictures of a decision: every one drawn from the evidence, and said in words."""

import math
import re
from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import (
    DEAR,
    DEFAULTS,
    GOOD,
    LOCAL_ALIKE,
    LOCAL_WELL,
    PRICES,
    SLOW,
    TUNED_IN_VAIN,
    TUNED_WELL,
    evidence,
    nothing_run,
    plateau,
)
from tests.panels.made_up import Page, hostile_evidence, rich_evidence

from promptceiling.decision import (
    Assumptions,
    ModelEnd,
    ModelEnds,
    decide,
    flips_of,
    forecast_of,
    options_of,
    plausible_verdicts,
    stages_of,
)
from promptceiling.decision.words import usd
from promptceiling.panels.bill_sections import bill_section, cost_chart
from promptceiling.panels.flip_sections import flips_first, flips_section
from promptceiling.panels.picture_sections import dimensions_section, lanes_section, loop_section

ENDS = ModelEnds("2026-11-27", {
    "ft:m": ModelEnd("ft:m", "2027-01-14", "the model", "another", "2026-11-23", "its maker")})
HERE = [
    (nothing_run(labels=0), "Build evals"), (evidence(labels=100), "Collect labels"), (evidence(), "Iterate prompts"),
    (evidence(p95=SLOW), "Try another base model"), (evidence(f1=GOOD), "Ship and watch"),
    (evidence(alternatives=(LOCAL_WELL,)), "Deploy and monitor"), (evidence(use=DEAR), "Fine-tune"),
    (evidence(plateau=plateau("confirmed")), "Fine-tune"),
    (evidence(alternatives=(TUNED_WELL,)), "Deploy and monitor"), (evidence(alternatives=(TUNED_IN_VAIN,)), "Iterate"),
    (nothing_run(), "Iterate prompts"),
]


def test_an_option_whose_cost_is_not_known_stays_in_every_picture():
    """The bill and the four dimensions name it, and say why there is no figure and what would supply one."""
    found = evidence(model="nosuch")
    forecast = forecast_of(found, DEFAULTS, PRICES)
    bill = str(bill_section(found, DEFAULTS, forecast, None))
    bars = str(dimensions_section([course.option for course in forecast.courses], DEFAULTS))

    assert bill.count("prompt: 5 shots</td>") == 1
    assert "What prompt: 5 shots costs is not known: no price is listed for nosuch" in bill
    assert "cost not known" in bill
    assert "prompt: 5 shots cost not known" in bars
    assert "nan" not in bill + bars


def test_a_model_that_has_ended_says_so_in_the_table_of_lives():
    """No negative number of days is left: day, how long ago, and who said so."""
    gone = ModelEnds("2026-11-27", {"m": ModelEnd("m", "2026-10-23", "the model", "n", "2026-11-23", "its maker")})
    found = evidence()
    words = Page(bill_section(found, DEFAULTS, forecast_of(found, DEFAULTS, PRICES, gone), gone)).words

    assert "2026-10-23ended 35 days ago" in words
    assert "its maker, 2026-11-23" in words


@pytest.mark.parametrize(("found", "step"), HERE, ids=[step for _, step in HERE])
def test_one_step_of_the_two_lanes_is_where_we_stand(found, step):
    """Each verdict lights its path and marks one step; the caption says the same path in words."""
    picture = str(lanes_section(decide(found, DEFAULTS, PRICES)))
    (here,) = re.findall(r'<li class="pc-here">(.*?) <span', picture)
    caption = re.search("<figcaption>(.*?)</figcaption>", picture).group(1)

    assert here.startswith(step)
    assert here in caption
    assert all(lit in caption for lit in re.findall(r'<li class="pc-lit">✓ (.*?)</li>', picture))


def test_the_four_dimensions_say_every_options_numbers():
    """Hours by hand: set-up 16, 8 and 48; a month 4, 6 + 4 + 16 x 0.5 / 6 = 11.3, and 6 + 4 + 48 x 0.5 / 6 = 14."""
    words = Page(dimensions_section(options_of(rich_evidence(), DEFAULTS, PRICES), DEFAULTS)).words

    for said in ("16 h", "8 h", "48 h", "4 h", "11.3 h", "14 h", "0.70 [0.67, 0.73], n 400",
                 "0.82 [0.79, 0.85], n 400"):
        assert said in words, said


def test_an_option_that_was_not_measured_is_said_to_be_expected():
    """A fine-tune without a score has a bar of none and a word for what is expected of it."""
    assert "not measured; 8 points more expected" in Page(
        dimensions_section(options_of(evidence(), DEFAULTS, PRICES), DEFAULTS)).words


def test_the_loop_shows_hours_and_money_of_each_stage_and_their_sums():
    """The seven stages with what each costs at first and a month, as the bill has it."""
    tune = options_of(evidence(), DEFAULTS, PRICES)[-1]
    words = str(loop_section(stages_of(tune, DEFAULTS), DEFAULTS))

    for said in ("1. data collection 16 h, $1,440", "2. training 8 h, $745", "4. deployment 16 h, $1,440; $877 a month",
                 "7. re-training 4 h, $364 a month", f"In all {usd(tune.setup_usd)} at first"):
        assert said in words, said


@pytest.mark.parametrize("found", [evidence(), evidence(f1=GOOD), nothing_run(), nothing_run(labels=0),
                                   evidence(use=None), rich_evidence(), hostile_evidence(), evidence(failed=100)])
def test_every_section_is_there_whatever_was_measured(found):
    """Flips, shares and the bill have words for what is known, and none for what is not: no nan, no None."""
    flips, forecast = flips_of(found, DEFAULTS, PRICES, ENDS), forecast_of(found, DEFAULTS, PRICES, ENDS)
    shown = Page(flips_section(flips, plausible_verdicts(found, DEFAULTS, PRICES, ENDS, draws=20))
                 + bill_section(found, DEFAULTS, forecast, ENDS) + flips_first(flips))

    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", shown.words)
    assert not [name for _, attrs in shown.elements for name in attrs if name.startswith("on")]
    for flip in flips:
        assert flip.title in shown.words


def test_the_bill_says_ranges_break_even_and_that_a_dying_model_cannot_pay_back():
    """Dear calls: a payback with its range; a fine-tune of a model with 1.6 months left is warned of."""
    found = evidence(use=DEAR, alternatives=(replace(TUNED_WELL, base_model="ft:m"), LOCAL_ALIKE))
    stated = Assumptions(requests_per_month=60_000)
    forecast = forecast_of(found, stated, PRICES, ENDS)
    words = Page(bill_section(found, stated, forecast, ENDS)).words

    assert math.isfinite(forecast.payback.value)
    assert "has paid for itself after" in words
    assert "requests a month on (400 plausible worlds)." in words
    assert "2027-01-14" in words
    assert "48" in words
    assert ("cannot pay back" in words) == (forecast.payback.low > 48 / 30.436875)


def test_the_chart_of_costs_names_every_option_with_its_range():
    """The text alternative holds each option's sum after a year with both ends."""
    found = rich_evidence()
    forecast = forecast_of(found, DEFAULTS, PRICES)
    words = Page(bill_section(found, DEFAULTS, forecast, None)).words

    for course in forecast.courses:
        last = course.paid[-1]
        assert f"{usd(last.value)} [{usd(last.low)}, {usd(last.high)}]" in words
    assert "(solid)" in words
    assert "(dash-dotted)" in words  # each line by its dashes: colour alone would not do on paper


def test_labels_of_charts_are_whole_and_legible():
    """A phone's axis and a long name are told on two lines; numbers on the accent have the ink made for it."""
    long = replace(TUNED_WELL, name="fine-tune of embedded-in-context", model="ft:m")
    found = evidence(alternatives=(long,))
    forecast = forecast_of(found, DEFAULTS, PRICES)
    tune = next(course.option for course in forecast.courses if course.option.kind == "fine-tune")
    flips = str(flips_section(flips_of(found, DEFAULTS, PRICES), plausible_verdicts(found, DEFAULTS, PRICES)))

    assert ">or the difference of two scores</text>" in flips
    assert "…" not in Page(cost_chart(forecast.courses, DEFAULTS)).words
    assert "var(--pc-on-accent)" in str(loop_section(stages_of(tune, DEFAULTS), DEFAULTS))
