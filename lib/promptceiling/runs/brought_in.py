"""Predictions that were made elsewhere, kept beside the completions so that both are scored alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import MAIN_FIELD
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.runs.answer import Answer
from promptceiling.runs.workspace import Workspace


def bring_in(
    workspace: Workspace, labeled_set: LabeledSet, *, split: str, source: str, model: str, name: str,
    case_ids: Sequence[str], labels: Sequence[str], confidence: Sequence[float] = (),
    latencies_s: Sequence[float] = (), others: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Keep one label a case as a run of its own; the run's id.

    `others` are labels of further fields, by the field's name.

    `source` says where they come from and stands where a run has its base URL; `model` what made them. Brought in
    again, they replace what was there. `latencies_s` are kept as a latency measurement.
    """
    others = others or {}
    fields = tuple(f for k, f in enumerate(fields_of(labeled_set)) if k == 0 or f.name in others)
    variant = PromptVariant(name, fields, instructions="", kind="model", output="json")
    set_key = workspace.save_set(labeled_set)
    workspace.save_variants([variant])
    keys = [hashlib.sha256(json.dumps([source, model, name, set_key, case]).encode()).hexdigest() for case in case_ids]
    items = [(variant, case, 0, key) for case, key in zip(case_ids, keys, strict=True)]
    run_id = workspace.start_run(set_key, split, source, model, items)
    answers = []
    for k, label in enumerate(labels):
        record: dict[str, object] = {MAIN_FIELD: label, **{field: said[k] for field, said in others.items()}}
        if len(confidence):
            record["confidence"] = float(confidence[k])
        answers.append(Answer(text=json.dumps(record), model=model, finish_reason="stop"))
    workspace.save_answers(zip(keys, answers, strict=True))
    workspace.finish_run(run_id, "done")
    if latencies_s:
        workspace.save_latencies(set_key, variant, source, model, latencies_s)
    return run_id
