"""Leaderboard, comparison and plateau for code."""

import math
import subprocess
import sys
from dataclasses import fields

import pandas as pd
import pytest
from tests.decision.small_run import small_workspace
from tests.panels.made_up import DRAWN, HARMLESS, HOSTILE, IMAGE, Page

import promptceiling
from promptceiling import InputError
from promptceiling.decision import gather
from promptceiling.runs import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The small run, opened for reading."""
    folder = tmp_path_factory.mktemp("workspace")
    small_workspace(folder)
    with Workspace(folder, read_only=True) as opened:
        yield opened


def frame(n=80, **right):
    """Answers of variants to `n` cases of two labels; each is right on the first so many of them."""
    other = {"a": "b", "b": "a"}
    return pd.DataFrame([
        {"case_id": k, "variant": name, "expected": "ab"[k % 2],
         "predicted": "ab"[k % 2] if k < count else other["ab"[k % 2]], "outcome": "answered"}
        for name, count in right.items() for k in range(n)])


def test_results_of_a_workspace_are_those_that_the_decision_uses(workspace):
    """The same variants, intervals and state as in the gathered evidence."""
    evidence = gather(workspace)
    board, plateau = promptceiling.leaderboard(workspace), promptceiling.plateau(workspace)

    assert [(s.name, s.delta_to_best) for s in board.standings] == [(p.name, p.delta_to_best) for p in evidence.prompts]
    assert board.selection_corrected == evidence.selection_corrected
    assert {f.name: getattr(plateau, f.name) for f in fields(evidence.plateau)} == {
        f.name: getattr(evidence.plateau, f.name) for f in fields(evidence.plateau)}
    names = [s.name for s in board.standings]
    assert promptceiling.compare(names[0], names[1], workspace).n == board.n


def test_results_show_themselves_in_a_notebook(workspace):
    """Each has a page with its figures, which says whose they are."""
    board = promptceiling.leaderboard(workspace)
    names = [s.name for s in board.standings]
    for result, says in ((board, "best in"), (promptceiling.plateau(workspace), "too few iterations"),
                         (promptceiling.compare(names[0], names[1], workspace), f"{names[1]} against {names[0]}")):
        words = Page(result._repr_html_()).words
        assert says in words
        assert "embedded model's" in words


def test_names_from_data_are_shown_as_text():
    """A hostile variant name and label stay words on every page."""
    answers = frame(x=60, y=70).replace({"a": HOSTILE, "x": HOSTILE})
    for result in (promptceiling.leaderboard(answers), promptceiling.plateau(answers),
                   promptceiling.compare(HOSTILE, "y", answers)):
        page = Page(result._repr_html_())
        assert {tag for tag, _ in page.elements} <= HARMLESS | DRAWN
        assert "embedded model" not in page.words
    assert IMAGE in page.words


def test_remarks_stand_with_the_leaderboard():
    """What holds for all is said once, what holds for one after its name."""
    remarks = promptceiling.leaderboard(frame(n=20, good=20, poor=0)).remarks

    assert "Only 20 independent units: intervals are wide." in remarks
    assert any(remark.startswith("poor: ") for remark in remarks)


def test_variant_that_was_asked_a_part_of_the_cases_is_left_out_and_said():
    """As a search leaves those that can no longer win: nothing of it failed."""
    answers = frame(x=60, y=70)
    board = promptceiling.leaderboard(answers.drop(index=answers.index[100:]))

    assert ([s.name for s in board.standings], board.n) == (["x"], 80)
    assert "y is left out: it was asked a part of the cases alone." in board.remarks


def test_variant_with_too_many_failures_is_left_out_and_said():
    """A tenth of its answers failed: it does not take cases from the others."""
    answers = frame(x=60, y=70)
    answers.loc[answers.index[80:88], "outcome"] = "failed"
    board = promptceiling.leaderboard(answers)

    assert ([s.name for s in board.standings], board.n) == (["x"], 80)
    assert "y is left out: too many of its answers failed." in board.remarks
    withheld = promptceiling.compare("x", "y", answers)
    assert withheld.worth == "undecidable"
    assert math.isclose(withheld.failed_b, 0.1)
    assert "No verdict: 10.0%" in Page(withheld._repr_html_()).words


@pytest.mark.parametrize(("call", "words"), [
    (lambda f: promptceiling.leaderboard(f.drop(columns="expected")), "no column 'expected'"),
    (lambda f: promptceiling.leaderboard(f.assign(split="test")), "validation split"),
    (lambda f: promptceiling.compare("x", "z", f), "'z' names 0 variants"),
    (lambda f: promptceiling.compare("x", "y"), "within which workspace"),
    (lambda f: promptceiling.compare(f, f), "holds 2 variants"),
    (lambda f: promptceiling.compare(frame(x=1), frame(x=1).assign(case_id=-1, variant="y")), "share no case"),
    (lambda f: promptceiling.compare(frame(x=1), frame(x=1).assign(expected="a")), "different labels for 40 cases"),
])
def test_answers_that_cannot_be_used_are_refused(call, words):
    """Each in a sentence that names what is wrong."""
    with pytest.raises(InputError, match=words):
        call(frame(x=60, y=70))


def test_panels_are_not_loaded_before_a_result_is_shown():
    """Code that only computes imports no widgets."""
    seen = subprocess.run([sys.executable, "-c", "import sys, promptceiling; print('ipywidgets' in sys.modules)"],
                          capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "False"
