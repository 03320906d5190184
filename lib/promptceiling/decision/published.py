"""The published file: one read-only SQLite snapshot of everything that a decision rests on."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert
from sqlalchemy.exc import SQLAlchemyError

from promptceiling.decision import earlier
from promptceiling.decision import texts as said
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.evidence import Evidence, evidence_from_json, evidence_to_json
from promptceiling.decision.gather import gather
from promptceiling.decision.life import ModelEnds, model_ends
from promptceiling.decision.report import decision_json
from promptceiling.decision.snapshot import copy_rows, keep_text, leave_texts_out, table_hashes
from promptceiling.errors import InputError, PromptCeilingError, WorkspaceError
from promptceiling.runs import Price, Workspace, price_table
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.runs.store import now

_metadata = MetaData()
_published = Table(
    "published", _metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
_ENDS: TypeAdapter[ModelEnds] = TypeAdapter(ModelEnds)


@dataclass(frozen=True, slots=True)
class Published:
    """What a published file says.

    Attributes
    ----------
    evidence, assumptions, prices, ends: what the decision was made from; published_at: when.
    decision: what was decided, as `decide --json` prints it.
    texts: whether the texts of cases and answers are in the file; text_hash: the content hash of the set with them.
    hashes: SHA-256 over the rows of each table.
    """

    evidence: Evidence
    assumptions: Assumptions
    prices: dict[str, Price]
    published_at: str
    ends: ModelEnds | None = None
    decision: Mapping[str, Any] = field(default_factory=dict)
    texts: bool = True
    text_hash: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)


def publish(
    workspace: Workspace, path: str | Path, *, assumptions: Assumptions | None = None, set_key: str | None = None,
    texts: bool = True,
) -> Published:
    """Write the snapshot for a labeled set (by default the latest run's); an earlier one is replaced at the end.

    The file holds the labeled set, variants, runs, answers, latencies, ledger and jobs of this set as they stand at one
    moment, and no key; without `texts` neither the texts of cases nor more of an answer than its labels and confidence.
    What it says is computed from the file itself. Raises WorkspaceError where nothing has run or the file cannot be
    written, InputError for another suffix than .sqlite or .db, and for a file that is there and is no published one.
    """
    if only_shows():
        raise WorkspaceError(WHY)
    path, stated = Path(path), assumptions or Assumptions()
    if path.suffix not in (".sqlite", ".db"):
        raise InputError(f"{path} ends in {path.suffix or 'no suffix'!r}; a published file is named *.sqlite or *.db.")
    if path.is_file() and path.stat().st_size:
        try:
            _values(path)
        except WorkspaceError:
            raise InputError(f"{path} is there already and is no published file. Name another.",
                             file=str(path)) from None
    labeled_set = workspace.load_set(set_key)
    key, text_hash = labeled_set.key, labeled_set.content_hash
    new = path.with_name(f".{path.name}.new.sqlite")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        copy_rows(workspace, new, key)
        for name, found in ((earlier.NAME, earlier.ADAPTER.dump_json(earlier.earlier_of(workspace, labeled_set))),
                            (said.NAME, said.ADAPTER.dump_json(said.texts_of(workspace, labeled_set)))):
            keep_text(new, name, found.decode())
        if not texts:
            key = leave_texts_out(workspace, new, key)
        with Workspace(new, read_only=True) as copied:
            evidence = gather(copied, key)
        prices, at = price_table(), now()
        ends = model_ends(at[:10], evidence.shutdown_dates)
        published = Published(evidence, stated, prices, at, ends, decision_json(evidence, stated, prices, ends), texts,
                              text_hash, table_hashes(new))
        _write(new, published)
        new.chmod(0o444)
        os.replace(new, path)
    except (OSError, SQLAlchemyError) as error:
        raise WorkspaceError(f"{path} cannot be written: {getattr(error, 'orig', error)}.") from None
    finally:
        if path.parent.is_dir():
            new.unlink(missing_ok=True)
    return published


def read_published(path: str | Path) -> Published:
    """What a published file says, as it was written. Raises WorkspaceError for a file that is none."""
    values = _values(Path(path))
    try:
        return Published(
            evidence_from_json(values["evidence"]), Assumptions(**json.loads(values["assumptions"])),
            {name: Price(**price) for name, price in json.loads(values["prices"]).items()}, values["published_at"],
            _ENDS.validate_json(values["ends"]), json.loads(values["decision"]), values["texts"] == "in",
            values["text_hash"], json.loads(values["hashes"]))
    except (KeyError, ValueError, TypeError, AttributeError, PromptCeilingError):
        raise WorkspaceError(f"{path} was not written by this program's `publish`, or was altered. "
                             "Publish it again.") from None


def _write(path: Path, published: Published) -> None:
    values = {
        "evidence": evidence_to_json(published.evidence),
        "assumptions": json.dumps(asdict(published.assumptions)),
        "prices": json.dumps({name: asdict(price) for name, price in published.prices.items()}),
        "published_at": published.published_at,
        "ends": _ENDS.dump_json(published.ends).decode() if published.ends else "",
        "decision": json.dumps(published.decision),
        "texts": "in" if published.texts else "left out",
        "text_hash": published.text_hash,
        "hashes": json.dumps(published.hashes),
    }
    engine = create_engine(f"sqlite:///{path}")
    try:
        _metadata.create_all(engine)
        with engine.begin() as target:
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
