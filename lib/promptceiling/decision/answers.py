"""Stored answers by what was asked: the groups that are scored, compared and held against a plateau."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
from sqlalchemy import select

from promptceiling.errors import InputError
from promptceiling.prompts.lineage import NOISE
from promptceiling.runs import Workspace, completions
from promptceiling.runs.schema import jobs, runs
from promptceiling.scores.score import MAX_FAILED
from promptceiling.tuning import LOCAL_URL, VECTORS_URL

PART_ASKED = 0.95
NEEDED = ("case_id", "variant", "expected", "predicted")
WHICH = ["model", "base_url", "variant", "fingerprint"]
Key = tuple[str, str, str, str]


def groups(frame: pd.DataFrame) -> Iterator[tuple[Key, pd.DataFrame]]:
    """What was asked of each (model, base URL, variant, fingerprint) that did not all fail, in order of iterations."""
    for key, rows in frame.sort_values("iteration", kind="stable").groupby(WHICH, sort=False):
        if (rows["outcome"] != "failed").any():
            model, base_url, variant, fingerprint = (str(part) for part in key)
            yield (model, base_url, variant, fingerprint), rows


def first_repeat(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a case, by its id: that of the first repeat."""
    return rows.sort_values("repeat").drop_duplicates("case_id").set_index("case_id")


def without_copies(asked: Iterable[tuple[str, pd.DataFrame]]) -> list[tuple[str, pd.DataFrame]]:
    """The iterations among (name, first repeats on shared cases): a prompt that differs from an earlier one to no
    reader is the same one, whatever its name, so no plateau is confirmed by trying nothing. Of answers whose prompt is
    not known those are that fell out alike."""
    first: dict[tuple[object, ...], tuple[str, pd.DataFrame]] = {}
    for name, rows in asked:
        said = (p if isinstance(p, str) else None for p in rows["predicted"])
        worded = str(rows["wording"].iloc[0]) if "wording" in rows else ""
        first.setdefault((worded,) if worded else (str(rows["fingerprint"].iloc[0]), *said), (name, rows))
    return list(first.values())


def complete(rows: pd.DataFrame) -> bool:
    """Whether few enough of the answers failed for a verdict."""
    return bool((rows["outcome"] == "failed").mean() <= MAX_FAILED)


def candidates(frame: pd.DataFrame) -> pd.DataFrame:
    """The answers without those of noise floors, which are no step of an iteration and nothing to choose from."""
    return frame[frame["kind"] != NOISE]


def asked_in_full(frame: pd.DataFrame) -> pd.DataFrame:
    """The answers of variants that were asked nearly all the cases (95%) that the fullest of them was.

    A search leaves most of its variants after a share of the cases; compared on cases that all share, they would take
    the others' cases away.
    """
    cases = frame.groupby(WHICH, sort=False)["case_id"].transform("nunique")
    return frame[cases >= PART_ASKED * cases.max()] if len(frame) else frame


def tuned_elsewhere(workspace: Workspace, set_key: str) -> pd.DataFrame:
    """The fine-tuning jobs on other labeled sets whose model was asked about this one's cases."""
    with workspace.engine.connect() as connection:
        sets = connection.scalars(select(jobs.c.set_key).distinct().where(
            jobs.c.set_key != set_key,
            jobs.c.fine_tuned_model.in_(select(runs.c.model).where(runs.c.set_key == set_key)))).all()
        asked = set(connection.scalars(select(runs.c.model).where(runs.c.set_key == set_key)))
    found = [workspace.jobs(other) for other in sorted(sets)]
    whole = pd.concat(found) if found else workspace.jobs("")
    return whole[whole["fine_tuned_model"].isin(asked)]


def jobs_about(workspace: Workspace, set_key: str) -> pd.DataFrame:
    """The fine-tuning jobs on a labeled set, then those of `tuned_elsewhere`."""
    found = [workspace.jobs(set_key), tuned_elsewhere(workspace, set_key)]
    return pd.concat([each for each in found if len(each)] or found[:1], ignore_index=True)


def is_tuned(frame: pd.DataFrame, jobs: pd.DataFrame) -> pd.Series:
    """Which answers are a fine-tune's: of a model that a job made, or that is named as fine-tunes are ("ft:...")."""
    return frame["model"].isin(set(jobs["fine_tuned_model"].dropna())) | frame["model"].str.startswith("ft:")


def prompts_of(answers: Workspace | pd.DataFrame, split: str, set_key: str | None = None) -> pd.DataFrame:
    """Answers of prompts on one split, with the columns that scoring needs; `shown` names each variant.

    Of a workspace, the set of the latest run is meant, or that of `set_key`; local classifiers and fine-tunes are left
    out. A frame without `outcome` answered what it predicts.
    Raises InputError for a frame without the needed columns or without a row.
    """
    if isinstance(answers, Workspace):
        labeled_set = answers.load_set(set_key)
        frame = completions(answers, labeled_set)
        tuned = is_tuned(frame, jobs_about(answers, labeled_set.key))
        frame = frame[~frame["base_url"].isin([LOCAL_URL, VECTORS_URL]) & ~tuned]
    else:
        frame = answers.rename(columns={"id": "case_id"}) if "case_id" not in answers else answers.copy()
    for column in NEEDED:
        if column not in frame:
            raise InputError(f"The answers have no column {column!r}; found {', '.join(map(repr, frame.columns))}. "
                             f"Expected at least {', '.join(NEEDED)}.", column=column)
    if "split" in frame:
        frame = frame[frame["split"] == split]
    if frame.empty:
        raise InputError(f"No answer on the {split} split was found. Run the variants there, or name another split.")
    said = frame["predicted"].astype(object)
    frame = frame.assign(predicted=said.where(said.notna(), None))
    if "outcome" not in frame:
        frame["outcome"] = frame["predicted"].notna().map({True: "answered", False: "unparsed"})
    for column, otherwise in (("repeat", 0), ("model", ""), ("base_url", ""), ("fingerprint", ""), ("kind", "unknown")):
        if column not in frame:
            frame[column] = otherwise
    if "iteration" not in frame:
        frame["iteration"] = pd.factorize(pd.MultiIndex.from_frame(frame[WHICH]))[0]
    several = frame.groupby("variant")["iteration"].transform("nunique") > 1
    frame["shown"] = frame["variant"].where(
        ~several, frame["variant"] + " (" + frame["model"].astype(str) + ", " + frame["fingerprint"].str[:6] + ")")
    return frame


def by_case(frame: pd.DataFrame) -> tuple[list[tuple[str, pd.DataFrame]], list[str]]:
    """Each variant's first repeats on the cases that all of them were asked, and why each other one is left out.

    Left out are variants with too many failures, those that were asked a part of the cases alone, and, without a word,
    noise floors. Raises InputError where no variant or no case remains.
    """
    frame = candidates(frame)
    asked = [(str(rows["shown"].iloc[0]), rows) for _, rows in groups(asked_in_full(frame))]
    kept = [(name, first_repeat(rows)) for name, rows in asked if complete(rows)]
    cases = sorted(set.intersection(*(set(rows.index) for _, rows in kept))) if kept else []
    if not cases:
        raise InputError("No case was asked of every variant with few enough failures (at most "
                         f"{MAX_FAILED:.0%} of its answers); run the missing ones.")
    names, in_full = {name for name, _ in kept}, set(asked_in_full(frame)["shown"])
    return [(name, rows.loc[cases]) for name, rows in kept], [
        f"{name} is left out: " + ("too many of its answers failed." if name in in_full else
                                   "it was asked a part of the cases alone.")
        for name in dict.fromkeys(frame["shown"]) if name not in names]
