"""The local classifier over an endpoint's embeddings: a linear model on vectors that are asked for once and kept."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from promptceiling.errors import EndpointError, InputError, TuningError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.runs import Endpoint, Workspace, bring_in
from promptceiling.runs.asking import ask
from promptceiling.runs.embedding import embed_texts
from promptceiling.runs.requests import json_of
from promptceiling.tuning.leaks import unleaked_train
from promptceiling.tuning.linear import fitted
from promptceiling.tuning.local import WARM_UP, stored_splits

VECTORS_NAME, VECTORS_URL = "local classifier on embeddings", "local, on embeddings"
TIMED_CALLS = 100
Floats = NDArray[np.float64]


async def run_embedding_classifier(
    workspace: Workspace, labeled_set: LabeledSet, endpoint: Endpoint, model: str, *,
    splits: Sequence[str] = ("validation",), seed: int = 0, budget_usd: float | None = None, again: bool = False,
) -> int:
    """Train a linear model on the vectors of an embedding model of the endpoint; how many answers were kept now.

    As `run_local_classifier`, but for the main field alone, and each request costs a call for its vector: the latency
    that is kept is that of the call and the classifier together, one at a time. Vectors that the workspace has are not
    asked for again. Raises EndpointError where the endpoint gives no vectors or the budget does not hold them,
    InputError for a split without cases, and TuningError where the train split has fewer than two labels.
    """
    workspace.check_writable()
    for split in ("train", *splits):
        if labeled_set.split(split).empty:
            raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    name = f"linear SVM on {model}, seed {seed}"
    stored = set() if again else stored_splits(workspace, labeled_set, VECTORS_URL, name)
    todo = [split for split in splits if split not in stored]
    if not todo:
        return 0
    train = unleaked_train(labeled_set)
    labels = train[EXPECTED + MAIN_FIELD].tolist()
    names = sorted(set(labels))
    if len(names) < 2:
        raise TuningError("The train split has fewer than two labels; a classifier needs two. Label more cases.")
    texts = {split: labeled_set.split(split)["input"].tolist() for split in todo}
    wanted = [*train["input"], *(text for own in texts.values() for text in own)]
    vectors = await embed_texts(workspace, endpoint, model, wanted, budget_usd=budget_usd)
    coefficients, intercepts, temperature = fitted(
        _rows([vectors[t] for t in train["input"]]), labels, seed=seed, calibrated=True)
    for split, own in texts.items():
        decided = _rows([vectors[t] for t in own]) @ coefficients + intercepts
        powers = np.exp((decided - decided.max(axis=1, keepdims=True)) / temperature)
        seconds: list[float] = []
        if split == todo[0] and not stored:
            seconds = await _timed(workspace, endpoint, model, own, coefficients, intercepts)
        bring_in(workspace, labeled_set, split=split, source=VECTORS_URL, model=name, name=VECTORS_NAME,
                 case_ids=labeled_set.split(split)["id"].tolist(), labels=[names[k] for k in decided.argmax(axis=1)],
                 confidence=(powers.max(axis=1) / powers.sum(axis=1)).tolist(), latencies_s=seconds)
    return sum(map(len, texts.values()))


def _rows(vectors: Sequence[Sequence[float]]) -> Floats:
    """Vectors of length 1, a row a text; a vector of zeros stays one."""
    rows = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


async def _timed(
    workspace: Workspace, endpoint: Endpoint, model: str, texts: Sequence[str], coefficients: Floats, intercepts: Floats
) -> list[float]:
    """Seconds of single calls for a vector with the classifier's answer to it, after a warm-up."""
    seconds = []
    asked = replace(endpoint, model=model, parameters=())
    async with asked.wire(workspace.folder / "embedded") as wire:
        for k in range(WARM_UP + TIMED_CALLS):
            content = json_of({"model": model, "input": [texts[k % len(texts)]], "encoding_format": "float"})
            start = time.perf_counter()
            answer = await ask(wire, content, route="embeddings", deadline_s=120.0, sends=1)
            if answer.error_kind:
                raise EndpointError(f"Latency was not measured, since a call failed: {answer.error}")
            (_rows(json.loads(answer.text)) @ coefficients + intercepts).argmax()
            seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]
