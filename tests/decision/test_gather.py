"""What is gathered from a workspace in which not everything went well."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert
from tests.decision.small_run import small_set
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import completion, serving

from promptceiling import plateau
from promptceiling.decision import Assumptions, best_variant, decide, gather
from promptceiling.decision.inspection import inspector_of
from promptceiling.decision.usage import requests_per_s, token_use
from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import audit, split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import EMBEDDED_URL, Endpoint, Workspace, price_table, run_variants, schema
from promptceiling.runs.answer import Answer

LABELED = small_set(60)


@pytest.fixture
def workspace(tmp_path: Path):
    """Three variants that were answered for every validation case."""
    with Workspace(tmp_path, durable=False) as opened:
        asyncio.run(run_variants(opened, LABELED, standard_variants(LABELED), Endpoint()))
        yield opened


def fail(workspace, variant, share):
    """Turn this share of a variant's answers into failures, from the first on."""
    items = workspace.items(LABELED.key)
    own = items[items["variant"] == variant]["request_key"].tolist()
    workspace.save_answers((key, Answer(error_kind="server")) for key in own[: round(share * len(own))])


def test_an_incomplete_variant_is_shown_without_a_standing(workspace):
    """It comes last, and the others are still compared on every case."""
    whole = gather(workspace)
    fail(workspace, "zero-shot", 0.9)
    found = gather(workspace)

    assert [p.name for p in found.prompts][-1] == "zero-shot"
    assert found.prompts[-1].tied is None
    assert found.prompts[-1].delta_to_best is None
    assert found.prompts[0].score == whole.prompts[0].score
    assert found.selection_corrected is not None
    assert "zero-shot" not in found.plateau.iterations


def test_the_best_variant_is_given_or_what_is_missing_is_said(workspace, tmp_path):
    """The variant that scored best; before a run, which step comes first."""
    found = gather(workspace)
    assert best_variant(workspace, found).fingerprint == found.best.fingerprint

    with Workspace(tmp_path / "new") as empty:
        empty.save_set(LABELED)
        with pytest.raises(WorkspaceError, match="Run the variants first: notebook 2"):
            best_variant(empty, gather(empty))


def test_failures_of_every_variant_end_in_a_verdict_that_says_so(workspace):
    """No case was answered by all of them: that is a verdict, and no error."""
    for variant in ("zero-shot", "5 stratified shots", "5 similar shots"):
        fail(workspace, variant, 0.5)
    found = gather(workspace)

    assert found.selection_corrected is None
    assert decide(found, Assumptions(), price_table()).sentence == "The run is incomplete."


def test_scored_cases_that_repeat_a_train_case_are_counted_as_the_audit_counts_them(tmp_path):
    """A file whose own split puts copies of scored cases into train: two of 40 leak, and that is the verdict."""
    cases = made_cases(60)
    for k, case in enumerate(cases):
        case["split"] = ("train", "validation", "test")[k % 3]
    cases[0]["input"], cases[3]["input"] = cases[1]["input"], cases[5]["input"]
    leaking = split_labeled_set(made_set(cases))
    with Workspace(tmp_path, durable=False) as opened:
        asyncio.run(run_variants(opened, leaking, standard_variants(leaking)[:1], Endpoint()))
        found = gather(opened)
    decision = decide(found, Assumptions(), price_table())

    assert found.leaking == 2
    assert decision.verdict == "undecidable, do this next"
    assert found.leaking == sum(f.figure("near").count for f in audit(leaking) if f.code.startswith("leakage_train"))
    assert decision.because.startswith("2 of 40 (5.0% [1.4%, 16.5%]) scored cases nearly repeat a train case")
    assert not decision.checklist[0].done


def test_a_prompt_under_a_second_name_is_no_second_iteration(workspace):
    """Three prompts named again are still three iterations, too few for a plateau."""
    named_again = [replace(v, name=f"{v.name}, again") for v in standard_variants(LABELED)]
    asyncio.run(run_variants(workspace, LABELED, named_again, Endpoint()))
    found = gather(workspace)

    assert len(found.prompts) == 6
    assert found.plateau.iterations == plateau(workspace).iterations == tuple(
        v.name for v in standard_variants(LABELED))
    assert found.plateau.state == "too few iterations"


def test_what_a_weaker_model_answered_is_no_iteration_of_the_best_ones_prompts(workspace):
    """Prompts tried on another model too leave the history that the plateau rests on, and the table names its model."""
    async def ask_another():
        async with serving([completion('{"category": "integration"}')]) as server:
            another = Endpoint(server.base_url, "another")
            await run_variants(workspace, LABELED, standard_variants(LABELED), another)

    alone = gather(workspace).plateau
    asyncio.run(ask_another())
    found = gather(workspace)
    rows = {row.id: row for row in decide(found, Assumptions(), price_table()).rows}

    assert {p.model for p in found.prompts} == {"another", "embedded-in-context"}
    assert found.plateau == alone
    assert plateau(workspace).scores == alone.scores
    assert "3 iterations of 3 kinds on embedded-in-context" in rows["plateau"].reason


def test_the_latency_of_a_model_of_the_same_name_elsewhere_is_not_the_prompts(workspace):
    """Calls timed at another base URL leave the prompt's latency unmeasured; those timed where it ran count."""
    chosen = best_variant(workspace, gather(workspace))
    workspace.save_latencies(LABELED.key, chosen, "http://elsewhere/v1", "embedded-in-context", [0.5] * 100)
    assert gather(workspace).best.p95_ms is None

    workspace.save_latencies(LABELED.key, chosen, EMBEDDED_URL, "embedded-in-context", [0.1] * 100)
    assert gather(workspace).best.p95_ms.value == pytest.approx(100)
    assert gather(workspace).best.p95_ms.n == 100


def test_what_an_endpoint_said_of_a_models_end_is_evidence(workspace):
    """The shutdown date of a model that was asked there, and no other's."""
    with workspace.writing() as connection:
        for url, model, day in ((EMBEDDED_URL, "embedded-in-context", "2027-02-01"),
                                (EMBEDDED_URL, "another", "2027-03-01"),
                                ("http://elsewhere/v1", "embedded-in-context", "2028-01-01")):
            connection.execute(insert(schema.models).values(
                base_url=url, model=model, shutdown_date=day, seen_at="2026-11-27T00:00:00"))

    assert gather(workspace).shutdown_dates == {"embedded-in-context": "2027-02-01"}


def test_how_a_variant_answers_and_what_it_took_are_evidence(workspace):
    """The output of each variant; tokens of every kind, with n."""
    found = gather(workspace)

    assert {p.output for p in found.prompts} == {"json_schema"}
    assert all(p.tokens.input.n == p.score.n and p.tokens.reasoning.value == 0 for p in found.prompts)


def test_tokens_of_a_case_that_was_asked_again_are_no_new_ones():
    """40 cases of 100 to 490 tokens: mean 295, Student's interval 295 +- t(39) sd / root 40 by hand. Asked four times
    each, the calls are 160 and the interval is the same."""
    once = pd.DataFrame({"input_tokens": np.arange(100.0, 500.0, 10.0), "output_tokens": 5.0, "unit": range(40)})
    once = once.assign(cached_tokens=0.0, reasoning_tokens=0.0, cache_write_tokens=0.0)
    alone, again = token_use(once).input, token_use(pd.concat([once] * 4)).input
    half = 2.0226909 * once["input_tokens"].std() / 40**0.5

    assert (alone.value, alone.n, again.value, again.n) == (295.0, 40, 295.0, 160)
    assert alone.high - alone.value == pytest.approx(half, rel=1e-6)
    assert again.high - again.value == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize(("gaps", "expected"), [
    ([0.1] * 100, (10.0, 10.0, 10.0)), ([0.1] * 40, None), ([0.0] * 100, None),
])
def test_throughput_is_answers_over_the_time_between_them(gaps, expected):
    """An answer each tenth of a second is ten a second, and steady; too few, or no time between them, tell nothing."""
    times = pd.Timestamp("2026-11-27T10:00:00Z") + pd.to_timedelta(np.cumsum([0.0, *gaps]), unit="s")
    rows = pd.DataFrame({"outcome": "answered", "received_at": [t.isoformat() for t in times]})
    found = requests_per_s(rows)

    assert (found if expected is None else (found.value, found.low, found.high)) == (
        expected if expected is None else pytest.approx(expected))


def test_a_run_with_a_pause_has_a_wide_throughput():
    """A minute's pause in the middle: the interval holds the pace without it, and ends at nothing known above."""
    gaps = np.full(100, 0.1)
    gaps[50] = 60
    times = pd.Timestamp("2026-11-27T10:00:00Z") + pd.to_timedelta(np.cumsum([0.0, *gaps]), unit="s")
    found = requests_per_s(pd.DataFrame({"outcome": "answered", "received_at": [t.isoformat() for t in times]}))

    assert found.low < found.value < 10 < found.high


def test_what_is_inspected_is_what_was_gathered(workspace):
    """Slices and the share that all prompts miss agree with the inspector's, which knows what was timed."""
    (variant,) = [v for v in standard_variants(LABELED) if v.name == "5 similar shots"]
    workspace.save_latencies(LABELED.key, variant, Endpoint().base_url, Endpoint().model, [0.01, 0.02])
    evidence = gather(workspace)
    inspector = inspector_of(workspace, evidence)
    found = inspector.inspect(evidence.best)

    assert found.slices == evidence.slices
    assert (len(found.missed), found.shared) == (
        round(evidence.missed_by_all.value * evidence.missed_by_all.n), evidence.missed_by_all.n)
    assert dict(inspector.latencies) == {f"5 similar shots ({Endpoint().model})": (0.01, 0.02)}
