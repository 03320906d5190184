"""Ask an endpoint what it honours: a few small calls, kept in the workspace with the models that it lists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, select

from promptceiling.errors import EndpointError
from promptceiling.runs import schema
from promptceiling.runs.answer import NoCompletion, read_answer
from promptceiling.runs.asking import kind_of, rejection, retry_after, unreachable, without, without_response
from promptceiling.runs.endpoint import Endpoint, Wire
from promptceiling.runs.findings import QUESTIONS, SYSTEM, Came, Finding, findings_of
from promptceiling.runs.money import Purse
from promptceiling.runs.prices import price_of
from promptceiling.runs.requests import json_of, request_key
from promptceiling.runs.sends import SendLog
from promptceiling.runs.store import now
from promptceiling.runs.workspace import Workspace

AT_ONCE = 4
SENDS = 3


@dataclass(frozen=True, slots=True)
class Probe:
    """What an endpoint did on a day.

    Attributes
    ----------
    findings: one a feature, in a fixed order.
    shutdown_date: the day on which the model ends (YYYY-MM-DD); None where the endpoint does not say.
    """

    base_url: str
    model: str
    probed_at: str
    findings: tuple[Finding, ...]
    shutdown_date: str | None = None


async def probe_endpoint(workspace: Workspace, endpoint: Endpoint, *, deadline_s: float = 120.0) -> Probe:
    """Ask a model 16 small things, four at once, and keep what was found.

    Sends and what they cost are written down like a run's, so that a budget knows of them. Raises EndpointError where
    the endpoint cannot be used.
    """
    log = SendLog(workspace, f"probe-{uuid4().hex[:12]}")
    try:
        async with endpoint.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
            ask = _Asking(wire, endpoint, log, deadline_s)
            plain = await ask("plain")
            if plain.answer is None:
                raise EndpointError(f"Nothing was found out, since a plain question was not answered: "
                                    f"{plain.rejected}.")
            further = [name for name in QUESTIONS if name != "plain"]
            came = dict(zip(further, await asyncio.gather(*map(ask, further)), strict=True))
            models: dict[str, str | None] = {}
            with suppress(EndpointError):  # what was found is kept without it
                models = await _models(wire, deadline_s)
    finally:
        log.close()
    keep_models(workspace, endpoint.base_url, models)
    probe = Probe(endpoint.base_url, endpoint.model, now(), findings_of(came | {"plain": plain}),
                  models.get(endpoint.model))
    with workspace.writing() as connection:
        connection.execute(insert(schema.probes).values(
            base_url=probe.base_url, model=probe.model, probed_at=probe.probed_at,
            findings=json.dumps([astuple(f) for f in probe.findings])))
    return probe


async def list_models(workspace: Workspace, endpoint: Endpoint, *, deadline_s: float = 30.0) -> dict[str, str | None]:
    """The models that an endpoint lists, each with the day on which it ends or None; kept too. Empty where it lists
    none. Raises EndpointError where it cannot be reached."""
    async with endpoint.wire(workspace.folder / "embedded", deadline_s=deadline_s) as wire:
        models = await _models(wire, deadline_s)
    keep_models(workspace, endpoint.base_url, models)
    return models


def keep_models(workspace: Workspace, base_url: str, models: dict[str, str | None]) -> None:
    """Keep what an endpoint lists, in place of what it listed before; an empty list changes nothing."""
    t = schema.models
    if models:
        with workspace.writing() as connection:
            connection.execute(delete(t).where(t.c.base_url == base_url))
            connection.execute(insert(t), [
                {"base_url": base_url, "model": model, "shutdown_date": day, "seen_at": now()}
                for model, day in models.items()])


def shutdown_dates(workspace: Workspace, asked: Collection[tuple[str, str]] | None = None) -> dict[str, str]:
    """Model -> the day on which it ends (YYYY-MM-DD), of every model for which an endpoint said one; of two, the
    earlier. `asked` leaves the models that were asked there, as (base URL, model), and no others."""
    t = schema.models
    with workspace.engine.connect() as connection:
        rows = connection.execute(select(t.c.base_url, t.c.model, t.c.shutdown_date).where(
            t.c.shutdown_date.is_not(None)).order_by(t.c.shutdown_date.desc())).all()
    return {row.model: row.shutdown_date for row in rows if asked is None or (row.base_url, row.model) in asked}


def latest_probe(workspace: Workspace, endpoint: Endpoint) -> Probe | None:
    """What the last probe of this model found; None where there was none."""
    t, m = schema.probes, schema.models
    with workspace.engine.connect() as connection:
        row = connection.execute(select(t).where(t.c.base_url == endpoint.base_url, t.c.model == endpoint.model)
                                 .order_by(t.c.probe_id.desc()).limit(1)).one_or_none()
        day = connection.scalar(select(m.c.shutdown_date).where(
            m.c.base_url == endpoint.base_url, m.c.model == endpoint.model))
    if row is None:
        return None
    return Probe(row.base_url, row.model, row.probed_at, tuple(Finding(*f) for f in json.loads(row.findings)), day)


class _NoResponse(EndpointError):
    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


class _Asking:
    """Asks one of the questions: at most four are out at once, each send is written down and settled."""

    def __init__(self, wire: Wire, endpoint: Endpoint, log: SendLog, deadline_s: float) -> None:
        self._wire, self._endpoint, self._log, self._deadline_s = wire, endpoint, log, deadline_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._purse = Purse(price_of(endpoint))

    async def __call__(self, name: str) -> Came:
        text, parameters = QUESTIONS[name]
        body = {"model": self._endpoint.model, "messages": [
            {"role": "system", "content": SYSTEM}, {"role": "user", "content": text}], **parameters}
        key = request_key(self._endpoint.base_url, body, 0)
        async with self._turns:
            for sent in range(1, SENDS + 1):
                came, wait_s = await self._once(key, json_of(body), last=sent == SENDS)
                if wait_s is None or sent == SENDS:
                    return came
                await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")

    async def _once(self, key: str, content: bytes, *, last: bool) -> tuple[Came, float | None]:
        """What came, and the seconds after which another send may bring more. Raises EndpointError for a wrong key, an
        unknown model or an exhausted quota, and for a server that the last send cannot reach either."""
        amount = self._purse.aside(content)
        send_id = self._log.sending(key, amount)
        try:
            status, headers, raw = await _sent(self._wire, "POST", "chat/completions", content, self._deadline_s)
        except _NoResponse as error:
            self._log.settle(send_id, error.kind, self._purse.lost(error.kind, amount))
            if error.kind == "unreachable" and last:
                raise
            return Came(rejected=str(error)), 1.0
        if status != 200:
            self._log.settle(send_id, "rejected", 0.0 if amount is not None else None)
            again = status in (408, 429) or status >= 500
            wished_s = retry_after(headers)
            if again or status in (401, 403, 404) or 300 <= status < 400:
                kind_of(status, raw, self._wire.key)
            return (Came(rejected=rejection(status, raw, self._wire.key)),
                    (1.0 if wished_s is None else wished_s) if again else None)
        try:
            raw = without(self._wire.key, raw)
            answer, cost = self._purse.cost(read_answer(raw), content)
        except NoCompletion:
            self._log.settle(send_id, "bad_body", amount)
            return Came(rejected="200 without a chat completion"), None
        self._log.settle(send_id, "answered", cost)
        return Came(answer, json.loads(raw)), None


async def _sent(
    wire: Wire, method: str, route: str, content: bytes | None, deadline_s: float
) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of one exchange. Raises EndpointError where there is none in time."""
    import httpx2  # imported late: pages that only read need not wait for it

    try:
        async with asyncio.timeout(deadline_s):
            response = await wire.exchange(method, route, content)
            return response.status_code, dict(response.headers), response.content
    except (TimeoutError, httpx2.HTTPError, httpx2.StreamError) as error:
        kind, said = without_response(error, deadline_s)
        raise _NoResponse(kind, str(unreachable(wire, said)) if kind == "unreachable" else said) from None


async def _models(wire: Wire, deadline_s: float) -> dict[str, str | None]:
    """Model -> the day on which it ends, or None. Empty where the endpoint lists none. Raises EndpointError where it
    cannot be reached or refuses the key."""
    status, _, raw = await _sent(wire, "GET", "models", None, deadline_s)
    if status in (401, 403):
        kind_of(status, raw, wire.key)
    listed: Any = []
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        listed = json.loads(without(wire.key, raw))["data"] if status == 200 else []
    listed = listed if isinstance(listed, list) else []
    return {str(m["id"])[:200]: _day(m) for m in listed if isinstance(m, dict) and isinstance(m.get("id"), str)}


def _day(model: dict[str, Any]) -> str | None:
    """The day on which a model ends: `shutdown_date`, or Azure's `deprecation.inference` in seconds; else None."""
    said, azure = model.get("shutdown_date"), model.get("deprecation")
    with suppress(ValueError, OverflowError, OSError, TypeError):
        if isinstance(said, str):
            return date.fromisoformat(said[:10]).isoformat()
        if isinstance(azure, dict) and azure.get("inference"):
            return datetime.fromtimestamp(float(azure["inference"]), UTC).date().isoformat()
    return None
