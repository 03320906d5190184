import json
import warnings

import numpy as np
import pytest
from sqlalchemy import text, update
from tests.made_up import made_cases, made_set
from tests.simulations.learning_curves import simulated

from promptceiling.errors import InputError, TuningError, WorkspaceError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.runs import Workspace, schema
from promptceiling.scores import point_metrics
from promptceiling.tuning import curve_sizes, drawn_predictions, learning_curve_of, run_learning_curve
from promptceiling.tuning.linear import trained

LABELED_SET = split_labeled_set(made_set(made_cases(240)))
TRAIN = list(zip(LABELED_SET.split("train")["input"], LABELED_SET.split("train")["expected_category"], strict=True))
HELD = LABELED_SET.split("validation")


@pytest.mark.parametrize(("n", "sizes"), [(7, (6,)), (20, (8, 16)), (100, (10, 20, 40, 80)),
                                          (2000, (100, 200, 400, 800, 1600))])
def test_sizes_double_up_to_four_fifths_of_the_labels(n, sizes):
    """At most five sizes up to four fifths, each about half of the next, none under eight unless there are no more."""
    assert curve_sizes(n) == sizes


def test_draws_are_those_of_the_classifier_itself():
    """A draw predicts what `trained` on the drawn cases predicts, label by label."""
    texts = HELD["input"].tolist()
    for size, lists in drawn_predictions(TRAIN, texts, (20, 48), draws=2, seed=5).items():
        for draw, said in enumerate(lists):
            chosen = np.sort(np.random.default_rng([5, size, draw]).permutation(len(TRAIN))[:size])
            model = trained([TRAIN[k][0] for k in chosen], [TRAIN[k][1] for k in chosen], seed=draw, calibrated=False)
            assert said == model.predict(texts)


def test_draw_with_one_label_answers_it():
    """Two cases of one label teach nothing else."""
    assert drawn_predictions([("red wine", "a"), ("white wine", "a")], ["beer"], (1, 2), draws=1) == {
        1: [["a"]], 2: [["a"]]}


def test_curve_is_kept_as_predictions_and_read_back(tmp_path):
    """Points are the weighted F1 of the kept draws; opened again, the workspace gives the same curve."""
    with Workspace(tmp_path) as workspace:
        assert learning_curve_of(workspace, LABELED_SET) is None
        curve = run_learning_curve(workspace, LABELED_SET)
    with Workspace(tmp_path, read_only=True) as workspace:
        again = learning_curve_of(workspace, LABELED_SET)

    assert again == curve
    assert [p.labels for p in curve.points] == [10, 19, 38, 77]
    assert {p.draws for p in curve.points} == {5}
    said = drawn_predictions(TRAIN, HELD["input"].tolist(), (19,))[19]
    expected = HELD["expected_category"].tolist()
    scores = [point_metrics(expected, s, LABELED_SET.labels()).f1_weighted for s in said]
    assert curve.points[1].score.value == pytest.approx(np.mean(scores))
    assert curve.points[-1].score.value >= curve.points[0].score.value


def test_interrupted_curve_goes_on_where_it_was(tmp_path):
    """Draws that were kept are not trained again, and what was missing is."""
    class Stop(Exception):
        pass

    def stop(done, total):
        assert total == 20
        if done == 7:
            raise Stop

    heard = []
    with Workspace(tmp_path) as workspace:
        with pytest.raises(Stop):
            run_learning_curve(workspace, LABELED_SET, on_progress=stop)
        curve = run_learning_curve(workspace, LABELED_SET, on_progress=lambda done, total: heard.append(done))
        run_learning_curve(workspace, LABELED_SET, on_progress=lambda done, total: heard.append(-done))
    with Workspace(tmp_path / "whole") as workspace:
        assert run_learning_curve(workspace, LABELED_SET) == curve
    assert heard == [*range(7, 21), -20]


def test_altered_draw_is_told(tmp_path):
    """Predictions that do not fit the cases are an error that says so, and no curve."""
    with Workspace(tmp_path) as workspace:
        run_learning_curve(workspace, LABELED_SET, sizes=(20,), draws=1)
        with workspace.writing() as connection:
            connection.execute(update(schema.curve_draws).values(predicted=json.dumps([9])))
        with pytest.raises(WorkspaceError, match="does not fit the labeled set"):
            learning_curve_of(workspace, LABELED_SET)


def test_few_sizes_or_draws_are_refused_a_forecast(tmp_path):
    """Three sizes, or one draw of each, give points and a reason, and no forecast."""
    with Workspace(tmp_path) as workspace:
        assert "3 sizes" in run_learning_curve(workspace, LABELED_SET, sizes=(24, 48, 96)).refused
    with Workspace(tmp_path / "b") as workspace:
        assert "1 draws" in run_learning_curve(workspace, LABELED_SET, draws=1).refused


@pytest.mark.parametrize("size", [0, 97, 10_000])
def test_size_that_cannot_be_drawn_is_refused(tmp_path, size):
    """More labels than there are, or none, is one sentence."""
    with Workspace(tmp_path) as workspace, pytest.raises(InputError, match=f"at {size} labels"):
        run_learning_curve(workspace, LABELED_SET, sizes=(size,))


def test_texts_without_words_are_refused(tmp_path):
    """A train split of signs teaches nothing, in one sentence."""
    cases = [case | {"input": "?" * (k + 1)} for k, case in enumerate(made_cases(60))]
    with Workspace(tmp_path) as workspace, pytest.raises(TuningError, match="No train text has a word"):
        run_learning_curve(workspace, split_labeled_set(made_set(cases)))


def test_draws_are_rows_without_pickle(tmp_path):
    """What is kept is JSON: places among the labels, one for each validation case."""
    with Workspace(tmp_path) as workspace:
        run_learning_curve(workspace, LABELED_SET, sizes=(20,), draws=1)
        with workspace.engine.connect() as connection:
            (stored,) = connection.execute(text("SELECT predicted FROM curve_draws")).scalars()
    assert len(json.loads(stored)) == len(HELD)
    assert set(json.loads(stored)) <= set(range(len(LABELED_SET.labels())))


def test_many_labels_with_few_cases_draw_no_warning():
    """A draw with as many labels as cases is quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn_predictions([(f"word{k} text", f"l{k}") for k in range(10)], ["word1"], (8,), draws=1)


def test_forecast_refuses_a_late_jump_and_holds_without_one():
    """Where the last size jumps by ten points no forecast is given; where none does, it errs by under a point."""
    assert simulated("jump of 10 points after 1,000", 20)["refused"] == 1
    steady = simulated("power law, fast", 20)
    assert (steady["refused"], steady["held"] >= 0.8, steady["error"] < 0.01) == (0, True, True)
