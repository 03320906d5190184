"""The steps that bring a workspace of an earlier version to this one, in order. A step once released never changes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, insert, select, text, update

from promptceiling.runs import schema


def _keep_sends(connection: Connection) -> None:
    """2: what was sent, what it cost, and whether anything was heard of it."""
    connection.execute(text(
        "CREATE TABLE sends (send_id TEXT NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, request_key TEXT NOT NULL, "
        "sent_at TEXT NOT NULL, cost_usd FLOAT, outcome TEXT)"))
    connection.execute(text("CREATE INDEX ix_sends_run_id ON sends (run_id)"))


def _keep_models(connection: Connection) -> None:
    """3: what an endpoint honours and which models it lists; tokens written to a cache, and the tier that answered."""
    connection.execute(text("ALTER TABLE answers ADD COLUMN cache_write_tokens INTEGER"))
    connection.execute(text("ALTER TABLE answers ADD COLUMN tier TEXT"))
    connection.execute(text(
        "CREATE TABLE models (base_url TEXT NOT NULL, model TEXT NOT NULL, shutdown_date TEXT, seen_at TEXT NOT NULL, "
        "PRIMARY KEY (base_url, model))"))
    number = "SERIAL" if connection.dialect.name == "postgresql" else "INTEGER"
    connection.execute(text(
        f"CREATE TABLE probes (probe_id {number} NOT NULL PRIMARY KEY, base_url TEXT NOT NULL, model TEXT NOT NULL, "
        "probed_at TEXT NOT NULL, findings TEXT NOT NULL)"))


def _keep_curves(connection: Connection) -> None:
    """4: draws of a learning curve, what tells labeled texts from production's, and more about a fine-tuning job."""
    connection.execute(text("ALTER TABLE jobs ADD COLUMN details TEXT"))
    connection.execute(text(
        "CREATE TABLE curve_draws (set_key TEXT NOT NULL, model TEXT NOT NULL, split TEXT NOT NULL, labels INTEGER NOT "
        "NULL, draw INTEGER NOT NULL, predicted TEXT NOT NULL, PRIMARY KEY (set_key, model, split, labels, draw))"))
    connection.execute(text(
        "CREATE TABLE production (set_key TEXT NOT NULL PRIMARY KEY, labeled_scores TEXT NOT NULL, "
        "production_scores TEXT NOT NULL, compared_at TEXT NOT NULL)"))


STEPS: tuple[tuple[int, Callable[[Connection], None]], ...] = (
    (2, _keep_sends), (3, _keep_models), (4, _keep_curves))


def version_of(where: Engine | Connection) -> int:
    """The version that a workspace was written by. Raises SQLAlchemyError where there is none."""
    query = select(schema.meta.c.value).where(schema.meta.c.name == "version")
    if isinstance(where, Connection):
        return int(where.execute(query).scalar_one())
    with where.connect() as connection:
        return int(connection.execute(query).scalar_one())


def prepare(connection: Connection) -> int:
    """Make the tables, or bring those of an earlier version to this one, in the caller's transaction.

    Returns the version that is then there: this one, or a newer one, whose tables are not touched.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7340012)"))  # one at a time among those that begin
    elif not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver begins at the first change; a new table is none
    if not connection.dialect.has_table(connection, schema.meta.name):
        schema.metadata.create_all(connection)
        connection.execute(insert(schema.meta).values(name="version", value=str(schema.VERSION)))
        return schema.VERSION
    version = version_of(connection)
    for to, step in STEPS:
        if version < to <= schema.VERSION:
            step(connection)
            version = to
            connection.execute(update(schema.meta).where(schema.meta.c.name == "version").values(value=str(version)))
    return version
