"""The options side by side: what each costs by what was measured of it, and what it hangs on."""

import math
from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import (
    DEFAULTS,
    LOCAL_ALIKE,
    PRICES,
    TUNED_WELL,
    around,
    evidence,
    nothing_run,
    prompt,
    tokens,
)

from promptceiling.decision import Assumptions, ModelEnd, ModelEnds, options_of
from promptceiling.decision.options import payback
from promptceiling.runs import Price
from promptceiling.scores import Interval

ENDS = ModelEnds("2026-11-27", {"m": ModelEnd("m", "2027-01-14", "the model", "", "2026-11-23", "its maker")})


def options(found, stated=DEFAULTS, prices=PRICES, ends=ENDS):
    return {option.kind: option for option in options_of(found, stated, prices, ends)}


def test_the_prompt_costs_its_tokens_and_its_watching():
    """800 in and 50 out at $1 and $5 a million: $0.00105; 100,000 requests $105, and 4 hours at $90."""
    found = options(evidence())["prompt"]

    assert found.usd_per_request.value == pytest.approx(0.00105)
    assert found.month == {"calls": pytest.approx(105.0), "watching": 360.0}
    assert found.setup_usd == 1_440
    assert found.per_1000(DEFAULTS).value == pytest.approx(4.65)
    assert (found.ends_on, found.model) == ("2027-01-14", "m")


def test_the_decisions_api_costs_its_input_alone_and_only_where_it_was_measured():
    """200 tokens in and none out at $0.10 a million: $2.00 for 100,000 requests, beside the best prompt."""
    decisions = replace(prompt(around(0.68, 0.03), name="decisions", model="gpt-6-luna", use=tokens(200.0, 0.0, 0.0)),
                        output="decisions", delta_to_best=around(-0.02, 0.02))
    found = options(evidence(prompts=(prompt(), decisions)))["decisions"]

    assert found.month["calls"] == pytest.approx(2.0)
    assert found.gain == around(-0.02, 0.02)
    assert "decisions" not in options(evidence())


def test_the_local_classifier_needs_as_many_servers_as_its_latency_says():
    """A p95 of 50 ms serves 20 a second; 100 million a month are 38 a second, 152 at the peak: 8 servers at $40."""
    local = replace(LOCAL_ALIKE, p95_ms=around(50.0, 0.0, 100))
    found = options(evidence(alternatives=(local,)), Assumptions(requests_per_month=1e8))["local"]

    assert found.month["hosting"] == 8 * 40
    assert found.usd_per_request is None
    assert found.ends_on is None


def test_a_slow_end_of_latency_is_the_dear_end_of_a_month():
    """p95 50 ms, at worst 100: between 8 and 16 servers; an open end counts as the value itself."""
    big = Assumptions(requests_per_month=1e8)
    wide = replace(LOCAL_ALIKE, p95_ms=Interval(50.0, 50.0, 100.0, 100))
    month = options(evidence(alternatives=(wide,)), big)["local"].month_range
    assert month.high - month.low == pytest.approx(8 * 40)

    unbounded = replace(LOCAL_ALIKE, p95_ms=Interval(50.0, 40.0, math.inf, 40))
    assert options(evidence(alternatives=(unbounded,)), big)["local"].month_range.high == pytest.approx(month.low)


def test_a_measured_fine_tune_with_a_listed_price_is_billed_per_token():
    """150 in and 8 out at twice the base's price: no GPU; its measured throughput or a stated price change that."""
    prices = PRICES | {"ft:m": Price("ft:m", 2.0, 2.0, 10.0, "2026-11-23", "made up")}
    tune = replace(TUNED_WELL, tokens=tokens(150.0, 0.0, 8.0), model="ft:m:acme::1", base_model="m")
    found = options(evidence(alternatives=(tune,)), prices=prices)["fine-tune"]

    assert found.month["calls"] == pytest.approx(100_000 * (150 * 2 + 8 * 10) / 1e6)
    assert "hosting" not in found.month
    assert (found.base_model, found.ends_on) == ("m", "2027-01-14")


def test_replicas_follow_measured_throughput():
    """Without a price it is served on GPUs: 100 million a month, 152 a second at the peak, at 50 a second: four."""
    tune = replace(TUNED_WELL, model="mine", requests_per_s=around(50.0, 5.0, 400))
    found = options(evidence(alternatives=(tune,)), Assumptions(requests_per_month=1e8))["fine-tune"]

    assert found.month["hosting"] == pytest.approx(4 * 1.2 * 730.485)
    assert found.month_range.n == 400


def test_a_fine_tune_that_was_not_measured_gains_what_is_expected():
    """It is reckoned on a rented GPU, without a base model that could end, and with labels that are missing."""
    found = options(evidence(labels=440))["fine-tune"]

    assert not found.measured
    assert found.gain.value == DEFAULTS.expected_gain
    assert found.setup["labels that are missing"] == 90.0
    assert found.ends_on is None


def test_payback_has_an_end_that_favours_the_fine_tune_and_one_that_does_not():
    """Between the dearest prompt with the greatest gain and the cheapest with the least."""
    stated = Assumptions(usd_per_error=0.5)
    found = options(evidence(use=tokens(8_000.0, 0.0, 500.0, half=200.0), alternatives=(TUNED_WELL,)), stated)
    months = payback(found["prompt"], found["fine-tune"], stated)

    assert 0 < months.low < months.value < months.high < math.inf


def test_nothing_scored_has_no_options():
    """Before the first run there is nothing to hold side by side."""
    assert options_of(nothing_run(), DEFAULTS, PRICES, ENDS) == ()
