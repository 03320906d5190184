"""The runner's way into the store: two short commits a call, one before it is sent and one with what came."""

from __future__ import annotations

import json
from dataclasses import fields
from itertools import count

from promptceiling.errors import WorkspaceError
from promptceiling.runs.answer import Answer
from promptceiling.runs.sqlite_file import PowerCut
from promptceiling.runs.store import now
from promptceiling.runs.workspace import Workspace

_FIELDS = tuple(f.name for f in fields(Answer))
_COLUMNS = (*_FIELDS, "received_at")
_SEND = "INSERT INTO sends (send_id, run_id, request_key, sent_at, cost_usd) VALUES (?, ?, ?, ?, ?)"
_SETTLE = "UPDATE sends SET cost_usd = ?, outcome = ? WHERE send_id = ?"
_ANSWER = (f"INSERT INTO answers (request_key, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)}) "  # noqa: S608
           f"ON CONFLICT (request_key) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS)}")


class SendLog:
    """Writes a run's sends and answers. What a method has written is there when it returns, even after `kill -9`.

    The statements are the driver's own, since building each anew takes three times as long as the commit.
    """

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        self._lock, self._run_id = workspace.lock, run_id
        self._number = count()
        engine = workspace.engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._power = PowerCut(self._sqlite and workspace.durable)
        self._send, self._settle, self._answer = (
            sql if self._sqlite else sql.replace("?", "%s") for sql in (_SEND, _SETTLE, _ANSWER))
        self._where, self._error = workspace.where, engine.dialect.loaded_dbapi.Error
        self._connection = engine.raw_connection()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def sending(self, key: str, cost_usd: float | None) -> str:
        """Write down that a request goes out now, with what is set aside for it; the send's id."""
        send_id = f"{self._run_id}-{next(self._number):06}"
        self._commit((self._send, (send_id, self._run_id, key, now(), cost_usd)))
        return send_id

    def settle(self, send_id: str, outcome: str, cost_usd: float | None) -> None:
        """Write down how a send ended, "answered" or the kind of its failure, and what it cost; no answer is kept."""
        self._commit((self._settle, (cost_usd, outcome, send_id)))

    def keep(self, key: str, answer: Answer, send_id: str | None = None, cost_usd: float | None = None) -> None:
        """Keep what a request ended with, and settle its last send; a later answer replaces a failure."""
        values = [getattr(answer, name) for name in _FIELDS]
        values[_FIELDS.index("text")] = json.dumps(answer.text)
        written = [(self._answer, (key, *values, now()))]
        if send_id is not None:
            written.append((self._settle, (cost_usd, "answered", send_id)))
        self._commit(*written)

    def _commit(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        connection = self._connection
        with self._lock:
            wait_for_disk = self._power.due()
            cursor = connection.cursor()
            try:
                if wait_for_disk:
                    cursor.execute("PRAGMA synchronous = FULL")
                for sql, values in statements:
                    cursor.execute(sql, values)
                connection.commit()
                if wait_for_disk:
                    cursor.execute("PRAGMA synchronous = NORMAL")
            except self._error as error:
                connection.rollback()
                raise WorkspaceError(f"The workspace {self._where} cannot be written ({error}); nothing more is sent. "
                                     "What it holds is kept.") from None
            finally:
                cursor.close()
