"""Texts that stand more than once: with two labels, nearly alike, made from a template, or on both sides of a split."""

from __future__ import annotations

import re
from array import array
from collections import Counter

import numpy as np
import pandas as pd

from promptceiling.labeled_set.finding import EXAMPLES, Finding, quoted, rate, rows_where, share, shown
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.near_duplicates import NearDuplicates, normalised
from promptceiling.labeled_set.near_search import NearPairs
from promptceiling.labeled_set.table import listed

_MAIN = EXPECTED + MAIN_FIELD
_SPLITS = ("train", "validation", "test")
_HASHED = " Pairs were looked for by hashes, which find nearly all: there were too many to compare."
_RUN, _OFTEN = 4, 5  # a template's trace: four words in a row that stand in at least five different texts


def conflicting(cases: pd.DataFrame, near: NearDuplicates) -> list[Finding]:
    """Texts, equal to a reader, that stand with more than one label, and the score that no one can exceed."""
    clean, labels = pd.Series(near.group_of, index=cases.index), cases[_MAIN]
    mask = clean.duplicated(keep=False)
    mask[mask] = labels[mask].groupby(clean[mask]).transform("nunique") > 1
    if not mask.any():
        return []
    best = int(labels[mask].groupby([clean[mask], labels[mask]]).size().groupby(level=0).max().sum())
    best += int((~mask).sum())
    groups = cases[mask].groupby(clean[mask], sort=False)
    return [Finding(
        "conflicting_labels", "weakens",
        f"{rate(int(mask.sum()), len(cases))} cases have a text that also stands with another label.",
        "Nothing can score both right, so every score has a ceiling under 1: here an accuracy of "
        f"{best / len(cases):.4f}.",
        "Decide on one label for each text.", rows_where(cases, mask),
        shown(f"{quoted(group['input'].iloc[0])}: " + ", ".join(
            f"{label!r} (row {row})" for label, row in zip(group[_MAIN], group["row"], strict=True))
            for _, group in groups), (share("share", int(mask.sum()), len(cases)), share("ceiling", best, len(cases))))]


def repeated(cases: pd.DataFrame, near: NearDuplicates) -> list[Finding]:
    """Exact repeats and near-duplicates of an earlier case."""
    exact = pd.Series(near.group_of).duplicated()
    how = "" if near.pairs.exact else _HASHED
    later = near.later.tolist()
    if not later:
        return [Finding("near_duplicates", "fine", f"{rate(0, len(cases))} cases nearly repeat an earlier one.{how}",
                         "Every case adds something of its own.",
                        figures=(share("share", 0, len(cases)),))]
    many = len(later) >= 0.02 * len(cases)
    message = (f"{rate(len(later), len(cases))} cases nearly repeat an earlier one, {int(exact.sum()):,} of them in "
               f"all but case, space and punctuation.{how}")
    rows, texts = cases["row"].tolist(), cases["input"].tolist()
    examples = shown(f"rows {rows[i]} and {rows[j]}, cosine {cosine:.2f}: "
                     f"{quoted(texts[i], 90)} / {quoted(texts[j], 90)}" for i, j, cosine in near.nearest(EXAMPLES))
    named, figures = tuple(int(rows[j]) for j in later), (share("share", len(later), len(cases)),)
    if many:
        return [Finding("near_duplicates", "weakens", message, "Repeats make the set look larger than it is; "
                        "splits keep them together.", "Keep one of each.", named, examples, figures)]
    return [Finding("near_duplicates", "fine", message, "Splits keep near-duplicates together.", "", named, examples,
                    figures)]


def templates(cases: pd.DataFrame) -> list[Finding]:
    """Cases most of whose words lie in runs of four that five other texts share, and how many frames they come from.

    A frame is named by the run that stands in most texts; the effective size counts each frame once.
    """
    words, code, size = _coded_words(cases["input"])
    ends, text = np.cumsum(size), np.repeat(np.arange(len(size), dtype=np.int32), size)
    first: dict[bytes, int] = {
        code[end - n : end].tobytes(): k for k, (end, n) in enumerate(zip(ends, size, strict=True))}
    distinct = np.zeros(len(size), dtype=bool)
    distinct[list(first.values())] = True
    often = max(_OFTEN, len(first) // 200)
    frequency = _frequency_of_runs(code, text, distinct, often)
    covered = np.zeros(len(code), dtype=bool)
    for apart in range(_RUN):
        covered[np.flatnonzero(frequency > often) + apart] = True
    share_covered = np.bincount(text[covered], minlength=len(size)) / np.maximum(size, 1)
    frames: dict[int, str] = {}
    for k in np.flatnonzero((size >= 6) & (share_covered >= 0.5)).tolist():
        runs = range(int(ends[k] - size[k]), int(ends[k]) - _RUN + 1)
        frames[k] = max((int(frequency[at]), " ".join(words[c] for c in code[at : at + _RUN])) for at in runs)[1]
    if len(frames) < max(10, 0.1 * len(cases)):
        return []
    counts = Counter(frames.values())
    effective = len(cases) - len(frames) + len(counts)
    mask = pd.Series([k in frames for k in range(len(cases))], index=cases.index)
    oldest = {frame: k for k, frame in reversed(frames.items())}
    return [Finding(
        "templates", "weakens",
        f"{rate(len(frames), len(cases))} cases seem to be made from about {len(counts)} templates; the effective size "
        f"is about {effective:,} of {len(cases):,}.",
        "Cases of one template are right or wrong together, so every interval is narrower than it should be, and a "
        "fine-tune learns the template.",
        "Put a template's name into a column 'group', or replace the cases by real ones.", rows_where(cases, mask),
        shown(f"{n} cases like {quoted(cases['input'].iloc[oldest[frame]])}" for frame, n in counts.most_common()),
        (share("share", len(frames), len(cases)), share("effective", effective, len(cases))))]


def _coded_words(texts: pd.Series) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The distinct words, the number of each word of all texts in turn, and how many words each text has."""
    number: dict[str, int] = {}
    code, size = array("i"), array("i")
    for text in texts:
        before = len(code)
        code.extend(number.setdefault(word, len(number)) for word in re.findall(r"\w+", normalised(text)))
        size.append(len(code) - before)
    return list(number), np.frombuffer(code, np.int32), np.frombuffer(size, np.int32).astype(np.int64)


def _frequency_of_runs(code: np.ndarray, text: np.ndarray, distinct: np.ndarray, often: int) -> np.ndarray:
    """In how many of the distinct texts the run of four words that begins at each word stands, where more than `often`.

    0 elsewhere. A run cannot stand more often than its beginning: what has become rare is looked at no further.
    """
    frequency, kind = np.zeros(len(code), dtype=np.int32), code.astype(np.int64)
    at = np.arange(len(code))
    for apart in range(_RUN):  # the number of each run, from that of the run one word shorter and the next word
        if apart:
            follows = at + apart < len(code)
            at, kind = at[follows], kind[follows]
            follows = text[at] == text[at + apart]
            at, kind = at[follows], kind[follows] * (int(code.max()) + 1) + code[at[follows] + apart]
        if not len(at):
            return frequency
        _, kind, times = np.unique(kind, return_inverse=True, return_counts=True)
        lasting = times[kind] > often
        at, kind = at[lasting], kind[lasting]
    counted = distinct[text[at]]
    once = np.unique(kind[counted] * len(distinct) + text[at[counted]])  # a run counts once a text
    frequency[at] = np.bincount(once // len(distinct), minlength=int(kind.max(initial=0)) + 1)[kind]
    return frequency


def leakage(cases: pd.DataFrame, near: NearDuplicates) -> list[Finding]:
    """Texts and groups of a scored split that also stand in another one: exact, the same to a reader, or near."""
    if "split" not in cases or cases["split"].nunique() < 2:
        return []
    findings = []
    for earlier, later in (("train", "test"), ("train", "validation"), ("validation", "test")):
        pool, scored = cases[cases["split"] == earlier], cases[cases["split"] == later]
        if len(pool) and len(scored):
            findings += _leaks(cases, near, earlier, later)
    if "group" in cases:
        grouped = cases[cases["group"] != ""]
        parted = grouped[grouped.groupby("group")["split"].transform("nunique") > 1]
        if len(parted):
            names = listed([quoted(g, 40) for g in parted["group"].unique()])
            findings.append(Finding(
                "parted_groups", "weakens",
                f"{parted['group'].nunique()} groups stand in more than one split: {names}.",
                "Cases of one customer or thread resemble each other: scores come out too good, intervals too narrow.",
                "Move each group into one split, or remove the split column to have it done here.",
                tuple(int(r) for r in parted["row"])))
    return findings


def by_cluster(cases: pd.DataFrame) -> NearDuplicates:
    """The near-duplicate clusters that a split has written down, for `leakage` without searching the texts again.

    Texts of a chain of near-duplicates count as the same; without the column nothing does.
    """
    clusters = cases["cluster"].tolist() if "cluster" in cases else []
    groups: dict[str, list[int]] = {}
    for k, cluster in enumerate(clusters):
        groups.setdefault(cluster, []).append(k)
    none = np.empty(0, np.int64)
    nothing_near = NearPairs(none, none, np.empty(0), exact=True)
    return NearDuplicates(tuple(map(tuple, groups.values())), nothing_near, len(cases))


def _leaks(cases: pd.DataFrame, near: NearDuplicates, earlier: str, later: str) -> list[Finding]:
    split, texts, rows = cases["split"].tolist(), cases["input"].tolist(), cases["row"].tolist()
    pool = {texts[k] for k in range(len(cases)) if split[k] == earlier}
    scored = [k for k in range(len(cases)) if split[k] == later]
    where = cases["split"].to_numpy()
    twins = near.twins(among=where == earlier, of=where == later)
    if not twins:
        return []
    exact = {k for k in twins if texts[k] in pool}
    plain = {normalised(text) for text in pool}
    same = {k for k in twins if normalised(texts[k]) in plain}
    labels = cases[_MAIN].tolist()
    other = sum(labels[k] != labels[at] for k, at in twins.items())
    return [Finding(
        f"leakage_{earlier}_{later}", "blocks" if len(twins) > 0.02 * len(scored) and later == "test" else "weakens",
        f"{rate(len(twins), len(scored))} {later} cases nearly repeat a {earlier} case: {len(exact)} exactly, "
        f"{len(same)} after case, space and punctuation are set aside; {other} of them with another label.",
        f"What stands in {earlier} can be remembered instead of understood: the {later} score comes out too good.",
        f"Remove them from {earlier}, or remove the split column to have the set split here without leaks.",
        tuple(int(rows[k]) for k in sorted(twins)),
        shown(f"row {rows[k]} ({later}) and row {rows[at]} ({earlier}): "
              f"{quoted(texts[k], 90)} / {quoted(texts[at], 90)}" for k, at in twins.items()),
        (share("near", len(twins), len(scored)), share("exact", len(exact), len(scored)),
         share("normalised", len(same), len(scored)), share("other_label", other, len(scored))))]


def missing_classes(cases: pd.DataFrame) -> list[Finding]:
    """Classes that a split does not hold."""
    if "split" not in cases:
        return []
    table = pd.crosstab(cases[_MAIN], cases["split"])
    table = table[[name for name in _SPLITS if name in table]]
    gone = {str(label): [str(s) for s in table.columns if row[s] == 0]
            for label, row in table.iterrows() if (row == 0).any()}
    if not gone or len(table.columns) < 2:
        return []
    said = [f"{label!r} is not in {' or '.join(where)}" for label, where in gone.items()]
    return [Finding("missing_from_split", "weakens",
                    f"{len(gone)} of {len(table)} classes are missing from a split: {listed(said)}.",
                    "A class that is not in train has no shot, one not in test has no score.",
                    "Label more cases of it, or move some.", rows_where(cases, cases[_MAIN].isin(list(gone))),
                    shown(said))]

