"""Completions: what the stored answers say, read by the rules of the variant that asked."""

from __future__ import annotations

import pandas as pd

from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts import Reading, read_completion
from promptceiling.prompts.lineage import wording
from promptceiling.runs.workspace import Workspace


def completions(workspace: Workspace, labeled_set: LabeledSet) -> pd.DataFrame:
    """One row per (model, variant, split, case, repeat), the latest run's where several asked the same.

    Columns: `model, base_url, variant, fingerprint, kind, wording (alike for prompts that differ to no reader, "" for
    imported ones), iteration (0 for what was asked first), first_run_at, split, unit (what is drawn together), case_id,
    repeat, outcome, expected, predicted, confidence, expected_<field>, predicted_<field>, input_tokens, cached_tokens,
    output_tokens,
    reasoning_tokens, latency_s, error_kind, text`. `predicted` is None unless the outcome is `answered`; an item that
    was never answered is `failed`.
    """
    frame = workspace.items(labeled_set.key).rename(columns={"run_model": "model", "model": "answered_by"})
    variants = workspace.variants()
    keys = list(zip(frame["fingerprint"], frame["variant"], strict=True))
    readings: list[Reading] = []
    for key, text, finish, refusal, error, received in zip(
        keys, frame["text"], frame["finish_reason"], frame["refusal"], frame["error_kind"], frame["received_at"],
        strict=True,
    ):
        if not isinstance(received, str) or isinstance(error, str):
            readings.append(Reading("failed"))
        else:
            readings.append(read_completion(
                variants[key], text, finish_reason=finish if isinstance(finish, str) else None,
                refusal=refusal if isinstance(refusal, str) else None))
    worded = {key: "" if variants[key].kind == "imported" else wording(variants[key]) for key in dict.fromkeys(keys)}
    frame["kind"], frame["wording"] = [variants[key].kind for key in keys], [worded[key] for key in keys]
    frame["outcome"] = [r.outcome for r in readings]
    frame["predicted"] = pd.Series([r.prediction for r in readings], dtype=object, index=frame.index)
    frame["confidence"] = pd.Series([r.confidence for r in readings], dtype=float, index=frame.index)
    by_id = labeled_set.cases.set_index("id")
    frame["expected"] = by_id[EXPECTED + MAIN_FIELD].reindex(frame["case_id"]).to_numpy()
    for column in ("split", "unit"):
        frame[column] = by_id[column].reindex(frame["case_id"]).to_numpy()
    for name in labeled_set.fields[1:]:
        frame[EXPECTED + name] = by_id[EXPECTED + name].reindex(frame["case_id"]).to_numpy()
        frame[f"predicted_{name}"] = pd.Series([r.fields.get(name) for r in readings], dtype=object, index=frame.index)
    which = ["model", "base_url", "variant", "fingerprint"]
    frame["iteration"] = pd.factorize(pd.MultiIndex.from_frame(frame[which]))[0]
    frame["first_run_at"] = frame.groupby("iteration")["started_at"].transform("min")
    return frame.drop_duplicates([*which, "case_id", "repeat"], keep="last").reset_index(drop=True)
