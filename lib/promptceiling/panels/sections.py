"""The verdict, the table and what they rest on, as HTML: pure functions; every figure with interval and n."""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup

from promptceiling.decision import Decision, Evidence, ModelEnds
from promptceiling.decision.words import difference, dollars, figure, milliseconds, months
from promptceiling.panels.markup import EMPTY, facts, join, table, unbroken
from promptceiling.runs.prices import Price
from promptceiling.scores import Interval

SIGN = {"met": "✓ ", "not met": "– ", "undecidable": "? ", "not measured": "○ "}
EMBEDDED = Markup(
    '<p class="pc-notice" role="note">These scores are the <strong>embedded model\'s</strong>, not an LLM\'s: a small '
    "in-context learner that works without a key. Point the workbook at your endpoint for figures that count.</p>")


def masthead(evidence: Evidence, published_at: str) -> Markup:
    """What this page is about, and whose scores they are."""
    return Markup('<header><div class="pc-masthead"><strong>Prompt Ceiling</strong><span>{}</span>'
                  '<span class="pc-soft">published {} · {} labeled cases in {} classes</span></div>{}</header>').format(
        evidence.name, published_at[:10], f"{evidence.labels:,}", len(evidence.classes), embedded_notice(evidence))


def embedded_notice(evidence: Evidence) -> Markup:
    """Whose scores these are, where they are not an LLM's."""
    return EMBEDDED if evidence.embedded else EMPTY


def unchanged_card(decision: Decision) -> Markup:
    """The answer to settings that leave the verdict as it was."""
    return Markup('<section class="pc-card" aria-label="With these settings"><div class="pc-label">With these settings'
                  "</div><p>The verdict stays: <strong>{}</strong></p></section>").format(decision.sentence)


def verdict_card(decision: Decision, *, label: str = "Verdict", about_it: Iterable[tuple[str, str | Markup]] = ()
                 ) -> Markup:
    """The recommendation, why, what to do next and the strength of the case; `about_it` follows the reason."""
    carrying = join(
        Markup("<li>{} {}</li>").format("✓" if holds else "✗", name) for name, holds in decision.carrying)
    about: list[tuple[str, str | Markup]] = [("Why", decision.because), *about_it, ("Next", decision.next)]
    if decision.conflict:
        about.append(("But", decision.conflict))
    about.append((f"Case for a fine-tune: {decision.strength} of 3 conditions hold",
                  Markup('<ul class="pc-ticks">{}</ul>').format(carrying)))
    card = Markup('<section class="pc-card" aria-label="{}"><div class="pc-label">{}</div><h1>{}</h1>{}</section>')
    return card.format(label, label, decision.sentence, facts(about))


def table_section(decision: Decision) -> Markup:
    """The decision table; each row opens to its reason, remedy and recommendation."""
    rows = []
    for row in decision.rows:
        number = _number(row.id, row.interval)
        rows.append(Markup(
            '<details class="pc-row"><summary><span class="pc-chip pc-{}">{}{}</span><span>{}</span>'
            '<span class="pc-num pc-soft">{}</span></summary><div><p>{}</p>{}<p class="pc-soft">If met: {}</p></div>'
            "</details>"
        ).format(row.status.replace(" ", "-"), SIGN[row.status], row.status, row.condition, number,
                 unbroken(row.reason), Markup("<p><strong>{}</strong></p>").format(row.remedy) if row.remedy else EMPTY,
                 row.recommendation))
    return Markup('<h2>The table</h2><p class="pc-soft">A row is met, or not met, only where its whole 95% interval '
                  "lies on one side of the threshold. Open a row for its evidence.</p>{}").format(join(rows))


def changes(before: Decision, now: Decision, before_is: str) -> Markup:
    """The rows that the settings answer differently from before; `before_is` says what that was, e.g. "published"."""
    moved = [(a, b) for a, b in zip(before.rows, now.rows, strict=True) if a.status != b.status]
    if not moved:
        return Markup('<p class="pc-small pc-soft">Every row of the table is answered as {}.</p>').format(before_is)
    return Markup('<ul class="pc-small">{}</ul>').format(join(
        Markup("<li>{}: <strong>{}</strong> instead of {}. {}</li>").format(b.condition, b.status, a.status, b.reason)
        for a, b in moved))


def rests_on_section(
    evidence: Evidence, prices: dict[str, Price], published_at: str, ends: ModelEnds | None = None,
) -> Markup:
    """Hashes, the ledger of the sealed split, dates of facts, and how to check it all."""
    opened = [(o.opened_at[:16].replace("T", " "), o.variant, o.model) for o in evidence.openings]
    head = [("opened (UTC)", False), ("variant", False), ("model", False)]
    ledger = (table(head, opened, "Openings of the test split") if opened
              else Markup("<p>The test split has not been opened.</p>"))
    splits = ", ".join(f"{name} {count}" for name, count in sorted(evidence.splits.items()))
    known = [
        ("Labeled set", f"{evidence.name}, {evidence.labels:,} cases ({splits})"),
        ("Content hash", Markup("<code>{}</code>").format(evidence.content_hash[:16])),
        ("Published", published_at[:16].replace("T", " ") + " UTC"),
        ("Ends of models as of", (ends.as_of if ends else "") or "not known"),
        ("Prices as of", ", ".join(sorted({p.as_of for p in prices.values()}))),
    ]
    if evidence.second_reading is not None:
        second = evidence.second_reading
        known.append(("Second reading agrees", f"{figure(second)} of {second.n} cases"))
    return Markup("<h2>What this rests on</h2>{}<h3>Openings of the sealed test split</h3>{}<p>Anyone with the "
                  "published file can recompute every number: <code>promptceiling verify FILE</code>, and write it all "
                  "as a memo: <code>promptceiling decide --store FILE --memo memo.html</code></p>").format(
        facts(known), ledger)


def _paid_back(interval: Interval) -> str:
    if math.isinf(interval.value) and math.isinf(interval.low):
        return "never"
    return f"{months(interval.value)} [{months(interval.low)}, {months(interval.high)}]"


def checklist_section(decision: Decision) -> Markup:
    """What should have been done before a fine-tune is considered, ticked by evidence."""
    items = join(Markup('<li>{} <strong>{}</strong> <span class="pc-soft">{}</span></li>').format(
        "✓" if item.done else "✗", item.name, unbroken(item.because)) for item in decision.checklist)
    return Markup('<h3>Before a fine-tune is considered</h3><ul class="pc-ticks">{}</ul>').format(items)


def _number(row_id: str, interval: Interval | None) -> str:
    if interval is None:
        return "no figure"
    if row_id in ("no_evals", "few_labels"):
        return f"n {interval.n:,}"
    shown = {"f1": figure, "latency": milliseconds, "cost": dollars, "payback": _paid_back}.get(row_id)
    text = shown(interval) if shown else difference(interval)
    return f"{text} · n {interval.n:,}"
