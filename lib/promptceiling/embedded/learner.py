"""Answer a case by its likeness to the shots and to the names of the labels, as far as one request shows them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptceiling.embedded.features import likeness_to_first
from promptceiling.embedded.request import Asked

NAME_WEIGHT = 0.5  # likeness to a label's own words, against likeness to shots
SHARPNESS = 2.0  # likeness to a shot counts with this power: near shots outvote many far ones
TEMPERATURE = 0.05  # turns scores into the probabilities that it states


def answer(asked: Asked) -> str:
    """The completion: a JSON object with every asked field, or the bare label."""
    scores = _scores(asked)
    if list(asked.labels) == [""]:
        return asked.labels[""][int(np.argmax(scores[""]))]
    record: dict[str, Any] = {}
    for field, labels in asked.labels.items():
        record[field] = labels[int(np.argmax(scores[field]))]
    if asked.confidence:
        first = next(iter(asked.labels))
        record["confidence"] = round(float(_softmax(scores[first] / TEMPERATURE).max()), 3)
    return json.dumps(record, ensure_ascii=False)


def probabilities(asked: Asked) -> dict[str, NDArray[np.float64]]:
    """The probability of each label of each field, in the order of the labels; they sum to 1."""
    return {field: _softmax(scores / TEMPERATURE) for field, scores in _scores(asked).items()}


def _scores(asked: Asked) -> dict[str, NDArray[np.float64]]:
    names = [(field, label) for field, labels in asked.labels.items() for label in labels]
    texts = [asked.text, *(text for text, _ in asked.shots),
             *(f"{label} {asked.descriptions.get(label, '')}" for _, label in names)]
    likeness = likeness_to_first(texts)
    to_shots, to_names = likeness[: len(asked.shots)], likeness[len(asked.shots) :]
    scores: dict[str, NDArray[np.float64]] = {}
    for field, labels in asked.labels.items():
        own = np.array([s for s, (f, _) in zip(to_names, names, strict=True) if f == field], dtype=float)
        score = NAME_WEIGHT * own
        for similarity, (_, expected) in zip(to_shots, asked.shots, strict=True):
            if expected.get(field) in labels:
                score[labels.index(expected[field])] += max(0.0, float(similarity)) ** SHARPNESS
        scores[field] = score
    return scores


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum())
