"""Before and after a fine-tune, as HTML: labels that it lost, further fields, the format of answers, training seeds."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from promptceiling.decision import Alternative, ClassChange, ShareChange
from promptceiling.decision.alternatives import broken_said
from promptceiling.decision.changes import FORMATS
from promptceiling.decision.words import difference, figure
from promptceiling.panels.markup import join, table
from promptceiling.scores import Interval


def changes_section(alternatives: Sequence[Alternative]) -> Markup:
    """What each alternative changed beside the main score; nothing where none was scored."""
    return join(_one(a) for a in alternatives if a.per_class)


def _one(a: Alternative) -> Markup:
    parts = [Markup("<p>{}</p>").format(broken_said(a))]
    if a.seeds is not None:
        parts.append(Markup("<p>{}</p>").format(
            f"Trained with {len(a.seeds.scores)} seeds: the difference is {difference(a.seeds.mean)} over cases and "
            f"seeds together (n {a.seeds.mean.n}), and the standard deviation between seeds is "
            f"{difference(a.seeds.spread).replace('+', '')} (n {a.seeds.spread.n})."))
    if a.fields or a.formats:
        parts.append(_shares((*a.fields, *a.formats), {f.name for f in a.fields}))
    parts.append(_classes(a.per_class))
    return Markup('<details class="pc-row"><summary><span>What changed: {} against the prompt, on {} {} cases</span>'
                  "</summary><div>{}</div></details>").format(a.name, f"{a.comparison.n:,}", a.split, join(parts))


def _shares(changes: Sequence[ShareChange], fields: set[str]) -> Markup:
    head = [("what", False), ("prompt", True), ("alternative", True), ("difference", True), ("cases", True),
            ("worse?", False)]
    rows = [(f"{c.name} right" if c.name in fields else FORMATS.get(c.name, c.name), _percent(c.prompt),
             _percent(c.alternative), difference(c.delta), f"{c.delta.n:,}",
             "yes" if c.worse else "not beyond doubt" if _could(c, c.name in fields) else "no") for c in changes]
    return table(head, rows, "Further fields and the format of the answers, before and after")


def _could(change: ShareChange, more_is_better: bool) -> bool:
    """Whether the interval leaves a loss open, and there is anything to lose."""
    if not more_is_better and change.prompt.value == change.alternative.value == 0:
        return False
    return change.delta.low < 0 if more_is_better else change.delta.high > 0


def _classes(changes: Sequence[ClassChange]) -> Markup:
    head = [("label", False), ("cases", True), ("recall, difference", True), ("right in the prompt alone", True),
            ("right in it alone", True), ("F1 of the prompt", True), ("its F1", True), ("lost?", False)]
    rows = [(c.label, f"{c.support:,}", difference(c.delta_recall), str(c.only_prompt), str(c.only_alternative),
             figure(c.prompt_f1), figure(c.f1),
             "yes" if c.regressed else "perhaps" if c.delta_recall.high < 0 else "no") for c in changes]
    return Markup('<p class="pc-small pc-soft">{}</p>{}').format(
        f"Of {len(changes)} labels a few look worse by chance: \"yes\" holds for all of them together, \"perhaps\" for "
        "the label alone.", table(head, rows, "Every label, before and after; the greatest loss first"))


def _percent(share: Interval) -> str:
    return f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]"
