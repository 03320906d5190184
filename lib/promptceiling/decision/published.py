"""The published file: one read-only SQLite snapshot of everything that a decision rests on, and how to check it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import Evidence, evidence_from_json, evidence_to_json
from promptceiling.decision.gather import gather
from promptceiling.errors import InputError, PromptCeilingError, WorkspaceError
from promptceiling.runs import Price, Workspace, price_table, schema
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.runs.store import now

_metadata = MetaData()
_published = Table(
    "published", _metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


@dataclass(frozen=True, slots=True)
class Published:
    """What a published file says: the evidence, the assumptions and prices it was published with, and when."""

    evidence: Evidence
    assumptions: Assumptions
    prices: dict[str, Price]
    published_at: str


def publish(
    workspace: Workspace, path: str | Path, *, assumptions: Assumptions | None = None, set_key: str | None = None
) -> Published:
    """Write the snapshot for a labeled set (by default the latest run's); an existing file is replaced at the end.

    The file holds the labeled set, variants, runs, answers, latencies, ledger and jobs of this set, and no key. Raises
    WorkspaceError where nothing has run or the file cannot be written.
    """
    if only_shows():
        raise WorkspaceError(WHY)
    path = Path(path)
    evidence = gather(workspace, set_key)
    published = Published(evidence, assumptions or Assumptions(), price_table(), now())
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        _write(workspace, new, published)
        os.replace(new, path)
    except (OSError, SQLAlchemyError) as error:
        raise WorkspaceError(f"{path} cannot be written: {getattr(error, 'orig', error)}.") from None
    return published


def read_published(path: str | Path) -> Published:
    """What a published file says, as it was written. Raises WorkspaceError for a file that is none."""
    values = _values(Path(path))
    try:
        return Published(
            evidence_from_json(values["evidence"]), Assumptions(**json.loads(values["assumptions"])),
            {name: Price(**price) for name, price in json.loads(values["prices"]).items()}, values["published_at"])
    except (KeyError, ValueError, TypeError, AttributeError, PromptCeilingError):
        raise WorkspaceError(f"{path} was not written by this program's `publish`, or was altered. "
                             "Publish it again.") from None


def verify(path: str | Path) -> list[str]:
    """Recompute every number from the answers in a published file; a sentence for each that differs, [] for none.

    Raises WorkspaceError for a file that is none, or whose answers cannot be read any more.
    """
    stored = json.loads(evidence_to_json(read_published(path).evidence))
    try:
        with Workspace(path, read_only=True) as workspace:
            again = json.loads(evidence_to_json(gather(workspace, stored["set_key"])))
    except (ValueError, KeyError, TypeError, InputError, SQLAlchemyError) as error:
        raise WorkspaceError(f"The answers in {path} do not give its numbers; they were altered "
                             f"({type(error).__name__}).") from None
    return [f"{where}: the file says {_said(found)}, its answers give {_said(expected)}."
            for where, found, expected in _differences("evidence", stored, again)]


def _write(workspace: Workspace, path: Path, published: Published) -> None:
    key = published.evidence.set_key
    engine = create_engine(f"sqlite:///{path}")
    schema.metadata.create_all(engine)
    _metadata.create_all(engine)
    run_ids = select(schema.runs.c.run_id).where(schema.runs.c.set_key == key)
    in_runs = schema.items.c.run_id.in_(run_ids)
    rows = {
        schema.meta: select(schema.meta),
        schema.labeled_sets: select(schema.labeled_sets).where(schema.labeled_sets.c.set_key == key),
        schema.cases: select(schema.cases).where(schema.cases.c.set_key == key),
        schema.variants: select(schema.variants).where(
            schema.variants.c.fingerprint.in_(select(schema.items.c.fingerprint).where(in_runs))),
        schema.runs: select(schema.runs).where(schema.runs.c.set_key == key),
        schema.items: select(schema.items).where(in_runs),
        schema.answers: select(schema.answers).where(
            schema.answers.c.request_key.in_(select(schema.items.c.request_key).where(in_runs))),
        schema.latencies: select(schema.latencies).where(schema.latencies.c.set_key == key),
        schema.openings: select(schema.openings).where(schema.openings.c.set_key == key),
        schema.jobs: select(schema.jobs).where(schema.jobs.c.set_key == key),
        schema.models: select(schema.models).where(
            schema.models.c.model.in_(select(schema.runs.c.model).where(schema.runs.c.set_key == key))),
        schema.curve_draws: select(schema.curve_draws).where(schema.curve_draws.c.set_key == key),
        schema.production: select(schema.production).where(schema.production.c.set_key == key),
    }
    values = {
        "evidence": evidence_to_json(published.evidence),
        "assumptions": json.dumps(asdict(published.assumptions)),
        "prices": json.dumps({name: asdict(price) for name, price in published.prices.items()}),
        "published_at": published.published_at,
    }
    try:
        with workspace.engine.connect() as source, engine.begin() as target:
            for table, query in rows.items():
                found = [dict(row) for row in source.execute(query).mappings()]
                if found:
                    target.execute(insert(table), found)
            target.execute(insert(_published), [{"name": n, "value": v} for n, v in values.items()])
    finally:
        engine.dispose()


def _values(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise WorkspaceError(f"There is no published file {path}. Write one with `promptceiling publish FILE`.")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return dict(connection.execute("SELECT name, value FROM published").fetchall())
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"{path} is not a published file ({error}). Write one with `promptceiling publish FILE`.") from None


def _said(value: Any) -> str:
    return f"{len(value)} entries" if isinstance(value, list | dict) else repr(value)


def _differences(where: str, stored: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in sorted(stored.keys() | again.keys()):
            yield from _differences(f"{where}.{key}", stored.get(key), again.get(key))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for k, (a, b) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{where}[{k}]", a, b)
    elif isinstance(stored, float) and isinstance(again, float):
        if not (abs(stored - again) <= 1e-9 or (stored != stored and again != again) or stored == again):
            yield where, stored, again
    elif stored != again:
        yield where, stored, again
