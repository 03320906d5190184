"""Room 1 as a panel: what a labeled set holds, and what a careful reviewer says about it."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
import pandas as pd
from markupsafe import Markup

from promptceiling.labeled_set import SPLITS, Finding, LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.sensitive import masked
from promptceiling.labeled_set.table import listed
from promptceiling.panels.charts import count_chart
from promptceiling.panels.controls import controls, dropdown, fill, panel
from promptceiling.panels.markup import EMPTY, facts, join, page, style, table, verbatim

_EXAMPLES, _EXAMPLE_LENGTH = 3, 400
_BARS = 30  # classes that are drawn; the table has them all
_SIGN = {"blocks": ("✗ blocks", "pc-bad"), "weakens": ("! weakens", "pc-undecidable"), "fine": ("✓ fine", "pc-met")}
_SHOWN = ("all", *_SIGN)


class LabeledSetPanel:
    """Cases, classes, fields and splits, with the audit's findings and examples of what they are about.

    `severity` chooses which findings are shown.
    """

    def __init__(self, labeled_set: LabeledSet, findings: Sequence[Finding]) -> None:
        self.overview, self.findings = widgets.HTML(), widgets.HTML()
        self.severity = dropdown("Findings", "min(320px, 96%)")
        self.view = panel(self.overview, controls(self.severity), self.findings)
        self.update(labeled_set, findings)

    def update(self, labeled_set: LabeledSet, findings: Sequence[Finding]) -> None:
        """Show another set, with all of its findings."""
        self._state = (labeled_set, tuple(findings))
        fill(self.severity, _SHOWN, self._on_severity)
        self._render()

    def _on_severity(self, _: object) -> None:
        self._render_findings()

    def _render(self) -> None:
        labeled_set, _ = self._state
        self.overview.value = str(page(style(), _overview(labeled_set), _classes(labeled_set), _notices(labeled_set),
                                       Markup("<h2>What the audit finds</h2>")))
        self._render_findings()

    def _render_findings(self) -> None:
        labeled_set, findings = self._state
        shown = [f for f in findings if _SHOWN[self.severity.value] in ("all", f.severity)]
        said = join(_finding(f, labeled_set.cases) for f in shown)
        self.findings.value = str(page(said or Markup("<p>No finding of this kind.</p>")))


def _overview(labeled_set: LabeledSet) -> Markup:
    cases = labeled_set.cases
    counts = {name: int((cases["split"] == name).sum()) for name in SPLITS} if "split" in cases else {}
    splits = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return facts([
        ("Labeled set", labeled_set.name), ("Cases", f"{len(labeled_set):,}"),
        ("Fields", ", ".join(f"{f} ({len(labeled_set.labels(f))} labels)" for f in labeled_set.fields)),
        ("Splits", splits or "not split yet"),
        ("Content hash", Markup("<code>{}</code>").format(labeled_set.content_hash[:16])),
    ])


def _classes(labeled_set: LabeledSet) -> Markup:
    cases = labeled_set.cases
    counts = cases[EXPECTED + MAIN_FIELD].value_counts()
    drawn = counts.iloc[:_BARS]
    which = f"The {len(drawn)} commonest of {len(counts)}" if len(counts) > len(drawn) else str(len(counts))
    chart = count_chart([str(x) for x in drawn.index], [int(n) for n in drawn],
                        described=f"{which} classes by their number of cases, {len(cases):,} cases in all.")
    names = [s for s in SPLITS if "split" in cases and (cases["split"] == s).any()]
    labels = cases[EXPECTED + MAIN_FIELD]
    rows = [(str(label), f"{n:,}", *(f"{int(((labels == label) & (cases['split'] == s)).sum()):,}" for s in names))
            for label, n in counts.items()]
    head = [("class", False), ("cases", True), *((s, True) for s in names)]
    return Markup(
        '<h2>Classes</h2>{}<details class="pc-row"><summary><span></span><span>Cases by class and split</span>'
        "<span></span></summary>{}</details>").format(chart, table(head, rows, "Cases by class and split"))


def _notices(labeled_set: LabeledSet) -> Markup:
    if not labeled_set.notices:
        return Markup("<h2>What was cleaned</h2><p>Nothing: every row is kept as it was written.</p>")
    return Markup("<h2>What was cleaned</h2><ul>{}</ul>").format(
        join(Markup("<li>{}</li>").format(n.message) for n in labeled_set.notices))


def _finding(finding: Finding, cases: pd.DataFrame) -> Markup:
    sign, look = _SIGN[finding.severity]
    remedy = Markup("<p><strong>{}</strong></p>").format(finding.remedy) if finding.remedy else EMPTY
    return Markup('<article class="pc-finding"><span class="pc-chip {}">{}</span><div><p>{}</p>'
                  '<p class="pc-soft">{}</p>{}{}</div></article>').format(
        look, sign, finding.message, finding.why, remedy, _examples(finding, cases))


def _examples(finding: Finding, cases: pd.DataFrame) -> Markup:
    """The finding's own examples, or the first texts of its rows; secrets are masked in both."""
    if finding.examples:
        said = f"{len(finding.examples)} of {len(finding.rows)} examples" if len(finding.rows) > len(
            finding.examples) else "Examples"
        return Markup("<details><summary>{}</summary>{}{}</details>").format(
            said, join(map(verbatim, finding.examples)), _row_numbers(finding))
    found = cases[cases["row"].isin(finding.rows)].iloc[:_EXAMPLES]
    if found.empty:
        return EMPTY
    parts = []
    for record in found.to_dict("records"):
        text, second = masked(str(record["input"])), str(record.get("second_category") or "")
        label = f"row {record['row']}, labeled {record[EXPECTED + MAIN_FIELD]!r}"
        label += f", second reading {second!r}" if second and finding.code == "agreement" else ""
        parts.append(Markup('<p class="pc-small pc-soft">{}</p>{}').format(
            label, verbatim(text if len(text) <= _EXAMPLE_LENGTH else text[:_EXAMPLE_LENGTH] + " …")))
    return Markup("<details><summary>{} of {} cases</summary>{}</details>").format(
        len(found), len(finding.rows), join(parts))


def _row_numbers(finding: Finding) -> Markup:
    if not finding.rows:
        return EMPTY
    return Markup('<p class="pc-small pc-soft">Rows {}</p>').format(listed(finding.rows, 40))
