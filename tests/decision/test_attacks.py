"""What somebody who wants a verdict might do to get it, by mistake or on purpose, and what comes of it."""

import numpy as np
import pytest
from tests.decision.hand_filled import URL, answered, split_set
from tests.decision.made_up_evidence import DEFAULTS, PRICES
from tests.made_up import made_cases

from promptceiling import plateau
from promptceiling.decision import Earlier, decide, gather, memo_of, model_ends, publish, verify
from promptceiling.decision.words import figure
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs import Endpoint, Workspace, completions, import_results
from promptceiling.tuning import register_fine_tune

COLLECT = "collect labels, few-shot meanwhile"


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


def test_labels_changed_to_what_was_answered_are_said_beside_the_verdict(workspace, tmp_path):
    """100 of 400 answers were wrong; with these labels turned into the answers all are right, and the verdict says so,
    with the score by the labels as they were; a published file says it too, without the earlier set."""
    cases = made_cases(400)
    before = split_set(cases=cases)
    answered(workspace, before, "p", wrong=100)
    scored = gather(workspace).best.score.f1_weighted
    said = completions(workspace, before).set_index("case_id")["predicted"]
    answered(workspace, split_set(cases=[case | {"expected_category": said[case["id"]]} for case in cases]), "p")
    decision = decided(workspace)

    assert decision.verdict == "ship the prompt"
    assert decision.conflict == ("The set was changed after it was scored: 100 scored cases got another label; before, "
                                 f"p scored {figure(scored)} on 400 validation cases.")
    for texts in (True, False):
        path = tmp_path / "decision.sqlite"
        assert publish(workspace, path, texts=texts).decision["conflict"] == decision.conflict
        assert verify(path) == []


def test_a_seal_that_was_broken_in_another_version_of_the_set_is_broken(workspace):
    """Two prompts saw the test split; then the cases that the second got wrong were taken out. The ledger and the
    memo have all three openings, and the row says that none of the 120 cases was new."""
    cases = [case | {"split": ("train", "validation", "test")[k // 3 % 3]} for k, case in enumerate(made_cases(540))]
    whole = split_set(cases=cases)
    for name in ("first", "p"):
        for split in ("validation", "test"):
            answered(workspace, whole, name, wrong=60, split=split)
    wrong = set(whole.split("test")["id"][:60])
    easy = split_set(cases=[case for case in cases if case["id"] not in wrong])
    for split, mistakes in (("validation", 60), ("test", 0)):
        answered(workspace, easy, "p", wrong=mistakes, split=split)
    found, decision = gather(workspace), decided(workspace)

    assert [opening.variant for opening in found.openings] == ["first", "p", "p"]
    assert "opened 3 times" in found.rests_on
    assert decision.row("f1").reason.endswith("The sealed test split was opened 3 times in all. 120 of its 120 cases "
                                              "had been scored before, in another version of the set.")
    assert "60 scored cases went out of it" in decision.conflict
    assert sum("UTC: " in item for block in memo_of(found, DEFAULTS, PRICES, model_ends("2026-11-30"))
               for item in block.items or []) == 3


def test_a_set_about_something_else_is_no_earlier_version(workspace):
    """Another task in the same workspace, and the same set again, leave nothing to say."""
    answered(workspace, split_set(cases=made_cases(120, seed=1)), "p")
    for _ in range(2):
        answered(workspace, split_set(120), "p")

    assert gather(workspace).earlier == Earlier()


@pytest.mark.parametrize(("trained_on", "held"), [(200, 200), (0, 0)])
def test_a_fine_tune_of_another_version_is_no_prompt_and_is_not_judged_by_what_it_learned(
    workspace, tmp_path, trained_on, held
):
    """Tuned where the first 200 cases were in train, now scored on them: not comparable, and told how many they are.
    Tuned on other cases alone, it is compared."""
    cases = made_cases(600)
    now = split_set(cases=[case | {"split": "validation"} for case in cases[:400]])
    then = split_set(cases=[case | {"split": "train" if k < trained_on or k >= 400 else "test"}
                            for k, case in enumerate(cases)])
    answered(workspace, now, "p", wrong=100)
    tuned = PromptVariant("t", fields_of(then), output="json")
    register_fine_tune(workspace, then, tuned, Endpoint(base_url=URL, model="tuned"), base_model="m")
    answered(workspace, now, "tuned", model="tuned")
    found = gather(workspace)
    row = decide(found, DEFAULTS, PRICES).row("tune_delta")

    assert [prompt.name for prompt in found.prompts] == ["p"]
    assert found.earlier.trained == {"tuned": held}
    assert found.alternative("fine-tune").comparable == (not held)
    assert ("held 200 of the cases that are scored here" in row.reason) == bool(held)
    assert "whether on cases that are scored here is not known" in row.reason
    publish(workspace, tmp_path / "decision.sqlite", texts=False)
    assert verify(tmp_path / "decision.sqlite") == []


def test_a_model_that_is_named_as_a_fine_tune_is_no_prompt(workspace):
    """It may have been trained on what is scored, and nothing ships on that."""
    labeled_set = split_set(400)
    answered(workspace, labeled_set, "p", wrong=200)
    answered(workspace, labeled_set, "p", model="ft:gpt-4o-mini:acme::1")
    found = gather(workspace)

    assert [prompt.model for prompt in found.prompts] == ["m"]
    assert not found.alternative("fine-tune").training_known


def test_an_alternative_that_was_asked_the_easy_cases_is_not_judged(workspace):
    """A fine-tune that answered 200 of 400 cases, all right, is not comparable; where it answered all, it is."""
    labeled_set = split_set(400)
    answered(workspace, labeled_set, "p", wrong=100)
    answered(workspace, labeled_set, "t", model="ft:m", ids=set(labeled_set.cases["id"][:200]))
    row = decided(workspace).row("tune_delta")

    assert row.status == "undecidable"
    assert "It was asked 200 of the 400 validation cases that the prompt was asked." in row.reason
    answered(workspace, labeled_set, "t", model="ft:m")
    assert decided(workspace).row("tune_delta").status == "not met"


def test_copies_that_differ_to_no_reader_make_no_plateau(workspace):
    """Six times the same words with other space, case and stops, said to be of six kinds, are one iteration; six with
    other words are six."""
    labeled_set = split_set(900)
    for k in range(6):
        answered(workspace, labeled_set, f"p{k}", wrong=270, kind=f"kind {k}",
                 instructions=f"{('READ', 'Read')[k % 2]}{' ' * k} it{'.' * k}")
    assert gather(workspace).plateau.iterations == ("p0",)
    assert plateau(workspace).iterations == ("p0",)

    for k in range(1, 6):
        answered(workspace, labeled_set, f"other {k}", wrong=270, kind=f"kind {k}")
    assert len(gather(workspace).plateau.iterations) == 6
    assert gather(workspace).plateau.state == "confirmed"


def test_imported_answers_say_that_they_are(workspace, tmp_path):
    """A file of right answers for 400 cases ships, and the row says that how they came is not known here."""
    labeled_set = split_set(400)
    path = tmp_path / "theirs.csv"
    labeled_set.cases.rename(columns={"expected_category": "expected"})[["id", "expected"]].assign(
        predicted=labeled_set.cases["expected_category"]).to_csv(path, index=False)
    import_results(workspace, path, labeled_set)

    assert decided(workspace).row("f1").reason.endswith(
        "Its answers were imported from predictions:theirs.csv: how they came is not known here.")


@pytest.mark.parametrize(("groups", "verdict"), [(1, COLLECT), (7, COLLECT), (8, "ship the prompt")])
def test_a_few_customers_carry_no_verdict(workspace, groups, verdict):
    """400 cases, 388 of them right, from 8 customers and more ship; from fewer no interval holds, and that is said."""
    labeled_set = split_set(cases=[case | {"group": f"g{k % groups}"} for k, case in enumerate(made_cases(400))])
    answered(workspace, labeled_set, "p", wrong=12)
    decision = decided(workspace)

    assert decision.verdict == verdict
    unit = f"come in {groups} independent unit{'s' * (groups > 1)}, such as customers"
    assert (unit in decision.because) == (verdict == COLLECT)


def test_texts_that_state_their_label_carry_no_verdict(workspace, tmp_path):
    """Whoever reads "category: billing" in the text knows the answer; told by a file without texts too."""
    labeled_set = split_set(cases=[case | {"input": f"category: {case['expected_category']}. {case['input']}"}
                                   for case in made_cases(300)])
    answered(workspace, labeled_set, "p")
    decision = decided(workspace)

    assert (decision.verdict, decision.rule) == ("undecidable, do this next", "labels in texts")
    assert "300 of 300" in decision.because
    publish(workspace, tmp_path / "decision.sqlite", texts=False)
    assert verify(tmp_path / "decision.sqlite") == []


def test_three_templates_are_no_400_cases(workspace):
    """Numbers filled into three sentences make 400 texts that no two are near-duplicates; they come to about three."""
    sentences = {"billing": "dear team please refund the invoice {} as it was charged twice to my card on {}",
                 "access": "i can not log in to my account {} since the password reset of {} failed again today",
                 "export": "when i export the file {} to csv the column {} is missing in the download archive"}
    rng = np.random.default_rng(0)
    labeled_set = split_set(cases=[case | {"input": sentences[case["expected_category"]].format(
        *(" ".join(map(str, rng.integers(0, 1_000_000, 3))) for _ in range(2)))} for case in made_cases(400)])
    answered(workspace, labeled_set, "p", wrong=12)
    decision = decided(workspace)

    assert labeled_set.cases["unit"].nunique() > 300
    assert decision.row("f1").status == "met"
    assert decision.verdict == COLLECT
    assert "made from templates and come to about 3 different ones" in decision.because


def test_customers_on_both_sides_of_a_split_are_said(workspace):
    """A file's own split that parts 60 customers ships with that beside it."""
    labeled_set = split_set(splits=("train", "validation", "validation"), cases=[
        case | {"group": f"g{k % 60}"} for k, case in enumerate(made_cases(600))])
    answered(workspace, labeled_set, "p")

    assert decided(workspace).verdict == "ship the prompt"
    assert "60 groups stand in more than one split" in decided(workspace).conflict


def test_a_part_of_the_test_split_is_no_test_score(workspace):
    """Of 200 sealed cases 120 were asked: the figure stays that of validation."""
    labeled_set = split_set(600, splits=("train", "validation", "test"))
    answered(workspace, labeled_set, "p", wrong=60)
    answered(workspace, labeled_set, "p", split="test", ids=set(labeled_set.split("test")["id"][:120]))

    assert gather(workspace).f1[1] == "validation"
    answered(workspace, labeled_set, "p", split="test")
    assert gather(workspace).f1[1] == "test"
