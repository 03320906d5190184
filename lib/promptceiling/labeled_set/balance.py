"""Is the set large enough, and does any one class make a score look good?"""

from __future__ import annotations

import pandas as pd

from promptceiling.labeled_set.finding import Figure, Finding, rate, share, shown
from promptceiling.labeled_set.labeled_set import EXPECTED, MAIN_FIELD
from promptceiling.labeled_set.table import listed

_MAIN = EXPECTED + MAIN_FIELD
FEW_IN_A_CLASS = 10


def size(cases: pd.DataFrame, enough: int) -> Finding:
    """The number of cases against `enough`."""
    counts = cases[_MAIN].value_counts()
    message = (f"{len(cases):,} labeled cases in {len(counts)} classes; the smallest, {counts.index[-1]!r}, has "
               f"{counts.iloc[-1]}.")
    figures = (Figure("cases", len(cases), len(cases), len(cases), len(cases)),)
    if len(cases) < enough:
        return Finding("size", "weakens", message, f"Fewer than {enough}: a fine-tune has little to learn from, and "
                       "intervals stay wide.", f"Label {enough - len(cases)} more while few-shot prompting serves.",
                       figures=figures)
    return Finding("size", "fine", message, f"At least {enough}: enough to consider a fine-tune at all.",
                   figures=figures)


def small_classes(cases: pd.DataFrame) -> list[Finding]:
    """Classes with fewer than ten cases."""
    counts = cases[_MAIN].value_counts()
    few = counts[counts < FEW_IN_A_CLASS]
    if few.empty:
        return []
    said = listed([f"{label!r} ({n})" for label, n in few.items()])
    return [Finding("small_classes", "weakens", f"{len(few)} of {len(counts)} classes have fewer than {FEW_IN_A_CLASS} "
                    f"cases: {said}.", "Their own scores can hardly be told from luck, and splits may miss them.",
                    "Label more of them, or merge them into a class that acts the same.",
                    tuple(int(r) for r in cases.loc[cases[_MAIN].isin(few.index), "row"]),
                    shown(f"{label!r}: {n} cases" for label, n in few.items()))]


def balance(cases: pd.DataFrame) -> Finding:
    """The share of the most common class, which is the accuracy of always answering it."""
    counts = cases[_MAIN].value_counts()
    n, most = len(cases), int(counts.iloc[0])
    part = most / n
    majority = share("majority", most, n)
    constant, low, high = (p * 2 * p / (1 + p) for p in (part, majority.low, majority.high))  # F1 times its weight
    message = (f"The most common class, {counts.index[0]!r}, is {rate(most, n)}; always answering it has that accuracy "
               f"and a weighted F1 of {constant:.2f} [{low:.2f}, {high:.2f}]. Largest to smallest class: "
               f"{most:,} to {counts.iloc[-1]:,} cases.")
    figures = (majority, Figure("constant_f1", constant, low, high, n))
    if part > 0.8:
        return Finding("balance", "weakens", message, "A high score says little here: the constant answer nearly "
                       "reaches it.", "Read the macro F1 and the per-class scores; label more of the rare classes.",
                       figures=figures)
    return Finding("balance", "fine", message, "A score must be read against the constant answer.", figures=figures)
