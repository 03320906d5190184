"""What somebody who wants a verdict might do to get it, by mistake or on purpose, and what comes of it."""

import pytest
from tests.decision.hand_filled import answered, split_set
from tests.decision.made_up_evidence import DEFAULTS, PRICES

from promptceiling.decision import decide, gather
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


def test_a_part_of_the_test_split_is_no_test_score(workspace):
    """Of 200 sealed cases 120 were asked: the figure stays that of validation."""
    labeled_set = split_set(600, splits=("train", "validation", "test"))
    answered(workspace, labeled_set, "p", wrong=60)
    answered(workspace, labeled_set, "p", split="test", ids=set(labeled_set.split("test")["id"][:120]))

    assert gather(workspace).f1[1] == "validation"
    answered(workspace, labeled_set, "p", split="test")
    assert gather(workspace).f1[1] == "test"
