"""The audit of a labeled set as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill

from promptceiling.labeled_set.finding import Finding, rate
from promptceiling.labeled_set.labeled_set import LabeledSet
from promptceiling.labeled_set.production import Representativeness
from promptceiling.labeled_set.table import listed

_WIDTH, _CLASSES, _EXAMPLES = 100, 20, 3
_HEADS = {"blocks": "MEND FIRST (no decision until then)", "weakens": "WEAKENS THE DECISION", "fine": "FINE"}


def check_report(
    labeled_set: LabeledSet, classes: Mapping[str, int], findings: Sequence[Finding],
    compared: Representativeness | None = None,
) -> str:
    """Classes, notices, findings under their severity, and the comparison with production; wrapped at 100 columns.

    Findings that are fine take one line each, the others also their reason, remedy, rows and examples. Control
    characters of the data are shown as escapes.
    """
    return "\n".join(_lines(labeled_set, classes, findings, compared))


def _lines(
    labeled_set: LabeledSet, classes: Mapping[str, int], findings: Sequence[Finding],
    compared: Representativeness | None,
) -> Iterator[str]:
    for label, n in list(classes.items())[:_CLASSES]:
        yield f"  {n:6,}  {_printable(label)}"
    if len(classes) > _CLASSES:
        rest = list(classes.values())[_CLASSES:]
        yield f"  {sum(rest):6,}  in {len(rest)} more classes"
    for notice in labeled_set.notices:
        yield _wrapped(f"notice: {notice.message}", "  ")
    if compared is not None:
        yield "\nPRODUCTION"
        yield _wrapped(compared.sentence, "  ")
        for drift in compared.drifts[:4]:
            yield _wrapped(f"- {drift.name}: "
                           + _both(drift.labeled, drift.n_labeled, drift.production, drift.n_production), "  ")
        for word, labeled, live in compared.terms[:8]:
            both = _both(labeled, compared.n_labeled, live, compared.n_production)
            yield _wrapped(f"- the word {word}: {both}", "  ")
        for text in compared.production_examples[:_EXAMPLES]:
            yield _wrapped(f"- most unlike the labeled set: {text}", "  ")
    for severity, head in _HEADS.items():
        own = [f for f in findings if f.severity == severity]
        if own:
            yield f"\n{head}"
        for finding in own:
            yield _wrapped(f"* {finding.message}", "  ")
            if severity == "fine":
                continue
            yield _wrapped(f"{finding.why} {finding.remedy}".rstrip(), "    ")
            if finding.rows:
                yield _wrapped(f"rows {listed(finding.rows, 12)}", "    ")
            for example in finding.examples[:_EXAMPLES]:
                yield _wrapped(f"- {example}", "    ")


def _both(labeled: float, n: int, live: float, m: int) -> str:
    return f"labeled {rate(round(labeled * n), n)}, production {rate(round(live * m), m)}"


def _wrapped(text: str, indent: str) -> str:
    return fill(_printable(text), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ",
                break_on_hyphens=False)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
