"""What is gathered about alternatives: the paired comparison, what was broken, and several training seeds."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.decision.made_up_evidence import PRICES, TUNED_WELL, around, evidence, plateau
from tests.decision.small_run import small_set

from promptceiling.decision import Assumptions, ShareChange, decide, gather, publish, verify
from promptceiling.decision.changes import (
    ClassChange,
    class_changes,
    field_changes,
    format_changes,
    share_of,
)
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions
from promptceiling.runs.answer import Answer
from promptceiling.scores import delta_over_draws, wilson
from promptceiling.scores.paired import tango
from promptceiling.tuning import register_fine_tune, run_learning_curve, run_local_classifier

LABELED = small_set(120)
PROMPT = PromptVariant("prompt", fields_of(LABELED))
TUNED = PromptVariant("tuned", fields_of(LABELED), confidence=False)
CALM = ClassChange("billing", 10, around(0.5, 0.1), around(0.5, 0.1), around(0.0, 0.1), 1, 1, False)
HOST = "http://127.0.0.1:1/v1"


def answered(workspace, variant, model, *, wrong=0.2, seed=0, broken=0.0, priority_wrong=0.0, split="test"):
    """Keep answers of a model on a split: this share wrong, this share without a label, priorities wrong likewise."""
    rng, labels = np.random.default_rng(seed), LABELED.labels()
    cases = LABELED.split(split)
    keys = [f"{variant.name}/{model}/{case}" for case in cases["id"]]
    run = workspace.start_run(workspace.save_set(LABELED), split, HOST, model,
                              [(variant, case, 0, key) for case, key in zip(cases["id"], keys, strict=True)])
    workspace.save_variants([variant])
    answers = []
    for case in cases.to_dict("records"):
        said = {"category": case["expected_category"], "priority": case["expected_priority"]}
        if rng.random() < wrong:
            said["category"] = rng.choice([x for x in labels if x != said["category"]])
        if rng.random() < priority_wrong:
            said["priority"] = next(p for p in LABELED.labels("priority") if p != said["priority"])
        text = "no idea" if rng.random() < broken else json.dumps(said)
        answers.append(Answer(text=text, model=model, finish_reason="stop"))
    workspace.save_answers(zip(keys, answers, strict=True))
    workspace.finish_run(run, "done")


@pytest.fixture
def workspace(tmp_path):
    """A prompt that is right on four fifths of validation and test."""
    with Workspace(tmp_path / "w", durable=False) as opened:
        answered(opened, PROMPT, "base", split="validation")
        answered(opened, PROMPT, "base")
        yield opened


def tuned(workspace, model, *, trained=0, **about):
    register_fine_tune(workspace, LABELED, TUNED, Endpoint(HOST, model), base_model="base", seed=trained)
    answered(workspace, TUNED, model, **about)


def test_registered_model_is_an_alternative_and_no_prompt(workspace):
    """A fine-tune from elsewhere is compared on the test split, with labels, fields and format."""
    tuned(workspace, "mine", wrong=0.0, seed=1)
    gathered = gather(workspace)
    (found,) = gathered.alternatives

    assert [p.name for p in gathered.prompts] == ["prompt"]
    assert (found.kind, found.split, found.model) == ("fine-tune", "test", "mine")
    assert found.delta == found.comparison.delta_f1_weighted
    assert found.delta.value > 0.1
    assert {c.label for c in found.per_class} == set(LABELED.labels()) & set(LABELED.split("test")["expected_category"])
    assert [f.name for f in found.fields] == ["priority"]
    assert [f.name for f in found.formats] == ["unusable"]
    assert (found.broken, found.regressions) == ((), ())


def test_gain_that_breaks_the_json_and_the_priority_is_told(workspace):
    """Answers without a label and wrong priorities are each worse beyond doubt, although the labels are right."""
    tuned(workspace, "mine", wrong=0.0, broken=0.8, priority_wrong=0.9, seed=1)
    (found,) = gather(workspace).alternatives

    assert set(found.broken) == {"priority", "unusable", "unparsed"}
    unusable = next(f for f in found.formats if f.name == "unusable")
    assert unusable.prompt.value == 0
    assert unusable.alternative.value == pytest.approx(0.8, abs=0.15)
    assert unusable.delta.low > 0


def test_seeds_of_one_recipe_are_one_alternative_with_their_spread(workspace):
    """Three models that differ in the seed alone give one difference over cases and seeds; another recipe is apart."""
    for seed in range(3):
        tuned(workspace, f"mine-{seed}", trained=seed, wrong=0.1 + 0.1 * seed, seed=seed)
    other = PromptVariant("other", fields_of(LABELED), instructions="Otherwise.", confidence=False)
    register_fine_tune(workspace, LABELED, other, Endpoint(HOST, "apart"), base_model="base")
    answered(workspace, other, "apart")
    first, second = gather(workspace).alternatives

    assert first.models == ("mine-0", "mine-1", "mine-2")
    assert second.seeds is None
    assert len(first.seeds.scores) == 3
    assert first.seeds.spread.value > 0.03
    assert first.delta == first.seeds.mean
    single = first.comparison.delta_f1_weighted
    assert first.delta.high - first.delta.low > single.high - single.low


def test_published_numbers_of_alternatives_and_readiness_are_verified(workspace, tmp_path):
    """Curve, local classifier, seeds and format are recomputed from what the file holds."""
    run_local_classifier(workspace, LABELED, splits=("validation", "test"))
    run_learning_curve(workspace, LABELED, sizes=(8, 12, 24, 40))
    for seed in range(2):
        tuned(workspace, f"mine-{seed}", trained=seed, seed=seed)
    published = publish(workspace, tmp_path / "p.sqlite").evidence

    assert verify(tmp_path / "p.sqlite") == []
    assert published.readiness.curve is not None
    assert [a.kind for a in published.alternatives] == ["local", "fine-tune"]


def test_altered_curve_in_a_published_file_is_caught(workspace, tmp_path):
    """Predictions that were changed after publishing give other numbers, and verify names them."""
    run_learning_curve(workspace, LABELED, sizes=(8, 12, 24, 40))
    publish(workspace, tmp_path / "p.sqlite")
    with Workspace(tmp_path / "p.sqlite") as opened, opened.writing() as connection:
        count = len(LABELED.split("validation"))
        connection.exec_driver_sql("UPDATE curve_draws SET predicted = ?", (json.dumps([0] * count),))

    assert any("readiness.curve" in line for line in verify(tmp_path / "p.sqlite"))


def test_verdict_says_what_the_fine_tune_broke():
    """A fine-tune that gains and gets the priority wrong is told so in its row, and against the verdict to keep it."""
    worse = ShareChange("priority", around(0.9, 0.02), around(0.5, 0.05), around(-0.4, 0.05), True)
    found = decide(evidence(alternatives=(replace(TUNED_WELL, fields=(worse,), per_class=(CALM,)),),
                            plateau=plateau("confirmed")), Assumptions(), PRICES)

    assert found.verdict == "fine-tune (plateau)"
    assert "It got worse at: priority." in found.row("tune_delta").reason
    assert "It got worse at: priority." in found.conflict


# --- changes


def sides(right_a, right_b, label="x", units=None):
    """Two frames of one label: who is right on which case."""
    n = len(right_a)
    units = np.arange(n).astype(str) if units is None else units
    return [pd.DataFrame({"expected": label, "predicted": np.where(right, label, "y"), "unit": units,
                          "outcome": "answered"}) for right in (np.array(right_a), np.array(right_b))]


def test_label_that_is_lost_beyond_doubt_regressed():
    """Twenty cases that the prompt alone gets right, and none the other way, are a regression; two are not."""
    a, b = sides([True] * 40, [False] * 20 + [True] * 20)
    (lost, *_) = class_changes(a, b, ["x", "y"])
    assert (lost.label, lost.only_prompt, lost.only_alternative, lost.regressed) == ("x", 20, 0, True)
    assert lost.delta_recall == tango(0, 20, 40)

    (kept, *_) = class_changes(*sides([True] * 40, [False] * 2 + [True] * 38), ["x", "y"])
    assert not kept.regressed


def test_among_many_labels_one_unlucky_one_is_no_regression():
    """A loss of 6 cases to 0 (p 0.03) is one among forty labels: not beyond doubt."""
    parts = [sides([True] * 12, [False] * 6 + [True] * 6, "l0")] + [
        sides([True] * 12, [True] * 12, f"l{k}") for k in range(1, 40)]
    a, b = (pd.concat([p[k] for p in parts], ignore_index=True) for k in (0, 1))
    a["unit"] = b["unit"] = np.arange(len(a)).astype(str)

    changes = class_changes(a, b, [f"l{k}" for k in range(40)] + ["y"])

    assert changes[0].label == "l0"
    assert not any(c.regressed for c in changes)


def test_share_of_units_is_worth_fewer_cases():
    """Ten units of ten equal cases give an interval as wide as ten cases' at least; a hundred cases give Wilson's."""
    mask = np.repeat([True, False] * 5, 10)
    together, alone = share_of(mask, np.repeat(np.arange(10), 10)), share_of(mask, np.arange(100))

    assert alone == wilson(50, 100)
    assert together.high - together.low >= wilson(5, 10).high - wilson(5, 10).low


def test_field_that_one_side_was_not_asked_for_is_left_out():
    """A local classifier without a priority, or a set without labels for it, gives no figure."""
    a, b = sides([True] * 4, [True] * 4)
    for frame in (a, b):
        frame["expected_priority"] = ["high", "low", "", "high"]
    a["predicted_priority"] = ["high", "high", "low", "high"]
    b["predicted_priority"] = None
    assert field_changes(a, b) == ()

    b["predicted_priority"] = ["high", "low", None, None]
    (change,) = field_changes(a, b)
    assert (change.prompt.n, change.prompt.value, change.alternative.value) == (3, 2 / 3, 2 / 3)


def test_outcomes_that_no_side_has_are_left_out():
    """Together they always stand; cut off and refused ones only where there are any."""
    a, b = sides([True] * 5, [True] * 5)
    assert [f.name for f in format_changes(a, b)] == ["unusable"]
    b.loc[0, "outcome"] = "truncated"
    assert [f.name for f in format_changes(a, b)] == ["unusable", "truncated"]


def test_difference_over_seeds_is_that_of_the_scores_room(workspace):
    """The alternative's figure is `delta_over_draws` of the stored answers."""
    for seed in range(2):
        tuned(workspace, f"mine-{seed}", trained=seed, wrong=0.1 + 0.2 * seed, seed=seed)
    (found,) = gather(workspace).alternatives
    frame = completions(workspace, LABELED)
    frame = frame[frame["split"] == "test"].sort_values("case_id")
    said = {m: rows["predicted"].tolist() for m, rows in frame.groupby("model")}
    expected = frame[frame["model"] == "base"]["expected"].tolist()
    units = LABELED.cases.set_index("id")["unit"].reindex(sorted(set(frame["case_id"]))).tolist()
    again = delta_over_draws(expected, [said["base"]], [said["mine-0"], said["mine-1"]], LABELED.labels(), units=units)

    assert found.delta == again.mean
