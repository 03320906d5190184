"""Leaderboard, comparison and plateau for code: answers in, frozen results out, which a notebook shows as a page.

Each takes a workspace, whose prompts on one split are meant, or a frame with a row an answer: `case_id` (or `id`),
`variant, expected, predicted` (None: no label), and where known `outcome, repeat, split, unit, kind, iteration, model,
base_url, fingerprint`, as `runs.completions` gives it. Where a case was asked several times, its first repeat counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from promptceiling.decision.answers import by_case, first_repeat, prompts_of, without_copies
from promptceiling.errors import InputError
from promptceiling.runs import Workspace, is_embedded
from promptceiling.scores import (
    MARGINS,
    Comparison,
    Leaderboard,
    Plateau,
    compare_paired,
    leaderboard_of,
    plateau_of,
    point_metrics,
    score_predictions,
)
from promptceiling.scores.plateau import GAIN


@dataclass(frozen=True, slots=True)
class ShownLeaderboard(Leaderboard):
    """A leaderboard that a notebook shows. remarks: what to know about its figures; embedded: whose they are."""

    remarks: tuple[str, ...] = ()
    embedded: bool = False

    def _repr_html_(self) -> str:
        from promptceiling.panels.result_pages import leaderboard_page  # imported late: code alone needs no panels

        return leaderboard_page(self, self.remarks, embedded=self.embedded)


@dataclass(frozen=True, slots=True)
class ShownComparison(Comparison):
    """A comparison that a notebook shows. a, b: the names of the two; embedded: whose they are."""

    a: str = "A"
    b: str = "B"
    embedded: bool = False

    def _repr_html_(self) -> str:
        from promptceiling.panels.result_pages import comparison_page  # imported late: code alone needs no panels

        return comparison_page(self, self.a, self.b, embedded=self.embedded)


@dataclass(frozen=True, slots=True)
class ShownPlateau(Plateau):
    """A plateau that a notebook shows. threshold: what the best was held against; embedded: whose they are."""

    threshold: float = 0.85
    embedded: bool = False

    def _repr_html_(self) -> str:
        from promptceiling.panels.result_pages import plateau_page  # imported late: code alone needs no panels

        return plateau_page(self, self.threshold, embedded=self.embedded)


def leaderboard(
    answers: Workspace | pd.DataFrame, *, split: str = "validation", labels: Sequence[str] | None = None, seed: int = 0
) -> ShownLeaderboard:
    """Every variant on the cases that all of them answered, best first, with ties and the figure corrected for picking.

    `labels` are by default those that occur. `split` counts where the answers have one. Raises InputError for a frame
    without the columns above, and where no case was answered by all.

    >>> rows = [(k, v, "ab"[k % 2], "ab"[k % 2 if v == "y" else 0]) for v in "xy" for k in range(40)]
    >>> board = leaderboard(pd.DataFrame(rows, columns=["id", "variant", "expected", "predicted"]))
    >>> [standing.name for standing in board.standings], board.n
    (['y', 'x'], 40)
    """
    frame = prompts_of(answers, split)
    known = _labels(frame, labels)
    asked, left_out = by_case(frame)
    board = leaderboard_of(
        asked[0][1]["expected"].tolist(), {name: rows["predicted"].tolist() for name, rows in asked}, known,
        failures={name: (rows["outcome"] == "failed").tolist() for name, rows in asked},
        units=_units(asked[0][1]), seed=seed)
    return ShownLeaderboard(**_values(board), remarks=(*left_out, *_remarks(asked, known)), embedded=_embedded(frame))


def compare(
    a: pd.DataFrame | str, b: pd.DataFrame | str, within: Workspace | pd.DataFrame | None = None, *,
    split: str = "validation", labels: Sequence[str] | None = None, margins: tuple[float, float] = MARGINS,
    seed: int = 0,
) -> ShownComparison:
    """B against A on the cases that both were asked: the paired difference and its verdict against the margins.

    `a` and `b` are frames of one variant each, or the names of two variants `within` a workspace or frame. Raises
    InputError where a name is not there, a frame holds several variants, no case is shared, or a shared one is expected
    to be two different things.

    >>> rows = [(k, v, "ab"[k % 2], "ab"[k % 2 if v == "y" else 0]) for v in "xy" for k in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["id", "variant", "expected", "predicted"])
    >>> compare("x", "y", frame).worth
    'worth it'
    """
    sides, embedded = [], False
    for given in (a, b):
        source = within if isinstance(given, str) else given
        if source is None:
            raise InputError(f"{given!r} is a name; say within which workspace or frame it is meant.")
        frame = prompts_of(source, split)
        if isinstance(given, str):
            frame = frame[frame["shown"] == given] if (frame["shown"] == given).any() else frame[
                frame["variant"] == given]
        found = list(dict.fromkeys(frame["shown"]))
        if len(found) != 1:
            raise InputError(f"{given!r} names {len(found)} variants" if isinstance(given, str) else
                             f"A side holds {len(found)} variants ({', '.join(found[:5])}); expected one.")
        sides.append((found[0], first_repeat(frame)))
        embedded |= _embedded(frame)
    (name_a, left), (name_b, right) = sides
    cases = left.index.intersection(right.index)
    if cases.empty:
        raise InputError(f"{name_a} and {name_b} share no case, so there is nothing to compare.")
    left, right = left.loc[cases], right.loc[cases]
    unlike = cases[(left["expected"] != right["expected"]).to_numpy()].tolist()
    if unlike:
        raise InputError(f"{name_a} and {name_b} expect different labels for {len(unlike)} cases: "
                         f"{', '.join(map(repr, unlike[:5]))}.", column="expected")
    found_difference = compare_paired(
        left["expected"].tolist(), left["predicted"].tolist(), right["predicted"].tolist(), _labels(left, labels),
        failed_a=(left["outcome"] == "failed").tolist(), failed_b=(right["outcome"] == "failed").tolist(),
        units=_units(left), margins=margins, seed=seed)
    return ShownComparison(**_values(found_difference), a=name_a, b=name_b, embedded=embedded)


def plateau(
    answers: Workspace | pd.DataFrame, *, split: str = "validation", labels: Sequence[str] | None = None,
    threshold: float = 0.85, limit: float = GAIN, seed: int = 0,
) -> ShownPlateau:
    """Whether the variants, in the order in which they were first asked, have stopped gaining; or what is missing.

    Of several models, the prompts of the one that has the best are meant; one under a second name counts once.
    A frame's order is its `iteration`, else that of its rows; its kinds of change are its `kind`, else one. Raises
    InputError as `leaderboard` does.

    >>> rows = [(k, "x", "ab"[k % 2], "a") for k in range(40)]
    >>> plateau(pd.DataFrame(rows, columns=["id", "variant", "expected", "predicted"])).state
    'too few iterations'
    """
    frame = prompts_of(answers, split)
    known = _labels(frame, labels)
    if len(frame[["model", "base_url"]].drop_duplicates()) > 1:
        _, best = max(_none_failed(frame), key=lambda asked: point_metrics(
            asked[1]["expected"].tolist(), asked[1]["predicted"].tolist(), known).f1_weighted)
        frame = frame[(frame["model"] == best["model"].iloc[0]) & (frame["base_url"] == best["base_url"].iloc[0])]
    asked = without_copies(_none_failed(frame))
    shared = asked[0][1]
    found = plateau_of(
        shared["expected"].tolist(),
        [(name, str(rows["kind"].iloc[0]), rows["predicted"].tolist()) for name, rows in asked], known,
        threshold=threshold, limit=limit, units=_units(shared), seed=seed)
    return ShownPlateau(**_values(found), threshold=threshold, embedded=_embedded(frame))


def _none_failed(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each variant on the cases in which none failed."""
    asked, _ = by_case(frame)
    down = pd.concat([rows["outcome"] == "failed" for _, rows in asked], axis=1).any(axis=1).to_numpy()
    return [(name, rows[~down]) for name, rows in asked]


def _values(result: Any) -> dict[str, Any]:
    return {field.name: getattr(result, field.name) for field in fields(result)}


def _labels(frame: pd.DataFrame, labels: Sequence[str] | None) -> list[str]:
    return list(labels) if labels is not None else sorted(frame["expected"].unique())


def _units(rows: pd.DataFrame) -> list[Any] | None:
    return rows["unit"].tolist() if "unit" in rows else None


def _embedded(frame: pd.DataFrame) -> bool:
    return any(is_embedded(str(model)) for model in frame["model"].unique())


def _remarks(asked: Sequence[tuple[str, pd.DataFrame]], labels: Sequence[str]) -> list[str]:
    """What is to be known about the variants' figures: once where it holds for all, else after the variant's name."""
    said: dict[str, list[str]] = {}
    for name, rows in asked:
        score = score_predictions(rows["expected"].tolist(), rows["predicted"].tolist(), labels, draws=50,
                                  outcomes=rows["outcome"].tolist(), units=_units(rows))
        for remark in score.remarks:
            said.setdefault(remark, []).append(name)
    return [remark if len(names) == len(asked) else f"{', '.join(names)}: {remark}" for remark, names in said.items()]
