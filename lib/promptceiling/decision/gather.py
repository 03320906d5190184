"""Gather the evidence from a workspace or a published file; every number is computed here, from the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from promptceiling.decision.alternatives import alternatives_of
from promptceiling.decision.answers import (
    PART_ASKED,
    Key,
    asked_in_full,
    candidates,
    complete,
    first_repeat,
    groups,
    is_tuned,
    jobs_about,
    without_copies,
)
from promptceiling.decision.earlier import earlier_of, openings_of
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.decision.inspection import missed_share
from promptceiling.decision.readiness import readiness_of
from promptceiling.decision.slicing import slices_among
from promptceiling.decision.texts import texts_of
from promptceiling.decision.usage import latency_ms, requests_per_s, token_use
from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.repeats import by_cluster, leakage
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Workspace, completions, is_embedded, shutdown_dates
from promptceiling.scores import (
    Interval,
    Plateau,
    Score,
    Slice,
    Standing,
    confusion_matrix,
    leaderboard_of,
    plateau_of,
    score_predictions,
)
from promptceiling.scores.plateau import GAIN
from promptceiling.tuning import LOCAL_URL, VECTORS_URL


def gather(workspace: Workspace, set_key: str | None = None, *, threshold: float = 0.85) -> Evidence:
    """The evidence about a labeled set (by default the one of the latest run). Deterministic: every draw is seeded.

    Raises WorkspaceError where the workspace holds no labeled set.
    """
    labeled_set = workspace.load_set(set_key)
    frame = completions(workspace, labeled_set)
    latencies = workspace.latencies(labeled_set.key)
    jobs, earlier = jobs_about(workspace, labeled_set.key), earlier_of(workspace, labeled_set)
    local, fine_tuned = frame["base_url"].isin([LOCAL_URL, VECTORS_URL]), is_tuned(frame, jobs)
    prompts = candidates(frame[~local & ~fine_tuned])
    validation = prompts[prompts["split"] == "validation"]
    labels = labeled_set.labels()
    scored, corrected = _scored(validation, labels, latencies)
    outputs = {key: variant.output for key, variant in workspace.variants().items()}
    scored = tuple(replace(s, output=outputs.get((s.fingerprint, s.name), "")) for s in scored)
    best = scored[0] if scored else None
    test_f1 = None
    if best is not None:
        test = _of(prompts[prompts["split"] == "test"], best)
        whole = test["case_id"].nunique() >= PART_ASKED * len(labeled_set.split("test"))
        opened = _score(test, labels) if len(test) and whole else None
        test_f1 = opened.f1_weighted if opened is not None and opened.complete else None
    alternatives = () if best is None else alternatives_of(frame, _of(prompts, best), labels, latencies, jobs,
                                                          earlier.trained)
    readiness = readiness_of(workspace, labeled_set)
    return Evidence(
        name=labeled_set.name, set_key=labeled_set.key, content_hash=labeled_set.content_hash, labels=len(labeled_set),
        classes={str(k): int(v) for k, v in labeled_set.cases[EXPECTED + MAIN_FIELD].value_counts().items()},
        splits={str(k): int(v) for k, v in labeled_set.cases["split"].value_counts().items()},
        second_reading=readiness.second_reading, prompts=scored, selection_corrected=corrected, test_f1=test_f1,
        plateau=_plateau(validation, best, labels, threshold), label_names=labels,
        confusion=_confusion(_of(validation, best), labels) if best else (), alternatives=alternatives,
        openings=(*earlier.openings, *openings_of(workspace, labeled_set.key)), earlier=earlier,
        texts=texts_of(workspace, labeled_set),
        embedded=any(map(is_embedded, prompts["model"].unique())),
        readiness=readiness, leaking=_leaking(labeled_set),
        shutdown_dates=shutdown_dates(workspace, {
            *zip(frame["base_url"], frame["model"], strict=True),
            *zip(jobs["base_url"], jobs["base_model"], strict=True)}),
        slices=_slices(_of(validation, best), labeled_set) if best else (), missed_by_all=missed_share(validation),
    )


def best_variant(workspace: Workspace, evidence: Evidence) -> PromptVariant:
    """The variant of the best prompt. Raises WorkspaceError where none is scored yet."""
    if evidence.best is None:
        raise WorkspaceError(
            f"No prompt is scored on {evidence.name} yet. Run the variants first: notebook 2, or `promptceiling run`.")
    return workspace.variants()[evidence.best.fingerprint, evidence.best.name]


def _of(frame: pd.DataFrame, scored: Scored) -> pd.DataFrame:
    return frame[(frame["fingerprint"] == scored.fingerprint) & (frame["variant"] == scored.name)
                 & (frame["model"] == scored.model) & (frame["base_url"] == scored.base_url)]


def _score(rows: pd.DataFrame, labels: Sequence[str]) -> Score:
    return score_predictions(rows["expected"].tolist(), rows["predicted"].tolist(), labels,
                             outcomes=rows["outcome"].tolist(), units=rows["unit"].tolist(),
                             cases=rows["case_id"].tolist())


def _scored(
    validation: pd.DataFrame, labels: Sequence[str], latencies: pd.DataFrame
) -> tuple[tuple[Scored, ...], Interval | None]:
    """Complete variants in the order of the leaderboard, then, without a standing, those with too many failures or
    asked a part of the cases."""
    asked = dict(groups(validation))
    scores = {key: _score(rows, labels) for key, rows in asked.items()}
    whole = {key: first_repeat(rows) for key, rows in groups(asked_in_full(validation)) if complete(rows)}
    cases = sorted(set.intersection(*(set(rows.index) for rows in whole.values()))) if whole else []
    failed = [any(rows.at[case, "outcome"] == "failed" for rows in whole.values()) for case in cases]
    standings: dict[Key, Standing] = {}
    corrected = None
    if not all(failed):
        names = {"\0".join(key): key for key in whole}
        shared = next(iter(whole.values())).loc[cases]
        board = leaderboard_of(
            shared["expected"].tolist(), {n: whole[k].loc[cases, "predicted"].tolist() for n, k in names.items()},
            labels, failed=failed, units=shared["unit"].tolist())
        standings = {names[standing.name]: standing for standing in board.standings}
        corrected = board.selection_corrected
    others = sorted((k for k in asked if k not in standings), key=lambda k: -scores[k].f1_weighted.value)
    return tuple(_with_standing(key, asked[key], scores[key], standings.get(key), latencies)
                 for key in (*standings, *others)), corrected


def _with_standing(
    key: Key, rows: pd.DataFrame, score: Score, standing: Standing | None, latencies: pd.DataFrame
) -> Scored:
    return Scored(
        name=key[2], kind=str(rows["kind"].iloc[0]), model=key[0], base_url=key[1], fingerprint=key[3],
        first_run_at=str(rows["first_run_at"].iloc[0]), score=score,
        delta_to_best=standing.delta_to_best if standing else None, tied=standing.tied if standing else None,
        best_share=standing.best_share if standing else None, tokens=token_use(rows),
        p95_ms=latency_ms(latencies, key[3], key[0], key[1]), requests_per_s=requests_per_s(rows),
        cases=int(rows["case_id"].nunique()))


def _plateau(
    validation: pd.DataFrame, best: Scored | None, labels: Sequence[str], threshold: float
) -> Plateau | None:
    """Over the prompts of the best one's model: what another model answered tells nothing of this one's ceiling."""
    if best is None:
        return None
    validation = validation[(validation["model"] == best.model) & (validation["base_url"] == best.base_url)]
    asked = [(key[2], first_repeat(rows)) for key, rows in groups(asked_in_full(validation)) if complete(rows)]
    if not asked:
        return None
    cases = sorted(set.intersection(*(set(rows.index[rows["outcome"] != "failed"]) for _, rows in asked)))
    if not cases:
        return None
    shared = asked[0][1].loc[cases]
    iterations = [(name, str(rows["kind"].iloc[0]), rows["predicted"].tolist())
                  for name, rows in without_copies((name, rows.loc[cases]) for name, rows in asked)]
    return plateau_of(shared["expected"].tolist(), iterations, labels, threshold=threshold, limit=GAIN,
                      units=shared["unit"].tolist())


def _confusion(rows: pd.DataFrame, labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    kept = rows[rows["outcome"] != "failed"]
    table = confusion_matrix(kept["expected"].tolist(), kept["predicted"].tolist(), labels)
    return tuple(tuple(int(x) for x in row) for row in table)


def _slices(rows: pd.DataFrame, labeled_set: LabeledSet) -> tuple[Slice, ...]:
    return slices_among(first_repeat(rows[rows["outcome"] != "failed"]).reset_index(), labeled_set)


def _leaking(labeled_set: LabeledSet) -> int:
    """Scored cases that nearly repeat a train case, as the audit counts them."""
    found = leakage(labeled_set.cases, by_cluster(labeled_set.cases))
    return sum(f.figure("near").count for f in found if f.code.startswith("leakage_train_"))
