import json

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import TuningError
from promptceiling.labeled_set import near_duplicate_pairs, split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of, render
from promptceiling.tuning import training_lines, write_training_file


def labeled(cases=None):
    return split_labeled_set(made_set(made_cases(90) if cases is None else cases))


def variant_of(labeled_set, **options):
    return PromptVariant("v", fields_of(labeled_set), instructions="Say what it is about.", **options)


def repeated():
    """Ninety cases, of which every third is followed by one with nearly its text."""
    cases = made_cases(90)
    for k in range(0, 90, 3):
        cases[k + 1] |= {"input": cases[k]["input"].upper(), "expected_category": cases[k]["expected_category"]}
    return cases


@pytest.mark.parametrize("options", [{}, {"shots": 5}, {"shots": 5, "placement": "system"}, {"output": "label"}])
def test_a_line_is_the_question_without_shots_and_the_expected_answer(options):
    """Each train case gives system, user, assistant: the variant's own question, no example, the label as answer."""
    labeled_set = labeled()
    variant = variant_of(labeled_set, **options)
    train = labeled_set.split("train")

    lines = training_lines(labeled_set, variant)

    assert len(lines) == len(train)
    for line, text, expected in zip(lines, train["input"], train["expected_category"], strict=True):
        system, user, assistant = line["messages"]
        assert (system, user) == render(variant, text).messages
        assert user == {"role": "user", "content": text}
        answer = expected if variant.output == "label" else {"category": expected}
        assert assistant["role"] == "assistant"
        assert (assistant["content"] if variant.output == "label" else json.loads(assistant["content"])) == answer


def test_no_scored_case_and_no_near_duplicate_of_one_is_trained_on():
    """Of thirty pairs of near-duplicates in a set, none has one half in the training lines and the other outside."""
    labeled_set = labeled(repeated())
    trained = [line["messages"][1]["content"] for line in training_lines(labeled_set, variant_of(labeled_set))]
    scored = labeled_set.cases.loc[labeled_set.cases["split"] != "train", "input"].tolist()

    across = [(i, j) for i, j, _ in near_duplicate_pairs(trained + scored) if i < len(trained) <= j]

    assert len(near_duplicate_pairs(trained)) > 5
    assert across == []


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_train_case_that_repeats_a_scored_one_is_refused(split):
    """A file's own split column that leaks one near-duplicate stops the export, with its count and row."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3]} for k, case in enumerate(made_cases(90))]
    leaked = next(case for case in cases if case["split"] == split)
    cases[6] |= {"input": leaked["input"] + "!"}
    labeled_set = labeled(cases)

    with pytest.raises(TuningError, match=r"^1 train cases nearly repeat .* \(first: row 7\)\. Move them"):
        training_lines(labeled_set, variant_of(labeled_set))


def test_the_file_reads_back_as_the_lines(tmp_path):
    """What is on disk is ASCII, one line an example, and equal to `training_lines`, whatever the texts hold."""
    cases = made_cases(90)
    for k, case in enumerate(cases):
        case["input"] += ("\n", "\u2028", "ü", "\x85", '"}')[k % 5]
    labeled_set = labeled(cases)
    path = tmp_path / "new folder" / "train.jsonl"

    count = write_training_file(labeled_set, variant_of(labeled_set), path)

    lines = path.read_bytes().decode("ascii").splitlines()
    assert count == len(lines) == len(labeled_set.split("train"))
    assert [json.loads(line) for line in lines] == training_lines(labeled_set, variant_of(labeled_set))


def test_every_field_of_the_answer_is_trained_on():
    """A second labeled field stands in the training answer; where a case has no label for it, it is left out."""
    cases = [case | {"expected_priority": ("high", "low", "")[k % 3]} for k, case in enumerate(made_cases(90))]
    labeled_set = labeled(cases)

    answers = [json.loads(line["messages"][2]["content"]) for line in
               training_lines(labeled_set, variant_of(labeled_set))]

    train = labeled_set.split("train")
    assert [a.get("priority", "") for a in answers] == train["expected_priority"].tolist()
    assert {tuple(a) for a in answers} == {("category", "priority"), ("category",)}
