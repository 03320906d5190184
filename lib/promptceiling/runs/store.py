"""Where a workspace is kept: a SQLite file or any SQLAlchemy URL, opened, brought to this version, written by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pandas as pd
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from promptceiling.errors import WorkspaceError
from promptceiling.runs import schema
from promptceiling.runs.migrations import prepare, version_of
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.runs.sqlite_file import WriterLock, close_sqlite, copy_in_memory, sqlite_engine

DEFAULT = Path("workspace")


def now() -> str:
    """The time in UTC to the millisecond, as ISO 8601 text that sorts."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Store:
    """An open store.

    Parameters
    ----------
    store: a folder (its file is `store.sqlite`), a SQLite file, or any SQLAlchemy URL.
    read_only: nothing is created, and every write fails; so it is in a page of the app, whatever is said here. A file
        of an earlier version is read from a copy in memory that is brought to this version; the file stays what it is.
    durable: what was committed more than a second ago survives a power cut (SQLite). Without it commits survive a
        killed process only, for what can be made again.

    Raises WorkspaceError where it cannot be opened, or was written by a newer version.
    """

    def __init__(self, store: str | Path = DEFAULT, *, read_only: bool = False, durable: bool = True) -> None:
        read_only = read_only or only_shows()
        self.read_only, self.durable = read_only, durable
        self.where, self.folder, self._engine, self._lock = _engine(store, read_only, durable)
        try:
            found = version_of(self._engine) if read_only else self._prepared()
        except SQLAlchemyError as error:
            self.close()
            raise WorkspaceError(
                f"The workspace {self.where} cannot be {'read' if read_only else 'written'}: "
                f"{getattr(error, 'orig', error)}. Name another with --store, or mend its permissions."
            ) from None
        if found > schema.VERSION:
            self.close()
            raise WorkspaceError(f"{self.where} was written by a newer version of this program. Update it.")
        if found < schema.VERSION:
            self._engine = self._brought_copy()

    @property
    def engine(self) -> Engine:
        return self._engine

    def close(self) -> None:
        if self._engine.dialect.name == "sqlite" and not self.read_only:
            close_sqlite(self._engine, self._lock)
        else:
            self._engine.dispose()
            self._lock.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block; one writer at a time."""
        self.check_writable()
        with self._lock, self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7340014)"))
            yield connection

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether nobody else has the turn, among all processes that use the store; if so, nobody gets it until the
        block ends, or the process does. Held around what must not be begun twice; other writes go on."""
        self.check_writable()
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                got = bool(connection.scalar(text("SELECT pg_try_advisory_lock(7340013)")))
                try:
                    yield got
                finally:
                    if got:
                        connection.execute(text("SELECT pg_advisory_unlock(7340013)"))
            return
        with closing(sqlite3.connect(f"{self.where}-turn", timeout=0, isolation_level=None)) as held:  # an empty file
            try:
                held.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                yield False
                return
            yield True

    def check_writable(self) -> None:
        """Raise WorkspaceError where this is open to be read only: before work whose result could not be kept."""
        if self.read_only:
            raise WorkspaceError(f"{self.where} is open to be read only. {WHY if only_shows() else ''}".strip())

    @property
    def lock(self) -> WriterLock:
        """Held around every write."""
        return self._lock

    def _brought_copy(self) -> Engine:
        """A copy in memory of a read-only file of an earlier version, brought to this one."""
        if self._engine.dialect.name != "sqlite":
            raise WorkspaceError(f"{self.where} was written by an earlier version of this program. Open it once to be "
                                 "written, as `promptceiling run` does.")
        copy = copy_in_memory(self._engine)
        with copy.begin() as connection:
            prepare(connection)
        with copy.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        self._engine.dispose()
        return copy

    def _prepared(self) -> int:
        """The version that was found, once the tables are there and are this version's, or are a newer one's."""
        with self.writing() as connection:
            return prepare(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _frame(self, query: Any) -> pd.DataFrame:
        """The rows of a query, with its columns."""
        with self._engine.connect() as connection:
            result = connection.execute(query)
            return pd.DataFrame(result.all(), columns=list(result.keys()))



def _engine(store: str | Path, read_only: bool, durable: bool) -> tuple[str, Path, Engine, WriterLock]:
    """What to call the store (never with a password), the folder that belongs to it, the engine and its write lock."""
    if isinstance(store, str) and "://" in store and not store.startswith("sqlite"):
        try:
            url = make_url(store)
            if url.drivername in ("postgres", "postgresql"):
                url = url.set(drivername="postgresql+psycopg")
            return url.render_as_string(hide_password=True), DEFAULT, create_engine(url), WriterLock(None)
        except (ArgumentError, ImportError) as error:
            raise WorkspaceError(f"The store's URL cannot be used: {error}.") from None
    path = Path(str(store).removeprefix("sqlite:///"))
    if path.suffix not in (".sqlite", ".db"):
        path = path / "store.sqlite"
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.is_file():
            raise WorkspaceError(f"There is no workspace at {path}. Check the path, or run `promptceiling run` first.")
        return (str(path), path.parent, *sqlite_engine(path, read_only=read_only, durable=durable))
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {path.parent} cannot be made: {error.strerror}. Name another with --store."
        ) from None
