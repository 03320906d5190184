"""How far a run is, and what it did: plain figures for a bar, a page or a line on a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` items, `sent` of which were asked now, `failed` after all retries.

    Attributes
    ----------
    outcomes: of the items that were asked now: how many were answered, unparsed, refused, truncated, failed.
    cost_usd: what this run has cost so far, with what is set aside for calls that are out; None for an unknown price.
    in_flight: calls that are out; at most `limit` at the moment.
    wait_s: seconds for which the endpoint has asked everybody to wait.
    stopping: whether the run was asked to stop.
    """

    done: int
    total: int
    sent: int
    failed: int
    elapsed_s: float
    outcomes: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    in_flight: int = 0
    limit: int = 0
    wait_s: float = 0.0
    stopping: bool = False

    @property
    def rate_per_s(self) -> float:
        """Items asked and answered a second, so far."""
        return self.sent / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float:
        """Seconds that are left at this rate; NaN while nothing is known."""
        left = self.total - self.done
        return 0.0 if left <= 0 else left / self.rate_per_s if self.rate_per_s else math.nan


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did.

    Attributes
    ----------
    run_id: its id in the workspace.
    state: "done", "incomplete" (some items failed), "stopped" (the endpoint cannot be used; see `problem`),
        "budget" (the next call might pass the budget) or "cancelled" (somebody stopped it).
    items: how many answers the run is about; `sent` of them were asked now, `from_store` were there already.
    failed: items without a completion, by error kind.
    cost_usd: what this run has cost; of calls of which nothing was heard, the most that they can have cost. None for
        an unknown price.
    spent_usd: the same over all runs of the workspace.
    notices: what else is to be known, in sentences.
    """

    run_id: str
    state: str
    items: int
    sent: int
    from_store: int
    failed: dict[str, int]
    elapsed_s: float
    problem: str | None = None
    cost_usd: float | None = None
    spent_usd: float = 0.0
    notices: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Where the answers are from and what they cost.

        >>> print(RunSummary("a", "done", 135, 0, 135, {}, 0.1, cost_usd=0.0))
        135 stored answers used; nothing was sent, nothing was paid
        >>> print(RunSummary("a", "stopped", 135, 0, 0, {}, 3.0, "It cannot be reached."))
        no answer came now, 135 not answered yet
        >>> print(RunSummary("a", "incomplete", 135, 100, 35, {"timeout": 10}, 9.0, cost_usd=0.0031))
        90 answers came now, 35 stored ones used, 10 failed; paid $0.0031
        """
        failed = sum(self.failed.values())
        if self.state == "done" and not self.sent:
            return f"{_answers(self.from_store, 'stored ')} used; nothing was sent, nothing was paid"
        said = [f"{_answers(self.sent - failed)} came now"]
        said += [f"{self.from_store:,} stored ones used"] if self.from_store else []
        said += [f"{failed:,} failed"] if failed else []
        left = self.items - self.sent - self.from_store
        said += [f"{left:,} not answered yet"] if left else []
        paid = "nothing was paid" if self.cost_usd == 0 else f"paid ${self.cost_usd or 0.0:,.4f}"
        if self.cost_usd is None:
            paid = "what it costs is not known, for want of a price" if self.sent else ""
        return ", ".join(said) + (f"; {paid}" if paid else "")


def _answers(count: int, kind: str = "") -> str:
    return f"{count or 'no'} {kind}answer" if count in (0, 1) else f"{count:,} {kind}answers"
