"""Room 2 as a panel: write a variant, read exactly what it sends, and try it on a few cases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import ipywidgets as widgets
import pandas as pd
from markupsafe import Markup

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.panels import prompt_sections as shown
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import EMPTY, notice, page, style
from promptceiling.panels.prompt_editor import VariantEditor
from promptceiling.prompts import PromptVariant, ShotPicker, fields_of, hard_variant, render
from promptceiling.runs import Endpoint, RunHandle, Workspace, completions, price_of, run_variants
from promptceiling.runs.embedding import vectors_at_hand
from promptceiling.runs.estimate import OUTPUT_TOKENS
from promptceiling.runs.money import likely_tokens
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.runs.requests import json_of, request_body

_WIDTH = "min(760px, 96%)"
_LABEL = 90  # characters of a text in the list of cases
_SAMPLE = 40  # cases that the size of a full run is taken from
_TEN = 10
NOWHERE = "There is no workspace to keep answers in: give the panel one, and an endpoint, to try a variant."


class PromptsPanel:
    """What a variant sends for a validation case, live while it is edited.

    `variants` are those given and those kept by hand. With a `workspace` and an `endpoint` a draft can be tried on one
    case or ten, which sends that many calls and keeps what comes. In a page that only shows, and with `read_only`,
    nothing can be sent, whatever reaches a button.
    """

    def __init__(
        self, labeled_set: LabeledSet, variants: Sequence[PromptVariant], workspace: Workspace | None = None,
        endpoint: Endpoint | None = None, *, read_only: bool = False,
    ) -> None:
        self.workspace, self.endpoint = workspace, endpoint or Endpoint()
        self.read_only = read_only or only_shows()
        self.task: asyncio.Task[None] | None = None
        self._handle: RunHandle | None = None
        self.variant, self.case = dropdown("Start from", _WIDTH), dropdown("Case", _WIDTH)
        self.variant.style = self.case.style = {"description_width": "10em"}
        self.editor = VariantEditor(self._render)
        self.keep = widgets.Button(description="Keep as a variant", tooltip="Add it to the list above, in this page")
        self.try_one = widgets.Button(description="Try on this case", button_style="primary")
        self.try_ten = widgets.Button(description=f"Try on {_TEN} cases")
        self.stop = widgets.Button(description="Stop")
        self.why = widgets.Label()
        self.page, self.answers = widgets.HTML(), widgets.HTML()
        self.keep.on_click(self._on_keep)
        self.stop.on_click(self._on_stop)
        self.try_one.on_click(lambda _: self._begin(1))
        self.try_ten.on_click(lambda _: self._begin(_TEN))
        buttons = widgets.HBox((self.keep, self.try_one, self.try_ten, self.stop),
                               layout=widgets.Layout(flex_flow="row wrap"))
        form = widgets.VBox((controls(self.variant), self.editor.view, controls(self.case, buttons, self.why)))
        self.view = panel(form, widgets.VBox((self.answers, self.page)))
        self.view.add_class("pc-prompts")
        self.update(labeled_set, variants)

    def update(self, labeled_set: LabeledSet, variants: Sequence[PromptVariant]) -> None:
        """Show other variants or cases, the first of each chosen."""
        self.labeled_set, self.variants = labeled_set, tuple(variants)
        self.editor.known = fields_of(labeled_set)
        self._picker: ShotPicker | None = None
        self._near: set[str] = set()  # embedding models whose vectors the picker has
        self._problem, self._answers = "", EMPTY
        self._stored = self._answered()
        try:
            self._picker = self._pick_by()
            self._cases = labeled_set.split("validation").reset_index(drop=True)
        except PromptCeilingError as error:
            self._problem, self._cases = str(error), labeled_set.cases.iloc[:0]
        cases = self._cases.to_dict("records")
        fill(self.case, [f"{case['id']}: {_short(str(case['input']))}" for case in cases], self._on_case)
        self._list()

    def draft(self) -> PromptVariant:
        """The variant that the form describes. Raises InputError, in words, for what is none."""
        return self.editor.draft(self._confused())

    async def try_on(self, cases: int) -> None:
        """Ask the draft for the chosen case and those after it, and show what came; a read-only page sends nothing."""
        if self._blocked():
            return
        workspace, variant = self.workspace, self.draft()
        assert workspace is not None  # noqa: S101 - _blocked has looked
        n = len(self._cases)
        chosen = self._cases.iloc[[(self.case.value + k) % n for k in range(min(cases, n))]]
        self._handle = RunHandle()
        self._show_answers(Markup("<p>Asking {} for {} …</p>").format(self.endpoint.model, _cases(len(chosen))))
        try:
            summary = await run_variants(workspace, self.labeled_set, [variant], self.endpoint, handle=self._handle,
                                         case_ids=chosen["id"].tolist())
        finally:
            self._handle = None
        self._stored, self._picker = self._answered(), self._pick_by(variant)
        rows = self._of(variant)
        rows = rows[(rows["variant"] == variant.name) & (rows["repeat"] == 0)].set_index("case_id")
        told = [(case, _short(text), expected, *_answer(rows, case)) for case, text, expected in zip(
            chosen["id"], chosen["input"], chosen[EXPECTED + MAIN_FIELD], strict=True)]
        problem = notice(summary.problem) if summary.problem else EMPTY
        self._show_answers(problem + Markup("<p>{}.</p>").format(summary) + shown.tried(told))
        self._render()

    def _begin(self, cases: int) -> None:
        if self._blocked():
            self._render()
            return

        async def whole() -> None:
            try:
                await self.try_on(cases)
            except PromptCeilingError as error:
                self._show_answers(notice(str(error)))
            finally:
                self.task = None
                self._render()

        self.task = asyncio.get_running_loop().create_task(whole())
        self._render()

    def _blocked(self) -> str:
        """Why nothing can be sent; "" where something can."""
        if self.read_only:
            return WHY
        if self.workspace is None:
            return NOWHERE
        if self.workspace.read_only:
            return "The workspace is open for reading alone, so an answer could not be kept."
        if self._picker is None or self.case.value is None:
            return "There is no case to try it on."
        if self.task is not None and self._handle is not None:
            return "Asking …"
        return ""

    def _list(self, chosen: int = 0) -> None:
        names = [v.name for v in self.variants]
        fill(self.variant, names, self._on_variant)
        if names:
            self.variant.value = chosen
            self.editor.fill(self.variants[chosen])
        self._render()

    def _on_variant(self, _: object) -> None:
        if self.variant.value is not None:
            self.editor.fill(self.variants[self.variant.value])
        self._render()

    def _on_case(self, _: object) -> None:
        self._render()

    def _on_stop(self, _: object) -> None:
        if self._handle is not None and not self.read_only:
            self._handle.stop()

    def _on_keep(self, _: object) -> None:
        try:
            draft = self.draft()
        except PromptCeilingError:
            return  # the page says why
        names = {v.name for v in self.variants}
        if draft not in self.variants:
            number = 2
            name = draft.name
            while name in names:
                name, number = f"{draft.name} ({number})", number + 1
            self.variants = (*self.variants, replace(draft, name=name))
        self._list(next(k for k, v in enumerate(self.variants) if v.fingerprint == draft.fingerprint))

    def _confused(self) -> tuple[tuple[str, str], ...]:
        """What the answers of the variant that one starts from confused so far."""
        parent = self.editor.parent
        if parent is None or self.editor.fields["selection"].value != "hard":
            return ()
        rows = self._of(parent)
        try:
            return hard_variant(parent, rows["expected"].tolist(), [
                p if isinstance(p, str) else None for p in rows["predicted"]]).confused
        except PromptCeilingError:
            return ()

    def _pick_by(self, *drafts: PromptVariant) -> ShotPicker:
        """A picker with the vectors that the workspace holds; of a variant without them the page says so."""
        held, _ = vectors_at_hand(
            self.workspace, self.labeled_set, (*self.variants, *drafts), self.endpoint, "validation")
        self._near = set(held)
        return ShotPicker(self.labeled_set, held)

    def _answered(self) -> pd.DataFrame | None:
        """The validation answers that the workspace holds of this endpoint; None without a workspace."""
        if self.workspace is None:
            return None
        rows = completions(self.workspace, self.labeled_set)
        return rows[(rows["base_url"] == self.endpoint.base_url) & (rows["model"] == self.endpoint.model)
                    & (rows["split"] == "validation")]

    def _of(self, variant: PromptVariant) -> pd.DataFrame:
        if self._stored is None:
            return pd.DataFrame(columns=["expected", "predicted", "input_tokens"])
        return self._stored[self._stored["fingerprint"] == variant.fingerprint]

    def _show_answers(self, answers: Markup) -> None:
        self._answers = answers
        self.answers.value = str(page(style(), answers)) if answers else ""

    def _render(self) -> None:
        self.why.value = self._blocked()
        for button in (self.try_one, self.try_ten):
            button.disabled = bool(self.why.value)
        self.stop.disabled = self._handle is None
        self._show_answers(self._answers)
        c = self.case.value
        if self._picker is None or not self.variants or c is None:
            nothing = "The validation split has no case." if self.variants else "There is no variant."
            said = self._problem or nothing
            self.page.value = str(page(style(), notice(said)))
            self.keep.disabled = True
            return
        variant = None
        try:
            variant, chosen = self.draft(), self._cases.iloc[[c]]
            if variant.embedding and variant.embedding not in self._near:
                self._picker = self._pick_by(variant)
            shots = self._picker.pick(variant, chosen)[0]
            rendered = render(variant, str(chosen["input"].iloc[0]), shots)
            size = self._size(variant, len(json_of(request_body(self.endpoint, rendered))))
        except PromptCeilingError as error:
            near = variant.embedding if variant else None  # its vectors are asked for by a run, a try's among them
            self.keep.disabled = variant is None or variant in self.variants
            self.try_one.disabled = self.try_ten.disabled = not near or bool(self.why.value)
            said = f" A try or a run asks {near} for the vectors of all train and validation texts." if near else ""
            self.page.value = str(page(style(), notice(f"{error}{said}")))
            return
        self.keep.disabled = variant in self.variants
        self.page.value = str(page(
            style(), shown.about(variant, len(shots), rendered, size), shown.messages(rendered)))

    def _size(self, variant: PromptVariant, content: int) -> shown.Size:
        assert self._picker is not None  # noqa: S101 - _render has looked
        step = max(1, len(self._cases) // _SAMPLE)
        some = self._cases.iloc[::step]
        bodies = [json_of(request_body(self.endpoint, render(variant, text, own))) for text, own in zip(
            some["input"], self._picker.pick(variant, some), strict=True)]
        tokens = sum(map(likely_tokens, bodies)) / len(bodies) * len(self._cases)
        price = price_of(self.endpoint)
        output = 0.0 if variant.output == "decisions" else OUTPUT_TOKENS * len(self._cases)
        counted = self._of(variant)["input_tokens"].dropna()
        return shown.Size(
            likely_tokens(b" " * content), float(counted.mean()) if len(counted) else None,
            len(self._cases), tokens, None if price is None else price.cost_usd(tokens, 0, output), price, len(some),
            self.endpoint.model)


def _answer(rows: pd.DataFrame, case: str) -> tuple[str | None, str, str]:
    """(prediction, outcome, raw text) of a case."""
    if case not in rows.index:
        return None, "not asked", ""
    row = rows.loc[case]
    raw = row["text"] if isinstance(row["text"], str) else ""
    return row["predicted"] if isinstance(row["predicted"], str) else None, str(row["outcome"]), raw


def _cases(count: int) -> str:
    return "one case" if count == 1 else f"{count} cases"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"
