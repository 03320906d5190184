import asyncio
import itertools
import math
from dataclasses import replace

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import OUTCOMES, PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.runs.answer import Answer

SET = split_labeled_set(made_set([
    case | {"expected_priority": ("high", "low")[k % 2]} for k, case in enumerate(made_cases(30))]))
VARIANT = PromptVariant("v", fields_of(SET), kind="shots")
CASES = SET.split("validation")
NUMBERS = itertools.count()
WHOLE = '{"category": "billing", "priority": "low", "confidence": 0.5}'


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def kept(workspace, answers, *, model="m", base_url="http://h/v1", variant=VARIANT, split="validation", repeat=0):
    """A run with these answers to the first cases of the split, None where none came; its id."""
    workspace.save_set(SET)
    workspace.save_variants([variant])
    ids = SET.split(split)["id"].iloc[: len(answers)]
    keys = [f"request {next(NUMBERS)}" for _ in ids]
    run_id = workspace.start_run(SET.key, split, base_url, model,
                                 [(variant, case, repeat, key) for case, key in zip(ids, keys, strict=True)])
    workspace.save_answers((k, a) for k, a in zip(keys, answers, strict=True) if a is not None)
    workspace.finish_run(run_id, "done")
    return run_id


def test_every_answer_ends_as_one_outcome(workspace):
    """Answered, unparsed, refused, truncated and failed are told apart, and only the first has a prediction."""
    kept(workspace, [
        Answer(WHOLE, finish_reason="stop"), Answer("I cannot say."), Answer(WHOLE, refusal="No."),
        Answer("", finish_reason="content_filter"), Answer('{"cat', finish_reason="length"),
        Answer(error_kind="timeout"), Answer(WHOLE, error_kind="server"), None])
    frame = completions(workspace, SET)

    assert frame["outcome"].tolist() == [
        "answered", "unparsed", "refused", "refused", "truncated", "failed", "failed", "failed"]
    assert frame["predicted"].tolist() == ["billing", *[None] * 7]
    assert set(frame["outcome"]) == set(OUTCOMES)


def test_expected_values_stand_beside_the_predicted(workspace):
    """Each row has its case's expected values by id, for the main field and the further ones."""
    kept(workspace, [Answer(WHOLE)] * len(CASES))
    frame = completions(workspace, SET).set_index("case_id")
    by_id = CASES.set_index("id").loc[frame.index]

    assert frame["expected"].tolist() == by_id["expected_category"].tolist()
    assert frame["expected_priority"].tolist() == by_id["expected_priority"].tolist()
    assert set(frame["predicted_priority"]) == {"low"}
    assert set(frame["confidence"]) == {0.5}
    assert set(frame["kind"]) == {"shots"}
    assert set(frame["split"]) == {"validation"}


def test_missing_confidence_is_nan(workspace):
    """A completion without a usable confidence has none, which is not 0."""
    kept(workspace, [Answer('{"category": "billing", "confidence": 7}'), Answer("x"), None])

    assert all(math.isnan(c) for c in completions(workspace, SET)["confidence"])


def test_later_run_of_the_same_counts(workspace):
    """Where two runs asked the same of the same model, the later one's row is shown, once."""
    kept(workspace, [Answer(WHOLE)] * 3)
    kept(workspace, [Answer(WHOLE.replace("billing", "access"))] * 3)
    frame = completions(workspace, SET)

    assert frame["predicted"].tolist() == ["access"] * 3


@pytest.mark.parametrize("change", [{"model": "n"}, {"base_url": "http://other/v1"}, {"repeat": 1},
                                    {"variant": replace(VARIANT, name="w")}, {"variant": replace(VARIANT, seed=1)}])
def test_another_model_address_variant_or_repeat_has_rows_of_its_own(workspace, change):
    """Rows are parted by what was asked of whom."""
    kept(workspace, [Answer(WHOLE)] * 3)
    kept(workspace, [Answer(WHOLE)] * 3, **change)

    assert len(completions(workspace, SET)) == 6


def test_split_is_the_cases_own(workspace):
    """In a run over all splits, each row carries the split of its case."""
    kept(workspace, [Answer(WHOLE)] * len(SET), split="all")
    frame = completions(workspace, SET).set_index("case_id")

    assert frame["split"].to_dict() == SET.cases.set_index("id")["split"].to_dict()


def test_iterations_are_numbered_as_they_were_asked(workspace):
    """What was asked first is iteration 0; a second run of it is still that iteration, begun when the first was."""
    first = replace(VARIANT, name="zz first")
    kept(workspace, [Answer(WHOLE)] * 2, variant=first)
    kept(workspace, [Answer(WHOLE)] * 2, variant=VARIANT)
    kept(workspace, [Answer(WHOLE)] * 3, variant=first)
    frame = completions(workspace, SET)
    begun = workspace.items(SET.key)["started_at"]

    assert frame.groupby("variant")["iteration"].unique().map(list).to_dict() == {"zz first": [0], "v": [1]}
    assert set(frame.loc[frame["variant"] == "zz first", "first_run_at"]) == {begun.min()}


def test_text_is_read_by_the_variant_that_asked(workspace):
    """Each completion is read with the labels of its own variant."""
    other = replace(VARIANT, name="w", fields=(replace(VARIANT.fields[0], labels=("Billing!", "access")),))
    kept(workspace, [Answer("billing")])
    kept(workspace, [Answer("billing")], variant=other)
    frame = completions(workspace, SET).set_index("variant")

    assert frame.loc["v", "outcome"] == "answered"
    assert frame.loc["w", "outcome"] == "unparsed"


def test_workspace_without_runs_has_an_empty_frame(workspace):
    """Nothing asked yet is a frame with the columns and no rows."""
    frame = completions(workspace, SET)

    assert frame.empty
    assert {"model", "variant", "case_id", "repeat", "outcome", "expected", "predicted", "confidence",
            "predicted_priority", "latency_s"} <= set(frame.columns)


def test_run_of_the_embedded_model_reads_back_whole(workspace):
    """What a run asked is what comes back: every case of the split once, answered, with tokens and a latency."""
    asyncio.run(run_variants(workspace, SET, [VARIANT], Endpoint()))
    frame = completions(workspace, SET)

    assert sorted(frame["case_id"]) == sorted(CASES["id"])
    assert set(frame["outcome"]) == {"answered"}
    assert (frame[["input_tokens", "output_tokens", "latency_s"]] > 0).all(axis=None)
