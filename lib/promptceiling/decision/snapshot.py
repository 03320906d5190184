"""One labeled set's rows copied out of a workspace into a file of their own, with their texts or without."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, delete, insert, select, update

from promptceiling.errors import WorkspaceError
from promptceiling.prompts import PromptVariant, Reading, read_completion
from promptceiling.runs import Workspace, schema

_CHUNK = 5_000


def copy_rows(workspace: Workspace, path: Path, set_key: str) -> None:
    """Every row that belongs to a labeled set, as they stand at one moment, in a new SQLite file."""
    engine = create_engine(f"sqlite:///{path}")
    schema.metadata.create_all(engine)
    try:
        with workspace.engine.connect() as source, engine.begin() as target:
            if source.dialect.name == "sqlite":
                source.exec_driver_sql("BEGIN")  # one moment for every table, whatever a run writes meanwhile
            else:
                source = source.execution_options(isolation_level="REPEATABLE READ")
            for table, query in _belonging(set_key).items():
                for rows in source.execute(query).mappings().partitions(_CHUNK):
                    target.execute(insert(table), [dict(row) for row in rows])
    finally:
        engine.dispose()


def keep_text(path: Path, name: str, text: str) -> None:
    """Keep, in a copied file, what was found by what is not in it."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            connection.execute(delete(schema.meta).where(schema.meta.c.name == name))
            connection.execute(insert(schema.meta).values(name=name, value=text))
    finally:
        engine.dispose()


def kept_text(workspace: Workspace, name: str) -> str | None:
    """What `keep_text` kept; None in a workspace."""
    with workspace.engine.connect() as connection:
        found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == name))
    return None if found is None else str(found)


def leave_texts_out(workspace: Workspace, path: Path, set_key: str) -> str:
    """Blank, in a copied file, the texts of cases and what answers say beyond labels and confidence; the set's new key.

    Each answer's text becomes the shortest that is read alike, so every figure still follows from the file. The set is
    another one without its texts, and so has another hash and key. Raises WorkspaceError for an answer that would be
    read otherwise.
    """
    variants = workspace.variants()
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _blank_cases(connection)
            _shorten_answers(connection, variants)
        with Workspace(path, read_only=True) as copied:
            without = copied.load_set(set_key)
        with engine.begin() as connection:
            for table in schema.metadata.sorted_tables:
                if "set_key" in table.c:
                    connection.execute(
                        update(table).where(table.c.set_key == set_key).values(set_key=without.key))
            connection.execute(update(schema.labeled_sets).values(content_hash=without.content_hash, notices="[]"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")  # what was overwritten is gone from the file's free pages too
    finally:
        engine.dispose()
    return without.key


def table_hashes(path: Path) -> dict[str, str]:
    """SHA-256 over the rows of each table of a file, in whatever order they are stored."""
    engine = create_engine(f"sqlite:///file:{path.resolve()}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            return {table.name: _hash(connection.execute(select(table)))
                    for table in schema.metadata.sorted_tables}
    finally:
        engine.dispose()


def _hash(rows: Any) -> str:
    lines = sorted(json.dumps(list(row)) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _belonging(key: str) -> dict[Table, Any]:
    runs, items = schema.runs, schema.items
    of_set = runs.c.set_key == key
    in_runs = items.c.run_id.in_(select(runs.c.run_id).where(of_set))
    jobs, asked = schema.jobs, select(runs.c.model).where(of_set)
    tables = {
        schema.meta: select(schema.meta),
        schema.variants: select(schema.variants).where(
            schema.variants.c.fingerprint.in_(select(items.c.fingerprint).where(in_runs))),
        items: select(items).where(in_runs),
        schema.answers: select(schema.answers).where(
            schema.answers.c.request_key.in_(select(items.c.request_key).where(in_runs))),
        schema.models: select(schema.models).where(
            schema.models.c.model.in_(select(runs.c.model).where(of_set))
            | schema.models.c.model.in_(select(schema.jobs.c.base_model).where(schema.jobs.c.set_key == key))),
    }
    tables |= {table: select(table).where(table.c.set_key == key)
               for table in schema.metadata.sorted_tables if "set_key" in table.c}
    return tables | {jobs: select(jobs).where((jobs.c.set_key == key) | jobs.c.fine_tuned_model.in_(asked))}


def _blank_cases(connection: Connection) -> None:
    cases = schema.cases
    for set_key, position, record in connection.execute(
            select(cases.c.set_key, cases.c.position, cases.c.record)).all():
        blank = json.dumps(json.loads(record) | {"input": ""})
        connection.execute(update(cases).where(cases.c.set_key == set_key, cases.c.position == position)
                           .values(record=blank))


def _shorten_answers(connection: Connection, variants: dict[tuple[str, str], PromptVariant]) -> None:
    answers, items = schema.answers, schema.items
    query = (select(answers, items.c.fingerprint, items.c.variant)
             .join(items, items.c.request_key == answers.c.request_key).group_by(answers.c.request_key))
    for row in connection.execute(query).all():
        variant = variants[row.fingerprint, row.variant]
        text = json.loads(row.text)
        read = read_completion(variant, text, finish_reason=row.finish_reason, refusal=row.refusal)
        short = text if variant.output == "decisions" else _shortest(variant, read)
        refusal = None if row.refusal is None else "refused"
        if read_completion(variant, short, finish_reason=row.finish_reason, refusal=refusal) != read:
            raise WorkspaceError(f"The answer {row.request_key} of {row.variant} cannot be kept without its text.")
        connection.execute(update(answers).where(answers.c.request_key == row.request_key).values(
            text=json.dumps(short), refusal=refusal, error=None))


def _shortest(variant: PromptVariant, read: Reading) -> str:
    if read.prediction is None:
        return ""
    said: dict[str, object] = {variant.fields[0].name: read.prediction, **read.fields}
    return json.dumps(said if read.confidence is None else said | {"confidence": read.confidence})
