"""What is gathered from a workspace in which not everything went well."""

import asyncio
from pathlib import Path

import pytest
from tests.decision.small_run import small_set

from promptceiling.decision import Assumptions, decide, gather
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, price_table, run_variants
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


def test_failures_of_every_variant_end_in_a_verdict_that_says_so(workspace):
    """No case was answered by all of them: that is a verdict, and no error."""
    for variant in ("zero-shot", "5 stratified shots", "5 similar shots"):
        fail(workspace, variant, 0.5)
    found = gather(workspace)

    assert found.selection_corrected is None
    assert decide(found, Assumptions(), price_table()).sentence == "The run is incomplete."
