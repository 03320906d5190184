"""The embedded model as one ASGI app that speaks the OpenAI protocol."""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from promptceiling.embedded import decisions, embeddings, learner
from promptceiling.embedded.jobs import Jobs
from promptceiling.embedded.request import read_request

MODEL = "embedded-in-context"
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")


def create_app(folder: str | Path) -> Starlette:
    """The app. `folder` keeps uploads and jobs; it is created when the first file arrives.

    Keys are neither needed nor looked at. Token counts are the model's own: pieces of at most six letters.
    """
    server = _Server(Jobs(Path(folder), MODEL))
    return Starlette(routes=[
        Route("/v1/models", server.models),
        Route("/v1/chat/completions", server.chat, methods=["POST"]),
        Route("/v1/decisions", server.decide, methods=["POST"]),
        Route("/v1/embeddings", server.embed, methods=["POST"]),
        Route("/v1/files", server.upload, methods=["POST"]),
        Route("/v1/files/{id}", server.file),
        Route("/v1/fine_tuning/jobs", server.create_job, methods=["POST"]),
        Route("/v1/fine_tuning/jobs", server.list_jobs, methods=["GET"]),
        Route("/v1/fine_tuning/jobs/{id}", server.job),
        Route("/v1/fine_tuning/jobs/{id}/events", server.events),
        Route("/v1/fine_tuning/jobs/{id}/cancel", server.cancel, methods=["POST"]),
    ])


class _Server:
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def models(self, request: Request) -> JSONResponse:
        names = [MODEL, *(j["fine_tuned_model"] for j in self._jobs.jobs() if j["fine_tuned_model"])]
        about = {"object": "model", "created": 0, "owned_by": "embedded", "shutdown_date": None}
        return JSONResponse({"object": "list", "data": [{"id": name} | about for name in names]})

    async def chat(self, request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body())
            asked = read_request(body["messages"], body.get("response_format"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return _error(400, f"The request body cannot be read: {type(error).__name__}.", "invalid_request")
        name = body.get("model")
        tuned = None if name == MODEL else await run_in_threadpool(self._jobs.model, str(name))
        if name != MODEL and tuned is None:
            return _error(404, f"The model {name!r} does not exist here; there is {MODEL!r}.", "model_not_found")
        if not asked.text:
            return _error(400, "The last message must be the user's, with text.", "invalid_request")
        if name == MODEL and not (asked.labels and all(asked.labels.values())):
            return _error(400, "This model can only choose among labels, and the request names none.", "no_labels")
        text = tuned.answer(asked) if tuned else learner.answer(asked)
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        pieces = list(_TOKEN.finditer(text))
        cut = isinstance(limit, int) and 0 <= limit < len(pieces)
        if cut:
            text = text[: pieces[limit].start()]
        prompt = sum(_tokens(m.get("content")) for m in body["messages"])
        output = min(len(pieces), limit) if cut else len(pieces)
        return JSONResponse({
            "id": f"chatcmpl-{secrets.token_hex(8)}", "object": "chat.completion", "created": int(time.time()),
            "model": name,
            "choices": [{"index": 0, "finish_reason": "length" if cut else "stop", "logprobs": None,
                         "message": {"role": "assistant", "content": text, "refusal": None}}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output},
        })

    async def decide(self, request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body())
            asked = decisions.read_decision(body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return _error(400, f"The request body cannot be read: {type(error).__name__}.", "invalid_request")
        except decisions.Unanswerable as error:
            return _error(400, str(error), "invalid_request")
        if (name := body.get("model")) != MODEL:
            return _error(404, f"The model {name!r} takes no decisions here; {MODEL!r} does.", "model_not_found")
        if not asked.text:
            return _error(400, "The last message must be the user's, with text.", "invalid_request")
        given = _tokens(body["input"]) + _tokens(body["questions"])
        return JSONResponse({
            "model": name, "answers": decisions.decide(body, asked),
            "usage": {"input_tokens": given, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                      "output_tokens": 0, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": given},
        })

    async def embed(self, request: Request) -> JSONResponse:
        try:
            body = json.loads(await request.body())
            given, encoding, name = body["input"], body.get("encoding_format") or "float", body.get("model")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return _error(400, f"The request body cannot be read: {type(error).__name__}.", "invalid_request")
        texts = [given] if isinstance(given, str) else given
        if name != embeddings.EMBEDDING_MODEL:
            return _error(404, f"The model {name!r} gives no vectors here; {embeddings.EMBEDDING_MODEL!r} does.",
                          "model_not_found")
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
            return _error(400, "The input must be a text or a list of texts, none of them empty.", "invalid_request")
        vectors = await run_in_threadpool(embeddings.embed, texts)
        tokens = sum(map(_tokens, texts))
        return JSONResponse({
            "object": "list", "model": name, "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "data": [{"object": "embedding", "index": k, "embedding": embeddings.encoded(vector, encoding)}
                     for k, vector in enumerate(vectors)]})

    async def upload(self, request: Request) -> JSONResponse:
        async with request.form(max_files=1) as form:
            file, purpose = form.get("file"), form.get("purpose")
            if not isinstance(file, UploadFile):
                return _error(400, "Expected a multipart form with a file.", "invalid_request")
            return JSONResponse(self._jobs.add_file(file.filename or "upload", await file.read(), str(purpose)))

    async def file(self, request: Request) -> JSONResponse:
        record = self._jobs.file(request.path_params["id"])
        return JSONResponse(record) if record else _error(404, "There is no such file.", "not_found")

    async def create_job(self, request: Request) -> JSONResponse:
        try:
            body: dict[str, Any] = json.loads(await request.body())
            training_file = str(body["training_file"])
            method = body.get("method") or {}
            settings = (method.get("supervised") or {}).get("hyperparameters") or body.get("hyperparameters") or {}
            seed, suffix, epochs = body.get("seed"), body.get("suffix"), settings.get("n_epochs")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _error(400, "Expected a JSON body with a training_file.", "invalid_request")
        if method.get("type", "supervised") != "supervised":
            return _error(400, f"Only supervised training is possible, not {method['type']!r}.", "invalid_request")
        if (name := body.get("model")) != MODEL:
            return _error(404, f"The model {name!r} cannot be tuned here; {MODEL!r} can.", "model_not_found")
        if seed is not None and (type(seed) is not int or not 0 <= seed < 2**31):
            return _error(400, f"The seed {seed!r} is not a whole number from 0 to {2**31 - 1}.", "invalid_request")
        if suffix is not None and not isinstance(suffix, str):
            return _error(400, f"The suffix {suffix!r} is not a text.", "invalid_request")
        if not self._jobs.file(training_file):
            return _error(404, f"There is no file {training_file!r}.", "not_found")
        return JSONResponse(_public(self._jobs.create(training_file, seed=seed, epochs=epochs, suffix=suffix)))

    async def list_jobs(self, request: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [_public(j) for j in self._jobs.jobs()], "has_more": False})

    async def job(self, request: Request) -> JSONResponse:
        job = self._jobs.job(request.path_params["id"])
        return JSONResponse(_public(job)) if job else _error(404, "There is no such job.", "not_found")

    async def events(self, request: Request) -> JSONResponse:
        job = self._jobs.job(request.path_params["id"])
        if not job:
            return _error(404, "There is no such job.", "not_found")
        return JSONResponse({"object": "list", "data": job["events"][::-1], "has_more": False})

    async def cancel(self, request: Request) -> JSONResponse:
        job = self._jobs.job(request.path_params["id"])
        if not job:
            return _error(404, "There is no such job.", "not_found")
        return JSONResponse(_public(self._jobs.cancel(job)))


def _tokens(value: object) -> int:
    return len(_TOKEN.findall(json.dumps(value, ensure_ascii=False)))


def _public(job: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in job.items() if k not in ("events", "suffix")}


def _error(status: int, message: str, code: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error", "code": code, "param": None}},
                        status_code=status)
