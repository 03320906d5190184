"""The third option: a small local classifier on the same labels, trained in seconds and for nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.runs import Workspace, bring_in

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LOCAL_NAME = "local classifier"
_TIMED = 100


def local_classifier(seed: int = 0) -> Pipeline:
    """TF-IDF of words (1-2) and characters in words (2-5) under a linear model with log loss."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # imported late: pages that only read need not wait
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32)
    characters = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), dtype=np.float32)
    linear = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=50, tol=1e-3, random_state=seed)
    return make_pipeline(make_union(words, characters), linear)


def run_local_classifier(
    workspace: Workspace, labeled_set: LabeledSet, *, splits: Sequence[str] = ("validation",), seed: int = 0
) -> None:
    """Train on the train split and keep the predictions on `splits` in the workspace, with the latency of single calls.

    The latency is this machine's: one text at a time, after a warm-up. Raises InputError for a split without cases, and
    TuningError where the train split has fewer than two labels.
    """
    for split in ("train", *splits):
        if labeled_set.split(split).empty:
            raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    train = labeled_set.split("train")
    labels = train[EXPECTED + MAIN_FIELD].unique()
    if len(labels) < 2:
        raise TuningError(f"The train split has only the label {labels[0]!r}; a classifier needs at least two. "
                          "Label cases of another class.")
    model = local_classifier(seed).fit(train["input"], train[EXPECTED + MAIN_FIELD])
    for split in splits:
        cases = labeled_set.split(split)
        labels = model.predict(cases["input"])
        confidence = model.predict_proba(cases["input"]).max(axis=1)
        bring_in(workspace, labeled_set, split=split, source="local", model=f"linear, seed {seed}", name=LOCAL_NAME,
                 case_ids=cases["id"].tolist(), labels=[str(x) for x in labels], confidence=confidence.tolist(),
                 latencies_s=_timed(model, cases["input"].tolist()) if split == splits[0] else ())


def _timed(model: Pipeline, texts: list[str]) -> list[float]:
    seconds = []
    for text in [*texts[:3], *(texts[k % len(texts)] for k in range(_TIMED))]:
        start = time.perf_counter()
        model.predict([text])
        seconds.append(time.perf_counter() - start)
    return seconds[3:]
