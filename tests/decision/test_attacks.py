"""What somebody who wants a verdict might do to get it, by mistake or on purpose, and what comes of it."""

import pytest
from tests.decision.hand_filled import answered, split_set
from tests.decision.made_up_evidence import DEFAULTS, PRICES
from tests.made_up import made_cases

from promptceiling.decision import decide, gather, model_ends
from promptceiling.runs import Workspace


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def decided(workspace):
    """The decision from the workspace's latest set."""
    return decide(gather(workspace), DEFAULTS, PRICES)


def test_asking_a_case_again_makes_no_second_case_of_it(workspace):
    """30 cases asked four times are 30 scored cases, too few for a verdict, and are said to be 30."""
    answered(workspace, split_set(30), "p", repeats=4)
    found, decision = gather(workspace), decided(workspace)

    assert (found.best.score.n, found.best.score.f1_weighted.n, found.best.cases) == (120, 30, 30)
    assert decision.verdict == "collect labels, few-shot meanwhile"
    assert "on 30 validation cases" in decision.row("f1").reason


def test_a_part_of_the_cases_carries_no_verdict(workspace):
    """120 of 400 cases, perhaps the easy ones, do not ship a prompt, however good it is on them."""
    labeled_set = split_set(400)
    answered(workspace, labeled_set, "p", ids=set(labeled_set.cases["id"][:120]))
    decision = decided(workspace)

    assert decision.verdict == "undecidable, do this next"
    assert decision.because.startswith("p was asked 120 of 400 validation cases")
    answered(workspace, labeled_set, "p")
    assert decided(workspace).verdict == "ship the prompt"


def test_a_score_that_is_not_surely_above_the_constant_answer_carries_no_verdict(workspace):
    """95 of 100 cases are of one label. Finding two of the other five gives a weighted F1 of 0.96 [0.89, 0.99], above
    0.85, and so does always answering the one: 0.93. Finding all five is surely more than that."""
    labeled_set = split_set(cases=[case | {"expected_category": "b" if k < 5 else "a"}
                                   for k, case in enumerate(made_cases(100))])
    found = set(labeled_set.cases["id"][:2])
    answered(workspace, labeled_set, "two", says=lambda case, _: "b" if case in found else "a")
    decision = decided(workspace)

    assert decision.row("f1").status == "met"
    assert (decision.verdict, decision.rule) == ("undecidable, do this next", "constant answer")
    assert "+3.8 pp [-1.2, +8.9] on the same cases" in decision.because
    answered(workspace, labeled_set, "all")
    assert decided(workspace).rule == "ship"


def test_a_label_that_was_never_scored_carries_no_verdict(workspace):
    """A third of the labels stands in train alone; where it is one case in 301, the prompt ships and that is said."""
    cases = made_cases(300)
    answered(workspace, split_set(cases=[
        case | {"split": "train" if case["expected_category"] == "export" else "validation"} for case in cases]), "p")
    decision = decided(workspace)

    assert decision.verdict == "undecidable, do this next"
    assert decision.because == ("1 label of 3 with 33% of the labeled cases (export) never stood among the 200 scored "
                                "validation cases.")
    rare = {"id": "r", "input": "a rare thing", "expected_category": "rare", "split": "train"}
    answered(workspace, split_set(cases=[*(case | {"split": "validation"} for case in cases), rare]), "p")
    assert decided(workspace).verdict == "ship the prompt"
    assert "1 of 4 labels have no case here" in decided(workspace).conflict


@pytest.mark.parametrize(("day", "wrong", "expected"), [
    ("2026-10-23", 0, "ship the prompt"), ("2026-10-24", 0, "undecidable, do this next"),
    ("2026-10-24", 120, "undecidable, do this next"), ("2026-10-23", 120, "keep iterating")])
def test_nothing_ships_on_a_model_that_has_ended(workspace, day, wrong, expected):
    """gpt-4.1-nano ended on 2026-10-23: from the next day on its score is one of something that is not there."""
    answered(workspace, split_set(600, splits=("train", "validation", "validation")), "p", model="gpt-4.1-nano",
             wrong=wrong)
    decision = decide(gather(workspace), DEFAULTS, PRICES, model_ends(day))

    assert decision.verdict == expected
    assert ("gpt-4.1-nano has ended on 2026-10-23, 1 day ago" in decision.conflict) == (day > "2026-10-23")


def test_a_part_of_the_test_split_is_no_test_score(workspace):
    """Of 200 sealed cases 120 were asked: the figure stays that of validation."""
    labeled_set = split_set(600, splits=("train", "validation", "test"))
    answered(workspace, labeled_set, "p", wrong=60)
    answered(workspace, labeled_set, "p", split="test", ids=set(labeled_set.split("test")["id"][:120]))

    assert gather(workspace).f1[1] == "validation"
    answered(workspace, labeled_set, "p", split="test")
    assert gather(workspace).f1[1] == "test"
