"""A file of one's own: uploaded or pasted, read, audited, and held against a production sample."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.errors import InputError, PromptCeilingError
from promptceiling.labeled_set import (
    LabeledSet,
    Representativeness,
    audit,
    compare_with_production,
    labeled_set_of_bytes,
    labeled_set_of_text,
    split_labeled_set,
    texts_of_bytes,
)
from promptceiling.labeled_set.finding import wilson
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.labeled_set import LabeledSetPanel
from promptceiling.panels.markup import EMPTY, facts, join, notice, page, style, table, verbatim
from promptceiling.runs.read_only import WHY, only_shows

_SIGN = {"representative": "pc-met", "not representative": "pc-bad", "undecidable": "pc-undecidable"}
_WIDE = {"width": "min(560px, 96%)"}
_ASKED = {"description_width": "11em"}


class RepresentativenessPanel:
    """Whether the labeled set is like production: the verdict, what differs, and the texts that differ most."""

    def __init__(self, compared: Representativeness) -> None:
        self.page = widgets.HTML(str(page(style(), _compared(compared))))
        self.view = panel(self.page)


class OwnFilePanel:
    """A form that reads an upload or pasted text as a labeled set, and shows its audit; it writes nothing.

    `labeled_set` is the set that was read last, split, or None. `on_read` hears of each.
    """

    def __init__(self, on_read: Callable[[LabeledSet], None] | None = None) -> None:
        self.labeled_set: LabeledSet | None = None
        self._on_read = on_read
        self.file = widgets.FileUpload(description="Labeled set", layout=_WIDE)
        self.pasted = widgets.Textarea(description="or pasted text", layout=_WIDE, style=_ASKED, rows=4,
                                       placeholder="Cells copied from a spreadsheet, CSV or JSON Lines, with a header")
        self.input_column = widgets.Text(description="Text column", layout=_WIDE, style=_ASKED,
                                         placeholder="found by name")
        self.label_column = widgets.Text(description="Label column", layout=_WIDE, style=_ASKED,
                                         placeholder="found by name")
        self.sheet = widgets.Text(description="Sheet", layout=_WIDE, style=_ASKED, placeholder="the only one that fits")
        self.production = widgets.FileUpload(description="Production sample (optional)", layout=_WIDE)
        self.read = widgets.Button(description="Read and audit", button_style="primary")
        self.message = widgets.HTML(str(page(style(), Markup("<p>{}</p>").format(
            "Nothing is sent anywhere: the file is read by this notebook's kernel. Up to about 20 MB; larger ones are "
            "read by their path."))))
        self.result = widgets.VBox()
        self.view = panel(controls(self.file, self.pasted, self.input_column, self.label_column, self.sheet,
                                   self.production, self.read), self.message, self.result)
        self.read.on_click(self._on_click)
        if only_shows():
            for control in (self.file, self.pasted, self.input_column, self.label_column, self.sheet, self.production,
                            self.read):
                control.disabled = True
            self.message.value = str(page(notice(f"{WHY} Open this notebook in JupyterLab to read a file.", "note")))

    def _on_click(self, _: object) -> None:
        if only_shows():
            return
        self.read.disabled, self.message.value = True, str(page(Markup("<p>Reading and auditing …</p>")))
        try:
            self._show()
        except PromptCeilingError as error:
            self.labeled_set, self.result.children = None, ()
            self.message.value = str(page(notice(str(error))))
        finally:
            self.read.disabled = False

    def _show(self) -> None:
        text, label = self.input_column.value or None, self.label_column.value or None
        if self.file.value:
            upload = self.file.value[0]
            found = labeled_set_of_bytes(bytes(upload["content"]), str(upload["name"]), input_column=text,
                                         label_column=label, sheet=self.sheet.value or None)
        elif self.pasted.value.strip():
            found = labeled_set_of_text(self.pasted.value, input_column=text, label_column=label)
        else:
            raise InputError("There is nothing to read yet. Choose a file, or paste some cells.")
        found = split_labeled_set(found)
        parts = [LabeledSetPanel(found, audit(found)).view]
        if self.production.value:
            sample = self.production.value[0]
            texts = texts_of_bytes(bytes(sample["content"]), str(sample["name"]))
            parts.insert(0, RepresentativenessPanel(compare_with_production(found, texts)).view)
        self.labeled_set, self.result.children = found, tuple(parts)
        self.message.value = str(page(Markup("<p>{}</p>").format(f"{found.name}: {len(found):,} cases are read.")))
        if self._on_read is not None:
            self._on_read(found)


def _compared(compared: Representativeness) -> Markup:
    drifts = [(d.name, _part(d.labeled, d.n_labeled), _part(d.production, d.n_production)) for d in compared.drifts]
    terms = [(word, _part(a, compared.n_labeled), _part(b, compared.n_production)) for word, a, b in compared.terms]
    head = [("", False), ("labeled", True), ("production", True)]
    title = "Words whose share of texts differs most, with 95% interval"
    words = table([("word", False), *head[1:]], terms, title) if terms else Markup(
        "<p>No word's share differs by more than chance.</p>")
    return Markup('<h2>Labeled set and production</h2><p><span class="pc-chip {}">{}</span> {}</p>{}'
                  "<h3>What differs</h3>{}<h3>Words</h3>{}{}{}").format(
        _SIGN[compared.verdict], compared.verdict, compared.sentence,
        facts([("Labeled texts", f"{compared.n_labeled:,}"), ("Production texts", f"{compared.n_production:,}"),
               ("AUC", f"{compared.auc:.2f} [{compared.low:.2f}, {compared.high:.2f}]")]),
        table(head, drifts, "Share of texts, with 95% interval"), words,
        _texts("Production texts least like the labeled ones", compared.production_examples),
        _texts("Labeled texts least like production", compared.labeled_examples))


def _part(share: float, n: int) -> str:
    low, high = wilson(round(share * n), n)
    return f"{share:.1%} [{low:.1%}, {high:.1%}] of {n:,}"


def _texts(title: str, texts: tuple[str, ...]) -> Markup:
    return Markup("<h3>{}</h3>{}").format(title, join(map(verbatim, texts))) if texts else EMPTY
