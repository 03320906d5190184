import json

import pytest
from tests.made_up import WORDS, made_cases

from promptceiling.embedded.fine_tuned import FineTuned, TrainingFileError, read_examples
from promptceiling.embedded.request import Asked


def line(text, answer):
    return json.dumps({"messages": [{"role": "system", "content": "Sort."}, {"role": "user", "content": text},
                                    {"role": "assistant", "content": answer}]})


def lines(n=60, **further):
    """Training lines whose answers are JSON with the category and the given further values."""
    return [line(c["input"], json.dumps({"category": c["expected_category"]} | further)) for c in made_cases(n)]


def trained(training, **options):
    return FineTuned(read_examples("\n".join(training).encode()), **({"seed": 1, "epochs": 4} | options))


def asked(text, labels=None, confidence=False):
    return Asked({"category": list(WORDS)} if labels is None else labels, {}, [], text, confidence)


@pytest.mark.parametrize(("text", "label"), [
    ("invoice refund charge", "billing"), ("login password locked", "access"), ("csv download archive", "export")])
def test_trained_words_are_recognised(text, label):
    """A case with a class's words is answered with that class, without any shot."""
    assert json.loads(trained(lines()).answer(asked(f"{text}7"))) == {"category": label}


def test_same_file_and_seed_train_the_same_model():
    """Training again gives the same answers with the same confidences."""
    one, other = trained(lines()), trained(lines())

    for case in made_cases(20, seed=5):
        assert one.answer(asked(case["input"], confidence=True)) == other.answer(asked(case["input"], confidence=True))


def test_loss_falls_from_epoch_to_epoch():
    """Each epoch reports its number and the training loss, which ends lower than it began."""
    told = []
    trained(lines(), epochs=5, on_epoch=lambda epoch, loss: told.append((epoch, loss)))

    assert [epoch for epoch, _ in told] == [1, 2, 3, 4, 5]
    assert told[-1][1] < told[0][1]


def test_answer_keeps_to_the_allowed_labels():
    """Asked among fewer labels than it was trained on, the likeliest of these is answered."""
    answer = trained(lines()).answer(asked("invoice refund", {"category": ["access", "export"]}))

    assert json.loads(answer)["category"] in ("access", "export")


def test_field_with_one_value_is_answered_with_it():
    """A field that is the same in every example does not stop training, and is answered so."""
    labels = {"category": list(WORDS), "language": ["en", "fr"]}

    assert json.loads(trained(lines(language="en")).answer(asked("invoice refund", labels))) == {
        "category": "billing", "language": "en"}


def test_bare_labels_are_learned():
    """A file of bare labels trains a model that answers with a bare label."""
    model = trained([line(c["input"], c["expected_category"]) for c in made_cases(60)])

    assert model.answer(asked("login password", {"": list(WORDS)})) == "access"


def test_stated_confidence_in_the_file_is_no_field():
    """A confidence in the examples is not learned as a label; a confidence is stated when asked for."""
    record = json.loads(trained(lines(confidence=1)).answer(asked("invoice refund", confidence=True)))

    assert set(record) == {"category", "confidence"}
    assert 0 < record["confidence"] <= 1


@pytest.mark.parametrize("training", [[], lines(9), ["", " ", *lines(9)]])
def test_too_few_examples_are_refused(training):
    """Under ten examples there is nothing to train on; blank lines are none."""
    with pytest.raises(TrainingFileError, match=r"^\d examples; at least 10 are needed$"):
        read_examples("\n".join(training).encode())


@pytest.mark.parametrize(("bad", "said"), [
    ("not json", "line 3: expected an object with a list of messages"),
    ("[]", "line 3: expected an object"), ("7", "line 3: expected an object"), ("{}", "line 3: expected an object"),
    ('{"messages": 3}', "line 3: expected an object"), ('{"messages": "abc"}', "line 3: expected an object"),
    ('{"messages": [1]}', "line 3: expected an object"), ("[" * 100_000, "line 3: expected an object"),
    ('{"messages": [{"role": "user", "content": "a"}]}', "line 3: the last messages are ['user']; expected"),
])
def test_bad_line_is_refused_by_its_number(bad, said):
    """A line that is no chat example is named with what was found and expected."""
    with pytest.raises(TrainingFileError) as caught:
        read_examples("\n".join([*lines(2), bad, *lines(20)]).encode())

    assert said in str(caught.value)


@pytest.mark.parametrize("answer", ['{"category": "billing"}', "billing", "{}", '{"confidence": 0.5}'])
def test_file_with_a_single_answer_is_refused(answer):
    """Where every example has the same answer, or none, there is nothing to learn."""
    with pytest.raises(TrainingFileError, match="every example has the same answer; at least two are needed"):
        trained([line(c["input"], answer) for c in made_cases(12)])
