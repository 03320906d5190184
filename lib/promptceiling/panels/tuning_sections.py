"""The alternatives to a prompt, as HTML; every figure with interval and n."""

from __future__ import annotations

from markupsafe import Markup

from promptceiling.decision import Alternative, Assumptions, Evidence, cost_of
from promptceiling.decision.alternatives import broken_said
from promptceiling.decision.conditions import worth
from promptceiling.decision.words import difference, dollars, figure, milliseconds
from promptceiling.panels.markup import EMPTY, join, table
from promptceiling.runs import Price
from promptceiling.scores import Interval


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
        _latency(best.p95_ms, "p95"), dollars(cost.per_1000) if cost else "not known")]
    for a in evidence.alternatives:
        delta = a.delta
        own = cost_of(a.tokens, a.model, assumptions, prices, embedded=evidence.embedded,
                      tuned=a.kind == "fine-tune") if a.tokens else None
        rows.append((a.name, figure(a.f1_weighted), f"{a.split}, n {a.comparison.n}",
                     difference(delta), worth(a, assumptions),
                     _latencies(a),
                     "none" if a.kind == "local" else dollars(own.per_1000) if own
                     else "by the hour, see the bill" if a.kind == "fine-tune" and a.tokens else "not known"))
    head = [("option", False), ("weighted F1", True), ("cases", True), ("against the prompt", True),
            (f"worth it at {100 * assumptions.margin_low:g}–{100 * assumptions.margin_high:g} pp?", False),
            ("latency", True), ("calls, USD per 1,000", True)]
    stand_in = (f" The embedded model costs nothing; its tokens are priced as {cost.price.model} ({cost.price.as_of})."
                if cost and cost.stand_in and evidence.embedded else "")
    return Markup('<h2>The alternatives</h2>{}<p class="pc-small pc-soft">Differences are paired: the same cases on '
                  "both sides. Latency was taken one call at a time on the machine that ran it.{}</p>").format(
        table(head, rows, "The best prompt and its alternatives"), stand_in)


def worth_section(evidence: Evidence, assumptions: Assumptions) -> Markup:
    """Whether each alternative is worth it, in a sentence that cites its numbers."""
    if not evidence.alternatives:
        return Markup("<p>No alternative has been scored on the same cases as the prompt.</p>")
    low, high = f"{100 * assumptions.margin_low:g}", f"{100 * assumptions.margin_high:g}"
    why = {
        "worth it": f"its whole interval lies above {high} pp",
        "not worth it": f"its whole interval lies under {low} pp",
        "borderline": f"its whole interval lies between {low} and {high} pp",
        "undecidable": f"its interval does not settle it against {low}–{high} pp",
    }
    said = []
    for a in evidence.alternatives:
        delta, found = a.delta, worth(a, assumptions)
        apart = a.comparison.withheld or "The two sides failed on different shares of cases."
        again = "" if evidence.earlier.trained.get(a.model) else " Run again until both are complete"
        reason = why[found] if a.comparable else f"no verdict. {apart}{again}".removesuffix(".")
        said.append(Markup("<p><strong>{}: {}</strong>. {} of weighted F1 against the prompt on the same {} "
                           "{} cases: {}{}</p>").format(
            a.name[:1].upper() + a.name[1:], found, difference(delta), delta.n,
            a.split, reason, f". {broken_said(a)}" if a.per_class else "."))
    return join(said)


def _latencies(a: Alternative) -> str | Markup:
    if a.p50_ms is None or a.p95_ms is None:
        return "not measured"
    return Markup("p50 {}<br>{}").format(milliseconds(a.p50_ms), _latency(a.p95_ms, "p95"))


def _latency(percentile: Interval | None, name: str) -> str:
    return f"{name} {milliseconds(percentile)}, n {percentile.n}" if percentile and percentile.n else "not measured"
