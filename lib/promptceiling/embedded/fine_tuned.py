"""The fine-tuned sibling: a linear classifier per field, trained on an uploaded chat JSONL."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import csr_array
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from promptceiling.embedded.features import count_ngrams
from promptceiling.embedded.request import Asked, answer_values, content_text

EPOCHS = 12
MIN_EXAMPLES = 10
_Model: TypeAlias = SGDClassifier | DummyClassifier


class TrainingFileError(ValueError):
    """The uploaded file is not usable for training; the message names the line."""


@dataclass(frozen=True, slots=True)
class Example:
    """A training line: the user's text and the assistant's values by field ("" for a bare label)."""

    text: str
    expected: dict[str, str]


def read_examples(raw: bytes) -> list[Example]:
    """Chat examples from JSONL bytes. Raises TrainingFileError naming line, found and expected."""
    examples = []
    for number, line in enumerate(raw.decode("utf-8", "replace").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            messages = json.loads(line)["messages"]
            roles = [m["role"] for m in messages]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise TrainingFileError(f"line {number}: expected an object with a list of messages") from None
        if roles[-2:] != ["user", "assistant"]:
            raise TrainingFileError(f"line {number}: the last messages are {roles[-2:]}; expected user, assistant")
        examples.append(Example(content_text(messages[-2]), answer_values(content_text(messages[-1]))))
    if len(examples) < MIN_EXAMPLES:
        raise TrainingFileError(f"{len(examples)} examples; at least {MIN_EXAMPLES} are needed")
    return examples


class FineTuned:
    """A trained model: answers a request by the case's text alone, whatever shots the prompt holds.

    A field with the same value in every example is answered with it. Raises TrainingFileError where all fields are so.
    """

    def __init__(
        self, examples: Sequence[Example], *, seed: int, epochs: int = EPOCHS,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> None:
        counts = count_ngrams([e.text for e in examples])
        self._weights = TfidfTransformer(sublinear_tf=False).fit(counts)
        rows = self._weights.transform(counts)
        names = sorted({name for e in examples for name in e.expected if name != "confidence"})
        self._models: dict[str, _Model] = {}
        targets = {n: np.array([e.expected.get(n, "") for e in examples], dtype=object) for n in names}
        rng = np.random.default_rng(seed)
        for name in names:
            if len(set(targets[name])) == 1:
                self._models[name] = DummyClassifier().fit(rows, targets[name])
                continue
            self._models[name] = SGDClassifier(
                loss="log_loss", alpha=1e-5, learning_rate="invscaling", eta0=20.0, power_t=0.3,
                random_state=int(rng.integers(2**31)))
        learning = {name: m for name, m in self._models.items() if isinstance(m, SGDClassifier)}
        if not learning:
            raise TrainingFileError("every example has the same answer; at least two are needed")
        for epoch in range(1, epochs + 1):
            order = rng.permutation(len(examples))
            for name, model in learning.items():
                model.partial_fit(rows[order], targets[name][order], classes=np.unique(targets[name]))
            if on_epoch:
                on_epoch(epoch, float(np.mean([
                    log_loss(targets[n], m.predict_proba(rows), labels=m.classes_) for n, m in learning.items()])))

        for model in learning.values():
            model.coef_ = np.asfortranarray(model.coef_)  # its transpose is then read in place, not copied a call

    def answer(self, asked: Asked) -> str:
        """The completion: every field it was trained on, each the likeliest allowed label; else the bare label."""
        row = self._weights.transform(count_ngrams([asked.text]))
        if list(asked.labels) == [""]:
            model = self._models.get("") or next(iter(self._models.values()))
            return self._best(model, row, asked.labels[""])[0]
        record: dict[str, Any] = {}
        stated: float | None = None
        for name, model in self._models.items():
            if name and (name in asked.labels or not asked.labels):
                record[name], share = self._best(model, row, asked.labels.get(name))
                stated = share if stated is None or name == next(iter(asked.labels), name) else stated
        if not record:
            return self._best(next(iter(self._models.values())), row, None)[0]
        ordered = {n: record[n] for n in (asked.labels or record) if n in record}
        return json.dumps(ordered | ({"confidence": round(stated or 0.0, 3)} if asked.confidence else {}),
                          ensure_ascii=False)

    @staticmethod
    def _best(model: _Model, row: csr_array, allowed: Sequence[str] | None) -> tuple[str, float]:
        shares = dict(zip((str(c) for c in model.classes_), model.predict_proba(row)[0], strict=True))
        usable = {label: p for label, p in shares.items() if label and (allowed is None or label in allowed)} or shares
        best = max(usable, key=usable.__getitem__)
        return best, float(usable[best])
