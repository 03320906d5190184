"""The checks of the lessons."""

import pytest
from tests.panels.made_up import page_of

from promptceiling.panels.lessons import check_choice, check_done, check_number
from promptceiling.scores import Interval

FOUND = Interval(0.7, 0.65, 0.75, 400)


def words(widget):
    return " ".join(page_of(widget).words.split())


@pytest.mark.parametrize(("said", "verdict"), [(0.7, "Inside the interval"), (0.75, "Inside the interval"),
                                               (0.5, "Too low"), (1, "Too high"), ("0.7", "Not a number"),
                                               (True, "Not a number")])
def test_a_number_is_held_against_the_interval(said, verdict):
    """In it or not, and how far off; the measured figure has its interval and its n."""
    found = words(check_number(said, FOUND, about="F1", because="why", hint="look"))

    assert verdict in found
    assert ("0.70 [0.65, 0.75], n 400" in found) == (verdict != "Not a number")


def test_nothing_is_given_away_before_a_prediction():
    """Neither the number nor the right choice shows."""
    assert "0.70" not in words(check_number(None, FOUND, about="F1", because="it is 0.70", hint="look"))
    assert "apples" not in words(check_choice(None, "apples", ["apples", "pears"], because="apples", hint="look"))


def test_a_choice_is_right_wrong_or_no_option():
    """Each has its word, and the reason stands below the first two."""
    options = ["apples", "pears"]

    assert "Yes" in words(check_choice("apples", "apples", options, because="they fell", hint="look"))
    assert "says otherwise" in words(check_choice("pears", "apples", options, because="they fell", hint="look"))
    assert "they fell" in words(check_choice("apples", "apples", options, because="they fell", hint="look"))
    assert "Not one of the options" in words(check_choice("plums", "apples", options, because="they fell", hint="look"))


@pytest.mark.parametrize("wrong", [
    check_choice("pears", "apples", ["apples", "pears"], because="they fell", hint="look down"),
    check_number(0.5, FOUND, about="apples", because="they fell, 0.70", hint="look down")])
def test_a_wrong_answer_gives_a_hint_and_folds_the_solution(wrong):
    """Outside of what is folded stands where to look, and neither the answer nor the reason."""
    open_part, folded = wrong.value.split("</style>")[1].split("<details>")

    assert "look down" in open_part
    assert "they fell" not in open_part
    assert "0.70" not in open_part
    assert "they fell" in folded


def test_what_a_pupil_writes_is_shown_as_text():
    """Markup in an answer is text."""
    assert "<b>" not in check_choice("<b>x</b>", "a", ["a"], because="", hint="").value.split("</style>")[1]


def test_done_counts_what_is_done():
    """Each part with what to do else."""
    found = words(check_done([("first", True, "do one"), ("second", False, "do two")]))

    assert "1 of 2 done" in found
    assert "do two" in found
    assert "do one" not in found
