"""Results of other tools, kept in the workspace beside our own and marked with where they came from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet, split_labeled_set
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs.answer import Answer
from promptceiling.runs.foreign import read_foreign
from promptceiling.runs.foreign_row import ForeignRow
from promptceiling.runs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: the tool, the runs that were made, how many rows were kept, and what was left out."""

    file: str
    tool: str
    runs: tuple[str, ...]
    kept: int
    notices: tuple[str, ...]


def import_results(workspace: Workspace, path: str | Path, labeled_set: LabeledSet | None = None) -> Imported:
    """Keep another tool's results on the cases of a labeled set, matched by id, else by the text of the input.

    Without a set, the workspace's latest one is used, and in an empty workspace a set is made of the file's own cases,
    all of them validation. A run's base URL then says "imported:TOOL:FILE". Imported again, a file replaces what it
    brought. Rows of unknown cases are left out and counted; a file whose labels contradict the set's is refused.
    """
    path = Path(path)
    tool, rows = read_foreign(path)
    if labeled_set is None:
        key = workspace.latest_set_key()
        labeled_set = workspace.load_set(key) if key else _own_set(path, rows)
    placed, left_out = _placed(path, rows if tool == "predictions" else _numbered(rows), labeled_set)
    set_key = workspace.save_set(labeled_set)
    source = f"imported:{tool}:{path.name}"
    splits = dict(zip(labeled_set.cases["id"], labeled_set.cases["split"], strict=True))
    groups: dict[tuple[str, str, str], list[tuple[str, ForeignRow]]] = {}
    for case, row in placed:
        groups.setdefault((row.variant, row.model, splits[case]), []).append((case, row))
    runs = []
    for (name, model, split), members in groups.items():
        variant = PromptVariant(name, fields_of(labeled_set), instructions="", kind="imported", output="json")
        workspace.save_variants([variant])
        items = [(variant, case, row.repeat, _key(source, model, name, set_key, case, row.repeat))
                 for case, row in members]
        run_id = workspace.start_run(set_key, split, source, model, items)
        workspace.save_answers((item[3], _answer(row)) for item, (_, row) in zip(items, members, strict=True))
        workspace.finish_run(run_id, "done")
        runs.append(run_id)
    notices = [f"{left_out:,} rows are about cases that {labeled_set.name} does not have, and were left out."]
    return Imported(path.name, tool, tuple(runs), len(placed), tuple(notices if left_out else ()))


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _answer(row: ForeignRow) -> Answer:
    if row.failed:
        return Answer(model=row.model, error_kind="imported", error="The tool that was imported from has no answer.")
    finish = "content_filter" if row.refused else "length" if row.truncated else "stop"
    return Answer(row.text, row.model, finish, input_tokens=row.input_tokens, cached_tokens=row.cached_tokens,
                  output_tokens=row.output_tokens, latency_s=row.latency_s or 0.0)


def _placed(
    path: Path, rows: Sequence[ForeignRow], labeled_set: LabeledSet
) -> tuple[list[tuple[str, ForeignRow]], int]:
    """(case id, row) of the rows whose case is known, and how many are not."""
    cases = labeled_set.cases
    expected = dict(zip(cases["id"], cases[EXPECTED + MAIN_FIELD], strict=True))
    by_text = dict(zip(cases["input"].str.strip(), cases["id"], strict=True))
    placed: list[tuple[str, ForeignRow]] = []
    for row in rows:
        case = row.id if row.id in expected else by_text.get(row.input.strip()) if row.input.strip() else None
        if case is not None:
            placed.append((case, row))
    if not placed:
        raise InputError(f"No row of {path.name} is about a case of {labeled_set.name}, by id or by text. Name the "
                         "labeled set with --data.", file=path.name)
    unlike = [(case, row.expected) for case, row in placed
              if row.expected and row.expected.strip().casefold() != expected[case].casefold()]
    if len(unlike) > len(placed) / 2:
        case, said = unlike[0]
        raise InputError(f"{path.name} expects {said!r} for case {case!r}, {labeled_set.name} expects "
                         f"{expected[case]!r}, and so for {len(unlike):,} of {len(placed):,} rows: they are about "
                         "different labels.", file=path.name, column="expected")
    [(often, times)] = Counter((case, row.variant, row.model, row.repeat) for case, row in placed).most_common(1)
    if times > 1:
        raise InputError(f"{path.name} answers case {often[0]!r} {times} times for {often[1]!r}. Give repeats a number "
                         "in a column 'repeat'.", file=path.name, column="repeat")
    return placed, len(rows) - len(placed)


def _numbered(rows: Sequence[ForeignRow]) -> list[ForeignRow]:
    """The rows of a tool that does not number its repeats, numbered in their order: a case's second answer is 1."""
    seen: Counter[tuple[str, ...]] = Counter()
    numbered = []
    for row in rows:
        which = (row.id or row.input, row.variant, row.model)
        numbered.append(replace(row, repeat=seen[which]))
        seen[which] += 1
    return numbered


def _own_set(path: Path, rows: Sequence[ForeignRow]) -> LabeledSet:
    if not all(row.expected and (row.input or row.id) for row in rows):
        raise InputError(f"{path.name} does not say the input and the expected label of every case, and the workspace "
                         "is empty. Name the labeled set with --data.", file=path.name)
    cases: dict[str, tuple[str, str]] = {}
    for row in rows:
        cases.setdefault(row.id or hashlib.sha256(row.input.encode()).hexdigest()[:16],
                         (row.input or row.id, row.expected))
    frame = pd.DataFrame([(case, text, label) for case, (text, label) in cases.items()],
                         columns=["id", "input", EXPECTED + MAIN_FIELD], dtype="str")
    frame.insert(1, "row", range(1, len(frame) + 1))
    frame["split"] = "validation"
    return split_labeled_set(LabeledSet(path.stem, frame))
