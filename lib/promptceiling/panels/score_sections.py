"""How far prompts got and where they are wrong, as HTML; every figure with interval and n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from promptceiling.decision import Assumptions, Evidence, Scored
from promptceiling.decision.words import difference, figure, points
from promptceiling.panels.charts import interval_chart, plateau_chart
from promptceiling.panels.markup import EMPTY, join, table, unbroken
from promptceiling.panels.score_charts import class_chart, latency_chart
from promptceiling.scores import Plateau, Score, Slice
from promptceiling.scores.resample import DRAWS

BEST_IN = f"best in, of {DRAWS:,} resamples"
_WHY_NOT = {"good enough": "since the best is at or above the threshold", "one kind only": "one kind of change only"}
FIRST = 8  # rows that are shown of a long list; the others open


def leaderboard_chart(evidence: Evidence, assumptions: Assumptions) -> Markup:
    """Every scored variant with its interval, and the threshold; there must be one."""
    best, ranked = evidence.prompts[0], sum(p.delta_to_best is not None for p in evidence.prompts)
    others = len(evidence.prompts) - ranked
    apart = f", and below them of {others} without a rank" if others else ""
    return interval_chart(
        names_of(evidence.prompts), [p.score.f1_weighted for p in evidence.prompts],
        threshold=assumptions.f1_ship,
        described=f"Weighted F1 of {ranked} prompt variants on {best.score.scored} validation cases{apart}, with 95% "
                  f"intervals; best: {best.name}, {figure(best.score.f1_weighted)}.")


def leaderboard_section(evidence: Evidence, assumptions: Assumptions) -> Markup:
    """How far prompts got: chart and table of every scored variant, and the plateau."""
    if not evidence.prompts:
        return Markup("<h2>How far prompts got</h2><p>No prompt has been scored.</p>")
    best, n = evidence.prompts[0], evidence.prompts[0].score.scored
    rows: list[tuple[str, ...]] = [
        (name, figure(p.score.f1_weighted), figure(p.score.f1_macro), figure(p.score.accuracy),
         f"{p.score.scored} of {p.score.n}", _standing(p) if p is not best else "best",
         "–" if p.best_share is None else f"{p.best_share:.0%}")
        for name, p in zip(names_of(evidence.prompts), evidence.prompts, strict=True)]
    head = [("variant", False), ("weighted F1", True), ("macro F1", True), ("accuracy", True), ("scored", True),
            ("against the best", False), (BEST_IN, True)]
    said = [f"Always answering {best.score.constant_label!r} would score {figure(best.score.constant)} "
            f"(n {n})."]
    corrected = evidence.selection_corrected
    if corrected is not None:
        said.append(f"The best of {len(evidence.prompts)} looks better than it is: corrected for having picked it, "
                    f"{figure(corrected)} (n {corrected.n}).")
    if evidence.test_f1 is not None:
        said.append(f"On the sealed test split it scored {figure(evidence.test_f1)} (n {evidence.test_f1.n}).")
    return Markup("<h2>How far prompts got</h2>{}{}<p class=\"pc-small pc-soft\">{}</p>{}").format(
        leaderboard_chart(evidence, assumptions),
        table(head, rows, "Prompt variants by weighted F1, with 95% intervals"), unbroken(" ".join(said)),
        plateau_section(evidence.plateau, assumptions.f1_ship)
        if evidence.plateau is not None and len(evidence.plateau.best_so_far) > 1 else EMPTY)


def latency_section(seconds: Mapping[str, Sequence[float]]) -> Markup:
    """How long answers of the timed variants take; what to do where none was timed."""
    if not seconds:
        return Markup('<h3>How long answers take</h3><p class="pc-soft">Not measured: `measure_latency` times one call '
                      "after another, apart from the run.</p>")
    return Markup("<h3>How long answers take</h3>{}").format(latency_chart(seconds))


def confusion_section(evidence: Evidence) -> Markup:
    """Where the best prompt is wrong: the most confused pairs, and the whole matrix."""
    if evidence.best is None or not evidence.confusion:
        return EMPTY
    names = evidence.label_names
    wrong = sorted(
        ((count, i, j) for i, row in enumerate(evidence.confusion) for j, count in enumerate(row) if i != j and count),
        reverse=True)
    of = [sum(row) for row in evidence.confusion]
    counts = {(i, j): count for i, row in enumerate(evidence.confusion) for j, count in enumerate(row)}
    called = [*names, "no label"]
    pairs = [(names[i], called[j], f"{count} of {of[i]}") for count, i, j in wrong[:5]]
    head = [("expected", False), ("answered", False), ("cases", True)]
    n, missed = sum(of), evidence.missed_by_all
    said = EMPTY if missed is None else Markup(
        "<p>Every prompt misses {} of {} cases, a share of {}: these are often label errors, to be read "
        "first.</p>").format(round(missed.value * missed.n), missed.n, figure(missed))
    return Markup(
        "<h2>Where it is wrong</h2><p>{} of {} validation cases of the best prompt, {}, are wrong. The most confused "
        'pairs:</p>{}<details class="pc-row"><summary><span></span><span>The whole matrix</span><span></span></summary>'
        '<p class="pc-small pc-soft">Rows: expected. Columns: answered. Framed: right.</p>{}</details>'
    ).format(sum(c for c, *_ in wrong), n, evidence.best.name, table(head, pairs, "Most confused pairs"),
             confusion_table(called, range(len(names)), counts)) + said + slices_section(evidence.slices)


def slices_section(slices: Sequence[Slice]) -> Markup:
    """Accuracy by slices, the marked and worst first; nothing where there are none."""
    if not slices:
        return EMPTY
    marked = any(s.flagged for s in slices)
    rows = [(f"{s.column}: {s.value or 'none'}", figure(s.accuracy), str(s.accuracy.n),
             f"{figure(s.rest)} of {s.rest.n}", f"{s.p_screening:.2g}",
             *(["read these" if s.flagged else "–"] if marked else [])) for s in slices]
    head = [("slice", False), ("accuracy", True), ("cases", True), ("the others", True), ("p, corrected", True),
            *([("marked", False)] if marked else [])]
    return Markup(
        "<h3>Slices</h3><p class=\"pc-small pc-soft\">{} slices were looked at; p-values are Benjamini-Hochberg's over "
        "all of them. A marked one is worth reading, not proven. Languages are a rough count.</p>{}").format(
            len(rows), opening_table(head, rows, "Accuracy by slice, with 95% intervals"))


def opening_table(head: Sequence[tuple[str, bool]], rows: Sequence[tuple[str, ...]], caption: str) -> Markup:
    """A table of the first rows, and one of the others that opens; nothing where there is no row."""
    if len(rows) <= FIRST + 2:
        return table(head, rows, caption) if rows else EMPTY
    return Markup('{}<details class="pc-row"><summary><span>The other {}</span></summary>{}</details>').format(
        table(head, rows[:FIRST], caption), len(rows) - FIRST, table(head, rows[FIRST:], f"{caption}, continued"))


def confusion_table(
    names: Sequence[str], order: Sequence[int], counts: Mapping[tuple[int, int], int], *, choose: bool = False
) -> Markup:
    """The matrix with labels in this order of their positions in `names`, whose last is "no label".

    counts: (expected, answered) -> cases, both as positions. With `choose` each cell that holds cases is a button.
    """
    none, top = len(names) - 1, max(counts.values(), default=0) or 1
    across = [*order, *([none] if any(counts.get((i, none)) for i in order) else [])]
    header = join(Markup('<th scope="col"><span>{}</span></th>').format(names[j]) for j in across)

    def shown(i: int, j: int) -> Markup | str:
        count = counts.get((i, j), 0)
        if not count or not choose:
            return str(count or "")
        return Markup('<button type="button" class="pc-cell" data-expected="{}" data-answered="{}" '
                      'aria-label="Expected {}, answered {}: {}">{}</button>').format(
                          i, j, names[i], names[j], count, count)

    body = join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(names[i], join(
            Markup('<td{} style="background: color-mix(in srgb, var(--pc-accent) {}%, transparent)">{}</td>').format(
                Markup(' class="pc-right"') if i == j else EMPTY, round(60 * counts.get((i, j), 0) / top), shown(i, j))
            for j in across))
        for i in order)
    return Markup('<div class="pc-scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table '
                  'class="pc-confusion"><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table></div>').format(
                      header, body)


def classes_section(scored: Scored) -> Markup:
    """Precision, recall and F1 of each label for one variant, with what a reader should know about its figures."""
    rows = [(c.label, figure(c.f1), figure(c.precision), figure(c.recall), str(c.support))
            for c in scored.score.per_class]
    head = [("label", False), ("F1", True), ("precision", True), ("recall", True), ("cases", True)]
    remarks = join(Markup("<li>{}</li>").format(r) for r in scored.score.remarks)
    return Markup("<h3>{}: label by label</h3>{}{}{}{}").format(
        scored.name, outcomes_of(scored.score), class_chart(scored.score.per_class),
        table(head, rows, f"Scores by label of {scored.name}, with 95% intervals"),
        Markup('<ul class="pc-small pc-soft">{}</ul>').format(remarks) if remarks else EMPTY)


def outcomes_of(score: Score) -> Markup:
    """Answers without a label by what became of them, and both readings of failures; nothing where all answered."""
    if score.outcomes.get("answered", 0) == score.n:
        return EMPTY
    said = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(score.outcomes.items(), key=lambda o: -o[1]))
    failed = score.n - score.scored
    readings = Markup("") if not failed else Markup(
        " Weighted F1 is {} where what failed is left out (n {}), {} where it counts as wrong (n {}).").format(
            figure(score.f1_weighted), score.scored, figure(score.f1_weighted_failed_wrong), score.n)
    return Markup("<p>Of {:,} answers: {}. All but answered and failed ones count as wrong.{}</p>").format(
        score.n, said, readings)


def plateau_section(plateau: Plateau, threshold: float) -> Markup:
    """The state, the chart over the iterations, and what the last three gained; no chart for fewer than two."""
    state = plateau.at(threshold).state
    heading = Markup("<h3>The plateau: {}</h3>").format(
        state if state == "confirmed" else f"not confirmed, {_WHY_NOT.get(state, state)}")
    if len(plateau.best_so_far) < 2:
        return heading
    n = plateau.gain.n if plateau.gain else plateau.scores[0].n if plateau.scores else 0
    told = f"Weighted F1 of {len(plateau.iterations)} iterations on {n} cases, with 95% intervals; steps: the best so"
    best = max(plateau.scores, key=lambda score: score.value, default=None)
    told += f" far, from {figure(plateau.scores[0])} to {figure(best)}." if best is not None else " far."
    if plateau.gain is not None:
        told += (f" The last three gained {points(plateau.gain.value)}, at most {points(plateau.gain.high)} (95% "
                 f"bound, n {n}); framed: {points(plateau.limit)} over the best before them, less than which does not "
                 "matter.")
    if plateau.labels_needed:
        told += f" About {plateau.labels_needed:,} more labels would decide it."
    return heading + plateau_chart(plateau, threshold=threshold, described=told)


def names_of(prompts: Sequence[Scored]) -> list[str]:
    """Each one's name; where several share it, with the model, or with the fingerprint's beginning, that parts them."""
    several = Counter(p.name for p in prompts)
    models = {name: len({p.model for p in prompts if p.name == name}) for name in several}
    return [p.name if several[p.name] == 1 else
            f"{p.name} ({p.model if models[p.name] == several[p.name] else p.fingerprint[:6]})" for p in prompts]


def _standing(scored: Scored) -> str:
    delta, tied = scored.delta_to_best, scored.tied
    if delta is None:
        return "not ranked: a part of the cases" if scored.score.complete else "not ranked: too many failures"
    if delta.value == delta.low == delta.high == 0:
        return "the same answers"
    said = difference(delta)
    return f"not distinguishable ({said})" if tied else said
