"""The memo: the decision as an architecture decision record that a sceptical reader can check line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from markupsafe import Markup

from promptceiling.decision.assumptions import Assumptions, stated_inputs
from promptceiling.decision.document import Block, html, markdown
from promptceiling.decision.evidence import Evidence
from promptceiling.decision.flips import Flip, flips_of, shown
from promptceiling.decision.forecast import Forecast, forecast_of
from promptceiling.decision.life import DAYS_PER_MONTH, ModelEnds
from promptceiling.decision.loop import stages_of
from promptceiling.decision.options import Option
from promptceiling.decision.table import Row
from promptceiling.decision.verdict import Decision, decide
from promptceiling.decision.words import (
    amount,
    breaks_even,
    count,
    difference,
    figure,
    milliseconds,
    months,
    paid_back,
    percent,
    points,
    usd,
)
from promptceiling.decision.worlds import plausible_verdicts
from promptceiling.errors import InputError, WorkspaceError
from promptceiling.runs import Price
from promptceiling.runs.read_only import WHY, only_shows

SUFFIXES = (".md", ".html")
Pictures = Callable[[Evidence, Assumptions, Mapping[str, Price], ModelEnds], Mapping[str, Sequence[Markup]]]


def write_memo(
    path: str | Path, evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds, *,
    pictures: Pictures | None = None,
) -> None:
    """Write the memo as Markdown or HTML, by the suffix; HTML has the charts of `pictures`, as panels.memo_pictures.

    Raises InputError for another suffix or an unwritable path, and WorkspaceError in a process that only shows.
    """
    if only_shows():
        raise WorkspaceError(WHY)
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError(f"The memo {path} ends in {path.suffix or 'no suffix'!r}; name it *.md or *.html.")
    drawn = pictures(evidence, stated, prices, ends) if pictures and path.suffix == ".html" else {}
    blocks = _with_pictures(memo_of(evidence, stated, prices, ends), drawn)
    try:
        path.write_text(html(blocks) if path.suffix == ".html" else markdown(blocks), encoding="utf-8")
    except OSError as error:
        raise InputError(f"The memo {path} cannot be written: {error.strerror}.", file=str(path)) from None


def memo_of(
    evidence: Evidence, stated: Assumptions, prices: Mapping[str, Price], ends: ModelEnds
) -> tuple[Block, ...]:
    """The memo's parts: status, context, options, evidence, decision, consequences, what would change it, when to look
    again, assumptions, sources. Every measured figure has its interval, its n and the run it came from."""
    decision = decide(evidence, stated, prices, ends)
    flips = flips_of(evidence, stated, prices, ends)
    forecast = forecast_of(evidence, stated, prices, ends)
    plausible = plausible_verdicts(evidence, stated, prices, ends)
    return (
        Block("title", f"Decision: {decision.sentence.rstrip('.')}"),
        Block("text", f"Decided on {ends.on} for {evidence.name}, {evidence.labels:,} labeled cases in "
                      f"{len(evidence.classes)} classes (content hash {evidence.content_hash[:16]}). Prices as of "
                      f"{_as_of(prices)}; ends of models as of {ends.as_of or 'no date: none is known'}."),
        *([Block("text", "The scores are the embedded model's, a small in-context learner, and not an LLM's: they show "
                         "the way and say nothing about your task.")] if evidence.embedded else []),
        Block("heading", "Context"),
        Block("text", f"Is a fine-tune worth its upkeep, at {count(stated.requests_per_month)} requests a month, a "
                      f"latency limit of {stated.sla_ms:g} ms (p95), a budget of "
                      f"{usd(stated.budget_usd_per_month)} a month for calls, and a quality threshold of "
                      f"{stated.f1_ship:.2f} weighted F1?"),
        Block("list", items=[f"{'Done' if i.done else 'Not done'}: {i.name}. {i.because}" for i in decision.checklist]),
        Block("heading", "Options"), *_options(forecast, stated),
        Block("heading", "Evidence"), _rows(decision.rows),
        Block("heading", "Decision"),
        Block("lead", decision.sentence), Block("text", decision.because),
        *([Block("text", f"But: {decision.conflict}")] if decision.conflict else []),
        Block("text", f"The case for a fine-tune: {decision.strength} of 3 conditions hold ("
                      + "; ".join(f"{name}: {'yes' if holds else 'no'}" for name, holds in decision.carrying) + ")."),
        Block("text", plausible.sentence(decision.verdict)),
        Block("heading", "Consequences"), Block("text", f"Next: {decision.next}"), *_bill(forecast, stated),
        Block("heading", "What would change it"), *_flips(flips),
        Block("heading", "When to look again"), Block("list", items=_again(evidence, decision, stated, ends, flips)),
        Block("heading", "What was stated"), _assumptions(stated),
        Block("heading", "Openings of the sealed test split"),
        *([Block("list", items=[f"{o.opened_at[:16].replace('T', ' ')} UTC: {o.variant} on {o.model}"
                                for o in evidence.openings])]
          if evidence.openings else [Block("text", "It has not been opened.")]),
        Block("heading", "How to check this"),
        Block("text", "promptceiling publish FILE.sqlite writes everything that this rests on into one file; "
                      "promptceiling verify FILE.sqlite recomputes every number in it from its answers."),
    )


def _with_pictures(blocks: Sequence[Block], drawn: Mapping[str, Sequence[Markup]]) -> list[Block]:
    """Each part's pictures at its end."""
    def parts() -> Iterator[Block]:
        part: Sequence[Markup] = ()
        for block in (*blocks, Block("heading")):
            if block.kind == "heading":
                yield from (Block("picture", picture=picture) for picture in part)
                part = drawn.get(block.text, ())
            yield block
    return list(parts())[:-1]


def _options(forecast: Forecast, stated: Assumptions) -> list[Block]:
    head = ("option", "weighted F1", "against the prompt", "p95 latency", "set-up", "a month", "per 1,000 requests",
            "model ends")
    options = [course.option for course in forecast.courses]
    if not options:
        return [Block("text", "No prompt was scored, so that there is nothing to compare.")]
    return [Block("table", head=head, rows=[_option(option, stated) for option in options]),
            *(Block("text", f"What {option.name} costs is not known: {option.unpriced}.")
              for option in options if option.unpriced)]


def _option(option: Option, stated: Assumptions) -> tuple[str, ...]:
    gain = option.gain
    delta = "–" if option.kind == "prompt" else (
        f"{difference(gain)}, n {gain.n}" if option.measured
        else f"{points(gain.value)} expected (stated)")
    name = f"best prompt: {option.name}" if option.kind == "prompt" else option.name
    money = ["cost not known"] * 2 if option.unpriced else [
        amount(option.month_range), amount(option.per_1000(stated))]
    return (name, f"{figure(option.f1)}, n {option.f1.n}" if option.f1 else "not measured", delta,
            f"{milliseconds(option.p95_ms)}, n {option.p95_ms.n}" if option.p95_ms and option.p95_ms.n
            else "not measured", f"{usd(option.setup_usd)} (stated)", *money,
            option.ends_on or "no end known")


def _rows(rows: tuple[Row, ...]) -> Block:
    return Block("table", head=("condition", "status", "what was found", "to settle it", "source"), rows=[
        (row.condition, row.status, row.reason, row.remedy or "–", row.source or "–") for row in rows])


def _bill(forecast: Forecast, stated: Assumptions) -> list[Block]:
    tune = next((c.option for c in forecast.courses if c.option.kind == "fine-tune"), None)
    if tune is None:
        return [Block("text", "What the options cost is not known: no prompt was scored with its tokens counted.")]
    stages = [(s.name, f"{s.first_hours:.3g}", usd(s.first_usd), f"{s.month_hours:.3g}", usd(s.month_usd), s.how)
              for s in stages_of(tune, stated)]
    stages.append(("in all", "", usd(tune.setup_usd), "", usd(tune.month_usd), "as stated"))
    said = [f"A fine-tune would go through this loop, at {usd(stated.usd_per_hour)} an hour:"]
    if forecast.payback is not None and forecast.break_even is not None:
        back, even = forecast.payback, forecast.break_even
        said.append(
            f"It {paid_back(back, forecast.draws)}; within {stated.horizon_months} months in "
            f"{percent(forecast.pays)} of them. {breaks_even(even, stated.horizon_months)}")
    return [Block("text", said[0]),
            Block("table", head=("stage", "hours at first", "USD at first", "hours a month", "USD a month", "what"),
                  rows=stages), *(Block("text", text) for text in said[1:])]


def _flips(flips: tuple[Flip, ...]) -> list[Block]:
    if not flips:
        return [Block("text", "No input, moved alone within its range, changes the verdict.")]
    return [Block("text", "Each input moved alone, the nearest first:"),
            Block("list", items=[flip.sentence for flip in flips])]


def _again(
    evidence: Evidence, decision: Decision, stated: Assumptions, ends: ModelEnds, flips: tuple[Flip, ...]
) -> list[str]:
    """Dates and events that call for a new look, the earliest date first."""
    dated = []
    for model in dict.fromkeys([s.model for s in evidence.prompts] + [a.base_model for a in evidence.alternatives]):
        end, days = ends.of(model) if model else None, ends.days_left(model) if model else None
        if end is not None and days is not None:
            what = f"{model} ends, and with it {end.what_ends}" if days >= 0 else f"{model} has ended"
            instead = f"; replacement: {end.replacement}" if end.replacement else ""
            dated.append((end.ends_on, f"{end.ends_on}, {days} days from the decision: {what} ({end.source}, "
                                       f"{end.as_of}){instead}."))
    drift = date.fromisoformat(ends.on) + timedelta(days=round(stated.retrain_every_months * DAYS_PER_MONTH))
    dated.append((drift.isoformat(), f"{drift.isoformat()}: inputs have drifted by then, if they do so every "
                                     f"{months(stated.retrain_every_months)} as stated."))
    spreads = {i.name: i.spread for i in stated_inputs()}  # a choice does not move by itself
    moved = [f"When {f.title[:1].lower()}{f.title[1:]} is {f.direction} {shown(f.unit, f.at)}; now "
             f"{f.today}." for f in flips if f.measured or spreads.get(f.name, 1.0) > 1][:4]
    open_rows = [f"When this is done: {row.remedy} ({row.condition})" for row in decision.rows
                 if row.status == "undecidable" and row.remedy]
    return [text for _, text in sorted(dated)] + moved + open_rows


def _assumptions(stated: Assumptions) -> Block:
    rows = []
    for i in stated_inputs():
        value = getattr(stated, i.name)
        said = value if isinstance(value, str) else shown(i.unit, value)
        usual = i.default if isinstance(i.default, str) else shown(i.unit, i.default)
        default = "default" if value == i.default else f"stated; default {usual or 'none'}"
        spread = f"× or ÷ {i.spread:g}" if i.spread > 1 else "a choice" if i.group == "thresholds" else "as stated"
        rows.append((i.title, said or "–", default, spread, i.why))
    return Block("table", head=("input", "value", "", "plausible range", "why the default is what it is"), rows=rows)


def _as_of(prices: Mapping[str, Price]) -> str:
    days = sorted({price.as_of for price in prices.values() if price.as_of})
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "no date"

