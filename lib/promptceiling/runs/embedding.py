"""Vectors of texts from the endpoint's embeddings route: asked for once, kept, and what variants choose shots by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import uuid4

from promptceiling.errors import EndpointError
from promptceiling.labeled_set import LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs.answer import Answer
from promptceiling.runs.asking import ask
from promptceiling.runs.endpoint import Endpoint
from promptceiling.runs.handle import RunHandle
from promptceiling.runs.money import Purse, check_budget
from promptceiling.runs.prices import Price, free, price_of
from promptceiling.runs.requests import json_of
from promptceiling.runs.sends import SendLog
from promptceiling.runs.workspace import Workspace

BATCH = 64  # texts of one request
Vectors = dict[str, dict[str, list[float]]]  # embedding model -> text -> vector


def vector_key(endpoint: Endpoint, model: str, text: str) -> str:
    """Under which a text's vector is kept: SHA-256 over base URL, model and text."""
    return hashlib.sha256(json.dumps(["embedding", endpoint.base_url, model, text]).encode()).hexdigest()


def stored_vectors(
    workspace: Workspace, endpoint: Endpoint, model: str, texts: Iterable[str]
) -> dict[str, list[float]]:
    """The vectors that the workspace holds, by text."""
    keys = {vector_key(endpoint, model, text): text for text in dict.fromkeys(texts)}
    return {keys[key]: json.loads(said) for key, said in workspace.answer_texts(keys).items()}


async def embed_texts(
    workspace: Workspace, endpoint: Endpoint, model: str, texts: Iterable[str], *, deadline_s: float = 120.0,
    budget_usd: float | None = None, price: Price | None = None, handle: RunHandle | None = None,
) -> dict[str, list[float]]:
    """The vector of each text by an embedding model of the endpoint. What is stored is not asked for again.

    Each send is written down with what it cost, and `budget_usd` holds as in `run_variants`; `price` is the embedding
    model's, else that of the price table. Raises EndpointError where the endpoint gives no vectors, where the next
    request might pass the budget, and where `handle` was stopped; vectors that came are kept.
    """
    wanted = list(dict.fromkeys(texts))
    found = stored_vectors(workspace, endpoint, model, wanted)
    todo = [text for text in wanted if text not in found]
    if not todo:
        return found
    asked = replace(endpoint, model=model, parameters=())
    price = price or (free(model) if endpoint.embedded else price_of(asked))
    check_budget(budget_usd, price, asked)
    purse = Purse(price, budget_usd, workspace.spent_usd(), limit_tokens=1)
    log = SendLog(workspace, f"embedding-{uuid4().hex[:12]}")
    try:
        async with asked.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
            for at in range(0, len(todo), BATCH):
                some = todo[at : at + BATCH]
                if handle is not None and handle.stopping:
                    raise EndpointError("Stopped before every text had its vector. What came is kept; run again to go "
                                        "on.")
                content = json_of({"model": model, "input": some, "encoding_format": "float"})
                amount = purse.aside(content)
                if not purse.take(amount):
                    raise EndpointError(f"The next request for vectors might pass the budget of ${budget_usd:,.4g}; "
                                        f"${purse.spent_usd:,.4g} is spent in this workspace. What came is kept.")
                send_id = log.sending(hashlib.sha256(content).hexdigest(), amount)
                answer = await ask(wire, content, route="embeddings", deadline_s=deadline_s)
                vectors = [] if answer.error_kind else json.loads(answer.text)
                if len(vectors) != len(some):
                    kind = answer.error_kind or "bad_body"
                    log.settle(send_id, kind, purse.lost(kind, amount))
                    raise EndpointError(f"The model {model!r} gave no vectors: " + (
                        answer.error or f"{len(vectors)} came for {len(some)} texts."))
                cost = purse.cost(answer, content)[1]
                purse.settle(amount, cost)
                log.settle(send_id, "answered", cost)
                for text, vector in zip(some, vectors, strict=True):
                    log.keep(vector_key(endpoint, model, text), Answer(text=json.dumps(vector), model=answer.model))
                    found[text] = vector
    finally:
        log.close()
    return found


def texts_compared(labeled_set: LabeledSet, split: str) -> list[str]:
    """The texts whose vectors choosing shots needs: the pool's and those of the cases that are asked."""
    return [*labeled_set.split("train")["input"], *labeled_set.split(split)["input"]]


async def vectors_for(
    workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, split: str,
    *, budget_usd: float | None = None, handle: RunHandle | None = None,
) -> Vectors:
    """The vectors that variants choose their shots by, asked for where they are missing; empty where none does."""
    return {model: await embed_texts(workspace, endpoint, model, texts_compared(labeled_set, split),
                                     budget_usd=budget_usd, handle=handle)
            for model in embedding_models(variants)}


def vectors_at_hand(
    workspace: Workspace | None, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint,
    split: str,
) -> tuple[Vectors, tuple[PromptVariant, ...]]:
    """The vectors that are stored, and the variants, those whose vectors are not all there with TF-IDF in their place.

    For what is only estimated: as many shots of the same pool weigh about as much.
    """
    held: Vectors = {}
    texts = texts_compared(labeled_set, split) if embedding_models(variants) else []
    for model in embedding_models(variants):
        vectors = {} if workspace is None else stored_vectors(workspace, endpoint, model, texts)
        if all(text in vectors for text in texts):
            held[model] = vectors
    stand_ins = (v if v.embedding is None or v.embedding in held else replace(v, embedding=None) for v in variants)
    return held, tuple(stand_ins)


def embedding_models(variants: Sequence[PromptVariant]) -> tuple[str, ...]:
    """The embedding models that variants with shots name, each once."""
    return tuple(dict.fromkeys(v.embedding for v in variants if v.embedding is not None and v.shots))
