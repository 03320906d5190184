import asyncio
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import HANG, completion, error, serving

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, estimate_run, price_of, run_variants, stated_price
from promptceiling.runs.answer import Answer
from promptceiling.runs.money import Purse, most_input_tokens

SET = split_labeled_set(made_set(made_cases(150)))
CASES = SET.split("validation")
PLAIN = PromptVariant("plain", fields_of(SET), output="label")
PRICE = Price("m", 1.0, 0.1, 5.0, "2026-11-23", "made up")
ANSWER = Answer("billing", input_tokens=1000, cached_tokens=400, output_tokens=200, reasoning_tokens=150)
CONTENT = b"x" * 4000
ELSEWHERE = Endpoint("http://127.0.0.1:9/v1", "unheard-of")
LIMIT = (("max_completion_tokens", 50),)


def bill(requests, usage):
    """What a provider bills for these requests at the price above."""
    return len(requests) * PRICE.cost_usd(usage["prompt_tokens"], 0, usage["completion_tokens"])


def runs(workspace, budgets, script, **options):
    """Summaries of runs with these budgets, one after another against one server, and all requests."""
    async def whole():
        async with serving(script) as server:
            endpoint = Endpoint(server.base_url, "m", parameters=LIMIT)
            return [await run_variants(workspace, SET, [PLAIN], endpoint, budget_usd=budget, price=PRICE, **options)
                    for budget in budgets], server.requests

    return asyncio.run(whole())


def test_cached_and_reasoning_tokens_are_priced_once():
    """600 fresh tokens at 1, 400 cached at 0.1 and 200 of output at 5, reasoning among them: 0.00164 USD."""
    purse = Purse(PRICE)

    assert purse.cost(ANSWER, CONTENT) == (ANSWER, pytest.approx((600 + 40 + 1000) / 1e6))
    assert (purse.odd, purse.impossible) == (0, 0)


@pytest.mark.parametrize(("change", "usd"), [
    ({"cache_write_tokens": 200}, (400 + 40 + 250 + 1000) / 1e6), ({"tier": "flex"}, (600 + 40 + 1000) / 2e6),
    ({"tier": "batch", "cache_write_tokens": 200}, (400 + 40 + 250 + 1000) / 2e6),
    ({"tier": "default"}, (600 + 40 + 1000) / 1e6)])
def test_tokens_written_to_a_cache_and_the_flex_tier_have_their_prices(change, usd):
    """Written tokens cost 1.25 instead of 1; what the flex tier or a batch answered costs half of all that."""
    price = replace(PRICE, cache_write_usd_per_mtok=1.25, flex_factor=0.5)

    assert Purse(price).cost(replace(ANSWER, **change), CONTENT)[1] == pytest.approx(usd)


def test_set_aside_covers_a_cache_that_is_written():
    """Before a send all of its input may be written to a cache, at the full tier's price."""
    price = replace(PRICE, cache_write_usd_per_mtok=1.25, flex_factor=0.5)

    assert Purse(price, limit_tokens=50).aside(CONTENT) == pytest.approx((1.25 * 4064 + 5 * 50) / 1e6)


def test_prices_of_the_table_know_caches_and_flex():
    """The table's newest models write to a cache at 1.25 times and answer at half the price on the flex tier."""
    price = price_of(Endpoint("https://h/v1", "gpt-6-luna"))

    assert price.cost_usd(1e6, 0, 0, 1e6) == pytest.approx(0.125)
    assert price.cost_usd(1e6, 0, 1e6, tier="flex") == pytest.approx(0.3)


@pytest.mark.parametrize(("change", "usd"), [
    ({"cached_tokens": 5000}, (1000 + 1000) / 1e6), ({"cached_tokens": None}, (1000 + 1000) / 1e6),
    ({"cached_tokens": 700, "cache_write_tokens": 400}, (1000 + 1000) / 1e6)])
def test_parts_of_the_input_are_at_most_the_input(change, usd):
    """Where the cached and the written tokens are more than the input, neither is believed; none named are none."""
    assert Purse(PRICE).cost(replace(ANSWER, **change), CONTENT)[1] == pytest.approx(usd)


@pytest.mark.parametrize("change", [
    {"input_tokens": 900_000_000}, {"input_tokens": None}, {"output_tokens": None}, {"output_tokens": 10**8}])
def test_absurd_usage_is_clamped_and_told(change):
    """Counts that are missing or beyond the request are taken for the most they can be, and counted."""
    purse = Purse(PRICE)
    kept, usd = purse.cost(replace(ANSWER, **change), CONTENT)

    assert purse.odd == 1
    assert PRICE.cost_usd(1000, 1000, 200) < usd <= PRICE.cost_usd(most_input_tokens(CONTENT), 0, 1_000_000)
    assert getattr(kept, next(iter(change))) is None


def test_absurd_usage_does_not_reach_the_store(workspace):
    """A count that no request of its size can have is kept as missing, and the run says so, with a price or without."""
    usage = {"prompt_tokens": 900_000_000, "completion_tokens": 5}
    (summary,), _ = runs(workspace, [None], [completion(usage=usage)])

    assert workspace.items(SET.key)["input_tokens"].isna().all()
    assert workspace.items(SET.key)["output_tokens"].eq(5).all()
    assert summary.notices == (f"{len(CASES)} answers came without token counts, or with more than the request can "
                               "have; they are counted as the most that they can have cost.",)


def test_budget_is_never_passed_and_what_came_is_kept(workspace):
    """With every answer as dear as it may be, a run stops below its budget, says so, and the store has its answers."""
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    (summary,), requests = runs(workspace, [0.005], [completion(usage=usage)])

    assert summary.state == "budget"
    assert "Raise it with --budget" in summary.problem
    assert 0 < len(requests) < len(CASES)
    assert bill(requests, usage) == pytest.approx(summary.cost_usd) == pytest.approx(summary.spent_usd)
    assert summary.spent_usd <= 0.005


def test_budget_covers_every_run_of_the_workspace(workspace):
    """A second run with the same budget sends nothing; with a larger one it goes on, and both together keep to it."""
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    (one, two, three), requests = runs(workspace, [0.003, 0.003, 0.006], [completion(usage=usage)])

    assert (one.state, two.state, two.sent, three.state) == ("budget", "budget", 0, "budget")
    assert three.sent > 0
    assert bill(requests, usage) == pytest.approx(three.spent_usd) == pytest.approx(workspace.spent_usd())
    assert three.spent_usd <= 0.006


def test_refused_send_costs_nothing_and_a_lost_one_the_most(workspace):
    """A 500 is not billed; a call that timed out twice may have been, at the most that it can have cost."""
    bad, slow = CASES["input"].iloc[0], CASES["input"].iloc[1]

    def script(request):
        if request.text == bad:
            return error(500, retry_after="0")
        return HANG if request.text == slow else completion(usage={"prompt_tokens": 0, "completion_tokens": 0})

    (summary,), _ = runs(workspace, [1.0], script, deadline_s=1.0)
    sends = workspace.sends()

    assert summary.failed == {"server": 1, "timeout": 1}
    assert sends.groupby("outcome")["cost_usd"].agg(["size", "sum"])["size"].to_dict() == {
        "answered": len(CASES) - 2, "server": 6, "timeout": 2}
    lost = sends[sends["outcome"] == "timeout"]["cost_usd"]
    assert (lost > 0).all()
    assert summary.cost_usd == pytest.approx(lost.sum())


def test_budget_without_a_price_asks_for_one(workspace):
    """A model of unknown price is not run under a budget: nothing is sent and the way to name a price is told."""
    with pytest.raises(InputError, match=r"No price is known for the model 'unheard-of'.* --price-in and --price-out"):
        asyncio.run(run_variants(workspace, SET, [PLAIN], ELSEWHERE, budget_usd=1))

    assert workspace.sets().empty


@pytest.mark.parametrize(("model", "priced"), [
    ("gpt-4o-mini", "gpt-4o-mini"), ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
    ("ft:gpt-4o-mini:org::a1", "ft:gpt-4o-mini"), ("ft:gpt-4o-mini-2024-07-18:org::a1", "ft:gpt-4o-mini"),
    ("gpt-4o", None), ("llama", None)])
def test_price_of_a_snapshot_and_of_a_fine_tune_is_found(model, priced):
    """Dated names and fine-tunes cost what the table says of their kind; another model has no price."""
    found = price_of(Endpoint("https://h/v1", model))

    assert (found.model if found else None) == priced


def test_embedded_model_costs_nothing():
    """It is free wherever it is served."""
    assert price_of(Endpoint()).cost_usd(1e6, 0, 1e6) == 0.0


def test_half_a_price_is_refused():
    """A price for input alone would make answers free."""
    with pytest.raises(InputError, match="state both --price-in and --price-out"):
        stated_price(Endpoint(), 1.0, None)
    for usd in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match=f"--price-out is {usd}; expected USD per million tokens, 0 or more"):
            stated_price(Endpoint(), 1.0, usd)


def test_estimate_says_what_will_be_asked_and_that_it_is_rough(workspace):
    """Before a run all calls are estimated, after it none is left; the words say how tokens were counted."""
    before = estimate_run(workspace, SET, [PLAIN], ELSEWHERE, price=PRICE)

    assert (before.calls, before.from_store) == (len(CASES), 0)
    assert before.usd == pytest.approx(PRICE.cost_usd(before.input_tokens, 0, before.output_tokens))
    assert "counted roughly and offline" in str(before)
    assert "no price is known" in str(estimate_run(workspace, SET, [PLAIN], ELSEWHERE))
