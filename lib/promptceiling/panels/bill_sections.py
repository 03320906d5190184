"""The bill and the loop, as HTML: what each option costs, when a fine-tune pays, and how long its model lives."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from promptceiling.decision import Assumptions, Course, Evidence, Forecast, ModelEnds, Option, stages_of
from promptceiling.decision.words import amount, breaks_even, count, months, paid_back, percent, span, usd
from promptceiling.panels.drawing import ACCENT, INK, OPEN, SOFT, figure
from promptceiling.panels.markup import EMPTY, notice, table, unbroken
from promptceiling.panels.picture_sections import loop_section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = {"prompt": (ACCENT, "-"), "fine-tune": (OPEN, "-."), "local": (SOFT, "--"), "decisions": (INK, ":")}


def bill_section(
    evidence: Evidence, stated: Assumptions, forecast: Forecast, ends: ModelEnds | None
) -> Markup:
    """Cumulative cost, break-even, the bill of every option, the loop of a fine-tune, and the life of its model."""
    if not forecast.courses:
        return Markup("<h2>The bill and the loop</h2><p>No prompt was scored, so that there is nothing to "
                      "compare.</p>")
    tune = next((c.option for c in forecast.courses if c.option.kind == "fine-tune"), None)
    stages = stages_of(tune, stated) if tune else ()
    return Markup('<h2>The bill and the loop</h2>{}<p>{}</p>{}{}{}').format(
        cost_chart(forecast.courses, stated), unbroken(" ".join(_said(forecast, stated))),
        _table(forecast.courses, stated),
        loop_section(stages, stated) if stages else EMPTY, life_section(evidence, forecast, ends))


def life_section(evidence: Evidence, forecast: Forecast, ends: ModelEnds | None) -> Markup:
    """Days left of every model that an option hangs on, and whether a fine-tune can pay back before its model ends."""
    if ends is None:
        return EMPTY
    models = dict.fromkeys(c.option.base_model for c in forecast.courses if c.option.base_model)
    models |= dict.fromkeys(s.model for s in evidence.prompts)
    rows = []
    for model in models:
        end, days = ends.of(model), ends.days_left(model)
        lasts = "–" if days is None else f"{days:,}" if days >= 0 else f"ended {-days:,} days ago"
        rows.append((model, end.ends_on if end else "no end known", lasts,
                     end.what_ends if end else "–", end.replacement or "–" if end else "–",
                     f"{end.source}, {end.as_of}" if end else f"not in the table of {ends.as_of or 'this release'}"))
    head = [("model", False), ("ends on", False), ("days left", True), ("what ends", False), ("replacement", False),
            ("source", False)]
    tune = next((c.option for c in forecast.courses if c.option.kind == "fine-tune"), None)
    warn = EMPTY
    if tune is not None and tune.months_left is not None and forecast.payback is not None:
        left, back = tune.months_left, forecast.payback
        if back.low > left:
            warn = notice(f"A fine-tune of {tune.base_model} cannot pay back: it has {months(left)} left and pays "
                          f"after {span(back, months)}.")
    return Markup('<h3>How long the models live</h3>{}{}<p class="pc-small pc-soft">Counted from {}.</p>').format(
        warn, table(head, rows, "Ends of models"), ends.on)


def cost_chart(courses: Sequence[Course], stated: Assumptions) -> Markup:
    """What every option whose cost is known has cost by each month, with its range over plausible worlds."""
    courses = [course for course in courses if course.paid]

    def draw(axes: Axes, narrow: bool) -> None:
        for course in courses:
            colour, style = _LINES[course.option.kind]
            xs = list(range(len(course.paid)))
            axes.fill_between(xs, [p.low for p in course.paid], [p.high for p in course.paid], color=colour, alpha=0.14,
                              linewidth=0)
            axes.plot(xs, [p.value for p in course.paid], color=colour, linestyle=style, linewidth=2.2)
            if not narrow:
                axes.text(xs[-1] + 0.02 * xs[-1], course.paid[-1].value,
                          "\n".join(textwrap.wrap(_name(course.option), 26, max_lines=2, placeholder="…")),
                          color=colour, fontsize=9.5, va="center")
        last = len(courses[0].paid) - 1
        axes.set_xlim(0, last * (1.0 if narrow else 1.32))
        axes.set_xticks(range(0, last + 1, max(1, last // 6)))
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: usd(value))
        axes.set_xlabel("months", color=SOFT)
        axes.set_ylabel("USD paid in all", color=SOFT)

    ends = "; ".join(f"{_name(c.option)} ({_LINE_WORDS[c.option.kind]}) {span(c.paid[-1], usd)}" for c in courses)
    return figure(draw, 3.0, 3.0, f"What each option has cost by the end of {stated.horizon_months} months, set-up "
                                  f"included, with the range of {courses[0].paid[0].n} plausible worlds: {ends}.",
                  grid="y")


_LINE_WORDS = {"prompt": "solid", "fine-tune": "dash-dotted", "local": "dashed", "decisions": "dotted"}


def _table(courses: Sequence[Course], stated: Assumptions) -> Markup:
    rows = []
    for course in courses:
        option = course.option
        lines = "; ".join(f"{name} {_line(option, name, float(value))}" for name, value in option.month.items())
        money = ["cost not known"] * 2 if option.unpriced else [
            amount(option.month_range), amount(option.per_1000(stated))]
        rows.append((_name(option), f"{usd(option.setup_usd)} (stated)", money[0], option.unpriced or lines, money[1],
                     _price(option)))
    head = [("option", False), ("set-up", True), ("a month", True), ("of which", False), ("per 1,000", True),
            ("price", False)]
    return table(head, rows, "What each option costs")


def _line(option: Option, name: str, value: float) -> str:
    """A part of a month's cost; what was measured, tokens or throughput, has the month's interval around it."""
    month = option.month_range
    if month.n and name == ("calls" if option.usd_per_request else "hosting"):
        return amount(replace(month, value=value, low=value + month.low - month.value,
                              high=value + month.high - month.value))
    return usd(value)


def _said(forecast: Forecast, stated: Assumptions) -> list[str]:
    if forecast.payback is None or forecast.break_even is None:
        return [f"What {_name(c.option)} costs is not known: {c.option.unpriced}. So there is nothing to hold a "
                "fine-tune against." for c in forecast.courses if c.option.unpriced]
    back, even = forecast.payback, forecast.break_even
    quality = ("" if stated.usd_per_error else " What a wrong answer costs is not stated, so a better score counts for "
               "nothing here.")
    return [f"At {count(stated.requests_per_month)} requests a month a fine-tune {paid_back(back, forecast.draws)}; "
            f"within {stated.horizon_months} months in {percent(forecast.pays)} of them. "
            f"{breaks_even(even, stated.horizon_months)}{quality}"]


def _price(option: Option) -> str:
    if option.price is not None:
        return f"{option.price.model}, {option.price.as_of}"
    return "not listed" if option.unpriced else "stated"


def _name(option: Option) -> str:
    return f"prompt: {option.name}" if option.kind == "prompt" else option.name
