"""What is checked about training files before anything is uploaded, as findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from promptceiling.labeled_set import Finding, LabeledSet
from promptceiling.labeled_set.finding import quoted, rows_where, shown
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.near_duplicates import normalised
from promptceiling.prompts import PromptVariant, render
from promptceiling.tuning.leaks import Leak, counted, find_leaks
from promptceiling.tuning.services import Service

FEW_IN_A_CLASS = 10
_MAIN = EXPECTED + MAIN_FIELD
_QUOTE = 20  # characters from which a text in the instructions is a quotation


def leaks_left_out(train: pd.DataFrame, found: Sequence[Leak]) -> Finding:
    """Train cases that repeat a scored one, once they were left out."""
    leaking = sorted({leak.trained for leak in found})
    message = f"{len(leaking):,} of {len(train):,} train cases repeat a validation or test case"
    if not leaking:
        return Finding("leaks", "fine", f"{message} (exactly, by their words, or nearly).", "No scored case is learnt.")
    return Finding("leaks", "weakens", f"{message}: {counted(found)}; they were left out.",
                   "Trained on, they would have been remembered instead of understood.", "",
                   tuple(int(train["row"].iloc[k]) for k in leaking))


def sealed(labeled_set: LabeledSet, validation: pd.DataFrame, variant: PromptVariant) -> list[Finding]:
    """The validation file against the sealed test, and the words of the prompt against both."""
    test, findings = labeled_set.split("test"), []
    found = find_leaks(validation["input"].tolist(), test["input"].tolist()) if len(test) and len(validation) else ()
    if found:
        twins = len({f.trained for f in found})
        findings.append(Finding(
            "validation_leaks", "weakens", f"{twins:,} of {len(validation):,} validation cases repeat a test case: "
            f"{counted(found)}.", "A service that picks the best epoch by the validation file then "
            "looks at the test.", "Let the set be split here.",
            tuple(sorted({int(validation["row"].iloc[f.trained]) for f in found}))))
    words = f" {normalised(render(replace(variant, shots=0), '').messages[0]['content'])} "
    scored = labeled_set.cases[labeled_set.cases["split"] != "train"]
    told = scored["input"].map(lambda text: len(text) >= _QUOTE and f" {normalised(text)} " in words)
    if told.any():
        findings.append(Finding(
            "prompt_quotes", "blocks", f"The prompt quotes {int(told.sum())} cases that are scored.",
            "The model is told their text, whatever it is trained on.", "Take them out of it.",
            rows_where(scored, told), shown(quoted(text) for text in scored.loc[told, "input"])))
    return findings


def conflicts(cases: pd.DataFrame) -> list[Finding]:
    """Texts, equal to a reader, that are trained on with two labels."""
    clean = cases["input"].map(normalised)
    mask = clean.duplicated(keep=False) & (cases[_MAIN].groupby(clean).transform("nunique") > 1)
    if not mask.any():
        return []
    return [Finding("conflicting", "weakens", f"{int(mask.sum())} train cases have a text that also stands with "
                    "another label.", "The model is taught both.", "Decide on one label for each text.",
                    rows_where(cases, mask), shown(quoted(text) for text in cases.loc[mask, "input"]))]


def balance(labeled_set: LabeledSet, cases: pd.DataFrame) -> list[Finding]:
    """How often each label is shown, and which never is."""
    counts = cases[_MAIN].value_counts()
    most, least = counts.index[0], counts.index[-1]
    said = (f"{len(counts)} of {len(labeled_set.labels())} labels are in the train file; {most!r} has "
            f"{counts.iloc[0]:,} examples, {least!r} has {counts.iloc[-1]:,} "
            f"({counts.iloc[0] / counts.iloc[-1]:.1f} to 1).")
    missing = [label for label in labeled_set.labels() if label not in counts]
    few = [label for label, n in counts.items() if n < FEW_IN_A_CLASS]
    if missing:
        return [Finding("balance", "weakens", f"{said} Missing: {', '.join(map(repr, missing[:5]))}.",
                        "A label that is never shown is hardly ever answered.", "Label cases of it, or merge it.")]
    if few:
        return [Finding("balance", "weakens", f"{said} {len(few)} labels have fewer than {FEW_IN_A_CLASS}.",
                        "A fine-tune learns the common labels first.", "Label more of the rare ones.")]
    return [Finding("balance", "fine", said, "Every label is shown.")]


def limits(service: Service | None, examples: int, size: int, longest: int, today: date) -> list[Finding]:
    """What the service states against the file: when it closes, how many examples, bytes and tokens it takes."""
    if service is None:
        return []
    findings, dated = [], f"as {service.host} states ({service.as_of}: {service.source})"
    closing = service.notice(today)
    if closing:
        findings.append(Finding("closing", "blocks" if service.closed(today) else "weakens", closing,
                                "A fine-tune that dies soon has to be trained again elsewhere."))
    elif service.said:
        findings.append(Finding("service", "weakens", f"{service.said} (read {service.as_of}: {service.source}).",
                                "It may close."))
    for what, found, limit, wrong in (
        ("examples", examples, service.fewest_examples, examples < (service.fewest_examples or 0)),
        ("examples", examples, service.most_examples, examples > (service.most_examples or examples)),
        ("bytes", size, service.most_bytes, size > (service.most_bytes or size)),
        ("tokens in an example, about", longest, service.most_tokens,
         longest > (service.most_tokens or longest)),
    ):
        if wrong and limit is not None:
            findings.append(Finding("limit", "blocks", f"{found:,} {what}; the limit is {limit:,}, {dated}.",
                                    "The service refuses the file.", "Change the file, or tune elsewhere."))
    return findings
