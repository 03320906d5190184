"""What a run asks: every request with its key, and its JSON made when it is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pandas as pd

from promptceiling.prompts import PromptVariant, Rendered, render
from promptceiling.prompts.render import Shot
from promptceiling.runs.endpoint import Endpoint, Route

DECISION_PARAMETERS = ("prompt_cache_key", "prompt_cache_options", "safety_identifier")  # it takes no others
_KEPT = 64  # beginnings of prompts that are kept ready


def request_body(endpoint: Endpoint, rendered: Rendered) -> dict[str, Any]:
    """The JSON body of the call. A decision takes none of the parameters of chat, such as a temperature."""
    if rendered.questions:
        known = {k: v for k, v in endpoint.parameters if k in DECISION_PARAMETERS}
        return {"model": endpoint.model, "input": list(rendered.messages),
                "questions": list(rendered.questions)} | known
    body: dict[str, Any] = {"model": endpoint.model, "messages": list(rendered.messages)}
    if rendered.response_format is not None:
        body["response_format"] = rendered.response_format
    return body | dict(endpoint.parameters)


def route_of(variant: PromptVariant) -> Route:
    """Where a variant's requests go."""
    return "decisions" if variant.output == "decisions" else "chat/completions"


def json_of(body: dict[str, Any]) -> bytes:
    """A body as it is sent: ASCII, so that half a character stays what it is, and in the order in which it was made."""
    return json.dumps(body, separators=(",", ":")).encode()


def request_key(base_url: str, body: dict[str, Any], repeat: int) -> str:
    """SHA-256 over base URL, model, every message, every parameter and the repeat; nothing else."""
    return hashlib.sha256(_canonical(base_url, body, repeat).encode()).hexdigest()


def _canonical(base_url: str, body: dict[str, Any], repeat: int) -> str:
    return json.dumps([base_url, body, repeat], sort_keys=True, separators=(",", ":"))


class _Prompt:
    """A prompt around the place of the case's text: what stands before and behind it, to be sent and to be hashed."""

    def __init__(self, endpoint: Endpoint, variant: PromptVariant, shots: Sequence[Shot], slot: str) -> None:
        body = request_body(endpoint, render(variant, slot, shots))
        self.head, self.tail = (part.encode() for part in _around(json.dumps(body, separators=(",", ":")), slot))
        before, behind = _around(_canonical(endpoint.base_url, body, 0), slot)
        self._before = hashlib.sha256(before.encode())
        self._behind = behind.removesuffix("0]")

    def content(self, text: str) -> bytes:
        return b"".join((self.head, _inside(text).encode(), self.tail))

    def key(self, text: str, repeat: int) -> str:
        digest = self._before.copy()
        digest.update(f"{_inside(text)}{self._behind}{repeat}]".encode())
        return digest.hexdigest()


def _around(dumped: str, slot: str) -> tuple[str, str]:
    before, _, behind = dumped.rpartition(slot)
    return before, behind


def _inside(text: str) -> str:
    """A text as it stands within a JSON string: character by character, whatever stands around it."""
    return json.dumps(text)[1:-1]


class Requests:
    """The requests of a run over cases (columns `id`, `input`).

    A case's text is the last message, or stands in its template, and nothing before it depends on the text, but for
    the tags around examples in the system text. So a prompt is rendered once for all cases with the same shots, and a
    request costs the same whatever their number. Only keys are held: the JSON of 100,000 cases is made one at a time.

    Attributes
    ----------
    items: (variant, case id, repeat, request key) of everything the run is about, in order.
    keys: the distinct request keys, in order.
    """

    def __init__(
        self, endpoint: Endpoint, variants: Sequence[PromptVariant], cases: pd.DataFrame,
        shots: Sequence[Sequence[Sequence[Shot]]], repeats: int,
    ) -> None:
        self._endpoint, self._variants, self._shots = endpoint, variants, shots
        self._texts: list[str] = cases["input"].tolist()
        self._slot = uuid4().hex
        self._prompts: dict[tuple[int, tuple[str, ...]], _Prompt] = {}
        self._first: dict[str, int] = {}
        self.items: list[tuple[PromptVariant, str, int, str]] = []
        ids: list[str] = cases["id"].tolist()
        for v, variant in enumerate(variants):
            for c, case_id in enumerate(ids):
                for repeat, key in enumerate(self._keys(v, c, repeats)):
                    self._first.setdefault(key, v * len(ids) + c)
                    self.items.append((variant, case_id, repeat, key))
        self.keys: tuple[str, ...] = tuple(self._first)

    def content(self, key: str) -> bytes:
        """The JSON of a request's body."""
        v, c = divmod(self._first[key], len(self._texts))
        prompt = self._prompt(v, c)
        return prompt.content(self._texts[c]) if prompt else json_of(self._body(v, c))

    def variant(self, key: str) -> PromptVariant:
        """The first variant that asks a request."""
        return self._variants[self._first[key] // len(self._texts)]

    def route(self, key: str) -> Route:
        """Where a request goes."""
        return route_of(self.variant(key))

    def _keys(self, v: int, c: int, repeats: int) -> Iterator[str]:
        prompt = self._prompt(v, c)
        for repeat in range(repeats):
            yield (prompt.key(self._texts[c], repeat) if prompt
                   else request_key(self._endpoint.base_url, self._body(v, c), repeat))

    def _body(self, v: int, c: int) -> dict[str, Any]:
        return request_body(self._endpoint, render(self._variants[v], self._texts[c], self._shots[v][c]))

    def _prompt(self, v: int, c: int) -> _Prompt | None:
        """The prompt that a case shares with others; None where its text may change what stands before it."""
        variant, shots, text = self._variants[v], self._shots[v][c], self._texts[c]
        if shots and variant.placement == "system" and ("<case" in text or "</case" in text):
            return None
        which = (v, tuple([shot.id for shot in shots]))
        prompt = self._prompts.get(which)
        if prompt is None:
            if len(self._prompts) >= _KEPT:
                self._prompts.pop(next(iter(self._prompts)))
            prompt = self._prompts[which] = _Prompt(self._endpoint, variant, shots, self._slot)
        return prompt
