import asyncio

import numpy as np
import pytest
from tests.made_up import made_cases, made_set

from promptceiling.decision import gather
from promptceiling.errors import EndpointError, InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.tuning import VECTORS_URL, run_embedding_classifier, run_local_classifier

LABELED_SET = split_labeled_set(made_set(made_cases(90)))


@pytest.fixture
def model():
    """The embedding model that the embedded server has."""
    from promptceiling.embedded.embeddings import EMBEDDING_MODEL

    return EMBEDDING_MODEL


def run(workspace, model, **options):
    return asyncio.run(run_embedding_classifier(workspace, LABELED_SET, Endpoint(), model, **options))


def test_vectors_are_asked_for_once_and_its_answers_kept(tmp_path, model):
    """Every case of both splits has a label and a probability; run again, nothing is asked or opened."""
    with Workspace(tmp_path) as workspace:
        kept = run(workspace, model, splits=("validation", "test"))
        sent = len(workspace.sends())
        assert run(workspace, model, splits=("validation", "test")) == 0
        frame = completions(workspace, LABELED_SET)

        assert len(workspace.sends()) == sent
        assert len(workspace.openings(LABELED_SET.key)) == 1
        assert len(workspace.latencies(LABELED_SET.key)) == 100
    assert kept == len(frame) == len(LABELED_SET.cases) - len(LABELED_SET.split("train"))
    assert set(frame["base_url"]) == {VECTORS_URL}
    assert frame["confidence"].between(0, 1).all()
    assert (frame["predicted"] == frame["expected"]).mean() > 0.6


def test_it_is_an_alternative_of_its_own_and_no_free_local_classifier(tmp_path, model):
    """It stands beside the local classifier, under its own kind: a call is paid for every vector."""
    with Workspace(tmp_path) as workspace:
        asyncio.run(run_variants(workspace, LABELED_SET, standard_variants(LABELED_SET)[:1], Endpoint()))
        run_local_classifier(workspace, LABELED_SET)
        run(workspace, model)
        evidence = gather(workspace)

    assert [a.kind for a in evidence.alternatives] == ["local", "embeddings"]
    assert [p.name for p in evidence.prompts] == ["zero-shot"]
    assert evidence.alternative("embeddings").p95_ms.n == 100
    assert model in evidence.alternative("embeddings").model


def test_answers_are_the_same_every_time(tmp_path, model):
    """Two workspaces give equal labels and probabilities."""
    said = []
    for folder in ("a", "b"):
        with Workspace(tmp_path / folder) as workspace:
            run(workspace, model)
            frame = completions(workspace, LABELED_SET)
            said.append((frame["predicted"].tolist(), frame["confidence"].to_numpy()))
    assert said[0][0] == said[1][0]
    assert np.allclose(said[0][1], said[1][1], atol=1e-6)


def test_model_without_vectors_and_empty_splits_are_one_sentence(tmp_path):
    """An unknown embedding model and a split without cases are told, and nothing is kept."""
    cases = [case | {"split": ("train", "validation")[k // 3 % 2]} for k, case in enumerate(made_cases(30))]
    with Workspace(tmp_path) as workspace:
        with pytest.raises(EndpointError, match="does not know the model"):
            run(workspace, "nothing")
        with pytest.raises(InputError, match="'test' of made has no cases"):
            asyncio.run(run_embedding_classifier(
                workspace, split_labeled_set(made_set(cases)), Endpoint(), "nothing", splits=("test",)))
        assert workspace.items(LABELED_SET.key).empty
