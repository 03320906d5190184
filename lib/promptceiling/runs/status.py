"""How a run stands by the store alone: what a page shows that was opened again, or by somebody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from promptceiling.prompts import read_completion
from promptceiling.runs import schema
from promptceiling.runs.progress import Progress
from promptceiling.runs.store import now
from promptceiling.runs.workspace import Workspace

SILENT_S = 150.0  # a run that is alive sends or hears something within the longest wait that an endpoint may ask for
_MOST_READ = 5_000  # answers that are read for their outcomes; of more, only those that failed are counted apart


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run as the store tells it.

    Attributes
    ----------
    state: as `RunSummary.state`; "running" where it still asks, or where its process ended without a word.
    progress: `sent` counts what was answered or failed since it began, `elapsed_s` goes until it ended or was last
        heard of.
    silent_s: seconds since anything was sent or heard; 0 for a run that is over.
    """

    run_id: str
    state: str
    model: str
    base_url: str
    split: str
    progress: Progress
    silent_s: float = 0.0

    @property
    def interrupted(self) -> bool:
        """Whether a run that says it is running has been silent for longer than a run that is alive can be."""
        return self.state == "running" and self.silent_s > SILENT_S


def latest_run(
    workspace: Workspace, set_key: str, *, base_url: str | None = None, model: str | None = None,
    split: str | None = None, at: str | None = None,
) -> RunStatus | None:
    """The status of the latest run over a labeled set, of the endpoint, model and split that are named; None for none.

    `at` is the time to which silence is counted, by default now (UTC, ISO 8601).
    """
    r, i, a, s = schema.runs, schema.items, schema.answers, schema.sends
    query = select(r).where(r.c.set_key == set_key).order_by(r.c.started_at.desc(), r.c.run_id).limit(1)
    for column, wanted in ((r.c.base_url, base_url), (r.c.model, model), (r.c.split, split)):
        if wanted is not None:
            query = query.where(column == wanted)
    with workspace.engine.connect() as connection:
        run = connection.execute(query).one_or_none()
        if run is None:
            return None
        asked = select(i.c.request_key, func.min(i.c.fingerprint).label("fingerprint"),
                       func.min(i.c.variant).label("variant")).where(
                           i.c.run_id == run.run_id).group_by(i.c.request_key).subquery()
        total = int(connection.scalar(select(func.count()).select_from(asked)) or 0)
        rows = connection.execute(
            select(asked.c.fingerprint, asked.c.variant, a.c.error_kind, a.c.received_at,
                   *([a.c.text, a.c.finish_reason, a.c.refusal] if total <= _MOST_READ else []))
            .join_from(asked, a, a.c.request_key == asked.c.request_key)).all()
        sent_at, cost = connection.execute(
            select(func.max(s.c.sent_at), func.sum(s.c.cost_usd)).where(s.c.run_id == run.run_id)).one()
    mine = [row for row in rows if row.received_at >= run.started_at]
    failed = sum(row.error_kind is not None for row in mine)
    heard_at = max([run.started_at, sent_at or "", *(row.received_at for row in mine)])
    progress = Progress(
        sum(row.error_kind is None or row.received_at >= run.started_at for row in rows), total, len(mine), failed,
        _seconds(run.started_at, run.finished_at or heard_at),
        _outcomes(workspace, mine) if total <= _MOST_READ else {"answered in any way": len(mine) - failed,
                                                                "failed": failed},
        None if cost is None else float(cost))
    return RunStatus(run.run_id, run.state, run.model, run.base_url, run.split, progress,
                     0.0 if run.state != "running" else max(0.0, _seconds(heard_at, at or now())))


def _outcomes(workspace: Workspace, rows: Sequence[Any]) -> dict[str, int]:
    variants = workspace.variants()
    counted: dict[str, int] = {}
    for row in rows:
        outcome = "failed" if row.error_kind is not None else read_completion(
            variants[row.fingerprint, row.variant], json.loads(row.text), finish_reason=row.finish_reason,
            refusal=row.refusal).outcome
        counted[outcome] = counted.get(outcome, 0) + 1
    return counted


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
