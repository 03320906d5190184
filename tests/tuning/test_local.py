import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.runs import Workspace, completions
from promptceiling.scores import score_predictions
from promptceiling.tuning import LOCAL_NAME, run_local_classifier

LABELED_SET = split_labeled_set(made_set(made_cases(90)))


def run(folder, *, labeled_set=LABELED_SET, times=1, **options):
    """What a new workspace holds after the local classifier ran in it: completions and latencies."""
    with Workspace(folder) as workspace:
        for _ in range(times):
            run_local_classifier(workspace, labeled_set, **options)
        return completions(workspace, labeled_set), workspace.latencies(labeled_set.key)


def test_its_answers_are_kept_as_completions(tmp_path):
    """One answered row a case of each split asked for, with a label of the set and a probability, and no train case."""
    frame, latencies = run(tmp_path, splits=("validation", "test"))

    expected = LABELED_SET.cases[LABELED_SET.cases["split"] != "train"]
    assert set(frame["case_id"]) == set(expected["id"])
    assert len(frame) == len(expected)
    assert set(frame["outcome"]) == {"answered"}
    assert set(frame["variant"]) == {LOCAL_NAME}
    assert set(frame["base_url"]) == {"local"}
    assert frame["predicted"].isin(LABELED_SET.labels()).all()
    assert frame["confidence"].between(1 / 3, 1).all()
    assert len(latencies) == 100
    assert (latencies["seconds"] > 0).all()


def test_it_beats_the_constant_answer(tmp_path):
    """On texts that name their class in pieces of words it is far above always answering the commonest label."""
    frame, _ = run(tmp_path)

    score = score_predictions(frame["expected"].tolist(), frame["predicted"].tolist(), LABELED_SET.labels())

    assert score.f1_weighted.value > score.constant_f1 + 0.3


def test_a_seed_gives_the_same_answers_every_time(tmp_path):
    """Label and probability of each case are the same in two workspaces, and its seed is in its name."""
    columns = ["case_id", "predicted", "confidence", "model"]
    one, other = run(tmp_path / "a", seed=7)[0], run(tmp_path / "b", seed=7)[0]
    third = run(tmp_path / "c", seed=8)[0]

    assert one[columns].equals(other[columns])
    assert not one["confidence"].equals(third["confidence"])
    assert set(one["model"]) == {"linear, seed 7"}


def test_run_again_it_replaces_its_answers(tmp_path):
    """A second run leaves one row a case, not two."""
    frame, _ = run(tmp_path, times=2)

    assert not frame["case_id"].duplicated().any()


def test_one_class_is_refused(tmp_path):
    """A train split with a single label teaches nothing, and the sentence says so."""
    alone = [case | {"expected_category": "billing"} for case in made_cases(30)]

    with pytest.raises(TuningError, match=r"only the label 'billing'"):
        run(tmp_path, labeled_set=split_labeled_set(made_set(alone)))


def test_an_empty_split_is_refused(tmp_path):
    """A split without cases is named."""
    cases = [case | {"split": ("train", "validation")[k % 2]} for k, case in enumerate(made_cases(30))]

    with pytest.raises(InputError, match=r"split 'test' of made has no cases"):
        run(tmp_path, labeled_set=split_labeled_set(made_set(cases)), splits=("validation", "test"))
