"""What the texts are like: length, language, secrets and personal data, and labels that stand in them."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from promptceiling.labeled_set.finding import Finding, quoted, rate, rows_where, share, shown
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.language import language_of
from promptceiling.labeled_set.near_duplicates import normalised
from promptceiling.labeled_set.sensitive import SECRETS, kinds_in, masked

_MAIN = EXPECTED + MAIN_FIELD
_LONG = 4000
_TOLD = re.compile(r"(?i)\b(?:expected[_ ]?category|category|label|intent|class|kategorie)\b\s*[\"']?\s*[:=]\s*[\"']?")


def lengths(cases: pd.DataFrame) -> Finding:
    """Characters a text: median, 95th percentile, longest; and texts too long or too short to judge."""
    size = cases["input"].str.len().to_numpy()
    long, short = size > _LONG, size < 3
    median, high = np.percentile(size, [50, 95], method="inverted_cdf")
    message = (f"Texts have {int(median):,} characters in the median, {int(high):,} at the 95th percentile, at most "
               f"{int(size.max()):,} (n = {len(size):,}); {int(long.sum())} are over {_LONG:,}, "
               f"{int(short.sum())} under 3.")
    odd = pd.Series(long | short, index=cases.index)
    many = odd.mean() > 0.01
    return Finding("lengths", "weakens" if many else "fine", message, "Long texts cost most of the tokens, and "
                   "texts of one or two characters can hardly be judged.",
                   "Look at the rows and cut or remove them." if many else "", rows_where(cases, odd))


def languages(cases: pd.DataFrame) -> Finding:
    """The mix of scripts and languages, as a rough count."""
    found = cases["input"].map(language_of)
    counts = Counter(found)
    n = len(cases)
    said = "; ".join(f"{name} {rate(k, n)}" for name, k in counts.most_common(4))
    main = next((name for name, _ in counts.most_common() if name != "other"), "other")
    rest = ~found.isin([main, "other"])
    return Finding("languages", "fine", f"Languages by script and common short words, a rough count: {said}.",
                   "Scores may differ between languages; compare them before you rely on the overall one.", "",
                   rows_where(cases, rest),
                   shown(f"row {row}, {name}: {quoted(text, 90)}" for row, name, text in zip(
                       cases.loc[rest, "row"], found[rest], cases.loc[rest, "input"], strict=True)))


def sensitive(cases: pd.DataFrame) -> list[Finding]:
    """Texts that seem to hold a secret or personal data; examples show the place with the find masked."""
    kinds = cases["input"].map(kinds_in)
    holds = kinds.map(bool)
    n = len(cases)
    if not holds.any():
        return [Finding("sensitive", "fine", f"{rate(0, n)} texts match a pattern for secrets or personal data.",
                        "Names and street addresses have no pattern and are not looked for.",
                        figures=(share("share", 0, n),))]
    counts = Counter(kind for own in kinds for kind in own)
    said = ", ".join(f"{kind} {k}" for kind, k in counts.most_common())
    worst = kinds.map(lambda own: min((SECRETS.index(k) if k in SECRETS else 9 for k in own), default=9))
    order = cases[holds].assign(worst=worst[holds]).sort_values("worst", kind="stable")
    return [Finding(
        "sensitive", "weakens", f"{rate(int(holds.sum()), n)} texts seem to hold a secret or personal data: {said}.",
        "Every text is sent to the endpoint, and stands in training files and in published ones.",
        "Replace them before anything is sent outside; a key that stood here should be revoked.",
        tuple(int(r) for r in order["row"]),
        shown(f"row {row}, {' and '.join(own)}: {_around(text)}" for row, own, text in zip(
            order["row"], kinds[order.index], order["input"], strict=True)), (share("share", int(holds.sum()), n),))]


def _around(text: str) -> str:
    """The masked text from a little before the first find."""
    plain = masked(text)
    match = re.search(r"\[(?:private key|API key|password|e-mail|IBAN|card|social|phone|IP)[^\]]*\]", plain)
    return quoted(plain[max(0, match.start() - 40):] if match else plain, 110)


def leaked_labels(cases: pd.DataFrame) -> list[Finding]:
    """Texts that state a label ("category: billing"), and texts that hold their own label's words."""
    labels = {label: normalised(label.replace("_", " ")) for label in cases[_MAIN].unique()}
    usable = {label: words for label, words in labels.items() if len(words) >= 4}
    often = Counter(word for words in usable.values() for word in words.split())
    by_word: dict[str, Counter[str]] = {}  # the labels' words by the one of them that the fewest labels have
    for words in usable.values():
        by_word.setdefault(min(words.split(), key=lambda word: often[word]), Counter())[words] += 1
    own, other, told = np.zeros(len(cases), bool), 0, np.zeros(len(cases), bool)
    tried = 0
    for k, (text, label) in enumerate(zip(cases["input"], cases[_MAIN], strict=True)):
        plain = f" {normalised(text).replace('_', ' ')} "
        if labels[label] and (":" in text or "=" in text):
            told[k] = any(
                normalised(text[m.end() : m.end() + len(label) + 8].replace("_", " ")).startswith(labels[label])
                for m in _TOLD.finditer(text))
        if label in usable:
            tried += 1
            own[k] = f" {usable[label]} " in plain
        held = by_word.keys() & set(plain.split())
        other += sum(n for word in held for words, n in by_word[word].items() if f" {words} " in plain) - int(own[k])
    findings, n = [], len(cases)
    if told.any():
        findings.append(Finding(
            "stated_label", "blocks" if told.mean() > 0.02 else "weakens",
            f"{rate(int(told.sum()), n)} texts state their own label, as in 'category: …'.",
            "The answer stands in the question, so the score says nothing of production.",
            "Remove that part of the text.", rows_where(cases, pd.Series(told, index=cases.index)),
            _cases_like(cases, told), (share("share", int(told.sum()), n),)))
    if tried:
        pairs = n * len(usable) - tried
        stated, chance = own.sum() / tried, other / max(1, pairs)
        heavy = stated > 0.3 and stated > 3 * chance
        findings.append(Finding(
            "label_in_text", "weakens" if heavy else "fine",
            f"{rate(int(own.sum()), tried)} texts hold the words of their own label; another label's words stand in "
            f"{other:,} of {pairs:,} pairs of a text and such a label.",
            "Where the label's words give the answer away, a score says little about texts that lack them."
            if heavy else "Some is natural: people name what they write about.",
            "Check whether the label was written into the text, or the label taken from it." if heavy else "",
            rows_where(cases, pd.Series(own, index=cases.index)), _cases_like(cases, own),
            (share("share", int(own.sum()), tried),)))
    return findings


def _cases_like(cases: pd.DataFrame, mask: np.ndarray) -> tuple[str, ...]:
    found = cases[mask]
    return shown(f"row {row}, {label!r}: {quoted(text)}" for row, label, text in zip(
        found["row"], found[_MAIN], found["input"], strict=True))
