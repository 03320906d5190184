"""What an endpoint honours, told from what it answered to the calls of a probe. Nothing is called here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from promptceiling.runs.answer import Answer

Verdict = Literal["honoured", "ignored", "rejected", "not told"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_SHADES = ("amber", "teal")
SYSTEM = ("Where a shade is asked for, choose one of these, exactly as written here:\n"
          + "\n".join(f'- "{shade}"' for shade in _SHADES))
_SHADE = "Choose the shade of honey. Answer with that one word alone."
_NUMBER = "Write one random number of eight digits and nothing else."
_PADDING = " The same question is told at some length here, so that it has many more tokens than it needs to have."
_SCHEMA = {"type": "object", "properties": {"shade": {"type": "string", "enum": list(_SHADES)}},
           "required": ["shade"], "additionalProperties": False}
LIMIT = 16  # tokens
LIMITS = ("max_completion_tokens", "max_tokens")

QUESTIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "plain": (_SHADE, {}),
    "padded": (_SHADE + 10 * _PADDING, {}),
    "schema": ("Say hello in one plain sentence.", {"response_format": {
        "type": "json_schema", "json_schema": {"name": "shade", "strict": True, "schema": _SCHEMA}}}),
    "object": ("Say hello in one plain sentence, without JSON.", {"response_format": {"type": "json_object"}}),
    "logprobs": (_SHADE, {"logprobs": True, "top_logprobs": 2}),
    **{name: ("Write the numbers from 1 to 100 in words.", {name: LIMIT}) for name in LIMITS},
    **{f"cold {k}": (_NUMBER, {"temperature": 0}) for k in range(3)},
    **{f"warm {k}": (_NUMBER, {"temperature": 1}) for k in range(3)},
    **{f"seed {k}": (_NUMBER, {"seed": seed}) for k, seed in enumerate((7, 7, 8))},
}
"""What a probe asks: name -> (the user's message, the parameters that go with it)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a feature did: "honoured", "ignored" without a word, "rejected" with an error, or "not told" by what came.

    Attributes
    ----------
    seen: what was seen of it, in a sentence.
    """

    feature: str
    verdict: Verdict
    seen: str


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a call: an answer with its whole body, or the server's reason for none."""

    answer: Answer | None = None
    body: Any = None
    rejected: str = ""

    @property
    def text(self) -> str:
        return self.answer.text.strip() if self.answer else ""


def findings_of(came: Mapping[str, Came]) -> tuple[Finding, ...]:
    """One finding a feature, in a fixed order, from what came of each of `QUESTIONS`."""
    return (_schema(came["schema"]), _object(came["object"]), _logprobs(came["logprobs"]), _temperature(came),
            _seed(came), _usage(came["plain"], came["padded"]), *(_limit(name, came[name]) for name in LIMITS),
            _reasoning(came["plain"]))


def _rejected(feature: str, came: Came) -> Finding:
    return Finding(feature, "rejected", f"The server said {came.rejected}.")


def _schema(came: Came) -> Finding:
    name = "JSON schema"
    if came.answer is None:
        return _rejected(name, came)
    record = _json(came.text)
    if isinstance(record, dict) and record.keys() == {"shade"} and record["shade"] in _SHADES:
        return Finding(name, "honoured", "Asked for a greeting, the model answered by the schema.")
    return Finding(name, "ignored", "Asked for a greeting, the model answered without regard to the schema.")


def _object(came: Came) -> Finding:
    name = "JSON object"
    if came.answer is None:
        return _rejected(name, came)
    if isinstance(_json(came.text), dict):
        return Finding(name, "honoured", "Asked for a sentence, the model answered with a JSON object.")
    return Finding(name, "ignored", "Asked for a sentence, the model answered with one and no JSON.")


def _logprobs(came: Came) -> Finding:
    name = "logprobs"
    if came.answer is None:
        return _rejected(name, came)
    try:
        first = came.body["choices"][0]["logprobs"]["content"][0]
        told = isinstance(first["logprob"], int | float)
    except (KeyError, IndexError, TypeError):
        told = False
    return Finding(name, "honoured" if told else "ignored", "The answer's tokens came with their log-probabilities."
                   if told else "The answer came without them.")


def _temperature(came: Mapping[str, Came]) -> Finding:
    name = "temperature"
    cold, warm = ([came[f"{kind} {k}"] for k in range(3)] for kind in ("cold", "warm"))
    if refused := next((c for c in (*cold, *warm) if c.answer is None), None):
        return _rejected(name, refused)
    at_0, at_1 = len({c.text for c in cold}), len({c.text for c in warm})
    seen = f"A random number, asked for three times: {at_0} different at 0, {at_1} different at 1."
    if at_0 == 1:
        return Finding(name, "honoured" if at_1 > 1 else "not told", seen)
    return Finding(name, "ignored", f"{seen} Answers vary even at 0, so repeats are needed.")


def _seed(came: Mapping[str, Came]) -> Finding:
    name = "seed"
    calls = [came[f"seed {k}"] for k in range(3)]
    if refused := next((c for c in calls if c.answer is None), None):
        return _rejected(name, refused)
    one, again, other = (c.text for c in calls)
    if one != again:
        return Finding(name, "ignored", "A random number, asked for twice with one seed, was not the same.")
    if one == other:
        return Finding(name, "not told", "A random number was the same with one seed and with another.")
    return Finding(name, "honoured", "A random number was the same with one seed, and another with another.")


def _usage(plain: Came, padded: Came) -> Finding:
    name = "usage"
    if plain.answer is None or padded.answer is None:
        return _rejected(name, plain if plain.answer is None else padded)
    short, long, output = plain.answer.input_tokens, padded.answer.input_tokens, plain.answer.output_tokens
    if short is None or long is None or output is None:
        return Finding(name, "ignored", "Answers came without token counts: what they cost is not known.")
    seen = f"{short:,} input tokens for a short question, {long:,} for a long one; {output:,} for a one-word answer."
    return Finding(name, "honoured" if long >= short + 50 and output > 0 else "ignored", seen)


def _limit(name: str, came: Came) -> Finding:
    if came.answer is None:
        return _rejected(name, came)
    output, length = came.answer.output_tokens, len(came.text.split())
    if came.answer.finish_reason == "length":
        return Finding(name, "honoured", f"A long answer was cut at the limit of {LIMIT} tokens.")
    if length > 2 * LIMIT or (output or 0) > 2 * LIMIT:
        return Finding(name, "ignored", f"An answer of {length:,} words came in spite of a limit of {LIMIT} tokens.")
    return Finding(name, "not told", f"The answer was shorter than the limit of {LIMIT} tokens.")


def _reasoning(plain: Came) -> Finding:
    name = "answer without reasoning"
    spent = plain.answer.reasoning_tokens if plain.answer else None
    if spent is None:
        return Finding(name, "not told", "Reasoning was not counted.")
    if spent == 0:
        return Finding(name, "honoured", "A one-word answer came without reasoning, and none was asked for.")
    return Finding(name, "ignored", f"The model reasons by default: {spent:,} tokens, paid as output, for a one-word "
                   "answer. Where it takes reasoning_effort, set it.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
