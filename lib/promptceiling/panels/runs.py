"""Room 3 as a panel: a bar that moves while a run asks, and what the run did once it is over."""

from __future__ import annotations

import math

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision.words import usd
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.markup import EMPTY, facts, notice, page, style
from promptceiling.runs import Progress, RunHandle, RunStatus, RunSummary
from promptceiling.runs.read_only import only_shows

_EVERY_S = 0.2  # between two drawings, so that a fast run does not wait for its picture
_ENDED = {
    "done": "Done: every answer is in the workspace.",
    "incomplete": "Incomplete: some calls failed. Run again: what came is kept, and only the failures are asked for.",
    "stopped": "Stopped: the endpoint cannot be used. What came before is kept.",
    "budget": "Stopped at the budget. What came before is kept.",
    "cancelled": "Stopped by hand: nothing more was sent. What came is kept; run again to go on.",
}
_INTERRUPTED = "Interrupted: nothing was heard of this run for {}. What came is kept; run again to go on."
_ELSEWHERE = "Another process may be asking: it was last heard of {} ago, and is stopped where it runs."
_READ_ONLY = "This page only shows: it can stop nothing."
_NO_HANDLE = "This run was begun without a handle: interrupt the kernel to stop it. What came is kept."


class RunProgress:
    """Give it to `run_variants` as `on_progress`, and to `finish` what that returns.

    `progress` and `summary` are what is shown: the latest report, and the run's summary once it is over. With the run's
    `handle` there is a Stop button while it asks; with `read_only` the button is never more than its reason, and a
    click that reaches it all the same does nothing.
    """

    def __init__(
        self, progress: Progress | None = None, summary: RunSummary | None = None, *, handle: RunHandle | None = None,
        read_only: bool = False,
    ) -> None:
        self.progress: Progress | None = None
        self.summary: RunSummary | None = None
        self.status: RunStatus | None = None
        self.handle, self.read_only = handle, read_only or only_shows()
        self._drawn_at_s = 0.0
        self.page = widgets.HTML()
        self.stop = widgets.Button(description="Stop")
        self.stop.on_click(self._stop)
        self.why = widgets.Label()
        self.view = panel(self.page, controls(self.stop, self.why))
        self.update(progress, summary)

    def __call__(self, progress: Progress) -> None:
        """Take a report. Drawn a few times a second, and always for the first and the last item."""
        first, last = self.progress is None, progress.done == progress.total
        self.progress = progress
        if first or last or progress.elapsed_s - self._drawn_at_s >= _EVERY_S:
            self._drawn_at_s = progress.elapsed_s
            self._render()

    def finish(self, summary: RunSummary) -> None:
        """Show how the run ended."""
        self.update(self.progress, summary)

    def show(self, status: RunStatus) -> None:
        """Show a run as the store tells it."""
        self.progress, self.summary, self.status = status.progress, None, status
        self._render()

    def update(self, progress: Progress | None, summary: RunSummary | None = None) -> None:
        """Show this state."""
        self.progress, self.summary, self.status = progress, summary, None
        self._drawn_at_s = progress.elapsed_s if progress else 0.0
        self._render()

    def _stop(self, _: object) -> None:
        if self.handle is not None and not self._blocked():
            self.handle.stop()
            self._render()

    def _blocked(self) -> str:
        """Why there is nothing to stop; "" where there is."""
        if self.read_only:
            return _READ_ONLY
        if self.status is not None and self.status.state == "running":
            said = _INTERRUPTED if self.status.interrupted else _ELSEWHERE
            return said.format(_duration(self.status.silent_s))
        if self.summary is not None or self.status is not None or self.progress is None:
            return "Nothing is being asked."
        if self.handle is None:
            return _NO_HANDLE
        if self.handle.stopping:
            return "Stopping: nothing more is sent; calls that are out have ten seconds to be answered."
        return ""

    def _render(self) -> None:
        self.why.value = self._blocked()
        self.stop.disabled = bool(self.why.value)
        ended = EMPTY
        if self.summary is not None:
            said = _ENDED.get(self.summary.state, self.summary.state)
            words = " ".join([said, self.summary.problem or "", *self.summary.notices])
            ended = notice(" ".join(words.split()), "status" if self.summary.state == "done" else "alert")
        elif self.status is not None and self.status.state != "running":
            ended = notice(_ENDED.get(self.status.state, self.status.state),
                           "status" if self.status.state == "done" else "alert")
        shown = _bar(self.progress) if self.progress else Markup("<p>Nothing has been asked yet.</p>")
        self.page.value = str(page(style(), shown, ended))


def _bar(progress: Progress) -> Markup:
    share = progress.done / progress.total if progress.total else 1.0
    rate = progress.sent / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
    left = (progress.total - progress.done) / rate if rate else math.nan
    bar = Markup('<progress class="pc-progress" max="1" value="{}" aria-label="Answers, done of all"></progress>')
    known = [
        ("Done", f"{progress.done:,} of {progress.total:,} ({share:.0%})"),
        ("Asked now", f"{progress.sent:,}; {progress.done - progress.sent:,} from the workspace")]
    return bar.format(f"{share:.4f}") + facts(known if progress.done >= progress.total and not progress.sent else [
        *known,
        ("Outcomes", ", ".join(f"{k} {n:,}" for k, n in progress.outcomes.items()) or "none yet"),
        ("Failed", f"{progress.failed:,}"),
        ("Cost so far", "no price is known" if progress.cost_usd is None else _cost(progress)),
        ("Elapsed", _duration(progress.elapsed_s)),
        ("Rate", _rate(rate) if progress.sent else "nothing asked"),
        *([("Left", _duration(left))] if progress.done < progress.total else []),
        *([("In flight", _flight(progress))] if progress.limit and (progress.in_flight or progress.wait_s) else []),
    ])


def _cost(progress: Progress) -> str:
    """What was paid; while calls are out, with what is set aside for them, which is the most that they can cost."""
    return f"{usd(progress.cost_usd or 0.0)}{' at most' if progress.in_flight and progress.cost_usd else ''}"


def _flight(progress: Progress) -> str:
    waits = f"; all wait {progress.wait_s:.0f} s, as the endpoint asked" if progress.wait_s >= 1 else ""
    return f"{progress.in_flight}, {progress.limit} allowed now{waits}"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f} a second" if per_second >= 10 else f"{per_second:.1f} a second"


def _duration(seconds: float) -> str:
    if math.isnan(seconds):
        return "not known yet"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
