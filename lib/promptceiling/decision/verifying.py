"""Whether every number of a published file follows from the answers in it, and which do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from promptceiling.decision.evidence import evidence_to_json
from promptceiling.decision.gather import gather
from promptceiling.decision.published import read_published
from promptceiling.decision.report import decision_json
from promptceiling.decision.snapshot import table_hashes
from promptceiling.errors import InputError, WorkspaceError
from promptceiling.runs import Workspace

_LONGEST = 100  # characters of a value that are shown


def verify(path: str | Path) -> list[str]:
    """Recompute every number from the answers in a published file; a sentence for each that differs, [] for none.

    Scores, intervals, tokens, latencies and the rest of the evidence are gathered anew from the answers; the verdict,
    its rows, flips, shares and money from that evidence and the stated assumptions, prices and ends of models; and the
    rows of each table must be those that were published, so that a change which moves no figure is told too.

    Raises WorkspaceError for a file that is none, or whose answers cannot be read any more.
    """
    published = read_published(path)
    stored = json.loads(evidence_to_json(published.evidence))
    try:
        with Workspace(path, read_only=True) as workspace:
            evidence = gather(workspace, stored["set_key"])
        again = json.loads(evidence_to_json(evidence))
        decision = json.loads(json.dumps(
            decision_json(evidence, published.assumptions, published.prices, published.ends)))
        hashes = table_hashes(Path(path))
    except (ValueError, KeyError, TypeError, InputError, SQLAlchemyError) as error:
        raise WorkspaceError(f"The answers in {path} do not give its numbers; they were altered "
                             f"({type(error).__name__}).") from None
    found = [*_differences("evidence", stored, again), *_differences("decision", dict(published.decision), decision)]
    said = [f"{where}: the file says {_said(stored)}, its answers give {_said(expected)}."
            for where, stored, expected in found]
    return said + [f"Table {name}: its rows are not those that were published."
                   for name in sorted({*hashes, *published.hashes}) if hashes.get(name) != published.hashes.get(name)]


def _said(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{len(value)} entries"
    return repr(value) if len(repr(value)) <= _LONGEST else f"{repr(value)[:_LONGEST]}…"


def _differences(where: str, stored: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    """(place, stored, found again) for every leaf of two trees of plain data that differ by more than rounding."""
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
