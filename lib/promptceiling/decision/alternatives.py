"""The alternatives to the best prompt, compared with it on the same cases: what was gained, and what was broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from promptceiling.decision.answers import PART_ASKED, first_repeat, groups, is_tuned
from promptceiling.decision.changes import (
    FORMATS,
    UNUSABLE,
    ClassChange,
    ShareChange,
    class_changes,
    field_changes,
    format_changes,
)
from promptceiling.decision.usage import TokenUse, latency_ms, requests_per_s, token_use
from promptceiling.decision.words import points
from promptceiling.scores import (
    MARGINS,
    Comparison,
    Interval,
    Score,
    Variation,
    compare_paired,
    delta_over_draws,
    score_predictions,
    variation_of,
)
from promptceiling.tuning import LOCAL_URL, VECTORS_URL


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something else than the best prompt, compared with it on the same cases.

    Attributes
    ----------
    kind: "fine-tune", "local", or "embeddings": a local classifier that needs a call for each vector.
    name, model: what it is; of several training seeds, the model of the first.
    split: the cases that both were scored on.
    f1_weighted, prompt_f1_weighted: of both on these cases; the mean over training seeds where several were trained.
    comparison: of that model against the best prompt; positive is better than the prompt.
    comparable: whether nearly all cases were asked of both and few enough calls failed for a verdict; else
        `comparison.withheld` says why.
    seeds: the difference over all training seeds, with their spread; None for one.
    per_class: every label, the greatest loss of recall first.
    fields: further fields, such as the priority: the share that is right.
    formats: answers without a usable label, together ("unusable") and by outcome.
    p50_ms, p95_ms: latency measured apart, None where it was not; requests_per_s: of its run, several at a time.
    base_model: what a fine-tune was built on; "" for another kind.
    training_known: whether what it was trained on was written here; else it may have been trained on what is scored.
    """

    kind: str
    name: str
    model: str
    split: str
    f1_weighted: Interval
    prompt_f1_weighted: Interval
    comparison: Comparison
    comparable: bool
    tokens: TokenUse | None
    p95_ms: Interval | None
    p50_ms: Interval | None = None
    seeds: Variation | None = None
    models: tuple[str, ...] = ()
    per_class: tuple[ClassChange, ...] = ()
    fields: tuple[ShareChange, ...] = ()
    formats: tuple[ShareChange, ...] = ()
    requests_per_s: Interval | None = None
    base_model: str = ""
    training_known: bool = True

    @property
    def delta(self) -> Interval:
        """Weighted F1 minus the prompt's: paired over cases, and over training seeds where several were trained."""
        return self.seeds.mean if self.seeds else self.comparison.delta_f1_weighted

    @property
    def broken(self) -> tuple[str, ...]:
        """What got worse beyond doubt besides the main score: further fields, and the format of the answers."""
        return tuple(change.name for change in (*self.fields, *self.formats) if change.worse)

    @property
    def regressions(self) -> tuple[ClassChange, ...]:
        """The labels that lost recall beyond doubt, the greatest loss first."""
        return tuple(change for change in self.per_class if change.regressed)


def broken_said(alternative: Alternative) -> str:
    """What got worse beyond doubt, in a sentence.

    >>> from types import SimpleNamespace as A
    >>> broken_said(A(regressions=(), broken=("priority",), per_class=(1, 2)))
    'It got worse at: priority. No label of 2 lost recall beyond doubt.'
    """
    lost, labels = alternative.regressions, len(alternative.per_class)
    worse = [FORMATS.get(name, name) for name in alternative.broken if name not in UNUSABLE]  # their sum says it
    also = f"It got worse at: {', '.join(worse)}. " if worse else ""
    if not lost:
        return f"{also}No label of {labels} lost recall beyond doubt."
    named = ", ".join(f"{c.label} ({points(c.delta_recall.value)})" for c in lost[:5])
    more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
    return f"{also}{len(lost)} of {labels} labels lost recall beyond doubt (at most 5% false alarms): {named}{more}."


def alternatives_of(
    frame: pd.DataFrame, best: pd.DataFrame, labels: Sequence[str], latencies: pd.DataFrame, jobs: pd.DataFrame,
    trained: Mapping[str, int],
) -> tuple[Alternative, ...]:
    """Local classifiers, those on embeddings, then fine-tunes, each against the best prompt.

    Compared on test where both have it, else on validation. frame: every completion; best: those of the best prompt.
    trained: fine-tuned model -> scored cases that it was trained on.
    Fine-tunes of one base model by one recipe, which differ in the training seed alone, are one alternative.
    """
    recipes = _recipes(jobs)
    found: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    local, vectors = frame["base_url"] == LOCAL_URL, frame["base_url"] == VECTORS_URL
    tuned = is_tuned(frame, jobs) & ~local & ~vectors
    for kind, mask in (("local", local), ("embeddings", vectors), ("fine-tune", tuned)):
        for (model, base_url, variant, fingerprint), rows in groups(frame[mask]):
            recipe = recipes.get(model, (model,)) if kind == "fine-tune" else (model,)
            found.setdefault((kind, base_url, variant, fingerprint, *recipe), []).append(rows)
    built = (_alternative(key[0], key[4], drawn, best, labels, latencies) for key, drawn in found.items())
    known = set(jobs.loc[[d.get("training_sha256") != "elsewhere" for d in jobs["details"]], "fine_tuned_model"])
    return tuple(_trained(alternative, trained, known) for alternative in built if alternative is not None)


def _trained(alternative: Alternative, trained: Mapping[str, int], known: set[str]) -> Alternative:
    """Not comparable where it was tuned on another version of the set, by a train split that held scored cases."""
    if alternative.kind == "fine-tune":
        alternative = replace(alternative, training_known=set(alternative.models) <= known)
    held = max((trained.get(model, 0) for model in alternative.models), default=0)
    if not held:
        return alternative
    why = (f"It was tuned on another version of the labeled set, whose train split held {held:,} of the cases that are "
           "scored here.")
    return replace(alternative, comparable=False, comparison=replace(alternative.comparison, withheld=why))


def _recipes(jobs: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """What made each fine-tuned model, but for the seed."""
    made = jobs[jobs["fine_tuned_model"].notna()]
    return {str(job["fine_tuned_model"]): (
        str(job["base_model"]), str(job["fingerprint"]), str(job["details"].get("epochs")),
        str(job["details"].get("training_sha256") or job["job_id"])) for job in made.to_dict("records")}


def _alternative(
    kind: str, base: str, drawn: list[pd.DataFrame], best: pd.DataFrame, labels: Sequence[str], latencies: pd.DataFrame
) -> Alternative | None:
    part = None
    for split in ("test", "validation"):
        a = first_repeat(best[best["split"] == split])
        sides = [side for rows in drawn if len(side := first_repeat(rows[rows["split"] == split]))]
        cases = sorted(set.intersection(set(a.index), *(set(side.index) for side in sides))) if sides else []
        asked = len(a)
        a, sides = a.loc[cases], [side.loc[cases] for side in sides]
        failed = a["outcome"].eq("failed").to_numpy()
        if cases and not (failed | sides[0]["outcome"].eq("failed").to_numpy()).all():
            found = _compared(kind, base, split, a, sides, drawn, labels, latencies)
            if len(cases) >= PART_ASKED * asked:
                return found
            why = f"It was asked {len(cases):,} of the {asked:,} {split} cases that the prompt was asked."
            part = part or replace(found, comparable=False, comparison=replace(found.comparison, withheld=why))
    return part


def _compared(
    kind: str, base: str, split: str, a: pd.DataFrame, sides: list[pd.DataFrame], drawn: list[pd.DataFrame],
    labels: Sequence[str], latencies: pd.DataFrame,
) -> Alternative:
    b, rows = sides[0], drawn[0]
    comparison, before, after = _paired(a, b, labels), _score(a, labels), _score(b, labels)
    seeds, f1 = None, after.f1_weighted
    if len(sides) > 1 and not any(side["outcome"].eq("failed").any() for side in (a, *sides)):
        expected, units = a["expected"].tolist(), a["unit"].tolist()
        said = [side["predicted"].tolist() for side in sides]
        seeds = delta_over_draws(expected, [a["predicted"].tolist()], said, labels, units=units)
        f1 = variation_of(expected, said, labels, units=units).mean
    fingerprint, model, base_url = (str(rows[name].iloc[0]) for name in ("fingerprint", "model", "base_url"))
    kept = ~(a["outcome"].eq("failed") | b["outcome"].eq("failed"))
    a, b = a[kept], b[kept]
    return Alternative(
        kind=kind, name=str(rows["variant"].iloc[0]) if kind != "fine-tune" else f"fine-tune of {base}", model=model,
        split=split, f1_weighted=f1, prompt_f1_weighted=before.f1_weighted, comparison=comparison,
        comparable=comparison.withheld is None, tokens=token_use(pd.concat(drawn)),
        p95_ms=latency_ms(latencies, fingerprint, model, base_url),
        p50_ms=latency_ms(latencies, fingerprint, model, base_url, 0.5),
        seeds=seeds, models=tuple(str(each["model"].iloc[0]) for each in drawn),
        per_class=class_changes(a, b, labels),
        fields=field_changes(a, b), formats=format_changes(a, b), requests_per_s=requests_per_s(rows),
        base_model=base if kind == "fine-tune" else "")


def _paired(a: pd.DataFrame, b: pd.DataFrame, labels: Sequence[str]) -> Comparison:
    return compare_paired(
        a["expected"].tolist(), a["predicted"].tolist(), b["predicted"].tolist(), labels,
        failed_a=a["outcome"].eq("failed").tolist(), failed_b=b["outcome"].eq("failed").tolist(),
        units=a["unit"].tolist(), margins=MARGINS)


def _score(rows: pd.DataFrame, labels: Sequence[str]) -> Score:
    return score_predictions(rows["expected"].tolist(), rows["predicted"].tolist(), labels,
                             outcomes=rows["outcome"].tolist(), units=rows["unit"].tolist())
