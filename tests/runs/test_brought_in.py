import pytest
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.runs import Workspace, bring_in, completions

SET = split_labeled_set(made_set(made_cases(30)))
IDS = SET.split("validation")["id"].tolist()


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def brought(workspace, label="billing", **options):
    return bring_in(workspace, SET, case_ids=IDS, labels=[label] * len(IDS), **(
        {"split": "validation", "source": "local", "model": "logistic", "name": "classifier"} | options))


def test_predictions_made_elsewhere_stand_beside_completions(workspace):
    """Each label is an answered row of its case, under its source, model and name."""
    run_id = brought(workspace, confidence=[0.25] * len(IDS))
    frame = completions(workspace, SET)

    assert frame["case_id"].tolist() == IDS
    assert frame[["outcome", "predicted", "confidence"]].drop_duplicates().to_numpy().tolist() == [
        ["answered", "billing", 0.25]]
    assert frame[["run_id", "base_url", "model", "variant", "kind", "state"]].drop_duplicates().to_numpy().tolist() == [
        [run_id, "local", "logistic", "classifier", "model", "done"]]


def test_brought_in_again_they_replace_what_was_there(workspace):
    """A second bringing in of the same is what counts, once a case."""
    brought(workspace)
    brought(workspace, "access")

    assert completions(workspace, SET)["predicted"].tolist() == ["access"] * len(IDS)


def test_without_confidence_there_is_none(workspace):
    """Labels alone have no confidence, which is not 0."""
    brought(workspace)

    assert completions(workspace, SET)["confidence"].isna().all()


def test_label_outside_the_set_is_unparsed(workspace):
    """A label that the set does not have is shown as such and never made to fit."""
    brought(workspace, "spam")

    assert set(completions(workspace, SET)["outcome"]) == {"unparsed"}


def test_test_split_is_opened_by_what_is_brought_in(workspace):
    """Bringing in predictions on the test split is an opening of it like any run."""
    ids = SET.split("test")["id"].tolist()
    labels = ["billing"] * len(ids)
    bring_in(workspace, SET, split="test", source="local", model="m", name="n", case_ids=ids, labels=labels)

    assert workspace.openings(SET.key)["variant"].tolist() == ["n"]


def test_latencies_are_kept_as_measured(workspace):
    """Seconds a case, where given, are a latency measurement of that model."""
    brought(workspace, latencies_s=[0.001, 0.002])

    assert workspace.latencies(SET.key)["seconds"].tolist() == [0.001, 0.002]
