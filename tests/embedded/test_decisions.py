import numpy as np
import openai
import pytest
from openai.types.decision import Decision
from tests.embedded.test_server import FIELD, talk
from tests.made_up import WORDS

from promptceiling.embedded import MODEL
from promptceiling.prompts import PromptVariant, Shot, read_completion, render

VARIANT = PromptVariant("v", (FIELD,), output="decisions")
TEXT = "signin token of my account"
QUESTION = {"type": "choice", "instructions": "Which?", "choices": [{"value": label} for label in WORDS]}


def decided(tmp_path, **body):
    async def conversation(client):
        return await client.decisions.create(**({"model": MODEL, "input": TEXT, "questions": [QUESTION]} | body))

    return talk(tmp_path, conversation)


def test_decision_answers_a_rendered_variant_in_the_clients_own_types(tmp_path):
    """A variant's questions are answered in the client's types: a choice, probabilities that sum to 1, usage."""
    rendered = render(VARIANT, TEXT, [Shot("s", "signin token", {"category": "access"})])
    decision = decided(tmp_path, input=list(rendered.messages), questions=list(rendered.questions))
    [answer] = decision.answers

    assert isinstance(decision, Decision)
    assert (answer.type, answer.name, answer.choice) == ("choice", "category", "access")
    assert [p.value for p in answer.probabilities] == list(WORDS)
    assert sum(p.probability for p in answer.probabilities) == pytest.approx(1, abs=1e-4)
    assert answer.confidence == max(p.probability for p in answer.probabilities)
    assert decision.usage.total_tokens == decision.usage.input_tokens > 0


def test_decision_reads_as_the_label_with_its_probability(tmp_path):
    """What the route answers is read by the variant that asked: the choice, and its probability as the confidence."""
    rendered = render(VARIANT, TEXT, [Shot("s", "signin token", {"category": "access"})])
    decision = decided(tmp_path, input=list(rendered.messages), questions=list(rendered.questions))
    reading = read_completion(VARIANT, decision.to_json())

    assert reading.prediction == "access"
    assert reading.confidence == decision.answers[0].confidence


def test_shots_and_descriptions_change_a_decision(tmp_path):
    """The model decides by what the request shows: a shot, or the description of a choice."""
    described = {**QUESTION, "choices": [{"value": "a"}, {"value": "b", "description": TEXT}]}
    shown = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "export"},
             {"role": "user", "content": TEXT}]

    assert decided(tmp_path, questions=[described]).answers[0].choice == "b"
    assert decided(tmp_path, input=shown).answers[0].choice == "export"


def test_questions_are_answered_in_their_order(tmp_path):
    """Two questions, one unnamed, come back in the order asked and under the names given."""
    other = {**QUESTION, "name": "urgency", "choices": [{"value": "high"}, {"value": "low"}]}

    assert [a.name for a in decided(tmp_path, questions=[QUESTION, other]).answers] == [None, "urgency"]


@pytest.mark.parametrize(("body", "said"), [
    ({"questions": []}, "Expected 1 to 400 questions."),
    ({"questions": [{"type": "predicate", "instructions": "Is it?"}]}, "not 'predicate'"),
    ({"questions": [{**QUESTION, "choices": [{"value": "one"}]}]}, "Expected 2 to 255 choices"),
    ({"questions": [{**QUESTION, "choices": [{"value": "one"}] * 2}]}, "must be unique"),
    ({"questions": [{"type": "choice"}]}, "cannot be read: KeyError"),
    ({"input": ""}, "must be the user's"),
])
def test_impossible_decision_is_refused_in_words(tmp_path, body, said):
    """What the model cannot decide is a 400 that says why."""
    with pytest.raises(openai.BadRequestError, match=said):
        decided(tmp_path, **body)


def test_unknown_model_takes_no_decisions(tmp_path):
    """Another model's name is a 404."""
    with pytest.raises(openai.NotFoundError, match="takes no decisions"):
        decided(tmp_path, model="gpt-0")


def test_embeddings_are_unit_vectors_that_follow_the_texts(tmp_path):
    """The client's own call gets a vector a text: texts alike are near, others are not, and an equal text is equal."""
    texts = ["refund of the invoice", "the invoice refund", "password of my account", "refund of the invoice"]

    async def conversation(client):
        return await client.embeddings.create(model="embedded-ngrams", input=texts)

    found = talk(tmp_path, conversation)
    one, alike, other, same = (np.array(row.embedding) for row in found.data)

    assert [row.index for row in found.data] == [0, 1, 2, 3]
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert one @ alike > one @ other + 0.3
    np.testing.assert_array_equal(one, same)
    assert found.usage.prompt_tokens > 0


@pytest.mark.parametrize(("body", "kind", "said"), [
    ({"model": MODEL, "input": "a"}, openai.NotFoundError, "gives no vectors"),
    ({"model": "embedded-ngrams", "input": [""]}, openai.BadRequestError, "none of them empty"),
    ({"model": "embedded-ngrams", "input": []}, openai.BadRequestError, "none of them empty"),
])
def test_impossible_embedding_is_refused_in_words(tmp_path, body, kind, said):
    """Another model, or a text that is none, is refused with a sentence."""
    async def conversation(client):
        return await client.embeddings.create(**body)

    with pytest.raises(kind, match=said):
        talk(tmp_path, conversation)
