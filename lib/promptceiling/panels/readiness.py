"""Whether the labels carry a fine-tune, as HTML: four conditions, and the learning curve behind the fourth."""

from __future__ import annotations

from markupsafe import Markup

from promptceiling.decision import Assumptions, Readiness
from promptceiling.panels.markup import EMPTY, join
from promptceiling.panels.score_charts import learning_chart
from promptceiling.panels.sections import SIGN


def readiness_section(readiness: Readiness | None, assumptions: Assumptions) -> Markup:
    """The conditions with their numbers and remedies, then the curve; nothing in files of before it was asked."""
    if readiness is None:
        return EMPTY
    rows = join(
        Markup('<details class="pc-row"><summary><span class="pc-chip pc-{}">{}{}</span><span>{}</span><span></span>'
               "</summary><div><p>{}</p>{}</div></details>").format(
            c.state.replace(" ", "-"), SIGN[c.state], c.state, c.name[:1].upper() + c.name[1:], c.reason,
            Markup("<p><strong>{}</strong></p>").format(c.remedy) if c.remedy else EMPTY)
        for c in readiness.conditions(assumptions.labels_enough))
    chart = EMPTY if readiness.curve is None else Markup(
        '<h3>The local classifier by number of labels</h3>{}<p class="pc-small pc-soft">Each draw trains on other '
        "labels of the train split and is scored on the same validation cases. What more labels bring a fine-tune may "
        "differ: this is the measured floor.</p>").format(learning_chart(readiness.curve))
    return Markup("<h2>Are the labels ready?</h2>{}{}").format(rows, chart)
