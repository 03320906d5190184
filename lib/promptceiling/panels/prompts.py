"""Room 2 as a panel: choose a variant and a case, and read exactly what would be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.errors import PromptCeilingError
from promptceiling.labeled_set import LabeledSet
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import facts, join, notice, page, style, verbatim
from promptceiling.prompts import PromptVariant, Rendered, ShotPicker, render

_WIDTH = "min(760px, 96%)"
_LABEL = 90  # characters of a text in the list of cases


class PromptsPanel:
    """What each variant sends for each validation case. Nothing is sent from here."""

    def __init__(self, labeled_set: LabeledSet, variants: Sequence[PromptVariant]) -> None:
        self.variant, self.case = dropdown("Variant", _WIDTH), dropdown("Case", _WIDTH)
        self.page = widgets.HTML()
        self.view = panel(controls(self.variant, self.case), self.page)
        self.update(labeled_set, variants)

    def update(self, labeled_set: LabeledSet, variants: Sequence[PromptVariant]) -> None:
        """Show other variants or cases, the first of each chosen."""
        self.labeled_set, self.variants = labeled_set, tuple(variants)
        self._picker: ShotPicker | None = None
        self._problem = ""
        try:
            self._picker = ShotPicker(labeled_set)
            self._cases = labeled_set.split("validation").reset_index(drop=True)
        except PromptCeilingError as error:
            self._problem, self._cases = str(error), labeled_set.cases.iloc[:0]
        fill(self.variant, [v.name for v in self.variants], self._on_choice)
        cases = self._cases.to_dict("records")
        fill(self.case, [f"{case['id']}: {_short(str(case['input']))}" for case in cases], self._on_choice)
        self._render()

    def _on_choice(self, _: object) -> None:
        self._render()

    def _render(self) -> None:
        v, c = self.variant.value, self.case.value
        if self._picker is None or v is None or c is None:
            said = self._problem or ("There is no variant." if v is None else "The validation split has no case.")
            self.page.value = str(page(style(), notice(said)))
            return
        variant, chosen = self.variants[v], self._cases.iloc[[c]]
        shots = self._picker.pick(variant, chosen)[0]
        rendered = render(variant, str(chosen["input"].iloc[0]), shots)
        self.page.value = str(page(
            style(), facts(_about(variant, len(shots), rendered)), Markup("<h3>Messages</h3>"),
            join(_message(m["role"], part, m["content"])
                 for part, m in zip(_parts(rendered), rendered.messages, strict=True)),
            Markup("<h3>{}</h3>").format("Questions" if rendered.questions else "Response format"),
            verbatim(json.dumps(asked, indent=2, ensure_ascii=False)) if (
                asked := rendered.questions or rendered.response_format)
            else Markup("<p>None is sent: the answer is read as a bare label.</p>")))


def _parts(rendered: Rendered) -> list[str]:
    """What each message is: the system text, then two for each shot that is given as chat turns, then the case."""
    roles = [m["role"] for m in rendered.messages]
    first = ["instructions" if not rendered.questions else "examples"] if roles[0] == "system" else []
    return [*first, *(f"shot {k // 2 + 1}" for k in range(len(roles) - len(first) - 1)), "the case"]


def _message(role: str, part: str, content: str) -> Markup:
    return Markup('<section aria-label="{}, {}"><div class="pc-label">{} · {}</div>{}</section>').format(
        role, part, role, part, verbatim(content))


def _about(variant: PromptVariant, shots: int, rendered: Rendered) -> list[tuple[str, str | Markup]]:
    size = sum(len(m["content"]) for m in rendered.messages)
    chosen = f"{shots} of {variant.shots}, {variant.selection}, {variant.order.replace('_', ' ')}"
    return [
        ("Made from", f"{variant.parent}, another {variant.kind}" if variant.parent else "nothing: the first"),
        ("Shots", f"{chosen}, in the {'system text' if variant.placement == 'system' else 'chat turns'}"
         if variant.shots else "none"),
        ("Size", f"{len(rendered.messages)} messages, {size:,} characters"),
        ("Fingerprint", Markup("<code>{}</code>").format(variant.fingerprint)),
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"
