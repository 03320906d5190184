"""One call for those who only want the number: a model's name and test cases in, the score with its interval out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from promptceiling.errors import EndpointError
from promptceiling.labeled_set import labeled_set_of, split_labeled_set
from promptceiling.prompts import PromptVariant, standard_variants
from promptceiling.runs import Endpoint, Workspace, completions, run_variants
from promptceiling.scores import Score, score_predictions


def evaluate_classifier(
    model: str, test_cases: Iterable[Mapping[str, object]], *, variant: PromptVariant | None = None,
    base_url: str | None = None, api_key_env: str = "OPENAI_API_KEY", store: str | Path = "workspace",
) -> Score:
    """The score of a model on test cases, before and after a fine-tune alike.

    `test_cases` are dicts with "input" and "expected_category". Asked is `variant`, by default the zero-shot one; the
    answers are kept in `store`, so that the same call again sends nothing. Works in a notebook too: the calls run in a
    thread of their own.

    Raises InputError for cases that cannot be used, EndpointError for an endpoint that cannot.
    """
    labeled_set = labeled_set_of(test_cases, name="test_cases")
    labeled_set = split_labeled_set(replace(labeled_set, cases=labeled_set.cases.assign(split="test")))
    asked = variant or standard_variants(labeled_set)[0]
    endpoint = Endpoint.configured(model, base_url, api_key_env)
    with Workspace(store) as workspace:
        work = run_variants(workspace, labeled_set, [asked], endpoint, split="test")
        with ThreadPoolExecutor(1) as pool:
            summary = pool.submit(asyncio.run, work).result()
        if summary.problem:
            raise EndpointError(summary.problem)
        frame = completions(workspace, labeled_set)
    own = frame[(frame["fingerprint"] == asked.fingerprint) & (frame["variant"] == asked.name)
                & (frame["model"] == endpoint.model) & (frame["base_url"] == endpoint.base_url)]
    return score_predictions(own["expected"].tolist(), own["predicted"].tolist(), labeled_set.labels(),
                             outcomes=own["outcome"].tolist(), units=own["unit"].tolist())
