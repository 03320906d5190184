"""The lessons: what each is made of, that each runs from top to bottom, and that its checks answer a prediction."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tests.decision.small_run import small_workspace
from tests.notebooks.test_notebooks import project_with, shown

from promptceiling.app.demonstration import demonstration_file
from promptceiling.decision import publish
from promptceiling.labeled_set import read_labeled_set, split_labeled_set
from promptceiling.runs import Workspace

LESSONS = sorted((Path(__file__).parents[2] / "notebooks" / "teaching").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
ANSWERS = {  # what a pupil might write
    "prediction": "0.6", "prediction_width": "'three times'", "prediction_best": "'similar'",
    "prediction_larger": "'choice'", "prediction_place": "'upper half'", "prediction_fall": "0.05",
    "prediction_state": "'confirmed'", "prediction_ceiling": "0.9", "prediction_share": "'a small part'",
    "prediction_cheaper": "'prompt'", "prediction_zero_shot": "0.2",
}
TOLD = {"1": r"times as wide on [\d.]+ times fewer cases", "3": r"the mean over \d+ samples of twenty cases"}
CAPSTONE = {"prediction_best": "0.7", "prediction_row": "'f1'"}


def cells(path, kind):
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the lessons, every sixth ticket for data, and a small published file as the demonstration."""
    root = project_with(tmp_path_factory.mktemp("class"), 6)
    small_workspace(root / "small")
    with Workspace(root / "small", read_only=True) as workspace:
        publish(workspace, demonstration_file(root / "workspace"))
    return root


def run(path, project, *, predicting):
    """The lesson executed on the smaller set, with or without predictions, as one text."""
    notebook = nbformat.read(project / "notebooks" / "teaching" / path.name, 4)
    for cell in notebook.cells:
        if predicting:
            written = ANSWERS | (CAPSTONE if "capstone" in path.name else {})
            for name, said in written.items():
                cell.source = re.sub(rf"^{name} = None$", f"{name} = {said}", cell.source, flags=re.MULTILINE)
    NotebookClient(notebook, timeout=600, kernel_name="python3", store_widget_state=True,
                   resources={"metadata": {"path": str(project / "notebooks" / "teaching")}}).execute()
    return shown(notebook)


def test_there_are_five_lessons_and_a_capstone():
    """In their order, each with the next one's link."""
    assert [name.split("_")[0] for name in NAMES] == ["1", "2", "3", "4", "5", "6"]
    for path, following in zip(LESSONS, NAMES[1:], strict=False):
        assert f"]({following})" in cells(path, "markdown")[-1]


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_every_lesson_has_its_parts(path):
    """A goal with a duration, a prediction that is not yet made, a check, a folded solution, notes for the teacher."""
    prose, code = "\n".join(cells(path, "markdown")), "\n".join(cells(path, "code"))

    assert "**Goal.**" in prose
    assert re.search(r"[Aa]bout \d+ minutes", prose)
    assert "Predict\n" in prose
    assert re.search(r"^prediction\w* = None$", code, re.MULTILINE)
    assert "check_" in code
    assert re.findall(r"<details><summary><b>(.*?)</b>", prose) == ["Solution", "Notes for the teacher"]
    assert "no LLM" in prose
    assert all((path.parent / link).is_file() for link in re.findall(r"\]\(([^)]+\.ipynb)\)", prose))


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_lessons_are_stored_thin_and_without_outputs(path):
    """No output, no count, no definition, no cell longer than a screen, and a kernel that everybody has."""
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert all(cell.source.count("\n") < 25 and not re.search(r"^\s*(def|class) ", cell.source, re.M) for cell in code)
    assert notebook.metadata["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_a_lesson_runs_and_its_checks_answer(path, project):
    """With predictions in place no cell raises and every check says what the measurement says."""
    words = run(path, project, predicting=True)

    assert re.search(r"Inside the interval|Too low|Too high|Yes|The measurement says otherwise", words)
    assert "No prediction yet" not in words
    assert re.search(TOLD.get(path.name[0], ""), words)


@pytest.mark.parametrize("path", [*LESSONS, *sorted(LESSONS[0].parents[1].glob("*.ipynb"))], ids=lambda path: path.name)
def test_a_score_in_a_notebook_draws_cases_that_belong_together(path):
    """Every score of predictions is given their units: without, intervals of repeats and groups are too narrow."""
    code = "\n".join(cells(path, "code"))
    assert code.count("score_predictions(") == len(re.findall(r"score_predictions\([^=]*?units=", code))


def test_a_lesson_is_about_its_own_variants_whatever_ran_before(project):
    """Lessons share a workspace, and names: the plateau is that of the nine variants, and lessons 1 and 2 run again."""
    nine = run(LESSONS[3], project, predicting=True)
    first, second = (run(path, project, predicting=True) for path in LESSONS[:2])

    assert "Weighted F1 of 9 iterations" in nine
    assert f", n {len(split_labeled_set(read_labeled_set(project / 'tickets.csv')).split('validation'))}" in first
    assert "No prediction yet" not in second


def test_without_a_prediction_nothing_is_given_away(project):
    """Restart and run all works before anybody has predicted, and the check asks for the prediction."""
    words = run(LESSONS[0], project, predicting=False)

    assert "No prediction yet" in words
    assert "You said" not in words
