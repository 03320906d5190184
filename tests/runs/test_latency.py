import asyncio

import pytest
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import completion, error, serving

from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Price, Workspace, measure_latency
from promptceiling.runs.latency import WARM_UP

SET = split_labeled_set(made_set(made_cases(30)))
VARIANT = PromptVariant("v", fields_of(SET), shots=2)


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def measured(workspace, script, labeled_set=SET, **options):
    async def whole():
        async with serving(script) as server:
            endpoint = Endpoint(server.base_url, "m")
            return await measure_latency(workspace, labeled_set, VARIANT, endpoint, **options), server

    return asyncio.run(whole())


def test_calls_are_made_one_at_a_time_after_a_warm_up(workspace):
    """Twelve measured calls are twelve and the warm-up, never two at once, over validation cases again and again."""
    seconds, server = measured(workspace, [completion()], calls=12)
    texts = SET.split("validation")["input"].tolist()

    assert len(seconds) == 12
    assert server.most_at_once == 1
    assert [r.text for r in server.requests] == [texts[k % len(texts)] for k in range(12 + WARM_UP)]
    assert all(s > 0 for s in seconds)


def test_what_was_measured_is_kept(workspace):
    """The seconds are in the workspace, under the labeled set, the variant, the model and the address."""
    seconds, server = measured(workspace, [completion()], calls=4)
    kept = workspace.latencies(SET.key)

    assert kept["seconds"].tolist() == seconds
    assert kept[["fingerprint", "model", "base_url"]].drop_duplicates().to_numpy().tolist() == [
        [VARIANT.fingerprint, "m", server.base_url]]
    assert (VARIANT.fingerprint, "v") in workspace.variants()


def test_failed_call_ends_the_measurement(workspace):
    """A call that fails is not sent again and not left out: nothing is kept, and the error says why."""
    with pytest.raises(EndpointError, match=r"Latency was not measured, since a call failed: 1 sends; .* answered 500"):
        measured(workspace, [completion()] * 5 + [error(500)], calls=10)

    assert workspace.latencies(SET.key).empty


def test_set_without_validation_cases_is_refused(workspace):
    """Without a validation case there is nothing to time."""
    cases = [case | {"split": "train"} for case in made_cases(6)]

    with pytest.raises(InputError, match="The split 'validation' of made has no cases"):
        measured(workspace, [completion()], split_labeled_set(made_set(cases)))


def test_calls_are_paid_for_and_keep_to_the_budget(workspace):
    """Every send and its cost is written down; a budget that the next call might pass ends the measurement."""
    price = Price("m", 1.0, 1.0, 1.0, "", "stated")
    measured(workspace, [completion()], calls=4, price=price)

    assert workspace.sends()["outcome"].tolist() == ["answered"] * (4 + WARM_UP)
    assert workspace.spent_usd() == pytest.approx((4 + WARM_UP) * 12e-6)
    with pytest.raises(EndpointError, match="Latency was not measured: the next call might pass the budget"):
        measured(workspace, [completion()], calls=4, price=price, budget_usd=0.003)
