"""The endpoint as a panel: what it honours, when its model ends, local servers that run, and its latency apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.markup import EMPTY, facts, join, notice, page, style, table
from promptceiling.panels.score_charts import latency_chart
from promptceiling.prompts import PromptVariant
from promptceiling.runs import (
    Endpoint,
    LocalServer,
    Probe,
    Workspace,
    latest_probe,
    local_servers,
    measure_latency,
    probe_endpoint,
)
from promptceiling.runs.findings import QUESTIONS
from promptceiling.runs.read_only import WHY, only_shows

QUANTILES = (0.5, 0.95, 0.99)
T = TypeVar("T")


class EndpointPanel:
    """Shows the latest probe and the measured latencies of an endpoint's model, with a button for each.

    Without an endpoint of one's own, local servers at their usual ports are offered. `await panel.probe()` and
    `await panel.measure()` do what the buttons do. With `read_only` nothing is asked, not even of this machine.
    """

    def __init__(
        self, workspace: Workspace, endpoint: Endpoint, labeled_set: LabeledSet | None = None,
        variants: Sequence[PromptVariant] = (), *, calls: int = 100, read_only: bool = False,
    ) -> None:
        self.workspace, self.endpoint = workspace, endpoint
        self.labeled_set, self.variants, self.calls = labeled_set, tuple(variants), calls
        self.read_only = read_only or workspace.read_only or only_shows()
        self.offers: tuple[LocalServer, ...] = local_servers() if endpoint.embedded and not self.read_only else ()
        self.ask_probe, self.ask_latency = widgets.Button(), widgets.Button()
        self.ask_probe.on_click(lambda _: self._begin(self.probe))
        self.ask_latency.on_click(lambda _: self._begin(self.measure))
        self.why = widgets.Label()
        self.page = widgets.HTML()
        self.view = panel(controls(self.ask_probe, self.ask_latency, self.why), self.page)
        self._problem = self._working = ""
        self._task: asyncio.Task[None] | None = None
        self._render()

    async def probe(self) -> Probe:
        """Probe, show and return what was found. Raises PromptCeilingError, which the panel shows too."""
        return await self._shown("Probing.", lambda: probe_endpoint(self.workspace, self.endpoint))

    async def measure(self) -> None:
        """Measure every variant's latency, one after another. Raises PromptCeilingError, which is shown too."""
        async def each() -> None:
            for variant in self.variants:
                if self.labeled_set is not None:
                    await measure_latency(self.workspace, self.labeled_set, variant, self.endpoint, calls=self.calls)
                    self._render()

        await self._shown("Measuring, one call at a time.", each)

    async def _shown(self, words: str, work: Callable[[], Awaitable[T]]) -> T:
        if self.read_only:
            raise PromptCeilingError(WHY)
        self._working, self._problem = words, ""
        self._render()
        try:
            return await work()
        except PromptCeilingError as error:
            self._problem = str(error)
            raise
        finally:
            self._working = ""
            self._render()

    def _begin(self, work: Callable[[], Awaitable[object]]) -> None:
        if self.read_only or self._working:
            return

        async def done() -> None:
            with suppress(PromptCeilingError):  # shown
                await work()

        self._task = asyncio.get_running_loop().create_task(done())

    def _render(self) -> None:
        said = WHY if self.read_only else self._working
        calls = self.calls * len(self.variants)
        self.ask_probe.description = f"Probe: {len(QUESTIONS)} calls"
        self.ask_latency.description = f"Measure latency: {calls:,} calls"
        self.ask_probe.disabled = bool(said)
        self.ask_latency.disabled = bool(said) or self.labeled_set is None or not calls
        if not said and self.ask_latency.disabled:
            said = "Latency needs a labeled set and variants."
        self.why.value = said
        self.page.value = str(page(
            style(), facts([("Model", self.endpoint.model), ("Where", self.endpoint.base_url)]),
            notice(self._problem) if self._problem else EMPTY,
            join(notice(f"{server}.", "note") for server in self.offers),
            _findings(latest_probe(self.workspace, self.endpoint)), self._latencies()))

    def _latencies(self) -> Markup:
        if self.labeled_set is None:
            return EMPTY
        frame = self.workspace.latencies(self.labeled_set.key)
        mine = frame[(frame["model"] == self.endpoint.model) & (frame["base_url"] == self.endpoint.base_url)]
        seconds = {v.name: mine[mine["fingerprint"] == v.fingerprint]["seconds"].tolist() for v in self.variants}
        if not any(seconds.values()):
            return Markup("<p>No latency was measured apart yet.</p>")
        return Markup("<h3>Latency, one call at a time</h3>") + latency_chart(seconds, QUANTILES)


def _findings(probe: Probe | None) -> Markup:
    if probe is None:
        return Markup("<p>This model was not probed yet.</p>")
    day = probe.shutdown_date
    ends = f"It ends on {day}." if day else "The endpoint names no day on which it ends."
    return Markup("<h3>What it honours, seen on {}</h3>").format(probe.probed_at[:10]) + table(
        [("Feature", False), ("Answer", False), ("Seen", False)],
        [(f.feature, f.verdict, f.seen) for f in probe.findings],
        "What the endpoint honours") + Markup("<p>{}</p>").format(ends)
