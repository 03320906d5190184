"""Decisions as the embedded model gives them: its likeness to shots and labels, told as probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from promptceiling.embedded.learner import probabilities
from promptceiling.embedded.request import Asked, read_request

MOST_QUESTIONS, MOST_CHOICES = 400, 255


class Unanswerable(Exception):
    """A request that cannot be answered, in one sentence."""


def read_decision(body: dict[str, Any]) -> Asked:
    """What a decision asks. Raises Unanswerable for what is not a choice among texts about a user's text."""
    given, questions = body["input"], body["questions"]
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(questions, list) or not 1 <= len(questions) <= MOST_QUESTIONS:
        raise Unanswerable(f"Expected 1 to {MOST_QUESTIONS} questions.")
    labels: dict[str, list[str]] = {}
    descriptions: dict[str, str] = {}
    for place, question in enumerate(questions):
        if question["type"] != "choice":
            raise Unanswerable(f"This model answers choice questions alone, not {question['type']!r}.")
        choices = question["choices"]
        values = [choice["value"] for choice in choices]
        if not 2 <= len(values) <= MOST_CHOICES or not all(isinstance(v, str) for v in values):
            raise Unanswerable(f"Expected 2 to {MOST_CHOICES} choices, each a text.")
        if len(set(values)) < len(values):
            raise Unanswerable("Each choice must be unique.")
        name = question.get("name") or f"question {place + 1}"
        if name in labels:
            raise Unanswerable(f"Two questions are named {name!r}.")
        labels[name] = values
        descriptions |= {c["value"]: str(c["description"]) for c in choices if c.get("description")}
    asked = read_request([m for m in given if isinstance(m, dict) and "content" in m], None)
    first = next(iter(labels))
    shots = [(text, {first: said[""]} if "" in said else said) for text, said in asked.shots]
    return Asked(labels, descriptions, shots, asked.text, confidence=True)


def decide(body: dict[str, Any], asked: Asked) -> list[dict[str, Any]]:
    """The answers, in the order of the questions."""
    answers = []
    for question, (name, shares) in zip(body["questions"], probabilities(asked).items(), strict=True):
        labels = asked.labels[name]
        best = int(np.argmax(shares))
        answers.append({
            "type": "choice", "name": question.get("name"), "choice": labels[best],
            "confidence": round(float(shares[best]), 6),
            "probabilities": [{"value": label, "probability": round(float(share), 6)}
                              for label, share in zip(labels, shares, strict=True)]})
    return answers
