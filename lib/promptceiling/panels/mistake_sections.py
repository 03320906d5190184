"""What an inspection found, as HTML: matrix, texts of a cell, slices, cases all miss, flips, confidence, fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from promptceiling.decision.inspection import Inspection, Missed
from promptceiling.decision.words import figure
from promptceiling.panels.drawing import short
from promptceiling.panels.markup import EMPTY, join, verbatim
from promptceiling.panels.score_charts import reliability_chart, risk_chart
from promptceiling.panels.score_sections import confusion_table, opening_table, slices_section

MOST = 20  # texts that are shown of one cell


def matrix(found: Inspection, order: Sequence[int]) -> Markup:
    """Counts of answers by expected label (rows) and answered one (columns), in this order of positions.

    Each cell that holds cases is a button that names its position, for the script that chooses it.
    """
    place = {label: k for k, label in enumerate(found.labels)}
    counts = Counter((place[right], place.get(said or "", len(place))) for _, _, right, said in found.cases)
    return Markup(
        '<h3>Every answer of {} cases</h3><p class="pc-small pc-soft">Rows: expected. Columns: answered. Framed: '
        "right. Choose a cell, here or below, to read its texts.</p>{}").format(
            len(found.cases), confusion_table((*found.labels, "no label"), order, counts, choose=True))


def cell(found: Inspection, expected: str, answered: str | None) -> Markup:
    """The texts of the cases that expect one label and were answered another, with their ids; the first 20."""
    here = [(i, text) for i, text, e, a in found.cases if e == expected and (
        a == answered if answered is not None else a not in found.labels)]
    more = Markup('<p class="pc-small pc-soft">The first {} of {}.</p>').format(MOST, len(here)) if len(
        here) > MOST else EMPTY
    return Markup('<div role="status"><h3>Expected {}, answered {}: {} {}</h3></div>{}{}').format(
        expected, answered or "no label", len(here), "case" if len(here) == 1 else "cases", more,
        join(Markup("<p><code>{}</code></p>{}").format(i, verbatim(text)) for i, text in here[:MOST]))


def rest(found: Inspection) -> Markup:
    """Everything below the matrix."""
    return join((_pairs(found), slices_section(found.slices), _missed(found), _flips(found), _confidence(found),
                 _fields(found)))


def _pairs(found: Inspection) -> Markup:
    if not found.pairs:
        return Markup("<h3>Most confused pairs</h3><p>Every answer is right.</p>")
    rows = [(p.expected, p.predicted or "no label", str(p.count), f"{figure(p.share)} of {p.share.n}")
            for p in found.pairs]
    head = [("expected", False), ("answered", False), ("cases", True), ("share of expected", True)]
    return Markup("<h3>Most confused pairs</h3>{}").format(
        opening_table(head, rows, "Most confused pairs, with 95% intervals"))


def _missed(found: Inspection) -> Markup:
    head = [("id", False), ("text", False), ("expected", False), ("commonest answer", False), ("variants", True),
            ("what else speaks against the label", False)]
    rows = [(m.id, short(m.text, 300), m.found.expected, m.found.answer or "no label",
             f"{m.found.agree} of {m.found.variants}", _doubts(m)) for m in found.missed]
    asked = ("" if found.audited else " The audit of the labeled set can be asked which of these labels it doubts: "
             "inspector_of(workspace, evidence, audit=True).")
    return Markup(
        "<h3>Cases that every variant gets wrong: {} of {}</h3><p>These are often label errors: read them first, those "
        "whose label something else speaks against before all.{}</p>{}").format(
            len(found.missed), found.shared, asked, opening_table(head, rows, "Cases that every variant misses"))


def _doubts(missed: Missed) -> str:
    said = []
    if missed.doubted is not None:
        said.append(f"audit: {missed.doubted}")
    if missed.second_label is not None and missed.second_label != missed.found.expected:
        said.append(f"second reader: {missed.second_label}")
    return "; ".join(said) or "–"


def _flips(found: Inspection) -> Markup:
    if not found.flips.share.n:
        return Markup('<h3>Answers that change</h3><p class="pc-soft">Not measured: each case was asked once. Run with '
                      "repeats to see which answers flip.</p>")
    rows = [(str(f.case), ", ".join(f"{a or 'no label'} ({k})" for a, k in f.answers))
            for f in found.flips.flips]
    return Markup("<h3>Answers that change</h3><p>{} of {} cases asked again flip; right in some repeats and wrong in "
                  "others: {}.</p>{}").format(
        figure(found.flips.share), found.flips.share.n, figure(found.flips.correctness),
        opening_table([("id", False), ("answers", False)], rows, "Cases whose answers change between repeats"))


def _confidence(found: Inspection) -> Markup:
    c = found.calibration
    if not c.n:
        return Markup('<h3>Stated confidence</h3><p class="pc-soft">Not measured: no answer states one.</p>')
    return Markup(
        "<h3>Stated confidence</h3>{}{}<p>Calibration error {} (a confidence that means what it says would show "
        "{:.2f} here on average), Brier score {}, stated minus right {} (n {}; {} without a confidence). A stated "
        "confidence is the model's own word.</p>").format(
            reliability_chart(c), risk_chart(c), figure(c.ece), c.ece_by_chance, figure(c.brier),
            figure(c.overconfidence), c.n, c.without)


def _fields(found: Inspection) -> Markup:
    return join(Markup("<h3>Field {}</h3><p>Weighted F1 {}, accuracy {} (n {}).{}</p>").format(
        f.name, figure(f.score.f1_weighted), figure(f.score.accuracy), f.score.scored,
        f" In steps of {' < '.join(f.ordinal.order)}: off by {figure(f.ordinal.distance)}, leaning "
        f"{figure(f.ordinal.lean)} (positive: too high); {f.ordinal.off_scale} with none of these values."
        if f.ordinal else "") for f in found.fields)
