"""Room 3 as a panel: a bar that moves while a run asks, and what the run did once it is over."""

from __future__ import annotations

import math

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.panels.controls import panel
from promptceiling.panels.markup import EMPTY, facts, notice, page, style
from promptceiling.runs import Progress, RunSummary

_EVERY_S = 0.2  # between two drawings, so that a fast run does not wait for its picture
_ENDED = {
    "done": "Done: every answer is in the workspace.",
    "incomplete": "Incomplete: some calls failed. Run again: what came is kept, and only the failures are asked for.",
    "stopped": "Stopped: the endpoint cannot be used. What came before is kept.",
}


class RunProgress:
    """Give it to `run_variants` as `on_progress`, and to `finish` what that returns.

    `progress` and `summary` are what is shown: the latest report, and the run's summary once it is over.
    """

    def __init__(self, progress: Progress | None = None, summary: RunSummary | None = None) -> None:
        self.progress: Progress | None = None
        self.summary: RunSummary | None = None
        self._drawn_at_s = 0.0
        self.page = widgets.HTML()
        self.view = panel(self.page)
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

    def update(self, progress: Progress | None, summary: RunSummary | None = None) -> None:
        """Show this state."""
        self.progress, self.summary = progress, summary
        self._drawn_at_s = progress.elapsed_s if progress else 0.0
        self._render()

    def _render(self) -> None:
        ended = EMPTY
        if self.summary is not None:
            said = _ENDED.get(self.summary.state, self.summary.state)
            ended = notice(f"{said} {self.summary.problem or ''}".rstrip(),
                           "status" if self.summary.state == "done" else "alert")
        shown = _bar(self.progress) if self.progress else Markup("<p>Nothing has been asked yet.</p>")
        self.page.value = str(page(style(), shown, ended))


def _bar(progress: Progress) -> Markup:
    share = progress.done / progress.total if progress.total else 1.0
    rate = progress.sent / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
    left = (progress.total - progress.done) / rate if rate else math.nan
    bar = Markup('<progress class="pc-progress" max="1" value="{}" aria-label="Answers, done of all"></progress>')
    return bar.format(f"{share:.4f}") + facts([
        ("Done", f"{progress.done:,} of {progress.total:,} ({share:.0%})"),
        ("Asked now", f"{progress.sent:,}; {progress.done - progress.sent:,} from the workspace"),
        ("Failed", f"{progress.failed:,}"),
        ("Elapsed", _duration(progress.elapsed_s)),
        ("Rate", _rate(rate) if progress.sent else "nothing asked"),
        ("Left", "nothing" if progress.done >= progress.total else _duration(left)),
    ])


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f} a second" if per_second >= 10 else f"{per_second:.1f} a second"


def _duration(seconds: float) -> str:
    if math.isnan(seconds):
        return "not known yet"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
