"""The parts of the story as HTML, each a pure function of evidence and decision; every figure with interval and n."""

from __future__ import annotations

from markupsafe import Markup

from promptceiling.decision import Assumptions, Decision, Evidence, cost_of
from promptceiling.decision.words import dollars, figure, milliseconds, points
from promptceiling.panels.charts import interval_chart, plateau_chart
from promptceiling.panels.markup import EMPTY, facts, join, table
from promptceiling.runs.prices import Price
from promptceiling.scores import Interval

_SIGN = {"met": "✓ ", "not met": "– ", "undecidable": "? ", "not measured": "○ "}


def masthead(evidence: Evidence, published_at: str) -> Markup:
    """What this page is about, and whose scores they are."""
    notice = Markup(
        '<p class="pc-notice" role="note">These scores are the <strong>embedded model\'s</strong>, not an LLM\'s: a small '
        "in-context learner that works without a key. Point the workbook at your endpoint for figures that count.</p>"
    ) if evidence.embedded else EMPTY
    return Markup('<header><div class="pc-masthead"><strong>Prompt Ceiling</strong><span>{}</span>'
                  '<span class="pc-soft">published {} · {} labeled cases in {} classes</span></div>{}</header>').format(
        evidence.name, published_at[:10], f"{evidence.labels:,}", len(evidence.classes), notice)


def unchanged_card(decision: Decision) -> Markup:
    """The answer to settings that leave the verdict as it was published."""
    return Markup('<section class="pc-card" aria-label="With these settings"><div class="pc-label">With these settings</div>'
                  "<p>The verdict stays: <strong>{}</strong></p></section>").format(decision.sentence)


def verdict_card(decision: Decision, *, label: str = "Verdict") -> Markup:
    """The recommendation, how sure it is, what it rests on and what to do next."""
    carrying = join(
        Markup("<li>{} {}</li>").format("✓" if holds else "✗", name) for name, holds in decision.carrying)
    about: list[tuple[str, str | Markup]] = [("Why", decision.because), ("Next", decision.next)]
    if decision.conflict:
        about.append(("But", decision.conflict))
    about.append((f"Case for a fine-tune: {decision.strength} of 3 conditions hold",
                  Markup('<ul class="pc-ticks">{}</ul>').format(carrying)))
    return Markup('<section class="pc-card" aria-label="{}"><div class="pc-label">{}</div><h1>{}</h1>{}</section>').format(
        label, label, decision.sentence, facts(about))


def table_section(decision: Decision) -> Markup:
    """The decision table; each row opens to its reason, remedy and recommendation."""
    rows = []
    for row in decision.rows:
        number = _number(row.id, row.interval)
        rows.append(Markup(
            '<details class="pc-row"><summary><span class="pc-chip pc-{}">{}{}</span><span>{}</span>'
            '<span class="pc-num pc-soft">{}</span></summary><div><p>{}</p>{}<p class="pc-soft">If met: {}</p></div></details>'
        ).format(row.status.replace(" ", "-"), _SIGN[row.status], row.status, row.condition, number, row.reason,
                 Markup("<p><strong>{}</strong></p>").format(row.remedy) if row.remedy else EMPTY, row.recommendation))
    return Markup('<h2>The table</h2><p class="pc-soft">A row is met, or not met, only where its whole 95% interval lies on '
                  "one side of the threshold. Open a row for its evidence.</p>{}").format(join(rows))


def leaderboard_section(evidence: Evidence, assumptions: Assumptions) -> Markup:
    """How far prompts got: chart and table of every scored variant, and the plateau."""
    if not evidence.prompts:
        return Markup("<h2>How far prompts got</h2><p>No prompt has been scored.</p>")
    best, n = evidence.prompts[0], evidence.prompts[0].score.scored
    chart = interval_chart(
        [p.name for p in evidence.prompts], [p.score.f1_weighted for p in evidence.prompts],
        threshold=assumptions.f1_ship,
        described=f"Weighted F1 of {len(evidence.prompts)} prompt variants on {n} validation cases, with 95% intervals; "
                  f"best: {best.name}, {figure(best.score.f1_weighted)}.")
    rows: list[tuple[str, ...]] = [
        (p.name, figure(p.score.f1_weighted), figure(p.score.f1_macro), figure(p.score.accuracy),
         f"{p.score.scored} of {p.score.n}", _standing(p.tied, p.delta_to_best) if p is not best else "best",
         f"{p.best_share or 0:.0%}")
        for p in evidence.prompts]
    head = [("variant", False), ("weighted F1", True), ("macro F1", True), ("accuracy", True), ("scored", True),
            ("against the best", False), ("best in", True)]
    said = [f"Always answering {best.score.constant_label!r} would score {best.score.constant_f1:.2f} (n {n})."]
    corrected = evidence.selection_corrected
    if corrected is not None:
        said.append(f"The best of {len(evidence.prompts)} looks better than it is: corrected for having picked it, "
                    f"{figure(corrected)} (n {corrected.n}).")
    if evidence.test_f1 is not None:
        said.append(f"On the sealed test split it scored {figure(evidence.test_f1)} (n {evidence.test_f1.n}).")
    return Markup("<h2>How far prompts got</h2>{}{}<p class=\"pc-small pc-soft\">{}</p>{}").format(
        chart, table(head, rows, "Prompt variants by weighted F1, with 95% intervals"), " ".join(said),
        _plateau(evidence, assumptions))


def alternatives_section(
    evidence: Evidence, assumptions: Assumptions, prices: dict[str, Price]
) -> Markup:
    """The prompt beside the local classifier and the fine-tune: difference, latency, cost."""
    best = evidence.best
    if best is None:
        return EMPTY
    cost = cost_of(best.tokens, best.model, assumptions, prices, embedded=evidence.embedded)
    rows: list[tuple[str | Markup, ...]] = [(
        f"best prompt: {best.name}", figure(evidence.test_f1 or best.score.f1_weighted),
        f"{'test' if evidence.test_f1 else 'validation'}, n {(evidence.test_f1 or best.score.f1_weighted).n}", "–", "–",
        _latency(best.p95_ms), dollars(cost.per_1000) if cost else "not known")]
    for a in evidence.alternatives:
        delta = a.comparison.delta_f1_weighted
        own = cost_of(a.tokens, a.model, assumptions, prices, embedded=evidence.embedded) if a.tokens else None
        rows.append((a.name, figure(a.f1_weighted), f"{a.split}, n {a.comparison.n}",
                     f"{points(delta.value)} [{points(delta.low)}, {points(delta.high)}]", a.comparison.worth,
                     _latency(a.p95_ms), "none" if a.kind == "local" else dollars(own.per_1000) if own else "not known"))
    head = [("option", False), ("weighted F1", True), ("cases", True), ("against the prompt", True),
            (f"worth it at {100 * assumptions.margin_low:g}–{100 * assumptions.margin_high:g} pp?", False),
            ("p95 latency", True), ("USD per 1,000", True)]
    stand_in = (f" The embedded model costs nothing; its tokens are priced as {cost.price.model} ({cost.price.as_of})."
                if cost and cost.stand_in and evidence.embedded else "")
    return Markup('<h2>The alternatives</h2>{}<p class="pc-small pc-soft">Differences are paired: the same cases on both '
                  "sides. Latency was taken one call at a time on the machine that ran it.{}</p>").format(
        table(head, rows, "The best prompt and its alternatives"), stand_in)


def confusion_section(evidence: Evidence) -> Markup:
    """Where the best prompt is wrong: the most confused pairs, and the whole matrix."""
    if evidence.best is None or not evidence.confusion:
        return EMPTY
    names = evidence.label_names
    wrong = sorted(
        ((count, i, j) for i, row in enumerate(evidence.confusion) for j, count in enumerate(row) if i != j and count),
        reverse=True)
    of = [sum(row) for row in evidence.confusion]
    called = [*names, "no label"]
    pairs = [(names[i], called[j], f"{count} of {of[i]}") for count, i, j in wrong[:5]]
    head = [("expected", False), ("answered", False), ("cases", True)]
    top = max((max(row) for row in evidence.confusion), default=1) or 1
    used = [*range(len(names)), *([len(names)] if any(row[-1] for row in evidence.confusion) else [])]
    header = join(Markup('<th scope="col"><span>{}</span></th>').format(called[j]) for j in used)
    body = join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(names[i], join(
            Markup('<td{} style="background: color-mix(in srgb, var(--pc-accent) {}%, transparent)">{}</td>').format(
                Markup(' class="pc-right"') if i == j else EMPTY, round(60 * row[j] / top), row[j] or "")
            for j in used))
        for i, row in enumerate(evidence.confusion))
    n = sum(of)
    return Markup(
        "<h2>Where it is wrong</h2><p>{} of {} validation cases of the best prompt, {}, are wrong. The most confused pairs:"
        '</p>{}<details class="pc-row"><summary><span></span><span>The whole matrix</span><span></span></summary>'
        '<p class="pc-small pc-soft">Rows: expected. Columns: answered. Framed: right.</p>'
        '<div class="pc-scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="pc-confusion">'
        '<thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table></div></details>'
    ).format(sum(c for c, *_ in wrong), n, evidence.best.name, table(head, pairs, "Most confused pairs"), header, body)


def changes(before: Decision, now: Decision) -> Markup:
    """The rows that the settings answer differently from what was published."""
    moved = [(a, b) for a, b in zip(before.rows, now.rows, strict=True) if a.status != b.status]
    if not moved:
        return Markup('<p class="pc-small pc-soft">Every row of the table is answered as published.</p>')
    return Markup('<ul class="pc-small">{}</ul>').format(join(
        Markup("<li>{}: <strong>{}</strong> instead of {}. {}</li>").format(b.condition, b.status, a.status, b.reason)
        for a, b in moved))


def rests_on_section(evidence: Evidence, prices: dict[str, Price], published_at: str) -> Markup:
    """Hashes, the ledger of the sealed split, dates of facts, and how to check it all."""
    opened = [(o.opened_at[:16].replace("T", " "), o.variant, o.model) for o in evidence.openings]
    ledger = (table([("opened (UTC)", False), ("variant", False), ("model", False)], opened, "Openings of the test split")
              if opened else Markup("<p>The test split has not been opened.</p>"))
    splits = ", ".join(f"{name} {count}" for name, count in sorted(evidence.splits.items()))
    known = [
        ("Labeled set", f"{evidence.name}, {evidence.labels:,} cases ({splits})"),
        ("Content hash", Markup("<code>{}</code>").format(evidence.content_hash[:16])),
        ("Published", published_at[:16].replace("T", " ") + " UTC"),
        ("Prices as of", ", ".join(sorted({p.as_of for p in prices.values()}))),
    ]
    if evidence.second_reading is not None:
        known.append(("Second reading agrees", f"{figure(evidence.second_reading)} of {evidence.second_reading.n} cases"))
    return Markup("<h2>What this rests on</h2>{}<h3>Openings of the sealed test split</h3>{}<p>Anyone with the published "
                  "file can recompute every number: <code>promptceiling verify FILE</code></p>").format(
        facts(known), ledger)


def _plateau(evidence: Evidence, assumptions: Assumptions) -> Markup:
    plateau = evidence.plateau
    if plateau is None or len(plateau.best_so_far) < 2:
        return EMPTY
    n = plateau.gain.n if plateau.gain else evidence.prompts[0].score.scored
    gain = (f" The last three iterations gained {points(plateau.gain.value)}, at most {points(plateau.gain.high)}."
            if plateau.gain else "")
    chart = plateau_chart(
        plateau, threshold=assumptions.f1_ship,
        described=f"Best weighted F1 so far over {len(plateau.iterations)} iterations on {n} validation cases, from "
                  f"{plateau.best_so_far[0]:.2f} to {plateau.best_so_far[-1]:.2f}.{gain}")
    return Markup("<h3>The plateau: {}</h3>{}").format(plateau.state, chart)


def _standing(tied: bool | None, delta: Interval | None) -> str:
    if delta is None or (delta.value == delta.low == delta.high == 0):
        return "the same answers"
    said = f"{points(delta.value)} [{points(delta.low)}, {points(delta.high)}]"
    return f"not distinguishable ({said})" if tied else said


def _latency(p95: Interval | None) -> str:
    return f"{milliseconds(p95)}, n {p95.n}" if p95 else "not measured"


def _number(row_id: str, interval: Interval | None) -> str:
    if interval is None:
        return "no figure"
    if row_id in ("no_evals", "few_labels"):
        return f"n {interval.n:,}"
    shown = {"f1": figure, "latency": milliseconds, "cost": dollars}.get(row_id)
    text = shown(interval) if shown else f"{points(interval.value)} [{points(interval.low)}, {points(interval.high)}]"
    return f"{text} · n {interval.n:,}"
