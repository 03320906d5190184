"""The third option: a small local classifier on the same labels, trained in seconds and for nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.runs import Workspace, bring_in
from promptceiling.tuning.leaks import unleaked_train
from promptceiling.tuning.linear import LinearClassifier, trained

LOCAL_NAME, LOCAL_URL = "local classifier", "local"
TIMED_CALLS, WARM_UP = 200, 5


@dataclass(frozen=True, slots=True)
class LocalRun:
    """What `run_local_classifier` did.

    Attributes
    ----------
    model: what was trained; predicted: answers that are now in the workspace, by split, of this run.
    from_store: splits whose answers were there already and were left as they are.
    training_s: seconds that training took on this machine; 0 where everything was there.
    left_out: train cases that were not trained on, since they nearly repeat a scored case.
    folder: holds a classifier a field, for `LinearClassifier.load(folder / "category")`.
    """

    model: str
    predicted: dict[str, int]
    from_store: tuple[str, ...]
    training_s: float
    left_out: int
    folder: Path


def local_model(seed: int = 0) -> str:
    """The name under which the answers of the local classifier are kept."""
    return f"linear SVM, seed {seed}"


def run_local_classifier(
    workspace: Workspace, labeled_set: LabeledSet, *, splits: Sequence[str] = ("validation",), seed: int = 0,
    again: bool = False,
) -> LocalRun:
    """Train on the train split, and keep the predictions on `splits` in the workspace with the latency of single calls.

    Train cases that nearly repeat a scored one are left out. Every labeled field has a classifier of its own. A split
    whose answers by this model are there already is left alone, unless `again`. The latency is this machine's: one text
    at a time, after a warm-up. Scoring the test split opens its seal, which the ledger notes. Raises InputError for a
    split without cases, and TuningError where the train split has fewer than two labels.
    """
    for split in ("train", *splits):
        if labeled_set.split(split).empty:
            raise InputError(f"The split {split!r} of {labeled_set.name} has no cases.", column="split")
    left_out = len(labeled_set.split("train")) - len(unleaked_train(labeled_set))
    stored = set() if again else stored_splits(workspace, labeled_set, LOCAL_URL, local_model(seed))
    todo = [split for split in splits if split not in stored]
    there = tuple(split for split in splits if split in stored)
    if not todo:
        return LocalRun(local_model(seed), {}, there, 0.0, left_out, _folder(workspace, labeled_set, seed))
    workspace.check_writable()
    start = time.perf_counter()
    models = {field: model for field in labeled_set.fields if (model := _learnt(labeled_set, field, seed))}
    training_s = time.perf_counter() - start
    main = models[MAIN_FIELD]
    folder = _folder(workspace, labeled_set, seed)
    for field, model in models.items():
        model.save(folder / field)
    for split in todo:
        texts = labeled_set.split(split)["input"].tolist()
        bring_in(workspace, labeled_set, split=split, source=LOCAL_URL, model=local_model(seed), name=LOCAL_NAME,
                 case_ids=labeled_set.split(split)["id"].tolist(), labels=main.predict(texts),
                 confidence=main.probabilities(texts).max(axis=1).tolist(),
                 others={field: model.predict(texts) for field, model in models.items() if field != MAIN_FIELD},
                 latencies_s=_timed(list(models.values()), texts) if split == todo[0] and not stored else [])
    return LocalRun(
        local_model(seed), {split: len(labeled_set.split(split)) for split in todo}, there, training_s, left_out,
        folder)


def _learnt(labeled_set: LabeledSet, field: str, seed: int) -> LinearClassifier | None:
    """A classifier of one field; None for a further field with fewer than two labels."""
    train = unleaked_train(labeled_set)
    known = train[train[EXPECTED + field] != ""]
    if field != MAIN_FIELD and known[EXPECTED + field].nunique() < 2:
        return None
    return trained(known["input"].tolist(), known[EXPECTED + field].tolist(), seed=seed)


def stored_splits(workspace: Workspace, labeled_set: LabeledSet, source: str, model: str) -> set[str]:
    """The splits whose every case this model, brought in from `source`, has answered in the workspace."""
    items = workspace.items(labeled_set.key)
    own = items[(items["base_url"] == source) & (items["run_model"] == model) & items["text"].notna()]
    answered = set(own["case_id"])
    return {split for split in ("train", "validation", "test") if answered >= set(labeled_set.split(split)["id"])}


def _folder(workspace: Workspace, labeled_set: LabeledSet, seed: int) -> Path:
    return workspace.folder / "classifiers" / f"{labeled_set.key}-seed-{seed}"


def _timed(models: Sequence[LinearClassifier], texts: list[str]) -> list[float]:
    """Seconds of single calls: one text through the classifiers of all fields, as a service would do it."""
    seconds = []
    for text in (texts[k % len(texts)] for k in range(WARM_UP + TIMED_CALLS)):
        start = time.perf_counter()
        for model in models:
            model.predict([text])
        seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]
