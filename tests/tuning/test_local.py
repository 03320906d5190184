import numpy as np
import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import data_file, read_labeled_set, split_labeled_set
from promptceiling.runs import Workspace, completions
from promptceiling.scores import score_predictions
from promptceiling.tuning import LOCAL_NAME, LinearClassifier, run_local_classifier
from promptceiling.tuning.linear import trained

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
    assert len(latencies) == 200
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
    assert set(one["model"]) == {"linear SVM, seed 7"}


def test_answers_that_are_there_are_left_alone(tmp_path):
    """A second run trains nothing and opens no seal again; `again` replaces what is there, one row a case."""
    with Workspace(tmp_path) as workspace:
        first = run_local_classifier(workspace, LABELED_SET, splits=("validation",))
        second = run_local_classifier(workspace, LABELED_SET, splits=("validation", "test"))
        third = run_local_classifier(workspace, LABELED_SET, splits=("validation", "test"))
        assert len(workspace.openings(LABELED_SET.key)) == 1
        forced = run_local_classifier(workspace, LABELED_SET, splits=("validation",), again=True)
        frame = completions(workspace, LABELED_SET)

    assert (set(first.predicted), first.from_store) == ({"validation"}, ())
    assert (set(second.predicted), second.from_store) == ({"test"}, ("validation",))
    assert (third.predicted, third.training_s) == ({}, 0.0)
    assert set(forced.predicted) == {"validation"}
    assert not frame["case_id"].duplicated().any()


def test_case_that_nearly_repeats_a_scored_one_is_not_trained_on(tmp_path):
    """A file's own split may leak: what is trained is then what it would be without the case, which is counted."""
    cases = [case | {"split": ("train", "validation", "test")[k // 3 % 3]} for k, case in enumerate(made_cases(90))]
    leaking = [*cases, cases[3] | {"id": "twin", "input": cases[3]["input"].upper() + "!", "split": "train"}]
    with Workspace(tmp_path) as workspace:
        plain, twin = (split_labeled_set(made_set(c)) for c in (cases, leaking))
        assert run_local_classifier(workspace, plain).left_out == 0
        assert run_local_classifier(workspace, twin).left_out == 1
        said = [completions(workspace, s)[["case_id", "confidence"]] for s in (plain, twin)]
    assert said[0].equals(said[1])


def test_every_labeled_field_is_answered(tmp_path):
    """A second field with labels has a classifier of its own, trained on cases that have one; one label has none."""
    urgent = {"access": "high", "billing": "low", "export": ""}
    cases = [case | {"expected_priority": urgent[case["expected_category"]], "expected_source": "mail"}
             for case in made_cases(90)]
    labeled_set = split_labeled_set(made_set(cases))

    frame, _ = run(tmp_path, labeled_set=labeled_set)

    known = frame[frame["expected_priority"] != ""]
    assert (known["predicted_priority"] == known["expected_priority"]).mean() > 0.8
    assert frame["predicted_source"].isna().all()


def test_a_saved_classifier_answers_as_the_one_that_was_saved(tmp_path):
    """Decision values are equal to the bit after a load; the folder holds JSON and plain arrays alone."""
    with Workspace(tmp_path) as workspace:
        folder = run_local_classifier(workspace, LABELED_SET).folder
        kept = completions(workspace, LABELED_SET)
    again = LinearClassifier.load(folder / "category")
    texts = LABELED_SET.cases.set_index("id")["input"][kept["case_id"]].tolist()

    assert again.predict(texts) == kept["predicted"].tolist()
    assert again.probabilities(texts).max(axis=1).tolist() == kept["confidence"].tolist()
    assert sorted(p.name for p in (folder / "category").iterdir()) == ["classifier.json", "weights.npz"]


@pytest.mark.parametrize("spoil", ["missing", "no json", "pickled"])
def test_a_folder_that_holds_no_classifier_is_told(tmp_path, spoil):
    """Nothing is unpickled: arrays of objects are refused as any other file."""
    trained(["red wine", "green tea"], ["a", "b"], calibrated=False).save(tmp_path)
    if spoil == "missing":
        (tmp_path / "weights.npz").unlink()
    elif spoil == "no json":
        (tmp_path / "classifier.json").write_text("[")
    else:
        np.savez(tmp_path / "weights.npz", coefficients=np.array([{}], dtype=object))

    with pytest.raises(InputError, match="holds no classifier that was saved here"):
        LinearClassifier.load(tmp_path)


def test_probabilities_are_about_as_high_as_the_answers_are_right():
    """On the support tickets the mean probability of the answers lies within 5 points of the share that is right."""
    tickets = split_labeled_set(read_labeled_set(data_file("support_tickets.csv")))
    train, held = tickets.split("train"), tickets.split("validation")
    model = trained(train["input"].tolist(), train["expected_category"].tolist())
    shares = model.probabilities(held["input"].tolist())
    right = np.mean(np.array(model.predict(held["input"].tolist())) == held["expected_category"])

    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares.max(axis=1).mean() == pytest.approx(right, abs=0.05)


def test_two_labels_and_many_are_decided_alike():
    """With two labels there is one decision value for each, as with three."""
    for labels in (("a", "b"), ("a", "b", "c")):
        texts = [f"{x} word{k}" for x in labels for k in range(9)]
        model = trained(texts, [t[0] for t in texts])
        assert model.labels == labels
        assert model.decide(texts).shape == (len(texts), len(labels))
        assert model.predict(texts) == [t[0] for t in texts]


def test_texts_without_a_word_are_refused():
    """Texts that hold nothing to count end in a sentence."""
    with pytest.raises(TuningError, match="No train text has a word"):
        trained(["!", "?"], ["a", "b"])


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
