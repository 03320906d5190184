"""What panels show of prompts: messages, size and cost, what came of a try or of a search, and two side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from promptceiling.decision.words import difference, figure, rough, usd
from promptceiling.panels.markup import EMPTY, facts, join, notice, table, verbatim
from promptceiling.prompts import PromptVariant, Rendered
from promptceiling.runs import Price
from promptceiling.search import CaseChange, SearchResult, VariantDiff

SIGNS = {"same": " ", "gone": "−", "new": "+"}
_SHOWN = 8  # cases of each fate that are listed
_KEEP = 2  # unchanged lines that are shown around a change
_FATES = {"best": "the best", "finalist": "asked in full", "beaten": "can no longer win", "failed": "too many failures",
          "unfinished": "the search ended before its next look",
          "budget": "not followed further: the budget held no more"}


@dataclass(frozen=True, slots=True)
class Size:
    """What a variant weighs. tokens: of the chosen case's request, estimated; measured: mean input tokens of its stored
    answers, None without one; calls, tokens_in, usd: of a full run on the validation split; sampled: cases they rest
    on."""

    tokens: float
    measured: float | None
    calls: int
    tokens_in: float
    usd: float | None
    price: Price | None
    sampled: int
    model: str


def about(variant: PromptVariant, shots: int, rendered: Rendered, size: Size) -> Markup:
    """The variant in short: where it comes from, its shots, its size, and what a full run costs at dated prices."""
    chosen = f"{shots} of {variant.shots}, {variant.selection}, {variant.order.replace('_', ' ')}"
    tokens = f"about {size.tokens:,.0f} tokens (estimate: four bytes a token, without a tokenizer)"
    if size.measured is not None:
        tokens += f"; {size.measured:,.0f} on average as the endpoint counted"
    cost = money(size.usd, size.price, size.model)
    return facts([
        ("Made from", f"{variant.parent}, another {variant.kind}" if variant.parent else "nothing: the first"),
        ("Shots", f"{chosen}, in the {'system text' if variant.placement == 'system' else 'chat turns'}"
         if variant.shots else "none"),
        ("This request", f"{len(rendered.messages)} messages, {tokens}"),
        ("A full run", f"{size.calls:,} calls, about {rough(size.tokens_in)} input tokens"
         + (f", from {size.sampled} cases" if size.sampled < size.calls else "") + f": {cost}"),
        ("Fingerprint", Markup("<code>{}</code>").format(variant.fingerprint)),
    ])


def money(amount: float | None, price: Price | None, model: str) -> str:
    """What something costs, with the source and the date of the price."""
    if amount is None or price is None:
        return f"no price is known for {model}; add it to data/prices.csv"
    dated = price.source + (f", {price.as_of}" if price.as_of else "")
    return f"about {usd(amount)} ({dated})" if amount else f"nothing ({dated})"


def messages(rendered: Rendered) -> Markup:
    """Exactly what is sent for a case, message by message, and what is asked for."""
    asked = rendered.questions or rendered.response_format
    roles = [m["role"] for m in rendered.messages]
    first = ["examples" if rendered.questions else "instructions"] if roles[0] == "system" else []
    parts = [*first, *(f"shot {k // 2 + 1}" for k in range(len(roles) - len(first) - 1)), "the case"]
    return Markup("<h3>Messages</h3>") + join(
        Markup('<section aria-label="{}, {}"><div class="pc-label">{} · {}</div>{}</section>').format(
            m["role"], part, m["role"], part, verbatim(m["content"]))
        for part, m in zip(parts, rendered.messages, strict=True)
    ) + Markup('<details class="pc-row"><summary>{}</summary><div>{}</div></details>').format(
        "Questions" if rendered.questions else "Response format",
        verbatim(json.dumps(asked, indent=2, ensure_ascii=False)) if asked
        else Markup("<p>None is sent: the answer is read as a bare label.</p>"))


def tried(rows: Sequence[tuple[str, str, str, str | None, str, str]]) -> Markup:
    """What came of a try: (case, text, expected, predicted, outcome, raw answer)."""
    right = sum(expected == predicted for _, _, expected, predicted, _, _ in rows)
    shown = [(case, text, expected, predicted or outcome, "right" if predicted == expected else "wrong")
             for case, text, expected, predicted, outcome, _ in rows]
    head = [(title, False) for title in ("case", "text", "expected", "answer", "")]
    raw = join(Markup('<div class="pc-label">{}</div>{}').format(case, verbatim(answer))
               for case, _, _, _, _, answer in rows)
    return Markup("<h3>What came back</h3><p>{} of {} right: too few cases for a score, enough to see the format."
                  "</p>").format(right, len(rows)) + table(head, shown, "Answers to the cases tried") + Markup(
        '<details class="pc-row"><summary>The answers as they came</summary><div>{}</div></details>').format(raw)



def diff(found: VariantDiff) -> Markup:
    """Two variants: what was changed, and what that did."""
    settings = table([("setting", False), (found.before.name, False), (found.after.name, False)], found.settings,
                     "Settings that differ") if found.settings else EMPTY
    shots = EMPTY if math.isnan(found.same_shots) else Markup("<p>{:.0%} of the cases get the same shots in the same "
                                                              "order{}.</p>").format(
        found.same_shots, "" if math.isnan(found.shots_kept) else
        f"; of the first variant's shots the second shows {found.shots_kept:.0%}")
    return (Markup("<h3>What was changed</h3>") + settings + shots + _lines(found)
            + Markup("<h3>What it did</h3>") + _did(found))


def _lines(found: VariantDiff) -> Markup:
    changed = [k for k, (sign, _) in enumerate(found.lines) if sign != "same"]
    if not changed:
        return Markup("<p>Nothing in the text that is sent, but for shots and case.</p>")
    near = {k + step for k in changed for step in range(-_KEEP, _KEEP + 1)}
    rows, skipped = [], False
    for k, (sign, line) in enumerate(found.lines):
        if k in near:
            rows.append(Markup('<span class="pc-line-{}">{} {}</span>\n').format(sign, SIGNS[sign], line))
        elif not skipped:
            rows.append(Markup('<span class="pc-soft">…</span>\n'))
        skipped = k not in near
    return Markup('<pre class="pc-diff" aria-label="Lines that went (−) and came (+)">{}</pre>').format(join(rows))


def _did(found: VariantDiff) -> Markup:
    scored = found.scored
    if scored is None:
        return Markup("<p>Not measured: the workspace does not hold answers of both on the same cases. Run both.</p>")
    comparison = scored.comparison
    rows = [(c.label, str(c.support), figure(c.f1_before), figure(c.f1_after), str(c.fixed), str(c.broken),
             difference(c.recall_change)) for c in scored.classes]
    head = [("label", False), ("cases", True), ("F1 before", True), ("F1 after", True), ("fixed", True),
            ("broken", True), ("change of recall", True)]
    return facts([
        ("Weighted F1", f"{difference(comparison.delta_f1_weighted)} (n {comparison.n})"),
        ("Fixed", f"{scored.count('fixed')} cases"), ("Broken", f"{scored.count('broken')} cases"),
        ("Still wrong", f"{scored.count('still wrong')} cases"), ("Right in both", f"{scored.both_right} cases"),
    ]) + Markup("<h3>Per class</h3>") + table(head, rows, "F1 of each class before and after") + join(
        _cases(fate, [c for c in scored.cases if c.fate == fate]) for fate in ("fixed", "broken", "still wrong"))


def _cases(fate: str, cases: Sequence[CaseChange]) -> Markup:
    if not cases:
        return EMPTY
    rows = [(c.id, c.text, c.expected, c.before or "no label", c.after or "no label") for c in cases[:_SHOWN]]
    head = [("case", False), ("text", False), ("expected", False), ("before", False), ("after", False)]
    more = f", the first {_SHOWN}" if len(cases) > _SHOWN else ""
    return Markup('<details class="pc-row"><summary>{}: {} cases{}</summary><div>{}</div></details>').format(
        fate.capitalize(), len(cases), more, table(head, rows, f"Cases: {fate}"))


def search(found: SearchResult) -> Markup:
    """What a search found: the sentence, the figures, and what became of every variant."""
    rows = [(t.variant.name, figure(t.f1_weighted), str(t.f1_weighted.n),
             _FATES[t.fate] + (f": {t.by}" if t.by else ""), f"{t.look} of {len(found.looks)}") for t in found.tried]
    head = [("variant", False), ("weighted F1", True), ("cases", True), ("what became of it", False), ("look", True)]
    ended = {"done": "", "cancelled": "Stopped by hand; run it again to go on. ",
             "incomplete": "Some calls failed; run it again to ask for them. "}
    said = ended.get(found.state, f"Ended early ({found.state}). {found.problem or ''} ") + found.sentence
    return notice(said, "status" if found.state == "done" else "alert") + table(
        head, rows, "Every variant of the search") + Markup(
        '<p class="pc-small pc-soft">A variant "can no longer win" where a rival is ahead by more than chance: the '
        "truly best one is dropped so with at most {:.0%} chance. The figures in the table are as picked, not "
        "corrected. What to expect on new cases rests on other cases than these, so it can be the higher one."
        "</p>").format(found.alpha)
