"""The course of a search: who is in it, what has been answered, and who leaves after a look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from promptceiling.errors import InputError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.prompts import PromptVariant, hard_variant
from promptceiling.runs import Endpoint, RunSummary, Workspace, completions
from promptceiling.scores import Interval, Leaderboard, leaderboard_of, score_predictions
from promptceiling.scores.score import MAX_FAILED
from promptceiling.search.race import beaten, followed, in_order
from promptceiling.search.result import Fate, SearchResult, Tried


class Course:
    """Decides, and asks nothing itself.

    Attributes
    ----------
    ids: the validation cases in the order in which they are asked; sizes: how many of them at each look.
    look: the looks that are judged; alive: the variants that go on; leader: the name of the one in front.
    calls: answers that were asked for so far, stored or new.
    """

    def __init__(
        self, labeled_set: LabeledSet, variants: Sequence[PromptVariant], *, looks: int, error_driven: int,
        alpha: float, seed: int,
    ) -> None:
        if "split" not in labeled_set.cases:
            raise InputError("The labeled set has not been split. Call split_labeled_set first.")
        names = [v.name for v in variants]
        twice = next((name for name in names if names.count(name) > 1), None)
        if not variants or twice is not None:
            raise InputError(f"Two variants are named {twice!r}. Give each its own name." if variants else
                             "The space holds no variant to search.")
        cases = labeled_set.split("validation")
        if cases.empty:
            raise InputError(f"The split 'validation' of {labeled_set.name} has no cases.", column="split")
        if not 0 < alpha < 1 or looks < 1:
            raise InputError(f"alpha is {alpha} and looks is {looks}; expected a share between 0 and 1, and 1 or more.")
        order, self.sizes = in_order(cases["unit"].tolist(), seed, looks)
        self._cases = cases.iloc[order].reset_index(drop=True)
        self.labeled_set, self.alive = labeled_set, list(variants)
        self.ids: list[str] = self._cases["id"].tolist()
        self.look, self.calls, self.leader, self.state = 0, 0, "", "done"
        self._variants, self._alpha, self._seed = len(variants), alpha, seed
        self._joining = min(error_driven, max(0, len(self.sizes) - 2)) if any(v.shots for v in variants) else 0
        self._summaries: list[RunSummary] = []
        self._left: list[Tried] = []
        self._said: dict[str, list[str | None]] = {}
        self._failed: dict[str, list[bool]] = {}
        self._board: Leaderboard | None = None
        self._corrected: Interval | None = None

    def check(self, calls: int | None) -> None:
        """Raises InputError where so many calls do not hold the first look and one finalist."""
        needed = self._variants * self.sizes[0] + len(self.ids) - self.sizes[0]
        if calls is not None and calls < needed:
            raise InputError(
                f"The budget holds about {calls:,} calls. A first look at {self._variants} variants on {self.sizes[0]} "
                f"cases, and one of them on all {len(self.ids)}, takes {needed:,}: raise it, or narrow the space.")

    def heard(self, summary: RunSummary) -> None:
        """Take what the run of a look did."""
        self._summaries.append(summary)
        self.calls = sum(self.sizes[t.look - 1] for t in self._left)
        if summary.state in ("done", "incomplete"):
            self.calls += len(self.alive) * self.sizes[self.look]
        else:  # what came is stored, and judged once the look is whole
            self.state = summary.state
            self.calls += summary.sent + summary.from_store

    def judge(self, workspace: Workspace, endpoint: Endpoint, calls: int | None) -> None:
        """Read the answers of the look, drop who can no longer win or be followed, let hard shots join."""
        if self.state != "done":
            return
        self._read(workspace, endpoint)
        self.look += 1
        for variant in list(self.alive):
            if np.mean(self._failed[variant.name]) > MAX_FAILED:
                self._leave(variant, "failed")
        if not self.alive:
            self.state = "incomplete"
            return
        self.alive.sort(key=lambda v: -self._score(v).value)  # stable: of equals the one with fewer shots leads
        self.leader = self.alive[0].name
        if self.look == len(self.sizes):
            self._finish()
            return
        tests = (len(self.sizes) - 1) * max(1, self._variants + self._joining - 1)
        keep = self._kept(self.alive)
        out = beaten(self._expected(keep), [self._of(v, keep) for v in self.alive], self.labeled_set.labels(),
                     level=self._alpha / tests, units=self._cases["unit"][keep].tolist(), seed=self._seed)
        for variant, by in [(self.alive[k], self.alive[by].name) for k, by in out.items()]:
            self._leave(variant, "beaten", by)
        self._follow(calls, self._hard())

    def result(self, *, embedded: bool) -> SearchResult:
        """What was found, however far the search came."""
        last = self.look == len(self.sizes) and self._board is not None
        fates: list[Fate] = ["best" if k == 0 and self.look else "finalist" if last else "unfinished"
                             for k in range(len(self.alive))]
        tried = [Tried(v, self._score(v), fate, self.look) for v, fate in zip(self.alive, fates, strict=True)]
        costs = [s.cost_usd for s in self._summaries]
        return SearchResult(
            state=self.state, tried=(*tried, *reversed(self._left)), board=self._board,
            selection_corrected=self._corrected, n=len(self.ids), calls=self.calls,
            calls_now=sum(s.sent for s in self._summaries), grid_calls=self._variants * len(self.ids),
            alpha=self._alpha, looks=self.sizes, embedded=embedded,
            problem=next((s.problem for s in self._summaries if s.problem), None),
            cost_usd=None if None in costs else sum(c for c in costs if c is not None))

    def _follow(self, calls: int | None, joining: PromptVariant | None) -> None:
        asked = self.sizes[self.look - 1]
        first = {tuple(self._said[v.name]): v.name for v in reversed(self.alive)}
        self.alive.sort(key=lambda v: first[tuple(self._said[v.name])] != v.name)  # who answered all alike stands back
        further = [b - a for a, b in pairwise(self.sizes[self.look - 1 :])]
        left = float("inf") if calls is None else calls - self.calls
        many = followed(len(self.alive) + 1, further, left - asked) if joining is not None else 0
        if many < 2:  # a variant that joins must not take the leader's place
            joining, many = None, followed(len(self.alive), further, left)
        for variant in self.alive[max(1, many - (joining is not None)) :]:
            self._leave(variant, "budget")
        if joining is not None:
            self.alive.append(joining)
        if many == 0:
            self.state = "budget"

    def _hard(self) -> PromptVariant | None:
        """The leader with hard shots, where it confused labels and hard shots are still to join."""
        if self.look > self._joining:
            return None
        leader = self.alive[0]
        shots = leader.shots or max(v.shots for v in (*self.alive, *(t.variant for t in self._left)))
        try:
            return hard_variant(leader, self._expected(), self._said[leader.name], shots=shots,
                                name=f"{shots} hard shots after look {self.look}")
        except InputError:
            return None

    def _finish(self) -> None:
        """Rank the finalists on all cases; what the best is worth on new ones, from those of the last look alone."""
        fresh = np.arange(len(self.ids)) >= (self.sizes[-2] if len(self.sizes) > 1 else 0)
        boards = [self._ranked(which) for which in (np.ones(len(self.ids), bool), fresh)]
        self._board = boards[0]
        if boards[0] is not None:
            order = {s.name: k for k, s in enumerate(boards[0].standings)}
            points = {s.name: s.f1_weighted.value for s in boards[0].standings}
            self.alive.sort(key=lambda v: (-points[v.name], v.shots, order[v.name]))
            self.leader = self.alive[0].name
        self._corrected = boards[1].selection_corrected if boards[1] is not None else None
        if any(np.any(self._failed[v.name]) for v in self.alive):
            self.state = "incomplete"

    def _ranked(self, which: np.ndarray) -> Leaderboard | None:
        keep = np.flatnonzero(which)
        down = {v.name: [self._failed[v.name][k] for k in keep] for v in self.alive}
        if not len(keep) or np.any(list(down.values()), axis=0).all():
            return None
        return leaderboard_of(
            self._expected(keep), {v.name: self._of(v, keep) for v in self.alive}, self.labeled_set.labels(),
            failures=down, units=self._cases["unit"][keep].tolist(), seed=self._seed)

    def _read(self, workspace: Workspace, endpoint: Endpoint) -> None:
        size = self.sizes[self.look]  # of the look that was asked, which is not judged yet
        frame = completions(workspace, self.labeled_set)
        frame = frame[(frame["base_url"] == endpoint.base_url) & (frame["model"] == endpoint.model)
                      & (frame["repeat"] == 0) & frame["case_id"].isin(self.ids[:size])]
        by_variant = {key: rows.set_index("case_id") for key, rows in frame.groupby(["variant", "fingerprint"])}
        for variant in self.alive:
            rows = by_variant.get((variant.name, variant.fingerprint), pd.DataFrame(columns=frame.columns))
            rows = rows.reindex(self.ids[:size])
            self._said[variant.name] = [p if isinstance(p, str) else None for p in rows["predicted"]]
            self._failed[variant.name] = [not isinstance(o, str) or o == "failed" for o in rows["outcome"]]

    def _leave(self, variant: PromptVariant, fate: Fate, by: str | None = None) -> None:
        self._left.append(Tried(variant, self._score(variant), fate, self.look, by))
        self.alive.remove(variant)

    def _kept(self, variants: Sequence[PromptVariant]) -> np.ndarray:
        """The cases of this look that none of the variants failed on."""
        return np.flatnonzero(~np.any([self._failed[v.name] for v in variants], axis=0))

    def _expected(self, keep: np.ndarray | None = None) -> list[str]:
        truth = self._cases[EXPECTED + MAIN_FIELD]
        return truth.iloc[: len(self._said[self.leader])].tolist() if keep is None else truth[keep].tolist()

    def _of(self, variant: PromptVariant, keep: np.ndarray) -> list[str | None]:
        return [self._said[variant.name][k] for k in keep]

    def _score(self, variant: PromptVariant) -> Interval:
        keep = self._kept([variant]) if variant.name in self._said else np.array([], dtype=int)
        if not len(keep):
            return Interval(float("nan"), float("nan"), float("nan"), 0)
        return score_predictions(
            self._expected(keep), self._of(variant, keep), self.labeled_set.labels(), draws=1000,
            units=self._cases["unit"][keep].tolist()).f1_weighted
