"""Room 3 as a panel: what would be asked and what it would cost, a button that asks, a bar, and the latest run."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress

import ipywidgets as widgets

from promptceiling.decision.words import usd
from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.markup import facts, notice, page, style
from promptceiling.panels.runs import RunProgress
from promptceiling.prompts import PromptVariant
from promptceiling.runs import (
    Endpoint,
    Estimate,
    Price,
    RunHandle,
    RunSummary,
    Workspace,
    estimate_run,
    latest_run,
    run_variants,
)
from promptceiling.runs.read_only import WHY, only_shows

LOOK_AGAIN_S = 2.0  # at a run of another process
BUSY_S = 30.0  # for which another process's run that is silent is still taken to be asking


class RunPanel:
    """Asks for the answers that the workspace does not have, and shows how far that is.

    Opened again, such as after the page was reloaded, it shows the latest run over the same set, model and split: with
    its bar and its Stop button where this process still asks, else as the store tells it. `await panel.run()` does what
    the button does. With `read_only` neither asks.
    """

    def __init__(
        self, workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant], endpoint: Endpoint, *,
        split: str = "validation", repeats: int = 1, concurrency: int = 8, budget_usd: float | None = None,
        price: Price | None = None, read_only: bool = False,
    ) -> None:
        self.workspace, self.labeled_set, self.variants, self.endpoint = workspace, labeled_set, variants, endpoint
        self.split, self.repeats, self.concurrency = split, repeats, concurrency
        self.budget_usd, self.price = budget_usd, price
        self.read_only = read_only or workspace.read_only or only_shows()
        self.progress = RunProgress(read_only=self.read_only)
        self.ask = widgets.Button(button_style="primary")
        self.ask.on_click(self._clicked)
        self.why = widgets.Label()
        self.page = widgets.HTML()
        self.view = panel(self.page, controls(self.ask, self.why), self.progress.view)
        self._problem = ""
        self._handle: RunHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._estimate: Estimate | None = None
        self._look()

    async def run(self) -> RunSummary:
        """Ask, and return what came of it; where this process asks already, wait for that. Raises PromptCeilingError
        for what cannot be asked, which the panel shows too. Read-only, it returns what is stored where all of it is.
        """
        if self._handle is None:
            if self.read_only and not self.workspace.read_only:
                raise PromptCeilingError(WHY)
            self._problem = ""
            self._follow(RunHandle())
            try:
                return await run_variants(
                    self.workspace, self.labeled_set, self.variants, self.endpoint, split=self.split,
                    repeats=self.repeats, concurrency=self.concurrency, budget_usd=self.budget_usd, price=self.price,
                    handle=self._handle)
            except PromptCeilingError as error:
                self._problem = str(error)
                raise
            finally:
                if self._handle is not None:  # it did not even begin
                    self._handle = None
                    self._look()
        over: asyncio.Future[RunSummary] = asyncio.get_running_loop().create_future()
        self._handle.watch(lambda _, summary: None if summary is None or over.done() else over.set_result(summary))
        return await over

    def _clicked(self, _: object) -> None:
        if self._blocked():
            return

        async def asked() -> None:
            with suppress(PromptCeilingError):  # shown
                await self.run()

        self._task = asyncio.get_running_loop().create_task(asked())
        self._render()

    def _follow(self, handle: RunHandle) -> None:
        """Show a run of this process from now on."""
        self._handle = handle
        self.progress.handle = handle
        self.progress.update(handle.progress)
        handle.watch(self._told)
        self._render()

    def _told(self, progress: object, summary: RunSummary | None) -> None:
        if summary is None:
            self._mind_interrupts()
            self.progress(progress)  # type: ignore[arg-type]
        else:
            self.progress.finish(summary)
            self._handle = None
            self._look()

    def _mind_interrupts(self) -> None:
        """Have an interrupt of the kernel stop the run too while no cell is running, when it would be ignored."""
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, *_: object) -> None:
        if self._handle is not None:
            self._handle.stop()

    def _look(self) -> None:
        """Show what the store says: what is missing, and the latest run."""
        try:
            self._estimate = estimate_run(self.workspace, self.labeled_set, self.variants, self.endpoint,
                                          split=self.split, repeats=self.repeats, price=self.price)
            if self._handle is None and self.progress.summary is None:
                self._show_latest()
        except PromptCeilingError as error:
            self._problem = str(error)
        self._render()

    def _show_latest(self) -> None:
        found = latest_run(self.workspace, self.labeled_set.key, base_url=self.endpoint.base_url,
                           model=self.endpoint.model, split=self.split)
        if found is None:
            return
        handle = RunHandle.of(found.run_id)
        if handle is not None:
            self._follow(handle)
            return
        self.progress.show(found)
        if found.state == "running" and not found.interrupted:
            with suppress(RuntimeError):  # no loop, as in a script: it is shown as it is
                asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look)

    def _blocked(self) -> str:
        """Why nothing can be asked; "" where it can."""
        if self.read_only:
            return WHY
        if self._handle is not None:
            return "Asking: the bar below moves."
        status = self.progress.status
        if status is not None and status.state == "running" and status.silent_s < BUSY_S:
            return "Another process is asking: nothing is asked twice."
        if self._estimate is None:
            return "Nothing can be asked yet."
        return "" if self._estimate.calls else "Every answer is in the workspace."

    def _render(self) -> None:
        said, estimate = self._blocked(), self._estimate
        self.why.value, self.ask.disabled = said, bool(said)
        calls = estimate.calls if estimate else 0
        self.ask.description = f"Ask {calls:,} {'call' if calls == 1 else 'calls'}" if calls else "Ask"
        shown = [style()]
        if estimate is not None:
            shown.append(facts(_facts(self, estimate)))
        if self.endpoint.embedded:
            shown.append(notice("The answers are the embedded model's, not an LLM's: they cost nothing.", "note"))
        if self._problem:
            shown.append(notice(self._problem))
        self.page.value = str(page(*shown))


def _facts(shown: RunPanel, estimate: Estimate) -> list[tuple[str, str]]:
    price, endpoint = estimate.price, shown.endpoint
    cost = "no price is known: add the model to data/prices.csv"
    if endpoint.embedded:
        cost = "nothing"
    elif price is not None and estimate.usd is not None:
        dated = f"{price.source}, {price.as_of}" if price.as_of else price.source
        cost = f"about {usd(estimate.usd)}, counted roughly and offline ({dated})"
    return [
        ("Model", endpoint.model), ("Where", endpoint.base_url), ("Split", shown.split),
        ("Variants", f"{len(shown.variants)}"), ("In the workspace", f"{estimate.from_store:,} answers"),
        ("Missing", f"{estimate.calls:,} answers"), ("They will cost", cost),
        ("Spent in this workspace", usd(shown.workspace.spent_usd())),
        ("Budget", f"{usd(shown.budget_usd)}, for all runs together" if shown.budget_usd is not None else "none"),
    ]

