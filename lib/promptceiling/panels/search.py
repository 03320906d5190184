"""A grid of variants and a search through it: calls and dollars before anything is sent, then live progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision.words import rough, usd
from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.panels import prompt_sections as shown
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import EMPTY, facts, notice, page, style, table
from promptceiling.panels.sections import EMBEDDED
from promptceiling.prompts import PromptVariant
from promptceiling.prompts.variant import MAX_SHOTS, ORDERS, OUTPUTS, PLACEMENTS, SELECTIONS
from promptceiling.runs import Endpoint, Estimate, RunHandle, Workspace, estimate_run, run_variants
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.search import SearchProgress, SearchResult, SearchSpace, search_prompts

_WIDE = {"width": "min(760px, 96%)"}
_ASKED = {"description_width": "10em"}
_EVERY_S = 0.3
_LISTED = 60  # variants of a grid that are named


class SearchPanel:
    """Choose a space; the number of variants, calls and dollars stand there before anything is sent.

    `result` is what the latest search found. In a page that only shows, and with `read_only`, nothing can be sent,
    whatever reaches a button.
    """

    def __init__(
        self, workspace: Workspace, labeled_set: LabeledSet, variants: Sequence[PromptVariant],
        endpoint: Endpoint | None = None, *, read_only: bool = False,
    ) -> None:
        self.workspace, self.endpoint = workspace, endpoint or Endpoint()
        self.read_only = read_only or only_shows()
        self.result: SearchResult | None = None
        self.task: asyncio.Task[None] | None = None
        self._handle: RunHandle | None = None
        self._problem, self._drawn_at_s = "", 0.0
        self.base = dropdown("Start from", "min(760px, 96%)")
        self.base.style = _ASKED
        self.instructions = widgets.Textarea(
            description="Further wordings", rows=3, layout=_WIDE, style=_ASKED,
            placeholder="One a line, beside the instructions of the variant above")
        self.shots = widgets.Text(description="Shots", value="0, 5, 20", layout=_WIDE, style=_ASKED)
        named = [s for s in SELECTIONS if s != "hard"]
        self.choices: dict[str, widgets.SelectMultiple] = {
            "selections": _several("Chosen", named, ("stratified", "similar")), "orders": _several("Order", ORDERS),
            "placements": _several("Placed in", PLACEMENTS), "outputs": _several("Answer as", OUTPUTS)}
        self.budget = widgets.BoundedIntText(description="Budget in calls", min=0, max=10**9, layout=_WIDE,
                                             style=_ASKED)
        self.start = widgets.Button(description="Search", button_style="primary")
        self.whole = widgets.Button(description="Ask the whole grid", tooltip="Every variant for every validation case")
        self.stop = widgets.Button(description="Stop")
        self.why = widgets.Label()
        self.estimate, self.now, self.found = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.start.on_click(lambda _: self._begin(self.search))
        self.whole.on_click(lambda _: self._begin(self.ask_all))
        self.stop.on_click(lambda _: self._on_stop())
        for widget in (self.instructions, self.shots, *self.choices.values(), self.budget):
            widget.observe(self._on_change, names="value")
        buttons = widgets.HBox((self.start, self.whole, self.stop), layout=widgets.Layout(flex_flow="row wrap"))
        self.view = panel(
            controls(self.base, self.instructions, self.shots, *self.choices.values()), self.estimate,
            controls(self.budget, buttons, self.why), self.now, self.found)
        self.update(labeled_set, variants)

    def update(self, labeled_set: LabeledSet, variants: Sequence[PromptVariant]) -> None:
        """Start from other variants, the first chosen."""
        self.labeled_set, self.variants = labeled_set, tuple(variants)
        fill(self.base, [v.name for v in self.variants], self._on_change)
        self._render()

    def space(self) -> SearchSpace:
        """What the controls say. Raises PromptCeilingError in words for what is no space."""
        if self.base.value is None:
            raise PromptCeilingError("There is no variant to start from.")
        try:
            shots = tuple(dict.fromkeys(int(part) for part in self.shots.value.replace(",", " ").split()))
        except ValueError:
            raise PromptCeilingError(f"Shots are {self.shots.value!r}; expected whole numbers from 0 to {MAX_SHOTS}, "
                                     "with commas.") from None
        wordings = tuple(line.strip() for line in self.instructions.value.split("\n") if line.strip())
        chosen: dict[str, Any] = {name: tuple(widget.value) for name, widget in self.choices.items()}
        return SearchSpace(self.variants[self.base.value], wordings, shots, **chosen)

    async def ask_all(self) -> None:
        """Ask every variant of the grid for every validation case; a read-only page sends nothing."""
        if self._blocked():
            return
        grid = self.space().variants()
        self._handle, self.found.value = RunHandle(), ""
        self._draw_buttons()
        try:
            summary = await run_variants(
                self.workspace, self.labeled_set, grid, self.endpoint, handle=self._handle,
                on_progress=lambda run: self._tell(SearchProgress(1, 1, len(grid), run.done, None, "", run)))
        finally:
            self._handle = None
        said = f"This grid: {summary}. {summary.problem or ''}"
        self.found.value = str(page(style(), notice(said, "status" if summary.state == "done" else "alert")))
        self._render()

    async def search(self) -> None:
        """Search the space within the budget, showing how far it is and then what it found. A read-only page sends
        nothing."""
        if self._blocked():
            return
        self._handle, self.result, self.found.value = RunHandle(), None, ""
        self._draw_buttons()
        try:
            self.result = await search_prompts(
                self.workspace, self.labeled_set, self.space(), self.endpoint, budget_calls=self.budget.value or None,
                on_progress=self._tell, handle=self._handle)
        finally:
            self._handle = None
        whose = EMBEDDED if self.result.embedded else EMPTY
        self.found.value = str(page(style(), whose, shown.search(self.result)))
        self._render()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._blocked():
            self._render()
            return

        async def whole() -> None:
            try:
                await work()
            except PromptCeilingError as error:
                self.found.value = str(page(style(), notice(str(error))))
            finally:
                self.task = None
                self._draw_buttons()

        self.task = asyncio.get_running_loop().create_task(whole())

    def _on_stop(self) -> None:
        if self._handle is not None and not self.read_only:
            self._handle.stop()
            self._draw_buttons()

    def _on_change(self, _: object) -> None:
        self._render()

    def _tell(self, progress: SearchProgress) -> None:
        if progress.run is None:
            self._drawn_at_s = -_EVERY_S
        run = progress.run
        if run is not None and run.elapsed_s - self._drawn_at_s < _EVERY_S and run.done < run.total:
            return
        self._drawn_at_s = run.elapsed_s if run is not None else -_EVERY_S
        left = "no budget was set" if progress.calls_left is None else f"{progress.calls_left:,} when this look began"
        done = run.done / run.total if run is not None and run.total else 0.0
        self.now.value = str(page(style(), Markup(
            '<progress class="pc-progress" max="1" value="{}" aria-label="Answers of this look"></progress>').format(
                f"{done:.4f}"), facts([
                    ("Look", f"{progress.look} of {progress.looks}"), ("Variants in the race", f"{progress.alive}"),
                    ("In front so far", progress.leader or "not known yet"),
                    ("Answers of this look", f"{run.done:,} of {run.total:,}" if run is not None else "none yet"),
                    ("Calls that the budget holds", left),
                    ("Cost of this look", "no price is known" if run is None or run.cost_usd is None
                     else usd(run.cost_usd))])))

    def _blocked(self) -> str:
        """Why nothing can be sent; "" where something can."""
        if self.read_only:
            return WHY
        if self.workspace.read_only:
            return "The workspace is open for reading alone, so an answer could not be kept."
        if self._handle is not None:
            return "Stopping: calls that are out have ten seconds." if self._handle.stopping else "Searching …"
        return self._problem

    def _draw_buttons(self) -> None:
        self.why.value = self._blocked()
        self.start.disabled = self.whole.disabled = bool(self.why.value)
        self.stop.disabled = self._handle is None

    def _render(self) -> None:
        self._problem = ""
        try:
            grid = self.space().variants()
            estimate = estimate_run(self.workspace, self.labeled_set, grid, self.endpoint)
            self.estimate.value = str(page(style(), _estimated(grid, estimate, self.budget.value)))
        except PromptCeilingError as error:
            self._problem = str(error)
            self.estimate.value = str(page(style(), notice(self._problem)))
        self._draw_buttons()


def _estimated(grid: Sequence[PromptVariant], estimate: Estimate, budget: int) -> Markup:
    calls = estimate.calls + estimate.from_store
    cost = shown.money(estimate.usd, estimate.price, estimate.model)
    searched = (f"at most {budget:,} calls, {budget / calls:.0%} of the grid's" if budget
                else "no budget is set: clear losers alone are spared")
    rows = [(v.name, v.parent or "", v.kind) for v in grid[:_LISTED]]
    more = f", the first {_LISTED}" if len(grid) > _LISTED else ""
    return facts([
        ("The grid", f"{len(grid)} variants, {calls:,} calls"),
        ("Of these stored", f"{estimate.from_store:,}; {estimate.calls:,} would be asked"),
        ("Input", f"about {rough(estimate.input_tokens)} tokens (estimate: four bytes a token)"), ("Cost", cost),
        ("The search", searched),
    ]) + Markup('<details class="pc-row"><summary>The {} variants{}</summary><div>{}</div></details>').format(
        len(grid), more, table([("variant", False), ("made from", False), ("what was changed", False)], rows,
                               "Variants of the grid"))


def _several(description: str, names: Sequence[str], chosen: Sequence[str] = ()) -> widgets.SelectMultiple:
    return widgets.SelectMultiple(
        description=description, options=[(n.replace("_", " "), n) for n in names], value=tuple(chosen),
        rows=len(names), layout=_WIDE, style=_ASKED)
