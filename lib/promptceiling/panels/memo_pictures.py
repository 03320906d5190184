"""The charts of the page for the memo: the same drawings, by the part of the memo that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from promptceiling.decision import Assumptions, Evidence, ModelEnds, flips_of, forecast_of, stages_of
from promptceiling.panels.bill_sections import cost_chart
from promptceiling.panels.flip_sections import flip_chart
from promptceiling.panels.picture_sections import dimensions_section, loop_section
from promptceiling.panels.score_sections import leaderboard_chart, plateau_section
from promptceiling.runs import Price


def memo_pictures(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds
) -> dict[str, Sequence[Markup]]:
    """The heading of a part -> its charts, for `write_memo(..., pictures=memo_pictures)`; empty before the first run.

    Inline SVG without a script or an address, with a text alternative each.
    """
    if evidence.best is None:
        return {}
    forecast, flips = forecast_of(evidence, stated, prices, ends), flips_of(evidence, stated, prices, ends)
    options = [course.option for course in forecast.courses]
    loop = [loop_section(stages_of(option, stated), stated) for option in options if option.kind == "fine-tune"]
    plateau = [plateau_section(evidence.plateau, stated.f1_ship)] if evidence.plateau is not None else []
    return {"Options": [dimensions_section(options, stated), cost_chart(forecast.courses, stated)],
            "Evidence": [leaderboard_chart(evidence, stated), *plateau], "Consequences": loop,
            "What would change it": [flip_chart(flips)]}
