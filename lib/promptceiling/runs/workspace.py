"""A workspace: labeled sets, variants, every answer that was paid for, and the ledger of test openings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

import pandas as pd
from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, select, update

from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import LabeledSet, Notice
from promptceiling.prompts import PromptVariant
from promptceiling.runs import schema
from promptceiling.runs.answer import Answer
from promptceiling.runs.store import Store, now

_MANY = 500  # keys that one query looks for
_CHUNK = 5_000  # rows written with one statement
_VARIANT: TypeAdapter[PromptVariant] = TypeAdapter(PromptVariant)


class Workspace(Store):
    """An open workspace; how it is opened is told by `Store`."""

    # --- labeled sets and variants

    def save_set(self, labeled_set: LabeledSet) -> str:
        """Keep a split labeled set; its key. One that is there already is left as it is."""
        key = labeled_set.key
        table = schema.labeled_sets
        if self.read_only and key in set(self.sets()["set_key"]):
            return key
        with self.writing() as connection:
            if connection.scalar(select(func.count()).where(table.c.set_key == key)):
                return key
            connection.execute(insert(table).values(
                set_key=key, content_hash=labeled_set.content_hash, name=labeled_set.name, saved_at=now(),
                columns=json.dumps(list(labeled_set.cases.columns)),
                notices=json.dumps([[n.code, n.message, list(n.rows)] for n in labeled_set.notices]),
            ))
            for at in range(0, len(labeled_set), _CHUNK):
                connection.execute(insert(schema.cases), [
                    {"set_key": key, "position": k, "case_id": record["id"], "record": json.dumps(record, default=int)}
                    for k, record in enumerate(labeled_set.cases.iloc[at:at + _CHUNK].to_dict("records"), at)])
        return key

    def sets(self) -> pd.DataFrame:
        """The labeled sets that are kept, latest first: `set_key, content_hash, name, saved_at`."""
        t = schema.labeled_sets
        return self._frame(select(t.c.set_key, t.c.content_hash, t.c.name, t.c.saved_at).order_by(t.c.saved_at.desc()))

    def load_set(self, key: str | None = None) -> LabeledSet:
        """A labeled set by its key; without one, the set of the latest run, else the one saved last."""
        if key is None:
            key = self.latest_set_key()
        with self._engine.connect() as connection:
            head = connection.execute(
                select(schema.labeled_sets).where(schema.labeled_sets.c.set_key == key)).one_or_none()
            if head is None:
                raise WorkspaceError(f"{self.where} holds no labeled set{f' {key}' if key else ''} yet. "
                                     "Run `promptceiling run --data FILE` or notebook 2 first.")
            query = select(schema.cases.c.record).where(schema.cases.c.set_key == key).order_by(schema.cases.c.position)
            records = [json.loads(r) for r in connection.scalars(query)]
        frame = pd.DataFrame(records, columns=json.loads(head.columns))
        text = [c for c in frame.columns if c != "row"]
        notices = tuple(Notice(code, message, tuple(rows)) for code, message, rows in json.loads(head.notices))
        return LabeledSet(head.name, frame.astype(dict.fromkeys(text, "str")), notices)

    def latest_set_key(self) -> str | None:
        """The key of the labeled set of the latest run, else of the one saved last; None in an empty workspace."""
        with self._engine.connect() as connection:
            latest = connection.scalar(
                select(schema.runs.c.set_key).order_by(schema.runs.c.started_at.desc()).limit(1))
            return latest or connection.scalar(
                select(schema.labeled_sets.c.set_key).order_by(schema.labeled_sets.c.saved_at.desc()).limit(1))

    def save_variants(self, variants: Iterable[PromptVariant]) -> None:
        t = schema.variants
        variants = list(variants)
        if self.read_only and self.variants().keys() >= {(v.fingerprint, v.name) for v in variants}:
            return
        with self.writing() as connection:
            known = {tuple(row) for row in connection.execute(select(t.c.fingerprint, t.c.name))}
            new = [v for v in variants if (v.fingerprint, v.name) not in known]
            if new:
                connection.execute(insert(t), [
                    {"fingerprint": v.fingerprint, "name": v.name, "body": json.dumps(asdict(v))} for v in new])

    def variants(self) -> dict[tuple[str, str], PromptVariant]:
        """Every kept variant by (fingerprint, name)."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(schema.variants)).all()
        return {(r.fingerprint, r.name): _VARIANT.validate_json(r.body) for r in rows}

    # --- runs and answers

    def start_run(
        self, set_key: str, split: str, base_url: str, model: str,
        items: Sequence[tuple[PromptVariant, str, int, str]],
    ) -> str:
        """Write down what a run will ask, as (variant, case id, repeat, request key); on the test split, open the seal.

        Returns the run's id.
        """
        run_id = uuid4().hex[:12]
        with self.writing() as connection:
            connection.execute(insert(schema.runs).values(
                run_id=run_id, set_key=set_key, split=split, base_url=base_url, model=model, started_at=now(),
                state="running"))
            prints = {k: v.fingerprint for k, v in {id(v): v for v, *_ in items}.items()}
            for at in range(0, len(items), _CHUNK):
                connection.execute(insert(schema.items), [
                    {"run_id": run_id, "fingerprint": prints[id(v)], "variant": v.name, "case_id": case, "repeat": r,
                     "position": k, "request_key": key}
                    for k, (v, case, r, key) in enumerate(items[at:at + _CHUNK], at)])
            if split in ("test", "all"):
                opened = dict.fromkeys((prints[id(v)], v.name) for v, *_ in items)
                connection.execute(insert(schema.openings), [
                    {"set_key": set_key, "fingerprint": f, "variant": name, "model": model, "run_id": run_id,
                     "opened_at": now()} for f, name in opened])
        return run_id

    def finish_run(self, run_id: str, state: str) -> None:
        with self.writing() as connection:
            connection.execute(
                update(schema.runs).where(schema.runs.c.run_id == run_id).values(finished_at=now(), state=state))

    def usable_keys(self, keys: Iterable[str]) -> set[str]:
        """Those request keys that have an answer which need not be asked for again: not a failure and not refused."""
        t = schema.answers
        query = select(t.c.request_key).where(
            t.c.error_kind.is_(None), t.c.refusal.is_(None),
            t.c.finish_reason.is_(None) | (t.c.finish_reason != "content_filter"))
        with self._engine.connect() as connection:
            return set(keys) & set(connection.scalars(query))

    def answer_texts(self, keys: Iterable[str]) -> dict[str, str]:
        """The texts of those requests that have an answer, by request key."""
        t, wanted = schema.answers, list(keys)
        found: dict[str, str] = {}
        with self._engine.connect() as connection:
            for at in range(0, len(wanted), _MANY):
                rows = connection.execute(select(t.c.request_key, t.c.text).where(
                    t.c.request_key.in_(wanted[at : at + _MANY]), t.c.error_kind.is_(None)))
                found |= {row.request_key: json.loads(row.text) for row in rows}
        return found

    def save_answer(self, key: str, answer: Answer) -> None:
        """Keep one answer, in a commit of its own; a later answer to the same request replaces a failure."""
        self.save_answers([(key, answer)])

    def save_answers(self, answers: Iterable[tuple[str, Answer]]) -> None:
        """Keep answers that are all here already, in one commit."""
        t = schema.answers
        with self.writing() as connection:
            for key, answer in answers:
                values = asdict(answer) | {"text": json.dumps(answer.text), "received_at": now()}
                changed = connection.execute(update(t).where(t.c.request_key == key).values(**values))
                if not changed.rowcount:
                    connection.execute(insert(t).values(request_key=key, **values))

    def sends(self, run_id: str | None = None) -> pd.DataFrame:
        """What was sent and what became of it, of one run or of all: `send_id, run_id, request_key, sent_at, cost_usd,
        outcome`.

        `outcome` is "answered" or the kind of the failure. It is missing where nothing was heard of the send, since
        the process was killed or the run was stopped: such a call may have been paid for. `cost_usd` is then what was
        set aside for it; it is missing where the model's price is not known.
        """
        t = schema.sends
        query = select(t).order_by(t.c.sent_at, t.c.send_id)
        return self._frame(query if run_id is None else query.where(t.c.run_id == run_id))

    def unheard(self, keys: Iterable[str]) -> int:
        """How many of these requests were sent and nothing was heard of it, then or later."""
        t, a = schema.sends, schema.answers
        query = select(t.c.request_key).where(t.c.outcome.is_(None)).where(
            ~select(a.c.request_key).where(a.c.request_key == t.c.request_key).exists())
        with self._engine.connect() as connection:
            return len(set(connection.scalars(query)) & set(keys))

    def mean_output_tokens(self, model: str) -> float | None:
        """The mean length of the answers that runs against a model got; None where none is counted."""
        r, i, a = schema.runs, schema.items, schema.answers
        query = (select(func.avg(a.c.output_tokens)).join_from(a, i, a.c.request_key == i.c.request_key)
                 .join(r, r.c.run_id == i.c.run_id).where(r.c.model == model))
        with self._engine.connect() as connection:
            found = connection.scalar(query)
        return None if found is None else float(found)

    def spent_usd(self) -> float:
        """What all sends of this workspace have cost; of a send without an answer, what was set aside for it."""
        with self._engine.connect() as connection:
            return float(connection.scalar(select(func.sum(schema.sends.c.cost_usd))) or 0.0)

    def items(self, set_key: str) -> pd.DataFrame:
        """What was asked and what came, one row an item of every run over a labeled set, in the order asked.

        Columns: `run_id, started_at, state, split, base_url, run_model, fingerprint, variant, case_id, repeat,
        request_key`, then the columns of the answer (missing where none came).
        """
        r, i, a = schema.runs, schema.items, schema.answers
        query = (
            select(r.c.run_id, r.c.started_at, r.c.state, r.c.split, r.c.base_url, r.c.model.label("run_model"),
                   i.c.fingerprint, i.c.variant, i.c.case_id, i.c.repeat, i.c.request_key,
                   *(c for c in a.c if c.name != "request_key"))
            .join_from(r, i, r.c.run_id == i.c.run_id).outerjoin(a, a.c.request_key == i.c.request_key)
            .where(r.c.set_key == set_key).order_by(r.c.started_at, r.c.run_id, i.c.position)
        )
        frame = self._frame(query)
        texts = [json.loads(t) if isinstance(t, str) else None for t in frame["text"]]
        frame["text"] = pd.Series(texts, index=frame.index, dtype=object)  # pyarrow's text holds no lone surrogate
        return frame

    def openings(self, set_key: str) -> pd.DataFrame:
        """The ledger: every opening of the test split, in order."""
        t = schema.openings
        return self._frame(select(t).where(t.c.set_key == set_key).order_by(t.c.opening_id))

    # --- latency and jobs

    def save_latencies(
        self, set_key: str, variant: PromptVariant, base_url: str, model: str, seconds: Sequence[float]
    ) -> None:
        self.save_variants([variant])
        with self.writing() as connection:
            connection.execute(insert(schema.latencies), [
                {"set_key": set_key, "fingerprint": variant.fingerprint, "model": model, "base_url": base_url,
                 "seconds": s, "measured_at": now()} for s in seconds])

    def latencies(self, set_key: str) -> pd.DataFrame:
        t = schema.latencies
        return self._frame(select(t).where(t.c.set_key == set_key).order_by(t.c.latency_id))

    def save_job(self, record: Mapping[str, Any], *, was: str | None = None) -> None:
        """Keep a fine-tuning job's state, by its id; `was` is the id that it had before the server gave it one."""
        values = {k: None if isinstance(v, float) and v != v else v for k, v in record.items()}  # NaN of a frame
        values |= {"losses": json.dumps(record.get("losses", [])), "details": json.dumps(record.get("details") or {})}
        t = schema.jobs
        with self.writing() as connection:
            if was is not None and was != record["job_id"]:
                connection.execute(delete(t).where(t.c.job_id == was))
            changed = connection.execute(update(t).where(t.c.job_id == record["job_id"]).values(**values))
            if not changed.rowcount:
                connection.execute(insert(t).values(**values))

    def jobs(self, set_key: str) -> pd.DataFrame:
        """Fine-tuning jobs on a labeled set, in order; `losses` is a list of (step, loss), `details` a dict."""
        t = schema.jobs
        frame = self._frame(select(t).where(t.c.set_key == set_key).order_by(t.c.created_at))
        frame["losses"] = [json.loads(x) for x in frame["losses"]]
        frame["details"] = [json.loads(x) if isinstance(x, str) else {} for x in frame["details"]]
        return frame
