"""What a search found, as plain data: the best, what it is worth on new cases, and what became of every variant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from promptceiling.prompts import PromptVariant
from promptceiling.runs import Progress
from promptceiling.scores import Interval, Leaderboard

Fate = Literal["best", "finalist", "beaten", "budget", "failed", "unfinished"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One variant of a search.

    Attributes
    ----------
    f1_weighted: on the cases that it was asked, with its interval; not corrected for having been picked.
    fate: "best"; "finalist" (asked every case); "beaten" (it can no longer win, by the test); "budget" (not followed
        further, since the budget held no more: it may be the best all the same); "failed" (too many calls failed);
        "unfinished" (the search ended before its next look was whole; the figures are those of its last one).
    look: the look after which it left, from 1; the last one for finalists.
    by: the name of the rival that beat it.
    """

    variant: PromptVariant
    f1_weighted: Interval
    fate: Fate
    look: int
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Where a search is: `look` of `looks`, with `alive` variants; `run` is the progress of the calls at the moment.

    calls: answers that the search has so far; calls_left: what its budget still holds, None without one; leader: the
    variant in front after the last look, "" before the first.
    """

    look: int
    looks: int
    alive: int
    calls: int
    calls_left: int | None
    leader: str
    run: Progress | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes
    ----------
    state: "done"; else why it ended early: "cancelled", "budget", "stopped" (see `problem`), "incomplete" (failures).
    tried: every variant, the best first, then as they left, last ones first.
    board: the finalists on all cases, with ties; None where the search ended before its last look.
    selection_corrected: the weighted F1 to expect of the best on new cases. It rests on the cases of the last look
        alone, which no variant was dropped by, and is corrected for the choice among the finalists.
    n: validation cases; calls: answers that the search rests on; calls_now: of these, asked now and not stored before;
    grid_calls: what asking every variant every case would have taken.
    alpha: the chance, at most, that the test drops the truly best variant; looks: cases asked at each look.
    embedded: whether the answers are the embedded model's.
    """

    state: str
    tried: tuple[Tried, ...]
    board: Leaderboard | None
    selection_corrected: Interval | None
    n: int
    calls: int
    calls_now: int
    grid_calls: int
    alpha: float
    looks: tuple[int, ...]
    embedded: bool
    problem: str | None = None
    cost_usd: float | None = None

    @property
    def best(self) -> PromptVariant | None:
        """The variant that is best so far; None where nothing was asked."""
        return self.tried[0].variant if self.tried and not math.isnan(self.tried[0].f1_weighted.value) else None

    @property
    def sentence(self) -> str:
        """What to tell: the best with its figures, and what the search could not follow."""
        if self.best is None:
            return f"The search ended before anything was answered ({self.state}). {self.problem or ''}".strip()
        shown = self.tried[0].f1_weighted
        said = (f"{self.best.name}: weighted F1 {shown.value:.2f} [{shown.low:.2f}, {shown.high:.2f}] on {shown.n} "
                "validation cases as picked")
        if self.selection_corrected is not None:
            to_expect = self.selection_corrected
            said += (f"; {to_expect.value:.2f} [{to_expect.low:.2f}, {to_expect.high:.2f}] to expect on new cases, "
                     f"from the {to_expect.n} that no choice before the last one saw")
        left = sum(t.fate == "budget" for t in self.tried)
        if left:
            said += f". {left} variants were not followed to the end, since the budget held no more"
        return f"{said}. {self.calls:,} calls of the {self.grid_calls:,} that the whole grid takes."
