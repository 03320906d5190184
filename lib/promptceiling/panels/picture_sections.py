"""Pictures of a decision for those who do not read tables: two lanes, four dimensions, the loop; each said in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from promptceiling.decision import Assumptions, Decision, Option, Stage, Verdict
from promptceiling.decision.words import amount, figure, usd
from promptceiling.panels.drawing import ACCENT, INK, LINE, ON_ACCENT, SOFT, short
from promptceiling.panels.drawing import figure as drawn
from promptceiling.panels.markup import EMPTY, join

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PROMPT = ("Build evals", "Collect labels", "Iterate prompts", "Try another base model", "Ship and watch")
_MODEL = ("Local classifier", "Fine-tune", "Compare on the sealed split", "Deploy and monitor", "Re-train")
_TAKEN: dict[Verdict, tuple[tuple[int, ...], tuple[int, ...]]] = {  # steps of either lane; the last one named is here
    "build evals first": ((0,), ()), "collect labels, few-shot meanwhile": ((0, 1), ()),
    "undecidable, do this next": ((0, 1, 2), ()), "keep iterating": ((0, 1, 2), ()),
    "try a smaller base model first": ((0, 1, 2, 3), ()), "ship the prompt": ((0, 1, 2, 4), ()),
    "use the local classifier": ((0, 1, 2), (0, 3)),
    "fine-tune a smaller model (cost or latency)": ((0, 1, 2, 3), (1,)),
    "fine-tune (plateau)": ((0, 1, 2, 3), (1,)), "do not keep the fine-tune": ((0, 1, 2), (1, 2)),
}


def lanes_section(decision: Decision) -> Markup:
    """The two lanes, prompting and a model of one's own, with the taken path lit and the place where we stand named."""
    prompts, models = _TAKEN[decision.verdict]
    if decision.rule == "tune gains":
        models = (1, 2, 3)
    back = decision.verdict == "do not keep the fine-tune"
    lanes = (("Prompt", _PROMPT, prompts, back or not models), ("Own model", _MODEL, models, bool(models) and not back))
    drawn_lanes = join(
        Markup('<div class="pc-lane"><div class="pc-label">{}</div><ul>{}</ul></div>').format(
            name, join(_step(step, k in taken, here and k == taken[-1]) for k, step in enumerate(steps)))
        for name, steps, taken, here in lanes)
    path = [_PROMPT[k] for k in prompts] + [_MODEL[k] for k in models] + (["back to the prompt"] if back else [])
    return Markup('<figure class="pc-lanes" role="group" aria-label="Two lanes">{}<figcaption>The path that the '
                  "evidence takes: {}.</figcaption></figure>").format(drawn_lanes, " → ".join(path))


def _step(name: str, lit: bool, here: bool) -> Markup:
    mark = Markup(' <span class="pc-small">we are here</span>') if here else EMPTY
    kind = "pc-here" if here else "pc-lit" if lit else "pc-unlit"
    return Markup('<li class="{}">{}{}{}</li>').format(kind, "✓ " if lit and not here else "", name, mark)


def dimensions_section(options: Sequence[Option], stated: Assumptions) -> Markup:
    """Set-up time, operational overhead, accuracy and cost per 1,000 of every option, as bars with their numbers."""
    if not options:
        return EMPTY
    names = [_name(option) for option in options]
    dimensions = [
        ("Set-up, hours of work", [_people(o, stated)[0] for o in options], None),
        ("Upkeep, hours of work a month", [_people(o, stated)[1] for o in options], None),
        ("Accuracy, weighted F1", [o.f1.value if o.f1 else math.nan for o in options], [o.f1 for o in options]),
        ("All of its cost, USD per 1,000 requests", [o.per_1000(stated).value for o in options], None)]  # NaN: unknown
    words = [[f"{hours:.3g} h (stated)" for hours in dimensions[k][1]] for k in (0, 1)] + [
             [f"{figure(o.f1)}, n {o.f1.n}" if o.f1 else f"not measured; {_expected(o)}" for o in options],
             ["cost not known" if o.unpriced else amount(o.per_1000(stated)) for o in options]]

    def draw(axes: Axes, narrow: bool) -> None:
        y, ticks = 0.0, []
        for (title, values, intervals), said in zip(dimensions, words, strict=True):
            axes.text(0, y, title, color=INK, fontsize=10.5, fontweight="bold", va="center")
            most = 1.0 if intervals else max((v for v in values if math.isfinite(v)), default=1.0) or 1.0
            for k, (value, text) in enumerate(zip(values, said, strict=True)):
                y -= 1.9 if narrow else 1.0
                width = value / most if math.isfinite(value) else 0.0
                axes.barh([y], [width], height=0.55, color=ACCENT if k == 0 else SOFT)
                interval = intervals[k] if intervals else None
                if interval is not None:
                    axes.plot([interval.low, interval.high], [y, y], color=INK, linewidth=1.6)
                end = max(width, interval.high if interval is not None else 0.0)
                axes.text(end + 0.015, y, text, color=INK, fontsize=9.5, va="center")
                if narrow:
                    axes.text(0, y + 0.72, short(names[k], 44), color=SOFT, fontsize=9, va="center")
                else:
                    ticks.append((y, short(names[k], 40)))
            y -= 1.5
        axes.set_ylim(y + 0.6, 0.8)
        axes.set_xlim(0, 1.95 if narrow else 1.45)
        axes.set_xticks([])
        axes.set_yticks([t for t, _ in ticks], [name for _, name in ticks])
        axes.spines["bottom"].set_visible(False)

    described = "; ".join(
        f"{title}: " + ", ".join(f"{name} {text}" for name, text in zip(names, said, strict=True))
        for (title, _, _), said in zip(dimensions, words, strict=True))
    n, stands = len(options), "Hours follow from what is stated."
    return Markup("<h3>Four dimensions</h3>{}").format(
        drawn(draw, 1.0 + 1.05 * n, 1.4 + 1.75 * n, f"{described}. {stands}", caption=stands))


def loop_section(stages: Sequence[Stage], stated: Assumptions) -> Markup:
    """The life-cycle of a fine-tune as a loop, with this task's hours and money at each stage."""
    marks = [_mark(stage) for stage in stages]

    def draw(axes: Axes, narrow: bool) -> None:
        axes.set_axis_off()
        n = len(stages)
        if narrow:
            places = [(0.06, float(n - k)) for k in range(n)]
        else:
            places = [(math.sin(2 * math.pi * k / n) * 1.75, math.cos(2 * math.pi * k / n)) for k in range(n)]
        for k, (x, y) in enumerate(places):
            to_x, to_y = places[(k + 1) % n]
            if not narrow or k + 1 < n:
                axes.annotate("", (to_x, to_y), (x, y), arrowprops={
                    "arrowstyle": "->", "color": LINE, "linewidth": 1.6, "shrinkA": 17, "shrinkB": 17,
                    "connectionstyle": "arc3,rad=0" if narrow else "arc3,rad=-0.22"})
        for k, ((x, y), stage) in enumerate(zip(places, stages, strict=True)):
            axes.plot([x], [y], "o", color=ACCENT, markersize=21)
            axes.text(x, y, str(k + 1), color=ON_ACCENT, fontsize=10.5, ha="center", va="center", fontweight="bold")
            left = not narrow and x < -0.05
            # above and below its number where the arrow beside it would run through the words
            outside = 0 if narrow else 1 if k == 0 else -1 if y < -0.8 else 0
            label = f"{stage.name}\n{marks[k]}"
            beside = 0.0 if outside else -0.17 if left else 0.09 if narrow else 0.17
            axes.text(x + beside, y + 0.22 * outside, label, color=INK, fontsize=9.5,
                      ha="center" if outside else "right" if left else "left",
                      va={1: "bottom", 0: "center", -1: "top"}[outside], linespacing=1.35)
        if narrow:
            again = f"↺ back to 1 every {stated.retrain_every_months:.3g} months"
            axes.text(0.06, 0.42, again, color=SOFT, fontsize=9.5)
            axes.set_xlim(0, 1)
            axes.set_ylim(0.2, n + 0.5)
        else:
            axes.text(0, 0, f"again every\n{stated.retrain_every_months:.3g} months", color=SOFT, fontsize=10,
                      ha="center", va="center")
            axes.set_xlim(-3.4, 3.4)
            axes.set_ylim(-1.6, 1.65)

    in_all = (f"In all {usd(sum(s.first_usd for s in stages))} at first and {usd(sum(s.month_usd for s in stages))} a "
              f"month, hours at {usd(stated.usd_per_hour)}.")
    described = ("The loop of a fine-tune: " + "; ".join(
        f"{k}. {stage.name} {mark}" for k, (stage, mark) in enumerate(zip(stages, marks, strict=True), 1))
        + f". {in_all}")
    return Markup("<h3>The life of a fine-tune</h3>{}").format(drawn(draw, 3.7, 4.6, described, caption=in_all))


def _mark(stage: Stage) -> str:
    parts = []
    if stage.first_usd:
        parts.append(f"{stage.first_hours:.3g} h, {usd(stage.first_usd)}")
    if stage.month_usd:
        hours = f"{stage.month_hours:.3g} h, " if stage.month_hours else ""
        parts.append(f"{hours}{usd(stage.month_usd)} a month")
    return "; ".join(parts) or "nothing"


def _people(option: Option, stated: Assumptions) -> tuple[float, float]:
    """Hours of work before it serves, and in a month: what is paid for people, over the hourly rate."""
    w = stated.usd_per_hour
    setup = option.setup_usd - (stated.training_usd if option.kind == "fine-tune" else 0.0)
    runs = stated.training_usd / stated.retrain_every_months if option.kind == "fine-tune" else 0.0
    month = sum(usd for name, usd in option.month.items() if name not in ("hosting", "calls")) - runs
    return setup / w, month / w


def _expected(option: Option) -> str:
    return f"{100 * option.gain.value:.3g} points more expected (stated)"


def _name(option: Option) -> str:
    return f"prompt: {option.name}" if option.kind == "prompt" else option.name
