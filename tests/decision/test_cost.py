import math
from dataclasses import replace

import pytest
from tests.decision.made_up_evidence import PRICES, around, evidence, tokens

from promptceiling.decision import Assumptions, TokenUse, cost_of, decide
from promptceiling.errors import InputError
from promptceiling.scores import Interval, status_of


def cost(use, model="m", *, embedded=False, **stated):
    return cost_of(use, model, Assumptions(**stated), PRICES, embedded=embedded)


def test_a_thousand_requests_and_a_month():
    """m costs $1.00, $0.10 cached, $5.00 out per million. 800 tokens in, 300 of them cached, 50 out:
    500 x 1.00 + 300 x 0.10 + 50 x 5.00 = 780 millionths of a dollar a request, $0.78 per 1,000; at 2,000,000 requests
    a month 2,000 x 0.78 = $1,560."""
    found = cost(tokens(800.0, 300.0, 50.0), requests_per_month=2e6)

    assert found.per_1000.value == pytest.approx(0.78)
    assert found.per_month.value == pytest.approx(1560)
    assert found.per_1000.n == found.per_month.n == 400
    assert not found.stand_in


def test_the_interval_takes_every_token_count_at_its_dear_and_its_cheap_end():
    """In 1,000 ± 100, cached 400 ± 100, out 50 ± 10. Cheapest: 900 in, 500 cached, 40 out: 400 + 50 + 200 = 650;
    dearest: 1,100 in, 300 cached, 60 out: 800 + 30 + 300 = 1,130; measured: 600 + 40 + 250 = 890."""
    use = TokenUse(around(1000.0, 100.0), around(400.0, 100.0), around(50.0, 10.0))

    found = cost(use).per_1000

    assert (found.low, found.value, found.high) == pytest.approx((0.65, 0.89, 1.13))


def test_wide_cached_tokens_do_not_turn_the_interval_around():
    """Cached 500 ± 500 of 1,000: between 1,000 cached (0.10) and none (1.00 per 1,000), with 0.55 between them."""
    found = cost(TokenUse(around(1000.0, 0.0), around(500.0, 500.0), around(0.0, 0.0))).per_1000

    assert (found.low, found.value, found.high) == pytest.approx((0.1, 0.55, 1.0))


def test_one_call_gives_a_cost_without_an_interval():
    """The spread of one call's tokens is unknown, so the cost has no ends and decides nothing."""
    once = Interval(8_000.0, math.nan, math.nan, 1)

    found = cost(TokenUse(once, Interval(0.0, math.nan, math.nan, 1), once)).per_month

    assert found.value == pytest.approx(4_800)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert status_of(found, 1_000) == "undecidable"


def test_the_price_is_the_stated_models_or_the_measured_ones():
    """`price_of` wins; the embedded model is priced as gpt-6-luna; another's price is marked as standing in."""
    use = tokens(1000.0, 0.0, 0.0)

    assert cost(use).per_1000.value == pytest.approx(1.0)
    stated = cost(use, price_of="gpt-6-luna")
    embedded = cost(use, "embedded-in-context", embedded=True)
    assert stated.per_1000.value == embedded.per_1000.value == pytest.approx(0.1)
    assert stated.stand_in
    assert embedded.stand_in


def test_unknown_tokens_or_price_give_no_cost():
    """None is not a cost of nothing."""
    assert cost(None) is None
    assert cost(tokens(), "unknown") is None


@pytest.mark.parametrize("name", ["price_of", "tuned_price_of"])
def test_a_stated_model_without_a_price_is_refused_with_the_known_ones(name):
    """A slip of the pen is no reason to say that the cost is not known."""
    said = rf"^{name} is 'nosuch', which has no price; expected one of gpt-6-luna, m, or nothing"
    with pytest.raises(InputError, match=said) as caught:
        decide(evidence(), Assumptions(**{name: "nosuch"}), PRICES)
    assert caught.value.column == name


def test_tokens_written_to_a_cache_cost_their_own_price():
    """1,000 in, 400 of them cached and 200 written at $1.25, none out: 400 x 1.00 + 400 x 0.10 + 200 x 1.25 = 690
    millionths a request; a price that states none for writing takes them as input."""
    use = TokenUse(around(1000.0, 0.0), around(400.0, 0.0), around(0.0, 0.0), cache_write=around(200.0, 0.0))
    stating = {"m": replace(PRICES["m"], cache_write_usd_per_mtok=1.25)}

    assert cost_of(use, "m", Assumptions(), stating, embedded=False).per_1000.value == pytest.approx(0.69)
    assert cost(use).per_1000.value == pytest.approx(0.64)


def test_a_batch_and_a_price_factor_scale_the_cost():
    """Half of the requests at half the price, prices 1.2 times the table's: 0.78 x 1.2 x 0.75 = $0.702 per 1,000."""
    found = cost(tokens(800.0, 300.0, 50.0), batch_share=0.5, batch_discount=0.5, price_factor=1.2)

    assert found.per_1000.value == pytest.approx(0.702)


def test_snapshots_and_fine_tunes_have_the_price_of_their_name():
    """A dated snapshot is no stand-in; a fine-tune has its own price or none, whatever the prompt's is said to be."""
    use, listed = tokens(1000.0, 0.0, 0.0), PRICES | {"ft:m": replace(PRICES["m"], input_usd_per_mtok=2.0)}

    def tuned(model):
        return cost_of(use, model, Assumptions(price_of="gpt-6-luna"), listed, embedded=False, tuned=True)

    assert not cost(use, "m-2026-01-31").stand_in
    assert tuned("ft:m:acme::1").per_1000.value == tuned("ft:m-2026-01-31:acme::1").per_1000.value == pytest.approx(2.0)
    assert tuned("mine") is None
